//! Connections over tokio's streams.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "aio/accepting.rs"]
mod accepting;
#[path = "aio/answering.rs"]
mod answering;
#[path = "aio/batching.rs"]
mod batching;
#[path = "support/pair.rs"]
mod pair;
#[path = "aio/pipes.rs"]
mod pipes;
#[path = "aio/reloading.rs"]
mod reloading;

use pair::{Counting, World};
use std::sync::Arc;
use std::time::Duration;
use tlcp::aio::{ClientStream, ServerStream, TlcpAcceptor, TlcpConnector, TlcpStream};
use tlcp::cert::ServerName;
use tlcp::config::{ClientAuth, ServerConfigs};
use tlcp::error::Error;
use tlcp::suite::{SUITES, Suite};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};

fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// The library's own error inside.
fn inner(error: &std::io::Error) -> &Error {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

/// Both ends' factories, with client certificates.
fn factories(world: &World, suite: Option<&'static Suite>) -> (TlcpConnector, TlcpAcceptor) {
    let (mut client, mut server) = (world.client(), world.server().client_auth(ClientAuth::Require));
    if let Some(suite) = suite {
        (client, server) = (client.suites(&[suite]), server.suites(&[suite]));
    }
    let (client, server) = (Arc::new(client.build().unwrap()), Arc::new(server.build().unwrap()));
    (TlcpConnector::new(client), TlcpAcceptor::new(server))
}

/// Both ends of an open connection over a pipe that holds `bytes`.
async fn connected(bytes: usize) -> (ClientStream<DuplexStream>, ServerStream<DuplexStream>) {
    let (connector, acceptor) = factories(&World::new(), None);
    let (near, far) = duplex(bytes);
    let (client, server) = tokio::join!(connector.connect(name(), near), acceptor.accept(far));
    (client.unwrap(), server.unwrap())
}

#[test]
fn streams_go_wherever_their_sockets_go() {
    fn goes<T: Send + Sync + Unpin + 'static>() {}
    goes::<ClientStream<TcpStream>>();
    goes::<ServerStream<TcpStream>>();
    goes::<TlcpConnector>();
    goes::<TlcpAcceptor>();
}

/// Every suite, full and resumed, both roles over real sockets: TLCP and TLS on one port.
#[tokio::test]
async fn every_suite_runs_over_loopback() {
    for suite in SUITES {
        let (connector, acceptor) = factories(&World::of(suite), Some(suite));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            for _ in 0..2 {
                let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
                let mut question = Vec::new();
                stream.read_to_end(&mut question).await.unwrap();
                assert_eq!(stream.connection().peer_certificates().is_some(), pair::shown(suite).is_some());
                stream.write_all(&question).await.unwrap();
                stream.finish().await.unwrap();
            }
        });
        for resumed in [false, true] {
            let socket = TcpStream::connect(address).await.unwrap();
            let mut stream = connector.connect(name(), socket).await.unwrap();
            assert_eq!(stream.connection().cipher_suite(), Some(suite));
            assert_eq!(stream.connection().is_resumed(), resumed, "{}", suite.id);
            stream.write_all(&[7; 100_000]).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer, [7; 100_000]);
        }
        serving.await.unwrap();
    }
}

/// R-AL-3: each direction ends by itself, whoever ends first.
#[tokio::test]
async fn the_end_of_one_direction_is_not_the_end_of_the_other() {
    for client_first in [true, false] {
        let (mut client, mut server) = connected(1 << 16).await;
        async fn ask<S: tlcp::conn::Endpoint>(stream: &mut TlcpStream<S, DuplexStream>) {
            stream.write_all(b"question").await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer, "an answer after the end");
        }
        async fn reply<S: tlcp::conn::Endpoint>(stream: &mut TlcpStream<S, DuplexStream>) {
            let mut question = String::new();
            stream.read_to_string(&mut question).await.unwrap();
            assert_eq!(question, "question");
            stream.write_all(b"an answer after the end").await.unwrap();
            stream.shutdown().await.unwrap();
        }
        match client_first {
            true => tokio::join!(ask(&mut client), reply(&mut server)),
            false => tokio::join!(reply(&mut client), ask(&mut server)),
        };
    }
}

/// R-AL-10
#[tokio::test]
async fn a_stream_cut_short_is_an_unexpected_end_and_can_still_be_answered() {
    let (mut client, server) = connected(1 << 16).await;
    client.write_all(b"half a question").await.unwrap();
    client.flush().await.unwrap();
    let (_, socket) = client.into_parts();
    let (mut to_end, mut server) = (socket, server);
    to_end.shutdown().await.unwrap();
    let mut read = Vec::new();
    for _ in 0..2 {
        let error = server.read_to_end(&mut read).await.unwrap_err();
        assert_eq!((error.kind(), inner(&error)), (std::io::ErrorKind::UnexpectedEof, &Error::Truncated));
    }
    assert_eq!(read, b"half a question");
    server.write_all(b"what?").await.unwrap();
    server.flush().await.unwrap();
    let mut record = [0; 5];
    to_end.read_exact(&mut record).await.unwrap();
    assert_eq!(record[0], 23);
}

/// A peer may take its time with what is on its way when the stream is finished.
#[tokio::test(start_paused = true)]
async fn finishing_loses_nothing_to_a_slow_reader() {
    let (client, mut server) = connected(1000).await;
    let finishing = async {
        let mut client = client;
        client.write_all(&[7; 100_000]).await.unwrap();
        client.finish().await
    };
    let reading = async {
        let (mut read, mut buffer) = (0, [0; 5000]);
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            match server.read(&mut buffer).await.unwrap() {
                0 => return read,
                n => read += n,
            }
        }
    };
    let (finished, read) = tokio::join!(finishing, reading);
    assert_eq!((finished.map_err(|e| e.kind()), read), (Ok(()), 100_000));
}

/// A socket that is dropped too early takes our last bytes with it: the peer's end is waited for, a second and no longer.
#[tokio::test(start_paused = true)]
async fn finishing_waits_for_the_peers_end_for_a_second() {
    for (ends_after, finished_after) in [(300, 300), (5000, 1000)] {
        let (client, server) = connected(1 << 16).await;
        let started = tokio::time::Instant::now();
        let peer = async {
            tokio::time::sleep(Duration::from_millis(ends_after)).await;
            drop(server);
        };
        let finishing = async {
            client.finish().await.unwrap();
            started.elapsed().as_millis()
        };
        let (spent, ()) = tokio::join!(finishing, peer);
        assert!((finished_after..finished_after + 10).contains(&spent), "{spent} ms");
    }
}

/// R-REC-34: a peer that says nothing, one that stops in the middle, and one that sends a byte a second.
#[tokio::test(start_paused = true)]
async fn a_handshake_ends_at_its_deadline() {
    let (connector, acceptor) = factories(&World::new(), None);
    let started = tokio::time::Instant::now();
    let (near, far) = duplex(1 << 16);
    let silent = tokio::join!(connector.connect(name(), near), acceptor.accept(duplex(9).0));
    for error in [silent.0.unwrap_err(), silent.1.unwrap_err()] {
        assert!(matches!(error.kind(), std::io::ErrorKind::TimedOut | std::io::ErrorKind::UnexpectedEof));
    }
    let spent = started.elapsed();
    assert!(spent >= Duration::from_secs(30) && spent < Duration::from_secs(32), "{spent:?}");

    // The hello that the silent one got, again, and nothing after it.
    let mut hello = vec![0; 2000];
    let mut far = far;
    let n = far.read(&mut hello).await.unwrap();
    let (mut near, far) = duplex(1 << 16);
    near.write_all(&hello[..n]).await.unwrap();
    let error = acceptor.accept(far).await.unwrap_err();
    assert_eq!(inner(&error), &Error::HandshakeTimeout);

    let (mut near, far) = duplex(1 << 16);
    let accepting = tokio::spawn(async move { acceptor.accept(far).await });
    for byte in &hello[..n] {
        if near.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(accepting.await.unwrap().unwrap_err().kind(), std::io::ErrorKind::TimedOut);
}

/// The peer hears why, also where it had more to say.
#[tokio::test]
async fn a_refused_handshake_is_told_to_both_sides() {
    let world = World::new();
    let (connector, acceptor) = factories(&world, None);
    let bare = TlcpConnector::new(Arc::new(world.client().without_identities().build().unwrap()));
    let (near, far) = duplex(1 << 16);
    let (client, server) = tokio::join!(bare.connect(name(), near), acceptor.accept(far));
    let (client, server) = (client.map(drop), server.map(drop));
    assert!(matches!(inner(&server.unwrap_err()), Error::PeerIncompatible(_) | Error::PeerMisbehaved(_)));
    assert!(client.is_err());
    let wrong = ServerName::try_from("elsewhere").unwrap();
    let (near, far) = duplex(1 << 16);
    let (client, server) = tokio::join!(connector.connect(wrong, near), acceptor.accept(far));
    assert!(matches!(inner(&client.unwrap_err()), Error::Certificate(_)));
    assert!(matches!(inner(&server.unwrap_err()), Error::AlertReceived(_)));
}

/// R-AL-1: the whole of it, however little of it the socket takes at once.
#[tokio::test(start_paused = true)]
async fn a_refused_client_hears_why_through_a_narrow_pipe() {
    let world = World::new();
    let (_, acceptor) = factories(&world, Some(&SUITES[0]));
    let client = world.client().suites(&[&SUITES[1]]).build().unwrap();
    let client = tlcp::ClientConnection::new(Arc::new(client), name(), pair::at(0)).unwrap();
    let (mut near, far) = duplex(4);
    let asking = async {
        near.write_all(client.pending_output()).await.unwrap();
        let mut answer = Vec::new();
        near.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let (server, answer) = tokio::join!(acceptor.accept(far), asking);
    assert!(matches!(inner(&server.map(drop).unwrap_err()), Error::PeerIncompatible(_)));
    assert_eq!(answer, [21, 1, 1, 0, 2, 2, tlcp::wire::AlertDescription::HANDSHAKE_FAILURE.0]);
}

/// All open at once, each with a word in both directions; most of them are resumed.
#[tokio::test]
async fn ten_thousand_connections_live_in_one_process() {
    let (connector, acceptor) = factories(&World::new(), None);
    let mut ends = Vec::new();
    for _ in 0..10_000 {
        let (near, far) = duplex(1 << 12);
        let (client, server) = tokio::join!(connector.connect(name(), near), acceptor.accept(far));
        ends.push((client.unwrap(), server.unwrap()));
    }
    for (client, server) in &mut ends {
        let mut heard = [[0; 4]; 2];
        client.write_all(b"ping").await.unwrap();
        server.read_exact(&mut heard[0]).await.unwrap();
        server.write_all(b"pong").await.unwrap();
        client.read_exact(&mut heard[1]).await.unwrap();
        assert_eq!(heard, [*b"ping", *b"pong"]);
    }
}

#[cfg(feature = "tls12")]
fn both(world: &World, tls: &World) -> ServerConfigs {
    let configs = ServerConfigs::new(Arc::new(world.server().build().unwrap()));
    configs.with(Arc::new(tls.server().build().unwrap())).unwrap()
}

/// Used where the order of random bytes does not matter.
fn fresh_random() -> Arc<Counting> {
    Arc::new(Counting::from(77))
}
