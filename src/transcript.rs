//! Floor 5: the hash over the handshake messages as they were sent and received, never re-encoded (R-KEY-3).
use crate::crypto::{Digest, HashContext, Hashes};
use crate::message::{CertificateRequest, Handshake, Message};
use crate::suite::HashAlgorithm;
use crate::wire::Overlong;
use alloc::{boxed::Box, sync::Arc, vec::Vec};

/// What a transcript must keep, told once, when the suite is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TranscriptPlan {
    /// The hash of the PRF: for Finished.
    pub prf: HashAlgorithm,
    /// The hash that CertificateVerify is over, if it is another one (R-HS-45).
    pub also: Option<HashAlgorithm>,
    /// The messages too: a CertificateVerify may be over them (R-HS-47).
    pub raw: bool,
}

/// Before the suite is known: the ClientHello, to be hashed when it is, or one hash for each that an enabled suite may need.
pub struct TranscriptStart {
    hashes: &'static dyn Hashes,
    hello: Hello,
    raw: bool,
}

enum Hello {
    /// A short one that several hashes may be made of, or that is to be kept; with its header.
    Whole(Box<[u8]>),
    /// Under each algorithm once.
    Hashed([Option<Running>; HashAlgorithm::COUNT]),
}

/// The longest ClientHello that is kept only to be hashed once, in bytes: what waits for an answer is small (R-HS-49).
const MAX_UNHASHED_HELLO: usize = 1024;

/// After. Two types, not one with an option in it.
pub struct Transcript {
    prf: Running,
    also: Option<Running>,
    kept: Kept,
}

struct Running {
    algorithm: HashAlgorithm,
    hash: Box<dyn HashContext>,
}

/// The messages themselves are kept only while a CertificateVerify may be over them; kept for every connection they
/// would be most of its memory.
enum Kept {
    Nothing,
    Messages(Vec<Piece>),
    /// A hash that began with something else, such as SM2's Z, and took them in.
    Behind(Box<dyn HashContext>),
}

/// Messages with their headers, or what one can be made of again: what many connections send alike is referred to, not
/// copied (R-HS-47).
enum Piece {
    Messages(Vec<u8>),
    Shared(Arc<[u8]>),
    Request(CertificateRequest),
}

impl Piece {
    fn with<R>(&self, f: impl FnOnce(&[u8]) -> R) -> Result<R, Overlong> {
        Ok(match self {
            Self::Messages(bytes) => f(bytes),
            Self::Shared(bytes) => f(bytes),
            Self::Request(request) => f(request.to_message()?.as_bytes()),
        })
    }
}

/// Behind the last piece, if that is of the same kind.
fn keep(pieces: &mut Vec<Piece>, message: Handshake<'_>) {
    let parts = [&message.header()[..], message.body];
    match pieces.last_mut() {
        Some(Piece::Messages(bytes)) => parts.iter().for_each(|part| bytes.extend_from_slice(part)),
        _ => pieces.push(Piece::Messages(parts.concat())),
    }
}

/// The message as TLS and TLCP hash it.
fn add(hash: &mut dyn HashContext, message: Handshake<'_>) {
    hash.update(&message.header());
    hash.update(message.body);
}

impl TranscriptStart {
    /// Begins with the ClientHello, to go on under some of `algorithms`; `raw` keeps the message itself too.
    pub fn new(
        hashes: &'static dyn Hashes,
        algorithms: impl IntoIterator<Item = HashAlgorithm, IntoIter: Clone>,
        client_hello: Handshake<'_>,
        raw: bool,
    ) -> Self {
        let algorithms = algorithms.into_iter();
        let several = algorithms.clone().any(|algorithm| algorithms.clone().next() != Some(algorithm));
        if raw || several && client_hello.body.len() <= MAX_UNHASHED_HELLO {
            return Self { hashes, hello: Hello::Whole(client_hello.to_bytes().into()), raw };
        }
        let mut running: [Option<Running>; HashAlgorithm::COUNT] = Default::default();
        for algorithm in algorithms {
            if running.iter().flatten().all(|one| one.algorithm != algorithm)
                && let Some(free) = running.iter_mut().find(|place| place.is_none())
            {
                let parts = [&client_hello.header()[..], client_hello.body];
                *free = Some(Running::new(hashes, algorithm, &parts));
            }
        }
        Self { hashes, hello: Hello::Hashed(running), raw }
    }

    /// Goes on as `plan` says; `None` if a hash of the plan was not started.
    pub fn begin(mut self, plan: TranscriptPlan) -> Option<Transcript> {
        let mut take = |algorithm| match &mut self.hello {
            Hello::Whole(message) => Some(Running::new(self.hashes, algorithm, &[message])),
            Hello::Hashed(running) => {
                let is_it =
                    |one: &&mut Option<Running>| one.as_ref().is_some_and(|one| one.algorithm == algorithm);
                running.iter_mut().find(is_it)?.take()
            }
        };
        let prf = take(plan.prf)?;
        let also = match plan.also.filter(|also| *also != plan.prf) {
            Some(also) => Some(take(also)?),
            None => None,
        };
        let kept = match self.hello {
            Hello::Whole(message) if self.raw && plan.raw => {
                Kept::Messages(Vec::from([Piece::Messages(message.into())]))
            }
            Hello::Whole(_) | Hello::Hashed(_) => Kept::Nothing,
        };
        Some(Transcript { prf, also, kept })
    }
}

impl Running {
    fn new(hashes: &dyn Hashes, algorithm: HashAlgorithm, first: &[&[u8]]) -> Self {
        let mut hash = hashes.start(algorithm);
        first.iter().for_each(|part| hash.update(part));
        Self { algorithm, hash }
    }
}

impl Transcript {
    /// Adds a message that came.
    pub fn add(&mut self, message: Handshake<'_>) {
        self.add_and_keep(message, |pieces| keep(pieces, message));
    }

    /// Adds a message of our own.
    pub fn add_own(&mut self, message: &Message) {
        self.add_and_keep(message.as_handshake(), |pieces| match message.shared_bytes() {
            Some(bytes) => pieces.push(Piece::Shared(bytes.clone())),
            None => keep(pieces, message.as_handshake()),
        });
    }

    /// Adds our CertificateRequest, encoded as `message`, whose list of names is shared.
    pub fn add_request(&mut self, message: &Message, request: CertificateRequest) {
        self.add_and_keep(message.as_handshake(), |pieces| pieces.push(Piece::Request(request)));
    }

    fn add_and_keep(&mut self, message: Handshake<'_>, keep: impl FnOnce(&mut Vec<Piece>)) {
        add(&mut *self.prf.hash, message);
        self.also.iter_mut().for_each(|also| add(&mut *also.hash, message));
        match &mut self.kept {
            Kept::Nothing => {}
            Kept::Messages(pieces) => keep(pieces),
            Kept::Behind(hash) => add(&mut **hash, message),
        }
    }

    /// The hash of all messages so far, for Finished.
    pub fn current(&self) -> Digest {
        self.prf.hash.current()
    }

    /// The hash of all messages so far under `algorithm`; `None` if the plan did not name it.
    pub fn digest(&self, algorithm: HashAlgorithm) -> Option<Digest> {
        let both = core::iter::once(&self.prf).chain(&self.also);
        both.into_iter().find(|one| one.algorithm == algorithm).map(|one| one.hash.current())
    }

    /// Whether the messages themselves are kept.
    pub fn keeps_messages(&self) -> bool {
        matches!(self.kept, Kept::Messages(_))
    }

    /// The messages so far with their headers, if they were kept.
    ///
    /// # Errors
    /// [`Overlong`] if our own CertificateRequest cannot be encoded again.
    pub fn messages(&self) -> Result<Option<Vec<u8>>, Overlong> {
        let Kept::Messages(pieces) = &self.kept else { return Ok(None) };
        let mut out = Vec::new();
        pieces.iter().try_for_each(|piece| piece.with(|bytes| out.extend_from_slice(bytes)))?;
        Ok(Some(out))
    }

    /// Goes over from kept messages to their hash, behind what `hash` has taken in (R-HS-47: SM2's Z).
    ///
    /// # Errors
    /// As [`Transcript::messages`].
    pub fn hash_messages_behind(&mut self, mut hash: Box<dyn HashContext>) -> Result<(), Overlong> {
        if let Kept::Messages(pieces) = &self.kept {
            pieces.iter().try_for_each(|piece| piece.with(|bytes| hash.update(bytes)))?;
            self.kept = Kept::Behind(hash);
        }
        Ok(())
    }

    /// What [`Transcript::hash_messages_behind`] makes of all messages so far.
    pub fn digest_behind(&self) -> Option<Digest> {
        match &self.kept {
            Kept::Behind(hash) => Some(hash.current()),
            Kept::Nothing | Kept::Messages(_) => None,
        }
    }

    /// Gives back what only CertificateVerify needs: no signature will be over the messages any more.
    pub fn forget_messages(&mut self) {
        self.kept = Kept::Nothing;
        self.also = None;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::crypto::portable::provider;
    use crate::wire::HandshakeType;

    const HELLO: Handshake<'_> = Handshake { kind: HandshakeType::CLIENT_HELLO, body: b"hello" };
    const DONE: Handshake<'_> = Handshake { kind: HandshakeType::SERVER_HELLO_DONE, body: b"" };
    const BOTH: &[u8] = b"\x01\0\0\x05hello\x0e\0\0\0";
    const HASHES: [HashAlgorithm; 3] = [HashAlgorithm::Sm3, HashAlgorithm::Sm3, HashAlgorithm::Sha256];

    fn digest(algorithm: HashAlgorithm, parts: &[&[u8]]) -> Digest {
        provider().hashes.digest(algorithm, parts)
    }

    /// Both messages, where the messages themselves were begun to be kept, or not, and the plan wants them or not.
    fn transcript(also: Option<HashAlgorithm>, [begun, wanted]: [bool; 2]) -> Transcript {
        let start = TranscriptStart::new(provider().hashes, HASHES, HELLO, begun);
        let plan = TranscriptPlan { prf: HashAlgorithm::Sm3, also, raw: wanted };
        let mut transcript = start.begin(plan).unwrap();
        transcript.add(DONE);
        transcript
    }

    /// R-KEY-3, R-HS-45: each hash that was planned, and each begun once, whether the hello was hashed at once or waited.
    #[test]
    fn hashes_headers_and_bodies_under_each_algorithm_of_the_plan() {
        let [sm3, sha256] = [HashAlgorithm::Sm3, HashAlgorithm::Sha256];
        let two = transcript(Some(sha256), [false; 2]);
        assert_eq!((two.current(), two.digest(sm3)), (digest(sm3, &[BOTH]), Some(digest(sm3, &[BOTH]))));
        assert_eq!(two.digest(sha256), Some(digest(sha256, &[BOTH])));
        for also in [None, Some(sm3)] {
            assert_eq!(transcript(also, [false; 2]).digest(sha256), None);
        }
        let plan = TranscriptPlan { prf: sha256, also: Some(sm3), raw: false };
        let body = [7; MAX_UNHASHED_HELLO + 1];
        let long = Handshake { kind: HandshakeType::CLIENT_HELLO, body: &body };
        for (hello, waits) in [(HELLO, true), (long, false)] {
            let start = TranscriptStart::new(provider().hashes, HASHES, hello, false);
            match &start.hello {
                Hello::Whole(_) => assert!(waits),
                Hello::Hashed(running) => assert_eq!((running.iter().flatten().count(), waits), (2, false)),
            }
            let transcript = start.begin(plan).unwrap();
            let expected = [sha256, sm3].map(|algorithm| digest(algorithm, &[&hello.to_bytes()]));
            assert_eq!([transcript.current(), transcript.digest(sm3).unwrap()], expected);
        }
        assert!(TranscriptStart::new(provider().hashes, [sm3], HELLO, false).begin(plan).is_none());
    }

    /// R-HS-47: the messages are there only where they were begun and planned, until they are forgotten.
    #[test]
    fn keeps_the_messages_as_long_as_a_signature_may_be_over_them() {
        for both in [[false, false], [false, true], [true, false], [true, true]] {
            let mut kept = transcript(Some(HashAlgorithm::Sha256), both);
            let expected = (both == [true, true]).then(|| BOTH.to_vec());
            assert_eq!((kept.keeps_messages(), kept.messages().unwrap()), (expected.is_some(), expected));
            kept.forget_messages();
            assert!(!kept.keeps_messages() && kept.digest(HashAlgorithm::Sha256).is_none());
            assert_eq!(kept.messages(), Ok(None));
            assert_eq!(kept.current(), digest(HashAlgorithm::Sm3, &[BOTH]));
        }
    }

    /// R-HS-47: behind what was hashed before them, with those that come later.
    #[test]
    fn hashes_kept_messages_behind_something_else() {
        for kept in [true, false] {
            let mut transcript = transcript(None, [kept; 2]);
            let mut z = provider().hashes.start(HashAlgorithm::Sm3);
            z.update(b"Z");
            transcript.hash_messages_behind(z).unwrap();
            transcript.add(DONE);
            let expected = digest(HashAlgorithm::Sm3, &[b"Z", BOTH, &DONE.header()]);
            assert_eq!(transcript.digest_behind(), kept.then_some(expected));
            assert!(!transcript.keeps_messages());
            transcript.forget_messages();
            assert_eq!(transcript.digest_behind(), None);
        }
    }
}
