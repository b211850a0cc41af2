//! Which of a peer's certificates are its pair (R-HS-39). Says nothing about trust: that is the verifier's part.
use super::usage::{self, fits_encryption};
use super::x509::X509;
use super::{KeyUse, PeerPair};
use crate::crypto::{Keys, PublicKey};
use crate::error::CertificateError;
use crate::message::Credential;
use alloc::boxed::Box;

/// The longest encryption certificate, in bytes: with more, a signature over it could be read as one over other
/// parameters (R-HS-40).
const MAX_ENCRYPTION_CERTIFICATE: usize = 0xffff;

impl PeerPair {
    /// Chooses the pair from the list that a peer sent (R-HS-39): the first certificate signs; the second encrypts, or
    /// in a longer list whose second is a CA the last (TASSL's order). With `needs_encryption` (every server's list, and
    /// a client's in an ECDHE suite) there must be one; otherwise `[sign]` and `[sign, CA, …]` do as well (R-HS-13).
    /// Each certificate is parsed at most once.
    ///
    /// # Errors
    /// [`CertificateError::MissingEncryptionCertificate`] for a list too short, `Malformed`, `UnsupportedKey`,
    /// `WrongUsage`, and `Other` for an encryption certificate of more than 65,535 bytes (R-HS-40).
    pub fn choose(
        credential: &Credential,
        needs_encryption: bool,
        keys: &dyn Keys,
    ) -> Result<Self, CertificateError> {
        let list = credential.certificates();
        let (Some(sign), second) = (list.first(), list.get(1)) else {
            return Err(CertificateError::MissingEncryptionCertificate);
        };
        let sign = X509::read(sign)?;
        let sign_key = sign.public_key(keys)?;
        let chosen = match second {
            None if needs_encryption => return Err(CertificateError::MissingEncryptionCertificate),
            None => None,
            Some(second) => choose_encryption(list, X509::read(second)?, needs_encryption)?,
        };
        let Some((index, encrypt)) = chosen else { return Ok(Self { sign_key, encryption: None }) };
        if encrypt.der.len() > MAX_ENCRYPTION_CERTIFICATE {
            // R-HS-40
            return Err(CertificateError::Other("the encryption certificate is over 65,535 bytes (R-HS-40)"));
        }
        if encrypt.der == sign.der {
            // one certificate in both places must have both usages
            usage::check(&sign, KeyUse::Sign, false)?;
            return Ok(Self { encryption: Some((index, sign_key.clone())), sign_key });
        }
        let key: PublicKey = encrypt.public_key(keys)?;
        Ok(Self { sign_key, encryption: Some((index, key)) })
    }
}

/// The encryption certificate and its place; `second` is the view of `list[1]`.
fn choose_encryption<'a>(
    list: &'a [Box<[u8]>],
    second: X509<'a>,
    needed: bool,
) -> Result<Option<(usize, X509<'a>)>, CertificateError> {
    if fits_encryption(&second) {
        return Ok(Some((1, second)));
    }
    if let (3.., Some(last)) = (list.len(), list.last()) {
        let last = X509::read(last)?;
        if fits_encryption(&last) {
            return Ok(Some((list.len().saturating_sub(1), last)));
        }
        if needed {
            return Err(CertificateError::WrongUsage(
                "neither the second nor the last certificate is for encryption (R-HS-39)",
            ));
        }
    } else if needed {
        // Two: the second it is, and only its usage counts here; the verifier refuses a CA.
        usage::check(&second, KeyUse::Encrypt, false)?;
        return Ok(Some((1, second)));
    }
    Ok(None)
}
