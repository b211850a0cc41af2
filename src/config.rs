//! Floor 6: configuration. A [`Policy`] is data and all that the engine sees; [`Services`] are objects, and only a
//! connection sees them. One protocol each; what cannot work fails at `build`, with what to do about it.
mod builder;
mod client;
mod compat;
mod server;
mod services;

pub use builder::ConfigBuilder;
pub use client::{ClientConfig, ClientConfigBuilder};
pub use compat::Compat;
pub use server::{ServerConfig, ServerConfigBuilder};
#[cfg(feature = "std")]
pub use services::KeyLogFile;
pub use services::{Direction, Event, KeyLog, Later, NamedIdentity, Observer, Services};

use crate::cert::KeyUse;
use crate::crypto::Provider;
use crate::error::ConfigError;
use crate::message::{DistinguishedNames, MessageLimits};
use crate::record::PatienceLimits;
use crate::session::MAX_LIFETIME;
use crate::suite::{SUITES, Suite};
use crate::wire::ProtocolVersion;
use alloc::{boxed::Box, format, vec::Vec};
use core::time::Duration;

/// Whether a server asks for a client's certificate. ECDHE suites always require the pair (R-CS-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// Not asked, but in ECDHE suites.
    None,
    /// Asked; a client without one is served too.
    Request,
    /// A client without one is refused.
    Require,
}

/// How much of a peer is borne (R-REC-38). The defaults are those of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest handshake messages.
    pub messages: MessageLimits,
    /// Most certificates in a list.
    pub certificates: usize,
    /// Records and messages that lead nowhere.
    pub patience: PatienceLimits,
}

impl Default for Limits {
    fn default() -> Self {
        let (messages, patience) = (MessageLimits::default(), PatienceLimits::default());
        Self { messages, certificates: 10, patience }
    }
}

/// All of the configuration that the engine sees. Built by [`ClientConfig::builder`] and [`ServerConfig::builder`], which
/// have one method for each thing that can be chosen, work out the rest, and check the whole; a test or an own connection
/// layer may make one by hand.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The one version spoken.
    pub version: ProtocolVersion,
    /// Enabled suites, preferred first. Mutual ones only if the other side's certificate can be verified and, on a
    /// client, an identity is there (R-CS-3, R-HS-42).
    pub suites: Vec<&'static Suite>,
    /// On a server: whether clients are asked for certificates.
    pub client_auth: ClientAuth,
    /// On a server: DER names of acceptable CAs, for CertificateRequest.
    pub authorities: DistinguishedNames,
    /// Application protocols, preferred first; 1 to 255 bytes each.
    pub alpn: Vec<Box<[u8]>>,
    /// Quirks of peers.
    pub compat: Compat,
    /// Whether sessions are kept and resumed.
    pub sessions: bool,
    /// How long a session may be resumed, in seconds from its full handshake; never over 24 hours (R-SES-13).
    pub session_lifetime: u64,
    /// Resume only ECDHE sessions, whose master secret binds both parties' keys (R-SES-14).
    pub resume_only_ecdhe: bool,
    /// On a server: the context that a session must have been made in (R-SES-10).
    pub session_context: [u8; 32],
    /// Whether [`Action::LogSecret`](crate::handshake::Action::LogSecret) is wanted.
    pub log_secrets: bool,
    /// How much of a peer is borne (R-REC-38).
    pub limits: Limits,
    /// On a client: send extensions (R-HS-5). Without them the hello is the bare one of GB/T 38636-2020.
    pub hello_extensions: bool,
    /// Put the time into the first four bytes of `random` (R-HS-2); all 32 bytes are random otherwise.
    pub gmt_time_in_random: bool,
    /// On a server: refuse a signature_algorithms extension without SM2 (R-HS-6).
    pub strict_signature_schemes: bool,
    /// The handshake must be complete after this time (R-REC-34).
    pub handshake_timeout: Duration,
}

/// All that a connection is given, of either role.
#[derive(Debug)]
pub struct Setup {
    /// The data.
    pub policy: Policy,
    /// The objects.
    pub services: Services,
    /// The primitives.
    pub provider: Provider,
}

impl Policy {
    /// TLCP with its default suites and the other defaults of the specification.
    pub fn tlcp() -> Self {
        Self {
            version: ProtocolVersion::TLCP,
            suites: default_suites(),
            client_auth: ClientAuth::None,
            authorities: DistinguishedNames::default(),
            alpn: Vec::new(),
            compat: Compat::default(),
            sessions: true,
            session_lifetime: 2 * 60 * 60,
            resume_only_ecdhe: false,
            session_context: [0; 32],
            log_secrets: false,
            limits: Limits::default(),
            hello_extensions: true,
            gmt_time_in_random: false,
            strict_signature_schemes: false,
            handshake_timeout: Duration::from_secs(30),
        }
    }

    /// Whether sessions of `suite` are kept and resumed (R-SES-14).
    pub(crate) fn may_resume(&self, suite: &Suite) -> bool {
        self.sessions && (!self.resume_only_ecdhe || suite.key_exchange.is_mutual())
    }

    /// What every configuration must hold.
    fn check(&self) -> Result<(), ConfigError> {
        let fail = |text: &str| Err(ConfigError::new(text));
        if self.suites.is_empty() {
            return fail("no cipher suite is enabled: pass at least one row of suite::SUITES");
        }
        if let Some(foreign) = self.suites.iter().find(|suite| suite.protocol.version != self.version) {
            let text = format!(
                "{} is a suite of {}: one configuration speaks {} alone (R-CS-6)",
                foreign.id, foreign.protocol.version, self.version
            );
            return Err(ConfigError::new(text));
        }
        if let Some(bad) = self.alpn.iter().find(|name| name.is_empty() || name.len() > 255) {
            let length = bad.len();
            let text = format!("an ALPN name has {length} bytes: names have 1 to 255 (R-ALPN-1)");
            return Err(ConfigError::new(text));
        }
        if self.alpn.iter().map(|name| name.len() + 1).sum::<usize>() > 0x4000 {
            return fail("the ALPN names are longer than 16 KiB together: pass fewer");
        }
        if self.handshake_timeout.is_zero() {
            return fail("handshake_timeout is zero: no handshake could end in time");
        }
        if self.limits.certificates < 2 {
            return fail("limits.certificates is under 2: a pair of certificates could not be shown");
        }
        if self.session_lifetime > MAX_LIFETIME {
            return fail("session_lifetime is over 86400 seconds: sessions live at most a day (R-SES-13)");
        }
        Ok(())
    }
}

/// Bad configuration fails when it is built: each identity must be of use.
fn check_identities(policy: &Policy, services: &Services) -> Result<(), ConfigError> {
    let kind = |named: &NamedIdentity| named.identity.public_key(KeyUse::Sign).kind();
    let taken = |kind| policy.suites.iter().any(|suite| suite.key_exchange.authenticates == kind);
    match services.identities.iter().map(kind).find(|kind| !taken(*kind)) {
        Some(kind) => Err(ConfigError::new(format!(
            "an identity has {kind:?} keys, and no enabled suite takes them: name one that does in `suites`"
        ))),
        None => Ok(()),
    }
}

/// Those that nobody need name.
fn default_suites() -> Vec<&'static Suite> {
    SUITES.iter().filter(|suite| suite.by_default).collect()
}

/// The suites asked for, or those by default; without the mutual ones where they cannot work. `why` tells what is missing, if it is.
fn select_suites(
    wanted: Option<&[&'static Suite]>,
    why: Option<&str>,
) -> Result<Vec<&'static Suite>, ConfigError> {
    let all = default_suites();
    let (Some(why), asked) = (why, wanted.is_some()) else {
        return Ok(wanted.map_or(all, <[_]>::to_vec));
    };
    let usable = |s: &&'static Suite| !s.key_exchange.is_mutual();
    match wanted.unwrap_or(&all).iter().find(|s| asked && !usable(s)) {
        Some(suite) => Err(ConfigError::new(format!("{} is always mutual, and {why} (R-CS-3)", suite.id))),
        None => Ok(wanted.unwrap_or(&all).iter().copied().filter(usable).collect()),
    }
}
