//! Signatures (GM/T 0044.2).
use super::fp::{Field, Fp};
use super::group::Group;
use super::hash::{h1, h2};
use super::master::{self, SignMaster};
use super::multiply::multiply;
use super::pairing::Gt;
use super::point::{Affine, G1};
use super::scalar::Scalar;
use crate::crypto::native::declassify::declassify;
use crate::crypto::sm9::encoding::Signature;
use crate::crypto::sm9::{PublicKey, Usage};
use crate::crypto::{Draw, Random};
use crate::error::CryptoError;
use alloc::sync::Arc;
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// A user's key for signatures.
pub(super) struct SigningKey {
    master: Arc<SignMaster>,
    point: Zeroizing<G1>,
}

impl SigningKey {
    /// # Errors
    /// [`CryptoError::BadPoint`] for the master key, [`CryptoError::BadKey`] for the user's.
    pub(super) fn new<F: Field>(field: F, public: &PublicKey, key: &[u8]) -> Result<Self, CryptoError> {
        let master = master::sign(field, public.master())?;
        let point = Affine::<Fp>::from_bytes(field, key).map_err(|_| CryptoError::BadKey)?;
        let point = Zeroizing::new(point.into());
        let pairing = master.pair_with(field, &point, &h1(public.identity(), Usage::Sign));
        if declassify(pairing.equals_mask(field, master.g.base())) == 0 {
            return Err(CryptoError::BadKey);
        }
        Ok(Self { master, point })
    }

    pub(super) fn sign<F: Field>(
        &self,
        field: F,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        // One nonce in 2^255 will not do: a second failure means broken randomness.
        for _ in 0..4 {
            // Made here and now: one that is kept can be found in memory, or sign twice after a fork.
            let r = Scalar::draw(random, Draw::SignatureNonce)?;
            if let Some(signature) = self.sign_with(field, parts, &r) {
                return Ok(signature.write());
            }
        }
        Err(CryptoError::NoRandomness)
    }

    /// `None` if r = h.
    fn sign_with<F: Field>(&self, field: F, parts: &[&[u8]], r: &Scalar) -> Option<Signature> {
        let w = Zeroizing::new(self.master.g.multiply(field, r).to_bytes(field));
        let h = h2(parts, &w);
        let l = Zeroizing::new(r.sub(&h));
        if declassify(l.is_zero_mask()) != 0 {
            return None;
        }
        let s = multiply(field, &l, &*self.point).to_affine(field).to_bytes(field);
        Some(Signature { h: declassify(h.to_be_bytes()), s: declassify(s) })
    }
}

/// # Errors
/// [`CryptoError::BadSignature`], also for anything but strict DER.
pub(super) fn verify<F: Field>(
    field: F,
    key: &PublicKey,
    parts: &[&[u8]],
    signature: &[u8],
) -> Result<(), CryptoError> {
    let signature = Signature::read(signature).ok_or(CryptoError::BadSignature)?;
    let h = Scalar::not_zero(&signature.h).ok_or(CryptoError::BadSignature)?;
    let s = Affine::<Fp>::from_bytes(field, &signature.s).map_err(|_| CryptoError::BadSignature)?;
    let master = master::sign(field, key.master()).map_err(|_| CryptoError::BadSignature)?;
    let u: Gt = master.pair_with(field, &s.into(), &h1(key.identity(), Usage::Sign));
    let w = u.add(field, &master.g.multiply(field, &h)).to_bytes(field);
    if h2(parts, &w) == *h { Ok(()) } else { Err(CryptoError::BadSignature) }
}
