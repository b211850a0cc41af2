//! How certificates and key containers name algorithms: contents of AlgorithmIdentifier. Those of the Web are in
//! `rustls_pki_types::alg_id`; here are SM2's (R-SM2-9, R-SM2-10), and what is read from all of them.
use crate::crypto::{Keys, PrivateKey, PublicKey};
use crate::error::CryptoError;
use crate::suite::{HashAlgorithm, KeyKind};
use crate::wire::der::{BadDer, Der, OID, SEQUENCE, context};
use crate::wire::{NamedGroup, SignatureScheme};
use alloc::sync::Arc;
use rustls_pki_types::AlgorithmIdentifier;
use rustls_pki_types::alg_id;

/// SM2-with-SM3, no parameters.
pub(crate) const SM2_SM3: &[u8] = b"\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x75";
/// SM2-with-SM3 with NULL parameters.
pub(crate) const SM2_SM3_NULL: &[u8] = b"\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x75\x05\x00";
/// id-ecPublicKey with the named curve: the standard form.
pub(crate) const EC_SM2: &[u8] =
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d";
/// The curve's OID for algorithm and parameters, as Tongsuo and openHiTLS write it.
pub(crate) const SM2_SM2: &[u8] =
    b"\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d";
/// The curve's OID alone.
pub(crate) const SM2: &[u8] = b"\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d";
/// The curve's OID with NULL parameters.
pub(crate) const SM2_NULL: &[u8] = b"\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d\x05\x00";
/// Every form of a key's algorithm that is taken. Explicit curve parameters are not among them.
pub(crate) const KEYS: [&[u8]; 4] = [EC_SM2, SM2_SM2, SM2, SM2_NULL];

/// sha256WithRSAEncryption, sha384WithRSAEncryption and sha512WithRSAEncryption without parameters (RFC 4055 5).
pub(crate) const RSA_SHA256_ABSENT: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b");
pub(crate) const RSA_SHA384_ABSENT: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c");
pub(crate) const RSA_SHA512_ABSENT: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d");

/// What a key's AlgorithmIdentifier says, if it is a key that is used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyForm {
    Sm2,
    Rsa,
    Ecdsa(NamedGroup),
    Ed25519,
}

impl KeyForm {
    pub(crate) fn of(contents: &[u8]) -> Option<Self> {
        let known = [
            (alg_id::RSA_ENCRYPTION, Self::Rsa),
            (alg_id::ECDSA_P256, Self::Ecdsa(NamedGroup::SECP256R1)),
            (alg_id::ECDSA_P384, Self::Ecdsa(NamedGroup::SECP384R1)),
            (alg_id::ED25519, Self::Ed25519),
        ];
        if KEYS.contains(&contents) {
            return Some(Self::Sm2);
        }
        known.iter().find(|(id, _)| **id == *contents).map(|(_, form)| *form)
    }

    pub(crate) fn kind(self) -> KeyKind {
        match self {
            Self::Sm2 => KeyKind::Sm2,
            Self::Rsa => KeyKind::Rsa,
            Self::Ecdsa(_) | Self::Ed25519 => KeyKind::Ecdsa,
        }
    }

    /// The key with this subjectPublicKey (R-SM2-6, R-RSA-2, R-BCP-5).
    pub(crate) fn public(self, key: &[u8], keys: &dyn Keys) -> Result<PublicKey, CryptoError> {
        match self {
            Self::Sm2 => keys.sm2_public(key),
            Self::Rsa => keys.rsa_public(key),
            Self::Ecdsa(curve) => keys.ecdsa_public(curve, key),
            Self::Ed25519 => keys.ed25519_public(key),
        }
    }

    /// The private key with this scalar, this seed, or this `RSAPrivateKey` of PKCS#1.
    pub(crate) fn private(self, secret: &[u8], keys: &dyn Keys) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        match self {
            Self::Sm2 => keys.sm2_private(secret),
            Self::Rsa => keys.rsa_private(secret),
            Self::Ecdsa(curve) => keys.ecdsa_private(curve, secret),
            Self::Ed25519 => keys.ed25519_private(secret),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sm2 => "an SM2 key",
            Self::Rsa => "an RSA key",
            Self::Ecdsa(NamedGroup::SECP384R1) => "a P-384 key",
            Self::Ecdsa(_) => "a P-256 key",
            Self::Ed25519 => "an Ed25519 key",
        }
    }
}

/// The key on the curve that this OBJECT IDENTIFIER names.
pub(super) fn curve(named: &[u8]) -> Option<KeyForm> {
    let known = [
        (SM2, KeyForm::Sm2),
        (b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", KeyForm::Ecdsa(NamedGroup::SECP256R1)),
        (b"\x06\x05\x2b\x81\x04\x00\x22", KeyForm::Ecdsa(NamedGroup::SECP384R1)),
    ];
    known.iter().find(|(id, _)| *id == named).map(|(_, form)| *form)
}

/// The hash function of a signature's algorithm; `None` for MD5, SHA-1, and what has none of its own or is unknown.
pub(crate) fn hash_of_signature(contents: &[u8]) -> Option<HashAlgorithm> {
    SIGNATURES
        .iter()
        .find(|(id, ..)| is(contents, id))
        .and_then(|(_, hash, _)| *hash)
        .or_else(|| if is(contents, RSASSA_PSS) { hash_of_pss(contents).ok().flatten() } else { None })
}

/// What TLS 1.2 calls a signature's algorithm (R-T12-22).
pub(super) fn scheme_of_signature(contents: &[u8]) -> Option<SignatureScheme> {
    if is(contents, RSASSA_PSS) {
        return match hash_of_pss(contents).ok().flatten()? {
            HashAlgorithm::Sha256 => Some(SignatureScheme::RSA_PSS_RSAE_SHA256),
            HashAlgorithm::Sha384 => Some(SignatureScheme::RSA_PSS_RSAE_SHA384),
            HashAlgorithm::Sha512 => Some(SignatureScheme::RSA_PSS_RSAE_SHA512),
            HashAlgorithm::Sm3 => None,
        };
    }
    SIGNATURES.iter().find(|(id, ..)| is(contents, id)).map(|(.., scheme)| *scheme)
}

fn is(contents: &[u8], id: &[u8]) -> bool {
    Der::new(contents).expect(OID) == Ok(id)
}

const RSASSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";

/// OBJECT IDENTIFIERs, their hash functions, their code points in TLS.
const SIGNATURES: &[(&[u8], Option<HashAlgorithm>, SignatureScheme)] = &[
    (b"\x2a\x81\x1c\xcf\x55\x01\x83\x75", Some(HashAlgorithm::Sm3), SignatureScheme::SM2_SM3),
    // ecdsa-with-SHA2 (RFC 5758 3.2)
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x02", Some(HashAlgorithm::Sha256), SignatureScheme::ECDSA_SHA256),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x03", Some(HashAlgorithm::Sha384), SignatureScheme::ECDSA_SHA384),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x04", Some(HashAlgorithm::Sha512), SignatureScheme::ECDSA_SHA512),
    // sha2WithRSAEncryption (RFC 4055 5)
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", Some(HashAlgorithm::Sha256), SignatureScheme::RSA_PKCS1_SHA256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", Some(HashAlgorithm::Sha384), SignatureScheme::RSA_PKCS1_SHA384),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", Some(HashAlgorithm::Sha512), SignatureScheme::RSA_PKCS1_SHA512),
    // RFC 8410 3
    (b"\x2b\x65\x70", None, SignatureScheme::ED25519),
];

/// hashAlgorithm of RSASSA-PSS-params (RFC 4055 3.1): SHA-1 unless it is there.
fn hash_of_pss(contents: &[u8]) -> Result<Option<HashAlgorithm>, BadDer> {
    let mut contents = Der::new(contents);
    contents.expect(OID)?;
    let mut hash = contents.enter(SEQUENCE)?.enter(context(0))?.enter(SEQUENCE)?;
    Ok(match hash.expect(OID)? {
        b"\x60\x86\x48\x01\x65\x03\x04\x02\x01" => Some(HashAlgorithm::Sha256),
        b"\x60\x86\x48\x01\x65\x03\x04\x02\x02" => Some(HashAlgorithm::Sha384),
        b"\x60\x86\x48\x01\x65\x03\x04\x02\x03" => Some(HashAlgorithm::Sha512),
        _ => None,
    })
}
