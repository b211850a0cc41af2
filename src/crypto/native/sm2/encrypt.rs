//! Public-key encryption (R-SM2-3).
use super::element::Affine;
use super::field::{Field, invert_all};
use super::fixed_base;
use super::hot_point::HotPoint;
use super::scalar::Scalar;
use super::variable_base;
use crate::crypto::der::{Ciphertext, MAX_C2};
use crate::crypto::native::declassify::declassify;
use crate::crypto::native::hash::{Sm3, derive_key};
use crate::crypto::{Draw, Random};
use crate::error::CryptoError;
use alloc::{vec, vec::Vec};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The receiver's key.
pub(super) enum Receiver<'a> {
    Cold(&'a Affine),
    Hot(&'a HotPoint),
}

/// The DER of a ciphertext of `message`, which is not empty.
pub(super) fn encrypt<F: Field>(
    field: F,
    key: &Receiver<'_>,
    message: &[u8],
    random: &dyn Random,
) -> Result<Vec<u8>, CryptoError> {
    if message.len() > MAX_C2 {
        return Err(CryptoError::TooLong);
    }
    if message.is_empty() {
        // An empty KDF output is all zero: no nonce would ever do.
        return Err(CryptoError::Unsupported);
    }
    // One byte of KDF output is zero once in 256: 64 in a row do not happen with a working source.
    for _ in 0..64 {
        let k = Scalar::draw(random, Draw::EncryptionNonce)?;
        if let Some(ciphertext) = encrypt_with(field, key, message, &k) {
            return Ok(ciphertext);
        }
    }
    Err(CryptoError::NoRandomness)
}

/// `None` if the KDF's output is all zero.
pub(super) fn encrypt_with<F: Field>(
    field: F,
    key: &Receiver<'_>,
    message: &[u8],
    k: &Scalar,
) -> Option<Vec<u8>> {
    let (ephemeral, shared) = points(field, key, k);
    let shared = Zeroizing::new(shared.to_coordinates(field));
    let mut data = Zeroizing::new(vec![0; message.len()]);
    derive_key(&[&shared[..]], &mut data);
    if declassify(data.iter().fold(0, |acc, b| acc | b).ct_eq(&0).unwrap_u8()) != 0 {
        return None;
    }
    for (d, m) in data.iter_mut().zip(message) {
        *d ^= m;
    }
    let (x2, y2) = shared.split_at(32);
    let hash = Sm3::new().with(x2).with(message).with(y2).finish();
    let c1 = declassify(ephemeral).to_coordinates(field);
    let mut c = Ciphertext { x: [0; 32], y: [0; 32], c3: declassify(hash), c2: &data };
    let (x1, y1) = c1.split_at(32);
    c.x.copy_from_slice(x1);
    c.y.copy_from_slice(y1);
    Some(c.write())
}

/// k G and k P, for one inversion. Neither is infinity: 0 < k < n, and P has the prime order n.
fn points<F: Field>(field: F, key: &Receiver<'_>, k: &Scalar) -> (Affine, Zeroizing<Affine>) {
    let base = fixed_base::multiply(field, k);
    match key {
        Receiver::Cold(p) => {
            let point = variable_base::multiply(field, k, p);
            let inverses = Zeroizing::new(invert_all(field, &[base.zzz, point.z]));
            let shared = Zeroizing::new(point.to_affine_with(field, &inverses[1]));
            (base.to_affine_with(field, &inverses[0]), shared)
        }
        Receiver::Hot(p) => {
            let point = p.multiply(field, k);
            let inverses = Zeroizing::new(invert_all(field, &[base.zzz, point.zzz]));
            let shared = Zeroizing::new(point.to_affine_with(field, &inverses[1]));
            (base.to_affine_with(field, &inverses[0]), shared)
        }
    }
}

/// The plaintext of a ciphertext in DER. What is wrong with it does not show in the error; that its form or C1 is bad
/// shows in the time, and to anyone who reads it.
pub(super) fn decrypt<F: Field>(field: F, d: &Scalar, der: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let (c, point) = read(field, der).ok_or(CryptoError::DecryptFailed)?;
    let shared = Zeroizing::new(variable_base::multiply(field, d, &point).to_affine(field));
    open(field, &c, &shared)
}

/// The same for each of many.
pub(super) fn decrypt_many<F: Field>(
    field: F,
    d: &Scalar,
    ciphertexts: &[&[u8]],
) -> Vec<Result<Zeroizing<Vec<u8>>, CryptoError>> {
    let read: Vec<_> = ciphertexts.iter().map(|der| read(field, der)).collect();
    let points: Vec<Affine> = read.iter().flatten().map(|(_, point)| *point).collect();
    let mut shared = variable_base::multiply_each(field, d, &points).into_iter();
    let open = |c: &Option<(Ciphertext<'_>, Affine)>| match c {
        Some((c, _)) => {
            shared.next().map_or(Err(CryptoError::DecryptFailed), |shared| open(field, c, &shared))
        }
        None => Err(CryptoError::DecryptFailed),
    };
    read.iter().map(open).collect()
}

/// The ciphertext, and C1 as a point.
fn read<F: Field>(field: F, der: &[u8]) -> Option<(Ciphertext<'_>, Affine)> {
    let c = Ciphertext::read(der)?;
    let point = Affine::from_coordinates(field, &c.x, &c.y).ok()?;
    Some((c, point))
}

/// The plaintext, given d C1.
fn open<F: Field>(field: F, c: &Ciphertext<'_>, shared: &Affine) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let shared = Zeroizing::new(shared.to_coordinates(field));
    let mut data = Zeroizing::new(vec![0; c.c2.len()]);
    derive_key(&[&shared[..]], &mut data);
    // Also for an empty C2.
    let all_zero = data.iter().fold(0, |acc, b| acc | b).ct_eq(&0);
    for (d, c) in data.iter_mut().zip(c.c2) {
        *d ^= c;
    }
    let (x2, y2) = shared.split_at(32);
    let hash = Sm3::new().with(x2).with(&data).with(y2).finish();
    let good = hash.ct_eq(&c.c3) & !all_zero;
    if declassify(good.unwrap_u8()) == 1 { Ok(data) } else { Err(CryptoError::DecryptFailed) }
}
