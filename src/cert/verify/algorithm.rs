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

#[cfg(all(test, feature = "std"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::cert::der::{BIT_STRING, SEQUENCE, only};
    use crate::cert::test_vectors::{Link, links};
    use crate::cert::{CertPolicy, x509::X509};
    use crate::crypto::portable::provider;
    use alloc::vec::Vec;

    /// tbsCertificate with its header, the signature algorithm's contents, the signature.
    fn parts(certificate: &[u8]) -> (&[u8], &[u8], &[u8]) {
        let mut body = only(certificate, SEQUENCE).unwrap();
        let tbs = body.next().unwrap().whole;
        (tbs, body.expect(SEQUENCE).unwrap(), body.expect(BIT_STRING).unwrap().strip_prefix(&[0]).unwrap())
    }

    fn verifies(link: &Link, policy: CertPolicy) -> bool {
        let roots = include_bytes!("../../../vectors/streams/pki/sm2-root.crt");
        let builder = WebPkiVerifier::builder(&provider()).roots(&[roots]).unwrap();
        let verifier = builder.policy(policy).build().unwrap();
        let (tbs, signature_algorithm, signature) = parts(&link.certificate);
        let issuer = X509::read(&link.issuer).unwrap();
        let fits: Vec<_> = Sm2Algorithm::all(&verifier)
            .into_iter()
            .filter(|a| a.signature == signature_algorithm && a.key == issuer.key_algorithm())
            .collect();
        let explicit = !algorithm::KEYS.contains(&issuer.key_algorithm());
        assert_eq!(fits.len(), usize::from(!explicit), "{}: one algorithm for each form", link.name);
        let verify = |a: &Sm2Algorithm<'_>| a.verify_signature(issuer.key(), tbs, signature).is_ok();
        fits.iter().any(|a| verify(a) && verify(a))
    }

    /// R-SM2-8, R-SM2-9: each link of the collected chains, also those between CAs with NULL parameters.
    #[test]
    fn verifies_each_link_under_the_user_id_that_it_was_made_with() {
        let mut count = [0; 3];
        for link in links() {
            let explicit = X509::read(&link.issuer).unwrap().public_key(provider().keys).is_err();
            let (standard, gm) = match link.user_id.as_deref() {
                _ if explicit => (false, false),
                Some("1234567812345678") => (true, true),
                Some("(empty id)") => (false, true),
                _ => (false, false),
            };
            assert_eq!(verifies(&link, CertPolicy::Standard), standard, "{}", link.name);
            assert_eq!(verifies(&link, CertPolicy::Gm), gm, "{}", link.name);
            count[usize::from(standard) + usize::from(gm)] += 1;
        }
        assert_eq!(count, [2, 23, 51], "refused, under the empty id, under the default id");
    }
}
