//! Floor 3: handshake messages as bytes and as structs. They hold bytes, never keys. The state that receives a
//! message reads its body, since it alone knows version and key exchange; [`Handshake`] is only type and bytes.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
pub mod certificate;
pub mod client_hello;
pub mod extension;
pub mod finished;
pub mod join;
pub mod key_exchange;
pub mod list;
pub mod server_hello;
pub mod signed;

pub use certificate::{CertificateRequest, Credential};
pub use client_hello::ClientHello;
pub use extension::{ClientExtensions, RequestedName, ServerExtensions};
pub use finished::{CertificateVerify, Finished};
pub use join::{Due, Joiner, MessageLimits};
pub use key_exchange::{ClientKeyExchange, EphemeralPoint, ServerKeyExchange};
pub use list::{DistinguishedNames, OpaqueList, ProtocolNames};
pub use server_hello::ServerHello;
pub use signed::DigitallySigned;

use crate::wire::{DecodeError, HandshakeType, Overlong, Problem, Reader, Writer};
use alloc::vec::Vec;
use core::fmt;

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

    /// A whole message of our own, header and all; `None` if it is shorter than a header.
    pub fn of(raw: &'a [u8]) -> Option<Self> {
        let kind = HandshakeType(*raw.first()?);
        (raw.len() >= Self::HEADER_LEN).then_some(Self { kind, raw })
    }

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

/// Reads a body that must be empty: HelloRequest, ServerHelloDone (spec section 4.6).
pub(crate) fn read_empty(message: &'static str, body: &[u8]) -> Result<(), DecodeError> {
    Reader::new(message, body).finish("body")
}

/// A session id: at most 32 bytes, none meaning "no session".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct SessionId {
    len: u8,
    bytes: [u8; Self::MAX],
}

impl SessionId {
    /// The longest, in bytes.
    pub const MAX: usize = 32;

    /// No session.
    pub const EMPTY: Self = Self { len: 0, bytes: [0; Self::MAX] };

    /// A full-length id.
    pub fn new(bytes: [u8; Self::MAX]) -> Self {
        Self { len: 32, bytes }
    }

    /// From at most 32 bytes; `None` if there are more.
    pub fn from_slice(id: &[u8]) -> Option<Self> {
        let mut out = Self { len: u8::try_from(id.len()).ok()?, ..Self::EMPTY };
        out.bytes.get_mut(..id.len())?.copy_from_slice(id);
        Some(out)
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Whether it names no session (R-SES-9).
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads `opaque session_id<0..32>` (R-HS-34).
    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes = r.vector8("session_id", 0)?;
        Self::from_slice(bytes)
            .ok_or(r.clone().citing("R-HS-34").error("session_id", Problem::LengthOutOfRange))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}
