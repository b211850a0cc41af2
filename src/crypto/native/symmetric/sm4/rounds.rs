//! What the modes need of a processor's SM4: the 32 rounds on many blocks at once.
//!
//! All methods share the condition of [`Vector`]: the CPU has the register's instructions.
#![allow(clippy::missing_safety_doc, reason = "one condition for all, stated above")]
use super::super::vector::Vector;
use super::maps::{self, map_bytes};
use super::schedule::Schedule;

/// Groups of `4 * BLOCKS` blocks that keep the execution units busy.
pub(in crate::crypto::native) const GROUPS: usize = 4;

/// A register in which SM4's rounds can be done.
///
/// As it stands, by the AES instructions or the like: four registers hold one word each of a group of `4 * BLOCKS`
/// blocks, in the AES basis, and with the schedule's offsets.
pub(in crate::crypto::native) trait Sm4Vector: Vector {
    /// 32 rounds on `N` groups.
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

    /// From whole blocks to what the rounds work on, but for the offsets.
    #[inline(always)]
    unsafe fn enter(blocks: [Self; 4]) -> [Self; 4] {
        // SAFETY: the caller's.
        unsafe {
            let [w0, w1, w2, w3] = Self::transpose(blocks);
            [w0.into_basis(), w1.into_basis(), w2.into_basis(), w3.into_basis()]
        }
    }
    /// With the offsets before the first round.
    #[inline(always)]
    unsafe fn enter_rounds(schedule: &Schedule, words: [Self; 4]) -> [Self; 4] {
        let [w0, w1, w2, w3] = words;
        // SAFETY: the caller's.
        unsafe { [w0, w1, w2, w3.xor(Self::splat(schedule.entry))] }
    }
    /// After the last round: the words reversed, without offsets. This can enter again.
    #[inline(always)]
    unsafe fn result(schedule: &Schedule, words: [Self; 4]) -> [Self; 4] {
        let [exit0, exit1, exit2, exit3] = schedule.exit;
        // SAFETY: the caller's.
        unsafe {
            [
                words[3].xor(Self::splat(exit0)),
                words[2].xor(Self::splat(exit1)),
                words[1].xor(Self::splat(exit2)),
                words[0].xor(Self::splat(exit3)),
            ]
        }
    }
    /// The opposite of [`Sm4Vector::enter`].
    #[inline(always)]
    unsafe fn leave(words: [Self; 4]) -> [Self; 4] {
        let [w0, w1, w2, w3] = words;
        // SAFETY: the caller's.
        unsafe {
            Self::transpose([w0.out_of_basis(), w1.out_of_basis(), w2.out_of_basis(), w3.out_of_basis()])
        }
    }

    /// What is the same in all blocks of a counter mode, whose first three words are these.
    #[inline(always)]
    unsafe fn nonce(words: [u32; 3]) -> [Self; 3] {
        let [n0, n1, n2] = words;
        // SAFETY: the caller's.
        unsafe { [Self::splat(n0).into_basis(), Self::splat(n1).into_basis(), Self::splat(n2).into_basis()] }
    }
    /// The group that [`Sm4Vector::enter`] would make of the blocks `nonce || first`, `nonce || first + 1`, ….
    #[inline(always)]
    unsafe fn counters(nonce: &[Self; 3], first: u32) -> [Self; 4] {
        let [n0, n1, n2] = *nonce;
        // SAFETY: the caller's.
        unsafe {
            let swap = Self::broadcast(&[3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]);
            let counters = Self::splat(first).add_words(Self::column_index()).shuffle(swap);
            [n0, n1, n2, counters.into_basis()]
        }
    }
}

/// Encrypts (or decrypts, as the schedule says) `N` groups of whole blocks.
#[inline(always)]
pub(super) unsafe fn crypt<V: Sm4Vector, const N: usize>(schedule: &Schedule, x: &mut [[V; 4]; N]) {
    // SAFETY: the caller's.
    unsafe {
        for group in x.iter_mut() {
            *group = V::enter_rounds(schedule, V::enter(*group));
        }
        V::rounds::<N>(schedule, x);
        for group in x.iter_mut() {
            *group = V::leave(V::result(schedule, *group));
        }
    }
}

/// The nonce of a counter mode.
#[derive(Clone, Copy)]
pub(in crate::crypto::native) struct Nonce<V>([V; 3]);

impl<V: Sm4Vector> Nonce<V> {
    #[inline(always)]
    pub(in crate::crypto::native) unsafe fn new(nonce: &[u8; 12]) -> Self {
        let word = |i: usize| u32::from_ne_bytes([nonce[i], nonce[i + 1], nonce[i + 2], nonce[i + 3]]);
        // SAFETY: the caller's.
        unsafe { Self(V::nonce([word(0), word(4), word(8)])) }
    }

    /// The key stream of the counters from `counter` on.
    #[inline(always)]
    pub(super) unsafe fn stream<const N: usize>(&self, schedule: &Schedule, counter: u32) -> [[V; 4]; N] {
        // SAFETY: the caller's.
        unsafe {
            let mut x = [[V::splat(0); 4]; N];
            for (group, words) in x.iter_mut().enumerate() {
                let first = counter.wrapping_add((group * 4 * V::BLOCKS) as u32);
                *words = V::enter_rounds(schedule, V::counters(&self.0, first));
            }
            V::rounds::<N>(schedule, &mut x);
            for group in x.iter_mut() {
                *group = V::leave(V::result(schedule, *group));
            }
            x
        }
    }
}
