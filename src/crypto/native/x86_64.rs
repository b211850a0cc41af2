//! Kernels for SM3, SM4 and GHASH, chosen at run time by what the CPU has. What they do not have, the portable provider
//! does: on a CPU without SSSE3, AES-NI and PCLMULQDQ, all.
//!
//! SM4's S-box is computed by the AES instructions or by GFNI, never looked up.
mod cbc;
#[cfg(test)]
mod constant_time;
mod cpu;
mod gcm;
mod ghash;
mod hmac;
mod provider;
mod sm3;
mod sm4;
#[cfg(test)]
mod speed;
mod vector;

// SM2, which needs `std`, hashes with the kernels.
#[cfg(feature = "std")]
pub(super) use cpu::Level;
pub(super) use provider::{NativeCiphers, NativeHashes};
#[cfg(feature = "std")]
pub(super) use sm3::Sm3;

/// Makes, of a kernel that is generic over the register, one function for each level, and one that chooses.
///
/// The kernel is `#[inline(always)]`, so that each copy is compiled with its level's instructions.
macro_rules! by_level {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)? = $kernel:ident) => {
        $(#[$doc])*
        #[inline]
        pub(super) fn $name(
            level: $crate::crypto::native::x86_64::cpu::Level,
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
            use $crate::crypto::native::x86_64::cpu::Rung;
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
