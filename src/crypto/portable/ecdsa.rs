//! ECDSA on P-256 and P-384 (FIPS 186-5 6.4), with SHA-2 of any length on either (R-T12-19).
use super::{curve, hashes};
use crate::crypto::der::Signature;
use crate::crypto::{Draw, Hashes, PrivateKey, PublicKey, Random, SignatureAlgorithm};
use crate::error::CryptoError;
use crate::suite::HashAlgorithm;
use crate::wire::NamedGroup;
use alloc::{sync::Arc, vec::Vec};
use p256::NistP256;
use p384::NistP384;
use sm2::elliptic_curve::group::Group;
use sm2::elliptic_curve::ops::{Invert, MulByGeneratorVartime};
use sm2::elliptic_curve::{CurveArithmetic, Field, FieldBytes, PrimeField, ProjectivePoint, Scalar};
use zeroize::Zeroizing;

pub(super) fn public(group: NamedGroup, point: &[u8]) -> Result<PublicKey, CryptoError> {
    const BAD: CryptoError = CryptoError::BadPoint;
    match group {
        NamedGroup::SECP256R1 => {
            curve::decode::<NistP256>(point)?;
            Ok(PublicKey::P256(Arc::new(point.try_into().map_err(|_| BAD)?)))
        }
        NamedGroup::SECP384R1 => {
            curve::decode::<NistP384>(point)?;
            Ok(PublicKey::P384(Arc::new(point.try_into().map_err(|_| BAD)?)))
        }
        _ => Err(CryptoError::Unsupported),
    }
}

pub(super) fn private(group: NamedGroup, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
    match group {
        NamedGroup::SECP256R1 => Ok(Arc::new(EcdsaKey::<NistP256, 32>::new(group, scalar)?)),
        NamedGroup::SECP384R1 => Ok(Arc::new(EcdsaKey::<NistP384, 48>::new(group, scalar)?)),
        _ => Err(CryptoError::Unsupported),
    }
}

/// Verifies over `parts`; `key` is one of ECDSA's.
pub(super) fn verify(
    hash: HashAlgorithm,
    key: &PublicKey,
    parts: &[&[u8]],
    signature: &[u8],
) -> Result<(), CryptoError> {
    if hash == HashAlgorithm::Sm3 {
        return Err(CryptoError::BadSignature);
    }
    verify_digest(key, hashes::Portable.digest(hash, parts).as_ref(), signature)
}

pub(super) fn verify_digest(key: &PublicKey, digest: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
    let verified = match key {
        PublicKey::P256(point) => verifies::<NistP256, 32>(&point[..], digest, signature),
        PublicKey::P384(point) => verifies::<NistP384, 48>(&point[..], digest, signature),
        _ => None,
    };
    verified.ok_or(CryptoError::BadSignature)
}

/// The leftmost bits of the hash, as many as the order n has, modulo n.
fn of_digest<C: CurveArithmetic>(digest: &[u8]) -> Scalar<C> {
    let mut bytes = FieldBytes::<C>::default();
    let missing = bytes.len().saturating_sub(digest.len());
    bytes.iter_mut().skip(missing).zip(digest).for_each(|(to, from)| *to = *from);
    curve::reduce::<C>(&bytes)
}

/// The point's x coordinate modulo n. Nothing for the point at infinity.
fn x_mod_n<C: CurveArithmetic>(point: &ProjectivePoint<C>) -> Option<Scalar<C>> {
    let xy = curve::coordinates::<C>(point)?;
    let (x, _) = xy.split_at(xy.len() / 2);
    Some(curve::reduce::<C>(&FieldBytes::<C>::try_from(x).ok()?))
}

/// r = x(s^-1 (eG + rP)), with r and s in 1..n. All inputs are public.
fn verifies<C: CurveArithmetic, const N: usize>(point: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    let public = ProjectivePoint::<C>::from(curve::decode::<C>(point).ok()?);
    let signature = Signature::<N>::read(signature)?;
    let (r, s) = (curve::scalar::<C>(&signature.r)?, curve::scalar::<C>(&signature.s)?);
    let inverse = Option::<Scalar<C>>::from(s.invert_vartime())?;
    let (u, v) = (of_digest::<C>(digest) * inverse, *r * inverse);
    let sum = ProjectivePoint::<C>::mul_by_generator_and_mul_add_vartime(&u, &v, &public);
    (x_mod_n::<C>(&sum)? == *r).then_some(())
}

/// An ECDSA private key. Wiped when the last handle goes.
struct EcdsaKey<C: CurveArithmetic, const N: usize> {
    d: Zeroizing<Scalar<C>>,
    public: PublicKey,
}

impl<C: CurveArithmetic, const N: usize> EcdsaKey<C, N> {
    /// From `N` bytes big-endian, in 1..n.
    fn new(group: NamedGroup, bytes: &[u8]) -> Result<Self, CryptoError> {
        let d = curve::scalar::<C>(bytes).ok_or(CryptoError::BadKey)?;
        let point = curve::encode::<C>(&ProjectivePoint::<C>::mul_by_generator(&d));
        let public = public(group, &point.ok_or(CryptoError::BadKey)?)?;
        Ok(Self { d, public })
    }

    /// The signature of e with the nonce k, unless k is one of the few that give none.
    fn sign_with(&self, e: Scalar<C>, k: &Scalar<C>) -> Option<Signature<N>> {
        let r = x_mod_n::<C>(&ProjectivePoint::<C>::mul_by_generator(k))?;
        // s = k^-1 (e + rd)
        let inverse = Zeroizing::new(Option::<Scalar<C>>::from(Invert::invert(k))?);
        let sum = Zeroizing::new(e + r * *self.d);
        let s = *inverse * *sum;
        let bad = r.is_zero() | s.is_zero();
        let bytes = |scalar: Scalar<C>| scalar.to_repr()[..].try_into().ok();
        if bool::from(bad) { None } else { Some(Signature { r: bytes(r)?, s: bytes(s)? }) }
    }
}

impl<C: CurveArithmetic, const N: usize> PrivateKey for EcdsaKey<C, N> {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        let hash = match algorithm {
            SignatureAlgorithm::Ecdsa(hash) if hash != HashAlgorithm::Sm3 => hash,
            _ => return Err(CryptoError::Unsupported),
        };
        let e = of_digest::<C>(hashes::Portable.digest(hash, parts).as_ref());
        for _ in 0..curve::MAX_DRAWS {
            let k = curve::draw::<C>(random, Draw::SignatureNonce)?;
            if let Some(signature) = self.sign_with(e, &k) {
                return Ok(signature.write());
            }
        }
        Err(CryptoError::NoRandomness)
    }
}

#[cfg(test)]
mod tests;
