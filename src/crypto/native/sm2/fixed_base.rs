//! Multiples of the base point, by tables that are computed at their first use.
use super::Backend;
use super::field::Field;
use super::hot_point::{PART, PARTS};
use super::point::{Affine, Extended, GENERATOR, Jacobian, to_affine_all};
use super::recode::booth_digit;
use super::scalar::Scalar;
use super::with_field;
use alloc::{boxed::Box, vec, vec::Vec};
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// Bits of a window; 43 windows of 32 points are 86 KiB.
const WIDTH: usize = 6;
const WINDOWS: usize = 43;
const POINTS: usize = 1 << (WIDTH - 1);
/// Of the non-adjacent forms in verification, and the points for each of the 13 parts of a scalar: 104 KiB.
pub(super) const ODD_WIDTH: usize = 9;
const ODD_POINTS: usize = 1 << (ODD_WIDTH - 2);

/// comb()[i * POINTS + j] = (j + 1) * 2^(WIDTH * i) * G; a third of a millisecond at the first call of the process.
fn comb() -> &'static [Affine] {
    static TABLE: OnceLock<Box<[Affine]>> = OnceLock::new();
    TABLE.get_or_init(
        || with_field!(Backend::best(), field => windows(field, &GENERATOR, WINDOWS, WIDTH, POINTS)),
    )
}

/// For each part i of [`PART`] bits the odd multiples (2j + 1) * 2^(PART * i) * G; as [`comb`] for its cost.
pub(super) fn odd_parts() -> impl DoubleEndedIterator<Item = &'static [Affine]> + Clone {
    static TABLE: OnceLock<Box<[Affine]>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        with_field!(Backend::best(), field => {
            let mut base = Jacobian::from(GENERATOR);
            let mut all = Vec::with_capacity(PARTS * ODD_POINTS);
            for _ in 0..PARTS {
                push_odd_multiples(field, &base, ODD_POINTS, &mut all);
                base = (0..PART).fold(base, |b, _| b.double(field));
            }
            to_affine_table(field, &all)
        })
    });
    table.chunks_exact(ODD_POINTS)
}

/// (j + 1) * 2^(stride * i) * P for j < points, i < windows; points >= 2. Nothing in it is infinity, or equal where an
/// addition would need it to be different, since the factors' sums and differences are not multiples of n.
pub(super) fn windows<F: Field>(
    field: F,
    p: &Affine,
    windows: usize,
    stride: usize,
    points: usize,
) -> Box<[Affine]> {
    let mut base = Jacobian::from(*p);
    let mut all = Vec::with_capacity(windows * points);
    for _ in 0..windows {
        let row = all.len();
        all.extend([base, base.double(field)]);
        for j in 2..points {
            // 2i = i + i, 2i + 1 = 2i + 1
            let next =
                if j % 2 == 1 { all[row + j / 2].double(field) } else { all[row + j - 1].add(field, &base) };
            all.push(next);
        }
        base = (0..stride).fold(base, |b, _| b.double(field));
    }
    to_affine_table(field, &all)
}

fn to_affine_table<F: Field>(field: F, points: &[Jacobian]) -> Box<[Affine]> {
    let mut out = vec![Affine::default(); points.len()].into_boxed_slice();
    to_affine_all(field, points, &mut out);
    out
}

/// P, 3P, 5P, …: `count` points.
pub(super) fn odd_multiples<F: Field>(field: F, p: &Affine, count: usize) -> Box<[Affine]> {
    let mut all = Vec::with_capacity(count);
    push_odd_multiples(field, &Jacobian::from(*p), count, &mut all);
    to_affine_table(field, &all)
}

fn push_odd_multiples<F: Field>(field: F, p: &Jacobian, count: usize, all: &mut Vec<Jacobian>) {
    let twice = p.double(field);
    all.extend(core::iter::successors(Some(*p), |last| Some(last.add(field, &twice))).take(count));
}

/// k * G in constant time; infinity for 0.
///
/// The incomplete additions are enough. Let S be the sum of the windows so far, T = d * 2^(6 i), d != 0, the next one.
/// |S| <= 32 (2^(6 i) - 1) / 63 < 2^(6 i) <= |T|, hence S != ±T as integers, and S != 0 unless all its digits are 0
/// (then `started` is still zero). Modulo n: for i <= 41, |S| + |T| < 33 * 2^246 + 2^251 < n. For i = 42, S + T = k is
/// not 0 modulo n. And S - T? 0 <= d <= 16 since k < 2^256. If d <= 15, |S - T| < 15.6 * 2^252 < n. If d = 16,
/// T = 2^256 and S = k - T < n - 2^256 < 0, hence n < 2^256 < T - S < 2^257 - 2^252 < 2n. No case is left.
pub(super) fn multiply<F: Field>(field: F, k: &Scalar) -> Zeroizing<Extended> {
    let mut sum = Zeroizing::new(Extended::default());
    let mut started = 0;
    for (i, row) in comb().chunks_exact(POINTS).enumerate() {
        let digit = booth_digit(&k.0, i * WIDTH, WIDTH);
        sum.add_digit(field, &mut started, row, digit);
    }
    sum
}
