//! A server that accepts everything, driven step by step.
#![no_main]
use libfuzzer_sys::fuzz_target;
use tlcp::conn::ServerConnection;
use tlcp_fuzz::drive::{Driven, start};
use tlcp_fuzz::steps::{Input, run};

fuzz_target!(|input: Input<'_>| {
    let config = input.mode.accepting_server();
    let _ = run(Driven::new(|| ServerConnection::new(config, start())), &input, false);
});
