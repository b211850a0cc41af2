//! Whole handshake messages out of record fragments, however they were cut (R-REC-10): any record layer can use it.
use super::Handshake;
use crate::error::{Error, PeerMisbehaved};
use crate::wire::{DecodeError, HandshakeType, Problem};
use alloc::vec::Vec;

/// The longest body of each handshake message, in bytes (R-REC-38). HelloRequest and ServerHelloDone have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLimits {
    /// ClientHello.
    pub client_hello: usize,
    /// ServerHello.
    pub server_hello: usize,
    /// Certificate.
    pub certificate: usize,
    /// CertificateRequest.
    pub certificate_request: usize,
    /// ServerKeyExchange and ClientKeyExchange.
    pub key_exchange: usize,
    /// CertificateVerify.
    pub certificate_verify: usize,
    /// Finished.
    pub finished: usize,
    /// CertificateStatus, NewSessionTicket, and types that are unknown: whoever reads them refuses those.
    pub other: usize,
}

impl Default for MessageLimits {
    fn default() -> Self {
        const KIB: usize = 1024;
        Self {
            client_hello: 32 * KIB,
            server_hello: 16 * KIB,
            certificate: 100 * KIB,
            certificate_request: 64 * KIB,
            key_exchange: 16 * KIB,
            certificate_verify: 16 * KIB,
            finished: 64,
            other: 64 * KIB + 16,
        }
    }
}

impl MessageLimits {
    /// The longest body of a `kind`.
    pub fn of(&self, kind: HandshakeType) -> usize {
        match kind {
            HandshakeType::HELLO_REQUEST | HandshakeType::SERVER_HELLO_DONE => 0,
            HandshakeType::CLIENT_HELLO => self.client_hello,
            HandshakeType::SERVER_HELLO => self.server_hello,
            HandshakeType::CERTIFICATE => self.certificate,
            HandshakeType::CERTIFICATE_REQUEST => self.certificate_request,
            HandshakeType::SERVER_KEY_EXCHANGE | HandshakeType::CLIENT_KEY_EXCHANGE => self.key_exchange,
            HandshakeType::CERTIFICATE_VERIFY => self.certificate_verify,
            HandshakeType::FINISHED => self.finished,
            _ => self.other,
        }
    }

    /// Judges a message on its header alone.
    fn check(&self, kind: HandshakeType, length: usize) -> Result<(), Error> {
        let limit = self.of(kind);
        if length <= limit {
            return Ok(());
        }
        let message = kind.name().unwrap_or("Handshake");
        if limit == 0 {
            let problem = Problem::LengthOutOfRange; // R-HS-38: a body where there is none
            return Err(DecodeError { message, field: "length", problem, clause: "R-HS-38" }.into());
        }
        Err(PeerMisbehaved::illegal(message, "length", "R-REC-38").into())
    }
}

/// Takes fragments, gives messages. Bytes are appended once and lent out, so that a message in one-byte fragments
/// costs no more than linear time (R-REC-33).
#[derive(Debug, Default)]
pub struct Joiner {
    limits: MessageLimits,
    /// Messages that were not taken yet, then the one that is still coming.
    buffer: Vec<u8>,
    /// Where the first message begins; before it stand those that were consumed.
    start: usize,
    /// Where the message begins whose bytes are coming.
    last: usize,
    /// Bytes of its body that are to come, once its header was there and was accepted.
    missing: Option<usize>,
}

impl Joiner {
    /// Empty.
    pub fn new(limits: MessageLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Appends the content of a handshake record. A message that is too long is refused on its header, before any of
    /// its body is stored.
    ///
    /// # Errors
    /// `IllegalParameter` for a message longer than its limit (R-REC-38), `Decode` for a HelloRequest or
    /// ServerHelloDone with a body (R-HS-38). Nothing more is to be pushed then.
    pub fn push(&mut self, fragment: &[u8]) -> Result<(), Error> {
        self.drop_consumed();
        let mut rest = fragment;
        while !rest.is_empty() {
            let Some(missing) = self.missing else {
                rest = self.push_header(rest)?;
                continue;
            };
            let (body, next) = rest.split_at(missing.min(rest.len()));
            self.buffer.extend_from_slice(body);
            self.body_grew(missing.saturating_sub(body.len()));
            rest = next;
        }
        Ok(())
    }

    /// The first whole message. It stays until [`Joiner::consume`].
    pub fn peek(&self) -> Option<Handshake<'_>> {
        let whole = self.buffer.get(self.start..self.last)?;
        let (kind, length) = read_header(whole)?;
        let raw = whole.get(..length.saturating_add(Handshake::HEADER_LEN))?;
        Some(Handshake { kind, raw })
    }

    /// Removes the message that [`Joiner::peek`] shows; nothing if there is none.
    pub fn consume(&mut self) {
        let Some(length) = self.peek().map(|message| message.raw.len()) else { return };
        self.start = self.start.saturating_add(length);
        if self.is_empty() {
            self.buffer.clear();
            (self.start, self.last) = (0, 0);
        }
    }

    /// Whether anything follows the message that [`Joiner::peek`] shows.
    pub fn has_more(&self) -> bool {
        let shown = self.peek().map_or(0, |message| message.raw.len());
        self.buffer.len().saturating_sub(self.start) > shown
    }

    /// Whether nothing is left: neither a message nor a part of one (R-REC-12, R-REC-13).
    pub fn is_empty(&self) -> bool {
        self.start == self.buffer.len()
    }

    /// Gives the memory back, if nothing is left.
    pub fn trim(&mut self) {
        if self.is_empty() {
            self.buffer = Vec::new();
            (self.start, self.last) = (0, 0);
        }
    }

    /// Appends what `rest` has of the 4 header bytes; the bytes after them.
    fn push_header<'a>(&mut self, rest: &'a [u8]) -> Result<&'a [u8], Error> {
        let have = self.buffer.len().saturating_sub(self.last);
        let want = Handshake::HEADER_LEN.saturating_sub(have);
        let (header, rest) = rest.split_at(want.min(rest.len()));
        self.buffer.extend_from_slice(header);
        if let Some((kind, length)) = self.buffer.get(self.last..).and_then(read_header) {
            self.limits.check(kind, length)?;
            self.body_grew(length);
        }
        Ok(rest)
    }

    fn body_grew(&mut self, missing: usize) {
        if missing > 0 {
            self.missing = Some(missing);
        } else {
            self.missing = None;
            self.last = self.buffer.len();
        }
    }

    /// Moves what is left to the front, if that is less than what was consumed: so each byte moves once at most for
    /// every byte consumed.
    fn drop_consumed(&mut self) {
        if self.start > 0 && self.start >= self.buffer.len().saturating_sub(self.start) {
            self.buffer.drain(..self.start);
            self.last = self.last.saturating_sub(self.start);
            self.start = 0;
        }
    }
}

/// msg_type, uint24 length
fn read_header(bytes: &[u8]) -> Option<(HandshakeType, usize)> {
    let [kind, high, middle, low] = *bytes.first_chunk()?;
    Some((HandshakeType(kind), usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()?))
}

#[cfg(test)]
mod tests;
