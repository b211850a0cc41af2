//! A private key.
use super::agree;
use super::encrypt;
use super::hash::{message_digest, z_of};
use super::scalar::Scalar;
use super::secret::SecretKey;
use super::sign::{self, Nonce};
use crate::crypto::native::backend::{Backend, with_field};
use crate::crypto::native::limbs::Limbs;
use crate::crypto::{
    AgreementRole, DEFAULT_USER_ID, Draw, PrivateKey, PublicKey, Random, SignatureAlgorithm, StartedAgreement,
};
use crate::error::CryptoError;
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use zeroize::Zeroizing;

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
        let user_id = algorithm.sm2_user_id()?;
        if user_id == DEFAULT_USER_ID {
            return Ok(message_digest(self.secret.z(), parts));
        }
        let PublicKey::Sm2(public) = &self.public else { return Err(CryptoError::BadKey) };
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

    fn sign_many(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        messages: &[&[&[u8]]],
        random: &dyn Random,
    ) -> Vec<Result<Vec<u8>, CryptoError>> {
        let draw = || Scalar::draw(random, Draw::SignatureNonce);
        let Ok(scalars) = messages.iter().map(|_| draw()).collect::<Result<Vec<_>, _>>() else {
            return messages.iter().map(|_| Err(CryptoError::NoRandomness)).collect();
        };
        let nonces = with_field!(self.backend, field => Nonce::new_each(field, &scalars));
        let sign = |(parts, nonce): (&&[&[u8]], &Zeroizing<Nonce>)| {
            let e = self.digest(algorithm, parts)?;
            // One nonce in 2^254 will not do.
            sign::sign(&e, nonce, self.secret.inverse())
                .map_or_else(|| self.sign(algorithm, parts, random), Ok)
        };
        messages.iter().zip(&nonces).map(sign).collect()
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        with_field!(self.backend, field => encrypt::decrypt(field, self.secret.d(), ciphertext))
    }

    fn decrypt_many(&self, ciphertexts: &[&[u8]]) -> Vec<Result<Zeroizing<Vec<u8>>, CryptoError>> {
        with_field!(self.backend, field => encrypt::decrypt_many(field, self.secret.d(), ciphertexts))
    }

    fn start_agreement(
        &self,
        role: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        Ok(Arc::new(agree::start(
            self.backend,
            &self.secret,
            matches!(role, AgreementRole::Responder(_)),
            random,
        )?))
    }
}
