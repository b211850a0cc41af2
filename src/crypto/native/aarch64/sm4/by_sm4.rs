//! SM4 by `sm4e`, four rounds of one block, and `sm4ekey`, four round keys. The compiler has no stable names for them.
#![allow(
    clippy::missing_safety_doc,
    reason = "one condition for all: the CPU has the register's instructions"
)]
use super::super::BySm4;
use crate::crypto::native::symmetric::sm4::maps::FK;
use crate::crypto::native::symmetric::sm4::rounds::Sm4Vector;
use crate::crypto::native::symmetric::sm4::schedule::Schedule;
use crate::crypto::native::symmetric::vector::Vector;
use core::arch::aarch64::*;
use core::arch::asm;

/// CK (GB/T 32907-2016 7.3): byte j of word i is 7 (4 i + j).
static CK: [u32; 32] = {
    let (mut words, mut i) = ([0; 32], 0);
    while i < 32 {
        let byte = 28 * i as u32;
        words[i] = (byte & 255) << 24 | (byte + 7 & 255) << 16 | (byte + 14 & 255) << 8 | (byte + 21 & 255);
        i += 1;
    }
    words
};

/// The next four of the words that make the round keys.
#[target_feature(enable = "neon,sm4")]
#[inline]
fn sm4ekey(words: uint32x4_t, constants: uint32x4_t) -> uint32x4_t {
    let next;
    // SAFETY: the instruction is a feature of this function.
    unsafe {
        asm!(
            "sm4ekey {next:v}.4s, {words:v}.4s, {constants:v}.4s",
            next = lateout(vreg) next, words = in(vreg) words, constants = in(vreg) constants,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    next
}

/// Four rounds of one block.
#[target_feature(enable = "neon,sm4")]
#[inline]
fn sm4e(mut block: uint32x4_t, keys: uint32x4_t) -> uint32x4_t {
    // SAFETY: the instruction is a feature of this function.
    unsafe {
        asm!(
            "sm4e {block:v}.4s, {keys:v}.4s",
            block = inout(vreg) block, keys = in(vreg) keys,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    block
}

/// The key schedule.
#[target_feature(enable = "neon,sm4")]
pub(super) fn expand(key: &[u8; 16], keys: &mut [u32; 32]) {
    // SAFETY: four words are 16 bytes.
    unsafe {
        let key = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(key.as_ptr())));
        let mut words = veorq_u32(key, vld1q_u32(FK.as_ptr()));
        for (four, constants) in keys.as_chunks_mut::<4>().0.iter_mut().zip(CK.as_chunks::<4>().0) {
            words = sm4ekey(words, vld1q_u32(constants.as_ptr()));
            vst1q_u32(four.as_mut_ptr(), words);
        }
    }
}

/// The words of the block as numbers; or from numbers to bytes.
#[target_feature(enable = "neon,sm4")]
#[inline]
fn swap(block: BySm4) -> BySm4 {
    BySm4(vrev32q_u8(block.0))
}

/// The words in reverse.
#[target_feature(enable = "neon,sm4")]
#[inline]
fn reverse(block: BySm4) -> BySm4 {
    let pairs = vrev64q_u32(vreinterpretq_u32_u8(block.0));
    BySm4(vreinterpretq_u8_u32(vextq_u32::<2>(pairs, pairs)))
}

/// 32 rounds of many blocks side by side.
#[target_feature(enable = "neon,sm4")]
#[inline]
fn rounds(schedule: &Schedule, blocks: &mut [BySm4]) {
    for keys in schedule.rounds.as_chunks::<4>().0 {
        // SAFETY: four words are 16 bytes.
        let keys = unsafe { vld1q_u32(keys.as_ptr()) };
        for block in blocks.iter_mut() {
            *block = BySm4(vreinterpretq_u8_u32(sm4e(vreinterpretq_u32_u8(block.0), keys)));
        }
    }
}

/// A register holds a whole block, its words as numbers.
impl Sm4Vector for BySm4 {
    #[inline(always)]
    unsafe fn rounds<const N: usize>(schedule: &Schedule, state: &mut [[Self; 4]; N]) {
        // SAFETY: the caller's.
        unsafe { rounds(schedule, state.as_flattened_mut()) }
    }
    #[inline(always)]
    unsafe fn enter(blocks: [Self; 4]) -> [Self; 4] {
        // SAFETY: the caller's.
        blocks.map(|block| unsafe { swap(block) })
    }
    #[inline(always)]
    unsafe fn enter_rounds(_: &Schedule, blocks: [Self; 4]) -> [Self; 4] {
        blocks
    }
    #[inline(always)]
    unsafe fn result(_: &Schedule, blocks: [Self; 4]) -> [Self; 4] {
        // SAFETY: the caller's.
        blocks.map(|block| unsafe { reverse(block) })
    }
    #[inline(always)]
    unsafe fn leave(blocks: [Self; 4]) -> [Self; 4] {
        // SAFETY: the caller's.
        blocks.map(|block| unsafe { swap(block) })
    }
    #[inline(always)]
    unsafe fn nonce(words: [u32; 3]) -> [Self; 3] {
        let [n0, n1, n2] = words.map(u32::swap_bytes);
        // SAFETY: the caller's; four words are 16 bytes.
        [Self(unsafe { vreinterpretq_u8_u32(vld1q_u32([n0, n1, n2, 0].as_ptr())) }); 3]
    }
    #[inline(always)]
    unsafe fn counters(nonce: &[Self; 3], first: u32) -> [Self; 4] {
        // SAFETY: the caller's.
        unsafe {
            let nonce = vreinterpretq_u32_u8(nonce[0].0);
            let block = |i| vsetq_lane_u32::<3>(first.wrapping_add(i), nonce);
            [block(0), block(1), block(2), block(3)].map(|block| Self(vreinterpretq_u8_u32(block)))
        }
    }
}

/// The chain.
#[target_feature(enable = "neon,sm4")]
pub(super) fn cbc_encrypt(schedule: &Schedule, iv: &mut [u8; 16], data: &mut [u8]) {
    // SAFETY: the features above are the register's; blocks are 16 bytes.
    unsafe {
        let mut chain = swap(BySm4::broadcast(iv));
        for block in data.as_chunks_mut::<16>().0 {
            chain = chain.xor(swap(BySm4::broadcast(block)));
            rounds(schedule, core::slice::from_mut(&mut chain));
            chain = reverse(chain);
            swap(chain).store(block.as_mut_ptr());
            *iv = *block;
        }
    }
}
