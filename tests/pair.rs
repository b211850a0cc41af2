//! Which certificates of a peer's list are its pair (R-HS-39, R-HS-13, R-HS-40).
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/certificates.rs"]
mod support;

use support::TestRandom;
use tlcp::cert::{Expected, PeerKeys};
use tlcp::crypto::portable::provider;
use tlcp::error::CertificateProblem as E;
use tlcp::message::Credential;
use tlcp::pki::{DAY, Issued, Template};

/// One certificate of each kind.
struct Kinds {
    sign: Vec<u8>,
    encrypt: Vec<u8>,
    both: Vec<u8>,
    no_usage: Vec<u8>,
    ca: Vec<u8>,
    ca_no_usage: Vec<u8>,
    garbage: Vec<u8>,
    not_sm2: Vec<u8>,
}

impl Kinds {
    fn new() -> Self {
        let random = TestRandom::new(1);
        let template = Template::new(0, DAY).common_name("x");
        let ca = Issued::self_signed(&template.clone().for_ca(None), &provider(), &random).unwrap();
        let make = |t: Template<'_>| ca.issue(&t, &provider(), &random).unwrap().certificate;
        Self {
            sign: make(template.clone().for_signing()),
            encrypt: make(template.clone().for_encryption()),
            both: make(template.clone().for_both()),
            no_usage: make(template.clone()),
            ca_no_usage: make(template.clone().for_ca(None).without_key_usage()),
            garbage: b"\x30\x03abc".to_vec(),
            not_sm2: support::certificates(&support::vector("certs/foreign-roots.pem")).remove(0),
            ca: ca.certificate,
        }
    }
}

/// The index of the encryption certificate.
fn choose(list: &[&Vec<u8>], needs_encryption: bool) -> Result<Option<usize>, E> {
    let list = list.iter().map(|der| der.as_slice().into()).collect();
    let expected = if needs_encryption { Expected::Pair } else { Expected::PairOrSign };
    match Credential::Certificates(list).keys(expected, provider().keys) {
        Ok(PeerKeys::Pair { at, .. }) => Ok(Some(at)),
        Ok(_) => Ok(None),
        Err(e) => Err(e.problem),
    }
}

const WRONG: E = E::WrongUsage("neither the second nor the last certificate is for encryption");

/// A server's list, and a client's in an ECDHE suite.
#[test]
fn finds_the_encryption_certificate_where_one_is_needed() {
    let k = Kinds::new();
    for (name, list, expected) in [
        ("sign, enc", vec![&k.sign, &k.encrypt], Ok(Some(1))),
        ("sign, both", vec![&k.sign, &k.both], Ok(Some(1))),
        ("both, both", vec![&k.both, &k.both], Ok(Some(1))),
        ("no keyUsage in either", vec![&k.no_usage, &k.no_usage], Ok(Some(1))),
        ("sign, enc, CA", vec![&k.sign, &k.encrypt, &k.ca], Ok(Some(1))),
        ("sign, enc, CA, CA", vec![&k.sign, &k.encrypt, &k.ca, &k.ca_no_usage], Ok(Some(1))),
        ("the second goes before the last", vec![&k.sign, &k.encrypt, &k.ca, &k.both], Ok(Some(1))),
        ("TASSL", vec![&k.sign, &k.ca, &k.encrypt], Ok(Some(2))),
        ("TASSL, two CAs", vec![&k.sign, &k.ca, &k.ca_no_usage, &k.encrypt], Ok(Some(3))),
        ("TASSL, CA without keyUsage", vec![&k.sign, &k.ca_no_usage, &k.encrypt], Ok(Some(2))),
        ("sign, sign, enc", vec![&k.sign, &k.sign, &k.encrypt], Ok(Some(2))),
        ("the middle is never looked at", vec![&k.sign, &k.ca, &k.garbage, &k.encrypt], Ok(Some(3))),
        ("enc in the middle", vec![&k.sign, &k.ca, &k.encrypt, &k.ca], Err(WRONG)),
        ("no enc among three", vec![&k.sign, &k.sign, &k.sign], Err(WRONG)),
        ("two CAs", vec![&k.sign, &k.ca, &k.ca], Err(WRONG)),
        ("empty", vec![], Err(E::MissingEncryptionCertificate)),
        ("one", vec![&k.both], Err(E::MissingEncryptionCertificate)),
        ("sign twice", vec![&k.sign, &k.sign], Err(E::WrongUsage(ENCRYPT))),
        ("enc twice", vec![&k.encrypt, &k.encrypt], Err(E::WrongUsage(SIGN))),
        ("sign, CA", vec![&k.sign, &k.ca], Err(E::WrongUsage(ENCRYPT))),
        ("a list of two takes the second", vec![&k.sign, &k.ca_no_usage], Ok(Some(1))),
        ("broken first", vec![&k.garbage, &k.encrypt], Err(E::Malformed)),
        ("broken second", vec![&k.sign, &k.garbage], Err(E::Malformed)),
        ("broken last", vec![&k.sign, &k.ca, &k.garbage], Err(E::Malformed)),
        ("P-256 first", vec![&k.not_sm2, &k.encrypt], Err(E::UnsupportedKey)),
        ("P-256 second", vec![&k.no_usage, &k.not_sm2], Err(E::UnsupportedKey)),
    ] {
        assert_eq!(choose(&list, true), expected, "{name}");
    }
}

const SIGN: &str = "keyUsage of the signing certificate lacks digitalSignature and nonRepudiation";
const ENCRYPT: &str =
    "keyUsage of the encryption certificate lacks keyEncipherment, dataEncipherment and keyAgreement";

/// R-HS-13: a client's list in an ECC suite, with and without the encryption certificate.
#[test]
fn takes_both_forms_of_a_client_list_in_ecc_suites() {
    let k = Kinds::new();
    for (name, list, expected) in [
        ("sign", vec![&k.sign], Ok(None)),
        ("sign, CA", vec![&k.sign, &k.ca], Ok(None)),
        ("sign, CA, CA", vec![&k.sign, &k.ca, &k.ca_no_usage], Ok(None)),
        ("sign, enc", vec![&k.sign, &k.encrypt], Ok(Some(1))),
        ("sign, enc, CA", vec![&k.sign, &k.encrypt, &k.ca], Ok(Some(1))),
        ("TASSL", vec![&k.sign, &k.ca, &k.encrypt], Ok(Some(2))),
        ("both", vec![&k.both], Ok(None)),
        ("both twice", vec![&k.both, &k.both], Ok(Some(1))),
        ("empty", vec![], Err(E::MissingEncryptionCertificate)),
        ("broken", vec![&k.garbage], Err(E::Malformed)),
        ("broken second", vec![&k.sign, &k.garbage], Err(E::Malformed)),
    ] {
        assert_eq!(choose(&list, false), expected, "{name}");
    }
}

/// R-HS-50, R-HS-40
#[test]
fn refuses_a_pair_with_a_certificate_over_16_kib() {
    let random = TestRandom::new(2);
    let root = Template::new(0, DAY).common_name("x").for_ca(None);
    let root = Issued::self_signed(&root, &provider(), &random).unwrap();
    let make = |padding: usize| {
        let oid = support::element(6, &[&[0x2a, 3, 4]]);
        let extension = support::element(0x30, &[&oid, &support::element(4, &[&vec![0; padding]])]);
        let template = Template::new(0, DAY).for_both().extension(&extension);
        root.issue(&template, &provider(), &random).unwrap().certificate
    };
    let rest = make(1000).len() - 1000;
    // A signature has a byte more or less.
    let of_length = |length: usize| (0..).map(|_| make(length - rest)).find(|c| c.len() == length).unwrap();
    let (short, long) = (of_length(0x4000), of_length(0x4001));
    assert_eq!(choose(&[&short, &short], true), Ok(Some(1)));
    let refused = E::Other("a certificate of more than 16 KiB");
    assert_eq!(choose(&[&short, &long], true), Err(refused.clone()));
    assert_eq!(choose(&[&long, &long], true), Err(refused.clone()));
    assert_eq!(choose(&[&long, &short], true), Err(refused));
}

/// R-SM2-9, R-SM2-10: every form in which certificates name the key's algorithm, but no explicit curve.
#[test]
fn takes_the_key_in_each_named_form() {
    let k = Kinds::new();
    let standard = hex::decode("301306072a8648ce3d020106082a811ccf5501822d").unwrap();
    for (form, taken) in [
        ("301406082a811ccf5501822d06082a811ccf5501822d", true),
        ("300a06082a811ccf5501822d", true),
        ("300c06082a811ccf5501822d0500", true),
        ("301306072a8648ce3d020106082a8648ce3d030107", false),
        ("300906072a8648ce3d0201", false),
    ] {
        let certificate = replace(&k.both, &standard, &hex::decode(form).unwrap());
        let expected = if taken { Ok(Some(1)) } else { Err(E::UnsupportedKey) };
        assert_eq!(choose(&[&certificate, &certificate], true), expected, "{form}");
    }
    let explicit = support::certificates(&support::vector("certs/emmansun-gmsm-cc8ae0514f.pem")).remove(0);
    assert_eq!(choose(&[&explicit, &k.encrypt], true), Err(E::UnsupportedKey));
}

/// Puts `new` in the place of `old` and mends the lengths around it: certificate, tbsCertificate,
/// subjectPublicKeyInfo.
fn replace(certificate: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = certificate.windows(old.len()).position(|w| w == old).unwrap();
    let mut out = [&certificate[..at], new, &certificate[at + old.len()..]].concat();
    let grown = |length: usize| length + new.len() - old.len();
    out[at - 1] = grown(usize::from(out[at - 1])).try_into().unwrap();
    for start in [0, 4] {
        assert_eq!(out[start..start + 2], [0x30, 0x82], "a certificate of 256 bytes and more");
        let length = grown(usize::from(u16::from_be_bytes([out[start + 2], out[start + 3]])));
        out[start + 2..start + 4].copy_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
    }
    out
}
