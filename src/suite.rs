//! Floor 3: one row per cipher suite, pure data. The provider maps data to code; nothing here calls anything.
use crate::wire::{CipherSuite, ProtocolVersion};

/// How the two sides come to share the pre_master_secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyExchange {
    /// The client encrypts it to the server's SM2 encryption certificate.
    Ecc,
    /// SM2 key exchange between both encryption certificates and two ephemeral keys: always mutual (R-CS-3).
    Ecdhe,
}

impl KeyExchange {
    /// Whether the client must show a certificate pair (R-CS-3).
    pub const fn is_mutual(self) -> bool {
        matches!(self, Self::Ecdhe)
    }
}

/// A hash function: of the PRF, the transcript and the record MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// SM3, 32 bytes.
    Sm3,
    /// SHA-256, 32 bytes.
    Sha256,
}

impl HashAlgorithm {
    /// Bytes of output.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sm3 | Self::Sha256 => 32,
        }
    }
}

/// An authenticated cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AeadAlgorithm {
    /// SM4-GCM: 16-byte key, 4-byte fixed and 8-byte explicit nonce, 16-byte tag (R-REC-26).
    Sm4Gcm,
}

/// A block cipher in CBC mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CbcAlgorithm {
    /// SM4: 16-byte key and block.
    Sm4,
}

/// How records are protected: one value names the whole, so that no half can be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// R-REC-26.
    Aead(AeadAlgorithm),
    /// R-REC-19, MAC-then-encrypt.
    Cbc {
        /// The cipher.
        cipher: CbcAlgorithm,
        /// The hash of the HMAC.
        mac: HashAlgorithm,
    },
}

impl Protection {
    /// (MAC key, cipher key, fixed IV) of one direction, in bytes (spec section 2.2).
    pub const fn key_lengths(self) -> (usize, usize, usize) {
        match self {
            Self::Aead(AeadAlgorithm::Sm4Gcm) => (0, 16, 4),
            Self::Cbc { cipher: CbcAlgorithm::Sm4, mac } => (mac.output_len(), 16, 0),
        }
    }
}

/// One cipher suite.
#[derive(Debug, PartialEq, Eq)]
pub struct Suite {
    /// Its value on the wire; `id.name()` is its name.
    pub id: CipherSuite,
    /// The only protocol version it may be chosen in (R-CS-6).
    pub version: ProtocolVersion,
    /// How keys are agreed.
    pub key_exchange: KeyExchange,
    /// The hash of PRF and transcript (R-KEY-1).
    pub prf: HashAlgorithm,
    /// How records are protected.
    pub protection: Protection,
}

const SM4_GCM: Protection = Protection::Aead(AeadAlgorithm::Sm4Gcm);
const SM4_CBC_SM3: Protection = Protection::Cbc { cipher: CbcAlgorithm::Sm4, mac: HashAlgorithm::Sm3 };

const fn tlcp(id: CipherSuite, key_exchange: KeyExchange, protection: Protection) -> Suite {
    Suite { id, version: ProtocolVersion::TLCP, key_exchange, prf: HashAlgorithm::Sm3, protection }
}

/// Every suite this library runs, in order of preference (R-CS-2): forward secrecy first, since both parties'
/// ephemeral keys enter the master secret; then AEAD before CBC, whose MAC-then-encrypt needs the constant-time care
/// of R-REC-35.
pub static SUITES: [Suite; 4] = [
    tlcp(CipherSuite::ECDHE_SM4_GCM_SM3, KeyExchange::Ecdhe, SM4_GCM),
    tlcp(CipherSuite::ECC_SM4_GCM_SM3, KeyExchange::Ecc, SM4_GCM),
    tlcp(CipherSuite::ECDHE_SM4_CBC_SM3, KeyExchange::Ecdhe, SM4_CBC_SM3),
    tlcp(CipherSuite::ECC_SM4_CBC_SM3, KeyExchange::Ecc, SM4_CBC_SM3),
];

impl Suite {
    /// The row of `id`, if this library runs it.
    pub fn find(id: CipherSuite) -> Option<&'static Self> {
        SUITES.iter().find(|s| s.id == id)
    }

    /// The row with this standard name, in any case: `ECC_SM4_GCM_SM3`.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        SUITES.iter().find(|s| s.id.name().is_some_and(|n| n.eq_ignore_ascii_case(name)))
    }
}
