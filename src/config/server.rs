//! A server's configuration.
use super::builder::ConfigBuilder;
use super::check::{Party, check_identities};
use super::services::NamedIdentity;
use super::{ClientAuth, Policy, Setup, suites};
use crate::cert::Identity;
use crate::crypto::{Provider, Random};
use crate::error::ConfigError;
use crate::message::RequestedName;
use crate::session::Ticketer;
use crate::wire::ProtocolVersion;
use alloc::{format, string::ToString, sync::Arc, vec::Vec};

/// What a server's connections share. Cheap to share in an `Arc`.
///
/// ```no_run
/// use std::sync::Arc;
/// use tlcp::{ClientAuth, Identity, ServerConfig, WebPkiVerifier, default_provider};
///
/// let provider = default_provider();
/// let [pile, clients_root] = [std::fs::read("pki/server.pem")?, std::fs::read("pki/ca.crt")?];
/// let verifier = WebPkiVerifier::builder(&provider).roots(&[&clients_root])?.build()?;
/// let config = ServerConfig::builder()
///     .identity(Arc::new(Identity::from_pile(&[&pile], None, &provider)?))
///     .verifier(Arc::new(verifier)) // without one, nobody is asked for certificates, and there are ECC suites alone
///     .client_auth(ClientAuth::Request)
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ServerConfig {
    setup: Setup,
    /// What it was built from.
    asked: ServerConfigBuilder,
}

impl ServerConfig {
    /// Begins a configuration. Only the identity has no default.
    #[cfg(feature = "std")]
    pub fn builder() -> ServerConfigBuilder {
        ConfigBuilder::with_system(Policy::tlcp())
    }

    /// Begins a configuration with these primitives and this randomness, and without a session store.
    pub fn builder_with(provider: Provider, random: Arc<dyn Random>) -> ServerConfigBuilder {
        ConfigBuilder::new(Policy::tlcp(), provider, random)
    }

    /// Begins a configuration of TLS 1.2, with one certificate in place of TLCP's pair.
    #[cfg(all(feature = "std", feature = "tls12"))]
    pub fn tls12_builder() -> ServerConfigBuilder {
        ConfigBuilder::with_system(Policy::tls12())
    }

    /// Begins a configuration of TLS 1.2 with these primitives and this randomness, and without a session store.
    #[cfg(feature = "tls12")]
    pub fn tls12_builder_with(provider: Provider, random: Arc<dyn Random>) -> ServerConfigBuilder {
        ConfigBuilder::new(Policy::tls12(), provider, random)
    }

    /// Opens the configuration again, to build one that differs in something. The new one has the same session store and
    /// ticketer, so that sessions go on wherever what they depend on is the same: the identity that was shown, whoever
    /// verifies, but for revocation, which is looked up again at each resumption (R-SES-10, R-SES-11, R-HS-51).
    pub fn to_builder(&self) -> ServerConfigBuilder {
        self.asked.clone()
    }

    /// What the builder made of all that was chosen: the suites in their order, limits, quirks.
    pub fn policy(&self) -> &Policy {
        &self.setup.policy
    }
}

impl AsRef<Setup> for ServerConfig {
    fn as_ref(&self) -> &Setup {
        &self.setup
    }
}

/// One configuration for each protocol that is spoken on a port.
#[derive(Debug, Clone)]
pub struct ServerConfigs {
    first: Arc<ServerConfig>,
    others: Vec<Arc<ServerConfig>>,
}

impl ServerConfigs {
    /// A port of one protocol, so far.
    pub fn new(first: Arc<ServerConfig>) -> Self {
        Self { first, others: Vec::new() }
    }

    /// Another protocol on the same port.
    ///
    /// # Errors
    /// [`ConfigError`] if there is one for this protocol already.
    pub fn with(mut self, other: Arc<ServerConfig>) -> Result<Self, ConfigError> {
        let protocol = other.policy().protocol;
        if self.iter().any(|config| config.policy().protocol == protocol) {
            let text = format!(
                "two configurations for {}: one port takes one of each protocol, chosen by the client's first record",
                protocol.version
            );
            return Err(ConfigError::new(text));
        }
        self.others.push(other);
        Ok(self)
    }

    /// The configurations, one for each protocol.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ServerConfig>> {
        core::iter::once(&self.first).chain(&self.others)
    }

    /// The one for clients whose first record has this version (R-HS-33); the first one, which will refuse it, if there is
    /// none.
    pub fn for_version(&self, record: ProtocolVersion) -> &Arc<ServerConfig> {
        let speaks = |c: &&Arc<ServerConfig>| c.policy().protocol.version.major() == record.major();
        self.iter().find(speaks).unwrap_or(&self.first)
    }
}

impl From<Arc<ServerConfig>> for ServerConfigs {
    fn from(only: Arc<ServerConfig>) -> Self {
        Self::new(only)
    }
}

/// Collects a server's configuration.
pub type ServerConfigBuilder = ConfigBuilder<ServerConfig>;

impl ServerConfigBuilder {
    /// Our certificate pair, for clients that ask for a name in its certificate. The first one is for all others too.
    pub fn identity(mut self, identity: Arc<Identity>) -> Self {
        self.services.identities.push(NamedIdentity { names: Vec::new(), identity });
        self
    }

    /// A certificate pair for clients that ask for one of `names`: names of hosts, without a dot at the end (R-HS-48).
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

    /// Whether clients are asked for certificates, and whether they must have them; by default they are asked in
    /// ECDHE suites alone.
    pub fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.policy.client_auth = client_auth;
        self
    }

    /// The CAs that CertificateRequest names, as DER distinguished names; by default those of the verifier.
    pub fn authorities<'a>(mut self, names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        self.authorities = Some(names.into_iter().collect());
        self
    }

    /// Whether to refuse a signature_algorithms extension without SM2 (R-HS-6). By default the suite decides alone.
    pub fn strict_signature_schemes(mut self, strict: bool) -> Self {
        self.policy.strict_signature_schemes = strict;
        self
    }

    /// Seals TLS sessions into tickets for the clients to keep (R-TKT-3); without it there are none.
    pub fn tickets(mut self, ticketer: Arc<dyn Ticketer>) -> Self {
        self.services.tickets = Some(ticketer);
        self
    }

    /// TLS 1.3 is spoken on this port too, by another stack: the random then says that it was not chosen (R-T12-23).
    pub fn tls13_elsewhere(mut self) -> Self {
        self.policy.tls13_elsewhere = true;
        self
    }

    /// Checks the whole.
    ///
    /// # Errors
    /// [`ConfigError`] says what to change.
    pub fn build(self) -> Result<ServerConfig, ConfigError> {
        let asked = self.clone();
        let Self { mut policy, services, provider, suites: wanted, authorities, session_tag, .. } = self;
        if services.identities.is_empty() && services.select_later.is_none() {
            return Err(ConfigError::new("no identity: pass the certificate pair that the server shows"));
        }
        let names = services.identities.iter().flat_map(|identity| &identity.names);
        if let Some(name) = names.into_iter().find(|name| RequestedName::of(name.as_bytes()).host().is_none())
        {
            let text = format!("no client can ask for the name {name:?}: identity_for takes names of hosts");
            return Err(ConfigError::new(text));
        }
        let can_verify =
            services.verifier.is_some() || services.verify_later.is_some() || policy.trusts_centres();
        if policy.client_auth != ClientAuth::None && !can_verify {
            return Err(ConfigError::new(
                "client_auth asks for certificates, and there is no verifier: pass one made from the clients' CA",
            ));
        }
        policy.suites = suites::select(&policy, &services, Party::Server, wanted.as_deref())?;
        policy.log_secrets = services.key_log.is_some();
        policy.sessions = services.sessions.is_some() && services.decisions_stand();
        policy.tickets |= services.tickets.is_some();
        policy.tickets &= services.tickets.is_some() && services.decisions_stand();
        let of_verifier =
            || Some(services.verifier.as_ref()?.authorities().iter().map(Vec::as_slice).collect());
        policy.authorities = authorities.or_else(of_verifier).unwrap_or_default();
        check_authorities(&policy)?;
        policy.check()?;
        check_identities(&policy, &services, Party::Server)?;
        let auth = [policy.client_auth as u8];
        let parts: [&[u8]; 4] = [b"server", &auth, &session_tag, &policy.trusted_centres()];
        policy.session_context = services.context(&provider, &parts)?;
        Ok(ServerConfig { setup: Setup { policy, services, provider }, asked })
    }
}

/// They go into one CertificateRequest, whose list and the message itself have a limit (R-REC-38).
fn check_authorities(policy: &Policy) -> Result<(), ConfigError> {
    const MOST: usize = 48 * 1024;
    if policy.authorities.wire_len() > MOST {
        let text = "the CA names for CertificateRequest take more than 48 KiB: pass fewer anchors";
        return Err(ConfigError::new(text.to_string()));
    }
    Ok(())
}
