//! Bytes that are mostly few.
use alloc::vec::Vec;
use core::fmt;

/// Bytes of which a few stand in place: what is as short as most messages are needs no memory of the heap.
#[derive(Clone)]
pub(crate) enum ShortBytes {
    /// The first so many.
    InPlace(u8, [u8; ShortBytes::IN_PLACE]),
    /// More than there is place for, or than were expected.
    Long(Vec<u8>),
}

impl ShortBytes {
    /// TLCP's longest message without a certificate, ClientKeyExchange with an SM2Cipher, has 162.
    const IN_PLACE: usize = 174;

    /// None yet, with room for `capacity` of them: they do not move as long as there are no more.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        match capacity {
            0..=Self::IN_PLACE => Self::InPlace(0, [0; Self::IN_PLACE]),
            _ => Self::Long(Vec::with_capacity(capacity)),
        }
    }

    /// The bytes.
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::InPlace(len, bytes) => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }

    /// The bytes, to be changed.
    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        match self {
            Self::InPlace(len, bytes) => bytes.get_mut(..usize::from(*len)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }

    /// Appends `more`.
    pub(crate) fn extend(&mut self, more: &[u8]) {
        let (len, bytes) = match self {
            Self::Long(bytes) => return bytes.extend_from_slice(more),
            Self::InPlace(len, bytes) => (len, bytes),
        };
        let start = usize::from(*len);
        let end = start.saturating_add(more.len());
        match (bytes.get_mut(start..end), u8::try_from(end)) {
            (Some(free), Ok(end)) => {
                free.copy_from_slice(more);
                *len = end;
            }
            _ => {
                let mut long = Vec::with_capacity(end.saturating_mul(2));
                long.extend_from_slice(self.as_slice());
                long.extend_from_slice(more);
                *self = Self::Long(long);
            }
        }
    }

    /// The same on the heap.
    pub(crate) fn into_vec(self) -> Vec<u8> {
        match self {
            Self::InPlace(..) => self.as_slice().to_vec(),
            Self::Long(bytes) => bytes,
        }
    }
}

impl Default for ShortBytes {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl From<&[u8]> for ShortBytes {
    fn from(bytes: &[u8]) -> Self {
        let mut out = Self::with_capacity(bytes.len());
        out.extend(bytes);
        out
    }
}

impl fmt::Debug for ShortBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hold_what_was_appended_in_whatever_pieces() {
        let bytes: Vec<u8> = (0..=255).collect();
        for size in 1..=256 {
            let mut out = ShortBytes::default();
            for piece in bytes.chunks(size) {
                out.extend(piece);
            }
            assert_eq!((out.as_slice(), &out.clone().into_vec()), (&bytes[..], &bytes));
            let some = &bytes[..size];
            let is_long = matches!(ShortBytes::from(some), ShortBytes::Long(_));
            assert_eq!(
                (ShortBytes::from(some).as_mut_slice(), is_long),
                (&mut some.to_vec()[..], size > 174)
            );
        }
    }
}
