//! A client, fed with whatever a server could send: primitives that work, randomness that repeats.
#![no_main]
use libfuzzer_sys::fuzz_target;
use tlcp::conn::ClientConnection;
use tlcp_fuzz::drive::{Driven, feed_bytes, start};
use tlcp_fuzz::world::{Mode, name};

fuzz_target!(|data: &[u8]| {
    let [mode, piece, bytes @ ..] = data else { return };
    let config = Mode::of(*mode).client();
    feed_bytes(Driven::new(|| ClientConnection::new(config, name(), start()).unwrap()), *piece, bytes);
});
