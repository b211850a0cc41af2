//! Tables of odd multiples of a point.
use super::element::{Affine, FieldElement};
use super::field::Field;
use super::point::Jacobian;
use alloc::{boxed::Box, vec, vec::Vec};

/// Where sums of multiples go by tables, a scalar is cut into 13 parts of 20 bits, with a row for each.
pub(super) const PART: usize = 20;
pub(super) const PARTS: usize = 13;

/// The odd multiples (2j + 1) * Q, j < points, of each of the points Q, at the price of one inversion. Nothing in it is
/// infinity, or equal where an addition would need it to be different, since the factors' sums and differences are not
/// multiples of n.
pub(super) fn rows<F: Field>(
    field: F,
    of: impl IntoIterator<Item = Jacobian>,
    points: usize,
) -> Box<[Affine]> {
    let mut all = Vec::new();
    for q in of {
        let (mut twice, mut last) = q.double_alike(field);
        all.push(last);
        for _ in 1..points {
            (last, twice) = twice.add_alike(field, &last);
            all.push(last);
        }
    }
    let mut out = vec![Affine::default(); all.len()].into_boxed_slice();
    to_affine_all(field, &all, &mut out);
    out
}

/// The points 2^(stride * i) * P, i < count.
pub(super) fn spread<F: Field>(
    field: F,
    p: &Affine,
    count: usize,
    stride: usize,
) -> impl Iterator<Item = Jacobian> {
    let next = move |q: &Jacobian| Some((0..stride).fold(*q, |q, _| q.double(field)));
    core::iter::successors(Some(Jacobian::from(*p)), next).take(count)
}

/// Affine points for a whole table, at the price of one inversion. None may be infinity.
fn to_affine_all<F: Field>(field: F, points: &[Jacobian], out: &mut [Affine]) {
    // out[i].x holds the product of all Z before i until it is replaced.
    let mut product = FieldElement::ONE;
    for (o, p) in out.iter_mut().zip(points) {
        o.x = product;
        product = field.mul(&product, &p.z);
    }
    let mut inverse = field.invert(&product);
    for (o, p) in out.iter_mut().zip(points).rev() {
        let z_inverse = field.mul(&o.x, &inverse);
        inverse = field.mul(&inverse, &p.z);
        *o = p.to_affine_with(field, &z_inverse);
    }
}
