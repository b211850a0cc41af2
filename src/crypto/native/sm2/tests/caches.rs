//! Keys out of range, draws, the cache of hot keys.
use super::{Replay, backends, keys, private, random_scalar};
use crate::crypto::native::limbs;
use crate::crypto::native::sm2::scalar::N;
use crate::crypto::native::sm2::{Sm2Keys, Sm2Options};
use crate::crypto::random::{Draw, Random, SystemRandom};
use crate::crypto::{AgreementRole, Keys, PrivateKey, PublicKey, SignatureAlgorithm};
use crate::error::CryptoError;

const SM2: SignatureAlgorithm<'static> = SignatureAlgorithm::SM2;

fn n_minus(k: u64) -> [u8; 32] {
    limbs::to_be_bytes(&[N[0] - k, N[1], N[2], N[3]])
}

#[test]
fn refuses_private_keys_out_of_range() {
    let one = limbs::to_be_bytes(&[1, 0, 0, 0]);
    for backend in backends() {
        let keys = keys(backend);
        let bad: [&[u8]; 8] =
            [&[], &[1; 31], &[1; 33], &[0; 32], &n_minus(1), &n_minus(0), &[0xff; 32], &one[1..]];
        for scalar in bad {
            assert_eq!(keys.sm2_private(scalar).unwrap_err(), CryptoError::BadKey);
        }
        for scalar in [one, n_minus(2)] {
            let key = keys.sm2_private(&scalar).unwrap();
            let signature = key.sign(SM2, &[b"m"], &SystemRandom).unwrap();
            keys.verify(SM2, key.public(), &[b"m"], &signature).unwrap();
            let ciphertext = keys.encrypt(key.public(), b"m", &SystemRandom).unwrap();
            assert_eq!(&**key.decrypt(&ciphertext).unwrap(), b"m");
        }
    }
}

#[test]
fn draws_again_until_the_scalar_is_in_range() {
    let k = random_scalar();
    for backend in backends() {
        let key = private(backend, &random_scalar());
        let first = key.sign(SM2, &[b"m"], &Replay::new(&[&k])).unwrap();
        let random = Replay::new(&[&[0; 32], &[0xff; 32], &n_minus(0), &k]);
        assert_eq!(key.sign(SM2, &[b"m"], &random).unwrap(), first);
        let nothing = Replay::new(&[&[0; 32]]);
        assert_eq!(key.sign(SM2, &[b"m"], &nothing).unwrap_err(), CryptoError::NoRandomness);
        assert_eq!(
            key.start_agreement(&AgreementRole::Initiator(None), &nothing).unwrap_err(),
            CryptoError::NoRandomness
        );
        let got = keys(backend).encrypt(key.public(), b"m", &nothing);
        assert_eq!(got.unwrap_err(), CryptoError::NoRandomness);
    }
}

struct Stuck(u8);

impl Random for Stuck {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        out.fill(self.0);
        Ok(())
    }
}

#[test]
fn a_source_that_is_stuck_is_an_error_and_no_loop() {
    let key = private(backends()[0], &random_scalar());
    for byte in [0, 0xff] {
        assert_eq!(key.sign(SM2, &[b"m"], &Stuck(byte)).unwrap_err(), CryptoError::NoRandomness);
    }
}

/// R-SM2-3: one byte of KDF output is zero once in 256, and then another k is drawn.
#[test]
fn no_ciphertext_is_its_own_plaintext() {
    let backend = backends()[0];
    let (keys, key) = (keys(backend), private(backend, &random_scalar()));
    for i in 0..1000u16 {
        let ciphertext = keys.encrypt(key.public(), &[i as u8], &SystemRandom).unwrap();
        assert_ne!(ciphertext.last(), Some(&(i as u8)));
        assert_eq!(&**key.decrypt(&ciphertext).unwrap(), &[i as u8]);
    }
    assert_eq!(keys.encrypt(key.public(), b"", &SystemRandom).unwrap_err(), CryptoError::Unsupported);
}

/// All the errors of signatures: r, s = 0 or n and beyond, r + s = n, lengths, trailing bytes.
#[test]
fn refuses_signatures_out_of_range() {
    let n = n_minus(0);
    let integer = |b: &[u8]| {
        let sign: &[u8] = if b[0] >= 0x80 { &[0] } else { &[] };
        [&[2, (b.len() + sign.len()) as u8], sign, b].concat()
    };
    let der = |r: &[u8], s: &[u8]| {
        let content = [integer(r), integer(s)].concat();
        [&[0x30, content.len() as u8], &content[..]].concat()
    };
    for backend in backends() {
        let (keys, key) = (keys(backend), private(backend, &random_scalar()));
        let bad = [
            der(&[0], &[1]),
            der(&[1], &[0]),
            der(&n, &[1]),
            der(&[1], &n),
            der(&[0xff; 32], &[1]),
            der(&[1], &n_minus(1)),
            der(&[1; 33], &[1]),
            der(&[0, 1], &[1]),
            der(&[1], &[0x80]),
            [&der(&[1], &[1])[..], &[0]].concat(),
        ];
        for signature in bad {
            let got = keys.verify(SM2, key.public(), &[b"m"], &signature);
            assert_eq!(got, Err(CryptoError::BadSignature), "{}", hex::encode(signature));
        }
        let too_long = vec![b'x'; 8192];
        let algorithm = SignatureAlgorithm::Sm2Sm3 { user_id: &too_long };
        assert_eq!(key.sign(algorithm, &[], &SystemRandom).unwrap_err(), CryptoError::TooLong);
        let longest = SignatureAlgorithm::Sm2Sm3 { user_id: &too_long[..8191] };
        let signature = key.sign(longest, &[], &SystemRandom).unwrap();
        keys.verify(longest, key.public(), &[], &signature).unwrap();
        assert_eq!(keys.verify(algorithm, key.public(), &[], &signature), Err(CryptoError::TooLong));
    }
}

#[test]
fn hot_keys_are_built_at_the_second_use_and_bounded() {
    let backend = backends()[0];
    let keys = Sm2Keys::with_backend(backend, Sm2Options { hot_keys: 2 });
    let signed: Vec<_> = (0..5)
        .map(|_| {
            let key = private(backend, &random_scalar());
            let signature = key.sign(SM2, &[b"m"], &SystemRandom).unwrap();
            (key, signature)
        })
        .collect();
    let verify = |i: usize| keys.verify(SM2, signed[i].0.public(), &[b"m"], &signed[i].1).unwrap();
    verify(0);
    assert_eq!(keys.hot().len(), 0, "one use is not enough");
    verify(0);
    assert_eq!(keys.hot().len(), 1);
    // Keys used once pass by without a trace.
    for i in 1..5 {
        verify(i);
    }
    assert_eq!(keys.hot().len(), 1);
    for i in (0..5).chain(0..5) {
        verify(i);
        verify(i);
        assert!(keys.hot().len() <= 2);
    }
    let wrong = keys.verify(SM2, signed[4].0.public(), &[b"other"], &signed[4].1);
    assert_eq!(wrong, Err(CryptoError::BadSignature));
}

#[test]
fn hot_keys_can_be_switched_off() {
    let backend = backends()[0];
    let keys = Sm2Keys::with_backend(backend, Sm2Options::LEAN);
    let key = private(backend, &random_scalar());
    for _ in 0..4 {
        let ciphertext = keys.encrypt(key.public(), b"m", &SystemRandom).unwrap();
        assert_eq!(&**key.decrypt(&ciphertext).unwrap(), b"m");
    }
    assert_eq!(keys.hot().len(), 0);
}

#[test]
fn debug_shows_no_secret() {
    let scalar = [0x5a; 32];
    let key = keys(backends()[0]).sm2_private(&scalar).unwrap();
    let text = format!("{key:?}");
    let PublicKey::Sm2(public) = key.public() else { panic!("not SM2") };
    assert_eq!(text, format!("PrivateKey(Sm2({}…))", hex::encode(&public[1..5])));
}
