//! Signatures (R-SM2-2).
use super::element::{Affine, FieldElement};
use super::field::{Field, invert_all};
use super::fixed_base;
use super::hot_point::HotPoint;
use super::point::Extended;
use super::scalar::{Montgomery, N, Scalar};
use super::vartime;
use crate::crypto::der;
use crate::crypto::native::declassify::declassify;
use crate::crypto::native::limbs::{self, Limbs};
use crate::error::CryptoError;
use alloc::vec::Vec;
use zeroize::{Zeroize, Zeroizing};

/// A nonce with what is needed of its point. For one signature only.
#[derive(Clone, Copy, Default)]
pub(super) struct Nonce {
    /// k
    k: Scalar,
    /// The x-coordinate of k * G, modulo n
    x: Scalar,
}

impl zeroize::DefaultIsZeroes for Nonce {}

impl Nonce {
    pub(super) fn new<F: Field>(field: F, k: &Scalar) -> Zeroizing<Self> {
        let point = fixed_base::multiply(field, k);
        let zz_inverse = field.invert(&point.zz);
        Self::with_point(field, k, &point, &zz_inverse)
    }

    /// For each of the scalars, none of which is 0.
    pub(super) fn new_each<F: Field>(field: F, scalars: &[Zeroizing<Scalar>]) -> Vec<Zeroizing<Self>> {
        let points = fixed_base::multiply_each(field, scalars);
        let mut nonces = Vec::with_capacity(scalars.len());
        for (scalars, points) in scalars.chunks(8).zip(points.chunks(8)) {
            // As many as there are, and ones.
            let mut zz = Zeroizing::new([FieldElement::ONE; 8]);
            for (zz, point) in zz.iter_mut().zip(points) {
                *zz = point.zz;
            }
            let inverses = Zeroizing::new(invert_all(field, &zz));
            for ((k, point), inverse) in scalars.iter().zip(points).zip(inverses.iter()) {
                nonces.push(Self::with_point(field, k, point, inverse));
            }
        }
        nonces
    }

    fn with_point<F: Field>(
        field: F,
        k: &Scalar,
        point: &Extended,
        zz_inverse: &FieldElement,
    ) -> Zeroizing<Self> {
        let x = Scalar::reduce(&field.to_integer(&field.mul(&point.x, zz_inverse)));
        Zeroizing::new(Self { k: *k, x })
    }
}

/// The DER signature of the digest e; `None` if this nonce will not do and another is needed.
/// `inverse` is 1 / (1 + d): s = (k - r d) / (1 + d) = (k + r) / (1 + d) - r.
pub(super) fn sign(e: &Limbs, nonce: &Nonce, inverse: &Montgomery) -> Option<Vec<u8>> {
    let r = Scalar::reduce(e).add(&nonce.x);
    let mut sum = nonce.k.add(&r);
    let s = inverse.mul(&sum).sub(&r);
    let unusable = r.is_zero_mask() | sum.is_zero_mask() | s.is_zero_mask();
    sum.zeroize();
    if declassify(unusable) != 0 {
        return None;
    }
    let (r, s) = (declassify(r).to_be_bytes(), declassify(s).to_be_bytes());
    Some(der::Signature { r, s }.write())
}

/// The numbers of a signature: 1 <= r, s < n, and t = r + s not 0 modulo n.
pub(super) struct Signature {
    r: Scalar,
    s: Scalar,
    t: Scalar,
}

impl Signature {
    pub(super) fn from_der(der: &[u8]) -> Result<Self, CryptoError> {
        let der::Signature { r, s } = der::Signature::read(der).ok_or(CryptoError::BadSignature)?;
        let number = |b| Scalar::from_be_bytes(b).filter(|a| !a.is_zero_vartime());
        match (number(&r), number(&s)) {
            (Some(r), Some(s)) => {
                let t = r.add(&s);
                if t.is_zero_vartime() { Err(CryptoError::BadSignature) } else { Ok(Self { r, s, t }) }
            }
            _ => Err(CryptoError::BadSignature),
        }
    }

    pub(super) fn verify<F: Field>(&self, field: F, e: &Limbs, key: &Affine) -> Result<(), CryptoError> {
        let point = vartime::multiply_add_base(field, &self.s, &self.t, key);
        self.compare(field, e, &point.x, &point.zz)
    }

    pub(super) fn verify_hot<F: Field>(
        &self,
        field: F,
        e: &Limbs,
        key: &HotPoint,
    ) -> Result<(), CryptoError> {
        let point = key.multiply_add_base(field, &self.s, &self.t);
        self.compare(field, e, &point.x, &point.zz)
    }

    /// Is e + x = r modulo n, for x = X / ZZ? Without inversion: x is r - e or, if that is below p, r - e + n, and
    /// X is one of them times ZZ.
    fn compare<F: Field>(
        &self,
        field: F,
        e: &Limbs,
        x: &FieldElement,
        zz: &FieldElement,
    ) -> Result<(), CryptoError> {
        let wanted = self.r.sub(&Scalar::reduce(e)).0;
        let (plus_n, carry) = limbs::add_wide(&wanted, &N);
        let is_x = |candidate| field.element(candidate).is_some_and(|c| field.mul(&c, zz) == *x);
        let same = is_x(&wanted) || (carry == 0 && is_x(&plus_n));
        if same && !zz.is_zero_vartime() { Ok(()) } else { Err(CryptoError::BadSignature) }
    }
}
