//! A client that accepts everything, driven step by step.
#![no_main]
use libfuzzer_sys::fuzz_target;
use tlcp::conn::ClientConnection;
use tlcp_fuzz::drive::{Driven, start};
use tlcp_fuzz::steps::{Input, run};
use tlcp_fuzz::world::name;

fuzz_target!(|input: Input<'_>| {
    let config = input.mode.accepting_client();
    let driven = Driven::new(|| ClientConnection::new(config, name(), start()).unwrap());
    let _ = run(driven, &input, true);
});
