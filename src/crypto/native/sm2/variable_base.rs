//! Multiples of any point by a secret scalar, in constant time.
use super::element::Affine;
use super::field::Field;
use super::point::Jacobian;
use super::recode::OddDigits;
use super::scalar::Scalar;
use super::tables::rows;
use zeroize::Zeroizing;

const WIDTH: usize = 5;
const WINDOWS: usize = 52;

/// k * P in constant time (P is public); infinity for k = 0.
///
/// From the highest window down, the sum is A P and then 32 A P ± d P, where A, the value of the digits above, and
/// the digit d are odd, |d| < 32. So A != 0, and 32 A != ±d as integers: no infinity, and the incomplete addition is
/// enough. Modulo n: 32 A ± d is below 2^253 but for the last window, where 32 A + d = ±k' is 0 for k = 0 alone (opposite
/// points, which rightly give infinity), and 32 A - d = ±(k' - 2d) with a digit d of k'. That is odd and, since
/// n <= k' < 2n, could only be n: then d = (n + 2d) + 32 modulo 64, d = -3, but n - 6 is no k'.
pub(super) fn multiply<F: Field>(field: F, k: &Scalar, p: &Affine) -> Zeroizing<Jacobian> {
    let table = rows(field, p, 1, 0, 1 << (WIDTH - 1));
    let digits = OddDigits::new(k, WINDOWS * WIDTH);
    let digit = |window: usize| digits.at(window * WIDTH, WIDTH);
    let mut sum = Zeroizing::new(Jacobian::from(*Affine::pick(field, &table, digit(WINDOWS - 1))));
    for window in (0..WINDOWS - 1).rev() {
        for _ in 0..WIDTH {
            *sum = sum.double(field);
        }
        *sum = sum.add_affine(field, &Affine::pick(field, &table, digit(window)));
    }
    sum
}
