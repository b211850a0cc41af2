//! Sums of multiples of a point by its tables, eight partial sums at once, in constant time.
//!
//! Points are (X, Y, ZZ, ZZZ) as in [`Extended`], their additions incomplete as there: whoever calls shows that what is
//! added is neither equal nor infinity. X is below 2.1p, Y below 5p, ZZ and ZZZ below 1.2p.
#![allow(unsafe_code)]
use super::element::Affine;
use super::field::Field;
use super::field_ifma::{Lanes, Sums, from_lanes, into_lanes, times_p};
use super::point::Extended;
use super::recode::{Digit, OddDigits};
use super::tables::{rows, spread};
use crate::crypto::native::backend::Ifma;
use alloc::boxed::Box;
use zeroize::{Zeroize, Zeroizing};

/// Bits of a window, and the odd multiples that it has a row of.
pub(super) const WIDTH: usize = 5;
pub(super) const POINTS: usize = 1 << (WIDTH - 1);
/// Of all windows.
pub(super) const BITS: usize = 52 * WIDTH;

/// Rows of odd multiples, in the form that eight lanes work with.
pub(super) struct Table {
    ifma: Ifma,
    rows: Box<[[Affine; POINTS]]>,
}

/// Eight points.
#[derive(Clone, Copy)]
struct Points {
    x: Sums,
    y: Sums,
    zz: Lanes,
    zzz: Lanes,
}

impl Zeroize for Points {
    fn zeroize(&mut self) {
        self.x.zeroize();
        self.y.zeroize();
        self.zz.zeroize();
        self.zzz.zeroize();
    }
}

/// X = R^2 + H^3 - 2V and Y = R (V - X) - S H^3, for H below 4.1p, R 7p, V 1.4p, H^3 1.6p, S H^3 1.5p.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn sum_of(r: &Lanes, v: &Sums, hhh: &Sums, s_hhh: &Sums) -> (Sums, Sums) {
    let x = r.mul(r).add(hhh).sub(v).sub(v).add(&times_p::<3>()).reduce();
    let w = v.sub(&x).add(&times_p::<3>()).carry();
    (x, r.mul(&w).sub(s_hhh).add(&times_p::<2>()))
}

impl Points {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn new((x, y): (Sums, Sums)) -> Self {
        Self { x, y, zz: Lanes::one(), zzz: Lanes::one() }
    }

    /// P + Q, Q affine: with H = X1 - X2 ZZ1 and R = Y1 - Y2 ZZZ1.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_affine(&self, (qx, qy): &(Sums, Sums)) -> Self {
        let u = qx.carry().mul(&self.zz);
        let s = qy.carry().mul(&self.zzz);
        let h = self.x.sub(&u).add(&times_p::<2>()).carry();
        let r = self.y.sub(&s).add(&times_p::<2>()).carry();
        let hh = h.mul(&h).carry();
        let hhh = hh.mul(&h);
        let v = self.x.carry().mul(&hh);
        let zz = self.zz.mul(&hh).carry();
        let cube = hhh.carry();
        let zzz = self.zzz.mul(&cube).carry();
        let s_hhh = self.y.carry().mul(&cube);
        let (x, y) = sum_of(&r, &v, &hhh, &s_hhh);
        Self { x, y, zz, zzz }
    }

    /// P + Q: with H = X1 ZZ2 - X2 ZZ1 and R = Y1 ZZZ2 - Y2 ZZZ1.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add(&self, q: &Self) -> Self {
        let u = self.x.carry().mul(&q.zz);
        let s = self.y.carry().mul(&q.zzz);
        let h = u.sub(&q.x.carry().mul(&self.zz)).add(&times_p::<2>()).carry();
        let r = s.sub(&q.y.carry().mul(&self.zzz)).add(&times_p::<2>()).carry();
        let hh = h.mul(&h).carry();
        let hhh = hh.mul(&h);
        let cube = hhh.carry();
        let v = u.carry().mul(&hh);
        let zz = self.zz.mul(&q.zz).carry().mul(&hh).carry();
        let zzz = self.zzz.mul(&q.zzz).carry().mul(&cube).carry();
        let s_hhh = s.carry().mul(&cube);
        let (x, y) = sum_of(&r, &v, &hhh, &s_hhh);
        Self { x, y, zz, zzz }
    }

    /// Lane i is lane `index[i]`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn pick(&self, index: &[u64; 8]) -> Self {
        Self {
            x: self.x.pick(0xff, index),
            y: self.y.pick(0xff, index),
            zz: self.zz.pick(index),
            zzz: self.zzz.pick(index),
        }
    }

    /// The lanes of the mask are those of `other`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn replace(&self, mask: u8, other: &Self) -> Self {
        Self {
            x: self.x.replace(mask, &other.x),
            y: self.y.replace(mask, &other.y),
            zz: self.zz.replace(mask, &other.zz),
            zzz: self.zzz.replace(mask, &other.zzz),
        }
    }

    /// Adds to each lane those at these distances, one after the other.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn join<const N: usize>(&mut self, distances: [u64; N]) {
        for distance in distances {
            let other = self.pick(&core::array::from_fn(|lane| (lane as u64 + distance) % 8));
            *self = self.add(&other);
        }
    }

    /// Those of the first lanes, of at most four.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn first<const N: usize>(&self) -> Zeroizing<[Extended; N]> {
        let upper = &[0, 1, 2, 3, 0, 1, 2, 3];
        let points = self.x.carry().replace_by(0xf0, &self.y.carry(), upper).elements::<8>();
        let factors = self.zz.replace_by(0xf0, &self.zzz, upper).elements::<8>();
        let points = Zeroizing::new(points);
        let factors = Zeroizing::new(factors);
        Zeroizing::new(core::array::from_fn(|lane| Extended {
            x: points[lane],
            y: points[lane + 4],
            zz: factors[lane],
            zzz: factors[lane + 4],
        }))
    }
}

/// The window of each lane in each round; where there is none, the lane rests.
type Plan<const ROUNDS: usize> = [[Option<usize>; 8]; ROUNDS];

impl Table {
    /// For `multiply_by_windows`: 52 KiB.
    pub(super) fn of_windows<F: Field>(ifma: Ifma, field: F, p: &Affine) -> Self {
        Self::new(ifma, field, p, 1)
    }

    /// For `multiply_by_parts`: 26 KiB.
    pub(super) fn of_parts<F: Field>(ifma: Ifma, field: F, p: &Affine) -> Self {
        Self::new(ifma, field, p, PER_PART)
    }

    /// A row for every so many windows
    fn new<F: Field>(ifma: Ifma, field: F, p: &Affine, windows: usize) -> Self {
        let part = windows * WIDTH;
        let points = rows(field, spread(field, p, BITS / part, part), POINTS);
        let convert = |p: Affine| Affine { x: into_lanes(field, &p.x), y: into_lanes(field, &p.y) };
        let (rows, _) = points.as_chunks();
        Self { ifma, rows: rows.iter().map(|row| row.map(convert)).collect() }
    }

    /// For each lane the multiple of its window, X and Y below p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn look_up(&self, windows: &[Option<usize>; 8], digit: impl Fn(usize) -> (usize, Digit)) -> (Sums, Sums) {
        let mut rows = [&self.rows[0]; 8];
        let mut digits = [Digit { negative: 0, index: 0 }; 8];
        for lane in 0..8 {
            let (row, digit) = digit(windows[lane].unwrap_or(0));
            rows[lane] = &self.rows[row];
            digits[lane] = digit;
        }
        Lanes::look_up(&rows, &digits)
    }

    /// For each lane the sum of the multiples of its windows.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn sum<const ROUNDS: usize>(
        &self,
        plan: &Plan<ROUNDS>,
        digit: impl Fn(usize) -> (usize, Digit),
    ) -> Zeroizing<Points> {
        let mut sum = Zeroizing::new(Points::new(self.look_up(&plan[0], &digit)));
        for windows in &plan[1..] {
            let next = sum.add_affine(&self.look_up(windows, &digit));
            let busy = (0..8).fold(0, |mask, lane| mask | u8::from(windows[lane].is_some()) << lane);
            *sum = sum.replace(busy, &next);
        }
        sum
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    fn sum_windows(&self, digits: &OddDigits) -> Zeroizing<[Extended; 1]> {
        let mut sum = self.sum(&WINDOWS, |window| (window, digits.at(window * WIDTH, WIDTH)));
        sum.join([1, 2, 4]);
        sum.first()
    }

    /// In each lane the sum of all windows of its own digits.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn sum_each(&self, digits: &[Zeroizing<OddDigits>; 8]) -> Zeroizing<[Extended; 8]> {
        let look_up = |window: usize| {
            let digits = digits.each_ref().map(|digits| digits.at(window * WIDTH, WIDTH));
            Lanes::look_up(&[&self.rows[window]; 8], &digits)
        };
        let mut sum = Zeroizing::new(Points::new(look_up(0)));
        for window in 1..self.rows.len() {
            *sum = sum.add_affine(&look_up(window));
        }
        let (lower, upper) = (sum.first::<4>(), sum.pick(&[4, 5, 6, 7, 4, 5, 6, 7]).first::<4>());
        Zeroizing::new(core::array::from_fn(|lane| if lane < 4 { lower[lane] } else { upper[lane - 4] }))
    }

    /// For each window the sum of all parts.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn sum_parts(&self, digits: &OddDigits) -> Zeroizing<[Extended; PER_PART]> {
        let mut sum = self.sum(&PARTS, |window| (window / PER_PART, digits.at(window * WIDTH, WIDTH)));
        sum.join([2, 4]);
        sum.first()
    }

    /// The sum of the digits' multiples, where each of 52 windows has a row.
    ///
    /// Lanes have seven neighbouring windows, or six, and neighbours are joined. Let S and T be two sums of windows, those
    /// of T above those of S: T is an odd multiple of 2^(5i) > |S| and S of a lower power of two, so S != ±T as integers.
    /// Modulo n: |S| + |T| is below n or, with the highest windows, below 4n; then S ± T = cn with 0 < |c| < 4 is a multiple
    /// of 2^140, which cn is not, until the last addition. There S + T = ±k' (see [`OddDigits`]) is 0 for k = 0 alone, where
    /// opposite points rightly give infinity. S - T = ±n, |S| < 2^140, makes T the next multiple of 2^140 above n (below,
    /// k' = S + T < n), which is even: bit 140 of n is set.
    pub(super) fn multiply_by_windows<F: Field>(&self, field: F, digits: &OddDigits) -> Zeroizing<Extended> {
        let _: Ifma = self.ifma;
        // SAFETY: `Ifma` shows that the instructions are there.
        let [sum] = *unsafe { self.sum_windows(digits) };
        from_lanes_all(field, &sum)
    }

    /// The sum of the digits' multiples for each of eight scalars, where each window has a row.
    ///
    /// With S, the sum of the windows so far, and T, the next multiple, as in `multiply_by_windows`: before the last window
    /// |S| + |T| < 2^255 < n. In the last S + T = ±k' is 0 modulo n for k = 0 alone, and S - T = cn makes T = ±(k' + cn) / 2 with
    /// an odd c; but no odd multiple of 2^255 is from 0 to n/2, n to 3n/2 or 2n to 5n/2.
    pub(super) fn multiply_eight<F: Field>(
        &self,
        field: F,
        digits: &[Zeroizing<OddDigits>; 8],
    ) -> [Zeroizing<Extended>; 8] {
        let _: Ifma = self.ifma;
        // SAFETY: as above.
        let sums = unsafe { self.sum_each(digits) };
        core::array::from_fn(|i| from_lanes_all(field, &sums[i]))
    }

    /// The sum of the digits' multiples, where each two windows have one row: 2 * [`WIDTH`] bits.
    ///
    /// A_0 and A_1 are the sums of the lower and of the higher windows of all parts, from the four lanes that have them
    /// in blocks of neighbouring parts: as for `multiply_by_windows` no two equal or opposite points meet there, where
    /// all is below n. In the last addition 32 A_1 + A_0 = ±k' is 0 for k = 0 alone. 32 A_1 - A_0 = ±(k' - 2 A_0) is odd and,
    /// since |A_0| < 31/32 2^255 (1 + 2^-9), could only be n, with A_0 > 0. But then the digit d of k' = n + 2 A_0 at bit 250,
    /// where n has ones from there on, is 31 + 2d + (0 or 1) modulo 64, so -31, and A_0 < 0.
    pub(super) fn multiply_by_parts<F: Field>(&self, field: F, digits: &OddDigits) -> Zeroizing<Extended> {
        let _: Ifma = self.ifma;
        // SAFETY: as above.
        let [lower, higher] = &*unsafe { self.sum_parts(digits) };
        let mut sum = from_lanes_all(field, higher);
        for _ in 0..WIDTH {
            *sum = sum.double(field);
        }
        *sum = sum.add(field, &from_lanes_all(field, lower));
        sum
    }
}

/// Windows in a part of the scalar
pub(super) const PER_PART: usize = 2;

const WINDOWS: Plan<7> = {
    let mut plan = [[None; 8]; 7];
    let (mut lane, mut window) = (0, 0);
    while lane < 8 {
        let (mut round, rounds) = (0, if lane < 4 { 7 } else { 6 });
        while round < rounds {
            plan[round][lane] = Some(window);
            (round, window) = (round + 1, window + 1);
        }
        lane += 1;
    }
    plan
};

const PARTS: Plan<7> = {
    let mut plan = [[None; 8]; 7];
    let (mut lane, mut part) = (0, 0);
    while lane < 8 {
        let (mut round, rounds) = (0, if lane < 4 { 7 } else { 6 });
        while round < rounds {
            plan[round][lane] = Some(part * PER_PART);
            plan[round][lane + 1] = Some(part * PER_PART + 1);
            (round, part) = (round + 1, part + 1);
        }
        lane += PER_PART;
    }
    plan
};

fn from_lanes_all<F: Field>(field: F, p: &Extended) -> Zeroizing<Extended> {
    let [x, y, zz, zzz] = [p.x, p.y, p.zz, p.zzz].map(|a| from_lanes(field, &a));
    Zeroizing::new(Extended { x, y, zz, zzz })
}
