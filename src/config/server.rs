//! A server's configuration.
use super::services::{KeyLog, NamedIdentity, Observer, Services};
use super::{ClientAuth, Compat, Policy, Setup, select_suites};
use crate::cert::{Identity, Verifier};
use crate::crypto::{Provider, Random};
use crate::error::ConfigError;
use crate::session::SessionStore;
use crate::suite::Suite;
use alloc::{boxed::Box, string::ToString, sync::Arc, vec::Vec};
use core::time::Duration;

/// What a server's connections share. Cheap to share in an `Arc`.
#[derive(Debug)]
pub struct ServerConfig {
    setup: Setup,
}

impl ServerConfig {
    /// Begins a configuration. Only the identity has no default.
    #[cfg(feature = "std")]
    pub fn builder() -> ServerConfigBuilder {
        let random = Arc::new(crate::crypto::random::SystemRandom);
        let mut builder = Self::builder_with(crate::crypto::default_provider(), random);
        builder.services.sessions = Some(Arc::new(crate::session::MemoryStore::default()));
        builder
    }

    /// Begins a configuration with these primitives and this randomness, and without a session store.
    pub fn builder_with(provider: Provider, random: Arc<dyn Random>) -> ServerConfigBuilder {
        ServerConfigBuilder {
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
}

impl AsRef<Setup> for ServerConfig {
    fn as_ref(&self) -> &Setup {
        &self.setup
    }
}

/// Collects a server's configuration.
#[derive(Debug)]
pub struct ServerConfigBuilder {
    policy: Policy,
    services: Services,
    provider: Provider,
    suites: Option<Vec<&'static Suite>>,
    session_tag: Box<[u8]>,
}

impl ServerConfigBuilder {
    /// Our certificate pair, for clients that ask for a name in its certificate. The first one is for all others too.
    pub fn identity(mut self, identity: Arc<Identity>) -> Self {
        self.services.identities.push(NamedIdentity { names: Vec::new(), identity });
        self
    }

    /// A certificate pair for clients that ask for one of `names`.
    pub fn identity_for<'a>(
        mut self,
        names: impl IntoIterator<Item = &'a str>,
        identity: Arc<Identity>,
    ) -> Self {
        let names = names.into_iter().map(|n| n.to_ascii_lowercase().into_boxed_str()).collect();
        self.services.identities.push(NamedIdentity { names, identity });
        self
    }

    /// Refuse clients that ask for a name without an identity, with unrecognized_name; by default they get the first.
    pub fn refuse_unknown_names(mut self) -> Self {
        self.services.refuse_unknown_names = true;
        self
    }

    /// Who decides on clients' certificates; without it no ECDHE suite is chosen (R-HS-42).
    pub fn verifier(mut self, verifier: Arc<dyn Verifier>) -> Self {
        self.services.verifier = Some(verifier);
        self
    }

    /// Whether clients are asked for certificates.
    pub fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.policy.client_auth = client_auth;
        self
    }

    /// The suites to choose from, preferred first; by default all that can work.
    pub fn suites(mut self, suites: &[&'static Suite]) -> Self {
        self.suites = Some(suites.to_vec());
        self
    }

    /// Application protocols to choose from, preferred first.
    pub fn alpn<'a>(mut self, names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        self.policy.alpn = names.into_iter().map(Box::from).collect();
        self
    }

    /// Quirks of the clients.
    pub fn compat(mut self, compat: Compat) -> Self {
        self.policy.compat = compat;
        self
    }

    /// Where sessions are kept; `None`: nothing is resumed.
    pub fn sessions(mut self, store: Option<Arc<dyn SessionStore>>) -> Self {
        self.services.sessions = store;
        self
    }

    /// Sessions of configurations with different tags never meet, even in one store (R-SES-10).
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
    pub fn build(self) -> Result<ServerConfig, ConfigError> {
        let Self { mut policy, services, provider, suites, session_tag } = self;
        if services.identities.is_empty() && !services.select_later {
            return Err(ConfigError::new("no identity: pass the certificate pair that the server shows"));
        }
        let can_verify = services.verifier.is_some() || services.verify_later;
        if policy.client_auth != ClientAuth::None && !can_verify {
            return Err(ConfigError::new(
                "client_auth asks for certificates, and there is no verifier: pass one made from the clients' CA",
            ));
        }
        let why = (!can_verify).then_some("there is no verifier for clients: pass one made from their CA");
        policy.suites = select_suites(suites.as_deref(), why)?;
        policy.log_secrets = services.key_log.is_some();
        policy.sessions = services.sessions.is_some();
        if let Some(verifier) = &services.verifier {
            policy.authorities = verifier.authorities().into_iter().map(Vec::into_boxed_slice).collect();
        }
        check_authorities(&policy)?;
        policy.check()?;
        let auth = [policy.client_auth as u8];
        policy.session_context = services.context(&provider, &[b"server", &auth, &session_tag])?;
        Ok(ServerConfig { setup: Setup { policy, services, provider } })
    }
}

/// They go into one CertificateRequest, whose list and the message itself have a limit (R-REC-38).
fn check_authorities(policy: &Policy) -> Result<(), ConfigError> {
    const MOST: usize = 48 * 1024;
    let length: usize = policy.authorities.iter().map(|name| name.len() + 2).sum();
    if length > MOST {
        let text = "the CA names for CertificateRequest take more than 48 KiB: pass fewer anchors";
        return Err(ConfigError::new(text.to_string()));
    }
    Ok(())
}
