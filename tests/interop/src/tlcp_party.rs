//! `tlcp` as server and as client.

use crate::exchange::{Channel, Talk};
use crate::party::{
    Client, ClientAuth, ClientSettings, Failure, Implementation, Outcome, Report, Server, ServerSettings,
    Suite, Transport,
};
use crate::pki::{self, Pair};
use std::io::{self, Read, Write};
use std::sync::Arc;
use tlcp::alert::alert_for;
use tlcp::cert::{Identity, PeerClaim, ServerName, Verified, Verifier, WebPkiVerifier};
use tlcp::config::{self, ClientConfig, Compat, KeyLog, ServerConfig};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ServerConnection};
use tlcp::crypto::{Provider, default_provider};
use tlcp::error::{CertificateError, ConfigError, Error};
use tlcp::stream::{Clock, Stream};
use tlcp::suite::KeyKind;
use tlcp::wire::CipherSuite;

/// The library, with what tests vary beside the settings.
#[derive(Clone)]
pub struct Tlcp {
    /// The primitives.
    pub provider: Provider,
    /// Quirks of the peer.
    pub compat: Compat,
    /// Takes every connection's secret.
    pub key_log: Option<Arc<dyn KeyLog>>,
    /// Keeps sessions; otherwise every handshake is a full one.
    pub resumes: bool,
}

impl Default for Tlcp {
    fn default() -> Self {
        Self { provider: default_provider(), compat: Compat::default(), key_log: None, resumes: true }
    }
}

impl Implementation for Tlcp {
    fn name(&self) -> &'static str {
        "tlcp"
    }

    fn server(&self, settings: &ServerSettings) -> Box<dyn Server> {
        Box::new(TlcpServer(Arc::new(self.server_config(settings).expect("server settings"))))
    }

    fn client(&self, settings: &ClientSettings) -> Box<dyn Client> {
        let name = ServerName::try_from(settings.name.clone()).expect("a DNS name or an address");
        Box::new(TlcpClient(Arc::new(self.client_config(settings).expect("client settings")), name))
    }
}

impl Tlcp {
    /// A server's configuration; certificates are judged at `settings.now`.
    ///
    /// # Errors
    /// For settings it refuses.
    pub fn server_config(&self, settings: &ServerSettings) -> Result<ServerConfig, ConfigError> {
        let (auth, root) = match &settings.client_auth {
            ClientAuth::None => (config::ClientAuth::None, None),
            ClientAuth::Optional { root } => (config::ClientAuth::Request, Some(root)),
            ClientAuth::Required { root } => (config::ClientAuth::Require, Some(root)),
        };
        // Named, so that server_name is acknowledged: openHiTLS clients leave it out when they resume if it was not, and
        // such a hello is not the session's any more (R-SES-10).
        let mut builder = ServerConfig::builder()
            .provider(self.provider)
            .identity_for([pki::SERVER_NAME], self.identity(&settings.identity)?)
            .suites(&rows(&settings.suites))
            .client_auth(auth)
            .alpn(settings.protocols.iter().map(|name| name.as_bytes()))
            .compat(self.compat);
        if let Some(root) = root {
            builder = builder.verifier(self.verifier(root, settings.now)?);
        }
        if let Some(log) = &self.key_log {
            builder = builder.key_log(log.clone());
        }
        if !self.resumes {
            builder = builder.sessions(None);
        }
        builder.build()
    }

    /// A client's configuration; certificates are judged at `settings.now`.
    ///
    /// # Errors
    /// For settings it refuses.
    pub fn client_config(&self, settings: &ClientSettings) -> Result<ClientConfig, ConfigError> {
        let mut builder = ClientConfig::builder()
            .provider(self.provider)
            .verifier(self.verifier(&settings.server_root, settings.now)?)
            .suites(&rows(&settings.suites))
            .alpn(settings.protocols.iter().map(|name| name.as_bytes()))
            .compat(self.compat);
        if let Some(pair) = &settings.identity {
            builder = builder.identity(self.identity(pair)?);
        }
        if let Some(log) = &self.key_log {
            builder = builder.key_log(log.clone());
        }
        if !self.resumes {
            builder = builder.sessions(None);
        }
        builder.build()
    }

    fn identity(&self, pair: &Pair) -> Result<Arc<Identity>, ConfigError> {
        let pile = [
            &pair.sign_certificate,
            &pair.sign_key,
            &pair.encryption_certificate,
            &pair.encryption_key,
            &pair.intermediate,
        ];
        Identity::from_pile(&pile.map(Vec::as_slice), None, &self.provider).map(Arc::new)
    }

    fn verifier(&self, roots: &[u8], time: u64) -> Result<Arc<dyn Verifier>, ConfigError> {
        let builder = WebPkiVerifier::builder(&self.provider).ca_keys(&[KeyKind::Sm2, KeyKind::Rsa]);
        let inner = builder.roots(&[roots])?.build()?;
        Ok(Arc::new(AtTime { inner, time }))
    }
}

/// The rows of the library's table.
fn rows(suites: &[Suite]) -> Vec<&'static tlcp::suite::Suite> {
    let row =
        |suite: &Suite| tlcp::suite::Suite::find(CipherSuite(suite.id())).expect("a suite of the library");
    suites.iter().map(row).collect()
}

/// Judges certificates at the test's time, since [`Stream`] tells the system's.
struct AtTime {
    inner: WebPkiVerifier,
    time: u64,
}

impl Verifier for AtTime {
    fn verify(&self, claim: &PeerClaim, _now: u64) -> Result<Verified, CertificateError> {
        self.inner.verify(claim, self.time)
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        self.inner.authorities()
    }

    fn context(&self) -> Vec<u8> {
        self.inner.context()
    }
}

/// As server, with the configuration's session store.
struct TlcpServer(Arc<ServerConfig>);

/// As client, with the configuration's session store.
struct TlcpClient(Arc<ClientConfig>, ServerName<'static>);

impl Server for TlcpServer {
    fn serve(&self, stream: Box<dyn Transport>, talk: &Talk) -> Outcome {
        let clock = Clock::start();
        let connection = ServerConnection::new(self.0.clone(), clock.now());
        run(Stream::over(connection, stream, clock), talk)
    }
}

impl Client for TlcpClient {
    fn connect(&self, stream: Box<dyn Transport>, talk: &Talk) -> Outcome {
        let clock = Clock::start();
        let connection =
            ClientConnection::new(self.0.clone(), self.1.clone(), clock.now()).map_err(failed)?;
        run(Stream::over(connection, stream, clock), talk)
    }
}

fn run<S: Endpoint>(stream: Stream<S, Box<dyn Transport>>, talk: &Talk) -> Outcome {
    let mut channel = TlcpChannel { stream, ended: false };
    channel.stream.handshake().map_err(io_failure)?;
    let clean_close = talk(&mut channel).map_err(io_failure)?;
    Ok(report(channel.stream.connection(), clean_close))
}

fn report<S: Endpoint>(connection: &Connection<S>, clean_close: bool) -> Report {
    Report {
        suite: connection.cipher_suite().map_or(0, |suite| suite.id.0),
        resumed: connection.is_resumed(),
        server_name: connection.server_name().map(str::to_owned),
        protocol: connection.alpn().map(<[u8]>::to_vec),
        peer: connection.peer_certificates().and_then(|list| list.first()).map(|sign| sign.to_vec()),
        clean_close,
    }
}

/// `Stream`, whose `read` gives 0 for close_notify alone.
struct TlcpChannel<S: Endpoint> {
    stream: Stream<S, Box<dyn Transport>>,
    ended: bool,
}

impl<S: Endpoint> Read for TlcpChannel<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(buffer)?;
        self.ended |= length == 0 && !buffer.is_empty();
        Ok(length)
    }
}

impl<S: Endpoint> Write for TlcpChannel<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: Endpoint> Channel for TlcpChannel<S> {
    fn send_close(&mut self) -> io::Result<()> {
        self.stream.close()
    }

    fn received_close(&mut self) -> bool {
        self.ended
    }
}

fn io_failure(error: io::Error) -> Failure {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(inner) => failed(inner.clone()),
        None => Failure { text: error.to_string(), ..Failure::default() },
    }
}

fn failed(error: Error) -> Failure {
    Failure {
        alert_received: match error {
            Error::AlertReceived(description) => Some(description.0),
            _ => None,
        },
        alert_sent: alert_for(&error).map(|description| description.0),
        text: error.to_string(),
        error: Some(error),
    }
}
