//! The R-ate pairing e of G1 and G2, exactly as the standard has it, and the group GT that it leads to.
use super::fp::Field;
use super::fp12::Fp12;
use super::group::Group;
use super::lattice::{self, Lattice};
use super::lines::{LOOP, Lines, Place};
use zeroize::DefaultIsZeroes;

/// An element of the subgroup of order N of the multiplicative group of the field of p^12 elements, written additively.
#[derive(Clone, Copy, Default)]
#[cfg_attr(test, derive(Debug, PartialEq, Eq))]
pub(super) struct Gt(Fp12);

impl DefaultIsZeroes for Gt {}

impl Gt {
    /// All ones if they are equal, else zero.
    pub(super) fn equals_mask<F: Field>(&self, field: F, b: &Self) -> u64 {
        self.0.equals_mask(field, &b.0)
    }

    /// The standard's encoding, 384 bytes.
    pub(super) fn to_bytes<F: Field>(self, field: F) -> [u8; 384] {
        self.0.to_bytes(field)
    }
}

impl Group for Gt {
    const IDENTITY: Self = Self(Fp12::ONE);
    const LATTICE: &'static Lattice = &lattice::FROBENIUS;

    fn add<F: Field>(&self, field: F, b: &Self) -> Self {
        Self(self.0.mul(field, &b.0))
    }

    fn double<F: Field>(&self, field: F) -> Self {
        Self(self.0.square_cyclotomic(field))
    }

    #[inline(always)]
    fn negate<F: Field>(&self, field: F) -> Self {
        Self(self.0.conjugate(field))
    }

    fn endomorphism<F: Field>(&self, field: F) -> Self {
        Self(self.0.frobenius(field))
    }

    #[inline(always)]
    fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self(Fp12::select(mask, &a.0, &b.0))
    }
}

/// The sum of e(P, Q) for some P, none of them infinity, with the lines of as many Q. Constant time.
pub(super) fn pair<F: Field, const COUNT: usize>(field: F, pairs: [(&Place, &Lines); COUNT]) -> Gt {
    let mut lines = pairs.map(|(place, lines)| lines.iter().map(move |line| line.at(field, place)));
    let mut f = Fp12::ONE;
    let mut step = |f: &mut Fp12| {
        for line in lines.iter_mut().filter_map(Iterator::next) {
            *f = f.mul_sparse(field, &line);
        }
    };
    for digit in LOOP {
        f = f.square(field);
        step(&mut f);
        if digit != 0 {
            step(&mut f);
        }
    }
    step(&mut f);
    step(&mut f);
    final_exponentiation(field, &f)
}

/// To the power (p^12 - 1) / N.
fn final_exponentiation<F: Field>(field: F, f: &Fp12) -> Gt {
    // (p^6 - 1) (p^2 + 1)
    let f = f.conjugate(field).mul(field, &f.invert(field));
    let f = Gt(f.frobenius(field).frobenius(field).mul(field, &f));
    // (p^4 - p^2 + 1) / N = p^3 + (6 t^2 + 1) p^2 - (36 t^3 + 18 t^2 + 12 t - 1) p - (36 t^3 + 30 t^2 + 18 t + 2), by the
    // chain of M. Scott, N. Benger, M. Charlemagne, L. Dominguez Perez and E. Kachisa (On the final exponentiation for
    // calculating pairings on ordinary elliptic curves, 2009).
    let add = |a: &Gt, b: &Gt| a.add(field, b);
    let p = |a: &Gt| a.endomorphism(field);
    let [t1, t2, t3] = {
        let t1 = times_t(field, &f);
        let t2 = times_t(field, &t1);
        [t1, t2, times_t(field, &t2)]
    };
    let y0 = add(&p(&f), &add(&p(&p(&f)), &p(&p(&p(&f)))));
    let y1 = f.negate(field);
    let y2 = p(&p(&t2));
    let y3 = p(&t1).negate(field);
    let y4 = add(&t1, &p(&t2)).negate(field);
    let y5 = t2.negate(field);
    let y6 = add(&t3, &p(&t3)).negate(field);
    // y0 + 2 y1 + 6 y2 + 12 y3 + 18 y4 + 30 y5 + 36 y6
    let a = add(&add(&y6.double(field), &y4), &y5);
    let b = add(&add(&y3, &y5), &a);
    let a = add(&a, &y2);
    let b = add(&b.double(field), &a).double(field);
    let a = add(&b, &y1).double(field);
    add(&a, &add(&b, &y0))
}

/// t times an element of the cyclotomic subgroup, by t's non-adjacent form.
fn times_t<F: Field>(field: F, f: &Gt) -> Gt {
    const DIGITS: [i8; 63] = digits();
    let negative = f.negate(field);
    DIGITS.iter().fold(*f, |sum, digit| {
        let twice = sum.double(field);
        match digit {
            1 => twice.add(field, f),
            -1 => twice.add(field, &negative),
            _ => twice,
        }
    })
}

/// The non-adjacent form of t below its highest digit, 2^63, the highest first.
const fn digits() -> [i8; 63] {
    let mut k = lattice::T;
    let mut out = [0; 63];
    let mut place = 63;
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
