//! Many messages side by side, in the registers of each level.
use super::super::cpu::{Level, Rung};
use super::compress;
use crate::crypto::native::symmetric::sm3::lanes::{Lane, MAX_COLUMNS, absorb};
use core::arch::x86_64::*;

impl Lane<'_> {
    /// Absorbs all blocks of all lanes.
    pub(in crate::crypto::native) fn compress(level: Level, lanes: &mut [Self]) {
        let columns = match level.rung() {
            Rung::Aes => 4,
            Rung::Avx2 | Rung::Vaes => 8,
            Rung::Avx512 => MAX_COLUMNS,
        };
        Self::in_columns(lanes, columns, |lanes, count| run(level, lanes, count));
    }
}

/// The next `count` blocks of each lane: in the registers if there are enough lanes.
fn run(level: Level, lanes: &mut [Lane<'_>], count: usize) {
    // SAFETY: the level exists, so this CPU has its instructions.
    unsafe {
        match (level.rung(), lanes.len()) {
            (Rung::Aes, 3..) => aes(lanes, count),
            (Rung::Avx2 | Rung::Vaes, 5..) => avx2(lanes, count),
            (Rung::Avx512, 3..=8) => avx512_half(lanes, count),
            (Rung::Avx512, 9..) => avx512(lanes, count),
            _ => {
                for lane in lanes {
                    let blocks = lane.next(count);
                    compress(level, lane.words, blocks);
                }
            }
        }
    }
}

#[target_feature(enable = "ssse3")]
fn aes(lanes: &mut [Lane<'_>], count: usize) {
    // SAFETY: the features above are all that the kernel needs with this register.
    unsafe { absorb::<__m128i>(lanes, count) }
}
#[target_feature(enable = "avx2")]
fn avx2(lanes: &mut [Lane<'_>], count: usize) {
    // SAFETY: as above.
    unsafe { absorb::<__m256i>(lanes, count) }
}
/// With AVX-512's rotations and three-operand logic, which the compiler puts in.
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl")]
fn avx512_half(lanes: &mut [Lane<'_>], count: usize) {
    // SAFETY: as above.
    unsafe { absorb::<__m256i>(lanes, count) }
}
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl")]
fn avx512(lanes: &mut [Lane<'_>], count: usize) {
    // SAFETY: as above.
    unsafe { absorb::<__m512i>(lanes, count) }
}
