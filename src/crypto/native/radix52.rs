//! 256-bit numbers in five limbs of 52 bits, as AVX-512 IFMA multiplies them.
use super::limbs::Limbs;

/// Limbs of a number.
pub(super) const LIMBS: usize = 5;
pub(super) const MASK: u64 = (1 << 52) - 1;

/// 2^shift a for a < 2^(260 - shift), shift 0 or 4.
pub(super) const fn spread(a: &Limbs, shift: u32) -> [u64; LIMBS] {
    [
        a[0] << shift & MASK,
        (a[0] >> (52 - shift) | a[1] << (12 + shift)) & MASK,
        (a[1] >> (40 - shift) | a[2] << (24 + shift)) & MASK,
        (a[2] >> (28 - shift) | a[3] << (36 + shift)) & MASK,
        a[3] >> (16 - shift),
    ]
}

/// The limbs and what is beyond 2^256 of a number whose limbs are below 2^52.
pub(super) const fn gather(a: &[u64; LIMBS]) -> (Limbs, u64) {
    let limbs =
        [a[0] | a[1] << 52, a[1] >> 12 | a[2] << 40, a[2] >> 24 | a[3] << 28, a[3] >> 36 | a[4] << 16];
    (limbs, a[4] >> 48)
}
