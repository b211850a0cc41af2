//! RSA (RFC 8017) on the arithmetic of the crate `crypto-bigint`, in constant time and blinded wherever a secret exponent
//! is: signatures, and a decryption that never tells whether it succeeded (R-RSA-2).
mod padding;
mod primes;
mod public;

use crate::crypto::der::integers;
use crate::crypto::{Draw, PreMasterSecret, PrivateKey, PublicKey, Random, SignatureAlgorithm};
use crate::error::CryptoError;
use crate::wire::ProtocolVersion;
use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};
use der::Encode;
use padding::Hash;
pub(super) use padding::Scheme;
use primes::{Primes, primes};
use public::{Public, Residue};
use zeroize::Zeroizing;

/// How often padding is drawn before the source of randomness is taken to be broken.
const MAX_DRAWS: usize = 128;

/// From `RSAPublicKey` in DER.
pub(super) fn public(der: &[u8]) -> Result<PublicKey, CryptoError> {
    Public::parse(der)?;
    Ok(PublicKey::Rsa(Arc::from(der)))
}

pub(super) fn verify(
    scheme: Scheme,
    der: &[u8],
    parts: &[&[u8]],
    signature: &[u8],
) -> Result<(), CryptoError> {
    opens_to(der, signature, |bits, opened| scheme.is_padded(parts, bits, opened))
}

/// PKCS#1 v1.5 over a SHA-256 hash.
pub(super) fn verify_sha256(der: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
    opens_to(der, signature, |bits, opened| padding::is_pkcs1(Hash::SHA256, digest, bits, opened))
}

/// Asks of what its owner signed with a key of so many bits: as many bytes as the modulus has.
fn opens_to(
    der: &[u8],
    signature: &[u8],
    is_right: impl FnOnce(usize, &[u8]) -> bool,
) -> Result<(), CryptoError> {
    // Anybody can make a `PublicKey`, so it is checked whenever it is used.
    let key = Public::parse(der).map_err(|_| CryptoError::BadSignature)?;
    let signature = key.residue(signature).ok_or(CryptoError::BadSignature)?;
    let opened = key.to_bytes(&key.raise(&signature));
    if is_right(key.bits(), &opened) { Ok(()) } else { Err(CryptoError::BadSignature) }
}

/// RSAES-PKCS1-v1_5: `00 02 PS 00 message`, where PS has no zero and at least 8 bytes.
pub(super) fn encrypt(der: &[u8], message: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
    let key = Public::parse(der)?;
    let padding = key.bytes().saturating_sub(message.len()).saturating_sub(3);
    if padding < 8 {
        return Err(CryptoError::TooLong);
    }
    let mut block = Zeroizing::new(Vec::with_capacity(key.bytes()));
    block.extend_from_slice(&[0, 2]);
    block.extend_from_slice(&non_zero(padding, random)?);
    block.push(0);
    block.extend_from_slice(message);
    let block = key.residue(&block).ok_or(CryptoError::BadKey)?;
    Ok(key.to_bytes(&key.raise(&block)).to_vec())
}

fn non_zero(length: usize, random: &dyn Random) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let mut out = Zeroizing::new(vec![0; length]);
    let mut drawn = Zeroizing::new(vec![0; length]);
    for _ in 0..MAX_DRAWS {
        random.fill(Draw::EncryptionPadding, &mut drawn)?;
        let zeros = out.iter_mut().zip(drawn.iter()).filter(|(o, _)| **o == 0);
        zeros.for_each(|(o, b)| *o = *b);
        if !out.contains(&0) {
            return Ok(out);
        }
    }
    Err(CryptoError::NoRandomness)
}

/// An RSA private key of two primes. Wiped when the last handle goes.
pub(super) struct RsaKey {
    key: Public,
    primes: Box<dyn Primes>,
    public: PublicKey,
}

impl RsaKey {
    /// From `RSAPrivateKey` in DER; what can be computed of the modulus, its primes and the public exponent is, and not
    /// believed.
    pub(super) fn new(der: &[u8]) -> Result<Self, CryptoError> {
        let [version, n, e, _, p, q, _, _, _] = integers(der).map_err(|_| CryptoError::BadKey)?;
        if version.as_bytes() != [0] {
            return Err(CryptoError::Unsupported);
        }
        let key = Public::new(n, e)?;
        let primes = primes(key.modulus(), key.exponent(), [p.as_bytes(), q.as_bytes()])?;
        // `RSAPublicKey`
        let public = [n, e].to_der().map_err(|_| CryptoError::BadKey)?;
        Ok(Self { key, primes, public: PublicKey::Rsa(public.into()) })
    }

    /// c^d modulo n. What meets the primes is c r^e: it tells the clock nothing of c, and it comes back with no inverse of r,
    /// since (c r^e)^(d - 1) = c^(d - 1) r^(1 - e).
    fn raise(&self, c: &Residue, random: &dyn Random) -> Result<Residue, CryptoError> {
        let mut r = Zeroizing::new(vec![0; self.key.bytes()]);
        random.fill(Draw::Blinding, &mut r)?;
        let r = self.key.reduced_from(&r)?;
        let mut rest = self.key.power(&r, self.key.exponent().saturating_sub(1));
        self.key.multiply(&mut rest, c);
        let mut blinded = rest.clone();
        self.key.multiply(&mut blinded, &r);
        let blinded = Zeroizing::new(blinded.retrieve());
        let mut out = self.key.reduced(&self.primes.raise(&blinded));
        self.key.multiply(&mut out, &rest);
        Ok(out)
    }
}

impl PrivateKey for RsaKey {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        let scheme = Scheme::of(algorithm).ok_or(CryptoError::Unsupported)?;
        let block = scheme.pad(parts, self.key.bits(), random)?;
        let block = self.key.residue(&block).ok_or(CryptoError::BadKey)?;
        let signature = self.raise(&block, random)?;
        // A signature that went wrong in one of the primes gives the other away.
        if *self.key.raise(&signature) != *block {
            return Err(CryptoError::BadKey);
        }
        Ok(self.key.to_bytes(&signature).to_vec())
    }

    /// Never: an answer that tells a wrong padding from a right one decrypts whatever the asker likes (R-RSA-2).
    fn decrypt(&self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        Err(CryptoError::Unsupported)
    }

    fn decrypt_secret(
        &self,
        ciphertext: &[u8],
        version: ProtocolVersion,
        substitute: PreMasterSecret,
        random: &dyn Random,
    ) -> Result<PreMasterSecret, CryptoError> {
        // Seen by anyone, so that the time may tell it (R-HS-43).
        let Some(number) = self.key.residue(ciphertext) else { return Ok(substitute) };
        let block = self.key.to_bytes(&self.raise(&number, random)?);
        Ok(PreMasterSecret::select_from_block(&block, version, substitute))
    }
}

#[cfg(test)]
mod constant_time;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicU8, Ordering};

    /// The first draws have a zero at every place that is a multiple of what is left of the number.
    struct Zeros(AtomicU8);

    impl Random for Zeros {
        fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
            let left = self.0.fetch_sub(1, Ordering::Relaxed);
            out.iter_mut().zip(0_usize..).for_each(|(o, n)| *o = u8::from(n % 7 >= usize::from(left)));
            Ok(())
        }
    }

    /// RFC 8017 7.2.1: a zero in the padding would end it.
    #[test]
    fn padding_is_drawn_until_no_byte_of_it_is_zero() {
        let padding = non_zero(100, &Zeros(AtomicU8::new(5))).unwrap();
        assert_eq!(*padding, [1; 100]);
        assert_eq!(non_zero(100, &Zeros(AtomicU8::new(250))), Err(CryptoError::NoRandomness));
    }
}
