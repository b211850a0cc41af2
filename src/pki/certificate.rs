//! Certificates with their private keys.
use super::keys::Secret;
use super::{Template, bad_name, time};
use crate::cert::{names, pem, to_pem, x509::X509};
use crate::crypto::{Draw, PrivateKey, Provider, Random};
use crate::error::{ConfigError, CryptoError};
use crate::suite::HashAlgorithm;
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::fmt;
use der::asn1::AnyRef;
use der::{Decode, Encode, Tag};
use x509_cert::der::Sequence;
use x509_cert::ext::Extensions;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Validity;
use x509_cert::{SubjectPublicKeyInfo, Version};
use zeroize::Zeroizing;

/// A certificate with its private key.
#[derive(Clone)]
pub struct Issued {
    /// The certificate, as DER.
    pub certificate: Vec<u8>,
    pub(super) secret: Secret,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = X509::read(&self.certificate).map(|c| names::text(c.subject)).unwrap_or_default();
        write!(f, "Issued({subject})")
    }
}

impl Issued {
    /// A certificate and its key out of `files`, PEM or DER: a CA that was made before.
    ///
    /// # Errors
    /// There is not one certificate and one key that is not encrypted, or they do not belong together.
    pub fn from_files(files: &[&[u8]], provider: &Provider) -> Result<Self, ConfigError> {
        let (mut certificate, mut secret) = (None, None);
        for item in pem::items(files)? {
            let at = |why: &str| ConfigError::new(format!("{}: {why}", item.place));
            let again = match item.kind {
                pem::Kind::Certificate => certificate.replace(item.der.to_vec()).is_some(),
                pem::Kind::PrivateKey => {
                    let read = Secret::read(&item.der, provider).map_err(|why| at(&why))?;
                    secret.replace(read).is_some()
                }
                _ => return Err(at("neither a certificate nor a private key that is not encrypted")),
            };
            if again {
                return Err(at("one certificate and one private key are needed, and there are more"));
            }
        }
        let (Some(certificate), Some(secret)) = (certificate, secret) else {
            return Err(ConfigError::new("a certificate and its private key are needed"));
        };
        let public = X509::read(&certificate).ok().and_then(|c| c.public_key(provider.keys).ok());
        if public.as_ref() != Some(secret.key.public()) {
            return Err(ConfigError::new("the private key is not that of the certificate"));
        }
        Ok(Self { certificate, secret })
    }

    /// The certificate, as PEM.
    pub fn certificate_pem(&self) -> String {
        to_pem("CERTIFICATE", &self.certificate).as_str().into()
    }

    /// The private key, as PKCS#8 in DER.
    pub fn key_der(&self) -> Zeroizing<Vec<u8>> {
        self.secret.pkcs8()
    }

    /// The private key, as PKCS#8 in PEM.
    pub fn key_pem(&self) -> Zeroizing<String> {
        to_pem("PRIVATE KEY", &self.key_der())
    }

    /// The private key, ready for use.
    pub fn key(&self) -> &Arc<dyn PrivateKey> {
        &self.secret.key
    }

    /// A certificate made by `template` and signed by this CA, with a new key.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`]; [`CryptoError::BadName`].
    pub fn issue(
        &self,
        template: &Template<'_>,
        provider: &Provider,
        random: &dyn Random,
    ) -> Result<Self, CryptoError> {
        make(template, Some(self), provider, random)
    }

    /// A self-signed certificate made by `template`, with a new key.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`]; [`CryptoError::BadName`].
    pub fn self_signed(
        template: &Template<'_>,
        provider: &Provider,
        random: &dyn Random,
    ) -> Result<Self, CryptoError> {
        make(template, None, provider, random)
    }

    /// Signs `tbs`, an element of DER, and wraps both as certificates and CRLs do. The user id is SM2's.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`].
    pub fn sign(&self, tbs: &[u8], user_id: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        self.secret.sign(tbs, user_id, random)
    }
}

/// What is signed of a certificate.
#[derive(Sequence)]
struct TbsCertificate<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: Version,
    serial_number: SerialNumber,
    signature: AnyRef<'a>,
    issuer: AnyRef<'a>,
    validity: Validity,
    subject: AnyRef<'a>,
    subject_public_key_info: SubjectPublicKeyInfo,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Extensions,
}

fn make(
    template: &Template<'_>,
    issuer: Option<&Issued>,
    provider: &Provider,
    random: &dyn Random,
) -> Result<Issued, CryptoError> {
    let secret = Secret::new(template.key, provider, random)?;
    let mut serial = [0; 16];
    random.fill(Draw::Public, &mut serial)?;
    // positive, and always 16 bytes
    serial[0] = serial[0] & 0x3f | 0x40;
    let key_id = provider.hashes.digest(HashAlgorithm::Sm3, &[secret.public()]);
    let key_id = key_id.as_ref().get(..20).unwrap_or_default();
    let issuer_view = match issuer {
        Some(issuer) => Some(X509::read(&issuer.certificate).map_err(|_| CryptoError::BadKey)?),
        None => None,
    };
    let (_, signature_id) = issuer.map_or(&secret, |issuer| &issuer.secret).signs(template.user_id);
    let subject = template.name()?;
    let extensions = template.extensions(&subject, key_id, issuer_view.as_ref())?;
    let tbs = || {
        let subject = subject.to_der()?;
        let (from, to) = template.validity;
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(&serial)?,
            signature: AnyRef::new(Tag::Sequence, &signature_id)?,
            issuer: AnyRef::from_der(issuer_view.as_ref().map_or(&subject[..], |issuer| issuer.subject))?,
            validity: Validity::new(time(from), time(to)),
            subject: AnyRef::from_der(&subject)?,
            subject_public_key_info: secret.public_key_info()?,
            extensions,
        };
        tbs.to_der()
    };
    let tbs = tbs().map_err(bad_name)?;
    let certificate = issuer.map_or(&secret, |issuer| &issuer.secret).sign(&tbs, template.user_id, random)?;
    Ok(Issued { certificate, secret })
}
