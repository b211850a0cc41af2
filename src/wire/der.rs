//! Strict DER as a cursor over the crate `der`: for structures of which a part is looked at, and the rest passed over.
use alloc::vec::Vec;
use der::asn1::UintRef;
use der::{Decode, Encode, Header, Length, Reader, SliceReader};

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// `[number]`, constructed: explicit tags and implicit ones of sequences.
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// The bytes are not strict DER, or not the structure that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadDer;

impl From<der::Error> for BadDer {
    fn from(_: der::Error) -> Self {
        Self
    }
}

/// One element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    /// The contents.
    pub(crate) value: &'a [u8],
    /// Tag, length and contents.
    pub(crate) whole: &'a [u8],
}

/// A cursor over elements that stand one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag that comes next.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next element. Its tag is one byte: nothing that is read has a longer one.
    pub(crate) fn next(&mut self) -> Result<Element<'a>, BadDer> {
        let tag = self.peek().filter(|tag| tag & 0x1f != 0x1f).ok_or(BadDer)?;
        let mut reader = SliceReader::new(self.0)?;
        let length = Header::decode(&mut reader)?.length();
        let value = reader.read_slice(length)?;
        let end = usize::try_from(reader.position())?;
        let (whole, rest) = self.0.split_at_checked(end).ok_or(BadDer)?;
        self.0 = rest;
        Ok(Element { tag, value, whole })
    }

    /// The contents of the next element, which has this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<&'a [u8], BadDer> {
        let element = self.next()?;
        if element.tag == tag { Ok(element.value) } else { Err(BadDer) }
    }

    /// The contents of the next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, BadDer> {
        if self.peek() == Some(tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    /// A cursor over the contents of the next element, which has this tag.
    pub(crate) fn enter(&mut self, tag: u8) -> Result<Der<'a>, BadDer> {
        self.expect(tag).map(Der)
    }

    /// The contents of a BIT STRING of whole bytes.
    pub(crate) fn whole_bits(&mut self) -> Result<&'a [u8], BadDer> {
        whole_bytes(self.expect(BIT_STRING)?)
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), BadDer> {
        if self.0.is_empty() { Ok(()) } else { Err(BadDer) }
    }
}

/// A cursor over the contents of the one element that `bytes` hold, with nothing behind it.
pub(crate) fn only(bytes: &[u8], tag: u8) -> Result<Der<'_>, BadDer> {
    contents(bytes, tag).map(Der)
}

/// The contents of the one element that `bytes` hold, with nothing behind it.
pub(crate) fn contents(bytes: &[u8], tag: u8) -> Result<&[u8], BadDer> {
    let mut der = Der::new(bytes);
    let contents = der.expect(tag)?;
    der.finish()?;
    Ok(contents)
}

/// What a BIT STRING with these contents holds, if it is whole bytes.
pub(crate) fn whole_bytes(contents: &[u8]) -> Result<&[u8], BadDer> {
    match contents {
        [0, bytes @ ..] => Ok(bytes),
        _ => Err(BadDer),
    }
}

/// The digits of a non-negative INTEGER, big-endian, as `N` bytes.
pub(crate) fn padded<const N: usize>(number: UintRef<'_>) -> Option<[u8; N]> {
    let digits = number.as_bytes();
    let mut out = [0; N];
    let start = N.checked_sub(digits.len())?;
    out.get_mut(start..)?.copy_from_slice(digits);
    Some(out)
}

/// Writes one element around `parts`, less than 4 GiB together. The buffer does not grow as it is filled.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let mut out = Vec::with_capacity(length.saturating_add(6));
    out.push(tag);
    let written = Length::try_from(length).and_then(|length| length.encode_to_vec(&mut out));
    debug_assert!(written.is_ok(), "{written:?}");
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use alloc::vec;

    #[test]
    fn reads_back_what_it_writes_at_every_form_of_length() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let content = vec![7; length];
            let der = element(OCTET_STRING, &[&content]);
            assert!(der.capacity() >= length + 6, "as it was made");
            assert_eq!(Der::new(&der).expect(OCTET_STRING), Ok(&content[..]), "{length}");
            assert_eq!(Der::new(&der).next().unwrap().whole, der);
        }
    }

    #[test]
    fn refuses_long_tags_indefinite_and_padded_lengths_and_short_contents() {
        for bad in [
            &[0x1f, 0x81, 0][..],
            &[0x1f, 0],
            &[0x3f, 1, 0],
            &[0xbf, 0x81, 0, 0],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x81, 0x7f],
            &[0x30, 0x82, 0, 0x80],
            &[0x30, 0x85, 1, 0, 0, 0, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 2, 0],
            &[0x30],
            &[],
        ] {
            assert!(Der::new(bad).next().is_err(), "{bad:02x?}");
        }
    }
}
