//! What certificates, keys and revocation lists look like as DER.
use super::NewKey;
use crate::cert::key_usage::KeyUsageBits;
use crate::cert::time;
use crate::cert::usage::{CLIENT_AUTH, SERVER_AUTH};
use crate::cert::x509::X509;
use crate::crypto::DEFAULT_USER_ID;
use crate::wire::der::{
    BIT_STRING, BOOLEAN, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, UTF8_STRING, context, element,
};
use alloc::{string::String, vec, vec::Vec};
use core::net::IpAddr;
use zeroize::Zeroizing;

const PRINTABLE_STRING: u8 = 0x13;

/// What a certificate is to hold.
#[derive(Debug, Clone)]
pub struct Template<'a> {
    common_name: &'a str,
    organization: &'a str,
    names: &'a [String],
    not_before: u64,
    not_after: u64,
    key_usage: Option<u16>,
    purpose: Option<&'static [u8]>,
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
            names: &[],
            not_before,
            not_after,
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

    /// subjectAltName: addresses as iPAddress, all else as dNSName.
    pub fn names(mut self, names: &'a [String]) -> Self {
        self.names = names;
        self
    }

    /// Valid between two other moments (Unix seconds).
    pub fn validity(mut self, not_before: u64, not_after: u64) -> Self {
        (self.not_before, self.not_after) = (not_before, not_after);
        self
    }

    /// keyUsage digitalSignature, nonRepudiation.
    pub fn for_signing(mut self) -> Self {
        self.key_usage = Some(KeyUsageBits::DIGITAL_SIGNATURE | KeyUsageBits::NON_REPUDIATION);
        self
    }

    /// keyUsage keyEncipherment, dataEncipherment, keyAgreement.
    pub fn for_encryption(mut self) -> Self {
        self.key_usage = Some(
            KeyUsageBits::KEY_ENCIPHERMENT | KeyUsageBits::DATA_ENCIPHERMENT | KeyUsageBits::KEY_AGREEMENT,
        );
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
        self.key_usage = Some(KeyUsageBits::DIGITAL_SIGNATURE);
        self
    }

    /// keyUsage digitalSignature and keyEncipherment: TLS with an RSA key.
    pub fn for_tls_with_rsa(mut self) -> Self {
        self.key_usage = Some(KeyUsageBits::DIGITAL_SIGNATURE | KeyUsageBits::KEY_ENCIPHERMENT);
        self
    }

    /// No keyUsage.
    pub fn without_key_usage(mut self) -> Self {
        self.key_usage = None;
        self
    }

    /// extendedKeyUsage serverAuth.
    pub fn for_server(mut self) -> Self {
        self.purpose = Some(SERVER_AUTH);
        self
    }

    /// extendedKeyUsage clientAuth.
    pub fn for_client(mut self) -> Self {
        self.purpose = Some(CLIENT_AUTH);
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
        self.key_usage = Some(KeyUsageBits::KEY_CERT_SIGN | KeyUsageBits::CRL_SIGN);
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

    /// One more extension, as DER.
    pub fn extension(mut self, der: &'a [u8]) -> Self {
        self.extra = der;
        self
    }

    /// tbsCertificate of a key (algorithm, subjectPublicKey); without an issuer it is self-issued.
    pub(super) fn tbs(
        &self,
        mut serial: [u8; 16],
        (key_algorithm, key): (&[u8], &[u8]),
        key_id: &[u8],
        (issuer, signature_algorithm): (Option<&X509<'_>>, &[u8]),
    ) -> Vec<u8> {
        // positive, and always 16 bytes
        serial[0] = serial[0] & 0x3f | 0x40;
        let subject = self.subject();
        let key_id = key_id.get(..20).unwrap_or(key_id);
        let extensions = self.extensions(key_id, issuer);
        element(
            SEQUENCE,
            &[
                &element(context(0), &[&element(INTEGER, &[&[2]])]),
                &element(INTEGER, &[&serial]),
                &element(SEQUENCE, &[signature_algorithm]),
                issuer.map_or(&subject, |i| i.subject),
                &element(SEQUENCE, &[&time::write(self.not_before), &time::write(self.not_after)]),
                &subject,
                &element(SEQUENCE, &[&element(SEQUENCE, &[key_algorithm]), &bits(key)]),
                &element(context(3), &[&element(SEQUENCE, &[&extensions])]),
            ],
        )
    }

    fn subject(&self) -> Vec<u8> {
        let attribute = |last: u8, tag: u8, value: &str| {
            let id = element(OID, &[&[0x55, 0x04, last]]);
            element(SET, &[&element(SEQUENCE, &[&id, &element(tag, &[value.as_bytes()])])])
        };
        let mut attributes = Vec::new();
        if !self.organization.is_empty() {
            attributes.extend(attribute(6, PRINTABLE_STRING, "CN"));
            attributes.extend(attribute(10, UTF8_STRING, self.organization));
        }
        if !self.common_name.is_empty() {
            attributes.extend(attribute(3, UTF8_STRING, self.common_name));
        }
        element(SEQUENCE, &[&attributes])
    }

    fn extensions(&self, key_id: &[u8], issuer: Option<&X509<'_>>) -> Vec<u8> {
        let mut out = self.extra.to_vec();
        if let Some(path_length) = self.ca {
            let length = path_length.map_or(vec![], |n| element(INTEGER, &[&[n]]));
            out.extend(extension(19, true, &element(SEQUENCE, &[&element(BOOLEAN, &[&[0xff]]), &length])));
        }
        if let Some(usage) = self.key_usage {
            let [high, low] = usage.to_be_bytes();
            debug_assert_eq!(low, 0, "decipherOnly is not used");
            let unused = u8::try_from(high.trailing_zeros()).unwrap_or(0);
            out.extend(extension(15, true, &element(BIT_STRING, &[&[unused, high]])));
        }
        if let Some(purpose) = self.purpose {
            out.extend(extension(37, false, &element(SEQUENCE, &[&element(OID, &[purpose])])));
        }
        if !self.names.is_empty() {
            let names: Vec<u8> = self.names.iter().flat_map(|name| general_name(name)).collect();
            out.extend(extension(17, false, &element(SEQUENCE, &[&names])));
        }
        if let Some(domain) = self.constraint {
            let subtree = element(SEQUENCE, &[&element(0x82, &[domain.as_bytes()])]);
            out.extend(extension(30, true, &element(SEQUENCE, &[&element(context(0), &[&subtree])])));
        }
        out.extend(extension(14, false, &element(OCTET_STRING, &[key_id])));
        if let Some(id) = issuer.and_then(|i| i.subject_key_id) {
            out.extend(extension(35, false, &element(SEQUENCE, &[&element(0x80, &[id])])));
        }
        out
    }
}

/// A standard extension, 2.5.29.`last`.
fn extension(last: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { element(BOOLEAN, &[&[0xff]]) } else { vec![] };
    element(SEQUENCE, &[&element(OID, &[&[0x55, 0x1d, last]]), &critical, &element(OCTET_STRING, &[value])])
}

fn general_name(name: &str) -> Vec<u8> {
    match name.parse() {
        Ok(IpAddr::V4(a)) => element(0x87, &[&a.octets()]),
        Ok(IpAddr::V6(a)) => element(0x87, &[&a.octets()]),
        Err(_) => element(0x82, &[name.as_bytes()]),
    }
}

/// A BIT STRING of whole bytes.
fn bits(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

/// SEQUENCE { tbs, signatureAlgorithm, signature }
pub(super) fn signed(tbs: &[u8], algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[tbs, &element(SEQUENCE, &[algorithm]), &bits(signature)])
}

/// An OCTET STRING of something secret.
pub(super) fn octets(secret: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(element(OCTET_STRING, &[secret]))
}

/// ECPrivateKey without the curve, which stands around it.
pub(super) fn ec_private_key(scalar: &[u8], point: &[u8]) -> Zeroizing<Vec<u8>> {
    let public = element(context(1), &[&bits(point)]);
    Zeroizing::new(element(SEQUENCE, &[&element(INTEGER, &[&[1]]), &octets(scalar), &public]))
}

/// PrivateKeyInfo, as OpenSSL and Tongsuo write it.
pub(super) fn pkcs8(algorithm: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    let version = element(INTEGER, &[&[0]]);
    Zeroizing::new(element(SEQUENCE, &[&version, &element(SEQUENCE, &[algorithm]), &octets(key)]))
}

/// tbsCertList, version 2, with authorityKeyIdentifier and cRLNumber 1.
pub(super) fn revocation_tbs(
    issuer: &X509<'_>,
    serials: &[&[u8]],
    validity: (u64, u64),
    signature_algorithm: &[u8],
) -> Vec<u8> {
    let since = time::write(validity.0);
    let entries: Vec<u8> = serials
        .iter()
        .flat_map(|serial| element(SEQUENCE, &[&element(INTEGER, &[serial]), &since]))
        .collect();
    let entries = if entries.is_empty() { entries } else { element(SEQUENCE, &[&entries]) };
    let key_id = element(SEQUENCE, &[&element(0x80, &[issuer.subject_key_id.unwrap_or_default()])]);
    let mut extensions = extension(35, false, &key_id);
    extensions.extend(extension(20, false, &element(INTEGER, &[&[1]])));
    let algorithm = element(SEQUENCE, &[signature_algorithm]);
    element(
        SEQUENCE,
        &[
            &element(INTEGER, &[&[1]]),
            &algorithm,
            issuer.subject,
            &since,
            &time::write(validity.1),
            &entries,
            &element(context(0), &[&element(SEQUENCE, &[&extensions])]),
        ],
    )
}
