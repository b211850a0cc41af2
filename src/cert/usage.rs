//! What a certificate's key may be used for (R-SM2-7, R-SM2-9, R-HS-39, R-T12-9).
use super::KeyUse;
use super::key_usage::KeyUsageBits;
use super::x509::X509;
use crate::error::{CertificatePlace, CertificateProblem};
use crate::suite::{Certificates, KeyKind};
use crate::wire::der::{Der, OID};

/// What one of a party's own certificates is to be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Own {
    /// Whether it is one of a pair, or the only one.
    pub(super) of: Certificates,
    pub(super) key_use: KeyUse,
}

impl Own {
    pub(super) const fn pair(key_use: KeyUse) -> Self {
        Self { of: Certificates::Pair, key_use }
    }

    pub(super) const fn single(key_use: KeyUse) -> Self {
        Self { of: Certificates::Single, key_use }
    }
}

impl From<Own> for CertificatePlace {
    fn from(own: Own) -> Self {
        match (own.of, own.key_use) {
            (Certificates::Single, _) => Self::Single,
            (_, KeyUse::Sign) => Self::Sign,
            (_, KeyUse::Encrypt | KeyUse::Agree) => Self::Encrypt,
        }
    }
}

/// The bits of keyUsage of which one must be there for this use: of a pair's certificate R-SM2-7, of a single one R-T12-9.
const fn bits(own: Own) -> u16 {
    match (own.of, own.key_use) {
        (Certificates::Single, KeyUse::Sign) => KeyUsageBits::DIGITAL_SIGNATURE,
        (Certificates::Single, KeyUse::Encrypt | KeyUse::Agree) => KeyUsageBits::KEY_ENCIPHERMENT,
        (_, KeyUse::Sign) => KeyUsageBits::SIGN,
        (_, KeyUse::Encrypt | KeyUse::Agree) => KeyUsageBits::ENCRYPT,
    }
}

/// Whether keyUsage, if present, allows this use (R-SM2-7, R-T12-9).
pub(super) fn allows(certificate: &X509<'_>, own: Own) -> bool {
    certificate.key_usage.is_none_or(|usage| usage.has_any(bits(own)))
}

/// As [`allows`], as a result that says what is wrong; with `required`, keyUsage must be there.
pub(super) fn check(certificate: &X509<'_>, own: Own, required: bool) -> Result<(), CertificateProblem> {
    if required && certificate.key_usage.is_none() {
        return Err(CertificateProblem::WrongUsage("keyUsage is missing"));
    }
    if allows(certificate, own) {
        return Ok(());
    }
    Err(CertificateProblem::WrongUsage(match (own.of, own.key_use) {
        (Certificates::Single, KeyUse::Sign) => "keyUsage lacks digitalSignature",
        (Certificates::Single, KeyUse::Encrypt | KeyUse::Agree) => "keyUsage lacks keyEncipherment",
        (_, KeyUse::Sign) => "keyUsage of the signing certificate lacks digitalSignature and nonRepudiation",
        (_, KeyUse::Encrypt | KeyUse::Agree) => {
            "keyUsage of the encryption certificate lacks keyEncipherment, dataEncipherment and keyAgreement"
        }
    }))
}

/// Whether a single certificate with a key of this kind is of any use: it signs, or if it is RSA's takes encryption.
pub(super) fn check_single(certificate: &X509<'_>, kind: KeyKind) -> Result<(), CertificateProblem> {
    if kind == KeyKind::Rsa && allows(certificate, Own::single(KeyUse::Encrypt)) {
        return Ok(());
    }
    check(certificate, Own::single(KeyUse::Sign), false)
}

/// Whether the certificate can be the encryption certificate of a list longer than two: `enc_ok` of R-HS-39.
pub(super) fn fits_encryption(certificate: &X509<'_>) -> bool {
    !certificate.is_ca && allows(certificate, Own::pair(KeyUse::Encrypt))
}

/// id-kp-serverAuth, id-kp-clientAuth, anyExtendedKeyUsage
pub(crate) const SERVER_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";
pub(crate) const CLIENT_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x02";
pub(super) const ANY_PURPOSE: &[u8] = b"\x55\x1d\x25\x00";

/// Whether extendedKeyUsage, if present, names one of `purposes`.
pub(super) fn allows_purpose(certificate: &X509<'_>, purposes: &[&[u8]]) -> bool {
    let Some(list) = certificate.extended_key_usage else { return true };
    let mut list = Der::new(list);
    while let Ok(id) = list.expect(OID) {
        if purposes.contains(&id) {
            return true;
        }
    }
    false
}
