//! RSA (RFC 8017) on the arithmetic of the crate `rsa`, whose exponentiation by a secret exponent is in constant time and
//! blinded: signatures, and a decryption that never tells whether it succeeded (R-RSA-2).
mod padding;

use crate::crypto::{Draw, PreMasterSecret, PrivateKey, PublicKey, Random, SignatureAlgorithm};
use crate::error::CryptoError;
use crate::wire::ProtocolVersion;
use alloc::{sync::Arc, vec, vec::Vec};
use core::ops::RangeInclusive;
use der::asn1::UintRef;
use der::{Decode, Reader as _, SliceReader};
use padding::Hash;
pub(super) use padding::Scheme;
use rand_core::{TryCryptoRng, TryRng};
use rsa::hazmat::{rsa_decrypt, rsa_decrypt_and_check, rsa_encrypt};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPrivateKey, RsaPublicKey};
use zeroize::Zeroizing;

/// Bits of a modulus: no fewer can be trusted, and no more are worth a peer's asking.
const SIZES: RangeInclusive<usize> = 2048..=8192;

/// How often padding is drawn before the source of randomness is taken to be broken.
const MAX_DRAWS: usize = 128;

/// From `RSAPublicKey` in DER.
pub(super) fn public(der: &[u8]) -> Result<PublicKey, CryptoError> {
    parse_public(der)?;
    Ok(PublicKey::Rsa(Arc::from(der)))
}

/// Anybody can make a [`PublicKey`], so it is checked whenever it is used.
fn parse_public(der: &[u8]) -> Result<RsaPublicKey, CryptoError> {
    let [n, e] = integers(der)?;
    let key = RsaPublicKey::new_with_size_limits(number(n)?, number(e)?, SIZES);
    key.map_err(|_| CryptoError::BadKey)
}

/// The integers of a SEQUENCE that holds nothing else.
fn integers<const N: usize>(der: &[u8]) -> Result<[UintRef<'_>; N], CryptoError> {
    let parse = || {
        let mut reader = SliceReader::new(der)?;
        let list = reader.sequence(|r| {
            let mut list = Vec::with_capacity(N);
            for _ in 0..N {
                list.push(UintRef::decode(r)?);
            }
            Ok::<_, der::Error>(list)
        })?;
        reader.finish()?;
        Ok::<_, der::Error>(list)
    };
    parse().ok().and_then(|list| list.try_into().ok()).ok_or(CryptoError::BadKey)
}

fn number(integer: UintRef<'_>) -> Result<BoxedUint, CryptoError> {
    let bytes = integer.as_bytes();
    let bits = u32::try_from(bytes.len().saturating_mul(8)).map_err(|_| CryptoError::BadKey)?;
    if bits as usize > *SIZES.end() {
        return Err(CryptoError::BadKey);
    }
    BoxedUint::from_be_slice(bytes, bits).map_err(|_| CryptoError::BadKey)
}

/// The number under n that `bytes` are, if they are as many as the modulus has: all of it is public.
fn representative(key: &impl PublicKeyParts, bytes: &[u8]) -> Option<BoxedUint> {
    let number = BoxedUint::from_be_slice(bytes, key.n_bits_precision()).ok()?;
    (bytes.len() == key.size() && number < **key.n()).then_some(number)
}

/// As many bytes as the modulus has.
fn to_bytes(key: &impl PublicKeyParts, number: &BoxedUint) -> Zeroizing<Vec<u8>> {
    let bytes = Zeroizing::new(number.to_be_bytes().into_vec());
    let surplus = bytes.len().saturating_sub(key.size());
    Zeroizing::new(bytes.get(surplus..).unwrap_or_default().to_vec())
}

fn bits(key: &impl PublicKeyParts) -> usize {
    key.n().bits() as usize
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
    let opened = |key: &RsaPublicKey| {
        let opened = rsa_encrypt(key, &representative(key, signature)?).ok()?;
        Some(to_bytes(key, &opened))
    };
    let key = parse_public(der).map_err(|_| CryptoError::BadSignature)?;
    let opened = opened(&key).ok_or(CryptoError::BadSignature)?;
    if is_right(bits(&key), &opened) { Ok(()) } else { Err(CryptoError::BadSignature) }
}

/// RSAES-PKCS1-v1_5: `00 02 PS 00 message`, where PS has no zero and at least 8 bytes.
pub(super) fn encrypt(der: &[u8], message: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
    let key = parse_public(der)?;
    let padding = key.size().saturating_sub(message.len()).saturating_sub(3);
    if padding < 8 {
        return Err(CryptoError::TooLong);
    }
    let mut block = Zeroizing::new(vec![0, 2]);
    block.extend_from_slice(&non_zero(padding, random)?);
    block.push(0);
    block.extend_from_slice(message);
    let block = representative(&key, &block).map(Zeroizing::new).ok_or(CryptoError::BadKey)?;
    let encrypted = rsa_encrypt(&key, &block).map_err(|_| CryptoError::BadKey)?;
    Ok(to_bytes(&key, &encrypted).to_vec())
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
    key: RsaPrivateKey,
    public: PublicKey,
}

impl RsaKey {
    /// From `RSAPrivateKey` in DER; what can be computed of it is, and not believed.
    pub(super) fn new(der: &[u8]) -> Result<Self, CryptoError> {
        let [version, n, e, d, p, q, _, _, _] = integers(der)?;
        if version.as_bytes() != [0] {
            return Err(CryptoError::Unsupported);
        }
        let modulus = number(n)?;
        RsaPublicKey::new_with_size_limits(modulus.clone(), number(e)?, SIZES)
            .map_err(|_| CryptoError::BadKey)?;
        let primes = vec![number(p)?, number(q)?];
        let key = RsaPrivateKey::from_components(modulus, number(e)?, number(d)?, primes)
            .map_err(|_| CryptoError::BadKey)?;
        Ok(Self { key, public: PublicKey::Rsa(public_der(n, e)?.into()) })
    }
}

/// `RSAPublicKey` in DER.
fn public_der(n: UintRef<'_>, e: UintRef<'_>) -> Result<Vec<u8>, CryptoError> {
    use der::{Encode, Header, Length, Tag};
    let encode = || {
        let length: Length = (n.encoded_len()? + e.encoded_len()?)?;
        let mut out = Vec::new();
        Header::new(Tag::Sequence, length).encode_to_vec(&mut out)?;
        n.encode_to_vec(&mut out)?;
        e.encode_to_vec(&mut out)?;
        Ok::<_, der::Error>(out)
    };
    encode().map_err(|_| CryptoError::BadKey)
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
        let block = scheme.pad(parts, bits(&self.key), random)?;
        let block = representative(&self.key, &block).ok_or(CryptoError::BadKey)?;
        // Checked: a signature that went wrong in one of the primes gives the other away.
        let signature = rsa_decrypt_and_check(&self.key, Some(&mut Blinding::new(random)), &block)
            .map_err(|_| CryptoError::NoRandomness)?;
        Ok(to_bytes(&self.key, &signature).to_vec())
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
        let Some(number) = representative(&self.key, ciphertext) else { return Ok(substitute) };
        let block = rsa_decrypt(Some(&mut Blinding::new(random)), &self.key, &number)
            .map(Zeroizing::new)
            .map_err(|_| CryptoError::NoRandomness)?;
        Ok(PreMasterSecret::select_from_block(&to_bytes(&self.key, &block), version, substitute))
    }
}

/// The factors that hide from the clock what is raised to a secret power.
struct Blinding<'a> {
    random: &'a dyn Random,
    /// Draws until the source is taken to be broken: a factor takes a few hundred, and every second one fits.
    left: u32,
}

impl<'a> Blinding<'a> {
    fn new(random: &'a dyn Random) -> Self {
        Self { random, left: 1 << 16 }
    }
}

impl TryRng for Blinding<'_> {
    type Error = CryptoError;

    fn try_next_u32(&mut self) -> Result<u32, CryptoError> {
        let mut out = [0; 4];
        self.try_fill_bytes(&mut out)?;
        Ok(u32::from_le_bytes(out))
    }

    fn try_next_u64(&mut self) -> Result<u64, CryptoError> {
        let mut out = [0; 8];
        self.try_fill_bytes(&mut out)?;
        Ok(u64::from_le_bytes(out))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), CryptoError> {
        self.left = self.left.checked_sub(1).ok_or(CryptoError::NoRandomness)?;
        self.random.fill(Draw::Blinding, out)
    }
}

impl TryCryptoRng for Blinding<'_> {}

#[cfg(test)]
mod constant_time;
