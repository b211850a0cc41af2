//! The field on x86-64 with BMI2 and ADX.
#![allow(unsafe_code)]
use super::fp::{Field, Fp, P, Rows, convolve_by_dots};
use super::fp_ifma;
use crate::crypto::native::backend::Adx;
use crate::crypto::native::limbs::Limbs;
use core::arch::asm;

impl Field for Adx {
    #[inline(always)]
    fn add_row(self, t: &mut [u64; 6], a: &Limbs, b: u64) {
        let [t0, t1, t2, t3, t4, t5] = t;
        // SAFETY: `self` shows that mulx, adcx and adox are there; the pointer is read for the 32 bytes that it points to;
        // nothing else of memory is touched.
        unsafe {
            asm!(
                // Low halves by the carry flag, high halves by the overflow flag.
                "xor {z:e}, {z:e}",
                "mulx {h}, {l}, [{a}]", "adcx {t0}, {l}", "adox {t1}, {h}",
                "mulx {h}, {l}, [{a} + 8]", "adcx {t1}, {l}", "adox {t2}, {h}",
                "mulx {h}, {l}, [{a} + 16]", "adcx {t2}, {l}", "adox {t3}, {h}",
                "mulx {h}, {l}, [{a} + 24]", "adcx {t3}, {l}", "adox {t4}, {h}",
                "adcx {t4}, {z}", "adox {t5}, {z}", "adcx {t5}, {z}",
                a = in(reg) &raw const *a, in("rdx") b,
                t0 = inout(reg) *t0, t1 = inout(reg) *t1, t2 = inout(reg) *t2,
                t3 = inout(reg) *t3, t4 = inout(reg) *t4, t5 = inout(reg) *t5,
                h = out(reg) _, l = out(reg) _, z = out(reg) _, options(pure, readonly, nostack),
            );
        }
    }

    fn convolve<const L: usize>(self, left: &[Fp; L], powers: &[usize; L], rows: &Rows) -> [[Fp; 2]; 6] {
        if let Some(ifma) = self.ifma() {
            return fp_ifma::convolve(ifma, left, powers, rows);
        }
        convolve_by_dots(self, left, powers, rows)
    }

    fn convolves_fast(self) -> bool {
        self.ifma().is_some()
    }

    #[inline(always)]
    fn add(self, a: &Fp, b: &Fp) -> Fp {
        let ([mut r0, mut r1, mut r2, mut r3], [b0, b1, b2, b3]) = (a.0, b.0);
        // SAFETY: instructions that every x86-64 has; the pointer is read for the 32 bytes that it points to.
        unsafe {
            asm!(
                "add {r0}, {b0}", "adc {r1}, {b1}", "adc {r2}, {b2}", "adc {r3}, {b3}",
                "mov {t:e}, 0", "adc {t}, 0",
                // minus p, kept unless it borrows
                "mov {b0}, {r0}", "mov {b1}, {r1}", "mov {b2}, {r2}", "mov {b3}, {r3}",
                "sub {r0}, [{p}]", "sbb {r1}, [{p} + 8]", "sbb {r2}, [{p} + 16]", "sbb {r3}, [{p} + 24]",
                "sbb {t}, 0",
                "cmovc {r0}, {b0}", "cmovc {r1}, {b1}", "cmovc {r2}, {b2}", "cmovc {r3}, {b3}",
                r0 = inout(reg) r0, r1 = inout(reg) r1, r2 = inout(reg) r2, r3 = inout(reg) r3,
                b0 = inout(reg) b0 => _, b1 = inout(reg) b1 => _, b2 = inout(reg) b2 => _, b3 = inout(reg) b3 => _,
                p = in(reg) &raw const P, t = out(reg) _, options(pure, readonly, nostack),
            );
        }
        Fp([r0, r1, r2, r3])
    }

    #[inline(always)]
    fn sub(self, a: &Fp, b: &Fp) -> Fp {
        let ([mut r0, mut r1, mut r2, mut r3], [b0, b1, b2, b3]) = (a.0, b.0);
        // SAFETY: instructions that every x86-64 has; the pointer is read for the 32 bytes that it points to.
        unsafe {
            asm!(
                "sub {r0}, {b0}", "sbb {r1}, {b1}", "sbb {r2}, {b2}", "sbb {r3}, {b3}",
                // plus p if it borrowed
                "sbb {t}, {t}", "mov {b0}, [{p}]", "mov {b1}, [{p} + 8]", "mov {b2}, [{p} + 16]",
                "and {b0}, {t}", "and {b1}, {t}", "and {b2}, {t}", "and {t}, [{p} + 24]",
                "add {r0}, {b0}", "adc {r1}, {b1}", "adc {r2}, {b2}", "adc {r3}, {t}",
                r0 = inout(reg) r0, r1 = inout(reg) r1, r2 = inout(reg) r2, r3 = inout(reg) r3,
                b0 = inout(reg) b0 => _, b1 = inout(reg) b1 => _, b2 = inout(reg) b2 => _, b3 = in(reg) b3,
                p = in(reg) &raw const P, t = out(reg) _, options(pure, readonly, nostack),
            );
        }
        Fp([r0, r1, r2, r3])
    }
}
