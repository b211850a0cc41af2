//! Private keys: each beside the same key of the default provider, which does what AWS-LC does not, and has judged it.
use super::super::default_provider;
use super::hash;
use crate::crypto::{
    AgreementRole, PreMasterSecret, PrivateKey, PublicKey, Random, SignatureAlgorithm, StartedAgreement,
};
use crate::error::CryptoError;
use crate::suite::HashAlgorithm;
use crate::wire::{NamedGroup, ProtocolVersion};
use alloc::{sync::Arc, vec, vec::Vec};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaEncoding};
use zeroize::Zeroizing;

/// The operations that the default provider's key does.
macro_rules! delegate_the_rest {
    () => {
        fn public(&self) -> &PublicKey {
            self.other.public()
        }

        fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
            self.other.decrypt(ciphertext)
        }

        fn decrypt_secret(
            &self,
            ciphertext: &[u8],
            version: ProtocolVersion,
            substitute: PreMasterSecret,
            random: &dyn Random,
        ) -> Result<PreMasterSecret, CryptoError> {
            self.other.decrypt_secret(ciphertext, version, substitute, random)
        }

        fn start_agreement(
            &self,
            role: &AgreementRole,
            random: &dyn Random,
        ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
            self.other.start_agreement(role, random)
        }
    };
}

/// RSA: AWS-LC signs.
pub(super) struct RsaKey {
    pair: rsa::KeyPair,
    other: Arc<dyn PrivateKey>,
}

impl RsaKey {
    /// From `RSAPrivateKey` in DER.
    pub(super) fn new(der: &[u8]) -> Result<Self, CryptoError> {
        let other = default_provider().keys.rsa_private(der)?;
        Ok(Self { pair: rsa::KeyPair::from_der(der).map_err(|_| CryptoError::BadKey)?, other })
    }
}

impl PrivateKey for RsaKey {
    delegate_the_rest!();

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        _: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        use SignatureAlgorithm::{RsaPkcs1, RsaPss};
        let (encoding, algorithm): (&'static dyn RsaEncoding, _) = match algorithm {
            RsaPkcs1(Sha256) => (&signature::RSA_PKCS1_SHA256, Sha256),
            RsaPkcs1(Sha384) => (&signature::RSA_PKCS1_SHA384, Sha384),
            RsaPkcs1(Sha512) => (&signature::RSA_PKCS1_SHA512, Sha512),
            RsaPss(Sha256) => (&signature::RSA_PSS_SHA256, Sha256),
            RsaPss(Sha384) => (&signature::RSA_PSS_SHA384, Sha384),
            RsaPss(Sha512) => (&signature::RSA_PSS_SHA512, Sha512),
            _ => return Err(CryptoError::Unsupported),
        };
        let digest = hash(algorithm, parts).ok_or(CryptoError::Unsupported)?;
        let mut out = vec![0; self.pair.public_modulus_len()];
        self.pair.sign_digest(encoding, &digest, &mut out).map_err(|_| CryptoError::BadKey)?;
        Ok(out)
    }
}

/// ECDSA: AWS-LC signs with the curve's own hash.
pub(super) struct EcdsaKey {
    pair: EcdsaKeyPair,
    own_hash: HashAlgorithm,
    other: Arc<dyn PrivateKey>,
}

impl EcdsaKey {
    /// From the scalar, big-endian.
    pub(super) fn new(curve: NamedGroup, scalar: &[u8]) -> Result<Self, CryptoError> {
        let other = default_provider().keys.ecdsa_private(curve, scalar)?;
        let (algorithm, own_hash, point) = match other.public() {
            PublicKey::P256(point) => {
                (&signature::ECDSA_P256_SHA256_ASN1_SIGNING, HashAlgorithm::Sha256, &point[..])
            }
            PublicKey::P384(point) => {
                (&signature::ECDSA_P384_SHA384_ASN1_SIGNING, HashAlgorithm::Sha384, &point[..])
            }
            _ => return Err(CryptoError::Unsupported),
        };
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, point);
        Ok(Self { pair: pair.map_err(|_| CryptoError::BadKey)?, own_hash, other })
    }
}

impl PrivateKey for EcdsaKey {
    delegate_the_rest!();

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        if algorithm != SignatureAlgorithm::Ecdsa(self.own_hash) {
            return self.other.sign(algorithm, parts, random);
        }
        let digest = hash(self.own_hash, parts).ok_or(CryptoError::Unsupported)?;
        let signature = self.pair.sign_digest(&digest).map_err(|_| CryptoError::BadKey)?;
        Ok(signature.as_ref().to_vec())
    }
}

/// Ed25519.
pub(super) struct Ed25519Key {
    pair: Ed25519KeyPair,
    other: Arc<dyn PrivateKey>,
}

impl Ed25519Key {
    /// From the seed, 32 bytes.
    pub(super) fn new(seed: &[u8]) -> Result<Self, CryptoError> {
        let other = default_provider().keys.ed25519_private(seed)?;
        let PublicKey::Ed25519(public) = other.public() else { return Err(CryptoError::BadKey) };
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed, &public[..]);
        Ok(Self { pair: pair.map_err(|_| CryptoError::BadKey)?, other })
    }
}

impl PrivateKey for Ed25519Key {
    delegate_the_rest!();

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        _: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        match algorithm {
            SignatureAlgorithm::Ed25519 => Ok(self.pair.sign(&parts.concat()).as_ref().to_vec()),
            _ => Err(CryptoError::Unsupported),
        }
    }
}
