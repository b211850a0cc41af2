//! Floor 3: protocols, key exchanges and cipher suites as rows of data: the suites' are in `table`. The provider maps data to code, the engine asks
//! the row; nothing here calls anything.
use crate::wire::{CipherSuite, ClientCertificateType, ProtocolVersion, SignatureScheme};
use core::ops::RangeInclusive;

mod table;

pub use table::SUITES;

/// A protocol: what its suites have in common and other protocols have not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// The version on the wire.
    pub version: ProtocolVersion,
    /// The version in the header of a client's first record (R-REC-2).
    pub first_record_version: ProtocolVersion,
    /// The values of client_version that a server answers with `version` (R-HS-33).
    pub hello_versions: RangeInclusive<u16>,
    /// What a party shows of itself, unless a suite has no certificates at all: [`Suite::certificates`].
    pub certificates: Certificates,
    /// Whether a signature has the scheme's code point before it; otherwise the signer's key fixes the scheme.
    pub names_signature_scheme: bool,
    /// Whether hellos carry what TLS agrees on beside the suite: extended_master_secret, tickets, that renegotiation would be
    /// secure though there is none, and so on (R-KEY-4, R-REN-2, R-AL-9).
    pub has_tls_extensions: bool,
}

/// How many certificates of its own a party shows, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certificates {
    /// One signs, one encrypts (R-HS-10).
    Pair,
    /// One does all (R-HS-16).
    Single,
    /// None: its identity, and the parameters of the key centre that gave it its keys (R-HS-15).
    Identity,
}

/// TLCP of GB/T 38636-2020 and GM/T 0024.
pub static TLCP: Protocol = Protocol {
    version: ProtocolVersion::TLCP,
    first_record_version: ProtocolVersion::TLCP,
    hello_versions: 0x0101..=0x02ff,
    certificates: Certificates::Pair,
    names_signature_scheme: false,
    has_tls_extensions: false,
};

/// TLS 1.2 of RFC 5246.
pub static TLS12: Protocol = Protocol {
    version: ProtocolVersion::TLS12,
    first_record_version: ProtocolVersion::TLS10,
    hello_versions: 0x0303..=0xffff,
    certificates: Certificates::Single,
    names_signature_scheme: true,
    has_tls_extensions: true,
};

impl Protocol {
    /// Its suites that this library runs, preferred first.
    pub fn suites(&self) -> impl Iterator<Item = &'static Suite> {
        SUITES.iter().filter(move |suite| suite.protocol == self)
    }
}

/// The kind of a key: what a certificate's holder can sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyKind {
    /// SM2.
    Sm2,
    /// RSA.
    Rsa,
    /// SM9.
    Sm9,
    /// ECDSA on a NIST curve, or Ed25519: what TLS 1.2's ECDSA suites take (R-T12-20).
    Ecdsa,
}

impl KeyKind {
    /// How a key of this kind signs where the protocol names no scheme (RSA: R-HS-20, R-RSA-3).
    pub const fn fixed_scheme(self) -> SignatureScheme {
        match self {
            Self::Sm2 => SignatureScheme::SM2_SM3,
            Self::Rsa => SignatureScheme::RSA_PKCS1_SHA256,
            Self::Ecdsa => SignatureScheme::ECDSA_SHA256,
            Self::Sm9 => SignatureScheme::ISO_CHINESE_IBS,
        }
    }

    /// That scheme under each of its code points, as signature_algorithms names it (R-HS-35).
    pub const fn schemes(self) -> &'static [SignatureScheme] {
        match self {
            // GmSSL's server aborts without the second, and gotlcp knows only the first.
            Self::Sm2 => &[SignatureScheme::SM2_SM3, SignatureScheme::SM2SIG_SM3],
            Self::Rsa => &[SignatureScheme::RSA_PKCS1_SHA256],
            Self::Ecdsa => &[SignatureScheme::ECDSA_SHA256],
            // TLCP gives ibs_sm3 no code point.
            Self::Sm9 => &[],
        }
    }

    /// The type of certificate with such a key, as CertificateRequest names it (R-HS-21).
    pub const fn certificate_type(self) -> ClientCertificateType {
        match self {
            Self::Sm2 | Self::Ecdsa => ClientCertificateType::ECDSA_SIGN,
            Self::Rsa => ClientCertificateType::RSA_SIGN,
            Self::Sm9 => ClientCertificateType::IBC_PARAMS,
        }
    }

    /// The hash of the scheme that keys of this kind sign by in TLCP.
    pub const fn fixed_hash(self) -> HashAlgorithm {
        match self {
            Self::Sm2 | Self::Sm9 => HashAlgorithm::Sm3,
            Self::Rsa | Self::Ecdsa => HashAlgorithm::Sha256,
        }
    }
}

/// How the two sides come to share the pre_master_secret, and what of it is signed: a row of choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyExchange {
    /// Where the secret comes from.
    pub secret: SecretSource,
    /// What ServerKeyExchange signs.
    pub signs: Signs,
    /// Whether the client must show certificates.
    pub client: ClientCertificates,
    /// The kind of both parties' keys.
    pub authenticates: KeyKind,
}

/// Where the pre_master_secret comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretSource {
    /// The client draws it and encrypts it to the server.
    Encrypted,
    /// Both sides' long-term encryption keys and ephemeral ones (R-SM2-5).
    Agreed,
    /// Both sides' ephemeral keys alone (RFC 8422).
    Ephemeral,
}

/// What ServerKeyExchange signs, behind both randoms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signs {
    /// There is no ServerKeyExchange (R-SM-7).
    Nothing,
    /// The encryption certificate, with its length (R-HS-17).
    EncryptionCertificate,
    /// The parameters of the key agreement (R-HS-18).
    Parameters,
    /// Its own identity, with its length (R-IBC-7).
    Identity,
}

/// Whether a client must show certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientCertificates {
    /// If the server asks for them.
    Optional,
    /// Always: its encryption key is part of the key exchange (R-CS-3).
    Always,
}

impl KeyExchange {
    /// The client encrypts to the server's SM2 encryption certificate.
    pub const ECC: Self = Self {
        secret: SecretSource::Encrypted,
        signs: Signs::EncryptionCertificate,
        client: ClientCertificates::Optional,
        authenticates: KeyKind::Sm2,
    };

    /// SM2 key exchange between both encryption certificates and two ephemeral keys.
    pub const ECDHE: Self = Self {
        secret: SecretSource::Agreed,
        signs: Signs::Parameters,
        client: ClientCertificates::Always,
        authenticates: KeyKind::Sm2,
    };

    /// The client encrypts to the server's RSA encryption certificate (R-RSA-1).
    pub const RSA: Self = Self {
        secret: SecretSource::Encrypted,
        signs: Signs::EncryptionCertificate,
        client: ClientCertificates::Optional,
        authenticates: KeyKind::Rsa,
    };

    /// Ephemeral keys, signed by an ECDSA or Ed25519 key (RFC 8422).
    pub const ECDHE_ECDSA: Self = Self {
        secret: SecretSource::Ephemeral,
        signs: Signs::Parameters,
        client: ClientCertificates::Optional,
        authenticates: KeyKind::Ecdsa,
    };

    /// Ephemeral keys, signed by an RSA key (RFC 8422).
    pub const ECDHE_RSA: Self = Self { authenticates: KeyKind::Rsa, ..Self::ECDHE_ECDSA };

    /// TLS's RSA key transport: the client encrypts to the server's one certificate (R-T12-10).
    pub const RSA_TRANSPORT: Self = Self {
        secret: SecretSource::Encrypted,
        signs: Signs::Nothing,
        client: ClientCertificates::Optional,
        authenticates: KeyKind::Rsa,
    };

    /// The client encrypts to the server's identity (R-IBC-2).
    pub const IBC: Self = Self {
        secret: SecretSource::Encrypted,
        signs: Signs::Identity,
        client: ClientCertificates::Optional,
        authenticates: KeyKind::Sm9,
    };

    /// SM9 key exchange between both identities and two ephemeral keys (R-IBC-3).
    pub const IBSDH: Self = Self {
        secret: SecretSource::Agreed,
        signs: Signs::Parameters,
        client: ClientCertificates::Always,
        authenticates: KeyKind::Sm9,
    };

    /// Whether the client must show what it agrees with: a certificate pair, or its identity (R-CS-3).
    pub const fn is_mutual(self) -> bool {
        matches!(self.client, ClientCertificates::Always)
    }
}

/// A hash function: of the PRF, the transcript and signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// SM3, 32 bytes.
    Sm3,
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes: of signatures alone.
    Sha512,
}

impl HashAlgorithm {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::Sha512 as usize + 1;

    /// Bytes of output.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sm3 | Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// The HMAC of a CBC record, by its hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MacAlgorithm {
    /// HMAC-SM3, 32 bytes.
    Sm3,
    /// HMAC-SHA256, 32 bytes.
    Sha256,
    /// HMAC-SHA384, 48 bytes.
    Sha384,
    /// HMAC-SHA1, 20 bytes: of TLS 1.2's oldest suites, whose PRF has SHA-256 all the same (R-KEY-7).
    Sha1,
}

impl MacAlgorithm {
    /// Bytes of a MAC, and of its key.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sm3 | Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// An authenticated cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AeadAlgorithm {
    /// SM4-GCM: 16-byte key, 4-byte fixed and 8-byte explicit nonce, 16-byte tag (R-REC-26).
    Sm4Gcm,
    /// AES-128-GCM, with nonces and tag as above (R-AEAD-1).
    Aes128Gcm,
    /// AES-256-GCM: 32-byte key (R-AEAD-1).
    Aes256Gcm,
    /// ChaCha20-Poly1305: 32-byte key, 12-byte fixed nonce and no explicit one (R-AEAD-3).
    ChaCha20Poly1305,
}

/// A block cipher in CBC mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CbcAlgorithm {
    /// SM4: 16-byte key and block.
    Sm4,
    /// AES-128: 16-byte key and block.
    Aes128,
    /// AES-256: 32-byte key, 16-byte block.
    Aes256,
}

/// In which order a CBC record is encrypted and authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacOrder {
    /// The MAC is of the content, and encrypted with it: only in constant time (R-REC-35).
    MacThenEncrypt,
    /// The MAC is of what was encrypted (R-ETM-1).
    EncryptThenMac,
}

/// How records are protected: one value names the whole, so that no half can be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// R-REC-26.
    Aead(AeadAlgorithm),
    /// R-REC-19.
    Cbc {
        /// The cipher.
        cipher: CbcAlgorithm,
        /// The HMAC.
        mac: MacAlgorithm,
        /// A suite's row says MAC-then-encrypt; the hellos may agree on the other (R-ETM-1).
        order: MacOrder,
    },
}

impl Protection {
    /// CBC as suites name it: MAC-then-encrypt.
    pub const fn cbc(cipher: CbcAlgorithm, mac: MacAlgorithm) -> Self {
        Self::Cbc { cipher, mac, order: MacOrder::MacThenEncrypt }
    }

    /// (MAC key, cipher key, fixed IV) of one direction, in bytes (GB/T 38636 6.5.2).
    pub const fn key_lengths(self) -> (usize, usize, usize) {
        match self {
            Self::Aead(AeadAlgorithm::Sm4Gcm | AeadAlgorithm::Aes128Gcm) => (0, 16, 4),
            Self::Aead(AeadAlgorithm::Aes256Gcm) => (0, 32, 4),
            Self::Aead(AeadAlgorithm::ChaCha20Poly1305) => (0, 32, 12),
            Self::Cbc { cipher: CbcAlgorithm::Sm4 | CbcAlgorithm::Aes128, mac, .. } => {
                (mac.output_len(), 16, 0)
            }
            Self::Cbc { cipher: CbcAlgorithm::Aes256, mac, .. } => (mac.output_len(), 32, 0),
        }
    }
}

/// One cipher suite.
#[derive(Debug, PartialEq, Eq)]
pub struct Suite {
    /// Its value on the wire; `id.name()` is its name.
    pub id: CipherSuite,
    /// Its name in OpenSSL, or in Tongsuo.
    pub openssl_name: &'static str,
    /// The only protocol it may be chosen in (R-CS-6).
    pub protocol: &'static Protocol,
    /// How keys are agreed.
    pub key_exchange: KeyExchange,
    /// The hash of PRF and transcript (R-KEY-1).
    pub prf: HashAlgorithm,
    /// How records are protected.
    pub protection: Protection,
    /// Whether a configuration that names no suites has it.
    pub by_default: bool,
}

impl Suite {
    /// What a party shows of itself in this suite.
    pub fn certificates(&self) -> Certificates {
        match self.key_exchange.authenticates {
            KeyKind::Sm9 => Certificates::Identity,
            KeyKind::Sm2 | KeyKind::Rsa | KeyKind::Ecdsa => self.protocol.certificates,
        }
    }

    /// The row of `id`, if this library runs it.
    pub fn find(id: CipherSuite) -> Option<&'static Self> {
        SUITES.iter().find(|s| s.id == id)
    }

    /// The row with this name, in any case: the standard's (`ECC_SM4_GCM_SM3`, `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`), or
    /// that of OpenSSL or Tongsuo (`ECC-SM2-SM4-GCM-SM3`, `ECDHE-RSA-AES128-GCM-SHA256`).
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let names = |suite: &Suite| [suite.id.name(), Some(suite.openssl_name)];
        SUITES.iter().find(|s| names(s).into_iter().flatten().any(|n| n.eq_ignore_ascii_case(name)))
    }
}
