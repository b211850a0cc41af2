//! What the observer of the crate `log` writes: in a program of its own, since a logger is a process's.
#![cfg(all(feature = "pki", feature = "log"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use log::{LevelFilter, Log, Metadata, Record};
use pair::{Ends, World};
use std::sync::{Arc, Mutex};
use tlcp::config::LogObserver;
use tlcp::suite::Suite;

struct Lines(Mutex<Vec<String>>);

static LINES: Lines = Lines(Mutex::new(Vec::new()));

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        assert_eq!(record.target(), "tlcp");
        self.0.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

/// What was written since the last look.
fn lines() -> Vec<String> {
    std::mem::take(&mut *LINES.0.lock().unwrap())
}

/// A handshake that is complete, one that is resumed, one that fails, a connection that fails later: a line each, and one for
/// each message; the connections are told apart.
#[test]
fn writes_a_line_for_each_message_and_for_what_each_connection_came_to() {
    log::set_logger(&LINES).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let world = World::new();
    let suite = Suite::by_name("ECC_SM4_GCM_SM3").unwrap();
    let client = Arc::new(world.client().suites(&[suite]).alpn([&b"a\n"[..]]).build().unwrap());
    let server = world.server().alpn([&b"a\n"[..]]).observer(Arc::new(LogObserver));
    let server = Arc::new(server.build().unwrap());

    let Ends { client: mut first, server: mut second } = Ends::new(&client, &server).connected();
    let id = second.id().to_string();
    assert_eq!((id.starts_with("server "), first.id().number + 1), (true, second.id().number));
    let full = lines();
    assert!(full.iter().all(|line| line.contains(&format!("{id}: "))), "{full:#?}");
    assert!(full[0].starts_with(&format!("TRACE {id}: received ClientHello, ")), "{full:#?}");
    assert_eq!(full[full.len() - 2], format!("TRACE {id}: sent Finished, 12 bytes"));
    let complete = format!("DEBUG {id}: complete, TLCP ECC_SM4_GCM_SM3, name localhost, alpn a\\n");
    assert_eq!(full[full.len() - 1], complete);

    drop(Ends::new(&client, &server).connected());
    assert!(lines().last().unwrap().contains(": resumed, TLCP ECC_SM4_GCM_SM3, name localhost"));

    // A record that nobody sealed.
    first.write(b"x").unwrap();
    let mut record = first.pending_output().to_vec();
    *record.last_mut().unwrap() ^= 1;
    second.receive(&record, pair::at(1)).unwrap_err();
    let failed = lines();
    assert_eq!(failed[0], format!("TRACE {id}: sent alert, fatal bad_record_mac"));
    let why = format!("WARN {id}: bad_record_mac in Connected: ");
    assert!(
        failed[1].starts_with(&why) && failed[1].ends_with(", ECC_SM4_GCM_SM3, name localhost"),
        "{failed:#?}"
    );

    let other = Arc::new(world.client().build().unwrap());
    let server = world.server().alpn([&b"http/1.1"[..]]).observer(Arc::new(LogObserver)).build().unwrap();
    let Ends { client, mut server } = Ends::new(&other, &Arc::new(server));
    let mut hello = client.pending_output().to_vec();
    hello[9] = 9; // the version
    server.receive(&hello, pair::at(1)).unwrap_err();
    let failed = lines();
    assert!(failed[2].starts_with(&format!("WARN {}: ", server.id())), "{failed:#?}");
    assert!(failed[2].contains(" in AwaitClientHello: "), "{failed:#?}");
}
