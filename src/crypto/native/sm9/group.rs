//! What multiplication by scalars needs of a group, and the digits of scalars.
use super::fp::Field;
use super::lattice::{Lattice, Short};
use super::scalar::Scalar;
use crate::crypto::native::limbs::{self, Limbs, hide};
use zeroize::DefaultIsZeroes;

/// One of G1, G2 and GT, written additively. Every operation is right for all elements, and takes a time that does not
/// depend on them.
pub(super) trait Group: DefaultIsZeroes {
    const IDENTITY: Self;
    /// Of the endomorphism's eigenvalue.
    const LATTICE: &'static Lattice;

    fn add<F: Field>(&self, field: F, b: &Self) -> Self;
    fn double<F: Field>(&self, field: F) -> Self;
    fn negate<F: Field>(&self, field: F) -> Self;
    fn endomorphism<F: Field>(&self, field: F) -> Self;
    /// `a` where `mask` is all ones, `b` where it is zero.
    fn select(mask: u64, a: &Self, b: &Self) -> Self;
}

/// A scalar in short ones, each of them in signed digits of `WIDTH` bits, -2^(WIDTH-1) <= d < 2^(WIDTH-1).
pub(super) struct Digits<const WIDTH: usize> {
    /// Each with 2^(WIDTH-1) added at every digit, so that there are no signs.
    biased: Short,
    dimensions: usize,
    count: usize,
}

impl<const WIDTH: usize> Digits<WIDTH> {
    /// How many digits a short scalar has.
    pub(super) const fn count(lattice: &Lattice) -> usize {
        // One bit for the sign. The lowest number that `count` digits hold is about -(1 + 1/2^WIDTH) 2^(bits - 1), the
        // highest 2^(bits - 1) (1 - 1/2^WIDTH): the bound of each lattice leaves as much room.
        (lattice.bits + 1).div_ceil(WIDTH)
    }

    pub(super) fn new(lattice: &Lattice, k: &Scalar) -> Self {
        let count = Self::count(lattice);
        let mut bias: Limbs = [0; 4];
        for bit in (WIDTH - 1..count * WIDTH).step_by(WIDTH) {
            bias[bit / 64] |= 1 << (bit % 64);
        }
        let mut biased = lattice.split(k);
        for short in biased.iter_mut() {
            *short = limbs::add_wide(short, &bias).0;
        }
        Self { biased, dimensions: lattice.dimensions(), count }
    }

    pub(super) fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The digit at this place of this short scalar: its absolute value, and all ones if it is negative.
    #[inline(always)]
    pub(super) fn at(&self, dimension: usize, place: usize) -> (u64, u64) {
        let k = &self.biased[dimension];
        let (limb, shift) = (place * WIDTH / 64, place * WIDTH % 64);
        let at = |i: usize| k.get(i).copied().unwrap_or(0);
        // << 1 << (63 - shift) is << (64 - shift), also for shift = 0
        let window = (at(limb) >> shift | at(limb + 1) << 1 << (63 - shift)) & ((1 << WIDTH) - 1);
        let digit = window.wrapping_sub(1 << (WIDTH - 1));
        let negative = hide(digit >> 63).wrapping_neg();
        ((digit ^ negative).wrapping_sub(negative), negative)
    }
}

/// The digit times the element whose multiples 1, 2, … are in `row`, reading all of it. Constant time.
#[inline(always)]
pub(super) fn pick<G: Group, F: Field>(field: F, row: &[G], (index, negative): (u64, u64)) -> G {
    let mut out = G::IDENTITY;
    for (entry, i) in row.iter().zip(1..) {
        out = G::select(limbs::zero_mask(i ^ index), entry, &out);
    }
    G::select(negative, &out.negate(field), &out)
}

/// The multiples 1, 2, …, of an element.
pub(super) fn multiples<G: Group, F: Field>(field: F, of: &G, out: &mut [G]) {
    for i in 1..=out.len() {
        out[i - 1] = match i {
            1 => *of,
            _ if i % 2 == 0 => out[i / 2 - 1].double(field),
            _ => out[i - 2].add(field, of),
        };
    }
}
