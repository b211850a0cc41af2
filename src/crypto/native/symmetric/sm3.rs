//! SM3 (GB/T 32905-2016): messages under way.
pub(in crate::crypto::native) mod lanes;
pub(in crate::crypto::native) mod words;

use super::kernels::{Level, sm3 as kernels};
use crate::crypto::constant_time_mac::BlockHash;
use words::{BLOCK, OUTPUT, START, Words};
use zeroize::Zeroize;

/// A chaining value, and the kernels that advance it.
#[derive(Clone)]
pub(super) struct State {
    level: Level,
    words: Words,
}

impl State {
    /// Before the first block.
    pub(super) fn new(level: Level) -> Self {
        Self { level, words: START }
    }
    /// With this chaining value.
    pub(super) fn from_words(level: Level, words: Words) -> Self {
        Self { level, words }
    }
    /// The chaining value.
    pub(super) fn words(&self) -> &Words {
        &self.words
    }
    /// Absorbs a whole number of blocks; a rest of less than a block is left out.
    pub(super) fn compress(&mut self, blocks: &[u8]) {
        kernels::compress(self.level, &mut self.words, blocks.as_chunks().0);
    }
    /// The chaining value as bytes.
    pub(super) fn bytes(&self) -> [u8; OUTPUT] {
        let mut out = [0; OUTPUT];
        for (to, word) in out.as_chunks_mut().0.iter_mut().zip(self.words) {
            *to = word.to_be_bytes();
        }
        out
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.words.zeroize();
    }
}

impl BlockHash for State {
    type State = Self;
    const BLOCK: usize = BLOCK;
    const LENGTH_FIELD: usize = 8;
    const OUTPUT: usize = OUTPUT;
    fn compress(state: &mut Self, blocks: &[u8]) {
        Self::compress(state, blocks);
    }
    fn output(state: &Self, out: &mut [u8; 64]) {
        out[..OUTPUT].copy_from_slice(&state.bytes());
    }
}

/// A message under way.
#[derive(Clone)]
pub(in crate::crypto::native) struct Sm3 {
    state: State,
    /// Bytes so far, those before `state` (a key's block) included.
    length: u64,
    /// The bytes after the last whole block.
    buffer: [u8; BLOCK],
}

impl Drop for Sm3 {
    fn drop(&mut self) {
        super::wipe(&mut self.buffer);
    }
}

impl Sm3 {
    /// An empty message.
    pub(in crate::crypto::native) fn new(level: Level) -> Self {
        Self::after(State::new(level), 0)
    }
    /// A message whose first `length` bytes, whole blocks, are in `state` already.
    pub(super) fn after(state: State, length: u64) -> Self {
        Self { state, length, buffer: [0; BLOCK] }
    }

    /// Absorbs `data`.
    pub(in crate::crypto::native) fn update(&mut self, data: &[u8]) {
        let filled = self.filled();
        self.length = self.length.wrapping_add(data.len() as u64);
        let mut data = data;
        if filled > 0 {
            let (now, later) = data.split_at(data.len().min(BLOCK - filled));
            self.buffer[filled..filled + now.len()].copy_from_slice(now);
            if filled + now.len() < BLOCK {
                return;
            }
            self.state.compress(&self.buffer);
            data = later;
        }
        let (blocks, rest) = data.split_at(data.len() - data.len() % BLOCK);
        if !blocks.is_empty() {
            self.state.compress(blocks);
        }
        self.buffer[..rest.len()].copy_from_slice(rest);
    }

    /// The digest of all so far.
    pub(in crate::crypto::native) fn finish(mut self) -> [u8; OUTPUT] {
        let mut end = [0u8; 2 * BLOCK];
        let blocks = self.end(&mut end);
        self.state.compress(&end[..blocks * BLOCK]);
        super::wipe(&mut end);
        self.state.bytes()
    }

    fn filled(&self) -> usize {
        (self.length % BLOCK as u64) as usize
    }

    /// Writes what follows the last whole block: bytes, padding and length, one block or two (5.2).
    fn end(&self, end: &mut [u8; 2 * BLOCK]) -> usize {
        pad(&self.buffer[..self.filled()], self.length, end)
    }
}

/// Writes the end of a message of `length` bytes: its last bytes, less than a block, then padding and length (5.2).
/// Says how many blocks that is.
pub(super) fn pad(last: &[u8], length: u64, end: &mut [u8; 2 * BLOCK]) -> usize {
    let blocks = if last.len() + 9 <= BLOCK { 1 } else { 2 };
    end[..last.len()].copy_from_slice(last);
    end[last.len()] = 0x80;
    end[last.len() + 1..blocks * BLOCK - 8].fill(0);
    end[blocks * BLOCK - 8..blocks * BLOCK].copy_from_slice(&(length << 3).to_be_bytes());
    blocks
}

#[cfg(test)]
mod tests;
