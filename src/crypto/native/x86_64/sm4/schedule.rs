//! The key schedule, and its folding into the operands of the round functions.
use super::super::cpu::{Level, Rung};
use super::super::vector::Vector;
use super::maps::{self, Nibbles};
use core::arch::x86_64::*;
use zeroize::{Zeroize, Zeroizing};

/// A key made ready for one direction.
///
/// Words are as they lie in memory (SM4's byte order on a little-endian machine), in the AES
/// basis. With AES-NI the S-box comes with a free addition of a key, but *after* it. So each state
/// word is stored with a known offset, such that the sum of the three words that enter the S-box
/// already has the round's key, and the key of `aesenclast` sets the offset of the new word.
/// With GFNI the round keys are added as they are and there are no offsets.
#[repr(C, align(64))]
#[derive(Clone)]
pub(in crate::crypto::native::x86_64) struct Schedule {
    /// For each round, the operand of `aesenclast` (or, with GFNI, the round key).
    pub(in crate::crypto::native::x86_64) rounds: [u32; 32],
    /// The offset of a block's last word before the first round; the others have none.
    pub(in crate::crypto::native::x86_64) entry: u32,
    /// The offsets of the result's words.
    pub(in crate::crypto::native::x86_64) exit: [u32; 4],
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.rounds.zeroize();
        self.entry.zeroize();
        self.exit.zeroize();
    }
}

impl Schedule {
    /// Expands `key` for encryption.
    pub(super) fn new(level: Level, key: &[u8; 16]) -> Self {
        Self::fold(level, expand(level, key))
    }

    /// Expands `key` for encryption and for decryption, whose round keys are the same in reverse.
    pub(super) fn both(level: Level, key: &[u8; 16]) -> (Self, Self) {
        let keys = expand(level, key);
        let mut reversed = keys.clone();
        reversed.reverse();
        (Self::fold(level, keys), Self::fold(level, reversed))
    }

    fn fold(level: Level, mut keys: Keys) -> Self {
        let mut schedule = Self { rounds: [0; 32], entry: 0, exit: [0; 4] };
        if level.rung() >= Rung::Avx512 {
            schedule.rounds = *keys;
        } else {
            // SAFETY: every level has SSSE3.
            unsafe { fold(&mut keys, &mut schedule) };
        }
        schedule
    }
}

/// The round keys, in the AES basis with the S-box's input offset.
type Keys = Zeroizing<[u32; 32]>;

/// The key schedule (GB/T 32907-2016 7.3).
fn expand(level: Level, key: &[u8; 16]) -> Keys {
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

#[target_feature(enable = "aes,ssse3")]
fn expand_by_aes(key: &[u8; 16], keys: &mut [u32; 32]) {
    // SAFETY: the step has this function's features.
    unsafe { expand_with(key, keys, |x| step_by_aes(x)) }
}
#[target_feature(enable = "ssse3,avx512f,avx512vl,gfni")]
fn expand_by_gfni(key: &[u8; 16], keys: &mut [u32; 32]) {
    // SAFETY: as above.
    unsafe { expand_with(key, keys, |x| step_by_gfni(x)) }
}

/// Two look-ups of 4 bits give a linear map of every byte.
#[target_feature(enable = "ssse3")]
#[inline]
fn map_bytes(map: &Nibbles, x: __m128i) -> __m128i {
    let mask = _mm_set1_epi8(15);
    let low = _mm_and_si128(x, mask);
    let high = _mm_and_si128(_mm_srli_epi32::<4>(x), mask);
    // SAFETY: SSSE3, by this function's own feature.
    unsafe {
        let (a, b) = (__m128i::broadcast(&map.low), __m128i::broadcast(&map.high));
        _mm_xor_si128(_mm_shuffle_epi8(a, low), _mm_shuffle_epi8(b, high))
    }
}

/// The schedule, whose S-box and L' are `step`.
///
/// # Safety
/// The CPU has SSSE3.
#[inline(always)]
unsafe fn expand_with(key: &[u8; 16], keys: &mut [u32; 32], step: impl Fn(__m128i) -> __m128i) {
    let mut words = [0u32; 4];
    for ((word, bytes), fk) in words.iter_mut().zip(key.as_chunks().0).zip(maps::FK) {
        *word = u32::from_le_bytes(*bytes) ^ fk.swap_bytes();
    }
    // SAFETY: the caller's; four words are 16 bytes.
    unsafe {
        let k = map_bytes(&maps::INTO, __m128i::load(words.as_ptr().cast()));
        words.zeroize();
        // Each word in all four columns, so that the ShiftRows in `aesenclast` changes nothing.
        let mut k = [
            _mm_shuffle_epi32::<0x00>(k),
            _mm_shuffle_epi32::<0x55>(k),
            _mm_shuffle_epi32::<0xaa>(k),
            _mm_shuffle_epi32::<0xff>(k),
        ];
        let offset = _mm_set1_epi8(maps::P_OFFSET as i8);
        for (four, constants) in keys.as_chunks_mut::<4>().0.iter_mut().zip(maps::CK.as_chunks::<4>().0) {
            for i in 0..4 {
                let ck = _mm_set1_epi32(constants[i] as i32);
                let known = _mm_xor_si128(_mm_xor_si128(k[(i + 1) & 3], k[(i + 2) & 3]), ck);
                k[i] = _mm_xor_si128(k[i], step(_mm_xor_si128(known, k[(i + 3) & 3])));
                four[i] = _mm_cvtsi128_si32(_mm_xor_si128(k[i], offset)) as u32;
            }
        }
    }
}

/// S-box and L' by GFNI, the maps after the inversion in the field.
#[target_feature(enable = "ssse3,avx512f,avx512vl,gfni")]
#[inline]
fn step_by_gfni(x: __m128i) -> __m128i {
    let [m0, m1, m2, m3] = maps::GFNI_SCHEDULE.map(|map| _mm_set1_epi64x(map as i64));
    let same = _mm_gf2p8affineinv_epi64_epi8::<{ maps::GFNI_SCHEDULE_OFFSET }>(x, m0);
    let next = _mm_ror_epi32::<8>(_mm_gf2p8affineinv_epi64_epi8::<0>(x, m1));
    let second = _mm_ror_epi32::<16>(_mm_gf2p8affineinv_epi64_epi8::<0>(x, m2));
    let third = _mm_ror_epi32::<24>(_mm_gf2p8affineinv_epi64_epi8::<0>(x, m3));
    _mm_xor_si128(_mm_xor_si128(same, next), _mm_xor_si128(second, third))
}

/// S-box and L', on four equal columns in the AES basis.
#[target_feature(enable = "aes,ssse3")]
#[inline]
fn step_by_aes(x: __m128i) -> __m128i {
    let rotate_1 = _mm_setr_epi8(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
    let rotate_2 = _mm_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    let rotate_3 = _mm_setr_epi8(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
    let y = _mm_aesenclast_si128(x, _mm_setzero_si128());
    let [m0, m1, m2, m3] = &maps::SCHEDULE;
    let offset = _mm_set1_epi8(maps::SCHEDULE_OFFSET as i8);
    let same = _mm_xor_si128(map_bytes(m0, y), offset);
    let next = _mm_shuffle_epi8(map_bytes(m1, y), rotate_1);
    let second = _mm_shuffle_epi8(map_bytes(m2, y), rotate_2);
    let third = _mm_shuffle_epi8(map_bytes(m3, y), rotate_3);
    _mm_xor_si128(_mm_xor_si128(same, next), _mm_xor_si128(second, third))
}

/// From round keys (in the AES basis, with the S-box's offset) to `aesenclast` operands.
#[target_feature(enable = "ssse3")]
fn fold(keys: &mut [u32; 32], out: &mut Schedule) {
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
    map_words(&maps::UNMAP_Q, &mut out.rounds);
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
