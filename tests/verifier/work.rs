//! What a peer's list may cost, counted (R-HS-50).
use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use tlcp::crypto::{Keys, PrivateKey, Provider, PublicKey, Random, SignatureAlgorithm};
use tlcp::error::CryptoError;

/// A portable provider that counts verifications.
pub(crate) struct Counting(Provider, AtomicUsize);

impl Counting {
    pub(crate) fn new() -> (&'static Self, Provider) {
        let counting: &'static Self = Box::leak(Box::new(Self(provider(), AtomicUsize::new(0))));
        (counting, provider().with_keys(counting))
    }

    /// Since the last call.
    pub(crate) fn checks(&self) -> usize {
        self.1.swap(0, Ordering::Relaxed)
    }
}

impl Keys for Counting {
    fn sm2_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        self.0.keys.sm2_public(point)
    }

    fn sm2_private(&self, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        self.0.keys.sm2_private(scalar)
    }

    fn verify(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        key: &PublicKey,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.keys.verify(algorithm, key, parts, signature)
    }

    fn verify_digest(&self, key: &PublicKey, digest: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        self.0.keys.verify_digest(key, digest, signature)
    }

    fn encrypt(&self, key: &PublicKey, message: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        self.0.keys.encrypt(key, message, random)
    }
}

/// Signature checks for each of the pair.
const MOST: usize = 24;

/// What the verifier says of a pair behind `leaf`'s list, and how many signatures it checked for it; `remembering` them
/// or not.
fn cost(roots: &[&Issued], pair: &Pair, cas: &[&Issued], remembering: bool) -> (Result<(), E>, usize) {
    let (counting, provider) = Counting::new();
    let roots: Vec<&[u8]> = roots.iter().map(|c| &c.certificate[..]).collect();
    let builder = WebPkiVerifier::builder(&provider).roots(&roots).unwrap();
    let builder = if remembering { builder } else { builder.remember_signatures(0) };
    let list = [&[&pair.sign, &pair.encrypt], cas].concat();
    let claim = claim(&list, PeerRole::Client).unwrap();
    let result = builder.build().unwrap().verdict(&claim, NOW).map(|_| ());
    (result, counting.checks())
}

/// A pair whose signatures verify under nobody's key.
fn forged(issuer: &Issued, w: &World) -> Pair {
    let mut pair = Pair::issue(issuer, &template().common_name("x"), &provider(), &w.random).unwrap();
    for leaf in [&mut pair.sign, &mut pair.encrypt] {
        let last = leaf.certificate.len() - 1;
        leaf.certificate[last] ^= 1;
    }
    pair
}

/// R-HS-50: nine CAs of one name, each of which might have issued each other: 9! ways up.
#[test]
fn checks_few_signatures_for_many_cas_of_one_name() {
    let w = World::new(70);
    let lookalike = |issuer: &Issued| w.issue(issuer, template().common_name("root").for_ca(None));
    // strangers to the root, and of its own making
    let strangers: Vec<Issued> = (0..9)
        .map(|_| {
            let template = template().common_name("root").for_ca(None);
            Issued::self_signed(&template, &provider(), &w.random).unwrap()
        })
        .collect();
    let children: Vec<Issued> = (0..9).map(|_| lookalike(&w.root)).collect();
    for cas in [strangers, children] {
        let pair = forged(&cas[0], &w);
        let cas: Vec<&Issued> = cas.iter().collect();
        for remembering in [true, false] {
            let (result, checks) = cost(&[&w.root], &pair, &cas, remembering);
            assert!(result.is_err());
            assert!((1..=MOST).contains(&checks), "{checks} checks, {result:?}");
        }
    }
}

/// Two certificates of one CA at each step, so that the ways double: `names` from the root down.
fn ladder(w: &World, names: &[&str]) -> Vec<[Issued; 2]> {
    let mut steps: Vec<[Issued; 2]> = Vec::new();
    for (name, seed) in names.iter().zip(1..) {
        let issuer = steps.last().map_or(&w.root, |step| &step[0]);
        let step = [1, 2].map(|days| {
            // the same seed, the same key
            let template = template().common_name(name).for_ca(None).validity(NOW - DAY, NOW + days * DAY);
            issuer.issue(&template, &provider(), &TestRandom::new(seed)).unwrap()
        });
        steps.push(step);
    }
    steps
}

/// R-HS-50: whatever the length of the ladder, and also where all but the last signature verify.
#[test]
fn checks_few_signatures_for_ladders_of_cas() {
    let w = World::new(71);
    for names in [&["a"][..], &["a", "b"], &["a", "b", "c"], &["a", "b", "c", "d"]] {
        let steps = ladder(&w, names);
        let cas: Vec<&Issued> = steps.iter().flatten().collect();
        let bottom = &steps.last().unwrap()[0];
        for remembering in [true, false] {
            let (result, checks) = cost(&[&w.root], &forged(bottom, &w), &cas, remembering);
            assert!(result.is_err() && checks <= MOST, "{names:?}: {checks} checks, {result:?}");
            let honest = Pair::issue(bottom, &template().common_name("x"), &provider(), &w.random).unwrap();
            let (result, checks) = cost(&[&w.root], &honest, &cas, remembering);
            // six CA certificates in all
            let expected = if names.len() <= 3 { Ok(()) } else { Err(E::UnknownIssuer) };
            assert_eq!(result, expected, "{names:?}");
            assert!(checks <= 2 * (names.len() + 1), "{names:?}: {checks} checks");
        }
    }
}

/// R-HS-50: an old and a new certificate of one CA; an expired one only where it is all there is.
#[test]
fn takes_the_two_of_a_name_that_last_longest() {
    let w = World::new(72);
    let ca = |seed, to| {
        let template = template().common_name("ca").for_ca(None).validity(NOW - 9 * DAY, to);
        w.root.issue(&template, &provider(), &TestRandom::new(seed)).unwrap()
    };
    let [one, two, three] = [(1, NOW + DAY), (2, NOW + 2 * DAY), (3, NOW + 3 * DAY)].map(|(s, to)| ca(s, to));
    let expired = ca(4, NOW - DAY);
    let of =
        |issuer: &Issued| Pair::issue(issuer, &template().common_name("x"), &provider(), &w.random).unwrap();
    let verdict = |pair: &Pair, cas: &[&Issued]| cost(&[&w.root], pair, cas, true).0;
    let all = [&one, &two, &three, &expired];
    assert_eq!([&three, &two].map(|ca| verdict(&of(ca), &all)), [Ok(()), Ok(())]);
    // key identifiers leave the others out
    assert_eq!(verdict(&of(&one), &all), Ok(()));
    assert_eq!(verdict(&of(&expired), &[&expired]), Err(E::Expired));
    assert_eq!(verdict(&of(&expired), &[&expired, &w.other_root]), Err(E::Expired));
    // Two of the same name and key, which a stranger signed, leave no room for a third that lasts less long.
    let foreign = [2, 3].map(|days| {
        let template =
            template().common_name("ca").for_ca(None).validity(NOW - 9 * DAY, NOW + days * DAY + 1);
        w.other_root.issue(&template, &provider(), &TestRandom::new(1)).unwrap()
    });
    assert_eq!(verdict(&of(&one), &[&one, &foreign[0]]), Ok(()));
    assert_eq!(verdict(&of(&one), &[&one, &foreign[0], &foreign[1]]), Err(E::UnknownIssuer));
}

/// R-HS-50: what is of no use is left out without an error.
#[test]
fn leaves_out_what_is_too_long_or_no_certificate() {
    let w = World::new(73);
    let extension = |length: usize| {
        let length = u16::try_from(length).unwrap().to_be_bytes();
        let content = [&[0x06, 3, 0x2a, 3, 4, 0x04, 0x82][..], &length].concat();
        let content = [content, vec![0; u16::from_be_bytes(length).into()]].concat();
        let outer = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[0x30, 0x82][..], &outer, &content].concat()
    };
    for (length, expected) in [(7000, Ok(())), (8192, Err(E::UnknownIssuer))] {
        let extra = extension(length);
        let ca = w.issue(&w.root, template().common_name("long").for_ca(None).extension(&extra));
        let pair = Pair::issue(&ca, &template().common_name("x"), &provider(), &w.random).unwrap();
        assert_eq!(cost(&[&w.root], &pair, &[&ca], true).0, expected, "{length}");
    }
    let pair = w.pair(&template().common_name("x"));
    let mut broken = w.other_root.clone();
    broken.certificate.truncate(50);
    assert_eq!(cost(&[&w.root], &pair, &[&broken, &pair.sign, &w.ca, &w.ca], true).0, Ok(()));
}
