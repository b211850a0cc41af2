//! The objects behind a connection: a verifier that does as it is told, and what outlives one connection.
use crate::{Stop, config};
use crate::options::Options;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tlcp::cert::{PeerClaim, Verified, Verifier};
use tlcp::crypto::Random;
use tlcp::error::{CertificateError, CertificateProblem};
use tlcp::message::Credential;
use tlcp::session::{
    Found, MemoryStore, RotatingTicketer, Session, SessionKey, SessionStore, Ticket, Ticketer,
};
use tlcp::stream::Clock;
use tlcp::suite::AeadAlgorithm;

/// Accepts whatever comes, or nothing: the runner's tests are not about paths.
pub(crate) struct Told {
    problem: Option<CertificateProblem>,
    looks_again: bool,
}

impl Told {
    pub(crate) fn new(options: &Options) -> Self {
        let custom = options.has("-use-custom-verify-callback");
        let asked = ["-verify-peer", "-require-any-client-certificate"].iter().any(|flag| options.has(flag));
        let problem = match options.has("-verify-fail") && (custom || asked) {
            true if custom => Some(CertificateProblem::Other("-verify-fail")),
            true => Some(CertificateProblem::AccessDenied),
            false => None,
        };
        Self { problem, looks_again: options.has("-reverify-on-resume") }
    }

    fn tell(&self) -> Result<(), CertificateError> {
        self.problem.clone().map_or(Ok(()), |problem| Err(problem.into()))
    }
}

impl Verifier for Told {
    fn verify(&self, _: &PeerClaim, _: u64) -> Result<Verified, CertificateError> {
        self.tell().map(|()| Verified::assertion(u64::MAX))
    }

    fn check_again(&self, _: &Credential, _: u64) -> Result<(), CertificateError> {
        if self.looks_again { self.tell() } else { Ok(()) }
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn context(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// What the connections of one test share.
pub(crate) struct Kept {
    pub(crate) sessions: Arc<Store>,
    pub(crate) tickets: Arc<Tickets>,
    pub(crate) clock: Clock,
}

impl Kept {
    pub(crate) fn new(options: &Options) -> Result<Self, Stop> {
        Ok(Self {
            sessions: Arc::new(Store { inner: MemoryStore::default(), stored: AtomicUsize::new(0) }),
            tickets: Arc::new(Tickets::new(options)?),
            clock: Clock::start(),
        })
    }
}

/// Counts the sessions that it was given.
pub(crate) struct Store {
    inner: MemoryStore,
    stored: AtomicUsize,
}

impl Store {
    pub(crate) fn stored(&self) -> usize {
        self.stored.load(Ordering::SeqCst)
    }
}

impl SessionStore for Store {
    fn find(&self, key: &SessionKey, now: u64) -> Found {
        self.inner.find(key, now)
    }

    fn store(&self, key: SessionKey, session: Arc<Session>) {
        self.stored.fetch_add(1, Ordering::SeqCst);
        self.inner.store(key, session);
    }

    fn remove(&self, key: &SessionKey) {
        self.inner.remove(key);
    }
}

/// The library's tickets, unless the test wants none to be given.
pub(crate) struct Tickets {
    inner: RotatingTicketer,
    withholds: bool,
}

impl Tickets {
    fn new(options: &Options) -> Result<Self, Stop> {
        let inner = RotatingTicketer::new(config::provider(), AeadAlgorithm::Aes128Gcm, 3600).map_err(Stop::failed)?;
        Ok(Self { inner, withholds: options.has("-skip-ticket") })
    }
}

impl Ticketer for Tickets {
    fn seal(&self, session: &Session, now: u64, random: &dyn Random) -> Option<Ticket> {
        self.inner.seal(session, now, random).filter(|_| !self.withholds)
    }

    fn open(&self, ticket: &[u8], now: u64) -> Option<Session> {
        self.inner.open(ticket, now)
    }
}
