//! Floor 6: configuration. A [`Policy`] is data and all that the engine sees; [`Services`] are objects, and only a
//! connection sees them. One protocol each; what cannot work fails at `build`, with what to do about it.
mod builder;
mod check;
mod client;
mod compat;
#[cfg(feature = "std")]
mod live;
mod observer;
mod server;
mod services;
mod suites;

pub use builder::ConfigBuilder;
pub use client::{ClientConfig, ClientConfigBuilder};
pub use compat::Compat;
#[cfg(feature = "std")]
pub use live::Live;
#[cfg(feature = "log")]
pub use observer::LogObserver;
pub use observer::{Completed, ConnectionId, Direction, Event, Failed, Observer, Side};
pub use server::{ServerConfig, ServerConfigBuilder, ServerConfigs};
#[cfg(feature = "std")]
pub use services::KeyLogFile;
pub use services::{KeyLog, Later, NamedIdentity, Services};

#[cfg(feature = "sm9")]
use crate::cert::KeyCentres;
use crate::crypto::Provider;
use crate::message::{DistinguishedNames, MessageLimits};
use crate::record::PatienceLimits;
use crate::suite::{Protocol, Suite, TLCP, TLS12};
use crate::wire::{MaxFragmentLength, NamedGroup, SignatureScheme};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
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

/// How much of a peer is borne (R-REC-38), and how much a key seals. The defaults are those of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest handshake messages.
    pub messages: MessageLimits,
    /// Most certificates in a list.
    pub certificates: usize,
    /// Records and messages that lead nowhere.
    pub patience: PatienceLimits,
    /// Most records that one key of ours seals; then only alerts go out (R-REC-18). `None`: 2^24.5 under GCM, which is some
    /// 360 GiB, and without end under all others.
    pub records_per_key: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        let (messages, patience) = (MessageLimits::default(), PatienceLimits::default());
        Self { messages, certificates: 10, patience, records_per_key: None }
    }
}

/// All of the configuration that the engine sees. Built by [`ClientConfig::builder`] and [`ServerConfig::builder`], which
/// have one method for each thing that can be chosen, work out the rest, and check the whole; a test or an own connection
/// layer may make one by hand.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Policy {
    /// The one protocol spoken.
    pub protocol: &'static Protocol,
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
    /// How much of a peer is borne (R-REC-38), and how much a key seals.
    pub limits: Limits,
    /// On a client: send extensions (R-HS-5). Without them the hello is the bare one of GB/T 38636-2020.
    pub hello_extensions: bool,
    /// Put the time into the first four bytes of `random` (R-HS-2); all 32 bytes are random otherwise.
    pub gmt_time_in_random: bool,
    /// On a server: refuse a signature_algorithms extension without SM2 (R-HS-6).
    pub strict_signature_schemes: bool,
    /// Groups of TLS's key agreement, preferred first. TLCP has the SM2 curve alone.
    pub groups: Vec<NamedGroup>,
    /// How TLS's handshake may be signed, by either side, preferred first (R-T12-19). In TLCP the suite says it.
    pub signature_schemes: Vec<SignatureScheme>,
    /// Refuse a peer without extended_master_secret (R-EMS-6). TLS offers and takes it always.
    pub require_extended_master_secret: bool,
    /// On a client: refuse a server that does not signal secure renegotiation (R-REN-7).
    pub require_secure_renegotiation: bool,
    /// Offer and issue session tickets (R-TKT-1).
    pub tickets: bool,
    /// On a client: ask the server for a stapled OCSP response (R-EXT-3).
    pub ask_for_status: bool,
    /// Offer and take encrypt-then-MAC for TLS's CBC suites (R-ETM-1).
    pub encrypt_then_mac: bool,
    /// On a client: ask for records of at most this length (R-EXT-2).
    pub max_fragment_length: Option<MaxFragmentLength>,
    /// On a client: say that this is a second try, after a higher version had failed (R-SCSV-1).
    pub is_fallback: bool,
    /// On a server: TLS 1.3 is spoken on this port by another stack, so that a lower version is marked in the
    /// random (R-T12-23).
    pub tls13_elsewhere: bool,
    /// The handshake must be complete after this time (R-REC-34).
    pub handshake_timeout: Duration,
    /// On a client: whether it may have to sign CertificateVerify, having an identity or being given one later. Else nothing
    /// is kept to be signed.
    pub may_sign: bool,
    /// On a client: who it says it is in client_id, which IBSDH needs (R-IBC-3).
    pub client_id: Option<Arc<[u8]>>,
    /// Whose identities are known: for the SM9 suites (R-IBC-4).
    #[cfg(feature = "sm9")]
    pub key_centres: Arc<KeyCentres>,
}

/// All that a connection is given, of either role.
#[derive(Debug)]
#[non_exhaustive]
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
            protocol: &TLCP,
            suites: suites::by_default(&TLCP).collect(),
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
            groups: Vec::from([NamedGroup::CURVE_SM2]),
            signature_schemes: Vec::new(),
            require_extended_master_secret: false,
            require_secure_renegotiation: false,
            tickets: false,
            ask_for_status: false,
            encrypt_then_mac: false,
            max_fragment_length: None,
            is_fallback: false,
            tls13_elsewhere: false,
            handshake_timeout: Duration::from_secs(30),
            may_sign: true,
            client_id: None,
            #[cfg(feature = "sm9")]
            key_centres: Arc::default(),
        }
    }

    /// TLS 1.2 with its default suites: AEAD and forward secrecy alone (R-BCP-2, R-BCP-3), no SHA-1 (R-BCP-7), and
    /// extended_master_secret with whoever has it.
    pub fn tls12() -> Self {
        Self {
            protocol: &TLS12,
            suites: suites::by_default(&TLS12).collect(),
            groups: Vec::from([NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1]),
            signature_schemes: DEFAULT_SCHEMES.to_vec(),
            tickets: true,
            encrypt_then_mac: true,
            ..Self::tlcp()
        }
    }

    /// Whether key centres are trusted, and so the SM9 suites can be used.
    fn trusts_centres(&self) -> bool {
        !self.trusted_centres().is_empty()
    }

    /// Bytes that differ whenever other key centres are trusted; empty if none is (R-SES-10, R-SES-11).
    fn trusted_centres(&self) -> Vec<u8> {
        #[cfg(feature = "sm9")]
        return self.key_centres.context();
        #[cfg(not(feature = "sm9"))]
        Vec::new()
    }

    /// Whether sessions of `suite` are kept and resumed (R-SES-14).
    pub(crate) fn may_resume(&self, suite: &Suite) -> bool {
        (self.sessions || self.tickets) && (!self.resume_only_ecdhe || suite.key_exchange.is_mutual())
    }
}

/// R-T12-19: strong and quick ones first; no SHA-1.
const DEFAULT_SCHEMES: [SignatureScheme; 9] = [
    SignatureScheme::ECDSA_SHA256,
    SignatureScheme::RSA_PSS_RSAE_SHA256,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::ECDSA_SHA384,
    SignatureScheme::RSA_PSS_RSAE_SHA384,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PSS_RSAE_SHA512,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::ED25519,
];
