//! Randomness that is the same in every run.
use std::sync::atomic::{AtomicU64, Ordering};
use tlcp::crypto::{Draw, Random};
use tlcp::error::CryptoError;

/// A counter, mixed.
#[derive(Debug)]
pub struct Repeatable(AtomicU64);

impl Repeatable {
    pub const fn from(start: u64) -> Self {
        Self(AtomicU64::new(start << 32))
    }

    /// Begins anew: what a target does before each run.
    pub fn restart(&self, start: u64) {
        self.0.store(start << 32, Ordering::Relaxed);
    }
}

impl Random for Repeatable {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        for chunk in out.chunks_mut(8) {
            let n = self.0.fetch_add(1, Ordering::Relaxed);
            // The finalizer of SplitMix64.
            let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(n ^ (n >> 31)).to_be_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
