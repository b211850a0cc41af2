//! One connection, from its first byte to its line in the log.
use super::access::{self, Agreed, Failure, Format, Record};
use super::dial::dial;
use super::header;
use super::journal::Journal;
use super::limits::{Full, Limits};
use super::metrics::{Metrics, Role};
use super::plan::{Backend, Originator, Service, Terminator, Work};
use super::relay::{Fault, Moved, Relay, is_gone};
use crate::patience::within;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tlcp::aio::{ClientStream, Clock, TlcpStream};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ServerConnection};
use tlcp::error::{Error, PeerIncompatible};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// How long a peer has to take our last bytes and to end its side.
const LAST_WORD: Duration = Duration::from_secs(2);

/// What all connections share, whatever the plan.
pub(super) struct Gateway {
    pub(super) metrics: Arc<Metrics>,
    pub(super) limits: Limits,
    pub(super) journal: Journal,
    pub(super) is_json: AtomicBool,
    numbers: AtomicU64,
}

impl Gateway {
    pub(super) fn new(metrics: Arc<Metrics>, limits: Limits, journal: Journal) -> Self {
        Self { metrics, limits, journal, is_json: AtomicBool::new(false), numbers: AtomicU64::new(1) }
    }

    fn format(&self) -> Format {
        if self.is_json.load(Ordering::Relaxed) { Format::Json } else { Format::Text }
    }

    /// Logs something else than a connection.
    pub(super) fn event(&self, event: &str, facts: &[(&str, &str)]) {
        self.journal.line(access::event(self.format(), SystemTime::now(), event, facts));
    }

    fn ended(&self, record: &Record) {
        self.metrics.ended(record.role, record.outcome());
        self.journal.line(record.line(self.format(), SystemTime::now()));
    }
}

/// A connection under way, and what is to be said of it.
struct Visit {
    gateway: Arc<Gateway>,
    service: Arc<Service>,
    record: Record,
}

/// Serves a connection, if there is a place for it.
pub(super) async fn handle(gateway: Arc<Gateway>, service: Arc<Service>, tcp: TcpStream, peer: SocketAddr) {
    let started = Instant::now();
    let role = if matches!(service.work, Work::Terminate(_)) { Role::Server } else { Role::Client };
    let record = Record {
        number: gateway.numbers.fetch_add(1, Ordering::Relaxed),
        role,
        listener: service.listener.clone(),
        peer,
        agreed: Agreed::default(),
        backend: None,
        moved: Moved::default(),
        handshake: None,
        duration: Duration::ZERO,
        failure: None,
    };
    let place = gateway.limits.take(peer.ip());
    let mut visit = Visit { gateway, service: service.clone(), record };
    let outcome = match (&place, &service.work) {
        (Ok(_), Work::Terminate(terminator)) => visit.terminate(terminator, tcp).await,
        (Ok(_), Work::Originate(originator)) => visit.originate(originator, tcp).await,
        (Err(full), _) => {
            reset(tcp);
            Err(no_place(*full))
        }
    };
    visit.record.failure = outcome.err();
    visit.record.duration = started.elapsed();
    visit.gateway.ended(&visit.record);
}

fn no_place(full: Full) -> Failure {
    match full {
        Full::InAll => Failure::new("over_limit", "there are as many connections as there may be"),
        Full::OfAddress => {
            Failure::new("over_address_limit", "this address has as many connections as it may have")
        }
    }
}

impl Visit {
    /// A protected connection in, a plain one out. What each step needs is boxed, and goes with it: ten thousand that wait
    /// in one step do not pay for the others.
    async fn terminate(&mut self, terminator: &Terminator, tcp: TcpStream) -> Result<(), Failure> {
        let _ = tcp.set_nodelay(true);
        let started = Instant::now();
        let incoming = match Box::pin(terminator.acceptor.hello(tcp)).await {
            Ok(incoming) => Box::new(incoming),
            Err(e) => return Err(self.no_handshake(&e, "client")),
        };
        let name = &incoming.hello().hello().extensions.server_name;
        self.record.agreed.server_name = name.clone().into_host();
        let Some(backend) = terminator.backend(name).cloned() else {
            let error = Error::from(PeerIncompatible::UnrecognizedName);
            Box::pin(incoming.refuse(&error)).await;
            return Err(self.no_handshake(&error.into(), "client"));
        };
        let protocol = access::protocol_name(incoming.hello().hello().version);
        let config = backend.configs.for_version(incoming.hello().record_version()).clone();
        let mut stream = Box::new(incoming.into_stream(config));
        let outcome = stream.handshake().await;
        self.record.handshake = Some(started.elapsed());
        if let Err(e) = outcome {
            // What the client asked for: the configuration may be one that does not speak its protocol.
            let asked_for = self.record.agreed.server_name.take();
            self.record.agreed = Agreed::of(stream.connection());
            (self.record.agreed.server_name, self.record.agreed.protocol) = (asked_for, Some(protocol));
            let failure = self.no_handshake(&e, "client");
            Box::pin(say_last(*stream)).await;
            return Err(failure);
        }
        self.count_handshake(stream.connection());
        self.record.backend = Some(backend.label.clone());
        match Box::pin(self.introduce(&backend, stream.connection(), stream.socket())).await {
            Ok(plain) => {
                let (connection, tcp) = stream.into_parts();
                self.relay(Box::new(Open { connection, tcp, plain })).await
            }
            Err(failure) => {
                self.record.agreed = Agreed::of(stream.connection());
                Box::pin(say_last(*stream)).await;
                Err(failure)
            }
        }
    }

    /// A connection to the backend, which has been told who the client is, if it is to be told.
    async fn introduce(
        &self,
        backend: &Backend,
        connection: &ServerConnection,
        tcp: &TcpStream,
    ) -> Result<TcpStream, Failure> {
        let mut plain = dial(&backend.to, self.service.timeouts.connect).await?;
        if backend.proxy_protocol {
            let to = tcp.local_addr().unwrap_or(self.record.peer);
            let header = header::of(connection, self.record.peer, to);
            plain.write_all(&header).await.map_err(|e| of_socket(&e, "backend"))?;
        }
        Ok(plain)
    }

    /// A plain connection in, a protected one out.
    async fn originate(&mut self, originator: &Originator, plain: TcpStream) -> Result<(), Failure> {
        let _ = plain.set_nodelay(true);
        self.record.backend = Some(originator.label.clone());
        match Box::pin(self.connect(originator)).await {
            Ok(stream) => {
                let (connection, tcp) = stream.into_parts();
                self.relay(Box::new(Open { connection, tcp, plain })).await
            }
            Err(failure) => {
                reset(plain);
                Err(failure)
            }
        }
    }

    /// The handshake with a server.
    async fn connect(&mut self, to: &Originator) -> Result<Box<ClientStream<TcpStream>>, Failure> {
        let tcp = dial(&to.to, self.service.timeouts.connect).await?;
        let (started, clock) = (Instant::now(), Clock::start());
        let tag = to.to.port.to_be_bytes();
        let connection =
            ClientConnection::with_session_tag(to.config.clone(), to.name.clone(), &tag, clock.now());
        let connection = connection.map_err(|e| self.no_handshake(&e.into(), "backend"))?;
        let mut stream = Box::new(TlcpStream::new(connection, tcp, clock, None));
        let outcome = stream.handshake().await;
        self.record.handshake = Some(started.elapsed());
        self.record.agreed = Agreed::of(stream.connection());
        if let Err(e) = outcome {
            let failure = self.no_handshake(&e, "backend");
            Box::pin(say_last(*stream)).await;
            return Err(failure);
        }
        self.count_handshake(stream.connection());
        Ok(stream)
    }

    fn count_handshake<S: Endpoint>(&self, connection: &Connection<S>) {
        let outcome = if connection.is_resumed() { "resumed" } else { "full" };
        let protocol = access::protocol_name(connection.version());
        self.gateway.metrics.handshake(self.record.role, protocol, outcome);
    }

    fn no_handshake(&self, e: &io::Error, whose: &'static str) -> Failure {
        let failure = of_socket(e, whose);
        let protocol = self.record.agreed.protocol.unwrap_or("unknown");
        self.gateway.metrics.handshake(self.record.role, protocol, failure.kind);
        failure
    }

    /// Passes on both ways until both ends have ended.
    async fn relay<S: Endpoint>(&mut self, mut open: Box<Open<S>>) -> Result<(), Failure> {
        let bytes = self.gateway.metrics.bytes(self.record.role);
        let Open { connection, tcp, plain } = &mut *open;
        let relay = Relay::new(connection, tcp, plain, Clock::start(), bytes);
        let (moved, outcome) = relay.run(self.service.timeouts.idle).await;
        self.record.moved = moved;
        self.record.agreed = Agreed::of(&open.connection);
        let (protected, other) = match self.record.role {
            Role::Server => ("client", "backend"),
            Role::Client => ("backend", "client"),
        };
        let Err(fault) = outcome else { return Ok(()) };
        let failure = match &fault {
            Fault::Protocol(error) => of_error(error),
            Fault::Protected(e) => of_socket(e, protected),
            Fault::Plain(e) => of_socket(e, other),
            Fault::Idle => Failure::new("idle_timeout", "nothing went by for too long"),
        };
        Box::pin(open.end(fault)).await;
        Err(failure)
    }
}

/// A connection and both its sockets.
struct Open<S: Endpoint> {
    connection: Connection<S>,
    tcp: TcpStream,
    plain: TcpStream,
}

impl<S: Endpoint> Open<S> {
    /// What failed on one side must not look like an end on the other, where it would be taken for the whole.
    async fn end(self: Box<Self>, fault: Fault) {
        let Self { connection, tcp, plain } = *self;
        match fault {
            // The plain side has a reset instead of an end, and the peer has our alert.
            Fault::Protocol(_) => {
                reset(plain);
                say_last(TlcpStream::new(connection, tcp, Clock::start(), None)).await;
            }
            Fault::Protected(_) => reset(plain),
            // The peer has an end without close_notify.
            Fault::Plain(_) => {}
            Fault::Idle => say_last(TlcpStream::new(connection, tcp, Clock::start(), None)).await,
        }
    }
}

/// Sends an alert that waits, or close_notify, and sees to it that it arrives, with a peer that listens: one that takes
/// nothing holds no place here.
async fn say_last<S: Endpoint>(stream: TlcpStream<S, TcpStream>) {
    let _ = within(LAST_WORD, stream.finish()).await;
}

/// Ends a plain connection as one that failed.
fn reset(plain: TcpStream) {
    let _ = plain.set_zero_linger();
    drop(plain);
}

fn of_error(error: &Error) -> Failure {
    Failure { kind: error.kind(), text: error.to_string(), hint: error.hint() }
}

/// A socket's error, with the connection's inside if it was that.
fn of_socket(e: &io::Error, whose: &'static str) -> Failure {
    if let Some(error) = e.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return of_error(error);
    }
    let kind = match (whose, is_gone(e)) {
        ("client", true) => "client_reset",
        ("client", false) => "client_failed",
        (_, true) => "backend_reset",
        (_, false) => "backend_failed",
    };
    Failure::new(kind, format!("the {whose}: {e}"))
}
