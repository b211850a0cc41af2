//! HMAC-SM3 with the states after the key's blocks kept, and the PRF on it, without allocation.
use super::kernels::Level;
use super::sm3::words::{BLOCK, OUTPUT};
use super::sm3::{Sm3, State};
use super::wipe;

/// A key of HMAC-SM3: the states after its two blocks.
pub(super) struct HmacKey {
    inner: State,
    outer: State,
}

impl HmacKey {
    /// A key of any length.
    pub(super) fn new(level: Level, key: &[u8]) -> Self {
        let mut block = [0u8; BLOCK];
        if key.len() <= BLOCK {
            block[..key.len()].copy_from_slice(key);
        } else {
            let mut hash = Sm3::new(level);
            hash.update(key);
            block[..OUTPUT].copy_from_slice(&hash.finish());
        }
        let (mut inner, mut outer) = (State::new(level), State::new(level));
        block.iter_mut().for_each(|byte| *byte ^= 0x36);
        inner.compress(&block);
        block.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
        outer.compress(&block);
        wipe(&mut block);
        Self { inner, outer }
    }

    /// The state after the key, inside.
    pub(super) fn inner(&self) -> &State {
        &self.inner
    }
    /// The state after the key, outside.
    pub(super) fn outer(&self) -> &State {
        &self.outer
    }

    /// HMAC(parts[0] || parts[1] || …).
    pub(super) fn mac(&self, parts: &[&[u8]]) -> [u8; OUTPUT] {
        let mut hash = self.start();
        parts.iter().for_each(|part| hash.update(part));
        self.finish(hash)
    }

    fn start(&self) -> Sm3 {
        Sm3::after(self.inner.clone(), BLOCK as u64)
    }

    fn finish(&self, hash: Sm3) -> [u8; OUTPUT] {
        let mut block = outer_block(&hash.finish());
        let mut state = self.outer.clone();
        state.compress(&block);
        wipe(&mut block);
        state.bytes()
    }

    /// P_hash(key, label || seed[0] || seed[1] || …) (RFC 5246 5), filling `out`.
    pub(super) fn expand(&self, label: &[u8], seed: &[&[u8]], out: &mut [u8]) {
        let over = |before: &[u8]| {
            let mut hash = self.start();
            hash.update(before);
            hash.update(label);
            seed.iter().for_each(|part| hash.update(part));
            self.finish(hash)
        };
        let mut a = over(&[]);
        for (index, chunk) in out.chunks_mut(OUTPUT).enumerate() {
            if index > 0 {
                a = self.mac(&[&a]);
            }
            let mut block = over(&a);
            chunk.copy_from_slice(&block[..chunk.len()]);
            wipe(&mut block);
        }
        wipe(&mut a);
    }
}

/// The outer hash's block after the key's: the inner digest, padded.
pub(super) fn outer_block(digest: &[u8; OUTPUT]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..OUTPUT].copy_from_slice(digest);
    block[OUTPUT] = 0x80;
    block[BLOCK - 8..].copy_from_slice(&((BLOCK + OUTPUT) as u64 * 8).to_be_bytes());
    block
}

#[cfg(test)]
mod tests;
