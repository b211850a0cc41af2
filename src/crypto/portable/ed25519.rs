//! Ed25519 (RFC 8032), strict about what it takes for a public key.
use crate::crypto::{PrivateKey, PublicKey, Random, SignatureAlgorithm};
use crate::error::CryptoError;
use alloc::{sync::Arc, vec::Vec};
use ed25519_dalek::ed25519::signature::{MultipartSigner, MultipartVerifier};
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};

pub(super) fn public(bytes: &[u8]) -> Result<PublicKey, CryptoError> {
    let bytes = bytes.try_into().map_err(|_| CryptoError::BadPoint)?;
    parse_public(&bytes)?;
    Ok(PublicKey::Ed25519(Arc::new(bytes)))
}

/// Anybody can make a [`PublicKey`], so it is checked whenever it is used: the one encoding of a point (RFC 8032 5.1.3),
/// and none of the eight points that verify signatures over everything.
fn parse_public(bytes: &[u8; 32]) -> Result<VerifyingKey, CryptoError> {
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| CryptoError::BadPoint)?;
    let canonical = key.to_edwards().compress().to_bytes() == *bytes;
    if canonical && !key.is_weak() { Ok(key) } else { Err(CryptoError::BadPoint) }
}

pub(super) fn verify(public: &[u8; 32], parts: &[&[u8]], signature: &[u8]) -> Result<(), CryptoError> {
    let key = parse_public(public).map_err(|_| CryptoError::BadSignature)?;
    let signature = Signature::from_slice(signature).map_err(|_| CryptoError::BadSignature)?;
    key.multipart_verify(parts, &signature).map_err(|_| CryptoError::BadSignature)
}

/// An Ed25519 private key. Wiped when the last handle goes.
pub(super) struct Ed25519Key {
    key: SigningKey,
    public: PublicKey,
}

impl Ed25519Key {
    /// From the seed, 32 bytes.
    pub(super) fn new(seed: &[u8]) -> Result<Self, CryptoError> {
        let key = SigningKey::from_bytes(seed.try_into().map_err(|_| CryptoError::BadKey)?);
        let public = PublicKey::Ed25519(Arc::new(key.verifying_key().to_bytes()));
        Ok(Self { key, public })
    }
}

impl PrivateKey for Ed25519Key {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Draws nothing: the nonce is a hash of key and message.
    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        _: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        match algorithm {
            SignatureAlgorithm::Ed25519 => {
                let signature = self.key.try_multipart_sign(parts).map_err(|_| CryptoError::BadKey)?;
                Ok(signature.to_bytes().to_vec())
            }
            _ => Err(CryptoError::Unsupported),
        }
    }
}
