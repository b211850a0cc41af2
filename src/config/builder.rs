//! What the builders of both roles have in common.
use super::observer::Observer;
use super::services::{KeyLog, Later, Services};
use super::{Compat, Limits, Policy};
#[cfg(feature = "sm9")]
use crate::cert::KeyCentres;
use crate::cert::Verifier;
use crate::crypto::{Provider, Random};
use crate::message::DistinguishedNames;
use crate::session::SessionStore;
use crate::suite::Suite;
use crate::wire::{NamedGroup, SignatureScheme};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

/// Collects a configuration of the type `C`: see [`super::ClientConfigBuilder`] and [`super::ServerConfigBuilder`] for
/// what only one role has, and for `build`.
pub struct ConfigBuilder<C> {
    pub(super) policy: Policy,
    pub(super) services: Services,
    pub(super) provider: Provider,
    pub(super) suites: Option<Vec<&'static Suite>>,
    /// On a server.
    pub(super) authorities: Option<DistinguishedNames>,
    pub(super) session_tag: Box<[u8]>,
    builds: PhantomData<fn() -> C>,
}

impl<C> ConfigBuilder<C> {
    /// Without a session store.
    pub(super) fn new(policy: Policy, provider: Provider, random: Arc<dyn Random>) -> Self {
        Self {
            policy,
            services: Services::new(random),
            provider,
            suites: None,
            authorities: None,
            session_tag: Box::default(),
            builds: PhantomData,
        }
    }

    /// With this machine's primitives and randomness, and sessions in memory.
    #[cfg(feature = "std")]
    pub(super) fn with_system(policy: Policy) -> Self {
        let random = Arc::new(crate::crypto::random::SystemRandom);
        let mut builder = Self::new(policy, crate::crypto::default_provider(), random);
        builder.services.sessions = Some(Arc::new(crate::session::MemoryStore::default()));
        builder
    }

    /// Forgets the identities so far: for a configuration that is opened again to have others.
    pub fn without_identities(mut self) -> Self {
        self.services.identities.clear();
        self
    }

    /// Who decides on the peer's certificates. A client must have one; a server without one asks for no certificate and
    /// chooses no ECDHE suite (R-HS-42).
    pub fn verifier(mut self, verifier: Arc<dyn Verifier>) -> Self {
        self.services.verifier = Some(verifier);
        self
    }

    /// Trusts these key centres, and with that turns the SM9 suites on, for the identities under them.
    #[cfg(feature = "sm9")]
    pub fn key_centres(mut self, centres: KeyCentres) -> Self {
        self.policy.key_centres = Arc::new(centres);
        self
    }

    /// The suites to use, preferred first; by default all that can work.
    pub fn suites(mut self, suites: &[&'static Suite]) -> Self {
        self.suites = Some(suites.to_vec());
        self
    }

    /// The application protocols to offer or to accept by ALPN, preferred first: `[b"h2".as_slice(), b"http/1.1"]`.
    pub fn alpn<'a>(mut self, names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        self.policy.alpn = names.into_iter().map(Box::from).collect();
        self
    }

    /// How to be understood by TLCP's peers that read the standard otherwise: [`Compat::gmssl`] on a client of GmSSL.
    pub fn compat(mut self, compat: Compat) -> Self {
        self.policy.compat = compat;
        self
    }

    /// Where sessions are kept; `None`: nothing is resumed.
    pub fn sessions(mut self, store: Option<Arc<dyn SessionStore>>) -> Self {
        self.services.sessions = store;
        self
    }

    /// Sessions of configurations with different tags never meet, even in one store (R-SES-10, R-SES-11).
    pub fn session_tag(mut self, tag: &[u8]) -> Self {
        self.session_tag = Box::from(tag);
        self
    }

    /// Hands every connection's secret to `log`, for tools that decrypt recorded traffic: whoever has it can read
    /// everything.
    pub fn key_log(mut self, log: Arc<dyn KeyLog>) -> Self {
        self.services.key_log = Some(log);
        self
    }

    /// Sees every message, and what each connection came to.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.services.observer = Some(observer);
        self
    }

    /// Keep each connection's keys beside its ciphers, so that they can be handed out after the handshake, to a kernel or a
    /// device: [`Connection::extract_keys`](crate::conn::Connection::extract_keys). By default nobody can have them.
    pub fn extractable_keys(mut self) -> Self {
        self.services.extractable_keys = true;
        self
    }

    /// The cryptographic primitives to use, in place of [`default_provider`](crate::crypto::default_provider).
    pub fn provider(mut self, provider: Provider) -> Self {
        self.provider = provider;
        self
    }

    /// How long a handshake may take: 30 seconds unless told otherwise.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.policy.handshake_timeout = timeout;
        self
    }

    /// How long a session may be resumed, in seconds from its full handshake: two hours by default, never over 24
    /// (R-SES-13).
    pub fn session_lifetime(mut self, seconds: u64) -> Self {
        self.policy.session_lifetime = seconds;
        self
    }

    /// Whether to resume only ECDHE sessions, whose master secret binds both parties' keys (R-SES-14). By default all.
    pub fn resume_only_ecdhe(mut self, only: bool) -> Self {
        self.policy.resume_only_ecdhe = only;
        self
    }

    /// The groups of TLS's key agreement, preferred first: by default X25519, P-256, P-384.
    pub fn groups(mut self, groups: &[NamedGroup]) -> Self {
        self.policy.groups = groups.to_vec();
        self
    }

    /// How TLS's handshake may be signed, by either side, preferred first (R-T12-19).
    pub fn signature_schemes(mut self, schemes: &[SignatureScheme]) -> Self {
        self.policy.signature_schemes = schemes.to_vec();
        self
    }

    /// Refuse TLS peers without extended_master_secret (R-EMS-6). By default it is used with whoever has it.
    pub fn require_ems(mut self) -> Self {
        self.policy.require_extended_master_secret = true;
        self
    }

    /// Whether to offer and take encrypt-then-MAC for TLS's CBC suites, as by default (R-ETM-1).
    pub fn encrypt_then_mac(mut self, offer: bool) -> Self {
        self.policy.encrypt_then_mac = offer;
        self
    }

    /// How much of a peer is borne (R-REC-38), and how much a key seals (R-REC-18).
    pub fn limits(mut self, limits: Limits) -> Self {
        self.policy.limits = limits;
        self
    }

    /// Whether to put the time into the first four bytes of `random` (R-HS-2). By default all 32 bytes are random.
    pub fn gmt_time_in_random(mut self, time: bool) -> Self {
        self.policy.gmt_time_in_random = time;
        self
    }

    /// Hand every signature and decryption to the caller of the connection, also by keys that are here: whoever has many
    /// connections answers several at once, by [`answer_together`](crate::handshake::answer_together), which on some
    /// processors is much cheaper for SM2.
    pub fn keys_later(mut self) -> Self {
        self.services.keys_later = true;
        self
    }

    /// Hand every `VerifyPeer` to the caller of the connection, to be answered in his own time. `decision` stands for his
    /// verifier and policy: bytes that differ whenever what he accepts could. Without them no session is resumed, since
    /// nobody would be asked whether the peer is still acceptable (R-SES-16). A server then names the CAs itself, with
    /// [`ServerConfigBuilder::authorities`](super::ServerConfigBuilder::authorities): some clients, GmSSL among them, show
    /// nothing to a server that names none.
    pub fn verify_later(mut self, decision: Option<&[u8]>) -> Self {
        self.services.verify_later = Some(Later::new(decision));
        self
    }

    /// Hand every `SelectIdentity` to the caller of the connection, to be answered in his own time. `decision` stands
    /// for the identities that he may choose, as in [`ConfigBuilder::verify_later`].
    pub fn select_later(mut self, decision: Option<&[u8]>) -> Self {
        self.services.select_later = Some(Later::new(decision));
        self
    }
}

impl<C> Clone for ConfigBuilder<C> {
    fn clone(&self) -> Self {
        Self {
            policy: self.policy.clone(),
            services: self.services.clone(),
            provider: self.provider,
            suites: self.suites.clone(),
            authorities: self.authorities.clone(),
            session_tag: self.session_tag.clone(),
            builds: PhantomData,
        }
    }
}

impl<C> fmt::Debug for ConfigBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigBuilder")
            .field("policy", &self.policy)
            .field("services", &self.services)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}
