//! SM3 by its own instructions, for which the compiler has no stable names. Two registers hold the state, A and E in
//! their highest words; a round is one instruction for SS1, one for each half of the state.
use crate::crypto::native::symmetric::sm3::words::{BLOCK, T, Words};
use core::arch::aarch64::*;
use core::arch::asm;

/// An instruction that changes its first operand by two others.
macro_rules! instruction {
    ($(#[$doc:meta])* $name:ident = $text:literal) => {
        $(#[$doc])*
        #[target_feature(enable = "neon,sm4")]
        #[inline]
        fn $name(mut d: uint32x4_t, n: uint32x4_t, m: uint32x4_t) -> uint32x4_t {
            // SAFETY: the instruction is a feature of this function.
            unsafe {
                asm!(
                    $text,
                    d = inout(vreg) d, n = in(vreg) n, m = in(vreg) m,
                    options(pure, nomem, nostack, preserves_flags),
                );
            }
            d
        }
    };
}

instruction! {
    /// The first half of the message expansion.
    sm3partw1 = "sm3partw1 {d:v}.4s, {n:v}.4s, {m:v}.4s"
}
instruction! {
    /// The second half of the message expansion.
    sm3partw2 = "sm3partw2 {d:v}.4s, {n:v}.4s, {m:v}.4s"
}

/// SS1 in the highest word: ((A <<< 12) + E + T) <<< 7.
#[target_feature(enable = "neon,sm4")]
#[inline]
fn sm3ss1(abcd: uint32x4_t, efgh: uint32x4_t, constant: uint32x4_t) -> uint32x4_t {
    let ss1;
    // SAFETY: the instruction is a feature of this function.
    unsafe {
        asm!(
            "sm3ss1 {d:v}.4s, {n:v}.4s, {m:v}.4s, {a:v}.4s",
            d = lateout(vreg) ss1, n = in(vreg) abcd, m = in(vreg) efgh, a = in(vreg) constant,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    ss1
}

/// One half of the state after a round: with a word of the message or a sum of two, chosen by `INDEX`.
macro_rules! half_round {
    ($name:ident = $text:literal) => {
        #[target_feature(enable = "neon,sm4")]
        #[inline]
        fn $name<const INDEX: i32>(
            mut half: uint32x4_t,
            ss1: uint32x4_t,
            message: uint32x4_t,
        ) -> uint32x4_t {
            // SAFETY: the instruction is a feature of this function.
            unsafe {
                asm!(
                    $text,
                    half = inout(vreg) half, ss1 = in(vreg) ss1, message = in(vreg) message, index = const INDEX,
                    options(pure, nomem, nostack, preserves_flags),
                );
            }
            half
        }
    };
}

half_round!(sm3tt1a = "sm3tt1a {half:v}.4s, {ss1:v}.4s, {message:v}.s[{index}]");
half_round!(sm3tt1b = "sm3tt1b {half:v}.4s, {ss1:v}.4s, {message:v}.s[{index}]");
half_round!(sm3tt2a = "sm3tt2a {half:v}.4s, {ss1:v}.4s, {message:v}.s[{index}]");
half_round!(sm3tt2b = "sm3tt2b {half:v}.4s, {ss1:v}.4s, {message:v}.s[{index}]");

/// From the last 16 words of the expanded message the next four (5.3.2).
#[target_feature(enable = "neon,sm4")]
#[inline]
fn expand(w: &[uint32x4_t; 4]) -> uint32x4_t {
    let minus_9 = vextq_u32::<3>(w[1], w[2]);
    let minus_13 = vextq_u32::<3>(w[0], w[1]);
    let minus_6 = vextq_u32::<2>(w[2], w[3]);
    sm3partw2(sm3partw1(w[0], minus_9, w[3]), minus_6, minus_13)
}

/// Rounds `$j` to `$j + 3` by the two instructions that their numbers ask for (5.3.3).
macro_rules! four_rounds {
    ($abcd:ident, $efgh:ident, $w:ident, $j:expr, $tt1:ident, $tt2:ident) => {
        let sums = veorq_u32($w[0], $w[1]);
        four_rounds!(one $abcd, $efgh, $w, sums, $j, 0, $tt1, $tt2);
        four_rounds!(one $abcd, $efgh, $w, sums, $j, 1, $tt1, $tt2);
        four_rounds!(one $abcd, $efgh, $w, sums, $j, 2, $tt1, $tt2);
        four_rounds!(one $abcd, $efgh, $w, sums, $j, 3, $tt1, $tt2);
    };
    (one $abcd:ident, $efgh:ident, $w:ident, $sums:ident, $j:expr, $i:literal, $tt1:ident, $tt2:ident) => {
        let ss1 = sm3ss1($abcd, $efgh, vdupq_n_u32(T[$j + $i]));
        $abcd = $tt1::<$i>($abcd, ss1, $sums);
        $efgh = $tt2::<$i>($efgh, ss1, $w[0]);
    };
}

/// Absorbs blocks.
#[target_feature(enable = "neon,sm4")]
pub(super) fn compress(state: &mut Words, blocks: &[[u8; BLOCK]]) {
    let [a, b, c, d, e, f, g, h] = *state;
    // SAFETY: four words are 16 bytes.
    let (mut abcd, mut efgh) =
        unsafe { (vld1q_u32([d, c, b, a].as_ptr()), vld1q_u32([h, g, f, e].as_ptr())) };
    for block in blocks {
        let before = (abcd, efgh);
        let mut w = [vdupq_n_u32(0); 4];
        for (w, bytes) in w.iter_mut().zip(block.as_chunks::<16>().0) {
            // SAFETY: it is 16 bytes.
            *w = vreinterpretq_u32_u8(vrev32q_u8(unsafe { vld1q_u8(bytes.as_ptr()) }));
        }
        for j in (0..16).step_by(4) {
            four_rounds!(abcd, efgh, w, j, sm3tt1a, sm3tt2a);
            w = [w[1], w[2], w[3], expand(&w)];
        }
        for j in (16..52).step_by(4) {
            four_rounds!(abcd, efgh, w, j, sm3tt1b, sm3tt2b);
            w = [w[1], w[2], w[3], expand(&w)];
        }
        for j in (52..64).step_by(4) {
            four_rounds!(abcd, efgh, w, j, sm3tt1b, sm3tt2b);
            w.rotate_left(1);
        }
        (abcd, efgh) = (veorq_u32(abcd, before.0), veorq_u32(efgh, before.1));
    }
    let (mut high, mut low) = ([0; 4], [0; 4]);
    // SAFETY: four words are 16 bytes.
    unsafe {
        vst1q_u32(high.as_mut_ptr(), abcd);
        vst1q_u32(low.as_mut_ptr(), efgh);
    }
    let ([d, c, b, a], [h, g, f, e]) = (high, low);
    *state = [a, b, c, d, e, f, g, h];
}
