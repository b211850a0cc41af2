//! What a peer's list may cost under the Web's policy, counted (R-HS-50).
use super::rules::{World, claim, template};
use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::TestRandom;
use tlcp::crypto::{Keys, PrivateKey, Provider, PublicKey, Random, SignatureAlgorithm};
use tlcp::error::CryptoError;
use tlcp::pki::{DAY, Issued, NewKey};
use tlcp::wire::NamedGroup;

/// The portable provider, counting verifications.
struct Counting(AtomicUsize);

impl Counting {
    fn new() -> (&'static Self, Provider) {
        let counting: &'static Self = Box::leak(Box::new(Self(AtomicUsize::new(0))));
        (counting, provider().with_keys(counting))
    }
}

impl Keys for Counting {
    fn sm2_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        provider().keys.sm2_public(point)
    }

    fn sm2_private(&self, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        provider().keys.sm2_private(scalar)
    }

    fn ecdsa_public(&self, curve: NamedGroup, point: &[u8]) -> Result<PublicKey, CryptoError> {
        provider().keys.ecdsa_public(curve, point)
    }

    fn verify(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        key: &PublicKey,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        provider().keys.verify(algorithm, key, parts, signature)
    }

    fn verify_digest(&self, key: &PublicKey, digest: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        provider().keys.verify_digest(key, digest, signature)
    }

    fn encrypt(&self, key: &PublicKey, message: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        provider().keys.encrypt(key, message, random)
    }
}

/// Signature checks for one leaf.
const MOST: usize = 24;

/// What the verifier says of the list, the first and the second time, and how many signatures it checked for each.
fn cost(w: &World<'_>, list: &[&Issued], remembered: usize) -> [(Result<(), E>, usize); 2] {
    let (counting, provider) = Counting::new();
    let builder = WebPkiVerifier::builder(&provider).policy(CertPolicy::Web);
    let builder = builder.roots(&[&w.root.certificate]).unwrap().remember_signatures(remembered);
    let (verifier, claim) = (builder.build().unwrap(), claim(list, PeerRole::Client).unwrap());
    [(); 2].map(|()| {
        let result = verifier.verify(&claim, NOW).map(|_| ()).map_err(|e| e.problem);
        (result, counting.0.swap(0, Ordering::Relaxed))
    })
}

fn forged(w: &World<'_>, issuer: &Issued) -> Issued {
    let mut leaf = w.issue(issuer, template().common_name("x").for_tls());
    *leaf.certificate.last_mut().unwrap() ^= 1;
    leaf
}

/// R-HS-50: nine CAs of one name on P-256, each of which might have issued each other: 9! ways up.
#[test]
fn checks_few_signatures_for_many_cas_of_one_name() {
    let w = World::new(NewKey::P256, 70);
    let ca = || template().common_name("root").for_ca(None).key(NewKey::P256);
    let strangers: Vec<Issued> =
        (0..9).map(|_| Issued::self_signed(&ca(), &provider(), &w.random).unwrap()).collect();
    let children: Vec<Issued> = (0..9).map(|_| w.issue(&w.root, ca())).collect();
    for cas in [strangers, children] {
        let leaf = forged(&w, &cas[0]);
        let list: Vec<&Issued> = [&leaf].into_iter().chain(&cas).collect();
        for remembered in [0, 256] {
            for (result, checks) in cost(&w, &list, remembered) {
                assert!(result.is_err());
                assert!((1..=MOST).contains(&checks), "{checks} checks, {result:?}");
            }
        }
    }
}

/// R-HS-50: two certificates of one CA at each step, so that the ways double; and six CAs are the most.
#[test]
fn checks_few_signatures_for_ladders_of_cas() {
    let w = World::new(NewKey::P256, 71);
    let mut steps: Vec<[Issued; 2]> = Vec::new();
    for (name, seed) in ["a", "b", "c", "d"].into_iter().zip(1..) {
        let issuer = steps.last().map_or(&w.root, |step| &step[0]);
        let step = [1, 2].map(|days| {
            let template = template().common_name(name).for_ca(None).validity(NOW - DAY, NOW + days * DAY);
            // the same seed, the same key
            issuer.issue(&template.key(NewKey::P256), &provider(), &TestRandom::new(seed)).unwrap()
        });
        steps.push(step);
        let cas: Vec<&Issued> = steps.iter().flatten().collect();
        let bottom = &steps.last().unwrap()[0];
        let (honest, forged) = (w.issue(bottom, template().common_name("x").for_tls()), forged(&w, bottom));
        for remembered in [0, 256] {
            for (result, checks) in cost(&w, &[&[&forged][..], &cas].concat(), remembered) {
                assert!(result.is_err() && checks <= MOST, "{name}: {checks} checks, {result:?}");
            }
            for (result, checks) in cost(&w, &[&[&honest][..], &cas].concat(), remembered) {
                let expected = if steps.len() <= 3 { Ok(()) } else { Err(E::UnknownIssuer) };
                assert_eq!(result, expected, "{name}");
                assert!(checks <= 2 * (steps.len() + 1), "{name}: {checks} checks");
            }
        }
    }
}

/// R-HS-50: what verified once costs nothing the next time, if it is to be remembered.
#[test]
fn remembers_signatures_that_verified() {
    let w = World::new(NewKey::P256, 72);
    let leaf = w.issue(&w.ca, template().common_name("x").for_tls());
    assert_eq!(cost(&w, &[&leaf, &w.ca], 256), [(Ok(()), 2), (Ok(()), 0)]);
    assert_eq!(cost(&w, &[&leaf, &w.ca], 0), [(Ok(()), 2), (Ok(()), 2)]);
}
