//! What a hash function puts out.
use core::fmt;

/// A hash value: at most 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    bytes: [u8; Self::MAX],
    len: u8,
}

impl Digest {
    /// The longest output of any hash function in use, in bytes.
    pub const MAX: usize = 64;

    /// From the output of a hash function: none is longer than [`Digest::MAX`], and bytes beyond it are cut off.
    pub fn new(hash: &[u8]) -> Self {
        let mut out = Self { bytes: [0; Self::MAX], len: 0 };
        for (o, b) in out.bytes.iter_mut().zip(hash) {
            *o = *b;
            out.len = out.len.saturating_add(1);
        }
        out
    }

    /// From at most [`Digest::MAX`] bytes; `None` if there are more.
    pub fn from_slice(hash: &[u8]) -> Option<Self> {
        (hash.len() <= Self::MAX).then(|| Self::new(hash))
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({} bytes)", self.len)
    }
}
