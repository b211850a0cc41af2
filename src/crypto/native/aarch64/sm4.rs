//! SM4: by its own instructions, or with its S-box computed by the AES instructions.
mod by_aes;
mod by_sm4;

use super::{Level, Rung};
use crate::crypto::native::symmetric::sm4::schedule::{Keys, Schedule};
use zeroize::Zeroizing;

/// The key schedule (GB/T 32907-2016 7.3).
pub(in crate::crypto::native) fn expand(level: Level, key: &[u8; 16]) -> Keys {
    let mut keys = Zeroizing::new([0; 32]);
    // SAFETY: the level exists, so this CPU has its instructions.
    unsafe {
        match level.rung() {
            Rung::Aes => by_aes::expand(key, &mut keys),
            Rung::Sm4 => by_sm4::expand(key, &mut keys),
        }
    }
    keys
}

/// As the rounds take the keys.
pub(in crate::crypto::native) fn fold(_: Level, keys: Keys) -> Schedule {
    Schedule::without_offsets(&keys)
}

/// Encrypts `data` in place by CBC and leaves the last block of ciphertext in `iv`; a rest of less than 16 bytes stays.
pub(in crate::crypto::native) fn cbc_encrypt(
    level: Level,
    schedule: &Schedule,
    iv: &mut [u8; 16],
    data: &mut [u8],
) {
    // SAFETY: the level exists, so this CPU has its instructions.
    unsafe {
        match level.rung() {
            Rung::Aes => by_aes::cbc_encrypt(schedule, iv, data),
            Rung::Sm4 => by_sm4::cbc_encrypt(schedule, iv, data),
        }
    }
}
