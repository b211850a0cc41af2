//! A multiple by a secret scalar is the same work for every scalar: counted by a field that notes what it is asked.
use crate::crypto::native::backend::Portable;
use crate::crypto::native::limbs;
use crate::crypto::native::sm2::element::{Affine, FieldElement};
use crate::crypto::native::sm2::field::Field;
use crate::crypto::native::sm2::hot_point::HotPoint;
use crate::crypto::native::sm2::point::GENERATOR;
use crate::crypto::native::sm2::scalar::{N, Scalar};
use crate::crypto::native::sm2::{fixed_base, variable_base};
use core::cell::RefCell;

/// What the field was asked to do, in order; for a look-up how long the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Mul,
    Square,
    Add,
    Sub,
    Lookup(usize),
}

/// All steps, and how many had a zero to work on: only infinity has coordinates that are zero.
#[derive(Debug, Default, PartialEq, Eq)]
struct Work {
    steps: Vec<Step>,
    zeros: usize,
}

thread_local! {
    static WORK: RefCell<Work> = RefCell::default();
}

#[derive(Clone, Copy)]
struct Counting;

fn note(step: Step, operands: &[&FieldElement]) {
    WORK.with_borrow_mut(|work| {
        work.steps.push(step);
        work.zeros += operands.iter().filter(|a| a.is_zero_vartime()).count();
    });
}

impl Field for Counting {
    fn mul(self, a: &FieldElement, b: &FieldElement) -> FieldElement {
        note(Step::Mul, &[a, b]);
        Portable.mul(a, b)
    }

    fn square(self, a: &FieldElement) -> FieldElement {
        note(Step::Square, &[a]);
        Portable.square(a)
    }

    fn add(self, a: &FieldElement, b: &FieldElement) -> FieldElement {
        note(Step::Add, &[a, b]);
        Portable.add(a, b)
    }

    fn sub(self, a: &FieldElement, b: &FieldElement) -> FieldElement {
        // 0 - a is how a negative is made.
        note(Step::Sub, &[b]);
        Portable.sub(a, b)
    }

    fn lookup(self, table: &[Affine], index: u64) -> Affine {
        note(Step::Lookup(table.len()), &[]);
        let found = Portable.lookup(table, index);
        note(Step::Lookup(table.len()), &[&found.x, &found.y]);
        found
    }
}

fn work(run: impl FnOnce()) -> Work {
    WORK.take();
    run();
    WORK.take()
}

/// Short ones with all their leading windows zero, long ones, those with many zero windows or none.
fn scalars() -> Vec<Scalar> {
    let minus = |k: u64| Scalar(limbs::sub_mod(&[0; 4], &[k, 0, 0, 0], &N));
    let mut all: Vec<Scalar> = (1..70).flat_map(|k| [Scalar([k, 0, 0, 0]), minus(k)]).collect();
    all.extend((0..256).map(|bit| {
        let mut power = [0; 4];
        power[bit / 64] = 1 << (bit % 64);
        Scalar::reduce(&power)
    }));
    all.extend(
        [[0x8421_0842_1084_2108; 4], [0x7fff_ffff_ffff_ffff; 4], [0x5555_5555_5555_5555; 4]].map(Scalar),
    );
    all
}

fn check(name: &str, multiply: impl Fn(&Scalar)) {
    multiply(&Scalar::ONE);
    let usual = work(|| multiply(&Scalar([0x1234_5678_9abc_def1; 4])));
    assert_eq!(usual.zeros, 0, "{name}: zeros");
    for k in scalars() {
        assert!(work(|| multiply(&k)) == usual, "{name}: {k:?}");
    }
}

#[test]
fn every_scalar_is_the_same_work_and_meets_no_infinity() {
    let point = GENERATOR.negate_if(Portable, u64::MAX);
    let hot = HotPoint::new(Portable, &point);
    check("k G", |k| drop(fixed_base::multiply(Counting, k)));
    check("k P by its table", |k| drop(hot.multiply(Counting, k)));
    check("k P", |k| drop(variable_base::multiply(Counting, k, &point)));
    let other = *fixed_base::multiply(Portable, &Scalar([9, 8, 7, 6]));
    let (other, l) = (other.to_affine(Portable), Scalar([0x0fed_cba9_8765_4321; 4]));
    check("k P + l Q", |k| drop(variable_base::multiply_two(Counting, [(k, &point), (&l, &other)])));
    check("l Q + k P", |k| drop(variable_base::multiply_two(Counting, [(&l, &other), (k, &point)])));
}

/// Infinity and doubling on the way change nothing of the steps.
#[test]
fn points_that_meet_are_the_same_work() {
    let point = GENERATOR.negate_if(Portable, u64::MAX);
    let steps = |k: &Scalar, q: &Affine| {
        work(|| drop(variable_base::multiply_two(Counting, [(k, &point), (&Scalar::ONE, q)]))).steps
    };
    let usual = steps(&Scalar([5, 6, 7, 8]), &GENERATOR);
    for k in scalars() {
        assert!(steps(&k, &point) == usual && steps(&k, &GENERATOR) == usual, "{k:?}");
    }
}
