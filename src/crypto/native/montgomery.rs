//! Multiplication modulo any odd number between 2^255 and 2^256, in Montgomery's form.
use super::limbs::{self, Limbs, mac};
use zeroize::Zeroize;

/// A modulus m with -1/m mod 2^64.
pub(super) struct Reduction {
    modulus: Limbs,
    negated_inverse: u64,
}

impl Reduction {
    pub(super) const fn new(modulus: &Limbs) -> Self {
        // Newton: each turn doubles the number of right bits; m is its own inverse modulo 8.
        let mut inverse = modulus[0];
        let mut i = 0;
        while i < 5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(modulus[0].wrapping_mul(inverse)));
            i += 1;
        }
        Self { modulus: *modulus, negated_inverse: inverse.wrapping_neg() }
    }

    #[cfg(feature = "sm9")]
    pub(super) const fn negated_inverse(&self) -> u64 {
        self.negated_inverse
    }

    /// a * b / 2^256 mod m, for a, b < m.
    pub(super) fn mul(&self, a: &Limbs, b: &Limbs) -> Limbs {
        let mut t = limbs::mul_wide(a, b);
        let (high, top) = self.rounds(&mut t);
        let r = limbs::reduce_once(&high, top, &self.modulus);
        t.zeroize();
        r
    }

    /// The same for constants.
    #[cfg(feature = "sm9")]
    pub(super) const fn mul_constant(&self, a: &Limbs, b: &Limbs) -> Limbs {
        let mut t = limbs::mul_wide(a, b);
        let (high, top) = self.rounds(&mut t);
        limbs::reduce_constant(&high, top, &self.modulus)
    }

    /// t / 2^256 modulo m, below 2m, as limbs and a carry.
    #[inline(always)]
    const fn rounds(&self, t: &mut [u64; 8]) -> (Limbs, u64) {
        let (mut top, mut i) = (0, 0);
        while i < 4 {
            let m = t[i].wrapping_mul(self.negated_inverse);
            let (mut carry, mut j) = (0, 0);
            while j < 4 {
                (t[i + j], carry) = mac(t[i + j], m, self.modulus[j], carry);
                j += 1;
            }
            (t[i + 4], top) = limbs::adc(t[i + 4], carry, top);
            i += 1;
        }
        ([t[4], t[5], t[6], t[7]], top)
    }
}
