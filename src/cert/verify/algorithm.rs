//! Signatures of certificates and CRLs for webpki, by way of the provider.
use super::WebPkiVerifier;
use super::shown::Shown;
use crate::cert::algorithm::{self, KeyForm};
use crate::crypto::SignatureAlgorithm;
use crate::suite::HashAlgorithm;
use crate::wire::NamedGroup;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use smallvec::SmallVec;

/// What one search for a path may cost, and what it came to.
pub(super) struct Work<'a> {
    /// Signature checks that are left (R-HS-50).
    left: AtomicUsize,
    /// Where the signed bytes lie whose signature did not verify.
    failed_at: AtomicUsize,
    /// Where the key lies that is none, or too short.
    refused_at: AtomicUsize,
    /// What webpki sees in place of the certificate.
    pub(super) shown: Option<Shown<'a>>,
}

impl<'a> Work<'a> {
    pub(super) fn new(checks: usize, shown: Option<Shown<'a>>) -> Self {
        let [failed_at, refused_at] = [0, 0].map(AtomicUsize::new);
        Self { left: AtomicUsize::new(checks), failed_at, refused_at, shown }
    }

    /// Takes one check out of the store, if there is any.
    fn take(&self) -> Result<(), InvalidSignature> {
        let take_one = |left: usize| left.checked_sub(1);
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_one);
        taken.map(|_| ()).map_err(|_| InvalidSignature)
    }

    /// All checks are used up.
    pub(super) fn is_exhausted(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// Whether this key, that of a CA, was the last that could not be used.
    pub(super) fn refused(&self, key: &[u8]) -> bool {
        self.refused_at.load(Ordering::Relaxed) == key.as_ptr().addr()
    }

    /// Whether the signature that failed last was the one on this certificate.
    pub(super) fn failed_on(&self, certificate: &[u8]) -> bool {
        let start = certificate.as_ptr().addr();
        let end = start.saturating_add(certificate.len());
        (start..end).contains(&self.failed_at.load(Ordering::Relaxed))
    }
}

/// One combination of the forms in which certificates name the signature's and the key's algorithm: webpki compares
/// them byte for byte (R-SM2-9). It lives as long as one search, so it can borrow provider and user ids.
pub(super) struct Algorithm<'a> {
    verifier: &'a WebPkiVerifier,
    work: &'a Work<'a>,
    form: &'static Form,
}

/// How certificates name a signature's algorithm and the key's, and what they mean.
struct Form {
    key: KeyForm,
    signs: Signs,
    signature_id: AlgorithmIdentifier,
    key_id: AlgorithmIdentifier,
}

/// How it is signed.
#[derive(Clone, Copy)]
enum Signs {
    /// Under one of the user ids, in their order (R-SM2-8).
    Sm2,
    Others(SignatureAlgorithm<'static>),
}

const fn sm2(signature: &'static [u8], key: usize) -> Form {
    Form {
        key: KeyForm::Sm2,
        signs: Signs::Sm2,
        signature_id: AlgorithmIdentifier::from_slice(signature),
        key_id: AlgorithmIdentifier::from_slice(algorithm::KEYS[key]),
    }
}

const fn rsa(signature_id: AlgorithmIdentifier, signs: SignatureAlgorithm<'static>) -> Form {
    Form { key: KeyForm::Rsa, signs: Signs::Others(signs), signature_id, key_id: alg_id::RSA_ENCRYPTION }
}

const fn ecdsa(
    signature_id: AlgorithmIdentifier,
    hash: HashAlgorithm,
    curve: NamedGroup,
    key_id: AlgorithmIdentifier,
) -> Form {
    let signs = Signs::Others(SignatureAlgorithm::Ecdsa(hash));
    Form { key: KeyForm::Ecdsa(curve), signs, signature_id, key_id }
}

const COUNT: usize = 24;

/// No MD5 and no SHA-1 (R-BCP-7). What the provider does not have is refused by it.
static FORMS: [Form; COUNT] = {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{RsaPkcs1, RsaPss};
    [
        sm2(algorithm::SM2_SM3, 0),
        sm2(algorithm::SM2_SM3, 1),
        sm2(algorithm::SM2_SM3, 2),
        sm2(algorithm::SM2_SM3, 3),
        sm2(algorithm::SM2_SM3_NULL, 0),
        sm2(algorithm::SM2_SM3_NULL, 1),
        sm2(algorithm::SM2_SM3_NULL, 2),
        sm2(algorithm::SM2_SM3_NULL, 3),
        // RFC 4055 5: parameters NULL, and absent ones must be taken too.
        rsa(alg_id::RSA_PKCS1_SHA256, RsaPkcs1(Sha256)),
        rsa(alg_id::RSA_PKCS1_SHA384, RsaPkcs1(Sha384)),
        rsa(alg_id::RSA_PKCS1_SHA512, RsaPkcs1(Sha512)),
        rsa(algorithm::RSA_SHA256_ABSENT, RsaPkcs1(Sha256)),
        rsa(algorithm::RSA_SHA384_ABSENT, RsaPkcs1(Sha384)),
        rsa(algorithm::RSA_SHA512_ABSENT, RsaPkcs1(Sha512)),
        rsa(alg_id::RSA_PSS_SHA256, RsaPss(Sha256)),
        rsa(alg_id::RSA_PSS_SHA384, RsaPss(Sha384)),
        rsa(alg_id::RSA_PSS_SHA512, RsaPss(Sha512)),
        ecdsa(alg_id::ECDSA_SHA256, Sha256, NamedGroup::SECP256R1, alg_id::ECDSA_P256),
        ecdsa(alg_id::ECDSA_SHA384, Sha384, NamedGroup::SECP256R1, alg_id::ECDSA_P256),
        ecdsa(alg_id::ECDSA_SHA512, Sha512, NamedGroup::SECP256R1, alg_id::ECDSA_P256),
        ecdsa(alg_id::ECDSA_SHA256, Sha256, NamedGroup::SECP384R1, alg_id::ECDSA_P384),
        ecdsa(alg_id::ECDSA_SHA384, Sha384, NamedGroup::SECP384R1, alg_id::ECDSA_P384),
        ecdsa(alg_id::ECDSA_SHA512, Sha512, NamedGroup::SECP384R1, alg_id::ECDSA_P384),
        Form {
            key: KeyForm::Ed25519,
            signs: Signs::Others(SignatureAlgorithm::Ed25519),
            signature_id: alg_id::ED25519,
            key_id: alg_id::ED25519,
        },
    ]
};

impl<'a> Algorithm<'a> {
    /// All combinations whose kind of key a CA may have.
    pub(super) fn all(verifier: &'a WebPkiVerifier, work: &'a Work<'a>) -> SmallVec<[Self; COUNT]> {
        let forms = FORMS.iter().filter(|form| verifier.ca_keys.contains(&form.key.kind()));
        forms.map(|form| Self { verifier, work, form }).collect()
    }

    fn check(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.work.take()?;
        let keys = self.verifier.provider.keys;
        // R-BCP-5, R-RSA-2: the provider takes no short one.
        let public = self.form.key.public(key, keys).map_err(|_| {
            self.work.refused_at.store(key.as_ptr().addr(), Ordering::Relaxed);
            InvalidSignature
        })?;
        let verifies = |algorithm| keys.verify(algorithm, &public, &[message], signature).is_ok();
        let valid = match self.form.signs {
            Signs::Sm2 => {
                self.verifier.user_ids.iter().any(|user_id| verifies(SignatureAlgorithm::Sm2Sm3 { user_id }))
            }
            Signs::Others(algorithm) => verifies(algorithm),
        };
        if valid { Ok(()) } else { Err(InvalidSignature) }
    }
}

/// As webpki takes them.
pub(super) fn as_dyn<'a>(
    all: &'a [Algorithm<'_>],
) -> SmallVec<[&'a dyn SignatureVerificationAlgorithm; COUNT]> {
    all.iter().map(|one| one as &dyn SignatureVerificationAlgorithm).collect()
}

impl fmt::Debug for Algorithm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Algorithm")
    }
}

impl SignatureVerificationAlgorithm for Algorithm<'_> {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let message = self.work.shown.as_ref().map_or(message, |shown| shown.signed(message));
        #[cfg(feature = "std")]
        let digest = {
            let digest = self.verifier.cache.digest(&self.verifier.provider, [key, message, signature]);
            if self.verifier.cache.contains(&digest) {
                return Ok(());
            }
            digest
        };
        self.check(key, message, signature)
            .inspect_err(|_| self.work.failed_at.store(message.as_ptr().addr(), Ordering::Relaxed))?;
        #[cfg(feature = "std")]
        self.verifier.cache.insert(digest);
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.form.key_id
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.form.signature_id
    }
}

#[cfg(all(test, feature = "std"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::cert::test_vectors::{Link, links};
    use crate::cert::{CertPolicy, x509::X509};
    use crate::crypto::portable::provider;
    use crate::wire::der::{BIT_STRING, SEQUENCE, only};

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
        let work = Work::new(24, None);
        let fits: Vec<_> = Algorithm::all(&verifier, &work)
            .into_iter()
            .filter(|a| {
                *a.form.signature_id == *signature_algorithm && *a.form.key_id == *issuer.key_algorithm()
            })
            .collect();
        let explicit = !algorithm::KEYS.contains(&issuer.key_algorithm());
        assert_eq!(fits.len(), usize::from(!explicit), "{}: one algorithm for each form", link.name);
        let verify = |a: &Algorithm<'_>| a.verify_signature(issuer.key(), tbs, signature).is_ok();
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
