//! Nonces prepared ahead: k and the x-coordinate of k G, for one signature each.
use super::field::{Field, FieldElement, invert_all};
use super::fixed_base;
use super::scalar::Scalar;
use super::sign::Nonce;
use crate::crypto::{Draw, Random};
use crate::error::CryptoError;
use alloc::vec::Vec;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// How many share an inversion.
const BATCH: usize = 16;

/// A bounded pool; a capacity of 0 switches it off.
pub(super) struct NoncePool {
    capacity: usize,
    ready: Mutex<Ready>,
}

/// The nonces, and the process that made them: a forked child must not use them too.
struct Ready {
    process: u32,
    nonces: Vec<Zeroizing<Nonce>>,
}

impl NoncePool {
    pub(super) fn new(capacity: usize) -> Self {
        // All at once: growing would leave unwiped copies behind.
        let nonces = Vec::with_capacity(capacity);
        Self { capacity, ready: Mutex::new(Ready { process: std::process::id(), nonces }) }
    }

    /// A prepared nonce, or else a new one.
    pub(super) fn take<F: Field>(
        &self,
        field: F,
        random: &dyn Random,
    ) -> Result<Zeroizing<Nonce>, CryptoError> {
        if self.capacity != 0
            && let Some(nonce) = self.lock().nonces.pop()
        {
            return Ok(nonce);
        }
        Ok(Nonce::new(field, &*Scalar::draw(random, Draw::SignatureNonce)?))
    }

    /// Fills it up, in batches, so that other threads sign meanwhile.
    pub(super) fn fill<F: Field>(&self, field: F, random: &dyn Random) -> Result<(), CryptoError> {
        while self.lock().nonces.len() < self.capacity {
            let mut batch = prepare(field, random)?.into_iter();
            let mut ready = self.lock();
            let room = self.capacity.saturating_sub(ready.nonces.len());
            ready.nonces.extend(batch.by_ref().take(room));
        }
        Ok(())
    }

    /// The nonces of this process: those of its parent are wiped here.
    fn lock(&self) -> MutexGuard<'_, Ready> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let process = std::process::id();
        if ready.process != process {
            ready.nonces.clear();
            ready.process = process;
        }
        ready
    }

    #[cfg(test)]
    pub(super) fn pretend_fork(&self) {
        self.lock().process ^= 1;
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().nonces.len()
    }
}

/// One batch with one inversion.
fn prepare<F: Field>(field: F, random: &dyn Random) -> Result<Vec<Zeroizing<Nonce>>, CryptoError> {
    let mut drawn = Vec::with_capacity(BATCH);
    let mut zz = Zeroizing::new([FieldElement::ONE; BATCH]);
    for zz in zz.iter_mut() {
        let k = Scalar::draw(random, Draw::SignatureNonce)?;
        let point = fixed_base::multiply(field, &k);
        *zz = point.zz;
        drawn.push((k, point));
    }
    let inverses = Zeroizing::new(invert_all(field, &zz));
    Ok(drawn.iter().zip(inverses.iter()).map(|((k, p), i)| Nonce::from_point(field, k, p, i)).collect())
}
