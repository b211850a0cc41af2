//! What anybody can do with an RSA key: raise to its public exponent.
use crate::crypto::der::integers;
use crate::error::CryptoError;
use alloc::vec::Vec;
use core::ops::RangeInclusive;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, MontyForm, MontyMultiplier, Odd};
use der::asn1::UintRef;
use zeroize::Zeroizing;

/// Bits of a modulus: no fewer can be trusted, and no more are worth a peer's asking.
const SIZES: RangeInclusive<u32> = 2048..=8192;

/// Greater exponents cost whoever verifies with them more than a peer may ask for.
const MAX_EXPONENT: u64 = (1 << 33) - 1;

/// A number modulo n, in Montgomery form.
pub(super) type Residue = Zeroizing<BoxedMontyForm>;

type Multiplier<'a> = <BoxedMontyForm as MontyForm>::Multiplier<'a>;

/// A modulus and an exponent of permitted sizes.
pub(super) struct Public {
    modulus: BoxedMontyParams,
    exponent: u64,
}

impl Public {
    /// From `RSAPublicKey` in DER.
    pub(super) fn parse(der: &[u8]) -> Result<Self, CryptoError> {
        let [n, e] = integers(der).map_err(|_| CryptoError::BadKey)?;
        Self::new(n, e)
    }

    pub(super) fn new(n: UintRef<'_>, e: UintRef<'_>) -> Result<Self, CryptoError> {
        let (modulus, exponent) = (number(n.as_bytes())?, small(e.as_bytes())?);
        let is_permitted = SIZES.contains(&modulus.bits_vartime())
            && (2..=MAX_EXPONENT).contains(&exponent)
            && exponent & 1 == 1;
        let odd = Odd::new(modulus).into_option().filter(|_| is_permitted).ok_or(CryptoError::BadKey)?;
        Ok(Self { modulus: BoxedMontyParams::new_vartime(odd), exponent })
    }

    pub(super) fn modulus(&self) -> &BoxedUint {
        self.modulus.modulus()
    }

    pub(super) fn exponent(&self) -> u64 {
        self.exponent
    }

    /// Of the modulus.
    pub(super) fn bits(&self) -> usize {
        self.modulus().bits_vartime() as usize
    }

    /// Of the modulus, and of all that is encrypted or signed.
    pub(super) fn bytes(&self) -> usize {
        self.bits().div_ceil(8)
    }

    /// The number that as many bytes as the modulus has stand for, if it is less: both are public.
    pub(super) fn residue(&self, bytes: &[u8]) -> Option<Residue> {
        let number = Zeroizing::new(self.padded(bytes).ok()?);
        (bytes.len() == self.bytes() && *number < *self.modulus()).then(|| self.reduced(&number))
    }

    /// The number that bytes stand for, modulo n; they are at most as many as the modulus has.
    pub(super) fn reduced_from(&self, bytes: &[u8]) -> Result<Residue, CryptoError> {
        Ok(self.reduced(&Zeroizing::new(self.padded(bytes)?)))
    }

    fn padded(&self, bytes: &[u8]) -> Result<BoxedUint, CryptoError> {
        let bits = self.modulus.bits_precision();
        BoxedUint::from_be_slice(bytes, bits).map_err(|_| CryptoError::BadKey)
    }

    /// Modulo n, of a number of as many limbs.
    pub(super) fn reduced(&self, number: &BoxedUint) -> Residue {
        Zeroizing::new(BoxedMontyForm::new(number.clone(), &self.modulus))
    }

    /// As many bytes as the modulus has.
    pub(super) fn to_bytes(&self, residue: &Residue) -> Zeroizing<Vec<u8>> {
        let number = Zeroizing::new(residue.retrieve());
        let bytes = Zeroizing::new(number.to_be_bytes().into_vec());
        let surplus = bytes.len().saturating_sub(self.bytes());
        Zeroizing::new(bytes.get(surplus..).unwrap_or_default().to_vec())
    }

    pub(super) fn multiply(&self, to: &mut Residue, by: &Residue) {
        Multiplier::from(&self.modulus).mul_assign(to, by);
    }

    /// `base` to the public exponent.
    pub(super) fn raise(&self, base: &Residue) -> Residue {
        self.power(base, self.exponent)
    }

    /// `base` to a public power that is not 0: bit for bit, so that no table of a secret's powers is left.
    pub(super) fn power(&self, base: &Residue, exponent: u64) -> Residue {
        let mut multiplier = Multiplier::from(&self.modulus);
        let mut out = base.clone();
        for bit in (0..exponent.ilog2()).rev() {
            multiplier.square_assign(&mut out);
            if exponent >> bit & 1 == 1 {
                multiplier.mul_assign(&mut out, base);
            }
        }
        out
    }
}

fn number(bytes: &[u8]) -> Result<BoxedUint, CryptoError> {
    let bits = u32::try_from(bytes.len().saturating_mul(8)).map_err(|_| CryptoError::BadKey)?;
    if bits > *SIZES.end() {
        return Err(CryptoError::BadKey);
    }
    BoxedUint::from_be_slice(bytes, bits).map_err(|_| CryptoError::BadKey)
}

fn small(bytes: &[u8]) -> Result<u64, CryptoError> {
    let mut out = [0; 8];
    let at = out.len().checked_sub(bytes.len()).ok_or(CryptoError::BadKey)?;
    out.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
    Ok(u64::from_be_bytes(out))
}
