//! The standard verifier (R-HS-41, R-HS-42, R-SM2-7 to R-SM2-9), with the alerts of R-AL-8.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "verifier/errors.rs"]
mod errors;
#[path = "verifier/names.rs"]
mod names;
#[path = "verifier/pairs.rs"]
mod pairs;
#[path = "verifier/paths.rs"]
mod paths;
#[path = "verifier/policy.rs"]
mod policy;
#[path = "verifier/revocation.rs"]
mod revocation;
#[path = "support/certificates.rs"]
mod support;
#[path = "verifier/usage.rs"]
mod usage;
#[path = "verifier/work.rs"]
mod work;

use std::sync::Arc;
use support::TestRandom;
use tlcp::alert::alert_for;
use tlcp::cert::{
    CertPolicy, Expected, KeyUse, PeerClaim, PeerKeys, PeerRole, ServerName, Verified, Verifier,
    VerifierBuilder, WebPkiVerifier, dangerous,
};
use tlcp::crypto::portable::provider;
use tlcp::error::CertificateProblem as E;
use tlcp::message::Credential;
use tlcp::pki::{DAY, Issued, Options, Pair, Pki, Template};
use tlcp::wire::AlertDescription as A;

/// The moment at which the test certificates are valid.
const NOW: u64 = 1_800_000_000;

fn server(name: &str) -> PeerRole {
    PeerRole::Server(ServerName::try_from(name.to_string()).unwrap())
}

/// What a peer shows.
fn claim(list: &[&Issued], role: PeerRole) -> Result<PeerClaim, E> {
    let list = list.iter().map(|c| c.certificate.as_slice().into()).collect();
    let credential = Arc::new(Credential::Certificates(list));
    let expected = match role {
        PeerRole::Server(_) => Expected::Pair,
        PeerRole::Client => Expected::PairOrSign,
    };
    let keys = credential.keys(expected, provider().keys).map_err(|e| e.problem)?;
    Ok(PeerClaim::new(role, credential, keys))
}

/// What a verifier says, whichever certificate it is about.
trait Verdict {
    fn verdict(&self, claim: &PeerClaim, now: u64) -> Result<Verified, E>;
}

impl<V: Verifier> Verdict for V {
    fn verdict(&self, claim: &PeerClaim, now: u64) -> Result<Verified, E> {
        self.verify(claim, now).map_err(|e| e.problem)
    }
}

/// Makes certificates of a small world: two roots with a CA each.
struct World {
    random: TestRandom,
    root: Issued,
    ca: Issued,
    other_root: Issued,
}

impl World {
    fn new(seed: u64) -> Self {
        let random = TestRandom::new(seed);
        let root = |name| {
            let template = template().common_name(name).for_ca(None);
            Issued::self_signed(&template, &provider(), &random).unwrap()
        };
        let (root, other_root) = (root("root"), root("other root"));
        let ca = root.issue(&template().common_name("ca").for_ca(Some(1)), &provider(), &random).unwrap();
        Self { random, root, ca, other_root }
    }

    fn issue(&self, issuer: &Issued, template: Template<'_>) -> Issued {
        issuer.issue(&template, &provider(), &self.random).unwrap()
    }

    fn pair(&self, template: &Template<'_>) -> Pair {
        Pair::issue(&self.ca, template, &provider(), &self.random).unwrap()
    }

    fn builder(&self) -> VerifierBuilder {
        WebPkiVerifier::builder(&provider()).roots(&[&self.root.certificate]).unwrap()
    }

    fn verifier(&self, policy: CertPolicy) -> WebPkiVerifier {
        self.builder().policy(policy).build().unwrap()
    }

    /// What the verifier says at [`NOW`].
    fn verify(&self, policy: CertPolicy, list: &[&Issued], role: PeerRole) -> Result<u64, E> {
        self.verify_at(policy, list, role, NOW)
    }

    fn verify_at(&self, policy: CertPolicy, list: &[&Issued], role: PeerRole, now: u64) -> Result<u64, E> {
        self.verifier(policy).verdict(&claim(list, role)?, now).map(|v| v.not_after())
    }
}

/// Valid from a day before [`NOW`] for a year, O=Test.
fn template<'a>() -> Template<'a> {
    Template::new(NOW - DAY, NOW + 364 * DAY).organization("Test")
}

fn alert(error: &E) -> A {
    alert_for(&error.clone().into()).unwrap()
}

#[test]
fn accepts_the_pairs_of_a_made_pki() {
    let pki = Pki::new(&Options::new(NOW), &provider(), &TestRandom::new(1)).unwrap();
    let verifier = pki.verifier(&provider()).unwrap();
    let list = [&pki.server.sign, &pki.server.encrypt, &pki.intermediate];
    for name in ["localhost", "127.0.0.1", "::1"] {
        let verified = verifier.verdict(&claim(&list, server(name)).unwrap(), NOW).unwrap();
        assert_eq!(verified.not_after(), NOW + 365 * DAY);
    }
    let list = [&pki.client.sign, &pki.client.encrypt, &pki.intermediate];
    verifier.verdict(&claim(&list, PeerRole::Client).unwrap(), NOW).unwrap();
    let list = [&pki.client.sign, &pki.intermediate];
    verifier.verdict(&claim(&list, PeerRole::Client).unwrap(), NOW).unwrap();
}

/// R-HS-42: a client without an encryption certificate is fine, a server is not.
#[test]
fn refuses_a_server_without_an_encryption_certificate() {
    let w = World::new(2);
    let pair = w.pair(&template().common_name("s").names(&["s.example".into()]));
    let mut claim = claim(&[&pair.sign, &pair.encrypt, &w.ca], server("s.example")).unwrap();
    claim.keys = PeerKeys::Single { key: claim.keys.sign().clone(), key_use: KeyUse::Sign };
    let error = w.verifier(CertPolicy::Standard).verdict(&claim, NOW).unwrap_err();
    assert_eq!((error.clone(), alert(&error)), (E::MissingEncryptionCertificate, A::BAD_CERTIFICATE));
}

/// R-SES-10, R-SES-11: sessions end with the first certificate of the pair.
#[test]
fn says_when_the_first_of_the_pair_expires() {
    let w = World::new(5);
    let t = template().common_name("x");
    let sign = w.issue(&w.ca, t.clone().for_signing().validity(NOW - DAY, NOW + 9 * DAY));
    let encrypt = w.issue(&w.ca, t.for_encryption().validity(NOW - DAY, NOW + 5 * DAY));
    let verify = |list: &[&Issued]| w.verify(CertPolicy::Standard, list, PeerRole::Client);
    assert_eq!(verify(&[&sign, &encrypt, &w.ca]), Ok(NOW + 5 * DAY));
    assert_eq!(verify(&[&sign, &w.ca]), Ok(NOW + 9 * DAY));
}

/// R-SES-10, R-SES-11
#[test]
fn has_a_context_that_changes_with_all_that_decides() {
    let w = World::new(6);
    let both = [&w.root.certificate[..], &w.other_root.certificate];
    let [a, b] = both;
    let new = || WebPkiVerifier::builder(&provider());
    let crl = tlcp::pki::revocation_list(&w.root, &[], (NOW, NOW + DAY), &w.random).unwrap();
    let context = |b: VerifierBuilder| b.build().unwrap().context();
    let contexts = [
        context(w.builder()),
        context(w.builder().policy(CertPolicy::Gm)),
        context(w.builder().user_ids(&[b""])),
        context(w.builder().user_ids(&[b"", b"1"])),
        context(w.builder().user_ids(&[b"1", b""])),
        context(w.builder().require_key_usage()),
        context(w.builder().require_name_on_both()),
        context(w.builder().require_same_subject()),
        context(new().roots(&[b]).unwrap()),
        context(new().roots(&both).unwrap()),
    ];
    for (i, context) in contexts.iter().enumerate() {
        assert!(!contexts[..i].contains(context), "{i}");
    }
    assert_eq!(contexts[0], context(w.builder().roots(&[a]).unwrap()), "a root given twice");
    // R-HS-51: a session's peer is looked up anew
    assert_eq!(contexts[0], context(w.builder().crls(&[&crl]).unwrap()));
    assert_eq!(contexts[9], context(new().roots(&[b, a]).unwrap()), "the order of the roots");
    let authorities = new().roots(&both).unwrap().build().unwrap().authorities();
    assert_eq!(authorities, both.map(support::subject));
}

/// R-SES-11: a verifier under which a CA may have an SM2 key too is another one.
#[cfg(feature = "rsa")]
#[test]
fn has_a_context_that_changes_with_the_kinds_of_keys_that_cas_may_have() {
    use tlcp::suite::KeyKind as K;
    const ROOT: &[u8] = include_bytes!("../vectors/rsa/root.crt");
    let contexts = [&[K::Rsa][..], &[K::Rsa, K::Sm2], &[K::Rsa, K::Ecdsa], &[K::Rsa, K::Sm2, K::Ecdsa]]
        .map(|kinds| WebPkiVerifier::builder(&tlcp::crypto::default_provider()).ca_keys(kinds))
        .map(|builder| builder.roots(&[ROOT]).unwrap().build().unwrap().context());
    for (i, context) in contexts.iter().enumerate() {
        assert!(!contexts[..i].contains(context), "{i}");
    }
}

/// R-SES-11: what nobody verified is not resumed.
#[test]
fn verifies_nothing_only_under_a_dangerous_name() {
    let w = World::new(7);
    let pair = w.pair(&template().common_name("x"));
    let claim = claim(&[&pair.sign, &pair.encrypt], server("other.example")).unwrap();
    let verified = dangerous::NoVerification.verdict(&claim, NOW).unwrap();
    assert_eq!(verified.not_after(), 0, "expired from the start");
}
