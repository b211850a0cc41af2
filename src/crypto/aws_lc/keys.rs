//! Which keys are AWS-LC's, and how signatures are verified.
use super::super::default_provider;
use super::signing::{EcdsaKey, Ed25519Key, RsaKey};
use super::{agreement, hash};
use crate::crypto::sm9::{MasterKey, MasterKind, Usage};
use crate::crypto::{
    AgreementRole, Keys, PrivateKey, PublicKey, Random, SignatureAlgorithm, StartedAgreement,
};
use crate::error::CryptoError;
use crate::suite::HashAlgorithm;
use crate::wire::NamedGroup;
use alloc::{sync::Arc, vec::Vec};
use aws_lc_rs::signature::{self, ED25519, UnparsedPublicKey, VerificationAlgorithm};

/// [`Keys`] with AWS-LC; what it does not have, the default provider does.
pub(super) struct AwsKeys;

/// How a key verifies, its bytes, and the hash that it verifies: all but Ed25519, whose message is not hashed first.
fn verifier<'k>(
    algorithm: SignatureAlgorithm<'_>,
    key: &'k PublicKey,
) -> Option<(&'static dyn VerificationAlgorithm, &'k [u8], HashAlgorithm)> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{Ecdsa, RsaPkcs1, RsaPss};
    let (verifier, bytes): (&'static dyn VerificationAlgorithm, &[u8]) = match (algorithm, key) {
        (Ecdsa(Sha256), PublicKey::P256(point)) => (&signature::ECDSA_P256_SHA256_ASN1, &point[..]),
        (Ecdsa(Sha384), PublicKey::P256(point)) => (&signature::ECDSA_P256_SHA384_ASN1, &point[..]),
        (Ecdsa(Sha512), PublicKey::P256(point)) => (&signature::ECDSA_P256_SHA512_ASN1, &point[..]),
        (Ecdsa(Sha256), PublicKey::P384(point)) => (&signature::ECDSA_P384_SHA256_ASN1, &point[..]),
        (Ecdsa(Sha384), PublicKey::P384(point)) => (&signature::ECDSA_P384_SHA384_ASN1, &point[..]),
        (Ecdsa(Sha512), PublicKey::P384(point)) => (&signature::ECDSA_P384_SHA512_ASN1, &point[..]),
        (RsaPkcs1(Sha256), PublicKey::Rsa(der)) => (&signature::RSA_PKCS1_2048_8192_SHA256, der),
        (RsaPkcs1(Sha384), PublicKey::Rsa(der)) => (&signature::RSA_PKCS1_2048_8192_SHA384, der),
        (RsaPkcs1(Sha512), PublicKey::Rsa(der)) => (&signature::RSA_PKCS1_2048_8192_SHA512, der),
        (RsaPss(Sha256), PublicKey::Rsa(der)) => (&signature::RSA_PSS_2048_8192_SHA256, der),
        (RsaPss(Sha384), PublicKey::Rsa(der)) => (&signature::RSA_PSS_2048_8192_SHA384, der),
        (RsaPss(Sha512), PublicKey::Rsa(der)) => (&signature::RSA_PSS_2048_8192_SHA512, der),
        _ => return None,
    };
    match algorithm {
        Ecdsa(hash) | RsaPkcs1(hash) | RsaPss(hash) => Some((verifier, bytes, hash)),
        _ => None,
    }
}

impl Keys for AwsKeys {
    fn sm2_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        default_provider().keys.sm2_public(point)
    }

    fn sm2_private(&self, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        default_provider().keys.sm2_private(scalar)
    }

    fn rsa_public(&self, der: &[u8]) -> Result<PublicKey, CryptoError> {
        default_provider().keys.rsa_public(der)
    }

    fn rsa_private(&self, der: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        Ok(Arc::new(RsaKey::new(der)?))
    }

    fn ecdsa_public(&self, curve: NamedGroup, point: &[u8]) -> Result<PublicKey, CryptoError> {
        default_provider().keys.ecdsa_public(curve, point)
    }

    fn ecdsa_private(&self, curve: NamedGroup, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        Ok(Arc::new(EcdsaKey::new(curve, scalar)?))
    }

    fn ed25519_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        default_provider().keys.ed25519_public(point)
    }

    fn ed25519_private(&self, seed: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        Ok(Arc::new(Ed25519Key::new(seed)?))
    }

    fn sm9_public(&self, usage: Usage, identity: &[u8], master: &[u8]) -> Result<PublicKey, CryptoError> {
        default_provider().keys.sm9_public(usage, identity, master)
    }

    fn sm9_private(
        &self,
        usage: Usage,
        identity: &[u8],
        master: &[u8],
        key: &[u8],
    ) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        default_provider().keys.sm9_private(usage, identity, master, key)
    }

    fn sm9_master(&self, kind: MasterKind, scalar: &[u8]) -> Result<Arc<dyn MasterKey>, CryptoError> {
        default_provider().keys.sm9_master(kind, scalar)
    }

    fn verify(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        key: &PublicKey,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let verified = match (algorithm, key, verifier(algorithm, key)) {
            (_, _, Some((verifier, bytes, algorithm))) => {
                let digest = hash(algorithm, parts).ok_or(CryptoError::BadSignature)?;
                UnparsedPublicKey::new(verifier, bytes).verify_digest(&digest, signature)
            }
            (SignatureAlgorithm::Ed25519, PublicKey::Ed25519(point), None) => {
                // Anybody can make a key, and AWS-LC takes points of small order.
                self.ed25519_public(&point[..]).map_err(|_| CryptoError::BadSignature)?;
                UnparsedPublicKey::new(&ED25519, &point[..]).verify(&parts.concat(), signature)
            }
            _ => return default_provider().keys.verify(algorithm, key, parts, signature),
        };
        verified.map_err(|_| CryptoError::BadSignature)
    }

    fn verify_digest(&self, key: &PublicKey, digest: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        default_provider().keys.verify_digest(key, digest, signature)
    }

    fn encrypt(&self, key: &PublicKey, message: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        default_provider().keys.encrypt(key, message, random)
    }

    fn start_agreement(
        &self,
        group: NamedGroup,
        role: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        match agreement::start(group, random)? {
            Some(started) => Ok(started),
            None => default_provider().keys.start_agreement(group, role, random),
        }
    }
}
