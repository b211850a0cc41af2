//! ClientHello, and the flight up to ServerHelloDone.
use super::choose::{self, Acknowledged, asks_for_certificate, may_keep_session};
use super::{
    AwaitAgreementStarted, AwaitCertificate, AwaitClientHello, AwaitClientKeyExchange, AwaitIdentity,
    AwaitKeyExchangeSigned, AwaitSession, Chosen, Client, FullHandshake, Handle, Hello, State as S,
};
use crate::cert::{CertificateForm, Identity};
use crate::crypto::{AgreementRole, Draw, SignatureAlgorithm};
use crate::error::{CryptoError, Error, PeerIncompatible};
#[cfg(feature = "sm9")]
use crate::handshake::key_agreement;
use crate::handshake::key_agreement::{Parties, ServerAgreement, choose_scheme};
use crate::handshake::{
    Action, Agreed, ClientOffer, Context, IdentityQuery, Negotiated, Request, Selection, SignRequest,
    Started, Status, signed_hash,
};
use crate::message::{
    self, CertificateRequest, CertificateStatus, ClientHello, Handshake, ServerHello, ServerKeyExchange,
    SessionId,
};
use crate::session::SessionKey;
#[cfg(feature = "sm9")]
use crate::suite::{Certificates, KeyExchange};
use crate::suite::{KeyKind, SecretSource, Signs, Suite};
use crate::transcript::{TranscriptPlan, TranscriptStart};
use crate::wire::{HandshakeType, NamedGroup, SignatureScheme};
use alloc::{boxed::Box, sync::Arc, vec};

/// The longest ClientHello whose sender may sign the messages themselves, in bytes with its header: GmSSL's has 65
/// (R-HS-47).
const MAX_RAW_HELLO: usize = 512;

impl AwaitClientHello {
    pub(super) fn on_client_hello(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let mut hello = ClientHello::read(message.body)?;
        let suites = choose::common_suites(&mut hello, cx)?;
        let alpn = choose::alpn(&hello, cx)?;
        hello.keep_known(&cx.policy.alpn);
        hello.extensions.session_ticket.take_if(|_| !cx.policy.tickets); // R-HS-49: nobody will ask for it.
        // R-HS-47: what GmSSL's clients sign cannot be made anew later.
        let is_short = message.body.len() <= MAX_RAW_HELLO - Handshake::HEADER_LEN;
        let may_be_raw = cx.policy.compat.accept_raw_certificate_verify && is_short;
        let raw = (cx.policy.protocol.names_signature_scheme || may_be_raw)
            && suites.iter().any(|suite| asks_for_certificate(suite, cx));
        let hashes = cx.provider.hashes;
        let transcript = TranscriptStart::new(hashes, cx.transcript_hashes(), message, raw);
        cx.actions.extend(hello.extensions.server_name.clone().into_host().map(Action::NameRequested));
        let offer = Arc::new(ClientOffer { hello, suites });
        cx.ask(Request::SelectIdentity(IdentityQuery::ForClient(offer.clone())));
        Ok(S::AwaitIdentity(AwaitIdentity { hello: Hello { offer, alpn, transcript } }))
    }
}

impl AwaitIdentity {
    pub(super) fn on_identity(self, selection: Selection, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { hello } = self;
        let chosen = match selection {
            Selection::Identity { identity, by_name } => Chosen { identity, by_name },
            Selection::Nothing => return Err(PeerIncompatible::NoServerIdentity.into()),
            Selection::UnrecognizedName => return Err(PeerIncompatible::UnrecognizedName.into()),
        };
        if !may_keep_session(hello.message(), cx) {
            return full_handshake(hello, chosen, cx);
        }
        // R-TKT-2: whoever has a ticket is not looked up by an id.
        let ticket = hello.message().extensions.session_ticket.as_ref().filter(|ticket| !ticket.is_empty());
        let handle = match ticket.filter(|_| cx.policy.tickets) {
            Some(ticket) => {
                cx.ask(Request::OpenTicket { ticket: ticket.clone() });
                Handle::Ticket
            }
            // R-SES-9: an empty id never names a session.
            None if hello.message().session_id.is_empty() || !cx.policy.sessions => {
                return full_handshake(hello, chosen, cx);
            }
            None => {
                cx.ask(Request::FindSession { key: SessionKey::Id(hello.message().session_id) });
                Handle::Id
            }
        };
        Ok(S::AwaitSession(AwaitSession { hello, chosen, handle }))
    }
}

/// ServerHello and Certificate, then what the suite's key exchange begins with.
pub(super) fn full_handshake(hello: Hello, chosen: Chosen, cx: &mut Context<'_>) -> Result<S, Error> {
    let Chosen { identity, by_name } = chosen;
    let fitting = |suite: &&&'static Suite| choose::fits(suite, &identity, hello.message());
    let suite = *hello.offer.suites.iter().find(fitting).ok_or(PeerIncompatible::NoServerIdentity)?;
    let theirs = hello.message().extensions.signature_schemes.as_deref();
    let scheme = match suite.key_exchange.signs {
        Signs::Nothing => None,
        _ => choose_scheme(suite, &identity, theirs, cx.policy),
    };
    let group = choose::group(hello.message(), cx);
    let staples = hello.message().extensions.status_request && suite.protocol.has_tls_extensions;
    let response = identity.ocsp_response().filter(|_| staples);
    let acknowledged = Acknowledged {
        // R-HS-37: acknowledged only if the name was used.
        name: by_name && hello.message().extensions.server_name.host().is_some(),
        ticket: choose::issues_ticket(hello.message(), suite, cx),
        status: response.is_some(),
    };
    let session_id = match acknowledged.ticket {
        true => SessionId::EMPTY,
        false => new_session_id(&hello, suite, cx)?,
    };
    let parties = parties(&identity, suite, hello.message().client_id(), cx)?;
    let mut agreed = agree(hello, suite, session_id, acknowledged, cx)?;
    cx.write(&mut agreed.transcript, Ok(identity.message(CertificateForm::Dual).clone()))?;
    if let Some(response) = response {
        cx.write(&mut agreed.transcript, CertificateStatus::to_message(response))?;
    }
    let (of, group) = match suite.key_exchange.secret {
        SecretSource::Encrypted => {
            let agreement = ServerAgreement::Decrypting(identity.clone());
            return sign(agreed, agreement, identity, scheme, cx);
        }
        SecretSource::Agreed if parties.is_some() => (Some(identity.clone()), NamedGroup::SM9),
        SecretSource::Agreed => (Some(identity.clone()), NamedGroup::CURVE_SM2),
        SecretSource::Ephemeral => (None, group.ok_or(PeerIncompatible::NoCommonGroup)?),
    };
    let role = AgreementRole::Initiator(parties.as_ref().map(|parties| parties.client.clone()));
    cx.ask(Request::StartAgreement { identity: of, group, role });
    Ok(S::AwaitAgreementStarted(AwaitAgreementStarted { agreed, identity, scheme, parties }))
}

/// Both sides of SM9's key exchange.
fn parties(
    identity: &Identity,
    suite: &Suite,
    client_id: Option<&[u8]>,
    cx: &Context<'_>,
) -> Result<Option<Parties>, Error> {
    match (suite.key_exchange, client_id) {
        #[cfg(feature = "sm9")]
        (KeyExchange::IBSDH, Some(id)) => key_agreement::sm9::parties(identity, id, cx).map(Some),
        _ => {
            let _ = (identity, cx);
            Ok(None)
        }
    }
}

/// ServerHello, from here on both sides know the suite.
pub(super) fn agree(
    hello: Hello,
    suite: &'static Suite,
    session_id: SessionId,
    acknowledged: Acknowledged,
    cx: &mut Context<'_>,
) -> Result<Box<Agreed>, Error> {
    let terms = choose::terms(hello.message(), suite, cx);
    let server_hello = ServerHello {
        version: suite.protocol.version,
        random: server_random(cx)?,
        session_id,
        cipher_suite: suite.id,
        compression_method: 0,
        extensions: acknowledged.extensions(&hello, suite, &terms),
    };
    let Hello { offer, alpn, transcript } = hello;
    let asks = asks_for_certificate(suite, cx);
    let is_sm2 = suite.key_exchange.authenticates == KeyKind::Sm2;
    let plan = TranscriptPlan {
        prf: suite.prf,
        also: signed_hash(suite).filter(|_| asks),
        raw: asks && (is_sm2 || suite.protocol.names_signature_scheme),
    };
    let transcript = transcript.begin(plan).ok_or(Error::Misuse("the suite is not an enabled one"))?;
    cx.actions.push(Action::SuiteChosen(suite));
    let mut agreed = Box::new(Agreed {
        suite,
        client_version: offer.hello.version,
        client_random: offer.hello.random,
        server_random: server_hello.random,
        session_id,
        negotiated: Negotiated {
            server_name: offer.hello.extensions.server_name.clone().into_host(),
            alpn,
            terms,
            ticket: acknowledged.ticket,
            status: Status::NotAgreed,
        },
        transcript,
    });
    cx.write(&mut agreed.transcript, server_hello.to_message())?;
    cx.limit_fragments(&terms);
    Ok(agreed)
}

/// R-T12-23: where TLS 1.3 is spoken too, the random says that this was not.
fn server_random(cx: &Context<'_>) -> Result<[u8; 32], Error> {
    const DOWNGRADE_TO_TLS12: [u8; 8] = *b"DOWNGRD\x01";
    let mut random = cx.hello_random()?;
    if cx.policy.tls13_elsewhere {
        random[24..].copy_from_slice(&DOWNGRADE_TO_TLS12);
    }
    Ok(random)
}

/// R-SES-9: a fresh random id, or none if the session will not be kept; never the client's.
fn new_session_id(hello: &Hello, suite: &Suite, cx: &Context<'_>) -> Result<SessionId, Error> {
    if !cx.policy.sessions || !may_keep_session(hello.message(), cx) || !cx.policy.may_resume(suite) {
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
        let Self { agreed, identity, scheme, parties } = self;
        let agreement = ServerAgreement::of(agreed.suite, started?, parties);
        sign(agreed, agreement, identity, scheme, cx)
    }
}

/// Asks for the signature of ServerKeyExchange, or goes on where there is none (R-SM-7).
fn sign(
    agreed: Box<Agreed>,
    agreement: ServerAgreement,
    identity: Arc<Identity>,
    scheme: Option<SignatureScheme>,
    cx: &mut Context<'_>,
) -> Result<S, Error> {
    let message = agreement.signed(&agreed, &identity);
    let full = FullHandshake { agreed, agreement, own: identity.clone() };
    let Some(message) = message else { return full.on_server_key_exchange(cx) };
    let scheme = scheme.ok_or(PeerIncompatible::NoCommonSignatureScheme)?;
    cx.ask(Request::Sign(SignRequest { identity, scheme, message }));
    Ok(S::AwaitKeyExchangeSigned(AwaitKeyExchangeSigned { full, scheme }))
}

impl AwaitKeyExchangeSigned {
    pub(super) fn on_signed(self, signature: &[u8], cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut full, scheme } = self;
        let signed = full.agreed.signed(scheme, signature);
        let message = ServerKeyExchange::to_message(&full.agreement.params(), &signed);
        cx.write(&mut full.agreed.transcript, message)?;
        full.on_server_key_exchange(cx)
    }
}

impl FullHandshake<ServerAgreement> {
    /// CertificateRequest if the policy or the suite wants it, ServerHelloDone.
    fn on_server_key_exchange(mut self, cx: &mut Context<'_>) -> Result<S, Error> {
        let suite = self.agreed.suite;
        let asks = asks_for_certificate(suite, cx);
        if asks {
            let request = certificate_request(suite, cx);
            cx.write_request(&mut self.agreed.transcript, request)?;
        }
        let done = message::encode(HandshakeType::SERVER_HELLO_DONE, |_| {});
        cx.write(&mut self.agreed.transcript, done)?;
        if asks {
            return Ok(S::AwaitCertificate(AwaitCertificate { full: self }));
        }
        let full = self.with_agreement(ServerAgreement::without_client)?;
        Ok(S::AwaitClientKeyExchange(AwaitClientKeyExchange { full, client: Client::Anonymous }))
    }
}

/// R-HS-21, R-T12-8: where schemes are named, of every kind that can sign by one of them.
fn certificate_request(suite: &Suite, cx: &Context<'_>) -> CertificateRequest {
    let authorities = match suite.certificates() {
        #[cfg(feature = "sm9")]
        Certificates::Identity => cx.policy.key_centres.names(),
        _ => cx.policy.authorities.clone(), // GmSSL's clients go away where none of their CAs is named
    };
    if !suite.protocol.names_signature_scheme {
        let types = vec![suite.key_exchange.authenticates.certificate_type()];
        return CertificateRequest { types, signature_schemes: None, authorities };
    }
    let schemes = &cx.policy.signature_schemes;
    let signs = |kind: &KeyKind| schemes.iter().any(|s| SignatureAlgorithm::kind_of(*s) == Some(*kind));
    let kinds = [KeyKind::Rsa, KeyKind::Ecdsa].into_iter().filter(signs);
    let types = kinds.map(KeyKind::certificate_type).collect();
    CertificateRequest { types, signature_schemes: Some(schemes.clone()), authorities }
}
