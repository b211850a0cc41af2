//! Multiples of any point by a secret scalar, in constant time.
use super::element::Affine;
use super::field::Field;
#[cfg(target_arch = "x86_64")]
use super::field::invert_all;
use super::point::Jacobian;
use super::recode::OddDigits;
use super::scalar::Scalar;
use super::tables::rows;
#[cfg(target_arch = "x86_64")]
use super::{ladder, ladder_eight};
use alloc::vec::Vec;
use zeroize::Zeroizing;

const WIDTH: usize = 5;
const WINDOWS: usize = 52;
/// Odd multiples of each point.
const POINTS: usize = 1 << (WIDTH - 1);

/// k * P in constant time (P is public); infinity for k = 0.
///
/// From the highest window down, the sum is A P and then 32 A P ± d P, where A, the value of the digits above, and
/// the digit d are odd, |d| < 32. So A != 0, and 32 A != ±d as integers: no infinity, and the incomplete addition is
/// enough. Modulo n: 32 A ± d is below 2^253 but for the last window, where 32 A + d = ±k' is 0 for k = 0 alone (opposite
/// points, which rightly give infinity), and 32 A - d = ±(k' - 2d) with a digit d of k'. That is odd and, since
/// n <= k' < 2n, could only be n: then d = (n + 2d) + 32 modulo 64, d = -3, but n - 6 is no k'.
pub(super) fn multiply<F: Field>(field: F, k: &Scalar, p: &Affine) -> Zeroizing<Jacobian> {
    #[cfg(target_arch = "x86_64")]
    if let Some(ifma) = field.ifma() {
        return ladder::multiply(ifma, field, k, p);
    }
    let table = rows(field, [Jacobian::from(*p)], POINTS);
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

/// k * (P + x * Q) in constant time but for P, Q and x, which are public, 2^127 <= x < 2^128; infinity for k = 0, and where
/// the sum is. A peer may choose both points.
pub(super) fn multiply_sum<F: Field>(
    field: F,
    k: &Scalar,
    p: &Affine,
    (x, q): (&Scalar, &Affine),
) -> Zeroizing<Jacobian> {
    #[cfg(target_arch = "x86_64")]
    if let Some(ifma) = field.ifma() {
        let mut sum = ladder::multiply_short(ifma, field, x, q);
        sum.add_affine_vartime(field, p);
        if sum.z.is_zero_vartime() {
            return sum;
        }
        return multiply(field, k, &sum.to_affine(field));
    }
    // With one doubling for both.
    let of_q = Zeroizing::new(k.mul(x));
    multiply_two(field, [(k, p), (&of_q, q)])
}

/// k * P + l * Q in constant time, whatever the two points have to do with each other: a peer may choose both.
pub(super) fn multiply_two<F: Field>(
    field: F,
    [(k, p), (l, q)]: [(&Scalar, &Affine); 2],
) -> Zeroizing<Jacobian> {
    let table = rows(field, [p, q].map(|point| Jacobian::from(*point)), POINTS);
    let digits = [k, l].map(|scalar| OddDigits::new(scalar, WINDOWS * WIDTH));
    let next = |point: usize, window: usize| {
        let row = table.chunks_exact(POINTS).nth(point).unwrap_or_default();
        Affine::pick(field, row, digits[point].at(window * WIDTH, WIDTH))
    };
    let mut sum = Zeroizing::new(Jacobian::from(*next(0, WINDOWS - 1)));
    *sum = sum.add_affine_complete(field, &next(1, WINDOWS - 1));
    for window in (0..WINDOWS - 1).rev() {
        for _ in 0..WIDTH {
            *sum = sum.double(field);
        }
        for point in 0..2 {
            *sum = sum.add_affine_complete(field, &next(point, window));
        }
    }
    sum
}

/// k * P for each of the points, for k != 0.
pub(super) fn multiply_each<F: Field>(field: F, k: &Scalar, points: &[Affine]) -> Vec<Zeroizing<Affine>> {
    let one_by_one = |points: &[Affine]| -> Vec<_> {
        points.iter().map(|p| Zeroizing::new(multiply(field, k, p).to_affine(field))).collect()
    };
    #[cfg(target_arch = "x86_64")]
    if let Some(ifma) = field.ifma() {
        /// From how many on eight at once are faster.
        const MANY: usize = 3;
        let mut all = Vec::with_capacity(points.len());
        for eight in points.chunks(8) {
            if eight.len() < MANY {
                all.extend(one_by_one(eight));
                continue;
            }
            let filled = core::array::from_fn(|i| *eight.get(i).unwrap_or(&eight[0]));
            let multiples = ladder_eight::multiply(ifma, field, k, &filled);
            let inverses = Zeroizing::new(invert_all(field, &multiples.each_ref().map(|p| p.z)));
            let affine = multiples
                .iter()
                .zip(inverses.iter())
                .map(|(p, z)| Zeroizing::new(p.to_affine_with(field, z)));
            all.extend(affine.take(eight.len()));
        }
        return all;
    }
    one_by_one(points)
}
