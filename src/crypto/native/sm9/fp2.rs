//! The field of p^2 elements: a + b u with u^2 = -2.
use super::fp::{Field, Fp};
use zeroize::DefaultIsZeroes;

/// re + im u. `==` is for public values.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
#[repr(C)]
pub(super) struct Fp2 {
    pub(super) re: Fp,
    pub(super) im: Fp,
}

impl DefaultIsZeroes for Fp2 {}

impl Fp2 {
    pub(super) const ZERO: Self = Self { re: Fp::ZERO, im: Fp::ZERO };
    pub(super) const ONE: Self = Self { re: Fp::ONE, im: Fp::ZERO };

    #[inline(always)]
    pub(super) fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self { re: Fp::select(mask, &a.re, &b.re), im: Fp::select(mask, &a.im, &b.im) }
    }

    pub(super) fn is_zero_mask(&self) -> u64 {
        self.re.is_zero_mask() & self.im.is_zero_mask()
    }

    #[inline(always)]
    pub(super) fn add<F: Field>(&self, field: F, b: &Self) -> Self {
        Self { re: field.add(&self.re, &b.re), im: field.add(&self.im, &b.im) }
    }

    #[inline(always)]
    pub(super) fn sub<F: Field>(&self, field: F, b: &Self) -> Self {
        Self { re: field.sub(&self.re, &b.re), im: field.sub(&self.im, &b.im) }
    }

    #[inline(always)]
    pub(super) fn double<F: Field>(&self, field: F) -> Self {
        self.add(field, self)
    }

    #[inline(always)]
    pub(super) fn negate<F: Field>(&self, field: F) -> Self {
        Self::ZERO.sub(field, self)
    }

    #[inline(always)]
    pub(super) fn conjugate<F: Field>(&self, field: F) -> Self {
        Self { re: self.re, im: field.negate(&self.im) }
    }

    /// u times it.
    #[inline(always)]
    pub(super) fn mul_u<F: Field>(&self, field: F) -> Self {
        Self { re: field.negate(&field.double(&self.im)), im: self.re }
    }

    pub(super) fn mul<F: Field>(&self, field: F, b: &Self) -> Self {
        let left = [self.re, self.im];
        Self { re: field.dot(&left, &b.real_operands(field)), im: field.dot(&left, &[b.im, b.re]) }
    }

    /// What [re, im] of a factor is multiplied with for the real part of the product.
    #[inline(always)]
    pub(super) fn real_operands<F: Field>(&self, field: F) -> [Fp; 2] {
        [self.re, field.minus(&field.double(&self.im))]
    }

    /// (re + im)(re - 2 im) + re im = re^2 - 2 im^2
    pub(super) fn square<F: Field>(&self, field: F) -> Self {
        let product = field.mul(&self.re, &self.im);
        let sum = field.add(&self.re, &self.im);
        let difference = field.sub(&self.re, &field.double(&self.im));
        Self { re: field.add(&field.mul(&sum, &difference), &product), im: field.double(&product) }
    }

    #[inline(always)]
    pub(super) fn mul_fp<F: Field>(&self, field: F, b: &Fp) -> Self {
        Self { re: field.mul(&self.re, b), im: field.mul(&self.im, b) }
    }

    /// 1 / a, or 0 for 0, in constant time.
    pub(super) fn invert<F: Field>(&self, field: F) -> Self {
        let norm = field.dot(&[self.re, self.im], &[self.re, field.double(&self.im)]);
        let inverse = field.invert(&norm);
        self.conjugate(field).mul_fp(field, &inverse)
    }
}
