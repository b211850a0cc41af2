//! CBC encryption of one message: every block waits for the one before, so what counts is the latency of a round.
//!
//! Each word stands in all four columns of a register, so that the ShiftRows in `aesenclast` changes nothing. The
//! chaining value stays in the AES basis; only the way out to memory maps it back. The rounds are assembly where
//! three-operand forms exist: the compiler re-associates their sums and so lengthens the chain by a fifth.
use super::super::cpu::{Level, Rung};
use super::matrices;
use crate::crypto::native::symmetric::sm4::maps::{self, Nibbles};
use crate::crypto::native::symmetric::sm4::rounds::Sm4Vector;
use crate::crypto::native::symmetric::sm4::schedule::Schedule;
use crate::crypto::native::symmetric::vector::Vector;
use core::arch::asm;
use core::arch::x86_64::*;

/// Encrypts `data` in place and leaves the last block of ciphertext in `iv`; a rest of less than 16 bytes stays.
pub(in crate::crypto::native) fn cbc_encrypt(
    level: Level,
    schedule: &Schedule,
    iv: &mut [u8; 16],
    data: &mut [u8],
) {
    // SAFETY: the level exists, so this CPU has its instructions.
    unsafe {
        match level.rung() {
            Rung::Aes => by_aes(schedule, iv, data),
            Rung::Avx2 | Rung::Vaes => by_avx2(schedule, iv, data),
            Rung::Avx512 => by_gfni(schedule, iv, data),
        }
    }
}

#[target_feature(enable = "aes,ssse3")]
fn by_aes(schedule: &Schedule, iv: &mut [u8; 16], data: &mut [u8]) {
    // SAFETY: the features above are what these rounds need.
    unsafe { chain(schedule, iv, data, |s, x| rounds_aes(s, x)) }
}
#[target_feature(enable = "aes,avx2")]
fn by_avx2(schedule: &Schedule, iv: &mut [u8; 16], data: &mut [u8]) {
    // SAFETY: as above.
    unsafe { chain(schedule, iv, data, |s, x| rounds_avx2(s, x)) }
}
#[target_feature(enable = "aes,avx2,avx512f,avx512vl,avx512bw,gfni")]
fn by_gfni(schedule: &Schedule, iv: &mut [u8; 16], data: &mut [u8]) {
    // SAFETY: as above.
    unsafe { chain(schedule, iv, data, |s, x| rounds_gfni(s, x)) }
}

/// The words of a register, each in all four columns.
#[inline(always)]
unsafe fn spread(x: __m128i) -> [__m128i; 4] {
    // SAFETY: the caller's.
    unsafe {
        [
            _mm_shuffle_epi32::<0x00>(x),
            _mm_shuffle_epi32::<0x55>(x),
            _mm_shuffle_epi32::<0xaa>(x),
            _mm_shuffle_epi32::<0xff>(x),
        ]
    }
}

/// The chain, with 32 rounds done by `rounds`.
#[inline(always)]
unsafe fn chain(
    schedule: &Schedule,
    iv: &mut [u8; 16],
    data: &mut [u8],
    rounds: impl Fn(&Schedule, [__m128i; 4]) -> [__m128i; 4],
) {
    let [exit0, exit1, exit2, exit3] = schedule.exit;
    // SAFETY: the caller's; blocks are 16 bytes.
    unsafe {
        let exit = _mm_setr_epi32(exit0 as i32, exit1 as i32, exit2 as i32, exit3 as i32);
        // From the result of one block to the next block's words: the offsets go, the entry's comes.
        let entry = [
            _mm_set1_epi32(exit0 as i32),
            _mm_set1_epi32(exit1 as i32),
            _mm_set1_epi32(exit2 as i32),
            _mm_set1_epi32((exit3 ^ schedule.entry) as i32),
        ];
        let mut c = spread(__m128i::load(iv.as_ptr()).into_basis());
        c[3] = c[3].xor(__m128i::splat(schedule.entry));
        for block in data.as_chunks_mut::<16>().0 {
            let text = spread(__m128i::load(block.as_ptr()).into_basis());
            let x = [c[0].xor(text[0]), c[1].xor(text[1]), c[2].xor(text[2]), c[3].xor(text[3])];
            let [x0, x1, x2, x3] = rounds(schedule, x);
            c = [x3.xor(entry[0]), x2.xor(entry[1]), x1.xor(entry[2]), x0.xor(entry[3])];
            let whole = _mm_unpacklo_epi64(_mm_unpacklo_epi32(x3, x2), _mm_unpacklo_epi32(x1, x0));
            whole.xor(exit).out_of_basis().store(block.as_mut_ptr());
            *iv = *block;
        }
    }
}

const fn rotation(by: usize) -> [u8; 16] {
    let (mut mask, mut i) = ([0; 16], 0);
    while i < 16 {
        mask[i] = ((i & 12) + ((i + by) & 3)) as u8;
        i += 1;
    }
    mask
}
#[repr(C, align(16))]
struct Rotations([[u8; 16]; 3]);
static ROTATIONS: Rotations = Rotations([rotation(1), rotation(2), rotation(3)]);

/// By intrinsics, for CPUs without three-operand forms.
#[inline(always)]
unsafe fn rounds_aes(schedule: &Schedule, mut x: [__m128i; 4]) -> [__m128i; 4] {
    // SAFETY: the caller's.
    unsafe {
        let mask = _mm_set1_epi8(15);
        let two = |map: &Nibbles, low, high| {
            __m128i::broadcast(&map.low).shuffle(low).xor(__m128i::broadcast(&map.high).shuffle(high))
        };
        let [r1, r2, r3] = ROTATIONS.0.each_ref().map(|r| __m128i::broadcast(r));
        for keys in schedule.rounds.as_chunks::<4>().0 {
            for i in 0..4 {
                let input = x[(i + 1) & 3].xor(x[(i + 2) & 3]).xor(x[(i + 3) & 3]);
                let y = input.aes_last(__m128i::splat(keys[i]));
                let (low, high) = (y.and(mask), y.shift_right_4().and(mask));
                let (a, b) = (two(&maps::ROUND_A, low, high), two(&maps::ROUND_B, low, high));
                let sum = b.shuffle(r1).xor(b.shuffle(r2)).xor(a.xor(b).shuffle(r3));
                x[i] = sum.xor(a.xor(x[i]));
            }
        }
        x
    }
}

/// One round: `z`, the sum that enters the S-box, becomes that of the next round.
#[rustfmt::skip]
macro_rules! round_avx2 {
    ($x0:literal, $x2:literal, $x3:literal, $key:literal) => {
        concat!(
            "vpbroadcastd {e}, [{k}+", $key, "]\n",
            "vaesenclast {z}, {z}, {e}\n",
            "vpxor {e}, {", $x2, "}, {", $x3, "}\n",
            "vpxor {", $x0, "}, {", $x0, "}, {e}\n",
            "vpsrld {h}, {z}, 4\n",
            "vpand {z}, {z}, {m}\n",
            "vpand {h}, {h}, {m}\n",
            "vpshufb {v}, {b0}, {z}\n",
            "vpshufb {u}, {a0}, {z}\n",
            "vpshufb {z}, {b1}, {h}\n",
            "vpshufb {h}, {a1}, {h}\n",
            "vpxor {v}, {v}, {z}\n",
            "vpxor {u}, {u}, {h}\n",
            "vpshufb {h}, {v}, [{r}]\n",
            "vpshufb {z}, {v}, [{r}+16]\n",
            "vpxor {v}, {v}, {u}\n",
            "vpxor {u}, {u}, {", $x0, "}\n",
            "vpshufb {v}, {v}, [{r}+32]\n",
            "vpxor {h}, {h}, {z}\n",
            "vpxor {h}, {h}, {v}\n",
            "vpxor {z}, {u}, {h}\n",
            "vpxor {", $x0, "}, {z}, {e}\n",
        )
    };
}

#[target_feature(enable = "aes,avx2")]
#[inline]
fn rounds_avx2(schedule: &Schedule, x: [__m128i; 4]) -> [__m128i; 4] {
    let [mut x0, mut x1, mut x2, mut x3] = x;
    let z = _mm_xor_si128(_mm_xor_si128(x1, x2), x3);
    // SAFETY: the instructions are the features of this function; it reads the schedule's 32 words and constants.
    unsafe {
        let (a, b) = (&maps::ROUND_A, &maps::ROUND_B);
        asm!(
            "2:",
            round_avx2!("x0", "x2", "x3", "0"),
            round_avx2!("x1", "x3", "x0", "4"),
            round_avx2!("x2", "x0", "x1", "8"),
            round_avx2!("x3", "x1", "x2", "12"),
            "add {k}, 16",
            "dec {n:e}",
            "jnz 2b",
            z = inout(xmm_reg) z => _,
            x0 = inout(xmm_reg) x0, x1 = inout(xmm_reg) x1, x2 = inout(xmm_reg) x2, x3 = inout(xmm_reg) x3,
            a0 = in(xmm_reg) __m128i::broadcast(&a.low), a1 = in(xmm_reg) __m128i::broadcast(&a.high),
            b0 = in(xmm_reg) __m128i::broadcast(&b.low), b1 = in(xmm_reg) __m128i::broadcast(&b.high),
            m = in(xmm_reg) _mm_set1_epi8(15),
            u = out(xmm_reg) _, v = out(xmm_reg) _, h = out(xmm_reg) _, e = out(xmm_reg) _,
            k = inout(reg) schedule.rounds.as_ptr() => _,
            n = inout(reg) 8u32 => _,
            r = in(reg) &ROTATIONS,
            options(nostack, readonly),
        );
    }
    [x0, x1, x2, x3]
}

/// One round by GFNI: `z`, the sum that enters the S-box, becomes that of the next round, whose key is at `$next`.
/// The newest of the other words, `$x3`, comes last but the S-box's output, so that the chain does not wait for it.
/// Words turn by shuffles: three rotations would wait for each other's ports (22.0 cycles a byte on Zen 5, not 19.7).
#[rustfmt::skip]
macro_rules! round_gfni {
    ($x0:literal, $x2:literal, $x3:literal, $next:literal) => {
        concat!(
            "vgf2p8affineinvqb {v}, {z}, {b}, {ib}\n",
            "vgf2p8affineinvqb {w}, {z}, {ab}, {iab}\n",
            "vgf2p8affineinvqb {u}, {z}, {a}, {ia}\n",
            "vpbroadcastd {f}, [{k}+", $next, "]\n",
            "vpxor {f}, {f}, {", $x2, "}\n",
            "vpxor {e}, {f}, {", $x0, "}\n",
            "vpxor {e}, {e}, {", $x3, "}\n",
            "vpshufb {h}, {v}, [{r}+16]\n",
            "vpshufb {w}, {w}, [{r}+32]\n",
            "vpshufb {v}, {v}, [{r}]\n",
            "vpternlogd {e}, {u}, {h}, 0x96\n",
            "vpternlogd {v}, {w}, {e}, 0x96\n",
            "vmovdqa {z}, {v}\n",
            "vmovdqa {", $x0, "}, {v}\n",
            "vpternlogd {", $x0, "}, {f}, {", $x3, "}, 0x96\n",
        )
    };
}

#[target_feature(enable = "avx2,avx512f,avx512vl,gfni")]
#[inline]
fn rounds_gfni(schedule: &Schedule, x: [__m128i; 4]) -> [__m128i; 4] {
    let [mut x0, mut x1, mut x2, mut x3] = x;
    let key = _mm_set1_epi32(schedule.rounds[0] as i32);
    let z = _mm_xor_si128(_mm_xor_si128(x1, x2), _mm_xor_si128(x3, key));
    // SAFETY: the instructions are the features of this function; it reads constants, the schedule's 32 words
    // and, as the key of a round that is not there, the word `entry` after them (`repr(C)`).
    unsafe {
        asm!(
            "2:",
            round_gfni!("x0", "x2", "x3", "4"),
            round_gfni!("x1", "x3", "x0", "8"),
            round_gfni!("x2", "x0", "x1", "12"),
            round_gfni!("x3", "x1", "x2", "16"),
            "add {k}, 16",
            "dec {n:e}",
            "jnz 2b",
            z = inout(xmm_reg) z => _,
            x0 = inout(xmm_reg) x0, x1 = inout(xmm_reg) x1, x2 = inout(xmm_reg) x2, x3 = inout(xmm_reg) x3,
            a = in(xmm_reg) _mm_set1_epi64x(matrices::GFNI_A as i64), ia = const matrices::GFNI_A_OFFSET,
            b = in(xmm_reg) _mm_set1_epi64x(matrices::GFNI_B as i64), ib = const matrices::GFNI_B_OFFSET,
            ab = in(xmm_reg) _mm_set1_epi64x(matrices::GFNI_AB as i64), iab = const matrices::GFNI_AB_OFFSET,
            u = out(xmm_reg) _, v = out(xmm_reg) _, w = out(xmm_reg) _, h = out(xmm_reg) _,
            e = out(xmm_reg) _, f = out(xmm_reg) _,
            k = inout(reg) core::ptr::from_ref(schedule) => _,
            n = inout(reg) 8u32 => _,
            r = in(reg) &ROTATIONS,
            options(nostack, readonly),
        );
    }
    // The last sum had the word after the keys added, and out again: nothing to undo.
    [x0, x1, x2, x3]
}
