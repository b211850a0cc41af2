//! Lists of byte strings, as they stand on the wire.
use crate::wire::{DecodeError, Reader, Writer};
use alloc::{sync::Arc, vec::Vec};
use core::fmt;

/// `opaque entry<1..2^8-1>` or `opaque entry<1..2^16-1>`, by the `WIDTH` of the length before each: 1 or 2 bytes. However
/// many they are, they are one allocation, and clones share it: a peer may send tens of thousands (R-HS-49).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OpaqueList<const WIDTH: usize>(Arc<[u8]>);

/// Names of application protocols, of 1 to 255 bytes.
pub type ProtocolNames = OpaqueList<1>;

/// DER distinguished names.
pub type DistinguishedNames = OpaqueList<2>;

impl<const WIDTH: usize> OpaqueList<WIDTH> {
    const MOST: usize = if WIDTH == 1 { 0xff } else { 0xffff };

    /// The entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut r = Reader::new("list", &self.0);
        core::iter::from_fn(move || Self::read_entry(&mut r, "entry").ok())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `entry` is among them.
    pub fn contains(&self, entry: &[u8]) -> bool {
        self.iter().any(|one| one == entry)
    }

    /// Their length on the wire, in bytes.
    pub fn wire_len(&self) -> usize {
        self.0.len()
    }

    /// All that is left of `r`; errors name `entry`.
    pub(super) fn read(mut r: Reader<'_>, entry: &'static str) -> Result<Self, DecodeError> {
        let list = r.take_rest();
        let mut entries = r.within(list);
        while !entries.is_empty() {
            Self::read_entry(&mut entries, entry)?;
        }
        Ok(Self(Arc::from(list)))
    }

    fn read_entry<'a>(r: &mut Reader<'a>, entry: &'static str) -> Result<&'a [u8], DecodeError> {
        if WIDTH == 1 { r.vector8(entry, 1) } else { r.vector16(entry, 1) }
    }

    /// Behind the list's own length, in two bytes.
    pub(super) fn write(&self, w: &mut Writer) {
        w.vector16(|w| w.bytes(&self.0));
    }
}

impl<'a, const WIDTH: usize> FromIterator<&'a [u8]> for OpaqueList<WIDTH> {
    /// What cannot be an entry, being empty or too long, is left out.
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(entries: I) -> Self {
        let mut out = Vec::new();
        for entry in entries.into_iter().filter(|entry| (1..=Self::MOST).contains(&entry.len())) {
            let length = entry.len().to_be_bytes();
            out.extend_from_slice(length.get(length.len().saturating_sub(WIDTH)..).unwrap_or_default());
            out.extend_from_slice(entry);
        }
        // Nothing needs no memory, where an empty vector's would be shared memory of its own.
        if out.is_empty() { Self::default() } else { Self(out.into()) }
    }
}

impl<const WIDTH: usize> fmt::Debug for OpaqueList<WIDTH> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|entry| entry.escape_ascii())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_it_was_made_of_and_nothing_that_has_no_length() {
        let long = [7; 256];
        let entries = [&b"h2"[..], b"", b"x", &long];
        let names = ProtocolNames::from_iter(entries);
        assert!(names.iter().eq([&b"h2"[..], b"x"]));
        assert_eq!((names.wire_len(), names.contains(b"x"), names.contains(b"h")), (5, true, false));
        let names = DistinguishedNames::from_iter(entries);
        assert!(names.iter().eq([&b"h2"[..], b"x", &long]));
        let again = DistinguishedNames::read(Reader::new("test", &names.0), "name");
        assert_eq!(again, Ok(names));
        assert!(DistinguishedNames::default().is_empty());
    }

    #[test]
    fn refuses_entries_without_a_byte_and_half_ones() {
        for bytes in [&[0][..], &[1, 7, 0], &[2, 7]] {
            assert!(ProtocolNames::read(Reader::new("test", bytes), "name").is_err());
        }
    }
}
