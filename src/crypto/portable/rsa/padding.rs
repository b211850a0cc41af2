//! How RSA pads what it signs (RFC 8017 9): PKCS#1 v1.5, and PSS with MGF1 of the same hash and a salt as long as it
//! (R-T12-19). Nothing in here is secret.
use super::super::hashes;
use crate::crypto::{Digest, Draw, Hashes, Random, SignatureAlgorithm};
use crate::error::CryptoError;
use crate::suite::HashAlgorithm;
use alloc::{vec, vec::Vec};

/// How a key signs: which padding, over which hash.
#[derive(Clone, Copy)]
pub(in crate::crypto::portable) enum Scheme {
    Pkcs1(Hash),
    Pss(Hash),
}

impl Scheme {
    /// Nothing, if it is none of RSA's.
    pub(in crate::crypto::portable) fn of(algorithm: SignatureAlgorithm<'_>) -> Option<Self> {
        match algorithm {
            SignatureAlgorithm::RsaPkcs1(hash) => Hash::new(hash).map(Self::Pkcs1),
            SignatureAlgorithm::RsaPss(hash) => Hash::new(hash).map(Self::Pss),
            _ => None,
        }
    }

    /// What the owner of a key of so many bits raises to his exponent, as many bytes as the modulus has.
    pub(super) fn pad(
        self,
        parts: &[&[u8]],
        bits: usize,
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        match self {
            Self::Pkcs1(hash) => pkcs1(hash, hash.digest(parts).as_ref(), bits).ok_or(CryptoError::BadKey),
            Self::Pss(hash) => {
                let mut salt = vec![0; hash.len()];
                random.fill(Draw::Public, &mut salt)?;
                pss(hash, parts, &salt, bits).ok_or(CryptoError::BadKey)
            }
        }
    }

    /// Whether a signature opens to what was padded so.
    pub(super) fn is_padded(self, parts: &[&[u8]], bits: usize, opened: &[u8]) -> bool {
        match self {
            Self::Pkcs1(hash) => is_pkcs1(hash, hash.digest(parts).as_ref(), bits, opened),
            Self::Pss(hash) => is_pss(hash, parts, bits, opened).is_some(),
        }
    }
}

/// A hash function of RSA signatures.
#[derive(Clone, Copy)]
pub(in crate::crypto::portable) struct Hash {
    algorithm: HashAlgorithm,
    /// DigestInfo up to the hash itself (9.2).
    prefix: [u8; 19],
}

impl Hash {
    pub(super) const SHA256: Self = Self::sha2(HashAlgorithm::Sha256, 1);

    /// SHA-2 alone: nobody says how SM3 is signed by RSA.
    const fn new(algorithm: HashAlgorithm) -> Option<Self> {
        match algorithm {
            HashAlgorithm::Sm3 => None,
            HashAlgorithm::Sha256 => Some(Self::SHA256),
            HashAlgorithm::Sha384 => Some(Self::sha2(algorithm, 2)),
            HashAlgorithm::Sha512 => Some(Self::sha2(algorithm, 3)),
        }
    }

    /// `arc` ends its object identifier: 2.16.840.1.101.3.4.2.arc.
    const fn sha2(algorithm: HashAlgorithm, arc: u8) -> Self {
        let length = algorithm.output_len() as u8;
        let whole = length + 17;
        let prefix =
            [0x30, whole, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, arc, 5, 0, 4, length];
        Self { algorithm, prefix }
    }

    fn digest(self, parts: &[&[u8]]) -> Digest {
        hashes::Portable.digest(self.algorithm, parts)
    }

    fn len(self) -> usize {
        self.algorithm.output_len()
    }
}

/// EMSA-PKCS1-v1_5 of a digest: `00 01 ff … ff 00 DigestInfo`. Nothing, if the digest is not the hash's.
fn pkcs1(hash: Hash, digest: &[u8], bits: usize) -> Option<Vec<u8>> {
    let padding = bits.div_ceil(8).checked_sub(hash.prefix.len())?.checked_sub(hash.len())?.checked_sub(3)?;
    let mut out = vec![0, 1];
    out.resize(padding.checked_add(2)?, 0xff);
    out.push(0);
    out.extend_from_slice(&hash.prefix);
    out.extend_from_slice(digest);
    (digest.len() == hash.len()).then_some(out)
}

/// What the signer padded is made anew and compared: nothing of it is parsed.
pub(super) fn is_pkcs1(hash: Hash, digest: &[u8], bits: usize, opened: &[u8]) -> bool {
    pkcs1(hash, digest, bits).is_some_and(|right| right == opened)
}

/// EMSA-PSS-ENCODE (9.1.1).
fn pss(hash: Hash, parts: &[&[u8]], salt: &[u8], bits: usize) -> Option<Vec<u8>> {
    let layout = Layout::new(hash, bits)?;
    let h = salted(hash, hash.digest(parts).as_ref(), salt);
    let mut db = [&vec![0; layout.padding], &[1][..], salt].concat();
    mask(hash, h.as_ref(), &mut db);
    *db.first_mut()? &= layout.first_bits;
    let surplus = vec![0; layout.surplus];
    Some([&surplus, &db, h.as_ref(), &[0xbc]].concat())
}

/// EMSA-PSS-VERIFY (9.1.2).
fn is_pss(hash: Hash, parts: &[&[u8]], bits: usize, opened: &[u8]) -> Option<()> {
    let layout = Layout::new(hash, bits)?;
    let (surplus, padded) = opened.split_at_checked(layout.surplus)?;
    let (db, tail) = padded.split_at_checked(layout.padding.checked_add(hash.len())?.checked_add(1)?)?;
    let (h, end) = tail.split_at_checked(hash.len())?;
    let unused = db.first()? & !layout.first_bits;
    if surplus.iter().any(|b| *b != 0) || end != [0xbc] || unused != 0 {
        return None;
    }
    let mut db = db.to_vec();
    mask(hash, h, &mut db);
    *db.first_mut()? &= layout.first_bits;
    let (padding, rest) = db.split_at_checked(layout.padding)?;
    let ([1], salt) = rest.split_first_chunk()? else { return None };
    let right = salted(hash, hash.digest(parts).as_ref(), salt);
    (padding.iter().all(|b| *b == 0) && right.as_ref() == h).then_some(())
}

/// PSS, one bit shorter than the modulus: `zeros[surplus] mask(zeros[padding] 01 salt) H bc`, salt and H as long as the hash.
struct Layout {
    /// A modulus of 8 n + 1 bits has one byte more than what is padded for it.
    surplus: usize,
    padding: usize,
    /// The bits of the first masked byte that are used.
    first_bits: u8,
}

impl Layout {
    /// Nothing for a modulus that is too short.
    fn new(hash: Hash, bits: usize) -> Option<Self> {
        let used = bits.checked_sub(1)?;
        let len = used.div_ceil(8);
        let padding = len.checked_sub(hash.len().checked_mul(2)?)?.checked_sub(2)?;
        let unused = len.checked_mul(8)?.checked_sub(used)?;
        Some(Self { surplus: bits.div_ceil(8).checked_sub(len)?, padding, first_bits: 0xff >> unused })
    }
}

/// H = Hash(zeros[8] || digest || salt)
fn salted(hash: Hash, digest: &[u8], salt: &[u8]) -> Digest {
    hash.digest(&[&[0; 8], digest, salt])
}

/// Adds MGF1(seed), which is Hash(seed || 0) || Hash(seed || 1) || …, the counter in 32 bits (B.2.1).
fn mask(hash: Hash, seed: &[u8], data: &mut [u8]) {
    for (counter, chunk) in (0u32..).zip(data.chunks_mut(hash.len())) {
        let stream = hash.digest(&[seed, &counter.to_be_bytes()]);
        chunk.iter_mut().zip(stream.as_ref()).for_each(|(byte, mask)| *byte ^= mask);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// R-T12-19, RFC 8017 9.1.2: whatever is not as it was padded is refused, be the hash at its end right.
    #[test]
    fn refuses_every_other_form_of_the_same_salt() {
        let (hash, parts) = (Hash::SHA256, [&b"message"[..]]);
        for bits in [2048, 2049, 2055] {
            let good = pss(hash, &parts, &[7; 32], bits).unwrap();
            let is_padded = |padded: &[u8]| Scheme::Pss(hash).is_padded(&parts, bits, padded);
            assert!(is_padded(&good), "{bits}");
            let (db, h) = (Layout::new(hash, bits).unwrap(), good.len() - 33);
            let first = db.surplus;
            // The surplus byte, bits that are not used, and what is masked: zeros, the 1 behind them, and the end.
            let mut places = vec![(first, 1), (first + 1, 1), (first + db.padding, 2), (good.len() - 1, 1)];
            places.extend((first > 0).then_some((0, 1)));
            places.extend((db.first_bits != 0xff).then_some((first, 0x80)));
            for (at, bit) in places {
                let mut bad = good.clone();
                bad[at] ^= bit;
                assert!(at < h || at == good.len() - 1);
                assert!(!is_padded(&bad), "{bits}: byte {at}");
            }
        }
    }
}
