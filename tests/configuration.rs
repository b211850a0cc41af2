//! A configuration says what was asked for, or fails when it is built, with what to do about it.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use pair::World;
use std::fmt::Debug;
use std::time::Duration;
use tlcp::config::{ClientAuth, ClientConfig, Limits, Policy, ServerConfig};
use tlcp::error::ConfigError;
use tlcp::suite::{Protocol, SUITES, Suite, TLCP};
use tlcp::wire::ProtocolVersion;

#[track_caller]
fn fails<C: Debug>(built: Result<C, ConfigError>, text: &str) {
    let error = built.unwrap_err().to_string();
    assert!(error.contains(text), "`{error}` does not say `{text}`");
}

/// Whatever is asked for stands in the policy that was built, in both roles.
#[test]
fn what_was_asked_for_is_what_is_built() {
    let world = World::new();
    let mut limits = Limits::default();
    limits.certificates = 3;
    let check = |policy: &Policy| {
        assert_eq!(
            (policy.protocol.version, &policy.suites[..]),
            (ProtocolVersion::TLCP, &[&SUITES[3], &SUITES[0]][..])
        );
        assert_eq!((policy.limits, policy.session_lifetime), (limits, 77));
        assert!(policy.resume_only_ecdhe && policy.gmt_time_in_random && !policy.sessions);
        assert_eq!(policy.alpn, [Box::from(&b"h2"[..])]);
        assert_eq!(policy.handshake_timeout, Duration::from_secs(5));
    };
    macro_rules! ask {
        ($builder:expr) => {
            $builder
                .suites(&[&SUITES[3], &SUITES[0]])
                .limits(limits)
                .session_lifetime(77)
                .resume_only_ecdhe(true)
                .gmt_time_in_random(true)
                .sessions(None)
                .alpn([&b"h2"[..]])
                .handshake_timeout(Duration::from_secs(5))
        };
    }
    let client = ask!(world.client()).hello_extensions(false).build().unwrap();
    check(client.policy());
    assert!(!client.policy().hello_extensions);
    let server = ask!(world.server()).strict_signature_schemes(true).client_auth(ClientAuth::Request);
    let server = server.build().unwrap();
    check(server.policy());
    assert!(server.policy().strict_signature_schemes);
    assert_eq!(server.policy().client_auth, ClientAuth::Request);
}

/// The names for CertificateRequest are the verifier's, or those that were given.
#[test]
fn authorities_are_those_that_were_given() {
    let world = World::new();
    let of_verifier = world.server().build().unwrap();
    assert_eq!(of_verifier.policy().authorities.iter().count(), 1);
    let given = world.server().authorities([&b"one"[..], b"two"]).build().unwrap();
    assert!(given.policy().authorities.iter().eq([&b"one"[..], b"two"]));
    let none = world.server().authorities([]).build().unwrap();
    assert!(none.policy().authorities.is_empty());
    fails(world.server().authorities([&[7; 50_000][..]]).build(), "pass fewer");
}

/// R-CS-6
#[test]
fn a_suite_of_another_protocol_does_not_build() {
    let world = World::new();
    let protocol = Box::leak(Box::new(Protocol { version: ProtocolVersion::TLS12, ..TLCP.clone() }));
    let foreign: &'static Suite = Box::leak(Box::new(Suite { protocol, ..SUITES[1] }));
    fails(world.client().suites(&[&SUITES[1], foreign]).build(), "speaks TLCP alone");
    fails(world.server().suites(&[foreign]).build(), "speaks TLCP alone");
}

#[test]
fn what_cannot_work_does_not_build() {
    let world = World::new();
    fails(world.client().suites(&[]).build(), "pass at least one row");
    fails(world.server().session_lifetime(86_401).build(), "at most a day");
    let mut limits = Limits::default();
    limits.certificates = 1;
    fails(world.client().limits(limits).build(), "a pair of certificates");
    let mut limits = Limits::default();
    limits.records_per_key = Some(1);
    fails(world.client().limits(limits).build(), "Finished alone takes a record");
    fails(world.client().alpn([&b""[..]]).build(), "names have 1 to 255");
    fails(world.client().handshake_timeout(Duration::ZERO).build(), "no handshake could end");
    let [longest, longer] = [vec![b'a'; 255], vec![b'a'; 256]];
    assert!(world.client().alpn([&longest[..]]).build().is_ok());
    fails(world.server().alpn([&longer[..]]).build(), "has 256 bytes: names have 1 to 255");
    assert!(world.client().alpn([&longest[..]; 64]).build().is_ok());
    fails(world.client().alpn([&longest[..]; 65]).build(), "longer than 16 KiB together");
    fails(ServerConfig::builder().build(), "no identity: pass the certificate pair");
    fails(ServerConfig::builder().verifier(world.verifier.clone()).build(), "no identity");
    fails(ClientConfig::builder().build(), "no verifier: pass one made from the CA certificates");
    let alone = || ServerConfig::builder().identity(world.server.clone());
    assert!(alone().build().is_ok());
    fails(alone().client_auth(ClientAuth::Request).build(), "there is no verifier");
    fails(alone().suites(&[&SUITES[0]]).build(), "there is no verifier for clients");
    let nobody = || ClientConfig::builder().verifier(world.verifier.clone());
    assert!(nobody().build().is_ok());
    fails(nobody().suites(&[&SUITES[0]]).build(), "no identity is configured: pass a certificate pair");
}

/// R-SES-16: where nobody knows how the one who answers later decides, no session is kept, for another decision might
/// not have let it come about.
#[test]
fn no_session_outlives_a_decision_that_nobody_can_name() {
    let world = World::new();
    for decision in [None, Some(&b"rules of today"[..])] {
        let clients = [world.client().verify_later(decision), world.client().select_later(decision)];
        for client in clients {
            assert_eq!(client.build().unwrap().policy().sessions, decision.is_some());
        }
        let servers = [world.server().verify_later(decision), world.server().select_later(decision)];
        for server in servers {
            assert_eq!(server.build().unwrap().policy().sessions, decision.is_some());
        }
    }
}

/// R-HS-48
#[test]
fn a_name_that_no_client_can_ask_for_does_not_build() {
    let world = World::new();
    let named = |name: &str| world.server().identity_for(["one.example", name], world.server.clone()).build();
    for name in ["two.example", "TWO_1.Example", "10.0.0.1", &"a".repeat(253)] {
        named(name).unwrap();
    }
    for name in ["", "two.example.", "*.example", "two example", "zwei.exämple", "[::1]", &"a".repeat(254)] {
        fails(named(name), "identity_for takes names of hosts");
    }
}

/// R-KEY-4, R-SES-7, R-SES-14: what TLCP has not, a configuration of TLCP cannot ask for; and TLS has no SM2, nor peers that
/// read TLCP otherwise.
#[cfg(feature = "tls12")]
#[test]
fn refuses_what_only_the_other_protocol_has() {
    use std::sync::Arc;
    use tlcp::config::{ClientConfigBuilder, Compat};
    use tlcp::session::RotatingTicketer;
    use tlcp::suite::AeadAlgorithm;
    use tlcp::wire::{MaxFragmentLength, NamedGroup, SignatureScheme};
    let world = World::new();
    type Change = fn(ClientConfigBuilder) -> ClientConfigBuilder;
    let clients: [(&str, Change); 8] = [
        ("groups", |c| c.groups(&[NamedGroup::X25519])),
        ("signature_schemes", |c| c.signature_schemes(&[SignatureScheme::ED25519])),
        ("require_ems", ClientConfigBuilder::require_ems),
        ("encrypt_then_mac", |c| c.encrypt_then_mac(true)),
        ("require_secure_renegotiation", ClientConfigBuilder::require_secure_renegotiation),
        ("ask_for_status", ClientConfigBuilder::ask_for_status),
        ("max_fragment_length", |c| c.max_fragment_length(MaxFragmentLength::BYTES_512)),
        ("fallback", ClientConfigBuilder::fallback),
    ];
    for (name, change) in clients {
        let error = change(world.client()).build().unwrap_err().to_string();
        assert!(error.starts_with(name) && error.contains("TLS"), "{error}");
    }
    let ticketer = RotatingTicketer::new(world.provider, AeadAlgorithm::Sm4Gcm, 3600).unwrap();
    let error = world.server().tickets(Arc::new(ticketer)).build().unwrap_err().to_string();
    assert!(error.starts_with("tickets"), "{error}");
    let error = ClientConfig::tls12_builder().verifier(world.verifier.clone()).build().unwrap_err();
    assert!(error.to_string().contains("CertPolicy::Web"), "{error}");
    let tls = || ClientConfig::tls12_builder().verifier(Arc::new(tlcp::cert::dangerous::NoVerification));
    fails(tls().compat(Compat::gmssl()).build(), "compat is TLCP's");
    assert!(tls().compat(Compat::default()).build().is_ok());
    let strict = World::tls12(pair::single::Kind::Rsa).server().strict_signature_schemes(true);
    fails(strict.build(), "strict_signature_schemes is TLCP's");
    assert!(world.client().encrypt_then_mac(false).build().is_ok());
    assert!(tls().groups(&[NamedGroup::CURVE_SM2]).build().unwrap_err().to_string().contains("curveSM2"));
    assert!(tls().signature_schemes(&[SignatureScheme::SM2_SM3]).build().is_err());
    assert!(tls().hello_extensions(false).build().unwrap_err().to_string().contains("hello_extensions"));
    fails(tls().signature_schemes(&[]).build(), "no signature scheme is enabled");
    fails(tls().groups(&[]).build(), "no group is enabled");
    fails(tls().max_fragment_length(MaxFragmentLength(5)).build(), "none of 512, 1024, 2048 and 4096");
    // R-TKT-1: without a store there is nothing to keep a ticket in.
    assert!(tls().build().unwrap().policy().tickets);
    assert!(!tls().sessions(None).build().unwrap().policy().tickets);
    // R-SES-16: nor where nobody says how the client was judged.
    let ticketer = Arc::new(RotatingTicketer::new(world.provider, AeadAlgorithm::Sm4Gcm, 3600).unwrap());
    let of_tls = World::tls12(pair::single::Kind::Rsa);
    for (context, tickets) in [(Some(&b"so"[..]), true), (None, false)] {
        let server = of_tls.server().tickets(ticketer.clone()).verify_later(context);
        let server = server.client_auth(ClientAuth::Require).build().unwrap();
        assert_eq!((server.policy().tickets, server.policy().sessions), (tickets, tickets));
    }
    // Of a kind that either protocol takes, in the number that it does not.
    let exchange = tlcp::suite::KeyExchange::RSA;
    let rsa = World::of(SUITES.iter().find(|suite| suite.key_exchange == exchange).unwrap());
    let mixed = ServerConfig::tls12_builder().identity(rsa.server.clone());
    fails(mixed.build(), "an identity has two certificates");
    fails(rsa.server().identity(of_tls.server.clone()).build(), "an identity has one certificate");
    for period in [0, 86_401] {
        assert!(RotatingTicketer::new(world.provider, AeadAlgorithm::Sm4Gcm, period).is_err());
    }
}
