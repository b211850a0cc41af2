//! What SM9 hashes to scalars.
use super::scalar::{N, Scalar};
use crate::crypto::native::hash::derive_key;
use crate::crypto::native::limbs::{self, Limbs};
use crate::crypto::sm9::Usage;
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// H1(identity || hid, N), 1 <= h < N.
pub(super) fn h1(identity: &[u8], usage: Usage) -> Scalar {
    to_range(&[&[1], identity, &[usage.hid()]])
}

/// H2(parts[0] || parts[1] || … || w, N), 1 <= h < N.
pub(super) fn h2(parts: &[&[u8]], w: &[u8; 384]) -> Scalar {
    let all: Vec<&[u8]> = core::iter::once(&[2][..]).chain(parts.iter().copied()).chain([&w[..]]).collect();
    to_range(&all)
}

/// 320 bits of SM3(prefix || 1) || SM3(prefix || 2) as an integer, modulo N - 1, plus 1. In constant time.
fn to_range(prefix: &[&[u8]]) -> Scalar {
    let mut hash = Zeroizing::new([0; 40]);
    derive_key(prefix, hash.as_mut());
    let less_one = [N[0] - 1, N[1], N[2], N[3]];
    let (high, low) = hash.split_at(32);
    let mut rest = Zeroizing::new([0; 32]);
    rest.copy_from_slice(high);
    let mut h: Zeroizing<Limbs> =
        Zeroizing::new(limbs::reduce_once(&limbs::from_be_bytes(&rest), 0, &less_one));
    for byte in low {
        for bit in (0..8).rev() {
            let (mut twice, carry) = limbs::add_wide(&h, &h);
            twice[0] |= u64::from(byte >> bit & 1);
            *h = limbs::reduce_once(&twice, carry, &less_one);
        }
    }
    Scalar(limbs::add_wide(&h, &[1, 0, 0, 0]).0)
}
