//! A client's configuration.
use super::services::{KeyLog, NamedIdentity, Observer, Services};
use super::{Compat, Policy, Setup, select_suites};
use crate::cert::{Identity, KeyUse, ServerName, Verifier};
use crate::crypto::{Provider, Random};
use crate::error::ConfigError;
use crate::session::{SessionKey, SessionStore};
use crate::suite::{HashAlgorithm, Suite};
use alloc::{boxed::Box, format, sync::Arc, vec, vec::Vec};
use core::time::Duration;

/// What a client's connections share. Cheap to share in an `Arc`.
#[derive(Debug)]
pub struct ClientConfig {
    setup: Setup,
    /// The part of every session key that does not depend on the server (R-SES-11).
    session_base: [u8; 32],
}

impl ClientConfig {
    /// Begins a configuration. Only the verifier has no default.
    #[cfg(feature = "std")]
    pub fn builder() -> ClientConfigBuilder {
        let random = Arc::new(crate::crypto::random::SystemRandom);
        let mut builder = Self::builder_with(crate::crypto::default_provider(), random);
        builder.services.sessions = Some(Arc::new(crate::session::MemoryStore::default()));
        builder
    }

    /// Begins a configuration with these primitives and this randomness, and without a session store.
    pub fn builder_with(provider: Provider, random: Arc<dyn Random>) -> ClientConfigBuilder {
        ClientConfigBuilder {
            policy: Policy::tlcp(),
            services: Services::new(random),
            provider,
            suites: None,
            session_tag: Box::default(),
        }
    }

    /// The policy that was built.
    pub fn policy(&self) -> &Policy {
        &self.setup.policy
    }

    /// By what sessions with `name` are found; `tag` tells servers apart that share the name, such as by their port
    /// (R-SES-11).
    pub fn session_key(&self, name: &ServerName<'_>, tag: &[u8]) -> Option<SessionKey> {
        self.setup.services.sessions.as_ref()?;
        let name = match name {
            ServerName::DnsName(name) => name.as_ref().to_ascii_lowercase(),
            other => format!("{other:?}"),
        };
        let length = (name.len() as u64).to_be_bytes();
        let parts = [&self.session_base[..], &length, name.as_bytes(), tag];
        let digest = self.setup.provider.hashes.digest(HashAlgorithm::Sm3, &parts);
        Some(SessionKey::Server(digest.as_ref().try_into().ok()?))
    }
}

impl AsRef<Setup> for ClientConfig {
    fn as_ref(&self) -> &Setup {
        &self.setup
    }
}

/// Collects a client's configuration.
#[derive(Debug)]
pub struct ClientConfigBuilder {
    policy: Policy,
    services: Services,
    provider: Provider,
    suites: Option<Vec<&'static Suite>>,
    session_tag: Box<[u8]>,
}

impl ClientConfigBuilder {
    /// Who decides on the server's certificates.
    pub fn verifier(mut self, verifier: Arc<dyn Verifier>) -> Self {
        self.services.verifier = Some(verifier);
        self
    }

    /// Our certificate pair, for servers that ask; without it no ECDHE suite is offered (R-CS-3).
    pub fn identity(mut self, identity: Arc<Identity>) -> Self {
        self.services.identities = vec![NamedIdentity { names: Vec::new(), identity }];
        self
    }

    /// The suites to offer, preferred first; by default all that can work.
    pub fn suites(mut self, suites: &[&'static Suite]) -> Self {
        self.suites = Some(suites.to_vec());
        self
    }

    /// Application protocols to offer, preferred first.
    pub fn alpn<'a>(mut self, names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        self.policy.alpn = names.into_iter().map(Box::from).collect();
        self
    }

    /// Quirks of the servers.
    pub fn compat(mut self, compat: Compat) -> Self {
        self.policy.compat = compat;
        self
    }

    /// Where sessions are kept; `None`: nothing is resumed.
    pub fn sessions(mut self, store: Option<Arc<dyn SessionStore>>) -> Self {
        self.services.sessions = store;
        self
    }

    /// Sessions of configurations with different tags never meet, even in one store.
    pub fn session_tag(mut self, tag: &[u8]) -> Self {
        self.session_tag = Box::from(tag);
        self
    }

    /// Takes every connection's secret.
    pub fn key_log(mut self, log: Arc<dyn KeyLog>) -> Self {
        self.services.key_log = Some(log);
        self
    }

    /// Sees every message.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.services.observer = Some(observer);
        self
    }

    /// The primitives.
    pub fn provider(mut self, provider: Provider) -> Self {
        self.provider = provider;
        self
    }

    /// How long a handshake may take.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.policy.handshake_timeout = timeout;
        self
    }

    /// Changes anything else in the policy; `build` checks it.
    pub fn policy(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    /// Hand `VerifyPeer` and `SelectIdentity` to the caller of the connection, to be answered in its own time.
    pub fn answer_later(mut self, verify: bool, select: bool) -> Self {
        (self.services.verify_later, self.services.select_later) = (verify, select);
        self
    }

    /// Checks the whole.
    ///
    /// # Errors
    /// [`ConfigError`] says what to change.
    pub fn build(self) -> Result<ClientConfig, ConfigError> {
        let Self { mut policy, services, provider, suites, session_tag } = self;
        if services.verifier.is_none() && !services.verify_later {
            return Err(ConfigError::new("no verifier: pass one made from the CA certificates you trust"));
        }
        let has_identity = !services.identities.is_empty() || services.select_later;
        let why = (!has_identity).then_some("no identity is configured: pass a certificate pair");
        policy.suites = select_suites(suites.as_deref(), why)?;
        policy.log_secrets = services.key_log.is_some();
        policy.sessions = services.sessions.is_some();
        policy.check()?;
        let session_base = services.context(&provider, &[b"client", &session_tag])?;
        Ok(ClientConfig { setup: Setup { policy, services, provider }, session_base })
    }
}

impl Services {
    pub(super) fn new(random: Arc<dyn Random>) -> Self {
        Self {
            identities: Vec::new(),
            verifier: None,
            sessions: None,
            random,
            key_log: None,
            observer: None,
            refuse_unknown_names: false,
            verify_later: false,
            select_later: false,
        }
    }

    /// SM3 over all that a session must not outlive: own certificates, verifier, and `rest` (R-SES-10, R-SES-11).
    pub(super) fn context(&self, provider: &Provider, rest: &[&[u8]]) -> Result<[u8; 32], ConfigError> {
        let mut hash = provider.hashes.start(HashAlgorithm::Sm3);
        let mut add = |part: &[u8]| {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        rest.iter().for_each(|part| add(part));
        add(&self.verifier.as_ref().map(|v| v.context()).unwrap_or_default());
        for named in &self.identities {
            add(named.identity.certificate(KeyUse::Sign));
            add(named.identity.certificate(KeyUse::Encrypt));
        }
        let digest = hash.current();
        digest
            .as_ref()
            .try_into()
            .map_err(|_| ConfigError::new(format!("the provider {} gives no 32-byte SM3", provider.name)))
    }
}
