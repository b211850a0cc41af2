//! Nothing secret shows in a branch, an address, or the time.
//!
//! The first test says nothing unless it runs under valgrind, on optimized code:
//! `cargo test --release --lib --no-run`, then `valgrind <that test binary> sm2::tests::constant_time`.
//! Its processor has no AVX-512: of the backend with IFMA (`ladder`, `ladder_eight`, `lane_sums`) only the second speaks, and
//! traces of instructions and addresses, step by step.
//! The second measures: `cargo test --release --lib -- --ignored time_does_not`.
use super::memory_checker::{errors, mark_defined, mark_undefined, running};
use super::{backends, exchange, keys, random_scalar};
use crate::crypto::native::backend::{Backend, with_field};
use crate::crypto::native::sm2::element::FieldElement;
use crate::crypto::native::sm2::field::Field;
use crate::crypto::native::sm2::hot_point::HotPoint;
use crate::crypto::native::sm2::point::GENERATOR;
use crate::crypto::native::sm2::scalar::Scalar;
use crate::crypto::native::sm2::sign::Nonce;
use crate::crypto::native::sm2::{Sm2Keys, Sm2Options, Sm2PrivateKey, fixed_base, variable_base};
use crate::crypto::native::t_test::compare;
use crate::crypto::random::{Draw, Random, SystemRandom};
use crate::crypto::{Keys, PrivateKey, SignatureAlgorithm};
use crate::error::CryptoError;
use core::hint::black_box;
use zeroize::Zeroizing;

const SM2: SignatureAlgorithm<'static> = SignatureAlgorithm::SM2;

/// Random bytes that are secret.
struct Secret;

impl Random for Secret {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        SystemRandom.fill(draw, out)?;
        mark_undefined(out);
        Ok(())
    }
}

fn secret_key(backend: Backend) -> Sm2PrivateKey {
    let scalar = random_scalar();
    mark_undefined(&scalar);
    Sm2PrivateKey::with_backend(backend, &scalar).unwrap()
}

fn check_signatures(backend: Backend) {
    let keys = keys(backend);
    let key = secret_key(backend);
    for _ in 0..5 {
        let signature = key.sign(SM2, &[b"m"], &Secret).unwrap();
        keys.verify(SM2, key.public(), &[b"m"], &signature).unwrap();
    }
    for signature in key.sign_many(SM2, &[&[&b"m"[..]][..]; 8], &Secret) {
        keys.verify(SM2, key.public(), &[b"m"], &signature.unwrap()).unwrap();
    }
}

fn check_encryption(backend: Backend) {
    let keys = Sm2Keys::with_backend(backend, Sm2Options { hot_keys: 1 });
    let key = secret_key(backend);
    // Cold, then hot.
    for _ in 0..3 {
        let message = [7; 48];
        mark_undefined(&message);
        let ciphertext = keys.encrypt(key.public(), &message, &Secret).unwrap();
        mark_defined(&ciphertext[..]);
        let plaintext = key.decrypt(&ciphertext).unwrap();
        mark_defined(&plaintext[..]);
        assert_eq!(**plaintext, [7; 48]);
        for plaintext in key.decrypt_many(&[&ciphertext[..]; 8]) {
            assert!(plaintext.is_ok());
        }
        let mut wrong = ciphertext;
        *wrong.last_mut().unwrap() ^= 1;
        assert!(key.decrypt(&wrong).is_err());
    }
}

fn check_agreement(backend: Backend) {
    let (a, b) = (secret_key(backend), secret_key(backend));
    let [one, two] = exchange(&a, &b, &Secret, &Secret);
    mark_defined(one.expose());
    mark_defined(two.expose());
    assert_eq!(one.expose(), two.expose());
}

/// The check itself works: a branch on what came of a secret is seen. Right outside the memory checker too.
fn check_the_check(backend: Backend) {
    let before = errors();
    let secret = FieldElement([1, 2, 3, 4]);
    mark_undefined(&secret);
    let product = with_field!(backend, field => field.mul(&secret, &field.square(&secret)));
    if black_box(&product).0[3] & 1 == 1 {
        black_box(&before);
    }
    assert_eq!(errors() > before, running(), "{backend:?}");
}

#[test]
fn no_branch_or_address_depends_on_a_secret() {
    for backend in backends() {
        check_the_check(backend);
        let before = errors();
        check_signatures(backend);
        assert_eq!(errors(), before, "signing with {backend:?}");
        check_encryption(backend);
        assert_eq!(errors(), before, "encryption with {backend:?}");
        check_agreement(backend);
        assert_eq!(errors(), before, "key exchange with {backend:?}");
    }
}

/// A scalar with few bits set, or a random one.
fn scalar(sparse: bool) -> Scalar {
    let random = Scalar::from_be_bytes(&random_scalar()).unwrap();
    if sparse { Scalar([3, 0, 0, 0]) } else { random }
}

/// The parts that meet a secret, without the DER around them, whose length is public and shows.
#[test]
#[ignore = "measures"]
fn time_does_not_depend_on_secrets() {
    for backend in backends() {
        with_field!(backend, field => {
            let point = GENERATOR.negate_if(field, u64::MAX);
            let hot = HotPoint::new(field, &point);
            compare("a nonce: k G and an inversion", scalar, |k| {
                black_box(Nonce::new(field, k));
            });
            compare("k P", scalar, |k| {
                black_box(variable_base::multiply(field, k, &point));
            });
            compare("k P by its table", scalar, |k| {
                black_box(hot.multiply(field, k));
            });
            compare("k G for eight k", |sparse| [0; 8].map(|_| Zeroizing::new(scalar(sparse))), |scalars| {
                black_box(fixed_base::multiply_each(field, scalars));
            });
            compare("k P for eight P", scalar, |k| {
                black_box(variable_base::multiply_each(field, k, &[point; 8]));
            });
            let other = fixed_base::multiply(field, &Scalar([9, 8, 7, 6])).to_affine(field);
            compare("k P + l Q", |sparse| [scalar(sparse), scalar(sparse)], |[k, l]| {
                black_box(variable_base::multiply_two(field, [(k, &point), (l, &other)]));
            });
            let x = Scalar([7, 1 << 63, 0, 0]);
            compare("k (P + x Q)", scalar, |k| {
                black_box(variable_base::multiply_sum(field, k, &point, (&x, &other)));
            });
            compare("an inversion modulo n", scalar, |k| {
                black_box(k.invert());
            });
            compare("an inversion modulo p", |sparse| FieldElement(scalar(sparse).0), |a| {
                black_box(field.invert(a));
            });
        });
    }
}
