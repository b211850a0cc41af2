//! Which implementation of the fields runs: a value of either type is the permission to use it.

/// In plain Rust.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Portable;

/// The processor has BMI2, ADX and AVX2: there is no other way to a value of this type than asking it.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Adx {
    ifma: Option<Ifma>,
}

/// The processor has AVX-512 IFMA: only [`Adx::ifma`] gives a value of this type.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Ifma(());

#[cfg(target_arch = "x86_64")]
impl Adx {
    pub(super) fn detect() -> Option<Self> {
        let all = std::arch::is_x86_feature_detected!("bmi2")
            && std::arch::is_x86_feature_detected!("adx")
            && std::arch::is_x86_feature_detected!("avx2");
        let ifma = std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512ifma");
        all.then(|| Self { ifma: ifma.then_some(Ifma(())) })
    }

    /// For the memory checker, whose simulated processor has all three, though it does not say so of ADX.
    #[cfg(test)]
    pub(super) fn simulated() -> Self {
        Self { ifma: None }
    }

    /// Whether it has AVX-512 IFMA too.
    pub(super) fn ifma(self) -> Option<Ifma> {
        self.ifma
    }

    /// The same without.
    #[cfg(test)]
    pub(super) fn without_ifma(self) -> Self {
        Self { ifma: None }
    }
}

/// An implementation of the fields.
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
            $crate::crypto::native::backend::Backend::Adx($field) => $e,
            $crate::crypto::native::backend::Backend::Portable($field) => $e,
        }
    };
}
pub(super) use with_field;
