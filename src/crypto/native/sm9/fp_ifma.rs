//! Many sums of products at once, on x86-64 with AVX-512 IFMA: numbers in five limbs of 52 bits, eight numbers side by
//! side, limb by limb.
#![allow(unsafe_code)]
use super::fp::{Fp, NEGATED_INVERSE, P, Rows};
use crate::crypto::native::backend::Ifma;
use crate::crypto::native::radix52::{LIMBS, MASK, spread};
use core::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_cmpneq_epu64_mask, _mm512_loadu_si512,
    _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_mov_epi64, _mm512_or_si512, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srli_epi64, _mm512_storeu_si512,
};

/// 2^260 - p
const COMPLEMENT: [u64; LIMBS] = {
    let p = spread(&super::fp::PRIME, 0);
    let mut out = [0; LIMBS];
    let mut i = 0;
    while i < LIMBS {
        out[i] = MASK - p[i];
        i += 1;
    }
    // p is odd: nothing is carried.
    out[0] += 1;
    out
};

/// Eight numbers by limbs; the sums that make a number of twice as many.
type Lanes<const N: usize> = [__m512i; N];

/// A row by limbs; what is behind its eleven numbers is never looked at.
type Row = [[u64; 16]; LIMBS];

/// [`super::fp::Field::convolve`]
pub(super) fn convolve<const L: usize>(
    _: Ifma,
    left: &[Fp; L],
    powers: &[usize; L],
    rows: &Rows,
) -> [[Fp; 2]; 6] {
    // SAFETY: `Ifma` shows that its instructions are there.
    unsafe { convolve_ifma(left, powers, rows) }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn convolve_ifma<const L: usize>(left: &[Fp; L], powers: &[usize; L], rows: &Rows) -> [[Fp; 2]; 6] {
    let mut by_limbs: [Row; 3] = [[[0; 16]; LIMBS]; 3];
    for (row, numbers) in by_limbs.iter_mut().zip([&rows.real, &rows.minus, &rows.imaginary]) {
        for (place, number) in numbers.iter().enumerate() {
            for (limb, value) in row.iter_mut().zip(spread(&number.0, 0)) {
                limb[place] = value;
            }
        }
    }
    let [real, minus, imaginary] = &by_limbs;
    let zero = _mm512_setzero_si512();
    let (mut re, mut im) = ([zero; 2 * LIMBS], [zero; 2 * LIMBS]);
    for (i, (number, power)) in left.iter().zip(powers).enumerate() {
        // In Montgomery's form by 2^256, while the reduction here is by 2^260.
        let number = spread(&number.0, 4);
        let (for_re, for_im) = if i % 2 == 0 { (real, imaginary) } else { (minus, real) };
        add_products(&mut re, &number, &load(for_re, *power));
        add_products(&mut im, &number, &load(for_im, *power));
    }
    let (re, im) = (store(&reduce(re)), store(&reduce(im)));
    core::array::from_fn(|k| [re[5 - k], im[5 - k]])
}

/// Eight numbers from this place on.
#[inline]
#[target_feature(enable = "avx512f")]
fn load(row: &Row, place: usize) -> Lanes<LIMBS> {
    let mut out = [_mm512_setzero_si512(); LIMBS];
    for (o, limb) in out.iter_mut().zip(row) {
        if let Some(eight) = limb.get(place..place + 8) {
            // SAFETY: 64 bytes are there.
            *o = unsafe { _mm512_loadu_si512(eight.as_ptr().cast()) };
        }
    }
    out
}

/// Nothing is carried: twelve products put less than 2^59 into a limb.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn add_products(sum: &mut Lanes<{ 2 * LIMBS }>, a: &[u64; LIMBS], b: &Lanes<LIMBS>) {
    for (i, limb) in a.iter().enumerate() {
        let limb = _mm512_set1_epi64(*limb as i64);
        for (j, b) in b.iter().enumerate() {
            sum[i + j] = _mm512_madd52lo_epu64(sum[i + j], limb, *b);
            sum[i + j + 1] = _mm512_madd52hi_epu64(sum[i + j + 1], limb, *b);
        }
    }
}

/// t / 2^260 modulo p, below p. As `reduce_sum` of `fp` in its last steps.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn reduce(mut t: Lanes<{ 2 * LIMBS }>) -> Lanes<LIMBS> {
    let all = |a: u64| _mm512_set1_epi64(a as i64);
    let zero = _mm512_setzero_si512();
    let prime = spread(&P, 0);
    for i in 0..LIMBS {
        let m = _mm512_madd52lo_epu64(zero, t[i], all(NEGATED_INVERSE & MASK));
        for (j, p) in prime.iter().enumerate() {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], m, all(*p));
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], m, all(*p));
        }
        t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64::<52>(t[i]));
    }
    let (mut t, _) = carry([t[5], t[6], t[7], t[8], t[9]]);
    let high = _mm512_srli_epi64::<42>(t[4]);
    let quotient = _mm512_srli_epi64::<16>(_mm512_madd52lo_epu64(zero, high, all(1424)));
    for (j, c) in COMPLEMENT.iter().enumerate() {
        t[j] = _mm512_madd52lo_epu64(t[j], quotient, all(*c));
        if j + 1 < LIMBS {
            t[j + 1] = _mm512_madd52hi_epu64(t[j + 1], quotient, all(*c));
        }
    }
    let (t, _) = carry(t);
    let mut less = t;
    for (l, c) in less.iter_mut().zip(COMPLEMENT) {
        *l = _mm512_add_epi64(*l, all(c));
    }
    let (less, over) = carry(less);
    let at_least_p = _mm512_cmpneq_epu64_mask(over, zero);
    core::array::from_fn(|i| _mm512_mask_mov_epi64(t[i], at_least_p, less[i]))
}

/// Limbs of 52 bits, and what is beyond 2^260.
#[inline]
#[target_feature(enable = "avx512f")]
fn carry(mut t: Lanes<LIMBS>) -> (Lanes<LIMBS>, __m512i) {
    let mask = _mm512_set1_epi64(MASK as i64);
    let mut over = _mm512_setzero_si512();
    for limb in &mut t {
        *limb = _mm512_add_epi64(*limb, over);
        over = _mm512_srli_epi64::<52>(*limb);
        *limb = _mm512_and_si512(*limb, mask);
    }
    (t, over)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(t: &Lanes<LIMBS>) -> [Fp; 8] {
    let or = |a, b| _mm512_or_si512(a, b);
    let limbs = [
        or(t[0], _mm512_slli_epi64::<52>(t[1])),
        or(_mm512_srli_epi64::<12>(t[1]), _mm512_slli_epi64::<40>(t[2])),
        or(_mm512_srli_epi64::<24>(t[2]), _mm512_slli_epi64::<28>(t[3])),
        or(_mm512_srli_epi64::<36>(t[3]), _mm512_slli_epi64::<16>(t[4])),
    ];
    let mut out = [[0u64; 8]; 4];
    for (o, limb) in out.iter_mut().zip(limbs) {
        // SAFETY: 64 bytes are there.
        unsafe { _mm512_storeu_si512(o.as_mut_ptr().cast(), limb) };
    }
    core::array::from_fn(|lane| Fp([out[0][lane], out[1][lane], out[2][lane], out[3][lane]]))
}
