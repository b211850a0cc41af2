//! The bytes that came. Records are opened where they lie, and their plaintext is read from there: one copy in, by the
//! socket, one copy out, by the reader.
use crate::record::{HEADER_LEN, MAX_CIPHERTEXT};
use alloc::vec::Vec;
use core::ops::Range;

/// Room for a few small records a read. More than the current record needs is read only up to here, so that little has
/// to be moved when the next one does not fit any more.
const CHUNK: usize = 4096;

/// The longest record and the header after it.
const MOST: usize = HEADER_LEN + MAX_CIPHERTEXT + HEADER_LEN;

/// `bytes`: consumed | plaintext | consumed | not opened yet | free.
#[derive(Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
    plaintext: Range<usize>,
    sealed: Range<usize>,
    /// Application data was opened in `bytes`.
    held_plaintext: bool,
}

impl Incoming {
    /// With these, of which none was opened yet.
    pub(super) fn holding(bytes: Vec<u8>) -> Self {
        Self { sealed: 0..bytes.len(), bytes, plaintext: 0..0, held_plaintext: false }
    }

    /// The bytes that were not opened yet.
    pub(super) fn sealed(&self) -> &[u8] {
        self.bytes.get(self.sealed.clone()).unwrap_or_default()
    }

    /// Free space for at least the `need` bytes that the current record lacks; none while plaintext waits at the end.
    pub(super) fn free(&mut self, need: usize) -> &mut [u8] {
        let want = need.saturating_add(HEADER_LEN).max(CHUNK);
        let whole = self.sealed.len().saturating_add(want).min(MOST);
        if self.plaintext.is_empty() && self.sealed.start.saturating_add(whole) > self.bytes.len() {
            if self.bytes.len() < whole {
                self.grow(whole);
            } else {
                self.bytes.copy_within(self.sealed.clone(), 0);
            }
            self.sealed = 0..self.sealed.len();
            self.plaintext = 0..0;
        }
        let end = self.sealed.start.saturating_add(whole).min(self.bytes.len());
        self.bytes.get_mut(self.sealed.end..end).unwrap_or_default()
    }

    /// A larger place with what was not opened yet at its front. A vector that grows by itself would leave plaintext behind.
    fn grow(&mut self, whole: usize) {
        let mut larger = Vec::with_capacity(whole);
        larger.extend_from_slice(self.sealed());
        larger.resize(whole, 0);
        self.wipe();
        self.bytes = larger;
    }

    fn wipe(&mut self) {
        if self.held_plaintext {
            // In one sweep: `zeroize` goes byte by byte, and buffers go each time a stream has to wait.
            self.bytes.fill(0);
            zeroize::optimization_barrier(&self.bytes);
        }
        self.held_plaintext = false;
    }

    /// `n` bytes were put into the free space.
    pub(super) fn filled(&mut self, n: usize) {
        self.sealed.end = self.sealed.end.saturating_add(n).min(self.bytes.len());
    }

    /// Takes the record with a fragment of `length` bytes from the front: where the fragment is.
    pub(super) fn take_record(&mut self, length: usize) -> Range<usize> {
        let start = self.sealed.start.saturating_add(HEADER_LEN);
        let end = start.saturating_add(length).min(self.sealed.end);
        self.sealed.start = end;
        start..end
    }

    /// The bytes of a fragment.
    pub(super) fn fragment(&mut self, at: Range<usize>) -> &mut [u8] {
        self.bytes.get_mut(at).unwrap_or_default()
    }

    /// `at` is plaintext for the reader.
    pub(super) fn set_plaintext(&mut self, at: Range<usize>) {
        self.plaintext = at;
        self.held_plaintext = true;
    }

    /// What waits for the reader.
    pub(super) fn plaintext(&self) -> &[u8] {
        self.bytes.get(self.plaintext.clone()).unwrap_or_default()
    }

    /// The reader took `n` bytes.
    pub(super) fn read(&mut self, n: usize) {
        self.plaintext.start = self.plaintext.start.saturating_add(n).min(self.plaintext.end);
    }

    /// Forgets all bytes (R-REC-42) and gives their memory back.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives the memory back, if nothing is in it.
    pub(super) fn trim(&mut self) {
        if self.plaintext.is_empty() && self.sealed.is_empty() {
            self.clear();
        }
    }
}

impl Drop for Incoming {
    /// Plaintext of a connection is wiped with it. Handshake messages are no secret.
    fn drop(&mut self) {
        self.wipe();
    }
}
