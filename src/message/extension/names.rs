//! The names in a hello: of the host that is asked for, and of application protocols.
use crate::wire::{DecodeError, Problem, Reader, Writer};
use alloc::{boxed::Box, vec::Vec};
use core::fmt;

/// The host that a ClientHello asks for (R-HS-37, R-HS-48).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RequestedName {
    /// It names none.
    #[default]
    None,
    /// A name that no host has and nobody serves: not kept, not logged, and no session of it is resumed.
    Unservable,
    /// At most 253 letters, digits, `-`, `_` and `.`, in lower case.
    Host(Box<str>),
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
    pub fn into_host(self) -> Option<Box<str>> {
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

    /// What a server makes of a name.
    pub(crate) fn of(name: &[u8]) -> Self {
        let is_label = |label: &[u8]| {
            !label.is_empty() && label.iter().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b))
        };
        match core::str::from_utf8(name) {
            Ok(text) if text.len() <= Self::MAX && name.split(|b| *b == b'.').all(is_label) => {
                Self::Host(text.to_ascii_lowercase().into_boxed_str())
            }
            _ => Self::Unservable,
        }
    }
}

/// Names of application protocols as they stand in the extension: each of 1 to 255 bytes, behind its length. However many
/// there are, they are one allocation (R-HS-49).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProtocolNames(Box<[u8]>);

impl ProtocolNames {
    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &*self.0;
        core::iter::from_fn(move || {
            let (length, names) = rest.split_first()?;
            let (name, next) = names.split_at_checked(usize::from(*length))?;
            rest = next;
            Some(name)
        })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `name` is among them.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.iter().any(|one| one == name)
    }

    /// R-ALPN-1: names of 1 to 255 bytes, at least one.
    pub(super) fn read(r: Reader<'_>) -> Result<Self, DecodeError> {
        let mut r = r.citing("R-ALPN-1");
        let list = r.vector16("protocol_name_list", 2)?;
        let mut names = r.within(list);
        r.finish("protocol_name_list")?;
        while !names.is_empty() {
            names.vector8("ProtocolName", 1)?;
        }
        Ok(Self(Box::from(list)))
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.vector16(|w| w.bytes(&self.0));
    }
}

impl<'a> FromIterator<&'a [u8]> for ProtocolNames {
    /// Names that cannot stand in the extension, being empty or longer than 255 bytes, are left out.
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(names: I) -> Self {
        let mut out = Vec::new();
        for name in names {
            if let Ok(length @ 1..) = u8::try_from(name.len()) {
                out.push(length);
                out.extend_from_slice(name);
            }
        }
        Self(out.into_boxed_slice())
    }
}

impl fmt::Debug for ProtocolNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|name| name.escape_ascii())).finish()
    }
}
