//! Tables for a public key that is used again and again.
use super::element::Affine;
use super::field::Field;
#[cfg(target_arch = "x86_64")]
use super::fixed_base;
use super::fixed_base::{ODD_WIDTH, odd_parts};
#[cfg(target_arch = "x86_64")]
use super::lane_sums;
use super::point::Extended;
use super::recode::{NonAdjacentForm, OddDigits};
use super::scalar::Scalar;
use super::tables::{PART, PARTS, rows, spread};
use alloc::boxed::Box;
use zeroize::Zeroizing;

/// The scalar is cut into 13 parts of 20 bits, each of 4 windows of 5 bits: 16 odd multiples of 2^(20 i) P for each part
/// i, 13 KiB in all, which cost about as much as one verification.
const WIDTH: usize = 5;
const POINTS: usize = 1 << (WIDTH - 1);
const WINDOWS_PER_PART: usize = PART / WIDTH;
/// Of a non-adjacent form whose digits are those same odd multiples.
const ODD_DIGITS_WIDTH: usize = WIDTH + 1;

/// Multiples of a public point.
pub(super) enum HotPoint {
    /// table[i * POINTS + j] = (2j + 1) * 2^(PART * i) * P
    Table(Box<[Affine]>),
    #[cfg(target_arch = "x86_64")]
    Lanes(lane_sums::Table),
}

impl HotPoint {
    pub(super) fn new<F: Field>(field: F, p: &Affine) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(ifma) = field.ifma() {
            return Self::Lanes(lane_sums::Table::of_parts(ifma, field, p));
        }
        Self::Table(rows(field, spread(field, p, PARTS, PART), POINTS))
    }

    /// s * G + t * P in variable time.
    pub(super) fn multiply_add_base<F: Field>(&self, field: F, s: &Scalar, t: &Scalar) -> Extended {
        match self {
            Self::Table(table) => multiply_add_base(field, s, t, table),
            #[cfg(target_arch = "x86_64")]
            Self::Lanes(_) => fixed_base::multiply(field, s).add_vartime(field, &self.multiply(field, t)),
        }
    }

    /// k * P in constant time; infinity for 0.
    pub(super) fn multiply<F: Field>(&self, field: F, k: &Scalar) -> Zeroizing<Extended> {
        let digits = OddDigits::new(k, PARTS * PART);
        match self {
            Self::Table(table) => multiply(field, &digits, table),
            #[cfg(target_arch = "x86_64")]
            Self::Lanes(table) => table.multiply_by_parts(field, &digits),
        }
    }
}

fn multiply_add_base<F: Field>(field: F, s: &Scalar, t: &Scalar, table: &[Affine]) -> Extended {
    let (s, t) = (NonAdjacentForm::new(&s.0, ODD_WIDTH), NonAdjacentForm::new(&t.0, ODD_DIGITS_WIDTH));
    let mut sum = Extended::INFINITY;
    for bit in (0..PART).rev() {
        sum = sum.double(field);
        let rows = odd_parts().zip(table.chunks_exact(POINTS)).enumerate();
        for (part, (base_row, row)) in rows {
            let position = part * PART + bit;
            sum.add_multiple_vartime(field, base_row, s.at(position));
            sum.add_multiple_vartime(field, row, t.at(position));
        }
    }
    sum
}

/// The sum of the digits' multiples.
///
/// From the highest window of each part down, and in each window from the highest part down. Let S be the sum so
/// far and T = d * 2^(20 p) the next multiple; write S, S + T and S - T as the sum of e_i 2^(20 i), where e_i is what
/// part i has so far: |e_i| <= 31 (1 + 32 + 32^2 + 32^3) < 2^20, so that a sum of 0 needs every e_i = 0 (from the
/// lowest up, each is 0 modulo 2^20). In S the e_i of the parts that have a digit are odd or 32 times something odd; in
/// S ± T e_p is odd: none of the three is 0. Modulo n: before the last window they are below 2^256 - 2^254 < n. In the
/// last they are below 2^258 < 5n, since ±k' is and only e_12 counts; so they would have to be c n with 0 < |c| < 5,
/// which is no multiple of 32 as e_0 is until part 0, the last. There S + T = ±k' is 0 for k = 0 alone (opposite
/// points, which rightly give infinity), and S - T = ±(k' - 2d) is not, as in `variable_base`.
fn multiply<F: Field>(field: F, digits: &OddDigits, table: &[Affine]) -> Zeroizing<Extended> {
    let mut sum = Zeroizing::new(Extended::default());
    for window in (0..WINDOWS_PER_PART).rev() {
        let first = window + 1 == WINDOWS_PER_PART;
        if !first {
            for _ in 0..WIDTH {
                *sum = sum.double(field);
            }
        }
        for (part, row) in table.chunks_exact(POINTS).enumerate().rev() {
            let q = Affine::pick(field, row, digits.at(part * PART + window * WIDTH, WIDTH));
            let start = first && part + 1 == PARTS;
            *sum = if start { Extended::from(*q) } else { sum.add_affine(field, &q) };
        }
    }
    sum
}
