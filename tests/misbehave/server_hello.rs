//! ServerHellos that choose what was not offered.
use crate::hello::{Hello, protocol_names, server_names};
use crate::outcome::Outcome;
use crate::script::{Case, Item, Lab, message};
use crate::{ECC, ECDHE, RESUMED, labs, said, with};
use tlcp::suite::{SUITES, TLCP};
use tlcp::wire::{AlertDescription as A, ExtensionType as X, HandshakeType as H};

fn hello(lab: &Lab) -> Hello {
    Hello::read(&said(&lab.server, H::SERVER_HELLO))
}

fn play(lab: &Lab, hello: &Hello) -> Outcome {
    lab.to_client(&with(&lab.server, hello.to_message()))
}

/// Refused with this; the session that was offered is dropped (R-SES-12).
#[track_caller]
fn refused(lab: &Lab, hello: &Hello, alert: A, text: &str) {
    let outcome = play(lab, hello);
    outcome.refused(alert, text);
    assert_eq!(outcome.removed, usize::from(lab.case.resumed));
}

/// R-HS-8
#[test]
fn another_version_is_refused() {
    for lab in labs() {
        for version in [0, 0x0100, 0x0102, 0x0300, 0x0303, 0xffff] {
            refused(lab, &Hello { version, ..hello(lab) }, A::PROTOCOL_VERSION, "ServerHello");
        }
    }
}

/// R-CS-5, R-CS-6, R-T12-24: a suite that was not offered, known or not, GREASE or signalling.
#[test]
fn a_suite_that_was_not_offered_is_an_illegal_parameter() {
    for lab in labs() {
        let others = TLCP.suites().map(|s| s.id.0).filter(|id| *id != lab.case.suite.id.0);
        for suite in others.chain([0xc02b, 0x0a0a, 0x00ff, 0x5600, 0, 0xe001]) {
            let hello = Hello { suites: vec![suite], ..hello(lab) };
            refused(lab, &hello, A::ILLEGAL_PARAMETER, "ServerHello: cipher_suite");
        }
    }
}

/// R-REC-16
#[test]
fn a_compression_method_is_an_illegal_parameter() {
    for lab in labs() {
        for method in [1, 64, 255] {
            let hello = Hello { compressions: vec![method], ..hello(lab) };
            refused(lab, &hello, A::ILLEGAL_PARAMETER, "ServerHello: compression_method");
        }
    }
}

/// R-HS-7, R-HS-34, R-AL-9, R-KEY-4: unoffered ones, and those that have no place in a ServerHello although they were offered.
#[test]
fn extensions_without_an_offer_are_unsupported() {
    for lab in labs() {
        for kind in [1, 3, 5, 11, 13, 16, 22, 23, 35, 43, 66, 0x0a0a, 0xff01] {
            let data = if kind == 16 { protocol_names(&[b"h2"]) } else { vec![] };
            refused(lab, &hello(lab).and(kind, &data), A::UNSUPPORTED_EXTENSION, "ServerHello");
        }
    }
    // No extension was offered at all.
    let bare = Lab::new(Case { client: |c| c.hello_extensions(false), ..ECC.case });
    refused(&bare, &hello(&bare).and(0, &[]), A::UNSUPPORTED_EXTENSION, "ServerHello");
}

/// R-HS-34: deployed servers send it back.
#[test]
fn supported_groups_in_a_server_hello_are_ignored() {
    for lab in labs() {
        for data in [&[0, 2, 0, 41][..], &[], &[1, 2, 3]] {
            play(lab, &hello(lab).with(X::SUPPORTED_GROUPS, data)).went_well();
        }
    }
}

/// R-HS-37: the name may be acknowledged, also when nothing else is.
#[test]
fn an_acknowledged_name_is_empty() {
    for lab in [&*ECC, &ECDHE] {
        play(lab, &hello(lab).with(X::SERVER_NAME, &[])).went_well();
        let full = hello(lab).with(X::SERVER_NAME, &server_names(&[(0, b"localhost")]));
        refused(lab, &full, A::DECODE_ERROR, "ServerHello: server_name");
    }
}

/// R-ALPN-3
#[test]
fn one_protocol_name_that_was_offered_is_answered() {
    let lab = Lab::new(Case { client: |c| c.alpn([&b"h2"[..], b"http/1.1"]), ..ECC.case });
    let answer = |data: &[u8]| hello(&lab).with(X::ALPN, data);
    play(&lab, &answer(&protocol_names(&[b"http/1.1"]))).went_well();
    play(&lab, &hello(&lab)).went_well();
    let other = answer(&protocol_names(&[b"spdy/1"]));
    refused(&lab, &other, A::ILLEGAL_PARAMETER, "ServerHello: protocol_name_list");
    let two: [&[u8]; 2] = [b"h2", b"http/1.1"];
    let surplus = [&protocol_names(&[b"h2"])[..], &[0]].concat();
    for data in [protocol_names(&two), protocol_names(&[]), protocol_names(&[b""]), vec![], surplus] {
        refused(&lab, &answer(&data), A::DECODE_ERROR, "ServerHello: ");
    }
}

/// R-HS-34, R-HS-3
#[test]
fn duplicates_and_bad_lengths_are_decode_errors() {
    for lab in labs() {
        let twice = hello(lab).and(0x1234, &[]).and(0x1234, &[]);
        refused(lab, &twice, A::DECODE_ERROR, "ServerHello: extensions stands twice");
        let long = Hello { session_id: vec![1; 33], ..hello(lab) };
        refused(lab, &long, A::DECODE_ERROR, "ServerHello: session_id");
        play(lab, &Hello { extensions: Some(vec![]), ..hello(lab) }).went_well();
    }
}

/// R-SES-2, R-SES-11: a resumed session keeps its suite.
#[test]
fn a_resumed_session_with_another_suite_is_an_illegal_parameter() {
    let both: Case = Case { client: |c| c.suites(&[&SUITES[1], &SUITES[3]]), ..RESUMED.case };
    let lab = Lab::new(both);
    let other = Hello { suites: vec![SUITES[1].id.0], ..hello(&lab) };
    assert_ne!(hello(&lab).suites, other.suites);
    refused(&lab, &other, A::ILLEGAL_PARAMETER, "ServerHello: cipher_suite");
    assert!(format!("{:?}", play(&lab, &other).error).contains("R-SES-11"));
}

/// R-SES-6, R-SES-9, R-SM-1: another id, or none, is no resumption: what belongs to one is out of place, and the old
/// session is dropped at once.
#[test]
fn another_session_id_is_no_resumption() {
    for session_id in [vec![], vec![1; 32], hello(&RESUMED).session_id[..31].to_vec()] {
        let outcome = play(&RESUMED, &Hello { session_id, ..hello(&RESUMED) });
        outcome.refused(A::UNEXPECTED_MESSAGE, "ChangeCipherSpec has no place in the state AwaitCertificate");
        assert_eq!((outcome.removed, outcome.stored), (1, 0));
    }
}

/// R-SES-9: an id that the client did not offer names no session, whatever it is.
#[test]
fn a_server_cannot_resume_what_was_not_offered() {
    for session_id in [vec![], vec![7; 32]] {
        let mut script = with(&ECC.server, Hello { session_id, ..hello(&ECC) }.to_message());
        script.drain(1..script.len() - 2);
        let outcome = ECC.to_client(&script);
        outcome.refused(A::UNEXPECTED_MESSAGE, "ChangeCipherSpec has no place");
    }
}

/// R-HS-1
#[test]
fn a_body_that_does_not_fit_is_a_decode_error() {
    let raw = Hello { extensions: None, ..hello(&ECC) }.to_message();
    for surplus in [&[0][..], &[0, 1], &[0, 4, 0, 0], &[0, 0, 0]] {
        let odd = message(H::SERVER_HELLO, &[&raw[4..], surplus].concat());
        ECC.to_client(&[Item::Message(odd)]).refused(A::DECODE_ERROR, "ServerHello");
    }
}
