//! The cipher suites.
#[cfg(feature = "tls12")]
use super::TLS12;
use super::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, KeyExchange, MacAlgorithm, Protection, Suite, TLCP};
use crate::wire::CipherSuite as Id;

const SM4_GCM: Protection = Protection::Aead(AeadAlgorithm::Sm4Gcm);
const SM4_CBC_SM3: Protection = Protection::cbc(CbcAlgorithm::Sm4, MacAlgorithm::Sm3);

const fn tlcp(
    id: Id,
    openssl_name: &'static str,
    key_exchange: KeyExchange,
    protection: Protection,
) -> Suite {
    let prf = HashAlgorithm::Sm3;
    Suite { id, openssl_name, protocol: &TLCP, key_exchange, prf, protection, by_default: true }
}

/// Not without being named: RSA encryption has no forward secrecy, and its padding is held up by implicit rejection alone
/// (R-CS-1, R-RSA-2).
#[cfg(feature = "rsa")]
const fn rsa(id: Id, openssl_name: &'static str, prf: HashAlgorithm, protection: Protection) -> Suite {
    Suite { prf, by_default: false, ..tlcp(id, openssl_name, KeyExchange::RSA, protection) }
}

/// Not without a configuration that names key centres: no other stack's users have SM9 keys.
#[cfg(feature = "sm9")]
const fn sm9(id: Id, openssl_name: &'static str, key_exchange: KeyExchange, protection: Protection) -> Suite {
    Suite { by_default: false, ..tlcp(id, openssl_name, key_exchange, protection) }
}

/// AEAD with forward secrecy: what TLS 1.2 is today (R-BCP-3). The PRF's hash is the one in the suite's name.
#[cfg(feature = "tls12")]
const fn tls(
    id: Id,
    openssl_name: &'static str,
    key_exchange: KeyExchange,
    aead: AeadAlgorithm,
    prf: HashAlgorithm,
) -> Suite {
    let protection = Protection::Aead(aead);
    Suite { id, openssl_name, protocol: &TLS12, key_exchange, prf, protection, by_default: true }
}

/// Not without being named: RSA key transport (R-BCP-2).
#[cfg(feature = "tls12")]
const fn transport(id: Id, openssl_name: &'static str, aead: AeadAlgorithm, prf: HashAlgorithm) -> Suite {
    Suite { by_default: false, ..tls(id, openssl_name, KeyExchange::RSA_TRANSPORT, aead, prf) }
}

/// Not without being named: CBC (R-BCP-2). R-KEY-7: whatever the MAC, the PRF has SHA-256, or SHA-384 with HMAC-SHA384.
#[cfg(feature = "tls12")]
const fn cbc(
    id: Id,
    openssl_name: &'static str,
    key_exchange: KeyExchange,
    cipher: CbcAlgorithm,
    mac: MacAlgorithm,
) -> Suite {
    let prf = match mac {
        MacAlgorithm::Sha384 => HashAlgorithm::Sha384,
        _ => HashAlgorithm::Sha256,
    };
    let protection = Protection::cbc(cipher, mac);
    Suite { id, openssl_name, protocol: &TLS12, key_exchange, prf, protection, by_default: false }
}

/// Every suite this library runs, by protocol, in order of preference (R-CS-2): forward secrecy first, since both parties'
/// ephemeral keys enter the master secret; then AEAD before CBC, whose MAC-then-encrypt needs the constant-time care
/// of R-REC-35.
pub static SUITES: &[Suite] = &[
    tlcp(Id::ECDHE_SM4_GCM_SM3, "ECDHE-SM2-SM4-GCM-SM3", KeyExchange::ECDHE, SM4_GCM),
    tlcp(Id::ECC_SM4_GCM_SM3, "ECC-SM2-SM4-GCM-SM3", KeyExchange::ECC, SM4_GCM),
    tlcp(Id::ECDHE_SM4_CBC_SM3, "ECDHE-SM2-SM4-CBC-SM3", KeyExchange::ECDHE, SM4_CBC_SM3),
    tlcp(Id::ECC_SM4_CBC_SM3, "ECC-SM2-SM4-CBC-SM3", KeyExchange::ECC, SM4_CBC_SM3),
    #[cfg(feature = "rsa")]
    rsa(Id::RSA_SM4_GCM_SM3, "RSA-SM4-GCM-SM3", HashAlgorithm::Sm3, SM4_GCM),
    #[cfg(feature = "rsa")]
    rsa(Id::RSA_SM4_GCM_SHA256, "RSA-SM4-GCM-SHA256", HashAlgorithm::Sha256, SM4_GCM),
    #[cfg(feature = "rsa")]
    rsa(Id::RSA_SM4_CBC_SM3, "RSA-SM4-CBC-SM3", HashAlgorithm::Sm3, SM4_CBC_SM3),
    #[cfg(feature = "rsa")]
    rsa(
        Id::RSA_SM4_CBC_SHA256,
        "RSA-SM4-CBC-SHA256",
        HashAlgorithm::Sha256,
        Protection::cbc(CbcAlgorithm::Sm4, MacAlgorithm::Sha256),
    ),
    #[cfg(feature = "sm9")]
    sm9(Id::IBSDH_SM4_GCM_SM3, "IBSDH-SM4-GCM-SM3", KeyExchange::IBSDH, SM4_GCM),
    #[cfg(feature = "sm9")]
    sm9(Id::IBC_SM4_GCM_SM3, "IBC-SM4-GCM-SM3", KeyExchange::IBC, SM4_GCM),
    #[cfg(feature = "sm9")]
    sm9(Id::IBSDH_SM4_CBC_SM3, "IBSDH-SM4-CBC-SM3", KeyExchange::IBSDH, SM4_CBC_SM3),
    #[cfg(feature = "sm9")]
    sm9(Id::IBC_SM4_CBC_SM3, "IBC-SM4-CBC-SM3", KeyExchange::IBC, SM4_CBC_SM3),
    #[cfg(feature = "tls12")]
    tls(
        Id::ECDHE_ECDSA_AES_128_GCM_SHA256,
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        KeyExchange::ECDHE_ECDSA,
        AeadAlgorithm::Aes128Gcm,
        HashAlgorithm::Sha256,
    ),
    #[cfg(feature = "tls12")]
    tls(
        Id::ECDHE_RSA_AES_128_GCM_SHA256,
        "ECDHE-RSA-AES128-GCM-SHA256",
        KeyExchange::ECDHE_RSA,
        AeadAlgorithm::Aes128Gcm,
        HashAlgorithm::Sha256,
    ),
    #[cfg(feature = "tls12")]
    tls(
        Id::ECDHE_ECDSA_AES_256_GCM_SHA384,
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        KeyExchange::ECDHE_ECDSA,
        AeadAlgorithm::Aes256Gcm,
        HashAlgorithm::Sha384,
    ),
    #[cfg(feature = "tls12")]
    tls(
        Id::ECDHE_RSA_AES_256_GCM_SHA384,
        "ECDHE-RSA-AES256-GCM-SHA384",
        KeyExchange::ECDHE_RSA,
        AeadAlgorithm::Aes256Gcm,
        HashAlgorithm::Sha384,
    ),
    #[cfg(feature = "tls12")]
    tls(
        Id::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        KeyExchange::ECDHE_ECDSA,
        AeadAlgorithm::ChaCha20Poly1305,
        HashAlgorithm::Sha256,
    ),
    #[cfg(feature = "tls12")]
    tls(
        Id::ECDHE_RSA_CHACHA20_POLY1305_SHA256,
        "ECDHE-RSA-CHACHA20-POLY1305",
        KeyExchange::ECDHE_RSA,
        AeadAlgorithm::ChaCha20Poly1305,
        HashAlgorithm::Sha256,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::ECDHE_ECDSA_AES_128_CBC_SHA256,
        "ECDHE-ECDSA-AES128-SHA256",
        KeyExchange::ECDHE_ECDSA,
        CbcAlgorithm::Aes128,
        MacAlgorithm::Sha256,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::ECDHE_RSA_AES_128_CBC_SHA256,
        "ECDHE-RSA-AES128-SHA256",
        KeyExchange::ECDHE_RSA,
        CbcAlgorithm::Aes128,
        MacAlgorithm::Sha256,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::ECDHE_ECDSA_AES_256_CBC_SHA384,
        "ECDHE-ECDSA-AES256-SHA384",
        KeyExchange::ECDHE_ECDSA,
        CbcAlgorithm::Aes256,
        MacAlgorithm::Sha384,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::ECDHE_RSA_AES_256_CBC_SHA384,
        "ECDHE-RSA-AES256-SHA384",
        KeyExchange::ECDHE_RSA,
        CbcAlgorithm::Aes256,
        MacAlgorithm::Sha384,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::ECDHE_ECDSA_AES_128_CBC_SHA,
        "ECDHE-ECDSA-AES128-SHA",
        KeyExchange::ECDHE_ECDSA,
        CbcAlgorithm::Aes128,
        MacAlgorithm::Sha1,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::ECDHE_RSA_AES_128_CBC_SHA,
        "ECDHE-RSA-AES128-SHA",
        KeyExchange::ECDHE_RSA,
        CbcAlgorithm::Aes128,
        MacAlgorithm::Sha1,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::ECDHE_ECDSA_AES_256_CBC_SHA,
        "ECDHE-ECDSA-AES256-SHA",
        KeyExchange::ECDHE_ECDSA,
        CbcAlgorithm::Aes256,
        MacAlgorithm::Sha1,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::ECDHE_RSA_AES_256_CBC_SHA,
        "ECDHE-RSA-AES256-SHA",
        KeyExchange::ECDHE_RSA,
        CbcAlgorithm::Aes256,
        MacAlgorithm::Sha1,
    ),
    #[cfg(feature = "tls12")]
    transport(
        Id::RSA_AES_128_GCM_SHA256,
        "AES128-GCM-SHA256",
        AeadAlgorithm::Aes128Gcm,
        HashAlgorithm::Sha256,
    ),
    #[cfg(feature = "tls12")]
    transport(
        Id::RSA_AES_256_GCM_SHA384,
        "AES256-GCM-SHA384",
        AeadAlgorithm::Aes256Gcm,
        HashAlgorithm::Sha384,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::RSA_AES_128_CBC_SHA256,
        "AES128-SHA256",
        KeyExchange::RSA_TRANSPORT,
        CbcAlgorithm::Aes128,
        MacAlgorithm::Sha256,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::RSA_AES_256_CBC_SHA256,
        "AES256-SHA256",
        KeyExchange::RSA_TRANSPORT,
        CbcAlgorithm::Aes256,
        MacAlgorithm::Sha256,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::RSA_AES_128_CBC_SHA,
        "AES128-SHA",
        KeyExchange::RSA_TRANSPORT,
        CbcAlgorithm::Aes128,
        MacAlgorithm::Sha1,
    ),
    #[cfg(feature = "tls12")]
    cbc(
        Id::RSA_AES_256_CBC_SHA,
        "AES256-SHA",
        KeyExchange::RSA_TRANSPORT,
        CbcAlgorithm::Aes256,
        MacAlgorithm::Sha1,
    ),
];
