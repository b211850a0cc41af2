//! SM2 keys and signatures.
use super::agreement::{Half, Started};
use super::{encryption, point};
use crate::crypto::der::Signature;
use crate::crypto::{
    DEFAULT_USER_ID, Draw, Keys, PrivateKey, PublicKey, Random, Shared, SignatureAlgorithm, StartedAgreement,
};
use crate::error::CryptoError;
use alloc::{sync::Arc, vec::Vec};
use sm2::elliptic_curve::ops::MulByGeneratorVartime;
use sm2::{ProjectivePoint, Scalar};
use sm3::{Digest, Sm3};
use zeroize::Zeroizing;

/// [`Keys`] of the portable provider.
pub(super) struct Portable;

impl Keys for Portable {
    fn sm2_public(&self, encoded: &[u8]) -> Result<PublicKey, CryptoError> {
        point::decode(encoded)?;
        let bytes = encoded.try_into().map_err(|_| CryptoError::BadPoint)?;
        Ok(PublicKey::Sm2(Arc::new(bytes)))
    }

    fn sm2_private(&self, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        Ok(Arc::new(Sm2Key::new(scalar)?))
    }

    fn verify(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        key: &PublicKey,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let SignatureAlgorithm::Sm2Sm3 { user_id } = algorithm;
        let (bytes, public) = point::of_key(key).map_err(|_| CryptoError::BadSignature)?;
        let e = hash_message(user_id, bytes, parts)?;
        if verifies(e, public.into(), signature) { Ok(()) } else { Err(CryptoError::BadSignature) }
    }

    /// Beside the trait's errors: [`CryptoError::Unsupported`] for an empty message, which SM2 cannot encrypt, and
    /// [`CryptoError::BadPoint`] for a key that is not on the curve.
    fn encrypt(&self, key: &PublicKey, message: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        encryption::encrypt(&point::of_key(key)?.1.into(), message, random)
    }
}

/// e = SM3(Z || message) modulo n.
fn hash_message(user_id: &[u8], public: &[u8; 65], parts: &[&[u8]]) -> Result<Scalar, CryptoError> {
    let mut hash = Sm3::new_with_prefix(point::z(user_id, public)?);
    parts.iter().for_each(|p| hash.update(p));
    Ok(point::reduce(&hash.finalize().into()))
}

/// r = e + x(sG + (r+s)P) (R-SM2-2). All inputs are public.
fn verifies(e: Scalar, public: ProjectivePoint, signature: &[u8]) -> bool {
    let Some(signature) = Signature::read(signature) else { return false };
    let (Some(r), Some(s)) = (point::scalar(&signature.r), point::scalar(&signature.s)) else { return false };
    let t = *r + *s;
    if bool::from(t.is_zero()) {
        return false;
    }
    let sum = ProjectivePoint::mul_by_generator_and_mul_add_vartime(&s, &t, &public);
    x_mod_n(&sum).is_some_and(|x| e + x == *r)
}

/// The point's x coordinate modulo n. Nothing for the point at infinity.
fn x_mod_n(p: &ProjectivePoint) -> Option<Scalar> {
    point::coordinates(p)?.first_chunk().map(point::reduce)
}

/// An SM2 private key. Wiped when the last handle goes.
struct Sm2Key {
    /// The private scalar d.
    d: Zeroizing<Scalar>,
    /// (1 + d)^-1
    inverse: Zeroizing<Scalar>,
    public: PublicKey,
}

impl Sm2Key {
    /// From 32 bytes big-endian, 1 <= d <= n-2: d = n-1 has no (1 + d)^-1.
    fn new(bytes: &[u8]) -> Result<Self, CryptoError> {
        let bytes = bytes.try_into().map_err(|_| CryptoError::BadKey)?;
        let d = point::scalar(bytes).ok_or(CryptoError::BadKey)?;
        let inverse =
            Option::from((*d + Scalar::ONE).invert()).map(Zeroizing::new).ok_or(CryptoError::BadKey)?;
        let public = point::encode(&point::times_generator(&d)).ok_or(CryptoError::BadKey)?;
        Ok(Self { d, inverse, public: PublicKey::Sm2(Arc::new(public)) })
    }

    fn public_bytes(&self) -> &[u8; 65] {
        let PublicKey::Sm2(bytes) = &self.public;
        bytes
    }

    fn half(&self, random: &dyn Random) -> Result<Half, CryptoError> {
        Half::new(&self.d, point::z(DEFAULT_USER_ID, self.public_bytes())?, random)
    }
}

impl PrivateKey for Sm2Key {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        let SignatureAlgorithm::Sm2Sm3 { user_id } = algorithm;
        let e = hash_message(user_id, self.public_bytes(), parts)?;
        for _ in 0..point::MAX_DRAWS {
            let k = point::draw(random, Draw::SignatureNonce)?;
            let Some(x) = x_mod_n(&point::times_generator(&k)) else { continue };
            let r = e + x;
            // s = (1+d)^-1 (k - rd) = (1+d)^-1 (k + r) - r
            let sum = Zeroizing::new(*k + r);
            let s = *self.inverse * *sum - r;
            // R-SM2-2: r = 0, r + k = n and s = 0 all ask for another k.
            if !bool::from(r.is_zero() | sum.is_zero() | s.is_zero()) {
                return Ok(Signature { r: r.to_bytes().into(), s: s.to_bytes().into() }.write());
            }
        }
        Err(CryptoError::NoRandomness)
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        encryption::decrypt(&self.d, ciphertext).ok_or(CryptoError::DecryptFailed)
    }

    fn start_agreement(&self, random: &dyn Random) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        Ok(Arc::new(Started(self.half(random)?)))
    }

    fn answer_agreement(
        &self,
        peer_static: &PublicKey,
        peer_ephemeral: &[u8],
        random: &dyn Random,
    ) -> Result<([u8; 65], Shared), CryptoError> {
        let half = self.half(random)?;
        let shared = half.answer(peer_static, peer_ephemeral)?;
        Ok((half.ephemeral, shared))
    }
}
