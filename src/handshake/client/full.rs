//! The full handshake, from the server's Certificate to its Finished.
use super::{
    Asked, AwaitAgreement, AwaitCertificate, AwaitChangeCipherSpec, AwaitDone, AwaitFinished, AwaitIdentity,
    AwaitPeerVerified, AwaitRequestOrDone, AwaitServerKeyExchange, AwaitSigned, Own, ServerClaim, State as S,
    VerifiedServer,
};
use crate::cert::{CertificateForm, Identity, PeerClaim, PeerPair, PeerRole, Verified};
use crate::crypto::{Shared, SignatureAlgorithm};
use crate::error::{CertificateError, CryptoError, Error, PeerIncompatible};
use crate::handshake::key_agreement::{ClientAgreement, ClientNext, ServerKeys, agreement_error};
use crate::handshake::{Action, Agreed, Context, IdentityQuery, Keyed, Request, Selection};
use crate::key_schedule::{self, Sender};
use crate::message::{self, CertificateRequest, CertificateVerify, ClientKeyExchange, Credential, Handshake};
use crate::session::{Peer, Session, SessionKey};
use crate::wire::HandshakeType;
use alloc::{boxed::Box, sync::Arc};

impl AwaitCertificate {
    pub(super) fn on_certificate(self, message: Handshake<'_>, cx: &Context<'_>) -> Result<S, Error> {
        let Self { mut agreed, target } = self;
        let credential = Arc::new(Credential::read(message.body(), cx.policy.limits.certificates)?);
        let pair = Box::new(PeerPair::choose(&credential, true, cx.provider.keys)?);
        agreed.transcript.add(message.raw);
        let server = ServerClaim { target, credential, pair };
        Ok(S::AwaitServerKeyExchange(AwaitServerKeyExchange { agreed, server }))
    }
}

impl AwaitServerKeyExchange {
    pub(super) fn on_exchange(self, message: Handshake<'_>, cx: &Context<'_>) -> Result<S, Error> {
        let Self { mut agreed, server } = self;
        let keys = ServerKeys::of(&server.credential, &server.pair)
            .ok_or(CertificateError::MissingEncryptionCertificate)?;
        let agreement = ClientAgreement::receive(&agreed, &keys, message.body(), cx)?;
        agreed.transcript.add(message.raw);
        Ok(S::AwaitRequestOrDone(AwaitRequestOrDone { agreed, server, agreement }))
    }
}

impl AwaitRequestOrDone {
    pub(super) fn on_request(self, message: Handshake<'_>) -> Result<S, Error> {
        let Self { mut agreed, server, agreement } = self;
        let request = Arc::new(CertificateRequest::read(message.body())?);
        agreed.transcript.add(message.raw);
        Ok(S::AwaitDone(AwaitDone { agreed, server, agreement, request }))
    }

    pub(super) fn on_done(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        // R-SM-2: these suites do not work without a client.
        if self.agreed.suite.key_exchange.is_mutual() {
            return Err(PeerIncompatible::NoCertificateRequest.into());
        }
        verify_server(self.agreed, self.server, self.agreement, Asked::No, message, cx)
    }
}

impl AwaitDone {
    pub(super) fn on_done(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        verify_server(self.agreed, self.server, self.agreement, Asked::Yes(self.request), message, cx)
    }
}

/// R-HS-41: everything about the server is checked before ClientKeyExchange is made.
fn verify_server(
    mut agreed: Box<Agreed>,
    server: ServerClaim,
    agreement: ClientAgreement,
    asked: Asked,
    message: Handshake<'_>,
    cx: &mut Context<'_>,
) -> Result<S, Error> {
    message::read_empty("ServerHelloDone", message.body())?;
    agreed.transcript.add(message.raw);
    cx.ask(Request::VerifyPeer(PeerClaim {
        role: PeerRole::Server(server.target.name.clone()),
        credential: server.credential.clone(),
        pair: (*server.pair).clone(),
    }));
    Ok(S::AwaitPeerVerified(AwaitPeerVerified { agreed, agreement, server, asked }))
}

impl AwaitPeerVerified {
    pub(super) fn on_verified(
        self,
        verified: Result<Verified, CertificateError>,
        cx: &mut Context<'_>,
    ) -> Result<S, Error> {
        let Self { agreed, agreement, server: ServerClaim { target, credential, .. }, asked } = self;
        let not_after = verified?.not_after();
        let sign = credential.certificates().first().map(AsRef::as_ref).unwrap_or_default();
        let server_end_point = cx.end_point(sign);
        let peer = Peer::Authenticated { credential, not_after };
        let server = VerifiedServer { target, peer, server_end_point };
        match asked {
            Asked::Yes(request) => {
                let suite = agreed.suite;
                cx.ask(Request::SelectIdentity(IdentityQuery::ForServer { suite, request }));
                Ok(S::AwaitIdentity(AwaitIdentity { agreed, agreement, server }))
            }
            Asked::No => exchange_keys(agreed, agreement, server, Own::NotAsked, cx),
        }
    }
}

impl AwaitIdentity {
    pub(super) fn on_identity(self, selection: Selection, cx: &mut Context<'_>) -> Result<S, Error> {
        let own = match selection {
            Selection::Identity { identity, .. } => Own::Identity(identity),
            Selection::Nothing | Selection::UnrecognizedName => Own::NoneFits,
        };
        exchange_keys(self.agreed, self.agreement, self.server, own, cx)
    }
}

/// Certificate if asked (R-HS-22, R-SM-6), then ClientKeyExchange.
fn exchange_keys(
    mut agreed: Box<Agreed>,
    agreement: ClientAgreement,
    server: VerifiedServer,
    own: Own,
    cx: &mut Context<'_>,
) -> Result<S, Error> {
    let identity = match own {
        Own::NotAsked => None,
        Own::NoneFits if agreed.suite.key_exchange.is_mutual() => {
            return Err(PeerIncompatible::NoClientIdentity.into());
        }
        Own::NoneFits => {
            let nothing = message::encode(HandshakeType::CERTIFICATE, |w| Credential::write(w, []));
            cx.write(&mut agreed.transcript, nothing)?;
            None
        }
        Own::Identity(identity) => {
            // R-HS-13: ECDHE always needs the pair; in ECC the two camps differ.
            let mutual = agreed.suite.key_exchange.is_mutual();
            let form = if mutual { CertificateForm::Dual } else { cx.policy.compat.client_certificate_form };
            cx.write(&mut agreed.transcript, Ok(identity.message(form).to_vec()))?;
            Some(identity)
        }
    };
    match (agreement.send(&agreed, identity.as_ref(), cx)?, identity) {
        (ClientNext::Now { message, shared }, identity) => {
            cx.write(&mut agreed.transcript, Ok(message))?;
            on_secret(agreed, server, identity, shared, cx)
        }
        (ClientNext::Ask(request), Some(identity)) => {
            cx.ask(request);
            Ok(S::AwaitAgreement(AwaitAgreement { agreed, server, identity }))
        }
        (ClientNext::Ask(_), None) => Err(PeerIncompatible::NoClientIdentity.into()),
    }
}

impl AwaitAgreement {
    pub(super) fn on_agreement(
        self,
        answer: Result<([u8; 65], Shared), CryptoError>,
        cx: &mut Context<'_>,
    ) -> Result<S, Error> {
        let Self { mut agreed, server, identity } = self;
        let (ephemeral, shared) =
            answer.map_err(|e| agreement_error(HandshakeType::SERVER_KEY_EXCHANGE, e))?;
        let message = ClientKeyExchange::ephemeral(&ephemeral, cx.policy.compat.client_key_exchange_71);
        cx.write(&mut agreed.transcript, message)?;
        on_secret(agreed, server, Some(identity), shared, cx)
    }
}

/// From the shared secret on there is a session; CertificateVerify follows if a certificate was shown (R-HS-29).
fn on_secret(
    agreed: Box<Agreed>,
    server: VerifiedServer,
    identity: Option<Arc<Identity>>,
    shared: Shared,
    cx: &mut Context<'_>,
) -> Result<S, Error> {
    let master = key_schedule::master_secret(cx.provider.hashes, shared, &agreed.master_seed());
    cx.log_secret(&agreed, &master);
    let session = Arc::new(Session {
        id: agreed.session_id,
        suite: agreed.suite,
        master,
        created: cx.now,
        server_name: agreed.server_name.clone(),
        context: [0; 32],
        peer: server.peer,
        server_end_point: server.server_end_point,
    });
    let key = server.target.session_key;
    let keyed = Keyed { agreed, session };
    match identity {
        None => finish(keyed, key, cx),
        Some(identity) => {
            let message = keyed.agreed.certificate_verify_message();
            cx.ask(Request::Sign { identity, algorithm: SignatureAlgorithm::SM2, message });
            Ok(S::AwaitSigned(AwaitSigned { keyed, key }))
        }
    }
}

impl AwaitSigned {
    pub(super) fn on_signed(self, signature: &[u8], cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut keyed, key } = self;
        cx.write(&mut keyed.agreed.transcript, CertificateVerify::to_message(signature))?;
        finish(keyed, key, cx)
    }
}

fn finish(mut keyed: Keyed, key: Option<SessionKey>, cx: &mut Context<'_>) -> Result<S, Error> {
    keyed.agreed.transcript.forget_messages();
    let keys = keyed.keys(cx.provider)?;
    cx.write_finished(&mut keyed, keys.client, Sender::Client)?;
    Ok(S::AwaitChangeCipherSpec(AwaitChangeCipherSpec { keyed, key, read: keys.server }))
}

impl AwaitChangeCipherSpec {
    pub(super) fn on_change_cipher_spec(self, cx: &mut Context<'_>) -> S {
        cx.actions.push(Action::NewReadKeys(self.read));
        S::AwaitFinished(AwaitFinished { keyed: self.keyed, key: self.key })
    }
}

impl AwaitFinished {
    pub(super) fn on_finished(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut keyed, key } = self;
        keyed.check_finished(message, cx.provider, Sender::Server)?;
        // R-SES-4: stored only now. R-SES-9: an empty id names no session.
        let session = &keyed.session;
        let key = key.filter(|_| !session.id.is_empty() && cx.policy.may_resume(session.suite));
        cx.actions.extend(key.map(|key| Action::StoreSession(key, session.clone())));
        keyed.done(key, false, cx);
        Ok(S::Connected)
    }
}
