//! Which implementation of the field runs.
use super::field::Portable;
use super::field_x86::Adx;

/// An implementation of the field.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Backend {
    Adx(Adx),
    Portable(Portable),
}

impl Backend {
    /// The fastest that this processor runs.
    pub(super) fn best() -> Self {
        Adx::detect().map_or(Self::Portable(Portable), Self::Adx)
    }
}

/// Evaluates the expression with `$field` bound to the implementation in `$backend`.
macro_rules! with_field {
    ($backend:expr, $field:ident => $e:expr) => {
        match $backend {
            $crate::crypto::native::sm2::backend::Backend::Adx($field) => $e,
            $crate::crypto::native::sm2::backend::Backend::Portable($field) => $e,
        }
    };
}
pub(super) use with_field;
