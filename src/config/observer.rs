//! Seeing what goes by: every message, and what each connection came to.
#[cfg(feature = "log")]
mod log;

#[cfg(feature = "log")]
pub use self::log::LogObserver;
use crate::alert::Alert;
use crate::error::Error;
use crate::message::Handshake;
use crate::suite::Suite;
use crate::wire::ProtocolVersion;
use alloc::boxed::Box;
use core::fmt;

/// Which end of a connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// It began the connection.
    Client,
    /// It was called.
    Server,
}

/// Which connection an event is of. Its `Display` is `server 7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConnectionId {
    /// Which end of it we are.
    pub side: Side,
    /// Counts the connections of this process from 1, of both sides together.
    pub number: usize,
}

/// Which way something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// We sent it.
    Sent,
    /// The peer sent it.
    Received,
}

/// What went by, or happened.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A whole handshake message.
    Handshake(Direction, Handshake<'a>),
    /// ChangeCipherSpec.
    ChangeCipherSpec(Direction),
    /// An alert.
    Alert(Direction, Alert),
    /// The handshake is complete.
    Complete(Completed<'a>),
    /// The connection failed, in its handshake or later.
    Failed(Failed<'a>),
}

/// What a handshake agreed on.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Completed<'a> {
    /// The protocol version.
    pub version: ProtocolVersion,
    /// The cipher suite.
    pub suite: &'static Suite,
    /// Whether a session was resumed.
    pub resumed: bool,
    /// The name in the client's server_name.
    pub server_name: Option<&'a str>,
    /// The application protocol.
    pub alpn: Option<&'a [u8]>,
    /// The peer's certificates as it sent them, DER, which it has proved to own (R-SM-5); `None` without any,
    /// as with SM9's identities.
    pub peer_certificates: Option<&'a [Box<[u8]>]>,
}

/// Why a connection failed, and how far it had come.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Failed<'a> {
    /// Why.
    pub error: &'a Error,
    /// Whether the handshake had been complete.
    pub was_complete: bool,
    /// The cipher suite, if the hellos had agreed on it.
    pub suite: Option<&'static Suite>,
    /// The name in the client's server_name, if it had come to that.
    pub server_name: Option<&'a str>,
}

/// Sees every message as it goes by, received ones before they are acted on, and what each connection came to. It is called
/// by whoever drives the connection, and should not keep him waiting.
///
/// ```
/// use tlcp::config::{ConnectionId, Event, Observer};
///
/// struct Failures;
///
/// impl Observer for Failures {
///     fn observe(&self, connection: ConnectionId, event: Event<'_>) {
///         if let Event::Failed(failed) = event {
///             eprintln!("{connection}: {}", failed.error.kind());
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// One event.
    fn observe(&self, connection: ConnectionId, event: Event<'_>);
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sent => "sent",
            Self::Received => "received",
        })
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.side, self.number)
    }
}
