//! Randomness comes in from the caller, and every draw says what it is for.
use crate::error::CryptoError;

/// What random bytes are drawn for: a replay answers by purpose, not by order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Draw {
    /// `random` of a hello, 32 bytes.
    HelloRandom,
    /// A server's new session id, 32 bytes.
    SessionId,
    /// The 46 random bytes of a pre_master_secret.
    PreMasterSecret,
    /// The 48 bytes that stand in for a pre_master_secret that does not decrypt (R-HS-43).
    Substitute,
    /// A private key, as many bytes as the group's scalars have: static or ephemeral.
    PrivateKey,
    /// The scalar k of a public-key encryption, 32 bytes.
    EncryptionNonce,
    /// The padding of an RSA encryption.
    EncryptionPadding,
    /// What hides an RSA operation from the clock; nothing of it is sent.
    Blinding,
    /// The scalar k of a signature, as many bytes as the group's scalars have.
    SignatureNonce,
    /// Explicit IVs of CBC records, 16 bytes each.
    RecordIv,
    /// A serial number, a salt, a key identifier: public values.
    Public,
}

/// A source of cryptographically secure random bytes.
pub trait Random: Send + Sync {
    /// Fills `out`, wholly.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`]: nothing in `out` may then be used.
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError>;
}

/// The operating system's randomness.
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

#[cfg(feature = "std")]
impl Random for SystemRandom {
    fn fill(&self, _draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        getrandom::fill(out).map_err(|_| CryptoError::NoRandomness)
    }
}
