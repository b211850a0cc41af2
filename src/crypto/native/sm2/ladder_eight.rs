//! Eight ladders, a lane each: the same secret multiple of eight points. The formulas and their proof are those of
//! `ladder`, where one ladder has all lanes.
#![allow(unsafe_code)]
use super::element::{Affine, FieldElement};
use super::field::Field;
use super::field_ifma::{Lanes, Sums, into_lanes, times_p};
use super::ladder::{Ends, STEPS, Swaps, start};
use super::point::Jacobian;
use super::scalar::Scalar;
use crate::crypto::native::backend::Ifma;
use zeroize::{Zeroize, Zeroizing};

/// Q and R, M, YP, Z of all; below 3.3p, 8.3p, 1.3p, 1.3p.
struct State {
    q: Sums,
    r: Sums,
    m: Lanes,
    yp: Sums,
    z: Lanes,
}

impl Zeroize for State {
    fn zeroize(&mut self) {
        for sums in [&mut self.q, &mut self.r, &mut self.yp] {
            sums.zeroize();
        }
        self.m.zeroize();
        self.z.zeroize();
    }
}

impl State {
    /// What each lane starts from, as `start` gives it
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn new(starts: &[[FieldElement; 6]; 8]) -> Self {
        let [a, c, s, z, m, v] =
            core::array::from_fn(|i| Lanes::new(&starts.each_ref().map(|start| start[i])));
        let r = Sums(a.0).sub(&Sums(c.0)).add(&times_p::<2>());
        Self { q: Sums(s.0), r, m, yp: c.mul(&v), z }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn exchange(&mut self, swap: u64) {
        let (q, r) = (self.q, self.r);
        self.q = q.replace(swap as u8, &r);
        self.r = r.replace(swap as u8, &q);
    }

    /// Twelve multiplications, one after the other; D is below 7.4p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn step(&mut self) {
        let (q, r) = (self.q.carry(), self.r.carry());
        let d = self.r.sub(&self.q).add(&times_p::<4>()).carry();
        let dd = d.mul(&d).carry();
        let yq = self.m.mul(&q).add(&self.yp).carry();
        let yr = self.m.mul(&r).add(&self.yp).carry();
        let (u, v, a) = (yq.mul(&yr), yr.mul(&yr), r.mul(&dd));
        self.m = u.add(&v).add(&times_p::<4>()).sub(&a).sub(&a).carry();
        let (a, v) = (a.carry(), v.carry());
        let e = yr.mul(&d).carry();
        let f = self.yp.carry().mul(&dd).carry();
        let c = e.mul(&f);
        self.q = u.carry().mul(&v);
        self.r = a.mul(&a).sub(&c).add(&times_p::<2>());
        self.z = self.z.mul(&e).carry();
        self.yp = c.carry().mul(&v);
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn climb(starts: &[[FieldElement; 6]; 8], swaps: &Swaps) -> Zeroizing<[Ends; 8]> {
    let mut state = Zeroizing::new(State::new(starts));
    for step in (1..=STEPS).rev() {
        state.exchange(swaps.at(step));
        state.step();
    }
    state.exchange(swaps.at(0));
    let yq = state.m.mul(&state.q.carry()).add(&state.yp).carry();
    let ends = [yq, state.q.carry(), state.z].map(|lanes| Zeroizing::new(lanes.elements::<8>()));
    Zeroizing::new(core::array::from_fn(|lane| Ends {
        yq: ends[0][lane],
        q: ends[1][lane],
        z: ends[2][lane],
    }))
}

/// k * P for each point, in constant time; infinity for k = 0.
pub(super) fn multiply<F: Field>(
    _: Ifma,
    field: F,
    k: &Scalar,
    points: &[Affine; 8],
) -> Zeroizing<[Jacobian; 8]> {
    let starts = points.map(|p| start(field, &p).map(|a| into_lanes(field, &a)));
    let swaps = Swaps::new(k);
    // SAFETY: `Ifma` shows that the instructions are there.
    let ends = unsafe { climb(&starts, &swaps) };
    Zeroizing::new(core::array::from_fn(|i| ends[i].multiple(field, k, &points[i])))
}
