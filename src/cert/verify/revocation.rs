//! Revocation lists (R-HS-51): which of them count for a certificate, and what they say. rustls-webpki takes the first list
//! of an issuer's name and verifies it anew each time, so these are ours; it only judges when a list is loaded.
use super::Link;
use crate::cert::key_usage::KeyUsageBits;
use crate::cert::time;
use crate::cert::x509::X509;
use crate::error::CertificateProblem;
use crate::wire::der::{self, BOOLEAN, BadDer, Der, INTEGER, OCTET_STRING, OID, SEQUENCE, context};
use alloc::{boxed::Box, vec::Vec};
use rustls_pki_types::SignatureVerificationAlgorithm;
#[cfg(feature = "std")]
use std::sync::{Mutex, PoisonError};
use webpki::{BorrowedCertRevocationList, Error};

/// Issuer keys under which a list's signature was checked that are remembered.
#[cfg(feature = "std")]
const REMEMBERED_KEYS: usize = 4;

/// By which signatures are verified.
pub(super) type Algorithms<'a> = [&'a dyn SignatureVerificationAlgorithm];

/// A list that was given for use.
pub(super) struct RevocationList {
    der: Box<[u8]>,
    /// DER of the issuer's name.
    issuer: Box<[u8]>,
    authority_key_id: Option<Box<[u8]>>,
    /// `None`: all certificates of the issuer.
    scope: Option<Scope>,
    /// Unix seconds.
    this_update: u64,
    /// Unix seconds.
    next_update: u64,
    /// Serial numbers, in order.
    revoked: Vec<Box<[u8]>>,
    /// Keys of issuers, and whether the signature verifies under them. Only keys that lie on a verified path get here.
    #[cfg(feature = "std")]
    checked: Mutex<Vec<(Box<[u8]>, bool)>>,
}

/// issuingDistributionPoint.
#[derive(PartialEq, Eq)]
struct Scope {
    uris: Vec<Box<[u8]>>,
    end_entities_only: bool,
    authorities_only: bool,
}

/// The key that is to have signed a list.
pub(super) struct Issuer<'a> {
    /// Contents of the key's AlgorithmIdentifier.
    algorithm: &'a [u8],
    /// Contents of subjectPublicKey.
    key: &'a [u8],
    may_sign_lists: bool,
}

impl<'a> Issuer<'a> {
    pub(super) fn of(ca: &X509<'a>) -> Self {
        let may_sign_lists = ca.key_usage.is_none_or(|bits| bits.has_any(KeyUsageBits::CRL_SIGN));
        Self { algorithm: ca.key_algorithm(), key: ca.key(), may_sign_lists }
    }

    /// Of a root: the contents of its SubjectPublicKeyInfo are all that is kept.
    pub(super) fn of_anchor(key: &'a [u8]) -> Result<Self, BadDer> {
        let mut key = Der::new(key);
        Ok(Self { algorithm: key.expect(SEQUENCE)?, key: key.whole_bits()?, may_sign_lists: true })
    }
}

/// Whether a certificate may be used, by the lists that count for it: of each series, that is of one issuer, key
/// identifier and distribution point, the latest whose signature verifies. `lists` are in order, the latest first.
pub(super) fn look_up(
    lists: &[RevocationList],
    (certificate, link): (&X509<'_>, Link),
    issuer: &Issuer<'_>,
    algorithms: &Algorithms<'_>,
    now: u64,
) -> Result<(), CertificateProblem> {
    let unknown = |why| Err(CertificateProblem::Other(why));
    let covering = lists.iter().filter(|l| l.this_update <= now && l.covers(certificate, link));
    let (mut counting, mut unsigned): (Vec<&RevocationList>, bool) = (Vec::new(), false);
    for list in covering {
        let outdated = counting.iter().any(|l| l.is_newer_in_the_series_of(list));
        if !outdated && list.is_signed_by(issuer, algorithms) {
            counting.push(list);
        } else if !outdated {
            unsigned = true;
        }
    }
    let revokes = |l: &&RevocationList| l.revoked.binary_search_by(|s| (**s).cmp(certificate.serial)).is_ok();
    if counting.is_empty() {
        unknown(if unsigned {
            "a CRL's signature does not verify"
        } else {
            "no CRL for one of the certificates"
        })
    } else if !issuer.may_sign_lists {
        unknown("a CRL by an issuer that may not sign CRLs")
    } else if counting.iter().any(revokes) {
        Err(CertificateProblem::Revoked)
    } else if counting.iter().all(|l| now >= l.next_update) {
        unknown("a CRL is past its nextUpdate")
    } else {
        Ok(())
    }
}

impl RevocationList {
    /// Reads a list; the error says what it is not, or what is not understood here.
    pub(super) fn read(whole: &[u8]) -> Result<Self, &'static str> {
        let mut list = Self::read_fields(whole).map_err(|_| "it is not a well-formed CRL")??;
        let judged = BorrowedCertRevocationList::from_der(whole).map_err(|e| why_not(&e))?;
        for entry in &judged {
            list.revoked.push(entry.map_err(|e| why_not(&e))?.serial_number.into());
        }
        list.revoked.sort_unstable();
        Ok(list)
    }

    /// Everything but the revoked certificates.
    fn read_fields(whole: &[u8]) -> Result<Result<Self, &'static str>, BadDer> {
        let mut list = der::only(whole, SEQUENCE)?;
        let mut tbs = list.enter(SEQUENCE)?;
        if tbs.optional(INTEGER)? != Some(&[1]) {
            return Ok(Err("it is a CRL of another version than 2"));
        }
        tbs.expect(SEQUENCE)?;
        let issuer = tbs.next()?;
        let updated = tbs.next()?;
        let this_update = time::read(updated.tag, updated.value)?;
        let Some(der::UTC_TIME | der::GENERALIZED_TIME) = tbs.peek() else {
            return Ok(Err("it has no nextUpdate, so that nothing says when it is too old"));
        };
        let next = tbs.next()?;
        tbs.optional(SEQUENCE)?;
        let extensions = tbs.optional(context(0))?;
        tbs.finish()?;
        let mut out = Self {
            der: whole.into(),
            issuer: issuer.whole.into(),
            authority_key_id: None,
            scope: None,
            this_update,
            next_update: time::read(next.tag, next.value)?,
            revoked: Vec::new(),
            #[cfg(feature = "std")]
            checked: Mutex::default(),
        };
        if let Some(extensions) = extensions {
            out.read_extensions(der::only(extensions, SEQUENCE)?)?;
        }
        Ok(Ok(out))
    }

    fn read_extensions(&mut self, mut list: Der<'_>) -> Result<(), BadDer> {
        while !list.is_empty() {
            let mut extension = list.enter(SEQUENCE)?;
            let id = extension.expect(OID)?;
            extension.optional(BOOLEAN)?;
            let value = extension.expect(OCTET_STRING)?;
            match id {
                [0x55, 0x1d, 28] => self.scope = Some(Scope::read(value)?),
                [0x55, 0x1d, 35] => {
                    self.authority_key_id = der::only(value, SEQUENCE)?.optional(0x80)?.map(Box::from);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Unix seconds.
    pub(super) fn this_update(&self) -> u64 {
        self.this_update
    }

    /// Whether it speaks of this certificate.
    fn covers(&self, certificate: &X509<'_>, link: Link) -> bool {
        *self.issuer == *certificate.issuer
            && self.scope.as_ref().is_none_or(|scope| scope.covers(certificate, link))
    }

    fn is_newer_in_the_series_of(&self, other: &Self) -> bool {
        self.this_update > other.this_update
            && self.authority_key_id == other.authority_key_id
            && self.scope == other.scope
    }

    /// Whether the signature verifies under this key. A key's outcome is remembered: a list may be long, and hashing it
    /// is what a look-up would cost.
    fn is_signed_by(&self, issuer: &Issuer<'_>, algorithms: &Algorithms<'_>) -> bool {
        #[cfg(feature = "std")]
        {
            let name = [issuer.algorithm, issuer.key].concat();
            let checked = || self.checked.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, valid)) = checked().iter().find(|(key, _)| **key == *name) {
                return *valid;
            }
            let valid = self.verify(issuer, algorithms);
            let mut checked = checked();
            if checked.len() >= REMEMBERED_KEYS {
                checked.remove(0);
            }
            checked.push((name.into(), valid));
            valid
        }
        #[cfg(not(feature = "std"))]
        self.verify(issuer, algorithms)
    }

    fn verify(&self, issuer: &Issuer<'_>, algorithms: &Algorithms<'_>) -> bool {
        let parts = || {
            let mut list = der::only(&self.der, SEQUENCE)?;
            Ok::<_, BadDer>((list.next()?.whole, list.expect(SEQUENCE)?, list.whole_bits()?))
        };
        let Ok((signed, algorithm, signature)) = parts() else { return false };
        let fits = |a: &&&dyn SignatureVerificationAlgorithm| {
            *a.signature_alg_id() == *algorithm && *a.public_key_alg_id() == *issuer.algorithm
        };
        let mut fitting = algorithms.iter().filter(fits);
        fitting.any(|a| a.verify_signature(issuer.key, signed, signature).is_ok())
    }
}

impl Scope {
    /// webpki has judged it: no attribute certificates, no reasons, not indirect, a full name.
    fn read(value: &[u8]) -> Result<Self, BadDer> {
        let mut fields = der::only(value, SEQUENCE)?;
        let mut out = Self { uris: Vec::new(), end_entities_only: false, authorities_only: false };
        while !fields.is_empty() {
            let field = fields.next()?;
            match field.tag {
                0xa0 => out.uris = uris(field.value).map(Box::from).collect(),
                0x81 => out.end_entities_only = field.value != [0],
                0x82 => out.authorities_only = field.value != [0],
                _ => {}
            }
        }
        Ok(out)
    }

    fn covers(&self, certificate: &X509<'_>, link: Link) -> bool {
        let of_this_kind = match link {
            Link::EndEntity => !self.authorities_only,
            Link::Authority => !self.end_entities_only,
        };
        // Without cRLDistributionPoints the issuer's name is all there is to go by.
        of_this_kind && certificate.crl_distribution_points.is_none_or(|points| self.meets(points))
    }

    /// Whether one of the certificate's distribution points is this one.
    fn meets(&self, points: &[u8]) -> bool {
        let mut points = Der::new(points);
        while let Ok(mut point) = points.enter(SEQUENCE) {
            let name = point.optional(context(0)).ok().flatten().unwrap_or_default();
            // One for some reasons only, or of another issuer, is not for these lists.
            let plain = point.is_empty();
            if plain && uris(name).any(|uri| self.uris.iter().any(|own| **own == *uri)) {
                return true;
            }
        }
        false
    }
}

/// The URIs of a DistributionPointName's fullName [0].
fn uris(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    const URI: u8 = 0x86;
    let mut names = Der::new(name).enter(context(0)).unwrap_or(Der::new(&[]));
    core::iter::from_fn(move || names.next().ok()).filter(|name| name.tag == URI).map(|name| name.value)
}

/// webpki's errors about lists, in words.
fn why_not(error: &Error) -> &'static str {
    match error {
        Error::UnsupportedDeltaCrl => "it is a delta CRL: give the whole one",
        Error::UnsupportedIndirectCrl => "it is an indirect CRL, for certificates of several issuers",
        Error::UnsupportedRevocationReasonsPartitioning => "it is a CRL for some revocation reasons alone",
        Error::UnsupportedCrlIssuingDistributionPoint => "its distribution point has no full name",
        Error::UnsupportedCriticalExtension => "it has a critical extension that is not known here",
        Error::SignatureAlgorithmMismatch => "it names two different signature algorithms",
        _ => "it is not a well-formed CRL",
    }
}
