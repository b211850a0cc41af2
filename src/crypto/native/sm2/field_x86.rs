//! The field on x86-64 with BMI2, ADX and AVX2.
#![allow(unsafe_code)]
use super::element::{Affine, FieldElement, P};
use super::field::Field;
use crate::crypto::native::backend::{Adx, Ifma};
use core::arch::asm;
use core::arch::x86_64::{
    __m256i, _mm256_add_epi64, _mm256_blendv_epi8, _mm256_cmpeq_epi64, _mm256_loadu_si256,
    _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_storeu_si256,
};

/// Two rounds of the Montgomery reduction (see `montgomery_rounds`) at once. With m the low 128 bits times -1/p,
/// m = a + 2^64 q, q = b + a - (a << 32) mod 2^64. In: limbs a b c d. Out: limbs c d a q; b is free.
macro_rules! reduce_two_limbs {
    ($a:literal, $b:literal, $c:literal, $d:literal, $q:literal, $s:literal, $m:literal, $h:literal) => {
        concat!(
            "mov ",
            $s,
            ", ",
            $a,
            "\n shl ",
            $s,
            ", 32\n",
            "mov ",
            $m,
            ", ",
            $a,
            "\n shr ",
            $m,
            ", 32\n",
            "lea ",
            $q,
            ", [",
            $a,
            " + ",
            $b,
            "]\n sub ",
            $q,
            ", ",
            $s,
            "\n",
            "mov ",
            $h,
            ", ",
            $q,
            "\n shl ",
            $h,
            ", 32\n or ",
            $m,
            ", ",
            $h,
            "\n",
            "mov ",
            $h,
            ", ",
            $q,
            "\n shr ",
            $h,
            ", 32\n",
            "add ",
            $b,
            ", ",
            $a,
            "\n adc ",
            $c,
            ", ",
            $q,
            "\n adc ",
            $d,
            ", 0\n",
            "adc ",
            $a,
            ", 0\n adc ",
            $q,
            ", 0\n",
            // lea leaves the borrow alone
            "sub ",
            $b,
            ", ",
            $s,
            "\n lea ",
            $s,
            ", [",
            $s,
            " + ",
            $h,
            "]\n",
            "sbb ",
            $c,
            ", ",
            $m,
            "\n sbb ",
            $d,
            ", ",
            $s,
            "\n",
            "sbb ",
            $a,
            ", ",
            $m,
            "\n sbb ",
            $q,
            ", ",
            $h,
            "\n",
        )
    };
}

/// Reduces t0..t7; the result, below p, is in t4..t7. Uses a, l, h, rdx.
macro_rules! reduce {
    ($t7:literal) => {
        concat!(
            reduce_two_limbs!("{t0}", "{t1}", "{t2}", "{t3}", "{a}", "{l}", "{h}", "rdx"),
            reduce_two_limbs!("{t2}", "{t3}", "{t0}", "{a}", "{t1}", "{l}", "{h}", "rdx"),
            "add {t4}, {t0}\n adc {t5}, {a}\n adc {t6}, {t2}\n adc ",
            $t7,
            ", {t1}\n mov edx, 0\n adc rdx, 0\n",
            // minus p, kept unless it borrows
            "mov {t0}, {t4}\n mov {t1}, {t5}\n mov {t2}, {t6}\n mov {t3}, ",
            $t7,
            "\n",
            "movabs {l}, -4294967296\n movabs {h}, -4294967297\n",
            "sub {t4}, -1\n sbb {t5}, {l}\n sbb {t6}, -1\n sbb ",
            $t7,
            ", {h}\n sbb rdx, 0\n",
            "cmovc {t4}, {t0}\n cmovc {t5}, {t1}\n cmovc {t6}, {t2}\n cmovc ",
            $t7,
            ", {t3}\n",
        )
    };
}

/// Adds `limb of b` * a to a row of the product: low halves by the carry flag, high halves by the overflow flag.
macro_rules! multiply_row {
    ($offset:literal, $r0:literal, $r1:literal, $r2:literal, $r3:literal, $r4:literal) => {
        concat!(
            "mov rdx, [{b} + ",
            $offset,
            "]\n xor ",
            $r4,
            ", ",
            $r4,
            "\n",
            "mulx {h}, {l}, [{a}]\n adcx ",
            $r0,
            ", {l}\n adox ",
            $r1,
            ", {h}\n",
            "mulx {h}, {l}, [{a} + 8]\n adcx ",
            $r1,
            ", {l}\n adox ",
            $r2,
            ", {h}\n",
            "mulx {h}, {l}, [{a} + 16]\n adcx ",
            $r2,
            ", {l}\n adox ",
            $r3,
            ", {h}\n",
            "mulx {h}, {l}, [{a} + 24]\n adcx ",
            $r3,
            ", {l}\n adox ",
            $r4,
            ", {h}\n",
            "mov {h:e}, 0\n adcx ",
            $r4,
            ", {h}\n",
        )
    };
}

impl Field for Adx {
    fn ifma(self) -> Option<Ifma> {
        Adx::ifma(self)
    }

    #[inline(always)]
    fn mul(self, a: &FieldElement, b: &FieldElement) -> FieldElement {
        let (r0, r1, r2, r3): (_, _, _, u64);
        // SAFETY: `self` shows that mulx, adcx and adox are there; the two pointers are read for 32 bytes each, which
        // is what they point to; nothing else of memory is touched.
        unsafe {
            asm!(
                "mov rdx, [{b}]",
                "mulx {t1}, {t0}, [{a}]",
                "mulx {t2}, {l}, [{a} + 8]", "add {t1}, {l}",
                "mulx {t3}, {l}, [{a} + 16]", "adc {t2}, {l}",
                "mulx {t4}, {l}, [{a} + 24]", "adc {t3}, {l}", "adc {t4}, 0",
                multiply_row!("8", "{t1}", "{t2}", "{t3}", "{t4}", "{t5}"),
                multiply_row!("16", "{t2}", "{t3}", "{t4}", "{t5}", "{t6}"),
                // the last use of b's address: its register becomes t7
                multiply_row!("24", "{t3}", "{t4}", "{t5}", "{t6}", "{b}"),
                reduce!("{b}"),
                a = inout(reg) &raw const a.0 => _, b = inout(reg) &raw const b.0 => r3,
                l = out(reg) _, h = out(reg) _,
                t0 = out(reg) _, t1 = out(reg) _, t2 = out(reg) _, t3 = out(reg) _,
                t4 = out(reg) r0, t5 = out(reg) r1, t6 = out(reg) r2,
                out("rdx") _, options(pure, readonly, nostack),
            );
        }
        FieldElement([r0, r1, r2, r3])
    }

    #[inline(always)]
    fn square(self, a: &FieldElement) -> FieldElement {
        let (r0, r1, r2, r3);
        // SAFETY: as in `mul`.
        unsafe {
            asm!(
                // The products of two different limbs …
                "mov rdx, [{a}]",
                "mulx {t2}, {t1}, [{a} + 8]",
                "mulx {t3}, {l}, [{a} + 16]", "add {t2}, {l}",
                "mulx {t4}, {l}, [{a} + 24]", "adc {t3}, {l}", "adc {t4}, 0",
                "mov rdx, [{a} + 8]", "xor {t5:e}, {t5:e}",
                "mulx {h}, {l}, [{a} + 16]", "adcx {t3}, {l}", "adox {t4}, {h}",
                "mulx {h}, {l}, [{a} + 24]", "adcx {t4}, {l}", "adox {t5}, {h}",
                "adc {t5}, 0",
                "mov rdx, [{a} + 16]", "mulx {t6}, {l}, [{a} + 24]", "add {t5}, {l}", "adc {t6}, 0",
                // … twice …
                "xor {t7:e}, {t7:e}",
                "add {t1}, {t1}", "adc {t2}, {t2}", "adc {t3}, {t3}", "adc {t4}, {t4}", "adc {t5}, {t5}",
                "adc {t6}, {t6}", "adc {t7}, {t7}",
                // … and the squares.
                "mov rdx, [{a}]", "mulx {l}, {t0}, rdx", "add {t1}, {l}",
                "mov rdx, [{a} + 8]", "mulx {h}, {l}, rdx", "adc {t2}, {l}", "adc {t3}, {h}",
                "mov rdx, [{a} + 16]", "mulx {h}, {l}, rdx", "adc {t4}, {l}", "adc {t5}, {h}",
                "mov rdx, [{a} + 24]", "mulx {h}, {l}, rdx", "adc {t6}, {l}", "adc {t7}, {h}",
                reduce!("{t7}"),
                a = inout(reg) &raw const a.0 => _, l = out(reg) _, h = out(reg) _,
                t0 = out(reg) _, t1 = out(reg) _, t2 = out(reg) _, t3 = out(reg) _,
                t4 = out(reg) r0, t5 = out(reg) r1, t6 = out(reg) r2, t7 = out(reg) r3,
                out("rdx") _, options(pure, readonly, nostack),
            );
        }
        FieldElement([r0, r1, r2, r3])
    }

    #[inline(always)]
    fn add(self, a: &FieldElement, b: &FieldElement) -> FieldElement {
        let ([mut r0, mut r1, mut r2, mut r3], [b0, b1, b2, b3]) = (a.0, b.0);
        // SAFETY: registers only, and instructions that every x86-64 has.
        unsafe {
            asm!(
                "add {r0}, {b0}", "adc {r1}, {b1}", "adc {r2}, {b2}", "adc {r3}, {b3}",
                "mov {t:e}, 0", "adc {t}, 0",
                // minus p, kept unless it borrows
                "mov {b0}, {r0}", "mov {b1}, {r1}", "mov {b2}, {r2}", "mov {b3}, {r3}",
                "sub {r0}, -1", "sbb {r1}, {p1}", "sbb {r2}, -1", "sbb {r3}, {p3}", "sbb {t}, 0",
                "cmovc {r0}, {b0}", "cmovc {r1}, {b1}", "cmovc {r2}, {b2}", "cmovc {r3}, {b3}",
                r0 = inout(reg) r0, r1 = inout(reg) r1, r2 = inout(reg) r2, r3 = inout(reg) r3,
                b0 = inout(reg) b0 => _, b1 = inout(reg) b1 => _, b2 = inout(reg) b2 => _, b3 = inout(reg) b3 => _,
                p1 = in(reg) P[1], p3 = in(reg) P[3], t = out(reg) _, options(pure, nomem, nostack),
            );
        }
        FieldElement([r0, r1, r2, r3])
    }

    #[inline(always)]
    fn sub(self, a: &FieldElement, b: &FieldElement) -> FieldElement {
        let ([mut r0, mut r1, mut r2, mut r3], [b0, b1, b2, b3]) = (a.0, b.0);
        // SAFETY: registers only, and instructions that every x86-64 has.
        unsafe {
            asm!(
                "sub {r0}, {b0}", "sbb {r1}, {b1}", "sbb {r2}, {b2}", "sbb {r3}, {b3}",
                // plus p if it borrowed
                "sbb {t}, {t}", "and {p1}, {t}", "and {p3}, {t}",
                "add {r0}, {t}", "adc {r1}, {p1}", "adc {r2}, {t}", "adc {r3}, {p3}",
                r0 = inout(reg) r0, r1 = inout(reg) r1, r2 = inout(reg) r2, r3 = inout(reg) r3,
                b0 = in(reg) b0, b1 = in(reg) b1, b2 = in(reg) b2, b3 = in(reg) b3,
                p1 = inout(reg) P[1] => _, p3 = inout(reg) P[3] => _, t = out(reg) _,
                options(pure, nomem, nostack),
            );
        }
        FieldElement([r0, r1, r2, r3])
    }

    #[inline(always)]
    fn halve(self, a: &FieldElement) -> FieldElement {
        let [mut r0, mut r1, mut r2, mut r3] = a.0;
        // SAFETY: registers only, and instructions that every x86-64 has.
        unsafe {
            asm!(
                // plus p if it is odd
                "mov {t:e}, {r0:e}", "and {t:e}, 1", "neg {t}", "and {p1}, {t}", "and {p3}, {t}",
                "add {r0}, {t}", "adc {r1}, {p1}", "adc {r2}, {t}", "adc {r3}, {p3}",
                "rcr {r3}, 1", "rcr {r2}, 1", "rcr {r1}, 1", "rcr {r0}, 1",
                r0 = inout(reg) r0, r1 = inout(reg) r1, r2 = inout(reg) r2, r3 = inout(reg) r3,
                p1 = inout(reg) P[1] => _, p3 = inout(reg) P[3] => _, t = out(reg) _,
                options(pure, nomem, nostack),
            );
        }
        FieldElement([r0, r1, r2, r3])
    }

    #[inline(always)]
    fn lookup(self, table: &[Affine], index: u64) -> Affine {
        // SAFETY: `self` shows that AVX2 is there.
        unsafe { lookup_avx2(table, index) }
    }
}

#[target_feature(enable = "avx2")]
fn lookup_avx2(table: &[Affine], index: u64) -> Affine {
    let wanted = _mm256_set1_epi64x(index as i64);
    let one = _mm256_set1_epi64x(1);
    let mut i = _mm256_setzero_si256();
    let (mut x, mut y) = (_mm256_setzero_si256(), _mm256_setzero_si256());
    for entry in table {
        let mask = _mm256_cmpeq_epi64(i, wanted);
        i = _mm256_add_epi64(i, one);
        // SAFETY: both loads stay within `entry`, whose coordinates are 32 bytes long.
        let (ex, ey) = unsafe {
            (
                _mm256_loadu_si256((&raw const entry.x).cast::<__m256i>()),
                _mm256_loadu_si256((&raw const entry.y).cast::<__m256i>()),
            )
        };
        x = _mm256_blendv_epi8(x, ex, mask);
        y = _mm256_blendv_epi8(y, ey, mask);
    }
    let mut out = Affine::default();
    // SAFETY: both stores stay within `out`, whose coordinates are 32 bytes long.
    unsafe {
        _mm256_storeu_si256((&raw mut out.x).cast::<__m256i>(), x);
        _mm256_storeu_si256((&raw mut out.y).cast::<__m256i>(), y);
    }
    out
}
