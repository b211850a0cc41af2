//! Arithmetic modulo p.
//!
//! The multiplications come in two implementations with the same results, for [`Portable`] and `Adx`; a value of
//! either type is the permission to use it, passed down from where the processor was asked.
use super::element::{Affine, FieldElement, P, R2, R3, montgomery_rounds};
#[cfg(target_arch = "x86_64")]
use crate::crypto::native::backend::Ifma;
use crate::crypto::native::backend::Portable;
use crate::crypto::native::limbs::{self, Limbs};
use crate::crypto::native::safegcd::{self, Modulus};

const MODULUS: Modulus = Modulus::new(&P);

/// The operations that depend on the processor, and what follows from them.
pub(super) trait Field: Copy {
    fn mul(self, a: &FieldElement, b: &FieldElement) -> FieldElement;
    fn square(self, a: &FieldElement) -> FieldElement;
    fn add(self, a: &FieldElement, b: &FieldElement) -> FieldElement;
    fn sub(self, a: &FieldElement, b: &FieldElement) -> FieldElement;

    /// Whether eight elements at once may be computed on: see `field_ifma`.
    #[cfg(target_arch = "x86_64")]
    fn ifma(self) -> Option<Ifma> {
        None
    }

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
