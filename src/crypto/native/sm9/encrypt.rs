//! Key encapsulation and encryption (GM/T 0044.4).
use super::dem;
use super::fp::{Field, Fp};
use super::lines::{Lines, Place};
use super::master;
use super::pairing::pair;
use super::point::Affine;
use super::scalar::Scalar;
use crate::crypto::native::declassify::declassify;
use crate::crypto::native::hash::{Sm3, derive_key};
use crate::crypto::sm9::PublicKey;
use crate::crypto::sm9::encoding::{Ciphertext, Mode};
use crate::crypto::{Draw, Random};
use crate::error::CryptoError;
use alloc::{vec, vec::Vec};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// Bytes of the key of C3.
const MAC_KEY: usize = 32;

/// KDF(C || w || identity, length), with C without its first byte.
fn derive(c: &[u8; 65], w: &[u8; 384], identity: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(vec![0; length]);
    derive_key(&[&c[1..], w, identity], &mut out);
    out
}

/// C = r Q and w = g^r for the receiver, and a key of any length from them.
pub(super) fn encapsulate<F: Field>(
    field: F,
    to: &PublicKey,
    r: &Scalar,
    length: usize,
) -> Result<([u8; 65], Zeroizing<Vec<u8>>), CryptoError> {
    let master = master::encrypt(field, to.master())?;
    let c = master.multiply_user(field, r, to.identity(), to.usage())?;
    let w = Zeroizing::new(master.g.multiply(field, r).to_bytes(field));
    let key = derive(&c, &w, to.identity(), length);
    Ok((c, key))
}

/// The DER of a ciphertext of `message`.
///
/// # Errors
/// [`CryptoError::TooLong`], [`CryptoError::NoRandomness`]; [`CryptoError::Unsupported`] for no bytes in [`Mode::Xor`].
pub(super) fn encrypt<F: Field>(
    field: F,
    mode: Mode,
    to: &PublicKey,
    message: &[u8],
    random: &dyn Random,
) -> Result<Vec<u8>, CryptoError> {
    if message.len() > dem::MAX_MESSAGE {
        return Err(CryptoError::TooLong);
    }
    let key_length = dem::key_length(mode, message.len());
    if key_length == 0 {
        // An empty KDF output is all zero: no nonce would ever do.
        return Err(CryptoError::Unsupported);
    }
    // One byte of KDF output is zero once in 256: 64 in a row do not happen with a working source.
    for _ in 0..64 {
        let r = Scalar::draw(random, Draw::EncryptionNonce)?;
        let (c1, keys) = encapsulate(field, to, &r, key_length + MAC_KEY)?;
        let (key, mac_key) = keys.split_at(key_length);
        if declassify(is_zero(key).unwrap_u8()) != 0 {
            continue;
        }
        let c2 = dem::conceal(mode, key, message, random)?;
        let c3 = declassify(Sm3::new().with(&c2).with(mac_key).finish());
        return Ok(Ciphertext { mode, c1, c3, c2: &c2 }.write());
    }
    Err(CryptoError::NoRandomness)
}

fn is_zero(bytes: &[u8]) -> Choice {
    bytes.iter().fold(0, |acc, b| acc | b).ct_eq(&0)
}

/// A user's key for encryption.
pub(super) struct DecryptionKey {
    lines: Lines,
}

impl DecryptionKey {
    /// # Errors
    /// [`CryptoError::BadPoint`] for the master key, [`CryptoError::BadKey`] for the user's.
    pub(super) fn new<F: Field>(field: F, public: &PublicKey, key: &[u8]) -> Result<Self, CryptoError> {
        Ok(Self { lines: master::user_lines(field, public, key)?.1 })
    }

    /// The key that [`encapsulate`] derived: w = e(C, de).
    pub(super) fn decapsulate<F: Field>(
        &self,
        field: F,
        own: &PublicKey,
        c: &[u8; 65],
        length: usize,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let point = Affine::<Fp>::from_bytes(field, c)?;
        let w = Zeroizing::new(pair(field, [(&Place::new(field, &point.into()), &self.lines)]));
        let w = Zeroizing::new(w.to_bytes(field));
        Ok(derive(c, &w, own.identity(), length))
    }

    /// The plaintext of a ciphertext in one of `modes`. What is wrong with it does not show in the error; that its form or
    /// C1 is bad shows in the time, and to anyone who reads it.
    pub(super) fn decrypt<F: Field>(
        &self,
        field: F,
        own: &PublicKey,
        modes: &[Mode],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let c = Ciphertext::read(ciphertext).ok_or(CryptoError::DecryptFailed)?;
        if !modes.contains(&c.mode) {
            return Err(CryptoError::DecryptFailed);
        }
        let key_length = dem::key_length(c.mode, c.c2.len());
        let keys = self
            .decapsulate(field, own, &c.c1, key_length + MAC_KEY)
            .map_err(|_| CryptoError::DecryptFailed)?;
        let (key, mac_key) = keys.split_at(key_length);
        // Also for an empty C2.
        let hash = Sm3::new().with(c.c2).with(mac_key).finish();
        let good = hash.ct_eq(&c.c3) & !is_zero(key);
        if declassify(good.unwrap_u8()) == 0 {
            return Err(CryptoError::DecryptFailed);
        }
        dem::reveal(c.mode, key, c.c2)
    }
}
