//! One block in assembly, for CPUs with AVX and BMI2: the rounds in the integer units, and beside them in the vector
//! units the message expansion, four words at a time and 16 rounds ahead, through memory, where a round reads them for
//! nothing.
//!
//! The chain from one E to the next is seven operations long as it is written in the standard. E is u + v over GF(2), and
//! u and v are known one operation before it; choice is linear in E; so its halves for u and for v are ready with E, and
//! the chain is six: E into the sum of SS1, its rotation, TT2, and three for P0. The chain from A to A and the one
//! through choice are as long, and nothing is slack.
use crate::crypto::native::symmetric::sm3::words::{BLOCK, T, Words};
use core::arch::asm;
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

/// Absorbs blocks.
#[target_feature(enable = "avx2,bmi1,bmi2")]
pub(super) fn with_bmi(state: &mut Words, blocks: &[[u8; BLOCK]]) {
    for block in blocks {
        with_shifts(state, block);
    }
}

/// Absorbs blocks; the expansion's rotations are one instruction each, its sums of three terms too.
#[target_feature(enable = "avx2,bmi1,bmi2,avx512f,avx512bw,avx512vl")]
pub(super) fn with_avx512(state: &mut Words, blocks: &[[u8; BLOCK]]) {
    for block in blocks {
        with_rotations(state, block);
    }
}

/// The message expanded (5.3.2): W, and W′.
#[repr(C, align(16))]
struct Expanded {
    words: [u32; 68],
    sums: [u32; 64],
}

/// One round (5.3.3) in the registers of that name: `$first` and `$next` tell which kind of function this round and the
/// one after it have. `u` comes in as the value of GG, and goes out as the next one's. A is left in the place of D, E in
/// that of H.
macro_rules! round {
    ($first:ident $next:ident $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal $j:literal) => {
        concat!(
            // SS1 in s, SS2 in t.
            "rorx {t:e}, {", $a, ":e}, 20\n",
            "lea {s:e}, [{t} + {t", $j, "}]\n",
            "add {s:e}, {", $e, ":e}\n",
            "rorx {s:e}, {s:e}, 25\n",
            "add {", $h, ":e}, dword ptr [{expanded} + {at} + 4 * ", $j, "]\n",
            "add {", $d, ":e}, dword ptr [{expanded} + {sums} + {at} + 4 * ", $j, "]\n",
            "add {", $h, ":e}, {u:e}\n",
            add_ff!($first $a $b $c $d),
            "xor {t:e}, {s:e}\n",
            "add {", $h, ":e}, {s:e}\n",
            "add {", $d, ":e}, {t:e}\n",
            "rorx {", $f, ":e}, {", $f, ":e}, 13\n",
            "rorx {", $b, ":e}, {", $b, ":e}, 23\n",
            // The next round's F + G.
            "mov {s:e}, {", $e, ":e}\n",
            "xor {s:e}, {", $f, ":e}\n",
            "rorx {v:e}, {", $h, ":e}, 15\n",
            "rorx {u:e}, {", $h, ":e}, 23\n",
            "xor {u:e}, {", $h, ":e}\n",
            "mov {", $h, ":e}, {u:e}\n",
            "xor {", $h, ":e}, {v:e}\n",
            next_gg!($next $f $h),
        )
    };
}
/// D += FF(A, B, C).
macro_rules! add_ff {
    (parity $a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            "mov {v:e}, {",
            $b,
            ":e}\n",
            "xor {v:e}, {",
            $c,
            ":e}\n",
            "xor {v:e}, {",
            $a,
            ":e}\n",
            "add {",
            $d,
            ":e}, {v:e}\n",
        )
    };
    // Majority: BC and A(B + C) have no bit in common. Only one operation must wait for A, the newest.
    (choice $a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            "mov {v:e}, {",
            $b,
            ":e}\n",
            "and {v:e}, {",
            $c,
            ":e}\n",
            "add {",
            $d,
            ":e}, {v:e}\n",
            "mov {v:e}, {",
            $b,
            ":e}\n",
            "xor {v:e}, {",
            $c,
            ":e}\n",
            "and {v:e}, {",
            $a,
            ":e}\n",
            "add {",
            $d,
            ":e}, {v:e}\n",
        )
    };
}
/// The next round's GG in u: of E = u + v, of F + G in s, and of G in the place of F.
macro_rules! next_gg {
    (parity $f:literal $h:literal) => {
        concat!("mov {u:e}, {", $h, ":e}\n", "xor {u:e}, {s:e}\n")
    };
    (choice $f:literal $h:literal) => {
        concat!(
            "and {v:e}, {s:e}\n",
            "xor {v:e}, {", $f, ":e}\n",
            "and {u:e}, {s:e}\n",
            "xor {u:e}, {v:e}\n",
        )
    };
}

/// From the last 16 words, in x0 to x3, the next four, in x0: a quarter of the work after each round. The last of the four
/// needs the first: what that adds to it comes at the end, P1(rotated by 15) being three rotations in all.
macro_rules! expand_with_shifts {
    (0) => {
        "vpalignr {y}, {x2}, {x1}, 12
        vpsrldq {z}, {x3}, 4
        vpxor {y}, {y}, {x0}
        vpslld {p}, {z}, 15
        vpsrld {z}, {z}, 17
        vpxor {y}, {y}, {p}
        vpxor {y}, {y}, {z}
        vpalignr {q}, {x1}, {x0}, 12\n"
    };
    (1) => {
        "vpslld {p}, {y}, 15
        vpsrld {z}, {y}, 17
        vpor {p}, {p}, {z}
        vpslld {z}, {y}, 23
        vpsrld {x0}, {y}, 9
        vpxor {y}, {y}, {p}
        vpor {z}, {z}, {x0}
        vpxor {y}, {y}, {z}\n"
    };
    (2) => {
        "vpalignr {x0}, {x3}, {x2}, 8
        vpslld {p}, {q}, 7
        vpsrld {q}, {q}, 25
        vpxor {x0}, {x0}, {p}
        vpxor {y}, {y}, {q}
        vpxor {x0}, {x0}, {y}
        vpshufd {y}, {x0}, 0\n"
    };
    // A word beside itself is rotated by a shift of both.
    (3) => {
        "vpsllq {p}, {y}, 15
        vpsllq {q}, {y}, 30
        vpsllq {y}, {y}, 6
        vpxor {p}, {p}, {q}
        vpxor {p}, {p}, {y}
        vpand {p}, {p}, {last}
        vpxor {x0}, {x0}, {p}
        vmovdqa xmmword ptr [{expanded} + {at} + 64], {x0}
        vpxor {y}, {x0}, {x3}
        vmovdqa xmmword ptr [{expanded} + {sums} + {at} + 48], {y}\n"
    };
}
macro_rules! expand_with_rotations {
    (0) => {
        "vpsrldq {z}, {x3}, 4
        vpalignr {y}, {x2}, {x1}, 12
        vprold {z}, {z}, 15
        vpternlogd {y}, {z}, {x0}, 0x96\n"
    };
    (1) => {
        "vpalignr {q}, {x1}, {x0}, 12
        vprold {p}, {y}, 15
        vprold {z}, {y}, 23
        vpternlogd {y}, {p}, {z}, 0x96\n"
    };
    (2) => {
        "vpalignr {x0}, {x3}, {x2}, 8
        vprold {q}, {q}, 7
        vpternlogd {x0}, {q}, {y}, 0x96
        vpshufd {y}, {x0}, 0\n"
    };
    (3) => {
        "vprold {p}, {y}, 15
        vprold {q}, {y}, 30
        vprold {y}, {y}, 6
        vpternlogd {p}, {q}, {y}, 0x96
        vpand {p}, {p}, {last}
        vpxor {x0}, {x0}, {p}
        vmovdqa xmmword ptr [{expanded} + {at} + 64], {x0}
        vpxor {y}, {x0}, {x3}
        vmovdqa xmmword ptr [{expanded} + {sums} + {at} + 48], {y}\n"
    };
}
/// All words are there.
macro_rules! expand_nothing {
    ($quarter:literal) => {
        ""
    };
}

/// Four rounds from `$j` on, the words in their places again afterwards.
macro_rules! four_rounds {
    ($j:literal $kind:ident $after:ident $expand:ident, $s:ident $expanded:ident $last:ident
     $x0:ident $x1:ident $x2:ident $x3:ident) => {
        let [a, b, c, d, e, f, g, h, gg] = &mut $s;
        asm!(
            concat!(
                round!($kind $kind "a" "b" "c" "d" "e" "f" "g" "h" 0), $expand!(0),
                round!($kind $kind "d" "a" "b" "c" "h" "e" "f" "g" 1), $expand!(1),
                round!($kind $kind "c" "d" "a" "b" "g" "h" "e" "f" 2), $expand!(2),
                round!($kind $after "b" "c" "d" "a" "f" "g" "h" "e" 3), $expand!(3),
                "/* {x0} {x1} {x2} {x3} {last} {y} {z} {p} {q} */"
            ),
            a = inout(reg) *a, b = inout(reg) *b, c = inout(reg) *c, d = inout(reg) *d,
            e = inout(reg) *e, f = inout(reg) *f, g = inout(reg) *g, h = inout(reg) *h,
            u = inout(reg) *gg, v = out(reg) _, s = out(reg) _, t = out(reg) _,
            expanded = in(reg) $expanded, at = const 4 * $j, sums = const core::mem::offset_of!(Expanded, sums),
            t0 = const T[$j] as i32, t1 = const T[$j + 1] as i32,
            t2 = const T[$j + 2] as i32, t3 = const T[$j + 3] as i32,
            x0 = inout(xmm_reg) $x0, x1 = in(xmm_reg) $x1, x2 = in(xmm_reg) $x2, x3 = in(xmm_reg) $x3,
            last = in(xmm_reg) $last,
            y = out(xmm_reg) _, z = out(xmm_reg) _, p = out(xmm_reg) _, q = out(xmm_reg) _,
            options(nostack),
        );
    };
}

/// One block, the expansion by `$expand`.
macro_rules! one {
    ($name:ident, $features:literal, $expand:ident) => {
        #[target_feature(enable = $features)]
        #[inline]
        #[allow(unused_assignments, reason = "the last words expanded are not carried on")]
        fn $name(state: &mut Words, block: &[u8; BLOCK]) {
            let [a, b, c, d, e, f, g, h] = *state;
            let mut s = [a, b, c, d, e, f, g, h, e ^ f ^ g];
            let mut memory = MaybeUninit::<Expanded>::uninit();
            let expanded = memory.as_mut_ptr();
            let swap = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
            let last = _mm_setr_epi32(0, 0, 0, -1);
            // SAFETY: a block is four registers long; what is written stays within 68 words and 64 sums, at multiples of 16
            // bytes, and what is read was written before; no register but those named is touched.
            unsafe {
                let load = |i: usize| {
                    let x = _mm_shuffle_epi8(_mm_loadu_si128(block.as_ptr().add(16 * i).cast()), swap);
                    _mm_store_si128((&raw mut (*expanded).words).cast::<__m128i>().add(i), x);
                    x
                };
                let [mut x0, mut x1, mut x2, mut x3] = [load(0), load(1), load(2), load(3)];
                let sums = (&raw mut (*expanded).sums).cast::<__m128i>();
                _mm_store_si128(sums, _mm_xor_si128(x0, x1));
                _mm_store_si128(sums.add(1), _mm_xor_si128(x1, x2));
                _mm_store_si128(sums.add(2), _mm_xor_si128(x2, x3));
                four_rounds!(0 parity parity $expand, s expanded last x0 x1 x2 x3);
                four_rounds!(4 parity parity $expand, s expanded last x1 x2 x3 x0);
                four_rounds!(8 parity parity $expand, s expanded last x2 x3 x0 x1);
                four_rounds!(12 parity choice $expand, s expanded last x3 x0 x1 x2);
                four_rounds!(16 choice choice $expand, s expanded last x0 x1 x2 x3);
                four_rounds!(20 choice choice $expand, s expanded last x1 x2 x3 x0);
                four_rounds!(24 choice choice $expand, s expanded last x2 x3 x0 x1);
                four_rounds!(28 choice choice $expand, s expanded last x3 x0 x1 x2);
                four_rounds!(32 choice choice $expand, s expanded last x0 x1 x2 x3);
                four_rounds!(36 choice choice $expand, s expanded last x1 x2 x3 x0);
                four_rounds!(40 choice choice $expand, s expanded last x2 x3 x0 x1);
                four_rounds!(44 choice choice $expand, s expanded last x3 x0 x1 x2);
                four_rounds!(48 choice choice $expand, s expanded last x0 x1 x2 x3);
                four_rounds!(52 choice choice expand_nothing, s expanded last x1 x2 x3 x0);
                four_rounds!(56 choice choice expand_nothing, s expanded last x2 x3 x0 x1);
                four_rounds!(60 choice choice expand_nothing, s expanded last x3 x0 x1 x2);
            }
            for (word, new) in state.iter_mut().zip(s) {
                *word ^= new;
            }
        }
    };
}
one!(with_shifts, "avx2,bmi1,bmi2", expand_with_shifts);
one!(with_rotations, "avx2,bmi1,bmi2,avx512f,avx512bw,avx512vl", expand_with_rotations);
