//! Scalars as digits.
use super::scalar::{N, Scalar};
use crate::crypto::native::limbs::{self, Limbs, hide};
use zeroize::{DefaultIsZeroes, Zeroizing};

/// A digit 2 * index + 1, or its negative where `negative` is all ones (else zero).
#[derive(Clone, Copy)]
pub(super) struct Digit {
    pub(super) negative: u64,
    pub(super) index: u64,
}

/// A secret scalar as signed odd digits, as many for every scalar, none of them zero.
///
/// The digits are those of k' = n + k for an even k, and of k' = 2n - k for an odd one, whose digits then all change
/// their sign: k' is odd, n <= k' < 2n, and k = ±k' modulo n. With windows of w bits, L bits in all, and
/// m = (k' + 2^L - 1) / 2, the digits of k' are d_i = 2 m_i + 1 - 2^w, where m_i are the windows of m: the sum of
/// (2^w - 1) 2^(w i) is 2^L - 1.
#[derive(Clone, Copy, Default)]
pub(super) struct OddDigits {
    m: [u64; 5],
    negative: u64,
}

impl DefaultIsZeroes for OddDigits {}

impl OddDigits {
    /// In windows of `bits` bits together, 257 < bits <= 320. Constant time.
    pub(super) fn new(k: &Scalar, bits: usize) -> Zeroizing<Self> {
        let odd = hide(k.0[0] & 1).wrapping_neg();
        let even = Zeroizing::new(limbs::select(odd, &limbs::sub_wide(&N, &k.0).0, &k.0));
        let (sum, carry) = limbs::add_wide(&N, &even);
        let [s0, s1, s2, s3] = *Zeroizing::new(sum);
        // (k' - 1) / 2 + 2^(L - 1), the first below 2^256
        let halved = |low: u64, high: u64| low >> 1 | high << 63;
        let m = [halved(s0, s1), halved(s1, s2), halved(s2, s3), halved(s3, carry), 1 << (bits - 257)];
        Zeroizing::new(Self { m, negative: odd })
    }

    /// The digit of the window at bit `position`. Constant time; `position` and `width` are public.
    #[inline(always)]
    pub(super) fn at(&self, position: usize, width: usize) -> Digit {
        let (limb, shift) = (position / 64, position % 64);
        let at = |i: usize| self.m.get(i).copied().unwrap_or(0);
        // << 1 << (63 - shift) is << (64 - shift), also for shift = 0
        let window = at(limb) >> shift | at(limb + 1) << 1 << (63 - shift);
        // 2 m + 1 - 2^w is negative below half of the range, where its amount is that of the complement.
        let negative = hide(window >> (width - 1) & 1).wrapping_sub(1);
        let index = (window ^ negative) & ((1 << (width - 1)) - 1);
        Digit { negative: negative ^ self.negative, index }
    }
}

/// Digits of a width-w non-adjacent form: odd or zero, below 2^(w-1) in absolute value, and of any w neighbours at
/// most one not zero.
pub(super) struct NonAdjacentForm {
    digits: [i16; 257],
    len: usize,
}

impl NonAdjacentForm {
    /// For public k < 2^256, 2 <= width <= 12. Variable time.
    pub(super) fn new(k: &Limbs, width: usize) -> Self {
        let mut form = Self { digits: [0; 257], len: 0 };
        let bit = |i: usize| k.get(i / 64).map_or(0, |limb| limb >> (i % 64) & 1);
        let (mut position, mut carry) = (0, 0);
        while position < form.digits.len() {
            if bit(position) == carry {
                position += 1;
                continue;
            }
            let window = (0..width).fold(0, |acc, i| acc | (bit(position + i) as i16) << i) + carry as i16;
            carry = u64::from(window >> (width - 1) != 0);
            if let Some(digit) = form.digits.get_mut(position) {
                *digit = window - ((carry as i16) << width);
            }
            form.len = position + 1;
            position += width;
        }
        form
    }

    /// One more than the position of the highest digit that is not zero.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The digit at `position` as a sign and an index into a table of odd multiples 1, 3, 5, …; `None` for zero.
    pub(super) fn at(&self, position: usize) -> Option<(bool, usize)> {
        match self.digits.get(position) {
            None | Some(0) => None,
            Some(d) => Some((*d < 0, usize::from(d.unsigned_abs() / 2))),
        }
    }
}
