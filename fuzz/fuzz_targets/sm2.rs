//! Native SM2 is equal to portable SM2: points, signatures, encryption, key agreement.
#![no_main]
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use tlcp::crypto::{
    AgreementPeer, AgreementRole, Draw, Keys, MasterSeed, PrivateKey, Random, Shared, SignatureAlgorithm,
    StartedAgreement, portable,
};
use tlcp::error::CryptoError;
use tlcp::suite::HashAlgorithm;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    scalars: [[u8; 32]; 2],
    nonces: [[u8; 32]; 2],
    change: Vec<(u8, u8)>,
    user_id: &'a [u8],
    message: &'a [u8],
    bytes: &'a [u8],
}

/// The scalars that are drawn, then more of the same, since one that is out of range is drawn again.
struct Given(std::sync::Mutex<Vec<[u8; 32]>>);

impl Given {
    fn new(nonces: &[[u8; 32]]) -> Self {
        Self(std::sync::Mutex::new(nonces.iter().rev().copied().collect()))
    }
}

impl Random for Given {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        let next = self.0.lock().unwrap().pop().ok_or(CryptoError::NoRandomness)?;
        if out.len() != 32 {
            return Err(CryptoError::NoRandomness);
        }
        out.copy_from_slice(&next);
        Ok(())
    }
}

fn both() -> [&'static dyn Keys; 2] {
    [portable::provider().keys, native()]
}

#[cfg(target_pointer_width = "64")]
fn native() -> &'static dyn Keys {
    &tlcp::crypto::native::sm2::KEYS
}

#[cfg(not(target_pointer_width = "64"))]
fn native() -> &'static dyn Keys {
    portable::provider().keys
}

fuzz_target!(|input: Input<'_>| {
    let _ = same(|keys| keys.sm2_public(input.bytes));
    let _ = same(|keys| keys.sm2_private(input.bytes).map(|key| key.public().clone()));
    let Some(own) = private(input.scalars[0]) else { return };
    signatures(&input, &own);
    encryption(&input, &own);
    if let Some(peer) = private(input.scalars[1]) {
        agreement(&input, &own, &peer);
    }
});

fn same<T: PartialEq + std::fmt::Debug>(run: impl Fn(&dyn Keys) -> T) -> T {
    let [portable, native] = both().map(run);
    assert_eq!(portable, native);
    portable
}

type Pair = [Arc<dyn PrivateKey>; 2];

/// The same key twice.
fn private(scalar: [u8; 32]) -> Option<Pair> {
    let [a, b] = both().map(|keys| keys.sm2_private(&scalar));
    assert_eq!(a.is_ok(), b.is_ok());
    Some([a.ok()?, b.ok()?])
}

fn changed(input: &Input<'_>, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let length = bytes.len();
    input.change.iter().for_each(|(at, mask)| bytes[usize::from(*at) % length] ^= mask);
    bytes
}

fn signatures(input: &Input<'_>, own: &Pair) {
    let algorithm = SignatureAlgorithm::Sm2Sm3 { user_id: input.user_id };
    let [a, b] = [0, 1].map(|i| own[i].sign(algorithm, &[input.message], &Given::new(&input.nonces)));
    assert_eq!(a, b);
    let verify =
        |signature: &[u8]| same(|keys| keys.verify(algorithm, own[0].public(), &[input.message], signature));
    assert!(verify(input.bytes).is_err());
    let Ok(signature) = a else { return };
    assert_eq!(verify(&signature), Ok(()));
    let parts = [input.message];
    let messages: [&[&[u8]]; 6] = [&parts; 6];
    let nonces: Vec<_> = (1..7).map(|i| [i; 32]).collect();
    let [a, b] = [0, 1].map(|i| own[i].sign_many(algorithm, &messages, &Given::new(&nonces)));
    assert_eq!(a, b);
    let other = changed(input, &signature);
    assert!(other == signature || verify(&other).is_err());
}

fn encryption(input: &Input<'_>, own: &Pair) {
    let encrypted = same(|keys| keys.encrypt(own[0].public(), input.message, &Given::new(&input.nonces)));
    let decrypt = |ciphertext: &[u8]| {
        let [a, b] = [0, 1].map(|i| own[i].decrypt(ciphertext).map(|m| m.to_vec()));
        assert_eq!(a, b);
        a
    };
    let _ = decrypt(input.bytes);
    let Ok(ciphertext) = encrypted else { return };
    if !input.message.is_empty() {
        assert_eq!(decrypt(&ciphertext), Ok(input.message.to_vec()));
    }
    let other = changed(input, &ciphertext);
    assert!(other == ciphertext || decrypt(&other).is_err());
    // Some more than go at once, good and bad ones.
    let many: Vec<&[u8]> = (0..10).map(|i| if i % 3 == 0 { &other[..] } else { &ciphertext[..] }).collect();
    let [a, b] = [0, 1].map(|i| own[i].decrypt_many(&many));
    assert_eq!(a, b);
}

fn secret(shared: Result<Shared, CryptoError>) -> Result<Vec<u8>, CryptoError> {
    match shared? {
        Shared::PreMaster(secret) => Ok(secret.expose().to_vec()),
        Shared::Master(_) => panic!("no device"),
    }
}

fn agreement(input: &Input<'_>, own: &Pair, peer: &Pair) {
    let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
    let finish =
        |started: &Arc<dyn StartedAgreement>, peer: &AgreementPeer| secret(started.finish(peer, &seed));
    let [a, b] =
        [0, 1].map(|i| own[i].start_agreement(&AgreementRole::Initiator(None), &Given::new(&input.nonces)));
    let (Ok(a), Ok(b)) = (a, b) else { return };
    assert_eq!(a.share(), b.share());
    let initiator = AgreementPeer { share: a.share().clone(), key: Some(own[0].public().clone()) };
    let answers = [0, 1].map(|i| {
        let given = Given::new(&[input.nonces[1], input.nonces[0]]);
        let started = peer[i].start_agreement(&AgreementRole::Responder(initiator.clone()), &given);
        started.map(|started| (started.share().bytes.to_vec(), finish(&started, &initiator)))
    });
    assert_eq!(answers[0], answers[1]);
    let point = answers[0].as_ref().map_or(input.bytes, |(point, _)| point);
    let responder = |point: &[u8]| AgreementPeer::sm2(peer[0].public().clone(), point);
    let finished = [&a, &b].map(|started| finish(started, &responder(point)));
    assert_eq!(finished[0], finished[1]);
    if let Ok((_, shared)) = &answers[0] {
        assert_eq!(&finished[0], shared);
    }
    let other = changed(input, point);
    let finished = [&a, &b].map(|started| finish(started, &responder(&other)));
    assert_eq!(finished[0], finished[1]);
}
