//! SM3 as SM2 uses it: Z, the digest of a message, and the key derivation function.
use super::limbs::{self, Limbs};
use crate::crypto::DEFAULT_USER_ID;
#[cfg(target_arch = "x86_64")]
use crate::crypto::native::x86_64::{self, Level};
use crate::crypto::sm2::CURVE;
use ::sm3::Digest as _;
use zeroize::Zeroize;

/// An SM3 that is under way: by the kernel, or portable where the CPU lacks what it takes.
#[derive(Clone)]
pub(super) enum Sm3 {
    #[cfg(target_arch = "x86_64")]
    Kernel(x86_64::Sm3),
    Portable(::sm3::Sm3),
}

impl Sm3 {
    pub(super) fn new() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(level) = Level::best() {
            return Self::Kernel(x86_64::Sm3::new(level));
        }
        Self::Portable(::sm3::Sm3::new())
    }

    pub(super) fn with(mut self, data: &[u8]) -> Self {
        match &mut self {
            #[cfg(target_arch = "x86_64")]
            Self::Kernel(hash) => hash.update(data),
            Self::Portable(hash) => hash.update(data),
        }
        self
    }

    pub(super) fn finish(self) -> [u8; 32] {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Kernel(hash) => hash.finish(),
            Self::Portable(hash) => hash.finalize().into(),
        }
    }
}

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

/// KDF(prefix, out.len()): SM3(prefix || 1) || SM3(prefix || 2) || … (R-SM2-4). The caller keeps out below
/// 2^32 - 1 blocks.
pub(super) fn derive_key(prefix: &[&[u8]], out: &mut [u8]) {
    let prefix = prefix.iter().fold(Sm3::new(), |hash, part| hash.with(part));
    for (chunk, counter) in out.chunks_mut(32).zip(1u32..) {
        let mut block = prefix.clone().with(&counter.to_be_bytes()).finish();
        for (o, b) in chunk.iter_mut().zip(&block) {
            *o = *b;
        }
        block.zeroize();
    }
}
