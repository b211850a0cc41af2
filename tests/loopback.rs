//! Both of our own ends: what interoperability with peers cannot show.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use pair::{Ends, World, carry, read_all};
use std::sync::{Arc, Mutex};
use tlcp::config::{ClientAuth, ConnectionId, Direction, Event, Observer};
use tlcp::conn::ReadProgress;
use tlcp::suite::{Suite, TLCP};

fn suite_ends(world: &World, suite: &'static Suite, auth: ClientAuth) -> [Ends; 2] {
    let client = Arc::new(world.client().suites(&[suite]).build().unwrap());
    let server = Arc::new(world.server().suites(&[suite]).client_auth(auth).build().unwrap());
    let first = Ends::new(&client, &server).connected();
    let second = Ends::new(&client, &server).connected();
    [first, second]
}

#[test]
fn every_suite_connects_and_resumes_with_and_without_client_authentication() {
    for suite in TLCP.suites() {
        let world = World::of(suite);
        for auth in [ClientAuth::None, ClientAuth::Request, ClientAuth::Require] {
            let ends = suite_ends(&world, suite, auth);
            for (Ends { mut client, mut server }, resumed) in ends.into_iter().zip([false, true]) {
                assert_eq!(client.cipher_suite(), Some(suite));
                assert_eq!(
                    (client.is_resumed(), server.is_resumed()),
                    (resumed, resumed),
                    "{suite:?} {auth:?}"
                );
                let mutual = suite.key_exchange.is_mutual() || auth != ClientAuth::None;
                let shown = pair::shown(suite);
                assert_eq!(server.peer_certificates().map(<[_]>::len), shown.filter(|_| mutual));
                assert_eq!(client.peer_certificates().map(<[_]>::len), shown);
                assert_eq!(client.server_end_point(), server.server_end_point());
                assert_eq!(server.server_name(), Some("localhost"));
                let data: Vec<u8> = (0..100_000u32).map(|i| i as u8).collect();
                assert_eq!(client.write(&data).unwrap(), data.len());
                let mut received = Vec::new();
                while client.wants_write() {
                    carry(&mut client, &mut server).unwrap();
                    received.extend(read_all(&mut server));
                }
                assert!(received == data);
            }
        }
    }
}

/// Two records and the end of the stream in one go: nothing is lost, and the end is told after them.
#[test]
fn gives_out_all_records_before_it_tells_that_the_stream_was_cut() {
    for clean in [false, true] {
        let world = World::new();
        let (client, server) = (world.client().build().unwrap(), world.server().build().unwrap());
        let Ends { mut client, mut server } = Ends::new(&Arc::new(client), &Arc::new(server)).connected();
        client.write(b"first").unwrap();
        client.write(b"second").unwrap();
        if clean {
            client.close();
        }
        let bytes = client.pending_output().to_vec();
        server.receive_buffer()[..bytes.len()].copy_from_slice(&bytes);
        server.received(bytes.len(), pair::at(1)).unwrap();
        server.received_end(pair::at(1)).unwrap();
        assert_eq!(read_all(&mut server), b"firstsecond");
        let end = server.read(&mut [0; 1]);
        assert_eq!(end, if clean { Ok(ReadProgress::Closed) } else { Err(tlcp::error::Error::Truncated) });
    }
}

/// R-AL-3: close_notify in one piece with the last data does not cut the answer off.
#[test]
fn answers_a_peer_that_closed_and_answers_its_close_notify_at_the_end() {
    let world = World::new();
    let (client, server) =
        (Arc::new(world.client().build().unwrap()), Arc::new(world.server().build().unwrap()));
    let Ends { mut client, mut server } = Ends::new(&client, &server).connected();
    client.write(b"question").unwrap();
    client.close();
    carry(&mut client, &mut server).unwrap();
    let mut buffer = [0; 100];
    assert_eq!(server.read(&mut buffer), Ok(ReadProgress::Plaintext(8)));
    assert_eq!(server.read(&mut buffer), Ok(ReadProgress::Closed));
    assert_eq!(server.write(b"answer").unwrap(), 6);
    server.close();
    assert!(server.is_closed() && server.write(b"more").is_err());
    carry(&mut server, &mut client).unwrap();
    assert_eq!(read_all(&mut client), b"answer");
    assert!(client.is_closed());
}

/// R-HS-37: acknowledged if it chose the certificate, be it by the names in the certificate itself.
#[test]
fn acknowledges_a_name_that_its_certificate_is_for_and_no_other() {
    let world = World::new();
    let server = Arc::new(world.server().build().unwrap());
    for (name, acknowledged) in [("localhost", true), ("elsewhere.example", false)] {
        let client = Arc::new(world.client().build().unwrap());
        let name = tlcp::cert::ServerName::try_from(name).unwrap();
        let client = tlcp::conn::ClientConnection::new(client, name, pair::at(1)).unwrap();
        let mut connection = tlcp::conn::ServerConnection::new(server.clone(), pair::at(1));
        connection.receive(client.pending_output(), pair::at(1)).unwrap();
        let (record_and_message_header, length) = (5 + 4, usize::from(connection.pending_output()[8]));
        let body = &connection.pending_output()[record_and_message_header..][..length];
        let hello = tlcp::message::ServerHello::read(body).unwrap();
        assert_eq!(hello.extensions.server_name, acknowledged);
    }
}

/// What an observer saw, in order: what was sent and what came, each message by its name; then what it all came to.
#[derive(Default)]
struct Seen(Mutex<[Vec<String>; 3]>);

impl Observer for Seen {
    fn observe(&self, connection: ConnectionId, event: Event<'_>) {
        let (place, text) = match event {
            Event::Handshake(way, message) => {
                (usize::from(way == Direction::Received), message.kind.to_string())
            }
            Event::ChangeCipherSpec(way) => {
                (usize::from(way == Direction::Received), "ChangeCipherSpec".into())
            }
            Event::Alert(way, alert) => {
                (usize::from(way == Direction::Received), format!("{} {}", alert.level, alert.description))
            }
            Event::Complete(completed) => {
                let certificates = completed.peer_certificates.map(<[_]>::len);
                let (suite, resumed, name) = (completed.suite.id, completed.resumed, completed.server_name);
                (2, format!("{} {suite} {resumed} {name:?} {certificates:?}", connection.side))
            }
            Event::Failed(failed) => {
                let suite = failed.suite.map(|suite| suite.id.to_string());
                (2, format!("{} {} {} {suite:?}", connection.side, failed.error.kind(), failed.was_complete))
            }
            other => panic!("{other:?}"),
        };
        self.0.lock().unwrap()[place].push(text);
    }
}

/// An observer sees everything that goes out and comes in, as the other end's sees it: messages, ChangeCipherSpec, alerts.
#[test]
fn observers_of_both_ends_see_the_same() {
    let world = World::new();
    let seen = [(); 2].map(|()| Arc::new(Seen::default()));
    let client = Arc::new(world.client().observer(seen[0].clone()).build().unwrap());
    let server = Arc::new(world.server().observer(seen[1].clone()).build().unwrap());
    let Ends { mut client, mut server } = Ends::new(&client, &server).connected();
    client.close();
    carry(&mut client, &mut server).unwrap();
    server.write(b"bye").unwrap();
    assert!(read_all(&mut server).is_empty());
    server.close();
    let [[sent, received, client], [answered, heard, server]] =
        seen.map(|seen| std::mem::take(&mut *seen.0.lock().unwrap()));
    assert_eq!((&sent, &answered), (&heard, &[&received[..], &["warning close_notify".into()]].concat()));
    let own = ["ClientHello", "Certificate", "ClientKeyExchange", "CertificateVerify"];
    let end = ["ChangeCipherSpec", "Finished", "warning close_notify"];
    assert_eq!(sent, [&own[..], &end].concat());
    let flight = ["ServerHello", "Certificate", "ServerKeyExchange", "CertificateRequest", "ServerHelloDone"];
    assert_eq!(answered, [&flight[..], &end].concat());
    assert_eq!(client, ["client ECDHE_SM4_GCM_SM3 false Some(\"localhost\") Some(3)"]);
    assert_eq!(server, ["server ECDHE_SM4_GCM_SM3 false Some(\"localhost\") Some(3)"]);
}
