//! The two DER structures of SM2 (GM/T 0009): read strictly, one encoding for one value.
use alloc::vec::Vec;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// The content of the element with this tag, its length in the shortest form.
    fn element(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&[found, first], rest) = self.0.split_first_chunk()?;
        if found != tag {
            return None;
        }
        let (len, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let len =
                    bytes.iter().try_fold(0usize, |n, b| n.checked_mul(256)?.checked_add((*b).into()))?;
                let shortest = bytes.first() != Some(&0) && len >= 0x80;
                (shortest.then_some(len)?, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some(content)
    }

    /// A non-negative INTEGER of at most 256 bits.
    fn integer(&mut self) -> Option<[u8; 32]> {
        let content = self.element(INTEGER)?;
        let magnitude = match content {
            [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => return None,
            [0, rest @ ..] => rest,
            all => all,
        };
        let mut out = [0; 32];
        let at = 32usize.checked_sub(magnitude.len())?;
        out.get_mut(at..)?.copy_from_slice(magnitude);
        Some(out)
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// SEQUENCE { r INTEGER, s INTEGER }
pub(super) fn read_signature(der: &[u8]) -> Option<([u8; 32], [u8; 32])> {
    let mut outer = Input(der);
    let mut sequence = Input(outer.element(SEQUENCE)?);
    outer.end()?;
    let signature = (sequence.integer()?, sequence.integer()?);
    sequence.end()?;
    Some(signature)
}

/// The parts of an SM2 ciphertext.
pub(super) struct Ciphertext<'a> {
    /// C1
    pub(super) x: [u8; 32],
    pub(super) y: [u8; 32],
    /// C3
    pub(super) hash: &'a [u8; 32],
    /// C2, not empty
    pub(super) data: &'a [u8],
}

/// SEQUENCE { x1 INTEGER, y1 INTEGER, C3 OCTET STRING, C2 OCTET STRING }
pub(super) fn read_ciphertext(der: &[u8]) -> Option<Ciphertext<'_>> {
    let mut outer = Input(der);
    let mut sequence = Input(outer.element(SEQUENCE)?);
    outer.end()?;
    let (x, y) = (sequence.integer()?, sequence.integer()?);
    let hash = sequence.element(OCTET_STRING)?.try_into().ok()?;
    let data = sequence.element(OCTET_STRING)?;
    sequence.end()?;
    (!data.is_empty()).then_some(Ciphertext { x, y, hash, data })
}

/// Tag and length.
fn write_header(out: &mut Vec<u8>, tag: u8, len: usize) {
    out.push(tag);
    let bytes = len.to_be_bytes();
    if len < 0x80 {
        out.extend(bytes.last());
    } else {
        let zeros = (len.leading_zeros() / 8) as usize;
        let significant = bytes.get(zeros..).unwrap_or_default();
        out.push(0x80 | significant.len() as u8);
        out.extend_from_slice(significant);
    }
}

/// Public values only.
fn write_integer(out: &mut Vec<u8>, value: &[u8; 32]) {
    let zeros = value.iter().take(31).take_while(|b| **b == 0).count();
    let significant = value.get(zeros..).unwrap_or_default();
    let sign = significant.first().is_some_and(|b| *b >= 0x80);
    write_header(out, INTEGER, significant.len() + usize::from(sign));
    if sign {
        out.push(0);
    }
    out.extend_from_slice(significant);
}

/// A SEQUENCE around `content`.
fn sequence(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    write_header(&mut out, SEQUENCE, content.len());
    out.extend_from_slice(content);
    out
}

pub(super) fn write_signature(r: &[u8; 32], s: &[u8; 32]) -> Vec<u8> {
    let mut content = Vec::with_capacity(70);
    write_integer(&mut content, r);
    write_integer(&mut content, s);
    sequence(&content)
}

pub(super) fn write_ciphertext(c: &Ciphertext<'_>) -> Vec<u8> {
    let mut content = Vec::with_capacity(c.data.len() + 70 + 34 + 6);
    write_integer(&mut content, &c.x);
    write_integer(&mut content, &c.y);
    write_header(&mut content, OCTET_STRING, c.hash.len());
    content.extend_from_slice(c.hash);
    write_header(&mut content, OCTET_STRING, c.data.len());
    content.extend_from_slice(c.data);
    sequence(&content)
}
