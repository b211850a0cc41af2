//! Connections from clients.
use super::{Answerer, Clock, ServerStream, TlcpStream, linger};
use crate::config::{Live, ServerConfig, ServerConfigs};
use crate::conn::{Acceptance, Accepted, Acceptor, Rejected};
use crate::error::Error;
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Poll, ready};
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

/// The size of a read: most hellos fit into one.
const READ: usize = 4096;

/// Makes connections from clients, of every protocol that its configurations speak. Cheap to clone.
///
/// ```
/// use tlcp::aio::TlcpAcceptor;
///
/// # async fn serve(config: std::sync::Arc<tlcp::ServerConfig>, socket: tokio::io::DuplexStream) -> std::io::Result<()> {
/// let acceptor = TlcpAcceptor::new(config); // one for all sockets
/// let stream = acceptor.accept(socket).await?;
/// println!("{:?}", stream.connection().cipher_suite().map(|suite| suite.id));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TlcpAcceptor {
    configs: Live<ServerConfigs>,
    answerer: Option<Arc<dyn Answerer>>,
}

impl TlcpAcceptor {
    /// With an `Arc<ServerConfig>`, several [`ServerConfigs`], or [`Live`] ones, which can be replaced.
    pub fn new(configs: impl Into<Live<ServerConfigs>>) -> Self {
        Self { configs: configs.into(), answerer: None }
    }

    /// What a configuration cannot answer goes to `answerer`.
    pub fn answerer(mut self, answerer: Arc<dyn Answerer>) -> Self {
        self.answerer = Some(answerer);
        self
    }

    /// The configurations that connections are made with, one for each protocol.
    pub fn configs(&self) -> &Live<ServerConfigs> {
        &self.configs
    }

    /// A connection from a client, whose handshake is complete.
    ///
    /// # Errors
    /// Those of [`TlcpAcceptor::hello`] and [`TlcpStream::handshake`]; an alert has told the client.
    pub async fn accept<T>(&self, socket: T) -> io::Result<ServerStream<T>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let incoming = self.hello(socket).await?;
        let config = self.config_for(&incoming);
        incoming.accept(config).await
    }

    /// The configuration for the protocol of this client.
    pub fn config_for<T>(&self, incoming: &Incoming<T>) -> Arc<ServerConfig> {
        self.configs.get().for_version(incoming.accepted.record_version()).clone()
    }

    /// A client's ClientHello, by which to choose a configuration, at once or later, or another stack. It must be here
    /// within the longest time that a configuration gives a handshake.
    ///
    /// # Errors
    /// Those of the socket; the [`Error`] of a hello that is none, after its alert was sent; `TimedOut`, `UnexpectedEof`.
    pub async fn hello<T>(&self, mut socket: T) -> io::Result<Incoming<T>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let clock = Clock::start();
        let longest = self.configs.get().iter().map(|config| config.policy().handshake_timeout).max();
        let read = timeout(longest.unwrap_or_default(), read_hello(&mut socket, Acceptor::new(clock.now())));
        match read.await.unwrap_or_else(|_| Err(io::Error::from(Error::HandshakeTimeout)))? {
            Ok(accepted) => Ok(Incoming { accepted, socket, clock, answerer: self.answerer.clone() }),
            Err(rejected) => {
                linger::goodbye(&mut socket, &rejected.alert).await;
                Err(rejected.error.into())
            }
        }
    }
}

impl fmt::Debug for TlcpAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlcpAcceptor").field("configs", &self.configs).finish_non_exhaustive()
    }
}

async fn read_hello<T>(socket: &mut T, acceptor: Acceptor) -> io::Result<Result<Box<Accepted>, Rejected>>
where
    T: AsyncRead + Unpin,
{
    let (mut acceptor, mut heard) = (Some(acceptor), false);
    // The buffer is the poll's, not the future's: ten thousand that wait have none.
    poll_fn(move |cx| {
        loop {
            let mut buffer = [0; READ];
            let mut buffer = ReadBuf::new(&mut buffer);
            ready!(Pin::new(&mut *socket).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(Error::ClosedInHandshake { heard }.into()));
            }
            heard = true;
            match acceptor.take().map(|acceptor| acceptor.received(buffer.filled())) {
                Some(Ok(Acceptance::More(more))) => acceptor = Some(more),
                Some(Ok(Acceptance::Accepted(accepted))) => return Poll::Ready(Ok(Ok(Box::new(accepted)))),
                Some(Err(rejected)) => return Poll::Ready(Ok(Err(rejected))),
                None => return Poll::Pending, // It was ready already.
            }
        }
    })
    .await
}

/// A client whose ClientHello is here, and who has been told nothing yet. It can wait, as long as its handshake may last.
pub struct Incoming<T> {
    accepted: Box<Accepted>,
    socket: T,
    clock: Clock,
    answerer: Option<Arc<dyn Answerer>>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Incoming<T> {
    /// The client's ClientHello: what it offers.
    pub fn hello(&self) -> &Accepted {
        &self.accepted
    }

    /// The stream that the connection runs over.
    pub fn socket(&self) -> &T {
        &self.socket
    }

    /// Serves the client with this configuration: the connection, whose handshake is complete.
    ///
    /// # Errors
    /// Those of [`TlcpStream::handshake`]; an alert has told the client.
    pub async fn accept(self, config: Arc<ServerConfig>) -> io::Result<ServerStream<T>> {
        linger::completed(self.into_stream(config)).await
    }

    /// The same, whose handshake is to go on: for whoever wants to know of one that fails how far it came.
    pub fn into_stream(self, config: Arc<ServerConfig>) -> ServerStream<T> {
        let connection = self.accepted.into_connection(config, self.clock.now());
        TlcpStream::new(connection, self.socket, self.clock, self.answerer)
    }

    /// Serves nobody: tells the client of `error` and ends the socket.
    pub async fn refuse(mut self, error: &Error) {
        linger::goodbye(&mut self.socket, &self.accepted.alert_for(error)).await;
    }

    /// All bytes that came, untouched, and the socket: for another stack.
    pub fn into_parts(self) -> (Vec<u8>, T) {
        (self.accepted.into_bytes(), self.socket)
    }
}

impl<T> fmt::Debug for Incoming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("accepted", &self.accepted).finish_non_exhaustive()
    }
}
