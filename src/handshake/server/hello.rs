//! ClientHello, and the flight up to ServerHelloDone.
use super::{
    AwaitAgreementStarted, AwaitCertificate, AwaitClientHello, AwaitClientKeyExchange, AwaitIdentity,
    AwaitKeyExchangeSigned, AwaitSession, Client, Hello, State as S,
};
use crate::cert::{CertificateForm, Identity, KeyUse};
use crate::config::ClientAuth;
use crate::crypto::{Draw, SignatureAlgorithm, StartedAgreement};
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::handshake::key_agreement::ServerAgreement;
use crate::handshake::{Agreed, Context, IdentityQuery, Request, Selection, illegal};
use crate::message::{
    self, CertificateRequest, ClientHello, Handshake, RequestedName, ServerExtensions, ServerHello,
    ServerKeyExchange, SessionId,
};
use crate::session::SessionKey;
use crate::suite::{KeyExchange, Suite};
use crate::transcript::TranscriptStart;
use crate::wire::{ClientCertificateType, HandshakeType, ProtocolVersion, SignatureScheme};
use alloc::{boxed::Box, sync::Arc, vec};

impl AwaitClientHello {
    pub(super) fn on_client_hello(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let mut hello = ClientHello::read(message.body())?;
        check_version(hello.version)?;
        if !hello.offers_null_compression {
            return Err(illegal(message.kind, "compression_methods", "R-REC-16"));
        }
        check_signature_schemes(&hello, cx)?;
        let suite = choose_suite(&hello, cx)?;
        let alpn = choose_alpn(&hello, cx)?;
        hello.keep_known(&cx.policy.alpn);
        let mut transcript = TranscriptStart::default();
        transcript.add(message.raw);
        let id = hello.session_id;
        let hello = Box::new(Hello { message: Arc::new(hello), suite, alpn, transcript });
        // R-SES-9: an empty id never names a session. R-HS-48: nor is there one of a name that nobody serves.
        if id.is_empty() || !may_keep_session(&hello.message, cx) {
            return Ok(select_identity(hello, cx));
        }
        cx.ask(Request::FindSession { key: SessionKey::Id(id) });
        Ok(S::AwaitSession(AwaitSession { hello }))
    }
}

fn may_keep_session(hello: &ClientHello, cx: &Context<'_>) -> bool {
    cx.policy.sessions && hello.extensions.server_name != RequestedName::Unservable
}

/// R-HS-33, the rows of record major 01: any client_version from 0x0101 to 0x02FF is answered with 0x0101.
fn check_version(version: ProtocolVersion) -> Result<(), Error> {
    if (0x0101..0x0300).contains(&version.0) {
        Ok(())
    } else {
        Err(PeerMisbehaved::ProtocolVersion { message: "ClientHello", version }.into())
    }
}

/// R-HS-6: the suite fixes SM2 whatever the list says; a strict policy wants to see it there.
fn check_signature_schemes(hello: &ClientHello, cx: &Context<'_>) -> Result<(), Error> {
    let ours = [SignatureScheme::SM2_SM3, SignatureScheme::SM2SIG_SM3];
    match &hello.extensions.signature_schemes {
        Some(theirs) if cx.policy.strict_signature_schemes && !theirs.iter().any(|s| ours.contains(s)) => {
            Err(PeerIncompatible::NoCommonSignatureScheme.into())
        }
        _ => Ok(()),
    }
}

/// R-CS-4: the first of ours that the client offers; unknown values are ignored.
fn choose_suite(hello: &ClientHello, cx: &Context<'_>) -> Result<&'static Suite, Error> {
    let offered = |suite: &&&'static Suite| hello.cipher_suites.contains(&suite.id);
    let found = cx.policy.suites.iter().find(offered);
    Ok(found.copied().ok_or(PeerIncompatible::NoCommonCipherSuite)?)
}

/// R-ALPN-2: the first of ours that the client offers.
fn choose_alpn(hello: &ClientHello, cx: &Context<'_>) -> Result<Option<Box<[u8]>>, Error> {
    let theirs = &hello.extensions.alpn;
    if theirs.is_empty() || cx.policy.alpn.is_empty() {
        return Ok(None);
    }
    let common = cx.policy.alpn.iter().find(|name| theirs.contains(name));
    Ok(Some(common.ok_or(PeerIncompatible::NoApplicationProtocol)?.clone()))
}

pub(super) fn select_identity(hello: Box<Hello>, cx: &mut Context<'_>) -> S {
    let (message, suite) = (hello.message.clone(), hello.suite);
    cx.ask(Request::SelectIdentity(IdentityQuery::ForClient { hello: message, suite }));
    S::AwaitIdentity(AwaitIdentity { hello })
}

/// ServerHello, from here on both sides know the suite.
pub(super) fn agree(
    hello: Hello,
    suite: &'static Suite,
    session_id: SessionId,
    acknowledge_name: bool,
    cx: &mut Context<'_>,
) -> Result<Box<Agreed>, Error> {
    let Hello { message, alpn, transcript, .. } = hello;
    let server_hello = ServerHello {
        version: cx.policy.version,
        random: cx.hello_random()?,
        session_id,
        cipher_suite: suite.id,
        compression_method: 0,
        extensions: ServerExtensions::answering(acknowledge_name, alpn.as_deref()),
    };
    let keep = cx.policy.compat.raw_certificate_verify
        && (cx.policy.client_auth != ClientAuth::None || suite.key_exchange.is_mutual());
    let mut agreed = Box::new(Agreed {
        suite,
        client_version: message.version,
        client_random: message.random,
        server_random: server_hello.random,
        session_id,
        server_name: message.extensions.server_name.clone().into_host(),
        alpn,
        transcript: transcript.begin(cx.provider.hashes, suite.prf, keep),
    });
    cx.write(&mut agreed.transcript, server_hello.to_message())?;
    Ok(agreed)
}

impl AwaitIdentity {
    pub(super) fn on_identity(self, selection: Selection, cx: &mut Context<'_>) -> Result<S, Error> {
        let (identity, by_name) = match selection {
            Selection::Identity { identity, by_name } => (identity, by_name),
            Selection::Nothing => return Err(PeerIncompatible::NoServerIdentity.into()),
            Selection::UnrecognizedName => return Err(PeerIncompatible::UnrecognizedName.into()),
        };
        let suite = self.hello.suite;
        let session_id = new_session_id(&self.hello, cx)?;
        // R-HS-37: acknowledged only if the name was used.
        let acknowledge = by_name && self.hello.message.extensions.server_name.host().is_some();
        let mut agreed = agree(*self.hello, suite, session_id, acknowledge, cx)?;
        cx.write(&mut agreed.transcript, Ok(identity.message(CertificateForm::Dual).to_vec()))?;
        match suite.key_exchange {
            KeyExchange::Ecdhe => {
                cx.ask(Request::StartAgreement { identity: identity.clone() });
                Ok(S::AwaitAgreementStarted(AwaitAgreementStarted { agreed, identity }))
            }
            KeyExchange::Ecc => Ok(sign(agreed, ServerAgreement::Decrypting(identity.clone()), identity, cx)),
        }
    }
}

/// R-SES-9: a fresh random id, or none if the session will not be kept; never the client's.
fn new_session_id(hello: &Hello, cx: &Context<'_>) -> Result<SessionId, Error> {
    if !may_keep_session(&hello.message, cx) || !cx.policy.may_resume(hello.suite) {
        return Ok(SessionId::EMPTY);
    }
    let mut id = [0; SessionId::MAX];
    cx.random.fill(Draw::SessionId, &mut id)?;
    Ok(SessionId::new(id))
}

impl AwaitAgreementStarted {
    pub(super) fn on_started(self, started: Arc<dyn StartedAgreement>, cx: &mut Context<'_>) -> S {
        sign(self.agreed, ServerAgreement::Agreeing(started), self.identity, cx)
    }
}

fn sign(agreed: Box<Agreed>, agreement: ServerAgreement, identity: Arc<Identity>, cx: &mut Context<'_>) -> S {
    let message = agreement.signed(&agreed);
    let server_end_point = Box::new(cx.end_point(identity.certificate(KeyUse::Sign)));
    cx.ask(Request::Sign { identity, algorithm: SignatureAlgorithm::SM2, message });
    S::AwaitKeyExchangeSigned(AwaitKeyExchangeSigned { agreed, agreement, server_end_point })
}

impl AwaitKeyExchangeSigned {
    /// ServerKeyExchange, CertificateRequest if the policy or the suite wants it, ServerHelloDone.
    pub(super) fn on_signed(self, signature: &[u8], cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut agreed, agreement, server_end_point } = self;
        let transcript = &mut agreed.transcript;
        cx.write(transcript, ServerKeyExchange::to_message(&agreement.params(), signature))?;
        let ask = cx.policy.client_auth != ClientAuth::None || agreed.suite.key_exchange.is_mutual();
        if ask {
            let request = CertificateRequest {
                types: vec![ClientCertificateType::ECDSA_SIGN],
                authorities: cx.policy.authorities.clone(), // Q20
            };
            cx.write(transcript, request.to_message())?;
        }
        cx.write(transcript, message::encode(HandshakeType::SERVER_HELLO_DONE, |_| {}))?;
        if ask {
            return Ok(S::AwaitCertificate(AwaitCertificate { agreed, agreement, server_end_point }));
        }
        let agreement = agreement.without_client()?;
        let client = Client::Anonymous;
        Ok(S::AwaitClientKeyExchange(AwaitClientKeyExchange { agreed, agreement, server_end_point, client }))
    }
}
