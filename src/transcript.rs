//! Floor 5: the hash over the handshake messages as they were sent and received, never re-encoded (R-KEY-3).
use crate::crypto::{Digest, HashContext, Hashes};
use crate::message::{CertificateRequest, Handshake, Message};
use crate::suite::HashAlgorithm;
use crate::wire::Overlong;
use alloc::{boxed::Box, vec::Vec};

/// What a transcript must keep, told once, when the suite is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TranscriptPlan {
    /// The hash of the PRF: for Finished.
    pub prf: HashAlgorithm,
    /// The hash that CertificateVerify is over, if it is another one (R-HS-45).
    pub also: Option<HashAlgorithm>,
    /// The messages too: a CertificateVerify may be over them (Q2, R-HS-47).
    pub raw: bool,
}

/// Before the suite is known: one hash for each that an enabled suite may need.
pub struct TranscriptStart {
    running: Vec<Running>,
    kept: Kept,
}

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

/// A message, or what it can be made of again: what many connections send alike is referred to, not copied (R-HS-47).
enum Piece {
    Message(Message),
    Request(CertificateRequest),
}

impl Piece {
    fn with<R>(&self, f: impl FnOnce(Handshake<'_>) -> R) -> Result<R, Overlong> {
        Ok(match self {
            Self::Message(message) => f(message.as_handshake()),
            Self::Request(request) => f(request.to_message()?.as_handshake()),
        })
    }
}

/// The message as TLS and TLCP hash it.
fn add(hash: &mut dyn HashContext, message: Handshake<'_>) {
    hash.update(&message.header());
    hash.update(message.body);
}

impl TranscriptStart {
    /// Begins with the ClientHello, under each of `algorithms`; `raw` keeps the message itself too.
    pub fn new(
        hashes: &dyn Hashes,
        algorithms: impl IntoIterator<Item = HashAlgorithm>,
        client_hello: Handshake<'_>,
        raw: bool,
    ) -> Self {
        let mut running: Vec<Running> = Vec::new();
        for algorithm in algorithms {
            if running.iter().all(|one| one.algorithm != algorithm) {
                let mut hash = hashes.start(algorithm);
                add(&mut *hash, client_hello);
                running.push(Running { algorithm, hash });
            }
        }
        let kept = if raw {
            Kept::Messages(Vec::from([Piece::Message(Message::copied(client_hello))]))
        } else {
            Kept::Nothing
        };
        Self { running, kept }
    }

    /// Goes on as `plan` says; `None` if a hash of the plan was not started.
    pub fn begin(mut self, plan: TranscriptPlan) -> Option<Transcript> {
        let mut take = |algorithm| {
            let at = self.running.iter().position(|one| one.algorithm == algorithm)?;
            Some(self.running.swap_remove(at))
        };
        let prf = take(plan.prf)?;
        let also = match plan.also.filter(|also| *also != plan.prf) {
            Some(also) => Some(take(also)?),
            None => None,
        };
        Some(Transcript { prf, also, kept: if plan.raw { self.kept } else { Kept::Nothing } })
    }
}

impl Transcript {
    /// Adds a message that came.
    pub fn add(&mut self, message: Handshake<'_>) {
        self.add_piece(message, || Piece::Message(Message::copied(message)));
    }

    /// Adds a message of our own.
    pub fn add_own(&mut self, message: &Message) {
        self.add_piece(message.as_handshake(), || Piece::Message(message.clone()));
    }

    /// Adds our CertificateRequest, encoded as `message`, whose list of names is shared.
    pub fn add_request(&mut self, message: &Message, request: CertificateRequest) {
        self.add_piece(message.as_handshake(), || Piece::Request(request));
    }

    fn add_piece(&mut self, message: Handshake<'_>, piece: impl FnOnce() -> Piece) {
        add(&mut *self.prf.hash, message);
        self.also.iter_mut().for_each(|also| add(&mut *also.hash, message));
        match &mut self.kept {
            Kept::Nothing => {}
            Kept::Messages(pieces) => pieces.push(piece()),
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
        pieces.iter().try_for_each(|piece| {
            piece.with(|message| {
                out.extend_from_slice(&message.header());
                out.extend_from_slice(message.body);
            })
        })?;
        Ok(Some(out))
    }

    /// Goes over from kept messages to their hash, behind what `hash` has taken in (R-HS-47: SM2's Z).
    ///
    /// # Errors
    /// As [`Transcript::messages`].
    pub fn hash_messages_behind(&mut self, mut hash: Box<dyn HashContext>) -> Result<(), Overlong> {
        if let Kept::Messages(pieces) = &self.kept {
            pieces.iter().try_for_each(|piece| piece.with(|message| add(&mut *hash, message)))?;
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
