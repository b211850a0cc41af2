//! SM2 (GB/T 32918) for x86-64: signatures, encryption and key exchange on the recommended curve.
//!
//! From the bottom up:
//! - `limbs`, `field` (modulo p; `field_x86` with mulx/adcx/adox), `scalar` (modulo n), `safegcd` (inversion);
//! - `point`: coordinates and additions; `recode`: scalars as digits;
//! - `fixed_base` (k G), `variable_base` (k P), `hot_point` (k P by a table): constant time;
//!   `vartime`: sums of multiples for public values;
//! - `hash` (Z, e, KDF), `sign`, `encrypt`, `agree`, and `hot_key`, the cache of tables.
//!
//! What is secret (keys, nonces, shared points, KDF output) meets no branch and no address, and is wiped.
mod agree;
mod encrypt;
mod field;
mod field_x86;
mod fixed_base;
mod hash;
mod hot_key;
mod hot_point;
mod key;
mod keys;
mod limbs;
mod point;
mod recode;
mod safegcd;
mod scalar;
mod sign;
mod variable_base;
mod vartime;

pub use key::Sm2PrivateKey;
pub use keys::{KEYS, Sm2Keys, Sm2Options};

use super::declassify;
use field::Portable;
use field_x86::Adx;

/// Which implementation of the field runs.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
enum Backend {
    Adx(Adx),
    Portable(Portable),
}

impl Backend {
    /// The fastest that this processor runs.
    fn best() -> Self {
        Adx::detect().map_or(Self::Portable(Portable), Self::Adx)
    }
}

/// Evaluates the expression with `$field` bound to the implementation in `$backend`.
macro_rules! with_field {
    ($backend:expr, $field:ident => $e:expr) => {
        match $backend {
            $crate::crypto::native::sm2::Backend::Adx($field) => $e,
            $crate::crypto::native::sm2::Backend::Portable($field) => $e,
        }
    };
}
use with_field;

#[cfg(test)]
mod tests;
