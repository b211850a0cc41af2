//! Floor 3: handshake messages as bytes and as structs. They hold bytes, never keys. The state that receives a
//! message reads its body, since it alone knows version and key exchange; [`Handshake`] is only type and bytes.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
pub mod certificate;
pub mod certificate_status;
pub mod client_hello;
pub mod extension;
pub mod finished;
pub mod ibsdh;
pub mod join;
pub mod key_exchange;
pub mod list;
pub mod new_session_ticket;
pub mod server_hello;
pub mod signed;

pub use certificate::{CertificateRequest, Credential};
pub use certificate_status::CertificateStatus;
pub use client_hello::ClientHello;
pub use extension::{ClientExtensions, RequestedName, ServerExtensions};
pub use finished::{CertificateVerify, Finished};
pub use ibsdh::{KeyAgreementInfo, SignedAgreementInfo};
pub use join::{Due, Joiner, MessageLimits};
pub use key_exchange::{ClientKeyExchange, EphemeralPoint, ServerKeyExchange};
pub use list::{DistinguishedNames, OpaqueList, ProtocolNames};
pub use new_session_ticket::NewSessionTicket;
pub use server_hello::ServerHello;
pub use signed::DigitallySigned;

use crate::wire::{DecodeError, HandshakeType, Overlong, Problem, Reader, ShortBytes, Writer};
use alloc::{sync::Arc, vec::Vec};
use core::fmt;

/// A handshake message as it went by: its type and its body. The header that stands before the body on the wire belongs
/// to the transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake<'a> {
    /// msg_type
    pub kind: HandshakeType,
    /// What the type says it is.
    pub body: &'a [u8],
}

impl<'a> Handshake<'a> {
    /// Bytes of the header that TLS and TLCP have: msg_type, uint24 length.
    pub const HEADER_LEN: usize = 4;

    /// From a whole message of TLS or TLCP, header and all; `None` if it is shorter than a header.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let (header, body) = bytes.split_first_chunk::<4>()?;
        Some(Self { kind: HandshakeType(header[0]), body })
    }

    /// The header of TLS and TLCP, as the transcript takes it before the body: msg_type, uint24 length.
    pub fn header(&self) -> [u8; 4] {
        let [.., a, b, c] = (self.body.len() as u64).to_be_bytes();
        [self.kind.0, a, b, c]
    }

    /// Header and body: the whole message of TLS or TLCP.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.header(), self.body].concat()
    }
}

/// A handshake message of our own. It is made with the header of TLS and TLCP before it, so that those send it as it is.
#[derive(Debug, Clone)]
pub struct Message {
    kind: HandshakeType,
    bytes: Bytes,
}

#[derive(Debug, Clone)]
enum Bytes {
    Own(ShortBytes),
    /// The same for many connections.
    Shared(Arc<[u8]>),
}

impl Message {
    /// Its type and body.
    pub fn as_handshake(&self) -> Handshake<'_> {
        Handshake { kind: self.kind, body: self.as_bytes().get(Handshake::HEADER_LEN..).unwrap_or_default() }
    }

    /// The whole message of TLS or TLCP: header and body.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Own(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }

    /// The same, owned.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    /// The same, cheap to clone.
    pub(crate) fn shared(self) -> Self {
        let Self { kind, bytes } = self;
        match bytes {
            Bytes::Own(bytes) => Self { kind, bytes: Bytes::Shared(bytes[..].into()) },
            Bytes::Shared(_) => Self { kind, bytes },
        }
    }

    /// The bytes that other connections send too, if it is such a message.
    pub(crate) fn shared_bytes(&self) -> Option<&Arc<[u8]>> {
        match &self.bytes {
            Bytes::Own(_) => None,
            Bytes::Shared(bytes) => Some(bytes),
        }
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Message {}

/// A message with the body that `fill` writes.
pub(crate) fn encode(kind: HandshakeType, fill: impl FnOnce(&mut Writer)) -> Result<Message, Overlong> {
    let mut w = match kind {
        // TLCP's have about 130 and 162 bytes.
        HandshakeType::CLIENT_HELLO | HandshakeType::CLIENT_KEY_EXCHANGE => Writer::with_capacity(192),
        _ => Writer::default(),
    };
    w.u8(kind.0);
    w.vector24(fill);
    Ok(Message { kind, bytes: Bytes::Own(w.finish_short()?) })
}

/// Reads a body that must be empty: HelloRequest, ServerHelloDone (GB/T 38636 6.4.5.6).
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
