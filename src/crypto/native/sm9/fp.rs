//! Elements of the field modulo p = 36 t^4 + 36 t^3 + 24 t^2 + 6 t + 1, t = 0x600000000058f98a, the prime under the curve.
//!
//! An element a is kept in Montgomery form, a * 2^256 mod p, always below p, so that equality is equality of limbs. The
//! arithmetic comes in two implementations with the same results, for [`Portable`] and `Adx`; a value of either type
//! is the permission to use it, passed down from where the processor was asked.
use crate::crypto::native::backend::Portable;
use crate::crypto::native::declassify::declassify;
use crate::crypto::native::limbs::{self, Limbs, mac};
use crate::crypto::native::montgomery::Reduction;
use crate::crypto::native::safegcd::{self, Modulus};
use zeroize::DefaultIsZeroes;

/// p
pub(super) static P: Limbs = PRIME;
pub(super) const PRIME: Limbs =
    [0xe56f_9b27_e351_457d, 0x21f2_934b_1a7a_eedb, 0xd603_ab4f_f58e_c745, 0xb640_0000_02a3_a6f1];
const REDUCTION: Reduction = Reduction::new(&PRIME);
/// -1/p mod 2^64
pub(super) const NEGATED_INVERSE: u64 = REDUCTION.negated_inverse();
const R: Limbs = limbs::power_of_two_mod(256, &PRIME);
const R2: Limbs = limbs::power_of_two_mod(512, &PRIME);
const R3: Limbs = limbs::power_of_two_mod(768, &PRIME);
const MODULUS: Modulus = Modulus::new(&PRIME);

/// An element of the field. `==` is for public values: it takes a time that depends on them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
#[repr(transparent)]
pub(super) struct Fp(pub(super) Limbs);

impl DefaultIsZeroes for Fp {}

impl Fp {
    pub(super) const ZERO: Self = Self([0; 4]);
    pub(super) const ONE: Self = Self(R);

    /// From an integer below p, for constants.
    pub(super) const fn constant(a: &Limbs) -> Self {
        Self(REDUCTION.mul_constant(a, &R2))
    }

    /// `a` where `mask` is all ones, `b` where it is zero.
    #[inline(always)]
    pub(super) fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self(limbs::select(mask, &a.0, &b.0))
    }

    /// All ones for zero, else zero.
    #[inline(always)]
    pub(super) fn is_zero_mask(&self) -> u64 {
        limbs::is_zero_mask(&self.0)
    }
}

/// The operations that depend on the processor, and what follows from them.
pub(super) trait Field: Copy {
    /// t + a * b, which must be below 2^384.
    fn add_row(self, t: &mut [u64; 6], a: &Limbs, b: u64);

    fn add(self, a: &Fp, b: &Fp) -> Fp;
    fn sub(self, a: &Fp, b: &Fp) -> Fp;

    /// a[0] b[0] + a[1] b[1] + …, at most 12 products, with one reduction for all of them. An operand may also be p.
    ///
    /// By rows: one limb of every b, then a multiple of p that makes the lowest limb zero. Never inline: there are hundreds
    /// of calls, which would not fit into the processor's cache of instructions.
    #[inline(never)]
    fn dot<const K: usize>(self, a: &[Fp; K], b: &[Fp; K]) -> Fp {
        let mut t = [0u64; 6];
        for i in 0..4 {
            for (a, b) in a.iter().zip(b) {
                self.add_row(&mut t, &a.0, b.0[i]);
            }
            let m = t[0].wrapping_mul(NEGATED_INVERSE);
            self.add_row(&mut t, &P, m);
            t = [t[1], t[2], t[3], t[4], t[5], 0];
        }
        reduce_sum::<K>(&[t[0], t[1], t[2], t[3]], t[4])
    }

    /// Part of the product of two polynomials over the field of p^2 elements modulo w^6 = u: of one the parts re, im, … of
    /// some coefficients in `left`, with their powers of w; of the other all, as [`Rows`]. For each power of w the two
    /// parts of the coefficient.
    fn convolve<const L: usize>(self, left: &[Fp; L], powers: &[usize; L], rows: &Rows) -> [[Fp; 2]; 6] {
        convolve_by_dots(self, left, powers, rows)
    }

    /// Whether [`Field::convolve`] is so fast that special squarings do not pay.
    fn convolves_fast(self) -> bool {
        false
    }

    #[inline(always)]
    fn mul(self, a: &Fp, b: &Fp) -> Fp {
        self.dot(&[*a], &[*b])
    }

    #[inline(always)]
    fn square(self, a: &Fp) -> Fp {
        self.mul(a, a)
    }

    #[inline(always)]
    fn double(self, a: &Fp) -> Fp {
        self.add(a, a)
    }

    #[inline(always)]
    fn negate(self, a: &Fp) -> Fp {
        self.sub(&Fp::ZERO, a)
    }

    /// p - a: as an operand of a product what [`Field::negate`] is, for less; not below p where a is 0.
    #[inline(always)]
    fn minus(self, a: &Fp) -> Fp {
        Fp(limbs::sub_wide(&PRIME, &a.0).0)
    }

    /// 1 / a, or 0 for 0, in constant time.
    fn invert(self, a: &Fp) -> Fp {
        // (a R)^-1 * R^3 * R^-1 = a^-1 R
        self.mul(&Fp(safegcd::invert(&a.0, &MODULUS)), &Fp(R3))
    }

    /// The element for 32 bytes, big-endian; `None` if they are not below p, which anyone may know.
    fn element(self, bytes: &[u8; 32]) -> Option<Fp> {
        let a = limbs::from_be_bytes(bytes);
        (declassify(limbs::less_mask(&a, &PRIME)) != 0).then(|| self.mul(&Fp(a), &Fp(R2)))
    }

    fn to_be_bytes(self, a: &Fp) -> [u8; 32] {
        limbs::to_be_bytes(&self.mul(a, &Fp([1, 0, 0, 0])).0)
    }
}

/// [`Field::convolve`] by one sum after the other.
pub(super) fn convolve_by_dots<F: Field, const L: usize>(
    field: F,
    left: &[Fp; L],
    powers: &[usize; L],
    rows: &Rows,
) -> [[Fp; 2]; 6] {
    core::array::from_fn(|k| {
        let right = |even: &[Fp; 11], odd: &[Fp; 11]| -> [Fp; L] {
            core::array::from_fn(|i| if i % 2 == 0 { even } else { odd }[5 - k + powers[i]])
        };
        let re = field.dot(left, &right(&rows.real, &rows.minus));
        [re, field.dot(left, &right(&rows.imaginary, &rows.real))]
    })
}

/// A polynomial b[0] + … + b[5] w^5 over the field of p^2 elements laid out for [`Field::convolve`]: the parts of b[5], b[4],
/// …, b[0], u b[5], …, u b[1], since w^6 = u. The coefficient of w^k of its product with c w^i is c times the entry 5 - k + i.
pub(super) struct Rows {
    pub(super) real: [Fp; 11],
    pub(super) imaginary: [Fp; 11],
    /// -2 im, which is what im u gives the real part.
    pub(super) minus: [Fp; 11],
}

/// Modulo p, for t = top * 2^256 + limbs as [`Field::dot`] leaves it for K products: below (K + 1) p.
///
/// With h = floor(t / 2^250) < 2^10, q = floor(1424 h / 2^16) is the quotient or one less: 1424 / 2^16 < 2^250 / p, and they
/// differ by 1 %.
#[inline(always)]
fn reduce_sum<const K: usize>(t: &Limbs, top: u64) -> Fp {
    if K == 1 {
        return Fp(limbs::reduce_once(t, top, &PRIME));
    }
    let q = ((top << 6 | t[3] >> 58) * 1424) >> 16;
    let (mut product, mut carry) = ([0; 4], 0);
    for (out, p) in product.iter_mut().zip(PRIME) {
        (*out, carry) = mac(0, q, p, carry);
    }
    let (rest, borrow) = limbs::sub_wide(t, &product);
    Fp(limbs::reduce_once(&rest, top.wrapping_sub(carry).wrapping_sub(borrow), &PRIME))
}

impl Field for Portable {
    #[inline(always)]
    fn add_row(self, t: &mut [u64; 6], a: &Limbs, b: u64) {
        let mut carry = 0;
        for (t, a) in t.iter_mut().zip(a) {
            (*t, carry) = mac(*t, *a, b, carry);
        }
        let (sum, carry) = limbs::adc(t[4], carry, 0);
        (t[4], t[5]) = (sum, t[5] + carry);
    }

    #[inline(always)]
    fn add(self, a: &Fp, b: &Fp) -> Fp {
        Fp(limbs::add_mod(&a.0, &b.0, &PRIME))
    }

    #[inline(always)]
    fn sub(self, a: &Fp, b: &Fp) -> Fp {
        Fp(limbs::sub_mod(&a.0, &b.0, &PRIME))
    }
}
