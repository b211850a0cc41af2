//! Connections to servers.
use super::{Answerer, ClientStream, Clock, TlcpStream, linger};
use crate::cert::ServerName;
use crate::config::{ClientConfig, Live};
use crate::conn::ClientConnection;
use alloc::sync::Arc;
use core::fmt;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};

/// Makes connections to servers, of the protocol that its configuration speaks. Cheap to clone.
///
/// ```
/// use tlcp::{ServerName, aio::TlcpConnector};
///
/// # async fn connect(config: std::sync::Arc<tlcp::ClientConfig>, socket: tokio::io::DuplexStream) -> std::io::Result<()> {
/// let name = ServerName::try_from("bank.example").map_err(std::io::Error::other)?;
/// let stream = TlcpConnector::new(config).connect(name, socket).await?; // AsyncRead and AsyncWrite
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TlcpConnector {
    config: Live<ClientConfig>,
    answerer: Option<Arc<dyn Answerer>>,
}

impl TlcpConnector {
    /// With this configuration: an `Arc<ClientConfig>`, or a [`Live`] one, which can be replaced.
    pub fn new(config: impl Into<Live<ClientConfig>>) -> Self {
        Self { config: config.into(), answerer: None }
    }

    /// What the configuration cannot answer goes to `answerer`.
    pub fn answerer(mut self, answerer: Arc<dyn Answerer>) -> Self {
        self.answerer = Some(answerer);
        self
    }

    /// The configuration that connections are made with.
    pub fn config(&self) -> &Live<ClientConfig> {
        &self.config
    }

    /// A connection to the server called `name`, whose handshake is complete.
    ///
    /// # Errors
    /// Those of [`TlcpStream::handshake`]; no randomness.
    pub async fn connect<T>(&self, name: ServerName<'static>, socket: T) -> io::Result<ClientStream<T>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        self.connect_with_session_tag(name, &[], socket).await
    }

    /// The same, where `tag` tells servers apart that share the name, such as by their port (R-SES-11).
    ///
    /// # Errors
    /// As [`TlcpConnector::connect`].
    pub async fn connect_with_session_tag<T>(
        &self,
        name: ServerName<'static>,
        tag: &[u8],
        socket: T,
    ) -> io::Result<ClientStream<T>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let clock = Clock::start();
        let connection = ClientConnection::with_session_tag(self.config.get(), name, tag, clock.now())?;
        linger::completed(TlcpStream::new(connection, socket, clock, self.answerer.clone())).await
    }
}

impl fmt::Debug for TlcpConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlcpConnector").field("config", &self.config).finish_non_exhaustive()
    }
}
