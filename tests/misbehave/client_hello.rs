//! ClientHellos that are odd but legal, and those that are not.
use crate::hello::{Hello, protocol_names, server_names, vector};
use crate::outcome::Outcome;
use crate::pair::Counting;
use crate::script::{Case, Heard, Item, Lab, message};
use crate::{ECC, ECDHE, RESUMED, kinds, said, with};
use std::sync::Arc;
use tlcp::config::ServerConfig;
use tlcp::error::{Error, PeerIncompatible};
use tlcp::suite::TLCP;
use tlcp::wire::{AlertDescription as A, ExtensionType as X, HandshakeType as H};

fn hello(lab: &Lab) -> Hello {
    Hello::read(&said(&lab.client, H::CLIENT_HELLO))
}

/// The client's script with this hello.
fn play(lab: &Lab, hello: &Hello) -> Outcome {
    lab.to_server(&with(&lab.client, hello.to_message()))
}

fn answer(outcome: &Outcome) -> Hello {
    match &outcome.heard[0] {
        Heard::Message(m) if m[0] == H::SERVER_HELLO.0 => Hello::read(m),
        other => panic!("{other:?}"),
    }
}

/// R-CS-4, R-CS-7, R-AL-9, R-T12-24: unknown suites, GREASE, signalling values and those of other protocols are passed over.
#[test]
fn unknown_suites_are_passed_over() {
    for lab in [&*ECC, &ECDHE, &RESUMED] {
        let mut odd = hello(lab);
        odd.suites =
            [&[0x0a0a, 0xfafa, 0x00ff, 0x5600, 0xc02b, 0x1301, 0xe001, 0xffff], &odd.suites[..]].concat();
        odd.suites.extend([0x00c6, 0xe019]);
        let outcome = play(lab, &odd);
        outcome.went_well();
        assert_eq!(answer(&outcome).suites, [lab.case.suite.id.0]);
    }
}

/// R-EXT-3: nothing is stapled in TLCP, whoever asks for it.
#[test]
fn a_status_request_is_passed_over() {
    let lab = &ECC;
    let identity =
        lab.world.pki.server_identity(&lab.world.provider).unwrap().with_ocsp_response(b"response");
    let server = ServerConfig::builder_with(lab.world.provider, Arc::new(Counting::from(98)));
    let server = server.identity(Arc::new(identity)).suites(&[lab.case.suite]);
    let asking = hello(lab).with(X::STATUS_REQUEST, &[1, 0, 0, 0, 0]);
    let outcome = lab.to_server_of(server, &[Item::Message(asking.to_message())]);
    assert_eq!(outcome.error, None);
    assert_eq!(
        kinds(&outcome.heard),
        [H::SERVER_HELLO, H::CERTIFICATE, H::SERVER_KEY_EXCHANGE, H::SERVER_HELLO_DONE]
    );
    assert!(answer(&outcome).extensions.iter().flatten().all(|(kind, _)| *kind != X::STATUS_REQUEST.0));
}

/// R-HS-4, R-HS-35, R-AL-9, R-T12-24, R-KEY-4, R-REC-25, R-REN-1, R-SES-7: extensions that mean nothing here change nothing, and
/// get no answer: extended_master_secret, encrypt_then_mac, session_ticket, renegotiation_info, GREASE among them.
#[test]
fn unknown_extensions_are_passed_over_and_not_answered() {
    let odd: [(u16, &[u8]); 14] = [
        (23, &[]),
        (22, &[]),
        (35, &[1, 2, 3]),
        (0xff01, &[0]),
        (0xff01, &[9, 9]),
        (0x0a0a, &[]),
        (0xfafa, &[7]),
        (21, &[0; 500]),
        (11, &[1, 0]),
        (11, &[]),
        (43, &[2, 3, 4]),
        (1, &[1]),
        (13172, &[]),
        (51, &[0xff; 2000]),
    ];
    for lab in [&*ECC, &RESUMED] {
        let before = answer(&play(lab, &hello(lab))).extensions;
        for (kind, data) in odd {
            let outcome = play(lab, &hello(lab).and(kind, data));
            outcome.went_well();
            assert_eq!(answer(&outcome).extensions, before, "{kind}");
        }
    }
}

/// R-HS-35, R-HS-6: what the curve and signature lists hold decides nothing, since the suite does.
#[test]
fn lists_without_sm2_change_nothing() {
    for groups in [&[0, 23][..], &[0x0a, 0x0a, 0, 29]] {
        play(&ECC, &hello(&ECC).with(X::SUPPORTED_GROUPS, &vector(2, groups))).went_well();
        play(&ECDHE, &hello(&ECDHE).with(X::SUPPORTED_GROUPS, &vector(2, groups))).went_well();
    }
    let rsa = vector(2, &[4, 1, 8, 4]);
    play(&ECC, &hello(&ECC).with(X::SIGNATURE_ALGORITHMS, &rsa)).went_well();
    let strict = Case { server: |s| s.strict_signature_schemes(true), ..ECC.case };
    let strict = Lab::new(strict);
    let outcome = play(&strict, &hello(&strict).with(X::SIGNATURE_ALGORITHMS, &rsa));
    outcome.refused(A::HANDSHAKE_FAILURE, "R-HS-6");
}

/// R-HS-4: the bare hello of GB/T 38636-2020; an empty field of extensions; both get an answer without the field.
#[test]
fn hellos_without_extensions_are_answered_without() {
    for lab in [&*ECC, &ECDHE] {
        for extensions in [None, Some(Vec::new())] {
            let outcome = play(lab, &Hello { extensions, ..hello(lab) });
            outcome.went_well();
            assert!(
                answer(&outcome).extensions.iter().flatten().all(|(kind, _)| *kind != X::STATUS_REQUEST.0)
            );
        }
    }
}

/// R-HS-8, R-HS-33: above TLCP and below TLS, TLCP is the answer; the pre_master_secret then begins with what the client
/// offered, so that one that begins with TLCP's version is another secret.
#[test]
fn versions_above_tlcp_and_below_tls_are_answered_with_tlcp() {
    for version in [0x0102, 0x0200, 0x02ff] {
        let outcome = play(&ECDHE, &Hello { version, ..hello(&ECDHE) });
        outcome.went_well();
        assert_eq!(answer(&outcome).version, 0x0101);
        let outcome = play(&ECC, &Hello { version, ..hello(&ECC) });
        assert_eq!(answer(&outcome).version, 0x0101);
        outcome.refused(A::BAD_RECORD_MAC, "does not open");
    }
}

/// R-HS-8, R-HS-33
#[test]
fn other_versions_are_refused() {
    for version in [0, 0x0100, 0x00ff, 0x0300, 0x0301, 0x0303, 0x0304, 0xfefd, 0xffff] {
        let outcome = play(&ECC, &Hello { version, ..hello(&ECC) });
        outcome.refused(A::PROTOCOL_VERSION, "ClientHello");
    }
}

/// R-REC-16
#[test]
fn a_hello_must_offer_null_compression() {
    let outcome = play(&ECC, &Hello { compressions: vec![1], ..hello(&ECC) });
    outcome.refused(A::ILLEGAL_PARAMETER, "ClientHello: compression_methods");
    play(&ECC, &Hello { compressions: vec![64, 1, 0, 7], ..hello(&ECC) }).went_well();
}

/// R-CS-4, R-CS-6
#[test]
fn a_hello_without_a_common_suite_is_a_handshake_failure() {
    for suites in [vec![0xc02b, 0x1301], vec![0x00ff], vec![0xe011, 0xe051], vec![0x5600]] {
        play(&ECC, &Hello { suites, ..hello(&ECC) }).refused(A::HANDSHAKE_FAILURE, "R-CS-4");
    }
}

/// R-HS-3, R-HS-34
#[test]
fn lengths_out_of_range_are_decode_errors() {
    let h = || hello(&ECC);
    let session_id = vec![7; 33];
    play(&ECC, &Hello { session_id, ..h() }).refused(A::DECODE_ERROR, "ClientHello: session_id");
    play(&ECC, &Hello { suites: vec![], ..h() }).refused(A::DECODE_ERROR, "ClientHello: cipher_suites");
    let none = play(&ECC, &Hello { compressions: vec![], ..h() });
    none.refused(A::DECODE_ERROR, "ClientHello: compression_methods");
    let fixed = [&[1, 1][..], &[5; 32], &[0]].concat();
    for suites in [&[0, 1, 0xe0][..], &[0, 3, 0xe0, 0x53, 0]] {
        let odd = message(H::CLIENT_HELLO, &[&fixed, suites, &[1, 0]].concat());
        ECC.to_server(&[Item::Message(odd)]).refused(A::DECODE_ERROR, "ClientHello: cipher_suites");
    }
}

/// R-HS-7, R-HS-34: also of types that nobody knows.
#[test]
fn duplicate_extensions_are_decode_errors() {
    for (kind, data) in [(0xabcd, vec![]), (10, vector(2, &[0, 41])), (23, vec![])] {
        let twice = hello(&ECC).and(kind, &data).and(kind, &data);
        play(&ECC, &twice).refused(A::DECODE_ERROR, "ClientHello: extensions stands twice");
    }
}

/// R-HS-37, R-EXT-1
#[test]
fn malformed_server_names_are_decode_errors() {
    let host: &[u8] = b"localhost";
    let good = server_names(&[(0, host)]);
    let bad: [Vec<u8>; 9] = [
        vec![],
        vec![0],
        server_names(&[]),
        server_names(&[(0, b"")]),
        server_names(&[(0, host), (0, b"other")]),
        server_names(&[(0, host), (0, host)]),
        server_names(&[(1, host)]),
        [&good[..], &[0]].concat(),
        good[..good.len() - 1].to_vec(),
    ];
    for data in bad {
        let outcome = play(&ECC, &hello(&ECC).with(X::SERVER_NAME, &data));
        outcome.refused(A::DECODE_ERROR, "R-HS-37");
    }
}

/// R-HS-48
#[test]
fn server_names_of_no_length_that_a_name_can_have_are_decode_errors() {
    let long = [&[b'a'; 63][..], b"."].concat().repeat(4);
    let bad = [&b"local\0host"[..], b"\0", &long[..254], &[b'a'; 254], &[b'a'; 32_000], &[0xff; 254]];
    for name in bad {
        let outcome = play(&ECC, &hello(&ECC).with(X::SERVER_NAME, &server_names(&[(0, name)])));
        outcome.refused(A::DECODE_ERROR, "ClientHello: host_name");
        assert!(format!("{:?}", outcome.error).contains("R-HS-48"));
    }
    play(&ECC, &hello(&ECC).with(X::SERVER_NAME, &server_names(&[(0, &long[..253])]))).went_well();
}

/// R-HS-48: no host has such a name. It gets the default or is refused by policy, like any that is not served; it is told
/// to nobody; and no session is kept under it or found for it.
#[test]
fn names_that_no_host_has_are_served_by_nobody_and_kept_nowhere() {
    let long = vec![b'*'; 253];
    // Its server draws no id either, and so the same randomness.
    let nameless = Lab::new(Case { server: |s| s.resume_only_ecdhe(true), ..ECC.case });
    // A session of no name is not one of a name that nobody serves.
    let of_no_name = Lab::new(Case { client: |c| c.hello_extensions(false), ..RESUMED.case });
    let heard = of_no_name.to_server(&of_no_name.client).heard;
    assert!(!kinds(&heard).contains(&H::CERTIFICATE), "it is resumed as it is");
    let odd =
        [&b"\xff\xfe"[..], b"local host", b"localhost.", b".", b"a..b", b".a", b"h\nost", b"h/o", &long];
    for name in odd {
        let data = server_names(&[(0, name)]);
        for lab in [&*ECC, &ECDHE, &RESUMED, &of_no_name] {
            let script = with(&lab.client, hello(lab).with(X::SERVER_NAME, &data).to_message());
            let store = Arc::new(lab.store(true));
            let mut player = lab.server_player(&store);
            player.play(&script[..1]);
            assert_eq!(player.error, None);
            let outcome = player.outcome(&store);
            assert!(kinds(&outcome.heard).contains(&H::CERTIFICATE), "no session is resumed");
            let answer = answer(&outcome);
            assert_eq!(
                (answer.session_id.len(), answer.extensions),
                (0, None),
                "none is kept, no name was used"
            );
            let server = lab.world.server().identity_for(["localhost"], lab.world.server.clone());
            let outcome = lab.to_server_of(server.refuse_unknown_names(), &script);
            outcome.refused(A::UNRECOGNIZED_NAME, "R-HS-37");
        }
        let store = Arc::new(nameless.store(true));
        let mut player = nameless.server_player(&store);
        player.play(&with(&nameless.client, hello(&nameless).with(X::SERVER_NAME, &data).to_message()));
        assert_eq!(player.victim.server_name(), None);
        let outcome = player.outcome(&store);
        outcome.went_well();
        assert_eq!(outcome.stored, 0);
    }
}

/// R-HS-48: whatever else stands in a label.
#[test]
fn names_of_hosts_are_kept_in_lower_case() {
    for name in ["_dmarc.Example.CN", "xn--fiqs8s", "1.2.3.4", "-", "a"] {
        let store = Arc::new(ECC.store(true));
        let mut player = ECC.server_player(&store);
        let data = server_names(&[(0, name.as_bytes())]);
        player.play(&with(&ECC.client, hello(&ECC).with(X::SERVER_NAME, &data).to_message()));
        assert_eq!(player.victim.server_name(), Some(&*name.to_ascii_lowercase()));
        assert_eq!(player.outcome(&store).stored, 1);
    }
}

/// R-HS-37: a name of another type is passed over; a name that nobody serves gets the default, or by policy no
/// connection, and never a warning.
#[test]
fn names_that_are_not_served_get_the_default_or_are_refused() {
    let other = server_names(&[(7, b"x"), (0, b"other.example")]);
    let outcome = play(&ECC, &hello(&ECC).with(X::SERVER_NAME, &other));
    outcome.went_well();
    assert!(outcome.alerts.is_empty());
    assert!(answer(&outcome).extensions.is_none(), "acknowledged only if it was used");
    let world = &ECC.world;
    let strict = || world.server().identity_for(["LocalHost"], world.server.clone()).refuse_unknown_names();
    let odd = with(&ECC.client, hello(&ECC).with(X::SERVER_NAME, &other).to_message());
    ECC.to_server_of(strict(), &odd).refused(A::UNRECOGNIZED_NAME, "R-HS-37");
    let upper = server_names(&[(0, b"LOCALHOST")]);
    let upper = with(&ECC.client, hello(&ECC).with(X::SERVER_NAME, &upper).to_message());
    let outcome = ECC.to_server_of(strict().suites(&[ECC.case.suite]), &upper);
    outcome.went_well();
    assert_eq!(answer(&outcome).extensions, Some(vec![(0, vec![])]), "acknowledged, for it was used");
}

/// R-ALPN-1, R-ALPN-2, R-HS-37
#[test]
fn protocol_names_are_chosen_or_refused() {
    let case = Case { server: |s| s.alpn([&b"h2"[..], b"http/1.1"]), ..ECC.case };
    let lab = Lab::new(case);
    let ask = |names: &[&[u8]]| play(&lab, &hello(&lab).with(X::ALPN, &protocol_names(names)));
    let outcome = ask(&[b"http/1.1", b"h2"]);
    outcome.went_well();
    let expected = vec![(0, vec![]), (16, protocol_names(&[b"h2"]))];
    assert_eq!(
        answer(&outcome).extensions,
        Some(expected),
        "ours is preferred; the certificate is for the name"
    );
    ask(&[b"spdy/1", b"\x0a\x0a", b"http/1.1"]).went_well();
    let outcome = ask(&[b"spdy/1"]);
    outcome.refused(A::NO_APPLICATION_PROTOCOL, "R-ALPN-2");
    let expected = Error::PeerIncompatible(PeerIncompatible::NoApplicationProtocol);
    assert_eq!(outcome.error, Some(expected));
    let surplus = [&protocol_names(&[b"h2"])[..], &[0]].concat();
    for bad in [vec![], protocol_names(&[]), protocol_names(&[b""]), protocol_names(&[b"h2", b""]), surplus] {
        play(&lab, &hello(&lab).with(X::ALPN, &bad)).refused(A::DECODE_ERROR, "R-ALPN-1");
    }
    // A server without protocols of its own does not mind, but the syntax must be right.
    let outcome = play(&ECC, &hello(&ECC).with(X::ALPN, &protocol_names(&[b"spdy/1"])));
    outcome.went_well();
    assert_eq!(answer(&outcome).extensions, Some(vec![(0, vec![])]), "the name alone");
}

/// R-HS-36, R-HS-49, R-EXT-4: a hint is never an error: it is passed over.
#[test]
fn trusted_ca_keys_of_any_content_are_borne() {
    let sha1 = [&[1][..], &[7; 20]].concat();
    let contents: [Vec<u8>; 7] = [
        vec![],
        vec![0],
        vector(2, &[]),
        vector(2, &[9, 9, 9]),
        vector(2, &sha1),
        vector(2, &sha1[..5]),
        [&vector(2, &[0])[..], &[1, 2, 3]].concat(),
    ];
    for data in contents {
        play(&ECC, &hello(&ECC).with(X::TRUSTED_CA_KEYS, &data)).went_well();
    }
}

/// R-HS-1: the extensions of the specification are parsed strictly, but for the hint above.
#[test]
fn malformed_extensions_are_decode_errors() {
    let bad: [(X, &[u8], &str); 11] = [
        (X::SUPPORTED_GROUPS, &[], "supported_groups"),
        (X::SUPPORTED_GROUPS, &[0, 0], "supported_groups"),
        (X::SUPPORTED_GROUPS, &[0, 3, 0, 41, 0], "supported_groups"),
        (X::SUPPORTED_GROUPS, &[0, 2, 0, 41, 0], "supported_groups"),
        (X::SIGNATURE_ALGORITHMS, &[0, 1, 7], "signature_algorithms"),
        (X::SIGNATURE_ALGORITHMS, &[0, 2, 7], "signature_algorithms"),
        (X::STATUS_REQUEST, &[], "status_type"),
        (X::STATUS_REQUEST, &[1, 0, 0, 0, 0, 0], "status_request"),
        (X::CLIENT_ID, &[0, 0], "client_id"),
        (X::CLIENT_ID, &[0, 1, 7, 0], "client_id"),
        (X::SERVER_NAME, &[0, 4, 0, 0, 1, b'a', 0], "server_name"),
    ];
    for (kind, data, field) in bad {
        play(&ECC, &hello(&ECC).with(kind, data)).refused(A::DECODE_ERROR, &format!("ClientHello: {field}"));
    }
}

/// R-HS-1: an extension that is longer than its block, and a block that is longer than the message.
#[test]
fn extensions_that_overrun_are_decode_errors() {
    let raw = Hello { extensions: None, ..hello(&ECC) }.to_message();
    for block in [&[0][..], &[0, 5, 0, 0], &[0, 4, 0, 0, 0, 9], &[0, 0, 0], &[0, 3, 0, 0, 0]] {
        let odd = message(H::CLIENT_HELLO, &[&raw[4..], block].concat());
        ECC.to_server(&[Item::Message(odd)]).refused(A::DECODE_ERROR, "ClientHello");
    }
}

/// R-HS-2, R-SES-9, R-T12-25: a session id that nobody knows is no matter, and is never given back.
#[test]
fn unknown_session_ids_get_a_full_handshake_under_another_id() {
    for session_id in [vec![1], vec![9; 16], vec![7; 32]] {
        let outcome = play(&ECC, &Hello { session_id: session_id.clone(), ..hello(&ECC) });
        outcome.went_well();
        let id = answer(&outcome).session_id;
        assert!(id.len() == 32 && id != session_id);
        assert!(TLCP.suites().any(|s| [s.id.0] == answer(&outcome).suites[..]));
    }
}
