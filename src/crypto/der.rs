//! Signatures and ciphertexts of SM2 and ECDSA with numbers as long as the curve's: views over their strict DER.
use crate::wire::ciphertext::Sm2Cipher;
use crate::wire::der::padded;
use alloc::vec::Vec;
use der::asn1::UintRef;
use der::{Encode, Reader, SliceReader};

/// The longest message that is encrypted, in bytes.
pub(crate) const MAX_C2: usize = 0xff_ff00;

/// A signature, `SEQUENCE { r INTEGER, s INTEGER }` (R-SM2-2, R-EC-7): each `N` bytes big-endian, of any value.
pub(crate) struct Signature<const N: usize = 32> {
    pub(crate) r: [u8; N],
    pub(crate) s: [u8; N],
}

impl<const N: usize> Signature<N> {
    /// Nothing, if it is not strict DER or an integer is negative or longer than `N` bytes.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let [r, s] = integers(der).ok()?;
        Some(Self { r: padded(r)?, s: padded(s)? })
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let numbers = UintRef::new(&self.r).and_then(|r| [r, UintRef::new(&self.s)?].to_der());
        // longer than 4 GiB is all that an integer can be too much
        numbers.unwrap_or_default()
    }
}

/// The numbers of a SEQUENCE that holds nothing else.
pub(crate) fn integers<const N: usize>(der: &[u8]) -> der::Result<[UintRef<'_>; N]> {
    let mut reader = SliceReader::new(der)?;
    let numbers = reader.sequence(|r| {
        let mut numbers = [UintRef::new(&[])?; N];
        numbers.iter_mut().try_for_each(|number| r.decode().map(|read| *number = read))?;
        Ok::<_, der::Error>(numbers)
    })?;
    reader.finish()?;
    Ok(numbers)
}

/// A ciphertext of GM/T 0009 (R-SM2-3).
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
        let Sm2Cipher { x, y, c3, c2 } = Sm2Cipher::read(der).ok()?;
        Some(Self { x: padded(x)?, y: padded(y)?, c3: c3.try_into().ok()?, c2 })
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let numbers = UintRef::new(&self.x).and_then(|x| Ok([x, UintRef::new(&self.y)?]));
        let written = numbers.and_then(|[x, y]| Sm2Cipher { x, y, c3: &self.c3, c2: self.c2 }.write());
        // as in Signature::write
        written.unwrap_or_default()
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
