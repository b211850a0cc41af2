//! The standard verifier: paths by rustls-webpki, with signatures through the provider; the pair, key usage, names and the
//! leniencies of [`CertPolicy`] here.
mod algorithm;
mod builder;
#[cfg(feature = "std")]
mod cache;
mod intermediates;
#[cfg(all(test, feature = "std", feature = "tls12"))]
mod limbo;
mod path;
mod revocation;
mod shown;

pub use builder::VerifierBuilder;

use super::fault::{fault, read};
use super::usage::{self, Own};
use super::x509::X509;
use super::{Expected, KeyUse, PeerClaim, PeerKeys, PeerRole, ServerName, Verified, Verifier, names};
use crate::crypto::Provider;
use crate::error::{CertificateError, CertificatePlace, CertificateProblem};
use crate::message::Credential;
use crate::suite::{Certificates, KeyKind};
use crate::wire::der::{Der, SEQUENCE};
use algorithm::{Algorithm, Work, as_dyn};
use alloc::{boxed::Box, vec::Vec};
use core::fmt;
use path::{Path, Search};
use revocation::{Algorithms, RevocationList};
use rustls_pki_types::{CertificateDer, TrustAnchor};
use shown::Shown;
use smallvec::SmallVec;

/// How closely certificates must follow the standards. What each leniency is for was decided on chains in the field:
///
/// | | `Standard` | `Gm` | `Web` |
/// |---|---|---|---|
/// | what is verified | TLCP's pairs | TLCP's pairs | TLS's single certificates |
/// | keys of the CAs, unless told otherwise | SM2 | SM2 | ECDSA on P-256 and P-384, Ed25519, RSA of 2048 bits and more (R-BCP-5) |
/// | signatures | SM2 with SM3; RSA PKCS#1 with SHA-2 | the same | ECDSA, RSA PKCS#1 and RSA-PSS with SHA-2, Ed25519: no MD5, no SHA-1 (R-BCP-7) |
/// | keyUsage, if present | R-SM2-7 | R-SM2-7 | R-T12-9 |
/// | user id of certificate and CRL signatures (R-SM2-8) | the default id | the default id, then the empty one | the default id |
/// | name (R-HS-41) | subjectAltName | if that has no DNS name and no address: the last CN, exactly | subjectAltName |
/// | extended key usage of a server, if present | serverAuth or any | serverAuth or any | serverAuth |
/// | extended key usage of a client, if present | clientAuth or any | clientAuth, serverAuth or any | clientAuth |
/// | signature parameters absent or NULL; key algorithm id-ecPublicKey or the curve's OID (R-SM2-9) | yes | yes | RSA's absent or NULL |
/// | X.509 v1, self-issued, as a root | yes | yes | yes |
/// | X.509 v1 as any other certificate | no | no | no |
/// | a CA without basicConstraints cA, or with a keyUsage that lacks keyCertSign | no | no | no |
/// | CA certificate as its own certificate | no | no | no |
/// | unknown critical extensions; also certificatePolicies if critical | no | no | no |
/// | explicit curve parameters; signatures made without Z | no | no | no |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CertPolicy {
    /// RFC 5280 and RFC 6125 as far as they apply.
    #[default]
    Standard,
    /// What Chinese CAs and TLCP products issue.
    Gm,
    /// TLS: what the CAs of the Web issue, and private ones that follow them. To be told before the roots.
    Web,
}

/// Verifies a peer's pair of certificates (R-HS-41, R-HS-42, R-HS-46), or its only one (R-T12-9): each must have a path to a trusted root, be valid now,
/// not be revoked, and have the right key usage; a server's signing certificate must be for the name that was asked for;
/// and the encryption certificate must belong to it. Certificates behind its own help all paths, in any order.
///
/// ```no_run
/// use tlcp::{CertPolicy, WebPkiVerifier, default_provider};
///
/// let [root, crl] = [std::fs::read("ca.crt")?, std::fs::read("ca.crl")?];
/// let verifier = WebPkiVerifier::builder(&default_provider())
///     .policy(CertPolicy::Gm) // what Chinese CAs issue: names in the CN, signatures under the empty user id
///     .roots(&[&root])?
///     .crls(&[&crl])? // without lists, no revocation is checked
///     .build()?;
/// for certificate in verifier.skipped() {
///     eprintln!("not used: {certificate}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WebPkiVerifier {
    provider: Provider,
    anchors: Vec<TrustAnchor<'static>>,
    skipped: Vec<Box<str>>,
    ca_keys: Vec<KeyKind>,
    policy: CertPolicy,
    user_ids: Vec<Vec<u8>>,
    key_usage_required: bool,
    same_subject: bool,
    name_on_both: bool,
    /// The latest first.
    crls: Vec<RevocationList>,
    end_entities_only: bool,
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
        let pair = ReadPair::read(&claim.credential, &claim.keys, self.own(&claim.keys)?)?;
        let paths = self.paths(&pair, Some(purposes(&claim.role, self.policy)), now)?;
        self.check_pair(&pair, &paths, &claim.role)?;
        let end = pair.encrypt.as_ref().map_or(u64::MAX, |c| c.not_after).min(pair.sign.not_after);
        Ok(Verified::assertion(end))
    }

    /// Finds both paths again, with the lists of today. What the certificates are for was checked when the session was
    /// made.
    fn check_again(&self, credential: &Credential, now: u64) -> Result<(), CertificateError> {
        if self.crls.is_empty() {
            return Ok(());
        }
        let keys = |expected| credential.keys(expected, self.provider.keys);
        let keys = match self.policy {
            CertPolicy::Standard | CertPolicy::Gm => keys(Expected::PairOrSign)?,
            // What it was for is not known any more.
            CertPolicy::Web => {
                keys(Expected::Single(KeyUse::Sign)).or_else(|_| keys(Expected::Single(KeyUse::Encrypt)))?
            }
        };
        self.paths(&ReadPair::read(credential, &keys, self.own(&keys)?)?, None, now).map(|_| ())
    }

    fn verifies(&self, certificates: Certificates) -> bool {
        match self.policy {
            CertPolicy::Standard | CertPolicy::Gm => certificates == Certificates::Pair,
            CertPolicy::Web => certificates == Certificates::Single,
        }
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        self.authorities.clone()
    }

    fn context(&self) -> Vec<u8> {
        self.context.clone()
    }
}

/// Signature checks that one search may do for each root that bears a name in question (R-HS-50).
const MOST_SIGNATURE_CHECKS: usize = 24;

/// A peer's own certificates, and what else it sent.
struct ReadPair<'a> {
    /// What the first one is.
    own: Own,
    sign: X509<'a>,
    encrypt: Option<X509<'a>>,
    /// With the keys that tell which of them are its own.
    shown: (&'a Credential, &'a PeerKeys),
}

impl<'a> ReadPair<'a> {
    fn read(credential: &'a Credential, keys: &'a PeerKeys, own: Own) -> Result<Self, CertificateError> {
        let encrypt = credential.encryption_certificate(keys);
        Ok(Self {
            own,
            sign: read(credential.end_point(), CertificatePlace::from(own))?,
            encrypt: encrypt.map(|der| read(der, CertificatePlace::Encrypt)).transpose()?,
            shown: (credential, keys),
        })
    }
}

/// The paths of a pair.
struct Paths {
    sign: Path,
    encrypt: Option<Path>,
}

/// What a certificate is in its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    EndEntity,
    Authority,
}

impl WebPkiVerifier {
    /// A builder that trusts no root yet; `provider` checks the signatures.
    pub fn builder(provider: &Provider) -> VerifierBuilder {
        VerifierBuilder::new(provider)
    }

    /// The certificates that were given as roots and are none that could be used, each with its place and the reason.
    pub fn skipped(&self) -> &[Box<str>] {
        &self.skipped
    }

    /// What the first certificate of these is; each policy has its own form.
    fn own(&self, keys: &PeerKeys) -> Result<Own, CertificateError> {
        match (self.policy, keys) {
            (CertPolicy::Web, PeerKeys::Single { key_use, .. }) => Ok(Own::single(*key_use)),
            (_, PeerKeys::Identity { .. }) => {
                Err(CertificateProblem::Other("an identity, where certificates are verified").into())
            }
            (CertPolicy::Web, _) => {
                Err(CertificateProblem::Other("a pair of certificates, where CertPolicy::Web takes one")
                    .into())
            }
            (CertPolicy::Standard | CertPolicy::Gm, _) => Ok(Own::pair(KeyUse::Sign)),
        }
    }

    /// (1) of R-HS-41 for both.
    fn paths(
        &self,
        pair: &ReadPair<'_>,
        purposes: Option<&'static [&'static [u8]]>,
        now: u64,
    ) -> Result<Paths, CertificateError> {
        let leaves = || [&pair.sign].into_iter().chain(&pair.encrypt);
        let (credential, keys) = pair.shown;
        let cas = intermediates::select(leaves, credential.others(keys), now);
        let pool: Vec<_> = cas.iter().map(|ca| CertificateDer::from(ca.der)).collect();
        let named = |a: &&TrustAnchor<'_>| {
            let mut all = leaves().chain(&cas);
            all.any(|c| Der::new(c.issuer).expect(SEQUENCE) == Ok(&*a.subject))
        };
        let anchors = self.anchors.iter().filter(named).count().max(1);
        // The lists remember what was checked, so that nobody can have it done again.
        let list_work = Work::new(usize::MAX, None);
        let list_algorithms = match self.crls.is_empty() {
            true => SmallVec::new(),
            false => Algorithm::all(self, &list_work),
        };
        let list_algorithms = as_dyn(&list_algorithms);
        let path = |certificate: &X509<'_>, own| {
            let shown = match own {
                ENCRYPT => Shown::without_empty_purposes(certificate)?,
                _ => None,
            };
            let work = Work::new(MOST_SIGNATURE_CHECKS.saturating_mul(anchors), shown);
            let algorithms = Algorithm::all(self, &work);
            let algorithms = as_dyn(&algorithms);
            let [algorithms, list_algorithms]: [&Algorithms<'_>; 2] = [&algorithms, &list_algorithms];
            let (work, cas, pool) = (&work, &cas[..], &pool[..]);
            let search = Search { algorithms, list_algorithms, work, cas, pool, purposes, now };
            self.check(certificate, own, &search)
        };
        Ok(Paths {
            sign: path(&pair.sign, pair.own)?,
            encrypt: pair.encrypt.as_ref().map(|c| path(c, ENCRYPT)).transpose()?,
        })
    }

    /// Version, usage and path of one of the pair.
    fn check(&self, certificate: &X509<'_>, own: Own, search: &Search<'_>) -> Result<Path, CertificateError> {
        let version = match certificate.version {
            3 => None,
            1 => Some("an X.509 certificate of version 1, where 3 is needed"),
            2 => Some("an X.509 certificate of version 2, where 3 is needed"),
            _ => Some("an X.509 certificate of an unknown version, where 3 is needed"),
        };
        match version {
            Some(why) => Err(CertificateProblem::Other(why)),
            None => usage::check(certificate, own, self.key_usage_required),
        }
        .map_err(|problem| fault(problem, own, certificate))?;
        self.path(certificate, own, search)
    }

    /// (2) and (3) of R-HS-41 for a server, and R-HS-46 for both.
    fn check_pair(
        &self,
        pair: &ReadPair<'_>,
        paths: &Paths,
        role: &PeerRole,
    ) -> Result<(), CertificateError> {
        if let PeerRole::Server(name) = role
            && !self.is_for(&pair.sign, paths.sign, name)
        {
            return Err(fault(CertificateProblem::NameMismatch, pair.own, &pair.sign));
        }
        match (&pair.encrypt, paths.encrypt, role) {
            (Some(encrypt), Some(path), _) if self.belongs(pair, paths.sign, (encrypt, path), role) => Ok(()),
            (Some(encrypt), ..) => Err(fault(CertificateProblem::InconsistentPair, ENCRYPT, encrypt)),
            (None, _, PeerRole::Client) => Ok(()),
            (None, _, PeerRole::Server(_)) if pair.own.of == Certificates::Single => Ok(()),
            (None, _, PeerRole::Server(_)) => Err(CertificateProblem::MissingEncryptionCertificate.into()),
        }
    }

    /// Whether the encryption certificate is the signing certificate's other half (R-HS-46): of the same subject, for the
    /// same names, for the server that was asked for, or of the same CA. That the peer uses both keys binds them too.
    fn belongs(
        &self,
        pair: &ReadPair<'_>,
        sign_path: Path,
        (encrypt, encrypt_path): (&X509<'_>, Path),
        role: &PeerRole,
    ) -> bool {
        let sign = &pair.sign;
        let has_names = sign.subject_alt_name.is_some_and(|names| !names.is_empty());
        let same_names = has_names && sign.subject_alt_name == encrypt.subject_alt_name;
        let same_subject = sign.subject == encrypt.subject && (!sign.has_empty_subject() || same_names);
        let named = match role {
            PeerRole::Server(name) => self.is_for(encrypt, encrypt_path, name),
            PeerRole::Client => false,
        };
        if self.name_on_both && matches!(role, PeerRole::Server(_)) {
            return same_subject && named;
        }
        if self.same_subject || self.name_on_both {
            return same_subject || named;
        }
        let by_ca_alone = self.policy == CertPolicy::Gm || matches!(role, PeerRole::Client);
        let same_ca = sign.issuer == encrypt.issuer && sign_path.anchor == encrypt_path.anchor;
        same_subject || same_names || named || (by_ca_alone && same_ca)
    }

    fn is_for(&self, certificate: &X509<'_>, path: Path, name: &ServerName<'_>) -> bool {
        names::matches(certificate, name, self.policy == CertPolicy::Gm && path.unconstrained)
    }
}

const ENCRYPT: Own = Own::pair(KeyUse::Encrypt);

/// The extended key usages that allow a certificate to be a peer's signing certificate, or its only one (R-SM2-9).
fn purposes(role: &PeerRole, policy: CertPolicy) -> &'static [&'static [u8]] {
    match (role, policy) {
        (PeerRole::Server(_), CertPolicy::Web) => &[usage::SERVER_AUTH],
        (PeerRole::Client, CertPolicy::Web) => &[usage::CLIENT_AUTH],
        (PeerRole::Server(_), _) => &[usage::SERVER_AUTH, usage::ANY_PURPOSE],
        // Chinese CAs issue client certificates from their server profile.
        (PeerRole::Client, CertPolicy::Gm) => &[usage::CLIENT_AUTH, usage::SERVER_AUTH, usage::ANY_PURPOSE],
        (PeerRole::Client, CertPolicy::Standard) => &[usage::CLIENT_AUTH, usage::ANY_PURPOSE],
    }
}
