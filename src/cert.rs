//! Floor 5: certificates. A TLCP party has two: one signs, one takes encryption and key agreement. A TLS party has one.
use crate::crypto::PrivateKey;
use crate::error::{CertificateError, CertificateProblem};
use crate::message::Credential;
use crate::suite::Certificates;
use crate::wire::der::BadDer;
use alloc::{sync::Arc, vec::Vec};
use core::fmt;

pub(crate) mod algorithm;
mod chain;
pub mod dangerous;
mod description;
mod fault;
mod identity;
pub(crate) mod key;
pub(crate) mod key_usage;
pub(crate) mod names;
mod pbes2;
mod peer;
pub(crate) mod pem;
mod pile;
#[cfg(feature = "sm9")]
pub(crate) mod sm9;
#[cfg(all(test, feature = "std"))]
mod test_vectors;
pub(crate) mod time;
pub(crate) mod usage;
mod verify;
pub(crate) mod x509;

pub use description::Description;
#[cfg(feature = "sm9")]
pub use identity::IbcKeys;
pub use identity::{CertificateForm, Identity};
pub(crate) use peer::end_point;
pub use peer::{Expected, PeerClaim, PeerKeys, PeerRole, end_point_hash};
pub use pem::to_pem;
pub use rustls_pki_types::ServerName;
#[cfg(feature = "sm9")]
pub use sm9::KeyCentres;
pub use verify::{CertPolicy, VerifierBuilder, WebPkiVerifier};

impl From<BadDer> for CertificateProblem {
    fn from(_: BadDer) -> Self {
        Self::Malformed
    }
}

impl From<BadDer> for CertificateError {
    fn from(_: BadDer) -> Self {
        CertificateProblem::Malformed.into()
    }
}

/// Which of a party's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// The signing certificate's.
    Sign,
    /// The encryption certificate's: decryption.
    Encrypt,
    /// Key agreement: in SM9 a key of its own, else that of decryption.
    Agree,
}

/// Where a private key is.
#[derive(Clone)]
pub enum Key {
    /// It answers at once.
    Here(Arc<dyn PrivateKey>),
    /// The caller answers the requests that need it, in its own time; the label tells it which key is meant.
    Elsewhere(Arc<str>),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(_) => f.write_str("Here"),
            Self::Elsewhere(label) => f.debug_tuple("Elsewhere").field(label).finish(),
        }
    }
}

/// Proof that a verifier accepted a peer's certificates. Nothing else makes a connection authenticated.
#[derive(Debug, Clone, Copy)]
pub struct Verified {
    not_after: u64,
}

impl Verified {
    /// The door for a custom [`Verifier`]: states that the peer was verified, and until when (Unix seconds: the
    /// earlier notAfter of its certificates) a session may be resumed without a new look (R-SES-10).
    pub fn assertion(not_after: u64) -> Self {
        Self { not_after }
    }

    /// Until when a session with this peer may be resumed without a new look at its certificates, in Unix seconds.
    pub fn not_after(&self) -> u64 {
        self.not_after
    }
}

/// Checks a peer's certificates.
pub trait Verifier: Send + Sync {
    /// Decides on `claim` at the time `now` (Unix seconds).
    ///
    /// # Errors
    /// [`CertificateError`] decides the alert.
    fn verify(&self, claim: &PeerClaim, now: u64) -> Result<Verified, CertificateError>;

    /// Looks at the certificates of a peer again whose session is about to be resumed: who was revoked since is not
    /// (R-HS-51). Their expiry, and a change of [`Verifier::context`], are dealt with already; by default that is all.
    ///
    /// # Errors
    /// Any makes a full handshake of it.
    fn check_again(&self, _credential: &Credential, _now: u64) -> Result<(), CertificateError> {
        Ok(())
    }

    /// Whether it verifies what a party of such a protocol shows: a configuration with a verifier that does not is refused
    /// when it is built.
    fn verifies(&self, _certificates: Certificates) -> bool {
        true
    }

    /// DER names of the CAs it trusts, as hints for CertificateRequest; may be empty.
    fn authorities(&self) -> Vec<Vec<u8>>;

    /// Bytes that differ whenever its decisions could, but for what [`Verifier::check_again`] looks at: sessions made
    /// under another verifier are not resumed (R-SES-10, R-SES-11).
    fn context(&self) -> Vec<u8>;
}
