#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
use super::VersionRule::{AlertsOfAny, Exactly, First};
use super::*;
use crate::alert::alert_for;
use crate::wire::AlertDescription;
use alloc::vec::Vec;
use proptest::prelude::*;

const TLCP: ProtocolVersion = ProtocolVersion::TLCP;
const TLS12: ProtocolVersion = ProtocolVersion::TLS12;

fn record(content_type: u8, version: u16, length: usize) -> Vec<u8> {
    let mut out = header(ContentType(content_type), ProtocolVersion(version), length as u16).to_vec();
    out.resize(HEADER_LEN + length, 7);
    out
}

fn misbehaved(bytes: &[u8], rule: VersionRule, protected: bool) -> PeerMisbehaved {
    match deframe(bytes, rule, protected) {
        Err(Error::PeerMisbehaved(e)) => e,
        other => panic!("{other:?} for {bytes:02x?}"),
    }
}

fn looks_like(bytes: &[u8], rule: VersionRule) -> &'static str {
    match misbehaved(bytes, rule, false) {
        e @ PeerMisbehaved::NotTlcp { looks_like } => {
            assert_eq!(alert_for(&e.into()), None, "nothing is sent back (R-REC-40)");
            looks_like
        }
        other => panic!("{other:?}"),
    }
}

fn accepted(content_type: u8, version: u16, rule: VersionRule) -> bool {
    match deframe(&record(content_type, version, 2), rule, false) {
        Ok(Framed::Record { length: 2, .. }) => true,
        Err(Error::PeerMisbehaved(PeerMisbehaved::ProtocolVersion { version: found, .. })) => {
            assert_eq!(found.0, version);
            false
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn says_how_many_bytes_are_missing() {
    let bytes = record(22, 0x0101, 300);
    assert_eq!(deframe(&[], First, false), Ok(Framed::Need(5)));
    for n in 0..bytes.len() {
        let expected = if n < 5 { 5 - n } else { bytes.len() - n };
        assert_eq!(deframe(&bytes[..n], First, false), Ok(Framed::Need(expected)));
    }
    let whole = Framed::Record { content_type: ContentType::HANDSHAKE, version: TLCP, length: 300 };
    assert_eq!(deframe(&bytes, First, false), Ok(whole));
    let followed = [&bytes[..], &[99, 99]].concat();
    assert_eq!(deframe(&followed, First, false), Ok(whole), "what follows is not looked at");
}

/// R-REC-6
#[test]
fn refuses_unknown_types_and_heartbeat_and_site2site() {
    for content_type in (0..=255).filter(|t| !(20..=23).contains(t)) {
        let rules = [Exactly(TLCP), Exactly(TLS12)];
        for (rule, protected) in rules.iter().flat_map(|r| [(*r, false), (*r, true)]) {
            let e = misbehaved(&[content_type], rule, protected);
            assert!(matches!(e, PeerMisbehaved::UnexpectedRecord { clause: "R-REC-6", .. }), "{e:?}");
            assert_eq!(alert_for(&e.into()), Some(AlertDescription::UNEXPECTED_MESSAGE));
        }
    }
    for content_type in [0, 24, 80, 0x7b] {
        let e = misbehaved(&[content_type, 1, 1, 0, 0], AlertsOfAny(TLCP), false);
        assert!(matches!(e, PeerMisbehaved::UnexpectedRecord { .. }), "{e:?}");
    }
}

/// R-REC-7
#[test]
fn refuses_a_length_on_the_header_alone() {
    for (protected, most) in [(false, 16_384), (true, 18_432)] {
        for rule in [First, AlertsOfAny(TLCP), Exactly(TLCP)] {
            let fits = &record(22, 0x0101, most)[..5];
            assert_eq!(deframe(fits, rule, protected), Ok(Framed::Need(most)));
            let long = &record(22, 0x0101, most + 1)[..5];
            let e = misbehaved(long, rule, protected);
            assert_eq!(e, PeerMisbehaved::RecordOverflow { length: most + 1 });
            assert_eq!(alert_for(&e.into()), Some(AlertDescription::RECORD_OVERFLOW));
        }
    }
}

/// R-REC-40, R-REC-5
#[test]
fn recognises_what_is_no_tlcp_at_all() {
    for (bytes, expected) in [
        (&b"GET / HTTP/1.1\r\n"[..], "HTTP"),
        (b"POST /", "HTTP"),
        (b"HEAD /", "HTTP"),
        (b"PUT /", "HTTP"),
        (b"OPTIONS *", "HTTP"),
        (b"CONNECT x:443", "HTTP"),
        (b"PRI * HTTP/2.0", "HTTP"),
        (b"SSH-2.0-x", "SSH"),
        (&[0x80, 0x2e, 0x01, 0x00, 0x02], "SSLv2"),
        (&[0x80, 0x2e, 0x02], "unknown"),
        (b"GEX", "unknown"),
        (b"\0", "unknown"),
        (&[20, 1, 1, 0, 1, 1], "unknown"),
        (&[23, 1, 1, 0, 1, 1], "unknown"),
    ] {
        assert_eq!(looks_like(bytes, First), expected, "{bytes:02x?}");
    }
    assert_eq!(looks_like(b"HTTP/1.1 400 Bad Request\r\n", AlertsOfAny(TLCP)), "HTTP");
}

/// R-REC-40: a handshake record of a strange version is answered.
#[test]
fn refuses_a_first_record_of_another_major_version() {
    for major in 0..=255u16 {
        assert_eq!(accepted(22, major << 8 | 1, First), matches!(major, 1 | 3));
        assert!(accepted(21, major << 8 | 1, First), "an alert is reported, whatever its version");
    }
    let e = misbehaved(&[22, 2, 0], First, false);
    assert_eq!(alert_for(&e.into()), Some(AlertDescription::PROTOCOL_VERSION));
}

/// R-REC-41, R-REC-4
#[test]
fn a_client_before_server_hello_takes_alerts_of_any_version() {
    for version in [0x0000, 0x0100, 0x0101, 0x0102, 0x0300, 0x0301, 0x0303, 0x0304, 0xffff] {
        for ours in [TLCP, TLS12] {
            assert!(accepted(21, version, AlertsOfAny(ours)));
            assert_eq!(accepted(21, version, Exactly(ours)), version == ours.0);
            assert_eq!(accepted(22, version, Exactly(ours)), version == ours.0);
        }
        assert_eq!(accepted(22, version, AlertsOfAny(TLCP)), version == 0x0101);
        assert_eq!(accepted(22, version, AlertsOfAny(TLS12)), version >> 8 == 3);
    }
}

proptest! {
    /// What is decided on some bytes is decided on more of them alike, and nothing is asked for in vain.
    #[test]
    fn answers_alike_for_every_split(
        head in prop_oneof![
            any::<[u8; 6]>().prop_map(|b| b.to_vec()),
            (20u8..25, prop::sample::select(vec![0x0101u16, 0x0303, 0x0200]), 0usize..40)
                .prop_map(|(t, v, n)| record(t, v, n)),
            prop::sample::select(FOREIGN.map(|f| f.0.to_vec()).to_vec()),
        ],
        rule in prop::sample::select(vec![First, AlertsOfAny(TLCP), AlertsOfAny(TLS12), Exactly(TLCP), Exactly(TLS12)]),
        protected: bool,
    ) {
        let whole = deframe(&head, rule, protected);
        for n in 0..head.len() {
            match deframe(&head[..n], rule, protected) {
                Ok(Framed::Need(more)) => {
                    prop_assert!(more > 0);
                    if n + more > head.len() {
                        let whole_record = matches!(whole, Ok(Framed::Record { .. }));
                        prop_assert!(!whole_record, "asked for too much");
                    }
                }
                decided => prop_assert_eq!(&decided, &whole),
            }
        }
    }
}
