//! 256-bit integers as four 64-bit limbs, least significant first. All of it runs in constant time, but for what is
//! made for constants.
#![allow(unsafe_code)]

pub(super) type Limbs = [u64; 4];

/// `x`, of which the compiler no longer knows how it was made: otherwise it turns a choice by mask into a branch
/// where it finds that faster (the memory checker caught it).
#[cfg(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64",
    target_arch = "loongarch64"
))]
#[inline(always)]
pub(super) fn hide(mut x: u64) -> u64 {
    // SAFETY: no instruction at all.
    unsafe {
        core::arch::asm!("/* {0} */", inout(reg) x, options(pure, nomem, nostack, preserves_flags));
    }
    x
}

/// The same by other means, for processors without inline assembly in stable Rust.
#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64",
    target_arch = "loongarch64"
)))]
#[inline(always)]
pub(super) fn hide(x: u64) -> u64 {
    core::hint::black_box(x)
}

/// a + b + carry, and the new carry (0 or 1).
#[inline(always)]
pub(super) const fn adc(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let t = a as u128 + b as u128 + carry as u128;
    (t as u64, (t >> 64) as u64)
}

/// a - b - borrow, and the new borrow (0 or 1).
#[inline(always)]
pub(super) const fn sbb(a: u64, b: u64, borrow: u64) -> (u64, u64) {
    let t = (a as u128).wrapping_sub(b as u128 + borrow as u128);
    (t as u64, (t >> 127) as u64)
}

/// acc + a * b + carry, low and high half: it cannot overflow 128 bits.
#[inline(always)]
pub(super) const fn mac(acc: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let t = a as u128 * b as u128 + acc as u128 + carry as u128;
    (t as u64, (t >> 64) as u64)
}

#[inline(always)]
pub(super) const fn add_wide(a: &Limbs, b: &Limbs) -> (Limbs, u64) {
    let (r0, c) = adc(a[0], b[0], 0);
    let (r1, c) = adc(a[1], b[1], c);
    let (r2, c) = adc(a[2], b[2], c);
    let (r3, c) = adc(a[3], b[3], c);
    ([r0, r1, r2, r3], c)
}

#[inline(always)]
pub(super) const fn sub_wide(a: &Limbs, b: &Limbs) -> (Limbs, u64) {
    let (r0, c) = sbb(a[0], b[0], 0);
    let (r1, c) = sbb(a[1], b[1], c);
    let (r2, c) = sbb(a[2], b[2], c);
    let (r3, c) = sbb(a[3], b[3], c);
    ([r0, r1, r2, r3], c)
}

/// `a` where `mask` is all ones, `b` where it is zero.
#[inline(always)]
pub(super) fn select(mask: u64, a: &Limbs, b: &Limbs) -> Limbs {
    select_constant(hide(mask), a, b)
}

#[inline(always)]
const fn select_constant(mask: u64, a: &Limbs, b: &Limbs) -> Limbs {
    [
        (a[0] & mask) | (b[0] & !mask),
        (a[1] & mask) | (b[1] & !mask),
        (a[2] & mask) | (b[2] & !mask),
        (a[3] & mask) | (b[3] & !mask),
    ]
}

/// All ones if `x` is zero, else zero.
#[inline(always)]
pub(super) fn zero_mask(x: u64) -> u64 {
    hide(((x | x.wrapping_neg()) >> 63) ^ 1).wrapping_neg()
}

/// All ones if `a` is zero, else zero.
#[inline(always)]
pub(super) fn is_zero_mask(a: &Limbs) -> u64 {
    zero_mask(a[0] | a[1] | a[2] | a[3])
}

/// All ones if a < b, else zero.
pub(super) fn less_mask(a: &Limbs, b: &Limbs) -> u64 {
    hide(sub_wide(a, b).1).wrapping_neg()
}

/// (top * 2^256 + a) mod m, where that number is below 2m.
#[inline(always)]
pub(super) fn reduce_once(a: &Limbs, top: u64, m: &Limbs) -> Limbs {
    let (r, borrow) = sub_once(a, top, m);
    select(borrow.wrapping_neg(), a, &r)
}

/// [`reduce_once`] for constants.
pub(super) const fn reduce_constant(a: &Limbs, top: u64, m: &Limbs) -> Limbs {
    let (r, borrow) = sub_once(a, top, m);
    select_constant(borrow.wrapping_neg(), a, &r)
}

/// top * 2^256 + a - m
#[inline(always)]
const fn sub_once(a: &Limbs, top: u64, m: &Limbs) -> (Limbs, u64) {
    let (r, borrow) = sub_wide(a, m);
    let (_, borrow) = sbb(top, 0, borrow);
    (r, borrow)
}

/// a + b mod m, for a, b < m.
#[inline(always)]
pub(super) fn add_mod(a: &Limbs, b: &Limbs, m: &Limbs) -> Limbs {
    let (sum, carry) = add_wide(a, b);
    reduce_once(&sum, carry, m)
}

/// a - b mod m, for a, b < m.
#[inline(always)]
pub(super) fn sub_mod(a: &Limbs, b: &Limbs, m: &Limbs) -> Limbs {
    let (difference, borrow) = sub_wide(a, b);
    let mask = hide(borrow).wrapping_neg();
    add_wide(&difference, &[m[0] & mask, m[1] & mask, m[2] & mask, m[3] & mask]).0
}

/// The constant 2^exponent mod m, for m > 2^255.
pub(super) const fn power_of_two_mod(exponent: usize, m: &Limbs) -> Limbs {
    let mut r = [1, 0, 0, 0];
    let mut i = 0;
    while i < exponent {
        let (sum, carry) = add_wide(&r, &r);
        r = reduce_constant(&sum, carry, m);
        i += 1;
    }
    r
}

/// a * b, all 512 bits.
#[inline(always)]
pub(super) const fn mul_wide(a: &Limbs, b: &Limbs) -> [u64; 8] {
    let mut t = [0u64; 8];
    let mut i = 0;
    while i < 4 {
        let mut carry = 0;
        let mut j = 0;
        while j < 4 {
            (t[i + j], carry) = mac(t[i + j], a[j], b[i], carry);
            j += 1;
        }
        t[i + 4] = carry;
        i += 1;
    }
    t
}

/// From 32 bytes, big-endian.
pub(super) fn from_be_bytes(bytes: &[u8; 32]) -> Limbs {
    let mut r = [0u64; 4];
    for (limb, chunk) in r.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().fold(0, |acc, b| acc << 8 | u64::from(*b));
    }
    r
}

/// To 32 bytes, big-endian.
pub(super) fn to_be_bytes(a: &Limbs) -> [u8; 32] {
    let mut r = [0; 32];
    for (chunk, limb) in r.chunks_exact_mut(8).zip(a.iter().rev()) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    r
}
