//! ClientHello, and the flight up to ServerHelloDone.
use super::{
    AwaitAgreementStarted, AwaitCertificate, AwaitClientHello, AwaitClientKeyExchange, AwaitIdentity,
    AwaitKeyExchangeSigned, AwaitSession, Chosen, Client, FullHandshake, Hello, Own, State as S,
};
use crate::cert::{CertificateForm, Identity, KeyUse};
use crate::config::ClientAuth;
use crate::crypto::Draw;
use crate::error::{CryptoError, Error, PeerIncompatible, PeerMisbehaved};
use crate::handshake::key_agreement::ServerAgreement;
use crate::handshake::{
    Action, Agreed, Context, IdentityQuery, Negotiated, Request, Selection, SignRequest, Started, illegal,
};
use crate::message::{
    self, CertificateRequest, ClientHello, DigitallySigned, Handshake, RequestedName, ServerExtensions,
    ServerHello, ServerKeyExchange, SessionId,
};
use crate::session::SessionKey;
use crate::suite::{KeyKind, SecretSource, Suite};
use crate::transcript::{TranscriptPlan, TranscriptStart};
use crate::wire::{HandshakeType, NamedGroup};
use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};

/// The longest ClientHello whose sender may sign the messages themselves, in bytes with its header: GmSSL's has 65
/// (R-HS-47).
const MAX_RAW_HELLO: usize = 512;

impl AwaitClientHello {
    pub(super) fn on_client_hello(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let mut hello = ClientHello::read(message.body)?;
        let mut suites = common_suites(&hello, cx)?;
        if !hello.offers_null_compression {
            return Err(illegal(message.kind, "compression_methods", "R-REC-16"));
        }
        if suites.is_empty() {
            return Err(PeerIncompatible::NoCommonCipherSuite.into());
        }
        suites.retain(|suite| may_sign(suite, &hello, cx));
        if suites.is_empty() {
            return Err(PeerIncompatible::NoCommonSignatureScheme.into());
        }
        let suites: Arc<[&'static Suite]> = suites.into();
        let alpn = choose_alpn(&hello, cx)?;
        hello.keep_known(&cx.policy.alpn);
        // R-HS-47: what GmSSL's clients sign cannot be made anew later.
        let raw = cx.policy.compat.accept_raw_certificate_verify
            && message.body.len() <= MAX_RAW_HELLO - Handshake::HEADER_LEN
            && suites.iter().any(|suite| asks_for_certificate(suite, cx));
        let hashes = cx.provider.hashes;
        let transcript = TranscriptStart::new(hashes, cx.transcript_hashes(), message, raw);
        cx.actions.extend(hello.extensions.server_name.clone().into_host().map(Action::NameRequested));
        let hello = Box::new(Hello { message: Arc::new(hello), suites, alpn, transcript });
        cx.ask(Request::SelectIdentity(IdentityQuery::ForClient {
            hello: hello.message.clone(),
            suites: hello.suites.clone(),
        }));
        Ok(S::AwaitIdentity(AwaitIdentity { hello }))
    }
}

fn may_keep_session(hello: &ClientHello, cx: &Context<'_>) -> bool {
    cx.policy.sessions && hello.extensions.server_name != RequestedName::Unservable
}

/// R-CS-4: ours that the client offers, in our order; unknown values are ignored. R-HS-33: of those, the ones whose
/// protocol answers the client's version.
fn common_suites(hello: &ClientHello, cx: &Context<'_>) -> Result<Vec<&'static Suite>, Error> {
    let version = hello.version;
    let in_version = |suite: &&&'static Suite| suite.protocol.hello_versions.contains(&version.0);
    if !cx.policy.suites.iter().any(|suite| in_version(&suite)) {
        return Err(PeerMisbehaved::ProtocolVersion { message: "ClientHello", version }.into());
    }
    let offered = |suite: &&&'static Suite| hello.cipher_suites.contains(&suite.id);
    Ok(cx.policy.suites.iter().filter(in_version).filter(offered).copied().collect())
}

/// R-HS-6: the suite fixes the scheme whatever the list says; a strict policy wants to see it there.
fn may_sign(suite: &Suite, hello: &ClientHello, cx: &Context<'_>) -> bool {
    match &hello.extensions.signature_schemes {
        Some(theirs) if cx.policy.strict_signature_schemes => {
            suite.key_exchange.authenticates.schemes().iter().any(|ours| theirs.contains(ours))
        }
        _ => true,
    }
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

impl AwaitIdentity {
    pub(super) fn on_identity(self, selection: Selection, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { hello } = self;
        let chosen = match selection {
            Selection::Identity { identity, by_name } => Chosen { identity, by_name },
            Selection::Nothing => return Err(PeerIncompatible::NoServerIdentity.into()),
            Selection::UnrecognizedName => return Err(PeerIncompatible::UnrecognizedName.into()),
        };
        let id = hello.message.session_id;
        // R-SES-9: an empty id never names a session. R-HS-48: nor is there one of a name that nobody serves.
        if id.is_empty() || !may_keep_session(&hello.message, cx) {
            return full_handshake(*hello, chosen, cx);
        }
        cx.ask(Request::FindSession { key: SessionKey::Id(id) });
        Ok(S::AwaitSession(AwaitSession { hello, chosen }))
    }
}

/// ServerHello and Certificate, then what the suite's key exchange begins with.
pub(super) fn full_handshake(hello: Hello, chosen: Chosen, cx: &mut Context<'_>) -> Result<S, Error> {
    let Chosen { identity, by_name } = chosen;
    let kind = identity.public_key(KeyUse::Sign).kind();
    let fitting = |suite: &&&'static Suite| suite.key_exchange.authenticates == kind;
    let suite = *hello.suites.iter().find(fitting).ok_or(PeerIncompatible::NoServerIdentity)?;
    let session_id = new_session_id(&hello, suite, cx)?;
    // R-HS-37: acknowledged only if the name was used.
    let acknowledge = by_name && hello.message.extensions.server_name.host().is_some();
    let mut agreed = agree(hello, suite, session_id, acknowledge, cx)?;
    cx.write(&mut agreed.transcript, Ok(identity.message(CertificateForm::Dual).clone()))?;
    match suite.key_exchange.secret {
        SecretSource::Agreed | SecretSource::Ephemeral => {
            let (of, group) = (Some(identity.clone()), NamedGroup::CURVE_SM2);
            cx.ask(Request::StartAgreement { identity: of, group, peer: None });
            Ok(S::AwaitAgreementStarted(AwaitAgreementStarted { agreed, identity }))
        }
        SecretSource::Encrypted => {
            Ok(sign(agreed, ServerAgreement::Decrypting(identity.clone()), identity, cx))
        }
    }
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
        version: suite.protocol.version,
        random: cx.hello_random()?,
        session_id,
        cipher_suite: suite.id,
        compression_method: 0,
        extensions: ServerExtensions::answering(acknowledge_name, alpn.as_deref()),
    };
    let certificate_verify = asks_for_certificate(suite, cx).then_some(suite.key_exchange.authenticates);
    let plan = TranscriptPlan {
        prf: suite.prf,
        also: certificate_verify.map(KeyKind::fixed_hash),
        raw: certificate_verify == Some(KeyKind::Sm2),
    };
    let transcript = transcript.begin(plan).ok_or(Error::Misuse("the suite is not an enabled one"))?;
    cx.actions.push(Action::SuiteChosen(suite));
    let mut agreed = Box::new(Agreed {
        suite,
        client_version: message.version,
        client_random: message.random,
        server_random: server_hello.random,
        session_id,
        negotiated: Negotiated { server_name: message.extensions.server_name.clone().into_host(), alpn },
        transcript,
    });
    cx.write(&mut agreed.transcript, server_hello.to_message())?;
    Ok(agreed)
}

fn asks_for_certificate(suite: &Suite, cx: &Context<'_>) -> bool {
    cx.policy.client_auth != ClientAuth::None || suite.key_exchange.is_mutual()
}

/// R-SES-9: a fresh random id, or none if the session will not be kept; never the client's.
fn new_session_id(hello: &Hello, suite: &Suite, cx: &Context<'_>) -> Result<SessionId, Error> {
    if !may_keep_session(&hello.message, cx) || !cx.policy.may_resume(suite) {
        return Ok(SessionId::EMPTY);
    }
    let mut id = [0; SessionId::MAX];
    cx.random.fill(Draw::SessionId, &mut id)?;
    Ok(SessionId::new(id))
}

impl AwaitAgreementStarted {
    pub(super) fn on_started(
        self,
        started: Result<Started, CryptoError>,
        cx: &mut Context<'_>,
    ) -> Result<S, Error> {
        Ok(sign(self.agreed, ServerAgreement::Agreeing(started?), self.identity, cx))
    }
}

fn sign(agreed: Box<Agreed>, agreement: ServerAgreement, identity: Arc<Identity>, cx: &mut Context<'_>) -> S {
    let message = agreement.signed(&agreed, &identity);
    let end_point = cx.end_point(identity.certificate(KeyUse::Sign));
    let own = Box::new(Own { fingerprint: *identity.fingerprint(), end_point });
    let scheme = agreed.suite.key_exchange.authenticates.fixed_scheme();
    cx.ask(Request::Sign(SignRequest { identity, scheme, message }));
    S::AwaitKeyExchangeSigned(AwaitKeyExchangeSigned { full: FullHandshake { agreed, agreement, own } })
}

impl AwaitKeyExchangeSigned {
    /// ServerKeyExchange, CertificateRequest if the policy or the suite wants it, ServerHelloDone.
    pub(super) fn on_signed(self, signature: &[u8], cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut full } = self;
        let transcript = &mut full.agreed.transcript;
        let signed = DigitallySigned::bare(signature);
        cx.write(transcript, ServerKeyExchange::to_message(&full.agreement.params(), &signed))?;
        let asks = asks_for_certificate(full.agreed.suite, cx);
        if asks {
            let request = CertificateRequest {
                types: vec![full.agreed.suite.key_exchange.authenticates.certificate_type()],
                authorities: cx.policy.authorities.clone(), // Q20
            };
            cx.write_request(transcript, request)?;
        }
        cx.write(transcript, message::encode(HandshakeType::SERVER_HELLO_DONE, |_| {}))?;
        if asks {
            return Ok(S::AwaitCertificate(AwaitCertificate { full }));
        }
        let full = full.with_agreement(ServerAgreement::without_client)?;
        Ok(S::AwaitClientKeyExchange(AwaitClientKeyExchange { full, client: Client::Anonymous }))
    }
}
