//! A view of an X.509 certificate: what the pair, the identity and the names need, borrowed from its DER.
//! rustls-webpki reads the certificates of a path itself; this view never decides on signatures or paths.
use super::algorithm::KeyForm;
use super::key_usage::KeyUsageBits;
use super::time;
use crate::crypto::{Keys, PublicKey};
use crate::error::CertificateProblem;
use crate::wire::der::{
    self, BIT_STRING, BOOLEAN, BadDer, Der, INTEGER, OCTET_STRING, OID, SEQUENCE, context,
};

/// id-ce-extKeyUsage
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];

/// A parsed certificate.
#[derive(Debug, Clone)]
pub(crate) struct X509<'a> {
    /// As DER: the certificate that this is a view of.
    pub(crate) der: &'a [u8],
    pub(crate) serial: &'a [u8],
    /// DER of the issuer's name.
    pub(crate) issuer: &'a [u8],
    /// DER of the subject's name.
    pub(crate) subject: &'a [u8],
    /// Unix seconds.
    pub(crate) not_before: u64,
    /// Unix seconds, inclusive.
    pub(crate) not_after: u64,
    /// Contents of the signature's AlgorithmIdentifier.
    pub(crate) signature_algorithm: &'a [u8],
    key_algorithm: &'a [u8],
    key: &'a [u8],
    /// keyUsage.
    pub(crate) key_usage: Option<KeyUsageBits>,
    /// basicConstraints with cA TRUE.
    pub(crate) is_ca: bool,
    /// Contents of extendedKeyUsage: OIDs.
    pub(crate) extended_key_usage: Option<&'a [u8]>,
    /// Contents of subjectAltName: general names.
    pub(crate) subject_alt_name: Option<&'a [u8]>,
    pub(crate) subject_key_id: Option<&'a [u8]>,
    pub(crate) authority_key_id: Option<&'a [u8]>,
    /// nameConstraints is there.
    pub(crate) has_name_constraints: bool,
    /// Contents of cRLDistributionPoints.
    pub(crate) crl_distribution_points: Option<&'a [u8]>,
    /// X.509 v1, v2 or v3; 0 for any other. Extensions came with v3.
    pub(crate) version: u8,
}

/// How many certificates were read, for tests of the work that a peer can cause.
#[cfg(test)]
pub(crate) mod work {
    use std::cell::Cell;
    std::thread_local! {
        pub(crate) static READ: Cell<usize> = const { Cell::new(0) };
    }
}

impl<'a> X509<'a> {
    /// Reads a certificate, with nothing behind it.
    pub(crate) fn read(whole: &'a [u8]) -> Result<Self, BadDer> {
        #[cfg(test)]
        work::READ.with(|n| n.set(n.get() + 1));
        let mut certificate = der::only(whole, SEQUENCE)?;
        let mut tbs = certificate.enter(SEQUENCE)?;
        let signature_algorithm = certificate.expect(SEQUENCE)?;
        certificate.expect(BIT_STRING)?;
        certificate.finish()?;

        let version = tbs.optional(context(0))?;
        let serial = tbs.expect(INTEGER)?;
        tbs.expect(SEQUENCE)?;
        let issuer = name(&mut tbs)?;
        let mut validity = tbs.enter(SEQUENCE)?;
        let (from, to) = (validity.next()?, validity.next()?);
        let subject = name(&mut tbs)?;
        let mut spki = tbs.enter(SEQUENCE)?;
        let mut out = Self {
            der: whole,
            serial,
            issuer,
            subject,
            not_before: time::read(from.tag, from.value)?,
            not_after: time::read(to.tag, to.value)?,
            signature_algorithm,
            key_algorithm: spki.expect(SEQUENCE)?,
            key: spki.whole_bits()?,
            key_usage: None,
            is_ca: false,
            extended_key_usage: None,
            subject_alt_name: None,
            subject_key_id: None,
            authority_key_id: None,
            has_name_constraints: false,
            crl_distribution_points: None,
            version: match version {
                None | Some([INTEGER, 1, 0]) => 1,
                Some([INTEGER, 1, 1]) => 2,
                Some([INTEGER, 1, 2]) => 3,
                Some(_) => 0,
            },
        };
        spki.finish()?;
        tbs.optional(0x81)?;
        tbs.optional(0x82)?;
        if let Some(extensions) = tbs.optional(context(3))? {
            out.read_extensions(der::only(extensions, SEQUENCE)?)?;
        }
        tbs.finish()?;
        Ok(out)
    }

    fn read_extensions(&mut self, mut list: Der<'a>) -> Result<(), BadDer> {
        let mut basic_constraints = None;
        while !list.is_empty() {
            let mut extension = list.enter(SEQUENCE)?;
            let id = extension.expect(OID)?;
            extension.optional(BOOLEAN)?;
            let value = extension.expect(OCTET_STRING)?;
            extension.finish()?;
            // id-ce: 2.5.29
            match id {
                [0x55, 0x1d, 14] => once(&mut self.subject_key_id, der::contents(value, OCTET_STRING)?)?,
                [0x55, 0x1d, 15] => once(&mut self.key_usage, KeyUsageBits::read(value)?)?,
                [0x55, 0x1d, 17] => once(&mut self.subject_alt_name, der::contents(value, SEQUENCE)?)?,
                [0x55, 0x1d, 19] => once(&mut basic_constraints, cert_authority(value)?)?,
                [0x55, 0x1d, 30] => self.has_name_constraints = true,
                [0x55, 0x1d, 31] => once(&mut self.crl_distribution_points, der::contents(value, SEQUENCE)?)?,
                [0x55, 0x1d, 35] => {
                    // keyIdentifier [0]; CAs differ in what else they write here
                    let id = der::only(value, SEQUENCE)?.optional(0x80)?;
                    once(&mut self.authority_key_id, id.unwrap_or_default())?;
                }
                EXTENDED_KEY_USAGE => once(&mut self.extended_key_usage, der::contents(value, SEQUENCE)?)?,
                _ => {}
            }
        }
        self.is_ca = basic_constraints == Some(true);
        Ok(())
    }

    /// The public key, if it is one that the provider has (R-SM2-9, R-SM2-6, R-RSA-2, R-BCP-5).
    pub(crate) fn public_key(&self, keys: &dyn Keys) -> Result<PublicKey, CertificateProblem> {
        let form = KeyForm::of(self.key_algorithm).ok_or(CertificateProblem::UnsupportedKey)?;
        form.public(self.key, keys).map_err(|_| CertificateProblem::UnsupportedKey)
    }

    /// Contents of the key's AlgorithmIdentifier.
    pub(crate) fn key_algorithm(&self) -> &'a [u8] {
        self.key_algorithm
    }

    /// Contents of subjectPublicKey.
    pub(crate) fn key(&self) -> &'a [u8] {
        self.key
    }

    /// It has extensions, if it wants to.
    pub(crate) fn is_v3(&self) -> bool {
        self.version == 3
    }

    /// A CA's: basicConstraints says so, or it is a self-issued one of before X.509 v3.
    pub(crate) fn is_authority(&self) -> bool {
        self.is_ca || (!self.is_v3() && self.is_self_issued())
    }

    /// Issuer and subject are the same name.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// The name is `SEQUENCE {}`.
    pub(crate) fn has_empty_subject(&self) -> bool {
        self.subject == [SEQUENCE, 0]
    }
}

/// The DER of a name, header included.
fn name<'a>(tbs: &mut Der<'a>) -> Result<&'a [u8], BadDer> {
    let element = tbs.next()?;
    if element.tag == SEQUENCE { Ok(element.whole) } else { Err(BadDer) }
}

/// cA of basicConstraints. CAs write FALSE out although DER leaves a default away.
fn cert_authority(value: &[u8]) -> Result<bool, BadDer> {
    match der::only(value, SEQUENCE)?.optional(BOOLEAN)? {
        None | Some([0]) => Ok(false),
        Some([0xff]) => Ok(true),
        Some(_) => Err(BadDer),
    }
}

/// The same extension twice is malformed (RFC 5280 4.2).
fn once<T>(place: &mut Option<T>, value: T) -> Result<(), BadDer> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(BadDer),
    }
}

#[cfg(all(test, feature = "std"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::cert::test_vectors::{chain, index};
    use crate::crypto::portable::provider;
    use alloc::{format, string::String, vec::Vec};

    /// `digitalSignature` as the index writes it: `digital_signature`, and so on, in alphabetical order.
    fn key_usage(x509: &X509<'_>) -> Option<String> {
        let snake = |name: &str| {
            name.chars().fold(String::new(), |out, c| match c {
                'A'..='Z' => format!("{out}_{}", c.to_ascii_lowercase()),
                _ => format!("{out}{c}"),
            })
        };
        let mut names: Vec<String> = x509.key_usage?.names().map(snake).collect();
        names.iter_mut().filter(|n| *n == "c_r_l_sign").for_each(|n| *n = "crl_sign".into());
        names.sort();
        Some(format!("KU:{}", names.join("+")))
    }

    /// The view says of each collected certificate what the index says of it.
    #[test]
    fn reads_certificates_from_the_field() {
        for entry in index() {
            for indexed in chain(&entry) {
                let x509 = X509::read(&indexed.der).unwrap();
                let says = |shape: &str| indexed.shapes.iter().any(|s| s == shape);
                let name = &indexed.name;
                assert_eq!(x509.is_v3(), says("v3"), "{name}");
                assert_eq!(x509.is_ca, says("CA"), "{name}");
                assert_eq!(x509.is_self_issued(), says("self-issued"), "{name}");
                let authority = says("CA") || (says("v1") && says("self-issued"));
                assert_eq!(x509.is_authority(), authority, "{name}");
                assert_eq!(x509.extended_key_usage.is_none(), says("no-EKU") || says("v1"), "{name}");
                assert_eq!(x509.subject_alt_name.is_none(), says("no-SAN"), "{name}");
                assert_eq!(x509.subject_key_id.is_none(), says("no-SKI"), "{name}");
                assert_eq!(x509.not_after >= 2_524_608_000, says("notAfter>=2050"), "{name}");
                let expected = indexed.shapes.iter().find(|s| s.starts_with("KU:"));
                assert_eq!(key_usage(&x509).as_ref(), expected, "{name}");
                let explicit = says("ec-params-explicit");
                assert_eq!(x509.public_key(provider().keys).is_err(), explicit, "{name}");
            }
            let leaf = &chain(&entry)[0];
            let x509 = X509::read(&leaf.der).unwrap();
            for (unix, key) in [(x509.not_before, "not_before"), (x509.not_after, "not_after")] {
                assert_eq!(
                    format!("{}+00:00", time::text(unix)),
                    entry[key].as_str().unwrap(),
                    "{}",
                    leaf.name
                );
            }
        }
    }

    /// Whatever is cut off or changed: an answer, and no panic.
    #[test]
    fn refuses_every_certificate_that_is_cut_short_or_followed_by_more() {
        let certificate = chain(&index()[0]).remove(0).der;
        for end in 0..certificate.len() {
            assert!(X509::read(&certificate[..end]).is_err(), "{end}");
        }
        let longer = [&certificate[..], &[0]].concat();
        assert!(X509::read(&longer).is_err());
        for at in 0..certificate.len() {
            for bit in 0..8 {
                let mut changed = certificate.clone();
                changed[at] ^= 1 << bit;
                let _ = X509::read(&changed).map(|x| x.public_key(provider().keys));
            }
        }
    }
}
