//! ClientHello and ServerHello.
use super::offer;
use super::{
    AwaitCertificate, AwaitResumedChangeCipherSpec, AwaitServerHello, AwaitSession, Offer, State as S, Target,
};
use crate::error::{Error, PeerIncompatible};
use crate::handshake::{Action, Agreed, Context, Keyed, Negotiated, Request, Status, illegal, signed_hash};
use crate::message::{ClientHello, Handshake, ServerHello};
use crate::session::Session;
use crate::suite::{KeyKind, Suite};
use crate::transcript::{TranscriptPlan, TranscriptStart};
use crate::wire::HandshakeType;
use alloc::{boxed::Box, sync::Arc};

/// The client's first state. Asks for a session if one may be offered, else sends ClientHello.
///
/// # Errors
/// No randomness, or a configuration whose ClientHello does not fit its length prefixes.
pub fn start(target: Target, cx: &mut Context<'_>) -> Result<S, Error> {
    let state = AwaitSession { target };
    match state.target.session_key {
        Some(key) => {
            cx.ask(Request::FindSession { key });
            Ok(S::AwaitSession(state))
        }
        None => state.on_session(None, cx),
    }
}

impl AwaitSession {
    pub(super) fn on_session(self, found: Option<Arc<Session>>, cx: &mut Context<'_>) -> Result<S, Error> {
        let session = found.filter(|s| offer::may_offer(s, cx));
        let extensions = offer::extensions(&self.target.name, session.as_deref(), cx);
        let hello = ClientHello {
            version: cx.policy.protocol.version,
            random: cx.hello_random()?,
            session_id: offer::session_id(session.as_deref(), cx)?,
            cipher_suites: offer::cipher_suites(cx),
            offers_null_compression: true,
            extensions,
        };
        let message = hello.to_message()?;
        let raw = (cx.policy.compat.raw_certificate_verify || cx.policy.protocol.names_signature_scheme)
            && cx.policy.may_sign;
        let hashes = cx.provider.hashes;
        let transcript = TranscriptStart::new(hashes, cx.transcript_hashes(), message.as_handshake(), raw);
        cx.actions.extend(hello.extensions.server_name.clone().into_host().map(Action::NameRequested));
        cx.actions.push(Action::Write(message));
        Ok(S::AwaitServerHello(AwaitServerHello {
            offer: Box::new(Offer {
                target: self.target,
                random: hello.random,
                session_id: hello.session_id,
                cipher_suites: hello.cipher_suites,
                extensions: hello.extensions,
                session,
                transcript,
            }),
        }))
    }
}

impl AwaitServerHello {
    pub(super) fn on_server_hello(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let hello = ServerHello::read(message.body)?;
        self.offer.check(&hello, cx)?;
        let Offer { target, random, session_id, extensions, session, transcript, .. } = *self.offer;
        let suite = Suite::find(hello.cipher_suite).ok_or_else(|| {
            illegal(HandshakeType::SERVER_HELLO, "cipher_suite", "one that was offered", "R-CS-5")
        })?;
        let is_sm2 = suite.key_exchange.authenticates == KeyKind::Sm2;
        let plan = TranscriptPlan {
            prf: suite.prf,
            also: signed_hash(suite),
            raw: suite.protocol.names_signature_scheme || cx.policy.compat.raw_certificate_verify && is_sm2,
        };
        let mut transcript =
            transcript.begin(plan).ok_or(Error::Misuse("the suite is not an enabled one"))?;
        transcript.add(message);
        cx.actions.push(Action::SuiteChosen(suite));
        let terms = offer::terms(&hello.extensions, suite)?;
        cx.limit_fragments(&terms);
        let agreed = Box::new(Agreed {
            suite,
            client_version: cx.policy.protocol.version,
            client_random: random,
            server_random: hello.random,
            session_id: hello.session_id,
            negotiated: Negotiated {
                server_name: extensions.server_name.into_host(),
                alpn: hello.extensions.alpn,
                terms,
                ticket: hello.extensions.session_ticket,
                status: if hello.extensions.status_request { Status::Agreed } else { Status::NotAgreed },
            },
            transcript,
        });
        match session {
            // R-SES-9: non-empty, and equal to what was offered.
            Some(session) if !session_id.is_empty() && session_id == agreed.session_id => {
                return resume(agreed, session, target, cx);
            }
            // R-SES-6: the server went on without it.
            Some(_) => cx.actions.extend(target.session_key.map(Action::DropSession)),
            None => {}
        }
        Ok(S::AwaitCertificate(AwaitCertificate { agreed, target }))
    }
}

fn resume(agreed: Box<Agreed>, session: Arc<Session>, target: Target, cx: &Context<'_>) -> Result<S, Error> {
    let terms = &agreed.negotiated.terms;
    // R-SES-11
    if session.suite != agreed.suite {
        return Err(illegal(
            HandshakeType::SERVER_HELLO,
            "cipher_suite",
            "that of the resumed session",
            "R-SES-11",
        ));
    }
    // R-EMS-4
    if session.terms.extended_master_secret != terms.extended_master_secret {
        return Err(PeerIncompatible::NoExtendedMasterSecret.into());
    }
    // R-ETM-1, R-EXT-5: kept on resumption.
    if session.terms != *terms {
        return Err(illegal(
            HandshakeType::SERVER_HELLO,
            "extensions",
            "those of the resumed session",
            "R-EXT-5",
        ));
    }
    let ticket = agreed.negotiated.ticket;
    let keyed = Keyed::new(agreed, session, cx.provider);
    let keys = keyed.keys()?;
    let key = target.session_key;
    let next = AwaitResumedChangeCipherSpec { keyed, key, read: keys.server, write: keys.client };
    Ok(match ticket {
        true => S::AwaitResumedTicket(next),
        false => S::AwaitResumedChangeCipherSpec(next),
    })
}
