//! Every implementation of the field that this machine has: with IFMA, without it, and in plain Rust.
use super::backends;
use crate::crypto::native::backend::Backend;
use crate::crypto::native::single_step::{Secrets, check, of_interest};
use crate::crypto::native::sm9;
use crate::crypto::native::sm9::key::{Sm9MasterKey, Sm9PrivateKey};
use crate::crypto::sm9::encoding::Mode;
use crate::crypto::sm9::{MasterKey, MasterKind, PublicKey, Usage};
use crate::crypto::{
    AgreementPeer, AgreementRole, MasterSeed, PreMasterSecret, PrivateKey, SECRET_LEN, SignatureAlgorithm,
};
use crate::suite::HashAlgorithm;
use crate::wire::ProtocolVersion;
use core::hint::black_box;

/// One key centre, whose tables are made once.
fn centre(backend: Backend, kind: MasterKind) -> Sm9MasterKey {
    Sm9MasterKey::new(backend, kind, &[5; 32]).unwrap()
}

/// The key of one of its users: as many as there are identities.
fn user(backend: Backend, centre: &Sm9MasterKey, usage: Usage, identity: &[u8]) -> Sm9PrivateKey {
    let key = centre.user_key(usage, identity).unwrap();
    Sm9PrivateKey::new(backend, PublicKey::new(usage, identity, centre.public()), &key).unwrap()
}

fn public(key: &Sm9PrivateKey) -> &PublicKey {
    let crate::crypto::PublicKey::Sm9(public) = key.public() else { panic!() };
    public
}

fn signing(backend: Backend) {
    let centre = centre(backend, MasterKind::Sign);
    let secret = |s: &Secrets| Some((user(backend, &centre, Usage::Sign, &s.bytes::<8>()), s.draws()));
    check(&std::format!("{backend:?}: SM9 signing"), secret, |(key, random)| {
        black_box(key.sign(SignatureAlgorithm::Sm9Sm3, &[b"message"], &random).unwrap());
    });
}

fn encrypting(backend: Backend) {
    let to = user(backend, &centre(backend, MasterKind::Encrypt), Usage::Encrypt, b"Bob");
    // `sm9::encrypt` knows the best alone.
    if std::format!("{backend:?}") != std::format!("{:?}", Backend::best()) {
        return;
    }
    let secret = |s: &Secrets| Some((s.bytes::<48>(), s.draws()));
    check(&std::format!("{backend:?}: SM9 encryption"), secret, |(message, random)| {
        black_box(sm9::encrypt(Mode::Xor, public(&to), &message, &random).unwrap());
    });
}

fn decrypting(backend: Backend) {
    let centre = centre(backend, MasterKind::Encrypt);
    let secret = |s: &Secrets| {
        let key = user(backend, &centre, Usage::Encrypt, &s.bytes::<8>());
        let made = sm9::encrypt(Mode::Xor, public(&key), &s.bytes::<48>(), &s.draws()).unwrap();
        Some((key, made, s.draws()))
    };
    let decrypt = |(key, ciphertext, random): (Sm9PrivateKey, Vec<u8>, Secrets)| {
        let substitute = PreMasterSecret::zeroed(SECRET_LEN);
        black_box(key.decrypt_secret(&ciphertext, ProtocolVersion::TLCP, substitute, &random).unwrap());
    };
    check(&std::format!("{backend:?}: SM9 decryption"), secret, decrypt);
}

fn agreeing(backend: Backend) {
    let centre = centre(backend, MasterKind::Encrypt);
    let other = user(backend, &centre, Usage::Agree, b"Alice");
    let secret = |s: &Secrets| {
        let key = user(backend, &centre, Usage::Agree, &s.bytes::<8>());
        let role = AgreementRole::Initiator(Some(key.public().clone()));
        let begun = other.start_agreement(&role, &Secrets::public()).unwrap();
        let peer = AgreementPeer { share: begun.share().clone(), key: Some(other.public().clone()) };
        Some((key, peer, s.draws()))
    };
    check(&std::format!("{backend:?}: SM9 key exchange"), secret, |(key, peer, random)| {
        let started = key.start_agreement(&AgreementRole::Responder(peer.clone()), &random).unwrap();
        let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
        black_box(started.finish(&peer, &seed).unwrap());
    });
}

#[test]
#[ignore = "steps through millions of instructions"]
fn sm9_goes_one_way() {
    const OPERATIONS: [fn(Backend); 4] = [signing, decrypting, agreeing, encrypting];
    for backend in of_interest(&backends(), 1) {
        of_interest(&OPERATIONS, 1).iter().for_each(|operation| operation(*backend));
    }
}
