//! Floor 5: the hash over the handshake messages as they were sent and received, never re-encoded (R-KEY-3).
use crate::crypto::{Digest, HashContext, Hashes};
use crate::suite::HashAlgorithm;
use alloc::{boxed::Box, vec::Vec};

/// Before the suite is known: the bytes themselves.
#[derive(Default)]
pub struct TranscriptStart(Vec<u8>);

/// After: a hash. Two types, not one with an option in it.
pub struct Transcript {
    hash: Box<dyn HashContext>,
    kept: Kept,
}

/// The messages themselves are kept only while a CertificateVerify may be over them (GmSSL: Q2); kept for every
/// connection they would be most of its memory.
enum Kept {
    Hash,
    Messages(Vec<u8>),
}

impl TranscriptStart {
    /// Adds a message with its header.
    pub fn add(&mut self, raw: &[u8]) {
        self.0.extend_from_slice(raw);
    }

    /// Goes over to hashing; `keep` the messages too if a signature will be over them.
    pub fn begin(self, hashes: &dyn Hashes, algorithm: HashAlgorithm, keep: bool) -> Transcript {
        let mut hash = hashes.start(algorithm);
        hash.update(&self.0);
        Transcript { hash, kept: if keep { Kept::Messages(self.0) } else { Kept::Hash } }
    }
}

impl Transcript {
    /// Adds a message with its header.
    pub fn add(&mut self, raw: &[u8]) {
        self.hash.update(raw);
        if let Kept::Messages(all) = &mut self.kept {
            all.extend_from_slice(raw);
        }
    }

    /// The hash of all messages so far.
    pub fn current(&self) -> Digest {
        self.hash.current()
    }

    /// The messages so far, if they were kept.
    pub fn messages(&self) -> Option<&[u8]> {
        match &self.kept {
            Kept::Messages(all) => Some(all),
            Kept::Hash => None,
        }
    }

    /// Gives back the memory of the kept messages: no signature will be over them any more.
    pub fn forget_messages(&mut self) {
        self.kept = Kept::Hash;
    }
}
