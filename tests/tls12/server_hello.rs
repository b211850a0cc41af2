//! ServerHellos that choose what was not offered.
use crate::hello::{Hello, protocol_names};
use crate::outcome::Outcome;
use crate::script::{Case, Item, Lab};
use crate::{BY_TICKET, ECC, RESUMED, TRANSPORT, labs, said, suite, with};
use tlcp::suite::TLS12;
use tlcp::wire::{AlertDescription as A, ExtensionType as X, HandshakeType as H, MaxFragmentLength};

pub(crate) fn hello(lab: &Lab) -> Hello {
    Hello::read(&said(&lab.server, H::SERVER_HELLO))
}

/// The server's script with this hello.
pub(crate) fn play(lab: &Lab, hello: &Hello) -> Outcome {
    lab.to_client(&with(&lab.server, hello.to_message()))
}

/// Refused with this; the session that was offered is dropped (R-SES-12).
#[track_caller]
fn refused(lab: &Lab, hello: &Hello, alert: A, text: &str) {
    let outcome = play(lab, hello);
    outcome.refused(alert, text);
    assert_eq!(outcome.removed, usize::from(lab.case.resumed));
}

/// R-T12-15, R-BCP-1
#[test]
fn another_version_is_refused() {
    for lab in labs() {
        for version in [0, 0x0101, 0x0200, 0x0300, 0x0301, 0x0302, 0x0304, 0xffff] {
            refused(lab, &Hello { version, ..hello(lab) }, A::PROTOCOL_VERSION, "ServerHello");
        }
    }
}

/// R-T12-16, R-T12-24, R-CS-6: what was not offered: other suites of ours, NULL, anonymous and export ones, TLCP's, those of
/// TLS 1.3, GREASE, and what only signals.
#[test]
fn a_suite_that_was_not_offered_is_an_illegal_parameter() {
    for lab in labs() {
        let others = TLS12.suites().map(|s| s.id.0).filter(|id| *id != lab.case.suite.id.0);
        let never =
            [0, 1, 0x003b, 0xc006, 0xc010, 0xc018, 0x0005, 0x0008, 0xe053, 0xe013, 0x1301, 0x0a0a, 0x00ff];
        for suite in others.chain(never).chain([0x5600]) {
            let hello = Hello { suites: vec![suite], ..hello(lab) };
            refused(lab, &hello, A::ILLEGAL_PARAMETER, "ServerHello: cipher_suite");
        }
    }
}

/// R-T12-4, R-BCP-4
#[test]
fn a_compression_method_is_an_illegal_parameter() {
    for method in [1, 64, 255] {
        let hello = Hello { compressions: vec![method], ..hello(&ECC) };
        refused(&ECC, &hello, A::ILLEGAL_PARAMETER, "ServerHello: compression_method");
    }
}

/// R-T12-5, R-T12-6, R-HS-34: those that were not offered, and those that have no place in a ServerHello although they were
/// offered; truncated_hmac is among them.
#[test]
fn extensions_without_an_offer_are_unsupported() {
    for lab in labs() {
        for kind in [1, 3, 4, 5, 13, 16, 21, 22, 43, 50, 51, 66, 13172, 0x0a0a] {
            let data = match kind {
                1 => vec![1],
                16 => protocol_names(&[b"h2"]),
                _ => vec![],
            };
            refused(lab, &hello(lab).and(kind, &data), A::UNSUPPORTED_EXTENSION, "ServerHello");
        }
    }
    let bare = Lab::new(Case { client: |c| c.hello_extensions(false), ..TRANSPORT.case });
    for kind in [0, 11, 23, 35, 0xff01] {
        let data = if kind == 11 { vec![1, 0] } else { vec![0; usize::from(kind == 0xff01)] };
        refused(&bare, &hello(&bare).and(kind, &data), A::UNSUPPORTED_EXTENSION, "ServerHello");
    }
    let no_tickets = Lab::new(Case { client: |c| c.tickets(false), ..ECC.case });
    refused(&no_tickets, &hello(&no_tickets).and(35, &[]), A::UNSUPPORTED_EXTENSION, "ServerHello");
}

/// R-T12-5
#[test]
fn an_extension_twice_is_a_decode_error() {
    for kind in [23, 0xff01] {
        let data = vec![0; usize::from(kind == 0xff01)];
        refused(&ECC, &hello(&ECC).and(kind, &data), A::DECODE_ERROR, "ServerHello: extensions stands twice");
    }
}

/// R-HS-34: deployed servers send it back.
#[test]
fn supported_groups_in_a_server_hello_are_ignored() {
    for data in [&[0, 2, 0, 29][..], &[], &[1, 2, 3]] {
        play(&ECC, &hello(&ECC).and(10, data)).went_well();
    }
}

/// R-EC-1, R-EC-2: uncompressed points are in the list, whatever else is.
#[test]
fn point_formats_without_the_uncompressed_one_are_an_illegal_parameter() {
    for data in [&[1, 0][..], &[3, 2, 1, 0]] {
        play(&ECC, &hello(&ECC).with(X::EC_POINT_FORMATS, data)).went_well();
    }
    for data in [&[1, 1][..], &[2, 1, 2]] {
        let odd = hello(&ECC).with(X::EC_POINT_FORMATS, data);
        refused(&ECC, &odd, A::ILLEGAL_PARAMETER, "ServerHello: ec_point_format_list");
    }
    for data in [&[][..], &[0], &[2, 0], &[1, 0, 0]] {
        let odd = hello(&ECC).with(X::EC_POINT_FORMATS, data);
        refused(&ECC, &odd, A::DECODE_ERROR, "ServerHello: ec_point_format_list");
    }
}

fn without(hello: Hello, kind: X) -> Hello {
    let extensions = hello.extensions.map(|e| e.into_iter().filter(|(k, _)| *k != kind.0).collect());
    Hello { extensions, ..hello }
}

/// R-REN-3, R-REN-7, R-REN-8: no verify_data in the first hello; whether it must be there is a choice.
#[test]
fn renegotiation_info_is_empty_or_missing() {
    for lab in [&*ECC, &RESUMED, &BY_TICKET] {
        for data in [&[1, 0][..], &[12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]] {
            let odd = hello(lab).with(X::RENEGOTIATION_INFO, data);
            refused(lab, &odd, A::HANDSHAKE_FAILURE, "R-REN-3");
        }
        for data in [&[][..], &[1], &[0, 0], &[2, 1]] {
            let odd = hello(lab).with(X::RENEGOTIATION_INFO, data);
            refused(lab, &odd, A::DECODE_ERROR, "ServerHello: renegotiated_connection");
        }
    }
    play(&ECC, &without(hello(&ECC), X::RENEGOTIATION_INFO)).went_well();
    let strict = Lab::new(Case { client: |c| c.require_secure_renegotiation(), ..ECC.case });
    play(&strict, &hello(&strict)).went_well();
    let silent = without(hello(&strict), X::RENEGOTIATION_INFO);
    refused(&strict, &silent, A::HANDSHAKE_FAILURE, "R-REN-3");
}

/// R-ALPN-1, R-ALPN-3
#[test]
fn one_protocol_name_that_was_offered_is_answered() {
    let lab = Lab::new(Case { client: |c| c.alpn([&b"h2"[..], b"http/1.1"]), ..ECC.case });
    let answer = |data: &[u8]| hello(&lab).with(X::ALPN, data);
    play(&lab, &answer(&protocol_names(&[b"http/1.1"]))).went_well();
    play(&lab, &hello(&lab)).went_well();
    let other = answer(&protocol_names(&[b"spdy/1"]));
    refused(&lab, &other, A::ILLEGAL_PARAMETER, "ServerHello: protocol_name_list");
    let surplus = [&protocol_names(&[b"h2"])[..], &[0]].concat();
    for data in [protocol_names(&[b"h2", b"http/1.1"]), protocol_names(&[]), protocol_names(&[b""]), surplus]
    {
        refused(&lab, &answer(&data), A::DECODE_ERROR, "ServerHello: ");
    }
}

/// R-EXT-2: the answer equals the question.
#[test]
fn another_fragment_length_than_the_one_asked_for_is_an_illegal_parameter() {
    let asks = Case { client: |c| c.max_fragment_length(MaxFragmentLength(2)), ..ECC.case };
    let lab = Lab::new(asks);
    play(&lab, &hello(&lab)).went_well();
    play(&lab, &without(hello(&lab), X::MAX_FRAGMENT_LENGTH)).went_well();
    for code in [0, 1, 3, 4, 5, 255] {
        let odd = hello(&lab).with(X::MAX_FRAGMENT_LENGTH, &[code]);
        refused(&lab, &odd, A::ILLEGAL_PARAMETER, "ServerHello: max_fragment_length");
    }
    for data in [&[][..], &[2, 2]] {
        let odd = hello(&lab).with(X::MAX_FRAGMENT_LENGTH, data);
        refused(&lab, &odd, A::DECODE_ERROR, "ServerHello: max_fragment_length");
    }
}

/// R-ETM-1, R-ETM-2: not with an AEAD, though it was offered for the suites of CBC.
#[test]
fn encrypt_then_mac_with_an_aead_is_an_illegal_parameter() {
    let both: Case = Case {
        client: |c| c.suites(&[suite("ECDHE-ECDSA-AES128-GCM-SHA256"), suite("ECDHE-ECDSA-AES128-SHA256")]),
        ..ECC.case
    };
    let lab = Lab::new(both);
    assert!(Hello::read(&said(&lab.client, H::CLIENT_HELLO)).extensions.unwrap().contains(&(22, vec![])));
    play(&lab, &hello(&lab)).went_well();
    refused(&lab, &hello(&lab).and(22, &[]), A::ILLEGAL_PARAMETER, "ServerHello: encrypt_then_mac");
}

/// R-ETM-1: a resumed session keeps what it had: no downgrade.
#[test]
fn a_resumption_without_encrypt_then_mac_is_an_illegal_parameter() {
    let lab = Lab::new(Case::of(suite("ECDHE-ECDSA-AES128-SHA256")).resumed());
    play(&lab, &hello(&lab)).went_well();
    let odd = without(hello(&lab), X::ENCRYPT_THEN_MAC);
    refused(&lab, &odd, A::ILLEGAL_PARAMETER, "ServerHello: extensions");
}

/// R-SES-11, R-SES-6: a resumed session keeps its suite, and another id is no resumption.
#[test]
fn a_resumption_keeps_its_suite_and_its_id() {
    let both: Case = Case {
        client: |c| {
            c.suites(&[suite("ECDHE-ECDSA-AES128-GCM-SHA256"), suite("ECDHE-ECDSA-CHACHA20-POLY1305")])
        },
        ..RESUMED.case
    };
    let lab = Lab::new(both);
    let other = Hello { suites: vec![0xc02b], ..hello(&lab) };
    refused(&lab, &other, A::ILLEGAL_PARAMETER, "ServerHello: cipher_suite");
    for lab in [&*RESUMED, &BY_TICKET] {
        for session_id in [vec![], vec![1; 32], hello(lab).session_id[..31].to_vec()] {
            let outcome = play(lab, &Hello { session_id, ..hello(lab) });
            outcome.refused(
                A::UNEXPECTED_MESSAGE,
                "ChangeCipherSpec has no place in the state AwaitCertificate",
            );
            assert_eq!((outcome.removed, outcome.stored), (1, 0));
        }
    }
}

/// R-EXT-3, R-SM-7: CertificateStatus directly behind Certificate, if both hellos had the extension; it may be missing all
/// the same; elsewhere, or unasked, it is unexpected.
#[test]
fn a_certificate_status_comes_only_behind_the_certificate_of_a_server_that_was_asked() {
    let lab = Lab::new(Case { client: |c| c.ask_for_status(), ..ECC.case });
    let agreed = with(&lab.server, hello(&lab).and(5, &[]).to_message());
    lab.to_client(&agreed).went_well();
    let status = |body: &[u8]| Item::Message(crate::script::message(H::CERTIFICATE_STATUS, body));
    let good = status(&[1, 0, 0, 2, 7, 7]);
    let at = crate::place(&agreed, H::SERVER_KEY_EXCHANGE);
    lab.to_client(&crate::before(&agreed, at, std::slice::from_ref(&good))).went_well();
    for wrong in [at - 1, at + 1, at + 2] {
        let outcome = lab.to_client(&crate::before(&agreed, wrong, std::slice::from_ref(&good)));
        outcome.refused(A::UNEXPECTED_MESSAGE, "CertificateStatus has no place");
    }
    let outcome = lab.to_client(&crate::before(&lab.server, at, std::slice::from_ref(&good)));
    outcome.refused(A::UNEXPECTED_MESSAGE, "CertificateStatus has no place");
    for body in [&[][..], &[1], &[1, 0, 0, 0], &[2, 0, 0, 1, 7], &[1, 0, 0, 1, 7, 7], &[1, 0, 0, 2, 7]] {
        let outcome = lab.to_client(&crate::before(&agreed, at, &[status(body)]));
        outcome.refused(A::DECODE_ERROR, "CertificateStatus");
    }
}
