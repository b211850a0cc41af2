//! The standard's examples and others' edge cases.
use super::{Replay, backends, exchange, keys, private};
use crate::crypto::native::sm2::agree;
use crate::crypto::{AgreementRole, Keys, PrivateKey, SignatureAlgorithm};
use crate::error::CryptoError;
use serde_json::Value;

fn vectors(text: &str) -> Vec<Value> {
    serde_json::from_str::<Value>(text).unwrap()["vectors"].as_array().unwrap().clone()
}

fn standard(op: &str) -> Value {
    let all = vectors(include_str!("../../../../../vectors/std/sm2.json"));
    all.into_iter().find(|v| v["op"] == op).unwrap()
}

fn edge_cases(op: &str) -> Vec<Value> {
    let mut all = vectors(include_str!("../../../../../vectors/sm2/sm2_edge.json"));
    all.retain(|v| v["op"] == op);
    assert!(!all.is_empty());
    all
}

fn bytes(v: &Value, field: &str) -> Vec<u8> {
    hex::decode(v[field].as_str().unwrap_or_else(|| panic!("{field}: {v}"))).unwrap()
}

/// R-SM2-1, R-SM2-2
#[test]
fn signs_and_verifies_the_standards_example() {
    let v = standard("sign");
    let (message, k) = (bytes(&v, "msg"), bytes(&v, "k"));
    for backend in backends() {
        let key = private(backend, &bytes(&v, "d"));
        let keys = keys(backend);
        assert_eq!(key.public(), &keys.sm2_public(&bytes(&v, "pub")).unwrap());
        let signature = key.sign(SignatureAlgorithm::SM2, &[&message], &Replay::new(&[&k])).unwrap();
        assert_eq!(hex::encode(&signature), v["der_sig"], "{backend:?}");
        keys.verify(SignatureAlgorithm::SM2, key.public(), &[&message], &signature).unwrap();
    }
}

/// R-SM2-3, R-SM2-4
#[test]
fn encrypts_and_decrypts_the_standards_example() {
    let v = standard("encrypt");
    let (message, k) = (bytes(&v, "msg"), bytes(&v, "k"));
    for backend in backends() {
        let key = private(backend, &bytes(&v, "d"));
        let ciphertext = keys(backend).encrypt(key.public(), &message, &Replay::new(&[&k])).unwrap();
        assert_eq!(hex::encode(&ciphertext), v["der"], "{backend:?}");
        assert_eq!(*key.decrypt(&ciphertext).unwrap(), message);
    }
}

/// R-SM2-5: both sides, with 48 bytes
#[test]
fn agrees_on_the_standards_example() {
    let v = standard("key_exchange");
    for backend in backends() {
        let (a, b) = (private(backend, &bytes(&v, "dA")), private(backend, &bytes(&v, "dB")));
        let random = ["rA", "rB"].map(|r| Replay::new(&[&bytes(&v, r)]));
        for secret in exchange(&a, &b, &random[0], &random[1]) {
            assert_eq!(hex::encode(secret.expose()), v["K48"], "{backend:?}");
        }
        for (key, r, point) in [(&a, "rA", "RA"), (&b, "rB", "RB")] {
            let started =
                key.start_agreement(&AgreementRole::Initiator(None), &Replay::new(&[&bytes(&v, r)])).unwrap();
            assert_eq!(hex::encode(&started.share().bytes), v[point]);
        }
    }
}

/// R-SM2-5: x', t and U of the standard
#[test]
fn agreement_has_the_standards_intermediate_values() {
    let v = standard("key_exchange");
    for backend in backends() {
        let key = private(backend, &bytes(&v, "dA"));
        let got =
            agree::intermediate_values(backend, &key, &bytes(&v, "rA"), &bytes(&v, "PB"), &bytes(&v, "RB"));
        assert_eq!(hex::encode(got.t), v["tA"]);
        assert_eq!(format!("{:0>64}", v["x1_bar"].as_str().unwrap()), hex::encode(got.x));
        assert_eq!(hex::encode(&got.u[..32]), v["xV"]);
        assert_eq!(hex::encode(&got.u[32..]), v["yV"]);
    }
}

/// R-SM2-3: strict wherever others are not
#[test]
fn decrypts_no_ciphertext_that_is_not_strict() {
    for v in edge_cases("decrypt") {
        for backend in backends() {
            let key = private(backend, &bytes(&v, "d"));
            match (key.decrypt(&bytes(&v, "ct")), v["result"].as_str().unwrap()) {
                (Ok(plaintext), "valid") => {
                    if v["msg"].is_string() {
                        assert_eq!(hex::encode(&*plaintext), v["msg"], "{}", v["id"]);
                    }
                }
                (Err(CryptoError::DecryptFailed), "invalid") => {}
                (got, want) => panic!("{}: wanted {want}, got {got:?} ({})", v["id"], v["comment"]),
            }
        }
    }
}

/// R-SM2-2
#[test]
fn verifies_no_wrong_signature() {
    for v in edge_cases("verify") {
        for backend in backends() {
            let keys = keys(backend);
            let key = keys.sm2_public(&bytes(&v, "pub")).unwrap();
            let id = bytes(&v, "uid");
            let algorithm = SignatureAlgorithm::Sm2Sm3 { user_id: &id };
            let got = keys.verify(algorithm, &key, &[&bytes(&v, "msg")], &bytes(&v, "sig"));
            assert_eq!(got.is_ok(), v["result"] == "valid", "{}", v["id"]);
        }
    }
}

/// Every bit of the standard's signature and ciphertext counts.
#[test]
fn refuses_every_one_bit_change() {
    let (s, c) = (standard("sign"), standard("encrypt"));
    let (message, signature, ciphertext) = (bytes(&s, "msg"), bytes(&s, "der_sig"), bytes(&c, "der"));
    let backend = backends()[0];
    let key = private(backend, &bytes(&s, "d"));
    let keys = keys(backend);
    let flipped = |bytes: &[u8], i: usize| {
        let mut out = bytes.to_vec();
        out[i / 8] ^= 1 << (i % 8);
        out
    };
    for i in 0..signature.len() * 8 {
        let bad = flipped(&signature, i);
        let got = keys.verify(SignatureAlgorithm::SM2, key.public(), &[&message], &bad);
        assert_eq!(got, Err(CryptoError::BadSignature), "bit {i}");
    }
    for i in 0..ciphertext.len() * 8 {
        assert_eq!(key.decrypt(&flipped(&ciphertext, i)).unwrap_err(), CryptoError::DecryptFailed, "bit {i}");
    }
    for len in 0..signature.len() {
        assert!(keys.verify(SignatureAlgorithm::SM2, key.public(), &[&message], &signature[..len]).is_err());
    }
    for len in 0..ciphertext.len() {
        assert!(key.decrypt(&ciphertext[..len]).is_err());
    }
}
