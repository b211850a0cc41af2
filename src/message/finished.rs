//! CertificateVerify and Finished (GB/T 38636 6.4.5.9, 6.4.5.10).
use super::signed::DigitallySigned;
use super::{Message, encode};
use crate::wire::{DecodeError, HandshakeType, Overlong, Reader};

/// CertificateVerify: the client's signature over the handshake so far.
#[derive(Debug, Clone, Copy)]
pub struct CertificateVerify;

impl CertificateVerify {
    /// The signature.
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read(body: &[u8], names_scheme: bool) -> Result<DigitallySigned<'_>, DecodeError> {
        let mut r = Reader::new("CertificateVerify", body);
        let signed = DigitallySigned::read(&mut r, names_scheme)?;
        r.finish("signature")?;
        Ok(signed)
    }

    /// The message.
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn to_message(signed: &DigitallySigned<'_>) -> Result<Message, Overlong> {
        encode(HandshakeType::CERTIFICATE_VERIFY, |w| signed.write(w))
    }
}

/// Finished: 12 bytes of verify_data (R-HS-31).
#[derive(Debug, Clone, Copy)]
pub struct Finished;

impl Finished {
    /// Bytes of verify_data.
    pub const LEN: usize = 12;

    /// verify_data.
    ///
    /// # Errors
    /// [`DecodeError`] if it is not 12 bytes (R-KEY-6).
    pub fn read(body: &[u8]) -> Result<[u8; Self::LEN], DecodeError> {
        let mut r = Reader::new("Finished", body).citing("R-KEY-6");
        let verify_data = r.array("verify_data")?;
        r.finish("verify_data")?;
        Ok(verify_data)
    }

    /// The message.
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn to_message(verify_data: &[u8; Self::LEN]) -> Result<Message, Overlong> {
        encode(HandshakeType::FINISHED, |w| w.bytes(verify_data))
    }
}
