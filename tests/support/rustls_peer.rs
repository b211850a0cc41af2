//! rustls as the other end of a connection in memory.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::pair::single::{Kind, ROOT, certificate};
use super::pair::{NOW, at, name, read_all};
use rustls::client::{Resumption, Tls12Resumption};
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::version::TLS12;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject};
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;
use tlcp::conn::{Connection, Endpoint};
use tlcp::error::Error;
use tlcp::suite::Suite;
use tlcp::wire::NamedGroup;

/// It is always the same time.
#[derive(Debug)]
struct Now;

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(NOW)))
    }
}

/// What rustls may do; nothing named: all that it can.
#[derive(Clone, Copy, Default)]
pub struct Choice {
    pub suite: Option<&'static Suite>,
    pub group: Option<NamedGroup>,
}

fn provider(choice: Choice) -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    if let Some(suite) = choice.suite {
        provider.cipher_suites.retain(|s| u16::from(s.suite()) == suite.id.0);
        assert_eq!(provider.cipher_suites.len(), 1, "rustls has no {}", suite.id);
    }
    if let Some(group) = choice.group {
        provider.kx_groups.retain(|g| u16::from(g.name()) == group.0);
        assert_eq!(provider.kx_groups.len(), 1, "rustls has no {group}");
    }
    Arc::new(provider)
}

fn roots() -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(ROOT)).unwrap();
    Arc::new(roots)
}

fn identity(pem: &[u8]) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    (vec![certificate(pem)], PrivateKeyDer::from_pem_slice(pem).unwrap())
}

/// A client that verifies by the root; with this identity, if any.
pub fn client(choice: Choice, own: Option<Kind>, by_ticket: bool) -> ClientConfig {
    let builder = ClientConfig::builder_with_details(provider(choice), Arc::new(Now));
    let builder = builder.with_protocol_versions(&[&TLS12]).unwrap().with_root_certificates(roots());
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(kind) => {
            let (chain, key) = identity(kind.client());
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let how = if by_ticket { Tls12Resumption::SessionIdOrTickets } else { Tls12Resumption::SessionIdOnly };
    config.resumption = Resumption::in_memory_sessions(8).tls12_resumption(how);
    config
}

/// A server; it demands certificates of clients, or asks for none.
pub fn server(choice: Choice, own: Kind, demands: bool, tickets: bool) -> ServerConfig {
    let provider = provider(choice);
    let builder = ServerConfig::builder_with_details(provider.clone(), Arc::new(Now));
    let builder = builder.with_protocol_versions(&[&TLS12]).unwrap();
    let builder = match demands {
        false => builder.with_no_client_auth(),
        true => {
            let verifier = WebPkiClientVerifier::builder_with_provider(roots(), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let (chain, key) = identity(own.server());
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.session_storage = ServerSessionMemoryCache::new(8);
    if tickets {
        config.ticketer = ring::Ticketer::new().unwrap();
    }
    config
}

/// Who failed.
#[derive(Debug)]
pub enum Failed {
    Ours(Error),
    Theirs(rustls::Error),
}

/// Our end and rustls's.
pub struct Mixed<S: Endpoint> {
    pub ours: Connection<S>,
    pub theirs: rustls::Connection,
    /// How many bytes each is given at once.
    pub chunk: usize,
}

pub type MixedClient = Mixed<tlcp::handshake::client::State>;
pub type MixedServer = Mixed<tlcp::handshake::server::State>;

impl MixedClient {
    /// We are the client.
    pub fn client(ours: &Arc<tlcp::config::ClientConfig>, theirs: &Arc<ServerConfig>) -> Self {
        let ours = tlcp::conn::ClientConnection::new(ours.clone(), name(), at(1)).unwrap();
        let theirs = rustls::ServerConnection::new(theirs.clone()).unwrap();
        Self { ours, theirs: theirs.into(), chunk: usize::MAX }
    }
}

impl MixedServer {
    /// We are the server.
    pub fn server(ours: &Arc<tlcp::config::ServerConfig>, theirs: &Arc<ClientConfig>) -> Self {
        Self::server_named(ours, theirs, "localhost")
    }

    /// The same with a client that asks for this name.
    pub fn server_named(
        ours: &Arc<tlcp::config::ServerConfig>,
        theirs: &Arc<ClientConfig>,
        name: &'static str,
    ) -> Self {
        let ours = tlcp::conn::ServerConnection::new(ours.clone(), at(1));
        let theirs = rustls::ClientConnection::new(theirs.clone(), name.try_into().unwrap()).unwrap();
        Self { ours, theirs: theirs.into(), chunk: usize::MAX }
    }
}

impl<S: Endpoint> Mixed<S> {
    /// Carries bytes both ways until nothing moves; what one end says before it fails still arrives.
    pub fn run(&mut self) -> Result<(), Failed> {
        loop {
            let mut moved = self.feed_theirs()?;
            let mut bytes = Vec::new();
            while self.theirs.wants_write() {
                self.theirs.write_tls(&mut bytes).unwrap();
            }
            moved += bytes.len();
            self.feed_ours(&bytes).map_err(Failed::Ours)?;
            if moved == 0 {
                return Ok(());
            }
        }
    }

    fn feed_ours(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for chunk in bytes.chunks(self.chunk.min(bytes.len().max(1))) {
            let mut rest = chunk;
            while !rest.is_empty() {
                match self.ours.receive(rest, at(1))? {
                    0 => panic!("plaintext waits to be read"),
                    n => rest = &rest[n..],
                }
            }
        }
        Ok(())
    }

    fn feed_theirs(&mut self) -> Result<usize, Failed> {
        let bytes = self.ours.pending_output().to_vec();
        self.ours.sent(bytes.len());
        for chunk in bytes.chunks(self.chunk.min(bytes.len().max(1))) {
            let mut rest = chunk;
            while !rest.is_empty() && self.theirs.read_tls(&mut rest).unwrap() > 0 {
                self.theirs.process_new_packets().map_err(Failed::Theirs)?;
            }
        }
        Ok(bytes.len())
    }

    /// A complete handshake.
    pub fn connected(mut self) -> Self {
        self.run().unwrap_or_else(|e| panic!("{e:?}"));
        assert!(!self.ours.is_handshaking() && !self.theirs.is_handshaking());
        self
    }

    /// Data from us to them and back, which arrives as it was sent.
    pub fn exchange(&mut self, data: &[u8]) {
        for part in data.chunks(16_000) {
            let mut rest = part;
            while !rest.is_empty() {
                let n = self.ours.write(rest).unwrap();
                rest = &rest[n..];
                self.run().unwrap();
            }
            let mut got = vec![0; part.len()];
            self.theirs.reader().read_exact(&mut got).unwrap();
            assert!(got == part);
            self.theirs.writer().write_all(&got).unwrap();
            self.run().unwrap();
            assert!(read_all(&mut self.ours) == part);
        }
    }
}
