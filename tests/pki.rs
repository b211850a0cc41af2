//! Made certificates: repeatable, and to every known peer's taste.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/certificates.rs"]
mod support;

use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use support::{TestRandom, certificates, subject};
use tlcp::cert::{Identity, KeyUse};
use tlcp::crypto::portable::provider;
use tlcp::crypto::{Draw, Random};
use tlcp::error::CryptoError;
use tlcp::pki::{DAY, Options, Pki};

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
