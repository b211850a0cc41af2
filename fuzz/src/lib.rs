//! What the fuzz targets share: repeatable randomness, a small world of certificates, primitives that accept everything,
//! and a driver that holds a connection to what it promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub mod accepting;
pub mod drive;
pub mod memory;
pub mod random;
pub mod steps;
pub mod witness;
pub mod world;

use tlcp::crypto::{Provider, portable};

/// Every provider that there is on this machine.
pub fn providers() -> Vec<Provider> {
    vec![
        portable::provider(),
        #[cfg(target_pointer_width = "64")]
        tlcp::crypto::native::provider(),
    ]
}
