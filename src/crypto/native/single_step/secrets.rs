//! The secrets that an operation is tried with.
use crate::crypto::{Draw, Random};
use crate::error::CryptoError;
use core::sync::atomic::{AtomicU64, Ordering};

/// Bytes that follow from a number. Every draw of randomness is under 2^255, so that none is refused as a scalar.
pub(crate) struct Secrets {
    seed: u64,
    state: AtomicU64,
}

impl Secrets {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, state: AtomicU64::new(seed.wrapping_mul(7919)) }
    }

    /// What is no secret: the same for all.
    pub(crate) fn public() -> Self {
        Self::new(u64::MAX)
    }

    /// Others, the same at each call: for what is drawn while the operation runs.
    pub(crate) fn draws(&self) -> Self {
        Self::new(self.seed.wrapping_add(1 << 32))
    }

    /// splitmix64
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        core::array::from_fn(|_| self.next() as u8)
    }

    /// Below 2^255: a small one, one with all bits set, or any.
    pub(crate) fn scalar(&self) -> [u8; 32] {
        let mut bytes = self.bytes();
        match self.seed % 4 {
            1 => bytes[..31].fill(0),
            2 => bytes[..30].fill(0xff),
            _ => {}
        }
        bytes[0] &= 0x7f;
        bytes[31] |= 2;
        bytes
    }
}

impl Random for Secrets {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        out.fill_with(|| self.next() as u8);
        if let Some(first) = out.first_mut() {
            *first &= 0x7f;
        }
        Ok(())
    }
}
