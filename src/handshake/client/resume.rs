//! The abbreviated handshake: the server finishes first (R-SES-2, R-SES-3).
use super::{AwaitResumedChangeCipherSpec, AwaitResumedFinished, State as S};
use crate::error::Error;
use crate::handshake::{Action, Context};
use crate::key_schedule::Sender;
use crate::message::Handshake;

impl AwaitResumedChangeCipherSpec {
    /// A new ticket for the same session (R-TKT-4); kept when the server has proved that it is its own.
    pub(super) fn on_ticket(mut self, message: Handshake<'_>) -> Result<S, Error> {
        self.keyed.receive_ticket(message)?;
        Ok(S::AwaitResumedChangeCipherSpec(self))
    }

    pub(super) fn on_change_cipher_spec(self, cx: &mut Context<'_>) -> S {
        let Self { keyed, key, read, write } = self;
        cx.actions.push(Action::NewReadKeys(read));
        S::AwaitResumedFinished(AwaitResumedFinished { keyed, key, write })
    }
}

impl AwaitResumedFinished {
    pub(super) fn on_finished(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut keyed, key, write } = self;
        keyed.check_finished(message, Sender::Server)?;
        let session = keyed.session.clone();
        cx.log_secret(&keyed.agreed, &session.master);
        cx.write_finished(&mut keyed, write, Sender::Client)?;
        if keyed.agreed.negotiated.ticket {
            cx.actions.extend(key.map(|key| Action::StoreSession(key, session))); // R-SES-4
        }
        keyed.done(key, true, cx);
        Ok(S::Connected)
    }
}
