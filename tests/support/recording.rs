//! Recorded connections, and the keys that open them: derived here with nothing but HMAC, apart from the library's own
//! key schedule.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::vectors::VectorFile;
use serde_json::Value;
use std::fs;
use tlcp::crypto::{Provider, TrafficKeys};
use tlcp::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm, MacOrder, Protection};
use tlcp::wire::ProtocolVersion;

const GCM: Protection = Protection::Aead(AeadAlgorithm::Sm4Gcm);
const fn cbc(mac: MacAlgorithm) -> Protection {
    Protection::cbc(CbcAlgorithm::Sm4, mac)
}

/// PRF hash and record protection of every TLCP suite with SM4, run by the library or not (GB/T 38636 6.4.5.2.1); and of what
/// is recorded of TLS 1.2 (R-KEY-7).
pub(crate) fn suite(id: u16) -> Option<(HashAlgorithm, Protection)> {
    use HashAlgorithm::{Sha256, Sha384, Sm3};
    use MacAlgorithm as Mac;
    let aes128 = |mac| Protection::cbc(CbcAlgorithm::Aes128, mac);
    let aes256 = |mac| Protection::cbc(CbcAlgorithm::Aes256, mac);
    Some(match id {
        0xe011 | 0xe013 | 0xe015 | 0xe017 | 0xe019 => (Sm3, cbc(Mac::Sm3)),
        0xe01c => (Sha256, cbc(Mac::Sha256)),
        0xe051 | 0xe053 | 0xe055 | 0xe057 | 0xe059 => (Sm3, GCM),
        0xe05a => (Sha256, GCM),
        0xc009 => (Sha256, aes128(Mac::Sha1)),
        0xc00a => (Sha256, aes256(Mac::Sha1)),
        0xc023 => (Sha256, aes128(Mac::Sha256)),
        0xc024 => (Sha384, aes256(Mac::Sha384)),
        0xc02b => (Sha256, Protection::Aead(AeadAlgorithm::Aes128Gcm)),
        0xc02c => (Sha384, Protection::Aead(AeadAlgorithm::Aes256Gcm)),
        0xcca9 => (Sha256, Protection::Aead(AeadAlgorithm::ChaCha20Poly1305)),
        _ => return None,
    })
}

/// With the order of the two that the hellos agreed on (R-ETM-1).
pub(crate) fn in_order(protection: Protection, order: MacOrder) -> Protection {
    match protection {
        Protection::Cbc { cipher, mac, .. } => Protection::Cbc { cipher, mac, order },
        aead => aead,
    }
}

/// The raw bytes of both directions, and what its key log holds: client_random and master secret of connections.
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) client: Vec<u8>,
    pub(crate) server: Vec<u8>,
    pub(crate) secrets: Vec<(Vec<u8>, Vec<u8>)>,
    /// The key block as the recording's maker derived it, if told.
    pub(crate) key_block: Vec<u8>,
}

impl Recording {
    /// Whether it is TLCP at all, by the first record's version.
    pub(crate) fn is_tlcp(&self) -> bool {
        self.client.get(1..3) == Some(&[1, 1])
    }

    /// `NAME.N.c2s` with `NAME.N.s2c` and `NAME.keylog` beside it.
    pub(crate) fn of_stream(file: &VectorFile) -> Self {
        let keylog = file.path.with_extension("").with_extension("keylog");
        let keylog = fs::read_to_string(&keylog).unwrap_or_else(|e| panic!("{}: {e}", keylog.display()));
        let secrets = keylog.lines().filter_map(|line| line.strip_prefix("CLIENT_RANDOM ")).map(|line| {
            let (random, master) = line.trim().split_once(' ').expect("two values");
            (hex::decode(random).unwrap(), hex::decode(master).unwrap())
        });
        Self {
            name: file.name.clone(),
            client: file.read(),
            server: fs::read(file.path.with_extension("s2c")).unwrap(),
            secrets: secrets.collect(),
            key_block: Vec::new(),
        }
    }

    /// A JSON file with the records that were `sent` and received (`recv`); `None` if it is of another form.
    pub(crate) fn of_json(file: &VectorFile, json: &Value) -> Option<Self> {
        let records = |key: &str| -> Option<Vec<u8>> {
            Some(
                json.get(key)?
                    .as_array()?
                    .iter()
                    .flat_map(|r| hex::decode(r.as_str().unwrap()).unwrap())
                    .collect(),
            )
        };
        let value = |key: &str| hex::decode(json.get(key)?.as_str()?).ok();
        Some(Self {
            name: file.name.clone(),
            client: records("sent")?,
            server: records("recv")?,
            secrets: vec![(value("client_random")?, value("master")?)],
            key_block: value("key_block").unwrap_or_default(),
        })
    }
}

/// Both directions' keys from the key block, the client's first (GB/T 38636 6.5.2).
pub(crate) fn split_keys(version: ProtocolVersion, protection: Protection, block: &[u8]) -> [TrafficKeys; 2] {
    let (mac, key, iv) = protection.key_lengths();
    let of = |which: usize| {
        let part = |start: usize, length: usize| &block[start + which * length..][..length];
        let (mac_key, key, iv) = (part(0, mac), part(2 * mac, key), part(2 * (mac + key), iv));
        TrafficKeys::new(version, protection, mac_key, key, iv).unwrap()
    };
    [of(0), of(1)]
}

/// P_hash(secret, label || seed) of RFC 5246, section 5.
pub(crate) fn prf(
    provider: &Provider,
    hash: HashAlgorithm,
    secret: &[u8],
    label: &str,
    seed: &[&[u8]],
    length: usize,
) -> Vec<u8> {
    let hmac = |parts: &[&[u8]]| provider.hashes.hmac(hash, secret, parts).as_ref().to_vec();
    let seed = [label.as_bytes(), &seed.concat()].concat();
    let (mut a, mut out) = (hmac(&[&seed]), Vec::new());
    while out.len() < length {
        out.extend(hmac(&[&a, &seed]));
        a = hmac(&[&a]);
    }
    out.truncate(length);
    out
}

pub(crate) fn key_block(
    provider: &Provider,
    hash: HashAlgorithm,
    master: &[u8],
    client_random: &[u8],
    server_random: &[u8],
) -> Vec<u8> {
    prf(provider, hash, master, "key expansion", &[server_random, client_random], 192)
}
