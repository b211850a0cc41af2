//! Joins a server and a client over a socket pair.

use crate::exchange::{self, Script};
use crate::party::{Client, Outcome, Report, Server, Transport};
use std::io::Read;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Longer than any test step takes; a party that waits for ever becomes an error instead.
const PATIENCE: Duration = Duration::from_secs(60);

/// Both ends' views of one connection.
#[derive(Debug)]
pub struct Meeting {
    /// The server's.
    pub server: Outcome,
    /// The client's.
    pub client: Outcome,
}

impl Meeting {
    /// Both reports, server first.
    ///
    /// # Panics
    /// If either end failed; the message names `what` and both ends' words.
    #[must_use]
    pub fn unwrap(self, what: &str) -> (Report, Report) {
        match (self.server, self.client) {
            (Ok(server), Ok(client)) => (server, client),
            (server, client) => panic!("{what}: server {server:?}, client {client:?}"),
        }
    }
}

/// Runs one connection, the server in a thread of its own.
///
/// # Panics
/// If the socket pair cannot be made, or a party panics.
#[must_use]
pub fn meet(server: &dyn Server, client: &dyn Client, script: &Script) -> Meeting {
    let (near, far) = UnixStream::pair().expect("socket pair");
    std::thread::scope(|scope| {
        let serving = scope.spawn(move || {
            with_lingering(far, |stream| server.serve(stream, &|channel| exchange::serve(channel, script)))
        });
        let client =
            with_lingering(near, |stream| client.connect(stream, &|channel| exchange::call(channel, script)));
        Meeting { server: serving.join().expect("server thread"), client }
    })
}

/// Closing a socket with unread data resets it, and an alert on its way to the peer would be lost: so drain before closing.
fn with_lingering(stream: UnixStream, run: impl FnOnce(Box<dyn Transport>) -> Outcome) -> Outcome {
    stream.set_read_timeout(Some(PATIENCE)).expect("read timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("write timeout");
    let mut rest = stream.try_clone().expect("a second handle");
    let outcome = run(Box::new(stream));
    let _ = rest.shutdown(Shutdown::Write);
    let _ = rest.read_to_end(&mut Vec::new());
    outcome
}
