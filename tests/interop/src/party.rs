//! What a test asks of either implementation, and what it learns from it.

use crate::exchange::Talk;
use crate::pki::{self, Pair, Pki};
use std::fmt;
use std::io::{Read, Write};

/// The four SM2 suites and the four RSA suites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Suite {
    EcdheGcm,
    EccGcm,
    EcdheCbc,
    EccCbc,
    RsaGcm,
    RsaGcmSha256,
    RsaCbc,
    RsaCbcSha256,
}

impl Suite {
    /// Those of SM2.
    pub const SM2: [Self; 4] = [Self::EcdheGcm, Self::EccGcm, Self::EcdheCbc, Self::EccCbc];
    /// Those of RSA.
    pub const RSA: [Self; 4] = [Self::RsaGcm, Self::RsaGcmSha256, Self::RsaCbc, Self::RsaCbcSha256];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::SM2.into_iter().chain(Self::RSA)
    }

    /// The two bytes on the wire.
    #[must_use]
    pub const fn id(self) -> u16 {
        match self {
            Self::EcdheGcm => 0xE051,
            Self::EccGcm => 0xE053,
            Self::EcdheCbc => 0xE011,
            Self::EccCbc => 0xE013,
            Self::RsaGcm => 0xE059,
            Self::RsaGcmSha256 => 0xE05A,
            Self::RsaCbc => 0xE019,
            Self::RsaCbcSha256 => 0xE01C,
        }
    }

    /// ECDHE cannot run without the client's two certificates.
    #[must_use]
    pub const fn is_ecdhe(self) -> bool {
        matches!(self, Self::EcdheGcm | Self::EcdheCbc)
    }

    /// The certificates that it is for.
    #[must_use]
    pub fn pki(self) -> Pki {
        if Self::RSA.contains(&self) { Pki::rsa() } else { Pki::sm2() }
    }
}

/// What a server asks of its client; the PEM root must have issued what the client shows.
#[derive(Clone)]
#[allow(missing_docs)]
pub enum ClientAuth {
    None,
    Optional { root: Vec<u8> },
    Required { root: Vec<u8> },
}

/// A server's side of a test.
#[derive(Clone)]
pub struct ServerSettings {
    /// Enabled suites, best first.
    pub suites: Vec<Suite>,
    /// The server's certificates.
    pub identity: Pair,
    /// What is asked of the client.
    pub client_auth: ClientAuth,
    /// Application protocols, best first; empty: no ALPN.
    pub protocols: Vec<String>,
    /// The time at which certificates are judged, Unix seconds.
    pub now: u64,
}

/// A client's side of a test.
#[derive(Clone)]
pub struct ClientSettings {
    /// Offered suites, best first.
    pub suites: Vec<Suite>,
    /// The client's certificates, if it has any.
    pub identity: Option<Pair>,
    /// The PEM root that must have issued the server's certificates.
    pub server_root: Vec<u8>,
    /// The name sent and verified.
    pub name: String,
    /// Application protocols, best first; empty: no ALPN.
    pub protocols: Vec<String>,
    /// The time at which certificates are judged, Unix seconds.
    pub now: u64,
}

/// The settings most tests start from: one suite, the PKI's certificates where `mutual`, no ALPN.
#[must_use]
pub fn settings(suite: Suite, mutual: bool) -> (ServerSettings, ClientSettings) {
    let Pki { root, server, client } = suite.pki();
    let client_auth = if mutual { ClientAuth::Required { root: root.clone() } } else { ClientAuth::None };
    let server = ServerSettings {
        suites: vec![suite],
        identity: server,
        client_auth,
        protocols: Vec::new(),
        now: pki::VALID_AT,
    };
    let client = ClientSettings {
        suites: vec![suite],
        identity: mutual.then_some(client),
        server_root: root,
        name: pki::SERVER_NAME.to_owned(),
        protocols: Vec::new(),
        now: pki::VALID_AT,
    };
    (server, client)
}

/// What one end saw of a connection that worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The suite's two bytes.
    pub suite: u16,
    /// Whether the handshake was an abbreviated one.
    pub resumed: bool,
    /// The name of the server_name extension.
    pub server_name: Option<String>,
    /// The application protocol agreed on.
    pub protocol: Option<Vec<u8>>,
    /// DER of the peer's signing certificate.
    pub peer: Option<Vec<u8>>,
    /// Whether the peer ended with close_notify.
    pub clean_close: bool,
}

/// How one end saw a connection fail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// The fatal alert the peer sent.
    pub alert_received: Option<u8>,
    /// The fatal alert this end sent, where the implementation tells.
    pub alert_sent: Option<u8>,
    /// The implementation's own words.
    pub text: String,
    /// The library's own error, of its ends.
    pub error: Option<tlcp::error::Error>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "received {:?}, sent {:?}: {}", self.alert_received, self.alert_sent, self.text)
    }
}

/// One end's result.
pub type Outcome = Result<Report, Failure>;

/// What makes servers and clients of one kind.
pub trait Implementation: Sync {
    /// Named in messages.
    fn name(&self) -> &'static str;
    /// A server with no sessions yet.
    fn server(&self, settings: &ServerSettings) -> Box<dyn Server>;
    /// A client with no session yet.
    fn client(&self, settings: &ClientSettings) -> Box<dyn Client>;
}

/// A byte stream, blocking.
pub trait Transport: Read + Write + Send + fmt::Debug {}
impl<T: Read + Write + Send + fmt::Debug> Transport for T {}

/// An implementation as server; its sessions live as long as the value.
pub trait Server: Sync {
    /// Accepts one connection and talks over it.
    ///
    /// # Errors
    /// Handshake, record or transport failure.
    fn serve(&self, stream: Box<dyn Transport>, talk: &Talk) -> Outcome;
}

/// An implementation as client; its sessions live as long as the value.
pub trait Client: Sync {
    /// Makes one connection and talks over it.
    ///
    /// # Errors
    /// Handshake, record or transport failure.
    fn connect(&self, stream: Box<dyn Transport>, talk: &Talk) -> Outcome;
}
