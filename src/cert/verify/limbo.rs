//! x509-limbo (C2SP): under [`CertPolicy::Web`] the verifier says of each case what the case asks for, but for
//! [`DIFFERENCES`], each with its reason. Cases that rustls-webpki's own harness skips do not apply.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "../../../tests/support/vectors.rs"]
mod vectors;

use super::*;
use crate::crypto::portable::provider;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::{format, io::Read, println, string::String};
use vectors::{Tally, VectorFile, files};

/// The case as webpki's harness sees it.
struct Case<'a>(&'a Value);

impl<'a> Case<'a> {
    fn text(&self, key: &str) -> &'a str {
        self.0[key].as_str().unwrap()
    }

    fn certificates(&self, key: &str) -> Vec<CertificateDer<'static>> {
        let pems = self.0[key].as_array().unwrap().iter().map(|v| v.as_str().unwrap());
        pems.map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).collect()
    }

    /// `2024-01-01T00:00:00+00:00` as Unix seconds; a case that names no time holds at the one of its making.
    fn time(&self) -> u64 {
        let time = self.0["validation_time"].as_str().unwrap_or("2026-11-21T00:00:00+00:00");
        let digits: String = time.chars().filter(char::is_ascii_digit).take(14).collect();
        crate::cert::time::read(crate::wire::der::GENERALIZED_TIME, format!("{digits}Z").as_bytes()).unwrap()
    }

    /// The name may be missing: then it does not matter.
    fn role(&self) -> (PeerRole, bool) {
        if self.text("validation_kind") == "CLIENT" {
            return (PeerRole::Client, true);
        }
        let name = self.0["expected_peer_name"]["value"].as_str();
        let server = ServerName::try_from(String::from(name.unwrap_or("none.invalid"))).unwrap();
        (PeerRole::Server(server), name.is_some())
    }

    fn verifier(&self) -> Result<WebPkiVerifier, CertificateProblem> {
        let mut builder = WebPkiVerifier::builder(&provider()).policy(CertPolicy::Web);
        for root in self.certificates("trusted_certs") {
            let foreign = X509::read(&root).is_ok_and(|root| root.public_key(provider().keys).is_err());
            let refused =
                if foreign { CertificateProblem::UnsupportedKey } else { CertificateProblem::Malformed };
            builder = builder.roots(&[&root]).map_err(|_| refused)?;
        }
        let crls: Vec<&[u8]> =
            self.0["crls"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().as_bytes()).collect();
        if !crls.is_empty() {
            builder = builder.crls(&crls).map_err(|_| CertificateProblem::Malformed)?;
        }
        builder.build().map_err(|_| CertificateProblem::UnknownIssuer)
    }

    fn run(&self) -> Result<(), CertificateError> {
        let verifier = self.verifier()?;
        let leaf = CertificateDer::from_pem_slice(self.text("peer_certificate").as_bytes()).unwrap();
        let list = [leaf].into_iter().chain(self.certificates("untrusted_intermediates"));
        let list = list.map(|der| der.to_vec().into_boxed_slice()).collect();
        let credential = Arc::new(Credential::Certificates(list));
        let keys = |key_use| credential.keys(Expected::Single(key_use), provider().keys);
        let keys = keys(KeyUse::Sign).or_else(|e| keys(KeyUse::Encrypt).map_err(|_| e))?;
        let (role, is_named) = self.role();
        let claim = PeerClaim { role, credential, keys };
        match verifier.verify(&claim, self.time()) {
            Err(e) if e.problem == CertificateProblem::NameMismatch && !is_named => Ok(()),
            result => result.map(|_| ()),
        }
    }
}

fn json(file: &VectorFile) -> Value {
    let mut text = String::new();
    let bytes = file.read();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What webpki says, by case.
fn webpki_results() -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for file in files("limbo", "json") {
        for result in file.json()["results"].as_array().unwrap() {
            let [id, actual] = ["id", "actual"].map(|k| String::from(result[k].as_str().unwrap()));
            out.insert(id, actual);
        }
    }
    out
}

/// Where the result is another one than the case asks for. In all of them rustls-webpki decides as we do.
const DIFFERENCES: &[(&[&str], &str)] = &[
    (
        &["pathlen::self-issued-certs-pathlen", "rfc5280::nc::permitted-self-issued"],
        "self-issued CAs are held to path lengths and names as others are: RFC 5280 exempts them, for a change of keys that \
         nobody here makes so",
    ),
    (
        &["rfc5280::nc::permitted-dn-match"],
        "constraints on directoryNames are not read, and what is not read permits nothing",
    ),
    (
        &["rfc5280::ca-as-leaf"],
        "a CA's certificate is nobody's own: R-HS-39 tells the pair from the CAs behind it by that",
    ),
    (
        &[
            "rfc5280::aki::critical-aki",
            "rfc5280::aki::leaf-missing-aki",
            "rfc5280::serial::zero",
            "rfc5280::ca-empty-subject",
            "rfc5280::nc::permitted-dns-match-noncritical",
            "rfc5280::nc::not-allowed-in-ee-noncritical",
            "rfc5280::nc::not-allowed-in-ee-critical",
            "webpki::nc::intermediate-permitted-excluded-subtrees-both-null",
            "webpki::malformed-aia",
        ],
        "a duty of the CA that issues: a path through such a certificate is no less a path",
    ),
    (
        &[
            "rfc5280::unknown-critical-extension-root",
            "webpki::aki::root-with-aki-authoritycertissuer",
            "webpki::aki::root-with-aki-authoritycertserialnumber",
            "webpki::aki::root-with-aki-ski-mismatch",
            "webpki::eku::root-has-eku",
        ],
        "a root is trusted as a name and a key: whoever configured it vouches for the rest (RFC 5280, 6.1.1)",
    ),
    (
        &[
            "webpki::cn::punycode-not-in-san",
            "webpki::cn::utf8-vs-punycode-mismatch",
            "webpki::cn::case-mismatch",
            "webpki::forbidden-rsa-not-divisible-by-8-in-root",
            "webpki::san::public-suffix-multi-label-wildcard-san",
            "webpki::san::public-suffix-private-namespace-wildcard-san",
            "webpki::san::san-critical-with-nonempty-subject",
            "webpki::eku::ee-anyeku",
        ],
        "a rule of the public web's CAs (CA/Browser Forum), which no client here holds private CAs to",
    ),
    (
        &["rfc5280::san::underscore-dns"],
        "names with underscores are in use, and are asked for as they are (R-HS-48)",
    ),
];

fn is_known(id: &str) -> bool {
    DIFFERENCES.iter().any(|(ids, _)| ids.contains(&id))
}

/// R-HS-41: every case of ours as it asks for, or with a reason why not; and no reason that has become idle. Of extra cases,
/// which nobody here has judged, those that go as rustls-webpki's own run of them went are told, and do not fail.
#[test]
fn decides_the_cases_of_limbo_as_they_ask_for_or_with_a_reason() {
    let known = webpki_results();
    let mut tally = Tally::new("limbo");
    let mut idle: Vec<&str> = DIFFERENCES.iter().flat_map(|(ids, _)| ids.iter().copied()).collect();
    for file in files("limbo", "gz") {
        let json = json(&file);
        let cases = json["testcases"].as_array().unwrap();
        let (mut ran, mut wrong) = (0, Vec::new());
        for case in cases.iter().map(Case) {
            let (id, wanted) = (case.text("id"), case.text("expected_result"));
            let result = case.run();
            let foreign = result.as_ref().is_err_and(|e| {
                let foreign = [CertificateProblem::UnsupportedKey, CertificateProblem::UnsupportedSignature];
                foreign.contains(&e.problem)
            });
            let theirs = known.get(id).map_or("SKIPPED", String::as_str);
            if theirs == "SKIPPED" || (theirs == "SUCCESS" && foreign) {
                continue;
            }
            ran += 1;
            let ours = if result.is_ok() { "SUCCESS" } else { "FAILURE" };
            let differs = ours != wanted;
            idle.retain(|known| !differs || *known != id);
            if differs && file.is_extra && ours == theirs {
                println!("{id}: {result:?}, as rustls-webpki has it");
            } else if differs != is_known(id) {
                wrong.push(format!("{id}: {result:?}, expected {wanted}, known to differ: {}", is_known(id)));
            }
        }
        assert!(wrong.is_empty(), "{}: {wrong:#?}", file.name);
        tally.add(&file, ran, cases.len() - ran);
    }
    assert!(idle.is_empty(), "none of these differs: {idle:?}");
    tally.finish();
}
