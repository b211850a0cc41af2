//! Shows every message as it goes by.
use crate::facts::{Fact, Seen};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tlcp::config::{ConnectionId, Direction, Event, Observer};
use tlcp::message::Handshake;
use tlcp::suite::Suite;

/// Who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// Where the lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Out {
    Stdout,
    Stderr,
}

/// The observer of one connection at a time.
pub(crate) struct Trace {
    role: Role,
    out: Out,
    /// Stands before every line.
    prefix: String,
    bold: bool,
    state: Mutex<State>,
}

struct State {
    start: Instant,
    seen: Seen,
}

/// Columns: where a message's name and where a fact begins, and how wide a fact's name is.
const NAME: usize = 33;
const FACT: usize = 14;
const FACT_NAME: usize = 22;

impl Trace {
    pub(crate) fn new(role: Role, out: Out, prefix: String) -> Self {
        let terminal = match out {
            Out::Stdout => std::io::stdout().is_terminal(),
            Out::Stderr => std::io::stderr().is_terminal(),
        };
        let bold = terminal && std::env::var_os("NO_COLOR").is_none();
        let state = Mutex::new(State { start: Instant::now(), seen: Seen::default() });
        Self { role, out, prefix, bold, state }
    }

    /// A new connection begins.
    pub(crate) fn begin(&self) {
        *self.lock() = State { start: Instant::now(), seen: Seen::default() };
    }

    /// What the messages so far have fixed: suite, whether resumed, messages and bytes of the transcript.
    pub(crate) fn so_far(&self) -> (Option<&'static Suite>, bool, usize, usize) {
        let state = self.lock();
        (state.seen.suite, state.seen.resumed, state.seen.messages, state.seen.bytes)
    }

    /// Something else than a message went by, of so many bytes.
    pub(crate) fn show(&self, direction: Direction, what: &str, bytes: usize, facts: &[Fact]) {
        let start = self.lock().start;
        self.print(&self.render(start.elapsed(), self.is_from_client(direction), what, bytes, facts));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_from_client(&self, direction: Direction) -> bool {
        (direction == Direction::Sent) == (self.role == Role::Client)
    }

    fn handshake(&self, direction: Direction, message: Handshake<'_>) {
        let from_client = self.is_from_client(direction);
        let mut state = self.lock();
        let facts = state.seen.read(message, from_client);
        let (name, bytes) = (message.kind.to_string(), message.body.len() + Handshake::HEADER_LEN);
        let text = self.render(state.start.elapsed(), from_client, &name, bytes, &facts);
        drop(state);
        self.print(&text);
    }

    fn render(&self, at: Duration, from_client: bool, what: &str, bytes: usize, facts: &[Fact]) -> String {
        let arrow = if from_client { "client --> server" } else { "client <-- server" };
        let (bold, plain) = if self.bold { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        let left = format!("  {:>7.2} ms  {arrow}", at.as_secs_f64() * 1e3);
        let unit = if bytes == 1 { "byte" } else { "bytes" };
        let mut out = String::new();
        // Writing to a String does not fail.
        let _ = writeln!(out, "{}{left:<NAME$}{bold}{what:<22}{plain}{bytes:>5} {unit}", self.prefix);
        for (name, value) in facts {
            let _ = writeln!(out, "{}{:FACT$}{name:<FACT_NAME$}{value}", self.prefix, "");
        }
        out
    }

    /// In one piece, so that lines of several threads do not mix; a terminal that is gone ends nothing.
    fn print(&self, text: &str) {
        let _ = match self.out {
            Out::Stdout => std::io::stdout().lock().write_all(text.as_bytes()),
            Out::Stderr => std::io::stderr().lock().write_all(text.as_bytes()),
        };
    }
}

impl Observer for Trace {
    fn observe(&self, _: ConnectionId, event: Event<'_>) {
        match event {
            Event::Handshake(direction, message) => self.handshake(direction, message),
            Event::ChangeCipherSpec(direction) => {
                let who = if self.is_from_client(direction) { "client" } else { "server" };
                let meaning = format!("from here on the {who}'s records are encrypted and authenticated");
                self.show(direction, "ChangeCipherSpec", 1, &[("", meaning)]);
            }
            Event::Alert(direction, alert) => {
                let text = format!("{}, {}", alert.level, alert.description);
                self.show(direction, "Alert", 2, &[("level, description", text)]);
            }
            _ => {}
        }
    }
}
