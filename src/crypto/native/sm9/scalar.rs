//! Arithmetic modulo N, the order of the groups.
use crate::crypto::native::declassify::declassify;
use crate::crypto::native::limbs::{self, Limbs};
use crate::crypto::native::montgomery::Reduction;
use crate::crypto::native::safegcd::{self, Modulus};
use crate::crypto::{Draw, Random};
use crate::error::CryptoError;
use zeroize::{DefaultIsZeroes, Zeroizing};

/// N = 36 t^4 + 36 t^3 + 18 t^2 + 6 t + 1
pub(super) const N: Limbs =
    [0xe56e_e19c_d69e_cf25, 0x49f2_934b_18ea_8bee, 0xd603_ab4f_f58e_c744, 0xb640_0000_02a3_a6f1];
const R2: Limbs = limbs::power_of_two_mod(512, &N);
const REDUCTION: Reduction = Reduction::new(&N);
const MODULUS: Modulus = Modulus::new(&N);

/// An integer modulo N, always below N. `==` is for public values.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Scalar(pub(super) Limbs);

impl DefaultIsZeroes for Scalar {}

impl Scalar {
    /// From 32 bytes; `None` if not below N, which anyone may know.
    pub(super) fn from_be_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let a = limbs::from_be_bytes(bytes);
        (declassify(limbs::less_mask(&a, &N)) != 0).then_some(Self(a))
    }

    /// From 32 bytes; `None` if zero or not below N, which anyone may know.
    pub(super) fn not_zero(bytes: &[u8; 32]) -> Option<Zeroizing<Self>> {
        let k = Zeroizing::new(Self::from_be_bytes(bytes)?);
        (declassify(k.is_zero_mask()) == 0).then_some(k)
    }

    /// The 32 bytes drawn, big-endian, drawn again until 1 <= k < N: a test can replay a draw.
    pub(super) fn draw(random: &dyn Random, draw: Draw) -> Result<Zeroizing<Self>, CryptoError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        // Seven draws in ten are in range: a source that fails 128 times is broken.
        for _ in 0..128 {
            random.fill(draw, bytes.as_mut())?;
            if let Some(k) = Self::not_zero(&bytes) {
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

    pub(super) fn add(&self, b: &Self) -> Self {
        Self(limbs::add_mod(&self.0, &b.0, &N))
    }

    pub(super) fn sub(&self, b: &Self) -> Self {
        Self(limbs::sub_mod(&self.0, &b.0, &N))
    }

    pub(super) fn mul(&self, b: &Self) -> Self {
        Self(REDUCTION.mul(&REDUCTION.mul(&self.0, &R2), &b.0))
    }

    /// 1 / a, or 0 for 0, in constant time.
    pub(super) fn invert(&self) -> Self {
        Self(safegcd::invert(&self.0, &MODULUS))
    }
}
