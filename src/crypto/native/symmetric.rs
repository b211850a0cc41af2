//! SM3, SM4-GCM, SM4-CBC and HMAC by a processor's kernels, which are in the room of its architecture; what they share
//! is here. A kernel's function says at which level it runs, and a level is a proof that the CPU has what it takes; what
//! a CPU has no level for, the portable provider does.
//!
//! From the bottom up: `vector` (registers), `sm4` with `maps`, `schedule`, `rounds`, and `ghash`, which the kernels are
//! made for; on the kernels `sm4::modes`, `sm4::lanes`, `sm3`, `gcm`, `hmac`, `cbc`, and the `provider`.
mod cbc;
#[cfg(test)]
mod constant_time;
mod gcm;
pub(super) mod ghash;
mod hmac;
mod provider;
pub(super) mod sm3;
pub(super) mod sm4;
#[cfg(all(test, target_arch = "x86_64"))]
mod speed;
pub(super) mod vector;

#[cfg(target_arch = "aarch64")]
use super::aarch64 as kernels;
#[cfg(target_arch = "x86_64")]
use super::x86_64 as kernels;

// SM2, which needs `std`, hashes with the kernels.
#[cfg(feature = "std")]
pub(super) use kernels::Level;
pub(super) use provider::{NativeCiphers, NativeHashes};
#[cfg(feature = "std")]
pub(super) use sm3::Sm3;

/// Overwrites secrets with zeros, many bytes at a time, so that the compiler cannot leave it out.
#[inline]
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    // SAFETY: no instruction; the compiler must assume that the bytes are read.
    unsafe {
        core::arch::asm!("/* {0} */", in(reg) bytes.as_mut_ptr(), options(nostack, preserves_flags));
    }
}
