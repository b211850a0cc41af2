//! Making a [`WebPkiVerifier`].
use super::{CertPolicy, WebPkiVerifier};
use crate::cert::der::{self, SEQUENCE};
use crate::cert::names;
use crate::cert::pem::{self, Kind};
use crate::cert::usage::KeyUsageBits;
use crate::cert::x509::X509;
use crate::crypto::{DEFAULT_USER_ID, Provider};
use crate::error::ConfigError;
use crate::suite::HashAlgorithm;
use alloc::{format, vec::Vec};
use rustls_pki_types::{CertificateDer, TrustAnchor};
use webpki::{CertRevocationList, OwnedCertRevocationList, RevocationCheckDepth, anchor_from_trusted_cert};

/// Collects roots and rules for a [`WebPkiVerifier`].
pub struct VerifierBuilder {
    provider: Provider,
    anchors: Vec<TrustAnchor<'static>>,
    policy: CertPolicy,
    user_ids: Option<Vec<Vec<u8>>>,
    key_usage_required: bool,
    name_on_both: bool,
    crls: Vec<(Vec<u8>, CertRevocationList<'static>)>,
    crl_depth: RevocationCheckDepth,
    #[cfg(feature = "std")]
    remembered: usize,
}

impl VerifierBuilder {
    pub(super) fn new(provider: &Provider) -> Self {
        Self {
            provider: *provider,
            anchors: Vec::new(),
            policy: CertPolicy::Standard,
            user_ids: None,
            key_usage_required: false,
            name_on_both: false,
            crls: Vec::new(),
            crl_depth: RevocationCheckDepth::Chain,
            #[cfg(feature = "std")]
            remembered: super::cache::DEFAULT_CAPACITY,
        }
    }

    /// Trusts every certificate in a pile of PEM or DER files: roots, and intermediate CAs as well if they are in it. As
    /// with all trust anchors, their own validity is not checked.
    ///
    /// # Errors
    /// Names a certificate that cannot be an anchor: it does not parse, is no CA's, or has no SM2 key.
    pub fn roots(mut self, files: &[&[u8]]) -> Result<Self, ConfigError> {
        for item in pem::items(files)?.iter().filter(|i| i.kind == Kind::Certificate) {
            let fail = |why: &str| ConfigError::new(format!("{}: {why}", item.place));
            let x509 = X509::read(&item.der).map_err(|_| fail("the certificate does not parse"))?;
            let subject = names::text(x509.subject);
            let fail = |why: &str| fail(&format!("{subject}: {why}"));
            x509.public_key(self.provider.keys)
                .map_err(|_| fail("its key is not an SM2 key on the named curve"))?;
            if !(x509.is_ca || !x509.is_v3 && x509.is_self_issued()) {
                return Err(fail("not a CA certificate; trust the certificate of its issuer"));
            }
            if x509.key_usage.is_some_and(|bits| !bits.has_any(KeyUsageBits::KEY_CERT_SIGN)) {
                return Err(fail("keyUsage lacks keyCertSign, so this CA may not sign certificates"));
            }
            let der = CertificateDer::from(item.der.as_slice());
            let anchor =
                anchor_from_trusted_cert(&der).map_err(|_| fail("the certificate does not parse"))?;
            if !self.anchors.contains(&anchor) {
                self.anchors.push(anchor.to_owned());
            }
        }
        Ok(self)
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

    /// Asks for the same subject *and* the server's name on the encryption certificate; otherwise one of the two is
    /// enough (R-HS-41).
    pub fn require_name_on_both(mut self) -> Self {
        self.name_on_both = true;
        self
    }

    /// Checks revocation against these lists (PEM or DER). Every certificate of both paths but the root must then be
    /// covered by one that has not passed its nextUpdate.
    ///
    /// # Errors
    /// Names a list that does not parse.
    pub fn crls(mut self, files: &[&[u8]]) -> Result<Self, ConfigError> {
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
                let crl = OwnedCertRevocationList::from_der(&der)
                    .map_err(|e| ConfigError::new(format!("CRL file {number}: not a usable CRL ({e:?})")))?;
                self.crls.push((der, crl.into()));
            }
        }
        Ok(self)
    }

    /// Looks for the pair alone in the CRLs, not for the CA certificates above it.
    pub fn revocation_of_end_entities_only(mut self) -> Self {
        self.crl_depth = RevocationCheckDepth::EndEntity;
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
            CertPolicy::Standard => alloc::vec![DEFAULT_USER_ID.to_vec()],
            CertPolicy::Gm => alloc::vec![DEFAULT_USER_ID.to_vec(), Vec::new()],
        });
        if user_ids.is_empty() || user_ids.iter().any(|id| id.len() > 8191) {
            return Err(ConfigError::new(
                "one user id at least is needed, and none may be longer than 8191 bytes",
            ));
        }
        let subject = |a: &TrustAnchor<'_>| der::element(SEQUENCE, &[a.subject.as_ref()]);
        let mut authorities: Vec<Vec<u8>> = Vec::new();
        for name in self.anchors.iter().map(subject) {
            if !authorities.contains(&name) {
                authorities.push(name);
            }
        }
        Ok(WebPkiVerifier {
            context: self.context(&user_ids),
            authorities,
            provider: self.provider,
            anchors: self.anchors,
            policy: self.policy,
            user_ids,
            key_usage_required: self.key_usage_required,
            name_on_both: self.name_on_both,
            crls: self.crls.into_iter().map(|(_, crl)| crl).collect(),
            crl_depth: self.crl_depth,
            #[cfg(feature = "std")]
            cache: super::cache::Cache::new(self.remembered),
        })
    }

    /// A hash over all that decides, whatever the order in which roots and lists were given.
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
        let crls = sorted(self.crls.iter().map(|(der, _)| octets(der)).collect());
        let ids: Vec<u8> = user_ids.iter().flat_map(|id| octets(id)).collect();
        let rules = [
            u8::from(self.policy == CertPolicy::Gm),
            u8::from(self.key_usage_required),
            u8::from(self.name_on_both),
            u8::from(self.crl_depth == RevocationCheckDepth::EndEntity),
        ];
        let parts: [&[u8]; 5] = [b"WebPkiVerifier", &rules, &octets(&ids), &anchors, &crls];
        self.provider.hashes.digest(HashAlgorithm::Sm3, &parts).as_ref().to_vec()
    }
}
