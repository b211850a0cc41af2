//! Private keys of certificates that are made here: new ones, and RSA's that come from elsewhere.
use crate::cert::algorithm::{self, KeyForm};
use crate::cert::key::read_plain;
use crate::crypto::{Draw, PrivateKey, Provider, PublicKey, Random, SignatureAlgorithm};
use crate::error::CryptoError;
use crate::suite::HashAlgorithm;
use crate::wire::NamedGroup;
use crate::wire::der::{BIT_STRING, INTEGER, OCTET_STRING, SEQUENCE, context, element};
use alloc::{format, string::String, sync::Arc, vec, vec::Vec};
use der::{Decode, asn1::BitString};
use rustls_pki_types::alg_id;
use x509_cert::{AlgorithmIdentifier, SubjectPublicKeyInfo};
use zeroize::Zeroizing;

/// The key that a certificate is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NewKey<'a> {
    /// A new one on the SM2 curve.
    #[default]
    Sm2,
    /// A new one on P-256.
    P256,
    /// A new one on P-384.
    P384,
    /// A new one of Ed25519.
    Ed25519,
    /// This `RSAPrivateKey` of PKCS#1 in DER: making one takes too long for tests.
    Rsa(&'a [u8]),
}

/// A private key that can be written down.
#[derive(Clone)]
pub(super) struct Secret {
    form: KeyForm,
    /// A scalar, big-endian; a seed; `RSAPrivateKey`.
    bytes: Zeroizing<Vec<u8>>,
    pub(super) key: Arc<dyn PrivateKey>,
}

impl Secret {
    pub(super) fn new(
        new: NewKey<'_>,
        provider: &Provider,
        random: &dyn Random,
    ) -> Result<Self, CryptoError> {
        let (form, length) = match new {
            NewKey::Sm2 => (KeyForm::Sm2, 32),
            NewKey::P256 => (KeyForm::Ecdsa(NamedGroup::SECP256R1), 32),
            NewKey::P384 => (KeyForm::Ecdsa(NamedGroup::SECP384R1), 48),
            NewKey::Ed25519 => (KeyForm::Ed25519, 32),
            NewKey::Rsa(der) => {
                let key = provider.keys.rsa_private(der)?;
                return Ok(Self { form: KeyForm::Rsa, bytes: Zeroizing::new(der.to_vec()), key });
            }
        };
        let mut bytes = Zeroizing::new(vec![0; length]);
        // out of range once in 2^32 draws
        for _ in 0..8 {
            random.fill(Draw::PrivateKey, &mut bytes)?;
            match form.private(&bytes, provider.keys) {
                Ok(key) => return Ok(Self { form, bytes, key }),
                Err(CryptoError::Unsupported) => return Err(CryptoError::Unsupported),
                Err(_) => {}
            }
        }
        Err(CryptoError::NoRandomness)
    }

    /// Out of PKCS#8, RFC 5915 or PKCS#1; the error says what is wrong.
    pub(super) fn read(der: &[u8], provider: &Provider) -> Result<Self, String> {
        let (form, bytes) = read_plain(der)?;
        let key = form.private(&bytes, provider.keys).map_err(|e| format!("{e}"))?;
        Ok(Self { form, bytes, key })
    }

    /// Signs `tbs`, an element of DER, and wraps both as certificates, requests and CRLs do: SEQUENCE { tbs,
    /// signatureAlgorithm, signature }. The user id is SM2's.
    pub(super) fn sign(
        &self,
        tbs: &[u8],
        user_id: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        let (algorithm, id) = self.signs(user_id);
        let signature = self.key.sign(algorithm, &[tbs], random)?;
        let signature = element(BIT_STRING, &[&[0], &signature]);
        Ok(element(SEQUENCE, &[tbs, &element(SEQUENCE, &[&id]), &signature]))
    }

    pub(super) fn public_key_info(&self) -> der::Result<SubjectPublicKeyInfo> {
        let algorithm = AlgorithmIdentifier::from_der(&element(SEQUENCE, &[&self.algorithm()]))?;
        Ok(SubjectPublicKeyInfo { algorithm, subject_public_key: BitString::from_bytes(self.public())? })
    }

    /// Contents of the key's AlgorithmIdentifier.
    fn algorithm(&self) -> Vec<u8> {
        match self.form {
            KeyForm::Sm2 => algorithm::EC_SM2.to_vec(),
            KeyForm::Rsa => alg_id::RSA_ENCRYPTION.to_vec(),
            KeyForm::Ecdsa(NamedGroup::SECP384R1) => alg_id::ECDSA_P384.to_vec(),
            KeyForm::Ecdsa(_) => alg_id::ECDSA_P256.to_vec(),
            KeyForm::Ed25519 => alg_id::ED25519.to_vec(),
        }
    }

    /// Contents of subjectPublicKey.
    pub(super) fn public(&self) -> &[u8] {
        match self.key.public() {
            PublicKey::Sm2(point) | PublicKey::P256(point) => &point[..],
            PublicKey::P384(point) => &point[..],
            PublicKey::Ed25519(point) => &point[..],
            PublicKey::Rsa(der) => der,
            // No certificate is made with one.
            PublicKey::Sm9(_) => &[],
        }
    }

    /// How it signs certificates, and the contents of that AlgorithmIdentifier.
    pub(super) fn signs<'a>(&self, user_id: &'a [u8]) -> (SignatureAlgorithm<'a>, Vec<u8>) {
        match self.form {
            KeyForm::Sm2 => (SignatureAlgorithm::Sm2Sm3 { user_id }, algorithm::SM2_SM3.to_vec()),
            KeyForm::Rsa => {
                (SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256), alg_id::RSA_PKCS1_SHA256.to_vec())
            }
            KeyForm::Ecdsa(NamedGroup::SECP384R1) => {
                (SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha384), alg_id::ECDSA_SHA384.to_vec())
            }
            KeyForm::Ecdsa(_) => {
                (SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256), alg_id::ECDSA_SHA256.to_vec())
            }
            KeyForm::Ed25519 => (SignatureAlgorithm::Ed25519, alg_id::ED25519.to_vec()),
        }
    }

    /// PrivateKeyInfo, as OpenSSL and Tongsuo write it.
    pub(super) fn pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let inner = match self.form {
            KeyForm::Sm2 | KeyForm::Ecdsa(_) => ec_private_key(&self.bytes, self.public()),
            KeyForm::Ed25519 => octets(&self.bytes),
            KeyForm::Rsa => self.bytes.clone(),
        };
        let (version, algorithm) = (element(INTEGER, &[&[0]]), element(SEQUENCE, &[&self.algorithm()]));
        Zeroizing::new(element(SEQUENCE, &[&version, &algorithm, &octets(&inner)]))
    }
}

/// An OCTET STRING of something secret.
fn octets(secret: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(element(OCTET_STRING, &[secret]))
}

/// ECPrivateKey without the curve, which stands around it.
fn ec_private_key(scalar: &[u8], point: &[u8]) -> Zeroizing<Vec<u8>> {
    let public = element(context(1), &[&element(BIT_STRING, &[&[0], point])]);
    Zeroizing::new(element(SEQUENCE, &[&element(INTEGER, &[&[1]]), &octets(scalar), &public]))
}
