//! Elements of the field modulo p = 2^256 - 2^224 - 2^96 + 2^64 - 1, the prime under the curve, and pairs of them.
//!
//! An element a is kept in Montgomery form, a * 2^256 mod p, always below p, so that equality is equality of limbs.
use crate::crypto::native::limbs::{self, Limbs, sbb};
use zeroize::DefaultIsZeroes;

/// p
pub(super) const P: Limbs =
    [0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0xffff_fffe_ffff_ffff];
const R: Limbs = limbs::power_of_two_mod(256, &P);
pub(super) const R2: Limbs = limbs::power_of_two_mod(512, &P);
pub(super) const R3: Limbs = limbs::power_of_two_mod(768, &P);

/// An element of the field. `==` is for public values: it takes a time that depends on them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
#[repr(transparent)]
pub(super) struct FieldElement(pub(super) Limbs);

impl DefaultIsZeroes for FieldElement {}

impl FieldElement {
    pub(super) const ZERO: Self = Self([0; 4]);
    pub(super) const ONE: Self = Self(R);

    /// From an integer below p, for constants.
    pub(super) const fn constant(a: &Limbs) -> Self {
        let (r, carry) = montgomery_rounds(&limbs::mul_wide(a, &R2));
        Self(limbs::reduce_constant(&r, carry, &P))
    }

    /// `a` where `mask` is all ones, `b` where it is zero.
    #[inline(always)]
    pub(super) fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self(limbs::select(mask, &a.0, &b.0))
    }

    /// All ones for zero, else zero.
    #[inline(always)]
    pub(super) fn is_zero_mask(&self) -> u64 {
        limbs::is_zero_mask(&self.0)
    }

    /// For public values.
    #[inline(always)]
    pub(super) fn is_zero_vartime(&self) -> bool {
        self.0 == [0; 4]
    }
}

/// x, y. Zeros stand for no point.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
#[repr(C, align(64))]
pub(super) struct Affine {
    pub(super) x: FieldElement,
    pub(super) y: FieldElement,
}

impl DefaultIsZeroes for Affine {}

/// t / 2^256 modulo p for t < p * 2^256: below 2p, as limbs and a carry.
///
/// Each round makes the lowest limb zero by adding m * p with m = that limb, since p = -1 mod 2^64:
/// t + m p = t - m + m 2^64 - m 2^96 - m 2^224 + m 2^256: shifts and additions only.
#[inline(always)]
pub(super) const fn montgomery_rounds(t: &[u64; 8]) -> (Limbs, u64) {
    let mut a = [t[0], t[1], t[2], t[3]];
    let mut i = 0;
    while i < 4 {
        let m = a[0];
        let (low, high) = (m << 32, m >> 32);
        let (x1, borrow) = sbb(a[1], low, 0);
        let (x2, borrow) = sbb(a[2], high, borrow);
        let (x3, borrow) = sbb(a[3], low, borrow);
        let (x4, _) = sbb(m, high, borrow);
        a = limbs::add_wide(&[x1, x2, x3, x4], &[m, 0, 0, 0]).0;
        i += 1;
    }
    limbs::add_wide(&a, &[t[4], t[5], t[6], t[7]])
}
