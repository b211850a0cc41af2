//! ClientHello and ServerHello.
use super::{
    AwaitCertificate, AwaitResumedChangeCipherSpec, AwaitServerHello, AwaitSession, Offer, State as S, Target,
};
use crate::cert::ServerName;
use crate::error::{Error, PeerMisbehaved};
use crate::handshake::{Action, Agreed, Context, Keyed, Negotiated, Request, illegal};
use crate::message::{ClientExtensions, ClientHello, Handshake, ServerHello, SessionId};
use crate::session::Session;
use crate::suite::{KeyKind, Suite};
use crate::transcript::{TranscriptPlan, TranscriptStart};
use crate::wire::{HandshakeType, SignatureScheme};
use alloc::{boxed::Box, sync::Arc, vec::Vec};

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
        let session = found.filter(|s| may_offer(s, cx));
        let server_name = server_name(&self.target.name);
        let extensions = if cx.policy.hello_extensions {
            ClientExtensions::lean(server_name.as_deref(), &cx.policy.alpn, signature_schemes(cx))
        } else {
            ClientExtensions::default()
        };
        let hello = ClientHello {
            version: cx.policy.version,
            random: cx.hello_random()?,
            session_id: session.as_ref().map_or(SessionId::EMPTY, |s| s.id),
            cipher_suites: cx.policy.suites.iter().map(|s| s.id).collect(),
            offers_null_compression: true,
            extensions,
        };
        let message = hello.to_message()?;
        let (hashes, raw) = (cx.provider.hashes, cx.policy.compat.raw_certificate_verify);
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

/// R-HS-35: SM2's always, others if a suite that is offered signs by them.
fn signature_schemes(cx: &Context<'_>) -> Vec<SignatureScheme> {
    let suites = cx.policy.suites.iter().map(|suite| suite.key_exchange.authenticates);
    let mut out: Vec<SignatureScheme> = Vec::new();
    for scheme in core::iter::once(KeyKind::Sm2).chain(suites).flat_map(KeyKind::schemes) {
        if !out.contains(scheme) {
            out.push(*scheme);
        }
    }
    out
}

/// R-SES-11, R-SES-13: a session is offered while it and the server's certificates are valid and its suite is enabled.
fn may_offer(session: &Session, cx: &Context<'_>) -> bool {
    !session.id.is_empty()
        && session.is_fresh(cx.now, cx.policy.session_lifetime)
        && cx.policy.suites.contains(&session.suite)
        && cx.policy.may_resume(session.suite)
}

/// R-HS-37: a DNS name in lower case, without a trailing dot; an IP address is never sent.
fn server_name(name: &ServerName<'_>) -> Option<Box<str>> {
    match name {
        ServerName::DnsName(dns) => {
            Some(dns.as_ref().trim_end_matches('.').to_ascii_lowercase().into_boxed_str())
        }
        _ => None,
    }
}

impl AwaitServerHello {
    pub(super) fn on_server_hello(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let hello = ServerHello::read(message.body)?;
        self.offer.check(&hello, cx)?;
        let Offer { target, random, session_id, extensions, session, transcript, .. } = *self.offer;
        let suite = Suite::find(hello.cipher_suite)
            .ok_or_else(|| illegal(HandshakeType::SERVER_HELLO, "cipher_suite", "R-CS-5"))?;
        let kind = suite.key_exchange.authenticates;
        let plan = TranscriptPlan {
            prf: suite.prf,
            also: Some(kind.fixed_hash()),
            raw: cx.policy.compat.raw_certificate_verify && kind == KeyKind::Sm2,
        };
        let mut transcript =
            transcript.begin(plan).ok_or(Error::Misuse("the suite is not an enabled one"))?;
        transcript.add(message);
        cx.actions.push(Action::SuiteChosen(suite));
        let agreed = Box::new(Agreed {
            suite,
            client_version: cx.policy.version,
            client_random: random,
            server_random: hello.random,
            session_id: hello.session_id,
            negotiated: Negotiated {
                server_name: extensions.server_name.into_host(),
                alpn: hello.extensions.alpn,
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
        Ok(S::AwaitCertificate(AwaitCertificate { agreed, target: Box::new(target) }))
    }
}

fn resume(agreed: Box<Agreed>, session: Arc<Session>, target: Target, cx: &Context<'_>) -> Result<S, Error> {
    // R-SES-11
    if session.suite != agreed.suite {
        return Err(illegal(HandshakeType::SERVER_HELLO, "cipher_suite", "R-SES-11"));
    }
    let keyed = Keyed { agreed, session };
    let keys = keyed.keys(cx.provider)?;
    Ok(S::AwaitResumedChangeCipherSpec(AwaitResumedChangeCipherSpec {
        keyed,
        key: target.session_key,
        read: keys.server,
        write: keys.client,
    }))
}

impl Offer {
    /// Whether the server chose among what was offered.
    fn check(&self, hello: &ServerHello, cx: &Context<'_>) -> Result<(), Error> {
        let wrong = |field, clause| Err(illegal(HandshakeType::SERVER_HELLO, field, clause));
        if hello.version != cx.policy.version {
            let version = hello.version;
            return Err(PeerMisbehaved::ProtocolVersion { message: "ServerHello", version }.into());
        }
        if !self.cipher_suites.contains(&hello.cipher_suite) {
            return wrong("cipher_suite", "R-CS-5");
        }
        if hello.compression_method != 0 {
            return wrong("compression_method", "R-REC-16");
        }
        self.extensions.check_answer(&hello.extensions)?;
        match &hello.extensions.alpn {
            Some(name) if !self.extensions.alpn.contains(name) => wrong("protocol_name_list", "R-ALPN-3"),
            _ => Ok(()),
        }
    }
}
