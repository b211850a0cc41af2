//! What of SM9 (GM/T 0044, GB/T 38635) is data: whose public key it is and what for, and the encodings of GM/T 0081. The
//! arithmetic is the provider's.
#[cfg(feature = "sm9")]
pub mod encoding;

use crate::error::CryptoError;
use alloc::boxed::Box;
use core::fmt;
use zeroize::Zeroizing;

/// The two key pairs of a key centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MasterKind {
    /// Its public key is in G2, its users' keys are in G1.
    Sign,
    /// For encryption and key exchange: its public key is in G1, its users' keys are in G2.
    Encrypt,
}

impl MasterKind {
    /// Bytes of the encoded public key, 04 || … : 129 in G2, 65 in G1.
    pub const fn public_len(self) -> usize {
        match self {
            Self::Sign => G2_LEN,
            Self::Encrypt => G1_LEN,
        }
    }

    /// Bytes of a user's encoded private key.
    pub const fn user_key_len(self) -> usize {
        match self {
            Self::Sign => G1_LEN,
            Self::Encrypt => G2_LEN,
        }
    }
}

/// 04 || x || y
const G1_LEN: usize = 65;
/// 04 || x1 || x0 || y1 || y0, with x = x1 u + x0
const G2_LEN: usize = 129;

/// What a user's key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    /// Signatures.
    Sign,
    /// Key exchange.
    Agree,
    /// Encryption.
    Encrypt,
}

impl Usage {
    /// The byte that the identity is hashed with (R-IBC-1).
    pub const fn hid(self) -> u8 {
        match self {
            Self::Sign => 1,
            Self::Agree => 2,
            Self::Encrypt => 3,
        }
    }

    /// The key centre's key pair that it hangs on.
    pub const fn master(self) -> MasterKind {
        match self {
            Self::Sign => MasterKind::Sign,
            Self::Agree | Self::Encrypt => MasterKind::Encrypt,
        }
    }
}

/// A user's public key: his identity under a key centre's master public key, for one use. The master key was checked when
/// this was made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey {
    usage: Usage,
    identity: Box<[u8]>,
    master: Box<[u8]>,
}

impl PublicKey {
    /// For providers, whose duty it is to check `master`.
    pub fn new(usage: Usage, identity: &[u8], master: &[u8]) -> Self {
        Self { usage, identity: identity.into(), master: master.into() }
    }

    /// What it is for.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Whose it is: in TLCP identityData alone (R-IBC-7).
    pub fn identity(&self) -> &[u8] {
        &self.identity
    }

    /// The key centre's public key, encoded: 129 bytes for signatures, else 65.
    pub fn master(&self) -> &[u8] {
        &self.master
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sm9({:?}, identity of {} bytes)", self.usage, self.identity.len())
    }
}

/// A key centre's master key: for tests and test key centres.
pub trait MasterKey: Send + Sync {
    /// Which of the two.
    fn kind(&self) -> MasterKind;

    /// Its public key, encoded.
    fn public(&self) -> &[u8];

    /// The private key of `identity` for `usage`, encoded: 65 bytes for signatures, else 129.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] if `usage` hangs on the other master key, and for the one identity in 2^255 that has no
    /// key under this one.
    fn user_key(&self, usage: Usage, identity: &[u8]) -> Result<Zeroizing<Box<[u8]>>, CryptoError>;
}

impl fmt::Debug for dyn MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MasterKey").field(&self.kind()).finish()
    }
}
