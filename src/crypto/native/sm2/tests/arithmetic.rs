//! The field and the scalars against plain big-integer arithmetic, the `sm2` crate, and each other.
use super::backends;
use crate::crypto::native::backend::Portable;
use crate::crypto::native::backend::with_field;
use crate::crypto::native::limbs::{self, Limbs};
use crate::crypto::native::sm2::element::{Affine, FieldElement, P};
use crate::crypto::native::sm2::field::{Field, invert_all};
use crate::crypto::native::sm2::recode::{NonAdjacentForm, OddDigits};
use crate::crypto::native::sm2::scalar::{Montgomery, N, Scalar};
use proptest::prelude::*;
use sm2::elliptic_curve::PrimeField;

/// a * b mod m, by doubling and adding.
fn product(a: &Limbs, b: &Limbs, m: &Limbs) -> Limbs {
    (0..256).rev().fold([0; 4], |acc, i| {
        let acc = limbs::add_mod(&acc, &acc, m);
        if b[i / 64] >> (i % 64) & 1 == 1 { limbs::add_mod(&acc, a, m) } else { acc }
    })
}

fn below(m: Limbs) -> impl Strategy<Value = Limbs> {
    // Limbs of all zeros and ones reach the carries that random ones do not.
    let limb = prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), Just(1), Just(0xffff_ffff), Just(1 << 32)];
    prop_oneof![
        prop::array::uniform4(limb).prop_map(move |a| limbs::reduce_once(&a, 0, &m)),
        (0u64..8).prop_map(move |k| limbs::sub_mod(&[0; 4], &[k, 0, 0, 0], &m)),
    ]
}

fn check_field<F: Field>(field: F, a: &Limbs, b: &Limbs) {
    let (x, y) = (field.element(a).unwrap(), field.element(b).unwrap());
    assert_eq!(field.to_integer(&x), *a);
    assert_eq!(field.to_integer(&field.mul(&x, &y)), product(a, b, &P));
    assert_eq!(field.to_integer(&field.square(&x)), product(a, a, &P));
    assert_eq!(field.to_integer(&field.add(&x, &y)), limbs::add_mod(a, b, &P));
    assert_eq!(field.to_integer(&field.sub(&x, &y)), limbs::sub_mod(a, b, &P));
    assert_eq!(field.add(&field.negate(&x), &x), FieldElement::ZERO);
    assert_eq!(field.double(&field.halve(&x)), x);
    let inverse = field.invert(&x);
    if *a == [0; 4] {
        assert_eq!(inverse, FieldElement::ZERO);
    } else {
        assert_eq!(field.mul(&inverse, &x), FieldElement::ONE);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn field_is_that_of_big_integers(a in below(P), b in below(P)) {
        for backend in backends() {
            with_field!(backend, field => check_field(field, &a, &b));
        }
    }

    /// Also for the limbs themselves, which are Montgomery forms here.
    #[test]
    fn both_implementations_give_the_same_limbs(a in below(P), b in below(P)) {
        let (x, y) = (FieldElement(a), FieldElement(b));
        for backend in backends() {
            with_field!(backend, field => {
                prop_assert_eq!(field.mul(&x, &y), Portable.mul(&x, &y));
                prop_assert_eq!(field.square(&x), Portable.mul(&x, &x));
                prop_assert_eq!(field.add(&x, &y), Portable.add(&x, &y));
                prop_assert_eq!(field.sub(&x, &y), Portable.sub(&x, &y));
                prop_assert_eq!(field.halve(&x), Portable.halve(&x));
            });
        }
    }

    #[test]
    fn scalars_are_those_of_the_sm2_crate(a in below(N), b in below(N)) {
        let (x, y) = (Scalar(a), Scalar(b));
        let theirs = |s: &Scalar| sm2::Scalar::from_repr(s.to_be_bytes().into()).unwrap();
        let (tx, ty) = (theirs(&x), theirs(&y));
        prop_assert_eq!(x.mul(&y).to_be_bytes(), <[u8; 32]>::from((tx * ty).to_repr()));
        prop_assert_eq!(Montgomery::new(&x).mul(&y), x.mul(&y));
        prop_assert_eq!(x.add(&y).to_be_bytes(), <[u8; 32]>::from((tx + ty).to_repr()));
        prop_assert_eq!(x.sub(&y).to_be_bytes(), <[u8; 32]>::from((tx - ty).to_repr()));
        prop_assert_eq!(x.mul(&y).0, product(&a, &b, &N));
        if !x.is_zero_vartime() {
            prop_assert_eq!(x.invert().mul(&x), Scalar::ONE);
        }
    }

    #[test]
    fn odd_digits_add_up(k in below(N), width in 2usize..8) {
        let mut sum = [0; 4];
        let windows = 258usize.div_ceil(width);
        let digits = OddDigits::new(&Scalar(k), windows * width);
        for window in (0..windows).rev() {
            sum = (0..width).fold(sum, |s, _| limbs::add_mod(&s, &s, &N));
            let digit = digits.at(window * width, width);
            prop_assert!(digit.index < 1 << (width - 1));
            let next = if digit.negative == 0 { limbs::add_mod } else { limbs::sub_mod };
            sum = next(&sum, &[2 * digit.index + 1, 0, 0, 0], &N);
        }
        prop_assert_eq!(sum, k);
    }

    #[test]
    fn non_adjacent_forms_add_up(k in any::<[u64; 4]>(), width in 2usize..11) {
        let form = NonAdjacentForm::new(&k, width);
        let mut sum = [0; 4];
        for position in (0..form.len()).rev() {
            sum = limbs::add_mod(&sum, &sum, &N);
            if let Some((negative, i)) = form.at(position) {
                prop_assert!(2 * i + 1 < 1 << (width - 1));
                let next = if negative { limbs::sub_mod } else { limbs::add_mod };
                sum = next(&sum, &[2 * i as u64 + 1, 0, 0, 0], &N);
            }
        }
        prop_assert_eq!(sum, limbs::reduce_once(&k, 0, &N));
    }
}

#[test]
fn integers_from_p_and_n_upwards_are_refused() {
    for backend in backends() {
        with_field!(backend, field => {
            assert!(field.element(&P).is_none());
            assert!(field.element(&[u64::MAX; 4]).is_none());
            assert!(field.element(&[P[0] - 1, P[1], P[2], P[3]]).is_some());
        });
    }
    assert!(Scalar::from_be_bytes(&limbs::to_be_bytes(&N)).is_none());
    assert!(Scalar::from_be_bytes(&[0xff; 32]).is_none());
    assert_eq!(Scalar::from_be_bytes(&limbs::to_be_bytes(&[7, 0, 0, 0])), Some(Scalar([7, 0, 0, 0])));
}

#[test]
fn inversions_can_be_shared() {
    let v: [FieldElement; 5] = core::array::from_fn(|i| FieldElement([i as u64 + 3, 5, 7, 9]));
    for backend in backends() {
        with_field!(backend, field => {
            for (a, inverse) in v.iter().zip(invert_all(field, &v)) {
                assert_eq!(field.mul(a, &inverse), FieldElement::ONE);
            }
        });
    }
}

#[test]
fn lookups_find_every_entry() {
    let entry = |i: u64| Affine { x: FieldElement([i; 4]), y: FieldElement([i + 100; 4]) };
    let table: Vec<_> = (1..=32).map(entry).collect();
    for backend in backends() {
        with_field!(backend, field => {
            for i in 0..32 {
                assert_eq!(field.lookup(&table, i), entry(i + 1));
            }
        });
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn fast_implementation_is_the_one_that_runs_where_it_can() {
    use crate::crypto::native::backend::Backend;
    let can = std::is_x86_feature_detected!("bmi2")
        && std::is_x86_feature_detected!("adx")
        && std::is_x86_feature_detected!("avx2");
    assert_eq!(matches!(Backend::best(), Backend::Adx(_)), can);
}
