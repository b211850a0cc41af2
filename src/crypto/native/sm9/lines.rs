//! The lines of the Miller loop of a point of G2, all made beforehand: each point that is paired here, a master key or a
//! user's, comes again and again. Affine, so that the value at a point of G1 costs four multiplications.
use super::fp::{Field, Fp};
use super::fp2::Fp2;
use super::fp12::Sparse;
use super::group::Group;
use super::point::{Affine, G1, G2, Point};
use alloc::{boxed::Box, vec, vec::Vec};
use zeroize::{DefaultIsZeroes, Zeroizing};

/// The loop's 6 t + 2 in non-adjacent form below its highest digit, the highest first.
pub(super) const LOOP: [i8; 65] = digits();
/// With the two lines of the R-ate pairing at the end.
const COUNT: usize = count();

const fn digits() -> [i8; 65] {
    let mut k = 6 * super::lattice::T as u128 + 2;
    let mut out = [0; 65];
    let mut place = 65;
    while place > 0 {
        place -= 1;
        if k & 1 == 1 {
            out[place] = 2 - (k & 3) as i8;
            k = if out[place] == 1 { k - 1 } else { k + 1 };
        }
        k >>= 1;
    }
    out
}

const fn count() -> usize {
    let (mut n, mut i) = (LOOP.len() + 2, 0);
    while i < LOOP.len() {
        n += (LOOP[i] != 0) as usize;
        i += 1;
    }
    n
}

/// The line y = slope x - intercept, on the twist.
#[derive(Clone, Copy, Default)]
pub(super) struct Line {
    slope: Fp2,
    intercept: Fp2,
}

impl DefaultIsZeroes for Line {}

/// A point of G1 as lines are evaluated there: -x/y and 1/y. No point of the curve has y = 0, since N is odd.
#[derive(Clone, Copy)]
pub(super) struct Place {
    minus_x: Fp,
    one: Fp,
}

impl Place {
    /// For any point but infinity.
    pub(super) fn new<F: Field>(field: F, p: &G1) -> Self {
        let inverse = field.invert(&p.y);
        Self { minus_x: field.negate(&field.mul(&p.x, &inverse)), one: field.mul(&p.z, &inverse) }
    }
}

impl Line {
    /// On the curve itself the line is slope / w, its points (x / w^2, y / w^3): w^3 times its value at P, over y:
    /// w^3 - slope (x / y) w^2 + intercept / y.
    #[inline(always)]
    pub(super) fn at<F: Field>(&self, field: F, place: &Place) -> Sparse {
        Sparse { c0: self.intercept.mul_fp(field, &place.one), c2: self.slope.mul_fp(field, &place.minus_x) }
    }
}

/// The lines of one point, in the order of the loop: for each digit the tangent, then the chord if it is not 0; at the
/// end the two chords of the R-ate pairing.
pub(super) struct Lines(Zeroizing<Box<[Line]>>);

/// Where the loop is, and the other point of a chord; the tangent without.
type Step = (G2, Option<Affine<Fp2>>);

impl Lines {
    /// Constant time. As the point has the order N, which is greater than every multiple on the way, no step meets
    /// infinity or equal points.
    pub(super) fn new<F: Field>(field: F, q: &Affine<Fp2>) -> Self {
        let steps = Zeroizing::new(steps(field, q));
        let inverses = Zeroizing::new(invert_all(field, steps.iter().map(|(p, _)| p.z)));
        let points: Vec<Affine<Fp2>> = (steps.iter().zip(inverses.iter()))
            .map(|((p, _), z)| Affine { x: p.x.mul(field, z), y: p.y.mul(field, z) })
            .collect();
        let points = Zeroizing::new(points);
        let others = steps.iter().map(|(_, other)| other);
        let run = |(p, other): (&Affine<Fp2>, &Option<Affine<Fp2>>)| match other {
            Some(q) => p.x.sub(field, &q.x),
            None => p.y.double(field),
        };
        let runs = Zeroizing::new(invert_all(field, points.iter().zip(others.clone()).map(run)));
        let mut lines = Zeroizing::new(vec![Line::default(); COUNT].into_boxed_slice());
        for (line, ((p, other), run)) in lines.iter_mut().zip(points.iter().zip(others).zip(runs.iter())) {
            let rise = match other {
                Some(q) => p.y.sub(field, &q.y),
                None => {
                    let xx = p.x.square(field);
                    xx.double(field).add(field, &xx)
                }
            };
            let slope = rise.mul(field, run);
            *line = Line { slope, intercept: slope.mul(field, &p.x).sub(field, &p.y) };
        }
        Self(lines)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Line> {
        self.0.iter()
    }
}

fn steps<F: Field>(field: F, q: &Affine<Fp2>) -> Vec<Step> {
    let mut out = Vec::with_capacity(COUNT);
    let negative = Affine { x: q.x, y: q.y.negate(field) };
    let mut sum = Point::from(*q);
    for digit in LOOP {
        out.push((sum, None));
        sum = sum.double(field);
        if digit != 0 {
            let other = if digit == 1 { *q } else { negative };
            out.push((sum, Some(other)));
            sum = sum.add(field, &other.into());
        }
    }
    let once = Point::from(*q).endomorphism(field);
    let twice = once.endomorphism(field).negate(field);
    out.push((sum, Some(Affine { x: once.x, y: once.y })));
    out.push((sum.add(field, &once), Some(Affine { x: twice.x, y: twice.y })));
    out
}

/// 1 / v for all v, none of which may be zero, at the price of one inversion.
fn invert_all<F: Field>(field: F, values: impl Iterator<Item = Fp2> + Clone) -> Vec<Fp2> {
    let mut product = Fp2::ONE;
    let mut out = Vec::with_capacity(COUNT);
    for v in values.clone() {
        out.push(product);
        product = product.mul(field, &v);
    }
    let mut inverse = product.invert(field);
    let all: Zeroizing<Vec<Fp2>> = Zeroizing::new(values.collect());
    for (o, v) in out.iter_mut().zip(all.iter()).rev() {
        *o = o.mul(field, &inverse);
        inverse = inverse.mul(field, v);
    }
    out
}
