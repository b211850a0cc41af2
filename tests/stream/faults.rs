//! Streams that fail, block or are interrupted, in the middle of anything.
use crate::wire::{Fault, Faults};
use crate::{connected, done, ends, inner};
use std::io::{ErrorKind, Read, Write};
use tlcp::error::Error;

const GONE: [Fault; 4] = [
    Fault::Fail(ErrorKind::BrokenPipe),
    Fault::Fail(ErrorKind::ConnectionReset),
    Fault::Fail(ErrorKind::Other),
    Fault::Zero,
];

fn interrupt(faults: &Faults) {
    (0..3).for_each(|_| faults.push(Fault::Fail(ErrorKind::Interrupted)));
}

#[test]
fn interruptions_are_never_seen() {
    let (mut client, mut server) = ends(100_000);
    for _ in 0..4 {
        for socket in [client.socket(), server.socket()] {
            interrupt(&socket.reading);
            interrupt(&socket.writing);
        }
        let _ = (done(client.handshake()), done(server.handshake()));
    }
    interrupt(&client.socket().writing);
    client.write_all(b"hello").unwrap();
    interrupt(&server.socket().reading);
    let mut heard = [0; 5];
    server.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"hello");
}

/// Bytes that were taken must not be written again: that would send them twice.
#[test]
fn a_write_that_was_taken_is_told_as_taken_whatever_becomes_of_it() {
    let later = [Fault::Fail(ErrorKind::WouldBlock), Fault::Fail(ErrorKind::TimedOut)];
    for fault in GONE.into_iter().chain(later) {
        let (mut client, mut server) = connected(100_000);
        client.socket().writing.always(Some(fault));
        assert_eq!(client.write(b"once").unwrap(), 4, "{fault:?}");
        let error = client.write(b"twice").unwrap_err();
        let kind = match fault {
            Fault::Zero => ErrorKind::WriteZero,
            Fault::Fail(kind) => kind,
        };
        assert_eq!(error.kind(), kind);
        assert_eq!(client.flush().unwrap_err().kind(), kind);
        assert_eq!(client.close().unwrap_err().kind(), kind);
        client.socket().writing.always(None);
        client.close().unwrap();
        let mut heard = Vec::new();
        server.read_to_end(&mut heard).unwrap();
        assert_eq!(heard, b"once");
    }
}

/// What the peer has said is given out, although what we wrote cannot be sent any more.
#[test]
fn what_was_received_is_read_although_nothing_can_be_sent() {
    for fault in GONE {
        let (mut client, mut server) = connected(100_000);
        client.socket().writing.always(Some(fault));
        client.write_all(b"never sent").unwrap();
        server.write_all(b"heard").unwrap();
        server.close().unwrap();
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).unwrap();
        assert_eq!(heard, b"heard");
        client.close().expect_err("what was written is lost, and that is told");
    }
}

/// R-AL-3: the peer closed cleanly, and was gone before our close_notify.
#[test]
fn a_clean_close_is_clean_although_our_own_close_notify_cannot_be_sent() {
    for fault in GONE {
        let (mut client, mut server) = connected(100_000);
        server.write_all(b"all").unwrap();
        server.close().unwrap();
        client.socket().writing.always(Some(fault));
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).unwrap();
        assert_eq!(heard, b"all");
        assert_eq!(client.read(&mut [0; 9]).unwrap(), 0);
        client.close().unwrap();
        client.flush().unwrap();
    }
    let (mut client, mut server) = connected(100_000);
    server.close().unwrap();
    client.socket().writing.push(Fault::Fail(ErrorKind::WouldBlock));
    assert_eq!(client.read(&mut [0; 9]).unwrap(), 0);
    assert_eq!(server.socket().waiting(), 0);
    client.close().unwrap();
    assert!(server.socket().waiting() > 0, "one that only had to wait is sent later");
}

/// The alert with which the peer left, not that it left.
#[test]
fn an_alert_is_heard_although_our_own_flight_cannot_be_sent() {
    for kind in [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::WouldBlock] {
        let (mut client, _server) = ends(100_000);
        client.socket().writing.always(Some(Fault::Fail(kind)));
        client.socket().hear(&[21, 1, 1, 0, 2, 2, 40]);
        let error = client.handshake().unwrap_err();
        assert!(matches!(inner(&error), Error::AlertReceived(alert) if alert.0 == 40), "{kind}: {error}");
    }
}

#[test]
fn a_handshake_that_cannot_be_sent_fails_with_why() {
    for fault in GONE {
        let (mut client, _server) = ends(100_000);
        client.socket().writing.always(Some(fault));
        let kind = match fault {
            Fault::Zero => ErrorKind::WriteZero,
            Fault::Fail(kind) => kind,
        };
        assert_eq!(client.handshake().unwrap_err().kind(), kind);
        assert_eq!(client.read(&mut [0; 9]).unwrap_err().kind(), kind);
        client.socket().writing.always(None);
        assert!(done(client.handshake()).is_none(), "it goes on where it was");
        assert!(client.connection().is_handshaking() && !client.connection().wants_write());
    }
}

#[test]
fn errors_of_reading_come_through_and_are_not_the_connections() {
    let (mut client, mut server) = connected(100_000);
    for kind in [ErrorKind::ConnectionReset, ErrorKind::TimedOut, ErrorKind::WouldBlock, ErrorKind::Other] {
        client.socket().reading.push(Fault::Fail(kind));
        assert_eq!(client.read(&mut [0; 9]).unwrap_err().kind(), kind);
    }
    server.write_all(b"after all").unwrap();
    let mut heard = [0; 9];
    client.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"after all");
}

#[test]
fn a_flush_reaches_the_stream_below_and_fails_as_it_does() {
    let (mut client, _server) = connected(100_000);
    client.socket().flushing.push(Fault::Fail(ErrorKind::Other));
    assert_eq!(client.flush().unwrap_err().kind(), ErrorKind::Other);
    client.flush().unwrap();
    client.socket().flushing.push(Fault::Fail(ErrorKind::Other));
    assert_eq!(client.close().unwrap_err().kind(), ErrorKind::Other);
}

#[test]
fn an_empty_read_and_an_empty_write_touch_nothing() {
    let (mut client, _server) = connected(100_000);
    let (reads, writes) = (client.socket().reading.calls(), client.socket().writing.calls());
    assert_eq!(client.read(&mut []).unwrap(), 0);
    assert_eq!(client.write(&[]).unwrap(), 0);
    assert_eq!((client.socket().reading.calls(), client.socket().writing.calls()), (reads, writes));
}

/// Behind close_notify there is nothing to send: a mistake of the caller, told as such.
#[test]
fn a_write_after_close_is_refused() {
    let (mut client, mut server) = connected(100_000);
    client.close().unwrap();
    assert_eq!(client.write(b"late").unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(server.read(&mut [0; 9]).unwrap(), 0);
    let (connection, socket) = server.into_parts();
    assert!(connection.is_closed() && socket.waiting() == 0);
}
