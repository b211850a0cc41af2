//! The standard verifier (R-HS-41, R-HS-42, R-SM2-7 to R-SM2-9), with the alerts of R-AL-8.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "verifier/names.rs"]
mod names;
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

use std::sync::Arc;
use support::TestRandom;
use tlcp::alert::alert_for;
use tlcp::cert::{
    CertPolicy, PeerClaim, PeerPair, PeerRole, ServerName, Verifier, VerifierBuilder, WebPkiVerifier,
    dangerous,
};
use tlcp::crypto::portable::provider;
use tlcp::error::{CertificateError as E, Error};
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
    let needed = matches!(role, PeerRole::Server(_));
    let pair = PeerPair::choose(&credential, needed, provider().keys)?;
    Ok(PeerClaim { role, credential, pair })
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
        self.verifier(policy).verify(&claim(list, role)?, now).map(|v| v.not_after())
    }
}

/// Valid from a day before [`NOW`] for a year, O=Test.
fn template<'a>() -> Template<'a> {
    Template::new(NOW - DAY, NOW + 364 * DAY).organization("Test")
}

fn alert(error: &E) -> A {
    alert_for(&Error::Certificate(error.clone())).unwrap()
}

#[test]
fn accepts_the_pairs_of_a_made_pki() {
    let pki = Pki::new(&Options::new(NOW), &provider(), &TestRandom::new(1)).unwrap();
    let verifier = pki.verifier(&provider()).unwrap();
    let list = [&pki.server.sign, &pki.server.encrypt, &pki.intermediate];
    for name in ["localhost", "127.0.0.1", "::1"] {
        let verified = verifier.verify(&claim(&list, server(name)).unwrap(), NOW).unwrap();
        assert_eq!(verified.not_after(), NOW + 365 * DAY);
    }
    let list = [&pki.client.sign, &pki.client.encrypt, &pki.intermediate];
    verifier.verify(&claim(&list, PeerRole::Client).unwrap(), NOW).unwrap();
    let list = [&pki.client.sign, &pki.intermediate];
    verifier.verify(&claim(&list, PeerRole::Client).unwrap(), NOW).unwrap();
}

/// R-HS-42: a client without an encryption certificate is fine, a server is not.
#[test]
fn refuses_a_server_without_an_encryption_certificate() {
    let w = World::new(2);
    let pair = w.pair(&template().common_name("s").names(&["s.example".into()]));
    let mut claim = claim(&[&pair.sign, &pair.encrypt, &w.ca], server("s.example")).unwrap();
    claim.pair.encryption = None;
    let error = w.verifier(CertPolicy::Standard).verify(&claim, NOW).unwrap_err();
    assert_eq!((error.clone(), alert(&error)), (E::MissingEncryptionCertificate, A::BAD_CERTIFICATE));
}

/// R-HS-42, R-HS-41 (3).
#[test]
fn refuses_a_pair_of_two_parties() {
    let w = World::new(3);
    let names = ["a.example".to_string()];
    let [a, b] = ["a", "b"].map(|n| w.pair(&template().common_name(n)));
    let named = w.pair(&template().common_name("c").names(&names));
    let named_too = w.pair(&template().common_name("d").names(&names));
    let refused = Err(E::InconsistentPair);
    let s = CertPolicy::Standard;
    assert_eq!(w.verify(s, &[&a.sign, &b.encrypt, &w.ca], PeerRole::Client), refused);
    assert_eq!(w.verify(s, &[&named.sign, &b.encrypt, &w.ca], server("a.example")), refused);
    assert_eq!(alert(&E::InconsistentPair), A::BAD_CERTIFICATE);
    // another subject, but for the same name: enough for a server, not for a client, nor if both are asked for
    let list = [&named.sign, &named_too.encrypt, &w.ca];
    assert!(w.verify(s, &list, server("a.example")).is_ok());
    assert_eq!(w.verify(s, &list, PeerRole::Client), refused);
    let strict = w.builder().require_name_on_both().build().unwrap();
    let verify =
        |list: &[&Issued]| strict.verify(&claim(list, server("a.example")).unwrap(), NOW).map(|_| ());
    assert_eq!(verify(&list), Err(E::InconsistentPair));
    assert_eq!(verify(&[&named.sign, &named.encrypt, &w.ca]), Ok(()));
    let unnamed = w.issue(&w.ca, template().common_name("c").for_encryption());
    assert!(w.verify(s, &[&named.sign, &unnamed, &w.ca], server("a.example")).is_ok(), "the same subject");
    assert_eq!(verify(&[&named.sign, &unnamed, &w.ca]), Err(E::InconsistentPair));
}

/// Two empty subjects are not the same subject.
#[test]
fn tells_parties_without_a_subject_apart_by_their_names() {
    let w = World::new(4);
    let empty = Template::new(NOW - DAY, NOW + DAY);
    let (one, two) = (["one.example".to_string()], ["two.example".to_string()]);
    let [one, two] = [&one, &two].map(|names| w.pair(&empty.clone().names(names)));
    let nameless = w.pair(&empty);
    let verify = |sign: &Issued, encrypt: &Issued| {
        w.verify(CertPolicy::Standard, &[sign, encrypt, &w.ca], PeerRole::Client).map(|_| ())
    };
    assert_eq!(verify(&one.sign, &one.encrypt), Ok(()));
    assert_eq!(verify(&one.sign, &two.encrypt), Err(E::InconsistentPair));
    assert_eq!(verify(&nameless.sign, &nameless.encrypt), Err(E::InconsistentPair));
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
        context(w.builder().crls(&[&crl]).unwrap()),
        context(w.builder().crls(&[&crl]).unwrap().revocation_of_end_entities_only()),
        context(new().roots(&[b]).unwrap()),
        context(new().roots(&both).unwrap()),
    ];
    for (i, context) in contexts.iter().enumerate() {
        assert!(!contexts[..i].contains(context), "{i}");
    }
    assert_eq!(contexts[0], context(w.builder().roots(&[a]).unwrap()), "a root given twice");
    assert_eq!(contexts[10], context(new().roots(&[b, a]).unwrap()), "the order of the roots");
    let authorities = new().roots(&both).unwrap().build().unwrap().authorities();
    assert_eq!(authorities, both.map(support::subject));
}

/// R-SES-11: what nobody verified is not resumed.
#[test]
fn verifies_nothing_only_under_a_dangerous_name() {
    let w = World::new(7);
    let pair = w.pair(&template().common_name("x"));
    let claim = claim(&[&pair.sign, &pair.encrypt], server("other.example")).unwrap();
    let verified = dangerous::NoVerification.verify(&claim, NOW).unwrap();
    assert_eq!(verified.not_after(), 0, "expired from the start");
}
