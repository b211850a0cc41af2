//! Certificate requests (PKCS#10, RFC 2986), to be taken to a CA.
use super::keys::Secret;
use super::{Template, bad_name};
use crate::cert::to_pem;
use crate::crypto::{PrivateKey, Provider, Random};
use crate::error::CryptoError;
use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;
use der::Encode;
use der::asn1::SetOfVec;
use x509_cert::attr::Attribute;
use x509_cert::request::{CertReqInfo, ExtensionReq, Version};
use zeroize::Zeroizing;

/// A certificate request, signed with its private key: SM2 with SM3 unless the template has another key.
#[derive(Clone)]
pub struct CertificateRequest {
    /// The request, as DER.
    pub request: Vec<u8>,
    secret: Secret,
}

impl fmt::Debug for CertificateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateRequest({} bytes)", self.request.len())
    }
}

impl CertificateRequest {
    /// Asks for what `template` holds, with a new key: the subject, and of the extensions keyUsage, extendedKeyUsage,
    /// subjectAltName and whatever was added. When it is valid, the CA decides.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`]; [`CryptoError::BadName`]; [`CryptoError::Unsupported`] where the provider has no such
    /// keys.
    pub fn new(
        template: &Template<'_>,
        provider: &Provider,
        random: &dyn Random,
    ) -> Result<Self, CryptoError> {
        let secret = Secret::new(template.key, provider, random)?;
        let subject = template.name()?;
        let extensions = template.requested(&subject)?;
        let info = || {
            let mut attributes = SetOfVec::new();
            if !extensions.is_empty() {
                attributes.insert(Attribute::try_from(ExtensionReq(extensions))?)?;
            }
            let public_key = secret.public_key_info()?;
            CertReqInfo { version: Version::V1, subject, public_key, attributes }.to_der()
        };
        let info = info().map_err(bad_name)?;
        let request = secret.sign(&info, template.user_id, random)?;
        Ok(Self { request, secret })
    }

    /// The two of a pair: for the signing certificate and for the encryption certificate, with keyUsage as each needs it.
    ///
    /// # Errors
    /// As [`CertificateRequest::new`].
    pub fn pair(
        template: &Template<'_>,
        provider: &Provider,
        random: &dyn Random,
    ) -> Result<[Self; 2], CryptoError> {
        let sign = Self::new(&template.clone().for_signing(), provider, random)?;
        Ok([sign, Self::new(&template.clone().for_encryption(), provider, random)?])
    }

    /// The request, as PEM.
    pub fn request_pem(&self) -> String {
        to_pem("CERTIFICATE REQUEST", &self.request).as_str().into()
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
}
