//! SM2Cipher and SM9Cipher as they are sent: strict DER, with parts of any length. That is all anyone can see of them, and
//! decides between decode_error and implicit rejection (R-HS-43, R-AL-9).
use alloc::vec::Vec;
use der::asn1::{BitStringRef, OctetStringRef, UintRef};
use der::{Encode, Header, Length, Reader, SliceReader, Tag};

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

    /// The DER, in a buffer of its size.
    pub(crate) fn write(&self) -> der::Result<Vec<u8>> {
        let (c3, c2) = (OctetStringRef::new(self.c3)?, OctetStringRef::new(self.c2)?);
        let fields = [self.x.encoded_len()?, self.y.encoded_len()?, c3.encoded_len()?, c2.encoded_len()?];
        let header =
            Header::new(Tag::Sequence, fields.into_iter().fold(Length::ZERO, Length::saturating_add));
        let size = header.encoded_len()?.saturating_add(header.length());
        let mut out = Vec::with_capacity(usize::try_from(size)?);
        header.encode_to_vec(&mut out)?;
        self.x.encode_to_vec(&mut out)?;
        self.y.encode_to_vec(&mut out)?;
        c3.encode_to_vec(&mut out)?;
        c2.encode_to_vec(&mut out)?;
        Ok(out)
    }
}

/// `SEQUENCE { mode INTEGER, c1 BIT STRING, c3 OCTET STRING, c2 OCTET STRING }` of GM/T 0081 (R-IBC-2). Without SM9 its form alone
/// is of interest.
#[cfg_attr(not(feature = "sm9"), expect(dead_code))]
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
