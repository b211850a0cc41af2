//! `cargo run --release [-- filter]`: TLS 1.2's handshakes per second and record throughput, each implementation in this
//! process and thread, taking turns so that a noisy moment hits all of them alike. What counts is this thread's processor
//! time. Certificates are made anew for each run.

mod certificates;
mod openssl_stack;
mod rustls_stack;
mod tlcp_stack;

use certificates::{Key, Material};
use openssl_stack::OpensslStack;
use rustls_stack::RustlsStack;
use tlcp_measure::connection::Stack;
use tlcp_measure::rounds;
use tlcp_measure::table::{Table, Unit};
use tlcp_stack::TlcpStack;

const NAMES: [&str; 4] = ["tlcp, aws-lc-rs", "tlcp, portable", "rustls, aws-lc-rs", "OpenSSL"];
const PAIRS: [(usize, usize); 4] = [(0, 2), (1, 2), (0, 3), (1, 3)];

/// A suite by the names of each stack, and the key that it takes.
struct Suite {
    name: &'static str,
    rustls: rustls::CipherSuite,
    key: Key,
}

const SUITES: [Suite; 4] = [
    Suite {
        name: "ECDHE-ECDSA-AES128-GCM-SHA256",
        rustls: rustls::CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        key: Key::P256,
    },
    Suite {
        name: "ECDHE-RSA-AES128-GCM-SHA256",
        rustls: rustls::CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        key: Key::Rsa2048,
    },
    Suite {
        name: "ECDHE-ECDSA-AES256-GCM-SHA384",
        rustls: rustls::CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        key: Key::P256,
    },
    Suite {
        name: "ECDHE-ECDSA-CHACHA20-POLY1305",
        rustls: rustls::CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        key: Key::P256,
    },
];

fn stacks(suite: &Suite) -> Vec<Box<dyn Stack>> {
    let material = Material::new(suite.key);
    vec![
        Box::new(TlcpStack::new(tlcp::crypto::aws_lc::provider(), suite.name, &material)),
        Box::new(TlcpStack::new(tlcp::crypto::default_provider(), suite.name, &material)),
        Box::new(RustlsStack::new(suite.rustls, &material)),
        Box::new(OpensslStack::new(suite.name, &material)),
    ]
}

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let table = Table::new("handshakes, both ends on one core", &NAMES, &PAIRS);
    for suite in &SUITES {
        for resume in [false, true] {
            let label = format!("{} {}", suite.name, if resume { "resumed" } else { "full" });
            if label.contains(&filter) {
                let mut stacks = stacks(suite);
                let samples = rounds::run(&mut stacks, |stack, _| Some(stack.handshake(resume).split()));
                for (end, samples) in ["both ends", "client", "server"].iter().zip(samples) {
                    table.row(&format!("{label}, {end}"), Unit::PerSecond, &samples);
                }
            }
        }
    }
    records(&filter);
}

fn records(filter: &str) {
    const SIZE: usize = 1 << 20;
    let table = Table::new("one write of 1 MiB", &NAMES, &PAIRS);
    for suite in SUITES.iter().filter(|suite| suite.key == Key::P256 && suite.name.contains(filter)) {
        let mut stacks = stacks(suite);
        let samples = rounds::run(&mut stacks, |stack, _| Some(stack.bulk(SIZE, 1).split()));
        for (end, samples) in ["both", "seal", "open"].iter().zip(samples) {
            table.row(&format!("{}, {end}", suite.name), Unit::Megabytes(SIZE as f64 / 1e6), &samples);
        }
    }
}
