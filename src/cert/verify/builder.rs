//! Making a [`WebPkiVerifier`].
use super::intermediates::may_sign_certificates;
use super::revocation::RevocationList;
use super::{CertPolicy, WebPkiVerifier};
use crate::cert::algorithm::KeyForm;
use crate::cert::names;
use crate::cert::pem::{self, Kind};
use crate::cert::x509::X509;
use crate::crypto::{DEFAULT_USER_ID, Provider};
use crate::error::ConfigError;
use crate::suite::{HashAlgorithm, KeyKind};
use crate::wire::der::{self, Der, SEQUENCE};
use alloc::collections::BTreeSet;
use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::cmp::Reverse;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use webpki::anchor_from_trusted_cert;

/// Collects roots and rules for a [`WebPkiVerifier`].
pub struct VerifierBuilder {
    provider: Provider,
    anchors: Vec<TrustAnchor<'static>>,
    /// The certificates of [`VerifierBuilder::anchors`], to know those that come twice.
    known: BTreeSet<Box<[u8]>>,
    skipped: Vec<Box<str>>,
    ca_keys: Option<Vec<KeyKind>>,
    policy: CertPolicy,
    user_ids: Option<Vec<Vec<u8>>>,
    key_usage_required: bool,
    same_subject: bool,
    name_on_both: bool,
    crls: Vec<RevocationList>,
    end_entities_only: bool,
    #[cfg(feature = "std")]
    remembered: usize,
}

impl VerifierBuilder {
    pub(super) fn new(provider: &Provider) -> Self {
        Self {
            provider: *provider,
            anchors: Vec::new(),
            known: BTreeSet::new(),
            skipped: Vec::new(),
            ca_keys: None,
            policy: CertPolicy::Standard,
            user_ids: None,
            key_usage_required: false,
            same_subject: false,
            name_on_both: false,
            crls: Vec::new(),
            end_entities_only: false,
            #[cfg(feature = "std")]
            remembered: super::cache::DEFAULT_CAPACITY,
        }
    }

    /// The kinds of keys that CAs may have, to be told before [`VerifierBuilder::roots`]: by default SM2 alone, so that of a
    /// system's bundle no CA of the Web is trusted, and under [`CertPolicy::Web`] all but SM2. The feature `rsa` verifies
    /// RSA's PKCS#1 signatures, `tls12` those by RSA-PSS, ECDSA and Ed25519.
    pub fn ca_keys(mut self, kinds: &[KeyKind]) -> Self {
        self.ca_keys = Some(kinds.to_vec());
        self
    }

    fn kinds(&self) -> &[KeyKind] {
        match (&self.ca_keys, self.policy) {
            (Some(kinds), _) => kinds,
            (None, CertPolicy::Standard | CertPolicy::Gm) => &[KeyKind::Sm2],
            (None, CertPolicy::Web) => &[KeyKind::Ecdsa, KeyKind::Rsa],
        }
    }

    /// Trusts every CA certificate in a pile of PEM or DER files: roots, and intermediate CAs as well if they are in it.
    /// As with all trust anchors, their own validity is not checked. A certificate that cannot be an anchor is passed
    /// over, and [`WebPkiVerifier::skipped`] tells of it, so that the CA bundle of a system can be given.
    ///
    /// # Errors
    /// If there are certificates, and none of them can be an anchor: they do not parse, are no CA's, or have no SM2 key.
    /// If a file is neither PEM nor DER.
    pub fn roots(mut self, files: &[&[u8]]) -> Result<Self, ConfigError> {
        let (mut usable, mut skipped) = (0_usize, Vec::new());
        for item in pem::items(files)?.iter().filter(|i| i.kind == Kind::Certificate) {
            match self.anchor(&item.der) {
                Err(why) => skipped.push(format!("{}: {why}", item.place).into_boxed_str()),
                Ok(anchor) => {
                    usable = usable.saturating_add(1);
                    if self.known.insert(item.der.as_slice().into()) {
                        self.anchors.push(anchor);
                    }
                }
            }
        }
        if let (0, Some(first)) = (usable, skipped.first()) {
            let text = match skipped.len() {
                1 => first.clone(),
                n => format!("none of {n} certificates can be a root; {first}").into(),
            };
            return Err(ConfigError::new(text));
        }
        self.skipped.extend(skipped);
        Ok(self)
    }

    /// Trusts the roots of the operating system, or those in the files that the environment names (`SSL_CERT_FILE`,
    /// `SSL_CERT_DIR`); as [`VerifierBuilder::roots`], and usually under [`CertPolicy::Web`].
    ///
    /// # Errors
    /// If there are none, or none that can be an anchor.
    #[cfg(feature = "native-roots")]
    pub fn native_roots(self) -> Result<Self, ConfigError> {
        let found = rustls_native_certs::load_native_certs();
        if found.certs.is_empty() {
            let why = found.errors.first().map(|e| format!(" ({e})")).unwrap_or_default();
            return Err(ConfigError::new(format!(
                "the operating system has no root certificates{why}: install them, name a file of them in the environment \
                 variable SSL_CERT_FILE, or give them as files"
            )));
        }
        let files: Vec<&[u8]> = found.certs.iter().map(|der| &**der).collect();
        self.roots(&files)
    }

    /// The certificate as a trust anchor, or why it cannot be one.
    fn anchor(&self, der: &[u8]) -> Result<TrustAnchor<'static>, String> {
        let x509 = X509::read(der).map_err(|_| "the certificate does not parse")?;
        let fail = |why: &str| Err(format!("{}: {why}", names::text(x509.subject)));
        let key = x509.public_key(self.provider.keys);
        if !key.is_ok_and(|key| self.kinds().contains(&key.kind())) {
            return fail(match *self.kinds() {
                [KeyKind::Sm2] => "its key is not an SM2 key on the named curve",
                _ => "its key is of no kind that its CAs may have, or too short",
            });
        }
        if !x509.is_authority() {
            return fail("not a CA certificate; trust the certificate of its issuer");
        }
        if !may_sign_certificates(&x509) {
            return fail("keyUsage lacks keyCertSign, so this CA may not sign certificates");
        }
        match anchor_from_trusted_cert(&CertificateDer::from(der)) {
            Ok(anchor) => Ok(anchor.to_owned()),
            Err(_) => fail("the certificate does not parse"),
        }
    }

    /// Which leniencies hold; [`CertPolicy::Standard`] unless told otherwise.
    pub fn policy(mut self, policy: CertPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The user ids under which signatures of certificates and CRLs are tried, in this order, in place of the policy's
    /// (R-SM2-8). Signatures of the handshake always use the default one.
    pub fn user_ids(mut self, ids: &[&[u8]]) -> Self {
        self.user_ids = Some(ids.iter().map(|id| id.to_vec()).collect());
        self
    }

    /// Refuses a pair in which either certificate has no keyUsage (R-SM2-7).
    pub fn require_key_usage(mut self) -> Self {
        self.key_usage_required = true;
        self
    }

    /// Asks for the same subject on both certificates, or the server's name on the encryption certificate too; otherwise
    /// the same names or, for clients and under [`CertPolicy::Gm`], the same CA will do (R-HS-46).
    pub fn require_same_subject(mut self) -> Self {
        self.same_subject = true;
        self
    }

    /// Asks for the same subject *and* the server's name on the encryption certificate; otherwise one of the two is
    /// enough (R-HS-41). For clients, who have no name, as [`VerifierBuilder::require_same_subject`].
    pub fn require_name_on_both(mut self) -> Self {
        self.name_on_both = true;
        self
    }

    /// Checks revocation against these lists (PEM or DER). Every certificate of both paths but the root must then be
    /// covered by one that has not passed its nextUpdate; of several, those count that R-HS-51 says. A new set of lists
    /// needs a new verifier, whose sessions are the old one's: each is looked up before it is resumed.
    ///
    /// # Errors
    /// Names a list that does not parse. If there is no list at all: leave the call out to check no revocation.
    pub fn crls(mut self, files: &[&[u8]]) -> Result<Self, ConfigError> {
        if files.is_empty() {
            return Err(ConfigError::new(
                "an empty set of CRLs says nothing about any certificate: give lists, or do not ask for revocation",
            ));
        }
        for (file, number) in files.iter().zip(1_usize..) {
            let lists = if file.first() == Some(&SEQUENCE) {
                alloc::vec![file.to_vec()]
            } else {
                let items = pem::items(&[file])?;
                items.iter().filter(|i| i.kind == Kind::Crl).map(|i| i.der.to_vec()).collect()
            };
            if lists.is_empty() {
                return Err(ConfigError::new(format!("CRL file {number}: holds no CRL")));
            }
            for der in lists {
                let list = RevocationList::read(&der)
                    .map_err(|why| ConfigError::new(format!("CRL file {number}: not a usable CRL: {why}")))?;
                self.crls.push(list);
            }
        }
        Ok(self)
    }

    /// Looks for the pair alone in the CRLs, not for the CA certificates above it.
    pub fn revocation_of_end_entities_only(mut self) -> Self {
        self.end_entities_only = true;
        self
    }

    /// How many signatures of certificates that verified are remembered, 64 bytes each, so that the certificates of a
    /// peer seen before cost none; 256 unless told otherwise, 0 switches it off.
    #[cfg(feature = "std")]
    pub fn remember_signatures(mut self, most: usize) -> Self {
        self.remembered = most;
        self
    }

    /// The verifier.
    ///
    /// # Errors
    /// If there is no root, or a user id is longer than 8191 bytes.
    pub fn build(self) -> Result<WebPkiVerifier, ConfigError> {
        if self.anchors.is_empty() {
            return Err(ConfigError::new(
                "no root certificate to verify the peer with: give the CA's certificate",
            ));
        }
        let user_ids = self.user_ids.clone().unwrap_or_else(|| match self.policy {
            CertPolicy::Standard | CertPolicy::Web => alloc::vec![DEFAULT_USER_ID.to_vec()],
            CertPolicy::Gm => alloc::vec![DEFAULT_USER_ID.to_vec(), Vec::new()],
        });
        if user_ids.is_empty() || user_ids.iter().any(|id| id.len() > 8191) {
            return Err(ConfigError::new(
                "one user id at least is needed, and none may be longer than 8191 bytes",
            ));
        }
        let ca_keys = self.kinds().to_vec();
        let kind = |a: &TrustAnchor<'_>| {
            let algorithm = Der::new(&a.subject_public_key_info).expect(SEQUENCE).ok()?;
            KeyForm::of(algorithm).map(KeyForm::kind)
        };
        if !self.anchors.iter().all(|a| kind(a).is_some_and(|kind| ca_keys.contains(&kind))) {
            return Err(ConfigError::new(
                "a root has a key of a kind that is not taken: tell the policy and the kinds of CA keys before the roots",
            ));
        }
        let context = self.context(&user_ids);
        let subject = |a: &TrustAnchor<'_>| der::element(SEQUENCE, &[a.subject.as_ref()]);
        let mut named = BTreeSet::new();
        let authorities =
            self.anchors.iter().map(subject).filter(|name| named.insert(name.clone())).collect();
        let mut crls = self.crls;
        crls.sort_by_key(|list| Reverse(list.this_update()));
        Ok(WebPkiVerifier {
            ca_keys,
            context,
            authorities,
            provider: self.provider,
            anchors: self.anchors,
            skipped: self.skipped,
            policy: self.policy,
            user_ids,
            key_usage_required: self.key_usage_required,
            same_subject: self.same_subject,
            name_on_both: self.name_on_both,
            crls,
            end_entities_only: self.end_entities_only,
            #[cfg(feature = "std")]
            cache: super::cache::Cache::new(self.remembered),
        })
    }

    /// A hash over all that decides, whatever the order in which roots were given. Revocation is left out: whether a peer
    /// is revoked is looked up each time (R-HS-51).
    fn context(&self, user_ids: &[Vec<u8>]) -> Vec<u8> {
        let octets = |bytes: &[u8]| der::element(der::OCTET_STRING, &[bytes]);
        let sorted = |mut parts: Vec<Vec<u8>>| {
            parts.sort();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            der::element(der::SET, &parts)
        };
        let anchor = |a: &TrustAnchor<'_>| {
            let constraints = a.name_constraints.as_deref().unwrap_or_default();
            let parts = [&a.subject, &a.subject_public_key_info].map(|p| octets(p));
            der::element(SEQUENCE, &[&parts[0], &parts[1], &octets(constraints)])
        };
        let anchors = sorted(self.anchors.iter().map(anchor).collect());
        let ids: Vec<u8> = user_ids.iter().flat_map(|id| octets(id)).collect();
        let rules = [
            match self.policy {
                CertPolicy::Standard => 0,
                CertPolicy::Gm => 1,
                CertPolicy::Web => 2,
            },
            u8::from(self.key_usage_required),
            u8::from(self.same_subject),
            u8::from(self.name_on_both),
            u8::from(self.kinds().contains(&KeyKind::Sm2)),
            u8::from(self.kinds().contains(&KeyKind::Rsa)),
            u8::from(self.kinds().contains(&KeyKind::Ecdsa)),
        ];
        let parts: [&[u8]; 4] = [b"WebPkiVerifier", &rules, &octets(&ids), &anchors];
        self.provider.hashes.digest(HashAlgorithm::Sm3, &parts).as_ref().to_vec()
    }
}
