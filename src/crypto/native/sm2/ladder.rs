//! Multiples of any point by a secret scalar with eight elements at once, in constant time: a Montgomery ladder whose
//! steps are three multiplications deep.
//!
//! Its two points are Q and R = Q + P. Each step makes Q + R, and twice one of them. In x-coordinates less that of P,
//! q and r, the points P, Q and -R lie on a line of slope m; let y_Q and y_R be the ordinates of Q and -R on it. The
//! slope of the line through Q and R is l = -(y_Q + y_R) / d, d = r - q, so that S = Q + R has
//!   s = l^2 - m^2 = 4 y_Q y_R / d^2.
//! The tangent at -R has the slope m + rd / 2y_R, which gives for T = 2R
//!   t = d (r^2 d - 4 y_R y_P) / 4 y_R^2,
//! and P, S, -T lie on a line of slope -l - rd / 2y_R. With X = x Z^2, Y = 2y Z^3, M = 2m Z all denominators go for
//! Z' = Z YR D, and a step is
//!   YQ = YP + M Q    YR = YP + M R    D^2                        (first multiplications)
//!   U = YQ YR    V = YR^2    A = R D^2    E = YR D    F = YP D^2    (second)
//!   S' = U V    T' = A^2 - C, C = E F    M' = U + V - 2A    Z' = Z E    (third)
//!   YP' = C V                                                  (first of the next step)
//! Where Q is to be doubled, Q and R change places: it is the same line seen from -P, for whom Z is -Z.
//!
//! Only Q = -R gives infinity, or anything that is zero: see [`Swaps`].
#![allow(unsafe_code)]
use super::element::{Affine, FieldElement};
use super::field::Field;
use super::field_ifma::{Lanes, Sums, from_lanes, into_lanes, multiples_of_p, row, times_p};
use super::point::Jacobian;
use super::scalar::{N, Scalar};
use crate::crypto::native::backend::Ifma;
use crate::crypto::native::limbs;
use core::arch::x86_64::{_mm512_add_epi64, _mm512_mask_sub_epi64};
use zeroize::{DefaultIsZeroes, Zeroize, Zeroizing};

/// Bits after the first.
pub(super) const STEPS: usize = 257;

/// Before which steps Q and R change places; bit 0: after the last.
///
/// That is where a bit of k' differs from the one before, k' = k + 2n or k + 3n so that 2^257 <= k' < 2^257 + n. A step
/// meets Q = -R if what it has of k' is (n - 1) / 2 modulo n. Of all that k' begins with that is only (3n - 1) / 2, in the
/// last step: for k = 0, where infinity is right, and for k = n - 1.
#[derive(Clone, Copy, Default)]
pub(super) struct Swaps([u64; 5]);

impl DefaultIsZeroes for Swaps {}

impl Swaps {
    pub(super) fn new(k: &Scalar) -> Zeroizing<Self> {
        let plus_n = |a: &[u64; 5]| {
            let (low, carry) = limbs::add_wide(&[a[0], a[1], a[2], a[3]], &N);
            Zeroizing::new([low[0], low[1], low[2], low[3], a[4] + carry])
        };
        let [k0, k1, k2, k3] = k.0;
        let twice = plus_n(&plus_n(&[k0, k1, k2, k3, 0]));
        let thrice = plus_n(&twice);
        let enough = limbs::hide(twice[4] >> 1).wrapping_neg();
        let choose = |(a, b): (&u64, &u64)| b ^ (enough & (a ^ b));
        let mut bits = Zeroizing::new([0; 5]);
        for (bit, pair) in bits.iter_mut().zip(twice.iter().zip(thrice.iter())) {
            *bit = choose(pair);
        }
        Self::of_bits(&bits)
    }

    fn of_bits(bits: &[u64; 5]) -> Zeroizing<Self> {
        // After the last step as before a bit that is set.
        let below = |i: usize| i.checked_sub(1).map_or(1, |i| bits[i] >> 63);
        Zeroizing::new(Self(core::array::from_fn(|i| bits[i] ^ (bits[i] << 1 | below(i)))))
    }

    /// All ones or zero.
    pub(super) fn at(&self, step: usize) -> u64 {
        limbs::hide(self.0[step / 64] >> (step % 64) & 1).wrapping_neg()
    }
}

/// What a step hands on to the next, and its multiplications to each other, in these lanes:
struct State {
    /// A^2, C, S, Z of the last step
    sums: Sums,
    /// Q, R, D, C, Z
    points: Lanes,
    /// -, YR, YQ, YR, YR, YP, D^2
    lines: Lanes,
    /// M everywhere
    m: Lanes,
    /// V everywhere
    v: Lanes,
}

impl Zeroize for State {
    fn zeroize(&mut self) {
        self.sums.zeroize();
        for lanes in [&mut self.points, &mut self.lines, &mut self.m, &mut self.v] {
            lanes.zeroize();
        }
    }
}

impl State {
    /// From A^2, C, S, Z, M, V by 2^260.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn new(&[a, c, s, z, m, v]: &[FieldElement; 6]) -> Self {
        let zero = FieldElement::ZERO;
        let sums = Lanes::new(&[a, c, s, z, zero, zero, zero, zero]);
        let (m, v) = (Lanes::new(&[m; 8]), Lanes::new(&[v; 8]));
        Self { sums: Sums(sums.0), points: sums, lines: sums, m, v }
    }

    /// The points in their places, and the first multiplications. Below: Q, R 3.4p; D 5.8p; the lines 4.1p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn first(&mut self, swap: u64) {
        const BIAS: [[u64; 8]; 5] = multiples_of_p([2, 2, 3, 0, 0, 0, 0, 0]);
        // S, A^2 - C or the other way; A^2 - C - S or its negative; C; Z.
        let either = |a: u64, b: u64| a ^ (swap & (a ^ b));
        let x = self.sums.pick(0b11111, &[either(2, 0), either(0, 2), 0, 1, 3, 0, 0, 0]);
        let c = self.sums.pick(either(0b110, 0b101) as u8, &[1; 8]);
        let s = self.sums.pick(0b100, &[2; 8]);
        let negative = (swap & 0b100) as u8;
        let x = x.sub(&c).sub(&s);
        self.points = Sums(core::array::from_fn(|i| {
            let bias = row(&BIAS[i]);
            _mm512_mask_sub_epi64(_mm512_add_epi64(x.0[i], bias), negative, bias, x.0[i])
        }))
        .carry();
        let (a, b) = (self.points.replace(0b11, &self.m), self.points.replace(0b1000, &self.v));
        let products = a.mul(&b);
        let yp = products.pick(0b11110, &[3; 8]);
        self.lines = products.pick(0b111_1110, &[0, 1, 0, 1, 1, 3, 2, 0]).add(&yp).carry();
    }

    /// The second multiplications, and M. Below: A 1.7p, E 2.5p, U and V 2.1p, F 1.3p, M 8.2p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn second(&mut self) {
        // R, YR, YQ, YR, YR, YP by D^2, D, YR, D, YR, D^2
        let a = self.lines.replace_by(0b1, &self.points, &[1; 8]);
        let d = self.points.pick(&[2; 8]);
        let b = d.replace_by(0b11_0101, &self.lines, &[6, 0, 1, 0, 1, 6, 0, 0]);
        // A, E, U, E, V, F
        let products = a.mul(&b);
        self.lines = products.carry();
        self.v = self.lines.pick(&[4; 8]);
        let (a, u, v) =
            (products.pick(0xff, &[0; 8]), products.pick(0xff, &[2; 8]), products.pick(0xff, &[4; 8]));
        self.m = u.add(&v).add(&times_p::<4>()).sub(&a).sub(&a).carry();
    }

    /// The third multiplications. Below 1.3p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn third(&mut self) {
        // A, E, U, E by A, F, V, Z
        let z = self.points.pick(&[4; 8]);
        let b = z.replace_by(0b111, &self.lines, &[0, 5, 4, 0, 0, 0, 0, 0]);
        self.sums = self.lines.mul(&b);
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn end(&self) -> Ends {
        // -, -, YQ, -, Z, Q
        let ends = self.lines.replace_by(0b110000, &self.points, &[4, 4, 4, 4, 4, 0, 0, 0]);
        let [_, _, yq, _, z, q] = ends.elements();
        Ends { yq, q, z }
    }
}

/// At the end of a ladder, by 2^260.
#[derive(Clone, Copy, Default)]
pub(super) struct Ends {
    pub(super) yq: FieldElement,
    pub(super) q: FieldElement,
    pub(super) z: FieldElement,
}

impl DefaultIsZeroes for Ends {}

impl Ends {
    /// k * P, of which these are the ends.
    pub(super) fn multiple<F: Field>(&self, field: F, k: &Scalar, p: &Affine) -> Jacobian {
        let [yq, q, z] = [self.yq, self.q, self.z].map(|a| from_lanes(field, &a));
        let x = field.add(&q, &field.mul(&p.x, &field.square(&z)));
        let multiple = Jacobian { x, y: field.halve(&yq), z };
        let minus_one = k.add(&Scalar::ONE).is_zero_mask();
        Jacobian::select(minus_one, &Jacobian::from(p.negate_if(field, u64::MAX)), &multiple)
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn climb(start: &[FieldElement; 6], swaps: &Swaps, steps: usize) -> Zeroizing<Ends> {
    let mut state = Zeroizing::new(State::new(start));
    // One call of `first` only, so that it becomes part of the loop.
    for step in (0..=steps).rev() {
        state.first(swaps.at(step));
        if step > 0 {
            state.second();
            state.third();
        }
    }
    Zeroizing::new(state.end())
}

/// For Q = P, R = 2P what is handed to the first step: A^2, C, S, Z, M, V with S = Q, A^2 - C = R, CV = YP.
pub(super) fn start<F: Field>(field: F, p: &Affine) -> [FieldElement; 6] {
    let three = |a: &FieldElement| field.add(a, &field.double(a));
    let z = field.double(&p.y);
    let zz = field.square(&z);
    let slope = three(&field.sub(&field.square(&p.x), &FieldElement::ONE));
    let r = field.sub(&field.square(&slope), &three(&field.mul(&p.x, &zz)));
    [field.add(&r, &zz), zz, FieldElement::ZERO, z, field.double(&slope), zz]
}

/// k * P in constant time; infinity for k = 0.
pub(super) fn multiply<F: Field>(ifma: Ifma, field: F, k: &Scalar, p: &Affine) -> Zeroizing<Jacobian> {
    multiply_in_steps(ifma, field, k, p, &Swaps::new(k), STEPS)
}

/// The same for 2^127 <= k < 2^128.
pub(super) fn multiply_short<F: Field>(ifma: Ifma, field: F, k: &Scalar, p: &Affine) -> Zeroizing<Jacobian> {
    let [k0, k1, ..] = k.0;
    multiply_in_steps(ifma, field, k, p, &Swaps::of_bits(&[k0, k1, 0, 0, 0]), 127)
}

fn multiply_in_steps<F: Field>(
    _: Ifma,
    field: F,
    k: &Scalar,
    p: &Affine,
    swaps: &Swaps,
    steps: usize,
) -> Zeroizing<Jacobian> {
    let start = Zeroizing::new(start(field, p).map(|a| into_lanes(field, &a)));
    // SAFETY: `Ifma` shows that the instructions are there.
    let ends = unsafe { climb(&start, swaps, steps) };
    Zeroizing::new(ends.multiple(field, k, p))
}
