//! SM2 (GB/T 32918): signatures, encryption and key exchange on the recommended curve.
//!
//! From the bottom up:
//! - `element`, `field` (modulo p; `field_x86` with mulx/adcx/adox, `field_ifma` eight elements at once), `scalar`
//!   (modulo n), over `limbs`, `montgomery` and `safegcd` beside this file;
//! - `point`: coordinates and additions; `recode`: scalars as digits; `tables` of odd multiples;
//! - `fixed_base` (k G), `variable_base` (k P), `hot_point` (k P by a table): constant time; where eight elements go at
//!   once by `lane_sums`, `ladder` and, for eight points, `ladder_eight`;
//!   `vartime`: sums of multiples for public values;
//! - `hash` (Z, e), `sign`, `encrypt`, `agree`, and `hot_key`, the cache of tables.
//!
//! What is secret (keys, nonces, shared points, KDF output) meets no branch and no address, and is wiped.
mod agree;
mod element;
mod encrypt;
mod field;
#[cfg(target_arch = "x86_64")]
mod field_ifma;
#[cfg(target_arch = "x86_64")]
mod field_x86;
mod fixed_base;
mod hash;
mod hot_key;
mod hot_point;
mod key;
mod keys;
#[cfg(target_arch = "x86_64")]
mod ladder;
#[cfg(target_arch = "x86_64")]
mod ladder_eight;
#[cfg(target_arch = "x86_64")]
mod lane_sums;
mod point;
mod recode;
mod scalar;
mod secret;
mod sign;
mod tables;
mod variable_base;
mod vartime;

pub use key::Sm2PrivateKey;
pub use keys::{KEYS, Sm2Keys, Sm2Options};

#[cfg(test)]
mod tests;
