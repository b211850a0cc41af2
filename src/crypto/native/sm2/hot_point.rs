//! Tables for a public key that is used again and again.
use super::field::Field;
use super::fixed_base::{ODD_WIDTH, odd_parts, windows};
use super::point::{Affine, Extended};
use super::recode::{Digit, NonAdjacentForm, booth_digit};
use super::scalar::Scalar;
use alloc::boxed::Box;
use zeroize::Zeroizing;

/// The scalar is cut into 13 parts of 20 bits, each of 4 windows of 5 bits: 16 multiples of 2^(20 i) P for each part
/// i, 13 KiB in all, which cost about as much as one and a half verifications.
const WIDTH: usize = 5;
const POINTS: usize = 1 << (WIDTH - 1);
const WINDOWS_PER_PART: usize = 4;
pub(super) const PART: usize = WIDTH * WINDOWS_PER_PART;
pub(super) const PARTS: usize = 13;

/// Multiples of a public point.
pub(super) struct HotPoint {
    /// table[i * POINTS + j] = (j + 1) * 2^(PART * i) * P
    table: Box<[Affine]>,
}

impl HotPoint {
    pub(super) fn new<F: Field>(field: F, p: &Affine) -> Self {
        Self { table: windows(field, p, PARTS, PART, POINTS) }
    }

    fn digits<'a>(&'a self, k: &'a Scalar, window: usize) -> impl Iterator<Item = (&'a [Affine], Digit)> {
        self.table
            .chunks_exact(POINTS)
            .enumerate()
            .rev()
            .map(move |(part, row)| (row, booth_digit(&k.0, part * PART + window * WIDTH, WIDTH)))
    }

    /// s * G + t * P in variable time.
    pub(super) fn multiply_add_base<F: Field>(&self, field: F, s: &Scalar, t: &Scalar) -> Extended {
        let (s, t) = (NonAdjacentForm::new(&s.0, ODD_WIDTH), NonAdjacentForm::new(&t.0, WIDTH));
        let mut sum = Extended::INFINITY;
        for bit in (0..PART).rev() {
            sum = sum.double(field);
            let rows = odd_parts().zip(self.table.chunks_exact(POINTS)).enumerate();
            for (part, (base_row, row)) in rows {
                let position = part * PART + bit;
                sum.add_multiple_vartime(field, base_row, s.at(position));
                // Of this row's multiples, the odd ones: (2i + 1) P stands at 2i.
                sum.add_multiple_vartime(field, row, t.at(position).map(|(negative, i)| (negative, 2 * i)));
            }
        }
        sum
    }

    /// k * P in constant time; infinity for 0.
    ///
    /// From the highest window of each part down, and in each window from the highest part down. Let S be the sum so
    /// far and T = d * 2^(20 p) the next multiple, d != 0; write S - T or S + T as the sum of e_i 2^(20 i), where e_i
    /// is what part i has so far (windows that are still to come count as 0). |e_i| <= 16 (1 + 32 + 32^2 + 32^3)
    /// < 2^20, so a sum of 0 needs every e_i = 0 (from the lowest up, each is 0 modulo 2^20); but e_p is a multiple of
    /// 32 plus or minus d, 0 < |d| <= 16. Hence S != ±T as integers, and likewise S != 0 once `started`. Modulo n: in
    /// all but the last window |S ± T| < 2^254 < n. In the last, |S ± T| < 2n, so it would have to be n or -n, whose
    /// e_0 is ±0x54123 modulo 2^20 and no multiple of 32; yet e_0 is one until part 0, which comes last. Then
    /// S + T = k is not 0, and S = T for k = n - 6, d = -3 alone: so the last addition doubles where it gives ZZ = 0.
    pub(super) fn multiply<F: Field>(&self, field: F, k: &Scalar) -> Zeroizing<Extended> {
        let mut sum = Zeroizing::new(Extended::default());
        let mut last = Zeroizing::new(Extended::default());
        let mut started = 0;
        for window in (0..WINDOWS_PER_PART).rev() {
            for _ in 0..WIDTH {
                *sum = sum.double(field);
            }
            for (row, digit) in self.digits(k, window) {
                last = Zeroizing::new(*sum);
                sum.add_digit(field, &mut started, row, digit);
            }
        }
        let equal = sum.zz.is_zero_mask() & started;
        *sum = Extended::select(equal, &last.double(field), &sum);
        sum
    }
}
