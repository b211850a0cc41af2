//! `Stream`, held to what users of `std::io` rely on, over streams that do what the test tells them to.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "stream/faults.rs"]
mod faults;
#[path = "support/pair.rs"]
mod pair;
#[path = "stream/sockets.rs"]
mod sockets;
#[path = "support/wire.rs"]
mod wire;

use pair::{World, name};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tlcp::config::{ClientConfigBuilder, ServerConfigBuilder};
use tlcp::conn::Endpoint;
use tlcp::crypto::default_provider;
use tlcp::error::Error;
use tlcp::handshake::{Answer, Selection};
use tlcp::pki::Options;
use tlcp::session::{Found, Session, SessionKey, SessionStore};
use tlcp::{ClientConnection, Clock, ServerConnection, Stream};
use wire::Wire;

/// With certificates for today: a stream looks at the system's clock.
static WORLD: LazyLock<World> =
    LazyLock::new(|| World::with(default_provider(), Options::new(Clock::start().now().unix)));

type Client<T> = tlcp::stream::ClientStream<T>;
type Server<T> = tlcp::stream::ServerStream<T>;

fn client_of<T>(
    config: ClientConfigBuilder,
    socket: T,
    stream: impl Fn(ClientConnection, T, Clock) -> Client<T>,
) -> Client<T> {
    let clock = Clock::start();
    let connection = ClientConnection::new(Arc::new(config.build().unwrap()), name(), clock.now()).unwrap();
    stream(connection, socket, clock)
}

fn server_of<T>(
    config: ServerConfigBuilder,
    socket: T,
    stream: impl Fn(ServerConnection, T, Clock) -> Server<T>,
) -> Server<T> {
    let clock = Clock::start();
    stream(ServerConnection::new(Arc::new(config.build().unwrap()), clock.now()), socket, clock)
}

/// Both ends over a stream of `capacity` bytes each way that never blocks.
fn ends(capacity: usize) -> (Client<Wire>, Server<Wire>) {
    let (near, far) = wire::pair(capacity);
    (client_of(WORLD.client(), near, Stream::over), server_of(WORLD.server(), far, Stream::over))
}

/// Whether it is done; not yet is no error.
fn done<T>(outcome: io::Result<T>) -> Option<T> {
    match outcome {
        Ok(done) => Some(done),
        Err(e) if e.kind() == ErrorKind::WouldBlock => None,
        Err(e) => panic!("{e}"),
    }
}

fn connected(capacity: usize) -> (Client<Wire>, Server<Wire>) {
    let (mut client, mut server) = ends(capacity);
    for _ in 0..1000 {
        let client_done = done(client.handshake()).is_some();
        if done(server.handshake()).is_some() && client_done {
            return (client, server);
        }
    }
    panic!("the handshake stands still");
}

/// The connection's error in that of the stream.
fn inner(error: &io::Error) -> &Error {
    error.get_ref().and_then(|e| e.downcast_ref()).unwrap_or_else(|| panic!("{error:?}"))
}

#[test]
fn a_handshake_goes_on_over_a_stream_that_holds_a_few_bytes_at_a_time() {
    for capacity in [1, 7, 100, 100_000] {
        let (near, far) = wire::pair(capacity);
        let mut client = client_of(WORLD.client(), near, Stream::over);
        let mut server = server_of(WORLD.server(), far, Stream::over);
        while client.connection().is_handshaking() || server.connection().is_handshaking() {
            let _ = (done(client.handshake()), done(server.handshake()));
        }
        assert!(client.connection().cipher_suite().is_some(), "{capacity}");
    }
}

/// Reads and writes until both have said and heard everything, each step as far as it goes without waiting.
fn exchange<S: Endpoint>(
    stream: &mut Stream<S, Wire>,
    unsent: &mut &[u8],
    heard: &mut Vec<u8>,
    reads_first: bool,
) {
    let mut buffer = [0; 5000];
    for reads in [reads_first, !reads_first] {
        if reads {
            while let Some(n) = done(stream.read(&mut buffer)) {
                heard.extend_from_slice(&buffer[..n]);
            }
        } else {
            while let Some(n) = done(stream.write(unsent)).filter(|n| *n > 0) {
                *unsent = &unsent[n..];
            }
            done(stream.flush());
        }
    }
}

/// Neither may wait with reading until what it wrote is gone: that waits for the other one's reading.
#[test]
fn two_ends_that_both_write_first_go_on_as_soon_as_one_reads() {
    let data: Vec<u8> = (0..1_000_000_u32).map(|i| (i >> 3) as u8).collect();
    for (one, other) in [(false, false), (false, true), (true, true)] {
        let (mut client, mut server) = connected(10_000);
        let (mut from_client, mut from_server) = (&data[..], &data[..]);
        let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
        for _ in 0..10_000 {
            exchange(&mut client, &mut from_client, &mut to_client, one);
            exchange(&mut server, &mut from_server, &mut to_server, other);
            if to_client.len() == data.len() && to_server.len() == data.len() {
                break;
            }
        }
        assert!(to_client == data && to_server == data, "{} and {}", to_client.len(), to_server.len());
    }
}

/// R-AL-10: as an error of its own kind, and again at each call.
#[test]
fn a_stream_that_ends_in_the_handshake_is_told_at_every_call() {
    for heard in [false, true] {
        let (mut client, server) = ends(100_000);
        if heard {
            client.socket().hear(&[22, 1, 1]);
        }
        server.socket().end();
        for _ in 0..2 {
            let outcomes = [
                client.handshake(),
                client.flush(),
                client.read(&mut [0; 9]).map(drop),
                client.write(b"x").map(drop),
            ];
            for outcome in outcomes {
                let error = outcome.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
                assert_eq!(inner(&error), &Error::ClosedInHandshake { heard });
            }
        }
    }
}

/// R-AL-10: only reading ends.
#[test]
fn a_stream_that_was_cut_is_told_at_every_read_and_can_still_be_written_to() {
    let (mut client, mut server) = connected(100_000);
    client.write_all(b"question").unwrap();
    client.socket().end();
    let mut all = Vec::new();
    let error = server.read_to_end(&mut all).unwrap_err();
    assert_eq!((error.kind(), inner(&error)), (ErrorKind::UnexpectedEof, &Error::Truncated));
    assert_eq!(all, b"question");
    assert_eq!(server.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    server.write_all(b"answer").unwrap();
    server.close().unwrap();
    all.clear();
    client.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"answer");
}

/// A failure is no success the second time; and its alert went out.
#[test]
fn whatever_the_connection_failed_with_every_call_says_again() {
    let (mut client, mut server) = ends(100_000);
    server.socket().hear(&[22, 1, 1, 0xff, 0xff]);
    for _ in 0..2 {
        let outcomes = [
            server.handshake(),
            server.flush(),
            server.read(&mut [0; 9]).map(drop),
            server.write(b"x").map(drop),
        ];
        for outcome in outcomes {
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert_eq!(inner(&error), server.connection().error().unwrap());
        }
    }
    assert_eq!(client.socket().waiting(), 7, "one record with the alert");
    assert!(matches!(inner(&client.handshake().unwrap_err()), Error::AlertReceived(_)));
}

/// Given up before the handshake was complete.
#[test]
fn a_stream_that_was_closed_too_early_is_not_complete() {
    let (mut client, mut server) = ends(100_000);
    client.close().unwrap();
    for _ in 0..2 {
        assert_eq!(client.handshake().unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert!(matches!(inner(&server.handshake().unwrap_err()), Error::AlertReceived(_)));
}

/// Must always look elsewhere.
struct Elsewhere;
impl SessionStore for Elsewhere {
    fn find(&self, _: &SessionKey, _: u64) -> Found {
        Found::Later
    }

    fn store(&self, _: SessionKey, _: Arc<Session>) {}

    fn remove(&self, _: &SessionKey) {}
}

/// Nothing has failed, and nothing is read until the right answer is there.
#[test]
fn a_wrong_answer_is_the_callers_fault_and_stays_so() {
    let (near, far) = wire::pair(100_000);
    let mut server = server_of(WORLD.server(), far, Stream::over);
    let mut client = client_of(WORLD.client().sessions(Some(Arc::new(Elsewhere))), near, Stream::over);
    let wrong = |_| Answer::IdentitySelected(Selection::Nothing);
    assert_eq!(client.handshake_with(wrong).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(client.handshake().unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(client.socket().reading.calls(), 0);
    let now = Clock::start().now();
    client.connection_mut().answer(Answer::SessionFound(None), now).unwrap();
    while client.connection().is_handshaking() || server.connection().is_handshaking() {
        let _ = (done(client.handshake()), done(server.handshake()));
    }
    assert!(client.connection().cipher_suite().is_some());
}

/// What the configuration cannot answer, a plain handshake cannot either.
#[test]
fn a_request_that_nobody_answers_ends_the_handshake() {
    let (near, _far) = wire::pair(100_000);
    let mut client = client_of(WORLD.client().sessions(Some(Arc::new(Elsewhere))), near, Stream::over);
    for _ in 0..2 {
        assert!(matches!(inner(&client.read(&mut [0; 9]).unwrap_err()), Error::Answer(_)));
    }
}

/// R-REC-34: where nothing can wake the stream, its own `WouldBlock` is when the deadline is looked at.
#[test]
fn a_stream_of_any_kind_is_past_its_deadline_when_it_is_asked_then() {
    let (near, _far) = wire::pair(100_000);
    let wait = Duration::from_millis(30);
    let mut client = client_of(WORLD.client().handshake_timeout(wait), near, Stream::over);
    assert_eq!(client.handshake().unwrap_err().kind(), ErrorKind::WouldBlock);
    std::thread::sleep(wait);
    for _ in 0..2 {
        let error = client.handshake().unwrap_err();
        assert_eq!((error.kind(), inner(&error)), (ErrorKind::TimedOut, &Error::HandshakeTimeout));
    }
}
