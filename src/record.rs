//! Floor 5: the record layer, usable alone: keys in, records out. It knows nothing of handshakes: whoever has a
//! [`TrafficKeys`] for each direction can protect a byte stream.
//!
//! - [`deframe`] finds the record at the front of a buffer, or says how many bytes are missing;
//! - [`Opener::open`] decrypts its fragment where it lies; [`check_fragment`] judges the content's shape;
//! - [`Sealer::seal`] cuts data into records, encrypted where they are written;
//! - [`Patience`] counts the records that lead nowhere.
//!
//! ```
//! use tlcp::crypto::{TrafficKeys, portable, random::SystemRandom};
//! use tlcp::record::{Framed, HEADER_LEN, MAX_PLAINTEXT, Opener, Sealer, VersionRule, deframe};
//! use tlcp::suite::{AeadAlgorithm, Protection};
//! use tlcp::wire::{ContentType, ProtocolVersion};
//!
//! // Both ends have the keys of this direction: MAC key (none under GCM), cipher key, fixed IV.
//! let sm4_gcm = Protection::Aead(AeadAlgorithm::Sm4Gcm);
//! let keys = || TrafficKeys::new(ProtocolVersion::TLCP, sm4_gcm, &[], &[7; 16], &[9; 4]);
//! let ciphers = portable::provider().ciphers;
//!
//! let mut sealer = Sealer::new(keys()?, ciphers)?;
//! let mut stream = Vec::new();
//! let data = [b'x'; 40_000];
//! sealer.seal(ContentType::APPLICATION_DATA, &data, MAX_PLAINTEXT, &SystemRandom, &mut stream)?;
//!
//! let mut opener = Opener::new(&keys()?, ciphers)?;
//! let (mut received, mut rest) = (Vec::new(), &mut stream[..]);
//! while let Framed::Record { content_type, length, .. } =
//!     deframe(rest, VersionRule::Exactly(ProtocolVersion::TLCP), opener.is_protected())?
//! {
//!     let (record, next) = rest.split_at_mut(HEADER_LEN + length);
//!     let fragment = &mut record[HEADER_LEN..];
//!     let content = opener.open(content_type, fragment)?;
//!     received.extend_from_slice(&fragment[content]);
//!     rest = next;
//! }
//! assert_eq!(received, data);
//! # Ok::<(), tlcp::error::Error>(())
//! ```
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod aead;
mod cbc;
pub mod check;
pub mod frame;

pub use check::{Patience, PatienceLimits, alert_of, check_change_cipher_spec, check_fragment};
pub(crate) use frame::header_version;
pub use frame::{Framed, HEADER_LEN, MAX_CIPHERTEXT, MAX_PLAINTEXT, VersionRule, deframe};

use crate::crypto::{Ciphers, Random, TrafficKeys};
use crate::error::{CryptoError, Error, PeerMisbehaved};
use crate::suite::{AeadAlgorithm, Protection};
use crate::wire::{ContentType, ProtocolVersion};
use aead::AeadKey;
use alloc::vec::Vec;
use cbc::CbcKey;
use core::fmt;
use core::ops::Range;
use zeroize::Zeroize;

/// How many records one GCM key seals unless told otherwise: 2^24.5 (R-REC-18, BCP 195).
pub const GCM_RECORD_LIMIT: u64 = 23_726_566;

/// How many records one key seals. ChaCha20 has no block cipher's collisions, and its bound lies beyond the sequence
/// numbers (RFC 8446 5.5); CBC has a fresh IV for each record, and an HMAC.
const fn record_limit(protection: Protection) -> u64 {
    match protection {
        Protection::Aead(AeadAlgorithm::ChaCha20Poly1305) | Protection::Cbc { .. } => u64::MAX,
        Protection::Aead(_) => GCM_RECORD_LIMIT,
    }
}

/// The longest fragment that may be, when `bytes` are asked for.
fn longest(bytes: usize) -> u16 {
    bytes.clamp(1, MAX_PLAINTEXT) as u16
}

/// What protects one direction.
enum Cipher {
    Plain,
    Aead(AeadKey),
    Cbc(CbcKey),
    /// A record did not open: the key is gone.
    Failed,
}

impl Cipher {
    fn new(keys: &TrafficKeys, ciphers: &dyn Ciphers) -> Result<Self, CryptoError> {
        Ok(match keys.protection() {
            Protection::Aead(algorithm) => Self::Aead(AeadKey::new(algorithm, keys, ciphers)?),
            Protection::Cbc { cipher, mac, order } => {
                Self::Cbc(CbcKey::new(ciphers.cbc_hmac(cipher, mac, keys.key(), keys.mac_key())?, order))
            }
        })
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Plain => "Plain",
            Self::Aead(_) => "Aead",
            Self::Cbc(_) => "Cbc",
            Self::Failed => "Failed",
        }
    }
}

/// What authenticates a record beside its content.
#[derive(Clone, Copy)]
struct Place {
    /// The sequence number.
    number: u64,
    content_type: ContentType,
    version: ProtocolVersion,
}

impl Place {
    /// seq[8] type[1] version[2] length[2], where the length may be secret (R-REC-20, R-REC-26).
    fn pseudo_header(self, content_len: usize) -> [u8; 13] {
        let [a, b, c, d, e, f, g, h] = self.number.to_be_bytes();
        let [major, minor] = self.version.0.to_be_bytes();
        let [high, low] = (content_len as u16).to_be_bytes();
        [a, b, c, d, e, f, g, h, self.content_type.0, major, minor, high, low]
    }

    fn header(self, fragment_len: usize) -> Result<[u8; HEADER_LEN], Error> {
        let length = u16::try_from(fragment_len).map_err(|_| Error::Misuse("a record is too long"))?;
        Ok(frame::header(self.content_type, self.version, length))
    }
}

/// Protects what is sent. Records are numbered from 0 for each key (R-REC-17).
pub struct Sealer {
    version: ProtocolVersion,
    /// The next record's number.
    next: u64,
    limit: u64,
    max_fragment: u16,
    cipher: Cipher,
}

impl Sealer {
    /// Before there are keys: only frames, with this version in the headers.
    pub fn plain(version: ProtocolVersion) -> Self {
        Self {
            version,
            next: 0,
            limit: u64::MAX,
            max_fragment: longest(MAX_PLAINTEXT),
            cipher: Cipher::Plain,
        }
    }

    /// With the keys of our own direction. It takes them: a second sealer with the same keys would use every GCM nonce
    /// again (R-REC-27), which gives away the key of the tags.
    ///
    /// ```compile_fail,E0382
    /// # use tlcp::crypto::{TrafficKeys, portable};
    /// # use tlcp::record::Sealer;
    /// # fn twice(keys: TrafficKeys) -> Result<(), tlcp::error::Error> {
    /// let first = Sealer::new(keys, portable::provider().ciphers)?;
    /// let second = Sealer::new(keys, portable::provider().ciphers)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Crypto` if the provider has no such cipher or the key does not fit it.
    pub fn new(keys: TrafficKeys, ciphers: &dyn Ciphers) -> Result<Self, Error> {
        let cipher = Cipher::new(&keys, ciphers)?;
        let limit = record_limit(keys.protection());
        Ok(Self { version: keys.version(), next: 0, limit, max_fragment: longest(MAX_PLAINTEXT), cipher })
    }

    /// The same, but the next record has the number `sequence`: for keys that were in use. To go back is to use GCM
    /// nonces again.
    #[must_use]
    pub fn with_sequence(mut self, sequence: u64) -> Self {
        self.next = sequence;
        self
    }

    /// The same, but this key seals at most `records` records (R-REC-18).
    #[must_use]
    pub fn with_record_limit(mut self, records: u64) -> Self {
        self.limit = records;
        self
    }

    /// The same, but no record has more than `bytes` of content, 1 to [`MAX_PLAINTEXT`] (R-EXT-5): longer fragments
    /// that are asked for become shorter ones.
    #[must_use]
    pub fn with_max_fragment(mut self, bytes: usize) -> Self {
        self.max_fragment = longest(bytes);
        self
    }

    /// Whether records are encrypted: there is a key.
    pub fn is_protected(&self) -> bool {
        !matches!(self.cipher, Cipher::Plain)
    }

    /// How many records were sealed: the next one's sequence number.
    pub fn sequence(&self) -> u64 {
        self.next
    }

    /// Bytes of the records that `data_len` bytes become, in fragments of at most `max_fragment` >= 1 bytes.
    pub fn sealed_len(&self, data_len: usize, max_fragment: usize) -> usize {
        self.records_len(data_len, max_fragment.min(usize::from(self.max_fragment)))
    }

    fn records_len(&self, data_len: usize, max: usize) -> usize {
        let full = data_len.checked_div(max).unwrap_or_default();
        let rest = data_len.checked_rem(max).unwrap_or_default();
        let last = if rest > 0 || data_len == 0 { self.record_len(rest) } else { 0 };
        full.saturating_mul(self.record_len(max)).saturating_add(last)
    }

    fn record_len(&self, content_len: usize) -> usize {
        match &self.cipher {
            Cipher::Plain | Cipher::Failed => content_len.saturating_add(HEADER_LEN),
            Cipher::Aead(key) => content_len.saturating_add(key.overhead()),
            Cipher::Cbc(key) => key.record_len(content_len),
        }
    }

    /// Appends to `out` as many records as `data` needs, each of at most `max_fragment` content bytes: 1 to
    /// [`MAX_PLAINTEXT`]. An alert and a ChangeCipherSpec are never split (R-REC-39). Application data may be empty: one
    /// empty record. `random` is asked for the IVs of CBC records alone.
    ///
    /// Allocates nothing where `out` has room for [`Sealer::sealed_len`] more bytes. The records of one large write
    /// cost less under CBC than as many small writes: they are sealed sixteen at a time.
    ///
    /// # Errors
    /// [`Error::KeyExhausted`]: no more records but alerts under this key (R-REC-18). `Crypto`: no randomness.
    /// `Misuse`: `max_fragment` out of range, or an empty message. Nothing is appended and no number used up then.
    pub fn seal(
        &mut self,
        content_type: ContentType,
        data: &[u8],
        max_fragment: usize,
        random: &dyn Random,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let max = self.check_write(content_type, data, max_fragment)?;
        let (start, first) = (out.len(), self.next);
        out.reserve(self.records_len(data.len(), max));
        for batch in pieces(data, self.batch_len(max)) {
            let from = out.len();
            out.resize(from.saturating_add(self.records_len(batch.len(), max)), 0);
            let space = out.get_mut(from..).unwrap_or_default();
            if let Err(e) = self.seal_batch(content_type, batch, max, random, space) {
                out.truncate(start);
                self.next = first;
                return Err(e);
            }
        }
        Ok(())
    }

    /// Like [`Sealer::seal`], into the front of a buffer; the bytes written, which are [`Sealer::sealed_len`].
    ///
    /// # Errors
    /// As there; and `Misuse` if `out` is too short.
    pub fn seal_into(
        &mut self,
        content_type: ContentType,
        data: &[u8],
        max_fragment: usize,
        random: &dyn Random,
        out: &mut [u8],
    ) -> Result<usize, Error> {
        let max = self.check_write(content_type, data, max_fragment)?;
        let (whole, first) = (self.records_len(data.len(), max), self.next);
        let mut rest =
            out.get_mut(..whole).ok_or(Error::Misuse("the buffer is too short for the records"))?;
        for batch in pieces(data, self.batch_len(max)) {
            let space = rest.split_off_mut(..self.records_len(batch.len(), max)).unwrap_or_default();
            if let Err(e) = self.seal_batch(content_type, batch, max, random, space) {
                self.next = first;
                return Err(e);
            }
        }
        Ok(whole)
    }

    /// The fragment length to use, once it is certain that the whole of `data` may be sealed.
    fn check_write(
        &self,
        content_type: ContentType,
        data: &[u8],
        max_fragment: usize,
    ) -> Result<usize, Error> {
        let whole = matches!(content_type, ContentType::ALERT | ContentType::CHANGE_CIPHER_SPEC);
        if !whole && !(1..=MAX_PLAINTEXT).contains(&max_fragment) {
            return Err(Error::Misuse("max_fragment is not between 1 and 16384"));
        }
        let max = if whole { MAX_PLAINTEXT } else { max_fragment.min(usize::from(self.max_fragment)) };
        if data.is_empty() && content_type != ContentType::APPLICATION_DATA {
            return Err(Error::Misuse("only application data may be empty"));
        }
        // R-REC-18: an alert may still say why it ends; the number itself never wraps.
        let limit = if content_type == ContentType::ALERT { u64::MAX } else { self.limit };
        let records = data.len().div_ceil(max).max(1) as u64;
        match self.next.checked_add(records) {
            Some(after) if after <= limit => Ok(max),
            _ => Err(Error::KeyExhausted),
        }
    }

    /// How much data is sealed at once.
    fn batch_len(&self, max: usize) -> usize {
        if matches!(self.cipher, Cipher::Cbc(_)) { max.saturating_mul(cbc::LANES) } else { max }
    }

    fn seal_batch(
        &mut self,
        content_type: ContentType,
        data: &[u8],
        max: usize,
        random: &dyn Random,
        out: &mut [u8],
    ) -> Result<(), Error> {
        let place = Place { number: self.next, content_type, version: self.version };
        match &self.cipher {
            Cipher::Plain => frame::plain(place.header(data.len())?, data, out),
            Cipher::Failed => return Err(Error::Misuse("the key is gone")),
            Cipher::Aead(key) => key.seal(place, data, out)?,
            Cipher::Cbc(key) => key.seal(place, data, max, random, out)?,
        }
        self.next = self.next.saturating_add(pieces(data, max).count() as u64);
        Ok(())
    }
}

/// Opens what is received. Records are numbered from 0 for each key (R-REC-17).
pub struct Opener {
    version: ProtocolVersion,
    /// The next record's number.
    next: u64,
    max_fragment: u16,
    cipher: Cipher,
}

impl Opener {
    /// Before there are keys: fragments are content.
    pub fn plain() -> Self {
        let (version, max_fragment) = (ProtocolVersion::TLCP, longest(MAX_PLAINTEXT));
        Self { version, next: 0, max_fragment, cipher: Cipher::Plain }
    }

    /// With the keys of the peer's direction.
    ///
    /// # Errors
    /// `Crypto` if the provider has no such cipher or the key does not fit it.
    pub fn new(keys: &TrafficKeys, ciphers: &dyn Ciphers) -> Result<Self, Error> {
        let cipher = Cipher::new(keys, ciphers)?;
        Ok(Self { version: keys.version(), next: 0, max_fragment: longest(MAX_PLAINTEXT), cipher })
    }

    /// The same, but the next record has the number `sequence`: for keys that were in use.
    #[must_use]
    pub fn with_sequence(mut self, sequence: u64) -> Self {
        self.next = sequence;
        self
    }

    /// The same, but a record of more than `bytes` of content, 1 to [`MAX_PLAINTEXT`], is too long (R-EXT-5).
    #[must_use]
    pub fn with_max_fragment(mut self, bytes: usize) -> Self {
        self.max_fragment = longest(bytes);
        self
    }

    /// Whether there is a key: then [`deframe`] allows longer fragments.
    pub fn is_protected(&self) -> bool {
        !matches!(self.cipher, Cipher::Plain)
    }

    /// How many records were opened: the next one's sequence number.
    pub fn sequence(&self) -> u64 {
        self.next
    }

    /// Opens the fragment of the next record in place: where in it the content stands.
    ///
    /// One failure is the end: `fragment` is wiped (R-REC-42), the key is wiped, and every later record fails.
    ///
    /// # Errors
    /// `BadRecordMac`, whatever the reason (R-REC-22, R-REC-28); `RecordOverflow` for an authentic record of more than
    /// [`MAX_PLAINTEXT`] bytes, or of more than were agreed on (R-REC-36, R-EXT-5); `TooMany` in place of a wrapping sequence number (R-REC-18).
    pub fn open(&mut self, content_type: ContentType, fragment: &mut [u8]) -> Result<Range<usize>, Error> {
        let opened = self.open_next(content_type, fragment);
        if opened.is_err() {
            fragment.zeroize();
            self.cipher = Cipher::Failed;
        }
        Ok(opened?)
    }

    fn open_next(
        &mut self,
        content_type: ContentType,
        fragment: &mut [u8],
    ) -> Result<Range<usize>, PeerMisbehaved> {
        let place = Place { number: self.next, content_type, version: self.version };
        let after =
            self.next.checked_add(1).ok_or(PeerMisbehaved::TooMany { what: "records under one key" })?;
        let content = match &self.cipher {
            Cipher::Plain => Some(0..fragment.len()),
            Cipher::Aead(key) => key.open(place, fragment),
            Cipher::Cbc(key) => key.open(place, fragment),
            Cipher::Failed => None,
        };
        let content = content.ok_or(PeerMisbehaved::BadRecordMac)?;
        if content.len() > usize::from(self.max_fragment) {
            return Err(PeerMisbehaved::RecordOverflow { length: content.len() });
        }
        self.next = after;
        Ok(content)
    }
}

/// `data` in pieces of at most `max` > 0 bytes; one empty piece if there is no data.
fn pieces(data: &[u8], max: usize) -> impl Iterator<Item = &[u8]> {
    data.is_empty().then_some(data).into_iter().chain(data.chunks(max))
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({}, {}, record {})", self.cipher.name(), self.version, self.next)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opener({}, record {})", self.cipher.name(), self.next)
    }
}

#[cfg(test)]
mod tests;
