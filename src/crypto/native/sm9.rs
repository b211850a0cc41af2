//! SM9 (GM/T 0044, GB/T 38635): signatures, encryption and key exchange by identities.
//!
//! From the bottom up:
//! - `fp` (modulo p; `fp_x86` with mulx/adcx/adox, `fp_ifma` eight sums at a time), `fp2`, `fp12`: the fields; `scalar` (modulo N), `hash`;
//! - `lattice`: scalars as sums of short ones; `group`: what multiplication needs of a group; `multiply`: multiples, with
//!   and without tables;
//! - `point`: G1 and G2; `lines`, `pairing`: the pairing, and GT;
//! - `master`: what hangs on a key centre's public key; `sign`, `encrypt` with `dem`, `agree`; `key`.
//!
//! What is secret (keys, nonces, shared values, KDF output) meets no branch and no address, and is wiped.
mod agree;
mod dem;
mod encrypt;
mod fp;
mod fp12;
mod fp2;
#[cfg(target_arch = "x86_64")]
mod fp_ifma;
#[cfg(target_arch = "x86_64")]
mod fp_x86;
mod group;
mod hash;
mod key;
mod lattice;
mod lines;
mod master;
mod multiply;
mod pairing;
mod point;
mod scalar;
mod sign;

pub use key::Sm9PrivateKey;

use super::backend::{Backend, with_field};
use crate::crypto::sm9::encoding::Mode;
use crate::crypto::sm9::{self, MasterKey, MasterKind, Usage};
use crate::crypto::{Draw, PrivateKey, PublicKey, Random};
use crate::error::CryptoError;
use alloc::{sync::Arc, vec::Vec};
use zeroize::Zeroizing;

/// [`crate::crypto::Keys::sm9_public`]
pub(super) fn public(usage: Usage, identity: &[u8], master: &[u8]) -> Result<PublicKey, CryptoError> {
    with_field!(Backend::best(), field => match usage.master() {
        MasterKind::Sign => master::sign(field, master).map(drop),
        MasterKind::Encrypt => master::encrypt(field, master).map(drop),
    })?;
    Ok(PublicKey::Sm9(Arc::new(sm9::PublicKey::new(usage, identity, master))))
}

/// [`crate::crypto::Keys::sm9_private`]
pub(super) fn private(
    usage: Usage,
    identity: &[u8],
    master: &[u8],
    key: &[u8],
) -> Result<Arc<dyn PrivateKey>, CryptoError> {
    let of = sm9::PublicKey::new(usage, identity, master);
    Ok(Arc::new(Sm9PrivateKey::new(Backend::best(), of, key)?))
}

/// [`crate::crypto::Keys::sm9_master`]
pub(super) fn master(kind: MasterKind, scalar: &[u8]) -> Result<Arc<dyn MasterKey>, CryptoError> {
    Ok(Arc::new(key::Sm9MasterKey::new(Backend::best(), kind, scalar)?))
}

/// [`crate::crypto::Keys::verify`]
pub(super) fn verify(key: &sm9::PublicKey, parts: &[&[u8]], signature: &[u8]) -> Result<(), CryptoError> {
    if key.usage() != Usage::Sign {
        return Err(CryptoError::BadSignature);
    }
    with_field!(Backend::best(), field => sign::verify(field, key, parts, signature))
}

/// Encrypts to `key` in any mode; [`crate::crypto::Keys::encrypt`] does it in [`Mode::Xor`].
///
/// # Errors
/// [`CryptoError::TooLong`], [`CryptoError::NoRandomness`]; [`CryptoError::Unsupported`] if it is no key for encryption, and
/// for no bytes in [`Mode::Xor`].
pub fn encrypt(
    mode: Mode,
    key: &sm9::PublicKey,
    message: &[u8],
    random: &dyn Random,
) -> Result<Vec<u8>, CryptoError> {
    if key.usage() != Usage::Encrypt {
        return Err(CryptoError::Unsupported);
    }
    with_field!(Backend::best(), field => encrypt::encrypt(field, mode, key, message, random))
}

/// A new key of `length` bytes, and C, from which the owner of `to` makes it too: [`Sm9PrivateKey::decapsulate`].
///
/// # Errors
/// [`CryptoError::NoRandomness`]; [`CryptoError::Unsupported`] if it is no key for encryption.
pub fn encapsulate(
    to: &sm9::PublicKey,
    length: usize,
    random: &dyn Random,
) -> Result<([u8; 65], Zeroizing<Vec<u8>>), CryptoError> {
    if to.usage() != Usage::Encrypt {
        return Err(CryptoError::Unsupported);
    }
    let r = scalar::Scalar::draw(random, Draw::EncryptionNonce)?;
    with_field!(Backend::best(), field => encrypt::encapsulate(field, to, &r, length))
}

#[cfg(test)]
mod tests;
