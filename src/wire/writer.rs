//! Appends big-endian integers and length-prefixed vectors.
use super::ShortBytes;
use alloc::vec::Vec;
use core::fmt;

/// A vector of our own outgrew its length prefix: configuration that should not have been accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlong;

impl fmt::Display for Overlong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a vector is longer than its length prefix can say")
    }
}

/// The bytes of one structure, as they grow.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: ShortBytes,
    overlong: bool,
}

impl Writer {
    /// An empty writer with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: ShortBytes::with_capacity(capacity), overlong: false }
    }

    /// Appends a `uint8`.
    pub fn u8(&mut self, v: u8) {
        self.bytes.push(v);
    }

    /// Appends a `uint16`.
    pub fn u16(&mut self, v: u16) {
        self.bytes.extend_from_slice(&v.to_be_bytes());
    }

    /// Appends `v` as it is.
    pub fn bytes(&mut self, v: &[u8]) {
        self.bytes.extend_from_slice(v);
    }

    /// Appends what `fill` writes, behind its length in one byte.
    pub fn vector8(&mut self, fill: impl FnOnce(&mut Self)) {
        self.prefixed(1, fill);
    }

    /// Appends what `fill` writes, behind its length in two bytes.
    pub fn vector16(&mut self, fill: impl FnOnce(&mut Self)) {
        self.prefixed(2, fill);
    }

    /// Appends what `fill` writes, behind its length in three bytes.
    pub fn vector24(&mut self, fill: impl FnOnce(&mut Self)) {
        self.prefixed(3, fill);
    }

    fn prefixed(&mut self, width: usize, fill: impl FnOnce(&mut Self)) {
        let start = self.len();
        self.bytes.extend_from_slice([0; 3].get(..width).unwrap_or_default());
        let body = self.len();
        fill(self);
        let length = (self.len().saturating_sub(body) as u64).to_be_bytes();
        let (high, low) = length.split_at(length.len().saturating_sub(width));
        self.overlong |= high.iter().any(|b| *b != 0);
        if let Some(prefix) = self.bytes.get_mut(start..body) {
            prefix.copy_from_slice(low);
        }
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes, or an error if one of the vectors outgrew its prefix.
    pub fn finish(self) -> Result<Vec<u8>, Overlong> {
        self.finish_short().map(ShortBytes::into_vec)
    }

    /// The same, in place if they are few.
    pub(crate) fn finish_short(self) -> Result<ShortBytes, Overlong> {
        if self.overlong { Err(Overlong) } else { Ok(self.bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_length_in_front_of_nested_vectors() {
        let mut w = Writer::default();
        w.vector24(|w| w.vector16(|w| w.bytes(&[7, 8])));
        assert_eq!(w.finish(), Ok(alloc::vec![0, 0, 4, 0, 2, 7, 8]));
    }

    #[test]
    fn refuses_a_vector_longer_than_its_prefix() {
        let mut w = Writer::default();
        w.vector8(|w| w.bytes(&[0; 256]));
        assert_eq!(w.finish(), Err(Overlong));
    }
}
