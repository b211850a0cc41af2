//! GHASH's multiplications in each register.
#![allow(
    clippy::missing_safety_doc,
    reason = "one condition for all: the CPU has the register's instructions"
)]
use crate::crypto::native::symmetric::ghash::Carryless;
use core::arch::x86_64::*;

impl Carryless for __m128i {
    type Block = __m128i;
    #[inline(always)]
    unsafe fn low_half_up(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm_slli_si128::<8>(self) }
    }
    #[inline(always)]
    unsafe fn high_half_down(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm_srli_si128::<8>(self) }
    }
    #[inline(always)]
    unsafe fn from_halves(low: u64, high: u64) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm_set_epi64x(high as i64, low as i64) }
    }
    #[inline(always)]
    unsafe fn multiply<const HALVES: i32>(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm_clmulepi64_si128::<HALVES>(self, other) }
    }
    #[inline(always)]
    unsafe fn swap_halves(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm_shuffle_epi32::<0x4e>(self) }
    }
    #[inline(always)]
    unsafe fn sum(self) -> __m128i {
        self
    }
}

impl Carryless for __m256i {
    type Block = __m128i;
    #[inline(always)]
    unsafe fn low_half_up(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm256_slli_si256::<8>(self) }
    }
    #[inline(always)]
    unsafe fn high_half_down(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm256_srli_si256::<8>(self) }
    }
    #[inline(always)]
    unsafe fn from_halves(low: u64, high: u64) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm256_set_epi64x(high as i64, low as i64, high as i64, low as i64) }
    }
    #[inline(always)]
    unsafe fn multiply<const HALVES: i32>(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm256_clmulepi64_epi128::<HALVES>(self, other) }
    }
    #[inline(always)]
    unsafe fn swap_halves(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm256_shuffle_epi32::<0x4e>(self) }
    }
    #[inline(always)]
    unsafe fn sum(self) -> __m128i {
        // SAFETY: the caller's.
        unsafe { _mm_xor_si128(_mm256_castsi256_si128(self), _mm256_extracti128_si256::<1>(self)) }
    }
}

impl Carryless for __m512i {
    type Block = __m128i;
    #[inline(always)]
    unsafe fn low_half_up(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_bslli_epi128::<8>(self) }
    }
    #[inline(always)]
    unsafe fn high_half_down(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_bsrli_epi128::<8>(self) }
    }
    #[inline(always)]
    unsafe fn from_halves(low: u64, high: u64) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_broadcast_i32x4(_mm_set_epi64x(high as i64, low as i64)) }
    }
    #[inline(always)]
    unsafe fn multiply<const HALVES: i32>(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_clmulepi64_epi128::<HALVES>(self, other) }
    }
    #[inline(always)]
    unsafe fn swap_halves(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_shuffle_epi32::<0x4e>(self) }
    }
    #[inline(always)]
    unsafe fn sum(self) -> __m128i {
        // SAFETY: the caller's.
        unsafe {
            let low = _mm512_castsi512_si256(self);
            _mm256_xor_si256(low, _mm512_extracti64x4_epi64::<1>(self)).sum()
        }
    }
}
