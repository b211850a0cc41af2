//! Drives one connection and holds it to what it promises, whatever the peer does: it never panics, its memory is
//! bounded, after an error it stays closed, and it sends at most one alert about it.
use crate::memory;
use crate::witness::{CLOSE_ALERTS, FATAL_ALERTS};
use crate::world::{Mode, NOW, RANDOM, accepting_identity};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tlcp::alert::alert_for;
use tlcp::conn::{Connection, Endpoint, ReadProgress, Time};
use tlcp::error::Error;
use tlcp::handshake::{Answer, IdentityQuery, Request, Selection};

/// The most memory of one connection: two certificate messages of the longest kind and the buffers of both directions.
const MOST_MEMORY: usize = 768 * 1024;

/// A connection under test.
pub struct Driven<S: Endpoint> {
    pub connection: Connection<S>,
    /// What was not taken yet.
    queue: Vec<u8>,
    memory: usize,
    seconds: u64,
    failed: Option<Failed>,
    /// Takes turns between the two ways to hand bytes in.
    turn: bool,
}

/// How it was when it failed.
struct Failed {
    error: Error,
    output: Vec<u8>,
}

impl<S: Endpoint> Driven<S> {
    pub fn new(make: impl FnOnce() -> Connection<S>) -> Self {
        RANDOM.restart(7);
        FATAL_ALERTS.store(0, Relaxed);
        CLOSE_ALERTS.store(0, Relaxed);
        let memory = memory::live();
        Self { connection: make(), queue: Vec::new(), memory, seconds: 0, failed: None, turn: false }
    }

    fn now(&self) -> Time {
        at(self.seconds)
    }

    /// The peer sends `bytes`.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.queue.extend_from_slice(bytes);
        self.pump();
    }

    fn pump(&mut self) {
        while !self.queue.is_empty() {
            self.turn = !self.turn;
            let now = self.now();
            let (taken, result) = if self.turn { self.by_copy(now) } else { self.in_place(now) };
            self.queue.drain(..taken);
            self.check(result);
            if taken == 0 {
                break;
            }
        }
        if self.failed.is_some() {
            self.queue.clear();
        }
    }

    fn by_copy(&mut self, now: Time) -> (usize, Result<(), Error>) {
        match self.connection.receive(&self.queue, now) {
            Ok(n) => (n, Ok(())),
            Err(e) => (self.queue.len(), Err(e)),
        }
    }

    fn in_place(&mut self, now: Time) -> (usize, Result<(), Error>) {
        if !self.connection.wants_read() {
            return (0, Ok(()));
        }
        let free = self.connection.receive_buffer();
        assert!(!free.is_empty(), "wants to read and has no room");
        let n = free.len().min(self.queue.len());
        free[..n].copy_from_slice(&self.queue[..n]);
        (n, self.connection.received(n, now))
    }

    /// The peer's stream ends.
    pub fn end(&mut self) {
        let now = self.now();
        let result = self.connection.received_end(now);
        self.check(result);
    }

    pub fn read(&mut self, length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        let result = self.connection.read(&mut out);
        let n = match result {
            Ok(ReadProgress::Plaintext(n)) => n,
            _ => 0,
        };
        out.truncate(n);
        self.check(result.map(drop));
        self.pump();
        out
    }

    pub fn write(&mut self, data: &[u8]) {
        let was_open = !self.connection.is_handshaking() && self.failed.is_none();
        match self.connection.write(data) {
            Ok(taken) => assert!(was_open && taken <= data.len()),
            Err(Error::Misuse(_)) => {}
            Err(error) => assert_eq!(Some(&error), self.connection.error()),
        }
        self.check(Ok(()));
    }

    pub fn close(&mut self) {
        self.connection.close();
        self.check(Ok(()));
    }

    /// The socket takes `most` bytes of what there is to send.
    pub fn flush(&mut self, most: usize) {
        let length = self.connection.pending_output().len().min(most);
        self.connection.sent(length);
        if let Some(failed) = &mut self.failed {
            failed.output.drain(..length);
        }
    }

    pub fn trim(&mut self) {
        self.connection.trim();
        self.check(Ok(()));
    }

    pub fn tick(&mut self, seconds: u8) {
        self.seconds += u64::from(seconds);
        let now = self.now();
        let result = self.connection.tick(now);
        self.check(result);
    }

    /// The caller answers the open request, if there is one.
    pub fn answer(&mut self, mode: Mode, accept: bool) {
        let Some(request) = self.connection.request() else {
            let unasked = self.connection.answer(Answer::SessionFound(None), self.now());
            assert!(unasked.is_err());
            return;
        };
        let answer = match *request {
            _ if !accept => Answer::Failed(tlcp::error::AnswerError("gone")),
            Request::VerifyPeer(_) => Answer::PeerVerified(Ok(tlcp::cert::Verified::assertion(u64::MAX))),
            Request::SelectIdentity(query) => {
                let is_client = matches!(query, IdentityQuery::ForServer { .. });
                let identity = accepting_identity(mode, is_client);
                Answer::IdentitySelected(Selection::Identity { identity, by_name: true })
            }
            _ => Answer::SessionFound(None),
        };
        let now = self.now();
        let result = self.connection.answer(answer, now);
        self.check(result);
        self.pump();
    }

    /// What holds after every call.
    fn check(&mut self, result: Result<(), Error>) {
        let connection = &mut self.connection;
        let memory = memory::live().saturating_sub(self.memory);
        assert!(memory < MOST_MEMORY, "{memory} bytes are allocated");
        let alerts = FATAL_ALERTS.load(Relaxed);
        assert!(alerts <= 1, "{alerts} fatal alerts were sent");
        assert!(CLOSE_ALERTS.load(Relaxed) <= 1, "close_notify was sent twice");
        let Some(error) = connection.error().cloned() else {
            match result {
                // R-AL-10: only reading has ended.
                Err(Error::Truncated) => {
                    assert!(!connection.wants_read() && connection.plaintext().is_empty())
                }
                other => assert_eq!(other, Ok(()), "an error that the connection does not know of"),
            }
            assert_eq!(alerts, 0, "an alert without an error");
            return;
        };
        let output = connection.pending_output().to_vec();
        let failed = self.failed.get_or_insert_with(|| {
            let closed = CLOSE_ALERTS.load(Relaxed) == 1;
            let told = usize::from(alert_for(&error).is_some() && !closed);
            assert_eq!(alerts, told, "an alert for {error}");
            Failed { error: error.clone(), output: output.clone() }
        });
        assert_eq!((&failed.error, &failed.output), (&error, &output), "something changed after the error");
        if let Err(other) = result {
            assert_eq!(other, error);
        }
        assert!(connection.is_closed() && !connection.wants_read() && connection.plaintext().is_empty());
        assert!(connection.receive_buffer().is_empty() && connection.state() == "Failed");
        assert_eq!(connection.tick(at(self.seconds)), Err(error));
    }
}

fn at(seconds: u64) -> Time {
    Time { unix: NOW + seconds, monotonic: Duration::from_secs(seconds) }
}

/// The time at which connections begin.
pub fn start() -> Time {
    at(0)
}

/// Feeds the whole input of a target of bytes, in pieces of the length that its second byte names, then talks on.
pub fn feed_bytes<S: Endpoint>(mut driven: Driven<S>, piece: u8, bytes: &[u8]) {
    for piece in bytes.chunks(usize::from(piece).max(1) * 4) {
        driven.feed(piece);
        driven.flush(usize::MAX);
        if !driven.connection.plaintext().is_empty() {
            driven.read(1 << 15);
        }
    }
    driven.write(b"hello");
    driven.close();
    driven.end();
    driven.write(b"too late");
    driven.trim();
}
