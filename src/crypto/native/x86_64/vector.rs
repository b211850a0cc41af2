//! The registers of 128, 256 and 512 bits.
#![allow(
    clippy::missing_safety_doc,
    reason = "one condition for all: the CPU has the register's instructions"
)]
use crate::crypto::native::symmetric::vector::Vector;
use core::arch::x86_64::*;

/// The methods that are one intrinsic each.
macro_rules! plain {
    ($($name:ident($($arg:ident),*) = $intrinsic:path;)*) => {$(
        #[inline(always)]
        unsafe fn $name(self $(, $arg: Self)*) -> Self {
            // SAFETY: the caller's.
            unsafe { $intrinsic(self $(, $arg)*) }
        }
    )*};
}

impl Vector for __m128i {
    const BLOCKS: usize = 1;
    #[inline(always)]
    unsafe fn rotate_left<const LEFT: i32, const RIGHT: i32>(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm_or_si128(_mm_slli_epi32::<LEFT>(self), _mm_srli_epi32::<RIGHT>(self)) }
    }
    plain! {
        xor(other) = _mm_xor_si128;
        and(other) = _mm_and_si128;
        shift_right_4() = _mm_srli_epi32::<4>;
        add_words(other) = _mm_add_epi32;
        shuffle(index) = _mm_shuffle_epi8;
        aes_last(key) = _mm_aesenclast_si128;
        unpack_low_words(other) = _mm_unpacklo_epi32;
        unpack_high_words(other) = _mm_unpackhi_epi32;
        unpack_low_pairs(other) = _mm_unpacklo_epi64;
        unpack_high_pairs(other) = _mm_unpackhi_epi64;
    }
    #[inline(always)]
    unsafe fn column_index() -> Self {
        // SAFETY: the caller's.
        unsafe { _mm_setr_epi32(0, 1, 2, 3) }
    }
    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm_loadu_si128(from.cast()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: the caller's.
        unsafe { _mm_storeu_si128(to.cast(), self) }
    }
    #[inline(always)]
    unsafe fn broadcast(block: &[u8; 16]) -> Self {
        // SAFETY: the caller's; a block is 16 bytes.
        unsafe { Self::load(block.as_ptr()) }
    }
    #[inline(always)]
    unsafe fn splat(word: u32) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm_set1_epi32(word as i32) }
    }
    #[inline(always)]
    unsafe fn gather_at(from: &[*const u8], offset: usize) -> Self {
        // SAFETY: the caller's.
        unsafe { Self::load(from[0].add(offset)) }
    }
    #[inline(always)]
    unsafe fn scatter(self, to: &[*mut u8]) {
        // SAFETY: the caller's.
        unsafe { self.store(to[0]) }
    }
}

impl Vector for __m256i {
    const BLOCKS: usize = 2;
    #[inline(always)]
    unsafe fn rotate_left<const LEFT: i32, const RIGHT: i32>(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm256_or_si256(_mm256_slli_epi32::<LEFT>(self), _mm256_srli_epi32::<RIGHT>(self)) }
    }
    plain! {
        xor(other) = _mm256_xor_si256;
        and(other) = _mm256_and_si256;
        shift_right_4() = _mm256_srli_epi32::<4>;
        add_words(other) = _mm256_add_epi32;
        shuffle(index) = _mm256_shuffle_epi8;
        aes_last(key) = _mm256_aesenclast_epi128;
        unpack_low_words(other) = _mm256_unpacklo_epi32;
        unpack_high_words(other) = _mm256_unpackhi_epi32;
        unpack_low_pairs(other) = _mm256_unpacklo_epi64;
        unpack_high_pairs(other) = _mm256_unpackhi_epi64;
    }
    #[inline(always)]
    unsafe fn column_index() -> Self {
        // SAFETY: the caller's.
        unsafe { _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7) }
    }
    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: the caller's.
        unsafe { _mm256_storeu_si256(to.cast(), self) }
    }
    #[inline(always)]
    unsafe fn broadcast(block: &[u8; 16]) -> Self {
        // SAFETY: the caller's; a block is 16 bytes.
        unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(block.as_ptr().cast())) }
    }
    #[inline(always)]
    unsafe fn splat(word: u32) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm256_set1_epi32(word as i32) }
    }
    #[inline(always)]
    unsafe fn gather_at(from: &[*const u8], offset: usize) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm256_set_m128i(__m128i::load(from[1].add(offset)), __m128i::load(from[0].add(offset))) }
    }
    #[inline(always)]
    unsafe fn scatter(self, to: &[*mut u8]) {
        // SAFETY: the caller's.
        unsafe {
            _mm256_castsi256_si128(self).store(to[0]);
            _mm256_extracti128_si256::<1>(self).store(to[1]);
        }
    }
}

impl Vector for __m512i {
    const BLOCKS: usize = 4;
    #[inline(always)]
    unsafe fn rotate_left<const LEFT: i32, const RIGHT: i32>(self) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_rol_epi32::<LEFT>(self) }
    }
    plain! {
        xor(other) = _mm512_xor_si512;
        and(other) = _mm512_and_si512;
        shift_right_4() = _mm512_srli_epi32::<4>;
        add_words(other) = _mm512_add_epi32;
        shuffle(index) = _mm512_shuffle_epi8;
        aes_last(key) = _mm512_aesenclast_epi128;
        unpack_low_words(other) = _mm512_unpacklo_epi32;
        unpack_high_words(other) = _mm512_unpackhi_epi32;
        unpack_low_pairs(other) = _mm512_unpacklo_epi64;
        unpack_high_pairs(other) = _mm512_unpackhi_epi64;
    }
    #[inline(always)]
    unsafe fn column_index() -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15) }
    }
    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: the caller's.
        unsafe { _mm512_storeu_si512(to.cast(), self) }
    }
    #[inline(always)]
    unsafe fn broadcast(block: &[u8; 16]) -> Self {
        // SAFETY: the caller's; a block is 16 bytes.
        unsafe { _mm512_broadcast_i32x4(_mm_loadu_si128(block.as_ptr().cast())) }
    }
    #[inline(always)]
    unsafe fn splat(word: u32) -> Self {
        // SAFETY: the caller's.
        unsafe { _mm512_set1_epi32(word as i32) }
    }
    #[inline(always)]
    unsafe fn gather_at(from: &[*const u8], offset: usize) -> Self {
        // SAFETY: the caller's.
        unsafe {
            let low = _mm512_castsi256_si512(__m256i::gather_at(&from[..2], offset));
            _mm512_inserti64x4::<1>(low, __m256i::gather_at(&from[2..4], offset))
        }
    }
    #[inline(always)]
    unsafe fn scatter(self, to: &[*mut u8]) {
        // SAFETY: the caller's.
        unsafe {
            _mm512_castsi512_si256(self).scatter(&to[..2]);
            _mm512_extracti64x4_epi64::<1>(self).scatter(&to[2..4]);
        }
    }
}
