//! Multiples of any point by a secret scalar, in constant time.
use super::field::Field;
use super::fixed_base::windows;
use super::limbs;
use super::point::{Affine, Jacobian};
use super::recode::booth_digit;
use super::scalar::Scalar;
use zeroize::{Zeroize, Zeroizing};

const WIDTH: usize = 5;
const WINDOWS: usize = 52;

/// k * P in constant time (P is public); infinity for k = 0.
///
/// From the highest window down: sum = 32 A P, A the value of the digits above, |digit| <= 16, and the incomplete
/// addition is enough but for one case. A is k >> 5 (i + 1) rounded to nearest, so A >= 1 once `started`, and
/// 32 A > |digit|: not equal as integers. Modulo n: for i >= 1, 32 A + 16 < 2^252 < n. For i = 0, 32 A + d = k is not
/// 0 modulo n, and 32 A - d = k - 2d = 0 modulo n only for k - 2d = n: k = n - 6, d = -3. There both points are equal,
/// so the last window doubles where the addition gives Z = 0 (it cannot be the sum, k P, that is infinity).
pub(super) fn multiply<F: Field>(field: F, k: &Scalar, p: &Affine) -> Zeroizing<Jacobian> {
    let table = windows(field, p, 1, 0, 1 << (WIDTH - 1));
    let mut sum = Zeroizing::new(Jacobian::default());
    let mut started = 0;
    for i in (0..WINDOWS).rev() {
        for _ in 0..WIDTH {
            *sum = sum.double(field);
        }
        let digit = booth_digit(&k.0, i * WIDTH, WIDTH);
        let mut q = field.lookup(&table, digit.magnitude).negate_if(field, digit.negative);
        let skip = limbs::zero_mask(digit.magnitude);
        let mut added = sum.add_affine(field, &q);
        if i == 0 {
            added = Jacobian::select(added.z.is_zero_mask(), &sum.double(field), &added);
        }
        let added = Jacobian::select(started, &added, &Jacobian::from(q));
        *sum = Jacobian::select(skip, &sum, &added);
        started |= !skip;
        q.zeroize();
    }
    sum
}
