//! Floor 3: handshake messages as bytes and as structs. They hold bytes, never keys. The state that receives a
//! message reads its body, since it alone knows version and key exchange; [`Handshake`] is only type and bytes.
pub mod certificate;

pub use certificate::{CertificateRequest, Credential};

use crate::wire::{HandshakeType, Overlong, Writer};
use alloc::vec::Vec;

/// One whole handshake message as it went by.
#[derive(Debug, Clone, Copy)]
pub struct Handshake<'a> {
    /// msg_type
    pub kind: HandshakeType,
    /// The message with its 4-byte header, as the transcript takes it.
    pub raw: &'a [u8],
}

impl<'a> Handshake<'a> {
    /// Bytes of the header: msg_type, uint24 length.
    pub const HEADER_LEN: usize = 4;

    /// The body.
    pub fn body(&self) -> &'a [u8] {
        self.raw.get(Self::HEADER_LEN..).unwrap_or_default()
    }
}

/// A whole message: header and the body that `fill` writes.
pub(crate) fn encode(kind: HandshakeType, fill: impl FnOnce(&mut Writer)) -> Result<Vec<u8>, Overlong> {
    let mut w = Writer::with_capacity(128);
    w.u8(kind.0);
    w.vector24(fill);
    w.finish()
}
