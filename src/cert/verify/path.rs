//! The search for a path from one of a pair to a trusted root, by rustls-webpki; and which certificate is at fault where
//! there is none.
use super::algorithm::Work;
use super::intermediates::may_sign_certificates;
use super::revocation::{self, Algorithms, Issuer};
use super::shown::Shown;
use super::{Link, WebPkiVerifier};
use crate::cert::KeyUse;
use crate::cert::chain::upwards;
use crate::cert::fault::fault;
use crate::cert::usage::{self, Own};
use crate::cert::x509::X509;
use crate::error::{CertificateError, CertificatePlace, CertificateProblem};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, VerifiedPath};

/// What a path is looked for with.
pub(super) struct Search<'a> {
    /// For the signatures of certificates.
    pub(super) algorithms: &'a Algorithms<'a>,
    /// For those of revocation lists: what they cost is remembered with the lists, and counts for no search.
    pub(super) list_algorithms: &'a Algorithms<'a>,
    /// What [`Search::algorithms`] did.
    pub(super) work: &'a Work<'a>,
    /// The CA certificates that the peer sent, as far as they are of use.
    pub(super) cas: &'a [X509<'a>],
    /// The same as webpki takes them.
    pub(super) pool: &'a [CertificateDer<'a>],
    /// Extended key usages of which a certificate that names any must name one; `None`: whatever it names.
    pub(super) purposes: Option<&'static [&'static [u8]]>,
    /// Unix seconds.
    pub(super) now: u64,
}

/// A path that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path {
    /// The root at its end, as an index that is the same for equal roots.
    pub(super) anchor: usize,
    /// Nothing on the path constrains names, so that a common name may count as one.
    pub(super) unconstrained: bool,
}

impl WebPkiVerifier {
    /// Finds a path for one of the pair, with all that R-HS-41 (1) asks of it but keyUsage of the certificate itself.
    pub(super) fn path(
        &self,
        leaf: &X509<'_>,
        own: Own,
        search: &Search<'_>,
    ) -> Result<Path, CertificateError> {
        // R-SM2-9: extended key usage is ignored on the encryption certificate, and on that alone.
        let purposes = search.purposes.filter(|_| own != Own::pair(KeyUse::Encrypt));
        let refusals = RefCell::new(Vec::new());
        let check = |path: &VerifiedPath<'_>| {
            check_cas(path, search)?;
            self.check_revocation(leaf, own, path, search).map_err(|e| {
                let marker = match e.problem {
                    CertificateProblem::Revoked => Error::CertRevoked,
                    _ => Error::UnknownRevocationStatus,
                };
                refusals.borrow_mut().push(e);
                marker
            })
        };
        let shown = CertificateDer::from(search.work.shown.as_ref().map_or(leaf.der, Shown::certificate));
        let time = UnixTime::since_unix_epoch(Duration::from_secs(search.now));
        let found = EndEntityCert::try_from(&shown).and_then(|leaf| {
            let (algorithms, anchors, usage) = (search.algorithms, &self.anchors, Purposes(purposes));
            let path =
                leaf.verify_for_usage(algorithms, anchors, search.pool, time, usage, None, Some(&check))?;
            Ok(self.describe(&path))
        });
        found.map_err(|error| explain(&error, leaf, own, search, refusals.into_inner()))
    }

    fn describe(&self, path: &VerifiedPath<'_>) -> Path {
        let end = path.anchor();
        let same = |a: &rustls_pki_types::TrustAnchor<'_>| {
            a.subject == end.subject && a.subject_public_key_info == end.subject_public_key_info
        };
        let constrains =
            |ca: &webpki::Cert<'_>| X509::read(&ca.der()).is_ok_and(|ca| ca.has_name_constraints);
        Path {
            anchor: self.anchors.iter().position(same).unwrap_or(usize::MAX),
            unconstrained: end.name_constraints.is_none()
                && !path.intermediate_certificates().any(constrains),
        }
    }

    /// Looks each certificate of the path up that is to be looked up (R-HS-51). Their signatures are verified already.
    fn check_revocation(
        &self,
        leaf: &X509<'_>,
        own: Own,
        path: &VerifiedPath<'_>,
        search: &Search<'_>,
    ) -> Result<(), CertificateError> {
        if self.crls.is_empty() {
            return Ok(());
        }
        let known = |ca: &webpki::Cert<'_>| {
            let der = ca.der();
            search.cas.iter().find(|c| c.der == &*der)
        };
        let cas: Vec<&X509<'_>> = path.intermediate_certificates().filter_map(known).collect();
        let root =
            Issuer::of_anchor(&path.anchor().subject_public_key_info).map_err(CertificateError::from)?;
        let issuers = cas.iter().map(|ca| Issuer::of(ca)).chain([root]);
        let places = [CertificatePlace::from(own)]
            .into_iter()
            .chain([CertificatePlace::Authority].into_iter().cycle());
        let certificates = [leaf].into_iter().chain(cas.iter().copied());
        let depth = if self.end_entities_only { 1 } else { usize::MAX };
        for ((certificate, place), issuer) in certificates.zip(places).zip(issuers).take(depth) {
            let link = if place == CertificatePlace::Authority { Link::Authority } else { Link::EndEntity };
            revocation::look_up(&self.crls, (certificate, link), &issuer, search.list_algorithms, search.now)
                .map_err(|problem| fault(problem, place, certificate))?;
        }
        Ok(())
    }
}

/// webpki leaves keyUsage of CA certificates aside, and the encryption path's extended key usage is ours to check.
fn check_cas(path: &VerifiedPath<'_>, search: &Search<'_>) -> Result<(), Error> {
    for ca in path.intermediate_certificates() {
        let der = ca.der();
        let ca = X509::read(&der).map_err(|_| Error::BadDer)?;
        if !may_sign_certificates(&ca) {
            return Err(Error::EndEntityUsedAsCa);
        }
        if !search.purposes.is_none_or(|purposes| usage::allows_purpose(&ca, purposes)) {
            return Err(Error::EmptyEkuExtension);
        }
    }
    Ok(())
}

/// The extended key usages that webpki is to look for; `None`: none.
struct Purposes(Option<&'static [&'static [u8]]>);

impl ExtendedKeyUsageValidator for Purposes {
    fn validate(&self, present: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let Some(wanted) = self.0 else { return Ok(()) };
        let mut absent = true;
        for id in present {
            let id = id?;
            absent = false;
            if wanted.iter().any(|w| KeyPurposeId::new(w) == id) {
                return Ok(());
            }
        }
        if absent { Ok(()) } else { Err(Error::EmptyEkuExtension) }
    }
}

/// What the search ended with, of the certificate that is at fault.
fn explain(
    error: &Error,
    leaf: &X509<'_>,
    own: Own,
    search: &Search<'_>,
    mut refusals: Vec<CertificateError>,
) -> CertificateError {
    let is_revoked = matches!(error, Error::CertRevoked);
    if is_revoked || matches!(error, Error::UnknownRevocationStatus) {
        refusals.retain(|e| is_revoked == (e.problem == CertificateProblem::Revoked));
        if let Some(own) = refusals.pop() {
            return own;
        }
    }
    if search.work.is_exhausted() {
        return fault(TOO_MANY, own, leaf);
    }
    let problem = match reason(error) {
        // R-BCP-5: it never came to the signature
        CertificateProblem::BadSignature if search.cas.iter().any(|ca| search.work.refused(ca.key())) => {
            CertificateProblem::UnsupportedKey
        }
        other => other,
    };
    let its_own = (leaf, CertificatePlace::from(own));
    let above = || search.cas.iter().map(|ca| (ca, CertificatePlace::Authority));
    let all = || [its_own].into_iter().chain(above());
    let purposes = search.purposes.unwrap_or_default();
    let unreadable = |c: &X509<'_>| EndEntityCert::try_from(&CertificateDer::from(c.der)).is_err();
    let guilty = match (&problem, error) {
        (CertificateProblem::Expired, _) => all().find(|(c, _)| search.now > c.not_after),
        (CertificateProblem::NotYetValid, _) => all().find(|(c, _)| search.now < c.not_before),
        (CertificateProblem::UnsupportedKey, _) => above().find(|(c, _)| search.work.refused(c.key())),
        (CertificateProblem::BadSignature, _) => all().find(|(c, _)| search.work.failed_on(c.der)),
        (CertificateProblem::UnknownIssuer, _) => {
            let top = upwards(leaf, search.cas).pop().and_then(|i| search.cas.get(i));
            top.map(|ca| (ca, CertificatePlace::Authority))
        }
        (_, Error::EndEntityUsedAsCa) => above().find(|(c, _)| !c.is_ca || !may_sign_certificates(c)),
        (_, Error::EmptyEkuExtension) => all().find(|(c, _)| !usage::allows_purpose(c, purposes)),
        (CertificateProblem::Malformed | CertificateProblem::Other(_), _) => {
            all().find(|(c, _)| unreadable(c))
        }
        _ => None,
    };
    let (certificate, place) = guilty.unwrap_or(its_own);
    fault(problem, place, certificate)
}

const TOO_MANY: CertificateProblem = CertificateProblem::Other("too many certificates to find a path");

/// webpki's errors in our words, which decide the alert (R-AL-8).
pub(super) fn reason(error: &Error) -> CertificateProblem {
    use CertificateProblem as C;
    match error {
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) | Error::MalformedExtensions => {
            C::Malformed
        }
        Error::ExtensionValueInvalid | Error::InvalidSerialNumber | Error::InvalidCertValidity => {
            C::Malformed
        }
        Error::MalformedNameConstraint | Error::InvalidNetworkMaskConstraint => C::Malformed,
        Error::MalformedDnsIdentifier | Error::SignatureAlgorithmMismatch => C::Malformed,
        Error::CertExpired { .. } => C::Expired,
        Error::CertNotValidYet { .. } => C::NotYetValid,
        Error::InvalidSignatureForPublicKey => C::BadSignature,
        Error::UnknownIssuer => C::UnknownIssuer,
        Error::EmptyEkuExtension => C::WrongUsage("extendedKeyUsage names another use"),
        Error::CaUsedAsEndEntity => C::WrongUsage("a CA certificate in the place of an end entity's"),
        Error::EndEntityUsedAsCa => C::WrongUsage("an issuer that is no CA, or may not sign certificates"),
        Error::PathLenConstraintViolated => {
            C::WrongUsage("more CAs on the path than pathLenConstraint allows")
        }
        Error::UnsupportedSignatureAlgorithmContext(_) => C::UnsupportedSignature,
        Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => C::UnsupportedKey,
        Error::UnsupportedCriticalExtension => C::Other("a critical extension that is not known here"),
        Error::NameConstraintViolation => C::Other("a name outside what its CA may certify"),
        Error::MaximumPathDepthExceeded
        | Error::MaximumSignatureChecksExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => TOO_MANY,
        _ => C::Other("the certificate path does not verify"),
    }
}
