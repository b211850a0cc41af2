//! A server, fed with whatever a client could send: primitives that work, randomness that repeats.
#![no_main]
use libfuzzer_sys::fuzz_target;
use tlcp::conn::ServerConnection;
use tlcp_fuzz::drive::{Driven, feed_bytes, start};
use tlcp_fuzz::world::Mode;

fuzz_target!(|data: &[u8]| {
    let [mode, piece, bytes @ ..] = data else { return };
    let config = Mode::of(*mode).server();
    feed_bytes(Driven::new(|| ServerConnection::new(config, start())), *piece, bytes);
});
