//! Floor 8: one connection. The engine and the record layer together, answering what they can from the configuration.
//! Bytes in, bytes out, plaintext in, plaintext out: no socket, no clock.
//!
//! The caller's loop: while [`Connection::wants_write`], send [`Connection::pending_output`] and say
//! [`Connection::sent`]; while [`Connection::wants_read`], read into [`Connection::receive_buffer`] and say
//! [`Connection::received`], or [`Connection::received_end`] where the stream ends; answer what [`Connection::request`]
//! asks; call [`Connection::tick`] at [`Connection::deadline`]; read and write plaintext.
//! [`crate::stream::Stream`] is that loop over any `Read + Write`.
mod accept;
mod answer;
mod extract;
mod facts;
mod incoming;
mod outgoing;
mod receive;
mod send;

use crate::cert::ServerName;
use crate::config::{ClientConfig, ConnectionId, Event, Failed as FailedEvent, ServerConfig, Setup, Side};
use crate::error::Error;
use crate::handshake::{Actions, Answer, Context, Engine, Request, Role, client, server};
use crate::key_schedule::Exporter;
use crate::message::join::Joiner;
use crate::record::{MAX_PLAINTEXT, Opener, Patience, Sealer, VersionRule};
use crate::session::SessionKey;
use crate::suite::Suite;
use crate::wire::ProtocolVersion;
pub use accept::{Acceptance, Accepted, Acceptor, Rejected};
use alloc::{boxed::Box, sync::Arc};
pub use answer::answer;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use extract::Kept;
pub use extract::{DirectionKeys, ExtractedKeys};
use facts::Facts;
pub use facts::Progress;
use incoming::Incoming;
use outgoing::Outgoing;
pub use receive::ReadProgress;

/// What time it is, as the caller tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Time {
    /// Seconds since 1970-01-01 UTC: for certificates and sessions.
    pub unix: u64,
    /// Since any fixed moment, never going back: for the handshake's deadline.
    pub monotonic: Duration,
}

/// A connection to a server.
///
/// ```
/// # fn connect(config: std::sync::Arc<tlcp::ClientConfig>) -> Result<(), Box<dyn std::error::Error>> {
/// let clock = tlcp::Clock::start();
/// let mut client = tlcp::ClientConnection::new(config, tlcp::ServerName::try_from("localhost")?, clock.now())?;
/// let hello = client.pending_output(); // to be sent; then `client.sent(hello.len())`
/// # Ok(())
/// # }
/// ```
pub type ClientConnection = Connection<client::State>;

/// A connection from a client.
///
/// ```
/// # fn serve(config: std::sync::Arc<tlcp::ServerConfig>, hello: &[u8]) -> Result<(), tlcp::Error> {
/// let clock = tlcp::Clock::start();
/// let mut server = tlcp::ServerConnection::new(config, clock.now());
/// server.receive(hello, clock.now())?; // the answer waits in `server.pending_output()`
/// # Ok(())
/// # }
/// ```
pub type ServerConnection = Connection<server::State>;

/// One of the two roles: implemented by the engine's two `State`s alone.
pub trait Endpoint: Role + sealed::Sealed {
    /// Its configuration.
    type Config: AsRef<Setup>;
    /// Which end it is.
    const SIDE: Side;
}

impl Endpoint for client::State {
    type Config = ClientConfig;
    const SIDE: Side = Side::Client;
}

impl Endpoint for server::State {
    type Config = ServerConfig;
    const SIDE: Side = Side::Server;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::handshake::client::State {}
    impl Sealed for crate::handshake::server::State {}
}

/// Where a connection is. What is left of the engine takes its place.
enum Phase<S> {
    Handshaking(Engine<S>),
    Open(Facts),
    Failed(Box<Failed>),
}

/// Why, and what had been agreed on, if the handshake was complete.
struct Failed {
    error: Error,
    facts: Option<Facts>,
}

/// The peer's direction of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Bytes may come.
    Open,
    /// The stream has ended; records that came before may still have to be opened.
    Ended,
    /// It ended without close_notify, and all that came was given out (R-AL-10).
    Truncated,
    /// By close_notify, or by a failure.
    Closed,
}

/// Our direction of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Open,
    Closed,
}

/// The engine's open request.
enum Asked {
    Nothing,
    Unanswered(Box<Request>),
    WithCaller,
}

/// A connection of either role, TLCP or TLS; see [`ClientConnection`] and [`ServerConnection`].
pub struct Connection<S: Endpoint> {
    id: ConnectionId,
    config: Arc<S::Config>,
    phase: Phase<S>,
    /// While the handshake lasts, and after it failed.
    progress: Progress,
    joiner: Joiner,
    opener: Opener,
    sealer: Sealer,
    /// If the configuration keeps keys.
    kept: Option<Box<Kept>>,
    incoming: Incoming,
    /// Whether the peer has sent anything at all.
    heard: bool,
    outgoing: Outgoing,
    reading: Reading,
    writing: Writing,
    asked: Asked,
    patience: Patience,
    versions: VersionRule,
    /// The most content bytes of a record, in either direction (R-EXT-5): for sealers and openers to come.
    max_fragment: usize,
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
        let mut actions = Actions::new();
        let mut cx = Context {
            policy: &setup.policy,
            provider: &setup.provider,
            random: &*setup.services.random,
            now: now.unix,
            actions: &mut actions,
        };
        let state = client::start(target, &mut cx)?;
        let version = setup.policy.protocol.version;
        let first = setup.policy.protocol.first_record_version; // R-REC-2
        let mut connection = Self::in_state(config, state, VersionRule::AlertsOfAny(version), now);
        connection.sealer = Sealer::plain(first);
        connection.act(&mut actions).map_err(|failure| failure.error)?;
        Ok(connection)
    }
}

impl ServerConnection {
    /// A connection from a client that has sent nothing yet.
    pub fn new(config: Arc<ServerConfig>, now: Time) -> Self {
        Self::in_state(config, server::start(), VersionRule::First, now)
    }
}

/// The next number, of whatever connection of this process.
fn next_id(side: Side) -> ConnectionId {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    ConnectionId { side, number: LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1) }
}

impl<S: Endpoint> Connection<S> {
    fn in_state(config: Arc<S::Config>, state: S, versions: VersionRule, now: Time) -> Self {
        let policy = &(*config).as_ref().policy;
        let deadline = now.monotonic.saturating_add(policy.handshake_timeout);
        let sealer = Sealer::plain(policy.protocol.version);
        let limits = policy.limits;
        let kept = (*config).as_ref().services.extractable_keys.then(Box::default);
        Self {
            id: next_id(S::SIDE),
            config,
            phase: Phase::Handshaking(Engine::new(state)),
            progress: Progress::default(),
            joiner: Joiner::new(limits.messages),
            opener: Opener::plain(),
            sealer,
            kept,
            incoming: Incoming::default(),
            heard: false,
            outgoing: Outgoing::default(),
            reading: Reading::Open,
            writing: Writing::Open,
            asked: Asked::Nothing,
            patience: Patience::new(limits.patience),
            versions,
            max_fragment: MAX_PLAINTEXT,
            deadline,
            now,
        }
    }

    fn setup(&self) -> &Setup {
        (*self.config).as_ref()
    }

    /// What an [`Observer`](crate::config::Observer) knows this connection by.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// The configuration that the connection was made with.
    pub fn config(&self) -> &Arc<S::Config> {
        &self.config
    }

    /// Whether the handshake is still under way.
    pub fn is_handshaking(&self) -> bool {
        matches!(self.phase, Phase::Handshaking(_))
    }

    /// Whether bytes from the peer are wanted now: not while a request is open or plaintext waits to be read.
    pub fn wants_read(&self) -> bool {
        self.reading == Reading::Open && self.may_open_record()
    }

    /// Whether the next record may be opened, if it is here.
    fn may_open_record(&self) -> bool {
        matches!(self.reading, Reading::Open | Reading::Ended)
            && matches!(self.asked, Asked::Nothing)
            && self.plaintext().is_empty()
    }

    /// Whether there are bytes for the peer.
    pub fn wants_write(&self) -> bool {
        !self.pending_output().is_empty()
    }

    /// Whether both directions are at their end, by close_notify, the stream's end or a failure: once all is sent, the
    /// stream can go.
    pub fn is_closed(&self) -> bool {
        matches!(self.reading, Reading::Closed | Reading::Truncated) && self.writing == Writing::Closed
    }

    /// Why the connection failed, if it did.
    pub fn error(&self) -> Option<&Error> {
        match &self.phase {
            Phase::Failed(failed) => Some(&failed.error),
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
        if self.is_handshaking() && now.monotonic >= self.deadline {
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
        self.incoming.trim();
        self.outgoing.trim(0);
    }

    /// The protocol version that this connection speaks: that of its configuration.
    pub fn version(&self) -> ProtocolVersion {
        self.setup().policy.protocol.version
    }

    /// What the handshake agreed on, once it was complete; also after a failure since then.
    fn facts(&self) -> Option<&Facts> {
        match &self.phase {
            Phase::Handshaking(_) => None,
            Phase::Open(facts) => Some(facts),
            Phase::Failed(failed) => failed.facts.as_ref(),
        }
    }

    /// What a handshake that failed had come to, for the log line; nothing while it lasts, or if it was complete.
    pub fn failed_handshake(&self) -> Option<&Progress> {
        match &self.phase {
            Phase::Failed(failed) if failed.facts.is_none() => Some(&self.progress),
            Phase::Failed(_) | Phase::Handshaking(_) | Phase::Open(_) => None,
        }
    }

    /// The cipher suite, once the handshake is complete. This and the other facts of the handshake stay known when the
    /// connection fails later.
    pub fn cipher_suite(&self) -> Option<&'static Suite> {
        self.facts().map(|facts| facts.suite)
    }

    /// Whether the handshake resumed a session.
    pub fn is_resumed(&self) -> bool {
        self.facts().is_some_and(|facts| facts.resumed)
    }

    /// The peer's certificates as it sent them, DER: signing, encryption, CAs. Only once the handshake is complete and
    /// proved that the peer owns them (R-SM-5); on a resumed connection, those of the full handshake. `None` in SM9's suites.
    pub fn peer_certificates(&self) -> Option<&[Box<[u8]>]> {
        self.facts()?.peer_certificates()
    }

    /// Who the peer is, in SM9's suites: its identityData, under a key centre that is trusted. As late and as long as
    /// [`Connection::peer_certificates`].
    #[cfg(feature = "sm9")]
    pub fn peer_identity(&self) -> Option<&[u8]> {
        self.facts()?.peer_identity()
    }

    /// The application protocol agreed on.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.facts()?.alpn.as_deref()
    }

    /// The name in the client's server_name.
    pub fn server_name(&self) -> Option<&str> {
        self.facts()?.server_name.as_deref()
    }

    /// The hash of the server's signing certificate, SM3 in TLCP, in TLS as `tls-server-end-point` of RFC 5929 says: what
    /// an application may bind its own authentication to (R-SES-14).
    pub fn server_end_point(&self) -> Option<&[u8]> {
        self.facts().map(|facts| facts.server_end_point.as_ref())
    }

    /// The OCSP response that the server stapled, as it came: nobody has looked into it (R-EXT-3).
    pub fn ocsp_response(&self) -> Option<&[u8]> {
        self.facts()?.ocsp_response.as_deref()
    }

    /// Makes keys for other protocols from this connection's, and has its `tls-unique`: in TLS, where both sides have
    /// extended_master_secret (R-T12-26). TLCP has nothing of the kind (R-SES-14).
    pub fn exporter(&self) -> Option<&Exporter> {
        self.facts()?.exporter.as_deref()
    }

    /// The name of the engine's state, for logs.
    pub fn state(&self) -> &'static str {
        match &self.phase {
            Phase::Handshaking(engine) => engine.state(),
            Phase::Open(_) => "Connected",
            Phase::Failed(_) => "Failed",
        }
    }

    /// Drops keys and buffers; what was to be sent already stays, and what had been agreed on.
    fn enter_failed(&mut self, error: Error) {
        let facts = self.facts();
        self.observe(Event::Failed(FailedEvent {
            error: &error,
            was_complete: facts.is_some(),
            suite: facts.map_or(self.progress.suite, |facts| Some(facts.suite)),
            server_name: facts.map_or(&self.progress.server_name, |facts| &facts.server_name).as_deref(),
        }));
        let failed = Phase::Failed(Box::new(Failed { error, facts: None }));
        let before = core::mem::replace(&mut self.phase, failed);
        if let (Phase::Open(mut facts), Phase::Failed(failed)) = (before, &mut self.phase) {
            facts.exporter = None;
            failed.facts = Some(facts);
        }
        self.asked = Asked::Nothing;
        self.end_records();
    }

    /// Neither reads nor writes go on: keys and what came are of no use any more.
    fn end_records(&mut self) {
        (self.reading, self.writing) = (Reading::Closed, Writing::Closed);
        self.kept = None;
        (self.opener, self.sealer) = (Opener::plain(), Sealer::plain(self.version()));
        self.incoming.clear();
        self.joiner = Joiner::default();
    }

    /// All output is sent: a half-open connection keeps no buffer that is empty; an open one keeps as much as one write
    /// needs, so that no record costs an allocation.
    fn trim_sent(&mut self) {
        if let Phase::Open(_) = self.phase {
            self.outgoing.trim(self.sealer.sealed_len(send::SEND_LIMIT, MAX_PLAINTEXT));
        } else {
            self.outgoing.trim(0);
            self.incoming.trim();
        }
    }

    /// The session that a fatal alert would drop now (R-SES-12).
    fn session_key(&mut self) -> Option<SessionKey> {
        match &mut self.phase {
            Phase::Handshaking(engine) => engine.abort(),
            Phase::Open(facts) => facts.session_key,
            Phase::Failed(_) => None,
        }
    }
}

impl<S: Endpoint> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id)
            .field("state", &self.state())
            .field("reading", &self.reading)
            .field("writing", &self.writing)
            .finish_non_exhaustive()
    }
}
