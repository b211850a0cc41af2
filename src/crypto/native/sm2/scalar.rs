//! Arithmetic modulo n, the order of the base point.
use crate::crypto::native::declassify::declassify;
use crate::crypto::native::limbs::{self, Limbs};
use crate::crypto::native::montgomery::Reduction;
use crate::crypto::native::safegcd::{self, Modulus};
use crate::crypto::{Draw, Random};
use crate::error::CryptoError;
use zeroize::{DefaultIsZeroes, Zeroizing};

/// n
pub(super) const N: Limbs =
    [0x53bb_f409_39d5_4123, 0x7203_df6b_21c6_052b, 0xffff_ffff_ffff_ffff, 0xffff_fffe_ffff_ffff];
const R2: Limbs = limbs::power_of_two_mod(512, &N);
const MODULUS: Modulus = Modulus::new(&N);
const REDUCTION: Reduction = Reduction::new(&N);

/// An integer modulo n, always below n. `==` is for public values.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Scalar(pub(super) Limbs);

impl DefaultIsZeroes for Scalar {}

impl Scalar {
    pub(super) const ONE: Self = Self([1, 0, 0, 0]);

    /// From 32 bytes; `None` if not below n, which anyone may know.
    pub(super) fn from_be_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let a = limbs::from_be_bytes(bytes);
        (declassify(limbs::less_mask(&a, &N)) != 0).then_some(Self(a))
    }

    /// From any 256-bit number, modulo n (n > 2^255, so one subtraction does).
    pub(super) fn reduce(a: &Limbs) -> Self {
        Self(limbs::reduce_once(a, 0, &N))
    }

    /// The 32 bytes drawn, big-endian, drawn again until 1 <= k < n: a test can replay a draw.
    pub(super) fn draw(random: &dyn Random, draw: Draw) -> Result<Zeroizing<Self>, CryptoError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        // All but one draw in 2^32 is in range: a source that fails so often is broken.
        for _ in 0..16 {
            random.fill(draw, bytes.as_mut())?;
            if let Some(k) = Self::from_be_bytes(&bytes).map(Zeroizing::new)
                && declassify(k.is_zero_mask()) == 0
            {
                return Ok(k);
            }
        }
        Err(CryptoError::NoRandomness)
    }

    pub(super) fn to_be_bytes(self) -> [u8; 32] {
        limbs::to_be_bytes(&self.0)
    }

    pub(super) fn is_zero_mask(&self) -> u64 {
        limbs::is_zero_mask(&self.0)
    }

    /// For public values.
    pub(super) fn is_zero_vartime(&self) -> bool {
        self.0 == [0; 4]
    }

    pub(super) fn add(&self, b: &Self) -> Self {
        Self(limbs::add_mod(&self.0, &b.0, &N))
    }

    pub(super) fn sub(&self, b: &Self) -> Self {
        Self(limbs::sub_mod(&self.0, &b.0, &N))
    }

    pub(super) fn mul(&self, b: &Self) -> Self {
        Montgomery::new(self).mul(b)
    }

    /// 1 / a, or 0 for 0, in constant time.
    pub(super) fn invert(&self) -> Self {
        Self(safegcd::invert(&self.0, &MODULUS))
    }
}

/// A factor that is used more than once: a * 2^256 mod n.
#[derive(Clone, Copy, Default)]
pub(super) struct Montgomery(Limbs);

impl DefaultIsZeroes for Montgomery {}

impl Montgomery {
    pub(super) fn new(a: &Scalar) -> Self {
        Self(REDUCTION.mul(&a.0, &R2))
    }

    /// a * b
    pub(super) fn mul(&self, b: &Scalar) -> Scalar {
        Scalar(REDUCTION.mul(&self.0, &b.0))
    }
}
