//! Points of the curve y^2 = x^3 - 3x + b, in three systems of coordinates.
//!
//! [`Affine`] (x, y) is never infinity. [`Jacobian`] (X, Y, Z), x = X/Z^2, y = Y/Z^3, has the fastest doubling.
//! [`Extended`] (X, Y, ZZ, ZZZ), x = X/ZZ, y = Y/ZZZ, ZZ^3 = ZZZ^2, has the fastest addition of an affine point.
//! The last two are infinity where Z (ZZ) is zero.
//!
//! The additions here are incomplete: they are right unless both points are equal or one is infinity (opposite points
//! rightly give infinity). Each caller either proves that it adds no such points or handles them.
use super::element::{Affine, FieldElement};
use super::field::Field;
use super::recode::Digit;
use crate::crypto::native::limbs;
use crate::error::CryptoError;
use zeroize::{DefaultIsZeroes, Zeroizing};

const B: FieldElement = FieldElement::constant(&[
    0xddbc_bd41_4d94_0e93,
    0xf397_89f5_15ab_8f92,
    0x4d5a_9e4b_cf65_09a7,
    0x28e9_fa9e_9d9f_5e34,
]);

/// The base point.
pub(super) const GENERATOR: Affine = Affine {
    x: FieldElement::constant(&[
        0x715a_4589_334c_74c7,
        0x8fe3_0bbf_f266_0be1,
        0x5f99_0446_6a39_c994,
        0x32c4_ae2c_1f19_8119,
    ]),
    y: FieldElement::constant(&[
        0x02df_32e5_2139_f0a0,
        0xd0a9_877c_c62a_4740,
        0x59bd_cee3_6b69_2153,
        0xbc37_36a2_f4f6_779c,
    ]),
};

/// X, Y, Z
#[derive(Clone, Copy, Default)]
pub(super) struct Jacobian {
    pub(super) x: FieldElement,
    pub(super) y: FieldElement,
    pub(super) z: FieldElement,
}

/// X, Y, ZZ, ZZZ
#[derive(Clone, Copy, Default)]
pub(super) struct Extended {
    pub(super) x: FieldElement,
    pub(super) y: FieldElement,
    pub(super) zz: FieldElement,
    pub(super) zzz: FieldElement,
}

impl DefaultIsZeroes for Jacobian {}
impl DefaultIsZeroes for Extended {}

impl Affine {
    /// From 04 || X || Y, checked: 65 bytes, coordinates below p, on the curve (R-SM2-6).
    pub(super) fn from_bytes<F: Field>(field: F, bytes: &[u8]) -> Result<Self, CryptoError> {
        match bytes.split_first() {
            Some((4, coordinates)) => match coordinates.as_chunks::<32>() {
                ([x, y], []) => Self::from_coordinates(field, x, y),
                _ => Err(CryptoError::BadPoint),
            },
            _ => Err(CryptoError::BadPoint),
        }
    }

    /// From two coordinates, big-endian, checked.
    pub(super) fn from_coordinates<F: Field>(
        field: F,
        x: &[u8; 32],
        y: &[u8; 32],
    ) -> Result<Self, CryptoError> {
        let coordinate = |b| field.element(&limbs::from_be_bytes(b)).ok_or(CryptoError::BadPoint);
        let point = Self { x: coordinate(x)?, y: coordinate(y)? };
        if point.is_on_curve(field) { Ok(point) } else { Err(CryptoError::BadPoint) }
    }

    fn is_on_curve<F: Field>(&self, field: F) -> bool {
        let three = field.add(&field.double(&FieldElement::ONE), &FieldElement::ONE);
        let x2_minus_3 = field.sub(&field.square(&self.x), &three);
        field.square(&self.y) == field.add(&field.mul(&x2_minus_3, &self.x), &B)
    }

    /// X || Y
    pub(super) fn to_coordinates<F: Field>(self, field: F) -> [u8; 64] {
        let mut out = [0; 64];
        let (x, y) = out.split_at_mut(32);
        x.copy_from_slice(&field.to_be_bytes(&self.x));
        y.copy_from_slice(&field.to_be_bytes(&self.y));
        out
    }

    /// 04 || X || Y
    pub(super) fn to_bytes<F: Field>(self, field: F) -> [u8; 65] {
        let mut out = [4; 65];
        out[1..].copy_from_slice(&self.to_coordinates(field));
        out
    }

    /// The digit times the point whose odd multiples are in `row`. Constant time.
    #[inline(always)]
    pub(super) fn pick<F: Field>(field: F, row: &[Self], digit: Digit) -> Zeroizing<Self> {
        Zeroizing::new(field.lookup(row, digit.index).negate_if(field, digit.negative))
    }

    /// -P where `mask` is all ones, P where it is zero.
    #[inline(always)]
    pub(super) fn negate_if<F: Field>(&self, field: F, mask: u64) -> Self {
        Self { x: self.x, y: FieldElement::select(mask, &field.negate(&self.y), &self.y) }
    }
}

impl Jacobian {
    pub(super) const INFINITY: Self =
        Self { x: FieldElement::ONE, y: FieldElement::ONE, z: FieldElement::ZERO };

    /// 2P, also for infinity: 4M + 4S.
    #[inline(never)]
    pub(super) fn double<F: Field>(&self, field: F) -> Self {
        // With Z3 = Y Z rather than 2 Y Z: alpha = 3/2 (X - ZZ)(X + ZZ), beta = X Y^2.
        let zz = field.square(&self.z);
        let t = field.mul(&field.sub(&self.x, &zz), &field.add(&self.x, &zz));
        let yy = field.square(&self.y);
        let alpha = field.add(&t, &field.halve(&t));
        let z = field.mul(&self.y, &self.z);
        let beta = field.mul(&self.x, &yy);
        let aa = field.square(&alpha);
        let yyyy = field.square(&yy);
        let x = field.sub(&aa, &field.double(&beta));
        let y = field.sub(&field.mul(&alpha, &field.sub(&beta, &x)), &yyyy);
        Self { x, y, z }
    }

    /// P + Q, incomplete: 8M + 3S. Neighbouring multiplications do not wait for each other.
    #[inline(never)]
    pub(super) fn add_affine<F: Field>(&self, field: F, q: &Affine) -> Self {
        let zz = field.square(&self.z);
        let zzz = field.mul(&zz, &self.z);
        let u = field.mul(&q.x, &zz);
        let s = field.mul(&q.y, &zzz);
        let h = field.sub(&u, &self.x);
        let hh = field.square(&h);
        let z = field.mul(&self.z, &h);
        let r = field.sub(&s, &self.y);
        let hhh = field.mul(&hh, &h);
        let v = field.mul(&self.x, &hh);
        let rr = field.square(&r);
        let yh = field.mul(&self.y, &hhh);
        let x = field.sub(&field.sub(&rr, &hhh), &field.double(&v));
        let y = field.sub(&field.mul(&r, &field.sub(&v, &x)), &yh);
        Self { x, y, z }
    }

    /// P + Q, whatever they are, in constant time: 10M + 3S.
    ///
    /// With the slope r / (h Z) of the line, X3 = r^2 - h^2 (X1 + U2) and Y3 = r (h^2 X1 - X3) - h^3 Y1, where U2 is x2 in
    /// P's Z. Where both points are one, r = 3 (X1 - ZZ)(X1 + ZZ) and h = 2 Y1 give the tangent.
    #[inline(never)]
    pub(super) fn add_affine_complete<F: Field>(&self, field: F, q: &Affine) -> Self {
        let zz = field.square(&self.z);
        let zzz = field.mul(&zz, &self.z);
        let u = field.mul(&q.x, &zz);
        let s = field.mul(&q.y, &zzz);
        let t = field.mul(&field.sub(&self.x, &zz), &field.add(&self.x, &zz));
        let (h, r) = (field.sub(&u, &self.x), field.sub(&s, &self.y));
        let equal = h.is_zero_mask() & r.is_zero_mask();
        let h = FieldElement::select(equal, &field.double(&self.y), &h);
        let r = FieldElement::select(equal, &field.add(&field.double(&t), &t), &r);
        let hh = field.square(&h);
        let rr = field.square(&r);
        let z = field.mul(&self.z, &h);
        let hhh = field.mul(&hh, &h);
        let v = field.mul(&self.x, &hh);
        let w = field.mul(&u, &hh);
        let yh = field.mul(&self.y, &hhh);
        let x = field.sub(&field.sub(&rr, &v), &w);
        let y = field.sub(&field.mul(&r, &field.sub(&v, &x)), &yh);
        Self::select(self.z.is_zero_mask(), &Self::from(*q), &Self { x, y, z })
    }

    #[inline(always)]
    pub(super) fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self {
            x: FieldElement::select(mask, &a.x, &b.x),
            y: FieldElement::select(mask, &a.y, &b.y),
            z: FieldElement::select(mask, &a.z, &b.z),
        }
    }

    /// 2P, and P with the same Z: 5M + 6S.
    pub(super) fn double_alike<F: Field>(&self, field: F) -> (Self, Self) {
        let twice = self.double(field);
        // `double` makes its Z by the factor Y.
        let yy = field.square(&self.y);
        (twice, Self { x: field.mul(&self.x, &yy), y: field.square(&yy), z: twice.z })
    }

    /// P + Q and again P, all with the same Z, as P and Q have; incomplete: 5M + 2S.
    pub(super) fn add_alike<F: Field>(&self, field: F, q: &Self) -> (Self, Self) {
        let h = field.sub(&self.x, &q.x);
        let hh = field.square(&h);
        let r = field.sub(&self.y, &q.y);
        let z = field.mul(&self.z, &h);
        let x1 = field.mul(&self.x, &hh);
        let x2 = field.mul(&q.x, &hh);
        let rr = field.square(&r);
        let y1 = field.mul(&self.y, &field.sub(&x1, &x2));
        let x = field.sub(&field.sub(&rr, &x1), &x2);
        let y = field.sub(&field.mul(&r, &field.sub(&x1, &x)), &y1);
        (Self { x, y, z }, Self { x: x1, y: y1, z })
    }

    /// The affine point, given 1/Z.
    pub(super) fn to_affine_with<F: Field>(self, field: F, z_inverse: &FieldElement) -> Affine {
        let zz = field.square(z_inverse);
        let zzz = field.mul(&zz, z_inverse);
        Affine { x: field.mul(&self.x, &zz), y: field.mul(&self.y, &zzz) }
    }

    /// The affine point; zeros for infinity. Constant time.
    pub(super) fn to_affine<F: Field>(self, field: F) -> Affine {
        self.to_affine_with(field, &field.invert(&self.z))
    }

    pub(super) fn extended<F: Field>(self, field: F) -> Extended {
        let zz = field.square(&self.z);
        Extended { x: self.x, y: self.y, zz, zzz: field.mul(&zz, &self.z) }
    }
}

impl From<Affine> for Jacobian {
    fn from(p: Affine) -> Self {
        Self { x: p.x, y: p.y, z: FieldElement::ONE }
    }
}

impl Extended {
    /// 2P, also for infinity: 7M + 2S.
    #[inline(never)]
    pub(super) fn double<F: Field>(&self, field: F) -> Self {
        let u = field.double(&self.y);
        let v = field.square(&u);
        let t = field.mul(&field.sub(&self.x, &self.zz), &field.add(&self.x, &self.zz));
        let w = field.mul(&u, &v);
        let s = field.mul(&self.x, &v);
        let zz = field.mul(&v, &self.zz);
        let m = field.add(&field.double(&t), &t);
        let mm = field.square(&m);
        let zzz = field.mul(&w, &self.zzz);
        let wy = field.mul(&w, &self.y);
        let x = field.sub(&mm, &field.double(&s));
        let y = field.sub(&field.mul(&m, &field.sub(&s, &x)), &wy);
        Self { x, y, zz, zzz }
    }

    /// P + Q, incomplete: 8M + 2S.
    #[inline(always)]
    pub(super) fn add_affine<F: Field>(&self, field: F, q: &Affine) -> Self {
        let u = field.mul(&q.x, &self.zz);
        let s = field.mul(&q.y, &self.zzz);
        let h = field.sub(&u, &self.x);
        let r = field.sub(&s, &self.y);
        let hh = field.square(&h);
        let rr = field.square(&r);
        let hhh = field.mul(&hh, &h);
        let v = field.mul(&self.x, &hh);
        let zz = field.mul(&self.zz, &hh);
        let x = field.sub(&field.sub(&rr, &hhh), &field.double(&v));
        let yh = field.mul(&self.y, &hhh);
        let zzz = field.mul(&self.zzz, &hhh);
        let y = field.sub(&field.mul(&r, &field.sub(&v, &x)), &yh);
        Self { x, y, zz, zzz }
    }

    /// P + Q, incomplete: 12M + 2S.
    #[cfg(target_arch = "x86_64")]
    #[inline(never)]
    pub(super) fn add<F: Field>(&self, field: F, q: &Self) -> Self {
        let (u, s) = (field.mul(&self.x, &q.zz), field.mul(&self.y, &q.zzz));
        let h = field.sub(&field.mul(&q.x, &self.zz), &u);
        let r = field.sub(&field.mul(&q.y, &self.zzz), &s);
        let hh = field.square(&h);
        let rr = field.square(&r);
        let hhh = field.mul(&hh, &h);
        let v = field.mul(&u, &hh);
        let zz = field.mul(&field.mul(&self.zz, &q.zz), &hh);
        let zzz = field.mul(&field.mul(&self.zzz, &q.zzz), &hhh);
        let x = field.sub(&field.sub(&rr, &hhh), &field.double(&v));
        let y = field.sub(&field.mul(&r, &field.sub(&v, &x)), &field.mul(&s, &hhh));
        Self { x, y, zz, zzz }
    }

    /// The affine point, given 1/ZZZ.
    pub(super) fn to_affine_with<F: Field>(self, field: F, zzz_inverse: &FieldElement) -> Affine {
        let z_inverse = field.mul(&self.zz, zzz_inverse);
        Affine { x: field.mul(&self.x, &field.square(&z_inverse)), y: field.mul(&self.y, zzz_inverse) }
    }

    /// The affine point; zeros for infinity. Constant time.
    pub(super) fn to_affine<F: Field>(self, field: F) -> Affine {
        self.to_affine_with(field, &field.invert(&self.zzz))
    }
}

impl From<Affine> for Extended {
    fn from(p: Affine) -> Self {
        Self { x: p.x, y: p.y, zz: FieldElement::ONE, zzz: FieldElement::ONE }
    }
}
