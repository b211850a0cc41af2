//! SM3 as SM2 and SM9 use it, and their key derivation function.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use super::symmetric::{self, Level};
use ::sm3::Digest as _;
use zeroize::Zeroize;

/// An SM3 that is under way: by the kernel, or portable where the CPU lacks what it takes.
#[derive(Clone)]
pub(super) enum Sm3 {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    Kernel(symmetric::Sm3),
    Portable(::sm3::Sm3),
}

impl Sm3 {
    pub(super) fn new() -> Self {
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        if let Some(level) = Level::best() {
            return Self::Kernel(symmetric::Sm3::new(level));
        }
        Self::Portable(::sm3::Sm3::new())
    }

    pub(super) fn with(mut self, data: &[u8]) -> Self {
        match &mut self {
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::Kernel(hash) => hash.update(data),
            Self::Portable(hash) => hash.update(data),
        }
        self
    }

    pub(super) fn finish(self) -> [u8; 32] {
        match self {
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::Kernel(hash) => hash.finish(),
            Self::Portable(hash) => hash.finalize().into(),
        }
    }
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
