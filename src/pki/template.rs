//! What a certificate or a request for one is to hold.
use super::{NewKey, bad_name};
use crate::cert::x509::X509;
use crate::crypto::DEFAULT_USER_ID;
use crate::error::CryptoError;
use alloc::{string::String, vec, vec::Vec};
use core::net::IpAddr;
use core::str::FromStr;
use der::asn1::{Any, Ia5String, ObjectIdentifier, OctetString, SetOfVec};
use der::oid::AssociatedOid;
use der::oid::db::{rfc4519, rfc5912};
use der::{Decode, Encode, Reader, SliceReader, Tag, flagset::FlagSet};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::pkix::constraints::name::{GeneralSubtree, NameConstraints};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::ext::{Criticality, Extension, Extensions, ToExtension};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};

/// What a certificate or a request for one is to hold.
#[derive(Debug, Clone)]
pub struct Template<'a> {
    common_name: &'a str,
    organization: &'a str,
    subject: &'a str,
    names: &'a [String],
    pub(super) validity: (u64, u64),
    key_usage: Option<FlagSet<KeyUsages>>,
    purpose: Option<ObjectIdentifier>,
    ca: Option<Option<u8>>,
    constraint: Option<&'a str>,
    pub(super) key: NewKey<'a>,
    pub(super) user_id: &'a [u8],
    extra: &'a [u8],
}

impl<'a> Template<'a> {
    /// Valid between two moments (Unix seconds), with no extensions so far.
    pub fn new(not_before: u64, not_after: u64) -> Self {
        Self {
            common_name: "",
            organization: "",
            subject: "",
            names: &[],
            validity: (not_before, not_after),
            key_usage: None,
            purpose: None,
            ca: None,
            constraint: None,
            key: NewKey::Sm2,
            user_id: DEFAULT_USER_ID,
            extra: &[],
        }
    }

    /// CN of the subject; empty: none.
    pub fn common_name(mut self, name: &'a str) -> Self {
        self.common_name = name;
        self
    }

    /// O of the subject; empty: none.
    pub fn organization(mut self, name: &'a str) -> Self {
        self.organization = name;
        self
    }

    /// The whole subject as RFC 4514 writes it, such as `CN=www.example.com,O=Example,C=CN`, in place of CN and O; empty:
    /// none.
    pub fn subject(mut self, name: &'a str) -> Self {
        self.subject = name;
        self
    }

    /// subjectAltName: addresses as iPAddress, all else as dNSName.
    pub fn names(mut self, names: &'a [String]) -> Self {
        self.names = names;
        self
    }

    /// Valid between two other moments (Unix seconds).
    pub fn validity(mut self, not_before: u64, not_after: u64) -> Self {
        self.validity = (not_before, not_after);
        self
    }

    /// keyUsage digitalSignature, nonRepudiation.
    pub fn for_signing(mut self) -> Self {
        self.key_usage = Some(KeyUsages::DigitalSignature | KeyUsages::NonRepudiation);
        self
    }

    /// keyUsage keyEncipherment, dataEncipherment, keyAgreement.
    pub fn for_encryption(mut self) -> Self {
        self.key_usage =
            Some(KeyUsages::KeyEncipherment | KeyUsages::DataEncipherment | KeyUsages::KeyAgreement);
        self
    }

    /// keyUsage with all of the above.
    pub fn for_both(self) -> Self {
        let sign = self.clone().for_signing().key_usage.unwrap_or_default();
        let mut both = self.for_encryption();
        both.key_usage = both.key_usage.map(|bits| bits | sign);
        both
    }

    /// keyUsage digitalSignature: TLS, where the key only signs.
    pub fn for_tls(mut self) -> Self {
        self.key_usage = Some(KeyUsages::DigitalSignature.into());
        self
    }

    /// keyUsage digitalSignature and keyEncipherment: TLS with an RSA key.
    pub fn for_tls_with_rsa(mut self) -> Self {
        self.key_usage = Some(KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment);
        self
    }

    /// No keyUsage.
    pub fn without_key_usage(mut self) -> Self {
        self.key_usage = None;
        self
    }

    /// extendedKeyUsage serverAuth.
    pub fn for_server(mut self) -> Self {
        self.purpose = Some(rfc5912::ID_KP_SERVER_AUTH);
        self
    }

    /// extendedKeyUsage clientAuth.
    pub fn for_client(mut self) -> Self {
        self.purpose = Some(rfc5912::ID_KP_CLIENT_AUTH);
        self
    }

    /// No extendedKeyUsage.
    pub fn without_purpose(mut self) -> Self {
        self.purpose = None;
        self
    }

    /// A CA's certificate: basicConstraints cA with this pathLenConstraint, keyUsage keyCertSign and cRLSign.
    pub fn for_ca(mut self, path_length: Option<u8>) -> Self {
        self.ca = Some(path_length);
        self.key_usage = Some(KeyUsages::KeyCertSign | KeyUsages::CRLSign);
        self
    }

    /// nameConstraints: this DNS domain alone is permitted.
    pub fn constrained_to(mut self, domain: &'a str) -> Self {
        self.constraint = Some(domain);
        self
    }

    /// The key that it is made with; an SM2 key unless told otherwise.
    pub fn key(mut self, key: NewKey<'a>) -> Self {
        self.key = key;
        self
    }

    /// The user id under which the issuer signs (R-SM2-8).
    pub fn user_id(mut self, id: &'a [u8]) -> Self {
        self.user_id = id;
        self
    }

    /// One more extension, or several, as DER.
    pub fn extension(mut self, der: &'a [u8]) -> Self {
        self.extra = der;
        self
    }

    /// The subject.
    pub(super) fn name(&self) -> Result<Name, CryptoError> {
        let name = if self.subject.is_empty() { self.short_name() } else { Name::from_str(self.subject) };
        let name = name.map_err(bad_name)?;
        // X.520: an attribute has one character at least
        let has_empty = name.iter().any(|attribute| attribute.value.value().is_empty());
        if has_empty { Err(CryptoError::BadName) } else { Ok(name) }
    }

    /// Of CN and O; whoever has an O is in China.
    fn short_name(&self) -> der::Result<Name> {
        let country = if self.organization.is_empty() { "" } else { "CN" };
        let mut name = RdnSequence::default();
        for (oid, tag, text) in [
            (rfc4519::COUNTRY_NAME, Tag::PrintableString, country),
            (rfc4519::ORGANIZATION_NAME, Tag::Utf8String, self.organization),
            (rfc4519::COMMON_NAME, Tag::Utf8String, self.common_name),
        ] {
            if !text.is_empty() {
                let attribute = AttributeTypeAndValue { oid, value: Any::new(tag, text.as_bytes())? };
                name.push(RelativeDistinguishedName::from(SetOfVec::try_from(vec![attribute])?));
            }
        }
        Name::from_der(&name.to_der()?)
    }

    /// The extensions that anyone can ask for.
    pub(super) fn requested(&self, subject: &Name) -> Result<Extensions, CryptoError> {
        let mut list = List { subject, extensions: Vec::new() };
        self.request(&mut list).map_err(bad_name)?;
        Ok(list.extensions)
    }

    fn request(&self, list: &mut List<'_>) -> der::Result<()> {
        let mut extra = SliceReader::new(self.extra)?;
        while !extra.is_finished() {
            list.extensions.push(Extension::decode(&mut extra)?);
        }
        if let Some(path_len_constraint) = self.ca {
            list.push(&BasicConstraints { ca: true, path_len_constraint })?;
        }
        if let Some(usage) = self.key_usage {
            list.push(&KeyUsage(usage))?;
        }
        if let Some(purpose) = self.purpose {
            list.push(&ExtendedKeyUsage(vec![purpose]))?;
        }
        if !self.names.is_empty() {
            let names: der::Result<_> = self.names.iter().map(|name| general_name(name)).collect();
            list.push(&SubjectAltName(names?))?;
        }
        if let Some(domain) = self.constraint {
            let base = GeneralName::DnsName(Ia5String::new(domain)?);
            let subtree = GeneralSubtree { base, minimum: 0, maximum: None };
            list.push(&NameConstraints { permitted_subtrees: Some(vec![subtree]), excluded_subtrees: None })?;
        }
        Ok(())
    }

    /// The extensions of a certificate whose key has this identifier; without an issuer it is self-issued.
    pub(super) fn extensions(
        &self,
        subject: &Name,
        key_id: &[u8],
        issuer: Option<&X509<'_>>,
    ) -> Result<Extensions, CryptoError> {
        let mut list = List { subject, extensions: self.requested(subject)? };
        let key_ids = |list: &mut List<'_>| {
            list.push(&SubjectKeyIdentifier(OctetString::new(key_id)?))?;
            match issuer.and_then(|issuer| issuer.subject_key_id) {
                Some(id) => list.push(&authority_key_id(id)?),
                None => Ok(()),
            }
        };
        key_ids(&mut list).map_err(bad_name)?;
        Ok(list.extensions)
    }
}

/// Extensions as they come together.
struct List<'a> {
    subject: &'a Name,
    extensions: Extensions,
}

impl List<'_> {
    fn push<E: Criticality + AssociatedOid + Encode>(&mut self, extension: &E) -> der::Result<()> {
        let extension = extension.to_extension(self.subject, &self.extensions)?;
        self.extensions.push(extension);
        Ok(())
    }
}

/// authorityKeyIdentifier with a keyIdentifier alone.
pub(super) fn authority_key_id(id: &[u8]) -> der::Result<AuthorityKeyIdentifier> {
    Ok(AuthorityKeyIdentifier { key_identifier: Some(OctetString::new(id)?), ..Default::default() })
}

fn general_name(name: &str) -> der::Result<GeneralName> {
    match name.parse::<IpAddr>() {
        Ok(address) => Ok(address.into()),
        Err(_) => Ia5String::new(name).map(GeneralName::DnsName),
    }
}
