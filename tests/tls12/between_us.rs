//! Our own two ends, for what rustls lacks: CBC, RSA key transport, short records, stapling, and the terms of a
//! handshake that a resumption must come to again.
use crate::pair::single::{self, Kind, OTHER};
use crate::pair::{Counting, Ends, Side, World, at, carry, read_all, store};
use crate::{GROUPS, ticketer};
use std::sync::Arc;
use tlcp::alert::alert_for;
use tlcp::config::{ClientAuth, ClientConfigBuilder, ServerConfig, ServerConfigBuilder};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ServerConnection};
use tlcp::error::Error;
use tlcp::record::HEADER_LEN;
use tlcp::suite::{Protection, Suite, TLS12};
use tlcp::wire::{AlertDescription as A, ContentType, MaxFragmentLength, NamedGroup};

fn connect(client: ClientConfigBuilder, server: ServerConfigBuilder) -> Ends {
    Ends::new(&Arc::new(client.build().unwrap()), &Arc::new(server.build().unwrap())).connected()
}

fn fails(client: ClientConfigBuilder, server: ServerConfigBuilder) -> (Side, Error) {
    Ends::new(&Arc::new(client.build().unwrap()), &Arc::new(server.build().unwrap())).run().unwrap_err()
}

/// The fragments of all records in `bytes`: type and length.
fn records(mut bytes: &[u8]) -> Vec<(ContentType, usize)> {
    let mut found = Vec::new();
    while let [kind, _, _, high, low, ..] = *bytes {
        let length = usize::from(u16::from_be_bytes([high, low]));
        found.push((ContentType(kind), length));
        bytes = &bytes[HEADER_LEN + length..];
    }
    found
}

fn exchange<A: Endpoint, B: Endpoint>(from: &mut Connection<A>, to: &mut Connection<B>, data: &[u8]) {
    for part in data.chunks(8192) {
        let mut rest = part;
        let mut got = Vec::new();
        while got.len() < part.len() {
            rest = &rest[from.write(rest).unwrap()..];
            carry(from, to).unwrap();
            got.extend(read_all(to));
        }
        assert!(got == part);
    }
}

/// R-T12-10, R-T12-11, R-ETM-1, R-ETM-2, R-REC-37, R-KEY-7: every suite that exists, those that are off by default too, with and
/// without encrypt-then-MAC, with and without a client's certificate, full and resumed by id and by ticket.
#[test]
fn every_suite_works_between_our_own_ends() {
    let data: Vec<u8> = (0..40_000_u32).map(|i| (i % 241) as u8).collect();
    for suite in TLS12.suites() {
        let world = World::of(suite);
        let is_cbc = matches!(suite.protection, Protection::Cbc { .. });
        for etm in [true, false].into_iter().filter(|etm| *etm || is_cbc) {
            for auth in [ClientAuth::None, ClientAuth::Require] {
                for by_ticket in [false, true] {
                    let client = world.client().suites(&[suite]).encrypt_then_mac(etm).tickets(by_ticket);
                    let server = world.server().suites(&[suite]).client_auth(auth).tickets(ticketer(&world));
                    let configs = (Arc::new(client.build().unwrap()), Arc::new(server.build().unwrap()));
                    for resumed in [false, true] {
                        let mut ends = Ends::new(&configs.0, &configs.1).connected();
                        assert_eq!(ends.client.cipher_suite(), Some(suite));
                        assert_eq!((ends.client.is_resumed(), ends.server.is_resumed()), (resumed, resumed));
                        assert_eq!(ends.server.peer_certificates().is_some(), auth == ClientAuth::Require);
                        exchange(&mut ends.client, &mut ends.server, &data);
                        exchange(&mut ends.server, &mut ends.client, &data);
                    }
                }
            }
        }
    }
}

/// R-T12-26, R-EMS-5: the first Finished of this handshake, the same on both ends, and another one in the next; exporters that
/// agree, and labels that are the protocol's own refused.
#[test]
fn both_ends_know_the_same_tls_unique_and_export_the_same() {
    let world = World::tls12(Kind::P256);
    let configs = (Arc::new(world.client().build().unwrap()), Arc::new(world.server().build().unwrap()));
    let mut seen = Vec::new();
    for resumed in [false, true, true] {
        let ends = Ends::new(&configs.0, &configs.1).connected();
        assert_eq!(ends.client.is_resumed(), resumed);
        let (ours, theirs) = (ends.client.exporter().unwrap(), ends.server.exporter().unwrap());
        assert_eq!(ours.tls_unique(), theirs.tls_unique());
        assert!(!seen.contains(ours.tls_unique()));
        seen.push(*ours.tls_unique());
        let mut out = [[0; 32]; 4];
        ours.export(b"EXPORTER-x", None, &mut out[0]).unwrap();
        ours.export(b"EXPORTER-x", Some(b""), &mut out[1]).unwrap();
        theirs.export(b"EXPORTER-x", None, &mut out[2]).unwrap();
        theirs.export(b"EXPORTER-x", Some(b""), &mut out[3]).unwrap();
        assert!(out[0] == out[2] && out[1] == out[3] && out[0] != out[1]);
        let own: [&[u8]; 5] = [
            b"client finished",
            b"server finished",
            b"master secret",
            b"key expansion",
            b"extended master secret",
        ];
        own.iter().for_each(|label| assert!(ours.export(label, None, &mut [0; 9]).is_err()));
        assert!(ours.export(b"EXPORTER-x", Some(&[0; 65_535]), &mut [0; 9]).is_ok());
        assert!(ours.export(b"EXPORTER-x", Some(&[0; 65_536]), &mut [0; 9]).is_err());
    }
    // R-AL-1: a failure drops it with the other keys.
    let mut failing = Ends::new(&configs.0, &configs.1).connected().client;
    failing.receive(&[23, 3, 3, 0, 1, 0], at(1)).unwrap_err();
    assert!(failing.exporter().is_none() && failing.cipher_suite().is_some());
}

/// R-EXT-2, R-EXT-5: in force in both directions, in the handshake's own records after ServerHello and on resumption too.
#[test]
fn no_record_is_longer_than_the_fragment_that_was_agreed_on() {
    let world = World::tls12(Kind::P384);
    let data = vec![7; 20_000];
    for length in 1..=4 {
        let length = MaxFragmentLength(length);
        let most = length.bytes().unwrap();
        let client = Arc::new(world.client().max_fragment_length(length).build().unwrap());
        let server = Arc::new(world.server().client_auth(ClientAuth::Require).build().unwrap());
        for resumed in [false, true] {
            let mut ends = Ends::new(&client, &server);
            let mut flight = Vec::new();
            while ends.client.is_handshaking() || ends.server.is_handshaking() {
                carry(&mut ends.client, &mut ends.server).unwrap();
                flight.extend_from_slice(ends.server.pending_output());
                carry(&mut ends.server, &mut ends.client).unwrap();
            }
            assert_eq!(ends.client.is_resumed(), resumed);
            assert!(records(&flight).iter().all(|(_, n)| *n <= most + 24), "{:?}", records(&flight));
            ends.client.write(&data).unwrap();
            let sent = records(ends.client.pending_output());
            assert!(sent.iter().all(|(_, n)| *n == most + 24 || *n < most) && sent.len() > 1, "{sent:?}");
            carry(&mut ends.client, &mut ends.server).unwrap();
            assert!(data.starts_with(&read_all(&mut ends.server)));
            ends.server.write(&data).unwrap();
            let sent = records(ends.server.pending_output());
            assert!(sent.iter().all(|(_, n)| *n <= most + 24), "{sent:?}");
        }
    }
}

/// R-EXT-3: what is configured is sent to whoever asks, and handed over as it came; nobody else gets it.
#[test]
fn a_stapled_response_is_handed_over_as_it_is() {
    let response = [&b"not even DER "[..], &[0xff; 700]].concat();
    for kind in Kind::ALL {
        let world = World::tls12(kind);
        let identity = single::identity(kind.server(), &world.provider).with_ocsp_response(&response);
        let world = World { server: Arc::new(identity), ..world };
        let ends = connect(world.client().ask_for_status(), world.server());
        assert_eq!(ends.client.ocsp_response(), Some(&response[..]));
        assert_eq!(connect(world.client(), world.server()).client.ocsp_response(), None);
    }
    let world = World::tls12(Kind::P256);
    assert_eq!(connect(world.client().ask_for_status(), world.server()).client.ocsp_response(), None);
}

/// R-SCSV-1: a fallback is refused where there was no need for one; a second try with the highest version is none.
#[test]
fn a_fallback_is_judged_by_the_highest_version_on_the_port() {
    let world = World::tls12(Kind::P256);
    connect(world.client().fallback(), world.server());
    let (side, error) = fails(world.client().fallback(), world.server().tls13_elsewhere());
    assert_eq!((side, alert_for(&error)), (Side::Server, Some(A::INAPPROPRIATE_FALLBACK)));
}

/// R-T12-23: TLS 1.3 elsewhere is told in the random, and only then.
#[test]
fn a_server_beside_tls13_marks_its_random() {
    let world = World::tls12(Kind::P256);
    for elsewhere in [false, true] {
        let server = if elsewhere { world.server().tls13_elsewhere() } else { world.server() };
        let mut server = ServerConnection::new(Arc::new(server.build().unwrap()), at(1));
        let client = Arc::new(world.client().build().unwrap());
        let client = ClientConnection::new(client, crate::pair::name(), at(1)).unwrap();
        server.receive(client.pending_output(), at(1)).unwrap();
        let random = &server.pending_output()[11..43];
        assert_eq!(random.ends_with(b"DOWNGRD\x01"), elsewhere);
    }
}

/// R-EC-3: the server's order of groups decides; nothing in common is fatal.
#[test]
fn the_servers_order_of_groups_decides() {
    let world = World::tls12(Kind::Rsa);
    let group_of = |ends: (ClientConfigBuilder, ServerConfigBuilder)| {
        let (client, server) = (Arc::new(ends.0.build().unwrap()), Arc::new(ends.1.build().unwrap()));
        let client = ClientConnection::new(client, crate::pair::name(), at(1)).unwrap();
        let mut server = ServerConnection::new(server, at(1));
        server.receive(client.pending_output(), at(1)).map(|_| {
            let flight = server.pending_output();
            let at = flight.windows(3).rposition(|w| w == [0x0c, 0, 1]).unwrap() + 4;
            NamedGroup(u16::from_be_bytes([flight[at + 1], flight[at + 2]]))
        })
    };
    for first in GROUPS {
        let mut order = GROUPS.to_vec();
        order.sort_by_key(|group| *group != first);
        assert_eq!(group_of((world.client(), world.server().groups(&order))), Ok(first));
    }
    let nothing = (world.client().groups(&GROUPS[..1]), world.server().groups(&GROUPS[1..]));
    assert_eq!(alert_for(&group_of(nothing).unwrap_err()), Some(A::HANDSHAKE_FAILURE));
}

/// R-T12-21: an ECDSA key on a curve that the client does not have cannot be used; Ed25519 is bound to no group.
#[test]
fn a_key_on_a_curve_that_was_not_offered_is_no_choice() {
    let only = |kind: Kind, group| {
        let world = World::tls12(kind);
        let all = world.server().build().unwrap();
        let client = Arc::new(world.client().groups(&[group]).build().unwrap());
        Ends::new(&client, &Arc::new(all)).run().map_err(|(side, e)| (side, alert_for(&e)))
    };
    let refused = Err((Side::Server, Some(A::HANDSHAKE_FAILURE)));
    assert_eq!(only(Kind::P384, NamedGroup::SECP256R1), refused);
    assert_eq!(only(Kind::P256, NamedGroup::X25519), refused);
    assert_eq!(only(Kind::P384, NamedGroup::SECP384R1), Ok(()));
    assert_eq!(only(Kind::Ed25519, NamedGroup::SECP384R1), Ok(()));
}

/// R-T12-6, R-T12-19, R-BCP-7: the schemes of the configuration are the only ones, on both sides.
#[test]
fn schemes_that_are_not_common_are_a_handshake_failure() {
    use tlcp::wire::SignatureScheme as S;
    let world = World::tls12(Kind::Rsa);
    for scheme in [S::RSA_PSS_RSAE_SHA256, S::RSA_PSS_RSAE_SHA512, S::RSA_PKCS1_SHA384, S::RSA_PKCS1_SHA512] {
        let ends = connect(world.client().signature_schemes(&[scheme]), world.server());
        assert!(ends.client.cipher_suite().is_some());
        connect(world.client(), world.server().signature_schemes(&[scheme]).client_auth(ClientAuth::Require));
    }
    let one = world.client().signature_schemes(&[S::RSA_PKCS1_SHA256]);
    let (side, error) = fails(one, world.server().signature_schemes(&[S::RSA_PSS_RSAE_SHA256]));
    assert_eq!((side, alert_for(&error)), (Side::Server, Some(A::HANDSHAKE_FAILURE)));
    for old in [0x0201, 0x0203, 0x0101, 0x0301, 0x0402] {
        assert!(world.client().signature_schemes(&[S(old)]).build().is_err(), "{old:04x}");
    }
}

/// R-REC-2, R-T12-16, R-BCP-1, R-BCP-2, R-BCP-3, R-BCP-4, R-BCP-6, R-BCP-7: what a client offers whose owner chose nothing.
#[test]
fn the_default_hello_is_what_a_careful_operator_wants() {
    let world = World::tls12(Kind::P256);
    let client = Arc::new(world.client().build().unwrap());
    let client = ClientConnection::new(client, crate::pair::name(), at(1)).unwrap();
    assert_eq!(client.pending_output()[1..3], [3, 1], "the record's version");
    let hello = tlcp::message::ClientHello::read(&client.pending_output()[9..]).unwrap();
    assert_eq!((hello.version.0, hello.session_id.is_empty()), (0x0303, true));
    let suites: Vec<u16> = hello.cipher_suites.iter().map(|suite| suite.0).collect();
    assert_eq!(suites, [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8]);
    let schemes: Vec<u16> = hello.extensions.signature_schemes.unwrap().iter().map(|s| s.0).collect();
    assert_eq!(schemes, [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0807]);
    assert_eq!(hello.extensions.supported_groups.unwrap()[..], GROUPS);
    assert!(hello.offers_null_compression && hello.extensions.extended_master_secret);
    assert_eq!(hello.extensions.renegotiation_info, Some(Box::default()));
    assert!(!hello.extensions.encrypt_then_mac, "R-ETM-1: no suite of CBC is offered");
    // Nothing weak exists at all.
    for suite in TLS12.suites() {
        let name = suite.id.name().unwrap();
        assert!(
            !["NULL", "anon", "RC4", "DES", "EXPORT", "MD5", "TLS_ECDH_"].iter().any(|w| name.contains(w))
        );
    }
}

/// R-EC-1: without a suite that agrees on an elliptic curve there is nothing to say of groups and points.
#[test]
fn groups_are_offered_only_with_suites_that_use_them() {
    let world = World::tls12(Kind::Rsa);
    let transport = Suite::by_name("AES128-GCM-SHA256").unwrap();
    let client = Arc::new(world.client().suites(&[transport]).build().unwrap());
    let client = ClientConnection::new(client, crate::pair::name(), at(1)).unwrap();
    let hello = tlcp::message::ClientHello::read(&client.pending_output()[9..]).unwrap();
    assert_eq!(hello.extensions.supported_groups, None);
    assert_eq!(hello.extensions.uncompressed_points, None);
}

/// R-EXT-1, R-SES-10: a ticket or an id that is shown under another name begins anew; so does a ticket of another server.
#[test]
fn sessions_do_not_cross_names_nor_servers() {
    let world = World::tls12(Kind::P256);
    let other = Arc::new(single::identity(OTHER, &world.provider));
    for by_ticket in [true, false] {
        let sessions = store();
        let client = Arc::new(world.client().tickets(by_ticket).build().unwrap());
        let server = |random: u64| {
            let random = Arc::new(Counting::from(random));
            let builder =
                ServerConfig::tls12_builder_with(world.provider, random).sessions(Some(sessions.clone()));
            builder.identity(world.server.clone()).identity_for(["other.example"], other.clone())
        };
        let tickets = ticketer(&world);
        let here = Arc::new(server(20).tickets(tickets.clone()).build().unwrap());
        assert!(!Ends::new(&client, &here).connected().client.is_resumed());
        assert!(Ends::new(&client, &here).connected().client.is_resumed());
        // The ticket's keys are another server's: a silent full handshake, and a new session.
        let elsewhere = server(21).tickets(ticketer(&world)).sessions(Some(store())).build().unwrap();
        let elsewhere = Arc::new(elsewhere);
        assert!(!Ends::new(&client, &elsewhere).connected().client.is_resumed());
        assert!(Ends::new(&client, &elsewhere).connected().client.is_resumed());
    }
}
