//! The examples run, and end well.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "../examples/client.rs"]
#[allow(dead_code)]
mod client;
#[path = "../examples/hsm_key.rs"]
mod hsm_key;
#[path = "../examples/mutual.rs"]
mod mutual;
#[path = "../examples/own_provider.rs"]
mod own_provider;
#[path = "../examples/own_record_layer.rs"]
mod own_record_layer;
#[path = "../examples/server.rs"]
#[allow(dead_code)]
mod server;

use tlcp::crypto::random::SystemRandom;
use tlcp::pki::{Options, Pki};

#[test]
fn client_and_server_greet_each_other() {
    let (now, provider) = (tlcp::Clock::start().now().unix, tlcp::default_provider());
    let files = Pki::new(&Options::new(now), &provider, &SystemRandom).unwrap().files();
    let file = |name| files.iter().find(|(n, _)| *n == name).unwrap().1.as_bytes();
    let config = server::configure(file("server.pem")).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || server::serve(&listener, &config));
    assert_eq!(client::greet(&address, "localhost", file("ca.crt")).unwrap(), "Hello, Alice!\n");
    let error = client::greet(&address, "example.cn", file("ca.crt")).unwrap_err();
    assert!(error.to_string().contains("another name"), "{error}");
}

#[test]
fn both_sides_show_certificates_and_resume() {
    mutual::main().unwrap();
}

#[test]
fn a_key_in_a_device_answers_later() {
    hsm_key::main().unwrap();
}

#[test]
fn a_provider_of_ones_own_is_used() {
    own_provider::main().unwrap();
}

#[test]
fn the_engine_runs_over_another_framing() {
    own_record_layer::main().unwrap();
}
