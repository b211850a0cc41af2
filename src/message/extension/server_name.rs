//! The name of the host that a hello asks for.
use crate::wire::{DecodeError, Problem, Reader};
use alloc::sync::Arc;

/// The host that a ClientHello asks for (R-HS-37, R-HS-48).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RequestedName {
    /// It names none.
    #[default]
    None,
    /// A name that no host has and nobody serves: not kept, not logged, and no session of it is resumed.
    Unservable,
    /// At most 253 letters, digits, `-`, `_` and `.`, in lower case.
    Host(Arc<str>),
}

impl RequestedName {
    /// The longest name of a host, in bytes.
    const MAX: usize = 253;

    /// The name, if it is one that a host can have.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Host(name) => Some(name),
            Self::None | Self::Unservable => None,
        }
    }

    /// The same, owned.
    pub fn into_host(self) -> Option<Arc<str>> {
        match self {
            Self::Host(name) => Some(name),
            Self::None | Self::Unservable => None,
        }
    }

    /// All of `r` is the name, of 1 to 253 bytes without NUL (R-HS-48).
    pub(super) fn read(r: Reader<'_>) -> Result<Self, DecodeError> {
        let mut r = r.citing("R-HS-48");
        let name = r.take_rest();
        if name.is_empty() || name.len() > Self::MAX {
            return Err(r.error("host_name", Problem::LengthOutOfRange));
        }
        if name.contains(&0) {
            return Err(r.error("host_name", Problem::Malformed));
        }
        Ok(Self::of(name))
    }

    /// The name of a host as a client asks for it.
    pub(crate) fn asking_for(host: &str) -> Self {
        Self::Host(lower_case(host))
    }

    /// What a server makes of a name.
    pub(crate) fn of(name: &[u8]) -> Self {
        let is_label = |label: &[u8]| {
            !label.is_empty() && label.iter().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b))
        };
        match core::str::from_utf8(name) {
            Ok(text) if text.len() <= Self::MAX && name.split(|b| *b == b'.').all(is_label) => {
                Self::Host(lower_case(text))
            }
            _ => Self::Unservable,
        }
    }
}
/// In one allocation if it is so already, as it nearly always is.
fn lower_case(name: &str) -> Arc<str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => name.to_ascii_lowercase().into(),
        false => name.into(),
    }
}
