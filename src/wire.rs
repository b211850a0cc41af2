//! Floor 1: cursors over bytes that name the field they ran out in, and the protocol's code points.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
pub(crate) mod ciphertext;
pub(crate) mod der;
pub mod reader;
pub mod registry;
pub mod writer;

pub use reader::{DecodeError, Problem, Reader};
pub use registry::{
    AlertDescription, AlertLevel, CipherSuite, ClientCertificateType, ContentType, ExtensionType,
    HandshakeType, MaxFragmentLength, NamedGroup, ProtocolVersion, SignatureScheme,
};
pub use writer::{Overlong, Writer};

use smallvec::SmallVec;

/// Code points as hellos list them: as many as most of them have need no memory of the heap.
pub type Codes<T> = SmallVec<[T; 16]>;

/// A list as it came, in no more memory than its own size.
pub(crate) fn codes<T>(pairs: &[[u8; 2]], make: fn(u16) -> T) -> Codes<T> {
    let mut out = Codes::with_capacity(pairs.len());
    out.extend(pairs.iter().map(|pair| make(u16::from_be_bytes(*pair))));
    out
}

/// Bytes: as many as most messages have that hold neither a certificate nor a secret (ServerKeyExchange: 78) need no memory
/// of the heap.
pub(crate) type ShortBytes = SmallVec<[u8; 88]>;
