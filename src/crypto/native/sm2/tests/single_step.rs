//! Every implementation of the field that this machine has.
use super::{backends, finish, keys, private};
use crate::crypto::native::backend::Backend;
use crate::crypto::native::single_step::{Secrets, check, of_interest};
use crate::crypto::{AgreementPeer, AgreementRole, Keys, PrivateKey, SignatureAlgorithm, StartedAgreement};
use alloc::format;
use core::hint::black_box;

const SM2: SignatureAlgorithm<'static> = SignatureAlgorithm::SM2;

/// The key of somebody else.
const OTHER: [u8; 32] = [9; 32];

/// The two numbers at the front, whose lengths show, have 32 bytes.
fn is_plain(der: &[u8], first: usize) -> bool {
    der[first + 1] == 32 && der[first + 35] == 32
}

fn making_a_key(backend: Backend) {
    let secret = |s: &Secrets| Some(s.scalar());
    check(&format!("{backend:?}: SM2 public key"), secret, |scalar| drop(private(backend, &scalar)));
}

fn signing(backend: Backend) {
    let secret = |s: &Secrets| {
        let key = private(backend, &s.scalar());
        let signature = key.sign(SM2, &[b"message"], &s.draws()).unwrap();
        is_plain(&signature, 2).then(|| (key, s.draws()))
    };
    check(&format!("{backend:?}: SM2 signing"), secret, |(key, random)| {
        black_box(key.sign(SM2, &[b"message"], &random).unwrap());
    });
}

fn encrypting(backend: Backend) {
    let (keys, to) = (keys(backend), private(backend, &OTHER));
    let secret = |s: &Secrets| {
        let message = s.bytes::<48>();
        let ciphertext = keys.encrypt(to.public(), &message, &s.draws()).unwrap();
        is_plain(&ciphertext, 3).then(|| (message, s.draws()))
    };
    check(&format!("{backend:?}: SM2 encryption"), secret, |(message, random)| {
        black_box(keys.encrypt(to.public(), &message, &random).unwrap());
    });
}

fn decrypting(backend: Backend) {
    let secret = |s: &Secrets| {
        let key = private(backend, &s.scalar());
        let ciphertext = keys(backend).encrypt(key.public(), &s.bytes::<48>(), &s.draws()).unwrap();
        is_plain(&ciphertext, 3).then_some((key, ciphertext))
    };
    check(&format!("{backend:?}: SM2 decryption"), secret, |(key, ciphertext)| {
        black_box(key.decrypt(&ciphertext).unwrap());
    });
    let forged = |s: &Secrets| {
        secret(s).map(|(key, mut ciphertext)| {
            *ciphertext.last_mut().unwrap() ^= 1;
            (key, ciphertext)
        })
    };
    check(&format!("{backend:?}: SM2 decryption of what is forged"), forged, |(key, ciphertext)| {
        assert!(key.decrypt(&ciphertext).is_err());
    });
}

fn peer(started: &dyn StartedAgreement, key: &dyn PrivateKey) -> AgreementPeer {
    AgreementPeer { share: started.share().clone(), key: Some(key.public().clone()) }
}

fn agreeing(backend: Backend) {
    let other = private(backend, &OTHER);
    let begun = other.start_agreement(&AgreementRole::Initiator(None), &Secrets::public()).unwrap();
    let initiator = peer(&*begun, &other);
    let role = AgreementRole::Responder(initiator.clone());
    let secret = |s: &Secrets| Some((private(backend, &s.scalar()), s.draws()));
    check(&format!("{backend:?}: SM2 key exchange, responder"), secret, |(key, random)| {
        let started = key.start_agreement(&role, &random).unwrap();
        black_box(finish(&*started, &initiator).unwrap());
    });
    let secret = |s: &Secrets| {
        let key = private(backend, &s.scalar());
        let started = key.start_agreement(&AgreementRole::Initiator(None), &s.draws()).unwrap();
        let role = AgreementRole::Responder(peer(&*started, &key));
        let answer = other.start_agreement(&role, &Secrets::public()).unwrap();
        Some((started, peer(&*answer, &other)))
    };
    check(&format!("{backend:?}: SM2 key exchange, initiator"), secret, |(started, responder)| {
        black_box(finish(&*started, &responder).unwrap());
    });
}

#[test]
#[ignore = "steps through millions of instructions"]
fn sm2_goes_one_way() {
    const OPERATIONS: [fn(Backend); 5] = [signing, decrypting, agreeing, encrypting, making_a_key];
    for backend in of_interest(&backends(), 1) {
        of_interest(&OPERATIONS, 3).iter().for_each(|operation| operation(*backend));
    }
}
