//! What runs faster than the portable provider: SM2 and SM9 on every 64-bit CPU, and kernels for SM3, SM4 and GHASH
//! on x86-64 and aarch64. The only `unsafe` of this crate.
//!
//! Everything here is constant-time in its secrets: no branch and no address depends on one.
#![allow(unsafe_code)]
#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(feature = "std")]
mod backend;
#[cfg(any(feature = "std", target_arch = "x86_64", target_arch = "aarch64"))]
mod declassify;
#[cfg(feature = "std")]
mod hash;
#[cfg(feature = "std")]
mod limbs;
#[cfg(test)]
pub(super) mod memory_checker;
#[cfg(feature = "std")]
mod montgomery;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
mod radix52;
#[cfg(feature = "std")]
mod safegcd;
#[cfg(all(test, feature = "std", target_os = "linux", target_arch = "x86_64"))]
pub(crate) mod single_step;
#[cfg(feature = "std")]
pub mod sm2;
#[cfg(feature = "sm9")]
pub mod sm9;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod symmetric;
#[cfg(all(test, feature = "std"))]
mod t_test;
#[cfg(target_arch = "x86_64")]
mod x86_64;

use super::{Provider, portable};

/// The fastest of each for this CPU. What is not here, the portable provider does.
pub fn provider() -> Provider {
    let mut provider = Provider { name: "native", ..portable::provider() };
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    {
        provider.hashes = &symmetric::NativeHashes;
        provider.ciphers = &symmetric::NativeCiphers;
    }
    // The cache of hot keys needs a lock.
    #[cfg(feature = "std")]
    {
        provider.keys = &sm2::KEYS;
    }
    provider
}
