//! Certificates, keys and piles of any bytes: an answer, never a panic, never a pair that was not issued (R-HS-39).
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/certificates.rs"]
mod support;
#[cfg(feature = "tls12")]
#[path = "web/hostile.rs"]
mod web;

use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use support::{TestRandom, vector};
use tlcp::cert::{
    CertPolicy, Expected, Identity, KeyUse, PeerClaim, PeerRole, ServerName, Verifier, WebPkiVerifier,
};
use tlcp::crypto::portable::provider;
use tlcp::message::Credential;
use tlcp::pki::{Options, Pki, revocation_list};

const NOW: u64 = 1_800_000_000;

struct Fixture {
    /// sign, encrypt, intermediate, root
    certificates: Vec<Vec<u8>>,
    keys: Vec<Vec<u8>>,
    verifiers: [WebPkiVerifier; 2],
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let random = TestRandom::new(1);
    let pki = Pki::new(&Options::new(NOW), &provider(), &random).unwrap();
    let crls = [(&pki.root, &pki.root), (&pki.intermediate, &pki.client.sign)]
        .map(|(ca, revoked)| revocation_list(ca, &[revoked], (NOW - 1, NOW + 1000), &random).unwrap());
    let crls = crls.each_ref().map(Vec::as_slice);
    let builder = || WebPkiVerifier::builder(&provider()).roots(&[&pki.root.certificate]).unwrap();
    let verifiers = [
        builder().build().unwrap(),
        builder().policy(CertPolicy::Gm).crls(&crls).unwrap().require_name_on_both().build().unwrap(),
    ];
    let list = [&pki.server.sign, &pki.server.encrypt, &pki.intermediate, &pki.root];
    Fixture {
        certificates: list.map(|i| i.certificate.clone()).to_vec(),
        keys: vec![
            pki.server.sign.key_der().to_vec(),
            pki.server.encrypt.key_pem().as_bytes().to_vec(),
            vector("keys/tongsuo-sec1.pem"),
            vector("keys/tongsuo-sm4-cbc-hmacWithSM3.pem"),
        ],
        verifiers,
    }
});

/// One change to a file.
#[derive(Debug, Clone)]
enum Change {
    Flip(prop::sample::Index, u8),
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Remove(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, prop::sample::Index),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Self::Set(at, value) => bytes[at.index(length)] = *value,
            Self::Cut(at) => bytes.truncate(at.index(length)),
            Self::Remove(at) => drop(bytes.remove(at.index(length))),
            Self::Insert(at, more) => {
                let at = at.index(length);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Repeat(from, to) => {
                let (from, to) = (from.index(length), to.index(length));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.extend(part);
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        4 => (at(), 0..8_u8).prop_map(|(a, b)| Change::Flip(a, b)),
        4 => (at(), any::<u8>()).prop_map(|(a, b)| Change::Set(a, b)),
        1 => at().prop_map(Change::Cut),
        2 => at().prop_map(Change::Remove),
        1 => (at(), prop::collection::vec(any::<u8>(), 1..9)).prop_map(|(a, b)| Change::Insert(a, b)),
        1 => (at(), at()).prop_map(|(a, b)| Change::Repeat(a, b)),
    ]
}

/// Asks everything that can be asked of a list from a peer; whether anything accepted it.
fn ask(list: &[Vec<u8>]) -> bool {
    let credential = Arc::new(Credential::Certificates(list.iter().map(|c| c.as_slice().into()).collect()));
    let mut accepted = false;
    let single = [KeyUse::Sign, KeyUse::Encrypt].map(Expected::Single);
    for expected in [Expected::Pair, Expected::PairOrSign].into_iter().chain(single) {
        let Ok(keys) = credential.keys(expected, provider().keys) else { continue };
        let name = ServerName::try_from("localhost").unwrap();
        for role in [PeerRole::Client, PeerRole::Server(name)] {
            let claim = PeerClaim::new(role, credential.clone(), keys.clone());
            for verifier in &FIXTURE.verifiers {
                accepted |= verifier.verify(&claim, NOW).is_ok();
            }
        }
    }
    let files: Vec<&[u8]> = list.iter().map(Vec::as_slice).collect();
    let _ = WebPkiVerifier::builder(&provider()).roots(&files).map(|b| b.crls(&files).map(|_| ()));
    accepted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn answers_to_changed_lists(changes in prop::collection::vec((0..4_usize, change()), 1..4), length in 1..5_usize) {
        let mut list = FIXTURE.certificates.clone();
        list.truncate(length);
        for (which, change) in changes {
            if let Some(certificate) = list.get_mut(which) {
                change.apply(certificate);
            }
        }
        // What is signed is untouched, or nobody takes it; the root is not needed.
        let genuine = |(a, b): (&Vec<u8>, &Vec<u8>)| a == b;
        let untouched = list.iter().zip(&FIXTURE.certificates).take(2).all(genuine);
        prop_assert!(untouched || !ask(&list), "a changed pair was accepted");
    }

    #[test]
    fn answers_to_any_bytes(list in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..4)) {
        prop_assert!(!ask(&list));
        let files: Vec<&[u8]> = list.iter().map(Vec::as_slice).collect();
        prop_assert!(Identity::from_pile(&files, Some(&b"123456"[..]), &provider()).is_err());
    }

    #[test]
    fn answers_to_changed_piles(changes in prop::collection::vec((0..8_usize, change()), 1..5)) {
        let fixture = &*FIXTURE;
        let mut files: Vec<Vec<u8>> = fixture.certificates.iter().chain(&fixture.keys).cloned().collect();
        for (which, change) in changes {
            change.apply(&mut files[which]);
        }
        let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
        if let Err(error) = Identity::from_pile(&files, Some(&b"123456"[..]), &provider()) {
            prop_assert!(!error.0.is_empty());
        }
    }
}

/// Signatures can be changed in ways that keep them well-formed, lists can be long: still an answer.
#[test]
fn answers_to_long_lists() {
    let [sign, encrypt, ca, _] = &FIXTURE.certificates[..] else { panic!("four certificates") };
    let many: Vec<Vec<u8>> = [sign, encrypt].into_iter().chain([ca; 500]).cloned().collect();
    assert!(ask(&many), "the same CA certificate over and over");
    let leaves: Vec<Vec<u8>> = [sign, encrypt].into_iter().chain([sign; 500]).cloned().collect();
    assert!(!ask(&leaves), "no CA certificate at all");
    assert!(!ask(&[]));
}
