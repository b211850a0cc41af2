//! Arithmetic modulo p = 2^256 - 2^224 - 2^96 + 2^64 - 1, the prime under the curve.
//!
//! An element a is kept in Montgomery form, a * 2^256 mod p, always below p, so that equality is equality of limbs.
//! The multiplications come in two implementations with the same results, [`Portable`] and [`super::field_x86::Adx`];
//! a value of either type is the permission to use it, passed down from where the processor was asked.
use super::limbs::{self, Limbs, sbb};
use super::point::Affine;
use super::safegcd::{self, Modulus};
use zeroize::DefaultIsZeroes;

/// p
pub(super) const P: Limbs =
    [0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0xffff_fffe_ffff_ffff];
const R: Limbs = limbs::power_of_two_mod(256, &P);
const R2: Limbs = limbs::power_of_two_mod(512, &P);
const R3: Limbs = limbs::power_of_two_mod(768, &P);
const MODULUS: Modulus = Modulus::new(&P);

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

/// The operations that depend on the processor, and what follows from them.
pub(super) trait Field: Copy {
    fn mul(self, a: &FieldElement, b: &FieldElement) -> FieldElement;
    fn square(self, a: &FieldElement) -> FieldElement;
    fn add(self, a: &FieldElement, b: &FieldElement) -> FieldElement;
    fn sub(self, a: &FieldElement, b: &FieldElement) -> FieldElement;

    /// `table[index]`, reading the whole table whatever the index.
    fn lookup(self, table: &[Affine], index: u64) -> Affine;

    #[inline(always)]
    fn double(self, a: &FieldElement) -> FieldElement {
        self.add(a, a)
    }

    #[inline(always)]
    fn negate(self, a: &FieldElement) -> FieldElement {
        self.sub(&FieldElement::ZERO, a)
    }

    /// a / 2: adds p if a is odd, then shifts.
    #[inline(always)]
    fn halve(self, a: &FieldElement) -> FieldElement {
        let [a0, a1, a2, a3] = a.0;
        let odd = limbs::hide(a0 & 1).wrapping_neg();
        let (s, carry) = limbs::add_wide(&[a0, a1, a2, a3], &[odd, P[1] & odd, odd, P[3] & odd]);
        FieldElement([
            s[0] >> 1 | s[1] << 63,
            s[1] >> 1 | s[2] << 63,
            s[2] >> 1 | s[3] << 63,
            s[3] >> 1 | carry << 63,
        ])
    }

    /// 1 / a, or 0 for 0, in constant time.
    fn invert(self, a: &FieldElement) -> FieldElement {
        // (a R)^-1 * R^3 * R^-1 = a^-1 R
        self.mul(&FieldElement(safegcd::invert(&a.0, &MODULUS)), &FieldElement(R3))
    }

    /// The element for an integer; `None` if that is not below p, which is public.
    fn element(self, a: &Limbs) -> Option<FieldElement> {
        (limbs::less_mask(a, &P) != 0).then(|| self.mul(&FieldElement(*a), &FieldElement(R2)))
    }

    /// The integer below p.
    fn to_integer(self, a: &FieldElement) -> Limbs {
        self.mul(a, &FieldElement([1, 0, 0, 0])).0
    }

    fn to_be_bytes(self, a: &FieldElement) -> [u8; 32] {
        limbs::to_be_bytes(&self.to_integer(a))
    }
}

/// 1 / v[i] for all i at the price of one inversion and three multiplications each. No element may be zero.
pub(super) fn invert_all<F: Field, const N: usize>(field: F, v: &[FieldElement; N]) -> [FieldElement; N] {
    let mut out = [FieldElement::ONE; N];
    let mut product = FieldElement::ONE;
    for (o, a) in out.iter_mut().zip(v) {
        *o = product;
        product = field.mul(&product, a);
    }
    let mut inverse = field.invert(&product);
    for (o, a) in out.iter_mut().zip(v).rev() {
        *o = field.mul(o, &inverse);
        inverse = field.mul(&inverse, a);
    }
    out
}

/// The implementation in plain Rust.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Portable;

impl Field for Portable {
    fn mul(self, a: &FieldElement, b: &FieldElement) -> FieldElement {
        let (r, carry) = montgomery_rounds(&limbs::mul_wide(&a.0, &b.0));
        FieldElement(limbs::reduce_once(&r, carry, &P))
    }

    fn square(self, a: &FieldElement) -> FieldElement {
        self.mul(a, a)
    }

    #[inline(always)]
    fn add(self, a: &FieldElement, b: &FieldElement) -> FieldElement {
        FieldElement(limbs::add_mod(&a.0, &b.0, &P))
    }

    #[inline(always)]
    fn sub(self, a: &FieldElement, b: &FieldElement) -> FieldElement {
        FieldElement(limbs::sub_mod(&a.0, &b.0, &P))
    }

    fn lookup(self, table: &[Affine], index: u64) -> Affine {
        let mut out = Affine::default();
        for (entry, i) in table.iter().zip(0..) {
            let mask = limbs::zero_mask(i ^ index);
            for (o, e) in [(&mut out.x, &entry.x), (&mut out.y, &entry.y)] {
                *o = FieldElement::select(mask, e, o);
            }
        }
        out
    }
}

/// t / 2^256 modulo p for t < p * 2^256: below 2p, as limbs and a carry.
///
/// Each round makes the lowest limb zero by adding m * p with m = that limb, since p = -1 mod 2^64:
/// t + m p = t - m + m 2^64 - m 2^96 - m 2^224 + m 2^256: shifts and additions only.
#[inline(always)]
const fn montgomery_rounds(t: &[u64; 8]) -> (Limbs, u64) {
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
