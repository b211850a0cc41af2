//! What this CPU can do: at run time as the standard library finds it out, without `std` what the program was compiled
//! for.

/// A set of instructions that this CPU has: a proof, since only this module makes one, and only after looking.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Level(Rung);

/// The sets, each with all of the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Rung {
    /// AES and PMULL: nearly every CPU of 64 bits since 2012. SM3 is in plain Rust here.
    Aes,
    /// SM3 and SM4 (Armv8.2, optional) too.
    Sm4,
}

/// Whether the CPU has a feature.
macro_rules! has {
    ($feature:tt) => {{
        #[cfg(feature = "std")]
        let found = std::arch::is_aarch64_feature_detected!($feature);
        #[cfg(not(feature = "std"))]
        let found = cfg!(target_feature = $feature);
        found
    }};
}

impl Level {
    /// The best of this CPU; nothing below the floor, where the portable code serves.
    pub(crate) fn best() -> Option<Self> {
        // The kernels take words as they lie in little-endian memory. In `aes` is PMULL, in `sm4` is SM3.
        if cfg!(target_endian = "big") || !has!("neon") || !has!("aes") {
            None
        } else if has!("sm4") {
            Some(Self(Rung::Sm4))
        } else {
            Some(Self(Rung::Aes))
        }
    }

    /// Every level that this CPU has, for tests that compare them.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let best = Self::best();
        [Rung::Aes, Rung::Sm4].into_iter().map(Level).filter(move |&level| Some(level) <= best)
    }

    /// Which set it is.
    #[inline]
    pub(crate) fn rung(self) -> Rung {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_every_level_up_to_the_best() {
        assert_eq!(Level::all().last(), Level::best());
    }

    /// For a run under an emulator, which is told the CPU: TLCP_EXPECT_LEVEL names the rung that must be found.
    #[test]
    fn the_level_is_the_one_expected() {
        if let Ok(expected) = std::env::var("TLCP_EXPECT_LEVEL") {
            let found = Level::best().map(|level| alloc::format!("{:?}", level.rung()));
            assert_eq!(found.unwrap_or_default(), expected);
        }
    }
}
