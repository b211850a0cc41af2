//! SM4 (GB/T 32907-2016): what all processors' kernels share, and the keys.
mod lanes;
pub(in crate::crypto::native) mod maps;
pub(super) mod modes;
pub(in crate::crypto::native) mod rounds;
pub(in crate::crypto::native) mod schedule;

use super::kernels::{Level, sm4 as kernels};
use schedule::Schedule;

/// A key for both directions, expanded once: the round keys of decryption are the same in reverse.
pub(super) fn both(level: Level, key: &[u8; 16]) -> (Encryptor, Decryptor) {
    let keys = kernels::expand(level, key);
    let mut reversed = keys.clone();
    reversed.reverse();
    let [encrypt, decrypt] = [keys, reversed].map(|keys| kernels::fold(level, keys));
    (Encryptor { level, schedule: encrypt }, Decryptor { level, schedule: decrypt })
}

/// A key for encryption.
pub(super) struct Encryptor {
    level: Level,
    schedule: Schedule,
}

impl Encryptor {
    /// Expands the key.
    pub(super) fn new(level: Level, key: &[u8; 16]) -> Self {
        Self { level, schedule: kernels::fold(level, kernels::expand(level, key)) }
    }
    /// The expanded key.
    pub(super) fn schedule(&self) -> &Schedule {
        &self.schedule
    }
    /// The kernels that it was expanded for.
    pub(super) fn level(&self) -> Level {
        self.level
    }
    /// One block, with the least latency.
    pub(super) fn block(&self, block: &mut [u8; 16]) {
        kernels::cbc_encrypt(self.level, &self.schedule, &mut [0; 16], block);
    }
    /// CBC in place; a rest of less than 16 bytes stays.
    pub(super) fn cbc(&self, iv: &[u8; 16], data: &mut [u8]) {
        kernels::cbc_encrypt(self.level, &self.schedule, &mut { *iv }, data);
    }
    /// CBC of many messages `(iv, data)` in place; a rest of less than 16 bytes of one stays.
    pub(super) fn cbc_lanes<'a>(&self, messages: &mut dyn Iterator<Item = (&'a [u8; 16], &'a mut [u8])>) {
        lanes::cbc_encrypt_lanes(self.level, &self.schedule, messages);
    }
    /// Adds the key stream of `nonce || counter`, `nonce || counter + 1`, …: what GCM does.
    #[cfg(test)]
    pub(super) fn ctr(&self, nonce: &[u8; 12], counter: u32, data: &mut [u8]) {
        modes::ctr(self.level, &self.schedule, nonce, counter, data);
    }
}

/// A key for decryption.
pub(super) struct Decryptor {
    level: Level,
    schedule: Schedule,
}

impl Decryptor {
    /// Expands the key.
    #[cfg(test)]
    pub(super) fn new(level: Level, key: &[u8; 16]) -> Self {
        both(level, key).1
    }
    /// CBC in place; a rest of less than 16 bytes stays.
    pub(super) fn cbc(&self, iv: &[u8; 16], data: &mut [u8]) {
        modes::cbc_decrypt(self.level, &self.schedule, iv, data);
    }
}

#[cfg(test)]
mod tests;
