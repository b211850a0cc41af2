//! The RSA suites: which configurations have them, and the primitives under them.
#![cfg(all(feature = "pki", feature = "rsa"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use pair::{Counting, Ends, World, at, name, store};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use std::sync::Arc;
use tlcp::config::{ClientAuth, ClientConfig, ServerConfig};
use tlcp::conn::{ClientConnection, ServerConnection};
use tlcp::crypto::{Provider, SignatureAlgorithm, default_provider, portable};
use tlcp::error::CryptoError;
use tlcp::message::{CertificateRequest, ClientHello};
use tlcp::suite::{Certificates, HashAlgorithm, KeyKind, Suite, TLCP};
use tlcp::wire::{ClientCertificateType, SignatureScheme};

fn rsa_suites() -> impl Iterator<Item = &'static Suite> {
    TLCP.suites().filter(|suite| suite.key_exchange.authenticates == KeyKind::Rsa)
}

/// All for which a party has certificates.
fn suites_of_pairs() -> impl Iterator<Item = &'static Suite> {
    TLCP.suites().filter(|suite| suite.certificates() == Certificates::Pair)
}

/// The body of the first message that waits to be sent.
fn first_message(bytes: &[u8]) -> &[u8] {
    let (record_and_message_header, length) = (5 + 4, usize::from(u16::from_be_bytes([bytes[7], bytes[8]])));
    &bytes[record_and_message_header..][..length]
}

fn hello(config: ClientConfig) -> ClientHello {
    let client = ClientConnection::new(Arc::new(config), name(), at(1)).unwrap();
    ClientHello::read(first_message(client.pending_output())).unwrap()
}

/// R-CS-1, R-HS-35: not without being named, and then with their signature scheme.
#[test]
fn rsa_suites_are_offered_only_if_they_are_named() {
    let world = World::new();
    let schemes = [SignatureScheme::SM2_SM3, SignatureScheme::SM2SIG_SM3, SignatureScheme::RSA_PKCS1_SHA256];
    let by_default = hello(world.client().build().unwrap());
    assert!(rsa_suites().all(|suite| !by_default.cipher_suites.contains(&suite.id)));
    assert_eq!(by_default.extensions.signature_schemes.unwrap()[..], schemes[..2]);
    let all: Vec<&Suite> = suites_of_pairs().collect();
    let named = hello(world.client().suites(&all).build().unwrap());
    assert_eq!(named.cipher_suites.len(), 8);
    assert_eq!(named.extensions.signature_schemes.unwrap()[..], schemes);
}

/// An identity of each kind: each client gets the one that its suites are for, whatever else it offers.
#[test]
fn a_server_with_identities_of_both_kinds_serves_clients_of_either() {
    let (sm2, rsa) = (World::new(), World::rsa(default_provider()));
    let all: Vec<&Suite> = suites_of_pairs().collect();
    for order in [[&sm2, &rsa], [&rsa, &sm2]] {
        let server = order.iter().fold(
            ServerConfig::builder_with(sm2.provider, Arc::new(Counting::from(2))).suites(&all),
            |server, world| server.identity(world.server.clone()),
        );
        let server = Arc::new(server.verifier(sm2.verifier.clone()).sessions(Some(store())).build().unwrap());
        for suite in suites_of_pairs() {
            let world = if suite.by_default { &sm2 } else { &rsa };
            let client = Arc::new(world.client().suites(&[suite]).build().unwrap());
            for resumed in [false, true] {
                let ends = Ends::new(&client, &server).connected();
                assert_eq!(ends.client.cipher_suite(), Some(suite));
                assert_eq!(ends.server.is_resumed(), resumed, "{}", suite.id);
            }
        }
    }
}

/// R-HS-21: CertificateRequest names the type that fits the suite; a client with an identity of another kind has none.
#[test]
fn a_client_is_asked_for_the_kind_of_certificate_that_the_suite_is_for() {
    let (sm2, rsa) = (World::new(), World::rsa(default_provider()));
    let suite = rsa_suites().next().unwrap();
    let server = rsa.server().suites(&[suite]).client_auth(ClientAuth::Request).build().unwrap();
    let server = Arc::new(server);
    let client = Arc::new(rsa.client().suites(&[suite]).build().unwrap());
    let mut connection = ServerConnection::new(server.clone(), at(1));
    let client_hello = Ends::new(&client, &server).client.pending_output().to_vec();
    connection.receive(&client_hello, at(1)).unwrap();
    let mut rest = connection.pending_output();
    let request = loop {
        let length = usize::from(u16::from_be_bytes([rest[3], rest[4]]));
        if rest[5] == 13 {
            break CertificateRequest::read(&rest[9..5 + length], false).unwrap();
        }
        rest = &rest[5 + length..];
    };
    assert_eq!(request.types, [ClientCertificateType::RSA_SIGN]);
    let both: Vec<&Suite> = suites_of_pairs().collect();
    let other = ClientConfig::builder_with(sm2.provider, Arc::new(Counting::from(3)))
        .identity(sm2.client.clone())
        .verifier(rsa.verifier.clone())
        .suites(&both);
    let ends = Ends::new(&Arc::new(other.build().unwrap()), &server).connected();
    assert_eq!(ends.server.peer_certificates(), None);
}

/// What could never be used is told when it is configured.
#[test]
fn an_identity_that_no_suite_is_for_fails_at_build() {
    let (sm2, rsa) = (World::new(), World::rsa(default_provider()));
    let errors = [
        rsa.server().build().unwrap_err().to_string(),
        rsa.client().build().unwrap_err().to_string(),
        sm2.server().suites(&[rsa_suites().next().unwrap()]).build().unwrap_err().to_string(),
    ];
    for error in errors {
        assert!(error.contains("no enabled suite"), "{error}");
    }
}

fn providers() -> [Provider; 2] {
    [portable::provider(), default_provider()]
}

/// `RSAPublicKey` of a modulus and an exponent without leading zeros.
fn public_der(n: &[u8], e: &[u8]) -> Vec<u8> {
    let value = |tag: u8, content: &[u8]| {
        let length = (content.len() as u16).to_be_bytes();
        let header = match content.len() {
            0..128 => vec![tag, length[1]],
            128..256 => vec![tag, 0x81, length[1]],
            _ => vec![tag, 0x82, length[0], length[1]],
        };
        [header, content.to_vec()].concat()
    };
    let integer = |digits: &[u8]| {
        let sign: &[u8] = if digits.first().is_some_and(|d| *d >= 0x80) { &[0] } else { &[] };
        value(2, &[sign, digits].concat())
    };
    value(0x30, &[integer(n), integer(e)].concat())
}

/// RFC 8017 7.2.1, 8.2.2: eleven bytes at least are padding, and a signature is as long as the modulus.
#[test]
fn refuses_messages_that_are_too_long_and_signatures_that_are_too_short() {
    let pem = include_bytes!("../vectors/rsa/server.pem");
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem).unwrap();
    let pkcs1 = &der.secret_pkcs8_der()[26..];
    for provider in providers() {
        let key = provider.keys.rsa_private(pkcs1).unwrap();
        let encrypted = |length| provider.keys.encrypt(key.public(), &vec![7; length], &Counting::from(4));
        assert_eq!(encrypted(245).unwrap().len(), 256);
        assert_eq!(encrypted(246), Err(CryptoError::TooLong));
        let algorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
        let sign = |n: u32| key.sign(algorithm, &[&n.to_be_bytes()], &Counting::from(4)).unwrap();
        let (n, signature) = (0..).map(|n| (n, sign(n))).find(|(_, signature)| signature[0] == 0).unwrap();
        let verify =
            |signature: &[u8]| provider.keys.verify(algorithm, key.public(), &[&n.to_be_bytes()], signature);
        assert_eq!(verify(&signature), Ok(()));
        for odd in [&signature[1..], &[&[0], &signature[..]].concat()] {
            assert_eq!(verify(odd), Err(CryptoError::BadSignature));
        }
    }
}

/// R-RSA-2, R-BCP-5: a peer's key costs bounded work.
#[test]
fn refuses_rsa_keys_that_are_short_or_long_or_odd() {
    for provider in providers() {
        let public = |n: &[u8], e: &[u8]| provider.keys.rsa_public(&public_der(n, e)).map(|_| ());
        let modulus = |bytes: usize| [&[0x80][..], &vec![7; bytes - 1]].concat();
        let (good, f4) = (modulus(256), [1, 0, 1]);
        for bytes in [256, 384, 1024] {
            assert_eq!(public(&modulus(bytes), &f4), Ok(()), "{bytes}");
        }
        for e in [&[3][..], &[1, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(public(&good, e), Ok(()), "{e:?}");
        }
        let even = [&good[..255], &[6]].concat();
        let short = [&[0x7f][..], &good[1..]].concat();
        let bad = Err(CryptoError::BadKey);
        for n in [&modulus(128)[..], &modulus(255), &short, &modulus(1025), &modulus(60_000), &even, &[]] {
            assert_eq!(public(n, &f4), bad, "{} bytes", n.len());
        }
        for e in [&[][..], &[1], &[2], &[1, 0, 0], &[2, 0, 0, 0, 1], &good] {
            assert_eq!(public(&good, e), bad, "{e:?}");
        }
        let der = public_der(&good, &f4);
        for end in 0..der.len() {
            assert!(provider.keys.rsa_public(&der[..end]).is_err());
        }
        assert!(provider.keys.rsa_public(&[&der[..], &[0]].concat()).is_err());
    }
}
