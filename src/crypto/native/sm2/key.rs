//! A private key.
use super::agree;
use super::encrypt;
use super::field::Field;
use super::fixed_base;
use super::hash::{message_digest, z_value};
use super::limbs::Limbs;
use super::scalar::{Montgomery, Scalar};
use super::sign::{self, Nonce};
use super::{Backend, with_field};
use crate::crypto::{
    DEFAULT_USER_ID, Draw, PrivateKey, PublicKey, Random, Shared, SignatureAlgorithm, StartedAgreement,
};
use crate::error::CryptoError;
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use zeroize::Zeroizing;

/// What is secret, and Z of its public key.
pub(super) struct SecretKey {
    d: Zeroizing<Scalar>,
    /// 1 / (1 + d)
    inverse: Zeroizing<Montgomery>,
    /// For the default user id
    z: [u8; 32],
}

impl SecretKey {
    /// 1 <= d <= n-2, so that 1 + d has an inverse.
    fn new<F: Field>(field: F, bytes: &[u8]) -> Result<(Box<Self>, [u8; 65]), CryptoError> {
        let bytes = bytes.try_into().map_err(|_| CryptoError::BadKey)?;
        let d = Zeroizing::new(Scalar::from_be_bytes(bytes).ok_or(CryptoError::BadKey)?);
        let plus_one = Zeroizing::new(d.add(&Scalar::ONE));
        let unusable = d.is_zero_mask() | plus_one.is_zero_mask();
        if super::declassify::declassify(unusable) != 0 {
            return Err(CryptoError::BadKey);
        }
        let inverse = Zeroizing::new(Montgomery::new(&Zeroizing::new(plus_one.invert())));
        let public = fixed_base::multiply(field, &d).to_affine(field).to_bytes(field);
        let public = super::declassify::declassify(public);
        Ok((Box::new(Self { d, inverse, z: default_z(&public) }), public))
    }

    pub(super) fn d(&self) -> &Scalar {
        &self.d
    }

    pub(super) fn inverse(&self) -> &Montgomery {
        &self.inverse
    }

    pub(super) fn z(&self) -> &[u8; 32] {
        &self.z
    }
}

/// Z of the public key 04 || X || Y for the default user id.
pub(super) fn default_z(public: &[u8; 65]) -> [u8; 32] {
    z_of(DEFAULT_USER_ID, public).unwrap_or_default()
}

/// Z of the public key 04 || X || Y; `None` if the id has more than 8191 bytes.
pub(super) fn z_of(user_id: &[u8], public: &[u8; 65]) -> Option<[u8; 32]> {
    public.last_chunk().and_then(|coordinates| z_value(user_id, coordinates))
}

/// An SM2 private key. Its secrets are wiped on drop and show in no error and no `Debug`.
pub struct Sm2PrivateKey {
    backend: Backend,
    secret: Box<SecretKey>,
    public: PublicKey,
}

impl Sm2PrivateKey {
    /// From the scalar d, 32 bytes, big-endian, 1 <= d <= n-2.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`].
    pub fn new(scalar: &[u8]) -> Result<Self, CryptoError> {
        Self::with_backend(Backend::best(), scalar)
    }

    pub(super) fn with_backend(backend: Backend, scalar: &[u8]) -> Result<Self, CryptoError> {
        let (secret, public) = with_field!(backend, field => SecretKey::new(field, scalar))?;
        let public = PublicKey::Sm2(Arc::new(public));
        Ok(Self { backend, secret, public })
    }

    #[cfg(test)]
    pub(super) fn secret(&self) -> &SecretKey {
        &self.secret
    }

    fn digest(&self, algorithm: SignatureAlgorithm<'_>, parts: &[&[u8]]) -> Result<Limbs, CryptoError> {
        let SignatureAlgorithm::Sm2Sm3 { user_id } = algorithm;
        if user_id == DEFAULT_USER_ID {
            return Ok(message_digest(&self.secret.z, parts));
        }
        let PublicKey::Sm2(public) = &self.public;
        let z = z_of(user_id, public).ok_or(CryptoError::TooLong)?;
        Ok(message_digest(&z, parts))
    }
}

impl PrivateKey for Sm2PrivateKey {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        let e = self.digest(algorithm, parts)?;
        // One nonce in 2^254 will not do: a second failure means broken randomness.
        for _ in 0..4 {
            // Made here and now: one that is kept can be found in memory, or sign twice after a fork.
            let k = Scalar::draw(random, Draw::SignatureNonce)?;
            let nonce = with_field!(self.backend, field => Nonce::new(field, &k));
            if let Some(signature) = sign::sign(&e, &nonce, self.secret.inverse()) {
                return Ok(signature);
            }
        }
        Err(CryptoError::NoRandomness)
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        with_field!(self.backend, field => encrypt::decrypt(field, &self.secret.d, ciphertext))
    }

    fn start_agreement(&self, random: &dyn Random) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        Ok(Arc::new(agree::start(self.backend, &self.secret, random)?))
    }

    fn answer_agreement(
        &self,
        peer_static: &PublicKey,
        peer_ephemeral: &[u8],
        random: &dyn Random,
    ) -> Result<([u8; 65], Shared), CryptoError> {
        agree::answer(self.backend, &self.secret, peer_static, peer_ephemeral, random)
    }
}
