//! Scalars as sums of short ones: where a group has an endomorphism with eigenvalue l modulo N, k = k0 + k1 l + k2 l^2 + …,
//! by a short basis of the lattice of all (k0, k1, …) that stand for 0, and Babai's rounding (S. Galbraith, M. Scott,
//! Exponentiation in pairing-friendly groups using homomorphisms, 2008).
use super::scalar::Scalar;
use crate::crypto::native::limbs::{self, Limbs};
use zeroize::Zeroizing;

/// A row of the basis, with its sign such that `rounding` is positive.
struct Row {
    /// floor(2^320 c), where (k, 0, …) = k c row + …
    rounding: Limbs,
    /// Two's complement.
    vector: [Limbs; Lattice::MAX],
}

/// The lattice of one eigenvalue.
pub(super) struct Lattice {
    rows: &'static [Row],
    /// The short scalars are below 2^bits in absolute value.
    pub(super) bits: usize,
}

/// The parameter of the curve.
pub(super) const T: u64 = 0x6000_0000_0058_f98a;
/// T as wide as its products.
const T1: u128 = T as u128;
const ZERO: Limbs = [0; 4];

const fn plus(a: u128) -> Limbs {
    [a as u64, (a >> 64) as u64, 0, 0]
}

const fn minus(a: u128) -> Limbs {
    limbs::sub_wide(&ZERO, &plus(a)).0
}

/// Of G1: (x, y) -> (BETA x, y) has the eigenvalue -(36 t^3 + 18 t^2 + 6 t + 2).
pub(super) static G1: Lattice = Lattice {
    bits: 127,
    rows: &[
        Row {
            rounding: [0x4b85_9af4_19e1_930f, 0x0db2_0a88_f17b_78d1, 1, 0],
            vector: [plus(2 * T1 + 1), plus(6 * T1 * T1 + 4 * T1 + 1), ZERO, ZERO],
        },
        Row {
            rounding: [0x0cd1_6320_3cb2_bc92, 0x83b2_fd05_7ce9_7d7a, 0x2f68_4bda_10c4_1c31, 1],
            vector: [plus(6 * T1 * T1 + 2 * T1), minus(2 * T1 + 1), ZERO, ZERO],
        },
    ],
};

/// Of G2 and GT: the Frobenius has the eigenvalue p = 6 t^2.
pub(super) static FROBENIUS: Lattice = Lattice {
    bits: 65,
    rows: &[
        Row {
            rounding: [0x31f1_1fd4_2d3e_5522, 0xb750_07c9_4834_b92c, 0x6522_c3f3_5aec_0966, 0],
            vector: [plus(T1 + 1), plus(T1), plus(T1), minus(2 * T1)],
        },
        Row {
            rounding: [
                0x270d_a8e8_0408_8c6b,
                0x23b7_5c82_da83_d57f,
                0x48b1_c04f_1200_60bd,
                0xe38e_38e3_8d65_fc59,
            ],
            vector: [plus(2 * T1 + 1), minus(T1), minus(T1 + 1), minus(T1)],
        },
        Row {
            rounding: [
                0x8c82_37ae_0da6_d490,
                0xd548_30e3_a9a0_c8f3,
                0xa458_e027_8900_305e,
                0x71c7_1c71_c6b2_fe2c,
            ],
            vector: [plus(2 * T1), plus(2 * T1 + 1), plus(2 * T1 + 1), plus(2 * T1 + 1)],
        },
        Row {
            rounding: [0xe66b_84e0_135c_c212, 0xa99d_fd40_56b9_405a, 0x6522_c3f3_5aec_0965, 0],
            vector: [minus(T1 - 1), minus(4 * T1 + 2), plus(2 * T1 - 1), minus(T1 - 1)],
        },
    ],
};

/// The short scalars for one scalar, as many as [`Lattice::dimensions`], then zeros; in two's complement.
pub(super) type Short = Zeroizing<[Limbs; Lattice::MAX]>;

impl Lattice {
    pub(super) const MAX: usize = 4;

    pub(super) fn dimensions(&self) -> usize {
        self.rows.len()
    }

    /// In constant time.
    pub(super) fn split(&self, k: &Scalar) -> Short {
        let mut out = Zeroizing::new([k.0, ZERO, ZERO, ZERO]);
        for row in self.rows {
            let c = Zeroizing::new(rounded(&k.0, &row.rounding));
            for (o, v) in out.iter_mut().zip(&row.vector) {
                let [low @ .., _, _, _, _] = limbs::mul_wide(&c, v);
                *o = limbs::sub_wide(o, &low).0;
            }
        }
        out
    }
}

/// a b / 2^320, to the nearest.
fn rounded(a: &Limbs, b: &Limbs) -> Limbs {
    let [.., half, r0, r1, r2] = limbs::mul_wide(a, b);
    limbs::add_wide(&[r0, r1, r2, 0], &[half >> 63, 0, 0, 0]).0
}
