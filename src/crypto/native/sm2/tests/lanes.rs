//! Eight elements at once against the portable field.
use crate::crypto::native::backend::{Adx, Portable};
use crate::crypto::native::limbs::{self, Limbs};
use crate::crypto::native::radix52::{LIMBS, gather, spread};
use crate::crypto::native::sm2::element::{Affine, FieldElement, P};
use crate::crypto::native::sm2::field::Field;
use crate::crypto::native::sm2::field_ifma::{Lanes, Sums, from_lanes, into_lanes, multiples_of_p, row};
use crate::crypto::native::sm2::recode::Digit;
use proptest::prelude::*;

fn here() -> bool {
    Adx::detect().is_some_and(|adx| adx.ifma().is_some())
}

/// Below p, with limbs of all zeros and ones among them, which reach what random ones do not.
fn element() -> impl Strategy<Value = Limbs> {
    let limb = prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), Just(1), Just(0xffff_ffff), Just(1 << 32)];
    prop_oneof![
        prop::array::uniform4(limb).prop_map(|a| limbs::reduce_once(&a, 0, &P)),
        (0u64..8).prop_map(|k| limbs::sub_mod(&[0; 4], &[k, 0, 0, 0], &P)),
    ]
}

/// The lanes as they are, plus these multiples of p; bits beyond 52 of a limb are the ones of `junk`.
#[target_feature(enable = "avx512f,avx512ifma")]
fn lanes(a: &[Limbs; 8], multiples: &[u64; 8], junk: u64) -> Lanes {
    let mut rows = [[0; 8]; LIMBS];
    for lane in 0..8 {
        let (number, p) = (spread(&a[lane], 0), spread(&P, 0));
        let mut carry = 0;
        for i in 0..LIMBS {
            let limb = number[i] + p[i] * multiples[lane] + carry;
            rows[i][lane] = (limb & ((1 << 52) - 1)) | junk << 52;
            carry = limb >> 52;
        }
        assert_eq!(carry, 0, "16p and more has no room");
    }
    Lanes(core::array::from_fn(|i| row(&rows[i])))
}

/// a * b * 2^-260 mod p by the portable field, for numbers that need not be below p
fn product(a: &Limbs, b: &Limbs) -> FieldElement {
    from_lanes(Portable, &Portable.mul(&FieldElement(*a), &FieldElement(*b)))
}

/// a b / 2^260, as what `elements` gives
#[target_feature(enable = "avx512f,avx512ifma")]
fn check_product(a: &[Limbs; 8], b: &[Limbs; 8], k: &[u64; 8], l: &[u64; 8], junk: u64) {
    let sums = lanes(a, k, junk).mul(&lanes(b, l, !junk));
    let got: [FieldElement; 8] = sums.carry().elements();
    let reduced: [FieldElement; 8] = sums.reduce().carry().elements();
    for lane in 0..8 {
        assert_eq!(got[lane], product(&a[lane], &b[lane]), "{:x?} * {:x?}", a[lane], b[lane]);
        assert_eq!(reduced[lane], got[lane]);
    }
}

/// The number in a lane: its limbs, and what is beyond 2^256.
#[target_feature(enable = "avx512f,avx512ifma")]
fn number(a: &Lanes, lane: usize) -> (Limbs, u64) {
    let index = &[lane as u64; 8];
    let limbs = a.pick(index).0.map(|limb| {
        // SAFETY: both are 64 bytes, of any bits.
        let limbs: [u64; 8] = unsafe { core::mem::transmute(limb) };
        limbs[0] & ((1 << 52) - 1)
    });
    gather(&limbs)
}

/// `reduce` ends where its users count on, wherever it starts: from 0.9p to 2.1p.
#[target_feature(enable = "avx512f,avx512ifma")]
fn check_reduction(a: &[Limbs; 8], k: &[u64; 8], bits: u64) {
    // Limbs that hold more than they should: bits of the next one.
    let mut limbs = lanes(a, k, 0).0;
    for i in 0..LIMBS - 1 {
        let (low, high) = (bits << 52, bits);
        limbs[i] = core::arch::x86_64::_mm512_add_epi64(limbs[i], row(&[low; 8]));
        limbs[i + 1] = core::arch::x86_64::_mm512_sub_epi64(limbs[i + 1], row(&[high; 8]));
    }
    let sums = Sums(limbs);
    let (before, after) = (sums.carry(), sums.reduce().carry());
    assert_eq!(before.elements::<8>(), after.elements::<8>());
    for lane in 0..8 {
        let (number, top) = number(&after, lane);
        assert!(top < 3 && (top > 0 || number[3] > 0xe666_6666_6666_6666), "{top} {number:x?}");
        assert!(top < 2 || number[3] < 0x1999_9999_9999_9999, "{top} {number:x?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever multiple of p comes with the factors, up to 15p, and whatever is in the bits that no one looks at.
    #[test]
    fn products_are_those_of_the_portable_field(
        a in prop::array::uniform8(element()), b in prop::array::uniform8(element()),
        k in prop::array::uniform8(0u64..15), l in prop::array::uniform8(0u64..15), junk in 0u64..4096,
    ) {
        if here() {
            // SAFETY: the processor was asked.
            unsafe { check_product(&a, &b, &k, &l, junk) };
            // SAFETY: the same.
            unsafe { check_product(&a, &a, &k, &k, junk) };
        }
    }

    #[test]
    fn reductions_keep_the_element_and_end_below_two_p(
        a in prop::array::uniform8(element()), k in prop::array::uniform8(0u64..15), bits in 0u64..64,
    ) {
        if here() {
            // SAFETY: the processor was asked.
            unsafe { check_reduction(&a, &k, bits) };
        }
    }

    #[test]
    fn forms_are_converted_there_and_back(a in element()) {
        let a = FieldElement(a);
        prop_assert_eq!(from_lanes(Portable, &into_lanes(Portable, &a)), a);
    }
}

/// Every entry for every lane, and its negative.
#[target_feature(enable = "avx512f,avx512ifma")]
fn check_look_up() {
    let entry = |lane: usize, i: usize| {
        let limb = (1000 * lane + i + 1) as u64;
        let y = limbs::reduce_once(&[limb, !limb, limb << 20, !limb], 0, &P);
        Affine { x: FieldElement([limb, limb << 40, !limb, limb]), y: FieldElement(y) }
    };
    let tables: [[Affine; 16]; 8] = core::array::from_fn(|lane| core::array::from_fn(|i| entry(lane, i)));
    for i in 0..16 {
        for negative in [0, u64::MAX] {
            let index = |lane: usize| (i + lane) % 16;
            let digit = |lane| Digit { negative, index: index(lane) as u64 };
            let (x, y) = Lanes::look_up(&tables.each_ref(), &core::array::from_fn(digit));
            for lane in 0..8 {
                let want = tables[lane][index(lane)].negate_if(Portable, negative);
                assert_eq!(number(&x.carry(), lane), (want.x.0, 0));
                assert_eq!(number(&y.carry(), lane), (want.y.0, 0));
            }
        }
    }
}

#[test]
fn every_lane_finds_every_entry_of_its_table_and_its_negative() {
    if here() {
        // SAFETY: the processor was asked.
        unsafe { check_look_up() };
    }
}

#[test]
fn multiples_of_p_are_multiples_of_p() {
    let rows = multiples_of_p([0, 1, 2, 3, 4, 5, 6, 15]);
    for (lane, k) in [0, 1, 2, 3, 4, 5, 6, 15].into_iter().enumerate() {
        let (mut sum, mut top) = ([0; 4], 0);
        for _ in 0..k {
            let (next, carry) = limbs::add_wide(&sum, &P);
            (sum, top) = (next, top + carry);
        }
        assert_eq!(gather(&core::array::from_fn(|i| rows[i][lane])), (sum, top));
    }
}
