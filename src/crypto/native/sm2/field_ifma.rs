//! The field in eight lanes, by AVX-512 IFMA: five limbs of 52 bits, eight elements side by side, limb by limb.
//!
//! An element a is kept as a * 2^260 mod p, plus some multiples of p: below 16p it fits, and little is reduced but by
//! multiplications. Their result is below (1 + xy / 16) p for factors below xp and yp: 15p and 15p will do.
#![allow(unsafe_code)]
use super::element::{Affine, FieldElement, P};
use super::field::Field;
use super::recode::Digit;
use crate::crypto::native::limbs;
use crate::crypto::native::radix52::{LIMBS, MASK, gather, spread};
use core::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_cmpeq_epi64_mask, _mm512_loadu_si512,
    _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_blend_epi64, _mm512_mask_mov_epi64,
    _mm512_mask_permutexvar_epi64, _mm512_mask_sub_epi64, _mm512_maskz_permutexvar_epi64, _mm512_or_si512,
    _mm512_permutexvar_epi64, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_shuffle_i64x2,
    _mm512_slli_epi64, _mm512_srai_epi64, _mm512_srli_epi64, _mm512_storeu_si512, _mm512_sub_epi64,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};
use zeroize::{Zeroize, Zeroizing};

/// p + 1 in limbs: 0, this, -1, 0, [`TOP`].
const SECOND: i64 = (1 << 52) - (1 << 44) + (1 << 12);
const TOP: i64 = (1 << 48) - (1 << 16);

/// 1
const ONE: [u64; LIMBS] = spread(&limbs::power_of_two_mod(260, &P), 0);

/// From Montgomery's form by 2^256 to that by 2^260.
pub(super) fn into_lanes<F: Field>(field: F, a: &FieldElement) -> FieldElement {
    const SIXTEEN: FieldElement = FieldElement::constant(&[16, 0, 0, 0]);
    field.mul(a, &SIXTEEN)
}

/// And back.
pub(super) fn from_lanes<F: Field>(field: F, a: &FieldElement) -> FieldElement {
    field.mul(a, &FieldElement([0, 0, 0, 1 << 60]))
}

/// Eight elements, each below 16p, in limbs whose bits beyond 52 are nothing: a multiplication does not see them.
#[derive(Clone, Copy)]
pub(super) struct Lanes(pub(super) [__m512i; LIMBS]);

/// Eight elements whose limbs are signed and may have more bits, as multiplications and sums leave them.
#[derive(Clone, Copy)]
pub(super) struct Sums(pub(super) [__m512i; LIMBS]);

/// `multiples[lane]` * p, which keeps differences positive.
pub(super) const fn multiples_of_p(multiples: [u64; 8]) -> [[u64; 8]; LIMBS] {
    let (p, mut out, mut lane) = (spread(&P, 0), [[0; 8]; LIMBS], 0);
    while lane < 8 {
        let (mut carry, mut i) = (0, 0);
        while i < LIMBS {
            let limb = p[i] * multiples[lane] + carry;
            out[i][lane] = limb & MASK;
            carry = limb >> 52;
            i += 1;
        }
        lane += 1;
    }
    out
}

impl Zeroize for Lanes {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl Zeroize for Sums {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn row(numbers: &[u64; 8]) -> __m512i {
    // SAFETY: 64 bytes are there.
    unsafe { _mm512_loadu_si512(numbers.as_ptr().cast()) }
}

/// What was loaded, as `limbs::hide`: otherwise the load and the choice become one, a load that a mask may leave out.
#[inline]
#[target_feature(enable = "avx512f")]
fn hide(mut a: __m512i) -> __m512i {
    // SAFETY: no instruction at all.
    unsafe {
        core::arch::asm!("/* {0} */", inout(zmm_reg) a, options(pure, nomem, nostack, preserves_flags));
    }
    a
}

/// Limb i of out[j] is limb j of rows[i].
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose(rows: &[__m512i; 8]) -> [__m512i; 8] {
    // Pairs of rows: blocks of two limbs, of even and of odd places.
    let even: [__m512i; 4] = core::array::from_fn(|i| _mm512_unpacklo_epi64(rows[2 * i], rows[2 * i + 1]));
    let odd: [__m512i; 4] = core::array::from_fn(|i| _mm512_unpackhi_epi64(rows[2 * i], rows[2 * i + 1]));
    let mut out = [_mm512_setzero_si512(); 8];
    for (place, [a, b, c, d]) in [even, odd].into_iter().enumerate() {
        let (ab, cd) = (_mm512_shuffle_i64x2::<0x88>(a, b), _mm512_shuffle_i64x2::<0x88>(c, d));
        out[place] = _mm512_shuffle_i64x2::<0x88>(ab, cd);
        out[place + 4] = _mm512_shuffle_i64x2::<0xdd>(ab, cd);
        let (ab, cd) = (_mm512_shuffle_i64x2::<0xdd>(a, b), _mm512_shuffle_i64x2::<0xdd>(c, d));
        out[place + 2] = _mm512_shuffle_i64x2::<0x88>(ab, cd);
        out[place + 6] = _mm512_shuffle_i64x2::<0xdd>(ab, cd);
    }
    out
}

/// As `radix52::spread`.
#[inline]
#[target_feature(enable = "avx512f")]
fn spread_lanes([a0, a1, a2, a3]: [__m512i; 4]) -> [__m512i; LIMBS] {
    let mask = _mm512_set1_epi64(MASK as i64);
    [
        _mm512_and_si512(a0, mask),
        _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64::<52>(a0), _mm512_slli_epi64::<12>(a1)), mask),
        _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64::<40>(a1), _mm512_slli_epi64::<24>(a2)), mask),
        _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64::<28>(a2), _mm512_slli_epi64::<36>(a3)), mask),
        _mm512_srli_epi64::<16>(a3),
    ]
}

/// K * p everywhere
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn times_p<const K: u64>() -> Sums {
    let rows = const { multiples_of_p([K; 8]) };
    Sums(core::array::from_fn(|i| row(&rows[i])))
}

impl Lanes {
    /// From elements by 2^260, below p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn new(elements: &[FieldElement; 8]) -> Self {
        let mut limbs = Zeroizing::new([[0; 8]; LIMBS]);
        for (lane, element) in elements.iter().enumerate() {
            for (row, limb) in limbs.iter_mut().zip(spread(&element.0, 0)) {
                row[lane] = limb;
            }
        }
        Self(core::array::from_fn(|i| row(&limbs[i])))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn one() -> Self {
        Self(ONE.map(|limb| _mm512_set1_epi64(limb as i64)))
    }

    /// For each lane `rows[lane][digits[lane].index]`, or its negative: X and Y below p. Reads the whole of all rows.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn look_up<const N: usize>(rows: &[&[Affine; N]; 8], digits: &[Digit; 8]) -> (Sums, Sums) {
        let (mut found, mut negative) = ([_mm512_setzero_si512(); 8], 0);
        for (lane, (found, digit)) in found.iter_mut().zip(digits).enumerate() {
            let wanted = _mm512_set1_epi64(digit.index as i64);
            for (i, entry) in rows[lane].iter().enumerate() {
                let here = _mm512_cmpeq_epi64_mask(wanted, _mm512_set1_epi64(i as i64));
                // SAFETY: an entry is 64 bytes.
                let entry = hide(unsafe { _mm512_loadu_si512((&raw const *entry).cast()) });
                *found = _mm512_mask_mov_epi64(*found, here, entry);
            }
            negative |= (digit.negative & 1 << lane) as u8;
        }
        let [x0, x1, x2, x3, y0, y1, y2, y3] = transpose(&found);
        let y = spread_lanes([y0, y1, y2, y3]);
        let prime = spread(&P, 0).map(|limb| _mm512_set1_epi64(limb as i64));
        let y = core::array::from_fn(|i| _mm512_mask_sub_epi64(y[i], negative, prime[i], y[i]));
        (Sums(spread_lanes([x0, x1, x2, x3])), Sums(y))
    }

    /// The elements of the first lanes by 2^260, below p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn elements<const N: usize>(&self) -> [FieldElement; N] {
        // Times 1: below 2p.
        let mut rows = Zeroizing::new([[0; 8]; LIMBS]);
        for (row, limb) in rows.iter_mut().zip(self.mul(&Self::one()).carry().0) {
            // SAFETY: 64 bytes are there.
            unsafe { _mm512_storeu_si512(row.as_mut_ptr().cast(), limb) };
        }
        core::array::from_fn(|lane| {
            let (a, top) = gather(&core::array::from_fn(|i| rows[i][lane] & MASK));
            FieldElement(limbs::reduce_once(&a, top, &P))
        })
    }

    /// Lane i is lane `index[i]`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn pick(&self, index: &[u64; 8]) -> Self {
        Self(self.0.map(|limb| _mm512_permutexvar_epi64(row(index), limb)))
    }

    /// The lanes of the mask are those of `other`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn replace(&self, mask: u8, other: &Self) -> Self {
        Self(core::array::from_fn(|i| _mm512_mask_blend_epi64(mask, self.0[i], other.0[i])))
    }

    /// Of the lanes of the mask, lane i is lane `index[i]` of `other`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn replace_by(&self, mask: u8, other: &Self, index: &[u64; 8]) -> Self {
        let index = row(index);
        Self(core::array::from_fn(|i| _mm512_mask_permutexvar_epi64(self.0[i], mask, index, other.0[i])))
    }

    /// a * b
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn mul(&self, b: &Self) -> Sums {
        let (a, b, zero) = (&self.0, &b.0, _mm512_setzero_si512());
        let mask = _mm512_set1_epi64(MASK as i64);
        let (second, top) = (_mm512_set1_epi64(SECOND), _mm512_set1_epi64(TOP));
        // For each place three sums, since one would be a long chain: of low halves, of high halves, of the reduction.
        let (mut low, mut high, mut t) = ([zero; 2 * LIMBS], [zero; 2 * LIMBS], [zero; 2 * LIMBS]);
        // What was added last for the lowest limb, and what it carries.
        let (mut q, mut carry) = (zero, zero);
        for m in 0..LIMBS {
            // The lower limbs are the first to be there.
            for n in 0..m {
                for (i, j) in [(n, m), (m, n)] {
                    low[i + j] = _mm512_madd52lo_epu64(low[i + j], a[i], b[j]);
                    high[i + j + 1] = _mm512_madd52hi_epu64(high[i + j + 1], a[i], b[j]);
                }
            }
            low[2 * m] = _mm512_madd52lo_epu64(low[2 * m], a[m], b[m]);
            high[2 * m + 1] = _mm512_madd52hi_epu64(high[2 * m + 1], a[m], b[m]);
            let first = m == 0;
            // p = -1 mod 2^52: adding q p for q = t mod 2^52 clears the lowest limb.
            let sum = if first { low[0] } else { _mm512_add_epi64(_mm512_add_epi64(low[m], high[m]), t[m]) };
            let clear = |sum, q| _mm512_madd52lo_epu64(sum, q, second);
            let before = q;
            q = if first { sum } else { _mm512_add_epi64(clear(sum, before), carry) };
            let less = if first { zero } else { _mm512_and_si512(before, mask) };
            carry = _mm512_sub_epi64(_mm512_srai_epi64::<52>(q), less);
            t[m + 2] = _mm512_madd52hi_epu64(t[m + 2], q, second);
            t[m + 4] = _mm512_madd52lo_epu64(t[m + 4], q, top);
            t[m + 5] = _mm512_madd52hi_epu64(t[m + 5], q, top);
        }
        let mut out = [zero; LIMBS];
        for (i, out) in out.iter_mut().enumerate() {
            *out = _mm512_add_epi64(_mm512_add_epi64(low[LIMBS + i], high[LIMBS + i]), t[LIMBS + i]);
        }
        out[0] = _mm512_add_epi64(_mm512_madd52lo_epu64(out[0], q, second), carry);
        out[1] = _mm512_sub_epi64(out[1], _mm512_and_si512(q, mask));
        Sums(out)
    }
}

impl Sums {
    /// The same modulo p, above 0.9p and below 2.1p; from 0 to 64p.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn reduce(&self) -> Self {
        let [t0, t1, t2, t3, t4] = self.0;
        // All but one of the multiples of 2^256 = 2^224 + 2^96 - 2^64 + 1, by the highest limb, to which others carry little.
        let q = _mm512_sub_epi64(_mm512_srai_epi64::<48>(t4), _mm512_set1_epi64(1));
        let middle = _mm512_sub_epi64(_mm512_slli_epi64::<44>(q), _mm512_slli_epi64::<12>(q));
        let high = _mm512_sub_epi64(_mm512_slli_epi64::<48>(q), _mm512_slli_epi64::<16>(q));
        Self([_mm512_add_epi64(t0, q), _mm512_add_epi64(t1, middle), t2, t3, _mm512_sub_epi64(t4, high)])
    }

    /// The lanes of the mask are those of `other`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn replace(&self, mask: u8, other: &Self) -> Self {
        Self(core::array::from_fn(|i| _mm512_mask_blend_epi64(mask, self.0[i], other.0[i])))
    }

    /// With limbs of 52 bits again. No element may be negative.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn carry(&self) -> Lanes {
        let mut t = self.0;
        for i in 0..LIMBS - 1 {
            t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srai_epi64::<52>(t[i]));
        }
        Lanes(t)
    }

    /// Lane i is lane `index[i]`, or zero where the mask has no bit.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn pick(&self, mask: u8, index: &[u64; 8]) -> Self {
        Self(self.0.map(|limb| _mm512_maskz_permutexvar_epi64(mask, row(index), limb)))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn add(&self, b: &Self) -> Self {
        Self(core::array::from_fn(|i| _mm512_add_epi64(self.0[i], b.0[i])))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn sub(&self, b: &Self) -> Self {
        Self(core::array::from_fn(|i| _mm512_sub_epi64(self.0[i], b.0[i])))
    }
}
