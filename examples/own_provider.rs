//! Primitives of one's own: a `Provider` is a struct of fields, and any of them can be replaced. Here the hashes count
//! what they do; everything else stays as it was.
//!
//! `cargo run --example own_provider --features pki`
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tlcp::crypto::random::SystemRandom;
use tlcp::crypto::{Digest, HashContext, Hashes, Prf, self_test};
use tlcp::pki::{Options, Pki};
use tlcp::session::MemoryStore;
use tlcp::suite::HashAlgorithm;
use tlcp::{ClientConfig, ClientConnection, Clock, ServerConfig, ServerConnection, ServerName};

/// Hands everything on, and counts.
struct Counting {
    inner: &'static dyn Hashes,
    hashes: AtomicUsize,
    hmacs: AtomicUsize,
    prfs: AtomicUsize,
}

impl Hashes for Counting {
    fn start(&self, algorithm: HashAlgorithm) -> Box<dyn HashContext> {
        self.hashes.fetch_add(1, Ordering::Relaxed);
        self.inner.start(algorithm)
    }

    fn digest(&self, algorithm: HashAlgorithm, parts: &[&[u8]]) -> Digest {
        self.hashes.fetch_add(1, Ordering::Relaxed);
        self.inner.digest(algorithm, parts)
    }

    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8], parts: &[&[u8]]) -> Digest {
        self.hmacs.fetch_add(1, Ordering::Relaxed);
        self.inner.hmac(algorithm, key, parts)
    }

    fn keyed_prf(&self, algorithm: HashAlgorithm, secret: &[u8]) -> Box<dyn Prf> {
        self.prfs.fetch_add(1, Ordering::Relaxed);
        self.inner.keyed_prf(algorithm, secret)
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let standard = tlcp::default_provider();
    // Providers live as long as the program.
    let counting: &'static Counting = Box::leak(Box::new(Counting {
        inner: standard.hashes,
        hashes: AtomicUsize::new(0),
        hmacs: AtomicUsize::new(0),
        prfs: AtomicUsize::new(0),
    }));
    let provider = standard.named("counting").with_hashes(counting);
    // Known answers for every primitive: what any provider must pass before it is used.
    self_test(&provider)?;

    let clock = Clock::start();
    let pki = Pki::new(&Options::new(clock.now().unix), &standard, &SystemRandom)?;
    let server = ServerConfig::builder_with(provider, Arc::new(SystemRandom))
        .identity(Arc::new(pki.server_identity(&provider)?))
        .sessions(Some(Arc::new(MemoryStore::default())))
        .build()?;
    let client = ClientConfig::builder().verifier(Arc::new(pki.verifier(&standard)?)).build()?;
    let before = counting.prfs.load(Ordering::Relaxed);
    let name = ServerName::try_from("localhost")?;
    let mut client = ClientConnection::new(Arc::new(client), name, clock.now())?;
    let mut server = ServerConnection::new(Arc::new(server), clock.now());
    while client.is_handshaking() || server.is_handshaking() {
        let taken = server.receive(client.pending_output(), clock.now())?;
        client.sent(taken);
        let taken = client.receive(server.pending_output(), clock.now())?;
        server.sent(taken);
    }
    let prfs = counting.prfs.load(Ordering::Relaxed) - before;
    println!(
        "the server's handshake keyed the PRF {prfs} times: with the pre_master_secret, with the master secret"
    );
    assert_eq!(prfs, 2);
    Ok(())
}
