//! Remembers which signatures of certificates verified, for the next connection with the same certificates and for
//! the CA's signature that both paths of a pair share. Whether a signature verifies depends on nothing but key, message
//! and signature; dates, usage, revocation and names are looked at anew each time.
use crate::crypto::{Digest, Provider};
use crate::suite::HashAlgorithm;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Signatures remembered unless told otherwise; 64 bytes each.
pub(super) const DEFAULT_CAPACITY: usize = 256;

/// The hashes of (key, message, signature) that verified under one of the verifier's user ids; the oldest goes first.
/// Only a key that a trusted root vouches for gets here, so a stranger cannot fill it.
pub(super) struct Cache {
    /// 0 switches it off.
    capacity: usize,
    entries: Mutex<VecDeque<Digest>>,
}

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, entries: Mutex::default() }
    }

    /// The name of an entry: the lengths keep the parts apart. SHA-256, since processors have instructions for it.
    pub(super) fn digest(&self, provider: &Provider, parts: [&[u8]; 3]) -> Digest {
        let [key, message, signature] = parts;
        let lengths = [key.len(), message.len()].map(|l| (l as u64).to_be_bytes());
        provider.hashes.digest(HashAlgorithm::Sha256, &[&lengths[0], &lengths[1], key, message, signature])
    }

    pub(super) fn contains(&self, digest: &Digest) -> bool {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).contains(digest)
    }

    pub(super) fn insert(&self, digest: Digest) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        while entries.len() >= self.capacity {
            if entries.pop_front().is_none() {
                return;
            }
        }
        entries.push_back(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(capacity: usize) -> [bool; 3] {
        let cache = Cache::new(capacity);
        let digests = [1, 2, 3].map(|n| Digest::new(&[n; 32]));
        digests.iter().for_each(|d| cache.insert(*d));
        digests.map(|d| cache.contains(&d))
    }

    /// R-HS-50: what was verified is one signature of one key over one message: each of the three names the entry, and none
    /// borrows from its neighbour.
    #[test]
    fn an_entry_is_bound_to_key_message_and_signature() {
        let (cache, provider) = (Cache::new(1), crate::crypto::portable::provider());
        let digest = |parts: [&[u8]; 3]| cache.digest(&provider, parts);
        let all: [[&[u8]; 3]; 8] = [
            [b"key", b"message", b"signature"],
            [b"kez", b"message", b"signature"],
            [b"key", b"messagf", b"signature"],
            [b"key", b"message", b"signaturf"],
            [b"keym", b"essage", b"signature"],
            [b"key", b"messages", b"ignature"],
            [b"", b"keymessage", b"signature"],
            [b"key", b"", b"messagesignature"],
        ];
        for (i, parts) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|other| digest(*other) != digest(*parts)), "{i}");
        }
    }

    #[test]
    fn keeps_the_newest_up_to_its_capacity_and_nothing_when_switched_off() {
        assert_eq!(
            [0, 1, 2, 3].map(holds),
            [[false; 3], [false, false, true], [false, true, true], [true; 3]]
        );
    }
}
