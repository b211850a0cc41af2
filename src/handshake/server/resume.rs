//! The abbreviated handshake: the server finishes first (R-SES-2, R-SES-3).
use super::choose::{self, Acknowledged};
use super::hello::{agree, full_handshake};
use super::{
    AwaitResumedChangeCipherSpec, AwaitResumedFinished, AwaitSession, Chosen, Handle, Hello, State as S,
};
use crate::config::ClientAuth;
use crate::error::{Error, PeerIncompatible};
use crate::handshake::{Action, Context, Keyed};
use crate::key_schedule::Sender;
use crate::message::Handshake;
use crate::session::{Peer, Session, SessionKey};
use alloc::sync::Arc;

impl AwaitSession {
    /// Resumes the session, or goes on with a full handshake: never an alert (R-SES-1).
    pub(super) fn on_session(self, found: Option<Arc<Session>>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { hello, chosen, handle } = self;
        let named =
            |session: &Arc<Session>| handle == Handle::Ticket || session.id == hello.message().session_id;
        let Some(session) = found.filter(named).filter(|s| may_resume(s, &hello, &chosen, cx)) else {
            return full_handshake(hello, chosen, cx);
        };
        let terms = choose::terms(hello.message(), session.suite, cx);
        // R-EMS-3: the one without the other would be a downgrade; any other difference is none.
        if session.terms.extended_master_secret && !terms.extended_master_secret {
            return Err(PeerIncompatible::NoExtendedMasterSecret.into());
        }
        if session.terms != terms {
            return full_handshake(hello, chosen, cx);
        }
        // What is echoed is what was offered.
        let offered = hello.message().session_id;
        let agreed = agree(hello, session.suite, offered, Acknowledged::default(), cx)?;
        cx.log_secret(&agreed, &session.master);
        let mut keyed = Keyed::new(agreed, session, cx.provider);
        let keys = keyed.keys()?;
        cx.write_finished(&mut keyed, keys.server, Sender::Server)?;
        Ok(S::AwaitResumedChangeCipherSpec(AwaitResumedChangeCipherSpec { keyed, read: keys.client }))
    }
}

/// R-SES-10, R-SES-16: suite still enabled and offered, same name, same context and own identity, still valid, and a
/// client identity where one is required. A suite in common implies the version.
fn may_resume(session: &Session, hello: &Hello, chosen: &Chosen, cx: &Context<'_>) -> bool {
    let policy = cx.policy;
    let needs_client = policy.client_auth == ClientAuth::Require || session.suite.key_exchange.is_mutual();
    hello.offer.suites.contains(&session.suite)
        && policy.may_resume(session.suite)
        && session.server_name.as_deref() == hello.message().extensions.server_name.host()
        && session.context == policy.session_context
        && session.own_identity == *chosen.identity.fingerprint()
        && session.is_fresh(cx.now, policy.session_lifetime)
        && (!needs_client || matches!(session.peer, Peer::Authenticated { .. }))
}

impl AwaitResumedChangeCipherSpec {
    pub(super) fn on_change_cipher_spec(self, cx: &mut Context<'_>) -> S {
        let Self { keyed, read } = self;
        cx.actions.push(Action::NewReadKeys(read));
        S::AwaitResumedFinished(AwaitResumedFinished { keyed })
    }
}

impl AwaitResumedFinished {
    pub(super) fn on_finished(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let mut keyed = self.keyed;
        keyed.check_finished(message, Sender::Client)?;
        let id = keyed.session.id;
        let key = (!id.is_empty()).then_some(SessionKey::Id(id));
        keyed.done(key, true, cx);
        Ok(S::Connected)
    }
}
