//! SM2Cipher and SM9Cipher as they are sent: strict DER, with parts of any length. That is all anyone can see of them, and
//! decides between decode_error and implicit rejection (R-HS-43, R-AL-9).
use super::der::{OCTET_STRING, SEQUENCE, element};
use alloc::vec::Vec;
use der::asn1::{BitStringRef, OctetStringRef, UintRef};
use der::{Encode, Reader, SliceReader};

/// `SEQUENCE { x INTEGER, y INTEGER, c3 OCTET STRING, c2 OCTET STRING }` of GM/T 0009 (R-SM2-3).
pub(crate) struct Sm2Cipher<'a> {
    /// C1 = (x, y)
    pub(crate) x: UintRef<'a>,
    pub(crate) y: UintRef<'a>,
    /// The hash.
    pub(crate) c3: &'a [u8],
    /// The encrypted message.
    pub(crate) c2: &'a [u8],
}

impl<'a> Sm2Cipher<'a> {
    /// Reads one, with nothing behind it.
    pub(crate) fn read(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let fields = |r: &mut SliceReader<'a>| {
            Ok::<_, der::Error>(Self { x: r.decode()?, y: r.decode()?, c3: octets(r)?, c2: octets(r)? })
        };
        let out = reader.sequence(fields)?;
        reader.finish()?;
        Ok(out)
    }

    pub(crate) fn write(&self) -> der::Result<Vec<u8>> {
        let [c3, c2] = [self.c3, self.c2].map(|part| element(OCTET_STRING, &[part]));
        Ok(element(SEQUENCE, &[&self.x.to_der()?, &self.y.to_der()?, &c3, &c2]))
    }
}

/// `SEQUENCE { mode INTEGER, c1 BIT STRING, c3 OCTET STRING, c2 OCTET STRING }` of GM/T 0081 (R-IBC-2).
pub(crate) struct Sm9Cipher<'a> {
    pub(crate) mode: UintRef<'a>,
    pub(crate) c1: BitStringRef<'a>,
    /// The hash.
    pub(crate) c3: &'a [u8],
    /// The encrypted message.
    pub(crate) c2: &'a [u8],
}

impl<'a> Sm9Cipher<'a> {
    /// Reads one, with nothing behind it.
    pub(crate) fn read(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let fields = |r: &mut SliceReader<'a>| {
            Ok::<_, der::Error>(Self { mode: r.decode()?, c1: r.decode()?, c3: octets(r)?, c2: octets(r)? })
        };
        let out = reader.sequence(fields)?;
        reader.finish()?;
        Ok(out)
    }
}

fn octets<'a>(reader: &mut SliceReader<'a>) -> der::Result<&'a [u8]> {
    reader.decode::<&OctetStringRef>().map(OctetStringRef::as_bytes)
}
