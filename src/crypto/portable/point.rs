//! Points and scalars of the SM2 curve, and the two functions on them that everything else uses: Z and KDF.
use super::curve;
use super::hashes::sm3;
use crate::crypto::sm2::CURVE;
use crate::crypto::{Draw, PublicKey, Random};
use crate::error::CryptoError;
use sm2::elliptic_curve::Group;
use sm2::{AffinePoint, FieldBytes, ProjectivePoint, Scalar, Sm2};
use sm3::{Digest, Sm3};
use zeroize::Zeroizing;

pub(super) use curve::MAX_DRAWS;

/// The point with this encoding (R-SM2-6): 65 bytes, 04 || X || Y with X, Y < p, on the curve.
pub(super) fn decode(point: &[u8]) -> Result<AffinePoint, CryptoError> {
    curve::decode::<Sm2>(point)
}

/// The point (x, y), if it is on the curve.
pub(super) fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Result<AffinePoint, CryptoError> {
    curve::from_coordinates::<Sm2>(x, y)
}

/// The point of a public key. Anybody can make a [`PublicKey`], so it is checked again.
pub(super) fn of_key(key: &PublicKey) -> Result<(&[u8; 65], AffinePoint), CryptoError> {
    let PublicKey::Sm2(bytes) = key else { return Err(CryptoError::BadKey) };
    Ok((bytes, decode(&bytes[..])?))
}

/// x || y. Wiped, since most points in here are secret. Nothing for the point at infinity.
pub(super) fn coordinates(point: &ProjectivePoint) -> Option<Zeroizing<[u8; 64]>> {
    let mut out = Zeroizing::new([0; 64]);
    out.copy_from_slice(&curve::coordinates::<Sm2>(point)?);
    Some(out)
}

/// 04 || x || y. Nothing for the point at infinity.
pub(super) fn encode(point: &ProjectivePoint) -> Option<[u8; 65]> {
    let mut out = [4; 65];
    out.get_mut(1..)?.copy_from_slice(&*coordinates(point)?);
    Some(out)
}

/// kG, in constant time.
pub(super) fn times_generator(k: &Scalar) -> ProjectivePoint {
    ProjectivePoint::mul_by_generator(k)
}

/// `bytes`, big-endian, modulo n.
pub(super) fn reduce(bytes: &[u8; 32]) -> Scalar {
    curve::reduce::<Sm2>(&FieldBytes::from(*bytes))
}

/// The scalar with these big-endian bytes, if it is in 1..n.
pub(super) fn scalar(bytes: &[u8; 32]) -> Option<Zeroizing<Scalar>> {
    curve::scalar::<Sm2>(bytes)
}

/// A secret scalar in 1..n: 32 bytes big-endian as they are drawn, and drawn anew when out of range.
pub(super) fn draw(random: &dyn Random, draw: Draw) -> Result<Zeroizing<Scalar>, CryptoError> {
    curve::draw::<Sm2>(random, draw)
}

/// Z = SM3(bits of the user id in two bytes || user id || curve || public key) (R-SM2-1).
pub(super) fn z(user_id: &[u8], public: &[u8; 65]) -> Result<[u8; 32], CryptoError> {
    let bits =
        user_id.len().checked_mul(8).and_then(|n| u16::try_from(n).ok()).ok_or(CryptoError::TooLong)?;
    Ok(sm3(&[&bits.to_be_bytes(), user_id, &CURVE, public.get(1..).unwrap_or_default()]))
}

/// Fills `out` with SM3(parts || 1) || SM3(parts || 2) || …, the counter in 32 bits (R-SM2-4).
pub(super) fn kdf(parts: &[&[u8]], out: &mut [u8]) {
    let mut prefix = Sm3::new();
    parts.iter().for_each(|p| prefix.update(p));
    for (counter, chunk) in (1u32..).zip(out.chunks_mut(32)) {
        let block = Zeroizing::new(prefix.clone().chain_update(counter.to_be_bytes()).finalize());
        chunk.iter_mut().zip(block.iter()).for_each(|(o, b)| *o = *b);
    }
}
