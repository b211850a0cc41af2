//! The 32 rounds on many blocks at once, in each register.
#![allow(
    clippy::missing_safety_doc,
    reason = "one condition for all: the CPU has the register's instructions"
)]
use super::matrices;
use crate::crypto::native::symmetric::sm4::maps::{self, Nibbles};
use crate::crypto::native::symmetric::sm4::rounds::Sm4Vector;
use crate::crypto::native::symmetric::sm4::schedule::Schedule;
use crate::crypto::native::symmetric::vector::Vector;
use core::arch::x86_64::*;

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
            let a = _mm512_set1_epi64(matrices::GFNI_A as i64);
            let b = _mm512_set1_epi64(matrices::GFNI_B as i64);
            let ab = _mm512_set1_epi64(matrices::GFNI_AB as i64);
            for keys in schedule.rounds.as_chunks::<4>().0 {
                for i in 0..4 {
                    let key = Self::splat(keys[i]);
                    for s in state.iter_mut() {
                        let known = xor3(s[(i + 1) & 3], s[(i + 2) & 3], key);
                        let x = known.xor(s[(i + 3) & 3]);
                        let same = _mm512_gf2p8affineinv_epi64_epi8::<{ matrices::GFNI_A_OFFSET }>(x, a);
                        let middle = _mm512_gf2p8affineinv_epi64_epi8::<{ matrices::GFNI_B_OFFSET }>(x, b);
                        let third = _mm512_gf2p8affineinv_epi64_epi8::<{ matrices::GFNI_AB_OFFSET }>(x, ab);
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
        unsafe { _mm512_gf2p8affine_epi64_epi8::<0>(self, _mm512_set1_epi64(matrices::GFNI_INTO as i64)) }
    }
    #[inline(always)]
    unsafe fn out_of_basis(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_gf2p8affine_epi64_epi8::<0>(self, _mm512_set1_epi64(matrices::GFNI_OUT_OF as i64)) }
    }
}

/// The sum of three, in one instruction.
#[inline(always)]
unsafe fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    // SAFETY: the caller's.
    unsafe { _mm512_ternarylogic_epi32::<0x96>(a, b, c) }
}
