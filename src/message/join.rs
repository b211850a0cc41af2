//! Whole handshake messages out of record fragments, however they were cut (R-REC-10): any record layer can use it.
use super::{Finished, Handshake};
use crate::error::{Error, PeerMisbehaved};
use crate::wire::{DecodeError, HandshakeType, Problem};
use alloc::vec::Vec;

/// The longest body of each handshake message, in bytes (R-REC-38). HelloRequest and ServerHelloDone have none, Finished
/// has 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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
            other: 64 * KIB + 16,
        }
    }
}

impl MessageLimits {
    /// The greatest length of a body of this kind, in bytes.
    pub fn of(&self, kind: HandshakeType) -> usize {
        match kind {
            HandshakeType::CLIENT_HELLO => self.client_hello,
            HandshakeType::SERVER_HELLO => self.server_hello,
            HandshakeType::CERTIFICATE => self.certificate,
            HandshakeType::CERTIFICATE_REQUEST => self.certificate_request,
            HandshakeType::SERVER_KEY_EXCHANGE | HandshakeType::CLIENT_KEY_EXCHANGE => self.key_exchange,
            HandshakeType::CERTIFICATE_VERIFY => self.certificate_verify,
            _ => fixed_length(kind).unwrap_or(self.other),
        }
    }

    /// Judges a message on its header alone.
    fn check(&self, kind: HandshakeType, length: usize) -> Result<(), Error> {
        let message = kind.name().unwrap_or("Handshake");
        if fixed_length(kind).is_some_and(|fixed| length != fixed) {
            let problem = Problem::LengthOutOfRange; // Syntax, whatever the limits are.
            return Err(DecodeError { message, field: "length", problem, clause: "R-AL-9" }.into());
        }
        if length > self.of(kind) {
            return Err(PeerMisbehaved::illegal(
                message,
                "length",
                "one under the limit for this message",
                "R-REC-38",
            )
            .into());
        }
        Ok(())
    }
}

/// The length of a body that can have no other (R-HS-38, R-AL-9).
fn fixed_length(kind: HandshakeType) -> Option<usize> {
    match kind {
        HandshakeType::HELLO_REQUEST | HandshakeType::SERVER_HELLO_DONE => Some(0),
        HandshakeType::FINISHED => Some(Finished::LEN),
        _ => None,
    }
}

/// The messages that may come next, as the state says that would take one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Whatever comes: for one who only listens.
    Any,
    /// These alone.
    Only {
        /// The state's name, for the error.
        state: &'static str,
        /// Their types; none if no message is due at all.
        kinds: &'static [HandshakeType],
    },
}

impl Due {
    /// Whether a message of this type may come.
    ///
    /// # Errors
    /// `UnexpectedMessage` (R-SM-1).
    pub fn check(self, message: HandshakeType) -> Result<(), Error> {
        match self {
            Self::Only { state, kinds } if !kinds.contains(&message) => {
                Err(PeerMisbehaved::UnexpectedMessage { state, message }.into())
            }
            Self::Any | Self::Only { .. } => Ok(()),
        }
    }
}

/// Takes fragments, gives messages. A message is judged on its header, by what is due, when it is the next one: what
/// comes behind it waits unjudged (R-REC-43). Bytes are appended once and lent out, so that a message in one-byte
/// fragments costs no more than linear time (R-REC-33).
#[derive(Debug, Default)]
pub struct Joiner {
    limits: MessageLimits,
    /// Messages that were not taken yet, and a part of one.
    buffer: Vec<u8>,
    /// Where the first message begins; before it stand those that were consumed.
    start: usize,
}

impl Joiner {
    /// Empty.
    pub fn new(limits: MessageLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Appends the content of a handshake record. If it brings the header of the next message, that is judged first,
    /// before anything of the body is stored.
    ///
    /// # Errors
    /// As [`Joiner::next`].
    pub fn push(&mut self, fragment: &[u8], due: Due) -> Result<(), Error> {
        self.drop_consumed();
        let header = self.header_with(fragment);
        let judged = self.judge(header, due);
        let lacking = Handshake::HEADER_LEN.saturating_sub(self.waiting().len());
        let stored = if judged.is_ok() { fragment } else { fragment.get(..lacking).unwrap_or(fragment) };
        let body = header.map_or(0, |(_, length)| length);
        self.append(stored, self.start.saturating_add(Handshake::HEADER_LEN).saturating_add(body));
        judged
    }

    /// The message at the front of `fragment`, if that brings the whole of it while nothing waits here, and what comes behind
    /// it: it need not be joined.
    ///
    /// # Errors
    /// As [`Joiner::next`].
    pub(crate) fn whole<'a>(&self, fragment: &'a [u8], due: Due) -> Result<Option<Whole<'a>>, Error> {
        self.judge(read_header(fragment), due)?;
        Ok(read_message(fragment))
    }

    /// Appends what waits unjudged behind a message that was whole.
    pub(crate) fn keep(&mut self, rest: &[u8]) {
        self.append(rest, self.buffer.len().saturating_add(rest.len()));
    }

    /// The next message, once it is whole. It stays until [`Joiner::consume`].
    ///
    /// # Errors
    /// As soon as its header is there: `UnexpectedMessage` for a type that is not due (R-SM-1); then `Decode` for a
    /// HelloRequest, ServerHelloDone or Finished of another length than theirs (R-HS-38, R-AL-9), and `IllegalParameter`
    /// for a message longer than its limit (R-REC-38). Nothing more is to be asked then.
    pub fn next(&self, due: Due) -> Result<Option<Handshake<'_>>, Error> {
        self.judge(read_header(self.waiting()), due)?;
        Ok(self.peek())
    }

    /// The header of the next message, of which `fragment` may bring a part.
    fn header_with(&self, fragment: &[u8]) -> Option<(HandshakeType, usize)> {
        let mut bytes = self.waiting().iter().chain(fragment).copied();
        read_header(&[bytes.next()?, bytes.next()?, bytes.next()?, bytes.next()?])
    }

    fn judge(&self, header: Option<(HandshakeType, usize)>, due: Due) -> Result<(), Error> {
        let Some((kind, length)) = header else { return Ok(()) };
        due.check(kind)?;
        self.limits.check(kind, length)
    }

    fn peek(&self) -> Option<Handshake<'_>> {
        Some(read_message(self.waiting())?.0)
    }

    /// Removes the message that [`Joiner::next`] shows; nothing if there is none.
    pub fn consume(&mut self) {
        let length = self.shown();
        if length == 0 {
            return;
        }
        self.start = self.start.saturating_add(length);
        if self.is_empty() {
            self.buffer.clear();
            self.start = 0;
        }
    }

    /// Whether anything follows the message that [`Joiner::next`] shows.
    pub fn has_more(&self) -> bool {
        self.waiting().len() > self.shown()
    }

    /// Bytes of the message that [`Joiner::next`] shows, header and all.
    fn shown(&self) -> usize {
        self.peek().map_or(0, |message| message.body.len().saturating_add(Handshake::HEADER_LEN))
    }

    /// Whether nothing is left: neither a message nor a part of one (R-REC-12, R-REC-13).
    pub fn is_empty(&self) -> bool {
        self.waiting().is_empty()
    }

    /// Gives the memory back, if nothing is left.
    pub fn trim(&mut self) {
        if self.is_empty() {
            self.buffer = Vec::new();
            self.start = 0;
        }
    }

    fn waiting(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Grows by doubling, as vectors do, but not past the end of the message that is coming, at `whole` (R-HS-49).
    fn append(&mut self, bytes: &[u8], whole: usize) {
        let len = self.buffer.len().saturating_add(bytes.len());
        if (self.buffer.capacity().saturating_add(1)..=whole).contains(&len) {
            let room = whole.min(len.saturating_mul(2));
            self.buffer.reserve_exact(room.saturating_sub(self.buffer.len()));
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Moves what is left to the front, if that is less than what was consumed: so each byte moves once at most for
    /// every byte consumed.
    fn drop_consumed(&mut self) {
        if self.start > 0 && self.start >= self.waiting().len() {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
    }
}

/// A message, and what stands behind it.
type Whole<'a> = (Handshake<'a>, &'a [u8]);

fn read_message(bytes: &[u8]) -> Option<Whole<'_>> {
    let (kind, length) = read_header(bytes)?;
    let (body, behind) = bytes.get(Handshake::HEADER_LEN..)?.split_at_checked(length)?;
    Some((Handshake { kind, body }, behind))
}

/// msg_type, uint24 length
fn read_header(bytes: &[u8]) -> Option<(HandshakeType, usize)> {
    let [kind, high, middle, low] = *bytes.first_chunk()?;
    Some((HandshakeType(kind), usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()?))
}

#[cfg(test)]
mod tests;
