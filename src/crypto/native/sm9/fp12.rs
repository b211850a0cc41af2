//! The field of p^12 elements, as polynomials in w over the field of p^2, with w^6 = u.
//!
//! The standard's tower is the same in another order: v = w^3 is its square root of u, and w its cube root of v.
use super::fp::{Field, Fp, Rows};
use super::fp2::Fp2;
use zeroize::DefaultIsZeroes;

/// c[0] + c[1] w + … + c[5] w^5. `==` is for public values.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Fp12(pub(super) [Fp2; 6]);

impl DefaultIsZeroes for Fp12 {}

/// What a line's value at a point is, up to a factor that the final exponentiation takes to 1: c0 + c2 w^2 + w^3.
#[derive(Clone, Copy)]
pub(super) struct Sparse {
    pub(super) c0: Fp2,
    pub(super) c2: Fp2,
}

/// w^p = GAMMA w: (-2)^((p - 1) / 12)
const GAMMA: Fp = Fp::constant(&[
    0xa91d_8354_377b_698b,
    0x47c5_c86e_0ddd_04ed,
    0x843c_6cfa_9c08_6749,
    0x3f23_ea58_e572_0bdb,
]);

/// In the order of the standard's encoding.
const ENCODED: [usize; 6] = [5, 2, 4, 1, 3, 0];

impl Fp12 {
    pub(super) const ONE: Self = Self([Fp2::ONE, Fp2::ZERO, Fp2::ZERO, Fp2::ZERO, Fp2::ZERO, Fp2::ZERO]);

    #[inline(always)]
    pub(super) fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self(core::array::from_fn(|i| Fp2::select(mask, &a.0[i], &b.0[i])))
    }

    /// All ones if they are equal, else zero.
    pub(super) fn equals_mask<F: Field>(&self, field: F, b: &Self) -> u64 {
        self.0.iter().zip(&b.0).fold(u64::MAX, |mask, (x, y)| mask & x.sub(field, y).is_zero_mask())
    }

    /// re and im of each coefficient in turn.
    #[inline(always)]
    fn parts(&self) -> [Fp; 12] {
        core::array::from_fn(|i| if i % 2 == 0 { self.0[i / 2].re } else { self.0[i / 2].im })
    }

    pub(super) fn mul<F: Field>(&self, field: F, b: &Self) -> Self {
        Self::of_parts(&field.convolve(&self.parts(), &[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5], &b.rows(field)))
    }

    fn of_parts(parts: &[[Fp; 2]; 6]) -> Self {
        Self(parts.map(|[re, im]| Fp2 { re, im }))
    }

    fn rows<F: Field>(&self, field: F) -> Rows {
        let mut rows = Rows { real: [Fp::ZERO; 11], imaginary: [Fp::ZERO; 11], minus: [Fp::ZERO; 11] };
        for place in 0..11 {
            let c = if place < 6 { self.0[5 - place] } else { self.0[11 - place].mul_u(field) };
            [rows.real[place], rows.minus[place]] = c.real_operands(field);
            rows.imaginary[place] = c.im;
        }
        rows
    }

    pub(super) fn square<F: Field>(&self, field: F) -> Self {
        if field.convolves_fast() {
            return self.mul(field, self);
        }
        let a = &self.0;
        let twice: [Fp2; 6] = core::array::from_fn(|i| a[i].double(field));
        let u = |c: &Fp2| c.mul_u(field);
        // w^6 = u: products of w^i and w^j with i + j = k and i + j = k + 6.
        let odd = |x: [(&Fp2, Fp2); 3]| sum3(field, &x);
        let even = |x: [(&Fp2, Fp2); 4]| sum4(field, &x);
        Self([
            even([(&a[0], a[0]), (&a[1], u(&twice[5])), (&a[2], u(&twice[4])), (&a[3], u(&a[3]))]),
            odd([(&a[0], twice[1]), (&a[2], u(&twice[5])), (&a[3], u(&twice[4]))]),
            even([(&a[0], twice[2]), (&a[1], a[1]), (&a[3], u(&twice[5])), (&a[4], u(&a[4]))]),
            odd([(&a[0], twice[3]), (&a[1], twice[2]), (&a[4], u(&twice[5]))]),
            even([(&a[0], twice[4]), (&a[1], twice[3]), (&a[2], a[2]), (&a[5], u(&a[5]))]),
            odd([(&a[0], twice[5]), (&a[1], twice[4]), (&a[2], twice[3])]),
        ])
    }

    /// For elements of the cyclotomic subgroup (R. Granger, M. Scott, Faster squaring in the cyclotomic subgroup of sixth
    /// degree extensions, 2010): with a = A0 + A1 w + A2 w^2, Ai = a[i] + a[i+3] v, the square is
    /// (3 A0^2 - 2 A0') + (3 v A2^2 + 2 A1') w + (3 A1^2 - 2 A2') w^2, where (x + y v)' = x - y v.
    pub(super) fn square_cyclotomic<F: Field>(&self, field: F) -> Self {
        if field.convolves_fast() {
            return self.mul(field, self);
        }
        let a = &self.0;
        let (x0, y0) = square_pair(field, &a[0], &a[3]);
        let (x1, y1) = square_pair(field, &a[1], &a[4]);
        let (x2, y2) = square_pair(field, &a[2], &a[5]);
        // 3 s - 2 a and 3 s + 2 a
        let minus = |s: &Fp2, a: &Fp2| s.sub(field, a).double(field).add(field, s);
        let plus = |s: &Fp2, a: &Fp2| s.add(field, a).double(field).add(field, s);
        Self([
            minus(&x0, &a[0]),
            plus(&y2.mul_u(field), &a[1]),
            minus(&x1, &a[2]),
            plus(&y0, &a[3]),
            minus(&x2, &a[4]),
            plus(&y1, &a[5]),
        ])
    }

    pub(super) fn mul_sparse<F: Field>(&self, field: F, line: &Sparse) -> Self {
        let left = [line.c0.re, line.c0.im, line.c2.re, line.c2.im];
        let product = Self::of_parts(&field.convolve(&left, &[0, 0, 2, 2], &self.rows(field)));
        // w^3 times the rest
        Self(core::array::from_fn(|k| {
            let other = if k < 3 { self.0[k + 3].mul_u(field) } else { self.0[k - 3] };
            product.0[k].add(field, &other)
        }))
    }

    /// To the power p^6; the inverse, for elements of the cyclotomic subgroup.
    #[inline(always)]
    pub(super) fn conjugate<F: Field>(&self, field: F) -> Self {
        Self(core::array::from_fn(|i| if i % 2 == 0 { self.0[i] } else { self.0[i].negate(field) }))
    }

    /// To the power p.
    pub(super) fn frobenius<F: Field>(&self, field: F) -> Self {
        let mut power = Fp::ONE;
        Self(core::array::from_fn(|i| {
            if i > 0 {
                power = field.mul(&power, &GAMMA);
            }
            self.0[i].conjugate(field).mul_fp(field, &power)
        }))
    }

    /// 1 / a, or 0 for 0, in constant time.
    pub(super) fn invert<F: Field>(&self, field: F) -> Self {
        // a times its conjugate has even powers only: n0 + n1 y + n2 y^2 with y = w^2, y^3 = u.
        let conjugate = self.conjugate(field);
        let norm = self.mul(field, &conjugate);
        let [n0, n1, n2] = [&norm.0[0], &norm.0[2], &norm.0[4]];
        let product = |x: &Fp2, y: &Fp2| x.mul(field, y);
        let a = n0.square(field).sub(field, &product(n1, n2).mul_u(field));
        let b = n2.square(field).mul_u(field).sub(field, &product(n0, n1));
        let c = n1.square(field).sub(field, &product(n0, n2));
        let rest = product(n2, &b).add(field, &product(n1, &c)).mul_u(field);
        let inverse = product(n0, &a).add(field, &rest).invert(field);
        let [a, b, c] = [a, b, c].map(|x| product(&x, &inverse));
        conjugate.mul(field, &Self([a, Fp2::ZERO, b, Fp2::ZERO, c, Fp2::ZERO]))
    }

    /// 384 bytes, the highest coefficient first, as the standard writes it.
    pub(super) fn to_bytes<F: Field>(self, field: F) -> [u8; 384] {
        let mut out = [0; 384];
        for (chunk, i) in out.as_chunks_mut::<64>().0.iter_mut().zip(ENCODED) {
            let (im, re) = chunk.split_at_mut(32);
            im.copy_from_slice(&field.to_be_bytes(&self.0[i].im));
            re.copy_from_slice(&field.to_be_bytes(&self.0[i].re));
        }
        out
    }
}

/// (x + y v)^2 = (x^2 + u y^2) + 2 x y v
#[inline(always)]
fn square_pair<F: Field>(field: F, x: &Fp2, y: &Fp2) -> (Fp2, Fp2) {
    let [twice_x, twice_y] = [x, y].map(|c| c.double(field));
    // u y^2 = -4 re im + (re^2 - 2 im^2) u
    let [_, minus_x] = x.real_operands(field);
    let [_, minus_y] = y.real_operands(field);
    let square = Fp2 {
        re: field.dot(&[x.re, x.im, twice_y.re], &[x.re, minus_x, minus_y]),
        im: field.dot(&[twice_x.re, y.re, y.im], &[x.im, y.re, minus_y]),
    };
    (square, x.mul(field, &twice_y))
}

/// The sum of three products.
#[inline(always)]
fn sum3<F: Field>(field: F, x: &[(&Fp2, Fp2); 3]) -> Fp2 {
    let [r0, r1, r2] = [0, 1, 2].map(|i| x[i].1.real_operands(field));
    let left = [x[0].0.re, x[0].0.im, x[1].0.re, x[1].0.im, x[2].0.re, x[2].0.im];
    Fp2 {
        re: field.dot(&left, &[r0[0], r0[1], r1[0], r1[1], r2[0], r2[1]]),
        im: field.dot(&left, &[x[0].1.im, x[0].1.re, x[1].1.im, x[1].1.re, x[2].1.im, x[2].1.re]),
    }
}

/// The sum of four products.
#[inline(always)]
fn sum4<F: Field>(field: F, x: &[(&Fp2, Fp2); 4]) -> Fp2 {
    let [r0, r1, r2, r3] = [0, 1, 2, 3].map(|i| x[i].1.real_operands(field));
    let [i0, i1, i2, i3] = [0, 1, 2, 3].map(|i| [x[i].1.im, x[i].1.re]);
    let left = [x[0].0.re, x[0].0.im, x[1].0.re, x[1].0.im, x[2].0.re, x[2].0.im, x[3].0.re, x[3].0.im];
    Fp2 {
        re: field.dot(&left, &[r0[0], r0[1], r1[0], r1[1], r2[0], r2[1], r3[0], r3[1]]),
        im: field.dot(&left, &[i0[0], i0[1], i1[0], i1[1], i2[0], i2[1], i3[0], i3[1]]),
    }
}
