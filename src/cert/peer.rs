//! What a peer shows of itself, and which of its certificates are its own (R-HS-39, R-HS-16). Says nothing about trust: that is
//! the verifier's part.
use super::algorithm;
use super::fault::{fault, read};
use super::usage::{self, Own, fits_encryption};
use super::x509::X509;
use super::{KeyUse, ServerName};
use crate::crypto::{Digest, Hashes, Keys, PublicKey};
use crate::error::{CertificateError, CertificatePlace as Place, CertificateProblem};
use crate::message::Credential;
use crate::suite::{Certificates, HashAlgorithm, KeyKind};
use alloc::{boxed::Box, sync::Arc};

/// The longest certificate of a pair, in bytes (R-HS-50). It also keeps apart what signatures mean: over 65,535 bytes, one
/// over the encryption certificate could be read as one over other parameters (R-HS-40).
pub(super) const MAX_LENGTH: usize = 16 * 1024;

/// Whom the peer claims to be.
#[derive(Debug, Clone)]
pub enum PeerRole {
    /// A server, to be verified for this name (R-HS-41).
    Server(ServerName<'static>),
    /// A client (R-HS-42).
    Client,
}

/// What a peer shows, to be verified. Its keys are known, its signatures are not checked yet.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PeerClaim {
    /// Server or client.
    pub role: PeerRole,
    /// All that the peer sent.
    pub credential: Arc<Credential>,
    /// The keys in it.
    pub keys: PeerKeys,
}

impl PeerClaim {
    /// What a peer of this role shows, and the keys in it.
    pub fn new(role: PeerRole, credential: Arc<Credential>, keys: PeerKeys) -> Self {
        Self { role, credential, keys }
    }
}

/// The keys in a peer's credential, and where they stand. Parsed once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerKeys {
    /// Of a pair of certificates: the first one signs (R-HS-39).
    Pair {
        /// Verifies its signatures.
        sign: PublicKey,
        /// Encrypts to it, and agrees on keys with it.
        encrypt: PublicKey,
        /// The place of the encryption certificate in the list.
        at: usize,
    },
    /// Of one certificate: a client's in TLCP, which signs (R-HS-13), or any party's in TLS (R-HS-16).
    Single {
        /// Its key.
        key: PublicKey,
        /// What it is for in this handshake.
        key_use: KeyUse,
    },
    /// Of an identity under a trusted key centre (R-IBC-4).
    Identity {
        /// Verifies its signatures.
        sign: PublicKey,
        /// Encrypts to it, or agrees on keys with it: SM9 has one for each.
        encrypt: PublicKey,
    },
}

/// What a peer's list of certificates must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A pair: every server's in TLCP (R-HS-10).
    Pair,
    /// A pair, or a signing certificate without its other half: a client's in TLCP (R-HS-13).
    PairOrSign,
    /// One certificate that may be used so, and its CAs: TLS (R-HS-16, R-T12-9).
    Single(KeyUse),
}

impl PeerKeys {
    /// The key that verifies its signatures; of a single certificate its key, whatever it is for.
    pub fn sign(&self) -> &PublicKey {
        match self {
            Self::Pair { sign: key, .. } | Self::Single { key, .. } | Self::Identity { sign: key, .. } => key,
        }
    }

    /// The key to encrypt to it and to agree on keys with it, if it has one.
    pub fn encrypt(&self) -> Option<&PublicKey> {
        match self {
            Self::Pair { encrypt: key, .. }
            | Self::Single { key, key_use: KeyUse::Encrypt }
            | Self::Identity { encrypt: key, .. } => Some(key),
            Self::Single { .. } => None,
        }
    }
}

impl Credential {
    /// Chooses the keys from the list that a peer sent (R-HS-39): the first certificate signs; the second encrypts, or
    /// in a longer list whose second is a CA the last (TASSL's order). Where a pair is only one of the two that are
    /// expected, `[sign]` and `[sign, CA, …]` do as well (R-HS-13). A single certificate is the first, and its keyUsage, if
    /// present, must allow what it is for (R-T12-9). Each certificate is parsed at most once.
    ///
    /// # Errors
    /// `MissingEncryptionCertificate` for a list too short, `Malformed`, `UnsupportedKey`, `WrongUsage`, and `Other` for
    /// a certificate of its own with more than 16 KiB (R-HS-50).
    pub fn keys(&self, expected: Expected, keys: &dyn Keys) -> Result<PeerKeys, CertificateError> {
        let list = self.certificates();
        let (first, needs_pair) = match (list.first(), expected) {
            (Some(first), Expected::Single(key_use)) => return single(first, key_use, keys),
            (Some(first), Expected::Pair) => (first, true),
            (Some(first), Expected::PairOrSign) => (first, false),
            (None, Expected::Single(_)) => {
                return Err(CertificateProblem::Other("an empty list of certificates").into());
            }
            (None, _) => return Err(CertificateProblem::MissingEncryptionCertificate.into()),
        };
        let second = list.get(1);
        let first = read_own(first, SIGN)?;
        let sign = key(&first, SIGN, keys)?;
        let chosen = match second {
            None if needs_pair => return Err(CertificateProblem::MissingEncryptionCertificate.into()),
            None => None,
            Some(second) => choose_encryption(list, second, needs_pair)?,
        };
        let Some((at, second)) = chosen else {
            return Ok(PeerKeys::Single { key: sign, key_use: KeyUse::Sign });
        };
        if second.der == first.der {
            // one certificate in both places must have both usages
            usage::check(&first, SIGN, false).map_err(|e| fault(e, SIGN, &first))?;
            return Ok(PeerKeys::Pair { encrypt: sign.clone(), sign, at });
        }
        Ok(PeerKeys::Pair { sign, encrypt: key(&second, ENCRYPT, keys)?, at })
    }

    /// The encryption certificate, where its keys say that there is one.
    pub fn encryption_certificate(&self, keys: &PeerKeys) -> Option<&[u8]> {
        match keys {
            PeerKeys::Pair { at, .. } => self.certificates().get(*at).map(AsRef::as_ref),
            PeerKeys::Single { .. } | PeerKeys::Identity { .. } => None,
        }
    }

    /// The CA certificates, and whatever else stands behind its own.
    pub(super) fn others(&self, keys: &PeerKeys) -> impl Iterator<Item = &[u8]> {
        let encryption = match keys {
            PeerKeys::Pair { at, .. } => Some(*at),
            PeerKeys::Single { .. } | PeerKeys::Identity { .. } => None,
        };
        let others = self.certificates().iter().enumerate();
        others.filter(move |(i, _)| *i != 0 && Some(*i) != encryption).map(|(_, der)| &**der)
    }

    /// What stands for the whole: `server_end_point` is the hash of it (R-SES-14, R-IBC-6). The signing certificate, or the
    /// identity as it was sent; empty if there is none.
    pub fn end_point(&self) -> &[u8] {
        let certificate = || self.certificates().first().map(AsRef::as_ref);
        self.ibc_id().or_else(certificate).unwrap_or_default()
    }
}

const SIGN: Own = Own::pair(KeyUse::Sign);
const ENCRYPT: Own = Own::pair(KeyUse::Encrypt);

/// R-T12-9: the one certificate of a TLS party.
fn single(der: &[u8], key_use: KeyUse, keys: &dyn Keys) -> Result<PeerKeys, CertificateError> {
    let own = Own::single(key_use);
    let certificate = read_own(der, own)?;
    let key = key(&certificate, own, keys)?;
    usage::check(&certificate, own, false).map_err(|problem| fault(problem, own, &certificate))?;
    Ok(PeerKeys::Single { key, key_use })
}

/// The encryption certificate and its place.
fn choose_encryption<'a>(
    list: &'a [Box<[u8]>],
    second: &'a [u8],
    needed: bool,
) -> Result<Option<(usize, X509<'a>)>, CertificateError> {
    let second = read_own(second, ENCRYPT)?;
    if fits_encryption(&second) {
        return Ok(Some((1, second)));
    }
    if let (3.., Some(last)) = (list.len(), list.last()) {
        let last = read_own(last, ENCRYPT)?;
        if fits_encryption(&last) {
            return Ok(Some((list.len().saturating_sub(1), last)));
        }
        if needed {
            let text = "neither the second nor the last certificate is for encryption";
            return Err(CertificateProblem::WrongUsage(text).into());
        }
    } else if needed {
        // Two: the second it is, and only its usage counts here; the verifier refuses a CA.
        usage::check(&second, ENCRYPT, false).map_err(|e| fault(e, ENCRYPT, &second))?;
        return Ok(Some((1, second)));
    }
    Ok(None)
}

/// The hash function of a certificate's signature, for `tls-server-end-point` (RFC 5929 4.1): SHA-256 in place of MD5, SHA-1
/// and whatever has none of its own.
pub fn end_point_hash(certificate: &[u8]) -> HashAlgorithm {
    let certificate = X509::read(certificate).ok();
    certificate
        .and_then(|c| algorithm::hash_of_signature(c.signature_algorithm))
        .unwrap_or(HashAlgorithm::Sha256)
}

/// The hash of a server's signing certificate: SM3 (R-SES-14), in TLS as RFC 5929 has it. In SM9's suites that of its
/// identity as it was sent (R-IBC-6).
pub(crate) fn end_point(of: Certificates, certificate: &[u8], hashes: &dyn Hashes) -> Digest {
    let algorithm = match of {
        Certificates::Pair | Certificates::Identity => HashAlgorithm::Sm3,
        Certificates::Single => end_point_hash(certificate),
    };
    hashes.digest(algorithm, &[certificate])
}

/// One of its own, of a length that is taken.
fn read_own(der: &[u8], own: Own) -> Result<X509<'_>, CertificateError> {
    let certificate = read(der, Place::from(own))?;
    if der.len() > MAX_LENGTH {
        let problem = CertificateProblem::Other("a certificate of more than 16 KiB");
        return Err(fault(problem, own, &certificate));
    }
    Ok(certificate)
}

/// Its key, of a kind that the protocol takes.
fn key(certificate: &X509<'_>, own: Own, keys: &dyn Keys) -> Result<PublicKey, CertificateError> {
    let key = certificate.public_key(keys).and_then(|key| match (own.of, own.key_use, key.kind()) {
        (Certificates::Pair, _, KeyKind::Sm2 | KeyKind::Rsa) => Ok(key),
        // Only an RSA key can be encrypted to.
        (Certificates::Single, _, KeyKind::Rsa) | (Certificates::Single, KeyUse::Sign, KeyKind::Ecdsa) => {
            Ok(key)
        }
        _ => Err(CertificateProblem::UnsupportedKey),
    });
    key.map_err(|e| fault(e, own, certificate))
}
