//! The client's machine: its states and the table of what each accepts. Handlers follow in protocol order in `hello`,
//! `full` and `resume`. Every question about the server falls at ServerHelloDone, where the server is silent.
mod full;
mod hello;
mod offer;
mod resume;

use super::key_agreement::ClientAgreement;
use super::{
    Action, Agreed, Answer as A, AnswerKind as K, Context, Input, Keyed, NOT_TAKEN, Role, Row, Takes,
};
use crate::cert::{Identity, PeerKeys, ServerName};
use crate::crypto::{AgreementPeer, Digest, TrafficKeys};
use crate::error::Error;
use crate::message::{self, CertificateRequest, ClientExtensions, Credential, SessionId};
use crate::session::{Peer, Session, SessionKey};
use crate::transcript::TranscriptStart;
use crate::wire::{CipherSuite, Codes, HandshakeType as H, SignatureScheme};
use alloc::{boxed::Box, sync::Arc};

pub use hello::start;

/// Whom the client means to reach.
#[derive(Debug, Clone)]
pub struct Target {
    /// The name that the server's certificate is to hold (R-HS-41); a DNS name is sent as server_name.
    pub name: ServerName<'static>,
    /// By which its sessions are found (R-SES-11); `None`: no session is offered nor kept.
    pub session_key: Option<SessionKey>,
}

/// A session may be at hand, perhaps in a remote store: asked before the first byte.
pub struct AwaitSession {
    target: Target,
}

/// ClientHello was sent.
pub struct AwaitServerHello {
    offer: Box<Offer>,
}

/// What ClientHello offered.
struct Offer {
    target: Target,
    random: [u8; 32],
    /// What a server that resumes echoes (R-SES-9).
    session_id: SessionId,
    cipher_suites: Codes<CipherSuite>,
    extensions: ClientExtensions,
    session: Option<Arc<Session>>,
    transcript: TranscriptStart,
}

/// A full handshake.
pub struct AwaitCertificate {
    agreed: Box<Agreed>,
    target: Target,
}

/// The server's certificates, not verified yet.
struct ServerClaim {
    target: Target,
    credential: Arc<Credential>,
    keys: PeerKeys,
}

/// Its certificates are here; a stapled OCSP response may come first, where it was agreed on.
pub struct AwaitServerKeyExchange {
    agreed: Box<Agreed>,
    server: ServerClaim,
}

/// What all states of a full handshake carry, from ServerKeyExchange on: the server is a claim first, then verified.
struct FullHandshake<V> {
    agreed: Box<Agreed>,
    agreement: ClientAgreement,
    server: V,
}

/// The server's signature is good, or there is none.
pub struct AwaitRequestOrDone {
    full: FullHandshake<ServerClaim>,
}

/// The server wants a certificate.
pub struct AwaitDone {
    full: FullHandshake<ServerClaim>,
    request: Arc<CertificateRequest>,
}

/// The verifier has the server's certificates.
pub struct AwaitPeerVerified {
    full: FullHandshake<ServerClaim>,
    asked: Asked,
}

/// Whether the server sent CertificateRequest.
enum Asked {
    No,
    Yes(Arc<CertificateRequest>),
}

/// Whom to be is being decided.
pub struct AwaitIdentity {
    full: FullHandshake<VerifiedServer>,
    request: Arc<CertificateRequest>,
}

/// The server as the session will remember it.
struct VerifiedServer {
    target: Target,
    peer: Peer,
    server_end_point: Digest,
}

/// What we show of ourselves.
enum Own {
    NotAsked,
    NoneFits,
    Identity(Signer),
}

/// Who signs CertificateVerify, and how.
struct Signer {
    identity: Arc<Identity>,
    scheme: SignatureScheme,
}

/// The key agreement is being started, in SM2's with the encryption key.
pub struct AwaitAgreementStarted {
    agreed: Box<Agreed>,
    server: VerifiedServer,
    signer: Option<Signer>,
    peer: Box<AgreementPeer>,
}

/// It is being finished.
pub struct AwaitSecret {
    agreed: Box<Agreed>,
    server: VerifiedServer,
    signer: Option<Signer>,
}

/// The signing key signs CertificateVerify.
pub struct AwaitSigned {
    keyed: Keyed,
    key: Option<SessionKey>,
    scheme: SignatureScheme,
}

/// Our Finished was sent.
pub struct AwaitChangeCipherSpec {
    keyed: Keyed,
    key: Option<SessionKey>,
    read: TrafficKeys,
}

/// Only the server's Finished is missing.
pub struct AwaitFinished {
    keyed: Keyed,
    key: Option<SessionKey>,
}

/// The session is resumed.
pub struct AwaitResumedChangeCipherSpec {
    keyed: Keyed,
    key: Option<SessionKey>,
    read: TrafficKeys,
    write: TrafficKeys,
}

/// The session is resumed; the server's Finished, then ours.
pub struct AwaitResumedFinished {
    keyed: Keyed,
    key: Option<SessionKey>,
    write: TrafficKeys,
}

/// Where the client is.
pub enum State {
    /// Looking for a session.
    AwaitSession(AwaitSession),
    /// WAIT_SH
    AwaitServerHello(AwaitServerHello),
    /// After ServerHello, full.
    AwaitCertificate(AwaitCertificate),
    /// WAIT_SKE, where CertificateStatus may come before it.
    AwaitStatusOrKeyExchange(AwaitServerKeyExchange),
    /// WAIT_SKE
    AwaitServerKeyExchange(AwaitServerKeyExchange),
    /// WAIT_CR_OR_DONE, where CertificateStatus may come before it and there is no ServerKeyExchange.
    AwaitStatusRequestOrDone(AwaitRequestOrDone),
    /// WAIT_CR_OR_DONE
    AwaitRequestOrDone(AwaitRequestOrDone),
    /// WAIT_DONE
    AwaitDone(AwaitDone),
    /// Verifying the server.
    AwaitPeerVerified(AwaitPeerVerified),
    /// Choosing our certificates.
    AwaitIdentity(AwaitIdentity),
    /// Starting the key exchange.
    AwaitAgreementStarted(AwaitAgreementStarted),
    /// Finishing it.
    AwaitSecret(AwaitSecret),
    /// Signing.
    AwaitSigned(AwaitSigned),
    /// Sent Finished, and a ticket was promised.
    AwaitTicket(AwaitChangeCipherSpec),
    /// Sent Finished.
    AwaitChangeCipherSpec(AwaitChangeCipherSpec),
    /// WAIT_FIN
    AwaitFinished(AwaitFinished),
    /// After ServerHello, resumed, and a new ticket was promised.
    AwaitResumedTicket(AwaitResumedChangeCipherSpec),
    /// After ServerHello, resumed.
    AwaitResumedChangeCipherSpec(AwaitResumedChangeCipherSpec),
    /// Resumed, WAIT_FIN.
    AwaitResumedFinished(AwaitResumedFinished),
    /// OPEN
    Connected,
    /// Takes nothing.
    Failed,
}

use State as S;

impl Role for State {
    fn row(&self) -> Row {
        use Takes::{Answer, ChangeCipherSpec, Messages, Nothing};
        match self {
            S::AwaitSession(_) => Row("AwaitSession", Answer(K::SessionFound)),
            S::AwaitServerHello(_) => Row("AwaitServerHello", Messages(&[H::SERVER_HELLO])),
            S::AwaitCertificate(_) => Row("AwaitCertificate", Messages(&[H::CERTIFICATE])),
            S::AwaitStatusOrKeyExchange(_) => {
                Row("AwaitStatusOrKeyExchange", Messages(&[H::CERTIFICATE_STATUS, H::SERVER_KEY_EXCHANGE]))
            }
            S::AwaitStatusRequestOrDone(_) => {
                const KINDS: [H; 3] = [H::CERTIFICATE_STATUS, H::CERTIFICATE_REQUEST, H::SERVER_HELLO_DONE];
                Row("AwaitStatusRequestOrDone", Messages(&KINDS))
            }
            S::AwaitServerKeyExchange(_) => {
                Row("AwaitServerKeyExchange", Messages(&[H::SERVER_KEY_EXCHANGE]))
            }
            S::AwaitRequestOrDone(_) => {
                Row("AwaitRequestOrDone", Messages(&[H::CERTIFICATE_REQUEST, H::SERVER_HELLO_DONE]))
            }
            S::AwaitDone(_) => Row("AwaitDone", Messages(&[H::SERVER_HELLO_DONE])),
            S::AwaitPeerVerified(_) => Row("AwaitPeerVerified", Answer(K::PeerVerified)),
            S::AwaitIdentity(_) => Row("AwaitIdentity", Answer(K::IdentitySelected)),
            S::AwaitAgreementStarted(_) => Row("AwaitAgreementStarted", Answer(K::AgreementStarted)),
            S::AwaitSecret(_) => Row("AwaitSecret", Answer(K::AgreementFinished)),
            S::AwaitSigned(_) => Row("AwaitSigned", Answer(K::Signed)),
            S::AwaitTicket(_) => Row("AwaitTicket", Messages(&[H::NEW_SESSION_TICKET])),
            S::AwaitResumedTicket(_) => Row("AwaitResumedTicket", Messages(&[H::NEW_SESSION_TICKET])),
            S::AwaitChangeCipherSpec(_) => Row("AwaitChangeCipherSpec", ChangeCipherSpec),
            S::AwaitFinished(_) => Row("AwaitFinished", Messages(&[H::FINISHED])),
            S::AwaitResumedChangeCipherSpec(_) => Row("AwaitResumedChangeCipherSpec", ChangeCipherSpec),
            S::AwaitResumedFinished(_) => Row("AwaitResumedFinished", Messages(&[H::FINISHED])),
            S::Connected => Row("Connected", Messages(&[H::HELLO_REQUEST])),
            S::Failed => Row("Failed", Nothing),
        }
    }

    fn step(self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Self, Error> {
        use Input::{Answer as Ans, ChangeCipherSpec as Ccs, Message as M};
        match (self, input) {
            (S::AwaitSession(s), Ans(A::SessionFound(found))) => s.on_session(found, cx),
            (S::AwaitServerHello(s), M(m)) => s.on_server_hello(m, cx),
            (S::AwaitCertificate(s), M(m)) => s.on_certificate(m, cx),
            (S::AwaitStatusOrKeyExchange(s), M(m)) if m.kind == H::CERTIFICATE_STATUS => s.on_status(m),
            (S::AwaitStatusOrKeyExchange(s) | S::AwaitServerKeyExchange(s), M(m)) => s.on_exchange(m, cx),
            (S::AwaitStatusRequestOrDone(s), M(m)) if m.kind == H::CERTIFICATE_STATUS => s.on_status(m),
            (S::AwaitStatusRequestOrDone(s) | S::AwaitRequestOrDone(s), M(m)) => match m.kind {
                H::CERTIFICATE_REQUEST => s.on_request(m, cx),
                _ => s.on_done(m, cx),
            },
            (S::AwaitDone(s), M(m)) => s.on_done(m, cx),
            (S::AwaitPeerVerified(s), Ans(A::PeerVerified(v))) => s.on_verified(v, cx),
            (S::AwaitIdentity(s), Ans(A::IdentitySelected(i))) => s.on_identity(i, cx),
            (S::AwaitAgreementStarted(s), Ans(A::AgreementStarted(a))) => s.on_started(a, cx),
            (S::AwaitSecret(s), Ans(A::AgreementFinished(shared))) => s.on_agreement(shared, cx),
            (S::AwaitSigned(s), Ans(A::Signed(signature))) => s.on_signed(&signature, cx),
            (S::AwaitTicket(s), M(m)) => s.on_ticket(m),
            (S::AwaitResumedTicket(s), M(m)) => s.on_ticket(m),
            (S::AwaitChangeCipherSpec(s), Ccs) => Ok(s.on_change_cipher_spec(cx)),
            (S::AwaitFinished(s), M(m)) => s.on_finished(m, cx),
            (S::AwaitResumedChangeCipherSpec(s), Ccs) => Ok(s.on_change_cipher_spec(cx)),
            (S::AwaitResumedFinished(s), M(m)) => s.on_finished(m, cx),
            (S::Connected, M(m)) => {
                message::read_empty("HelloRequest", m.body)?; // R-HS-38
                cx.actions.push(Action::RefuseRenegotiation);
                Ok(S::Connected)
            }
            _ => Err(NOT_TAKEN),
        }
    }

    /// R-SES-12: a client drops its session on any fatal alert.
    fn session(&self) -> Option<SessionKey> {
        match self {
            S::AwaitServerHello(s) => s.offer.session.as_ref().and(s.offer.target.session_key),
            S::AwaitResumedTicket(s) | S::AwaitResumedChangeCipherSpec(s) => s.key,
            S::AwaitResumedFinished(s) => s.key,
            _ => None,
        }
    }

    fn connected() -> Self {
        S::Connected
    }

    fn failed() -> Self {
        S::Failed
    }
}

impl core::fmt::Debug for State {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.row().0)
    }
}
