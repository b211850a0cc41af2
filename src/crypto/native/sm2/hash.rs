//! What SM2 hashes: Z, and the digest of a message.
use crate::crypto::DEFAULT_USER_ID;
use crate::crypto::native::hash::Sm3;
use crate::crypto::native::limbs::{self, Limbs};
use crate::crypto::sm2::CURVE;

/// Z = SM3(ENTL || ID || a || b || xG || yG || xP || yP) of the public key 04 || xP || yP (R-SM2-1); `None` if the id has
/// more than 8191 bytes.
pub(super) fn z_of(user_id: &[u8], public: &[u8; 65]) -> Option<[u8; 32]> {
    let bits = u16::try_from(user_id.len()).ok()?.checked_mul(8)?;
    let [_, coordinates @ ..] = public;
    Some(Sm3::new().with(&bits.to_be_bytes()).with(user_id).with(&CURVE).with(coordinates).finish())
}

/// Z for the default user id.
pub(super) fn default_z(public: &[u8; 65]) -> [u8; 32] {
    z_of(DEFAULT_USER_ID, public).unwrap_or_default()
}

/// e = SM3(Z || parts[0] || parts[1] || …) as an integer.
pub(super) fn message_digest(z: &[u8; 32], parts: &[&[u8]]) -> Limbs {
    let hash = parts.iter().fold(Sm3::new().with(z), |hash, part| hash.with(part));
    limbs::from_be_bytes(&hash.finish())
}
