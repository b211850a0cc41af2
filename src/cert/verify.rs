//! The standard verifier: paths by rustls-webpki, with SM2 signatures through the provider; the pair, key usage, names
//! and the leniencies of [`CertPolicy`] here.
mod algorithm;
mod builder;
#[cfg(feature = "std")]
mod cache;
#[cfg(all(test, feature = "std"))]
mod limbo;

pub use builder::VerifierBuilder;

use super::x509::X509;
use super::{KeyUse, PeerClaim, PeerRole, Verified, Verifier, names, usage};
use crate::crypto::Provider;
use crate::error::CertificateError;
use algorithm::Sm2Algorithm;
use alloc::{vec, vec::Vec};
use core::{fmt, time::Duration};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use usage::KeyUsageBits;
use webpki::{CertRevocationList, EndEntityCert, Error, ExpirationPolicy, KeyPurposeIdIter, VerifiedPath};
use webpki::{ExtendedKeyUsageValidator, KeyPurposeId, RevocationCheckDepth, RevocationOptionsBuilder};

/// How closely certificates must follow the standards. What each leniency is for was decided on chains in the field:
///
/// | | `Standard` | `Gm` |
/// |---|---|---|
/// | user id of certificate and CRL signatures (R-SM2-8) | the default id | the default id, then the empty one |
/// | name (R-HS-41) | subjectAltName | if that has no DNS name and no address: the last CN, exactly |
/// | extended key usage of a client, if present | clientAuth or any | clientAuth, serverAuth or any |
/// | signature parameters absent or NULL; key algorithm id-ecPublicKey or the curve's OID (R-SM2-9) | yes | yes |
/// | X.509 v1, self-issued, as a root | yes | yes |
/// | X.509 v1 as any other certificate | no | no |
/// | a CA without basicConstraints cA, or with a keyUsage that lacks keyCertSign | no | no |
/// | CA certificate as signing or encryption certificate | no | no |
/// | unknown critical extensions; also certificatePolicies if critical | no | no |
/// | explicit curve parameters; signatures made without Z | no | no |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CertPolicy {
    /// RFC 5280 and RFC 6125 as far as they apply.
    #[default]
    Standard,
    /// What Chinese CAs and TLCP products issue.
    Gm,
}

/// Verifies a peer's pair of certificates (R-HS-41, R-HS-42): each must have a path to a trusted root, be valid now, not
/// be revoked, and have the right key usage; a server's signing certificate must be for the name that was asked for;
/// and the encryption certificate must be the same subject's. Certificates behind the pair help both paths, in any
/// order.
pub struct WebPkiVerifier {
    provider: Provider,
    anchors: Vec<TrustAnchor<'static>>,
    policy: CertPolicy,
    user_ids: Vec<Vec<u8>>,
    key_usage_required: bool,
    name_on_both: bool,
    crls: Vec<CertRevocationList<'static>>,
    crl_depth: RevocationCheckDepth,
    authorities: Vec<Vec<u8>>,
    context: Vec<u8>,
    #[cfg(feature = "std")]
    cache: cache::Cache,
}

impl fmt::Debug for WebPkiVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roots: Vec<_> = self.authorities.iter().map(|name| names::text(name)).collect();
        f.debug_struct("WebPkiVerifier")
            .field("policy", &self.policy)
            .field("roots", &roots)
            .finish_non_exhaustive()
    }
}

impl Verifier for WebPkiVerifier {
    fn verify(&self, claim: &PeerClaim, now: u64) -> Result<Verified, CertificateError> {
        let list = claim.credential.certificates();
        let encryption = claim.pair.encryption.as_ref().map(|(index, _)| *index);
        let others = list.iter().enumerate().filter(|(i, _)| *i != 0 && Some(*i) != encryption);
        let pool = usable_intermediates(others.map(|(_, der)| &**der))?;
        let algorithms = Sm2Algorithm::all(self);
        let algorithms: Vec<&dyn SignatureVerificationAlgorithm> =
            algorithms.iter().map(|a| a as _).collect();
        let search = Search { algorithms: &algorithms, pool: &pool, role: &claim.role, now };
        let sign = list.first().ok_or(CertificateError::MissingEncryptionCertificate)?;
        let sign = self.check(sign, KeyUse::Sign, &search)?;
        let encrypt = match encryption.and_then(|i| list.get(i)) {
            Some(der) => Some(self.check(der, KeyUse::Encrypt, &search)?),
            None => None,
        };
        match &claim.role {
            PeerRole::Client => check_client_pair(&sign, encrypt.as_ref())?,
            PeerRole::Server(name) => {
                let encrypt = encrypt.as_ref().ok_or(CertificateError::MissingEncryptionCertificate)?;
                self.check_server_names(&sign, encrypt, name)?;
            }
        }
        let end = encrypt.map_or(u64::MAX, |c| c.x509.not_after).min(sign.x509.not_after);
        Ok(Verified::assertion(end))
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        self.authorities.clone()
    }

    fn context(&self) -> Vec<u8> {
        self.context.clone()
    }
}

/// What the paths of both certificates are looked for with.
struct Search<'a> {
    algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    pool: &'a [CertificateDer<'a>],
    role: &'a PeerRole,
    now: u64,
}

/// A certificate with a path to a root.
struct Checked<'a> {
    x509: X509<'a>,
    /// Nothing on the path constrains names, so that a common name may count as one.
    unconstrained: bool,
}

impl WebPkiVerifier {
    /// Starts with no roots.
    pub fn builder(provider: &Provider) -> VerifierBuilder {
        VerifierBuilder::new(provider)
    }

    /// Usage and path of one of the pair: (1) of R-HS-41.
    fn check<'a>(
        &self,
        der: &'a [u8],
        key_use: KeyUse,
        search: &Search<'_>,
    ) -> Result<Checked<'a>, CertificateError> {
        let x509 = X509::read(der)?;
        if !x509.is_v3 {
            return Err(CertificateError::Other("an X.509 certificate of version 1, where 3 is needed"));
        }
        usage::check(&x509, key_use, self.key_usage_required)?;
        let unconstrained = self.check_path(der, key_use, search)?;
        Ok(Checked { x509, unconstrained })
    }

    /// The path to a root; whether it is free of name constraints.
    fn check_path(&self, der: &[u8], key_use: KeyUse, search: &Search<'_>) -> Result<bool, CertificateError> {
        let der = CertificateDer::from(der);
        let leaf = EndEntityCert::try_from(&der).map_err(|e| reason(&e))?;
        let crls: Vec<&CertRevocationList<'_>> = self.crls.iter().collect();
        let revocation = RevocationOptionsBuilder::new(&crls)
            .map(|b| b.with_depth(self.crl_depth).with_expiration_policy(ExpirationPolicy::Enforce).build())
            .ok();
        let purposes = usage::purposes(search.role, self.policy == CertPolicy::Gm);
        // R-SM2-9: extended key usage is ignored on the encryption certificate, and on that alone.
        let leaf_purposes = Purposes((key_use == KeyUse::Sign).then_some(purposes));
        let check_cas = |path: &VerifiedPath<'_>| check_cas(path, purposes);
        let time = UnixTime::since_unix_epoch(Duration::from_secs(search.now));
        let (algorithms, anchors, pool) = (search.algorithms, &self.anchors, search.pool);
        let path = leaf
            .verify_for_usage(algorithms, anchors, pool, time, leaf_purposes, revocation, Some(&check_cas))
            .map_err(|e| reason(&e))?;
        let constrains =
            |ca: &webpki::Cert<'_>| X509::read(&ca.der()).is_ok_and(|ca| ca.has_name_constraints);
        Ok(path.anchor().name_constraints.is_none() && !path.intermediate_certificates().any(constrains))
    }

    /// (2) and (3) of R-HS-41.
    fn check_server_names(
        &self,
        sign: &Checked<'_>,
        encrypt: &Checked<'_>,
        name: &super::ServerName<'_>,
    ) -> Result<(), CertificateError> {
        let gm = self.policy == CertPolicy::Gm;
        let fits = |c: &Checked<'_>| names::matches(&c.x509, name, gm && c.unconstrained);
        if !fits(sign) {
            return Err(CertificateError::NameMismatch);
        }
        let same = same_subject(&sign.x509, &encrypt.x509);
        let named = fits(encrypt);
        let consistent = if self.name_on_both { same && named } else { same || named };
        if consistent { Ok(()) } else { Err(CertificateError::InconsistentPair) }
    }
}

/// A client has no name to be checked; its encryption certificate must be the same subject's (R-HS-42).
fn check_client_pair(sign: &Checked<'_>, encrypt: Option<&Checked<'_>>) -> Result<(), CertificateError> {
    match encrypt {
        Some(encrypt) if !same_subject(&sign.x509, &encrypt.x509) => Err(CertificateError::InconsistentPair),
        _ => Ok(()),
    }
}

/// The same distinguished name; where that is empty, the same subjectAltName.
fn same_subject(a: &X509<'_>, b: &X509<'_>) -> bool {
    a.subject == b.subject
        && (!a.has_empty_subject()
            || (a.subject_alt_name.is_some() && a.subject_alt_name == b.subject_alt_name))
}

/// The certificates behind the pair. One that does not parse is the peer's fault; v1 certificates certify nothing here,
/// and passing them on would only hide why there is no path.
fn usable_intermediates<'a>(
    list: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<CertificateDer<'a>>, CertificateError> {
    let mut out = vec![];
    for der in list {
        if X509::read(der)?.is_v3 {
            out.push(CertificateDer::from(der));
        }
    }
    Ok(out)
}

/// webpki leaves keyUsage of CA certificates aside, and the encryption path's extended key usage is ours to check.
fn check_cas(path: &VerifiedPath<'_>, purposes: &[&[u8]]) -> Result<(), Error> {
    for ca in path.intermediate_certificates() {
        let der = ca.der();
        let ca = X509::read(&der).map_err(|_| Error::BadDer)?;
        if ca.key_usage.is_some_and(|bits| !bits.has_any(KeyUsageBits::KEY_CERT_SIGN)) {
            return Err(Error::EndEntityUsedAsCa);
        }
        if !usage::allows_purpose(&ca, purposes) {
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

/// webpki's errors in our words, which decide the alert (R-AL-8).
fn reason(error: &Error) -> CertificateError {
    use CertificateError as C;
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
        Error::CertRevoked => C::Revoked,
        Error::InvalidSignatureForPublicKey => C::BadSignature,
        Error::UnknownIssuer => C::UnknownIssuer,
        Error::EmptyEkuExtension => C::WrongUsage("extendedKeyUsage names another use"),
        Error::CaUsedAsEndEntity => C::WrongUsage("a CA certificate in the place of an end entity's"),
        Error::EndEntityUsedAsCa => C::WrongUsage("an issuer that is no CA, or may not sign certificates"),
        Error::PathLenConstraintViolated => {
            C::WrongUsage("more CAs on the path than pathLenConstraint allows")
        }
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => C::UnsupportedKey,
        Error::UnsupportedCertVersion => C::Other("an X.509 certificate of a version other than 3"),
        Error::UnsupportedCriticalExtension => C::Other("a critical extension that is not known here"),
        Error::NameConstraintViolation => C::Other("a name outside what its CA may certify"),
        Error::UnknownRevocationStatus => C::Other("no CRL for one of the certificates"),
        Error::CrlExpired { .. } => C::Other("a CRL is past its nextUpdate"),
        Error::InvalidCrlSignatureForPublicKey => C::Other("a CRL's signature does not verify"),
        Error::IssuerNotCrlSigner => C::Other("a CRL by an issuer that may not sign CRLs"),
        Error::MaximumPathDepthExceeded
        | Error::MaximumSignatureChecksExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => C::Other("too many certificates to find a path"),
        _ => C::Other("the certificate path does not verify"),
    }
}
