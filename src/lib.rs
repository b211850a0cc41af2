//! TLCP (GB/T 38636-2020, GM/T 0024), China's national TLS, and TLS 1.2, from one sans-IO handshake engine. TLCP has SM2,
//! SM3, SM4, and two certificates per party, of which one signs and one encrypts.
//!
//! # The paved path
//! An [`Identity`] is made of any pile of PEM or DER files, a [`WebPkiVerifier`] of the CA certificates that are
//! trusted; a [`ClientConfig`] or [`ServerConfig`] takes them, and its connections share it. With `std`, a [`Stream`]
//! runs a [`ClientConnection`] or [`ServerConnection`] over a socket or any `Read + Write`. Without, or over anything else, the
//! caller carries the bytes itself; here is a whole handshake in memory:
//!
#![cfg_attr(all(feature = "std", feature = "pki"), doc = "```")]
#![cfg_attr(not(all(feature = "std", feature = "pki")), doc = "```ignore")]
//! use std::sync::Arc;
//! use tlcp::crypto::random::SystemRandom;
//! use tlcp::{ClientConfig, ClientConnection, Clock, ServerConfig, ServerConnection, ServerName};
//!
//! // Certificates for this example; real ones come from files, by `Identity::from_pile`.
//! let (clock, provider) = (Clock::start(), tlcp::default_provider());
//! let pki = tlcp::pki::Pki::new(&tlcp::pki::Options::new(clock.now().unix), &provider, &SystemRandom)?;
//! let server = ServerConfig::builder().identity(Arc::new(pki.server_identity(&provider)?)).build()?;
//! let client = ClientConfig::builder().verifier(Arc::new(pki.verifier(&provider)?)).build()?;
//!
//! let name = ServerName::try_from("localhost")?;
//! let mut client = ClientConnection::new(Arc::new(client), name, clock.now())?;
//! let mut server = ServerConnection::new(Arc::new(server), clock.now());
//! while client.is_handshaking() || server.is_handshaking() {
//!     let sent = server.receive(client.pending_output(), clock.now())?;
//!     client.sent(sent);
//!     let sent = client.receive(server.pending_output(), clock.now())?;
//!     server.sent(sent);
//! }
//! assert_eq!(client.cipher_suite().map(|suite| suite.id.to_string()).as_deref(), Some("ECC_SM4_GCM_SM3"));
//!
//! client.write(b"hello")?;
//! let sent = server.receive(client.pending_output(), clock.now())?;
//! client.sent(sent);
//! assert_eq!(server.plaintext(), b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! TLS 1.2 is the same with `ClientConfig::tls12_builder` and `ServerConfig::tls12_builder`, and one certificate
//! ([`Identity::single_from_pile`]). A server of both takes a [`config::ServerConfigs`]; `Stream::accept` and
//! [`conn::Acceptor`] choose by the ClientHello.
//!
//! # The floors
//! Each module uses only modules below it. Whoever needs less than a connection enters on a lower floor:
//! [`record`] alone protects any stream that has keys, [`handshake`] alone runs over any framing.
//!
//! | floor | modules | what |
//! |---|---|---|
//! | 9 | `stream`, `aio` | a connection over any `Read + Write`, blocking or not; over tokio's streams |
//! | 8 | [`conn`] | one connection: engine and record layer, bytes in and bytes out |
//! | 7 | [`handshake`] | the pure engine: an input goes in, actions come out; one table per role |
//! | 6 | [`config`], `pki` | policy as data, services as objects; certificates for tests |
//! | 5 | [`transcript`], [`key_schedule`], [`record`], [`cert`], [`session`] | each usable on its own |
//! | 4 | [`crypto`] | the seam to the primitives: a `Provider` is a struct of `&'static dyn` fields |
//! | 3 | [`alert`], [`suite`], [`message`] | errors to alerts, suites as rows of data, messages as structs |
//! | 2 | [`error`] | what can go wrong, by whose fault |
//! | 1 | [`wire`] | cursors that name the field they ran out in, and code points |
//!
//! # What may change
//! Three tiers, until version 1.0:
//! - The paved path keeps its promises from one minor version to the next: what this page exports, [`conn`], [`config`],
//!   [`error`] and `stream`.
//! - For builders, and open to change in a minor version, with a word in the change log: [`handshake`], [`record`],
//!   [`message`], [`session`], [`suite`], [`wire`] and the traits of [`crypto`] and [`cert`].
//! - `pki`, [`cert::dangerous`] and everything that is not documented: no promise.
//!
//! Enums and structs that will grow are `#[non_exhaustive]`.
//!
//! # Features
//! - `std` (default): sockets, the system's randomness and clocks, the in-memory session store. Without it the crate
//!   is `no_std` with `alloc`: time and randomness are arguments.
//! - `rsa`: TLCP's suites with pairs of RSA certificates; a configuration has those that it names in `suites`.
//! - `sm9`: TLCP's suites with identities in place of certificates; a configuration that trusts key centres has them
//!   (`ConfigBuilder::key_centres`).
//! - `tls12`: TLS 1.2 and its primitives.
//! - `native-roots`: verifiers that trust the operating system's CAs.
//! - `aws-lc-rs`: `crypto::aws_lc`, a second provider for TLS 1.2's algorithms.
//! - `log`: `config::LogObserver`, which writes what happens to the crate `log`.
//! - `tokio`: `aio`, connections over tokio's streams.
//! - `hyper`, `axum`: HTTP clients and servers over them.
//! - `pki`: makes certificates for tests and demonstrations, requests for certificates and revocation lists.
//! - `cli`: the program `tlcp`; `tlcp demo` shows everything above, message by message.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
extern crate alloc;

#[cfg(feature = "tokio")]
pub mod aio;
pub mod alert;
pub mod cert;
pub mod config;
pub mod conn;
pub mod crypto;
pub mod error;
pub mod handshake;
pub mod key_schedule;
pub mod message;
#[cfg(feature = "pki")]
pub mod pki;
pub mod record;
pub mod session;
#[cfg(feature = "std")]
pub mod stream;
pub mod suite;
pub mod transcript;
pub mod wire;

#[cfg(feature = "sm9")]
pub use cert::KeyCentres;
pub use cert::{CertPolicy, Identity, ServerName, WebPkiVerifier};
pub use config::{ClientAuth, ClientConfig, Compat, ServerConfig};
pub use conn::{ClientConnection, Connection, ServerConnection, Time};
pub use crypto::{Provider, default_provider};
pub use error::{ConfigError, Error};
#[cfg(feature = "std")]
pub use stream::{ClientStream, Clock, ServerStream, Stream};

/// The programs in README.md and in the guide compile, and run.
#[cfg(all(doctest, feature = "std", feature = "pki"))]
mod guide {
    macro_rules! pages {
        ($($name:ident: $path:literal;)*) => {$(
            #[doc = include_str!($path)]
            struct $name;
        )*};
    }
    // They show something of every feature.
    #[cfg(all(feature = "sm9", feature = "tls12", feature = "tokio"))]
    pages! {
        Readme: "../README.md";
        ReadmeZh: "../README.zh-CN.md";
    }
    pages! {
        Certificates: "../docs/en/certificates.md";
        CertificatesZh: "../docs/zh-CN/certificates.md";
        Peers: "../docs/en/peers.md";
        PeersZh: "../docs/zh-CN/peers.md";
        Assessment: "../docs/en/assessment.md";
        AssessmentZh: "../docs/zh-CN/assessment.md";
        Errors: "../docs/en/errors.md";
        ErrorsZh: "../docs/zh-CN/errors.md";
    }
}
