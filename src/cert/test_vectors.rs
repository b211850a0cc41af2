//! The collected certificates, for the tests of this module.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::pem;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use serde_json::Value;
use std::fs;

/// A certificate with what the index says of it.
pub(super) struct Indexed {
    pub(super) name: String,
    pub(super) der: Vec<u8>,
    /// `v3`, `KU:digital_signature+non_repudiation`, …
    pub(super) shapes: Vec<String>,
    /// Of the signature on it, if that verifies.
    pub(super) user_id: Option<String>,
}

/// A certificate and the one that certifies it.
pub(super) struct Link {
    pub(super) name: String,
    pub(super) certificate: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) user_id: Option<String>,
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/certs");

pub(super) fn index() -> Vec<Value> {
    serde_json::from_slice(&fs::read(format!("{FOLDER}/index.json")).unwrap()).unwrap()
}

/// The certificates of one entry, leaf first.
pub(super) fn chain(entry: &Value) -> Vec<Indexed> {
    let file = entry["file"].as_str().unwrap();
    let pem = fs::read(format!("{FOLDER}/{file}")).unwrap();
    let items = pem::items(&[&pem]).unwrap();
    let described = entry["chain"].as_array().unwrap();
    assert_eq!(items.len(), described.len(), "{file}");
    let indexed = |(item, value): (&pem::Item, &Value)| Indexed {
        name: format!("{file}: {}", item.place),
        der: item.der.to_vec(),
        shapes: value["shapes"].as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned()).collect(),
        user_id: value["sig_verified_under_id"].as_str().map(str::to_owned),
    };
    items.iter().zip(described).map(indexed).collect()
}

/// All links whose issuer is there; a self-issued certificate certifies itself.
pub(super) fn links() -> Vec<Link> {
    let mut out = Vec::new();
    for entry in index() {
        let chain = chain(&entry);
        for (i, this) in chain.iter().enumerate() {
            let self_issued = this.shapes.iter().any(|s| s == "self-issued");
            let Some(issuer) = chain.get(i + 1).or(self_issued.then_some(this)) else { continue };
            out.push(Link {
                name: this.name.clone(),
                certificate: this.der.clone(),
                issuer: issuer.der.clone(),
                user_id: this.user_id.clone(),
            });
        }
    }
    out
}
