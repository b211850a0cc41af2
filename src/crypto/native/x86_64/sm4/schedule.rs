//! The key schedule by AES-NI or GFNI, and its folding into the operands of `aesenclast`.
use super::super::cpu::{Level, Rung};
use super::matrices;
use crate::crypto::native::symmetric::sm4::maps::{self, Nibbles, map_bytes};
use crate::crypto::native::symmetric::sm4::schedule::{Keys, Schedule, expand_with, step_by_aes};
use crate::crypto::native::symmetric::vector::Vector;
use core::arch::x86_64::*;
use zeroize::Zeroizing;

/// From the AES basis, after the S-box, back to the S-box's own output.
static UNMAP_Q: Nibbles = maps::Q.inverse().nibbles();

/// The key schedule (GB/T 32907-2016 7.3).
pub(in crate::crypto::native) fn expand(level: Level, key: &[u8; 16]) -> Keys {
    let mut keys = Zeroizing::new([0; 32]);
    // SAFETY: the level exists, so this CPU has its instructions.
    unsafe {
        if level.rung() >= Rung::Avx512 {
            expand_by_gfni(key, &mut keys);
        } else {
            expand_by_aes(key, &mut keys);
        }
    }
    keys
}

/// As the rounds of this level take the keys.
pub(in crate::crypto::native) fn fold(level: Level, mut keys: Keys) -> Schedule {
    let mut schedule = Schedule::without_offsets(&keys);
    if level.rung() < Rung::Avx512 {
        // SAFETY: every level has SSSE3.
        unsafe { fold_offsets(&mut keys, &mut schedule) };
    }
    schedule
}

#[target_feature(enable = "aes,ssse3")]
fn expand_by_aes(key: &[u8; 16], keys: &mut [u32; 32]) {
    // SAFETY: the features above are what the register's instructions are.
    unsafe { expand_with::<__m128i>(key, keys, |x| step_by_aes(x)) }
}
#[target_feature(enable = "ssse3,avx512f,avx512vl,gfni")]
fn expand_by_gfni(key: &[u8; 16], keys: &mut [u32; 32]) {
    // SAFETY: as above; no AES instruction is used.
    unsafe { expand_with(key, keys, |x| step_by_gfni(x)) }
}

/// S-box and L' by GFNI, the maps after the inversion in the field.
#[target_feature(enable = "ssse3,avx512f,avx512vl,gfni")]
#[inline]
fn step_by_gfni(x: __m128i) -> __m128i {
    let [m0, m1, m2, m3] = matrices::GFNI_SCHEDULE.map(|map| _mm_set1_epi64x(map as i64));
    let same = _mm_gf2p8affineinv_epi64_epi8::<{ matrices::GFNI_SCHEDULE_OFFSET }>(x, m0);
    let next = _mm_ror_epi32::<8>(_mm_gf2p8affineinv_epi64_epi8::<0>(x, m1));
    let second = _mm_ror_epi32::<16>(_mm_gf2p8affineinv_epi64_epi8::<0>(x, m2));
    let third = _mm_ror_epi32::<24>(_mm_gf2p8affineinv_epi64_epi8::<0>(x, m3));
    _mm_xor_si128(_mm_xor_si128(same, next), _mm_xor_si128(second, third))
}

/// From round keys (in the AES basis, with the S-box's offset) to `aesenclast` operands.
#[target_feature(enable = "ssse3")]
fn fold_offsets(keys: &mut [u32; 32], out: &mut Schedule) {
    map_words(&maps::OUT_OF, keys);
    // Offsets in the standard basis: those of the words into round i sum to the key of round i.
    // The first three are zero; so is the last, which no round needs.
    let mut offsets = Zeroizing::new([0u32; 36]);
    for i in 0..32 {
        offsets[i + 3] = keys[i] ^ offsets[i + 1] ^ offsets[i + 2];
    }
    offsets[35] = 0;
    let constant = u32::from_ne_bytes([maps::ROUND_OFFSET; 4]);
    for i in 0..32 {
        out.rounds[i] = undo_linear(offsets[i] ^ offsets[i + 4] ^ constant);
    }
    map_words(&UNMAP_Q, &mut out.rounds);
    let mut ends = Zeroizing::new([0u32; 32]);
    ends[..5].copy_from_slice(&[offsets[3], 0, offsets[34], offsets[33], offsets[32]]);
    map_words(&maps::INTO, &mut ends);
    out.entry = ends[0];
    out.exit.copy_from_slice(&ends[1..5]);
}

/// A linear map of every byte of 32 words.
#[target_feature(enable = "ssse3")]
fn map_words(map: &Nibbles, words: &mut [u32; 32]) {
    for four in words.as_chunks_mut::<4>().0 {
        // SAFETY: four words are 16 bytes.
        unsafe {
            let mapped = map_bytes(map, __m128i::load(four.as_ptr().cast()));
            mapped.store(four.as_mut_ptr().cast());
        }
    }
}

/// The inverse of SM4's L. With R the rotation by 2, L = 1 + R + R^5 + R^9 + R^12 and R^16 = 1, so
/// L^4 = R^4 and the inverse is L^3 / R^4, where L^2 = 1 + R^8 + R^10.
#[inline]
fn undo_linear(word: u32) -> u32 {
    let x = word.swap_bytes();
    let x = x ^ x.rotate_left(16) ^ x.rotate_left(20);
    let x = x ^ x.rotate_left(2) ^ x.rotate_left(10) ^ x.rotate_left(18) ^ x.rotate_left(24);
    x.rotate_right(8).swap_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_the_linear_layer() {
        for word in [1u32, 0x8000_0000, 0x0123_4567, 0xdead_beef] {
            let linear = [2, 10, 18, 24].iter().fold(word, |sum, &r| sum ^ word.rotate_left(r));
            assert_eq!(undo_linear(linear.swap_bytes()).swap_bytes(), word);
        }
    }
}
