//! Errors that say which certificate is at fault, and what explains it.
use super::x509::X509;
use super::{names, time};
use crate::error::{CertificateError, CertificatePlace, CertificateProblem, FaultyCertificate};
use alloc::{format, string::String};

/// The longest text of a peer's choosing in an error, in characters.
const MOST_TEXT: usize = 200;

/// A problem of `certificate`, with what explains it: its dates, its names or its issuer.
pub(super) fn fault(
    problem: CertificateProblem,
    place: impl Into<CertificatePlace>,
    certificate: &X509<'_>,
) -> CertificateError {
    use CertificateProblem as P;
    let detail = match problem {
        P::Expired | P::NotYetValid => {
            let [from, to] = [certificate.not_before, certificate.not_after].map(time::text);
            format!("valid from {from} to {to}")
        }
        P::NameMismatch => names::all(certificate),
        P::UnknownIssuer | P::BadSignature | P::InconsistentPair | P::Revoked => {
            format!("issued by {}", names::text(certificate.issuer))
        }
        _ => String::new(),
    };
    let subject = cut(names::text(certificate.subject));
    CertificateError::of(problem, FaultyCertificate::new(place.into(), subject, cut(detail)))
}

/// Reads a certificate; the error says which one it is.
pub(super) fn read(der: &[u8], place: CertificatePlace) -> Result<X509<'_>, CertificateError> {
    X509::read(der).map_err(|bad| CertificateError::of(bad.into(), FaultyCertificate::new(place, "", "")))
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MOST_TEXT) {
        text.truncate(end);
        text.push('…');
    }
    text
}
