//! The portable provider: every primitive in plain Rust, on the RustCrypto crates, for any processor and without std.
//!
//! All of SM2, the hashes, HMAC and GHASH run in constant time. SM4 uses a table of 256 bytes, which leaves cache
//! traces where an attacker shares the processor; a provider with SM4 in vector instructions has none.
mod agreement;
mod ciphers;
mod encryption;
mod hashes;
mod keys;
mod point;

use super::Provider;

/// The portable provider.
pub fn provider() -> Provider {
    Provider {
        name: "portable",
        hashes: &hashes::Portable,
        ciphers: &ciphers::Portable,
        keys: &keys::Portable,
    }
}
