//! Which implementation of the field runs.
use super::field::Portable;
#[cfg(target_arch = "x86_64")]
use super::field_x86::Adx;

/// An implementation of the field.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Backend {
    #[cfg(target_arch = "x86_64")]
    Adx(Adx),
    Portable(Portable),
}

impl Backend {
    /// The fastest that this processor runs.
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(adx) = Adx::detect() {
            return Self::Adx(adx);
        }
        Self::Portable(Portable)
    }
}

/// Evaluates the expression with `$field` bound to the implementation in `$backend`.
macro_rules! with_field {
    ($backend:expr, $field:ident => $e:expr) => {
        match $backend {
            #[cfg(target_arch = "x86_64")]
            $crate::crypto::native::sm2::backend::Backend::Adx($field) => $e,
            $crate::crypto::native::sm2::backend::Backend::Portable($field) => $e,
        }
    };
}
pub(super) use with_field;
