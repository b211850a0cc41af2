//! Records under an authenticated cipher: `nonce_explicit[8] || ciphertext || tag[16]` under GCM (R-REC-26, R-AEAD-1),
//! `ciphertext || tag[16]` under ChaCha20-Poly1305 (R-AEAD-3).
use super::{Place, frame::HEADER_LEN};
use crate::crypto::{Aead, Ciphers, TrafficKeys};
use crate::error::{CryptoError, Error};
use crate::suite::AeadAlgorithm;
use alloc::boxed::Box;
use core::ops::Range;
use zeroize::Zeroizing;

const NONCE_LEN: usize = 12;
const COUNTER_LEN: usize = 8;
const TAG_LEN: usize = 16;

/// The cipher with its key, and the nonces that go with it.
pub(super) struct AeadKey {
    aead: Box<dyn Aead>,
    /// write_IV, with zeros behind it where it is shorter.
    iv: Zeroizing<[u8; NONCE_LEN]>,
    /// Bytes of the nonce that stand in the record: all of what distinguishes it, or none.
    explicit_len: u8,
}

impl AeadKey {
    pub(super) fn new(
        algorithm: AeadAlgorithm,
        keys: &TrafficKeys,
        ciphers: &dyn Ciphers,
    ) -> Result<Self, CryptoError> {
        let mut iv = Zeroizing::new([0; NONCE_LEN]);
        iv.get_mut(..keys.iv().len()).ok_or(CryptoError::BadKey)?.copy_from_slice(keys.iv());
        let aead = ciphers.aead(algorithm, keys.key())?;
        let explicit_len = NONCE_LEN.saturating_sub(keys.iv().len()) as u8;
        Ok(Self { aead, iv, explicit_len })
    }

    /// What a record is longer than its content, in bytes, with its header.
    pub(super) fn overhead(&self) -> usize {
        self.explicit_len().saturating_add(HEADER_LEN + TAG_LEN)
    }

    fn explicit_len(&self) -> usize {
        self.explicit_len.into()
    }

    /// Writes the record of `data` into `out`, which is longer by [`AeadKey::overhead`].
    pub(super) fn seal(&self, place: Place, data: &[u8], out: &mut [u8]) -> Result<(), Error> {
        const SHORT: Error = Error::Misuse("the buffer does not fit the record");
        let counter = place.number.to_be_bytes(); // R-REC-27
        let (header, rest) = out.split_first_chunk_mut().ok_or(SHORT)?;
        *header = place.header(rest.len())?;
        let (explicit, rest) = rest.split_at_mut_checked(self.explicit_len()).ok_or(SHORT)?;
        let (content, tag) = rest.split_last_chunk_mut().ok_or(SHORT)?;
        if content.len() != data.len() {
            return Err(SHORT);
        }
        explicit.iter_mut().zip(counter).for_each(|(to, from)| *to = from);
        content.copy_from_slice(data);
        *tag = self.aead.seal(&self.nonce(counter), &place.pseudo_header(data.len()), content);
        Ok(())
    }

    /// Opens a fragment in place; where the content stands, or nothing if it does not open (R-REC-28, R-REC-37).
    pub(super) fn open(&self, place: Place, fragment: &mut [u8]) -> Option<Range<usize>> {
        let (explicit, rest) = fragment.split_at_mut_checked(self.explicit_len())?;
        let (content, tag) = rest.split_last_chunk_mut::<TAG_LEN>()?;
        let counter =
            if explicit.is_empty() { place.number.to_be_bytes() } else { (&*explicit).try_into().ok()? };
        let aad = place.pseudo_header(content.len());
        self.aead.open(&self.nonce(counter), &aad, content, tag).ok()?;
        Some(self.explicit_len()..self.explicit_len().saturating_add(content.len()))
    }

    /// write_IV xor (zeros[4] || counter): under GCM, whose write_IV has 4 bytes, write_IV || counter.
    fn nonce(&self, counter: [u8; COUNTER_LEN]) -> [u8; NONCE_LEN] {
        let mut nonce = *self.iv;
        for (to, from) in nonce.iter_mut().rev().zip(counter.iter().rev()) {
            *to ^= from;
        }
        nonce
    }
}
