//! Rules that certificates of our own making break one at a time, with keys of each kind.
use super::*;
use rustls_pki_types::{PrivatePkcs1KeyDer, pem::PemObject};
use support::{TestRandom, element};
use tlcp::cert::{Identity, VerifierBuilder};
use tlcp::pki::{DAY, Issued, NewKey, Options, Template, TlsPki, revocation_list};

/// An RSA key as PKCS#1.
pub(super) fn rsa_key() -> Vec<u8> {
    PrivatePkcs1KeyDer::from_pem_slice(&file("key-rsa-pkcs1.pem")).unwrap().secret_pkcs1_der().to_vec()
}

/// CAs whose keys are of one kind.
pub(super) struct World<'a> {
    pub(super) random: TestRandom,
    key: NewKey<'a>,
    pub(super) root: Issued,
    pub(super) ca: Issued,
}

impl<'a> World<'a> {
    pub(super) fn new(key: NewKey<'a>, seed: u64) -> Self {
        let random = TestRandom::new(seed);
        let template = template().key(key);
        let root = template.clone().common_name("root").for_ca(None);
        let root = Issued::self_signed(&root, &provider(), &random).unwrap();
        let ca = root.issue(&template.common_name("ca").for_ca(Some(1)), &provider(), &random).unwrap();
        Self { random, key, root, ca }
    }

    pub(super) fn issue(&self, issuer: &Issued, template: Template<'a>) -> Issued {
        issuer.issue(&template.key(self.key), &provider(), &self.random).unwrap()
    }

    pub(super) fn builder(&self) -> VerifierBuilder {
        let builder = WebPkiVerifier::builder(&provider()).policy(CertPolicy::Web);
        builder.roots(&[&self.root.certificate]).unwrap()
    }

    fn verdict(&self, list: &[&Issued], role: PeerRole) -> Result<u64, E> {
        let claim = claim(list, role)?;
        let verified = self.builder().build().unwrap().verify(&claim, NOW);
        verified.map(|v| v.not_after()).map_err(|e| e.problem)
    }
}

pub(super) fn template<'a>() -> Template<'a> {
    Template::new(NOW - DAY, NOW + 364 * DAY).organization("Test")
}

pub(super) fn claim(list: &[&Issued], role: PeerRole) -> Result<PeerClaim, E> {
    let list = list.iter().map(|c| c.certificate.as_slice().into()).collect();
    let credential = Arc::new(Credential::Certificates(list));
    let keys = credential.keys(Expected::Single(KeyUse::Sign), provider().keys).map_err(|e| e.problem)?;
    Ok(PeerClaim::new(role, credential, keys))
}

/// Every kind of key that can be made here.
fn kinds(rsa: &[u8]) -> [NewKey<'_>; 4] {
    [NewKey::P256, NewKey::P384, NewKey::Ed25519, NewKey::Rsa(rsa)]
}

/// R-HS-16: what is made for TLS is read, verified in both roles, and written and read again.
#[test]
fn takes_what_is_made_for_tls() {
    let rsa = rsa_key();
    for ca in kinds(&rsa) {
        for party in kinds(&rsa) {
            let pki = TlsPki::new(&Options::new(NOW), (ca, party), &provider(), &TestRandom::new(1)).unwrap();
            let verifier = pki.verifier(&provider()).unwrap();
            for (own, identity, role) in [
                (&pki.server, pki.server_identity(&provider()), server("localhost")),
                (&pki.client, pki.client_identity(&provider()), PeerRole::Client),
            ] {
                let claim = claim(&[own, &pki.intermediate], role).unwrap();
                let verified = verifier.verify(&claim, NOW).unwrap();
                assert_eq!(verified.not_after(), NOW + 365 * DAY);
                let identity = identity.unwrap();
                assert!(identity.allows(KeyUse::Sign));
                assert_eq!(identity.allows(KeyUse::Encrypt), matches!(party, NewKey::Rsa(_)), "{party:?}");
            }
            let files = pki.files();
            let [chain, key] = [1, 2].map(|i| files[i].1.as_bytes());
            let read = Identity::single_from_pile(&[chain, key], None, &provider()).unwrap();
            assert_eq!(read.fingerprint(), pki.server_identity(&provider()).unwrap().fingerprint());
        }
    }
}

/// R-T12-9: keyUsage may be absent; nonRepudiation alone signs no handshake.
#[test]
fn reads_key_usage_as_tls_does() {
    let w = World::new(NewKey::P256, 2);
    let names = ["a.example".to_string()];
    let t = template().common_name("x").names(&names).for_server();
    let non_repudiation = element(0x30, &[&[6, 3, 0x55, 0x1d, 15], &element(4, &[&[3, 2, 6, 0x40]])]);
    for (template, expected) in [
        (t.clone().for_tls(), Ok(())),
        (t.clone(), Ok(())),
        (t.clone().for_both(), Ok(())),
        (t.clone().extension(&non_repudiation), Err(E::WrongUsage("keyUsage lacks digitalSignature"))),
        (t.clone().for_encryption(), Err(E::WrongUsage("keyUsage lacks digitalSignature"))),
    ] {
        let leaf = w.issue(&w.ca, template);
        assert_eq!(w.verdict(&[&leaf, &w.ca], server("a.example")).map(|_| ()), expected);
    }
    let leaf = w.issue(&w.ca, t.clone());
    let strict = w.builder().require_key_usage().build().unwrap();
    let error = strict.verify(&claim(&[&leaf, &w.ca], server("a.example")).unwrap(), NOW).unwrap_err();
    assert_eq!(error.problem, E::WrongUsage("keyUsage is missing"));
}

/// R-HS-41: subjectAltName alone, addresses byte for byte, and a wildcard is one label.
#[test]
fn takes_no_common_name_for_a_name() {
    let w = World::new(NewKey::Ed25519, 3);
    let verdict = |common_name: &str, names: &[String], wanted: &str| {
        let template = template().common_name(common_name).names(names).for_server().for_tls();
        let leaf = w.ca.issue(&template.key(NewKey::P256), &provider(), &w.random).unwrap();
        w.verdict(&[&leaf, &w.ca], server(wanted)).map(|_| ())
    };
    assert_eq!(verdict("a.example", &[], "a.example"), Err(E::NameMismatch));
    let names = ["b.example", "*.c.example", "192.0.2.1", "2001:db8::1"].map(String::from);
    for wanted in ["b.example", "x.c.example", "192.0.2.1", "2001:db8::1"] {
        assert_eq!(verdict("a.example", &names, wanted), Ok(()), "{wanted}");
    }
    for wanted in ["a.example", "c.example", "x.y.c.example", "192.0.2.2", "2001:db8::2"] {
        assert_eq!(verdict(wanted, &names, wanted), Err(E::NameMismatch), "{wanted}");
    }
}

/// R-T12-9: a purpose that is named must be the right one; any purpose is none, on the leaf and on its CA.
#[test]
fn takes_no_other_purpose() {
    let w = World::new(NewKey::P384, 4);
    let wrong = || Err(E::WrongUsage("extendedKeyUsage names another use"));
    let any = element(
        0x30,
        &[&[6, 3, 0x55, 0x1d, 37], &element(4, &[&element(0x30, &[&[6, 4, 0x55, 0x1d, 37, 0]])])],
    );
    let names = ["a.example".to_string()];
    let t = template().common_name("x").names(&names).for_tls();
    for (template, as_server, as_client) in [
        (t.clone(), Ok(()), Ok(())),
        (t.clone().for_server(), Ok(()), wrong()),
        (t.clone().for_client(), wrong(), Ok(())),
        (t.clone().extension(&any), wrong(), wrong()),
    ] {
        let leaf = w.issue(&w.ca, template);
        let list = [&leaf, &w.ca];
        assert_eq!(w.verdict(&list, server("a.example")).map(|_| ()), as_server);
        assert_eq!(w.verdict(&list, PeerRole::Client).map(|_| ()), as_client);
    }
    let ca = w.issue(&w.root, template().common_name("servers' ca").for_ca(None).for_server());
    let leaf = w.issue(&ca, t);
    assert_eq!(w.verdict(&[&leaf, &ca], server("a.example")).map(|_| ()), Ok(()));
    assert_eq!(w.verdict(&[&leaf, &ca], PeerRole::Client).map(|_| ()), wrong());
}

/// RFC 5280 6.1: an issuer is a CA, may sign certificates, and keeps to its path length and names.
#[test]
fn holds_issuers_to_what_they_may() {
    let w = World::new(NewKey::P256, 5);
    let names = ["a.example".to_string()];
    let t = template().common_name("x").names(&names).for_server().for_tls();
    let below = |ca: &Issued, more: &[&Issued]| {
        let leaf = w.issue(ca, t.clone());
        let list = [&[&leaf, ca], more].concat();
        w.verdict(&list, server("a.example")).map(|_| ())
    };
    assert_eq!(below(&w.ca, &[]), Ok(()));
    let leaf_as_ca = w.issue(&w.ca, t.clone());
    assert!(below(&leaf_as_ca, &[&w.ca]).is_err());
    let no_sign = w.issue(&w.root, template().common_name("no").for_ca(None).for_tls());
    assert_eq!(
        below(&no_sign, &[]),
        Err(E::WrongUsage("an issuer that is no CA, or may not sign certificates"))
    );
    let two = w.issue(&w.ca, template().common_name("two").for_ca(None));
    assert_eq!(below(&two, &[&w.ca]), Ok(()));
    let three = w.issue(&two, template().common_name("three").for_ca(None));
    let long = E::WrongUsage("more CAs on the path than pathLenConstraint allows");
    assert_eq!(below(&three, &[&two, &w.ca]), Err(long));
    let constrained = w.issue(&w.root, template().common_name("c").for_ca(None).constrained_to("b.example"));
    assert_eq!(below(&constrained, &[]), Err(E::Other("a name outside what its CA may certify")));
    let stranger = template().common_name("stranger").for_ca(None).key(NewKey::P256);
    let stranger = Issued::self_signed(&stranger, &provider(), &w.random).unwrap();
    assert_eq!(below(&stranger, &[]), Err(E::UnknownIssuer));
    // of the root's name, with another key
    let other = World::new(NewKey::P256, 6);
    assert_eq!(below(&other.ca, &[&other.root]), Err(E::BadSignature));
    // a CA's certificate is nobody's own
    assert!(matches!(w.verdict(&[&w.ca], server("a.example")), Err(E::WrongUsage(_))));
}

/// R-HS-51: revocation lists signed with each kind of key, at verification and again before a session is resumed.
#[test]
fn looks_revoked_certificates_up_under_every_kind_of_key() {
    let rsa = rsa_key();
    for kind in kinds(&rsa) {
        let w = World::new(kind, 7);
        let names = ["a.example".to_string()];
        let leaf = w.issue(&w.ca, template().common_name("x").names(&names).for_server().for_tls());
        let list = |issuer: &Issued, revoked: &[&Issued]| {
            revocation_list(issuer, revoked, (NOW - DAY, NOW + DAY), &w.random).unwrap()
        };
        let of_root = list(&w.root, &[]);
        let (clean, revoking) = (list(&w.ca, &[]), list(&w.ca, &[&leaf]));
        let mut forged = clean.clone();
        *forged.last_mut().unwrap() ^= 1;
        let claim = claim(&[&leaf, &w.ca], server("a.example")).unwrap();
        for (lists, expected) in [
            ([&of_root, &clean], Ok(())),
            ([&of_root, &revoking], Err(E::Revoked)),
            ([&of_root, &forged], Err(E::Other("a CRL's signature does not verify"))),
        ] {
            let verifier = w.builder().crls(&lists.map(|l| &l[..])).unwrap().build().unwrap();
            assert_eq!(verifier.verify(&claim, NOW).map(|_| ()).map_err(|e| e.problem), expected, "{kind:?}");
            let again = verifier.check_again(&claim.credential, NOW);
            assert_eq!(again.map_err(|e| e.problem), expected, "{kind:?}");
        }
    }
    // one that only takes encryption is looked up just so
    let w = World::new(NewKey::Rsa(&rsa), 8);
    let leaf = w.issue(&w.ca, template().common_name("x").for_encryption());
    let list = [&leaf, &w.ca].map(|c| c.certificate.as_slice().into()).to_vec();
    let credential = Credential::Certificates(list);
    for (revoked, expected) in [(vec![], Ok(())), (vec![&leaf], Err(E::Revoked))] {
        let list = revocation_list(&w.ca, &revoked, (NOW - DAY, NOW + DAY), &w.random).unwrap();
        let builder = w.builder().crls(&[&list]).unwrap().revocation_of_end_entities_only();
        let again = builder.build().unwrap().check_again(&credential, NOW);
        assert_eq!(again.map_err(|e| e.problem), expected);
    }
}
