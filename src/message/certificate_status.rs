//! CertificateStatus: a stapled OCSP response (R-EXT-3).
use super::{Message, encode};
use crate::wire::{DecodeError, HandshakeType, Overlong, Problem, Reader};

/// CertificateStatus.
#[derive(Debug, Clone, Copy)]
pub struct CertificateStatus;

impl CertificateStatus {
    const OCSP: u8 = 1;

    /// Reads the body: `uint8 1; opaque response<1..2^24-1>`. The response itself is not looked into.
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read(body: &[u8]) -> Result<&[u8], DecodeError> {
        let mut r = Reader::new("CertificateStatus", body).citing("R-EXT-3");
        if r.u8("status_type")? != Self::OCSP {
            return Err(r.error("status_type", Problem::Malformed));
        }
        let response = r.vector24("response", 1)?;
        r.finish("response")?;
        Ok(response)
    }

    /// The message.
    ///
    /// # Errors
    /// [`Overlong`] if the response outgrows its length prefix.
    pub fn to_message(response: &[u8]) -> Result<Message, Overlong> {
        encode(HandshakeType::CERTIFICATE_STATUS, |w| {
            w.u8(Self::OCSP);
            w.vector24(|w| w.bytes(response));
        })
    }
}
