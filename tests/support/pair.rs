//! Both ends of a connection in memory, driven by hand.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[cfg(feature = "tls12")]
#[path = "single.rs"]
pub mod single;

use std::sync::Arc;
use tlcp::cert::{Identity, ServerName, Verifier};
use tlcp::config::{ClientConfig, ClientConfigBuilder, ServerConfig, ServerConfigBuilder};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ReadProgress, ServerConnection, Time};
use tlcp::crypto::{Draw, Provider, Random, default_provider};
use tlcp::error::{CryptoError, Error};
use tlcp::pki::{Options, Pki};
use tlcp::session::{MemoryStore, SessionStore};
use tlcp::suite::{Certificates, Protocol, Suite, TLCP};

/// 2026-11-21, in Unix seconds: when all tests happen.
pub const NOW: u64 = 1_795_219_200;

pub fn at(seconds: u64) -> Time {
    Time { unix: NOW + seconds, monotonic: std::time::Duration::from_secs(seconds) }
}

/// A counter in the clothes of randomness: the same bytes in every run, never the same twice.
#[derive(Default)]
pub struct Counting(std::sync::atomic::AtomicU64);

impl Counting {
    pub fn from(start: u64) -> Self {
        Self(std::sync::atomic::AtomicU64::new(start << 32))
    }
}

impl Random for Counting {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        for chunk in out.chunks_mut(32) {
            let n = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let hash = default_provider().hashes.digest(tlcp::suite::HashAlgorithm::Sm3, &[&n.to_be_bytes()]);
            chunk.copy_from_slice(&hash.as_ref()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A whole PKI and both parties' identities, made once.
pub struct World {
    pub protocol: &'static Protocol,
    pub provider: Provider,
    pub pki: Pki,
    pub server: Arc<Identity>,
    pub client: Arc<Identity>,
    pub verifier: Arc<dyn Verifier>,
    /// Trusted by both, in a world of SM9.
    #[cfg(feature = "sm9")]
    pub centres: tlcp::cert::KeyCentres,
}

impl World {
    pub fn new() -> Self {
        Self::with(default_provider(), Options::new(NOW))
    }

    pub fn with(provider: Provider, options: Options) -> Self {
        let pki = Pki::new(&options, &provider, &Counting::from(1)).unwrap();
        Self {
            protocol: &TLCP,
            provider,
            server: Arc::new(pki.server_identity(&provider).unwrap()),
            client: Arc::new(pki.client_identity(&provider).unwrap()),
            verifier: Arc::new(pki.verifier(&provider).unwrap()),
            #[cfg(feature = "sm9")]
            centres: tlcp::cert::KeyCentres::new(),
            pki,
        }
    }

    /// With the keys that the suite is for.
    pub fn of(suite: &Suite) -> Self {
        #[cfg(feature = "tls12")]
        if suite.protocol == &tlcp::suite::TLS12 {
            return Self::tls12(single::Kind::of(suite));
        }
        match suite.key_exchange.authenticates {
            #[cfg(feature = "rsa")]
            tlcp::suite::KeyKind::Rsa => Self::rsa(default_provider()),
            #[cfg(feature = "sm9")]
            tlcp::suite::KeyKind::Sm9 => Self::sm9(default_provider()),
            _ => Self::new(),
        }
    }

    /// With the pairs of RSA certificates in the vectors.
    #[cfg(feature = "rsa")]
    pub fn rsa(provider: Provider) -> Self {
        let identity = |pem: &[u8]| Arc::new(Identity::from_pile(&[pem], [], &provider).unwrap());
        let root: &[u8] = include_bytes!("../../vectors/rsa/root.crt");
        Self {
            server: identity(include_bytes!("../../vectors/rsa/server.pem")),
            client: identity(include_bytes!("../../vectors/rsa/client.pem")),
            verifier: {
                let builder =
                    tlcp::cert::WebPkiVerifier::builder(&provider).ca_keys(&[tlcp::suite::KeyKind::Rsa]);
                Arc::new(builder.roots(&[root]).unwrap().build().unwrap())
            },
            ..Self::with(provider, Options::new(NOW))
        }
    }

    /// Identities under one SM9 key centre, and no certificates; the server is called as it is asked for.
    #[cfg(feature = "sm9")]
    pub fn sm9(provider: Provider) -> Self {
        let (options, random) = (Options::new(NOW), Counting::from(5));
        let centre = tlcp::pki::KeyCentre::new("centre.example", &options, &provider, &random).unwrap();
        let identity = |name: &[u8]| Arc::new(centre.user(name).unwrap().identity(&provider).unwrap());
        Self {
            server: identity(b"localhost"),
            client: identity(b"client"),
            centres: centre.centres(&provider).unwrap(),
            ..Self::with(provider, options)
        }
    }

    /// TLS 1.2, with keys of this kind on both sides.
    #[cfg(feature = "tls12")]
    pub fn tls12(kind: single::Kind) -> Self {
        let world = Self::new();
        Self {
            protocol: &tlcp::suite::TLS12,
            server: Arc::new(single::identity(kind.server(), &world.provider)),
            client: Arc::new(single::identity(kind.client(), &world.provider)),
            verifier: single::verifier(),
            ..world
        }
    }

    fn server_builder(&self) -> ServerConfigBuilder {
        let random = Arc::new(Counting::from(2));
        #[cfg(feature = "sm9")]
        if !self.centres.is_empty() {
            return ServerConfig::builder_with(self.provider, random).key_centres(self.centres.clone());
        }
        #[cfg(feature = "tls12")]
        if self.protocol == &tlcp::suite::TLS12 {
            return ServerConfig::tls12_builder_with(self.provider, random);
        }
        ServerConfig::builder_with(self.provider, random)
    }

    pub fn client_builder(&self) -> ClientConfigBuilder {
        let random = Arc::new(Counting::from(3));
        #[cfg(feature = "sm9")]
        if !self.centres.is_empty() {
            return ClientConfig::builder_with(self.provider, random).key_centres(self.centres.clone());
        }
        #[cfg(feature = "tls12")]
        if self.protocol == &tlcp::suite::TLS12 {
            return ClientConfig::tls12_builder_with(self.provider, random);
        }
        ClientConfig::builder_with(self.provider, random)
    }

    /// A server that could do everything.
    pub fn server(&self) -> ServerConfigBuilder {
        self.server_builder()
            .identity(self.server.clone())
            .verifier(self.verifier.clone())
            .sessions(Some(store()))
    }

    /// A client that could do everything.
    pub fn client(&self) -> ClientConfigBuilder {
        self.client_builder()
            .identity(self.client.clone())
            .verifier(self.verifier.clone())
            .sessions(Some(store()))
    }
}

pub fn store() -> Arc<dyn SessionStore> {
    Arc::new(MemoryStore::default())
}

/// How many certificates each side shows: with two of its own the intermediate CA's; or none but an identity.
pub fn shown(suite: &Suite) -> Option<usize> {
    match suite.certificates() {
        Certificates::Identity => None,
        _ => Some(3),
    }
}

pub fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// A client and a server with nothing between them but the test.
pub struct Ends {
    pub client: ClientConnection,
    pub server: ServerConnection,
}

impl Ends {
    pub fn new(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Self {
        Self::at(client, server, 1)
    }

    pub fn at(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, seconds: u64) -> Self {
        Self {
            client: ClientConnection::new(client.clone(), name(), at(seconds)).unwrap(),
            server: ServerConnection::new(server.clone(), at(seconds)),
        }
    }

    /// Carries bytes both ways until nothing moves.
    pub fn run(&mut self) -> Result<(), (Side, Error)> {
        self.run_at(1)
    }

    /// The same at another time.
    pub fn run_at(&mut self, seconds: u64) -> Result<(), (Side, Error)> {
        loop {
            let moved = carry_at(&mut self.client, &mut self.server, seconds)
                .map_err(|e| (Side::Server, e))?
                + carry_at(&mut self.server, &mut self.client, seconds).map_err(|e| (Side::Client, e))?;
            if moved == 0 {
                return Ok(());
            }
        }
    }

    /// A complete handshake.
    pub fn connected(self) -> Self {
        self.connected_at(1)
    }

    /// A complete handshake at another time.
    pub fn connected_at(mut self, seconds: u64) -> Self {
        self.run_at(seconds).unwrap_or_else(|(side, e)| panic!("{side:?}: {e}"));
        assert!(!self.client.is_handshaking() && !self.server.is_handshaking());
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// Moves what one end has to send to the other.
pub fn carry<A: Endpoint, B: Endpoint>(
    from: &mut Connection<A>,
    to: &mut Connection<B>,
) -> Result<usize, Error> {
    carry_at(from, to, 1)
}

/// The same at another time.
pub fn carry_at<A: Endpoint, B: Endpoint>(
    from: &mut Connection<A>,
    to: &mut Connection<B>,
    seconds: u64,
) -> Result<usize, Error> {
    let bytes = from.pending_output().to_vec();
    let n = to.receive(&bytes, at(seconds))?;
    from.sent(n);
    Ok(n)
}

/// All plaintext that waits.
pub fn read_all<S: Endpoint>(connection: &mut Connection<S>) -> Vec<u8> {
    let (mut out, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(ReadProgress::Plaintext(n)) = connection.read(&mut buffer) {
        out.extend_from_slice(&buffer[..n]);
    }
    out
}
