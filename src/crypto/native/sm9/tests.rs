#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod arithmetic;
mod constant_time;
mod edges;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod single_step;
mod vectors;

#[cfg(target_arch = "x86_64")]
use crate::crypto::native::backend::Adx;
use crate::crypto::native::backend::{Backend, Portable};
#[cfg(target_arch = "x86_64")]
use crate::crypto::native::memory_checker;
use crate::crypto::random::{Draw, Random};
use crate::error::CryptoError;
use std::sync::Mutex;

/// Every implementation that this machine can run.
fn backends() -> Vec<Backend> {
    let portable = [Backend::Portable(Portable)];
    #[cfg(target_arch = "x86_64")]
    let portable = {
        let simulated = || memory_checker::running().then(Adx::simulated);
        let adx = Adx::detect().or_else(simulated);
        let all = adx.into_iter().chain(adx.filter(|adx| adx.ifma().is_some()).map(Adx::without_ifma));
        all.map(Backend::Adx).chain(portable)
    };
    portable.into_iter().collect()
}

/// Gives out what it was given, first to last, then fails.
struct Replay(Mutex<Vec<Vec<u8>>>);

impl Replay {
    fn new(draws: &[&[u8]]) -> Self {
        Self(Mutex::new(draws.iter().rev().map(|d| d.to_vec()).collect()))
    }
}

impl Random for Replay {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        let bytes = self.0.lock().unwrap().pop().ok_or(CryptoError::NoRandomness)?;
        out.copy_from_slice(&bytes);
        Ok(())
    }
}
