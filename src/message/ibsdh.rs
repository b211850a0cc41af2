//! What both parties send in IBSDH: KeyAgreementInfo of GM/T 0081 (R-IBC-7).
use super::signed::DigitallySigned;
use super::{Message, encode};
use crate::wire::{DecodeError, HandshakeType, Overlong, Problem, Reader};
use alloc::vec::Vec;
use der::asn1::{BitStringRef, OctetStringRef, UintRef};
use der::{Decode, Encode as _, Header, Reader as _, SliceReader, Tag};

/// KeyAgreementInfo, version 1. Values are as they came; the state that reads it checks them (R-IBC-7, R-IBC-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyAgreementInfo<'a> {
    /// tempKey: R_A or R_B, 04 || x || y
    pub point: &'a [u8],
    /// userID_A: the server's identityData.
    pub server: &'a [u8],
    /// userID_B: the client's.
    pub client: &'a [u8],
    /// What both parties' keys are for.
    pub hid: u8,
}

/// ServerKeyExchange of IBSDH: the structure, without a length before it, and a signature.
#[derive(Debug, Clone, Copy)]
pub struct SignedAgreementInfo<'a> {
    /// The structure.
    pub info: KeyAgreementInfo<'a>,
    /// Its bytes as they came, which are signed.
    pub bytes: &'a [u8],
    /// By the server's signing key.
    pub signed: DigitallySigned<'a>,
}

const NAME: &str = "KeyAgreementInfo";

impl<'a> KeyAgreementInfo<'a> {
    /// Key exchange (R-IBC-1).
    pub const HID: u8 = 2;

    /// Reads the body of ServerKeyExchange.
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read_signed(body: &'a [u8]) -> Result<SignedAgreementInfo<'a>, DecodeError> {
        let mut r = Reader::new("ServerKeyExchange", body).citing("R-IBC-7");
        let length = length_of_first(body).filter(|length| *length <= body.len());
        let bytes = r.bytes(NAME, length.ok_or(r.error(NAME, Problem::Malformed))?)?;
        let info = Self::parse(bytes).ok_or(r.error(NAME, Problem::Malformed))?;
        let signed = DigitallySigned::read(&mut r, false)?;
        r.finish("signature")?;
        Ok(SignedAgreementInfo { info, bytes, signed })
    }

    /// Reads the body of ClientKeyExchange: the structure with two bytes of length before it.
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read_client(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new("ClientKeyExchange", body).citing("R-IBC-7");
        let bytes = r.vector16(NAME, 1)?;
        let malformed = r.error(NAME, Problem::Malformed);
        r.finish(NAME)?;
        Self::parse(bytes).ok_or(malformed)
    }

    /// The message ClientKeyExchange.
    ///
    /// # Errors
    /// [`Overlong`] if it outgrows its length prefix.
    pub fn to_client_message(&self) -> Result<Message, Overlong> {
        encode(HandshakeType::CLIENT_KEY_EXCHANGE, |w| w.vector16(|w| w.bytes(&self.to_bytes())))
    }

    /// SEQUENCE { INTEGER 1, SEQUENCE { BIT STRING }, OCTET STRING, OCTET STRING, OCTET STRING }, strictly; the point may stand
    /// without the SEQUENCE around it.
    fn parse(der: &'a [u8]) -> Option<Self> {
        let mut r = SliceReader::new(der).ok()?;
        let parse = |r: &mut SliceReader<'a>| {
            let version = UintRef::decode(r)?;
            let wrapped = Tag::peek(r)? == Tag::Sequence;
            let point = if wrapped { r.sequence(BitStringRef::decode)? } else { BitStringRef::decode(r)? };
            let mut octets = || <&OctetStringRef>::decode(r).map(OctetStringRef::as_bytes);
            Ok::<_, der::Error>((version, point, octets()?, octets()?, octets()?))
        };
        let (version, point, server, client, hid) = r.sequence(parse).ok()?;
        der::Reader::finish(r).ok()?;
        let (&[hid], [1]) = (hid, version.as_bytes()) else { return None };
        Some(Self { point: point.as_bytes()?, server, client, hid })
    }

    /// The DER, as ServerKeyExchange has it and signs it.
    pub fn to_bytes(&self) -> Vec<u8> {
        const VERSION: [u8; 3] = [INTEGER, 1, 1];
        const WHOLE_BYTES: &[u8] = &[0];
        let point = element(SEQUENCE, &[&element(BIT_STRING, &[WHOLE_BYTES, self.point])]);
        let [server, client, hid] =
            [self.server, self.client, &[self.hid]].map(|octets| element(OCTET_STRING, &[octets]));
        element(SEQUENCE, &[&VERSION, &point, &server, &client, &hid])
    }
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// One element of DER.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let mut out = Vec::with_capacity(length.saturating_add(6));
    out.push(tag);
    match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => out.push(short),
        _ => {
            let digits = length.to_be_bytes();
            let significant = digits.iter().skip_while(|digit| **digit == 0);
            out.push(0x80 | u8::try_from(significant.clone().count()).unwrap_or_default());
            out.extend(significant);
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// Bytes of the element that `der` begins with.
fn length_of_first(der: &[u8]) -> Option<usize> {
    let mut r = SliceReader::new(der).ok()?;
    let header = Header::decode(&mut r).ok()?;
    let [before, contents] = [header.encoded_len().ok()?, header.length()];
    usize::try_from(before).ok()?.checked_add(usize::try_from(contents).ok()?)
}
