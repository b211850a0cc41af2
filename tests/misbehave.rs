//! Peers that break the protocol: each thing they can do wrong, the alert that it gets (R-AL-8), the error that names
//! it, and what becomes of the connection and its session (R-SES-12). What every failure has in common is checked by
//! `Outcome` in the support module of that name.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/hello.rs"]
mod hello;
#[path = "support/outcome.rs"]
mod outcome;
#[path = "support/pair.rs"]
mod pair;
#[path = "support/script.rs"]
mod script;
#[path = "support/watched.rs"]
mod watched;

#[path = "misbehave/alerts.rs"]
mod alerts;
#[path = "misbehave/bytes.rs"]
mod bytes;
#[path = "misbehave/certificates.rs"]
mod certificates;
#[path = "misbehave/client_hello.rs"]
mod client_hello;
#[path = "misbehave/exchange.rs"]
mod exchange;
#[path = "misbehave/framing.rs"]
mod framing;
#[path = "misbehave/limits.rs"]
mod limits;
#[path = "misbehave/order.rs"]
mod order;
#[path = "misbehave/records.rs"]
mod records;
#[cfg(feature = "rsa")]
#[path = "misbehave/rsa.rs"]
mod rsa_suites;
#[path = "misbehave/server_hello.rs"]
mod server_hello;

use script::{Case, Heard, Item, Lab};
use std::sync::LazyLock;
use tlcp::config::ClientAuth;
use tlcp::suite::{SUITES, TLCP};
use tlcp::wire::HandshakeType;

/// Nobody but the server has certificates.
static ECC: LazyLock<Lab> = LazyLock::new(|| Lab::new(Case::of(&SUITES[1])));
/// The client has some too.
static MUTUAL: LazyLock<Lab> = LazyLock::new(|| Lab::new(Case::of(&SUITES[3]).auth(ClientAuth::Require)));
static ECDHE: LazyLock<Lab> = LazyLock::new(|| Lab::new(Case::of(&SUITES[0])));
static RESUMED: LazyLock<Lab> = LazyLock::new(|| Lab::new(Case::of(&SUITES[3]).resumed()));

fn labs() -> [&'static Lab; 4] {
    [&ECC, &MUTUAL, &ECDHE, &RESUMED]
}

/// Where the message of this type stands in a script.
fn place(script: &[Item], kind: HandshakeType) -> usize {
    let found = script.iter().position(|item| match item {
        Item::Message(m) => m[0] == kind.0,
        Item::Finished => kind == HandshakeType::FINISHED,
        Item::CertificateVerify => kind == HandshakeType::CERTIFICATE_VERIFY,
        _ => false,
    });
    found.unwrap_or_else(|| panic!("no {kind}"))
}

/// The message of this type.
fn said(script: &[Item], kind: HandshakeType) -> Vec<u8> {
    match &script[place(script, kind)] {
        Item::Message(m) => m.clone(),
        other => panic!("{other:?} is made while it is said"),
    }
}

/// The script with another message in place of the one of its type.
fn with(script: &[Item], raw: Vec<u8>) -> Vec<Item> {
    let mut out = script.to_vec();
    let at = place(script, HandshakeType(raw[0]));
    out[at] = Item::Message(raw);
    out
}

/// The script with something before its item number `at`.
fn before(script: &[Item], at: usize, items: &[Item]) -> Vec<Item> {
    [&script[..at], items, &script[at..]].concat()
}

/// The messages that came, in order.
fn kinds(heard: &[Heard]) -> Vec<HandshakeType> {
    let kind = |heard: &Heard| match heard {
        Heard::Message(m) => Some(HandshakeType(m[0])),
        _ => None,
    };
    heard.iter().filter_map(kind).collect()
}

/// The script is honest as long as nobody changes it: in every suite, full and resumed, to both roles.
#[test]
fn honest_scripts_go_well() {
    for suite in TLCP.suites() {
        for auth in [ClientAuth::None, ClientAuth::Require] {
            for case in [Case::of(suite).auth(auth), Case::of(suite).auth(auth).resumed()] {
                let lab = Lab::new(case);
                lab.to_server(&lab.client).went_well();
                lab.to_client(&lab.server).went_well();
                lab.to_server(&lab.literal[0]).went_well();
                let outcome = lab.to_client(&lab.literal[1]);
                outcome.went_well();
                assert_eq!((outcome.removed, outcome.stored), (0, 1));
            }
        }
    }
}
