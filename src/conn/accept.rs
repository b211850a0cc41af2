//! A ClientHello and nothing more: so that a server's configuration, or another stack, can be chosen by it.
use super::{ServerConnection, Time};
use crate::alert::{Alert, alert_for};
use crate::config::{ServerConfig, ServerConfigs};
use crate::error::{Error, PeerMisbehaved};
use crate::message::{ClientHello, Due, Joiner, MessageLimits};
use crate::record::{Framed, HEADER_LEN, VersionRule, alert_of, check_fragment, deframe, header_version};
use crate::suite::Suite;
use crate::wire::{CipherSuite, ContentType, HandshakeType, ProtocolVersion};
use alloc::{boxed::Box, sync::Arc, vec::Vec};

/// Reads until it has a whole ClientHello, of TLCP or of TLS, and keeps the bytes as they came.
///
/// ```
/// use tlcp::conn::{Acceptance, Acceptor, Rejected};
///
/// # fn begin(first: &[u8], clock: tlcp::Clock, configs: &tlcp::config::ServerConfigs) -> Result<(), Rejected> {
/// match Acceptor::new(clock.now()).received(first)? {
///     Acceptance::More(acceptor) => drop(acceptor), // feed it more bytes
///     Acceptance::Accepted(accepted) if accepted.offers_tls13() => drop(accepted.into_bytes()), // for another stack
///     Acceptance::Accepted(accepted) => drop(accepted.choose_from(configs, clock.now())),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Acceptor {
    started: Time,
    bytes: Vec<u8>,
    /// The records before here are in `joiner`.
    next: usize,
    /// Of the first record.
    version: Option<ProtocolVersion>,
    joiner: Joiner,
}

/// A client whose ClientHello is here, and who has been told nothing yet. It can wait.
#[derive(Debug)]
pub struct Accepted {
    started: Time,
    bytes: Vec<u8>,
    record_version: ProtocolVersion,
    hello: Box<ClientHello>,
}

/// What began was no ClientHello.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rejected {
    /// Why.
    pub error: Error,
    /// The record to send before closing: an alert, or nothing where the client would not understand it (R-REC-40).
    pub alert: Vec<u8>,
}

impl Acceptor {
    /// Nothing has come yet. The handshake's time counts from `started`.
    pub fn new(started: Time) -> Self {
        Self {
            started,
            bytes: Vec::new(),
            next: 0,
            version: None,
            joiner: Joiner::new(MessageLimits::default()),
        }
    }

    /// Takes bytes from the client; nothing comes back until the ClientHello is whole. However many bytes are fed, no
    /// more than a hello's records of at most 32 KiB are kept before it is either there or refused.
    ///
    /// # Errors
    /// [`Rejected`]: what is neither TLCP nor TLS (R-REC-40), an alert, or a message that is no well-formed ClientHello.
    pub fn received(mut self, bytes: &[u8]) -> Result<Acceptance, Rejected> {
        self.bytes.extend_from_slice(bytes);
        match self.read_records() {
            Ok(None) => Ok(Acceptance::More(self)),
            Ok(Some(hello)) => Ok(Acceptance::Accepted(Accepted {
                started: self.started,
                record_version: self.version.unwrap_or(hello.version),
                bytes: self.bytes,
                hello: Box::new(hello),
            })),
            Err(error) => Err(Rejected { alert: self.alert_for(&error), error }),
        }
    }

    fn read_records(&mut self) -> Result<Option<ClientHello>, Error> {
        const DUE: Due = Due::Only { state: "AwaitClientHello", kinds: &[HandshakeType::CLIENT_HELLO] };
        loop {
            if let Some(message) = self.joiner.next(DUE)? {
                return Ok(Some(ClientHello::read(message.body)?));
            }
            let rest = self.bytes.get(self.next..).unwrap_or_default();
            let rule = self.version.map_or(VersionRule::First, VersionRule::AlertsOfAny);
            let Framed::Record { content_type, version, length } = deframe(rest, rule, false)? else {
                return Ok(None);
            };
            let end = HEADER_LEN.saturating_add(length);
            let fragment = rest.get(HEADER_LEN..end).unwrap_or_default();
            check_fragment(content_type, fragment)?;
            match content_type {
                ContentType::HANDSHAKE => self.joiner.push(fragment, DUE)?,
                ContentType::ALERT => return Err(Error::AlertReceived(alert_of(fragment)?.description)),
                _ => return Err(unexpected(content_type)),
            }
            self.version.get_or_insert(version);
            self.next = self.next.saturating_add(end);
        }
    }

    fn alert_for(&self, error: &Error) -> Vec<u8> {
        let of_record = || header_version(&self.bytes);
        alert_record(self.version.or_else(of_record).unwrap_or(ProtocolVersion::TLS12), error)
    }
}

/// R-REC-41: in the version of the client's record, at most TLS 1.2's.
fn alert_record(version: ProtocolVersion, error: &Error) -> Vec<u8> {
    let Some(description) = alert_for(error) else { return Vec::new() };
    let [major, minor] = version.min(ProtocolVersion::TLS12).0.to_be_bytes();
    let Alert { level, description } = Alert::fatal(description);
    Vec::from([ContentType::ALERT.0, major, minor, 0, 2, level.0, description.0])
}

fn unexpected(content_type: ContentType) -> Error {
    let why = "a ClientHello is due";
    PeerMisbehaved::UnexpectedRecord { content_type, why, clause: "R-SM-1" }.into()
}

/// How far an [`Acceptor`] has come.
#[derive(Debug)]
pub enum Acceptance {
    /// More bytes are needed.
    More(Acceptor),
    /// The ClientHello is here.
    Accepted(Accepted),
}

impl Accepted {
    /// What the client offers, as it came: suites, signature schemes, and the names of `server_name` and ALPN among its
    /// extensions.
    pub fn hello(&self) -> &ClientHello {
        &self.hello
    }

    /// The version of the client's first record, whose major number tells the protocol: 1 is TLCP, 3 is TLS (R-HS-33).
    pub fn record_version(&self) -> ProtocolVersion {
        self.record_version
    }

    /// Whether a TLS client would speak TLS 1.3, so that a stack that does can be given the connection.
    pub fn offers_tls13(&self) -> bool {
        self.hello.extensions.offers_tls13
    }

    /// Whether a TLS client names TLCP's suites too, as browsers do that can come back with TLCP.
    pub fn hints_at_tlcp(&self) -> bool {
        const HINTS: [CipherSuite; 2] = [CipherSuite::ECC_SM4_CBC_SM3, CipherSuite::ECC_SM4_GCM_SM3];
        self.record_version.major() != ProtocolVersion::TLCP.major()
            && HINTS.iter().any(|hint| self.hello.cipher_suites.contains(hint))
    }

    /// The suites of the hello that this library runs, in the client's order.
    pub fn suites(&self) -> impl Iterator<Item = &'static Suite> {
        self.hello.cipher_suites.iter().filter_map(|id| Suite::find(*id))
    }

    /// All bytes that came, untouched: for another stack.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The record that tells the client of `error`, where nobody is to serve it.
    pub fn alert_for(&self, error: &Error) -> Vec<u8> {
        alert_record(self.record_version, error)
    }

    /// Goes on with this configuration, and with all bytes that came. A hello that it refuses fails the connection, whose
    /// alert then waits to be sent.
    pub fn into_connection(self, config: Arc<ServerConfig>, now: Time) -> ServerConnection {
        let mut connection = ServerConnection::new(config, self.started);
        // What is wrong the connection says again at every call.
        let _ = connection.take_over(self.bytes, now);
        connection
    }

    /// Goes on with the configuration for the client's protocol.
    pub fn choose_from(self, configs: &ServerConfigs, now: Time) -> ServerConnection {
        let config = configs.for_version(self.record_version).clone();
        self.into_connection(config, now)
    }
}
