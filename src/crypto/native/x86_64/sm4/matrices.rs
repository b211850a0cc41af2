//! The byte maps of SM4 as GFNI takes them.
use crate::crypto::native::symmetric::sm4::maps::{
    A, B, Map, P, ROUND_OFFSET, SCHEDULE_MAPS, SCHEDULE_OFFSET,
};

/// A map as the matrix operand of GFNI: byte `7 - i` selects the bits summed into bit `i`.
const fn matrix(map: Map) -> u64 {
    let (mut matrix, mut bit) = (0u64, 0);
    while bit < 64 {
        let (out, from) = (bit / 8, bit % 8);
        matrix |= ((map.0[from] >> out & 1) as u64) << (8 * (7 - out) + from);
        bit += 1;
    }
    matrix
}

/// The affine part of the AES S-box: its constant is 0x63.
const AES_AFFINE: Map = Map([31, 62, 124, 248, 241, 227, 199, 143]);

/// GFNI: matrices applied after inversion, and their constants.
pub(super) const GFNI_A: u64 = matrix(A.after(AES_AFFINE));
/// See [`GFNI_A`].
pub(super) const GFNI_B: u64 = matrix(B.after(AES_AFFINE));
/// See [`GFNI_A`].
pub(super) const GFNI_AB: u64 = matrix(A.plus(B).after(AES_AFFINE));
/// The constant of `A`, with the whole round's constant.
pub(super) const GFNI_A_OFFSET: i32 = (A.of(0x63) ^ P.of(ROUND_OFFSET)) as i32;
/// The constant of `B`.
pub(super) const GFNI_B_OFFSET: i32 = B.of(0x63) as i32;
/// The constant of `A ^ B`.
pub(super) const GFNI_AB_OFFSET: i32 = (A.of(0x63) ^ B.of(0x63)) as i32;
/// GFNI: the key schedule's matrices, applied after inversion, and the sum of all constants.
pub(super) const GFNI_SCHEDULE: [u64; 4] = [
    matrix(SCHEDULE_MAPS[0].after(AES_AFFINE)),
    matrix(SCHEDULE_MAPS[1].after(AES_AFFINE)),
    matrix(SCHEDULE_MAPS[2].after(AES_AFFINE)),
    matrix(SCHEDULE_MAPS[3].after(AES_AFFINE)),
];
/// See [`GFNI_SCHEDULE`].
pub(super) const GFNI_SCHEDULE_OFFSET: i32 = (SCHEDULE_OFFSET
    ^ SCHEDULE_MAPS[0].of(0x63)
    ^ SCHEDULE_MAPS[1].of(0x63)
    ^ SCHEDULE_MAPS[2].of(0x63)
    ^ SCHEDULE_MAPS[3].of(0x63)) as i32;
/// GFNI: into the AES basis, and out of it.
pub(super) const GFNI_INTO: u64 = matrix(P);
/// See [`GFNI_INTO`].
pub(super) const GFNI_OUT_OF: u64 = matrix(P.inverse());

#[cfg(test)]
mod tests {
    use super::*;
    use core::arch::x86_64::*;

    #[target_feature(enable = "aes")]
    fn aes_sbox(byte: u8) -> u8 {
        let block = _mm_set1_epi8(byte as i8);
        _mm_cvtsi128_si32(_mm_aesenclast_si128(block, _mm_setzero_si128())) as u8
    }

    #[test]
    fn the_aes_sbox_is_inversion_and_the_affine_map() {
        // Inversion as the 254th power, by the field's own multiplication.
        let times = |mut a: u8, mut b: u8| {
            let mut product = 0;
            while b != 0 {
                product ^= a & (b & 1).wrapping_neg();
                a = (a << 1) ^ (0x1b & (a >> 7).wrapping_neg());
                b >>= 1;
            }
            product
        };
        for byte in 0..=255u8 {
            let inverse = (0..254).fold(1, |power, _| times(power, byte));
            // SAFETY: every level has AES-NI.
            assert_eq!(AES_AFFINE.of(inverse) ^ 0x63, unsafe { aes_sbox(byte) });
        }
    }
}
