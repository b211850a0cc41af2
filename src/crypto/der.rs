//! The DER structures of SM2 and ECDSA, and the parts that SM9's are made of, strict: every value has one encoding, and only that is read.
use alloc::vec::Vec;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;

/// The longest C2 that [`Ciphertext::write`] takes, in bytes: all lengths stay within three bytes.
pub(crate) const MAX_C2: usize = 0xff_ff00;

/// A signature, `SEQUENCE { r INTEGER, s INTEGER }` (R-SM2-2, R-EC-7): each `N` bytes big-endian, of any value.
pub(crate) struct Signature<const N: usize = 32> {
    pub(crate) r: [u8; N],
    pub(crate) s: [u8; N],
}

impl<const N: usize> Signature<N> {
    /// Nothing, if it is not strict DER or an integer is negative or longer than `N` bytes.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let mut body = sequence(der)?;
        let out = Self { r: integer(&mut body)?, s: integer(&mut body)? };
        body.is_empty().then_some(out)
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(N.saturating_mul(2).saturating_add(6));
        push_integer(&mut body, &self.r);
        push_integer(&mut body, &self.s);
        let mut out = Vec::with_capacity(body.len().saturating_add(2));
        push(&mut out, SEQUENCE, &body);
        out
    }
}

/// A ciphertext of GM/T 0009, `SEQUENCE { x INTEGER, y INTEGER, c3 OCTET STRING, c2 OCTET STRING }` (R-SM2-3).
pub(crate) struct Ciphertext<'a> {
    /// C1 = (x, y), 32 bytes big-endian each; not checked to be on the curve.
    pub(crate) x: [u8; 32],
    pub(crate) y: [u8; 32],
    /// The hash.
    pub(crate) c3: [u8; 32],
    /// The encrypted message.
    pub(crate) c2: &'a [u8],
}

impl<'a> Ciphertext<'a> {
    /// Nothing, if it is not strict DER, an integer is negative or longer than 32 bytes, or C3 is not 32 bytes.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut body = sequence(der)?;
        let out = Self {
            x: integer(&mut body)?,
            y: integer(&mut body)?,
            c3: element(&mut body, OCTET_STRING)?.try_into().ok()?,
            c2: element(&mut body, OCTET_STRING)?,
        };
        body.is_empty().then_some(out)
    }

    /// C2 must be at most [`MAX_C2`] bytes.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.c2.len().saturating_add(112));
        push_integer(&mut body, &self.x);
        push_integer(&mut body, &self.y);
        push(&mut body, OCTET_STRING, &self.c3);
        push(&mut body, OCTET_STRING, self.c2);
        let mut out = Vec::with_capacity(body.len().saturating_add(4));
        push(&mut out, SEQUENCE, &body);
        out
    }
}

/// The content of the one SEQUENCE that `der` is.
pub(super) fn sequence(der: &[u8]) -> Option<&[u8]> {
    let mut rest = der;
    let body = element(&mut rest, SEQUENCE)?;
    rest.is_empty().then_some(body)
}

/// The content of the next element, which must have this tag.
pub(super) fn element<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (&found, after) = rest.split_first()?;
    let (&first, after) = after.split_first()?;
    let extra = match first {
        0..=0x7f => 0,
        0x81..=0x83 => usize::from(first & 0x7f),
        _ => return None,
    };
    let (long, after) = after.split_at_checked(extra)?;
    let length = long.iter().fold(0, |n, b| n << 8 | usize::from(*b));
    let length = if extra == 0 { usize::from(first) } else { length };
    // The shortest form of the length, or none.
    let shortest = match length {
        0..0x80 => 0,
        0x80..0x100 => 1,
        0x100..0x1_0000 => 2,
        _ => 3,
    };
    let (content, after) = after.split_at_checked(length)?;
    *rest = after;
    (found == tag && extra == shortest).then_some(content)
}

/// A non-negative INTEGER of at most `N` bytes.
pub(super) fn integer<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let content = element(rest, INTEGER)?;
    let (&first, after) = content.split_first()?;
    let magnitude = match (first, after.first()) {
        (0x80.., _) | (0, Some(0..=0x7f)) => return None,
        (0, Some(_)) => after,
        _ => content,
    };
    let mut out = [0; N];
    let start = N.checked_sub(magnitude.len())?;
    out.get_mut(start..)?.copy_from_slice(magnitude);
    Some(out)
}

pub(super) fn push_integer(out: &mut Vec<u8>, value: &[u8]) {
    // One zero byte stays for the number 0, and one comes before a set first bit.
    let zeros = value.iter().take_while(|b| **b == 0).count().min(value.len().saturating_sub(1));
    let digits = value.get(zeros..).unwrap_or_default();
    let sign = usize::from(digits.first().is_some_and(|b| *b >= 0x80));
    push_header(out, INTEGER, digits.len().saturating_add(sign));
    out.resize(out.len().saturating_add(sign), 0);
    out.extend_from_slice(digits);
}

pub(super) fn push(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    push_header(out, tag, content.len());
    out.extend_from_slice(content);
}

pub(super) fn push_header(out: &mut Vec<u8>, tag: u8, length: usize) {
    let [.., a, b, c] = (length as u32).to_be_bytes();
    match length {
        0..0x80 => out.extend_from_slice(&[tag, c]),
        0x80..0x100 => out.extend_from_slice(&[tag, 0x81, c]),
        0x100..0x1_0000 => out.extend_from_slice(&[tag, 0x82, b, c]),
        _ => out.extend_from_slice(&[tag, 0x83, a, b, c]),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn value(last: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out[32 - last.len()..].copy_from_slice(last);
        out
    }

    #[test]
    fn writes_the_shortest_integer_and_reads_it_back() {
        for (r, der) in [
            (value(&[0]), &[2, 1, 0][..]),
            (value(&[0x7f]), &[2, 1, 0x7f]),
            (value(&[0x80]), &[2, 2, 0, 0x80]),
            (value(&[1, 0]), &[2, 2, 1, 0]),
        ] {
            let written = Signature { r, s: value(&[1]) }.write();
            assert_eq!(written[2..], [der, &[2, 1, 1]].concat());
            assert_eq!(Signature::read(&written).unwrap().r, r);
        }
        let widest = Signature { r: [0xff; 32], s: [0xff; 32] }.write();
        assert_eq!(widest.len(), 72);
        assert_eq!(Signature::read(&widest).unwrap().s, [0xff; 32]);
    }

    /// R-SM2-2
    #[test]
    fn refuses_every_other_encoding_of_an_integer() {
        for r in [
            &[2, 0][..],
            &[2, 1, 0x80],
            &[2, 2, 0, 0],
            &[2, 2, 0, 0x7f],
            &[2, 3, 0, 0x7f, 1],
            &[2, 3, 0, 0, 0x80],
            &[2, 0x81, 1, 1],
            &[2, 0x80, 1],
            &[3, 1, 1],
            &[[2, 33, 1].as_slice(), &[0; 32]].concat(),
            &[[2, 34, 0, 0x80].as_slice(), &[0; 32]].concat(),
        ] {
            let body = [r, &[2, 1, 1]].concat();
            let der = [&[0x30, u8::try_from(body.len()).unwrap()], &body[..]].concat();
            assert!(<Signature>::read(&der).is_none(), "{der:02x?}");
        }
    }

    #[test]
    fn refuses_a_signature_cut_anywhere_or_followed_by_anything() {
        let der = Signature { r: [0x91; 32], s: [0x11; 32] }.write();
        for end in 0..der.len() {
            assert!(<Signature>::read(&der[..end]).is_none(), "{end}");
        }
        assert!(<Signature>::read(&[&der[..], &[0]].concat()).is_none());
        let mut inside = der.clone();
        inside[1] += 2;
        inside.extend([5, 0]);
        assert!(<Signature>::read(&inside).is_none());
    }

    #[test]
    fn reads_back_ciphertexts_around_every_change_of_the_length_form() {
        for n in [0, 1, 17, 18, 19, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let c2: Vec<u8> = (0..n).map(|i: u32| i as u8).collect();
            let der = Ciphertext { x: [0xf1; 32], y: [0x0f; 32], c3: [3; 32], c2: &c2 }.write();
            let back = Ciphertext::read(&der).unwrap();
            assert_eq!((back.x, back.y, back.c3, back.c2), ([0xf1; 32], [0x0f; 32], [3; 32], &c2[..]));
            assert!(Ciphertext::read(&der[..der.len() - 1]).is_none());
        }
    }
}
