//! The server's machine: its states and the table of what each accepts. Handlers follow in protocol order in `hello`,
//! `full` and `resume`. No private key is used before a whole, acceptable ClientHello (R-SM-9).
mod choose;
mod full;
mod hello;
mod resume;

pub(super) use choose::fits;

use super::key_agreement::{Parties, ReadyAgreement, ServerAgreement};
use super::{
    Action, Agreed, Answer as A, AnswerKind as K, ClientOffer, Context, Input, Keyed, NOT_TAKEN, Role, Row,
    Takes,
};
use crate::cert::{Identity, PeerKeys, Verified};
use crate::crypto::{PublicKey, TrafficKeys};
use crate::error::Error;
use crate::message::{ClientHello, Credential};
use crate::session::SessionKey;
use crate::transcript::TranscriptStart;
use crate::wire::{HandshakeType as H, SignatureScheme};
use alloc::{boxed::Box, sync::Arc};

/// WAIT_CH
pub struct AwaitClientHello;

/// An acceptable hello, and what was made of it.
struct Hello {
    offer: Arc<ClientOffer>,
    alpn: Option<Box<[u8]>>,
    transcript: TranscriptStart,
}

impl Hello {
    /// What it says.
    fn message(&self) -> &ClientHello {
        &self.offer.hello
    }
}

/// Whom to be is being decided: first of all, since a session belongs to an identity (R-SES-16).
pub struct AwaitIdentity {
    hello: Hello,
}

/// Who we are, and whether the client's server_name decided it.
struct Chosen {
    identity: Arc<Identity>,
    by_name: bool,
}

/// The client offers a session.
pub struct AwaitSession {
    hello: Hello,
    chosen: Chosen,
    handle: Handle,
}

/// By what it names it.
#[derive(PartialEq, Eq)]
enum Handle {
    Id,
    Ticket,
}

/// The key agreement is being started, in SM2's with the encryption key, in SM9's with the key for it.
pub struct AwaitAgreementStarted {
    agreed: Box<Agreed>,
    identity: Arc<Identity>,
    scheme: Option<SignatureScheme>,
    /// Of SM9's, which is made for a client that is known.
    parties: Option<Parties>,
}

/// What all states of a full handshake carry, from ServerKeyExchange on.
struct FullHandshake<A> {
    agreed: Box<Agreed>,
    agreement: A,
    /// Of whom the session will speak.
    own: Arc<Identity>,
}

/// The signing key signs ServerKeyExchange.
pub struct AwaitKeyExchangeSigned {
    full: FullHandshake<ServerAgreement>,
    scheme: SignatureScheme,
}

/// Sent ServerHelloDone, asked for a certificate.
pub struct AwaitCertificate {
    full: FullHandshake<ServerAgreement>,
}

/// The verifier has the client's certificates.
pub struct AwaitPeerVerified {
    full: FullHandshake<ServerAgreement>,
    credential: Arc<Credential>,
    keys: PeerKeys,
}

/// Sent ServerHelloDone; the client's certificate, if any, is verified.
pub struct AwaitClientKeyExchange {
    full: FullHandshake<ReadyAgreement>,
    client: Client,
}

/// Who the client is, so far: not yet proved to own the key.
enum Client {
    Anonymous,
    Claimed { credential: Arc<Credential>, verified: Verified, sign_key: PublicKey },
}

/// The encryption key decrypts, or finishes the SM2 key exchange.
pub struct AwaitSecret {
    full: FullHandshake<()>,
    client: Client,
}

/// After ClientKeyExchange and a non-empty Certificate.
pub struct AwaitCertificateVerify {
    keyed: Keyed,
    sign_key: PublicKey,
}

/// After ClientKeyExchange or CertificateVerify.
pub struct AwaitChangeCipherSpec {
    keyed: Keyed,
    read: TrafficKeys,
    write: TrafficKeys,
}

/// After ChangeCipherSpec.
pub struct AwaitFinished {
    keyed: Keyed,
    write: TrafficKeys,
}

/// The client's Finished was good; the ticket that it was promised is being sealed.
pub struct AwaitTicket {
    keyed: Keyed,
    write: TrafficKeys,
}

/// The session is resumed, our Finished was sent.
pub struct AwaitResumedChangeCipherSpec {
    keyed: Keyed,
    read: TrafficKeys,
}

/// The session is resumed; only the client's Finished is missing.
pub struct AwaitResumedFinished {
    keyed: Keyed,
}

/// Where the server is.
pub enum State {
    /// WAIT_CH
    AwaitClientHello(AwaitClientHello),
    /// Choosing our certificates.
    AwaitIdentity(AwaitIdentity),
    /// Looking for a session.
    AwaitSession(AwaitSession),
    /// Starting the key exchange.
    AwaitAgreementStarted(AwaitAgreementStarted),
    /// Signing.
    AwaitKeyExchangeSigned(AwaitKeyExchangeSigned),
    /// Asked for a certificate.
    AwaitCertificate(AwaitCertificate),
    /// Verifying the client.
    AwaitPeerVerified(AwaitPeerVerified),
    /// Not asked, or the client's certificate came.
    AwaitClientKeyExchange(AwaitClientKeyExchange),
    /// Decrypting or agreeing.
    AwaitSecret(AwaitSecret),
    /// The client must prove that it owns its key.
    AwaitCertificateVerify(AwaitCertificateVerify),
    /// Keys are ready.
    AwaitChangeCipherSpec(AwaitChangeCipherSpec),
    /// WAIT_FIN
    AwaitFinished(AwaitFinished),
    /// Sealing a ticket.
    AwaitTicket(AwaitTicket),
    /// Resumed.
    AwaitResumedChangeCipherSpec(AwaitResumedChangeCipherSpec),
    /// Resumed, WAIT_FIN.
    AwaitResumedFinished(AwaitResumedFinished),
    /// OPEN
    Connected,
    /// Takes nothing.
    Failed,
}

use State as S;

/// The server's first state.
pub fn start() -> State {
    S::AwaitClientHello(AwaitClientHello)
}

impl Role for State {
    fn row(&self) -> Row {
        use Takes::{Answer, ChangeCipherSpec, Messages, Nothing};
        match self {
            S::AwaitClientHello(_) => Row("AwaitClientHello", Messages(&[H::CLIENT_HELLO])),
            S::AwaitSession(_) => Row("AwaitSession", Answer(K::SessionFound)),
            S::AwaitIdentity(_) => Row("AwaitIdentity", Answer(K::IdentitySelected)),
            S::AwaitAgreementStarted(_) => Row("AwaitAgreementStarted", Answer(K::AgreementStarted)),
            S::AwaitKeyExchangeSigned(_) => Row("AwaitKeyExchangeSigned", Answer(K::Signed)),
            S::AwaitCertificate(_) => Row("AwaitCertificate", Messages(&[H::CERTIFICATE])),
            S::AwaitPeerVerified(_) => Row("AwaitPeerVerified", Answer(K::PeerVerified)),
            S::AwaitClientKeyExchange(_) => {
                Row("AwaitClientKeyExchange", Messages(&[H::CLIENT_KEY_EXCHANGE]))
            }
            S::AwaitSecret(s) => Row("AwaitSecret", Answer(s.awaits())),
            S::AwaitCertificateVerify(_) => Row("AwaitCertificateVerify", Messages(&[H::CERTIFICATE_VERIFY])),
            S::AwaitChangeCipherSpec(_) => Row("AwaitChangeCipherSpec", ChangeCipherSpec),
            S::AwaitFinished(_) => Row("AwaitFinished", Messages(&[H::FINISHED])),
            S::AwaitTicket(_) => Row("AwaitTicket", Answer(K::TicketSealed)),
            S::AwaitResumedChangeCipherSpec(_) => Row("AwaitResumedChangeCipherSpec", ChangeCipherSpec),
            S::AwaitResumedFinished(_) => Row("AwaitResumedFinished", Messages(&[H::FINISHED])),
            S::Connected => Row("Connected", Messages(&[H::CLIENT_HELLO])),
            S::Failed => Row("Failed", Nothing),
        }
    }

    fn step(self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Self, Error> {
        use Input::{Answer as Ans, ChangeCipherSpec as Ccs, Message as M};
        match (self, input) {
            (S::AwaitClientHello(s), M(m)) => s.on_client_hello(m, cx),
            (S::AwaitIdentity(s), Ans(A::IdentitySelected(i))) => s.on_identity(i, cx),
            (S::AwaitSession(s), Ans(A::SessionFound(found))) => s.on_session(found, cx),
            (S::AwaitAgreementStarted(s), Ans(A::AgreementStarted(a))) => s.on_started(a, cx),
            (S::AwaitKeyExchangeSigned(s), Ans(A::Signed(signature))) => s.on_signed(&signature, cx),
            (S::AwaitCertificate(s), M(m)) => s.on_certificate(m, cx),
            (S::AwaitPeerVerified(s), Ans(A::PeerVerified(v))) => s.on_verified(v),
            (S::AwaitClientKeyExchange(s), M(m)) => s.on_exchange(m, cx),
            (S::AwaitSecret(s), Ans(A::Decrypted(d))) => s.on_secret(d.0, cx),
            (S::AwaitSecret(s), Ans(A::AgreementFinished(shared))) => s.on_agreement(shared, cx),
            (S::AwaitCertificateVerify(s), M(m)) => s.on_verify(m, cx),
            (S::AwaitChangeCipherSpec(s), Ccs) => Ok(s.on_change_cipher_spec(cx)),
            (S::AwaitFinished(s), M(m)) => s.on_finished(m, cx),
            (S::AwaitTicket(s), Ans(A::TicketSealed(ticket))) => s.on_ticket(ticket, cx),
            (S::AwaitResumedChangeCipherSpec(s), Ccs) => Ok(s.on_change_cipher_spec(cx)),
            (S::AwaitResumedFinished(s), M(m)) => s.on_finished(m, cx),
            (S::Connected, M(m)) => {
                ClientHello::read(m.body)?; // R-HS-38
                cx.actions.push(Action::RefuseRenegotiation);
                Ok(S::Connected)
            }
            _ => Err(NOT_TAKEN),
        }
    }

    /// R-SES-12: before the client's Finished nobody has proved the master secret, so nobody can make us forget it.
    fn session(&self) -> Option<SessionKey> {
        None
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
