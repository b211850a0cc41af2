//! Remembers which signatures of certificates verified, for the next connection with the same certificates and for
//! the CA's signature that both paths of a pair share. Whether a signature verifies depends on nothing but key, message
//! and signature; dates, usage, revocation and names are looked at anew each time.
use crate::crypto::{Digest, Provider};
use crate::suite::HashAlgorithm;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Signatures remembered; 64 bytes each.
const CAPACITY: usize = 256;

/// The hashes of (key, message, signature) that verified under one of the verifier's user ids; the oldest goes first.
/// Only a key that a trusted root vouches for gets here, so a stranger cannot fill it.
#[derive(Default)]
pub(super) struct Cache(Mutex<VecDeque<Digest>>);

impl Cache {
    /// The name of an entry: the lengths keep the parts apart. SHA-256, since processors have instructions for it.
    pub(super) fn digest(&self, provider: &Provider, parts: [&[u8]; 3]) -> Digest {
        let [key, message, signature] = parts;
        let lengths = [key.len(), message.len()].map(|l| (l as u64).to_be_bytes());
        provider.hashes.digest(HashAlgorithm::Sha256, &[&lengths[0], &lengths[1], key, message, signature])
    }

    pub(super) fn contains(&self, digest: &Digest) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(digest)
    }

    pub(super) fn insert(&self, digest: Digest) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= CAPACITY {
            entries.pop_front();
        }
        entries.push_back(digest);
    }
}
