//! A signature as messages hold it (GB/T 38636 6.4.5.4, 6.4.5.9): the one form of ServerKeyExchange and CertificateVerify.
use crate::wire::{DecodeError, Reader, SignatureScheme, Writer};

/// `[SignatureScheme scheme;] opaque signature<0..2^16-1>`: TLCP names no scheme (R-HS-17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigitallySigned<'a> {
    /// How it was made, if the protocol says so.
    pub scheme: Option<SignatureScheme>,
    /// The signature; SM2: DER.
    pub signature: &'a [u8],
}

impl<'a> DigitallySigned<'a> {
    /// Reads it, with a scheme before it or without.
    pub(super) fn read(r: &mut Reader<'a>, names_scheme: bool) -> Result<Self, DecodeError> {
        let scheme = if names_scheme { Some(SignatureScheme(r.u16("signature_algorithm")?)) } else { None };
        Ok(Self { scheme, signature: r.vector16("signature", 0)? })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        self.scheme.iter().for_each(|scheme| w.u16(scheme.0));
        w.vector16(|w| w.bytes(self.signature));
    }
}
