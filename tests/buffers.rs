//! What a connection keeps between records by itself: what they need, and no more.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use allocation_counter::measure;
use pair::{Ends, World, at};
use std::sync::Arc;
use tlcp::config::ClientAuth;
use tlcp::record::MAX_PLAINTEXT;

fn connected() -> Ends {
    let world = World::new();
    let server = world.server().client_auth(ClientAuth::Require).build().unwrap();
    Ends::new(&Arc::new(world.client().build().unwrap()), &Arc::new(server)).connected()
}

/// The bytes that a call gives back.
fn freed(call: impl FnOnce()) -> i64 {
    -measure(call).bytes_current
}

/// What the handshake left, but for the buffers of records, is gone without `trim`.
#[test]
fn an_open_connection_keeps_buffers_for_records_and_no_others() {
    let Ends { mut client, mut server } = connected();
    // A read's worth of bytes, or the longest record of the flight; and the last flight of each.
    for (freed, role) in [(freed(|| client.trim()), "client"), (freed(|| server.trim()), "server")] {
        assert!((4096..4096 + 512).contains(&freed), "{role}: {freed}");
    }
}

/// The flight is on its way, and nothing is buffered: nothing is left for `trim` to do.
#[test]
fn a_half_open_connection_gives_everything_back_by_itself() {
    let world = World::new();
    let server = Arc::new(world.server().client_auth(ClientAuth::Require).build().unwrap());
    let Ends { mut client, mut server } = Ends::new(&Arc::new(world.client().build().unwrap()), &server);
    while client.is_handshaking() {
        let n = server.receive(client.pending_output(), at(1)).unwrap();
        client.sent(n);
        assert_eq!(freed(|| client.trim()), 0, "{}", client.state());
        let n = client.receive(server.pending_output(), at(1)).unwrap();
        server.sent(n);
        if server.is_handshaking() {
            assert_eq!(freed(|| server.trim()), 0, "{}", server.state());
        }
    }
    assert!(!server.is_handshaking());
}

/// A backlog took its space; once it is sent, what is left is what one write can need, and that is there at once.
#[test]
fn a_connection_gives_back_what_a_backlog_took_and_the_next_write_allocates_nothing() {
    let Ends { mut client, .. } = connected();
    let most = 16 * (MAX_PLAINTEXT as i64 + 29);
    let queue = |client: &mut tlcp::ClientConnection| while client.write(&[7; 100]).unwrap() > 0 {};
    queue(&mut client);
    // Sent a little at a time and written again: the sent part is not given back before all of it is.
    for _ in 0..5000 {
        client.sent(129);
        queue(&mut client);
    }
    assert!(client.pending_output().len() as i64 > most / 2);
    let all = client.pending_output().len();
    client.sent(all);
    let counted = measure(|| {
        for length in [100, 16_384, 262_144] {
            assert_eq!(client.write(&vec![7; 262_144][..length]).unwrap(), length);
            client.sent(usize::MAX);
        }
    });
    assert_eq!(counted.count_total, 3, "the test's own");
    let held = freed(|| client.trim());
    assert!(held <= most + 4096 + 512, "{held} bytes were kept, of {most}");
}

/// R-AL-3: what follows close_notify is ignored, and nothing is kept for it.
#[test]
fn a_closed_connection_holds_no_buffer_for_what_follows() {
    let Ends { mut client, mut server } = connected();
    server.write(&[7; 9000]).unwrap();
    client.receive(server.pending_output(), at(1)).unwrap();
    server.sent(usize::MAX);
    client.consume(9000).unwrap();
    server.close();
    let bytes = [server.pending_output(), &[0xff; 3000]].concat();
    let freed = freed(|| {
        client.receive(&bytes, at(1)).unwrap();
    });
    assert!(freed >= 9000, "{freed}");
    assert!(!client.wants_read() && client.error().is_none());
}

/// R-AL-10: half a record is worth nothing once the stream has ended.
#[test]
fn a_stream_that_was_cut_leaves_no_buffer() {
    let Ends { mut client, mut server } = connected();
    server.write(&[7; 9000]).unwrap();
    client.receive(&server.pending_output()[..8000], at(1)).unwrap();
    let freed = freed(|| assert!(client.received_end(at(1)).is_err()));
    assert!(freed >= 8000, "{freed}");
}

/// Many small pieces are one record, as one buffer of theirs would be; a long one is not copied together with others.
#[test]
fn pieces_go_into_as_few_records_as_one_buffer() {
    let Ends { mut client, mut server } = connected();
    let mut exchange = |parts: &[&[u8]]| {
        let taken = client.write_vectored(parts).unwrap();
        let output = client.take_output();
        assert!(!client.wants_write() && client.pending_output().is_empty());
        let mut read = Vec::new();
        let mut rest = &output[..];
        while !rest.is_empty() {
            rest = &rest[server.receive(rest, at(1)).unwrap()..];
            while !server.plaintext().is_empty() {
                read.extend_from_slice(server.plaintext());
                server.consume(server.plaintext().len()).unwrap();
            }
        }
        assert!(read == parts.concat()[..taken]);
        let mut records = 0;
        let mut rest = &output[..];
        while let [_, _, _, high, low, ..] = rest {
            rest = &rest[5 + usize::from(u16::from_be_bytes([*high, *low]))..];
            records += 1;
        }
        (taken, records)
    };
    let piece = [7; 100];
    assert_eq!(exchange(&[]), (0, 0));
    assert_eq!(exchange(&[b"", b""]), (0, 0));
    assert_eq!(exchange(&[&piece[..]; 50]), (5000, 1));
    assert_eq!(exchange(&[&piece[..]; 500]), (MAX_PLAINTEXT, 1));
    assert_eq!(exchange(&[b"", &[7; 40_000][..]]), (40_000, 3));
    assert_eq!(exchange(&[&[7; 20_000][..], &piece]), (20_000, 2));
}
