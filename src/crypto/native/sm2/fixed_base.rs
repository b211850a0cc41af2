//! Multiples of the base point, by tables that are computed at their first use.
use super::element::Affine;
use super::field::Field;
#[cfg(target_arch = "x86_64")]
use super::lane_sums;
use super::point::{Extended, GENERATOR};
use super::recode::OddDigits;
use super::scalar::Scalar;
use super::tables::{PART, PARTS, rows, spread};
#[cfg(target_arch = "x86_64")]
use crate::crypto::native::backend::Ifma;
use crate::crypto::native::backend::{Backend, with_field};
use alloc::{boxed::Box, vec::Vec};
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// Bits of a window; 43 windows of 32 points are 86 KiB.
const WIDTH: usize = 6;
const WINDOWS: usize = 43;
const POINTS: usize = 1 << (WIDTH - 1);
/// Of the non-adjacent forms in verification, and the points for each of the 13 parts of a scalar: 104 KiB.
pub(super) const ODD_WIDTH: usize = 9;
const ODD_POINTS: usize = 1 << (ODD_WIDTH - 2);

/// comb()[i * POINTS + j] = (2j + 1) * 2^(WIDTH * i) * G; a third of a millisecond at the first call of the process.
fn comb() -> &'static [Affine] {
    static TABLE: OnceLock<Box<[Affine]>> = OnceLock::new();
    TABLE.get_or_init(
        || with_field!(Backend::best(), field => rows(field, spread(field, &GENERATOR, WINDOWS, WIDTH), POINTS)),
    )
}

/// The same for eight lanes, with smaller windows: 52 KiB.
#[cfg(target_arch = "x86_64")]
fn lanes_comb<F: Field>(ifma: Ifma, field: F) -> &'static lane_sums::Table {
    static TABLE: OnceLock<lane_sums::Table> = OnceLock::new();
    TABLE.get_or_init(|| lane_sums::Table::of_windows(ifma, field, &GENERATOR))
}

/// For each part i of [`PART`] bits the odd multiples (2j + 1) * 2^(PART * i) * G; as [`comb`] for its cost.
pub(super) fn odd_parts() -> impl DoubleEndedIterator<Item = &'static [Affine]> + Clone {
    static TABLE: OnceLock<Box<[Affine]>> = OnceLock::new();
    let table = TABLE.get_or_init(
        || with_field!(Backend::best(), field => rows(field, spread(field, &GENERATOR, PARTS, PART), ODD_POINTS)),
    );
    table.chunks_exact(ODD_POINTS)
}

/// k * G in constant time; infinity for 0.
///
/// The incomplete additions are enough. Let S be the sum of the windows so far and T = d * 2^(6 i) the next, of ±k' (see
/// [`OddDigits`]). S is odd and |S| < 2^(6 i) <= |T|, hence S != 0 and S != ±T as integers. Modulo n: for i <= 41,
/// |S| + |T| < 2^252. For i = 42 take S + T = k' (with -k' all is alike): it is 0 for k = 0 alone, where two opposite points
/// rightly give infinity. T - S is odd, positive and below 3n, so it would have to be n; T = n + S is an odd multiple of
/// 2^252 less than 2^252 from n, which is 15 * 2^252 alone; but then k' = 30 * 2^252 - n, and that is less than n.
pub(super) fn multiply<F: Field>(field: F, k: &Scalar) -> Zeroizing<Extended> {
    #[cfg(target_arch = "x86_64")]
    if let Some(ifma) = field.ifma() {
        let digits = OddDigits::new(k, lane_sums::BITS);
        return lanes_comb(ifma, field).multiply_by_windows(field, &digits);
    }
    let digits = OddDigits::new(k, WINDOWS * WIDTH);
    let mut rows = comb().chunks_exact(POINTS).zip((0..).step_by(WIDTH));
    let mut next = || rows.next().map(|(row, position)| Affine::pick(field, row, digits.at(position, WIDTH)));
    let mut sum = Zeroizing::new(next().map(|q| Extended::from(*q)).unwrap_or_default());
    while let Some(q) = next() {
        *sum = sum.add_affine(field, &q);
    }
    sum
}

/// k * G for each of the scalars, as [`multiply`].
pub(super) fn multiply_each<F: Field>(field: F, scalars: &[Zeroizing<Scalar>]) -> Vec<Zeroizing<Extended>> {
    let one_by_one =
        |scalars: &[Zeroizing<Scalar>]| -> Vec<_> { scalars.iter().map(|k| multiply(field, k)).collect() };
    #[cfg(target_arch = "x86_64")]
    if let Some(ifma) = field.ifma() {
        /// From how many on eight at once are faster.
        const MANY: usize = 5;
        let (eights, rest) = scalars.as_chunks::<8>();
        let comb = lanes_comb(ifma, field);
        let digits = |k: &Scalar| OddDigits::new(k, lane_sums::BITS);
        let mut all = Vec::with_capacity(scalars.len());
        for eight in eights {
            all.extend(comb.multiply_eight(field, &eight.each_ref().map(|k| digits(k))));
        }
        if let (Some(first), true) = (rest.first(), rest.len() >= MANY) {
            let filled = core::array::from_fn(|i| digits(rest.get(i).unwrap_or(first)));
            all.extend(comb.multiply_eight(field, &filled).into_iter().take(rest.len()));
        } else {
            all.extend(one_by_one(rest));
        }
        return all;
    }
    one_by_one(scalars)
}
