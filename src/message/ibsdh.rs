//! What both parties send in IBSDH: KeyAgreementInfo of GM/T 0081 (R-IBC-7).
use super::signed::DigitallySigned;
use super::{Message, encode};
use crate::wire::der::{self, BIT_STRING, BadDer, Der, INTEGER, OCTET_STRING, SEQUENCE, element};
use crate::wire::{DecodeError, HandshakeType, Overlong, Problem, Reader};
use alloc::vec::Vec;

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
        let malformed = |_| r.error(NAME, Problem::Malformed);
        let bytes = Der::new(body).next().map_err(malformed)?.whole;
        let info = Self::parse(bytes).map_err(malformed)?;
        r.bytes(NAME, bytes.len())?;
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
        Self::parse(bytes).map_err(|_| malformed)
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
    fn parse(whole: &'a [u8]) -> Result<Self, BadDer> {
        let mut fields = der::only(whole, SEQUENCE)?;
        if fields.expect(INTEGER)? != [1] {
            return Err(BadDer);
        }
        let point = match fields.optional(SEQUENCE)? {
            Some(wrapped) => der::contents(wrapped, BIT_STRING).and_then(der::whole_bytes)?,
            None => fields.whole_bits()?,
        };
        let [server, client] = [fields.expect(OCTET_STRING)?, fields.expect(OCTET_STRING)?];
        let &[hid] = fields.expect(OCTET_STRING)? else { return Err(BadDer) };
        fields.finish()?;
        Ok(Self { point, server, client, hid })
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
