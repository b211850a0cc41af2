//! Strict DER: single-byte tags, definite lengths in their shortest form. What X.509 and key containers need, no more.
use crate::error::{CertificateError, CertificateProblem};
use alloc::vec::Vec;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
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

impl From<BadDer> for CertificateProblem {
    fn from(_: BadDer) -> Self {
        Self::Malformed
    }
}

impl From<BadDer> for CertificateError {
    fn from(_: BadDer) -> Self {
        CertificateProblem::Malformed.into()
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

    pub(crate) fn next(&mut self) -> Result<Element<'a>, BadDer> {
        let [tag, length, ..] = *self.0 else { return Err(BadDer) };
        if tag & 0x1f == 0x1f {
            return Err(BadDer);
        }
        let (header, length) = match length {
            0..=0x7f => (2, usize::from(length)),
            0x81..=0x84 => {
                let header = 2_usize.saturating_add(usize::from(length & 0x7f));
                let digits = self.0.get(2..header).ok_or(BadDer)?;
                let length = digits.iter().fold(0_usize, |l, b| l << 8 | usize::from(*b));
                if digits.first() == Some(&0) || length < 0x80 {
                    return Err(BadDer);
                }
                (header, length)
            }
            _ => return Err(BadDer),
        };
        let end = header.checked_add(length).ok_or(BadDer)?;
        let (whole, rest) = self.0.split_at_checked(end).ok_or(BadDer)?;
        let value = whole.get(header..).ok_or(BadDer)?;
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
        match self.expect(BIT_STRING)? {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(BadDer),
        }
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), BadDer> {
        if self.0.is_empty() { Ok(()) } else { Err(BadDer) }
    }
}

/// The one element that `bytes` hold, with nothing behind it.
pub(crate) fn only(bytes: &[u8], tag: u8) -> Result<Der<'_>, BadDer> {
    let mut der = Der::new(bytes);
    let inner = der.enter(tag)?;
    der.finish()?;
    Ok(inner)
}

/// Writes one element around `parts`.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|p| p.len()).sum();
    let mut out = Vec::with_capacity(length.saturating_add(6));
    out.push(tag);
    if let Ok(short @ 0..=0x7f) = u8::try_from(length) {
        out.push(short);
    } else {
        let digits = length.to_be_bytes();
        let skip = digits.iter().take_while(|b| **b == 0).count();
        let digits = digits.get(skip..).unwrap_or_default();
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
        out.extend_from_slice(digits);
    }
    parts.iter().for_each(|p| out.extend_from_slice(p));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn reads_back_what_it_writes_at_every_form_of_length() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let content = vec![7; length];
            let der = element(OCTET_STRING, &[&content]);
            assert_eq!(Der::new(&der).expect(OCTET_STRING), Ok(&content[..]), "{length}");
            assert_eq!(Der::new(&der).next().unwrap().whole, der);
        }
    }

    #[test]
    fn refuses_long_tags_indefinite_and_padded_lengths_and_short_contents() {
        for bad in [
            &[0x1f, 0x81, 0][..],
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
