//! Multiples of public points by public scalars, in variable time; complete for all points.
use super::element::{Affine, FieldElement};
use super::field::Field;
#[cfg(target_arch = "x86_64")]
use super::fixed_base;
use super::fixed_base::{ODD_WIDTH, odd_parts};
use super::point::{Extended, Jacobian};
use super::recode::NonAdjacentForm;
use super::scalar::Scalar;
use super::tables::rows;
#[cfg(target_arch = "x86_64")]
use super::variable_base;

/// Of the non-adjacent form for a point without tables: 8 odd multiples.
const WIDTH: usize = 5;

impl Jacobian {
    /// P + Q, whatever they are.
    #[inline(always)]
    pub(super) fn add_affine_vartime<F: Field>(&mut self, field: F, q: &Affine) {
        let sum = self.add_affine(field, q);
        // Z3 = Z1 (x2 Z1^2 - X1): zero if P is infinity or has the same x.
        *self = if !sum.z.is_zero_vartime() {
            sum
        } else if self.z.is_zero_vartime() {
            Self::from(*q)
        } else if field.mul(&q.y, &field.mul(&field.square(&self.z), &self.z)) == self.y {
            self.double(field)
        } else {
            Self::INFINITY
        };
    }

    #[inline(always)]
    fn add_table_vartime<F: Field>(&mut self, field: F, table: &[Affine], digit: Option<(bool, usize)>) {
        if let Some((negative, i)) = digit
            && let Some(q) = table.get(i)
        {
            self.add_affine_vartime(field, &q.negate_if(field, u64::from(negative).wrapping_neg()));
        }
    }
}

impl Extended {
    pub(super) const INFINITY: Self =
        Self { x: FieldElement::ONE, y: FieldElement::ONE, zz: FieldElement::ZERO, zzz: FieldElement::ZERO };

    /// Adds or subtracts the entry of the table, if there is a digit, whatever the points are.
    #[inline(always)]
    pub(super) fn add_multiple_vartime<F: Field>(
        &mut self,
        field: F,
        table: &[Affine],
        digit: Option<(bool, usize)>,
    ) {
        if let Some((negative, i)) = digit
            && let Some(q) = table.get(i)
        {
            self.add_affine_vartime(field, &q.negate_if(field, u64::from(negative).wrapping_neg()));
        }
    }

    /// P + Q, whatever they are.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn add_vartime<F: Field>(&self, field: F, q: &Self) -> Self {
        let sum = self.add(field, q);
        // ZZ3 = ZZ1 ZZ2 (X1 ZZ2 - X2 ZZ1)^2
        if !sum.zz.is_zero_vartime() {
            sum
        } else if self.zz.is_zero_vartime() {
            *q
        } else if q.zz.is_zero_vartime() {
            *self
        } else if field.mul(&q.y, &self.zzz) == field.mul(&self.y, &q.zzz) {
            self.double(field)
        } else {
            Self::INFINITY
        }
    }

    fn add_affine_vartime<F: Field>(&mut self, field: F, q: &Affine) {
        let sum = self.add_affine(field, q);
        *self = if !sum.zz.is_zero_vartime() {
            sum
        } else if self.zz.is_zero_vartime() {
            Self::from(*q)
        } else if field.mul(&q.y, &self.zzz) == self.y {
            self.double(field)
        } else {
            Self::INFINITY
        };
    }
}

/// s * G + t * P. Both are public.
pub(super) fn multiply_add_base<F: Field>(field: F, s: &Scalar, t: &Scalar, p: &Affine) -> Extended {
    #[cfg(target_arch = "x86_64")]
    if field.ifma().is_some() {
        let multiple = variable_base::multiply(field, t, p).extended(field);
        return fixed_base::multiply(field, s).add_vartime(field, &multiple);
    }
    let (s, t) = (NonAdjacentForm::new(&s.0, ODD_WIDTH), NonAdjacentForm::new(&t.0, WIDTH));
    let table = rows(field, [Jacobian::from(*p)], 1 << (WIDTH - 2));
    let base = odd_parts().next().unwrap_or_default();
    let mut sum = Jacobian::INFINITY;
    for i in (0..s.len().max(t.len())).rev() {
        sum = sum.double(field);
        sum.add_table_vartime(field, base, s.at(i));
        sum.add_table_vartime(field, &table, t.at(i));
    }
    sum.extended(field)
}
