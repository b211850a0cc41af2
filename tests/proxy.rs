//! The gateway `tlcp proxy`, as its users run it: between clients of this library and plain backends in this process.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "proxy/check.rs"]
mod check;
#[path = "proxy/flow.rs"]
mod flow;
#[path = "proxy/gateway.rs"]
mod gateway;
#[path = "proxy/log.rs"]
mod log;
#[path = "proxy/names.rs"]
mod names;
#[path = "support/program.rs"]
mod program;
#[path = "proxy/reload.rs"]
mod reload;
