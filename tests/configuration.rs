//! A configuration says what was asked for, or fails when it is built, with what to do about it.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use pair::World;
use std::fmt::Debug;
use std::time::Duration;
use tlcp::config::{ClientAuth, Limits, Policy};
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
    fails(world.client().alpn([&b""[..]]).build(), "names have 1 to 255");
    fails(world.client().handshake_timeout(Duration::ZERO).build(), "no handshake could end");
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

/// R-KEY-4, R-SES-7, R-SES-14: what TLCP has not, a configuration of TLCP cannot ask for; and TLS has no SM2.
#[cfg(feature = "tls12")]
#[test]
fn refuses_what_only_the_other_protocol_has() {
    use std::sync::Arc;
    use tlcp::config::{ClientConfig, ClientConfigBuilder};
    use tlcp::session::RotatingTicketer;
    use tlcp::suite::AeadAlgorithm;
    use tlcp::wire::{MaxFragmentLength, NamedGroup, SignatureScheme};
    let world = World::new();
    type Change = fn(ClientConfigBuilder) -> ClientConfigBuilder;
    let clients: [(&str, Change); 7] = [
        ("groups", |c| c.groups(&[NamedGroup::X25519])),
        ("signature_schemes", |c| c.signature_schemes(&[SignatureScheme::ED25519])),
        ("require_ems", ClientConfigBuilder::require_ems),
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
    assert!(tls().groups(&[NamedGroup::CURVE_SM2]).build().unwrap_err().to_string().contains("curveSM2"));
    assert!(tls().signature_schemes(&[SignatureScheme::SM2_SM3]).build().is_err());
    assert!(tls().hello_extensions(false).build().unwrap_err().to_string().contains("hello_extensions"));
    assert!(tls().build().is_ok());
    for period in [0, 86_401] {
        assert!(RotatingTicketer::new(world.provider, AeadAlgorithm::Sm4Gcm, period).is_err());
    }
}
