//! SM2 signatures of certificates and CRLs for webpki, by way of the provider.
use super::WebPkiVerifier;
use crate::cert::x509::algorithm;
use crate::crypto::SignatureAlgorithm;
use core::fmt;
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

/// One combination of the forms in which certificates name the signature's and the key's algorithm: webpki compares
/// them byte for byte (R-SM2-9). It lives as long as one verification, so it can borrow provider and user ids.
pub(super) struct Sm2Algorithm<'a> {
    verifier: &'a WebPkiVerifier,
    signature: &'static [u8],
    key: &'static [u8],
}

impl<'a> Sm2Algorithm<'a> {
    /// All combinations.
    pub(super) fn all(verifier: &'a WebPkiVerifier) -> [Self; 8] {
        const SIGNATURES: [&[u8]; 2] = [algorithm::SM2_SM3, algorithm::SM2_SM3_NULL];
        core::array::from_fn(|i| {
            let [a, b, c, d] = algorithm::KEYS;
            let key = [a, b, c, d, a, b, c, d][i];
            Self { verifier, signature: SIGNATURES[i / 4], key }
        })
    }
}

impl fmt::Debug for Sm2Algorithm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm2Algorithm")
    }
}

impl SignatureVerificationAlgorithm for Sm2Algorithm<'_> {
    /// Under one of the user ids, in their order (R-SM2-8).
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        #[cfg(feature = "std")]
        let digest = {
            let digest = self.verifier.cache.digest(&self.verifier.provider, [key, message, signature]);
            if self.verifier.cache.contains(&digest) {
                return Ok(());
            }
            digest
        };
        let keys = self.verifier.provider.keys;
        let public = keys.sm2_public(key).map_err(|_| InvalidSignature)?;
        let valid = self.verifier.user_ids.iter().any(|user_id| {
            keys.verify(SignatureAlgorithm::Sm2Sm3 { user_id }, &public, &[message], signature).is_ok()
        });
        if !valid {
            return Err(InvalidSignature);
        }
        #[cfg(feature = "std")]
        self.verifier.cache.insert(digest);
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(self.key)
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(self.signature)
    }
}
