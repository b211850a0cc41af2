//! x509-limbo (C2SP): our search for paths says what rustls-webpki alone says of each case, or what the case asks for
//! where we are stricter. The certificates are of ECDSA on P-256, so the algorithm is given from here; cases with other
//! algorithms do not apply.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "../../../tests/support/vectors.rs"]
mod vectors;

use super::*;
use crate::crypto::portable::provider;
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier as _};
use rustls_pki_types::SignatureVerificationAlgorithm;
use rustls_pki_types::{AlgorithmIdentifier, CertificateDer, InvalidSignature, alg_id, pem::PemObject};
use serde_json::Value;
use std::collections::BTreeMap;
use std::{format, io::Read, println, string::String};
use vectors::{Tally, VectorFile, files};
use webpki::anchor_from_trusted_cert;

#[derive(Debug)]
struct EcdsaP256;

impl SignatureVerificationAlgorithm for EcdsaP256 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| InvalidSignature)?;
        let signature = Signature::from_der(signature).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

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
        crate::cert::time::read(crate::cert::der::GENERALIZED_TIME, format!("{digits}Z").as_bytes()).unwrap()
    }

    fn role(&self) -> PeerRole {
        if self.text("validation_kind") == "CLIENT" {
            return PeerRole::Client;
        }
        let name = self.0["expected_peer_name"]["value"].as_str().unwrap_or("none.invalid");
        PeerRole::Server(ServerName::try_from(String::from(name)).unwrap())
    }

    fn run(&self) -> Result<(), CertificateError> {
        let roots = self.certificates("trusted_certs");
        let mut verifier = any_verifier();
        let anchors = roots.iter().map(|der| anchor_from_trusted_cert(der).map(|a| a.to_owned()));
        verifier.anchors = anchors.collect::<Result<_, _>>().map_err(|e| path::reason(&e))?;
        let crls = self.0["crls"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().as_bytes());
        verifier.crls = crls.map(revocation_list).collect();
        let pool = self.certificates("untrusted_intermediates");
        let leaf = CertificateDer::from_pem_slice(self.text("peer_certificate").as_bytes()).unwrap();
        let role = self.role();
        let algorithms: &Algorithms<'_> = &[&EcdsaP256];
        let (now, work) = (self.time(), Work::new(MOST_SIGNATURE_CHECKS, None));
        let leaf = X509::read(&leaf)?;
        let cas = intermediates::select(&[&leaf], pool.iter().map(|der| &**der), now);
        let purposes = Some(purposes(&role, false));
        let (list_algorithms, work, cas) = (algorithms, &work, &cas);
        let search = Search { algorithms, list_algorithms, work, cas, purposes, now };
        verifier.check(&leaf, KeyUse::Sign, &search)?;
        match &role {
            PeerRole::Server(name) if !self.0["expected_peer_name"].is_null() => {
                let fits = names::matches(&leaf, name, false);
                fits.then_some(()).ok_or(CertificateProblem::NameMismatch.into())
            }
            _ => Ok(()),
        }
    }
}

fn revocation_list(pem: &[u8]) -> RevocationList {
    let items = crate::cert::pem::items(&[pem]).unwrap();
    RevocationList::read(&items[0].der).unwrap()
}

fn any_verifier() -> WebPkiVerifier {
    let root = include_bytes!("../../../vectors/streams/pki/sm2-root.crt");
    WebPkiVerifier::builder(&provider()).roots(&[root]).unwrap().build().unwrap()
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

#[test]
fn agrees_with_webpki_on_limbo_or_is_stricter_where_it_should_be() {
    let known = webpki_results();
    let mut tally = Tally::new("limbo");
    for file in files("limbo", "gz") {
        let json = json(&file);
        let cases = json["testcases"].as_array().unwrap();
        let (mut ran, mut stricter) = (0, 0);
        for case in cases.iter().map(Case) {
            let (id, wanted) = (case.text("id"), case.text("expected_result"));
            let result = case.run();
            let unsupported = result.as_ref().is_err_and(|e| {
                let foreign = [CertificateProblem::UnsupportedKey, CertificateProblem::UnsupportedSignature];
                foreign.contains(&e.problem)
            });
            let actual = known.get(id).map_or("SKIPPED", String::as_str);
            if actual == "SKIPPED" || (actual == "SUCCESS" && unsupported) {
                continue;
            }
            ran += 1;
            let ours = if result.is_ok() { "SUCCESS" } else { "FAILURE" };
            if ours != actual {
                stricter += 1;
                println!("{id}: {result:?}, webpki: {actual}");
                assert_eq!((ours, wanted), ("FAILURE", "FAILURE"), "{id}: {result:?}, webpki: {actual}");
            }
        }
        println!("{}: stricter than webpki in {stricter}", file.name);
        tally.add(&file, ran, cases.len() - ran);
    }
    tally.finish();
}
