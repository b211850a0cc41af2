//! One message: by assembly, or on the oldest CPUs as the compiler makes it. The rounds are a chain of additions and
//! rotations in the integer units; the message expansion runs beside them in the vector units, four words at a time,
//! some rounds ahead, through memory.
use super::super::cpu::{Level, Rung};
use super::rounds;
use crate::crypto::native::symmetric::sm3::words::{BLOCK, T, Words};
use core::arch::asm;
use core::arch::x86_64::*;

/// Absorbs blocks.
pub(in crate::crypto::native) fn compress(level: Level, state: &mut Words, blocks: &[[u8; BLOCK]]) {
    // SAFETY: the level exists, so this CPU has its instructions.
    unsafe {
        match level.rung() {
            Rung::Aes => plain(state, blocks),
            Rung::Avx2 | Rung::Vaes => rounds::with_bmi(state, blocks),
            Rung::Avx512 => rounds::with_avx512(state, blocks),
        }
    }
}

#[target_feature(enable = "ssse3")]
fn plain(state: &mut Words, blocks: &[[u8; BLOCK]]) {
    for block in blocks {
        // SAFETY: SSSE3 is all that the kernel needs.
        unsafe { one(state, block) }
    }
}
/// Keeps the compiler from re-associating a sum and so lengthening the chain.
#[inline(always)]
fn keep(mut x: u32) -> u32 {
    // SAFETY: no instruction.
    unsafe { asm!("/* {0:e} */", inout(reg) x, options(pure, nomem, nostack, preserves_flags)) };
    x
}

#[inline(always)]
unsafe fn rotate<const LEFT: i32, const RIGHT: i32>(x: __m128i) -> __m128i {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { _mm_or_si128(_mm_slli_epi32::<LEFT>(x), _mm_srli_epi32::<RIGHT>(x)) }
}
/// P1 (4.4).
#[inline(always)]
unsafe fn p1(x: __m128i) -> __m128i {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { _mm_xor_si128(_mm_xor_si128(x, rotate::<15, 17>(x)), rotate::<23, 9>(x)) }
}

/// From the last 16 words of the expanded message the next four (5.3.2).
#[inline(always)]
unsafe fn expand(w: &[__m128i; 4]) -> __m128i {
    // SAFETY: the caller has SSSE3.
    unsafe {
        let minus_9 = _mm_alignr_epi8::<12>(w[2], w[1]);
        let minus_13 = _mm_alignr_epi8::<12>(w[1], w[0]);
        let minus_6 = _mm_alignr_epi8::<8>(w[3], w[2]);
        // The last of the four needs the first of them: zero for now.
        let minus_3 = _mm_srli_si128::<4>(w[3]);
        let x = _mm_xor_si128(_mm_xor_si128(w[0], minus_9), rotate::<15, 17>(minus_3));
        let three = _mm_xor_si128(p1(x), _mm_xor_si128(rotate::<7, 25>(minus_13), minus_6));
        // P1 is linear: what the first word adds to the last.
        _mm_xor_si128(three, p1(rotate::<15, 17>(_mm_slli_si128::<12>(three))))
    }
}

/// One round (5.3.3), the words in the places that the round before left them in.
///
/// The chain from one E to the next is seven operations long as it is written in the standard. E is the sum of `$u`
/// and `$v`, known one operation before it, and choice is linear in E; so its half for `$v` is ready with E, and the
/// chain is six: two additions, three rotations or sums, and a rotation.
macro_rules! round {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident $u:ident $v:ident, $j:expr,
     $w:ident, $wx:ident) => {{
        let a12 = $a.rotate_left(12);
        let ss1 = keep(a12.wrapping_add(T[$j])).wrapping_add($e).rotate_left(7);
        let dw = $d.wrapping_add($wx[$j]);
        let hw = keep($h.wrapping_add($w[$j]));
        let fg = keep($f ^ $g);
        let (ff, gg) = if $j < 16 {
            (dw.wrapping_add($a ^ $b ^ $c), $e ^ fg)
        } else {
            // Majority, of which only one operation must wait for A, the newest.
            let majority = keep($b & $c) | ($a & keep($b | $c));
            (dw.wrapping_add(majority), keep($u & fg) ^ keep(($v & fg) ^ $g))
        };
        $d = keep(ff).wrapping_add(ss1 ^ a12);
        let tt2 = keep(gg.wrapping_add(hw)).wrapping_add(ss1);
        $b = $b.rotate_left(9);
        $f = $f.rotate_left(19);
        $v = tt2.rotate_left(17);
        $u = keep(tt2 ^ tt2.rotate_left(9));
        $h = $u ^ $v;
    }};
}

#[allow(unused_assignments, reason = "the last four words expanded are not carried on")]
#[inline(always)]
unsafe fn one(state: &mut Words, block: &[u8; BLOCK]) {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    let (mut u, mut v) = (e, 0);
    let mut words = [0u32; 72];
    let mut sums = [0u32; 64];
    let (to_words, to_sums) = (words.as_mut_ptr(), sums.as_mut_ptr());
    // SAFETY: the caller has SSSE3; the stores stay within 68 words and 64 sums.
    unsafe {
        let swap = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        let mut x = [_mm_setzero_si128(); 4];
        for (i, x) in x.iter_mut().enumerate() {
            *x = _mm_shuffle_epi8(_mm_loadu_si128(block.as_ptr().add(16 * i).cast()), swap);
            _mm_storeu_si128(to_words.add(4 * i).cast(), *x);
        }
        for i in 0..3 {
            _mm_storeu_si128(to_sums.add(4 * i).cast(), _mm_xor_si128(x[i], x[i + 1]));
        }
        macro_rules! four_rounds {
            ($($j:literal)*) => {$(
                if $j < 52 {
                    let next = expand(&x);
                    _mm_storeu_si128(to_words.add($j + 16).cast(), next);
                    _mm_storeu_si128(to_sums.add($j + 12).cast(), _mm_xor_si128(x[3], next));
                    x = [x[1], x[2], x[3], next];
                }
                // The rounds read the words from memory, where they cost no instruction.
                asm!("/* {0} {1} */", in(reg) to_words, in(reg) to_sums, options(nostack, preserves_flags));
                let (w, wx) = (&*to_words.cast::<[u32; 72]>(), &*to_sums.cast::<[u32; 64]>());
                round!(a b c d e f g h u v, $j, w, wx);
                round!(d a b c h e f g u v, $j + 1, w, wx);
                round!(c d a b g h e f u v, $j + 2, w, wx);
                round!(b c d a f g h e u v, $j + 3, w, wx);
            )*};
        }
        four_rounds!(0 4 8 12 16 20 24 28 32 36 40 44 48 52 56 60);
    }
    for (word, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word ^= new;
    }
}
