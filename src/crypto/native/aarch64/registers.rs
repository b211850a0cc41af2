//! NEON's registers of 128 bits, once for each way to SM4.
#![allow(
    clippy::missing_safety_doc,
    reason = "one condition for all: the CPU has the register's instructions"
)]
use crate::crypto::native::symmetric::ghash::Carryless;
use crate::crypto::native::symmetric::vector::Vector;
use core::arch::aarch64::*;

/// A register on a CPU that has AES and PMULL.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(in crate::crypto::native) struct ByAes(pub(super) uint8x16_t);

/// A register on a CPU that has SM3 and SM4 too.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(in crate::crypto::native) struct BySm4(pub(super) uint8x16_t);

/// ShiftRows and SubBytes of `x + key`.
#[target_feature(enable = "neon,aes")]
#[inline]
pub(super) fn aese(x: uint8x16_t, key: uint8x16_t) -> uint8x16_t {
    vaeseq_u8(x, key)
}

/// The carry-less product.
#[target_feature(enable = "neon,aes")]
#[inline]
fn multiply(one: u64, other: u64) -> uint8x16_t {
    vreinterpretq_u8_p128(vmull_p64(one, other))
}

/// An operation on two registers of 32-bit words.
macro_rules! words {
    ($operation:ident($one:expr, $other:expr)) => {
        Self(vreinterpretq_u8_u32($operation(vreinterpretq_u32_u8($one.0), vreinterpretq_u32_u8($other.0))))
    };
}

/// An operation on two registers of 64-bit words.
macro_rules! pairs {
    ($operation:ident($one:expr, $other:expr)) => {
        Self(vreinterpretq_u8_u64($operation(vreinterpretq_u64_u8($one.0), vreinterpretq_u64_u8($other.0))))
    };
}

/// [`Vector`] and [`Carryless`], the same for both.
macro_rules! register {
    ($register:ty) => {
        impl Vector for $register {
            const BLOCKS: usize = 1;
            #[inline(always)]
            unsafe fn column_index() -> Self {
                const INDEX: [u8; 16] = [0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0];
                // SAFETY: the caller's.
                unsafe { Self::broadcast(&INDEX) }
            }
            #[inline(always)]
            unsafe fn load(from: *const u8) -> Self {
                // SAFETY: the caller's.
                Self(unsafe { vld1q_u8(from) })
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut u8) {
                // SAFETY: the caller's.
                unsafe { vst1q_u8(to, self.0) }
            }
            #[inline(always)]
            unsafe fn broadcast(block: &[u8; 16]) -> Self {
                // SAFETY: the caller's; a block is 16 bytes.
                unsafe { Self::load(block.as_ptr()) }
            }
            #[inline(always)]
            unsafe fn splat(word: u32) -> Self {
                // SAFETY: the caller's.
                Self(unsafe { vreinterpretq_u8_u32(vdupq_n_u32(word)) })
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
            #[inline(always)]
            unsafe fn xor(self, other: Self) -> Self {
                // SAFETY: the caller's.
                Self(unsafe { veorq_u8(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn and(self, other: Self) -> Self {
                // SAFETY: the caller's.
                Self(unsafe { vandq_u8(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn shift_right_4(self) -> Self {
                // SAFETY: the caller's.
                Self(unsafe { vreinterpretq_u8_u32(vshrq_n_u32::<4>(vreinterpretq_u32_u8(self.0))) })
            }
            #[inline(always)]
            unsafe fn add_words(self, other: Self) -> Self {
                // SAFETY: the caller's.
                unsafe { words!(vaddq_u32(self, other)) }
            }
            #[inline(always)]
            unsafe fn rotate_left<const LEFT: i32, const RIGHT: i32>(self) -> Self {
                // SAFETY: the caller's.
                unsafe {
                    let x = vreinterpretq_u32_u8(self.0);
                    Self(vreinterpretq_u8_u32(vsriq_n_u32::<RIGHT>(vshlq_n_u32::<LEFT>(x), x)))
                }
            }
            #[inline(always)]
            unsafe fn shuffle(self, index: Self) -> Self {
                // SAFETY: the caller's.
                Self(unsafe { vqtbl1q_u8(self.0, index.0) })
            }
            #[inline(always)]
            unsafe fn aes_last(self, key: Self) -> Self {
                // SAFETY: the caller's. `aese` adds its own key before the S-box: none.
                unsafe { Self(aese(self.0, vdupq_n_u8(0))).xor(key) }
            }
            #[inline(always)]
            unsafe fn unpack_low_words(self, other: Self) -> Self {
                // SAFETY: the caller's.
                unsafe { words!(vzip1q_u32(self, other)) }
            }
            #[inline(always)]
            unsafe fn unpack_high_words(self, other: Self) -> Self {
                // SAFETY: the caller's.
                unsafe { words!(vzip2q_u32(self, other)) }
            }
            #[inline(always)]
            unsafe fn unpack_low_pairs(self, other: Self) -> Self {
                // SAFETY: the caller's.
                unsafe { pairs!(vzip1q_u64(self, other)) }
            }
            #[inline(always)]
            unsafe fn unpack_high_pairs(self, other: Self) -> Self {
                // SAFETY: the caller's.
                unsafe { pairs!(vzip2q_u64(self, other)) }
            }
        }

        impl Carryless for $register {
            type Block = Self;
            #[inline(always)]
            unsafe fn multiply<const HALVES: i32>(self, other: Self) -> Self {
                // SAFETY: the caller's.
                unsafe {
                    let (one, other) = (vreinterpretq_u64_u8(self.0), vreinterpretq_u64_u8(other.0));
                    let one =
                        if HALVES & 1 == 0 { vgetq_lane_u64::<0>(one) } else { vgetq_lane_u64::<1>(one) };
                    let other = if HALVES >> 4 == 0 {
                        vgetq_lane_u64::<0>(other)
                    } else {
                        vgetq_lane_u64::<1>(other)
                    };
                    Self(multiply(one, other))
                }
            }
            #[inline(always)]
            unsafe fn swap_halves(self) -> Self {
                // SAFETY: the caller's.
                Self(unsafe { vextq_u8::<8>(self.0, self.0) })
            }
            #[inline(always)]
            unsafe fn low_half_up(self) -> Self {
                // SAFETY: the caller's.
                Self(unsafe { vextq_u8::<8>(vdupq_n_u8(0), self.0) })
            }
            #[inline(always)]
            unsafe fn high_half_down(self) -> Self {
                // SAFETY: the caller's.
                Self(unsafe { vextq_u8::<8>(self.0, vdupq_n_u8(0)) })
            }
            #[inline(always)]
            unsafe fn from_halves(low: u64, high: u64) -> Self {
                // SAFETY: the caller's.
                Self(unsafe { vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high))) })
            }
            #[inline(always)]
            unsafe fn sum(self) -> Self {
                self
            }
        }
    };
}
register!(ByAes);
register!(BySm4);
