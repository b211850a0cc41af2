//! Over the system's sockets, which block: the handshake ends in time, and the last bytes arrive.
use crate::{WORLD, client_of, inner, server_of};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tlcp::config::ServerConfigs;
use tlcp::error::Error;
use tlcp::stream::{ServerStream, Socket, Timeouts};
use tlcp::{Clock, Stream};

const DEADLINE: Duration = Duration::from_millis(300);
/// Far more than the deadline, and less than the patience of whoever waits for the test.
const LONG: Duration = Duration::from_secs(30);

fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (near, listener.accept().unwrap().0)
}

fn ends_at_the_deadline<T: Socket>(socket: T, own: Timeouts) {
    socket.set_timeouts(own).unwrap();
    let start = Instant::now();
    let config = WORLD.server().handshake_timeout(DEADLINE);
    let mut server = server_of(config, socket, Stream::new);
    let error = server.read(&mut [0; 9]).unwrap_err();
    assert_eq!((error.kind(), inner(&error)), (ErrorKind::TimedOut, &Error::HandshakeTimeout));
    assert!((DEADLINE..LONG).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!(server.socket().timeouts().unwrap(), own, "as they were");
    assert_eq!(server.handshake().unwrap_err().kind(), ErrorKind::TimedOut);
}

/// R-REC-34: also where the socket has a longer limit of its own, or none.
#[test]
fn a_peer_that_says_nothing_is_left_at_the_deadline() {
    for own in [Timeouts::default(), Timeouts { read: Some(LONG), write: Some(2 * LONG) }] {
        let (near, _far) = tcp();
        ends_at_the_deadline(near, own);
        #[cfg(unix)]
        {
            let (near, _far) = std::os::unix::net::UnixStream::pair().unwrap();
            ends_at_the_deadline(near, own);
        }
    }
}

/// Each byte in time, the handshake not.
#[test]
fn a_peer_that_says_a_byte_now_and_then_is_left_at_the_deadline() {
    let (near, mut far) = tcp();
    // A record of 16 KiB, byte by byte.
    let feeder = thread::spawn(move || {
        far.write_all(&[22, 1, 1, 0x3f, 0xff, 1]).unwrap();
        while far.write_all(&[0]).is_ok() {
            thread::sleep(DEADLINE / 10);
        }
    });
    let start = Instant::now();
    let config = WORLD.server().handshake_timeout(DEADLINE);
    let mut server = server_of(config, near, Stream::new);
    assert_eq!(inner(&server.handshake().unwrap_err()), &Error::HandshakeTimeout);
    assert!((DEADLINE..LONG).contains(&start.elapsed()), "{:?}", start.elapsed());
    drop(server);
    feeder.join().unwrap();
}

/// R-REC-34: nor is a hello waited for longer, where the configuration is chosen by it; and the socket has its own limits again.
#[test]
fn a_hello_that_comes_a_byte_now_and_then_is_waited_for_until_the_deadline() {
    let (near, mut far) = tcp();
    let feeder = thread::spawn(move || {
        far.write_all(&[22, 1, 1, 0x3f, 0xff, 1]).unwrap();
        while far.write_all(&[0]).is_ok() {
            thread::sleep(DEADLINE / 10);
        }
    });
    let own = Timeouts { read: Some(LONG), write: Some(2 * LONG) };
    near.set_timeouts(own).unwrap();
    let (same, start) = (near.try_clone().unwrap(), Instant::now());
    let config = WORLD.server().handshake_timeout(DEADLINE).build().unwrap();
    let configs = ServerConfigs::new(Arc::new(config));
    let error = ServerStream::accept(near, Clock::start(), &configs).map(drop).unwrap_err();
    assert_eq!((error.kind(), inner(&error)), (ErrorKind::TimedOut, &Error::HandshakeTimeout));
    assert!((DEADLINE..LONG).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!(same.timeouts().unwrap(), own, "as they were");
    drop(same);
    feeder.join().unwrap();
}

/// A limit of the socket's own that is shorter is its caller's: nothing has failed.
#[test]
fn a_shorter_limit_of_the_socket_comes_through_and_the_handshake_goes_on() {
    let (near, far) = tcp();
    let own = Timeouts { read: Some(Duration::from_millis(20)), write: None };
    near.set_timeouts(own).unwrap();
    let mut client = client_of(WORLD.client(), near, Stream::new);
    let kind = client.handshake().unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{kind}");
    assert!(client.connection().is_handshaking());
    let serving = thread::spawn(move || {
        let mut server = server_of(WORLD.server(), far, Stream::new);
        server.handshake().unwrap();
        server.finish().unwrap();
    });
    while let Err(e) = client.handshake() {
        assert!(matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{e}");
    }
    assert_eq!(client.socket().timeouts().unwrap(), own);
    client.finish().unwrap();
    serving.join().unwrap();
}

/// A socket that does not block stays so.
#[test]
fn a_socket_that_does_not_block_comes_back_at_once() {
    let (near, _far) = tcp();
    near.set_nonblocking(true).unwrap();
    let config = WORLD.client().handshake_timeout(LONG);
    let mut client = client_of(config, near, Stream::new);
    let start = Instant::now();
    assert_eq!(client.handshake().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(start.elapsed() < LONG / 2);
}

/// Bytes of the peer that nobody reads would reset the connection, and take the alert with them.
#[test]
fn the_alert_arrives_although_bytes_of_the_peer_are_unread() {
    let (near, mut far) = tcp();
    let unread = vec![0; 200_000];
    let peer = thread::spawn(move || {
        far.write_all(&[22, 1, 1, 0xff, 0xff]).unwrap();
        far.write_all(&unread).unwrap();
        thread::sleep(Duration::from_millis(100));
        let mut heard = Vec::new();
        far.read_to_end(&mut heard).map(|_| heard)
    });
    let mut server = server_of(WORLD.server(), near, Stream::new);
    assert!(matches!(inner(&server.handshake().unwrap_err()), Error::PeerMisbehaved(_)));
    server.finish().unwrap();
    assert_eq!(peer.join().unwrap().unwrap(), [21, 1, 1, 0, 2, 2, 22]);
}

/// The peer may go on for ever; whoever finishes does not.
#[test]
fn finishing_ends_although_the_peer_does_not() {
    for talks in [false, true] {
        let (near, mut far) = tcp();
        let start = Instant::now();
        let peer = thread::spawn(move || {
            while talks && far.write_all(&[0; 50_000]).is_ok() {}
            far
        });
        let server = server_of(WORLD.server(), near, Stream::new);
        let _ = server.finish();
        assert!(start.elapsed() < LONG);
        drop(peer.join().unwrap());
    }
}
