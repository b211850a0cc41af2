//! How connections end, and what is known of them then.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;
#[path = "support/watched.rs"]
mod watched;

use pair::{Ends, World, at, carry, read_all};
use std::sync::Arc;
use tlcp::config::{ClientAuth, ClientConfig, ServerConfig};
use tlcp::conn::ReadProgress;
use tlcp::error::{Error, PeerMisbehaved};
use tlcp::suite::{SUITES, TLCP};
use watched::Watched;

fn configs(world: &World) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let server = world.server().client_auth(ClientAuth::Require);
    (Arc::new(world.client().build().unwrap()), Arc::new(server.build().unwrap()))
}

fn ends() -> Ends {
    let (client, server) = configs(&World::new());
    Ends::new(&client, &server)
}

/// R-AL-10: not a truncation of data; and whether the peer spoke at all.
#[test]
fn a_stream_that_ends_in_the_handshake_is_an_error_of_its_own() {
    let mut ends = ends();
    // A read of nothing is no word.
    assert_eq!(ends.client.received(0, at(1)), Ok(()));
    assert_eq!(ends.client.received_end(at(1)), Err(Error::ClosedInHandshake { heard: false }));
    assert_eq!(ends.server.received_end(at(1)), Err(Error::ClosedInHandshake { heard: false }));
    assert!(!ends.server.wants_write(), "nobody is left to hear an alert");
    assert_eq!(ends.server.read(&mut [0; 9]), Err(Error::ClosedInHandshake { heard: false }));
}

/// R-AL-10: from the first byte to the last but one.
#[test]
fn a_stream_that_ends_within_any_message_was_heard() {
    let (client, server) = configs(&World::new());
    let hello = Ends::new(&client, &server).client.pending_output().to_vec();
    for n in [1, 5, 6, hello.len() - 1, hello.len()] {
        let Ends { mut server, .. } = Ends::new(&client, &server);
        server.receive(&hello[..n], at(1)).unwrap();
        assert_eq!(server.received_end(at(1)), Err(Error::ClosedInHandshake { heard: true }), "{n} bytes");
        assert!(server.cipher_suite().is_none() && server.peer_certificates().is_none());
    }
}

/// R-AL-3: the peer has ended its direction alone; a read tells, and ours goes on until it is closed.
#[test]
fn reading_to_the_end_leaves_our_direction_open() {
    let Ends { mut client, mut server } = ends().connected();
    server.close();
    carry(&mut server, &mut client).unwrap();
    assert_eq!(client.read(&mut []), Ok(ReadProgress::Plaintext(0)));
    assert_eq!(client.read(&mut [0; 9]), Ok(ReadProgress::Closed));
    assert!(!client.wants_write() && !client.is_closed());
    assert_eq!(client.write(b"more"), Ok(4));
    client.close();
    assert!(client.wants_write() && client.is_closed());
}

/// R-AL-10: every read fails, not only the first; no session is dropped; what was read is answered.
#[test]
fn an_open_connection_whose_stream_was_cut_can_still_answer() {
    let (world, store) = (World::new(), Arc::new(Watched::default()));
    let server = Arc::new(world.server().sessions(Some(store.clone())).build().unwrap());
    let client = Arc::new(world.client().build().unwrap());
    let Ends { mut client, mut server } = Ends::new(&client, &server).connected();
    client.write(b"question").unwrap();
    client.write(b"cut off in the middle").unwrap();
    let bytes = client.pending_output().to_vec();
    server.receive_buffer()[..bytes.len()].copy_from_slice(&bytes);
    server.received(bytes.len() - 1, at(1)).unwrap();
    server.received_end(at(1)).unwrap();
    assert!(!server.wants_read());
    assert_eq!(read_all(&mut server), b"question");
    for _ in 0..3 {
        assert_eq!(server.read(&mut [0; 9]), Err(Error::Truncated));
        assert_eq!(server.consume(0), Err(Error::Truncated));
        assert_eq!(server.receive(b"more", at(1)), Err(Error::Truncated));
        assert_eq!(server.received_end(at(1)), Err(Error::Truncated));
    }
    assert_eq!((server.error(), server.is_closed(), store.removed()), (None, false, 0));
    assert_eq!(server.write(b"answer").unwrap(), 6);
    server.close();
    assert!(server.is_closed());
    client.sent(bytes.len());
    carry(&mut server, &mut client).unwrap();
    assert_eq!(read_all(&mut client), b"answer");
    assert!(client.error().is_none());
}

/// For the log line.
#[test]
fn a_connection_that_failed_still_tells_who_it_was_with() {
    for suite in TLCP.suites() {
        let world = World::of(suite);
        let client = world.client().suites(&[suite]).alpn([&b"h"[..]]).build().unwrap();
        let server = world.server().suites(&[suite]).alpn([&b"h"[..]]).client_auth(ClientAuth::Require);
        let ends = Ends::new(&Arc::new(client), &Arc::new(server.build().unwrap())).connected();
        let (mut client, mut server) = (ends.client, ends.server);
        let shown = server.peer_certificates().unwrap().to_vec();
        let end_point = server.server_end_point().unwrap().to_vec();
        let forged = [23, 1, 1, 0, 80].into_iter().chain([0; 80]).collect::<Vec<u8>>();
        let error = Error::PeerMisbehaved(PeerMisbehaved::BadRecordMac);
        assert_eq!(server.receive(&forged, at(1)), Err(error.clone()));
        assert_eq!((server.error(), server.state()), (Some(&error), "Failed"));
        assert_eq!((server.cipher_suite(), server.alpn()), (Some(suite), Some(&b"h"[..])));
        assert_eq!(server.server_name(), Some("localhost"));
        assert_eq!(server.peer_certificates(), Some(&shown[..]));
        assert_eq!((server.server_end_point(), server.is_resumed()), (Some(&end_point[..]), false));
        carry(&mut server, &mut client).unwrap_err();
        assert_eq!(
            client.peer_certificates().map(<[_]>::len),
            Some(pair::shown(suite)),
            "the alert was heard"
        );
    }
}

/// R-SM-5: of a handshake that failed, what it had come to is told; who the peer said it was is not, being unproved.
#[test]
fn a_handshake_that_failed_tells_suite_and_name_and_names_nobody() {
    let mut ends = ends();
    carry(&mut ends.client, &mut ends.server).unwrap();
    carry(&mut ends.server, &mut ends.client).unwrap();
    assert!(ends.server.failed_handshake().is_none(), "not yet");
    ends.client.received_end(at(1)).unwrap_err();
    ends.server.received_end(at(1)).unwrap_err();
    assert!(ends.client.peer_certificates().is_none() && ends.server.peer_certificates().is_none());
    assert!(ends.client.cipher_suite().is_none() && ends.server.cipher_suite().is_none(), "never in use");
    for progress in [ends.client.failed_handshake().unwrap(), ends.server.failed_handshake().unwrap()] {
        let name = progress.server_name.as_deref();
        assert_eq!((progress.suite.map(|suite| suite.id), name), (Some(SUITES[0].id), Some("localhost")));
    }
    // Nothing is known of a peer that said nothing.
    let mut silent = self::ends().server;
    silent.received_end(at(1)).unwrap_err();
    assert_eq!(silent.failed_handshake(), Some(&Default::default()));
}

/// `Ok(0)` for ever would make whoever feeds a slice to its end wait for ever.
#[test]
fn receive_says_again_why_it_failed() {
    let mut server = ends().server;
    let error = server.receive(b"GET / HTTP/1.1\r\n", at(1)).unwrap_err();
    assert!(matches!(error, Error::PeerMisbehaved(PeerMisbehaved::NotTlcp { .. })));
    for _ in 0..2 {
        assert_eq!(server.receive(b"GET / HTTP/1.1\r\n", at(1)), Err(error.clone()));
        assert_eq!(server.receive(b"", at(1)), Err(error.clone()));
    }
}

/// R-AL-3: what follows close_notify is ignored, and taken, so that nobody waits for that.
#[test]
fn receive_takes_and_ignores_what_follows_close_notify() {
    let mut ends = ends().connected();
    ends.client.close();
    carry(&mut ends.client, &mut ends.server).unwrap();
    assert_eq!(ends.server.receive(b"anything at all", at(1)), Ok(15));
    assert_eq!(ends.server.read(&mut [0; 9]), Ok(ReadProgress::Closed));
}

/// R-REC-34: a timer fires at its time, not behind it.
#[test]
fn the_deadline_itself_is_too_late() {
    let world = World::new();
    let second = std::time::Duration::from_secs(1);
    let server = Arc::new(world.server().handshake_timeout(second).build().unwrap());
    let mut server = tlcp::ServerConnection::new(server, at(1));
    let deadline = server.deadline().unwrap();
    assert_eq!(deadline, 2 * second);
    let mut just = at(1);
    just.monotonic = deadline - std::time::Duration::from_nanos(1);
    assert_eq!(server.tick(just), Ok(()));
    just.monotonic = deadline;
    assert_eq!(server.tick(just), Err(Error::HandshakeTimeout));
    assert_eq!((server.deadline(), server.tick(just)), (None, Err(Error::HandshakeTimeout)));
}

/// R-KEY-5: the master secret lives in the store alone. What the store forgets is gone, whoever is still connected.
#[test]
fn an_open_connection_does_not_hold_its_session() {
    let (world, stores) = (World::new(), [Arc::new(Watched::default()), Arc::new(Watched::default())]);
    let client = Arc::new(world.client().sessions(Some(stores[0].clone())).build().unwrap());
    let server = Arc::new(world.server().sessions(Some(stores[1].clone())).build().unwrap());
    let full = Ends::new(&client, &server).connected();
    let resumed = Ends::new(&client, &server).connected();
    assert!(resumed.client.is_resumed() && resumed.server.is_resumed());
    for store in &stores {
        let [(key, session)] = store.sessions().try_into().unwrap();
        let session = Arc::downgrade(&{ session });
        tlcp::session::SessionStore::remove(&**store, &key);
        assert!(session.upgrade().is_none(), "somebody keeps the secret of {key:?}");
    }
    for ends in [full, resumed] {
        assert_eq!(ends.client.peer_certificates().map(<[_]>::len), Some(3));
        assert!(ends.server.cipher_suite().is_some());
    }
}
