//! x86-64 kernels for SM3, SM4, GHASH and SM2, chosen at run time by what the CPU has: the only `unsafe` of this
//! crate.
//!
//! Everything here is constant-time in its secrets: no branch and no address depends on one. SM4's S-box is
//! computed by the AES instructions or by GFNI, never looked up.
#![allow(unsafe_code)]
mod cbc;
#[cfg(test)]
mod constant_time;
mod cpu;
mod declassify;
mod gcm;
mod ghash;
mod hmac;
#[cfg(test)]
mod memory_checker;
mod provider;
#[cfg(feature = "std")]
pub mod sm2;
mod sm3;
mod sm4;
#[cfg(test)]
mod speed;
mod vector;

use super::Provider;

/// The kernels. What they do not have, the portable provider does: on a CPU without SSSE3, AES-NI and PCLMULQDQ, all.
pub fn provider() -> Provider {
    #[cfg(feature = "std")]
    let keys = &sm2::KEYS;
    // The cache of hot keys needs a lock.
    #[cfg(not(feature = "std"))]
    let keys = super::portable::provider().keys;
    Provider { name: "native", hashes: &provider::NativeHashes, ciphers: &provider::NativeCiphers, keys }
}

/// Makes, of a kernel that is generic over the register, one function for each level, and one that chooses.
///
/// The kernel is `#[inline(always)]`, so that each copy is compiled with its level's instructions.
macro_rules! by_level {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)? = $kernel:ident) => {
        $(#[$doc])*
        #[inline]
        pub(super) fn $name(
            level: $crate::crypto::native::cpu::Level,
            $($arg: $type),*
        ) $(-> $result)? {
            #[target_feature(enable = "aes,ssse3,pclmulqdq")]
            fn aes($($arg: $type),*) $(-> $result)? {
                // SAFETY: the features above are all that the kernel needs with this register.
                unsafe { $kernel::<core::arch::x86_64::__m128i>($($arg),*) }
            }
            #[target_feature(enable = "aes,avx2,bmi1,bmi2,pclmulqdq")]
            fn avx2($($arg: $type),*) $(-> $result)? {
                // SAFETY: as above.
                unsafe { $kernel::<core::arch::x86_64::__m128i>($($arg),*) }
            }
            #[target_feature(enable = "aes,avx2,bmi1,bmi2,pclmulqdq,vaes,vpclmulqdq")]
            fn vaes($($arg: $type),*) $(-> $result)? {
                // SAFETY: as above.
                unsafe { $kernel::<core::arch::x86_64::__m256i>($($arg),*) }
            }
            #[target_feature(
                enable = "aes,avx2,bmi1,bmi2,pclmulqdq,vaes,vpclmulqdq,avx512f,avx512bw,avx512vl,gfni"
            )]
            fn avx512($($arg: $type),*) $(-> $result)? {
                // SAFETY: as above.
                unsafe { $kernel::<core::arch::x86_64::__m512i>($($arg),*) }
            }
            use $crate::crypto::native::cpu::Rung;
            // SAFETY: the level exists, so this CPU has its instructions.
            unsafe {
                match level.rung() {
                    Rung::Aes => aes($($arg),*),
                    Rung::Avx2 => avx2($($arg),*),
                    Rung::Vaes => vaes($($arg),*),
                    Rung::Avx512 => avx512($($arg),*),
                }
            }
        }
    };
}
use by_level;

/// Overwrites secrets with zeros, many bytes at a time, so that the compiler cannot leave it out.
#[inline]
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    // SAFETY: no instruction; the compiler must assume that the bytes are read.
    unsafe {
        core::arch::asm!("/* {0} */", in(reg) bytes.as_mut_ptr(), options(nostack, preserves_flags));
    }
}
