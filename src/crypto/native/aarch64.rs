//! aarch64's kernels for SM3, SM4 and GHASH, chosen at run time by what the CPU has: nothing below AES and PMULL.
mod cpu;
mod registers;
pub(super) mod sm3;
pub(super) mod sm4;

pub(super) use cpu::{Level, Rung};
pub(super) use registers::{ByAes, BySm4};

/// Makes, of a kernel that is generic over the register, one function for each level, and one that chooses.
///
/// The kernel is `#[inline(always)]`, so that each copy is compiled with its level's instructions.
macro_rules! by_level {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)? = $kernel:ident) => {
        $(#[$doc])*
        #[inline]
        pub(super) fn $name(
            level: $crate::crypto::native::aarch64::Level,
            $($arg: $type),*
        ) $(-> $result)? {
            #[target_feature(enable = "neon,aes")]
            fn aes($($arg: $type),*) $(-> $result)? {
                // SAFETY: the features above are all that the kernel needs with this register.
                unsafe { $kernel::<$crate::crypto::native::aarch64::ByAes>($($arg),*) }
            }
            #[target_feature(enable = "neon,aes,sm4")]
            fn sm4($($arg: $type),*) $(-> $result)? {
                // SAFETY: as above.
                unsafe { $kernel::<$crate::crypto::native::aarch64::BySm4>($($arg),*) }
            }
            use $crate::crypto::native::aarch64::Rung;
            // SAFETY: the level exists, so this CPU has its instructions.
            unsafe {
                match level.rung() {
                    Rung::Aes => aes($($arg),*),
                    Rung::Sm4 => sm4($($arg),*),
                }
            }
        }
    };
}
pub(super) use by_level;
