//! SM3: by its own instructions, or in plain Rust.
mod by_sm3;
mod plain;

use super::{ByAes, Level, Rung};
use crate::crypto::native::symmetric::sm3::lanes::{Lane, absorb};
use crate::crypto::native::symmetric::sm3::words::{BLOCK, Words};

/// Absorbs blocks.
pub(in crate::crypto::native) fn compress(level: Level, state: &mut Words, blocks: &[[u8; BLOCK]]) {
    match level.rung() {
        Rung::Aes => plain::compress(state, blocks),
        // SAFETY: the level exists, so this CPU has its instructions.
        Rung::Sm4 => unsafe { by_sm3::compress(state, blocks) },
    }
}

impl Lane<'_> {
    /// Absorbs all blocks of all lanes: side by side in NEON's registers where there are no instructions for SM3.
    pub(in crate::crypto::native) fn compress(level: Level, lanes: &mut [Self]) {
        Self::in_columns(lanes, 4, |lanes, count| match level.rung() {
            // SAFETY: the level exists, so this CPU has its instructions.
            Rung::Aes if lanes.len() > 2 => unsafe { absorb::<ByAes>(lanes, count) },
            _ => {
                for lane in lanes {
                    let blocks = lane.next(count);
                    compress(level, lane.words, blocks);
                }
            }
        });
    }
}
