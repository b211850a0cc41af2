//! The fields, the groups and their scalars obey their laws, and both implementations give the same limbs.
use super::backends;
use crate::crypto::native::backend::{Portable, with_field};
use crate::crypto::native::limbs::{self, Limbs};
use crate::crypto::native::sm9::fp::{Field, Fp, P};
use crate::crypto::native::sm9::fp2::Fp2;
use crate::crypto::native::sm9::fp12::{Fp12, Sparse};
use crate::crypto::native::sm9::group::{Digits, Group};
use crate::crypto::native::sm9::lattice::{FROBENIUS, G1 as G1_LATTICE, Lattice};
use crate::crypto::native::sm9::lines::{Lines, Place};
use crate::crypto::native::sm9::multiply::{Table, multiply};
use crate::crypto::native::sm9::pairing::pair;
use crate::crypto::native::sm9::point::{Affine, G1, G2, P1, P2};
use crate::crypto::native::sm9::scalar::{N, Scalar};
use proptest::prelude::*;

/// Any element, with the edges often: 0, 1, p - 1, limbs of zeros and ones.
fn element() -> impl Strategy<Value = Fp> {
    let limb = prop_oneof![Just(0), Just(u64::MAX), Just(1), any::<u64>(), any::<u64>(), any::<u64>()];
    let limbs = [limb.clone(), limb.clone(), limb.clone(), limb];
    prop_oneof![
        1 => Just(Fp(limbs::sub_wide(&P, &[1, 0, 0, 0]).0)),
        12 => limbs.prop_map(|a: [u64; 4]| Fp(limbs::reduce_once(&a, 0, &P))),
    ]
}

/// Any element of the field of p^12 elements, with many edges in it.
fn element12(mut seed: u64) -> Fp12 {
    let mut next = || {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let word = seed ^ seed >> 31;
        match word >> 60 {
            0 => 0,
            1 => u64::MAX,
            _ => word.rotate_left(17) ^ seed,
        }
    };
    let mut part = || {
        let limbs: Limbs = core::array::from_fn(|_| next());
        Fp(if limbs[0] % 16 == 3 { [0; 4] } else { limbs::reduce_once(&limbs, 0, &P) })
    };
    Fp12(core::array::from_fn(|_| Fp2 { re: part(), im: part() }))
}

fn scalar() -> impl Strategy<Value = Scalar> {
    let any = any::<[u64; 4]>().prop_map(|a| Scalar(limbs::reduce_once(&a, 0, &N)));
    let near = (0..40u64).prop_map(|k| Scalar(limbs::sub_mod(&[0; 4], &[k, 0, 0, 0], &N)));
    let power = (0..255usize).prop_map(|bit| {
        let mut a = [0; 4];
        a[bit / 64] = 1 << (bit % 64);
        Scalar(limbs::reduce_once(&a, 0, &N))
    });
    prop_oneof![any, near, power, (0..40u64).prop_map(|k| Scalar([k, 0, 0, 0]))]
}

/// a b / 2^256 mod p by shifting and adding, halves first.
fn slow_product(a: &Fp, b: &Fp) -> Fp {
    let mut out = [0; 4];
    for bit in 0..256 {
        if b.0[bit / 64] >> (bit % 64) & 1 == 1 {
            out = limbs::add_mod(&out, &a.0, &P);
        }
        let (sum, carry) = if out[0] & 1 == 1 { limbs::add_wide(&out, &P) } else { (out, 0) };
        out = core::array::from_fn(|i| sum[i] >> 1 | sum.get(i + 1).copied().unwrap_or(carry) << 63);
    }
    Fp(limbs::reduce_once(&out, 0, &P))
}

fn check_dot<const K: usize>(a: &[Fp; 12], b: &[Fp; 12]) {
    let (a, b) = (a.first_chunk::<K>().unwrap(), b.first_chunk::<K>().unwrap());
    let sum = a.iter().zip(b).fold(Fp::ZERO, |sum, (a, b)| Portable.add(&sum, &slow_product(a, b)));
    for backend in backends() {
        with_field!(backend, field => assert_eq!(field.dot(a, b), sum, "{backend:?}, {K} products"));
    }
}

#[test]
fn the_largest_sums_are_reduced() {
    let (p, less) = (Fp(P), Fp(limbs::sub_wide(&P, &[1, 0, 0, 0]).0));
    for (a, b) in [(p, p), (p, less), (less, less), (less, Fp::ONE)] {
        check_dot::<1>(&[a; 12], &[b; 12]);
        check_dot::<2>(&[a; 12], &[b; 12]);
        check_dot::<8>(&[a; 12], &[b; 12]);
        check_dot::<12>(&[a; 12], &[b; 12]);
    }
}

fn check_laws<F: Field>(field: F, a: &Fp12, b: &Fp12, c: &Fp12) {
    let mul = |a: &Fp12, b: &Fp12| a.mul(field, b);
    assert_eq!(mul(a, b), a.mul(Portable, b));
    assert_eq!(mul(&mul(a, b), c), mul(a, &mul(b, c)));
    assert_eq!(mul(a, b), mul(b, a));
    assert_eq!(a.square(field), mul(a, a));
    assert_eq!(a.0[0].square(field), a.0[0].mul(field, &a.0[0]));
    assert_eq!(mul(a, b).frobenius(field), mul(&a.frobenius(field), &b.frobenius(field)));
    assert_eq!((0..6).fold(*a, |a, _| a.frobenius(field)), a.conjugate(field));
    let line = Sparse { c0: b.0[0], c2: b.0[1] };
    let dense = Fp12([b.0[0], Fp2::ZERO, b.0[1], Fp2::ONE, Fp2::ZERO, Fp2::ZERO]);
    assert_eq!(a.mul_sparse(field, &line), mul(a, &dense));
    if *a != Fp12::default() {
        assert_eq!(mul(a, &a.invert(field)), Fp12::ONE);
        // Into the cyclotomic subgroup.
        let f = mul(&a.conjugate(field), &a.invert(field));
        let f = mul(&f.frobenius(field).frobenius(field), &f);
        assert_eq!(f.square_cyclotomic(field), f.square(field));
        assert_eq!(mul(&f, &f.conjugate(field)), Fp12::ONE);
    }
}

/// Sums that reach as far as they can, in every implementation.
#[test]
fn the_largest_products_are_reduced() {
    let largest = Fp(limbs::sub_wide(&P, &[1, 0, 0, 0]).0);
    for part in [largest, Fp::ONE, Fp([1, 0, 0, 0])] {
        let a = Fp12([Fp2 { re: part, im: part }; 6]);
        for backend in backends() {
            with_field!(backend, field => {
                check_laws(field, &a, &Fp12([Fp2 { re: largest, im: largest }; 6]), &a);
                check_laws(field, &a, &Fp12([Fp2 { re: largest, im: Fp::ZERO }; 6]), &a);
            });
        }
    }
}

fn short_sum(lattice: &Lattice, eigenvalue: &Scalar, k: &Scalar) -> Scalar {
    let short = lattice.split(k);
    let mut power = Scalar([1, 0, 0, 0]);
    let mut sum = Scalar::default();
    for s in short.iter() {
        let negative = s[3] >> 63 == 1;
        let amount: Limbs = if negative { limbs::sub_wide(&[0; 4], s).0 } else { *s };
        let bits = 256
            - amount
                .iter()
                .rev()
                .fold((0, true), |(zeros, all), limb| {
                    if all { (zeros + limb.leading_zeros(), *limb == 0) } else { (zeros, false) }
                })
                .0 as usize;
        assert!(bits <= lattice.bits, "{bits}");
        let term = Scalar(limbs::reduce_once(&amount, 0, &N)).mul(&power);
        sum = if negative { sum.sub(&term) } else { sum.add(&term) };
        power = power.mul(eigenvalue);
    }
    sum
}

fn digit_sum<const WIDTH: usize>(lattice: &Lattice, eigenvalue: &Scalar, k: &Scalar) -> Scalar {
    let digits = Digits::<WIDTH>::new(lattice, k);
    let mut sum = Scalar::default();
    for dimension in (0..digits.dimensions()).rev() {
        let mut part = Scalar::default();
        for place in (0..digits.len()).rev() {
            part = (0..WIDTH).fold(part, |part, _| part.add(&part));
            let (index, negative) = digits.at(dimension, place);
            assert!(index <= 1 << (WIDTH - 1));
            let term = Scalar([index, 0, 0, 0]);
            part = if negative == 0 { part.add(&term) } else { part.sub(&term) };
        }
        sum = sum.mul(eigenvalue).add(&part);
    }
    sum
}

/// p modulo N, and the eigenvalue of G1's endomorphism.
fn eigenvalues() -> [(&'static Lattice, Scalar); 2] {
    let p = Scalar(limbs::reduce_once(&P, 0, &N));
    let of_g1 =
        Scalar([0xb978_eb11_0915_3e3f, 0xe1ed_aee0_7e84_c2d0, 0xf003_ab4f_f047_7961, 0xb640_0000_02a3_a6ef]);
    [(&G1_LATTICE, of_g1), (&FROBENIUS, p)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sums_of_products_are_right(a in prop::array::uniform12(element()), b in prop::array::uniform12(element())) {
        check_dot::<1>(&a, &b);
        check_dot::<2>(&a, &b);
        check_dot::<3>(&a, &b);
        check_dot::<4>(&a, &b);
        check_dot::<6>(&a, &b);
        check_dot::<8>(&a, &b);
        check_dot::<12>(&a, &b);
    }

    #[test]
    fn sums_and_differences_are_right(a in element(), b in element()) {
        for backend in backends() {
            with_field!(backend, field => {
                let (sum, difference) = (field.add(&a, &b), field.sub(&a, &b));
                prop_assert_eq!(sum.0, limbs::add_mod(&a.0, &b.0, &P));
                prop_assert_eq!(difference.0, limbs::sub_mod(&a.0, &b.0, &P));
                prop_assert_eq!(field.sub(&sum, &b), a);
                prop_assert_eq!(field.add(&difference, &b), a);
            });
        }
    }

    #[test]
    fn the_fields_obey_their_laws(seeds in any::<[u64; 3]>()) {
        let [a, b, c] = seeds.map(element12);
        for backend in backends() {
            with_field!(backend, field => check_laws(field, &a, &b, &c));
        }
    }

    #[test]
    fn short_scalars_and_digits_add_up(k in scalar()) {
        for (lattice, eigenvalue) in eigenvalues() {
            prop_assert_eq!(short_sum(lattice, &eigenvalue, &k), k);
            prop_assert_eq!(digit_sum::<4>(lattice, &eigenvalue, &k), k);
            prop_assert_eq!(digit_sum::<5>(lattice, &eigenvalue, &k), k);
        }
    }

    #[test]
    fn scalars_have_inverses(k in scalar()) {
        let product = k.mul(&k.invert());
        prop_assert_eq!(product.0, [u64::from(k != Scalar::default()), 0, 0, 0]);
    }
}

fn same<G: Group, F: Field>(field: F, a: &G, b: &G, encode: impl Fn(F, &G) -> Vec<u8>) {
    assert_eq!(encode(field, a), encode(field, b));
}

fn check_group<G: Group, F: Field>(field: F, base: &G, encode: impl Fn(F, &G) -> Vec<u8> + Copy) {
    let table = Table::new(field, base);
    let k = Scalar([0x1234_5678_9abc_def1; 4]);
    let edges = [0, 1, 2, 3, 8, 9, 15, 16, 17].map(|k| Scalar([k, 0, 0, 0]));
    let negative = edges.map(|e| Scalar::default().sub(&e));
    for l in edges.into_iter().chain(negative) {
        let product = multiply(field, &l, base);
        same(field, &*product, &*table.multiply(field, &l), encode);
        let sum = multiply(field, &k, base).add(field, &product);
        same(field, &sum, &*multiply(field, &k.add(&l), base), encode);
        same(field, &sum, &*table.multiply(field, &k.add(&l)), encode);
    }
    let last = multiply(field, &Scalar::default().sub(&Scalar([1, 0, 0, 0])), base);
    same(field, &last.add(field, base), &G::IDENTITY, encode);
    same(field, &base.add(field, base), &base.double(field), encode);
    same(field, &base.add(field, &G::IDENTITY), base, encode);
    same(field, &G::IDENTITY.double(field), &G::IDENTITY, encode);
}

/// N times each base element is the identity, (k + l) P = k P + l P, and tables give the same.
#[test]
fn the_groups_obey_their_laws() {
    for backend in backends() {
        with_field!(backend, field => {
            check_group(field, &G1::from(P1), |field, p| p.to_affine(field).to_bytes(field).to_vec());
            check_group(field, &G2::from(P2), |field, p| p.to_affine(field).to_bytes(field).to_vec());
            let g = pair(field, [(&Place::new(field, &P1.into()), &Lines::new(field, &P2))]);
            check_group(field, &g, |field, g| g.to_bytes(field).to_vec());
        });
    }
}

#[test]
fn points_come_back_from_their_bytes() {
    for backend in backends() {
        with_field!(backend, field => {
            assert_eq!(Affine::<Fp>::from_bytes(field, &P1.to_bytes(field)), Ok(P1));
            assert_eq!(Affine::<Fp2>::from_bytes(field, &P2.to_bytes(field)), Ok(P2));
        });
    }
}
