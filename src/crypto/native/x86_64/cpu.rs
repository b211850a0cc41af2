//! What this CPU can do, found out once at run time by `cpuid`, with or without `std`.
use core::arch::x86_64::{__cpuid_count, _xgetbv, CpuidResult};
use core::sync::atomic::{AtomicU8, Ordering};

/// A set of instructions that this CPU and its operating system have: a proof, since only this
/// module makes one, and only after looking.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Level(Rung);

/// The sets, each with all of the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(crate) enum Rung {
    /// SSSE3, AES-NI, PCLMULQDQ (2010, 128-bit).
    Aes = 1,
    /// AVX2, BMI1, BMI2 (2013): 256-bit SM3 lanes, three-operand forms; AES-NI still 128-bit.
    Avx2 = 2,
    /// VAES, VPCLMULQDQ on 256 bits (2020).
    Vaes = 3,
    /// AVX-512 F, BW, VL with GFNI, VAES and VPCLMULQDQ on 512 bits.
    Avx512 = 4,
}

impl Level {
    /// The best of this CPU; nothing below the floor, where the portable code serves.
    pub(crate) fn best() -> Option<Self> {
        const UNKNOWN: u8 = 0xff;
        static FOUND: AtomicU8 = AtomicU8::new(UNKNOWN);
        let mut found = FOUND.load(Ordering::Relaxed);
        if found == UNKNOWN {
            found = look().map_or(0, |rung| rung as u8);
            FOUND.store(found, Ordering::Relaxed);
        }
        [Rung::Avx512, Rung::Vaes, Rung::Avx2, Rung::Aes]
            .into_iter()
            .find(|&rung| rung as u8 == found)
            .map(Level)
    }

    /// Every level that this CPU has, for tests and benches that compare them.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests run every level"))]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let best = Self::best();
        [Rung::Aes, Rung::Avx2, Rung::Vaes, Rung::Avx512]
            .into_iter()
            .map(Level)
            .filter(move |&level| Some(level) <= best)
    }

    /// Which set it is.
    #[inline]
    pub(crate) fn rung(self) -> Rung {
        self.0
    }
}

/// The function is safe to call in newer Rust than the oldest that we support.
#[allow(unused_unsafe)]
pub(crate) fn cpuid(leaf: u32, sub_leaf: u32) -> CpuidResult {
    // SAFETY: every x86-64 CPU has the instruction.
    unsafe { __cpuid_count(leaf, sub_leaf) }
}

/// Reads `cpuid` and, for the wide registers, whether the operating system saves them.
fn look() -> Option<Rung> {
    let has = |word: u32, bits: &[u32]| bits.iter().all(|bit| word >> bit & 1 == 1);
    if cpuid(0, 0).eax < 7 {
        return None;
    }
    let (one, seven) = (cpuid(1, 0), cpuid(7, 0));
    // ecx of leaf 1: PCLMULQDQ 1, SSSE3 9, AES 25.
    if !has(one.ecx, &[1, 9, 25]) {
        return None;
    }
    // XSAVE in use 27, AVX 28.
    if !has(one.ecx, &[27, 28]) {
        return Some(Rung::Aes);
    }
    // SAFETY: bit 27 (OSXSAVE) says that XGETBV may be executed.
    let saved = unsafe { _xgetbv(0) };
    // ebx of leaf 7: BMI1 3, AVX2 5, BMI2 8; the low and high halves of ymm are saved.
    if !has(seven.ebx, &[3, 5, 8]) || saved & 0b110 != 0b110 {
        return Some(Rung::Aes);
    }
    // ecx of leaf 7: VAES 9, VPCLMULQDQ 10.
    if !has(seven.ecx, &[9, 10]) {
        return Some(Rung::Avx2);
    }
    // AVX-512 F 16, BW 30, VL 31, GFNI 8; masks and all of zmm are saved.
    if !has(seven.ebx, &[16, 30, 31]) || !has(seven.ecx, &[8]) || saved & 0xe6 != 0xe6 {
        return Some(Rung::Vaes);
    }
    Some(Rung::Avx512)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_library() {
        let aes = std::is_x86_feature_detected!("aes")
            && std::is_x86_feature_detected!("ssse3")
            && std::is_x86_feature_detected!("pclmulqdq");
        let avx2 = std::is_x86_feature_detected!("avx2")
            && std::is_x86_feature_detected!("bmi1")
            && std::is_x86_feature_detected!("bmi2");
        let vaes = std::is_x86_feature_detected!("vaes") && std::is_x86_feature_detected!("vpclmulqdq");
        let avx512 = std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("gfni");
        let expected = [(aes, 1), (avx2, 2), (vaes, 3), (avx512, 4)];
        let best = expected.iter().take_while(|(has, _)| *has).last().map(|(_, rung)| *rung);
        assert_eq!(Level::best().map(|level| level.rung() as u8), best);
    }

    #[test]
    fn lists_every_level_up_to_the_best() {
        assert_eq!(Level::all().last(), Level::best());
    }
}
