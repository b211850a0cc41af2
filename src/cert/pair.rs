//! Which of a peer's certificates are its pair (R-HS-39). Says nothing about trust: that is the verifier's part.
use super::fault::{fault, read};
use super::usage::{self, fits_encryption};
use super::x509::X509;
use super::{KeyUse, PeerPair};
use crate::crypto::{Keys, PublicKey};
use crate::error::{CertificateError, CertificatePlace as Place, CertificateProblem};
use crate::message::Credential;
use alloc::boxed::Box;

/// The longest certificate of a pair, in bytes (R-HS-50). It also keeps apart what signatures mean: over 65,535 bytes, one
/// over the encryption certificate could be read as one over other parameters (R-HS-40).
pub(super) const MAX_LENGTH: usize = 16 * 1024;

impl PeerPair {
    /// Chooses the pair from the list that a peer sent (R-HS-39): the first certificate signs; the second encrypts, or
    /// in a longer list whose second is a CA the last (TASSL's order). With `needs_encryption` (every server's list)
    /// there must be one; otherwise `[sign]` and `[sign, CA, …]` do as well (R-HS-13). Each certificate is parsed at most
    /// once.
    ///
    /// # Errors
    /// `MissingEncryptionCertificate` for a list too short, `Malformed`, `UnsupportedKey`, `WrongUsage`, and `Other` for
    /// a certificate of the pair with more than 16 KiB (R-HS-50).
    pub fn choose(
        credential: &Credential,
        needs_encryption: bool,
        keys: &dyn Keys,
    ) -> Result<Self, CertificateError> {
        let list = credential.certificates();
        let (Some(sign), second) = (list.first(), list.get(1)) else {
            return Err(CertificateProblem::MissingEncryptionCertificate.into());
        };
        let sign = read_half(sign, KeyUse::Sign)?;
        let sign_key = key(&sign, KeyUse::Sign, keys)?;
        let chosen = match second {
            None if needs_encryption => return Err(CertificateProblem::MissingEncryptionCertificate.into()),
            None => None,
            Some(second) => choose_encryption(list, second, needs_encryption)?,
        };
        let Some((index, encrypt)) = chosen else { return Ok(Self { sign_key, encryption: None }) };
        if encrypt.der == sign.der {
            // one certificate in both places must have both usages
            usage::check(&sign, KeyUse::Sign, false).map_err(|e| fault(e, KeyUse::Sign, &sign))?;
            return Ok(Self { encryption: Some((index, sign_key.clone())), sign_key });
        }
        let key = key(&encrypt, KeyUse::Encrypt, keys)?;
        Ok(Self { sign_key, encryption: Some((index, key)) })
    }
}

/// The encryption certificate and its place.
fn choose_encryption<'a>(
    list: &'a [Box<[u8]>],
    second: &'a [u8],
    needed: bool,
) -> Result<Option<(usize, X509<'a>)>, CertificateError> {
    let second = read_half(second, KeyUse::Encrypt)?;
    if fits_encryption(&second) {
        return Ok(Some((1, second)));
    }
    if let (3.., Some(last)) = (list.len(), list.last()) {
        let last = read_half(last, KeyUse::Encrypt)?;
        if fits_encryption(&last) {
            return Ok(Some((list.len().saturating_sub(1), last)));
        }
        if needed {
            let text = "neither the second nor the last certificate is for encryption (R-HS-39)";
            return Err(CertificateProblem::WrongUsage(text).into());
        }
    } else if needed {
        // Two: the second it is, and only its usage counts here; the verifier refuses a CA.
        usage::check(&second, KeyUse::Encrypt, false).map_err(|e| fault(e, KeyUse::Encrypt, &second))?;
        return Ok(Some((1, second)));
    }
    Ok(None)
}

/// One of the pair, of a length that is taken.
fn read_half(der: &[u8], key_use: KeyUse) -> Result<X509<'_>, CertificateError> {
    let certificate = read(der, Place::from(key_use))?;
    if der.len() > MAX_LENGTH {
        let problem = CertificateProblem::Other("a certificate of more than 16 KiB (R-HS-50)");
        return Err(fault(problem, key_use, &certificate));
    }
    Ok(certificate)
}

fn key(certificate: &X509<'_>, key_use: KeyUse, keys: &dyn Keys) -> Result<PublicKey, CertificateError> {
    certificate.public_key(keys).map_err(|e| fault(e, key_use, certificate))
}
