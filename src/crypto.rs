//! Floor 4: the seam between the protocol and its primitives. A [`Provider`] is a struct of `&'static dyn` fields:
//! take one whole, or put your own field in.
mod agreement;
#[cfg(feature = "aws-lc-rs")]
pub mod aws_lc;
pub(crate) mod constant_time_mac;
mod der;
mod digest;
mod hex;
#[cfg(target_pointer_width = "64")]
pub mod native;
pub mod portable;
mod public_key;
pub mod random;
pub mod secret;
mod self_test;
pub mod sm2;
pub mod sm9;

pub use agreement::{AgreementPeer, AgreementRole, Share, StartedAgreement};
pub use digest::Digest;
pub use public_key::{PublicKey, SignatureAlgorithm};
pub use random::{Draw, Random};
pub use secret::{MasterSecret, MasterSeed, PreMasterSecret, SECRET_LEN, Shared, TrafficKeys};
pub use self_test::self_test;

use crate::error::CryptoError;
use crate::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};
use crate::wire::{NamedGroup, ProtocolVersion};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use zeroize::Zeroizing;

/// The user id of every SM2 signature of the protocol, and of certificates unless told otherwise (R-SM2-1).
pub const DEFAULT_USER_ID: &[u8] = b"1234567812345678";

/// All primitives that a connection needs. One's own takes the place of some of another's:
///
/// ```
/// # use tlcp::crypto::{Provider, portable};
/// let provider: Provider = tlcp::default_provider().named("portable hashes").with_hashes(portable::provider().hashes);
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Provider {
    /// For logs.
    pub name: &'static str,
    /// Hashes, HMAC and PRF.
    pub hashes: &'static dyn Hashes,
    /// Record protection.
    pub ciphers: &'static dyn Ciphers,
    /// Operations with public keys, and the making of private ones.
    pub keys: &'static dyn Keys,
}

impl Provider {
    /// Of these parts.
    pub const fn new(
        name: &'static str,
        hashes: &'static dyn Hashes,
        ciphers: &'static dyn Ciphers,
        keys: &'static dyn Keys,
    ) -> Self {
        Self { name, hashes, ciphers, keys }
    }

    /// The same under another name.
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The same with these hashes.
    pub fn with_hashes(self, hashes: &'static dyn Hashes) -> Self {
        Self { hashes, ..self }
    }

    /// The same with these ciphers.
    pub fn with_ciphers(self, ciphers: &'static dyn Ciphers) -> Self {
        Self { ciphers, ..self }
    }

    /// The same with these operations of keys.
    pub fn with_keys(self, keys: &'static dyn Keys) -> Self {
        Self { keys, ..self }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.name).finish()
    }
}

/// The fastest provider for this machine.
pub fn default_provider() -> Provider {
    #[cfg(target_pointer_width = "64")]
    return native::provider();
    #[cfg(not(target_pointer_width = "64"))]
    portable::provider()
}

/// A hash that is under way.
pub trait HashContext: Send + Sync {
    /// Hashes `data` in.
    fn update(&mut self, data: &[u8]);
    /// The hash of all that went in so far; more may follow.
    fn current(&self) -> Digest;
}

/// Hash functions and what is built on them alone.
pub trait Hashes: Send + Sync {
    /// A fresh hash.
    fn start(&self, algorithm: HashAlgorithm) -> Box<dyn HashContext>;

    /// `Hash(parts[0] || parts[1] || …)`.
    fn digest(&self, algorithm: HashAlgorithm, parts: &[&[u8]]) -> Digest;

    /// `HMAC(key, parts[0] || parts[1] || …)`.
    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8], parts: &[&[u8]]) -> Digest;

    /// The PRF with this secret (RFC 5246 5).
    fn keyed_prf(&self, algorithm: HashAlgorithm, secret: &[u8]) -> Box<dyn Prf>;

    /// The same for a secret that is used once: see [`Prf::expand`].
    fn prf(&self, algorithm: HashAlgorithm, secret: &[u8], label: &[u8], seed: &[&[u8]], out: &mut [u8]) {
        self.keyed_prf(algorithm, secret).expand(label, seed, out);
    }
}

/// The PRF with its secret: what HMAC makes of the secret alone is made once. Wiped on drop.
pub trait Prf: Send + Sync {
    /// `PRF(secret, label, seed[0] || seed[1] || …) = P_hash(secret, label || seed)` (RFC 5246 5), filling
    /// `out`.
    fn expand(&self, label: &[u8], seed: &[&[u8]], out: &mut [u8]);
}

/// An authenticated cipher with its key. Both ways work in place.
pub trait Aead: Send + Sync {
    /// Encrypts `in_out`; returns the tag.
    fn seal(&self, nonce: &[u8; 12], aad: &[u8], in_out: &mut [u8]) -> [u8; 16];

    /// Decrypts `in_out`.
    ///
    /// # Errors
    /// [`CryptoError::DecryptFailed`] if the tag is wrong; `in_out` then holds no plaintext.
    fn open(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), CryptoError>;
}

/// One message to be authenticated with others: MAC = HMAC(key, header || data).
pub struct MacLane<'a> {
    /// `seq[8] type[1] version[2] length[2]`
    pub header: [u8; 13],
    /// The content.
    pub data: &'a [u8],
    /// The MAC comes here.
    pub mac: Digest,
}

/// One record to be encrypted with others.
pub struct CbcLane<'a> {
    /// The record's explicit IV.
    pub iv: [u8; 16],
    /// A multiple of 16 bytes.
    pub in_out: &'a mut [u8],
}

/// A block cipher in CBC mode and an HMAC, with their keys. Lanes, since the records of one large write are
/// independent of one another (R-REC-19) and go side by side.
pub trait CbcHmac: Send + Sync {
    /// Bytes of a MAC.
    fn mac_len(&self) -> usize;

    /// Computes the MACs of any number of messages.
    fn mac_lanes(&self, lanes: &mut [MacLane<'_>]);

    /// Encrypts any number of records; a rest of less than 16 bytes in a lane stays as it is.
    fn encrypt_lanes(&self, lanes: &mut [CbcLane<'_>]);

    /// Decrypts a multiple of 16 bytes in place; a rest stays as it is.
    fn decrypt(&self, iv: &[u8; 16], in_out: &mut [u8]);

    /// HMAC(key, header || data[..content_len]) where `content_len` is secret (R-REC-35 steps 2–4): time and memory
    /// accesses depend on `data.len()` and `content_min` alone. Public: content_min <= content_len <= data.len().
    /// The header's last two bytes, the length, are secret too.
    fn mac_secret_length(
        &self,
        header: &[u8; 13],
        data: &[u8],
        content_len: usize,
        content_min: usize,
    ) -> Digest;
}

/// Record protection by algorithm.
pub trait Ciphers: Send + Sync {
    /// # Errors
    /// [`CryptoError::Unsupported`] or [`CryptoError::BadKey`] (wrong length).
    fn aead(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn Aead>, CryptoError>;

    /// # Errors
    /// [`CryptoError::Unsupported`] or [`CryptoError::BadKey`] (wrong length).
    fn cbc_hmac(
        &self,
        cipher: CbcAlgorithm,
        mac: MacAlgorithm,
        key: &[u8],
        mac_key: &[u8],
    ) -> Result<Box<dyn CbcHmac>, CryptoError>;
}

/// Operations with public keys, and the making of private ones.
pub trait Keys: Send + Sync {
    /// The SM2 public key with this encoding: 65 bytes, 04 || X || Y (R-SM2-6).
    ///
    /// # Errors
    /// [`CryptoError::BadPoint`].
    fn sm2_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError>;

    /// The private key with this scalar, 32 bytes big-endian, 1 <= d <= n-2.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`].
    fn sm2_private(&self, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError>;

    /// The RSA public key of this `RSAPublicKey` (PKCS#1, DER).
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] for other lengths than 2048 to 8192 bits, and other exponents than odd ones of 3 to
    /// 2^33 - 1: so that a peer's key costs bounded work. [`CryptoError::Unsupported`], as by default.
    fn rsa_public(&self, der: &[u8]) -> Result<PublicKey, CryptoError> {
        let _ = der;
        Err(CryptoError::Unsupported)
    }

    /// The private key of this `RSAPrivateKey` (PKCS#1, DER) of two primes.
    ///
    /// # Errors
    /// As [`Keys::rsa_public`]; [`CryptoError::BadKey`] too if its numbers do not belong together.
    fn rsa_private(&self, der: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        let _ = der;
        Err(CryptoError::Unsupported)
    }

    /// The ECDSA public key on `curve`, P-256 or P-384, with this encoding: 04 || X || Y, 65 or 97 bytes.
    ///
    /// # Errors
    /// [`CryptoError::BadPoint`]; [`CryptoError::Unsupported`], as by default.
    fn ecdsa_public(&self, curve: NamedGroup, point: &[u8]) -> Result<PublicKey, CryptoError> {
        let _ = (curve, point);
        Err(CryptoError::Unsupported)
    }

    /// The ECDSA private key on `curve` with this scalar: 32 or 48 bytes big-endian, 1 <= d < n.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`]; [`CryptoError::Unsupported`], as by default.
    fn ecdsa_private(&self, curve: NamedGroup, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        let _ = (curve, scalar);
        Err(CryptoError::Unsupported)
    }

    /// The Ed25519 public key with this encoding, 32 bytes.
    ///
    /// # Errors
    /// [`CryptoError::BadPoint`]; [`CryptoError::Unsupported`], as by default.
    fn ed25519_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        let _ = point;
        Err(CryptoError::Unsupported)
    }

    /// The Ed25519 private key with this seed, 32 bytes.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`]; [`CryptoError::Unsupported`], as by default.
    fn ed25519_private(&self, seed: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        let _ = seed;
        Err(CryptoError::Unsupported)
    }

    /// The SM9 public key of `identity` for `usage` under this master public key: 04 || …, a point of G2 for signatures
    /// (129 bytes), else of G1 (65 bytes). What depends on the master key alone is made at its first use and kept.
    ///
    /// # Errors
    /// [`CryptoError::BadPoint`] for a master key that is not on its curve, outside the subgroup, or infinity;
    /// [`CryptoError::Unsupported`], as by default.
    fn sm9_public(
        &self,
        usage: sm9::Usage,
        identity: &[u8],
        master: &[u8],
    ) -> Result<PublicKey, CryptoError> {
        let _ = (usage, identity, master);
        Err(CryptoError::Unsupported)
    }

    /// The SM9 private key of `identity` for `usage`, as the key centre with this master public key made it: 04 || …, a point
    /// of G1 for signatures (65 bytes), else of G2 (129 bytes).
    ///
    /// # Errors
    /// As [`Keys::sm9_public`]; [`CryptoError::BadKey`] for a key that is not this identity's for this use under this
    /// master key.
    fn sm9_private(
        &self,
        usage: sm9::Usage,
        identity: &[u8],
        master: &[u8],
        key: &[u8],
    ) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        let _ = (usage, identity, master, key);
        Err(CryptoError::Unsupported)
    }

    /// The SM9 master key with this scalar, 32 bytes big-endian, 1 <= s < N.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`]; [`CryptoError::Unsupported`], as by default.
    fn sm9_master(
        &self,
        kind: sm9::MasterKind,
        scalar: &[u8],
    ) -> Result<Arc<dyn sm9::MasterKey>, CryptoError> {
        let _ = (kind, scalar);
        Err(CryptoError::Unsupported)
    }

    /// Verifies a signature over `parts[0] || parts[1] || …`.
    ///
    /// # Errors
    /// [`CryptoError::BadSignature`], also for anything but strict DER.
    fn verify(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        key: &PublicKey,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError>;

    /// Verifies a signature whose digest was made outside: for SM2 e = SM3(Z || message), 32 bytes ([`sm2`]),
    /// for RSA the SHA-256 hash. Not for SM9 or Ed25519, which have no such digest.
    ///
    /// # Errors
    /// [`CryptoError::BadSignature`], also for anything but strict DER.
    fn verify_digest(&self, key: &PublicKey, digest: &[u8], signature: &[u8]) -> Result<(), CryptoError>;

    /// Encrypts to `key`; for SM2 the GM/T 0009 DER, C1C3C2 (R-SM2-3), for RSA PKCS#1 v1.5 (R-RSA-1), for SM9 the
    /// GM/T 0081 DER, hidden by the KDF's key stream (R-IBC-2).
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`], [`CryptoError::TooLong`].
    fn encrypt(&self, key: &PublicKey, message: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError>;

    /// Starts a key agreement of two ephemeral keys in `group`, with no long-term key in it.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`], as for every group by default; [`CryptoError::NoRandomness`].
    fn start_agreement(
        &self,
        group: NamedGroup,
        role: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        let _ = (group, role, random);
        Err(CryptoError::Unsupported)
    }
}

/// A private key of ours, here or in a device that answers at once. One that answers later is
/// `cert::Key::Elsewhere`.
pub trait PrivateKey: Send + Sync {
    /// Its public key.
    fn public(&self) -> &PublicKey;

    /// Signs `parts[0] || parts[1] || …`; for SM2 the DER of (r, s), for SM9 of (h, S), for RSA as many bytes as the modulus has.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`], [`CryptoError::Unsupported`].
    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError>;

    /// [`PrivateKey::sign`] for each of the messages. By default one after the other; what has many at hand may ask so
    /// where the key is faster at several.
    fn sign_many(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        messages: &[&[&[u8]]],
        random: &dyn Random,
    ) -> Vec<Result<Vec<u8>, CryptoError>> {
        messages.iter().map(|parts| self.sign(algorithm, parts, random)).collect()
    }

    /// Decrypts what [`Keys::encrypt`] made.
    ///
    /// # Errors
    /// [`CryptoError::DecryptFailed`], whatever the reason (R-HS-43); [`CryptoError::Unsupported`], as by default.
    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let _ = ciphertext;
        Err(CryptoError::Unsupported)
    }

    /// [`PrivateKey::decrypt`] for each of the ciphertexts, as [`PrivateKey::sign_many`].
    fn decrypt_many(&self, ciphertexts: &[&[u8]]) -> Vec<Result<Zeroizing<Vec<u8>>, CryptoError>> {
        ciphertexts.iter().map(|ciphertext| self.decrypt(ciphertext)).collect()
    }

    /// Decrypts a pre_master_secret that begins with `version`; whatever is wrong with the ciphertext, it is
    /// `substitute`, and neither the answer nor its time tells which of the two it is (R-HS-43). By default through
    /// [`PrivateKey::decrypt`]: that is enough where a wrong ciphertext tells nothing of others, as in SM2
    /// and SM9.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`]; never because of what a ciphertext holds.
    fn decrypt_secret(
        &self,
        ciphertext: &[u8],
        version: ProtocolVersion,
        substitute: PreMasterSecret,
        random: &dyn Random,
    ) -> Result<PreMasterSecret, CryptoError> {
        let _ = random;
        let found = self.decrypt(ciphertext);
        let found = found.as_ref().map(|bytes| &bytes[..]).map_err(|e| *e);
        Ok(PreMasterSecret::select(found, version, substitute))
    }

    /// Starts a key agreement: draws the ephemeral key.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`]; [`CryptoError::BadPoint`] blames the peer; [`CryptoError::Unsupported`], as by
    /// default.
    fn start_agreement(
        &self,
        role: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        let _ = (role, random);
        Err(CryptoError::Unsupported)
    }
}

impl fmt::Debug for dyn PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrivateKey").field(self.public()).finish()
    }
}
