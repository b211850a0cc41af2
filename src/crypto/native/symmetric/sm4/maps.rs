//! The byte maps between SM4's S-box and AES's, all computed from three of them at compile time.
//!
//! Both S-boxes are an inversion in GF(2^8) between affine maps, so one is the other between two
//! affine maps: `sm4(x) = Q(aes(P(x) ^ P_OFFSET)) ^ Q_OFFSET`, with `P` and `Q` linear. The round
//! functions keep the state words mapped by `P` ("in the AES basis"), so that the S-box needs no
//! map before it, and join `Q`, SM4's linear layer L and `P` into the maps that follow it.
//!
//! L is made of rotations by 2 plus multiples of 8, so a byte of its output is
//! `A(y0) ^ B(y1) ^ B(y2) ^ (A ^ B)(y3)` of the AES S-box's output bytes y0 (the same place), y1
//! (the next) and so on. The key schedule's L' gives four other maps.
use super::super::vector::Vector;

/// A linear map of bytes: the images of the bits 0 to 7.
#[derive(Clone, Copy)]
pub(in crate::crypto::native) struct Map(pub(in crate::crypto::native) [u8; 8]);

/// A linear map as two look-ups of 4 bits each, for `pshufb` or `tbl`.
#[repr(C, align(16))]
pub(in crate::crypto::native) struct Nibbles {
    /// The images of 0 to 15.
    pub(in crate::crypto::native) low: [u8; 16],
    /// The images of the multiples of 16.
    pub(in crate::crypto::native) high: [u8; 16],
}

impl Map {
    /// The image of one byte.
    pub(in crate::crypto::native) const fn of(self, byte: u8) -> u8 {
        let (mut image, mut bit) = (0, 0);
        while bit < 8 {
            image ^= self.0[bit] & (byte >> bit & 1).wrapping_neg();
            bit += 1;
        }
        image
    }
    /// First `other`, then `self`.
    pub(in crate::crypto::native) const fn after(self, other: Self) -> Self {
        let (mut images, mut bit) = ([0; 8], 0);
        while bit < 8 {
            images[bit] = self.of(other.0[bit]);
            bit += 1;
        }
        Self(images)
    }
    /// The sum of two maps.
    pub(in crate::crypto::native) const fn plus(self, other: Self) -> Self {
        let (mut images, mut bit) = ([0; 8], 0);
        while bit < 8 {
            images[bit] = self.0[bit] ^ other.0[bit];
            bit += 1;
        }
        Self(images)
    }
    /// The inverse: the images of the bits, found by trying all bytes.
    pub(in crate::crypto::native) const fn inverse(self) -> Self {
        let (mut images, mut byte) = ([0; 8], 0u8);
        loop {
            let image = self.of(byte);
            if image.is_power_of_two() {
                images[image.trailing_zeros() as usize] = byte;
            }
            if byte == 255 {
                return Self(images);
            }
            byte += 1;
        }
    }
    /// The map as two look-ups.
    pub(in crate::crypto::native) const fn nibbles(self) -> Nibbles {
        let (mut low, mut high, mut i) = ([0; 16], [0; 16], 0);
        while i < 16 {
            low[i] = self.of(i as u8);
            high[i] = self.of((i as u8) << 4);
            i += 1;
        }
        Nibbles { low, high }
    }
}

pub(in crate::crypto::native) const P: Map = Map([140, 48, 133, 159, 220, 46, 197, 8]);
pub(in crate::crypto::native) const Q: Map = Map([184, 202, 62, 103, 224, 80, 157, 192]);
/// Added to the S-box's input in the AES basis.
pub(in crate::crypto::native) const P_OFFSET: u8 = 62;
/// Added to the S-box's output in the standard basis.
pub(in crate::crypto::native) const Q_OFFSET: u8 = 108;

const IDENTITY: Map = Map([1, 2, 4, 8, 16, 32, 64, 128]);
const ROTATE_2: Map = Map([4, 8, 16, 32, 64, 128, 1, 2]);
/// Bits shifted within a byte, to the left if positive.
const fn shift(by: i32) -> Map {
    let (mut images, mut bit) = ([0; 8], 0);
    while bit < 8 {
        images[bit] = if by > 0 { (1u32 << bit << by) as u8 } else { (1u8 << bit) >> -by };
        bit += 1;
    }
    Map(images)
}
pub(in crate::crypto::native) const A: Map = P.after(IDENTITY.plus(shift(2))).after(Q);
pub(in crate::crypto::native) const B: Map = P.after(ROTATE_2).after(Q);

/// Into the AES basis, and out of it.
pub(in crate::crypto::native) static INTO: Nibbles = P.nibbles();
/// See [`INTO`].
pub(in crate::crypto::native) static OUT_OF: Nibbles = P.inverse().nibbles();
/// The maps after the AES S-box, in a round.
pub(in crate::crypto::native) static ROUND_A: Nibbles = A.nibbles();
/// See [`ROUND_A`].
pub(in crate::crypto::native) static ROUND_B: Nibbles = B.nibbles();
/// The maps after the AES S-box in the key schedule, whose L' rotates by 13 and 23: of the byte in
/// the same place, the next, and so on.
pub(in crate::crypto::native) static SCHEDULE: [Nibbles; 4] = [
    SCHEDULE_MAPS[0].nibbles(),
    SCHEDULE_MAPS[1].nibbles(),
    SCHEDULE_MAPS[2].nibbles(),
    SCHEDULE_MAPS[3].nibbles(),
];
pub(in crate::crypto::native) const SCHEDULE_MAPS: [Map; 4] = [
    P.after(Q),
    P.after(shift(5)).after(Q),
    P.after(shift(-3).plus(shift(7))).after(Q),
    P.after(shift(-1)).after(Q),
];
/// The key schedule's constant, L' of the S-box's output offset, in the AES basis.
pub(in crate::crypto::native) const SCHEDULE_OFFSET: u8 =
    P.of(Q_OFFSET ^ Q_OFFSET.rotate_left(5) ^ Q_OFFSET.rotate_left(7));
/// The round's constant, L of the S-box's output offset: of four equal bytes, rotations by 2, 10 and
/// 18 are one, and the word and its rotation by 24 cancel.
pub(in crate::crypto::native) const ROUND_OFFSET: u8 = Q_OFFSET.rotate_left(2);

/// SM4's constants (GB/T 32907-2016 7.3): FK, then CK.
pub(in crate::crypto::native) const FK: [u32; 4] = [0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc];
/// CK mapped into the AES basis with the S-box's input offset, as the words lie in memory.
pub(in crate::crypto::native) static CK: [u32; 32] = {
    let (mut words, mut i) = ([0; 32], 0);
    while i < 32 {
        let mut bytes = [0; 4];
        let mut j = 0;
        while j < 4 {
            bytes[j] = P.of(((4 * i + j) * 7) as u8) ^ P_OFFSET;
            j += 1;
        }
        words[i] = u32::from_ne_bytes(bytes);
        i += 1;
    }
    words
};

/// Byte rotations of every word by 0 to 3 places, which also undo the ShiftRows of `aesenclast`:
/// row `r` of column `c` was left in column `c - r`.
const fn unshift(rotation: usize) -> [u8; 16] {
    let (mut mask, mut i) = ([0; 16], 0);
    while i < 16 {
        let row = (i % 4 + rotation) % 4;
        mask[i] = (4 * ((i / 4 + 4 - row) % 4) + row) as u8;
        i += 1;
    }
    mask
}
pub(in crate::crypto::native) static UNSHIFT: [[u8; 16]; 4] =
    [unshift(0), unshift(1), unshift(2), unshift(3)];

/// A linear map of every byte, by two look-ups of 4 bits.
///
/// # Safety
/// The CPU has the register's instructions.
#[inline(always)]
pub(in crate::crypto::native) unsafe fn map_bytes<V: Vector>(map: &Nibbles, x: V) -> V {
    // SAFETY: the caller's.
    unsafe {
        let mask = V::splat(0x0f0f_0f0f);
        let low = V::broadcast(&map.low).shuffle(x.and(mask));
        low.xor(V::broadcast(&map.high).shuffle(x.shift_right_4().and(mask)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::native::symmetric::kernels::{Level, by_level};

    /// The S-box of GB/T 32907-2016, 6.2 figure 1.
    const SM4_SBOX: [u8; 256] = *b"\
        \xd6\x90\xe9\xfe\xcc\xe1\x3d\xb7\x16\xb6\x14\xc2\x28\xfb\x2c\x05\
        \x2b\x67\x9a\x76\x2a\xbe\x04\xc3\xaa\x44\x13\x26\x49\x86\x06\x99\
        \x9c\x42\x50\xf4\x91\xef\x98\x7a\x33\x54\x0b\x43\xed\xcf\xac\x62\
        \xe4\xb3\x1c\xa9\xc9\x08\xe8\x95\x80\xdf\x94\xfa\x75\x8f\x3f\xa6\
        \x47\x07\xa7\xfc\xf3\x73\x17\xba\x83\x59\x3c\x19\xe6\x85\x4f\xa8\
        \x68\x6b\x81\xb2\x71\x64\xda\x8b\xf8\xeb\x0f\x4b\x70\x56\x9d\x35\
        \x1e\x24\x0e\x5e\x63\x58\xd1\xa2\x25\x22\x7c\x3b\x01\x21\x78\x87\
        \xd4\x00\x46\x57\x9f\xd3\x27\x52\x4c\x36\x02\xe7\xa0\xc4\xc8\x9e\
        \xea\xbf\x8a\xd2\x40\xc7\x38\xb5\xa3\xf7\xf2\xce\xf9\x61\x15\xa1\
        \xe0\xae\x5d\xa4\x9b\x34\x1a\x55\xad\x93\x32\x30\xf5\x8c\xb1\xe3\
        \x1d\xf6\xe2\x2e\x82\x66\xca\x60\xc0\x29\x23\xab\x0d\x53\x4e\x6f\
        \xd5\xdb\x37\x45\xde\xfd\x8e\x2f\x03\xff\x6a\x72\x6d\x6c\x5b\x51\
        \x8d\x1b\xaf\x92\xbb\xdd\xbc\x7f\x11\xd9\x5c\x41\x1f\x10\x5a\xd8\
        \x0a\xc1\x31\x88\xa5\xcd\x7b\xbd\x2d\x74\xd0\x12\xb8\xe5\xb4\xb0\
        \x89\x69\x97\x4a\x0c\x96\x77\x7e\x65\xb9\xf1\x09\xc5\x6e\xc6\x84\
        \x18\xf0\x7d\xec\x3a\xdc\x4d\x20\x79\xee\x5f\x3e\xd7\xcb\x39\x48";

    by_level! {
        /// By the processor.
        aes_sbox(byte: u8) -> u8 = aes_sbox_kernel
    }

    #[inline(always)]
    unsafe fn aes_sbox_kernel<V: Vector>(byte: u8) -> u8 {
        // SAFETY: the caller's.
        unsafe { V::broadcast(&[byte; 16]).aes_last(V::splat(0)).first_word() as u8 }
    }

    #[test]
    fn the_sm4_sbox_is_the_aes_sbox_between_the_maps() {
        for level in Level::all() {
            for (byte, wanted) in (0..=255u8).zip(SM4_SBOX) {
                assert_eq!(Q.of(aes_sbox(level, P.of(byte) ^ P_OFFSET)) ^ Q_OFFSET, wanted);
            }
        }
    }

    #[test]
    fn inverses_undo_their_maps() {
        for byte in 0..=255u8 {
            assert_eq!(P.inverse().of(P.of(byte)), byte);
            assert_eq!(Q.inverse().of(Q.of(byte)), byte);
        }
    }

    #[test]
    fn the_maps_compute_the_linear_layers() {
        let apply = |maps: [Map; 4], word: u32| {
            let y = word.to_be_bytes();
            u32::from_be_bytes(core::array::from_fn(|i| {
                (0..4).fold(0, |sum, k| sum ^ maps[k].of(y[(i + k) % 4]))
            }))
        };
        let each = |map: Map, word: u32| u32::from_be_bytes(word.to_be_bytes().map(|b| map.of(b)));
        for word in [1, 0x8000_0000, 0x0123_4567, 0xdead_beef] {
            let s = each(Q, word);
            let linear = [2, 10, 18, 24].iter().fold(s, |sum, &r| sum ^ s.rotate_left(r));
            assert_eq!(apply([A, B, B, A.plus(B)], word), each(P, linear));
            let schedule = s ^ s.rotate_left(13) ^ s.rotate_left(23);
            assert_eq!(apply(SCHEDULE_MAPS, word), each(P, schedule));
        }
    }
}
