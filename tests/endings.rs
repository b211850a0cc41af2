//! How connections end, and what is known of them then.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;
#[path = "support/watched.rs"]
mod watched;

use pair::{Ends, World, at, carry, read_all};
use std::sync::Arc;
use tlcp::config::{ClientAuth, ClientConfig, Limits, ServerConfig};
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

/// R-REC-18: a key that has sealed as many records as it may takes no data any more, and says so in order; what comes is
/// read.
#[test]
fn a_key_that_is_used_up_still_says_goodbye() {
    let mut limits = Limits::default();
    limits.records_per_key = Some(3);
    for suite in TLCP.suites() {
        let world = World::of(suite);
        let client = Arc::new(world.client().suites(&[suite]).limits(limits).build().unwrap());
        let server = Arc::new(world.server().suites(&[suite]).build().unwrap());
        let Ends { mut client, mut server } = Ends::new(&client, &server).connected();
        // Finished was the first; two are left.
        assert_eq!(client.write(&[7; 16_385 + 16_384]), Err(Error::KeyExhausted));
        assert_eq!(client.write(&[7; 16_385]), Ok(16_385));
        assert_eq!(client.write(b"x"), Err(Error::KeyExhausted));
        server.write(b"still heard").unwrap();
        carry(&mut server, &mut client).unwrap();
        assert_eq!(read_all(&mut client), b"still heard");
        client.close();
        let mut heard = 0;
        while client.wants_write() {
            carry(&mut client, &mut server).unwrap();
            heard += read_all(&mut server).len();
        }
        assert_eq!(heard, 16_385);
        assert_eq!(server.read(&mut [0; 9]), Ok(ReadProgress::Closed));
    }
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
        let shown = server.peer_certificates().map(<[_]>::to_vec);
        let end_point = server.server_end_point().unwrap().to_vec();
        let forged = [23, 1, 1, 0, 80].into_iter().chain([0; 80]).collect::<Vec<u8>>();
        let error = Error::PeerMisbehaved(PeerMisbehaved::BadRecordMac);
        assert_eq!(server.receive(&forged, at(1)), Err(error.clone()));
        assert_eq!((server.error(), server.state()), (Some(&error), "Failed"));
        assert_eq!((server.cipher_suite(), server.alpn()), (Some(suite), Some(&b"h"[..])));
        assert_eq!(server.server_name(), Some("localhost"));
        assert_eq!(server.peer_certificates(), shown.as_deref());
        assert_eq!((server.server_end_point(), server.is_resumed()), (Some(&end_point[..]), false));
        carry(&mut server, &mut client).unwrap_err();
        assert_eq!(client.peer_certificates().map(<[_]>::len), pair::shown(suite), "the alert was heard");
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

/// R-REC-34: the deadline is the handshake's alone, and bytes that come too late are not looked at.
#[test]
fn the_deadline_counts_for_the_handshake_and_for_whatever_arrives() {
    let mut open = ends().connected();
    assert_eq!(open.client.tick(at(100_000)), Ok(()));
    open.server.write(b"late").unwrap();
    let late = open.server.take_output();
    assert_eq!(open.client.receive(&late, at(100_000)), Ok(late.len()));
    let mut ends = ends();
    let hello = ends.client.take_output();
    let free = ends.server.receive_buffer();
    free[..hello.len()].copy_from_slice(&hello);
    assert_eq!(ends.server.received(hello.len(), at(100_000)), Err(Error::HandshakeTimeout));
    assert_eq!(ends.server.failed_handshake(), Some(&Default::default()), "the hello was not read");
}

/// R-AL-3: the stream may end behind close_notify.
#[test]
fn the_end_of_a_stream_behind_close_notify_is_no_truncation() {
    let Ends { mut client, mut server } = ends().connected();
    client.close();
    carry(&mut client, &mut server).unwrap();
    assert_eq!(server.received_end(at(1)), Ok(()));
    assert_eq!(server.read(&mut [0; 9]), Ok(ReadProgress::Closed));
    assert!(server.failed_handshake().is_none() && server.error().is_none());
}

/// A failure of an open connection is none of its handshake's.
#[test]
fn a_complete_handshake_has_not_failed_whatever_comes_later() {
    let mut server = ends().connected().server;
    server.receive(&[99, 1, 1, 0, 0], at(1)).unwrap_err();
    assert!(server.failed_handshake().is_none() && server.error().is_some());
}

/// R-AL-7, R-SES-12: close_notify in a handshake ends it, as no fatal alert would: the session that was offered stays.
#[test]
fn close_notify_in_a_handshake_ends_it_and_leaves_the_session() {
    let (world, store) = (World::new(), Arc::new(Watched::default()));
    let client = Arc::new(world.client().sessions(Some(store.clone())).build().unwrap());
    let server = Arc::new(world.server().build().unwrap());
    Ends::new(&client, &server).connected();
    for (level, description, left) in [(1, 0, 1), (2, 0, 1), (2, 40, 0)] {
        let mut again = Ends::new(&client, &server).client;
        let error = again.receive(&[21, 1, 1, 0, 2, level, description], at(1)).unwrap_err();
        assert!(matches!(error, Error::AlertReceived(_)) && !again.is_handshaking(), "{error}");
        assert_eq!(store.sessions().len(), left, "{level} {description}");
    }
}
