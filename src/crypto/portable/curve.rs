//! Points and scalars of any curve y^2 = x^3 + ax + b of prime order, on the RustCrypto crates.
use crate::crypto::{Draw, Random};
use crate::error::CryptoError;
use alloc::vec::Vec;
use sm2::elliptic_curve::group::CurveAffine;
use sm2::elliptic_curve::ops::Reduce;
use sm2::elliptic_curve::point::AffineCoordinates;
use sm2::elliptic_curve::{
    AffinePoint, CurveArithmetic, Field, FieldBytes, FieldBytesSize, PrimeField, ProjectivePoint, Scalar,
};
use sm2::elliptic_curve::{array::typenum::Unsigned, group::Curve as _};
use zeroize::Zeroizing;

/// How often a random scalar may be out of range, which happens once in 2^32 draws, before the source of randomness
/// is taken to be broken.
pub(super) const MAX_DRAWS: usize = 16;

/// The point with this encoding (R-SM2-6, R-EC-5): 04 || X || Y with X, Y < p, on the curve.
pub(super) fn decode<C: CurveArithmetic>(point: &[u8]) -> Result<AffinePoint<C>, CryptoError> {
    let Some(([4], xy)) = point.split_first_chunk() else { return Err(CryptoError::BadPoint) };
    let (x, y) = xy.split_at_checked(FieldBytesSize::<C>::USIZE).ok_or(CryptoError::BadPoint)?;
    from_coordinates::<C>(x, y)
}

/// The point (x, y), if it is on the curve.
pub(super) fn from_coordinates<C: CurveArithmetic>(
    x: &[u8],
    y: &[u8],
) -> Result<AffinePoint<C>, CryptoError> {
    let [x, y] = [x, y].map(|bytes| FieldBytes::<C>::try_from(bytes).map_err(|_| CryptoError::BadPoint));
    Option::from(AffinePoint::<C>::from_coordinates(&x?, &y?)).ok_or(CryptoError::BadPoint)
}

/// x || y. Wiped, since most points in here are secret. Nothing for the point at infinity.
pub(super) fn coordinates<C: CurveArithmetic>(point: &ProjectivePoint<C>) -> Option<Zeroizing<Vec<u8>>> {
    let affine = Zeroizing::new(point.to_affine());
    if bool::from(affine.is_identity()) {
        return None;
    }
    let (x, y) = (Zeroizing::new(affine.x()), Zeroizing::new(affine.y()));
    Some(Zeroizing::new([&x[..], &y[..]].concat()))
}

/// 04 || x || y, of a public point. Nothing for the point at infinity.
#[cfg(feature = "tls12")]
pub(super) fn encode<C: CurveArithmetic>(point: &ProjectivePoint<C>) -> Option<Vec<u8>> {
    let mut out = alloc::vec![4];
    out.extend_from_slice(&coordinates::<C>(point)?);
    Some(out)
}

/// `bytes`, big-endian, modulo n.
pub(super) fn reduce<C: CurveArithmetic>(bytes: &FieldBytes<C>) -> Scalar<C> {
    Scalar::<C>::reduce(bytes)
}

/// The scalar with these big-endian bytes, if they are as many as the order has, and it is in 1..n.
pub(super) fn scalar<C: CurveArithmetic>(bytes: &[u8]) -> Option<Zeroizing<Scalar<C>>> {
    let bytes = Zeroizing::new(FieldBytes::<C>::try_from(bytes).ok()?);
    let scalar = Zeroizing::new(Option::<Scalar<C>>::from(Scalar::<C>::from_repr(*bytes))?);
    (!bool::from(scalar.is_zero())).then_some(scalar)
}

/// A secret scalar in 1..n: big-endian bytes as they are drawn, and drawn anew when out of range.
pub(super) fn draw<C: CurveArithmetic>(
    random: &dyn Random,
    draw: Draw,
) -> Result<Zeroizing<Scalar<C>>, CryptoError> {
    let mut bytes = Zeroizing::new(FieldBytes::<C>::default());
    for _ in 0..MAX_DRAWS {
        random.fill(draw, &mut bytes)?;
        if let Some(scalar) = scalar::<C>(&bytes) {
            return Ok(scalar);
        }
    }
    Err(CryptoError::NoRandomness)
}
