//! A source of chosen bytes, for tests.
#![allow(clippy::unwrap_used)]
extern crate std;
use crate::crypto::{Draw, Random};
use crate::error::CryptoError;
use alloc::{collections::VecDeque, vec::Vec};
use std::sync::Mutex;

/// Gives each of these once, in order, and then fails.
pub(super) struct Series(Mutex<VecDeque<[u8; 32]>>);

impl Series {
    pub(super) fn new(values: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self(Mutex::new(values.into_iter().collect()))
    }

    /// Those that nobody drew.
    pub(super) fn rest(self) -> Vec<[u8; 32]> {
        self.0.into_inner().unwrap().into()
    }
}

impl Random for Series {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        let next = self.0.lock().unwrap().pop_front().ok_or(CryptoError::NoRandomness)?;
        out.copy_from_slice(&next);
        Ok(())
    }
}
