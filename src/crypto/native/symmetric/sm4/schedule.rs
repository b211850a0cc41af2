//! A key made ready for the rounds, and the key schedule by an AES instruction.
use super::super::vector::Vector;
use super::maps::{self, map_bytes};
use zeroize::{Zeroize, Zeroizing};

/// A key made ready for one direction.
///
/// Words are as they lie in memory (SM4's byte order on a little-endian machine), in the AES
/// basis. With AES-NI the S-box comes with a free addition of a key, but *after* it. So each state
/// word is stored with a known offset, such that the sum of the three words that enter the S-box
/// already has the round's key, and the key of `aesenclast` sets the offset of the new word.
/// Elsewhere the round keys are added as they are and there are no offsets.
#[repr(C, align(64))]
#[derive(Clone)]
pub(in crate::crypto::native) struct Schedule {
    /// For each round, the operand of `aesenclast`, or the round key.
    pub(in crate::crypto::native) rounds: [u32; 32],
    /// The offset of a block's last word before the first round; the others have none.
    pub(in crate::crypto::native) entry: u32,
    /// The offsets of the result's words.
    pub(in crate::crypto::native) exit: [u32; 4],
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.rounds.zeroize();
        self.entry.zeroize();
        self.exit.zeroize();
    }
}

impl Schedule {
    /// With round keys that are added as they are.
    pub(in crate::crypto::native) fn without_offsets(keys: &Keys) -> Self {
        Self { rounds: **keys, entry: 0, exit: [0; 4] }
    }
}

/// The round keys: for the AES instructions in the AES basis, with the S-box's input offset.
pub(in crate::crypto::native) type Keys = Zeroizing<[u32; 32]>;

/// The key schedule (GB/T 32907-2016 7.3), whose S-box and L' are `step`.
///
/// # Safety
/// The CPU has the register's instructions.
#[inline(always)]
pub(in crate::crypto::native) unsafe fn expand_with<V: Vector>(
    key: &[u8; 16],
    keys: &mut [u32; 32],
    step: impl Fn(V) -> V,
) {
    // SAFETY: the caller's; a register has at least four words.
    unsafe {
        // Each word in all columns, so that the ShiftRows of an AES instruction changes nothing.
        let mut k = [V::splat(0); 4];
        for ((k, bytes), fk) in k.iter_mut().zip(key.as_chunks().0).zip(maps::FK) {
            *k = map_bytes(&maps::INTO, V::splat(u32::from_le_bytes(*bytes) ^ fk.swap_bytes()));
        }
        let offset = V::broadcast(&[maps::P_OFFSET; 16]);
        for (four, constants) in keys.as_chunks_mut::<4>().0.iter_mut().zip(maps::CK.as_chunks::<4>().0) {
            for i in 0..4 {
                let known = k[(i + 1) & 3].xor(k[(i + 2) & 3]).xor(V::splat(constants[i]));
                k[i] = k[i].xor(step(known.xor(k[(i + 3) & 3])));
                four[i] = k[i].xor(offset).first_word();
            }
        }
    }
}

/// S-box and L' by an AES instruction, on equal columns in the AES basis.
///
/// # Safety
/// The CPU has the register's instructions.
#[inline(always)]
pub(in crate::crypto::native) unsafe fn step_by_aes<V: Vector>(x: V) -> V {
    let [m0, m1, m2, m3] = &maps::SCHEDULE;
    // SAFETY: the caller's.
    unsafe {
        let rotate_1 = V::broadcast(&[1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12]);
        let rotate_2 = V::broadcast(&[2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13]);
        let rotate_3 = V::broadcast(&[3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14]);
        let y = x.aes_last(V::splat(0));
        let same = map_bytes(m0, y).xor(V::broadcast(&[maps::SCHEDULE_OFFSET; 16]));
        let next = map_bytes(m1, y).shuffle(rotate_1);
        let second = map_bytes(m2, y).shuffle(rotate_2);
        let third = map_bytes(m3, y).shuffle(rotate_3);
        same.xor(next).xor(second.xor(third))
    }
}
