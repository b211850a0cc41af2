//! Whole connections: what each implementation must offer, and the measures taken of it.

use crate::tongsuo_stack::TongsuoStack;
use crate::{rounds, table};
use std::time::Duration;
use tlcp_interop::party::{Suite, settings};

/// Bytes written at once in the bulk measures: a full record.
pub(crate) const RECORD: usize = 16_384;
/// Records per timed call.
pub(crate) const RECORDS: usize = 64;

/// Time spent in each end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Costs {
    pub(crate) client: Duration,
    pub(crate) server: Duration,
}

/// One implementation with one suite: both ends in one thread, over memory.
pub(crate) trait Stack {
    /// A handshake from nothing to both ends open; `resume`: with the session of an earlier one.
    fn handshake(&mut self, resume: bool) -> Costs;
    /// `RECORDS` writes of `RECORD` bytes from client to server over one open connection: sealing is the client's cost, opening the server's.
    fn bulk(&mut self) -> Costs;
}

/// Prints the tables whose rows contain `filter`.
pub(crate) fn compare(filter: &str) {
    let names = ["Tongsuo 8.4.0"];
    table::head("handshakes, both ends on one core", &names);
    for suite in Suite::ALL {
        for resume in [false, true] {
            let kind = if resume { "resumed" } else { "full" };
            let mutual = if suite.is_ecdhe() { ", mutual" } else { "" };
            let mut stacks = stacks(suite);
            for (end, cost) in ENDS {
                let label = format!("{suite:?} {kind}{mutual}, {end}");
                if label.contains(filter) {
                    let samples = rounds::run(&mut stacks, |stack, _| cost(stack.handshake(resume)));
                    table::row(&label, "/s", 1.0, &samples);
                }
            }
        }
    }
    table::head("records of 16 KiB", &names);
    for suite in [Suite::EccGcm, Suite::EccCbc] {
        let mut stacks = stacks(suite);
        for ((_, cost), what) in ENDS.into_iter().zip(["seal and open", "seal", "open"]) {
            let label = format!("{suite:?} {what}");
            if label.contains(filter) {
                let megabytes = (RECORD * RECORDS) as f64 / 1e6;
                let samples = rounds::run(&mut stacks, |stack, _| cost(stack.bulk()));
                table::row(&label, "MB/s", megabytes, &samples);
            }
        }
    }
}

type Cost = fn(Costs) -> Duration;
const ENDS: [(&str, Cost); 3] =
    [("both", |c| c.client + c.server), ("client", |c| c.client), ("server", |c| c.server)];

fn stacks(suite: Suite) -> Vec<Box<dyn Stack>> {
    let (server, client) = settings(suite, suite.is_ecdhe());
    vec![Box::new(TongsuoStack::new(&server, &client))]
}
