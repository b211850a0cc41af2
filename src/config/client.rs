//! A client's configuration.
use super::builder::ConfigBuilder;
use super::check::{Party, check_identities};
use super::services::{Later, NamedIdentity, Services};
use super::{Policy, Setup, suites};
use crate::cert::{Identity, KeyUse, ServerName};
use crate::crypto::{Provider, Random};
use crate::error::ConfigError;
use crate::session::SessionKey;
use crate::suite::{Certificates, HashAlgorithm, KeyExchange};
use crate::wire::MaxFragmentLength;
use alloc::{borrow::Cow, format, sync::Arc, vec::Vec};

/// What a client's connections share. Cheap to share in an `Arc`.
///
/// ```no_run
/// use std::sync::Arc;
/// use tlcp::{ClientConfig, Identity, WebPkiVerifier, default_provider};
///
/// let provider = default_provider();
/// let [root, pile] = [std::fs::read("pki/ca.crt")?, std::fs::read("pki/client.pem")?];
/// let verifier = WebPkiVerifier::builder(&provider).roots(&[&root])?.build()?;
/// let config = ClientConfig::builder()
///     .verifier(Arc::new(verifier))
///     .identity(Arc::new(Identity::from_pile(&[&pile], None, &provider)?)) // without one, ECC suites alone
///     .build()?;
/// let config = Arc::new(config); // keeps the sessions, too: one for all connections
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ClientConfig {
    setup: Setup,
    /// What it was built from.
    asked: ClientConfigBuilder,
    /// The part of every session key that does not depend on the server (R-SES-11).
    session_base: [u8; 32],
}

impl ClientConfig {
    /// Begins a configuration. Only the verifier has no default.
    #[cfg(feature = "std")]
    pub fn builder() -> ClientConfigBuilder {
        ConfigBuilder::with_system(Policy::tlcp())
    }

    /// Begins a configuration with these primitives and this randomness, and without a session store.
    pub fn builder_with(provider: Provider, random: Arc<dyn Random>) -> ClientConfigBuilder {
        ConfigBuilder::new(Policy::tlcp(), provider, random)
    }

    /// Begins a configuration of TLS 1.2, with the Web's certificates in place of TLCP's pair.
    #[cfg(all(feature = "std", feature = "tls12"))]
    pub fn tls12_builder() -> ClientConfigBuilder {
        ConfigBuilder::with_system(Policy::tls12())
    }

    /// Begins a configuration of TLS 1.2 with these primitives and this randomness, and without a session store.
    #[cfg(feature = "tls12")]
    pub fn tls12_builder_with(provider: Provider, random: Arc<dyn Random>) -> ClientConfigBuilder {
        ConfigBuilder::new(Policy::tls12(), provider, random)
    }

    /// Opens the configuration again, to build one that differs in something. The new one has the same session store and
    /// ticketer, so that sessions go on wherever what they depend on is the same: the identity that was shown, whoever
    /// verifies, but for revocation, which is looked up again at each resumption (R-SES-10, R-SES-11, R-HS-51).
    pub fn to_builder(&self) -> ClientConfigBuilder {
        self.asked.clone()
    }

    /// What the builder made of all that was chosen: the suites in their order, limits, quirks.
    pub fn policy(&self) -> &Policy {
        &self.setup.policy
    }

    /// By what sessions with `name` are found, if the hello still offers what they agreed on; `tag` tells servers apart
    /// that share the name, such as by their port (R-SES-11).
    pub fn session_key(&self, name: &ServerName<'_>, tag: &[u8]) -> Option<SessionKey> {
        if !self.setup.policy.sessions {
            return None;
        }
        let name = match name {
            ServerName::DnsName(name) if name.as_ref().bytes().any(|b| b.is_ascii_uppercase()) => {
                Cow::from(name.as_ref().to_ascii_lowercase())
            }
            ServerName::DnsName(name) => Cow::from(name.as_ref()),
            other => Cow::from(format!("{other:?}")),
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
pub type ClientConfigBuilder = ConfigBuilder<ClientConfig>;

impl ClientConfigBuilder {
    /// Our certificates, for servers that ask; without a pair no ECDHE suite of TLCP is offered (R-CS-3). Of several, the
    /// first is shown that the server can do with and whose CA it names; if it names none of theirs, the first that it can
    /// do with (R-HS-21, R-T12-8).
    pub fn identity(mut self, identity: Arc<Identity>) -> Self {
        self.services.identities.push(NamedIdentity { names: Vec::new(), identity });
        self
    }

    /// Whether to send extensions, as by default (R-HS-5). Without them the hello is the bare one of GB/T 38636-2020.
    pub fn hello_extensions(mut self, send: bool) -> Self {
        self.policy.hello_extensions = send;
        self
    }

    /// Say who we are in the first message, by an SM9 identity as it is sent. By default that of the identity, and only where
    /// IBSDH suites are offered, which need it (R-IBC-3).
    #[cfg(feature = "sm9")]
    pub fn client_id(mut self, id: &[u8]) -> Self {
        self.policy.client_id = Some(Arc::from(id));
        self
    }

    /// Ask TLS servers for a stapled OCSP response, which is handed over as it came (R-EXT-3).
    pub fn ask_for_status(mut self) -> Self {
        self.policy.ask_for_status = true;
        self
    }

    /// Ask TLS servers for records of at most so many bytes (R-EXT-2).
    pub fn max_fragment_length(mut self, length: MaxFragmentLength) -> Self {
        self.policy.max_fragment_length = Some(length);
        self
    }

    /// Refuse TLS servers that do not signal secure renegotiation (R-REN-7).
    pub fn require_secure_renegotiation(mut self) -> Self {
        self.policy.require_secure_renegotiation = true;
        self
    }

    /// Say that this is a second try, after one with a higher version had failed (R-SCSV-1).
    pub fn fallback(mut self) -> Self {
        self.policy.is_fallback = true;
        self
    }

    /// Whether to ask TLS servers for session tickets, as by default (R-TKT-1).
    pub fn tickets(mut self, ask: bool) -> Self {
        self.policy.tickets = ask;
        self
    }

    /// Checks the whole.
    ///
    /// # Errors
    /// [`ConfigError`] says what to change.
    pub fn build(self) -> Result<ClientConfig, ConfigError> {
        let asked = self.clone();
        let Self { mut policy, services, provider, suites: wanted, session_tag, .. } = self;
        if services.verifier.is_none() && services.verify_later.is_none() && !policy.trusts_centres() {
            return Err(ConfigError::new("no verifier: pass one made from the CA certificates you trust"));
        }
        policy.suites = suites::select(&policy, &services, Party::Client, wanted.as_deref())?;
        choose_client_id(&mut policy, &services)?;
        policy.log_secrets = services.key_log.is_some();
        policy.sessions = services.sessions.is_some() && services.decisions_stand();
        policy.tickets &= policy.sessions;
        policy.may_sign = !services.identities.is_empty() || services.select_later.is_some();
        policy.check()?;
        check_identities(&policy, &services, Party::Client)?;
        let own = services.identities.iter().map(|named| named.identity.fingerprint());
        let own: Vec<u8> = own.flatten().copied().collect();
        let version = policy.protocol.version.0.to_be_bytes(); // R-SES-11
        let (centres, terms) = (policy.trusted_centres(), offered_terms(&policy));
        let parts: [&[u8]; 6] = [b"client", &version, &own, &session_tag, &centres, &terms];
        let session_base = services.context(&provider, &parts)?;
        Ok(ClientConfig { setup: Setup { policy, services, provider }, asked, session_base })
    }
}

/// What the hello offers of that on which a resumption must agree again (R-SES-11, R-EXT-5): in TLCP nothing.
fn offered_terms(policy: &Policy) -> [u8; 3] {
    let length = policy.max_fragment_length.map_or(0, |length| length.0);
    let extends = policy.hello_extensions && policy.protocol.has_tls_extensions;
    [extends.into(), policy.encrypt_then_mac.into(), length]
}

/// R-IBC-3: whoever offers IBSDH says who it is.
fn choose_client_id(policy: &mut Policy, services: &Services) -> Result<(), ConfigError> {
    let identities = services.identities.iter().map(|named| &named.identity);
    let own = identities.filter(|i| i.certificates() == Certificates::Identity && i.allows(KeyUse::Agree));
    let Some(suite) = policy.suites.iter().find(|suite| suite.key_exchange == KeyExchange::IBSDH) else {
        return Ok(());
    };
    if !policy.hello_extensions {
        let text = format!("hello_extensions is off, and {} cannot do without", suite.id);
        return Err(ConfigError::new(text));
    }
    if policy.client_id.is_none() {
        policy.client_id = own.map(|identity| identity.certificate(KeyUse::Sign).clone()).next();
    }
    match policy.client_id {
        Some(_) => Ok(()),
        None => Err(ConfigError::new(
            "the identity is selected later, and IBSDH suites say in the first message who the client is: pass `client_id`",
        )),
    }
}

impl Services {
    pub(super) fn new(random: Arc<dyn Random>) -> Self {
        Self {
            identities: Vec::new(),
            verifier: None,
            sessions: None,
            tickets: None,
            random,
            key_log: None,
            observer: None,
            extractable_keys: false,
            refuse_unknown_names: false,
            keys_later: false,
            verify_later: None,
            select_later: None,
        }
    }

    /// R-SES-16: whether something stands for every decision, without which no session is kept.
    pub(super) fn decisions_stand(&self) -> bool {
        let unknown = |later: &Option<Later>| *later == Some(Later::Unknown);
        !unknown(&self.verify_later) && !unknown(&self.select_later)
    }

    /// SM3 over what a session must not outlive: whoever verifies and selects, and `rest` (R-SES-10, R-SES-11).
    pub(super) fn context(&self, provider: &Provider, rest: &[&[u8]]) -> Result<[u8; 32], ConfigError> {
        let mut hash = provider.hashes.start(HashAlgorithm::Sm3);
        let mut add = |part: &[u8]| {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        rest.iter().for_each(|part| add(part));
        add(&self.verifier.as_ref().map(|v| v.context()).unwrap_or_default());
        for later in [&self.verify_later, &self.select_later] {
            match later {
                None => add(b"now"),
                Some(Later::Unknown) => add(b"unknown"),
                Some(Later::Standing(decision)) => {
                    add(b"later");
                    add(decision);
                }
            }
        }
        let digest = hash.current();
        digest
            .as_ref()
            .try_into()
            .map_err(|_| ConfigError::new(format!("the provider {} gives no 32-byte SM3", provider.name)))
    }
}
