//! x86-64's kernels for SM3, SM4 and GHASH, chosen at run time by what the CPU has: nothing below SSSE3, AES-NI and
//! PCLMULQDQ.
//!
//! SM4's S-box is computed by the AES instructions or by GFNI, never looked up.
mod carryless;
pub(super) mod cpu;
mod vector;

/// SM3.
pub(super) mod sm3 {
    mod lanes;
    mod rounds;
    mod stream;

    pub(in crate::crypto::native) use stream::compress;
}

/// SM4.
pub(super) mod sm4 {
    mod chain;
    mod matrices;
    mod rounds;
    mod rounds_vaes;
    mod schedule;

    pub(in crate::crypto::native) use chain::cbc_encrypt;
    pub(in crate::crypto::native) use schedule::{expand, fold};
}

pub(super) use cpu::{Level, Rung};

/// Makes, of a kernel that is generic over the register, one function for each level, and one that chooses.
///
/// The kernel is `#[inline(always)]`, so that each copy is compiled with its level's instructions.
macro_rules! by_level {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)? = $kernel:ident) => {
        $(#[$doc])*
        #[inline]
        pub(super) fn $name(
            level: $crate::crypto::native::x86_64::Level,
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
            use $crate::crypto::native::x86_64::Rung;
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
pub(super) use by_level;
