//! Revocation lists (CRLs, RFC 5280 5).
use super::template::authority_key_id;
use super::{Issued, time};
use crate::cert::{names, pem, x509::X509};
use crate::crypto::{DEFAULT_USER_ID, Random};
use crate::error::{ConfigError, CryptoError, Error};
use crate::wire::der::{SEQUENCE, element};
use alloc::{format, string::String, vec, vec::Vec};
use der::{Decode, Encode};
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::ext::ToExtension;
use x509_cert::ext::pkix::CrlNumber;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::{AlgorithmIdentifier, Version};

/// What a revocation list is to hold: whoever is on it is revoked since the list was made.
#[derive(Debug, Clone)]
pub struct RevocationList {
    number: u64,
    this_update: u64,
    next_update: u64,
    /// Certificates, as DER.
    revoked: Vec<Vec<u8>>,
}

impl RevocationList {
    /// An empty one, good between two moments (Unix seconds). Its number is higher than that of any list before it.
    pub fn new(number: u64, this_update: u64, next_update: u64) -> Self {
        Self { number, this_update, next_update, revoked: Vec::new() }
    }

    /// Revokes the certificates in `files`, PEM or DER.
    ///
    /// # Errors
    /// There is something else in them, or a certificate does not parse.
    pub fn revoke(mut self, files: &[&[u8]]) -> Result<Self, ConfigError> {
        for item in pem::items(files)? {
            let certificate = X509::read(&item.der).ok().filter(|_| item.kind == pem::Kind::Certificate);
            let no_certificate = || ConfigError::new(format!("{}: not a certificate", item.place));
            self.revoked.push(certificate.ok_or_else(no_certificate)?.der.to_vec());
        }
        Ok(self)
    }

    /// The list, signed by the issuer of the certificates, as DER.
    ///
    /// # Errors
    /// [`Error::Config`] if a certificate was issued by another CA: on this list it would not be revoked (RFC 5280 5.3.3).
    /// [`CryptoError::NoRandomness`]; [`CryptoError::BadKey`] if a certificate does not parse or a serial number is longer
    /// than 20 bytes.
    pub fn sign(&self, issuer: &Issued, random: &dyn Random) -> Result<Vec<u8>, Error> {
        let read = |der| X509::read(der).map_err(|_| CryptoError::BadKey);
        let view = read(&issuer.certificate)?;
        let revoked = self.revoked.iter().map(|der| read(der)).collect::<Result<Vec<_>, _>>()?;
        revoked.iter().try_for_each(|certificate| is_of(certificate, &view))?;
        let tbs = self.tbs(issuer, &view, &revoked).map_err(|_| CryptoError::BadKey)?;
        Ok(issuer.sign(&tbs, DEFAULT_USER_ID, random)?)
    }

    /// tbsCertList, version 2, with authorityKeyIdentifier and cRLNumber.
    fn tbs(&self, issuer: &Issued, view: &X509<'_>, revoked: &[X509<'_>]) -> der::Result<Vec<u8>> {
        let (_, signature_id) = issuer.secret.signs(DEFAULT_USER_ID);
        let name = Name::from_der(view.subject)?;
        let key_id = authority_key_id(view.subject_key_id.unwrap_or_default())?;
        let extensions = vec![
            key_id.to_extension(&name, &[])?,
            CrlNumber::try_from(self.number)?.to_extension(&name, &[])?,
        ];
        let since = time(self.this_update);
        let revoked = revoked.iter().map(|certificate| {
            let serial_number = SerialNumber::new(certificate.serial)?;
            Ok(RevokedCert { serial_number, revocation_date: since, crl_entry_extensions: None })
        });
        let revoked = revoked.collect::<der::Result<Vec<_>>>()?;
        let list: TbsCertList = TbsCertList {
            version: Version::V2,
            signature: AlgorithmIdentifier::from_der(&element(SEQUENCE, &[&signature_id]))?,
            issuer: name,
            this_update: since,
            next_update: Some(time(self.next_update)),
            // an empty one is left away
            revoked_certificates: Some(revoked).filter(|list| !list.is_empty()),
            crl_extensions: Some(extensions),
        };
        list.to_der()
    }
}

/// Whether `issuer` issued this certificate: its name, and its key where both say which.
fn is_of(certificate: &X509<'_>, issuer: &X509<'_>) -> Result<(), ConfigError> {
    let is_its_key = match (certificate.authority_key_id, issuer.subject_key_id) {
        // CAs may name the key otherwise than by its identifier
        (None | Some([]), _) | (_, None) => true,
        (Some(named), Some(own)) => named == own,
    };
    let why = match (certificate.issuer == issuer.subject, is_its_key) {
        (true, true) => return Ok(()),
        (true, false) => String::from("with another key than this one"),
        (false, _) => format!("not by {}", names::text(issuer.subject)),
    };
    let [subject, by] = [certificate.subject, certificate.issuer].map(names::text);
    Err(ConfigError::new(format!(
        "{subject} was issued by {by}, {why}: only a list of its issuer revokes it"
    )))
}

/// A revocation list of `issuer` over the certificates of `revoked`, number 1, as DER.
///
/// # Errors
/// As [`RevocationList::revoke`] and [`RevocationList::sign`].
pub fn revocation_list(
    issuer: &Issued,
    revoked: &[&Issued],
    (from, to): (u64, u64),
    random: &dyn Random,
) -> Result<Vec<u8>, Error> {
    let certificates: Vec<&[u8]> = revoked.iter().map(|c| &c.certificate[..]).collect();
    RevocationList::new(1, from, to).revoke(&certificates)?.sign(issuer, random)
}
