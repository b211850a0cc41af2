//! What a certificate says, for people.
use super::x509::X509;
use super::{names, time};
use crate::error::CertificateError;
use alloc::{string::String, vec::Vec};
use core::fmt;

/// What a certificate says of itself, as text: for logs and traces. Nothing of it is verified here, and nothing may be
/// decided by it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// The subject, most specific attribute first: `CN=server, O=Example, C=CN`.
    pub subject: String,
    /// The issuer, likewise.
    pub issuer: String,
    /// The serial number in hexadecimal.
    pub serial: String,
    /// The names of the bits in keyUsage; `None` if the extension is missing.
    pub key_usage: Option<Vec<&'static str>>,
    /// Whether basicConstraints calls it a CA's.
    pub is_ca: bool,
    /// Unix seconds.
    pub not_before: u64,
    /// Unix seconds, inclusive.
    pub not_after: u64,
}

impl Description {
    /// Of a certificate in DER.
    ///
    /// # Errors
    /// [`CertificateProblem::Malformed`](crate::error::CertificateProblem::Malformed).
    pub fn read(der: &[u8]) -> Result<Self, CertificateError> {
        Ok(Self::of(&X509::read(der)?))
    }

    /// A distinguished name in DER as text, as [`Description::subject`] has it.
    pub fn name(der: &[u8]) -> String {
        names::text(der)
    }

    pub(super) fn of(certificate: &X509<'_>) -> Self {
        Self {
            subject: names::text(certificate.subject),
            issuer: names::text(certificate.issuer),
            serial: names::hex(certificate.serial),
            key_usage: certificate.key_usage.map(|bits| bits.names().collect()),
            is_ca: certificate.is_ca,
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        }
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usage = self.key_usage.as_ref().map_or(String::from("absent"), |names| names.join(" "));
        write!(
            f,
            "{}; issued by {}; serial {}; keyUsage {usage}; valid from {} to {}",
            self.subject,
            self.issuer,
            self.serial,
            time::text(self.not_before),
            time::text(self.not_after),
        )
    }
}
