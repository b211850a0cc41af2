//! Several operations at once are the same operations one after the other.
use super::{Backend, Replay, backends, keys, private, random_scalar};
use crate::crypto::native::backend::with_field;
use crate::crypto::native::limbs;
use crate::crypto::native::sm2::field::Field;
use crate::crypto::native::sm2::scalar::{N, Scalar};
use crate::crypto::native::sm2::{fixed_base, variable_base};
use crate::crypto::random::SystemRandom;
use crate::crypto::{Keys, PrivateKey, SignatureAlgorithm};
use crate::error::CryptoError;
use zeroize::Zeroizing;

const SM2: SignatureAlgorithm<'static> = SignatureAlgorithm::SM2;
/// None, some, as many as go at once, and some more.
const COUNTS: [usize; 10] = [0, 1, 2, 3, 4, 5, 7, 8, 13, 17];

fn check_signatures(backend: Backend, count: usize) {
    let key = private(backend, &random_scalar());
    let texts: Vec<[u8; 2]> = (0..count).map(|i| [i as u8, 7]).collect();
    let parts: Vec<[&[u8]; 2]> = texts.iter().map(|text| [&text[..1], &text[1..]]).collect();
    let messages: Vec<&[&[u8]]> = parts.iter().map(|parts| &parts[..]).collect();
    let nonces: Vec<_> = (0..count).map(|_| random_scalar()).collect();
    let draws: Vec<&[u8]> = nonces.iter().map(|nonce| &nonce[..]).collect();
    let many = key.sign_many(SM2, &messages, &Replay::new(&draws));
    let random = Replay::new(&draws);
    let one_by_one: Vec<_> = messages.iter().map(|parts| key.sign(SM2, parts, &random)).collect();
    assert_eq!(many, one_by_one, "{count} with {backend:?}");
    if count > 0 {
        let failed = key.sign_many(SM2, &messages, &Replay::new(&draws[1..]));
        assert!(failed.iter().all(|signature| *signature == Err(CryptoError::NoRandomness)));
    }
}

#[test]
fn many_signatures_are_those_of_one_call_each() {
    for backend in backends() {
        for count in COUNTS {
            check_signatures(backend, count);
        }
    }
}

/// R-HS-43: a bad ciphertext among them changes nothing of the others.
#[test]
fn many_plaintexts_are_those_of_one_call_each() {
    for backend in backends() {
        let (keys, key) = (keys(backend), private(backend, &random_scalar()));
        for count in COUNTS {
            for bad in [None, Some(0), Some(count / 2)] {
                let encrypt = |i| keys.encrypt(key.public(), &[i as u8; 48], &SystemRandom).unwrap();
                let mut ciphertexts: Vec<Vec<u8>> = (0..count).map(encrypt).collect();
                // The last byte spoils the hash; the ninth, in C1, the form or the point.
                let spoil = |bytes: &mut Vec<u8>, at: usize| bytes[at] ^= 1;
                if let Some(ciphertext) = bad.and_then(|i| ciphertexts.get_mut(i)) {
                    let last = ciphertext.len() - 1;
                    spoil(ciphertext, if count % 2 == 0 { last } else { 9 });
                }
                let all: Vec<&[u8]> = ciphertexts.iter().map(|c| &c[..]).collect();
                let one_by_one: Vec<_> = all.iter().map(|c| key.decrypt(c)).collect();
                assert_eq!(key.decrypt_many(&all), one_by_one, "{count} with {backend:?}");
                let good = one_by_one.iter().filter(|plaintext| plaintext.is_ok()).count();
                assert_eq!(good, count - usize::from(bad.is_some_and(|i| i < count)));
            }
        }
    }
}

fn edges() -> Vec<Scalar> {
    let minus = |k: u64| Scalar(limbs::sub_mod(&[0; 4], &[k, 0, 0, 0], &N));
    let mut all: Vec<Scalar> = (1..10).flat_map(|k| [Scalar([k, 0, 0, 0]), minus(k)]).collect();
    all.extend((0..256).step_by(5).map(|bit| {
        let mut power = [0; 4];
        power[bit / 64] = 1 << (bit % 64);
        Scalar::reduce(&power)
    }));
    all.extend((0..50).map(|_| Scalar::from_be_bytes(&random_scalar()).unwrap()));
    all
}

fn check_multiples<F: Field>(field: F) {
    let scalars: Vec<_> = edges().into_iter().map(Zeroizing::new).collect();
    for (k, multiple) in scalars.iter().zip(fixed_base::multiply_each(field, &scalars)) {
        assert_eq!(multiple.to_affine(field), fixed_base::multiply(field, k).to_affine(field), "{k:?} G");
    }
    let points: Vec<_> =
        scalars.iter().step_by(9).map(|k| fixed_base::multiply(field, k).to_affine(field)).collect();
    for k in scalars.iter().step_by(3) {
        for (p, multiple) in points.iter().zip(variable_base::multiply_each(field, k, &points)) {
            assert_eq!(*multiple, variable_base::multiply(field, k, p).to_affine(field), "{k:?} P");
        }
    }
}

#[test]
fn many_multiples_are_those_of_one_call_each() {
    for backend in backends() {
        with_field!(backend, field => check_multiples(field));
    }
}
