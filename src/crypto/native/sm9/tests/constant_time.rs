//! Nothing secret shows in a branch or an address. Says nothing unless it runs under valgrind, on optimized code:
//! `.ci/long constant-time`.
use super::backends;
use crate::crypto::native::backend::{Backend, with_field};
use crate::crypto::native::memory_checker::{errors, mark_defined, mark_undefined, running};
use crate::crypto::native::sm9;
use crate::crypto::native::sm9::key::{Sm9MasterKey, Sm9PrivateKey};
use crate::crypto::native::sm9::lines::{Lines, Place};
use crate::crypto::native::sm9::multiply::{Table, multiply};
use crate::crypto::native::sm9::pairing::pair;
use crate::crypto::native::sm9::point::{G1, G2, P1, P2};
use crate::crypto::native::sm9::scalar::Scalar;
use crate::crypto::native::t_test::compare;
use crate::crypto::random::{Draw, Random, SystemRandom};
use crate::crypto::sm9::encoding::Mode;
use crate::crypto::sm9::{MasterKey, MasterKind, PublicKey, Usage};
use crate::crypto::{
    AgreementPeer, AgreementRole, MasterSeed, PreMasterSecret, PrivateKey, SECRET_LEN, Shared,
    SignatureAlgorithm,
};
use crate::error::CryptoError;
use crate::suite::HashAlgorithm;
use crate::wire::ProtocolVersion;
use core::hint::black_box;

/// Random bytes that are secret.
struct Secret;

impl Random for Secret {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        SystemRandom.fill(draw, out)?;
        mark_undefined(out);
        Ok(())
    }
}

fn master(backend: Backend, kind: MasterKind) -> Sm9MasterKey {
    loop {
        let mut scalar = [0; 32];
        Secret.fill(Draw::PrivateKey, &mut scalar).unwrap();
        if let Ok(key) = Sm9MasterKey::new(backend, kind, &scalar) {
            return key;
        }
    }
}

fn user(backend: Backend, master: &Sm9MasterKey, usage: Usage, identity: &[u8]) -> Sm9PrivateKey {
    let key = master.user_key(usage, identity).unwrap();
    Sm9PrivateKey::new(backend, PublicKey::new(usage, identity, master.public()), &key).unwrap()
}

fn sm9_public(key: &Sm9PrivateKey) -> &PublicKey {
    let crate::crypto::PublicKey::Sm9(public) = key.public() else { panic!() };
    public
}

fn check_signatures(backend: Backend) {
    let key = user(backend, &master(backend, MasterKind::Sign), Usage::Sign, b"Alice");
    for _ in 0..2 {
        let message = [7; 48];
        let signature = key.sign(SignatureAlgorithm::Sm9Sm3, &[&message], &Secret).unwrap();
        sm9::verify(sm9_public(&key), &[&message], &signature).unwrap();
    }
}

fn check_encryption(backend: Backend) {
    let key = user(backend, &master(backend, MasterKind::Encrypt), Usage::Encrypt, b"Bob");
    let message = [1; 48];
    mark_undefined(&message);
    let made = sm9::encrypt(Mode::Xor, sm9_public(&key), &message, &Secret).unwrap();
    mark_defined(&made[..]);
    let mut wrong = made.clone();
    *wrong.last_mut().unwrap() ^= 1;
    for (ciphertext, byte) in [(made, 1), (wrong, 0)] {
        let substitute = PreMasterSecret::zeroed(SECRET_LEN);
        let found = key.decrypt_secret(&ciphertext, ProtocolVersion::TLCP, substitute, &Secret).unwrap();
        mark_defined(found.expose());
        assert_eq!(found.expose(), [byte; 48]);
    }
}

fn check_agreement(backend: Backend) {
    let master = master(backend, MasterKind::Encrypt);
    let [a, b] = [&b"Alice"[..], b"Bob"].map(|identity| user(backend, &master, Usage::Agree, identity));
    let at_a = a.start_agreement(&AgreementRole::Initiator(Some(b.public().clone())), &Secret).unwrap();
    let initiator = AgreementPeer { share: at_a.share().clone(), key: Some(a.public().clone()) };
    let at_b = b.start_agreement(&AgreementRole::Responder(initiator.clone()), &Secret).unwrap();
    let responder = AgreementPeer { share: at_b.share().clone(), key: Some(b.public().clone()) };
    let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
    let [one, two] = [at_a.finish(&responder, &seed), at_b.finish(&initiator, &seed)].map(|shared| {
        let Shared::PreMaster(secret) = shared.unwrap() else { panic!() };
        mark_defined(secret.expose());
        secret
    });
    assert_eq!(one.expose(), two.expose());
}

/// That the check itself works, SM2's test of the same name shows.
#[test]
fn no_branch_or_address_depends_on_a_secret() {
    type Check = fn(Backend);
    const CHECKS: [(&str, Check); 3] =
        [("signing", check_signatures), ("encryption", check_encryption), ("key exchange", check_agreement)];
    let mut wrong = Vec::new();
    for backend in backends() {
        for (name, check) in CHECKS {
            let before = errors();
            check(backend);
            if errors() != before {
                wrong.push((name, backend));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(running() || errors() == 0);
}

/// A scalar with few bits set, or a random one.
fn scalar(sparse: bool) -> Scalar {
    let random = *Scalar::draw(&SystemRandom, Draw::PrivateKey).unwrap();
    if sparse { Scalar([3, 0, 0, 0]) } else { random }
}

/// Where memcheck does not see: AVX-512. The groups' multiples of one element, with and without a table, and the pairing.
#[test]
#[ignore = "measures"]
fn sm9_time_does_not_depend_on_secrets() {
    for backend in backends() {
        with_field!(backend, field => {
            let lines = Lines::new(field, &P2);
            let g = pair(field, [(&Place::new(field, &P1.into()), &lines)]);
            let table = Table::new(field, &g);
            compare("g^k by its table", scalar, |k| {
                black_box(table.multiply(field, k));
            });
            compare("g^k", scalar, |k| {
                black_box(multiply(field, k, &g));
            });
            compare("k P", scalar, |k| {
                black_box(multiply(field, k, &G1::from(P1)));
            });
            let lines = |sparse| {
                let q = if sparse { P2 } else { multiply(field, &scalar(false), &G2::from(P2)).to_affine(field) };
                Lines::new(field, &q)
            };
            let keys = [lines(true), lines(false), lines(false), lines(false)];
            let place = Place::new(field, &P1.into());
            let pick = |fixed: bool| if fixed { 0 } else { 1 + scalar(false).0[0] as usize % 3 };
            compare("a pairing", pick, |i| {
                black_box(pair(field, [(&place, &keys[*i])]));
            });
        });
    }
}
