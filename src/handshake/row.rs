//! A row of a machine's table, and what it refuses.
use super::{Answer, AnswerKind, Input};
use crate::error::{Error, PeerMisbehaved};
use crate::message::Due;
use crate::wire::HandshakeType;

/// What a state takes, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A handshake message of one of these types.
    Messages(&'static [HandshakeType]),
    /// ChangeCipherSpec.
    ChangeCipherSpec,
    /// The answer to the open request.
    Answer(AnswerKind),
    /// Nothing any more.
    Nothing,
}

/// A row of a machine's table: a state's name, and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row(pub &'static str, pub Takes);

impl Row {
    /// Whether the caller may give this input now: no answer that was not asked for, and nothing else before the answer.
    pub(super) fn is_in_turn(&self, input: &Input<'_>) -> bool {
        match (input, self.1) {
            (Input::Answer(answer), Takes::Answer(kind)) => answer.is(kind),
            (Input::Answer(_), _) | (_, Takes::Answer(_)) => false,
            _ => true,
        }
    }

    /// R-SM-1: what the peer sends has its place here, and who was asked has an answer.
    pub(super) fn check(&self, input: &Input<'_>) -> Result<(), Error> {
        let Self(state, takes) = *self;
        match (input, takes) {
            (Input::Message(m), _) => self.due().check(m.kind),
            (Input::ChangeCipherSpec, Takes::ChangeCipherSpec) => Ok(()),
            (Input::ChangeCipherSpec, _) => Err(PeerMisbehaved::UnexpectedChangeCipherSpec { state }.into()),
            (Input::Answer(Answer::Failed(e)), _) => Err(e.clone().into()),
            (Input::Answer(_), _) => Ok(()),
        }
    }

    pub(super) fn due(&self) -> Due {
        match *self {
            Self(state, Takes::Messages(kinds)) => Due::Only { state, kinds },
            Self(state, _) => Due::Only { state, kinds: &[] },
        }
    }
}
