//! Records under an authenticated cipher (R-REC-26): `nonce_explicit[8] || ciphertext || tag[16]`.
use super::{Place, frame::HEADER_LEN};
use crate::crypto::{Aead, Ciphers, TrafficKeys};
use crate::error::{CryptoError, Error};
use crate::suite::AeadAlgorithm;
use alloc::boxed::Box;
use core::ops::Range;
use zeroize::Zeroizing;

const EXPLICIT_LEN: usize = 8;
const TAG_LEN: usize = 16;

/// What a record is longer than its content, in bytes, with its header.
pub(super) const OVERHEAD: usize = HEADER_LEN + EXPLICIT_LEN + TAG_LEN;

/// The cipher with its key, and the nonce's fixed part.
pub(super) struct AeadKey {
    aead: Box<dyn Aead>,
    fixed_iv: Zeroizing<[u8; 4]>,
}

impl AeadKey {
    pub(super) fn new(
        algorithm: AeadAlgorithm,
        keys: &TrafficKeys,
        ciphers: &dyn Ciphers,
    ) -> Result<Self, CryptoError> {
        let fixed_iv = keys.iv().try_into().map_err(|_| CryptoError::BadKey)?;
        Ok(Self { aead: ciphers.aead(algorithm, keys.key())?, fixed_iv: Zeroizing::new(fixed_iv) })
    }

    /// Writes the record of `data` into `out`, which is `OVERHEAD` longer.
    pub(super) fn seal(&self, place: Place, data: &[u8], out: &mut [u8]) -> Result<(), Error> {
        const SHORT: Error = Error::Misuse("the buffer does not fit the record");
        let explicit = place.number.to_be_bytes(); // R-REC-27
        let (header, rest) = out.split_first_chunk_mut().ok_or(SHORT)?;
        let (nonce_explicit, rest) = rest.split_first_chunk_mut().ok_or(SHORT)?;
        let (content, tag) = rest.split_last_chunk_mut().ok_or(SHORT)?;
        if content.len() != data.len() {
            return Err(SHORT);
        }
        *header = place.header(data.len().saturating_add(EXPLICIT_LEN + TAG_LEN))?;
        *nonce_explicit = explicit;
        content.copy_from_slice(data);
        *tag = self.aead.seal(&self.nonce(explicit), &place.pseudo_header(data.len()), content);
        Ok(())
    }

    /// Opens a fragment in place; where the content stands, or nothing if it does not open (R-REC-28).
    pub(super) fn open(&self, place: Place, fragment: &mut [u8]) -> Option<Range<usize>> {
        let (explicit, rest) = fragment.split_first_chunk_mut::<EXPLICIT_LEN>()?;
        let (content, tag) = rest.split_last_chunk_mut::<TAG_LEN>()?;
        let aad = place.pseudo_header(content.len());
        self.aead.open(&self.nonce(*explicit), &aad, content, tag).ok()?;
        Some(EXPLICIT_LEN..EXPLICIT_LEN.saturating_add(content.len()))
    }

    /// write_IV || nonce_explicit
    fn nonce(&self, explicit: [u8; EXPLICIT_LEN]) -> [u8; 12] {
        let mut nonce = [0; 12];
        for (to, from) in nonce.iter_mut().zip(self.fixed_iv.iter().chain(&explicit)) {
            *to = *from;
        }
        nonce
    }
}
