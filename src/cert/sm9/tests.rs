//! Parameters and identities as gotlcp writes them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use crate::cert::time;
use serde_json::Value;

/// The time of the recordings: 2026-11-21 12:00.
const NOW: u64 = 1_795_262_400;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn variants() -> Vec<(String, Vec<u8>)> {
    let all = json(include_str!("../../../vectors/sm9/params.json"));
    let of = |p: &Value| (String::from(p["name"].as_str().unwrap()), bytes(&p["der"]));
    all["params"].as_array().unwrap().iter().map(of).collect()
}

fn variant(name: &str) -> Vec<u8> {
    variants().into_iter().find(|(n, _)| n == name).unwrap().1
}

/// R-IBC-8, R-IBC-9: 21 variants. gotlcp takes trailing bytes, and refuses the implicit validEnd that the syntax asks for.
#[test]
fn reads_the_variants_of_parameters_and_tells_whose_they_are() {
    use CertificateProblem::{MalformedParameters as Malformed, UnsupportedParameters as Unsupported};
    let plain = variant("plain");
    let plain = SystemParameters::read(&plain).unwrap();
    assert_eq!((plain.district, plain.serial), (&b"kgc.example"[..], &[1][..]));
    let mut seen = 0;
    for (name, der) in variants() {
        seen += 1;
        let read = SystemParameters::read(&der);
        match name.as_str() {
            "version_1"
            | "no_public_parameters"
            | "truncated"
            | "trailing_bytes_after"
            | "issuer_valid_end_bad_time" => assert_eq!(read, Err(Malformed), "{name}"),
            "no_sm9" => assert!(matches!(read, Err(Unsupported(_))), "{name}"),
            _ => {
                let read = read.unwrap_or_else(|e| panic!("{name}: {e}"));
                let foreign = ["other_serial", "other_name", "same_name_other_keys", "other_key_centre"]
                    .contains(&&*name);
                assert_eq!(read.is(&plain), !foreign, "{name}");
                let out = ["expired", "not_yet_valid", "issuer_expired_only"].contains(&&*name);
                assert_eq!((read.not_before..=read.not_after).contains(&NOW), !out, "{name}");
            }
        }
    }
    assert_eq!(seen, 21);
    let far = variant("not_after_2061_generalized_time");
    assert_eq!(time::text(SystemParameters::read(&far).unwrap().not_after), "2061-01-01 00:00:00");
    for name in ["issuer_valid_end_explicit_a1", "issuer_valid_end_implicit_81", "plain"] {
        let der = variant(name);
        let not_after = SystemParameters::read(&der).unwrap().not_after;
        assert_eq!(time::text(not_after), "2046-01-01 00:00:00", "{name}");
    }
}

/// R-IBC-4
#[test]
fn refuses_parameters_cut_anywhere() {
    let plain = variant("plain");
    for n in 0..plain.len() {
        assert_eq!(
            SystemParameters::read(&plain[..n]),
            Err(CertificateProblem::MalformedParameters),
            "{n} bytes"
        );
    }
}

/// R-IBC-7: SM9's identity is identityData alone, where there is an Identifier; whatever is none is the identity itself.
#[test]
fn takes_the_identity_out_of_an_identifier() {
    let keys = json(include_str!("../../../vectors/sm9/keys.json"));
    for who in ["server", "client", "server_identifier", "client_identifier"] {
        let (id, data) = (bytes(&keys[who]["identity"]), bytes(&keys[who]["identity_data"]));
        let read = Identifier::of(&id);
        assert_eq!(read.data, data, "{who}");
        let is_der = who.ends_with("identifier");
        assert_eq!(read.not_after == u64::MAX, !is_der);
        if is_der {
            assert_eq!(time::text(read.not_before), "2026-01-01 00:00:00");
            assert_eq!(time::text(read.not_after), "2046-01-01 00:00:00");
            for n in 0..id.len() {
                assert_eq!(Identifier::of(&id[..n]).data, &id[..n], "cut, it is no Identifier");
            }
            let trailing = [&id[..], &[0]].concat();
            assert_eq!(Identifier::of(&trailing).data, trailing);
        }
    }
}
