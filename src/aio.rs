//! Floor 9: a connection over tokio's streams, and keys, stores and verifiers that answer in their own time.
//!
//! [`TlcpConnector`] and [`TlcpAcceptor`] make [`TlcpStream`]s whose handshake is done. What users of tokio may rely on:
//! 1. Nothing is lost when a future is dropped: a read, a write, [`TlcpStream::handshake`] go on where they were.
//! 2. Reading waits for no writing, and a stream may be split: neither half takes the other's wakeups.
//! 3. Bytes that were taken are told as taken, and bytes that were read are given out: what fails behind them is told by
//!    the next call.
//! 4. The end of what the peer sends is not the end of what we send: after a read of 0 bytes the stream can be written to
//!    until it is shut down, which answers the peer's close_notify (R-AL-3).
//! 5. No thread is blocked, and none is started.
//!
//! ```
//! use std::sync::Arc;
//! use tlcp::aio::{TlcpAcceptor, TlcpConnector};
//! use tlcp::{ClientConfig, ServerConfig, ServerName};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
//!
//! async fn greet(
//!     client: Arc<ClientConfig>,
//!     server: Arc<ServerConfig>,
//!     (near, far): (DuplexStream, DuplexStream), // or sockets
//! ) -> std::io::Result<String> {
//!     let serving = async {
//!         let mut stream = TlcpAcceptor::new(server).accept(far).await?;
//!         stream.write_all(b"hello").await?;
//!         stream.finish().await
//!     };
//!     let asking = async {
//!         let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
//!         let mut stream = TlcpConnector::new(client).connect(name, near).await?;
//!         let mut greeting = String::new();
//!         stream.read_to_string(&mut greeting).await?;
//!         stream.shutdown().await?;
//!         Ok(greeting)
//!     };
//!     let (served, greeting) = tokio::join!(serving, asking);
//!     served.and(greeting)
//! }
//! ```
//!
//! With the feature `hyper` there is `HttpsConnector` for its client, with `axum` `HttpsListener` for `axum::serve`.
mod accept;
mod answer;
#[cfg(feature = "axum")]
mod axum;
mod batch;
mod connect;
mod drive;
#[cfg(feature = "hyper")]
mod hyper;
mod io;
mod linger;
mod wakers;

pub use accept::{Incoming, TlcpAcceptor};
pub use answer::{AnswerFuture, Answerer};
#[cfg(feature = "axum")]
pub use axum::HttpsListener;
pub use batch::BatchAnswerer;
pub use connect::TlcpConnector;
#[cfg(feature = "hyper")]
pub use hyper::{Connecting, HttpsConnector, HttpsStream};

use crate::conn::{Connection, Endpoint, Time};
use crate::handshake::{client, server};
use alloc::{boxed::Box, sync::Arc};
use answer::Answering;
use core::fmt;
use core::pin::Pin;
use std::time::SystemTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep};
use wakers::Wakers;

/// A connection to a server.
pub type ClientStream<T> = TlcpStream<client::State, T>;

/// A connection from a client.
pub type ServerStream<T> = TlcpStream<server::State, T>;

/// The system's time of day, and tokio's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// A clock whose monotonic time counts from now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time of day by the system, and the time since [`Clock::start`] by tokio.
    pub fn now(&self) -> Time {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Time { unix: unix.as_secs(), monotonic: self.0.elapsed() }
    }
}

/// Plaintext over `socket`, of either role. Of what it is waiting for it keeps only what an open connection needs.
pub struct TlcpStream<S: Endpoint, T> {
    /// Boxed, so that futures with a stream in them are small.
    connection: Box<Connection<S>>,
    socket: T,
    clock: Clock,
    /// While the handshake lasts.
    timer: Option<Pin<Box<Sleep>>>,
    answering: Answering,
    wakers: Wakers,
    /// Bytes were given to `socket` that it may keep until it is flushed.
    is_unflushed: bool,
}

impl<S: Endpoint, T: AsyncRead + AsyncWrite + Unpin> TlcpStream<S, T> {
    /// A connection over `socket`, where `clock` gave the time it was made at. The handshake is done by the first use, or
    /// by [`TlcpStream::handshake`]; `answerer` answers what the configuration cannot.
    pub fn new(
        connection: Connection<S>,
        socket: T,
        clock: Clock,
        answerer: Option<Arc<dyn Answerer>>,
    ) -> Self {
        Self {
            connection: Box::new(connection),
            socket,
            clock,
            timer: None,
            answering: Answering::new(answerer),
            wakers: Wakers::default(),
            is_unflushed: false,
        }
    }

    /// The connection: its suite, the peer's certificates.
    pub fn connection(&self) -> &Connection<S> {
        &self.connection
    }

    /// The connection, to be used directly. Whoever is waiting in the other half of a split stream is not woken.
    pub fn connection_mut(&mut self) -> &mut Connection<S> {
        &mut self.connection
    }

    /// The stream that the connection runs over.
    pub fn socket(&self) -> &T {
        &self.socket
    }

    /// Both parts. Bytes may wait in the connection, in both directions.
    pub fn into_parts(self) -> (Connection<S>, T) {
        (*self.connection, self.socket)
    }
}

impl<S: Endpoint, T: fmt::Debug> fmt::Debug for TlcpStream<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlcpStream")
            .field("connection", &self.connection)
            .field("socket", &self.socket)
            .finish_non_exhaustive()
    }
}
