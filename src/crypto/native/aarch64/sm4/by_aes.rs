//! SM4 with its S-box by `aese`, and the byte maps around it by `tbl`: no address depends on a secret.
//!
//! `aese` adds its key before the S-box, where SM4 adds a round's key: so there are no offsets to keep.
#![allow(
    clippy::missing_safety_doc,
    reason = "one condition for all: the CPU has the register's instructions"
)]
use super::super::registers::{ByAes, aese};
use crate::crypto::native::symmetric::sm4::maps::{P, ROUND_A, ROUND_B, ROUND_OFFSET, UNSHIFT};
use crate::crypto::native::symmetric::sm4::rounds::Sm4Vector;
use crate::crypto::native::symmetric::sm4::schedule::{Schedule, expand_with, step_by_aes};
use crate::crypto::native::symmetric::vector::Vector;
use core::arch::aarch64::*;

/// The low half of [`ROUND_B`] with the round's constant: three images of it are added up, at different places, so one
/// constant is left.
static ROUND_B_LOW: [u8; 16] = {
    let (mut low, mut i) = (ROUND_B.low, 0);
    while i < 16 {
        low[i] ^= P.of(ROUND_OFFSET);
        i += 1;
    }
    low
};

/// The key schedule.
#[target_feature(enable = "neon,aes")]
pub(super) fn expand(key: &[u8; 16], keys: &mut [u32; 32]) {
    // SAFETY: the features above are the register's.
    unsafe { expand_with::<ByAes>(key, keys, |x| step_by_aes(x)) }
}

impl Sm4Vector for ByAes {
    #[inline(always)]
    unsafe fn rounds<const N: usize>(schedule: &Schedule, state: &mut [[Self; 4]; N]) {
        // SAFETY: the caller's.
        unsafe {
            let (a_low, a_high) = (Self::broadcast(&ROUND_A.low), Self::broadcast(&ROUND_A.high));
            let (b_low, b_high) = (Self::broadcast(&ROUND_B_LOW), Self::broadcast(&ROUND_B.high));
            let mask = Self::splat(0x0f0f_0f0f);
            let [r0, r1, r2, r3] = UNSHIFT.each_ref().map(|rotation| Self::broadcast(rotation));
            for keys in schedule.rounds.as_chunks::<4>().0 {
                for i in 0..4 {
                    let key = Self::splat(keys[i]);
                    for s in state.iter_mut() {
                        let known = s[(i + 1) & 3].xor(s[(i + 2) & 3]);
                        let y = Self(aese(known.0, s[(i + 3) & 3].xor(key).0));
                        let (low, high) = (y.and(mask), Self(vshrq_n_u8::<4>(y.0)));
                        let a = a_low.shuffle(low).xor(a_high.shuffle(high));
                        let b = b_low.shuffle(low).xor(b_high.shuffle(high));
                        let left = s[i].xor(a.shuffle(r0)).xor(a.xor(b).shuffle(r3));
                        s[i] = left.xor(b.shuffle(r1).xor(b.shuffle(r2)));
                    }
                }
            }
        }
    }
}

/// The chain: each word in all four columns.
#[target_feature(enable = "neon,aes")]
pub(super) fn cbc_encrypt(schedule: &Schedule, iv: &mut [u8; 16], data: &mut [u8]) {
    // SAFETY: the features above are the register's; blocks are 16 bytes.
    unsafe {
        let mut chain = ByAes::enter([ByAes::broadcast(iv); 4]);
        for block in data.as_chunks_mut::<16>().0 {
            let text = ByAes::enter([ByAes::broadcast(block); 4]);
            for (chain, text) in chain.iter_mut().zip(text) {
                *chain = chain.xor(text);
            }
            ByAes::rounds(schedule, core::array::from_mut(&mut chain));
            chain = ByAes::result(schedule, chain);
            ByAes::leave(chain)[0].store(block.as_mut_ptr());
            *iv = *block;
        }
    }
}
