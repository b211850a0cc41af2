//! The 32 rounds on many blocks at once, for every register width.
//!
//! Four registers hold one word each of a group of `4 * BLOCKS` blocks. All methods share the
//! condition of [`Vector`]: the CPU has the register's instructions.
#![allow(clippy::missing_safety_doc, reason = "one condition for all, stated above")]
use super::super::vector::Vector;
use super::maps::{self, Nibbles};
use super::schedule::Schedule;
use core::arch::x86_64::*;

/// Groups of `4 * BLOCKS` blocks that keep the execution units busy.
pub(in crate::crypto::native::x86_64) const GROUPS: usize = 4;

/// A register in which SM4's rounds can be done.
pub(in crate::crypto::native::x86_64) trait Sm4Vector: Vector {
    /// 32 rounds on `N` groups, in the AES basis with the schedule's offsets.
    unsafe fn rounds<const N: usize>(schedule: &Schedule, state: &mut [[Self; 4]; N]);

    /// Into the AES basis.
    #[inline(always)]
    unsafe fn into_basis(self) -> Self {
        // SAFETY: the caller's.
        unsafe { map_bytes(&maps::INTO, self) }
    }
    /// Out of the AES basis.
    #[inline(always)]
    unsafe fn out_of_basis(self) -> Self {
        // SAFETY: the caller's.
        unsafe { map_bytes(&maps::OUT_OF, self) }
    }
}

/// A linear map of every byte, by two look-ups of 4 bits.
#[inline(always)]
unsafe fn map_bytes<V: Vector>(map: &Nibbles, x: V) -> V {
    // SAFETY: the caller's.
    unsafe {
        let mask = V::splat(0x0f0f_0f0f);
        let low = V::broadcast(&map.low).shuffle(x.and(mask));
        low.xor(V::broadcast(&map.high).shuffle(x.shift_right_4().and(mask)))
    }
}

/// Encrypts (or decrypts, as the schedule says) `N` groups of whole blocks.
#[inline(always)]
pub(in crate::crypto::native::x86_64) unsafe fn crypt<V: Sm4Vector, const N: usize>(
    schedule: &Schedule,
    x: &mut [[V; 4]; N],
) {
    // SAFETY: the caller's.
    unsafe {
        for group in x.iter_mut() {
            let words = V::transpose(*group);
            *group = [
                words[0].into_basis(),
                words[1].into_basis(),
                words[2].into_basis(),
                words[3].into_basis().xor(V::splat(schedule.entry)),
            ];
        }
        V::rounds::<N>(schedule, x);
        for group in x.iter_mut() {
            *group = leave(result(schedule, *group));
        }
    }
}

/// From the words after the last round to the result's, in the AES basis: reversed, without offsets.
#[inline(always)]
pub(super) unsafe fn result<V: Sm4Vector>(schedule: &Schedule, words: [V; 4]) -> [V; 4] {
    let [exit0, exit1, exit2, exit3] = schedule.exit;
    // SAFETY: the caller's.
    unsafe {
        [
            words[3].xor(V::splat(exit0)),
            words[2].xor(V::splat(exit1)),
            words[1].xor(V::splat(exit2)),
            words[0].xor(V::splat(exit3)),
        ]
    }
}

/// From words in the AES basis to whole blocks.
#[inline(always)]
pub(super) unsafe fn leave<V: Sm4Vector>(words: [V; 4]) -> [V; 4] {
    let [w0, w1, w2, w3] = words;
    // SAFETY: the caller's.
    unsafe { V::transpose([w0.out_of_basis(), w1.out_of_basis(), w2.out_of_basis(), w3.out_of_basis()]) }
}

/// The nonce of a counter mode, its words mapped and spread.
#[derive(Clone, Copy)]
pub(in crate::crypto::native::x86_64) struct Nonce<V>([V; 3]);

impl<V: Sm4Vector> Nonce<V> {
    #[inline(always)]
    pub(in crate::crypto::native::x86_64) unsafe fn new(nonce: &[u8; 12]) -> Self {
        let word = |i: usize| u32::from_ne_bytes([nonce[i], nonce[i + 1], nonce[i + 2], nonce[i + 3]]);
        // SAFETY: the caller's.
        unsafe {
            Self([
                V::splat(word(0)).into_basis(),
                V::splat(word(4)).into_basis(),
                V::splat(word(8)).into_basis(),
            ])
        }
    }

    /// The key stream of the counters from `counter` on: made in the transposed form at once.
    #[inline(always)]
    pub(in crate::crypto::native::x86_64) unsafe fn stream<const N: usize>(
        &self,
        schedule: &Schedule,
        counter: u32,
    ) -> [[V; 4]; N] {
        // SAFETY: the caller's.
        unsafe {
            let swap = V::broadcast(&[3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]);
            let entry = V::splat(schedule.entry);
            let mut x = [[entry; 4]; N];
            for (group, words) in x.iter_mut().enumerate() {
                let first = counter.wrapping_add((group * 4 * V::BLOCKS) as u32);
                let counters = V::splat(first).add_words(V::column_index()).shuffle(swap);
                let [n0, n1, n2] = self.0;
                *words = [n0, n1, n2, counters.into_basis().xor(entry)];
            }
            V::rounds::<N>(schedule, &mut x);
            for group in x.iter_mut() {
                *group = leave(result(schedule, *group));
            }
            x
        }
    }
}

/// What the round function keeps in registers.
struct Constants<V> {
    a: (V, V),
    b: (V, V),
    mask: V,
    rotations: [V; 4],
}

impl<V: Vector> Constants<V> {
    #[inline(always)]
    unsafe fn load() -> Self {
        // SAFETY: the caller's.
        unsafe {
            let pair = |map: &Nibbles| (V::broadcast(&map.low), V::broadcast(&map.high));
            Self {
                a: pair(&maps::ROUND_A),
                b: pair(&maps::ROUND_B),
                mask: V::splat(0x0f0f_0f0f),
                rotations: [
                    V::broadcast(&maps::UNSHIFT[0]),
                    V::broadcast(&maps::UNSHIFT[1]),
                    V::broadcast(&maps::UNSHIFT[2]),
                    V::broadcast(&maps::UNSHIFT[3]),
                ],
            }
        }
    }

    /// `x` plus the round's image of `input`, with the offset that `key` sets.
    #[inline(always)]
    unsafe fn round(&self, x: V, input: V, key: V) -> V {
        // SAFETY: the caller's.
        unsafe {
            let y = input.aes_last(key);
            let low = y.and(self.mask);
            let high = y.shift_right_4().and(self.mask);
            let a = self.a.0.shuffle(low).xor(self.a.1.shuffle(high));
            let b = self.b.0.shuffle(low).xor(self.b.1.shuffle(high));
            let ab = a.xor(b);
            let [r0, r1, r2, r3] = self.rotations;
            let left = x.xor(a.shuffle(r0)).xor(ab.shuffle(r3));
            left.xor(b.shuffle(r1).xor(b.shuffle(r2)))
        }
    }
}

/// The rounds by AES-NI or VAES, by intrinsics.
#[inline(always)]
pub(super) unsafe fn rounds_by_aes<V: Vector, const N: usize>(schedule: &Schedule, state: &mut [[V; 4]; N]) {
    // SAFETY: the caller's.
    unsafe {
        let constants = Constants::<V>::load();
        for keys in schedule.rounds.as_chunks::<4>().0 {
            for i in 0..4 {
                let key = V::splat(keys[i]);
                for s in state.iter_mut() {
                    let input = s[(i + 1) & 3].xor(s[(i + 2) & 3]).xor(s[(i + 3) & 3]);
                    s[i] = constants.round(s[i], input, key);
                }
            }
        }
    }
}

impl Sm4Vector for __m128i {
    #[inline(always)]
    unsafe fn rounds<const N: usize>(schedule: &Schedule, state: &mut [[Self; 4]; N]) {
        // SAFETY: the caller's.
        unsafe { rounds_by_aes(schedule, state) }
    }
}

impl Sm4Vector for __m256i {
    #[inline(always)]
    unsafe fn rounds<const N: usize>(schedule: &Schedule, state: &mut [[Self; 4]; N]) {
        // SAFETY: the caller's; four groups are what the assembly loop takes.
        unsafe {
            if N == 4 {
                super::rounds_vaes::four_groups(schedule, state.as_mut_ptr().cast());
            } else {
                rounds_by_aes(schedule, state);
            }
        }
    }
}

impl Sm4Vector for __m512i {
    #[inline(always)]
    unsafe fn rounds<const N: usize>(schedule: &Schedule, state: &mut [[Self; 4]; N]) {
        // SAFETY: the caller's.
        unsafe {
            let a = _mm512_set1_epi64(maps::GFNI_A as i64);
            let b = _mm512_set1_epi64(maps::GFNI_B as i64);
            let ab = _mm512_set1_epi64(maps::GFNI_AB as i64);
            for keys in schedule.rounds.as_chunks::<4>().0 {
                for i in 0..4 {
                    let key = Self::splat(keys[i]);
                    for s in state.iter_mut() {
                        let known = xor3(s[(i + 1) & 3], s[(i + 2) & 3], key);
                        let x = known.xor(s[(i + 3) & 3]);
                        let same = _mm512_gf2p8affineinv_epi64_epi8::<{ maps::GFNI_A_OFFSET }>(x, a);
                        let middle = _mm512_gf2p8affineinv_epi64_epi8::<{ maps::GFNI_B_OFFSET }>(x, b);
                        let third = _mm512_gf2p8affineinv_epi64_epi8::<{ maps::GFNI_AB_OFFSET }>(x, ab);
                        // The next byte of a word in memory is a rotation to the right.
                        let (r1, r2) = (_mm512_ror_epi32::<8>(middle), _mm512_ror_epi32::<16>(middle));
                        let r3 = _mm512_ror_epi32::<24>(third);
                        s[i] = xor3(xor3(s[i], same, r1), r2, r3);
                    }
                }
            }
        }
    }
    #[inline(always)]
    unsafe fn into_basis(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_gf2p8affine_epi64_epi8::<0>(self, _mm512_set1_epi64(maps::GFNI_INTO as i64)) }
    }
    #[inline(always)]
    unsafe fn out_of_basis(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_gf2p8affine_epi64_epi8::<0>(self, _mm512_set1_epi64(maps::GFNI_OUT_OF as i64)) }
    }
}

/// The sum of three, in one instruction.
#[inline(always)]
unsafe fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    // SAFETY: the caller's.
    unsafe { _mm512_ternarylogic_epi32::<0x96>(a, b, c) }
}
