//! Whether signing and encryption certificate belong together (R-HS-46).
use super::*;

/// Certificates of `issuer`: for signing `CN=a`, and for encryption by `template`.
struct Halves<'w> {
    w: &'w World,
    sign: Issued,
}

const NAME: &str = "a.example";

impl<'w> Halves<'w> {
    fn new(w: &'w World, names: &[String]) -> Self {
        Self { w, sign: w.issue(&w.ca, template().common_name("a").names(names).for_signing()) }
    }

    fn encrypt(&self, issuer: &Issued, template: Template<'_>) -> Issued {
        self.w.issue(issuer, template.for_encryption())
    }

    /// What the verdict is for a client's pair, a server's under the strict policy, and a server's under the lenient one.
    fn verdicts(
        &self,
        builder: impl Fn() -> VerifierBuilder,
        encrypt: &Issued,
        cas: &[&Issued],
    ) -> [bool; 3] {
        let list = [&[&self.sign, encrypt], cas].concat();
        [
            (PeerRole::Client, CertPolicy::Standard),
            (server(NAME), CertPolicy::Standard),
            (server(NAME), CertPolicy::Gm),
        ]
        .map(|(role, policy)| {
            let result = builder().policy(policy).build().unwrap().verdict(&claim(&list, role).unwrap(), NOW);
            assert!(matches!(result, Ok(_) | Err(E::InconsistentPair)), "{result:?}");
            result.is_ok()
        })
    }
}

/// R-HS-46: every way in which the two may belong together, and that nothing else does.
#[test]
fn takes_a_second_certificate_that_belongs_to_the_first_and_no_other() {
    let w = World::new(80);
    let names = [NAME.to_string()];
    let other_names = ["other.example".to_string(), NAME.to_string()];
    let h = Halves::new(&w, &names);
    let other_ca = w.issue(&w.root, template().common_name("other ca").for_ca(None));
    let t = template().common_name("b");
    let default = || w.builder();
    let cas = [&w.ca, &other_ca];
    for (what, encrypt, expected) in [
        ("the same subject", h.encrypt(&other_ca, template().common_name("a")), [true; 3]),
        ("the same names", h.encrypt(&other_ca, t.clone().names(&names)), [true; 3]),
        (
            "the name that was asked for",
            h.encrypt(&other_ca, t.clone().names(&other_names)),
            [false, true, true],
        ),
        ("the same CA", h.encrypt(&w.ca, t.clone()), [true, false, true]),
        ("another subject and another CA", h.encrypt(&other_ca, t.clone()), [false; 3]),
    ] {
        assert_eq!(h.verdicts(default, &encrypt, &cas), expected, "{what}");
    }
    assert_eq!(alert(&E::InconsistentPair), A::BAD_CERTIFICATE);
}

/// R-HS-46: the same issuer's name under two roots is not the same CA.
#[test]
fn tells_two_cas_of_one_name_apart_by_their_roots() {
    let w = World::new(81);
    let names = [NAME.to_string()];
    let h = Halves::new(&w, &names);
    let namesake = w.issue(&w.other_root, template().common_name("ca").for_ca(None));
    let encrypt = h.encrypt(&namesake, template().common_name("b"));
    let roots = || w.builder().roots(&[&w.other_root.certificate]).unwrap();
    assert_eq!(h.verdicts(roots, &encrypt, &[&w.ca, &namesake]), [false; 3]);
    // and under one root it is
    let renewed = w.issue(&w.root, template().common_name("ca").for_ca(None));
    let encrypt = h.encrypt(&renewed, template().common_name("b"));
    assert_eq!(h.verdicts(roots, &encrypt, &[&w.ca, &renewed]), [true, false, true]);
}

/// R-HS-46: both strict options.
#[test]
fn asks_for_the_same_subject_or_the_name_on_both_if_told_to() {
    let w = World::new(82);
    let names = [NAME.to_string()];
    let h = Halves::new(&w, &names);
    let (same, other) = (template().common_name("a"), template().common_name("b"));
    let subject = || w.builder().require_same_subject();
    let both = || w.builder().require_name_on_both();
    for (encrypt, by_subject, by_both) in [
        (h.encrypt(&w.ca, same.clone()), [true; 3], [true, false, false]),
        (h.encrypt(&w.ca, same.names(&names)), [true; 3], [true; 3]),
        (h.encrypt(&w.ca, other.clone().names(&names)), [false, true, true], [false; 3]),
        (h.encrypt(&w.ca, other), [false; 3], [false; 3]),
    ] {
        assert_eq!(h.verdicts(subject, &encrypt, &[&w.ca]), by_subject, "{encrypt:?}");
        assert_eq!(h.verdicts(both, &encrypt, &[&w.ca]), by_both, "{encrypt:?}");
    }
}

/// R-HS-46: two empty subjects are not the same subject, and two empty lists of names not the same names.
#[test]
fn takes_empty_subjects_and_names_for_nothing() {
    let w = World::new(83);
    let other_ca = w.issue(&w.root, template().common_name("other ca").for_ca(None));
    let (one, two) = (["one.example".to_string()], ["two.example".to_string()]);
    // subjectAltName without a name
    let no_names = hex::decode("30090603551d1104023000").unwrap();
    let nameless = |issuer: &Issued, names: &[String], extra: &[u8]| {
        let empty = Template::new(NOW - DAY, NOW + DAY).names(names).extension(extra);
        Pair::issue(issuer, &empty, &provider(), &w.random).unwrap()
    };
    let verify = |sign: &Pair, encrypt: &Pair| {
        let list = [&sign.sign, &encrypt.encrypt, &w.ca, &other_ca];
        w.verify(CertPolicy::Standard, &list, PeerRole::Client).map(|_| ())
    };
    let refused = Err(E::InconsistentPair);
    assert_eq!(verify(&nameless(&w.ca, &one, b""), &nameless(&other_ca, &one, b"")), Ok(()));
    assert_eq!(verify(&nameless(&w.ca, &one, b""), &nameless(&other_ca, &two, b"")), refused);
    assert_eq!(verify(&nameless(&w.ca, &[], b""), &nameless(&other_ca, &[], b"")), refused);
    assert_eq!(verify(&nameless(&w.ca, &[], &no_names), &nameless(&other_ca, &[], &no_names)), refused);
}

/// The test certificates of Tongsuo and openHiTLS, in both roles.
#[test]
fn takes_the_pairs_of_other_stacks() {
    for (stack, name) in [("tongsuo", "server sign"), ("openhitls", "certificate.testsign.com")] {
        let roots = support::vector(&format!("pairs/{stack}-root.crt"));
        for (party, role) in [("server", server("server.invalid")), ("client", PeerRole::Client)] {
            let list = support::certificates(&support::vector(&format!("pairs/{stack}-{party}.pem")));
            let list = list.into_iter().map(Vec::into_boxed_slice).collect();
            let credential = Arc::new(Credential::Certificates(list));
            let role = match role {
                PeerRole::Server(_) if !name.contains(' ') => server(name),
                other => other,
            };
            let named = matches!(&role, PeerRole::Server(n) if n.to_str() == name);
            let is_server = matches!(role, PeerRole::Server(_));
            let keys = credential.keys(Expected::Pair, provider().keys).unwrap();
            let claim = PeerClaim::new(role, credential, keys);
            let verdict = |strict: bool, policy| {
                let builder = WebPkiVerifier::builder(&provider()).roots(&[&roots]).unwrap().policy(policy);
                let builder = if strict { builder.require_same_subject() } else { builder };
                builder.build().unwrap().verdict(&claim, NOW).map(|_| ())
            };
            // Tongsuo's names its server by no DNS name.
            let expected = if is_server && !named { Err(E::NameMismatch) } else { Ok(()) };
            assert_eq!(verdict(false, CertPolicy::Gm), expected, "{stack} {party}");
            assert!(verdict(true, CertPolicy::Gm).is_err(), "{stack} {party}");
        }
    }
}
