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

/// A list as it came, in no more memory than its own size; `None` if half a code point is left over.
pub(crate) fn codes<T>(list: &[u8], make: fn(u16) -> T) -> Option<Codes<T>> {
    let (pairs, []) = list.as_chunks() else { return None };
    let mut out = Codes::with_capacity(pairs.len());
    out.extend(pairs.iter().map(|pair| make(u16::from_be_bytes(*pair))));
    Some(out)
}

/// Bytes: as many as most messages have that hold neither a certificate nor a secret (ServerKeyExchange: 78) need no memory
/// of the heap.
pub(crate) type ShortBytes = SmallVec<[u8; 88]>;
