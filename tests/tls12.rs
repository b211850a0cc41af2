//! TLS 1.2: with rustls in process, and our own two ends for what rustls lacks; and peers of both roles that break it
//! (RFC 5246 and those that extend it).
#![cfg(all(feature = "pki", feature = "tls12"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/hello.rs"]
mod hello;
#[path = "support/outcome.rs"]
mod outcome;
#[path = "support/pair.rs"]
mod pair;
#[path = "support/rustls_peer.rs"]
mod rustls_peer;
#[path = "support/script.rs"]
mod script;
#[path = "support/watched.rs"]
mod watched;

#[path = "misbehave/alerts.rs"]
mod alerts;
#[path = "tls12/between_us.rs"]
mod between_us;
#[path = "tls12/client_hello.rs"]
mod client_hello;
#[path = "tls12/exchange.rs"]
mod exchange;
#[path = "tls12/extended_master_secret.rs"]
mod extended_master_secret;
#[path = "tls12/identities.rs"]
mod identities;
#[path = "misbehave/order.rs"]
mod order;
#[path = "tls12/records.rs"]
mod records;
#[path = "tls12/server_hello.rs"]
mod server_hello;
#[path = "tls12/tickets.rs"]
mod tickets;
#[path = "tls12/transport.rs"]
mod transport;
#[path = "tls12/with_rustls.rs"]
mod with_rustls;

use pair::World;
use script::{Case, Lab, before, kinds, place, said, with};
use std::sync::{Arc, LazyLock};
use tlcp::config::ClientAuth;
use tlcp::crypto::default_provider;
use tlcp::session::RotatingTicketer;
use tlcp::suite::{AeadAlgorithm, Suite, TLS12};
use tlcp::wire::NamedGroup;

/// Those that nobody need name.
fn default_suites() -> impl Iterator<Item = &'static Suite> {
    TLS12.suites().filter(|suite| suite.by_default)
}

const GROUPS: [NamedGroup; 3] = [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1];

fn ticketer(world: &World) -> Arc<RotatingTicketer> {
    Arc::new(RotatingTicketer::new(world.provider, AeadAlgorithm::Aes256Gcm, 3600).unwrap())
}

/// For servers that are made more than once and must know each other's tickets.
static TICKETS: LazyLock<Arc<RotatingTicketer>> = LazyLock::new(|| {
    Arc::new(RotatingTicketer::new(default_provider(), AeadAlgorithm::Aes256Gcm, 3600).unwrap())
});

fn suite(name: &str) -> &'static Suite {
    Suite::by_name(name).unwrap()
}

fn case(name: &str) -> Case {
    Case::of(suite(name))
}

fn with_tickets(name: &str) -> Case {
    Case { server: |s| s.tickets(TICKETS.clone()), ..case(name) }
}

/// ECDHE with ECDSA; nobody but the server has certificates.
static ECC: LazyLock<Lab> = LazyLock::new(|| Lab::new(case("ECDHE-ECDSA-AES128-GCM-SHA256")));
/// The client has some too.
static MUTUAL: LazyLock<Lab> =
    LazyLock::new(|| Lab::new(case("ECDHE-RSA-AES256-GCM-SHA384").auth(ClientAuth::Require)));
/// By its id.
static RESUMED: LazyLock<Lab> = LazyLock::new(|| Lab::new(case("ECDHE-ECDSA-CHACHA20-POLY1305").resumed()));
/// The client gets a ticket.
static TICKET: LazyLock<Lab> = LazyLock::new(|| Lab::new(with_tickets("ECDHE-ECDSA-AES128-GCM-SHA256")));
/// It comes with one.
static BY_TICKET: LazyLock<Lab> =
    LazyLock::new(|| Lab::new(with_tickets("ECDHE-ECDSA-AES128-GCM-SHA256").resumed()));
/// RSA key transport, with CBC.
static TRANSPORT: LazyLock<Lab> = LazyLock::new(|| Lab::new(case("AES128-SHA256")));
/// The same, with scripts that can be changed before ClientKeyExchange.
static LEGACY: LazyLock<Lab> = LazyLock::new(|| Lab::new(TRANSPORT.case).following());

fn labs() -> [&'static Lab; 5] {
    [&ECC, &MUTUAL, &RESUMED, &TICKET, &BY_TICKET]
}

/// The script is honest as long as nobody changes it: in every suite, full and resumed by id and by ticket, to both roles.
#[test]
fn honest_scripts_go_well() {
    for suite in TLS12.suites() {
        for auth in [ClientAuth::None, ClientAuth::Require] {
            let plain = Case::of(suite).auth(auth);
            let tickets = Case { server: |s| s.tickets(TICKETS.clone()), ..plain };
            for case in [plain, plain.resumed(), tickets, tickets.resumed()] {
                let lab = Lab::new(case);
                lab.to_server(&lab.client).went_well();
                let outcome = lab.to_client(&lab.server);
                outcome.went_well();
                assert_eq!((outcome.removed, outcome.stored), (0, 1));
            }
        }
    }
}
