//! Floor 8: one connection. The engine and the record layer together, answering what they can from the configuration.
//! Bytes in, bytes out, plaintext in, plaintext out: no socket, no clock.
//!
//! The caller's loop: while [`Connection::wants_write`], send [`Connection::pending_output`] and say
//! [`Connection::sent`]; while [`Connection::wants_read`], read into [`Connection::receive_buffer`] and say
//! [`Connection::received`]; answer what [`Connection::request`] asks; read and write plaintext.
//! [`crate::stream::Stream`] is that loop over a blocking stream.
mod answer;
mod incoming;
mod receive;
mod send;

use crate::cert::ServerName;
use crate::config::{ClientConfig, ServerConfig, Setup};
use crate::error::Error;
use crate::handshake::{Action, Answer, Context, Engine, Request, Role, Summary, client, server};
use crate::message::Credential;
use crate::message::join::Joiner;
use crate::record::{Opener, Patience, Sealer, VersionRule};
use crate::session::{Peer, SessionKey};
use crate::suite::Suite;
use crate::wire::ProtocolVersion;
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use core::time::Duration;
use incoming::Incoming;

/// What time it is, as the caller tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Time {
    /// Seconds since 1970-01-01 UTC: for certificates and sessions.
    pub unix: u64,
    /// Since any fixed moment, never going back: for the handshake's deadline.
    pub monotonic: Duration,
}

/// A connection to a server.
pub type ClientConnection = Connection<client::State>;

/// A connection from a client.
pub type ServerConnection = Connection<server::State>;

/// One of the two roles: implemented by the engine's two `State`s alone.
pub trait Endpoint: Role + sealed::Sealed {
    /// Its configuration.
    type Config: AsRef<Setup>;
}

impl Endpoint for client::State {
    type Config = ClientConfig;
}

impl Endpoint for server::State {
    type Config = ServerConfig;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::handshake::client::State {}
    impl Sealed for crate::handshake::server::State {}
}

/// Where a connection is. The engine is boxed and goes when it is done.
enum Phase<S> {
    Handshaking(Box<Engine<S>>),
    Open(Box<Summary>),
    Failed(Error),
}

/// One direction of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Open,
    Closed,
}

/// The engine's open request.
enum Asked {
    Nothing,
    Unanswered(Box<Request>),
    WithCaller,
}

/// A TLCP connection of either role; see [`ClientConnection`] and [`ServerConnection`].
pub struct Connection<S: Endpoint> {
    config: Arc<S::Config>,
    phase: Phase<S>,
    joiner: Joiner,
    opener: Opener,
    sealer: Sealer,
    incoming: Incoming,
    outgoing: Vec<u8>,
    /// How much of `outgoing` is sent already.
    sent: usize,
    reading: Half,
    /// The stream has ended; records that came before may still have to be opened.
    stream_ended: bool,
    writing: Half,
    asked: Asked,
    actions: Vec<Action>,
    patience: Patience,
    versions: VersionRule,
    deadline: Duration,
    now: Time,
}

impl ClientConnection {
    /// A connection to the server called `name`; its ClientHello waits in [`Connection::pending_output`].
    ///
    /// # Errors
    /// No randomness.
    pub fn new(config: Arc<ClientConfig>, name: ServerName<'static>, now: Time) -> Result<Self, Error> {
        Self::with_session_tag(config, name, &[], now)
    }

    /// The same, where `tag` tells servers apart that share the name, such as by their port: their sessions do not meet
    /// (R-SES-11).
    ///
    /// # Errors
    /// No randomness.
    pub fn with_session_tag(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        tag: &[u8],
        now: Time,
    ) -> Result<Self, Error> {
        let session_key = config.session_key(&name, tag);
        let target = client::Target { name, session_key };
        let setup: &Setup = (*config).as_ref();
        let mut actions = Vec::new();
        let mut cx = Context {
            policy: &setup.policy,
            provider: &setup.provider,
            random: &*setup.services.random,
            now: now.unix,
            actions: &mut actions,
        };
        let state = client::start(target, &mut cx)?;
        let version = setup.policy.version;
        let mut connection = Self::in_state(config, state, VersionRule::AlertsOfAny(version), now);
        connection.actions = actions;
        connection.drive_actions().map_err(|failure| failure.error)?;
        Ok(connection)
    }
}

impl ServerConnection {
    /// A connection from a client that has sent nothing yet.
    pub fn new(config: Arc<ServerConfig>, now: Time) -> Self {
        Self::in_state(config, server::start(), VersionRule::First, now)
    }
}

impl<S: Endpoint> Connection<S> {
    fn in_state(config: Arc<S::Config>, state: S, versions: VersionRule, now: Time) -> Self {
        let policy = &(*config).as_ref().policy;
        let deadline = now.monotonic.saturating_add(policy.handshake_timeout);
        let sealer = Sealer::plain(policy.version);
        let limits = policy.limits;
        Self {
            config,
            phase: Phase::Handshaking(Box::new(Engine::new(state))),
            joiner: Joiner::new(limits.messages),
            opener: Opener::plain(),
            sealer,
            incoming: Incoming::default(),
            outgoing: Vec::new(),
            sent: 0,
            reading: Half::Open,
            stream_ended: false,
            writing: Half::Open,
            asked: Asked::Nothing,
            actions: Vec::new(),
            patience: Patience::new(limits.patience),
            versions,
            deadline,
            now,
        }
    }

    fn setup(&self) -> &Setup {
        (*self.config).as_ref()
    }

    /// The configuration.
    pub fn config(&self) -> &Arc<S::Config> {
        &self.config
    }

    /// Whether the handshake is still under way.
    pub fn is_handshaking(&self) -> bool {
        matches!(self.phase, Phase::Handshaking(_))
    }

    /// Whether bytes from the peer are wanted now: not while a request is open or plaintext waits to be read.
    pub fn wants_read(&self) -> bool {
        self.may_open_record() && !self.stream_ended
    }

    /// Whether the next record may be opened, if it is here.
    fn may_open_record(&self) -> bool {
        self.reading == Half::Open && matches!(self.asked, Asked::Nothing) && self.plaintext().is_empty()
    }

    /// Whether there are bytes for the peer.
    pub fn wants_write(&self) -> bool {
        !self.pending_output().is_empty()
    }

    /// Whether both directions are closed, by close_notify or by a failure: once all is sent, the stream can go.
    pub fn is_closed(&self) -> bool {
        self.reading == Half::Closed && self.writing == Half::Closed
    }

    /// Why the connection failed, if it did.
    pub fn error(&self) -> Option<&Error> {
        match &self.phase {
            Phase::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// The monotonic time by which the handshake must be complete (R-REC-34): call [`Connection::tick`] then.
    pub fn deadline(&self) -> Option<Duration> {
        self.is_handshaking().then_some(self.deadline)
    }

    /// Tells the time. It is told by every other call that takes it, too.
    ///
    /// # Errors
    /// `HandshakeTimeout`, once, if the deadline has passed; and the connection's error, if it has failed.
    pub fn tick(&mut self, now: Time) -> Result<(), Error> {
        self.now = now;
        if self.is_handshaking() && now.monotonic > self.deadline {
            return self.fail(Error::HandshakeTimeout.into());
        }
        self.check_alive()
    }

    /// What the caller must answer, if the configuration could not: take it, work on it wherever, and give the answer
    /// to [`Connection::answer`].
    pub fn request(&mut self) -> Option<Box<Request>> {
        match core::mem::replace(&mut self.asked, Asked::WithCaller) {
            Asked::Unanswered(request) => Some(request),
            other => {
                self.asked = other;
                None
            }
        }
    }

    /// Whether the handshake waits for an answer of the caller.
    pub fn awaits_answer(&self) -> bool {
        !matches!(self.asked, Asked::Nothing)
    }

    /// Answers the open request.
    ///
    /// # Errors
    /// `Misuse` without any effect if none is open, or if another was asked; else whatever the handshake then fails with.
    pub fn answer(&mut self, answer: Answer, now: Time) -> Result<(), Error> {
        self.tick(now)?;
        let fits = matches!(&self.phase, Phase::Handshaking(engine) if engine.takes(&answer));
        if !fits || !matches!(self.asked, Asked::WithCaller) {
            return Err(Error::Misuse("no request was taken that this could answer"));
        }
        self.asked = Asked::Nothing;
        match self.drive(Some(answer)) {
            Ok(()) => self.process(),
            Err(failure) => self.fail(failure),
        }
    }

    /// Gives back what memory an idle connection does not need. Buffers come back with the next bytes.
    pub fn trim(&mut self) {
        self.joiner.trim();
        self.incoming.trim();
        if !self.wants_write() {
            self.outgoing = Vec::new();
            self.sent = 0;
        }
    }

    /// The protocol version.
    pub fn version(&self) -> ProtocolVersion {
        self.setup().policy.version
    }

    fn summary(&self) -> Option<&Summary> {
        match &self.phase {
            Phase::Open(summary) => Some(summary),
            _ => None,
        }
    }

    /// The cipher suite, once the handshake is complete.
    pub fn cipher_suite(&self) -> Option<&'static Suite> {
        self.summary().map(|s| s.session.suite)
    }

    /// Whether the handshake resumed a session.
    pub fn is_resumed(&self) -> bool {
        self.summary().is_some_and(|s| s.resumed)
    }

    /// The peer's certificates as it sent them, DER: signing, encryption, CAs. Only once the handshake is complete and
    /// proved that the peer owns them (R-SM-5); on a resumed connection, those of the full handshake.
    pub fn peer_certificates(&self) -> Option<&[Box<[u8]>]> {
        match &self.summary()?.session.peer {
            Peer::Authenticated { credential, .. } => Some(Credential::certificates(credential)),
            Peer::Anonymous => None,
        }
    }

    /// The application protocol agreed on.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.summary()?.alpn.as_deref()
    }

    /// The name in the client's server_name.
    pub fn server_name(&self) -> Option<&str> {
        self.summary()?.server_name.as_deref()
    }

    /// SM3 of the server's signing certificate: what an application may bind its own authentication to (R-SES-14).
    pub fn server_end_point(&self) -> Option<&[u8]> {
        self.summary().map(|s| s.session.server_end_point.as_ref())
    }

    /// The name of the engine's state, for logs.
    pub fn state(&self) -> &'static str {
        match &self.phase {
            Phase::Handshaking(engine) => engine.state(),
            Phase::Open(_) => "Connected",
            Phase::Failed(_) => "Failed",
        }
    }

    /// Drops keys and buffers; only what was to be sent already stays.
    fn wipe(&mut self) {
        (self.reading, self.writing) = (Half::Closed, Half::Closed);
        self.asked = Asked::Nothing;
        self.actions = Vec::new();
        self.opener = Opener::plain();
        self.sealer = Sealer::plain(self.version());
        self.incoming.clear();
        self.joiner = Joiner::default();
    }

    /// The session that a fatal alert would drop now (R-SES-12).
    fn session_key(&mut self) -> Option<SessionKey> {
        match &mut self.phase {
            Phase::Handshaking(engine) => engine.abort(),
            Phase::Open(summary) => summary.session_key,
            Phase::Failed(_) => None,
        }
    }
}

impl<S: Endpoint> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("state", &self.state())
            .field("reading", &self.reading)
            .field("writing", &self.writing)
            .finish_non_exhaustive()
    }
}
