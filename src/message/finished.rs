//! CertificateVerify and Finished (spec sections 4.8, 4.9).
use super::encode;
use crate::wire::{DecodeError, HandshakeType, Overlong, Reader};
use alloc::vec::Vec;

/// CertificateVerify of TLCP: `opaque signature<0..2^16-1>`.
#[derive(Debug, Clone, Copy)]
pub struct CertificateVerify;

impl CertificateVerify {
    /// The signature.
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read(body: &[u8]) -> Result<&[u8], DecodeError> {
        let mut r = Reader::new("CertificateVerify", body);
        let signature = r.vector16("signature", 0)?;
        r.finish("signature")?;
        Ok(signature)
    }

    /// The whole message, with its header.
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn to_message(signature: &[u8]) -> Result<Vec<u8>, Overlong> {
        encode(HandshakeType::CERTIFICATE_VERIFY, |w| w.vector16(|w| w.bytes(signature)))
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

    /// The whole message, with its header.
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn to_message(verify_data: &[u8; Self::LEN]) -> Result<Vec<u8>, Overlong> {
        encode(HandshakeType::FINISHED, |w| w.bytes(verify_data))
    }
}
