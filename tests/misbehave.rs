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
#[cfg(feature = "sm9")]
#[path = "misbehave/identities.rs"]
mod identities;
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

use script::{Case, Lab, before, kinds, place, said, with};
use std::sync::LazyLock;
use tlcp::config::ClientAuth;
use tlcp::suite::{SUITES, TLCP};

/// Nobody but the server has certificates.
static ECC: LazyLock<Lab> = LazyLock::new(|| Lab::new(Case::of(&SUITES[1])));
/// The client has some too.
static MUTUAL: LazyLock<Lab> = LazyLock::new(|| Lab::new(Case::of(&SUITES[3]).auth(ClientAuth::Require)));
static ECDHE: LazyLock<Lab> = LazyLock::new(|| Lab::new(Case::of(&SUITES[0])));
static RESUMED: LazyLock<Lab> = LazyLock::new(|| Lab::new(Case::of(&SUITES[3]).resumed()));

fn labs() -> Vec<&'static Lab> {
    let certificates: [&Lab; 4] = [&ECC, &MUTUAL, &ECDHE, &RESUMED];
    #[cfg(feature = "sm9")]
    return certificates.into_iter().chain([&*identities::MUTUAL, &*identities::IBSDH]).collect();
    #[cfg(not(feature = "sm9"))]
    certificates.into()
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
