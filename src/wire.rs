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
