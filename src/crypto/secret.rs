//! Secrets are leaf types on the heap: moved by pointer, so that no copy stays behind on the stack; wiped once.
use crate::error::CryptoError;
use crate::suite::{HashAlgorithm, Protection};
use crate::wire::ProtocolVersion;
use alloc::{boxed::Box, sync::Arc};
use core::fmt;
use smallvec::SmallVec;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of the master_secret, and of the pre_master_secret that a client encrypts.
pub const SECRET_LEN: usize = 48;

/// The pre_master_secret: 48 bytes where the client encrypts it and in SM2's key exchange, elsewhere as many as the
/// agreement gives. Wiped on drop.
pub struct PreMasterSecret(Zeroizing<Box<[u8]>>);

/// The master_secret, 48 bytes. Wiped on drop.
pub struct MasterSecret(Box<Zeroizing<[u8; SECRET_LEN]>>);

impl PreMasterSecret {
    /// `len` zero bytes, to be filled in place through [`PreMasterSecret::expose_mut`].
    pub fn zeroed(len: usize) -> Self {
        Self(Zeroizing::new(alloc::vec![0; len].into()))
    }

    /// From bytes that the caller holds and wipes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut out = Self::zeroed(bytes.len());
        out.0.copy_from_slice(bytes);
        out
    }

    /// The secret bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret bytes, to be filled.
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// The only way from a decryption to a pre_master_secret (R-HS-43): `found` if it is as long as `substitute`, 48
    /// bytes, and begins with `version`, else `substitute`. In constant time; the error cannot show, there is none.
    pub fn select(found: Result<&[u8], CryptoError>, version: ProtocolVersion, substitute: Self) -> Self {
        let (bytes, decrypted) = match found {
            Ok(b) => (b, Choice::from(1)),
            Err(_) => (&[0u8; SECRET_LEN][..], Choice::from(0)),
        };
        let mut out = substitute;
        let right_length = bytes.len().ct_eq(&out.0.len());
        let [major, minor] = version.0.to_be_bytes();
        let mut at = bytes.iter().chain(core::iter::repeat(&0));
        let right_version = at.next().unwrap_or(&0).ct_eq(&major) & at.next().unwrap_or(&0).ct_eq(&minor);
        let good = decrypted & right_length & right_version;
        for (o, b) in out.0.iter_mut().zip(bytes.iter().chain(core::iter::repeat(&0))) {
            *o = u8::conditional_select(o, b, good);
        }
        out
    }

    /// The same of what RSA decrypted to, `block` of as many bytes as the modulus has: `00 02 PS 00 secret`, where PS has
    /// no zero. No branch and no index depends on what is in it (R-HS-43, R-RSA-2).
    pub fn select_from_block(block: &[u8], version: ProtocolVersion, substitute: Self) -> Self {
        let at = block.len().saturating_sub(substitute.0.len());
        let (head, secret) = block.split_at(at);
        let ([first, second, padding @ .., separator], [a, b, ..]) = (head, secret) else {
            return substitute;
        };
        let [major, minor] = version.0.to_be_bytes();
        let mut good = first.ct_eq(&0) & second.ct_eq(&2) & separator.ct_eq(&0);
        good &= a.ct_eq(&major) & b.ct_eq(&minor);
        padding.iter().for_each(|byte| good &= !byte.ct_eq(&0));
        let mut out = substitute;
        for (o, b) in out.0.iter_mut().zip(secret) {
            *o = u8::conditional_select(o, b, good);
        }
        out
    }
}

impl MasterSecret {
    /// All zero, to be filled in place through [`MasterSecret::expose_mut`].
    pub fn zeroed() -> Self {
        Self(Box::new(Zeroizing::new([0; SECRET_LEN])))
    }

    /// From bytes that the caller holds and wipes.
    pub fn from_bytes(bytes: &[u8; SECRET_LEN]) -> Self {
        let mut out = Self::zeroed();
        out.0.copy_from_slice(bytes);
        out
    }

    /// The secret bytes.
    pub fn expose(&self) -> &[u8; SECRET_LEN] {
        &self.0
    }

    /// The secret bytes, to be filled.
    pub fn expose_mut(&mut self) -> &mut [u8; SECRET_LEN] {
        &mut self.0
    }
}

impl Clone for MasterSecret {
    fn clone(&self) -> Self {
        Self::from_bytes(self.expose())
    }
}

/// What a key exchange ends in. A device that keeps the pre_master_secret runs the PRF inside and hands out the
/// master_secret only.
#[derive(Debug)]
pub enum Shared {
    /// From it the PRF makes the master secret.
    PreMaster(PreMasterSecret),
    /// The master secret, made by a device from the request's [`MasterSeed`].
    Master(MasterSecret),
}

/// What the PRF takes beside the pre_master_secret to make the master_secret.
#[derive(Debug, Clone)]
pub struct MasterSeed {
    /// The suite's hash.
    pub prf: HashAlgorithm,
    /// "master secret"
    pub label: &'static str,
    /// client_random || server_random, 64 bytes; with extended_master_secret the hash of the handshake so far.
    pub seed: SmallVec<[u8; 64]>,
}

/// The keys of one direction. On this floor, since the key schedule makes them and the record layer takes them.
pub struct TrafficKeys {
    version: ProtocolVersion,
    protection: Protection,
    /// Both directions' MAC keys, cipher keys and fixed IVs, wiped when neither needs it any more.
    block: Arc<Zeroizing<KeyBlock>>,
    /// Which of the two.
    second: bool,
}

/// The key block (GB/T 38636 6.5.2).
type KeyBlock = [u8; 2 * TrafficKeys::MAX];

impl TrafficKeys {
    /// The longest MAC key, cipher key and IV together, in bytes.
    pub const MAX: usize = 48 + 32 + 16;

    /// From the parts of the key block (GB/T 38636 6.5.2); each must have its length of
    /// [`Protection::key_lengths`].
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] if a length is wrong.
    pub fn new(
        version: ProtocolVersion,
        protection: Protection,
        mac_key: &[u8],
        key: &[u8],
        iv: &[u8],
    ) -> Result<Self, CryptoError> {
        if protection.key_lengths() != (mac_key.len(), key.len(), iv.len()) {
            return Err(CryptoError::BadKey);
        }
        let twice = [mac_key, mac_key, key, key, iv, iv];
        let [first, _] = Self::both(version, protection, |block| {
            block.iter_mut().zip(twice.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        })?;
        Ok(first)
    }

    /// Both directions' from the key block that `fill` writes: MAC keys, cipher keys, IVs, each the client's first.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] if it does not fit.
    pub(crate) fn both(
        version: ProtocolVersion,
        protection: Protection,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<[Self; 2], CryptoError> {
        let (mac, key, iv) = protection.key_lengths();
        let mut block = Arc::new(Zeroizing::new([0; 2 * Self::MAX]));
        let place = Arc::get_mut(&mut block).and_then(|block| block.get_mut(..2 * (mac + key + iv)));
        fill(place.ok_or(CryptoError::BadKey)?);
        let client = Self { version, protection, block, second: false };
        let server = Self { second: true, ..client.duplicate() };
        Ok([client, server])
    }

    /// The same again, for keys that are to be handed out.
    pub(crate) fn duplicate(&self) -> Self {
        let Self { version, protection, ref block, second } = *self;
        Self { version, protection, block: block.clone(), second }
    }

    /// The version that stands in record headers and MACs.
    pub fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// How records are protected.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// The MAC key; empty for an AEAD.
    pub fn mac_key(&self) -> &[u8] {
        self.part(0, self.protection.key_lengths().0)
    }

    /// The cipher key.
    pub fn key(&self) -> &[u8] {
        let (mac, key, _) = self.protection.key_lengths();
        self.part(2 * mac, key)
    }

    /// The fixed part of the nonce; empty for CBC.
    pub fn iv(&self) -> &[u8] {
        let (mac, key, iv) = self.protection.key_lengths();
        self.part(2 * (mac + key), iv)
    }

    /// Of two parts of `len` bytes from `start` on, the one of this direction.
    fn part(&self, start: usize, len: usize) -> &[u8] {
        let start = start + len * usize::from(self.second);
        self.block.get(start..start + len).unwrap_or_default()
    }
}

macro_rules! opaque_debug {
    ($($t:ident),*) => {$(
        impl fmt::Debug for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($t), "(..)"))
            }
        }
    )*};
}
opaque_debug!(PreMasterSecret, MasterSecret, TrafficKeys);

impl Zeroize for PreMasterSecret {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn substitute() -> PreMasterSecret {
        let mut s = PreMasterSecret::zeroed(SECRET_LEN);
        s.expose_mut().fill(9);
        s
    }

    /// GB/T 38636 6.5.2: of keys too short or too long none are made.
    #[test]
    fn takes_keys_of_the_right_lengths_alone() {
        let protection = crate::suite::SUITES[0].protection;
        let (mac, key, iv) = protection.key_lengths();
        let made = |mac, key, iv| {
            let parts = [mac, key, iv].map(|length| alloc::vec![7; length]);
            TrafficKeys::new(ProtocolVersion::TLCP, protection, &parts[0], &parts[1], &parts[2]).map(|_| ())
        };
        assert_eq!(made(mac, key, iv), Ok(()));
        for (mac, key, iv) in [(mac + 1, key, iv), (mac, key - 1, iv), (mac, key + 1, iv), (mac, key, iv + 1)]
        {
            assert_eq!(made(mac, key, iv), Err(CryptoError::BadKey));
        }
    }

    /// R-HS-43
    #[test]
    fn takes_the_substitute_unless_48_bytes_of_the_right_version_came() {
        let mut good = [7u8; 48];
        good[..2].copy_from_slice(&[1, 1]);
        let select = |found: Result<&[u8], CryptoError>| {
            PreMasterSecret::select(found, ProtocolVersion::TLCP, substitute()).expose().to_vec()
        };
        assert_eq!(select(Ok(&good)), good);
        let mut wrong_version = good;
        wrong_version[1] = 3;
        for bad in [Err(CryptoError::DecryptFailed), Ok(&wrong_version[..]), Ok(&good[..47]), Ok(&[])] {
            assert_eq!(select(bad), [9; 48]);
        }
        assert_eq!(select(Ok(&[good.as_slice(), &[0]].concat())), [9; 48]);
    }

    /// R-RSA-2, R-HS-43: every place of the padding counts.
    #[test]
    fn takes_the_substitute_unless_the_padding_and_the_version_are_right() {
        let mut good = [7u8; 256];
        good[..2].copy_from_slice(&[0, 2]);
        good[207..210].copy_from_slice(&[0, 1, 1]);
        let select = |block: &[u8]| {
            PreMasterSecret::select_from_block(block, ProtocolVersion::TLCP, substitute()).expose().to_vec()
        };
        assert_eq!(select(&good), good[208..]);
        for (at, byte) in
            (2..207).map(|at| (at, 0)).chain([(0, 1), (1, 1), (1, 0), (207, 1), (208, 3), (209, 3)])
        {
            let mut bad = good;
            bad[at] = byte;
            assert_eq!(select(&bad), [9; 48], "{at}");
        }
        for short in 0..51 {
            assert_eq!(select(&good[..short]), [9; 48], "{short}");
        }
        assert_eq!(select(&good[1..]), [9; 48]);
    }
}
