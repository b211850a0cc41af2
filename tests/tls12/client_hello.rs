//! ClientHellos that are odd but legal, and those that are not.
use crate::hello::{Hello, protocol_names, vector};
use crate::outcome::Outcome;
use crate::pair::single::{self, Kind};
use crate::pair::{Counting, World};
use crate::script::{Case, Heard, Item, Lab, message};
use crate::{BY_TICKET, ECC, LEGACY, MUTUAL, RESUMED, TRANSPORT, kinds, labs, said, with};
use std::sync::Arc;
use tlcp::config::ServerConfig;
use tlcp::message::ClientHello;
use tlcp::wire::{AlertDescription as A, ExtensionType as X, HandshakeType as H, SignatureScheme};

pub(crate) fn hello(lab: &Lab) -> Hello {
    Hello::read(&said(&lab.client, H::CLIENT_HELLO))
}

/// The client's script with this hello.
pub(crate) fn play(lab: &Lab, hello: &Hello) -> Outcome {
    lab.to_server(&with(&lab.client, hello.to_message()))
}

pub(crate) fn answer(outcome: &Outcome) -> Hello {
    match &outcome.heard[0] {
        Heard::Message(m) if m[0] == H::SERVER_HELLO.0 => Hello::read(m),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn without(hello: Hello, kind: X) -> Hello {
    let extensions = hello.extensions.map(|e| e.into_iter().filter(|(k, _)| *k != kind.0).collect());
    Hello { extensions, ..hello }
}

fn extension(hello: &Hello, kind: u16) -> Option<&[u8]> {
    hello.extensions.iter().flatten().find(|(k, _)| *k == kind).map(|(_, data)| &data[..])
}

/// R-ETM-1, R-ETM-2: agreed on with CBC, if the server wants it too.
#[test]
fn encrypt_then_mac_is_agreed_on_only_where_the_server_wants_it() {
    let offer = [Item::Message(said(&TRANSPORT.client, H::CLIENT_HELLO))];
    for wanted in [true, false] {
        let server = TRANSPORT.world.server().suites(&[TRANSPORT.case.suite]).encrypt_then_mac(wanted);
        let agreed = answer(&TRANSPORT.to_server_of(server, &offer));
        assert_eq!(extension(&agreed, X::ENCRYPT_THEN_MAC.0).is_some(), wanted);
    }
}

/// R-EXT-3: a response of another kind than OCSP is not asked for in any form that could be wrong here.
#[test]
fn a_request_for_a_status_of_another_kind_is_passed_over() {
    let lab = &ECC;
    let identity = single::identity(Kind::P256.server(), &lab.world.provider).with_ocsp_response(b"response");
    let identity = Arc::new(identity);
    let server = || {
        let server = ServerConfig::tls12_builder_with(lab.world.provider, Arc::new(Counting::from(98)));
        server.identity(identity.clone()).suites(&[lab.case.suite])
    };
    for (asked, stapled) in [(&[1, 0, 0, 0, 0][..], true), (&[2, 0, 0, 0, 0], false), (&[2, 9], false)] {
        let hello = hello(lab).with(X::STATUS_REQUEST, asked);
        let outcome = lab.to_server_of(server(), &[Item::Message(hello.to_message())]);
        assert_eq!(outcome.error, None, "{asked:?}");
        assert_eq!(kinds(&outcome.heard).contains(&H::CERTIFICATE_STATUS), stapled, "{asked:?}");
    }
}

/// R-T12-3, R-T12-24, R-T12-16, R-CS-6: suites of all kinds that are not ours, GREASE, TLCP's and what only signals are
/// passed over.
#[test]
fn unknown_suites_are_passed_over() {
    for lab in [&*ECC, &RESUMED, &LEGACY] {
        let mut odd = hello(lab);
        odd.suites =
            [&[0x0a0a, 0xfafa, 0xe053, 0xe013, 0x1301, 0x0000, 0xc006, 0xffff], &odd.suites[..]].concat();
        odd.suites.extend([0x003b, 0x0005]);
        let outcome = play(lab, &odd);
        outcome.went_well();
        assert_eq!(answer(&outcome).suites, [lab.case.suite.id.0]);
    }
    for suites in [vec![0xe053, 0xe013], vec![0, 1, 0xc006, 0xc010], vec![0x0a0a], vec![0x1301, 0xe011]] {
        play(&ECC, &Hello { suites, ..hello(&ECC) }).refused(A::HANDSHAKE_FAILURE, "R-CS-4");
    }
}

/// R-T12-24, R-T12-25, R-REN-6, R-EXT-4: extensions that mean nothing here change nothing and get no answer: GREASE,
/// padding, those of TLS 1.3, trusted_ca_keys in any form, truncated_hmac; a hello of several KiB.
#[test]
fn unknown_extensions_are_passed_over_and_not_answered() {
    let odd: [(u16, &[u8]); 12] = [
        (0x0a0a, &[]),
        (0xfafa, &[7]),
        (21, &[0; 500]),
        (21, &[7; 5]),
        (43, &[4, 3, 4, 3, 3]),
        (43, &[2, 3, 4]),
        (51, &[0xff; 6000]),
        (3, &[0, 2, 9, 9]),
        (3, &[]),
        (4, &[]),
        (66, &[]),
        (13172, &[]),
    ];
    for lab in [&*ECC, &RESUMED, &BY_TICKET] {
        let before = answer(&play(lab, &hello(lab))).extensions;
        for (kind, data) in odd {
            let outcome = play(lab, &hello(lab).and(kind, data));
            outcome.went_well();
            assert_eq!(answer(&outcome).extensions, before, "{kind}");
        }
    }
}

/// R-T12-22: chains are judged by signature_algorithms_cert, else by all of signature_algorithms, whether a server signs by
/// them itself or not.
#[test]
fn chains_are_judged_by_what_a_client_says_of_certificates() {
    let [ed25519, ecdsa]: [&[u8]; 2] =
        [include_bytes!("../../vectors/web/mixed.pem"), include_bytes!("../../vectors/web/p256.pem")];
    let without = [4, 3, 5, 3, 4, 1, 8, 4];
    let with = [&without[..], &[8, 7]].concat();
    let provider = ECC.world.provider;
    for (to_sign, certificates, expected) in [
        (&without[..], Some(&with[..]), ed25519),
        (&with, Some(&without), ecdsa),
        (&with, None, ed25519),
        (&without, None, ecdsa),
    ] {
        let builder = ServerConfig::tls12_builder_with(provider, Arc::new(Counting::from(2)));
        let server = [ed25519, ecdsa]
            .iter()
            .fold(builder, |server, pem| server.identity(Arc::new(single::identity(pem, &provider))));
        // It signs by this alone.
        let server = server.signature_schemes(&[SignatureScheme::ECDSA_SHA256]);
        let mut hello = hello(&ECC).with(X::SIGNATURE_ALGORITHMS, &vector(2, to_sign));
        if let Some(list) = certificates {
            hello = hello.and(X::SIGNATURE_ALGORITHMS_CERT.0, &vector(2, list));
        }
        let outcome = ECC.to_server_of(server, &[Item::Message(hello.to_message())]);
        let leaf = single::certificate(expected);
        let has_leaf = |heard: &Heard| matches!(heard, Heard::Message(m) if m[0] == H::CERTIFICATE.0 && m[10..].starts_with(&leaf));
        assert!(outcome.heard.iter().any(has_leaf), "{to_sign:?} {certificates:?}");
    }
    for odd in [&[][..], &[0, 0], &[0, 1, 4], &[0, 3, 4, 3, 5], &[0, 2, 4, 3, 5]] {
        let hello = hello(&ECC).and(X::SIGNATURE_ALGORITHMS_CERT.0, odd);
        play(&ECC, &hello).refused(A::DECODE_ERROR, "ClientHello");
    }
}

/// R-T12-24: GREASE and unknown values in lists that do mean something.
#[test]
fn unknown_values_in_lists_are_passed_over() {
    let groups = vector(2, &[0x0a, 0x0a, 0x11, 0xec, 0, 29, 0, 23, 0, 30]);
    play(&ECC, &hello(&ECC).with(X::SUPPORTED_GROUPS, &groups)).went_well();
    let schemes = vector(2, &[0x0a, 0x0a, 2, 1, 2, 3, 8, 9, 7, 8, 4, 3, 0xfa, 0xfa]);
    play(&ECC, &hello(&ECC).with(X::SIGNATURE_ALGORITHMS, &schemes)).went_well();
    let lab = Lab::new(Case { server: |s| s.alpn([&b"h2"[..]]), ..ECC.case });
    let names = protocol_names(&[b"\x0a\x0a", b"spdy/1", b"h2"]);
    let outcome = play(&lab, &hello(&lab).with(X::ALPN, &names));
    outcome.went_well();
    assert_eq!(extension(&answer(&outcome), 16), Some(&protocol_names(&[b"h2"])[..]));
}

/// R-T12-25: what a client of TLS 1.3 shows for an id is a miss like any other, and never comes back.
#[test]
fn an_unknown_session_id_is_a_miss() {
    for session_id in [vec![9; 32], vec![1]] {
        let outcome = play(&ECC, &Hello { session_id: session_id.clone(), ..hello(&ECC) });
        outcome.went_well();
        assert_ne!(answer(&outcome).session_id, session_id);
    }
}

/// R-T12-2, R-T12-6: hellos without extensions are served as far as nothing must be signed; what trails is malformed.
#[test]
fn hellos_without_extensions_are_served_where_nothing_is_signed() {
    for extensions in [None, Some(vec![])] {
        let outcome = play(&LEGACY, &Hello { extensions: extensions.clone(), ..hello(&LEGACY) });
        outcome.went_well();
        assert_eq!(answer(&outcome).extensions, None);
        let outcome = play(&ECC, &Hello { extensions, ..hello(&ECC) });
        outcome.refused(A::HANDSHAKE_FAILURE, "R-EC-3");
    }
    let bare = Hello { extensions: None, ..hello(&TRANSPORT) }.to_message();
    for surplus in [&[0][..], &[0, 1], &[0, 4, 0, 0], &[0, 0, 0]] {
        let odd = message(H::CLIENT_HELLO, &[&bare[4..], surplus].concat());
        TRANSPORT.to_server(&[Item::Message(odd)]).refused(A::DECODE_ERROR, "ClientHello");
    }
}

/// R-T12-6, R-BCP-7: without signature_algorithms SHA-1 would be meant; with nothing but SHA-1, MD5, DSA or unknown ones it
/// is.
#[test]
fn sha1_is_never_signed_with() {
    let silent = without(hello(&ECC), X::SIGNATURE_ALGORITHMS);
    play(&ECC, &silent).refused(A::HANDSHAKE_FAILURE, "R-HS-6");
    for schemes in [&[2, 3, 2, 1][..], &[1, 1, 1, 3], &[4, 2], &[3, 3], &[0x0a, 0x0a], &[7, 8]] {
        let odd = hello(&ECC).with(X::SIGNATURE_ALGORITHMS, &vector(2, schemes));
        play(&ECC, &odd).refused(A::HANDSHAKE_FAILURE, "R-HS-6");
    }
    // Schemes of ours, but not for the server's key.
    let odd = hello(&ECC).with(X::SIGNATURE_ALGORITHMS, &vector(2, &[8, 4, 4, 1, 8, 7]));
    play(&ECC, &odd).refused(A::HANDSHAKE_FAILURE, "");
    for data in [&[][..], &[0, 0], &[0, 1, 4], &[0, 3, 4, 3, 4], &[0, 2, 4, 3, 0]] {
        let odd = hello(&ECC).with(X::SIGNATURE_ALGORITHMS, data);
        play(&ECC, &odd).refused(A::DECODE_ERROR, "ClientHello: signature_algorithms");
    }
}

/// R-T12-4
#[test]
fn a_hello_must_offer_null_compression() {
    let outcome = play(&ECC, &Hello { compressions: vec![1], ..hello(&ECC) });
    outcome.refused(A::ILLEGAL_PARAMETER, "ClientHello: compression_methods");
    play(&ECC, &Hello { compressions: vec![64, 1, 0, 7], ..hello(&ECC) }).went_well();
}

/// R-HS-33: which protocol's extensions a hello has is told by its version alone, be it far above those that there are.
#[test]
fn extensions_are_read_by_the_protocol_of_any_version() {
    let id = vector(2, b"client");
    for version in [0x0101, 0x0102, 0x0200, 0x02ff, 0x0300, 0x0303, 0x03ff, 0x0400, 0x7a7a, 0xffff] {
        let hello = Hello { version, ..hello(&ECC) }.with(X::CLIENT_ID, &id).with(X::SESSION_TICKET, &[7]);
        let extensions = ClientHello::read(&hello.to_message()[4..]).unwrap().extensions;
        let is_tls = version >= 0x0300;
        let of_tls = [
            extensions.extended_master_secret,
            extensions.renegotiation_info.is_some(),
            extensions.session_ticket.is_some(),
        ];
        assert_eq!((extensions.client_id.is_some(), of_tls), (!is_tls, [is_tls; 3]), "{version:04x}");
    }
}

/// R-HS-33, R-REN-4, R-EMS-1, R-EMS-6: a higher version takes nothing from what is agreed on.
#[test]
fn higher_versions_lose_no_extension() {
    let expected = answer(&play(&ECC, &hello(&ECC))).extensions;
    assert!(expected.iter().flatten().any(|(kind, _)| *kind == X::EXTENDED_MASTER_SECRET.0));
    for version in [0x0304, 0x0400, 0x7a7a, 0xffff] {
        let higher = Hello { version, ..hello(&ECC) };
        let outcome = play(&ECC, &higher);
        outcome.went_well();
        assert_eq!(answer(&outcome).extensions, expected, "{version:04x}");
        let strict = ECC.world.server().suites(&[ECC.case.suite]).require_ems();
        let outcome = ECC.to_server_of(strict, &[Item::Message(higher.to_message())]);
        assert_eq!(outcome.error, None, "{version:04x}");
        assert!(kinds(&outcome.heard).contains(&H::SERVER_HELLO_DONE));
    }
}

/// R-T12-15, R-REN-6, R-HS-33: higher versions are answered with ours, whatever supported_versions says; the
/// pre_master_secret begins with the version that the client offered.
#[test]
fn higher_versions_are_answered_with_tls12() {
    let bare = Lab::new(Case { client: |c| c.hello_extensions(false), ..TRANSPORT.case });
    let suites = [&hello(&bare).suites[..], &[0x0a0a]].concat();
    play(&bare, &Hello { suites, ..hello(&bare) }).went_well();
    for version in [0x0304, 0x0305, 0x03ff, 0x0400, 0x7a7a, 0xffff] {
        let outcome = play(&ECC, &Hello { version, ..hello(&ECC) }.and(43, &[2, 3, 4]));
        outcome.went_well();
        assert_eq!(answer(&outcome).version, 0x0303);
        // R-T12-10: the script's secret begins with 0303. Without extensions it depends on nothing else.
        let outcome = play(&bare, &Hello { version, ..hello(&bare) });
        assert_eq!(answer(&outcome).version, 0x0303);
        outcome.refused(A::BAD_RECORD_MAC, "does not open");
    }
}

/// R-T12-15, R-SCSV-1, R-HS-33, R-BCP-1: lower ones are refused, and a fallback to one is inappropriate.
#[test]
fn lower_versions_are_refused() {
    for version in [0, 0x0101, 0x0200, 0x0300, 0x0301, 0x0302] {
        let odd = Hello { version, ..hello(&ECC) };
        play(&ECC, &odd).refused(A::PROTOCOL_VERSION, "ClientHello");
        let is_tls = version >= 0x0300;
        let suites = [&odd.suites[..], &[0x5600]].concat();
        let outcome = play(&ECC, &Hello { suites, ..odd });
        match is_tls {
            true => outcome.refused(A::INAPPROPRIATE_FALLBACK, "R-SCSV-1"),
            false => outcome.refused(A::PROTOCOL_VERSION, "ClientHello"),
        }
    }
    let suites = [&hello(&ECC).suites[..], &[0x5600]].concat();
    play(&ECC, &Hello { suites, ..hello(&ECC) }).went_well();
}

/// R-REN-2, R-REN-4, R-REN-8, R-BCP-6: SCSV or extension get the empty extension, on resumption too; silence gets silence;
/// a hello that claims to renegotiate is refused.
#[test]
fn secure_renegotiation_is_signalled_to_whoever_signals_it() {
    for lab in [&*ECC, &MUTUAL, &RESUMED, &BY_TICKET] {
        let silent = without(hello(lab), X::RENEGOTIATION_INFO);
        let suites = [&silent.suites[..], &[0x00ff]].concat();
        let by_suite = Hello { suites, ..silent.clone() };
        for (signalled, hello) in [(true, hello(lab)), (true, by_suite), (false, silent)] {
            let outcome = play(lab, &hello);
            outcome.went_well();
            assert_eq!(extension(&answer(&outcome), 0xff01), signalled.then_some(&[0][..]));
        }
        let odd = hello(lab).with(X::RENEGOTIATION_INFO, &vector(1, &[7; 12]));
        play(lab, &odd).refused(A::HANDSHAKE_FAILURE, "R-REN-3");
        for data in [&[][..], &[1], &[0, 0], &[2, 1]] {
            let odd = hello(lab).with(X::RENEGOTIATION_INFO, data);
            play(lab, &odd).refused(A::DECODE_ERROR, "ClientHello: renegotiated_connection");
        }
    }
}

/// R-REN-5, R-REN-1, R-HS-38: no renegotiation at all, whoever begins it: a warning, and everything stays as it was.
#[test]
fn renegotiation_is_refused_with_a_warning() {
    for lab in labs() {
        let hello = Item::Record(tlcp::wire::ContentType::HANDSHAKE, said(&lab.client, H::CLIENT_HELLO));
        let request = Item::Record(tlcp::wire::ContentType::HANDSHAKE, message(H::HELLO_REQUEST, &[]));
        let data = Item::Record(tlcp::wire::ContentType::APPLICATION_DATA, b"on".to_vec());
        let outcomes = [
            lab.to_server(&[&lab.client[..], &[hello, data.clone()]].concat()),
            lab.to_client(&[&lab.server[..], &[request, data]].concat()),
        ];
        for outcome in outcomes {
            outcome.went_well();
            assert_eq!(outcome.alerts, [tlcp::alert::Alert::warning(A::NO_RENEGOTIATION)]);
            assert_eq!(outcome.data, b"on");
        }
    }
}

/// R-EC-1, R-EC-2
#[test]
fn point_formats_must_hold_the_uncompressed_one() {
    for data in [&[1, 0][..], &[3, 2, 1, 0]] {
        play(&ECC, &hello(&ECC).with(X::EC_POINT_FORMATS, data)).went_well();
    }
    for data in [&[1, 1][..], &[2, 1, 2]] {
        let odd = hello(&ECC).with(X::EC_POINT_FORMATS, data);
        play(&ECC, &odd).refused(A::ILLEGAL_PARAMETER, "ClientHello: ec_point_format_list");
    }
    for data in [&[][..], &[0], &[2, 0], &[1, 0, 0]] {
        let odd = hello(&ECC).with(X::EC_POINT_FORMATS, data);
        play(&ECC, &odd).refused(A::DECODE_ERROR, "ClientHello: ec_point_format_list");
    }
}

/// R-T12-21: answered with the uncompressed one, if the client sent any and the suite uses points.
#[test]
fn point_formats_are_answered_where_points_are_used() {
    let outcome = play(&ECC, &hello(&ECC));
    assert_eq!(extension(&answer(&outcome), 11), Some(&[1, 0][..]));
    let outcome = play(&ECC, &without(hello(&ECC), X::EC_POINT_FORMATS));
    outcome.went_well();
    assert_eq!(extension(&answer(&outcome), 11), None);
    let outcome = play(&LEGACY, &hello(&LEGACY).with(X::EC_POINT_FORMATS, &[1, 0]));
    outcome.went_well();
    assert_eq!(extension(&answer(&outcome), 11), None);
}

/// R-EC-3, R-T12-21: no group, none of ours, and none for the key.
#[test]
fn no_ephemeral_suite_without_a_common_group() {
    play(&ECC, &without(hello(&ECC), X::SUPPORTED_GROUPS)).refused(A::HANDSHAKE_FAILURE, "R-EC-3");
    for groups in [&[0, 25][..], &[0x0a, 0x0a], &[1, 0, 0, 30]] {
        let odd = hello(&ECC).with(X::SUPPORTED_GROUPS, &vector(2, groups));
        play(&ECC, &odd).refused(A::HANDSHAKE_FAILURE, "R-EC-3");
    }
    let odd = hello(&ECC).with(X::SUPPORTED_GROUPS, &vector(2, &[0, 29]));
    play(&ECC, &odd).refused(A::HANDSHAKE_FAILURE, "");
}

/// R-EC-3: with other suites in common, one of those is chosen.
#[test]
fn a_suite_without_a_group_is_chosen_where_there_is_no_common_one() {
    let both: Case = Case {
        server: |s| s.suites(&[crate::suite("ECDHE-RSA-AES128-GCM-SHA256"), crate::suite("AES128-SHA256")]),
        client: |c| c.suites(&[crate::suite("ECDHE-RSA-AES128-GCM-SHA256"), crate::suite("AES128-SHA256")]),
        ..TRANSPORT.case
    };
    let lab = Lab::within(
        World::tls12(Kind::Rsa),
        Case { suite: crate::suite("ECDHE-RSA-AES128-GCM-SHA256"), ..both },
    );
    assert_eq!(answer(&play(&lab, &hello(&lab))).suites, [0xc02f]);
    let outcome = lab.to_server(&[Item::Message(without(hello(&lab), X::SUPPORTED_GROUPS).to_message())]);
    assert_eq!(answer(&outcome).suites, [0x003c]);
}

/// R-ALPN-1
#[test]
fn malformed_protocol_names_are_decode_errors() {
    let surplus = [&protocol_names(&[b"h2"])[..], &[0]].concat();
    for data in [protocol_names(&[]), protocol_names(&[b"h2", b""]), vec![], vec![0, 3, 3, 1, 1], surplus] {
        play(&ECC, &hello(&ECC).with(X::ALPN, &data)).refused(A::DECODE_ERROR, "ClientHello");
    }
}

/// R-EXT-2
#[test]
fn a_fragment_length_out_of_range_is_an_illegal_parameter() {
    for code in [0, 5, 255] {
        let odd = hello(&ECC).with(X::MAX_FRAGMENT_LENGTH, &[code]);
        play(&ECC, &odd).refused(A::ILLEGAL_PARAMETER, "ClientHello: max_fragment_length");
    }
    for code in 1..=4 {
        let outcome = play(&ECC, &hello(&ECC).with(X::MAX_FRAGMENT_LENGTH, &[code]));
        outcome.went_well();
        assert_eq!(extension(&answer(&outcome), 1), Some(&[code][..]));
    }
    for data in [&[][..], &[1, 1]] {
        let odd = hello(&ECC).with(X::MAX_FRAGMENT_LENGTH, data);
        play(&ECC, &odd).refused(A::DECODE_ERROR, "ClientHello: max_fragment_length");
    }
}

/// R-EXT-1: on a name that is malformed, and on one that the policy refuses; not acknowledged when resuming.
#[test]
fn a_name_is_acknowledged_in_a_full_handshake_alone() {
    assert_eq!(extension(&answer(&play(&RESUMED, &hello(&RESUMED))), 0), None);
    assert_eq!(extension(&answer(&play(&ECC, &hello(&ECC))), 0), Some(&[][..]));
    let strict = Lab::new(Case { server: |s| s.refuse_unknown_names(), ..ECC.case });
    let names = |name: &[u8]| crate::hello::server_names(&[(0, name)]);
    let odd = hello(&strict).with(X::SERVER_NAME, &names(b"x.example"));
    play(&strict, &odd).refused(A::UNRECOGNIZED_NAME, "R-HS-37");
    play(&ECC, &hello(&ECC).with(X::SERVER_NAME, &names(b"x.example"))).went_well();
    let twice = crate::hello::server_names(&[(0, b"localhost"), (0, b"localhost")]);
    play(&ECC, &hello(&ECC).with(X::SERVER_NAME, &twice)).refused(A::DECODE_ERROR, "ClientHello");
}

/// R-EXT-1, R-SES-10: a session of one name is none for another, nor for no name: a full handshake, and no alert.
#[test]
fn a_session_under_another_name_begins_anew() {
    for lab in [&*RESUMED, &BY_TICKET] {
        let names = crate::hello::server_names(&[(0, b"other.example")]);
        let other = [hello(lab).with(X::SERVER_NAME, &names), without(hello(lab), X::SERVER_NAME)];
        for hello in other {
            let outcome = lab.to_server(&[Item::Message(hello.to_message())]);
            assert_eq!(outcome.error, None);
            assert!(kinds(&outcome.heard).contains(&H::CERTIFICATE));
        }
    }
}
