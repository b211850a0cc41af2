//! Points and their multiples against the `sm2` crate, at the edges and anywhere.
use super::backends;
use crate::crypto::native::backend::with_field;
use crate::crypto::native::limbs::{self, Limbs};
use crate::crypto::native::sm2::element::Affine;
use crate::crypto::native::sm2::field::Field;
use crate::crypto::native::sm2::hot_point::HotPoint;
use crate::crypto::native::sm2::point::{Extended, GENERATOR, Jacobian};
use crate::crypto::native::sm2::scalar::{N, Scalar};
use crate::crypto::native::sm2::{fixed_base, variable_base, vartime};
use crate::error::CryptoError;
use proptest::prelude::*;
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::elliptic_curve::{Group, PrimeField};
use sm2::{AffinePoint, ProjectivePoint};

fn theirs(k: &Scalar) -> sm2::Scalar {
    sm2::Scalar::from_repr(k.to_be_bytes().into()).unwrap()
}

/// Their point as ours; zeros for infinity.
fn ours<F: Field>(field: F, p: &ProjectivePoint) -> Affine {
    if bool::from(p.is_identity()) {
        return Affine::default();
    }
    Affine::from_bytes(field, AffinePoint::from(*p).to_sec1_point(false).as_bytes()).unwrap()
}

fn minus(k: u64) -> Limbs {
    limbs::sub_mod(&[0; 4], &[k, 0, 0, 0], &N)
}

/// Small ones, their negatives (n - 6 among them), powers of two and their neighbours, long runs of one digit.
fn edge_scalars() -> Vec<Scalar> {
    let mut all: Vec<Limbs> = (0..36).map(|k| [k, 0, 0, 0]).collect();
    all.extend((1..36).map(minus));
    for bit in [40, 63, 64, 120, 192, 220, 240, 251, 252, 253, 254, 255] {
        let mut power = [0; 4];
        power[bit / 64] = 1 << (bit % 64);
        for delta in [0, 3] {
            all.push(limbs::add_mod(&power, &[delta, 0, 0, 0], &N));
            all.push(limbs::sub_mod(&power, &[delta, 0, 0, 0], &N));
            all.push(limbs::sub_mod(&minus(delta), &power, &N));
        }
        // n - d 2^bit: where a sum of multiples could pass through infinity
        for d in [2, 3, 5, 16] {
            let multiple = Scalar(power).mul(&Scalar([d, 0, 0, 0]));
            all.push(limbs::sub_mod(&[0; 4], &multiple.0, &N));
        }
    }
    // 30 * 2^252 - n and n - 6, and their negatives: n + k or 2n - k must take them out of the way.
    let multiple = Scalar([0, 0, 0, 1 << 60]).mul(&Scalar([30, 0, 0, 0]));
    all.extend([multiple.0, limbs::sub_mod(&[0; 4], &multiple.0, &N), minus(6)]);
    all.extend([[0x5555_5555_5555_5555; 4], [0x8421_0842_1084_2108; 4], [0x7fff_ffff_ffff_ffff; 4]]);
    all.into_iter().map(|a| Scalar::reduce(&a)).collect()
}

fn check<F: Field>(field: F, k: &Scalar, p: &Affine, tp: &ProjectivePoint, hot: &HotPoint) {
    let base = ours(field, &(ProjectivePoint::GENERATOR * theirs(k)));
    assert_eq!(fixed_base::multiply(field, k).to_affine(field), base, "{k:?} G");
    let multiple = ours(field, &(*tp * theirs(k)));
    assert_eq!(variable_base::multiply(field, k, p).to_affine(field), multiple, "{k:?} P");
    assert_eq!(hot.multiply(field, k).to_affine(field), multiple, "{k:?} P by its table");
}

#[test]
fn edge_multiples_are_those_of_the_sm2_crate() {
    for backend in backends() {
        with_field!(backend, field => {
            let tp = ProjectivePoint::GENERATOR * theirs(&Scalar([77, 1, 2, 3]));
            let p = ours(field, &tp);
            let hot = HotPoint::new(field, &p);
            for k in edge_scalars() {
                check(field, &k, &p, &tp, &hot);
            }
        });
    }
}

/// s G + t P where the two meet or cancel on the way: P is ± a small or a windowed multiple of G.
#[test]
fn sums_are_right_where_points_meet() {
    let small = |f| Scalar([f, 0, 0, 0]);
    let signed = |f: u64| [small(f), Scalar([0; 4]).sub(&small(f))];
    let factors: Vec<_> = [1, 2, 5, 32, 1 << 20].into_iter().flat_map(signed).collect();
    let scalars: Vec<_> = [0, 1, 3, 16, 1 << 20].into_iter().flat_map(signed).collect();
    for backend in backends() {
        with_field!(backend, field => {
            for factor in &factors {
                let tp = ProjectivePoint::GENERATOR * theirs(factor);
                let p = ours(field, &tp);
                let hot = HotPoint::new(field, &p);
                let multiples = |p: ProjectivePoint| scalars.iter().map(move |s| (s, p * theirs(s)));
                let of_p: Vec<_> = multiples(tp).collect();
                for (s, sg) in multiples(ProjectivePoint::GENERATOR) {
                    for (t, tp) in &of_p {
                        let want = ours(field, &(sg + tp));
                        let cold = vartime::multiply_add_base(field, s, t, &p).to_affine(field);
                        assert_eq!(cold, want, "{s:?} G + {t:?} * {factor:?} G");
                        let hot = hot.multiply_add_base(field, s, t).to_affine(field);
                        assert_eq!(hot, want, "{s:?} G + {t:?} * {factor:?} G by the table");
                    }
                }
            }
        });
    }
}

/// k P + l Q where Q is a multiple of P, so that both meet or cancel in the first, the last or any other step.
#[test]
fn sums_of_two_are_right_where_points_meet() {
    let signed = |f: Scalar| [f, f.mul(&minus_one())];
    let k = Scalar([0x1234_5678_9abc_def1, 2, 3, 1 << 60]);
    let scalars = [Scalar([0; 4]), Scalar::ONE, Scalar([2, 0, 0, 0]), k, minus_one(), k.invert()];
    let factors: Vec<Scalar> = [1, 2, 3, 31, 32, 33, 1 << 20].map(|f| Scalar([f, 0, 0, 0])).into();
    let factors = factors.into_iter().chain([k, k.invert(), Scalar([9, 9, 9, 9])]).flat_map(signed);
    let factors: Vec<Scalar> = factors.collect();
    for backend in backends() {
        with_field!(backend, field => {
            let tp = ProjectivePoint::GENERATOR * theirs(&Scalar([5, 6, 7, 8]));
            let p = ours(field, &tp);
            for factor in &factors {
                let tq = tp * theirs(factor);
                let q = ours(field, &tq);
                for (k, l) in scalars.iter().flat_map(|k| scalars.iter().map(move |l| (k, l))) {
                    let want = ours(field, &(tp * theirs(k) + tq * theirs(l)));
                    let got = variable_base::multiply_two(field, [(k, &p), (l, &q)]).to_affine(field);
                    assert_eq!(got, want, "{k:?} P + {l:?} * {factor:?} P");
                }
            }
        });
    }
}

/// k (P + x Q) where Q is a multiple of P, so that the sum is twice a point, infinity, or nothing special.
#[test]
fn multiples_of_sums_are_right_where_points_meet() {
    let x = Scalar([0x1234_5678_9abc_def1, 0x8765_4321_0fed_cba9, 0, 0]);
    let short = [x, Scalar([0, 1 << 63, 0, 0]), Scalar([u64::MAX, u64::MAX, 0, 0])];
    let scalars = [Scalar([0; 4]), Scalar::ONE, Scalar([2, 0, 0, 0]), x.invert(), minus_one()];
    for backend in backends() {
        with_field!(backend, field => {
            let tp = ProjectivePoint::GENERATOR * theirs(&Scalar([5, 6, 7, 8]));
            let p = ours(field, &tp);
            for x in &short {
                let inverse = x.invert();
                let factors = [inverse, inverse.mul(&minus_one()), Scalar::ONE, minus_one(), Scalar([9, 9, 9, 9])];
                for factor in &factors {
                    let tq = tp * theirs(factor);
                    let q = ours(field, &tq);
                    for k in &scalars {
                        let want = ours(field, &((tp + tq * theirs(x)) * theirs(k)));
                        let got = variable_base::multiply_sum(field, k, &p, (x, &q)).to_affine(field);
                        assert_eq!(got, want, "{k:?} (P + {x:?} * {factor:?} P)");
                    }
                }
            }
        });
    }
}

fn minus_one() -> Scalar {
    Scalar(minus(1))
}

/// Each formula alone, with Z other than 1.
fn check_formulas<F: Field>(field: F, tp: &ProjectivePoint, tq: &ProjectivePoint) {
    let (p, q) = (ours(field, tp), ours(field, tq));
    // The same points with another Z: 2 (P/2)
    let half = theirs(&Scalar([2, 0, 0, 0]).invert());
    let hp = ours(field, &(*tp * half));
    let jp = Jacobian::from(hp).double(field);
    let ep = Extended::from(hp).double(field);
    assert_eq!(jp.to_affine(field), p);
    assert_eq!(ep.to_affine(field), p);
    let (sum, double) = (ours(field, &(*tp + tq)), ours(field, &(*tp + tp)));
    let (twice, same) = jp.double_alike(field);
    assert!(twice.z == same.z);
    assert_eq!((twice.to_affine(field), same.to_affine(field)), (double, p));
    let (three, again) = twice.add_alike(field, &same);
    assert!(three.z == again.z);
    assert_eq!((three.to_affine(field), again.to_affine(field)), (ours(field, &(*tp + tp + tp)), double));
    assert_eq!(jp.add_affine(field, &q).to_affine(field), sum);
    assert_eq!(ep.add_affine(field, &q).to_affine(field), sum);
    assert_eq!(jp.double(field).to_affine(field), double);
    assert_eq!(ep.double(field).to_affine(field), double);
    assert_eq!(jp.add_affine_complete(field, &q).to_affine(field), sum);
    assert_eq!(jp.add_affine_complete(field, &p).to_affine(field), double);
    assert_eq!(Jacobian::INFINITY.add_affine_complete(field, &q).to_affine(field), q);
    let nothing = jp.add_affine_complete(field, &p.negate_if(field, u64::MAX));
    assert!(nothing.z.is_zero_vartime());
    assert_eq!(nothing.double(field).add_affine_complete(field, &q).to_affine(field), q);
    let mut same = jp;
    same.add_affine_vartime(field, &p);
    assert_eq!(same.to_affine(field), double);
    let mut opposite = jp;
    opposite.add_affine_vartime(field, &p.negate_if(field, u64::MAX));
    assert!(opposite.z.is_zero_vartime());
    assert!(opposite.double(field).z.is_zero_vartime());
    opposite.add_affine_vartime(field, &q);
    assert_eq!(opposite.to_affine(field), q);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn multiples_are_those_of_the_sm2_crate(k in any::<[u64; 4]>(), f in any::<[u64; 4]>()) {
        let (k, f) = (Scalar::reduce(&k), Scalar::reduce(&f));
        let tp = ProjectivePoint::GENERATOR * theirs(&f);
        for backend in backends() {
            with_field!(backend, field => {
                let p = ours(field, &tp);
                let hot = HotPoint::new(field, &p);
                check(field, &k, &p, &tp, &hot);
                let want = ours(field, &(ProjectivePoint::GENERATOR * theirs(&f) + tp * theirs(&k)));
                prop_assert_eq!(vartime::multiply_add_base(field, &f, &k, &p).to_affine(field), want);
                prop_assert_eq!(hot.multiply_add_base(field, &f, &k).to_affine(field), want);
            });
        }
    }

    #[test]
    fn formulas_are_those_of_the_curve(k in any::<[u64; 4]>(), f in any::<[u64; 4]>()) {
        let point = |a| ProjectivePoint::GENERATOR * theirs(&Scalar::reduce(&a));
        for backend in backends() {
            with_field!(backend, field => check_formulas(field, &point(k), &point(f)));
        }
    }

    /// R-SM2-6
    #[test]
    fn points_are_read_as_by_the_sm2_crate(mut bytes in prop::collection::vec(any::<u8>(), 65), on in any::<bool>()) {
        bytes[0] = 4;
        if on {
            let p = ProjectivePoint::GENERATOR * theirs(&Scalar([u64::from(bytes[1]) + 1, 0, 0, 0]));
            bytes.copy_from_slice(AffinePoint::from(p).to_sec1_point(false).as_bytes());
        }
        for backend in backends() {
            with_field!(backend, field => {
                let point = Affine::from_bytes(field, &bytes);
                prop_assert_eq!(point.is_ok(), sm2::PublicKey::from_sec1_bytes(&bytes).is_ok());
                if let Ok(point) = point {
                    prop_assert_eq!(&point.to_bytes(field)[..], &bytes[..]);
                }
            });
        }
    }
}

/// R-SM2-6
#[test]
fn refuses_every_encoding_but_the_one() {
    let backend = backends()[0];
    with_field!(backend, field => {
        let good = GENERATOR.to_bytes(field);
        assert_eq!(Affine::from_bytes(field, &good).unwrap(), GENERATOR);
        let bad = |bytes: &[u8]| assert_eq!(Affine::from_bytes(field, bytes), Err(CryptoError::BadPoint));
        for len in 0..65 {
            bad(&good[..len]);
        }
        bad(&[&good[..], &[0]].concat());
        for first in (0..=255).filter(|b| *b != 4) {
            bad(&[&[first], &good[1..]].concat());
        }
        bad(&[&[4], &[0; 64][..]].concat());
        bad(&[&[4], &[0xff; 64][..]].concat());
        // x + p for a point with a small x would be a second encoding of it
        for i in 8..65 * 8 {
            let mut flipped = good;
            flipped[i / 8] ^= 1 << (i % 8);
            bad(&flipped);
        }
    });
}
