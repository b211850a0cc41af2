//! Certificates and chains that others issued, with what the verifier is to say of each (R-SM2-8, R-SM2-9, R-HS-42).
//! The expectation follows from what the index states about a chain, never from the code under test.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/certificates.rs"]
mod support;
#[path = "support/vectors.rs"]
mod vectors;

use serde_json::{Value, json};
use std::{fs, sync::Arc};
use support::TestRandom;
use tlcp::cert::{CertPolicy, KeyUse, PeerClaim, PeerKeys, PeerRole, Verifier, WebPkiVerifier};
use tlcp::crypto::portable::provider;
use tlcp::error::CertificateProblem as E;
use tlcp::message::Credential;
use tlcp::pki::{DAY, Issued, Template};
use vectors::{Tally, VectorFile, files};

/// One chain of the index, leaf first.
struct Chain<'a> {
    entry: &'a Value,
    certificates: Vec<Vec<u8>>,
    /// Unix seconds: ten days after the leaf begins to be valid.
    now: u64,
}

impl<'a> Chain<'a> {
    fn read(file: &VectorFile, entry: &'a Value) -> Self {
        let path = file.path.with_file_name(entry["file"].as_str().unwrap());
        let certificates = support::certificates(&fs::read(path).unwrap());
        let not_before = entry["not_before"].as_str().unwrap();
        Self { entry, certificates, now: unix(not_before) + 10 * DAY }
    }

    /// Whether the index says this of the certificate at `index` in the chain.
    fn is(&self, index: usize, shape: &str) -> bool {
        self.shapes(index).any(|s| s == shape)
    }

    fn shapes(&self, index: usize) -> impl Iterator<Item = &'a str> {
        self.entry["chain"][index]["shapes"].as_array().unwrap().iter().map(|s| s.as_str().unwrap())
    }

    /// The uses after `KU:` or `EKU:`; `None` without the extension.
    fn uses(&self, index: usize, prefix: &str) -> Option<Vec<&'a str>> {
        self.shapes(index)
            .find_map(|s| s.strip_prefix(prefix))
            .map(|list| list.split('+').flat_map(|s| s.split(',')).collect())
    }

    fn may(&self, index: usize, uses: &[&str]) -> bool {
        self.uses(index, "KU:").is_none_or(|list| uses.iter().any(|u| list.contains(u)))
    }

    fn signs(&self) -> bool {
        self.may(0, &["digital_signature", "non_repudiation"])
    }

    /// The user id of the signature on the certificate at `index`; `None`: it does not verify, or its issuer is unknown.
    fn user_id(&self, index: usize) -> Option<&'a str> {
        self.entry["chain"][index]["sig_verified_under_id"].as_str()
    }

    fn last(&self) -> usize {
        self.certificates.len() - 1
    }

    /// What can be wrong with the root, or `None`.
    fn root_refused_for(&self) -> Option<&'static str> {
        let root = self.last();
        if self.is(root, "ec-params-explicit") {
            Some("not an SM2 key on the named curve")
        } else if !self.is(root, "CA") && !self.is(root, "v1") {
            Some("not a CA certificate")
        } else if !self.may(root, &["key_cert_sign"]) {
            Some("keyUsage lacks keyCertSign")
        } else {
            None
        }
    }

    /// What the verifier is to say of the leaf as a client's certificate.
    fn expected(&self, policy: CertPolicy) -> Result<(), fn(&E) -> bool> {
        let purposes: &[&str] = match policy {
            CertPolicy::Gm => &["client_auth", "server_auth"],
            _ => &["client_auth"],
        };
        let fits = |eku: Vec<&str>| purposes.iter().any(|p| eku.contains(p));
        let wrong_usage: fn(&E) -> bool = |e| matches!(e, E::WrongUsage(_));
        if self.is(0, "v1") {
            return Err(|e| *e == E::Other("an X.509 certificate of version 1, where 3 is needed"));
        }
        if self.is(0, "CA") || (self.signs() && !self.uses(0, "EKU:").is_none_or(fits)) {
            return Err(wrong_usage);
        }
        for index in 0..self.last() {
            match (self.user_id(index), policy) {
                (Some("1234567812345678"), _) | (Some("(empty id)"), CertPolicy::Gm) => {}
                _ => return Err(|e| *e == E::BadSignature),
            }
        }
        if self.last() == 0 {
            return Err(|e| *e == E::UnknownIssuer);
        }
        // A root is trusted whatever its dates say.
        for ca in &self.certificates[1..self.last()] {
            match validity(ca) {
                [from, _] if self.now < from => return Err(|e| *e == E::NotYetValid),
                [_, to] if self.now > to => return Err(|e| *e == E::Expired),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The first two times in a certificate: UTCTime, or GeneralizedTime.
fn validity(der: &[u8]) -> [u64; 2] {
    let time = |at: usize| {
        let length = match der.get(at..at + 2)? {
            [0x17, 13] => 13,
            [0x18, 15] => 15,
            _ => return None,
        };
        let text = core::str::from_utf8(der.get(at + 2..at + 2 + length)?).ok()?.strip_suffix('Z')?;
        let century = if length == 15 {
            ""
        } else if text < "50" {
            "20"
        } else {
            "19"
        };
        let text = format!("{century}{text}");
        let parts = [0..4, 4..6, 6..8, 8..10, 10..12, 12..14].map(|part| &text[part]);
        parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit())).then(|| unix(&parts.join("-")))
    };
    let mut times = (0..der.len()).filter_map(time);
    [times.next().unwrap(), times.next().unwrap()]
}

/// `2050-09-10 06:51:56+00:00`, or with other signs between the numbers, as Unix seconds, by counting days.
fn unix(text: &str) -> u64 {
    let numbers: Vec<u64> = text[..19].split(['-', ' ', ':']).map(|n| n.parse().unwrap()).collect();
    let [year, month, day, hour, minute, second] = numbers[..] else { panic!("{text}") };
    let leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let months = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days: u64 = (1970..year).map(|y| if leap(y) { 366 } else { 365 }).sum();
    let days = days + months[..usize::try_from(month).unwrap() - 1].iter().sum::<u64>() + day - 1;
    days * DAY + hour * 3600 + minute * 60 + second
}

/// The leaf in the place that its key usage calls for. An encryption certificate stands behind a signing certificate of
/// ours, with another subject: then `InconsistentPair`, which is looked at last, says that its own path was fine.
fn verify(chain: &Chain<'_>, verifier: &WebPkiVerifier, our_sign: &Issued) -> Result<(), E> {
    let mut list: Vec<Box<[u8]>> = chain.certificates.iter().map(|c| c.as_slice().into()).collect();
    if !chain.signs() {
        list.insert(0, our_sign.certificate.as_slice().into());
    }
    // the keys play no part in verification
    let sign = our_sign.key().public().clone();
    let keys = match chain.signs() {
        true => PeerKeys::Single { key: sign, key_use: KeyUse::Sign },
        false => PeerKeys::Pair { encrypt: sign.clone(), sign, at: 1 },
    };
    let claim = PeerClaim::new(PeerRole::Client, Arc::new(Credential::Certificates(list)), keys);
    match verifier.verify(&claim, chain.now).map_err(|e| e.problem) {
        Err(E::InconsistentPair) if !chain.signs() => Ok(()),
        result => result.map(|_| ()),
    }
}

fn check(chain: &Chain<'_>, name: &str) {
    let random = TestRandom::new(7);
    let ours = Template::new(chain.now - DAY, chain.now + DAY).common_name("ours");
    let our_root = Issued::self_signed(&ours.clone().for_ca(None), &provider(), &random).unwrap();
    let our_sign = our_root.issue(&ours.for_signing(), &provider(), &random).unwrap();
    for policy in [CertPolicy::Standard, CertPolicy::Gm] {
        let root = &chain.certificates[chain.last()][..];
        let builder =
            WebPkiVerifier::builder(&provider()).roots(&[&our_root.certificate]).unwrap().policy(policy);
        let builder = match (builder.roots(&[root]), chain.root_refused_for()) {
            (Err(refused), Some(why)) => {
                assert!(refused.0.contains(why), "{name}: {refused}");
                continue;
            }
            (Ok(builder), None) => builder,
            (result, expected) => panic!("{name}: {:?}, expected {expected:?}", result.map(|_| ())),
        };
        let result = verify(chain, &builder.build().unwrap(), &our_sign);
        match chain.expected(policy) {
            Ok(()) => assert_eq!(result, Ok(()), "{name} {policy:?}"),
            Err(fits) => assert!(result.as_ref().is_err_and(fits), "{name} {policy:?}: {result:?}"),
        }
    }
    // without its root there is no path; a leaf that is refused for what it is, is so before that
    if chain.last() > 0 && chain.expected(CertPolicy::Gm).is_ok() {
        let builder = WebPkiVerifier::builder(&provider()).roots(&[&our_root.certificate]).unwrap();
        let verifier = builder.policy(CertPolicy::Gm).build().unwrap();
        assert_eq!(verify(chain, &verifier, &our_sign), Err(E::UnknownIssuer), "{name}");
    }
}

#[test]
fn judges_chains_from_the_field() {
    let mut tally = Tally::new("certs");
    for file in files("certs", "json") {
        let index = file.json();
        let entries = index.as_array().unwrap();
        for entry in entries {
            let name = entry["file"].as_str().unwrap();
            tally.attempt(name, || check(&Chain::read(&file, entry), name));
        }
        tally.add(&file, entries.len(), 0);
    }
    tally.finish();
}

/// Chains of others may have a CA that is younger than what it has signed.
#[test]
fn expects_every_ca_to_be_valid_already() {
    let (provider, random) = (provider(), TestRandom::new(8));
    let now = unix("2027-01-15 08:00:00");
    let named = |name| Template::new(now - 10 * DAY, now + 300 * DAY).common_name(name);
    let root = Issued::self_signed(&named("root").for_ca(None), &provider, &random).unwrap();
    let issue = |begins: u64| {
        let ca = named("ca").for_ca(None).validity(begins, now + 200 * DAY);
        let ca = root.issue(&ca, &provider, &random).unwrap();
        let leaf = ca.issue(&named("leaf").for_signing(), &provider, &random).unwrap();
        [leaf, ca, root.clone()].map(|issued| issued.certificate).to_vec()
    };
    let of = |shapes: &[&str]| json!({ "shapes": shapes, "sig_verified_under_id": "1234567812345678" });
    let ca = of(&["CA", "KU:key_cert_sign"]);
    let entry = json!({ "chain": [of(&["KU:digital_signature"]), ca, ca] });
    for (begins, is_valid) in [(now - DAY, true), (now, true), (now + 1, false), (now + 20 * DAY, false)] {
        let chain = Chain { entry: &entry, certificates: issue(begins), now };
        match chain.expected(CertPolicy::Standard) {
            Ok(()) => assert!(is_valid, "{begins}"),
            Err(fits) => assert!(fits(&E::NotYetValid) && !is_valid, "{begins}"),
        }
        check(&chain, "a CA that begins late");
    }
}
