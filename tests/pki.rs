//! Made certificates: repeatable, and to every known peer's taste.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/certificates.rs"]
mod support;

use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use support::{TestRandom, certificates, subject};
use tlcp::cert::{Identity, KeyUse};
use tlcp::crypto::portable::provider;
use tlcp::crypto::{Draw, Random, SignatureAlgorithm};
use tlcp::error::CryptoError;
use tlcp::pki::{
    CertificateRequest, DAY, Issued, NewKey, Options, Pki, RevocationList, Template, revocation_list,
};
use x509_cert::der::{Decode, Encode};
use x509_cert::request::CertReq;

const NOW: u64 = 1_800_000_000;

fn make(options: &Options, seed: u64) -> Pki {
    Pki::new(options, &provider(), &TestRandom::new(seed)).unwrap()
}

#[test]
fn makes_the_same_certificates_of_the_same_randomness() {
    let options = Options::new(NOW);
    let files = |pki: Pki| {
        pki.files().into_iter().map(|(name, text)| format!("{name}\n{}", *text)).collect::<Vec<_>>()
    };
    let (first, again, other) = (make(&options, 1), make(&options, 1), make(&options, 2));
    assert_ne!(first.server.sign.certificate, other.server.sign.certificate);
    assert_eq!(files(first), files(again));
}

/// What peers want of certificates (docs/en/peers.md): keyUsage is there, no basicConstraints on end entities, the same
/// subject and names in both of a pair, at most ten years.
#[test]
fn makes_certificates_that_every_known_peer_takes() {
    let hosts = ["www.example.com", "192.0.2.1", "2001:db8::1"].map(String::from).to_vec();
    let pki = make(&Options { hosts, ..Options::new(NOW) }, 3);
    let has = |der: &[u8], extension: &[u8]| der.windows(extension.len()).any(|w| w == extension);
    let (key_usage, basic_constraints) = (b"\x55\x1d\x0f\x01\x01\xff", b"\x55\x1d\x13");
    let names = b"\x82\x0fwww.example.com\x87\x04\xc0\x00\x02\x01\x87\x10\x20\x01\x0d\xb8";
    for (pair, is_server) in [(&pki.server, true), (&pki.client, false)] {
        assert_eq!(subject(&pair.sign.certificate), subject(&pair.encrypt.certificate));
        for leaf in [&pair.sign.certificate, &pair.encrypt.certificate] {
            assert!(has(leaf, key_usage) && !has(leaf, basic_constraints));
            assert_eq!(has(leaf, names), is_server);
        }
    }
    for ca in [&pki.root.certificate, &pki.intermediate.certificate] {
        assert!(has(ca, key_usage) && has(ca, basic_constraints));
    }
    let options = Options::new(NOW);
    assert!(options.not_before < NOW && options.not_after - options.not_before < 3650 * DAY);
}

/// The files are what they say, and each party's whole file is an identity.
#[test]
fn writes_files_that_are_read_again() {
    let pki = make(&Options::new(NOW), 4);
    for (name, text) in pki.files() {
        let (certs, keys) = match name {
            "server.pem" | "client.pem" => (3, 2),
            _ if name.ends_with(".crt") => (1, 0),
            _ => (0, 1),
        };
        assert_eq!(certificates(text.as_bytes()).len(), certs, "{name}");
        assert_eq!(PrivateKeyDer::pem_slice_iter(text.as_bytes()).count(), keys, "{name}");
        assert!(text.lines().all(|line| line.len() <= 64), "{name}");
        let pair = match name {
            "server.pem" => &pki.server,
            "client.pem" => &pki.client,
            _ => continue,
        };
        let identity = Identity::from_pile(&[text.as_bytes()], None, &provider()).unwrap();
        assert_eq!(identity.certificate(KeyUse::Sign)[..], pair.sign.certificate);
        assert_eq!(identity.certificate(KeyUse::Encrypt)[..], pair.encrypt.certificate);
        assert_eq!(identity.intermediates().len(), 1);
    }
}

/// Nothing but one value.
struct Stuck(Result<u8, CryptoError>);

impl Random for Stuck {
    fn fill(&self, _draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        self.0.map(|byte| out.fill(byte))
    }
}

/// Keys of ff… are out of range, keys of 00… as well: an error, and no loop.
#[test]
fn fails_without_randomness() {
    for stuck in [Stuck(Err(CryptoError::NoRandomness)), Stuck(Ok(0)), Stuck(Ok(0xff))] {
        let refused = Pki::new(&Options::new(NOW), &provider(), &stuck).map(|_| ());
        assert_eq!(refused, Err(CryptoError::NoRandomness));
    }
}

/// The requests of a pair: SM2 with SM3 over what they say, keyUsage as each certificate needs it (R-SM2-7), and the names.
#[test]
fn requests_a_certificate_for_signing_and_one_for_encryption() {
    let hosts = ["www.example.com", "192.0.2.1"].map(String::from);
    let template = Template::new(0, 0).subject("CN=www.example.com,O=Example,C=CN").names(&hosts);
    let requests = CertificateRequest::pair(&template, &provider(), &TestRandom::new(5)).unwrap();
    assert_ne!(*requests[0].key_der(), *requests[1].key_der());
    for (request, usage) in requests
        .iter()
        .zip([b"\x0f\x01\x01\xff\x04\x04\x03\x02\x06\xc0", b"\x0f\x01\x01\xff\x04\x04\x03\x02\x03\x38"])
    {
        let read = CertReq::from_der(&request.request).unwrap();
        assert_eq!(read.info.subject.to_string(), "CN=www.example.com,O=Example,C=CN");
        assert_eq!(read.algorithm.oid.to_string(), "1.2.156.10197.1.501");
        let attributes = read.info.attributes.to_der().unwrap();
        let has = |part: &[u8]| attributes.windows(part.len()).any(|w| w == part);
        assert!(has(usage) && has(b"\x82\x0fwww.example.com\x87\x04\xc0\x00\x02\x01"));

        let key = provider().keys.sm2_public(read.info.public_key.subject_public_key.raw_bytes()).unwrap();
        assert_eq!(&key, request.key().public());
        let (info, signature) = (read.info.to_der().unwrap(), read.signature.raw_bytes());
        let verify = |info: &[u8]| provider().keys.verify(SignatureAlgorithm::SM2, &key, &[info], signature);
        verify(&info).unwrap();
        assert!(verify(&read.info.subject.to_der().unwrap()).is_err());
    }
}

/// RFC 2986 4.1: whoever asks for no extension sends no empty list of them; and of those that were added, all are there.
#[test]
fn asks_for_every_extension_that_was_added_and_for_no_other() {
    let request = |template: Template<'_>| {
        let request = CertificateRequest::new(&template, &provider(), &TestRandom::new(5)).unwrap();
        CertReq::from_der(&request.request).unwrap().info.attributes.to_der().unwrap()
    };
    let bare = Template::new(0, 0).common_name("x");
    assert_eq!(request(bare.clone()), [0x31, 0]);
    let two =
        [*b"\x30\x0a\x06\x03\x2a\x03\x04\x04\x03one", *b"\x30\x0a\x06\x03\x2a\x03\x05\x04\x03two"].concat();
    let asked = request(bare.extension(&two));
    assert!(asked.ends_with(&two), "{}", hex::encode(asked));
}

#[test]
fn requests_for_tls_are_signed_with_the_key_they_ask_for() {
    let template = Template::new(0, 0).common_name("a.example").for_tls();
    for (key, oid) in [(NewKey::Sm2, "1.2.156.10197.1.501"), (NewKey::P256, "1.2.840.10045.4.3.2")] {
        match CertificateRequest::new(&template.clone().key(key), &provider(), &TestRandom::new(6)) {
            Ok(request) => {
                assert_eq!(CertReq::from_der(&request.request).unwrap().algorithm.oid.to_string(), oid)
            }
            Err(e) => assert!(key == NewKey::P256 && !cfg!(feature = "tls12"), "{e}"),
        }
    }
}

/// Keys of every kind are written as they are read again, and serial numbers are positive and of 16 bytes.
#[test]
fn takes_a_key_of_every_kind_out_of_its_file() {
    let provider = tlcp::crypto::default_provider();
    for key in [NewKey::Sm2, NewKey::P256, NewKey::P384, NewKey::Ed25519] {
        let template = Template::new(NOW, NOW + DAY).common_name("a.example").key(key);
        let issued = match Issued::self_signed(&template, &provider, &TestRandom::new(10)) {
            Ok(issued) => issued,
            Err(e) => {
                assert!(key != NewKey::Sm2 && !cfg!(feature = "tls12"), "{key:?}: {e}");
                continue;
            }
        };
        let again = Issued::from_files(&[&issued.certificate, &issued.key_der()], &provider).unwrap();
        assert_eq!(again.key().public(), issued.key().public(), "{key:?}");
        let serial = x509_cert::Certificate::from_der(&issued.certificate).unwrap();
        let serial = serial.tbs_certificate().serial_number().as_bytes().to_vec();
        assert!(serial.len() == 16 && serial[0] & 0x80 == 0, "{serial:?}");
    }
}

#[test]
fn refuses_names_that_no_certificate_can_hold() {
    let chinese = [String::from("例子.example")];
    let template = Template::new(0, DAY).common_name("例子");
    for template in [
        template.clone().names(&chinese),
        template.clone().subject("no name"),
        template.clone().subject("CN=,C=CN"),
    ] {
        let request = CertificateRequest::new(&template, &provider(), &TestRandom::new(7));
        assert_eq!(request.map(|_| ()), Err(CryptoError::BadName));
        let issued = Issued::self_signed(&template, &provider(), &TestRandom::new(7));
        assert_eq!(issued.map(|_| ()), Err(CryptoError::BadName));
    }
    assert!(Issued::self_signed(&template, &provider(), &TestRandom::new(7)).is_ok());
}

/// A CA that comes back from its files makes the same lists; another's key does not fit.
#[test]
fn takes_a_ca_out_of_its_files() {
    let pki = make(&Options::new(NOW), 8);
    let ca = &pki.intermediate;
    let (certificate, key) = (ca.certificate_pem(), ca.key_pem());
    let again = Issued::from_files(&[certificate.as_bytes(), key.as_bytes()], &provider()).unwrap();
    assert_eq!((&again.certificate, again.key_der()), (&ca.certificate, ca.key_der()));
    let list = RevocationList::new(1, NOW, NOW + DAY).revoke(&[&pki.server.sign.certificate]).unwrap();
    let lists = [
        revocation_list(ca, &[&pki.server.sign], (NOW, NOW + DAY), &TestRandom::new(9)),
        list.sign(&again, &TestRandom::new(9)),
    ];
    assert_eq!(lists[0], lists[1]);
    // RFC 5280 5.1.2.6: an empty one has no revokedCertificates.
    let empty = revocation_list(ca, &[], (NOW, NOW + DAY), &TestRandom::new(9)).unwrap();
    let read = |der: &[u8]| x509_cert::crl::CertificateList::<x509_cert::certificate::Rfc5280>::from_der(der);
    let revoked = |der: &[u8]| read(der).unwrap().tbs_cert_list.revoked_certificates.map(|list| list.len());
    assert_eq!((revoked(&empty), revoked(lists[0].as_ref().unwrap())), (None, Some(1)));

    let refused = |files: &[&[u8]]| Issued::from_files(files, &provider()).unwrap_err().0.to_string();
    let other = pki.root.key_pem();
    assert_eq!(
        refused(&[certificate.as_bytes(), other.as_bytes()]),
        "the private key is not that of the certificate"
    );
    assert_eq!(refused(&[certificate.as_bytes()]), "a certificate and its private key are needed");
    assert!(
        refused(&[key.as_bytes(), other.as_bytes()])
            .starts_with("file 2, block 1 (PRIVATE KEY): one certificate")
    );
    let no_certificate = RevocationList::new(1, NOW, NOW + DAY).revoke(&[key.as_bytes()]).unwrap_err();
    assert_eq!(&*no_certificate.0, "file 1, block 1 (PRIVATE KEY): not a certificate");
    let labelled = certificate.replace("CERTIFICATE", "CERTIFICATE REQUEST");
    let request = RevocationList::new(1, NOW, NOW + DAY).revoke(&[labelled.as_bytes()]).unwrap_err();
    assert_eq!(&*request.0, "file 1, block 1 (CERTIFICATE REQUEST): not a certificate");
}

/// RFC 5280 5.3.3: the entries of a list are its issuer's certificates; anybody else's would not be revoked.
#[test]
fn refuses_to_revoke_what_another_ca_has_issued() {
    let (pki, random) = (make(&Options::new(NOW), 12), TestRandom::new(13));
    let ca = Template::new(NOW, NOW + DAY).subject("CN=Intermediate CA,O=TLCP test,C=CN").for_ca(None);
    let namesake = Issued::self_signed(&ca, &provider(), &random).unwrap();
    assert_eq!(subject(&namesake.certificate), subject(&pki.intermediate.certificate));
    let leaf =
        namesake.issue(&Template::new(NOW, NOW + DAY).common_name("leaf"), &provider(), &random).unwrap();
    let said = |ca: &Issued, revoked: &[&Issued]| {
        let list = revocation_list(ca, revoked, (NOW, NOW + DAY), &random);
        list.map(|_| ()).map_err(|e| e.to_string())
    };
    let client = &pki.client.sign;
    for (ca, revoked) in [(&pki.root, &pki.root), (&pki.intermediate, client), (&namesake, &leaf)] {
        assert_eq!(said(ca, &[revoked]), Ok(()));
    }
    let end = "only a list of its issuer revokes it";
    let other = format!(
        "CN=client, O=TLCP test, C=CN was issued by CN=Intermediate CA, O=TLCP test, C=CN, not by CN=Root CA, O=TLCP test, \
         C=CN: {end}"
    );
    assert_eq!(said(&pki.root, &[&pki.intermediate, client]), Err(other));
    let re_keyed = format!(
        "CN=leaf was issued by CN=Intermediate CA, O=TLCP test, C=CN, with another key than this one: {end}"
    );
    assert_eq!(said(&pki.intermediate, &[&leaf]), Err(re_keyed));
}
