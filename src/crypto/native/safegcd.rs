//! Inversion modulo an odd number by the "safegcd" of D. J. Bernstein and B.-Y. Yang (Fast constant-time gcd
//! computation and modular inversion, 2019), in constant time.
//!
//! One division step takes (delta, f, g), f odd, to
//!   (1 - delta, g, (g - f) / 2)             if delta > 0 and g is odd,
//!   (1 + delta, f, (g + (g mod 2) f) / 2)   otherwise.
//! With delta = 1/2 at the start, f = m and 0 <= x = g < m < 2^256, 590 steps bring g to 0 and f to ±gcd(m, x) (the
//! bound for 256 bits, by P. Wuille's convex-hull computation). Steps depend on the lowest bits only, so 59 of them
//! are made on single words, giving a 2x2 matrix, which is then applied to the whole f and g, and modulo m to (d, e),
//! where d x = f and e x = g modulo m throughout.
use super::limbs::{Limbs, hide};
use zeroize::Zeroize;

const STEPS: u32 = 59;
const ROUNDS: usize = 10;
const LIMB: u32 = 62;
const MASK: u64 = u64::MAX >> 2;

/// All ones for a negative number, else zero.
#[inline(always)]
fn sign(a: i64) -> i64 {
    hide((a >> 63) as u64) as i64
}

/// Five signed limbs of 62 bits; the top one carries the sign.
type Signed = [i64; 5];

/// An odd modulus between 2^255 and 2^256.
pub(super) struct Modulus {
    value: Signed,
    /// 1/m mod 2^62
    inverse: u64,
}

impl Modulus {
    pub(super) const fn new(m: &Limbs) -> Self {
        // Newton: each turn doubles the number of right bits; m is its own inverse modulo 8.
        let mut inverse = m[0];
        let mut i = 0;
        while i < 5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(m[0].wrapping_mul(inverse)));
            i += 1;
        }
        Self { value: spread(m), inverse: inverse & MASK }
    }
}

/// 2^62 times the transition of 59 steps: f' = (u f + v g) / 2^62, g' = (q f + r g) / 2^62. The sum of the absolute
/// values in a row is at most 2^62.
#[derive(Clone, Copy)]
struct Transition {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// 1/x mod m, or 0 for x = 0; x < m, m prime.
pub(super) fn invert(x: &Limbs, m: &Modulus) -> Limbs {
    let (mut f, mut g) = (m.value, spread(x));
    let (mut d, mut e) = ([0; 5], [1, 0, 0, 0, 0]);
    // -(delta + 1/2)
    let mut zeta = -1;
    for _ in 0..ROUNDS {
        let t = steps(&mut zeta, f[0] as u64, g[0] as u64);
        apply_modulo(&t, &mut d, &mut e, m);
        apply(&t, &mut f, &mut g);
    }
    let inverse = normalize(&d, sign(f[4]), m);
    for secret in [&mut f, &mut g, &mut d, &mut e] {
        secret.zeroize();
    }
    inverse
}

/// 59 division steps on the low words of f and g.
fn steps(zeta: &mut i64, mut f: u64, mut g: u64) -> Transition {
    // Scaled by 8 at the start and 2^59 by the steps.
    let (mut u, mut v, mut q, mut r) = (8u64, 0u64, 0u64, 8u64);
    for _ in 0..STEPS {
        let positive = sign(*zeta) as u64;
        let odd = hide((g & 1).wrapping_neg());
        // g ± f if g is odd: minus where delta > 0
        g = g.wrapping_add((f ^ positive).wrapping_sub(positive) & odd);
        q = q.wrapping_add((u ^ positive).wrapping_sub(positive) & odd);
        r = r.wrapping_add((v ^ positive).wrapping_sub(positive) & odd);
        // The swap: f + (g - f) = g
        let swap = positive & odd;
        *zeta = (*zeta ^ swap as i64) - 1;
        f = f.wrapping_add(g & swap);
        u = u.wrapping_add(q & swap);
        v = v.wrapping_add(r & swap);
        g >>= 1;
        u <<= 1;
        v <<= 1;
    }
    Transition { u: u as i64, v: v as i64, q: q as i64, r: r as i64 }
}

#[inline(always)]
fn wide(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

/// (f, g) times the transition. The lowest 62 bits of the products are zero and fall away.
fn apply(t: &Transition, f: &mut Signed, g: &mut Signed) {
    let (mut cf, mut cg) = (wide(t.u, f[0]) + wide(t.v, g[0]), wide(t.q, f[0]) + wide(t.r, g[0]));
    (cf, cg) = (cf >> LIMB, cg >> LIMB);
    for i in 1..5 {
        cf += wide(t.u, f[i]) + wide(t.v, g[i]);
        cg += wide(t.q, f[i]) + wide(t.r, g[i]);
        (f[i - 1], g[i - 1]) = ((cf as u64 & MASK) as i64, (cg as u64 & MASK) as i64);
        (cf, cg) = (cf >> LIMB, cg >> LIMB);
    }
    (f[4], g[4]) = (cf as i64, cg as i64);
}

/// (d, e) times the transition modulo m: so many times m is added that the lowest 62 bits become zero.
/// d and e stay between -2m and m.
fn apply_modulo(t: &Transition, d: &mut Signed, e: &mut Signed, m: &Modulus) {
    let (d_negative, e_negative) = (sign(d[4]), sign(e[4]));
    // Taking a negative d as d + m, and e alike, keeps the result in range.
    let mut md = (t.u & d_negative) + (t.v & e_negative);
    let mut me = (t.q & d_negative) + (t.r & e_negative);
    let (mut cd, mut ce) = (wide(t.u, d[0]) + wide(t.v, e[0]), wide(t.q, d[0]) + wide(t.r, e[0]));
    md -= (m.inverse.wrapping_mul(cd as u64).wrapping_add(md as u64) & MASK) as i64;
    me -= (m.inverse.wrapping_mul(ce as u64).wrapping_add(me as u64) & MASK) as i64;
    cd = (cd + wide(m.value[0], md)) >> LIMB;
    ce = (ce + wide(m.value[0], me)) >> LIMB;
    for i in 1..5 {
        cd += wide(t.u, d[i]) + wide(t.v, e[i]) + wide(m.value[i], md);
        ce += wide(t.q, d[i]) + wide(t.r, e[i]) + wide(m.value[i], me);
        (d[i - 1], e[i - 1]) = ((cd as u64 & MASK) as i64, (ce as u64 & MASK) as i64);
        (cd, ce) = (cd >> LIMB, ce >> LIMB);
    }
    (d[4], e[4]) = (cd as i64, ce as i64);
}

/// ±a mod m as limbs of 64 bits, for a between -2m and m; minus if `negate` is -1.
fn normalize(a: &Signed, negate: i64, m: &Modulus) -> Limbs {
    let mut r = add_masked(a, &m.value, sign(a[4]));
    for limb in &mut r {
        *limb = (*limb ^ negate) - negate;
    }
    let r = carry(&r);
    let r = add_masked(&r, &m.value, sign(r[4]));
    let [r0, r1, r2, r3, r4] = r.map(|limb| limb as u64);
    [r0 | r1 << 62, r1 >> 2 | r2 << 60, r2 >> 4 | r3 << 58, r3 >> 6 | r4 << 56]
}

fn add_masked(a: &Signed, b: &Signed, mask: i64) -> Signed {
    let mut r = *a;
    for (limb, b) in r.iter_mut().zip(b) {
        *limb += b & mask;
    }
    carry(&r)
}

/// Brings all limbs but the top one into 0..2^62.
fn carry(a: &Signed) -> Signed {
    let mut r = *a;
    for i in 0..4 {
        r[i + 1] += r[i] >> LIMB;
        r[i] &= MASK as i64;
    }
    r
}

const fn spread(a: &Limbs) -> Signed {
    [
        (a[0] & MASK) as i64,
        ((a[0] >> 62 | a[1] << 2) & MASK) as i64,
        ((a[1] >> 60 | a[2] << 4) & MASK) as i64,
        ((a[2] >> 58 | a[3] << 6) & MASK) as i64,
        (a[3] >> 56) as i64,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::native::limbs;
    use proptest::prelude::*;

    /// The primes p and n of SM2 and of SM9.
    const MODULI: [Limbs; 4] = [
        [0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0xffff_fffe_ffff_ffff],
        [0x53bb_f409_39d5_4123, 0x7203_df6b_21c6_052b, 0xffff_ffff_ffff_ffff, 0xffff_fffe_ffff_ffff],
        [0xe56f_9b27_e351_457d, 0x21f2_934b_1a7a_eedb, 0xd603_ab4f_f58e_c745, 0xb640_0000_02a3_a6f1],
        [0xe56e_e19c_d69e_cf25, 0x49f2_934b_18ea_8bee, 0xd603_ab4f_f58e_c744, 0xb640_0000_02a3_a6f1],
    ];

    /// x * y mod m by shifting and adding.
    fn product(x: &Limbs, y: &Limbs, m: &Limbs) -> Limbs {
        (0..256).rev().fold([0; 4], |acc, i| {
            let acc = limbs::add_mod(&acc, &acc, m);
            if y[i / 64] >> (i % 64) & 1 == 1 { limbs::add_mod(&acc, x, m) } else { acc }
        })
    }

    fn check(x: Limbs) {
        for m in MODULI {
            let x = limbs::reduce_once(&x, 0, &m);
            let want = if x == [0; 4] { [0; 4] } else { [1, 0, 0, 0] };
            let inverse = invert(&x, &Modulus::new(&m));
            assert!(limbs::less_mask(&inverse, &m) != 0, "below the modulus");
            assert_eq!(product(&x, &inverse, &m), want);
        }
    }

    #[test]
    fn inverts_the_edges() {
        for x in [[0; 4], [1, 0, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1 << 63], [u64::MAX, 0, 0, 0], [0, 1, 0, 0]] {
            check(x);
        }
        for m in MODULI {
            for k in 1..40 {
                check([m[0].wrapping_sub(k), m[1], m[2], m[3]]);
            }
        }
    }

    proptest! {
        #[test]
        fn inverts_anything(x in any::<[u64; 4]>()) {
            check(x);
        }
    }
}
