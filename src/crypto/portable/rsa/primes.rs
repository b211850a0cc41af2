//! Raising to an RSA key's secret exponent, modulo each of its two primes (RFC 8017, 5.1.2, 2 b): in constant time, on the
//! fixed-size arithmetic of the crate `crypto-bigint`, whose numbers are wiped where they stand.
use crate::error::CryptoError;
use alloc::boxed::Box;
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{BoxedUint, Limb, NonZero, Odd, U1024, U1536, U2048, U4096, Uint, Word};
use zeroize::{Zeroize, Zeroizing};

/// The secret half of a key, whatever its size.
pub(super) trait Primes: Send + Sync {
    /// `number` to the power of d - 1, modulo n; as many limbs as the modulus has.
    fn raise(&self, number: &BoxedUint) -> Zeroizing<BoxedUint>;

    /// Marks all that is secret for the memory checker.
    #[cfg(all(test, target_pointer_width = "64"))]
    fn mark(&self, mark: &dyn Fn(&[Word]));
}

/// From the two primes, big-endian: of whose product the key is, and whose secret exponent is computed, not believed.
pub(super) fn primes(
    modulus: &BoxedUint,
    exponent: u64,
    [p, q]: [&[u8]; 2],
) -> Result<Box<dyn Primes>, CryptoError> {
    const SIZES: [usize; 4] = [U1024::LIMBS, U1536::LIMBS, U2048::LIMBS, U4096::LIMBS];
    let limbs = p.len().max(q.len()).div_ceil(Limb::BYTES);
    let pair = match SIZES.iter().position(|size| limbs <= *size) {
        Some(0) => Pair::<{ SIZES[0] }>::boxed(modulus, exponent, p, q),
        Some(1) => Pair::<{ SIZES[1] }>::boxed(modulus, exponent, p, q),
        Some(2) => Pair::<{ SIZES[2] }>::boxed(modulus, exponent, p, q),
        Some(3) => Pair::<{ SIZES[3] }>::boxed(modulus, exponent, p, q),
        _ => None,
    };
    pair.ok_or(CryptoError::BadKey)
}

/// One prime.
struct Prime<const LIMBS: usize> {
    params: FixedMontyParams<LIMBS>,
    /// d - 1 modulo the prime - 1
    exponent: Uint<LIMBS>,
}

/// Both.
struct Pair<const LIMBS: usize> {
    p: Prime<LIMBS>,
    q: Prime<LIMBS>,
    /// 1/q modulo p, in Montgomery form.
    q_inverse: Uint<LIMBS>,
}

/// The number that big-endian bytes stand for.
fn number<const LIMBS: usize>(bytes: &[u8]) -> Uint<LIMBS> {
    let mut out = Uint::ZERO;
    for (word, chunk) in out.as_mut_words().iter_mut().zip(bytes.rchunks(Limb::BYTES)) {
        *word = chunk.iter().fold(0, |word, byte| word << 8 | Word::from(*byte));
    }
    out
}

/// The low and the high half of a number of up to twice as many limbs.
fn halves<const LIMBS: usize>(number: &[Word]) -> [Uint<LIMBS>; 2] {
    let half = |at: usize| {
        let mut out = Uint::ZERO;
        out.as_mut_words().iter_mut().zip(number.iter().skip(at)).for_each(|(to, from)| *to = *from);
        out
    };
    [half(0), half(LIMBS)]
}

impl<const LIMBS: usize> Prime<LIMBS> {
    fn new(prime: Uint<LIMBS>, exponent: u64) -> Option<Self> {
        let odd = Odd::new(prime).into_option()?;
        let order = NonZero::new(prime.wrapping_sub(&Uint::ONE)).into_option()?;
        let d = Uint::from_u64(exponent).invert_mod(&order).into_option()?;
        Some(Self { params: FixedMontyParams::new(odd), exponent: d.wrapping_sub(&Uint::ONE) })
    }

    fn number(&self) -> &Uint<LIMBS> {
        self.params.modulus().as_ref()
    }

    fn residue(&self, number: &Uint<LIMBS>) -> FixedMontyForm<LIMBS> {
        FixedMontyForm::new(number, &self.params)
    }

    /// low + high R to the power of d - 1, where R is what one more than all limbs count.
    fn raise(&self, [low, high]: &[Uint<LIMBS>; 2]) -> FixedMontyForm<LIMBS> {
        // The Montgomery form of R.
        let r = FixedMontyForm::from_montgomery(*self.params.r2(), &self.params);
        (self.residue(high) * r + self.residue(low)).pow_amm(&self.exponent)
    }
}

impl<const LIMBS: usize> Pair<LIMBS> {
    fn boxed(modulus: &BoxedUint, exponent: u64, p: &[u8], q: &[u8]) -> Option<Box<dyn Primes>> {
        let (p, q) = (number::<LIMBS>(p), number::<LIMBS>(q));
        if halves(modulus.as_words()) != <[_; 2]>::from(p.widening_mul(&q)) {
            return None;
        }
        let (p, q) = (Prime::new(p, exponent)?, Prime::new(q, exponent)?);
        let q_inverse = p.residue(q.number()).invert().into_option()?.to_montgomery();
        Some(Box::new(Self { p, q, q_inverse }))
    }
}

impl<const LIMBS: usize> Primes for Pair<LIMBS> {
    fn raise(&self, number: &BoxedUint) -> Zeroizing<BoxedUint> {
        let halves = halves(number.as_words());
        let (of_p, of_q) = (self.p.raise(&halves), self.q.raise(&halves).retrieve());
        // of_q + q h, where h = (of_p - of_q) / q modulo p
        let inverse = FixedMontyForm::from_montgomery(self.q_inverse, &self.p.params);
        let h = ((of_p - self.p.residue(&of_q)) * inverse).retrieve();
        let (low, high) = h.widening_mul(self.q.number());
        let (low, carry) = low.carrying_add(&of_q, Limb::ZERO);
        let high = high.wrapping_add(&Uint::from(carry));
        let mut out = Zeroizing::new(BoxedUint::zero_with_precision(number.bits_precision()));
        let words = low.as_words().iter().chain(high.as_words());
        out.as_mut_words().iter_mut().zip(words).for_each(|(to, from)| *to = *from);
        out
    }

    #[cfg(all(test, target_pointer_width = "64"))]
    fn mark(&self, mark: &dyn Fn(&[Word])) {
        for prime in [&self.p, &self.q] {
            let params = &prime.params;
            for number in [prime.number(), params.one(), params.r2(), &prime.exponent] {
                mark(number.as_words());
            }
        }
        mark(self.q_inverse.as_words());
    }
}

impl<const LIMBS: usize> Drop for Pair<LIMBS> {
    fn drop(&mut self) {
        for prime in [&mut self.p, &mut self.q] {
            prime.params.zeroize();
            prime.exponent.zeroize();
        }
        self.q_inverse.zeroize();
    }
}
