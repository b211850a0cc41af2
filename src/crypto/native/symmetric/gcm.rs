//! SM4-GCM (RFC 8998, NIST SP 800-38D with a nonce of 12 bytes), in place.
//!
//! The first batch of key stream starts at the counter 1 and so holds E(J0), which masks the tag: no block is
//! encrypted for it alone. Opening hashes first and decrypts only what is authentic.
use super::ghash::{Carryless, HashKey};
use super::kernels::{Level, by_level};
use super::sm4::Encryptor;
use super::sm4::modes::{MAX_REST, ctr_from, stream_into};
use super::sm4::rounds::{Nonce, Sm4Vector};
use super::sm4::schedule::Schedule;
use super::wipe;
use crate::crypto::native::declassify::declassify;
use crate::error::CryptoError;
use alloc::boxed::Box;
use subtle::{Choice, ConstantTimeEq};

/// A key of SM4-GCM.
pub(super) struct Gcm {
    cipher: Encryptor,
    hash: HashKey,
}

impl Gcm {
    /// Expands the key where it stays: tables that are moved leave copies behind.
    pub(super) fn new(level: Level, key: &[u8; 16]) -> Box<Self> {
        let mut gcm = Box::new(Self { cipher: Encryptor::new(level, key), hash: HashKey::EMPTY });
        let mut h = [0; 16];
        gcm.cipher.block(&mut h);
        fill_hash_key(level, &mut gcm.hash, &h);
        wipe(&mut h);
        gcm
    }

    /// Encrypts `data` and returns the tag.
    pub(super) fn seal(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> [u8; 16] {
        seal(self.cipher.level(), self.cipher.schedule(), &self.hash, nonce, aad, data)
    }

    /// Decrypts `data` if `tag` is right; otherwise it stays as it is.
    pub(super) fn open(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        data: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), CryptoError> {
        if open(self.cipher.level(), self.cipher.schedule(), &self.hash, nonce, aad, data, tag) {
            Ok(())
        } else {
            Err(CryptoError::DecryptFailed)
        }
    }
}

by_level! {
    fill_hash_key(hash: &mut HashKey, h: &[u8; 16]) = hash_key_kernel
}
by_level! {
    seal(schedule: &Schedule, hash: &HashKey, nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> [u8; 16] = seal_kernel
}
by_level! {
    open(
        schedule: &Schedule, hash: &HashKey, nonce: &[u8; 12], aad: &[u8], data: &mut [u8], tag: &[u8; 16]
    ) -> bool = open_kernel
}

#[inline(always)]
unsafe fn hash_key_kernel<V: Carryless>(hash: &mut HashKey, h: &[u8; 16]) {
    // SAFETY: the caller's.
    unsafe { hash.fill::<V>(h) }
}

#[inline(always)]
unsafe fn seal_kernel<V: Sm4Vector + Carryless>(
    schedule: &Schedule,
    hash: &HashKey,
    nonce: &[u8; 12],
    aad: &[u8],
    data: &mut [u8],
) -> [u8; 16] {
    // SAFETY: the caller's.
    unsafe {
        let nonce = Nonce::<V>::new(nonce);
        let mut first = First::new(schedule, &nonce, data.len());
        first.add(schedule, &nonce, data);
        tag(&first, hash.hash::<V>(aad, data))
    }
}

#[inline(always)]
unsafe fn open_kernel<V: Sm4Vector + Carryless>(
    schedule: &Schedule,
    hash: &HashKey,
    nonce: &[u8; 12],
    aad: &[u8],
    data: &mut [u8],
    wanted: &[u8; 16],
) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let nonce = Nonce::<V>::new(nonce);
        let mut first = First::new(schedule, &nonce, data.len());
        let same = equal(&tag(&first, hash.hash::<V>(aad, data)), wanted);
        let authentic = bool::from(declassify(same));
        if authentic {
            first.add(schedule, &nonce, data);
        }
        authentic
    }
}

/// The first batch of the key stream: E(J0), and what is added to the start of the data.
struct First {
    stream: [u8; MAX_REST],
    used: usize,
}

impl First {
    /// As much as a message of `length` bytes needs, at most a batch.
    #[inline(always)]
    unsafe fn new<V: Sm4Vector>(schedule: &Schedule, nonce: &Nonce<V>, length: usize) -> Self {
        let mut first = Self { stream: [0; MAX_REST], used: 0 };
        // SAFETY: the caller's.
        first.used = unsafe { stream_into(schedule, nonce, 1, length + 16, &mut first.stream) };
        first
    }

    /// Adds the key stream to all of `data`.
    #[inline(always)]
    unsafe fn add<V: Sm4Vector>(&mut self, schedule: &Schedule, nonce: &Nonce<V>, data: &mut [u8]) {
        let (start, rest) = data.split_at_mut(data.len().min(self.used - 16));
        for (byte, mask) in start.iter_mut().zip(&self.stream[16..]) {
            *byte ^= mask;
        }
        // SAFETY: the caller's.
        unsafe { ctr_from(schedule, nonce, (self.used / 16) as u32 + 1, rest) };
    }
}

impl Drop for First {
    #[inline(always)]
    fn drop(&mut self) {
        wipe(&mut self.stream[..self.used]);
    }
}

#[inline(always)]
fn tag(first: &First, hash: [u8; 16]) -> [u8; 16] {
    let mut tag = hash;
    for (byte, mask) in tag.iter_mut().zip(&first.stream) {
        *byte ^= mask;
    }
    tag
}

/// Compares all bytes at once.
#[inline(always)]
fn equal(one: &[u8; 16], other: &[u8; 16]) -> Choice {
    u128::from_ne_bytes(*one).ct_eq(&u128::from_ne_bytes(*other))
}

#[cfg(test)]
mod tests;
