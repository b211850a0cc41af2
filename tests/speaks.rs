//! What our own ends say, seen from outside: hellos, the order and cut of messages, and what they keep to themselves.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/hello.rs"]
mod hello;
#[path = "support/outcome.rs"]
mod outcome;
#[path = "support/pair.rs"]
mod pair;
#[path = "support/script.rs"]
mod script;
#[path = "support/watched.rs"]
mod watched;

use hello::{Hello, protocol_names, server_names, vector};
use pair::{Ends, NOW, World, at, carry, name};
use script::{Case, Heard, Item, Lab, message};
use std::sync::Arc;
use tlcp::cert::ServerName;
use tlcp::config::{ClientAuth, ClientConfig, ClientConfigBuilder, ServerConfig};
use tlcp::conn::{ClientConnection, Connection, Endpoint};
use tlcp::crypto::random::SystemRandom;
use tlcp::error::Error;
use tlcp::record::{Framed, HEADER_LEN, VersionRule, deframe};
use tlcp::suite::{SUITES, Suite, TLCP};
use tlcp::wire::{ContentType, HandshakeType as H, ProtocolVersion};

fn hello_to(config: ClientConfigBuilder, host: &str) -> Hello {
    let name = ServerName::try_from(host).unwrap().to_owned();
    let client = ClientConnection::new(Arc::new(config.build().unwrap()), name, at(1)).unwrap();
    Hello::read(&client.pending_output()[HEADER_LEN..])
}

/// R-HS-5, R-HS-6, R-HS-35, R-KEY-4, R-REC-16, R-REC-25: lean, since some servers fail on more.
#[test]
fn a_client_hello_is_lean() {
    let world = World::new();
    let hello = hello_to(world.client(), "localhost");
    assert_eq!((hello.version, hello.session_id.len(), &hello.compressions[..]), (0x0101, 0, &[0][..]));
    let lean = vec![
        (0, server_names(&[(0, b"localhost")])),
        (10, vector(2, &[0, 41])),
        (13, vector(2, &[7, 4, 7, 8])),
    ];
    assert_eq!(hello.extensions, Some(lean.clone()));
    let with_alpn = hello_to(world.client().alpn([&b"h2"[..]]), "localhost");
    let expected = [&lean[..], &[(16, protocol_names(&[b"h2"]))]].concat();
    assert_eq!(with_alpn.extensions, Some(expected));
    let bare = hello_to(world.client().hello_extensions(false), "localhost");
    assert_eq!(bare.extensions, None);
}

/// R-HS-37, R-EXT-1: lower case, no trailing dot, never an address.
#[test]
fn a_server_name_is_sent_as_servers_expect_it() {
    let world = World::new();
    let named = |host: &str| {
        let extensions = hello_to(world.client(), host).extensions.unwrap();
        extensions.into_iter().find(|(kind, _)| *kind == 0).map(|(_, data)| data)
    };
    let expected = Some(server_names(&[(0, b"www.example.cn")]));
    assert_eq!(named("www.example.cn"), expected);
    assert_eq!(named("WWW.Example.CN"), expected);
    assert_eq!(named("www.example.cn."), expected);
    assert_eq!(named("127.0.0.1"), None);
    assert_eq!(named("::1"), None);
}

/// R-CS-1, R-CS-2, R-CS-3: ECDHE first where there is a pair of certificates, and not at all where there is none.
#[test]
fn suites_are_offered_in_order_as_far_as_they_can_work() {
    let world = World::new();
    assert_eq!(hello_to(world.client(), "localhost").suites, [0xe051, 0xe053, 0xe011, 0xe013]);
    let anonymous = || ClientConfig::builder().verifier(world.verifier.clone());
    assert_eq!(hello_to(anonymous(), "localhost").suites, [0xe053, 0xe013]);
    let error = anonymous().suites(&[&SUITES[0]]).build().unwrap_err();
    assert!(error.to_string().contains("is always mutual"), "{error}");
    // R-HS-42: a server that can verify nobody.
    let blind = || ServerConfig::builder().identity(world.server.clone());
    let ids = |config: ServerConfig| config.policy().suites.iter().map(|s| s.id.0).collect::<Vec<_>>();
    assert_eq!(ids(blind().build().unwrap()), [0xe053, 0xe013]);
    assert!(blind().suites(&[&SUITES[2]]).build().unwrap_err().to_string().contains("is always mutual"));
    assert!(blind().client_auth(ClientAuth::Request).build().is_err());
}

/// R-CS-4: of the suites in common the server's order decides, not the client's.
#[test]
fn the_server_chooses_the_suite_that_it_prefers() {
    let world = World::new();
    let [ecdhe, ecc, ecdhe_cbc, ecc_cbc] = [0, 1, 2, 3].map(|i| &SUITES[i]);
    for (ours, theirs, chosen) in [
        ([ecc, ecc_cbc], [ecc_cbc, ecc], ecc),
        ([ecc_cbc, ecc], [ecc, ecc_cbc], ecc_cbc),
        ([ecc, ecdhe], [ecdhe, ecc], ecc),
        ([ecdhe, ecc], [ecc, ecdhe_cbc], ecc),
    ] {
        let client = Arc::new(world.client().suites(&theirs).build().unwrap());
        let server = Arc::new(world.server().suites(&ours).build().unwrap());
        let ends = Ends::new(&client, &server).connected();
        assert_eq!(ends.server.cipher_suite(), Some(chosen));
        assert_eq!(ends.client.cipher_suite(), Some(chosen));
    }
}

/// What waits to be sent has a limit: no more is taken than fits under it, and again when some was sent.
#[test]
fn no_more_is_taken_to_be_sent_than_fits_under_the_limit() {
    const LIMIT: usize = 16 * 16_384;
    let world = World::new();
    for suite in [&SUITES[1], &SUITES[3]] {
        let client = Arc::new(world.client().suites(&[suite]).build().unwrap());
        let Ends { mut client, .. } =
            Ends::new(&client, &Arc::new(world.server().build().unwrap())).connected();
        let data = vec![7; LIMIT + 1];
        assert_eq!(client.write(&data), Ok(LIMIT));
        assert_eq!(client.write(&data), Ok(0));
        let waiting = client.pending_output().len();
        assert!((LIMIT..LIMIT + 16 * 128).contains(&waiting), "{waiting}");
        client.sent(waiting - LIMIT + 5);
        assert_eq!(client.write(&data), Ok(5));
        assert_eq!(client.write(&data), Ok(0));
    }
}

/// R-HS-2, R-HS-33: 32 random bytes, or by option the time and 28.
#[test]
fn the_random_of_a_hello_is_random_to_the_last_byte() {
    let world = World::new();
    let own = || {
        let client = ClientConfig::builder_with(world.provider, Arc::new(SystemRandom));
        client.verifier(world.verifier.clone())
    };
    let randoms: Vec<_> = (0..64).map(|_| hello_to(own(), "localhost").random).collect();
    for at in 0..32 {
        assert!(randoms.iter().any(|r| r[at] != randoms[0][at]), "byte {at} never changes");
    }
    let timed = hello_to(own().gmt_time_in_random(true), "localhost").random;
    assert_eq!(timed[..4], ((NOW + 1) as u32).to_be_bytes());
}

/// The records of a stream: type, version, fragment.
fn records(mut bytes: &[u8], protected_after_ccs: bool) -> Vec<(ContentType, ProtocolVersion, Vec<u8>)> {
    let (mut out, mut protected) = (Vec::new(), false);
    while let Framed::Record { content_type, version, length } =
        deframe(bytes, VersionRule::Exactly(ProtocolVersion::TLCP), protected).unwrap()
    {
        out.push((content_type, version, bytes[HEADER_LEN..HEADER_LEN + length].to_vec()));
        protected |= protected_after_ccs && content_type == ContentType::CHANGE_CIPHER_SPEC;
        bytes = &bytes[HEADER_LEN + length..];
    }
    assert!(bytes.is_empty());
    out
}

/// R-REC-1, R-REC-11, R-HS-30: TLCP's version from the first record on; each message in a record of its own, since
/// GmSSL can read no other.
#[test]
fn every_message_has_a_record_of_its_own_in_the_version_of_tlcp() {
    for suite in TLCP.suites() {
        let world = World::of(suite);
        let client = Arc::new(world.client().suites(&[suite]).build().unwrap());
        let server = world.server().suites(&[suite]).client_auth(ClientAuth::Require).build().unwrap();
        let Ends { mut client, mut server } = Ends::new(&client, &Arc::new(server));
        let mut flows = [Vec::new(), Vec::new()];
        while client.wants_write() || server.wants_write() {
            flows[0].extend_from_slice(client.pending_output());
            carry(&mut client, &mut server).unwrap();
            flows[1].extend_from_slice(server.pending_output());
            carry(&mut server, &mut client).unwrap();
        }
        for flow in &flows {
            for (kind, _, fragment) in records(flow, true).iter().take_while(|(kind, ..)| kind.0 == 22) {
                assert_eq!(*kind, ContentType::HANDSHAKE);
                let length = u32::from_be_bytes([0, fragment[1], fragment[2], fragment[3]]) as usize;
                assert_eq!(fragment.len(), 4 + length, "one whole message");
            }
        }
    }
}

/// R-HS-9, R-SES-1, R-SES-9: a new id of 32 bytes, and the client's own when it resumes; R-HS-37: no name is acknowledged
/// then.
#[test]
fn a_server_gives_an_id_and_echoes_it_when_it_resumes() {
    let full = Lab::new(Case::of(&SUITES[1]));
    let resumed = Lab::new(Case::of(&SUITES[1]).resumed());
    let answer = |lab: &Lab| match &lab.server[0] {
        Item::Message(m) => Hello::read(m),
        other => panic!("{other:?}"),
    };
    let asked = match &resumed.client[0] {
        Item::Message(m) => Hello::read(m).session_id,
        other => panic!("{other:?}"),
    };
    assert_eq!(answer(&full).session_id.len(), 32);
    assert_eq!(answer(&resumed).session_id, asked);
    assert_eq!(answer(&resumed).extensions, None);
}

fn shows_nothing<S: Endpoint>(connection: &mut Connection<S>) {
    assert!(connection.is_handshaking());
    assert_eq!(connection.peer_certificates(), None);
    assert_eq!((connection.cipher_suite(), connection.server_name()), (None, None));
    assert_eq!((connection.alpn(), connection.server_end_point()), (None, None));
    let before = connection.pending_output().len();
    assert!(matches!(connection.write(b"early"), Err(Error::Misuse(_))));
    assert_eq!(connection.pending_output().len(), before);
}

fn ends(world: &World, suite: &'static Suite) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let client = world.client().suites(&[suite]).build().unwrap();
    let server = world.server().suites(&[suite]).client_auth(ClientAuth::Require).build().unwrap();
    (Arc::new(client), Arc::new(server))
}

/// R-SM-4, R-SM-5, R-SM-8: nobody's identity is shown and no data is taken before the peer's Finished; a server that resumes
/// does not send with its first flight either.
#[test]
fn nothing_is_shown_or_sent_before_the_peer_has_finished() {
    for suite in TLCP.suites() {
        let world = World::of(suite);
        let (client_config, server_config) = ends(&world, suite);
        for resumed in [false, true] {
            let Ends { mut client, mut server } = Ends::new(&client_config, &server_config);
            for _ in 0..if resumed { 1 } else { 2 } {
                shows_nothing(&mut client);
                shows_nothing(&mut server);
                carry(&mut client, &mut server).unwrap();
                if resumed {
                    shows_nothing(&mut server);
                    shows_nothing(&mut client);
                }
                carry(&mut server, &mut client).unwrap();
            }
            carry(&mut client, &mut server).unwrap();
            assert_eq!((client.is_resumed(), server.is_resumed()), (resumed, resumed));
            let shown = [client.peer_certificates(), server.peer_certificates()];
            assert_eq!(shown.map(|list| list.map(<[_]>::len)), [pair::shown(suite); 2]);
            client.write(b"now").unwrap();
        }
    }
}

/// R-SM-8: the server has the client's whole flight, but the client not the server's Finished.
#[test]
fn a_client_does_not_send_before_it_has_verified_the_server() {
    let world = World::new();
    let (client, server) = ends(&world, &SUITES[0]);
    let Ends { mut client, mut server } = Ends::new(&client, &server);
    carry(&mut client, &mut server).unwrap();
    carry(&mut server, &mut client).unwrap();
    carry(&mut client, &mut server).unwrap();
    assert!(!server.is_handshaking());
    shows_nothing(&mut client);
}

/// R-AL-3, R-REC-42: after our close_notify nothing of ours follows, not even a polite refusal.
#[test]
fn nothing_is_sent_after_close_notify() {
    let lab = Lab::new(Case::of(&SUITES[1]));
    let store = Arc::default();
    let mut player = lab.client_player(&store);
    player.play(&lab.server);
    player.victim.close();
    player.victim.close();
    player.say(&Item::Record(ContentType::HANDSHAKE, message(H::HELLO_REQUEST, &[])));
    player.say(&Item::Record(ContentType::APPLICATION_DATA, b"still heard".to_vec()));
    assert_eq!(player.data, b"still heard");
    let alerts: Vec<_> = player.heard.iter().filter(|h| matches!(h, Heard::Alert(_))).collect();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(matches!(player.victim.write(b"x"), Err(Error::Misuse(_))));
    player.say(&Item::Record(ContentType::HANDSHAKE, message(H(99), &[])));
    assert!(player.error.is_some());
    assert_eq!(player.heard.iter().filter(|h| matches!(h, Heard::Alert(_))).count(), 1);
}

/// A caller that gives up during the handshake says so, and that is all.
#[test]
fn closing_during_a_handshake_gives_it_up() {
    let world = World::new();
    let (client, server) = ends(&world, &SUITES[0]);
    let Ends { mut client, mut server } = Ends::new(&client, &server);
    carry(&mut client, &mut server).unwrap();
    client.close();
    assert!(client.is_closed() && !client.wants_read());
    assert_eq!(client.pending_output(), [21, 1, 1, 0, 2, 1, 0]);
    assert!(carry(&mut client, &mut server).is_err());
    let _ = name();
}
