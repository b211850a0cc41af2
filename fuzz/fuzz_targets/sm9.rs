//! SM9 reads any bytes as a key, a signature, a ciphertext and a share without a panic; what it reads it writes again to
//! the byte, and what it made itself it takes.
#![no_main]
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use tlcp::crypto::random::SystemRandom;
use tlcp::crypto::sm9::Usage;
use tlcp::crypto::sm9::encoding::{
    Ciphertext, PrivateKeyInfo, Signature, read_master_public, write_master_public,
};
use tlcp::crypto::{
    AgreementPeer, AgreementRole, Keys, MasterSeed, PrivateKey, SignatureAlgorithm, default_provider,
};
use tlcp::suite::HashAlgorithm;

fn keys() -> &'static dyn Keys {
    default_provider().keys
}

fn user(usage: Usage) -> Arc<dyn PrivateKey> {
    let master = keys().sm9_master(usage.master(), &[0x39; 32]).unwrap();
    let key = master.user_key(usage, b"Alice").unwrap();
    keys().sm9_private(usage, b"Alice", master.public(), &key).unwrap()
}

static USERS: LazyLock<[Arc<dyn PrivateKey>; 3]> =
    LazyLock::new(|| [Usage::Sign, Usage::Agree, Usage::Encrypt].map(user));

fn read_and_write(data: &[u8]) {
    if let Some(signature) = Signature::read(data) {
        assert_eq!(signature.write(), data);
    }
    if let Some(ciphertext) = Ciphertext::read(data) {
        assert_eq!(ciphertext.write(), data);
    }
    if let Some((_, point)) = read_master_public(data) {
        assert!(data.ends_with(&write_master_public(point)));
    }
    if let Some(PrivateKeyInfo::User { usages, key, master: Some(master) }) = PrivateKeyInfo::read(data) {
        for usage in usages {
            let _ = keys().sm9_private(*usage, b"Alice", &master, &key);
        }
    }
}

fuzz_target!(|data: &[u8]| {
    read_and_write(data);
    let [signer, agreer, receiver] = &*USERS;
    let sm9 = SignatureAlgorithm::Sm9Sm3;
    let _ = keys().verify(sm9, signer.public(), &[b"message"], data);
    let _ = receiver.decrypt(data);
    for usage in [Usage::Sign, Usage::Agree] {
        let _ = keys().sm9_public(usage, data, data);
    }
    let peer = AgreementPeer::sm9(agreer.public().clone(), data);
    let started = agreer.start_agreement(&AgreementRole::Responder(peer.clone()), &SystemRandom).unwrap();
    let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
    let _ = started.finish(&peer, &seed);
    if data.len() < 64 && !data.is_empty() {
        let signature = signer.sign(sm9, &[data], &SystemRandom).unwrap();
        keys().verify(sm9, signer.public(), &[data], &signature).unwrap();
        let ciphertext = keys().encrypt(receiver.public(), data, &SystemRandom).unwrap();
        assert_eq!(*receiver.decrypt(&ciphertext).unwrap(), data);
    }
});
