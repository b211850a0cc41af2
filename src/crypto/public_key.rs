//! Public keys, and how their owners sign.
use super::{DEFAULT_USER_ID, sm9};
use crate::error::CryptoError;
use crate::suite::{HashAlgorithm, KeyKind};
use crate::wire::{NamedGroup, SignatureScheme};
use alloc::sync::Arc;
use core::fmt;

/// A public key that was checked when it was made: a point on the curve, not infinity.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PublicKey {
    /// `04 || X[32] || Y[32]` on the SM2 curve.
    Sm2(Arc<[u8; 65]>),
    /// `RSAPublicKey` of PKCS#1 in DER: 2048 to 8192 bits, an odd exponent of 3 to 2^33 - 1.
    Rsa(Arc<[u8]>),
    /// `04 || X[32] || Y[32]` on NIST P-256.
    P256(Arc<[u8; 65]>),
    /// `04 || X[48] || Y[48]` on NIST P-384.
    P384(Arc<[u8; 97]>),
    /// The 32 bytes of RFC 8032.
    Ed25519(Arc<[u8; 32]>),
    /// An identity under a key centre's master public key (GM/T 0044).
    Sm9(Arc<sm9::PublicKey>),
}

impl PublicKey {
    /// What kind of key it is.
    pub fn kind(&self) -> KeyKind {
        match self {
            Self::Sm2(_) => KeyKind::Sm2,
            Self::Rsa(_) => KeyKind::Rsa,
            Self::P256(_) | Self::P384(_) | Self::Ed25519(_) => KeyKind::Ecdsa,
            Self::Sm9(_) => KeyKind::Sm9,
        }
    }

    /// The identity that it is, where it is SM9's.
    pub fn identity(&self) -> Option<&[u8]> {
        match self {
            Self::Sm9(key) => Some(key.identity()),
            _ => None,
        }
    }

    /// The curve of an ECDSA key (R-T12-21).
    pub fn curve(&self) -> Option<NamedGroup> {
        match self {
            Self::P256(_) => Some(NamedGroup::SECP256R1),
            Self::P384(_) => Some(NamedGroup::SECP384R1),
            Self::Sm2(_) | Self::Rsa(_) | Self::Ed25519(_) | Self::Sm9(_) => None,
        }
    }

    /// Whether the key's owner can sign by `scheme`. In TLS 1.2 a scheme of ECDSA does not fix the curve (R-T12-19).
    pub fn signs_by(&self, scheme: SignatureScheme) -> bool {
        matches!(
            (self, SignatureAlgorithm::of(scheme)),
            (Self::Sm2(_), Some(SignatureAlgorithm::Sm2Sm3 { .. }))
                | (Self::Rsa(_), Some(SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_)))
                | (Self::P256(_) | Self::P384(_), Some(SignatureAlgorithm::Ecdsa(_)))
                | (Self::Ed25519(_), Some(SignatureAlgorithm::Ed25519))
                | (Self::Sm9(_), Some(SignatureAlgorithm::Sm9Sm3))
        )
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sm2(p) => write!(f, "Sm2({:02x}{:02x}{:02x}{:02x}…)", p[1], p[2], p[3], p[4]),
            Self::Rsa(der) => write!(f, "Rsa({} bytes)", der.len()),
            Self::P256(p) => write!(f, "P256({:02x}{:02x}{:02x}{:02x}…)", p[1], p[2], p[3], p[4]),
            Self::P384(p) => write!(f, "P384({:02x}{:02x}{:02x}{:02x}…)", p[1], p[2], p[3], p[4]),
            Self::Sm9(key) => key.fmt(f),
            Self::Ed25519(p) => write!(f, "Ed25519({:02x}{:02x}{:02x}{:02x}…)", p[0], p[1], p[2], p[3]),
        }
    }
}

/// How something is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureAlgorithm<'a> {
    /// SM2 with SM3 over e = SM3(Z || message), DER (R-SM2-2).
    Sm2Sm3 {
        /// The signer's user id, at most 8191 bytes.
        user_id: &'a [u8],
    },
    /// RSASSA-PKCS1-v1_5 over the message (RFC 8017 8.2, R-RSA-3).
    RsaPkcs1(HashAlgorithm),
    /// RSASSA-PSS over the message, MGF1 with the same hash, a salt as long as it (R-T12-19).
    RsaPss(HashAlgorithm),
    /// ECDSA over the message, on the key's curve; a DER `ECDSA-Sig-Value` (R-EC-7).
    Ecdsa(HashAlgorithm),
    /// Ed25519 over the message itself (R-T12-20).
    Ed25519,
    /// SM9 with SM3 over the message itself, the DER of GM/T 0081 (R-IBC-5).
    Sm9Sm3,
}

impl SignatureAlgorithm<'static> {
    /// SM2 with the default user id: every signature of the protocol itself.
    pub const SM2: Self = Self::Sm2Sm3 { user_id: DEFAULT_USER_ID };

    /// How the handshake itself signs by `scheme`; `None` if it is not implemented.
    pub fn of(scheme: SignatureScheme) -> Option<Self> {
        match scheme {
            SignatureScheme::SM2_SM3 => Some(Self::SM2),
            SignatureScheme::RSA_PKCS1_SHA256 => Some(Self::RsaPkcs1(HashAlgorithm::Sha256)),
            SignatureScheme::RSA_PKCS1_SHA384 => Some(Self::RsaPkcs1(HashAlgorithm::Sha384)),
            SignatureScheme::RSA_PKCS1_SHA512 => Some(Self::RsaPkcs1(HashAlgorithm::Sha512)),
            SignatureScheme::RSA_PSS_RSAE_SHA256 => Some(Self::RsaPss(HashAlgorithm::Sha256)),
            SignatureScheme::RSA_PSS_RSAE_SHA384 => Some(Self::RsaPss(HashAlgorithm::Sha384)),
            SignatureScheme::RSA_PSS_RSAE_SHA512 => Some(Self::RsaPss(HashAlgorithm::Sha512)),
            SignatureScheme::ECDSA_SHA256 => Some(Self::Ecdsa(HashAlgorithm::Sha256)),
            SignatureScheme::ECDSA_SHA384 => Some(Self::Ecdsa(HashAlgorithm::Sha384)),
            SignatureScheme::ECDSA_SHA512 => Some(Self::Ecdsa(HashAlgorithm::Sha512)),
            SignatureScheme::ED25519 => Some(Self::Ed25519),
            SignatureScheme::ISO_CHINESE_IBS => Some(Self::Sm9Sm3),
            _ => None,
        }
    }
}

impl SignatureAlgorithm<'_> {
    /// The kind of key that signs by `scheme`; `None` if it is not implemented.
    pub fn kind_of(scheme: SignatureScheme) -> Option<KeyKind> {
        Some(match SignatureAlgorithm::of(scheme)? {
            SignatureAlgorithm::Sm2Sm3 { .. } => KeyKind::Sm2,
            SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_) => KeyKind::Rsa,
            SignatureAlgorithm::Ecdsa(_) | SignatureAlgorithm::Ed25519 => KeyKind::Ecdsa,
            SignatureAlgorithm::Sm9Sm3 => KeyKind::Sm9,
        })
    }
}

impl<'a> SignatureAlgorithm<'a> {
    /// The user id, for an SM2 key.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] if it is not SM2's.
    pub(crate) fn sm2_user_id(self) -> Result<&'a [u8], CryptoError> {
        match self {
            Self::Sm2Sm3 { user_id } => Ok(user_id),
            _ => Err(CryptoError::Unsupported),
        }
    }
}
