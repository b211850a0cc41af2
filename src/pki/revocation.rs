//! Revocation lists (CRLs, RFC 5280 5).
use super::template::authority_key_id;
use super::{Issued, time};
use crate::cert::{pem, x509::X509};
use crate::crypto::{DEFAULT_USER_ID, Random};
use crate::error::{ConfigError, CryptoError};
use crate::wire::der::{SEQUENCE, element};
use alloc::{format, vec, vec::Vec};
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
    serials: Vec<Vec<u8>>,
}

impl RevocationList {
    /// An empty one, good between two moments (Unix seconds). Its number is higher than that of any list before it.
    pub fn new(number: u64, this_update: u64, next_update: u64) -> Self {
        Self { number, this_update, next_update, serials: Vec::new() }
    }

    /// Revokes the certificates in `files`, PEM or DER.
    ///
    /// # Errors
    /// There is something else in them, or a certificate does not parse.
    pub fn revoke(mut self, files: &[&[u8]]) -> Result<Self, ConfigError> {
        for item in pem::items(files)? {
            let certificate = X509::read(&item.der).ok().filter(|_| item.kind == pem::Kind::Certificate);
            let no_certificate = || ConfigError::new(format!("{}: not a certificate", item.place));
            self.serials.push(certificate.ok_or_else(no_certificate)?.serial.to_vec());
        }
        Ok(self)
    }

    /// The list, signed by the issuer of the certificates, as DER.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`]; [`CryptoError::BadKey`] if the issuer's certificate does not parse or a serial number
    /// is longer than 20 bytes.
    pub fn sign(&self, issuer: &Issued, random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        let view = X509::read(&issuer.certificate).map_err(|_| CryptoError::BadKey)?;
        let tbs = self.tbs(issuer, &view).map_err(|_| CryptoError::BadKey)?;
        issuer.sign(&tbs, DEFAULT_USER_ID, random)
    }

    /// tbsCertList, version 2, with authorityKeyIdentifier and cRLNumber.
    fn tbs(&self, issuer: &Issued, view: &X509<'_>) -> der::Result<Vec<u8>> {
        let (_, signature_id) = issuer.secret.signs(DEFAULT_USER_ID);
        let name = Name::from_der(view.subject)?;
        let key_id = authority_key_id(view.subject_key_id.unwrap_or_default())?;
        let extensions = vec![
            key_id.to_extension(&name, &[])?,
            CrlNumber::try_from(self.number)?.to_extension(&name, &[])?,
        ];
        let since = time(self.this_update);
        let revoked = self.serials.iter().map(|serial| {
            let serial_number = SerialNumber::new(serial)?;
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

/// A revocation list of `issuer` over the certificates of `revoked`, number 1, as DER.
///
/// # Errors
/// As [`RevocationList::sign`].
pub fn revocation_list(
    issuer: &Issued,
    revoked: &[&Issued],
    (from, to): (u64, u64),
    random: &dyn Random,
) -> Result<Vec<u8>, CryptoError> {
    let certificates: Vec<&[u8]> = revoked.iter().map(|c| &c.certificate[..]).collect();
    let list = RevocationList::new(1, from, to).revoke(&certificates).map_err(|_| CryptoError::BadKey)?;
    list.sign(issuer, random)
}
