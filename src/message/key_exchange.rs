//! ServerKeyExchange and ClientKeyExchange (GB/T 38636 6.4.5.4, 6.4.5.8).
use super::signed::DigitallySigned;
use super::{Message, encode};
use crate::wire::ciphertext::{Sm2Cipher, Sm9Cipher};
use crate::wire::{DecodeError, HandshakeType, NamedGroup, Overlong, Problem, Reader, ShortBytes, Writer};

/// A public value with the `ECParameters` before it, as servers send it, and in TLCP clients too: on the SM2 curve 69
/// bytes, `03 || 0029 || 41 || 04 X[32] Y[32]`. Values are as they came; R-HS-18 is checked by the state that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EphemeralPoint<'a> {
    /// curve_type: named_curve is 3
    pub curve_type: u8,
    /// namedcurve
    pub named_curve: NamedGroup,
    /// public: 04 || X || Y, or 32 bytes on Curve25519
    pub point: &'a [u8],
}

impl<'a> EphemeralPoint<'a> {
    /// named_curve(3)
    pub const NAMED_CURVE: u8 = 3;
    /// Bytes of the whole structure with a point on the SM2 curve.
    pub const LEN: usize = 69;

    /// From our own public value.
    pub(crate) fn new(named_curve: NamedGroup, point: &'a [u8]) -> Self {
        Self { curve_type: Self::NAMED_CURVE, named_curve, point }
    }

    fn read(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            curve_type: r.u8("curve_type")?,
            named_curve: NamedGroup(r.u16("namedcurve")?),
            point: r.vector8("public", 1)?,
        })
    }

    fn write(&self, w: &mut Writer) {
        w.u8(self.curve_type);
        w.u16(self.named_curve.0);
        w.vector8(|w| w.bytes(self.point));
    }

    /// The bytes that are signed in ServerKeyExchange, without any length before them (R-HS-18).
    pub(crate) fn to_bytes(self) -> ShortBytes {
        let mut w = Writer::default();
        self.write(&mut w);
        w.finish_short().unwrap_or_default()
    }
}

/// ServerKeyExchange: in TLCP sent in every key exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerKeyExchange<'a> {
    /// The parameters, in ECDHE; and their bytes as they came, which are signed.
    pub ephemeral: Option<(EphemeralPoint<'a>, &'a [u8])>,
    /// By the server's signing key.
    pub signed: DigitallySigned<'a>,
}

impl<'a> ServerKeyExchange<'a> {
    /// Reads the body of the ECC and RSA forms: a signature alone.
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read_signature(body: &'a [u8], names_scheme: bool) -> Result<Self, DecodeError> {
        Self::read(Reader::new("ServerKeyExchange", body), None, names_scheme)
    }

    /// Reads the body of the ECDHE form: parameters and signature.
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read_ephemeral(body: &'a [u8], names_scheme: bool) -> Result<Self, DecodeError> {
        let mut r = Reader::new("ServerKeyExchange", body);
        let point = EphemeralPoint::read(&mut r)?;
        let signed = body.get(..body.len().saturating_sub(r.remaining())).unwrap_or_default();
        Self::read(r, Some((point, signed)), names_scheme)
    }

    fn read(
        mut r: Reader<'a>,
        ephemeral: Option<(EphemeralPoint<'a>, &'a [u8])>,
        names_scheme: bool,
    ) -> Result<Self, DecodeError> {
        let signed = DigitallySigned::read(&mut r, names_scheme)?;
        r.finish("signature")?;
        Ok(Self { ephemeral, signed })
    }

    /// The message: `params` as signed (empty in the ECC form), then the signature.
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn to_message(params: &[u8], signed: &DigitallySigned<'_>) -> Result<Message, Overlong> {
        encode(HandshakeType::SERVER_KEY_EXCHANGE, |w| {
            w.bytes(params);
            signed.write(w);
        })
    }
}

/// ClientKeyExchange.
#[derive(Debug, Clone, Copy)]
pub struct ClientKeyExchange;

impl ClientKeyExchange {
    /// Reads the ECC form: `opaque SM2Cipher<0..2^16-1>`, the DER that exactly fills the vector (R-HS-24).
    ///
    /// # Errors
    /// [`DecodeError`] for what anyone can see: the vector or the DER does not parse strictly (R-HS-43).
    pub fn read_encrypted(body: &[u8]) -> Result<&[u8], DecodeError> {
        Self::read_der(body, "ECCEncryptedPreMasterSecret", "R-HS-24", |der| Sm2Cipher::read(der).is_ok())
    }

    /// Reads the IBC form: `opaque SM9Cipher<0..2^16-1>` (R-IBC-2), as strictly.
    ///
    /// # Errors
    /// [`DecodeError`] for what anyone can see: the vector or the DER does not parse strictly (R-HS-43).
    pub fn read_ibc_encrypted(body: &[u8]) -> Result<&[u8], DecodeError> {
        Self::read_der(body, "IBCEncryptedPreMasterSecret", "R-IBC-2", |der| Sm9Cipher::read(der).is_ok())
    }

    fn read_der<'a>(
        body: &'a [u8],
        field: &'static str,
        clause: &'static str,
        parses: fn(&[u8]) -> bool,
    ) -> Result<&'a [u8], DecodeError> {
        let mut r = Reader::new("ClientKeyExchange", body).citing(clause);
        let der = r.vector16(field, 0)?;
        let malformed = r.error(field, Problem::Malformed);
        r.finish(field)?;
        if parses(der) { Ok(der) } else { Err(malformed) }
    }

    /// Reads the RSA form: `opaque enc<0..2^16-1>`. What is in it is seen by who decrypts it, and by nobody else
    /// (R-HS-43).
    ///
    /// # Errors
    /// [`DecodeError`] if the vector does not exactly fill the body.
    pub fn read_rsa_encrypted(body: &[u8]) -> Result<&[u8], DecodeError> {
        let mut r = Reader::new("ClientKeyExchange", body).citing("R-RSA-1");
        let ciphertext = r.vector16("EncryptedPreMasterSecret", 0)?;
        r.finish("EncryptedPreMasterSecret")?;
        Ok(ciphertext)
    }

    /// The message of the ECC, RSA and IBC forms.
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn encrypted(ciphertext: &[u8]) -> Result<Message, Overlong> {
        encode(HandshakeType::CLIENT_KEY_EXCHANGE, |w| w.vector16(|w| w.bytes(ciphertext)))
    }

    /// Reads the form of TLS's ECDHE: `opaque point<1..2^8-1>` (RFC 8422 5.7).
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read_point(body: &[u8]) -> Result<&[u8], DecodeError> {
        let mut r = Reader::new("ClientKeyExchange", body).citing("R-T12-2");
        let point = r.vector8("ecdh_Yc", 1)?;
        r.finish("ecdh_Yc")?;
        Ok(point)
    }

    /// The message of TLS's ECDHE.
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn point(point: &[u8]) -> Result<Message, Overlong> {
        encode(HandshakeType::CLIENT_KEY_EXCHANGE, |w| w.vector8(|w| w.bytes(point)))
    }

    /// Reads the form of TLCP's ECDHE in both encodings of the field: 69 bytes, or 71 with a two-byte length (R-HS-23).
    ///
    /// # Errors
    /// [`DecodeError`] if it is neither.
    pub fn read_ephemeral(body: &[u8]) -> Result<EphemeralPoint<'_>, DecodeError> {
        let mut r = Reader::new("ClientKeyExchange", body).citing("R-HS-44");
        let params = match body {
            [0, 69, rest @ ..] if rest.len() == EphemeralPoint::LEN => rest,
            _ if body.len() == EphemeralPoint::LEN => body,
            _ => return Err(r.error("ClientECDHEParams", Problem::LengthOutOfRange)),
        };
        r = r.within(params);
        let point = EphemeralPoint::read(&mut r)?;
        let malformed = r.error("ClientECDHEParams", Problem::Malformed);
        r.finish("ClientECDHEParams")?;
        if point.curve_type != EphemeralPoint::NAMED_CURVE {
            return Err(malformed);
        }
        Ok(point)
    }

    /// The message of TLCP's ECDHE: a body of 69 bytes, or 71 as the standard's text has it and
    /// GmSSL wants it (R-HS-23).
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn ephemeral(point: &[u8], with_length: bool) -> Result<Message, Overlong> {
        let params = EphemeralPoint::new(NamedGroup::CURVE_SM2, point);
        encode(HandshakeType::CLIENT_KEY_EXCHANGE, |w| {
            if with_length {
                w.vector16(|w| params.write(w));
            } else {
                params.write(w);
            }
        })
    }
}
