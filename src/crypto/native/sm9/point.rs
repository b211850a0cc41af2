//! The points of G1, y^2 = x^3 + 5 modulo p, and of G2, y^2 = x^3 + 5 u over the field of p^2 elements, in homogeneous
//! coordinates (X : Y : Z), x = X/Z, y = Y/Z, with infinity (0 : 1 : 0).
//!
//! The additions are the complete ones of J. Renes, C. Costello and L. Batina (Complete addition formulas for prime order
//! elliptic curves, 2015) for a = 0: right for all points of odd order, whatever they are.
use super::fp::{Field, Fp};
use super::fp2::Fp2;
use super::group::Group;
use super::lattice::{self, Lattice};
use crate::crypto::native::declassify::declassify;
use crate::error::CryptoError;
use zeroize::DefaultIsZeroes;

/// What the two curves' coordinates have in common.
pub(super) trait Coordinate: DefaultIsZeroes + PartialEq {
    const ZERO: Self;
    const ONE: Self;
    const LATTICE: &'static Lattice;

    fn add<F: Field>(&self, field: F, b: &Self) -> Self;
    fn sub<F: Field>(&self, field: F, b: &Self) -> Self;
    fn mul<F: Field>(&self, field: F, b: &Self) -> Self;
    /// a b + c d
    fn mul_add<F: Field>(field: F, a: &Self, b: &Self, c: &Self, d: &Self) -> Self;
    /// 3 b times it, where b is the curve's constant.
    fn triple_b<F: Field>(&self, field: F) -> Self;
    fn invert<F: Field>(&self, field: F) -> Self;
    fn select(mask: u64, a: &Self, b: &Self) -> Self;
    fn endomorphism<F: Field>(field: F, p: &Point<Self>) -> Point<Self>;
    fn is_zero_mask(&self) -> u64;

    fn square<F: Field>(&self, field: F) -> Self {
        self.mul(field, self)
    }
}

/// x, y: never infinity.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Affine<C> {
    pub(super) x: C,
    pub(super) y: C,
}

/// X, Y, Z
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Point<C> {
    pub(super) x: C,
    pub(super) y: C,
    pub(super) z: C,
}

pub(super) type G1 = Point<Fp>;
pub(super) type G2 = Point<Fp2>;

impl<C: Coordinate> DefaultIsZeroes for Affine<C> {}
impl<C: Coordinate> DefaultIsZeroes for Point<C> {}

impl<C: Coordinate> Default for Point<C> {
    fn default() -> Self {
        Self { x: C::ZERO, y: C::ZERO, z: C::ZERO }
    }
}

/// 15 times it.
fn fifteen<C: Coordinate, F: Field>(a: &C, field: F) -> C {
    let two = a.add(field, a);
    let four = two.add(field, &two);
    let eight = four.add(field, &four);
    eight.add(field, &eight).sub(field, a)
}

impl Coordinate for Fp {
    const ZERO: Self = Self::ZERO;
    const ONE: Self = Self::ONE;
    const LATTICE: &'static Lattice = &lattice::G1;

    #[inline(always)]
    fn add<F: Field>(&self, field: F, b: &Self) -> Self {
        field.add(self, b)
    }

    #[inline(always)]
    fn sub<F: Field>(&self, field: F, b: &Self) -> Self {
        field.sub(self, b)
    }

    #[inline(always)]
    fn mul<F: Field>(&self, field: F, b: &Self) -> Self {
        field.mul(self, b)
    }

    #[inline(always)]
    fn mul_add<F: Field>(field: F, a: &Self, b: &Self, c: &Self, d: &Self) -> Self {
        field.dot(&[*a, *c], &[*b, *d])
    }

    fn triple_b<F: Field>(&self, field: F) -> Self {
        fifteen(self, field)
    }

    fn invert<F: Field>(&self, field: F) -> Self {
        field.invert(self)
    }

    #[inline(always)]
    fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self::select(mask, a, b)
    }

    /// (BETA x, y), BETA a cube root of 1.
    fn endomorphism<F: Field>(field: F, p: &Point<Self>) -> Point<Self> {
        Point { x: field.mul(&p.x, &BETA), ..*p }
    }

    fn is_zero_mask(&self) -> u64 {
        self.is_zero_mask()
    }
}

impl Coordinate for Fp2 {
    const ZERO: Self = Self::ZERO;
    const ONE: Self = Self::ONE;
    const LATTICE: &'static Lattice = &lattice::FROBENIUS;

    #[inline(always)]
    fn add<F: Field>(&self, field: F, b: &Self) -> Self {
        self.add(field, b)
    }

    #[inline(always)]
    fn sub<F: Field>(&self, field: F, b: &Self) -> Self {
        self.sub(field, b)
    }

    fn mul<F: Field>(&self, field: F, b: &Self) -> Self {
        self.mul(field, b)
    }

    fn mul_add<F: Field>(field: F, a: &Self, b: &Self, c: &Self, d: &Self) -> Self {
        let [b0, b1] = b.real_operands(field);
        let [d0, d1] = d.real_operands(field);
        let left = [a.re, a.im, c.re, c.im];
        Self { re: field.dot(&left, &[b0, b1, d0, d1]), im: field.dot(&left, &[b.im, b.re, d.im, d.re]) }
    }

    fn triple_b<F: Field>(&self, field: F) -> Self {
        fifteen(self, field).mul_u(field)
    }

    fn invert<F: Field>(&self, field: F) -> Self {
        self.invert(field)
    }

    #[inline(always)]
    fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self::select(mask, a, b)
    }

    /// The Frobenius of the curve modulo p, seen on its twist: (X^p / GAMMA^2, Y^p / GAMMA^3).
    fn endomorphism<F: Field>(field: F, p: &Point<Self>) -> Point<Self> {
        Point {
            x: p.x.conjugate(field).mul_fp(field, &FROBENIUS_X),
            y: p.y.conjugate(field).mul_fp(field, &FROBENIUS_Y),
            z: p.z.conjugate(field),
        }
    }

    fn is_zero_mask(&self) -> u64 {
        self.is_zero_mask()
    }
}

impl<C: Coordinate> Group for Point<C> {
    const IDENTITY: Self = Self { x: C::ZERO, y: C::ONE, z: C::ZERO };
    const LATTICE: &'static Lattice = C::LATTICE;

    /// Algorithm 7, with the sums of two products in one.
    fn add<F: Field>(&self, field: F, q: &Self) -> Self {
        let xx = self.x.mul(field, &q.x);
        let yy = self.y.mul(field, &q.y);
        let zz = self.z.mul(field, &q.z).triple_b(field);
        let xy = C::mul_add(field, &self.x, &q.y, &self.y, &q.x);
        let yz = C::mul_add(field, &self.y, &q.z, &self.z, &q.y);
        let xz = C::mul_add(field, &self.x, &q.z, &self.z, &q.x).triple_b(field);
        let xx = xx.add(field, &xx).add(field, &xx);
        let (sum, difference) = (yy.add(field, &zz), yy.sub(field, &zz));
        let negative = C::ZERO.sub(field, &xz);
        Self {
            x: C::mul_add(field, &xy, &difference, &yz, &negative),
            y: C::mul_add(field, &difference, &sum, &xz, &xx),
            z: C::mul_add(field, &sum, &yz, &xx, &xy),
        }
    }

    /// Algorithm 9.
    fn double<F: Field>(&self, field: F) -> Self {
        let yy = self.y.square(field);
        let zz = self.z.square(field).triple_b(field);
        let yz = self.y.mul(field, &self.z);
        let xy = self.x.mul(field, &self.y);
        let twice = yy.add(field, &yy);
        let four = twice.add(field, &twice);
        let eight = four.add(field, &four);
        let difference = yy.sub(field, &zz.add(field, &zz).add(field, &zz));
        let x = difference.mul(field, &xy);
        Self {
            x: x.add(field, &x),
            y: C::mul_add(field, &difference, &yy.add(field, &zz), &zz, &eight),
            z: yz.mul(field, &eight),
        }
    }

    #[inline(always)]
    fn negate<F: Field>(&self, field: F) -> Self {
        Self { y: C::ZERO.sub(field, &self.y), ..*self }
    }

    fn endomorphism<F: Field>(&self, field: F) -> Self {
        C::endomorphism(field, self)
    }

    #[inline(always)]
    fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self {
            x: C::select(mask, &a.x, &b.x),
            y: C::select(mask, &a.y, &b.y),
            z: C::select(mask, &a.z, &b.z),
        }
    }
}

impl<C: Coordinate> From<Affine<C>> for Point<C> {
    fn from(p: Affine<C>) -> Self {
        Self { x: p.x, y: p.y, z: C::ONE }
    }
}

impl<C: Coordinate> Point<C> {
    /// All ones for infinity, else zero.
    pub(super) fn is_infinity_mask(&self) -> u64 {
        self.z.is_zero_mask()
    }

    /// The affine point; zeros for infinity. Constant time.
    pub(super) fn to_affine<F: Field>(self, field: F) -> Affine<C> {
        let inverse = self.z.invert(field);
        Affine { x: self.x.mul(field, &inverse), y: self.y.mul(field, &inverse) }
    }

    /// All ones if they are equal and not infinity, else zero.
    fn equals_mask<F: Field>(&self, field: F, q: &Self) -> u64 {
        let x = self.x.mul(field, &q.z).sub(field, &q.x.mul(field, &self.z));
        let y = self.y.mul(field, &q.z).sub(field, &q.y.mul(field, &self.z));
        x.is_zero_mask() & y.is_zero_mask() & !self.is_infinity_mask() & !q.is_infinity_mask()
    }
}

/// 04 || X || Y
pub(super) const G1_LEN: usize = 65;
/// 04 || X || Y, each as im || re.
pub(super) const G2_LEN: usize = 129;

impl Affine<Fp> {
    /// From 04 || X || Y, checked: a point of the curve, whose order is N.
    pub(super) fn from_bytes<F: Field>(field: F, bytes: &[u8]) -> Result<Self, CryptoError> {
        let [x, y] = coordinates(field, bytes)?;
        let point = Self { x, y };
        if declassify(point.is_on_curve_mask(field)) != 0 { Ok(point) } else { Err(CryptoError::BadPoint) }
    }

    /// y^2 = x^3 + 5
    fn is_on_curve_mask<F: Field>(&self, field: F) -> u64 {
        let xxx = field.mul(&field.square(&self.x), &self.x);
        field.sub(&field.square(&self.y), &field.add(&xxx, &FIVE)).is_zero_mask()
    }

    pub(super) fn to_bytes<F: Field>(self, field: F) -> [u8; G1_LEN] {
        let mut out = [4; G1_LEN];
        for (chunk, c) in out[1..].chunks_exact_mut(32).zip([&self.x, &self.y]) {
            chunk.copy_from_slice(&field.to_be_bytes(c));
        }
        out
    }
}

impl Affine<Fp2> {
    /// From 04 || X || Y, checked: a point of the curve, and of its subgroup of order N.
    pub(super) fn from_bytes<F: Field>(field: F, bytes: &[u8]) -> Result<Self, CryptoError> {
        let [x1, x0, y1, y0] = coordinates(field, bytes)?;
        let point = Self { x: Fp2 { re: x0, im: x1 }, y: Fp2 { re: y0, im: y1 } };
        let good = point.is_on_curve_mask(field) & point.is_in_subgroup_mask(field);
        if declassify(good) != 0 { Ok(point) } else { Err(CryptoError::BadPoint) }
    }

    /// y^2 = x^3 + 5 u
    fn is_on_curve_mask<F: Field>(&self, field: F) -> u64 {
        let xxx = self.x.square(field).mul(field, &self.x);
        let right = xxx.add(field, &Fp2 { re: Fp::ZERO, im: FIVE });
        self.y.square(field).sub(field, &right).is_zero_mask()
    }

    /// Whether the endomorphism, f, is multiplication by 6 t^2. It satisfies f^2 - (6 t^2 + 1) f + p = 0, so that then
    /// p - 6 t^2 = N times the point is infinity; and on the points of order N it is.
    fn is_in_subgroup_mask<F: Field>(&self, field: F) -> u64 {
        let p = Point::from(*self);
        let tt = times_t(field, &times_t(field, &p));
        let three = tt.double(field).add(field, &tt);
        three.double(field).equals_mask(field, &p.endomorphism(field))
    }

    pub(super) fn to_bytes<F: Field>(self, field: F) -> [u8; G2_LEN] {
        let mut out = [4; G2_LEN];
        let all = [&self.x.im, &self.x.re, &self.y.im, &self.y.re];
        for (chunk, c) in out[1..].chunks_exact_mut(32).zip(all) {
            chunk.copy_from_slice(&field.to_be_bytes(c));
        }
        out
    }
}

/// t times the point.
fn times_t<F: Field>(field: F, p: &G2) -> G2 {
    (0..lattice::T.ilog2()).rev().fold(*p, |sum, bit| {
        let twice = sum.double(field);
        if lattice::T >> bit & 1 == 1 { twice.add(field, p) } else { twice }
    })
}

/// 04 and `COUNT` numbers of 32 bytes below p.
fn coordinates<F: Field, const COUNT: usize>(field: F, bytes: &[u8]) -> Result<[Fp; COUNT], CryptoError> {
    let Some((4, rest)) = bytes.split_first() else { return Err(CryptoError::BadPoint) };
    let (numbers, []) = rest.as_chunks::<32>() else { return Err(CryptoError::BadPoint) };
    let numbers: &[[u8; 32]; COUNT] = numbers.try_into().map_err(|_| CryptoError::BadPoint)?;
    let mut out = [Fp::ZERO; COUNT];
    for (o, n) in out.iter_mut().zip(numbers) {
        *o = field.element(n).ok_or(CryptoError::BadPoint)?;
    }
    Ok(out)
}

const FIVE: Fp = Fp::constant(&[5, 0, 0, 0]);

/// A cube root of 1.
const BETA: Fp = Fp::constant(&[
    0x0f73_8991_676a_f249,
    0xa9f0_2115_caef_75e7,
    0xe303_ab4f_f2eb_2052,
    0xb640_0000_02a3_a6f0,
]);
/// 1 / GAMMA^2 and 1 / GAMMA^3, with GAMMA = (-2)^((p - 1) / 12).
const FROBENIUS_X: Fp = Fp::constant(&[
    0x0f73_8991_676a_f24a,
    0xa9f0_2115_caef_75e7,
    0xe303_ab4f_f2eb_2052,
    0xb640_0000_02a3_a6f0,
]);
const FROBENIUS_Y: Fp = Fp::constant(&[
    0xefbd_7b54_092c_756c,
    0x8255_5233_139e_9d63,
    0xe0a8_debc_0783_182f,
    0x49db_721a_2699_67c4,
]);

/// The base point of G1.
pub(super) const P1: Affine<Fp> = Affine {
    x: Fp::constant(&[
        0xe8c4_e481_7c66_dddd,
        0xe1e4_0869_09dc_3280,
        0xf5ed_0704_487d_01d6,
        0x93de_051d_62bf_718f,
    ]),
    y: Fp::constant(&[
        0x0c46_4cd7_0a3e_a616,
        0x1c1c_00cb_fa60_2435,
        0x6310_6512_5c39_5bbc,
        0x21fe_8dda_4f21_e607,
    ]),
};

/// The base point of G2.
pub(super) const P2: Affine<Fp2> = Affine {
    x: Fp2 {
        re: Fp::constant(&[
            0xf9b7_213b_af82_d65b,
            0xee26_5948_d19c_17ab,
            0xd2aa_b97f_d34e_c120,
            0x3722_7552_9213_0b08,
        ]),
        im: Fp::constant(&[
            0x5480_6c11_d880_6141,
            0xf1dd_2c19_0f5e_93c4,
            0x597b_6027_b441_a01f,
            0x85ae_f3d0_7864_0c98,
        ]),
    },
    y: Fp2 {
        re: Fp::constant(&[
            0x6215_bba5_c999_a7c7,
            0x47ef_ba98_a71a_0811,
            0x5f31_7015_3d27_8ff2,
            0xa7cf_28d5_19be_3da6,
        ]),
        im: Fp::constant(&[
            0x856d_c76b_84eb_eb96,
            0x0736_a96f_a347_c8bd,
            0x66ba_0d26_2cbe_e6ed,
            0x1750_9b09_2e84_5c12,
        ]),
    },
};
