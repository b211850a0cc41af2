//! Scalars as digits.
use super::limbs::{Limbs, hide};

/// A digit of a constant-time recoding: `negative` is all ones or zero.
#[derive(Clone, Copy)]
pub(super) struct Digit {
    pub(super) negative: u64,
    pub(super) magnitude: u64,
}

/// The signed digit at bit `position` of a recoding in windows of `width` bits (Booth):
/// k = sum of digit(i * width) * 2^(i * width), -2^(width-1) <= digit <= 2^(width-1).
/// It looks at `width` bits and the one below. Constant time; `position` and `width` are public.
#[inline(always)]
pub(super) fn booth_digit(k: &Limbs, position: usize, width: usize) -> Digit {
    let bits = match position.checked_sub(1) {
        None => k[0] << 1,
        Some(low) => {
            let (limb, shift) = (low / 64, low % 64);
            let at = |i: usize| k.get(i).copied().unwrap_or(0);
            // << 1 << (63 - shift) is << (64 - shift), also for shift = 0
            at(limb) >> shift | at(limb + 1) << 1 << (63 - shift)
        }
    };
    let all = (1 << (width + 1)) - 1;
    let bits = bits & all;
    let negative = hide(bits >> width).wrapping_neg();
    let half = (bits ^ negative) & all;
    Digit { negative, magnitude: (half >> 1) + (half & 1) }
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
