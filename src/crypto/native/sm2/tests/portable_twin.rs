//! The native and the portable provider give the same bytes for the same draws, and the same errors.
use super::{backends, exchange, keys, private, random_scalar};
use crate::crypto::random::{Draw, Random};
use crate::crypto::{Keys, PrivateKey, PublicKey, SignatureAlgorithm, portable};
use crate::error::CryptoError;
use alloc::sync::Arc;
use proptest::prelude::*;
use std::sync::Mutex;

const SM2: SignatureAlgorithm<'static> = SignatureAlgorithm::SM2;

/// Gives the same draws each time, and notes what they were for.
struct Noted {
    bytes: [u8; 32],
    draws: Mutex<Vec<Draw>>,
}

impl Noted {
    fn new(bytes: [u8; 32]) -> Self {
        Self { bytes, draws: Mutex::new(Vec::new()) }
    }
}

impl Random for Noted {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        let mut draws = self.draws.lock().unwrap();
        // The first is out of range, the others differ.
        let bytes = if draws.is_empty() { [0xff; 32] } else { self.bytes };
        out.copy_from_slice(&bytes);
        out[31] ^= draws.len() as u8;
        draws.push(draw);
        Ok(())
    }
}

/// Runs both with the same draws.
fn same<T: PartialEq + core::fmt::Debug>(one: impl FnOnce(&Noted) -> T, two: impl FnOnce(&Noted) -> T) -> T {
    let bytes = random_scalar();
    let (r1, r2) = (Noted::new(bytes), Noted::new(bytes));
    let (v1, v2) = (one(&r1), two(&r2));
    assert_eq!(v1, v2);
    assert_eq!(*r1.draws.lock().unwrap(), *r2.draws.lock().unwrap());
    v1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(15))]

    #[test]
    fn operations_are_those_of_the_portable_provider(message in prop::collection::vec(any::<u8>(), 0..100)) {
        let (scalar, peer) = (random_scalar(), random_scalar());
        let portable = portable::provider().keys;
        for backend in backends() {
            let keys = keys(backend);
            let (ours, theirs) = (private(backend, &scalar), portable.sm2_private(&scalar).unwrap());
            prop_assert_eq!(ours.public(), theirs.public());
            let signature = same(|r| ours.sign(SM2, &[&message], r), |r| theirs.sign(SM2, &[&message], r)).unwrap();
            prop_assert_eq!(portable.verify(SM2, ours.public(), &[&message], &signature), Ok(()));
            let public = ours.public();
            let ciphertext = same(|r| keys.encrypt(public, &message, r), |r| portable.encrypt(public, &message, r));
            if let Ok(ciphertext) = ciphertext {
                prop_assert_eq!(ours.decrypt(&ciphertext), theirs.decrypt(&ciphertext));
            }
            let (peer_ours, peer_theirs) = (private(backend, &peer), portable.sm2_private(&peer).unwrap());
            let bytes = random_scalar();
            let [a, b] = exchange(&ours, &*peer_theirs, &Noted::new(bytes), &Noted::new(peer));
            let [c, d] = exchange(&*theirs, &peer_ours, &Noted::new(bytes), &Noted::new(peer));
            for other in [b, c, d] {
                prop_assert_eq!(a.expose(), other.expose());
            }
        }
    }

    /// Any bytes for a signature, a ciphertext, a point: the same answer.
    #[test]
    fn refusals_are_those_of_the_portable_provider(bytes in prop::collection::vec(any::<u8>(), 0..160)) {
        let scalar = random_scalar();
        let portable = portable::provider().keys;
        let theirs = portable.sm2_private(&scalar).unwrap();
        let forged = PublicKey::Sm2(Arc::new([4; 65]));
        for backend in backends() {
            let (keys, ours) = (keys(backend), private(backend, &scalar));
            let verify = |keys: &dyn Keys, key| keys.verify(SM2, key, &[b"m"], &bytes);
            prop_assert_eq!(verify(&keys, ours.public()), verify(portable, ours.public()));
            prop_assert_eq!(verify(&keys, &forged), verify(portable, &forged));
            prop_assert_eq!(ours.decrypt(&bytes), theirs.decrypt(&bytes));
            prop_assert_eq!(keys.sm2_public(&bytes), portable.sm2_public(&bytes));
            prop_assert_eq!(keys.sm2_private(&bytes).is_ok(), portable.sm2_private(&bytes).is_ok());
            let encrypted = same(|r| keys.encrypt(&forged, b"m", r), |r| portable.encrypt(&forged, b"m", r));
            prop_assert_eq!(encrypted, Err(CryptoError::BadPoint));
        }
    }
}

/// What is nearly right: every bit of good DER turned over, every length cut, with both.
#[test]
fn near_misses_are_judged_as_by_the_portable_provider() {
    let portable = portable::provider().keys;
    let scalar = random_scalar();
    let theirs = portable.sm2_private(&scalar).unwrap();
    let random = crate::crypto::random::SystemRandom;
    let signature = theirs.sign(SM2, &[b"m"], &random).unwrap();
    let ciphertext = portable.encrypt(theirs.public(), b"message", &random).unwrap();
    let mutants = |good: &[u8]| {
        let mut all: Vec<Vec<u8>> = (0..good.len()).map(|len| good[..len].to_vec()).collect();
        all.extend((0..good.len() * 8).map(|i| {
            let mut bad = good.to_vec();
            bad[i / 8] ^= 1 << (i % 8);
            bad
        }));
        all
    };
    let backend = backends()[0];
    let (keys, ours) = (keys(backend), private(backend, &scalar));
    for bad in mutants(&signature) {
        let verify = |keys: &dyn Keys| keys.verify(SM2, ours.public(), &[b"m"], &bad);
        assert_eq!(verify(&keys), verify(portable));
    }
    for bad in mutants(&ciphertext) {
        assert_eq!(ours.decrypt(&bad), theirs.decrypt(&bad));
    }
}
