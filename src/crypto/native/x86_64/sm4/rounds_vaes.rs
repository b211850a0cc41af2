//! The rounds on 32 blocks by VAES, scheduled by hand.
//!
//! Sixteen registers cannot hold sixteen of state and the constants. Here the state stays in
//! memory, as operands of the additions (which cost no instruction), and the constants stay in
//! registers; the compiler would spill both.
use crate::crypto::native::symmetric::sm4::maps::{ROUND_A, ROUND_B, UNSHIFT};
use crate::crypto::native::symmetric::sm4::schedule::Schedule;
use core::arch::x86_64::__m256i;

/// The constants, each doubled to 32 bytes.
#[repr(C, align(32))]
struct Constants {
    maps: [[u8; 32]; 4],
    mask: [u8; 32],
    rotations: [[u8; 32]; 4],
}

const fn twice(block: &[u8; 16]) -> [u8; 32] {
    let (mut both, mut i) = ([0; 32], 0);
    while i < 32 {
        both[i] = block[i & 15];
        i += 1;
    }
    both
}

static CONSTANTS: Constants = Constants {
    maps: [twice(&ROUND_A.low), twice(&ROUND_A.high), twice(&ROUND_B.low), twice(&ROUND_B.high)],
    mask: [15; 32],
    rotations: [twice(&UNSHIFT[0]), twice(&UNSHIFT[1]), twice(&UNSHIFT[2]), twice(&UNSHIFT[3])],
};

/// One round of one group, whose words are at `{s} + $off + $x0..$x3`: the first one changes.
/// ymm0-3 hold the maps, ymm4 the mask, ymm5 and ymm6 two rotations, ymm7 the round's key.
#[rustfmt::skip]
macro_rules! round {
    ($off:literal, $x0:literal, $x1:literal, $x2:literal, $x3:literal,
     $t0:literal, $t1:literal, $t2:literal, $t3:literal) => {
        concat!(
            "vmovdqa ", $t0, ", [{s}+", $off, "+", $x2, "]\n",
            "vpxor ", $t0, ", ", $t0, ", [{s}+", $off, "+", $x1, "]\n",
            "vpxor ", $t0, ", ", $t0, ", [{s}+", $off, "+", $x3, "]\n",
            "vaesenclast ", $t0, ", ", $t0, ", ymm7\n",
            "vpsrld ", $t1, ", ", $t0, ", 4\n",
            "vpand ", $t0, ", ", $t0, ", ymm4\n",
            "vpand ", $t1, ", ", $t1, ", ymm4\n",
            "vpshufb ", $t2, ", ymm0, ", $t0, "\n",
            "vpshufb ", $t3, ", ymm1, ", $t1, "\n",
            "vpshufb ", $t0, ", ymm2, ", $t0, "\n",
            "vpshufb ", $t1, ", ymm3, ", $t1, "\n",
            "vpxor ", $t2, ", ", $t2, ", ", $t3, "\n",
            "vpxor ", $t0, ", ", $t0, ", ", $t1, "\n",
            "vpxor ", $t1, ", ", $t2, ", ", $t0, "\n",
            "vpshufb ", $t2, ", ", $t2, ", [{c}+160]\n",
            "vpshufb ", $t3, ", ", $t0, ", ymm5\n",
            "vpshufb ", $t0, ", ", $t0, ", ymm6\n",
            "vpshufb ", $t1, ", ", $t1, ", [{c}+256]\n",
            "vpxor ", $t2, ", ", $t2, ", [{s}+", $off, "+", $x0, "]\n",
            "vpxor ", $t3, ", ", $t3, ", ", $t0, "\n",
            "vpxor ", $t1, ", ", $t1, ", ", $t2, "\n",
            "vpxor ", $t1, ", ", $t1, ", ", $t3, "\n",
            "vmovdqa [{s}+", $off, "+", $x0, "], ", $t1, "\n",
        )
    };
}
/// One round of the four groups.
#[rustfmt::skip]
macro_rules! round_of_all {
    ($x0:literal, $x1:literal, $x2:literal, $x3:literal, $key:literal) => {
        concat!(
            "vpbroadcastd ymm7, [{k}+", $key, "]\n",
            round!("0", $x0, $x1, $x2, $x3, "ymm8", "ymm9", "ymm10", "ymm11"),
            round!("128", $x0, $x1, $x2, $x3, "ymm12", "ymm13", "ymm14", "ymm15"),
            round!("256", $x0, $x1, $x2, $x3, "ymm8", "ymm9", "ymm10", "ymm11"),
            round!("384", $x0, $x1, $x2, $x3, "ymm12", "ymm13", "ymm14", "ymm15"),
        )
    };
}

/// 32 rounds on the four groups of four registers at `state`.
///
/// # Safety
/// The CPU has AVX2 and VAES; `state` is valid and aligned.
#[target_feature(enable = "avx2,vaes")]
#[inline]
pub(super) unsafe fn four_groups(schedule: &Schedule, state: *mut [[__m256i; 4]; 4]) {
    // SAFETY: the instructions are the features of this function; the loop reads the 32 words of
    // the schedule, the constants, and reads and writes the 512 bytes of the state.
    unsafe {
        core::arch::asm!(
            "vmovdqa ymm0, [{c}]",
            "vmovdqa ymm1, [{c}+32]",
            "vmovdqa ymm2, [{c}+64]",
            "vmovdqa ymm3, [{c}+96]",
            "vmovdqa ymm4, [{c}+128]",
            "vmovdqa ymm5, [{c}+192]",
            "vmovdqa ymm6, [{c}+224]",
            "2:",
            round_of_all!("0", "32", "64", "96", "0"),
            round_of_all!("32", "64", "96", "0", "4"),
            round_of_all!("64", "96", "0", "32", "8"),
            round_of_all!("96", "0", "32", "64", "12"),
            "add {k}, 16",
            "dec {n:e}",
            "jnz 2b",
            s = in(reg) state,
            k = inout(reg) schedule.rounds.as_ptr() => _,
            c = in(reg) &CONSTANTS,
            n = inout(reg) 8u32 => _,
            out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _,
            out("ymm4") _, out("ymm5") _, out("ymm6") _, out("ymm7") _,
            out("ymm8") _, out("ymm9") _, out("ymm10") _, out("ymm11") _,
            out("ymm12") _, out("ymm13") _, out("ymm14") _, out("ymm15") _,
            options(nostack),
        );
    }
}
