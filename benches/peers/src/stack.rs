//! Whole connections: the measures taken of each implementation.

use crate::tlcp_stack::{Caches, TlcpStack};
use crate::tongsuo_stack::TongsuoStack;
use tlcp::crypto::portable;
use tlcp_interop::party::{Suite, settings};
use tlcp_measure::connection::Stack;
use tlcp_measure::rounds;
use tlcp_measure::table::{Table, Unit};

const NAMES: [&str; 4] = ["tlcp, peer seen", "tlcp, cold", "portable, cold", "Tongsuo 8.4.0"];
const PAIRS: [(usize, usize); 4] = [(1, 2), (0, 2), (1, 3), (0, 3)];

fn stacks(suite: Suite) -> Vec<Box<dyn Stack>> {
    let (server, client) = settings(suite, suite.is_ecdhe());
    vec![
        Box::new(TlcpStack::new(tlcp::crypto::default_provider(), Caches::Warm, &server, &client)),
        Box::new(TlcpStack::new(crate::tlcp_stack::without_hot_keys(), Caches::Cold, &server, &client)),
        Box::new(TlcpStack::new(portable::provider(), Caches::Cold, &server, &client)),
        Box::new(TongsuoStack::new(&server, &client)),
    ]
}

/// Prints the tables whose rows contain `filter`.
pub(crate) fn compare(filter: &str) {
    handshakes(filter);
    records(filter);
}

fn handshakes(filter: &str) {
    let table = Table::new("handshakes, both ends on one core", &NAMES, &PAIRS);
    for suite in Suite::all() {
        for resume in [false, true] {
            let kind = if resume { "resumed" } else { "full" };
            let mutual = if suite.is_ecdhe() { ", mutual" } else { "" };
            let label = format!("{suite:?} {kind}{mutual}");
            if label.contains(filter) {
                let mut stacks = stacks(suite);
                let samples = rounds::run(&mut stacks, |stack, _| Some(stack.handshake(resume).split()));
                for (end, samples) in ["both ends", "client", "server"].iter().zip(samples) {
                    table.row(&format!("{label}, {end}"), Unit::PerSecond, &samples);
                }
            }
        }
    }
}

/// Bytes to a write, writes to a call, and what it is called.
const WRITES: [(usize, usize, &str); 4] = [
    (64, 256, "records of 64 bytes"),
    (1350, 64, "records of 1350 bytes"),
    (16_384, 16, "records of 16 KiB"),
    (1 << 20, 1, "one write of 1 MiB"),
];

fn records(filter: &str) {
    let names = ["tlcp", "portable", "Tongsuo 8.4.0"];
    let table = Table::new("records", &names, &[(0, 1), (0, 2)]);
    for suite in [Suite::EccGcm, Suite::EccCbc] {
        for (size, count, what) in WRITES {
            let label = format!("{suite:?} {what}");
            if label.contains(filter) {
                let mut stacks = stacks(suite);
                // What the second would show is the first's already.
                stacks.remove(1);
                let samples = rounds::run(&mut stacks, |stack, _| Some(stack.bulk(size, count).split()));
                let unit = match size {
                    ..16_384 => Unit::Nanoseconds(count),
                    _ => Unit::Megabytes((size * count) as f64 / 1e6),
                };
                for (end, samples) in ["both", "seal", "open"].iter().zip(samples) {
                    table.row(&format!("{label}, {end}"), unit, &samples);
                }
            }
        }
    }
}
