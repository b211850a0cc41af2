//! The full handshake, from the server's Certificate to its Finished.
use super::{
    Asked, AwaitAgreementStarted, AwaitCertificate, AwaitChangeCipherSpec, AwaitDone, AwaitFinished,
    AwaitIdentity, AwaitPeerVerified, AwaitRequestOrDone, AwaitSecret, AwaitServerKeyExchange, AwaitSigned,
    FullHandshake, Own, ServerClaim, State as S, VerifiedServer,
};
use crate::cert::{CertificateForm, Expected, Identity, PeerClaim, PeerRole, Verified};
use crate::crypto::Shared;
use crate::error::{CertificateError, CertificateProblem, CryptoError, Error, PeerIncompatible};
use crate::handshake::key_agreement::{ClientAgreement, ServerKeys, agreement_error, check_kinds, encrypt};
use crate::handshake::{
    Action, Agreed, Context, IdentityQuery, Keyed, Request, Selection, SignRequest, Started,
};
use crate::key_schedule::{self, Sender};
use crate::message::{
    self, CertificateRequest, CertificateVerify, ClientKeyExchange, Credential, DigitallySigned, Handshake,
};
use crate::session::{Peer, Session, SessionKey};
use crate::wire::HandshakeType;
use alloc::{boxed::Box, sync::Arc};

impl AwaitCertificate {
    pub(super) fn on_certificate(self, message: Handshake<'_>, cx: &Context<'_>) -> Result<S, Error> {
        let Self { mut agreed, target } = self;
        let credential = Arc::new(Credential::read(message.body, cx.policy.limits.certificates)?);
        let keys = Box::new(credential.keys(Expected::Pair, cx.provider.keys)?);
        check_kinds(&keys, &agreed)?;
        agreed.transcript.add(message);
        let server = ServerClaim { target, credential, keys };
        Ok(S::AwaitServerKeyExchange(AwaitServerKeyExchange { agreed, server }))
    }
}

impl AwaitServerKeyExchange {
    pub(super) fn on_exchange(self, message: Handshake<'_>, cx: &Context<'_>) -> Result<S, Error> {
        let Self { mut agreed, server } = self;
        let keys = ServerKeys::of(&server.credential, &server.keys)
            .ok_or(CertificateProblem::MissingEncryptionCertificate)?;
        let agreement = ClientAgreement::receive(&agreed, &keys, message.body, cx)?;
        agreed.transcript.add(message);
        Ok(S::AwaitRequestOrDone(AwaitRequestOrDone { full: FullHandshake { agreed, agreement, server } }))
    }
}

impl AwaitRequestOrDone {
    pub(super) fn on_request(self, message: Handshake<'_>) -> Result<S, Error> {
        let Self { mut full } = self;
        let request = Arc::new(CertificateRequest::read(message.body)?);
        full.agreed.transcript.add(message);
        Ok(S::AwaitDone(AwaitDone { full, request }))
    }

    pub(super) fn on_done(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        // R-SM-2: these suites do not work without a client.
        if self.full.agreed.suite.key_exchange.is_mutual() {
            return Err(PeerIncompatible::NoCertificateRequest.into());
        }
        verify_server(self.full, Asked::No, message, cx)
    }
}

impl AwaitDone {
    pub(super) fn on_done(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        verify_server(self.full, Asked::Yes(self.request), message, cx)
    }
}

/// R-HS-41: everything about the server is checked before ClientKeyExchange is made.
fn verify_server(
    mut full: FullHandshake<ServerClaim>,
    asked: Asked,
    message: Handshake<'_>,
    cx: &mut Context<'_>,
) -> Result<S, Error> {
    message::read_empty("ServerHelloDone", message.body)?;
    full.agreed.transcript.add(message);
    cx.ask(Request::VerifyPeer(PeerClaim {
        role: PeerRole::Server(full.server.target.name.clone()),
        credential: full.server.credential.clone(),
        keys: (*full.server.keys).clone(),
    }));
    Ok(S::AwaitPeerVerified(AwaitPeerVerified { full, asked }))
}

impl AwaitPeerVerified {
    pub(super) fn on_verified(
        self,
        verified: Result<Verified, CertificateError>,
        cx: &mut Context<'_>,
    ) -> Result<S, Error> {
        let FullHandshake { agreed, agreement, server: ServerClaim { target, credential, .. } } = self.full;
        let not_after = verified?.not_after();
        let server_end_point = cx.end_point(credential.end_point());
        let peer = Peer::Authenticated { credential, not_after };
        let server = VerifiedServer { target, peer, server_end_point };
        let full = FullHandshake { agreed, agreement, server };
        match self.asked {
            Asked::Yes(request) => {
                let suite = full.agreed.suite;
                cx.ask(Request::SelectIdentity(IdentityQuery::ForServer { suite, request }));
                Ok(S::AwaitIdentity(AwaitIdentity { full }))
            }
            Asked::No => exchange_keys(full, Own::NotAsked, cx),
        }
    }
}

impl AwaitIdentity {
    pub(super) fn on_identity(self, selection: Selection, cx: &mut Context<'_>) -> Result<S, Error> {
        let own = match selection {
            Selection::Identity { identity, .. } => Own::Identity(identity),
            Selection::Nothing | Selection::UnrecognizedName => Own::NoneFits,
        };
        exchange_keys(self.full, own, cx)
    }
}

/// Certificate if asked (R-HS-22, R-SM-6), then ClientKeyExchange, or the agreement that it needs first.
fn exchange_keys(full: FullHandshake<VerifiedServer>, own: Own, cx: &mut Context<'_>) -> Result<S, Error> {
    let FullHandshake { mut agreed, agreement, server } = full;
    let mutual = agreed.suite.key_exchange.is_mutual();
    let identity = match own {
        Own::Identity(identity) => {
            // R-HS-13: ECDHE always needs the pair; in ECC the two camps differ.
            let form = if mutual { CertificateForm::Dual } else { cx.policy.compat.client_certificate_form };
            cx.write(&mut agreed.transcript, Ok(identity.message(form).clone()))?;
            Some(identity)
        }
        Own::NoneFits if !mutual => {
            let nothing = message::encode(HandshakeType::CERTIFICATE, |w| Credential::write(w, []));
            cx.write(&mut agreed.transcript, nothing)?;
            None
        }
        Own::NoneFits | Own::NotAsked => None,
    };
    match (agreement, identity) {
        (ClientAgreement::Encrypt(key), identity) => {
            let (message, shared) = encrypt(&key, &agreed, cx)?;
            cx.write(&mut agreed.transcript, Ok(message))?;
            on_secret(agreed, server, identity, shared, cx)
        }
        (ClientAgreement::Agree(peer), Some(identity)) => {
            let (group, of_peer) = (peer.share.group, Some((*peer).clone()));
            let request = Request::StartAgreement { identity: Some(identity.clone()), group, peer: of_peer };
            cx.ask(request);
            Ok(S::AwaitAgreementStarted(AwaitAgreementStarted { agreed, server, identity, peer }))
        }
        (ClientAgreement::Agree(_), None) => Err(PeerIncompatible::NoClientIdentity.into()),
    }
}

impl AwaitAgreementStarted {
    pub(super) fn on_started(
        self,
        started: Result<Started, CryptoError>,
        cx: &mut Context<'_>,
    ) -> Result<S, Error> {
        let Self { mut agreed, server, identity, peer } = self;
        let started = started.map_err(|e| agreement_error(HandshakeType::SERVER_KEY_EXCHANGE, e))?;
        let with_length = cx.policy.compat.client_key_exchange_71;
        let message = ClientKeyExchange::ephemeral(&started.share().bytes, with_length);
        cx.write(&mut agreed.transcript, message)?;
        cx.ask(Request::FinishAgreement { started, peer: *peer, seed: agreed.master_seed() });
        Ok(S::AwaitSecret(AwaitSecret { agreed, server, identity }))
    }
}

impl AwaitSecret {
    pub(super) fn on_agreement(
        self,
        shared: Result<Shared, CryptoError>,
        cx: &mut Context<'_>,
    ) -> Result<S, Error> {
        let shared = shared.map_err(|e| agreement_error(HandshakeType::SERVER_KEY_EXCHANGE, e))?;
        on_secret(self.agreed, self.server, Some(self.identity), shared, cx)
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
        server_name: agreed.negotiated.server_name.clone(),
        context: [0; 32],
        own_identity: [0; 32],
        peer: server.peer,
        server_end_point: server.server_end_point,
    });
    let key = server.target.session_key;
    let keyed = Keyed { agreed, session };
    match identity {
        None => finish(keyed, key, cx),
        Some(identity) => {
            let scheme = keyed.agreed.certificate_verify_scheme();
            // Q2: the messages were kept only for a server that wants them signed.
            let message = match keyed.agreed.transcript.messages()? {
                Some(messages) => messages,
                None => keyed.agreed.certificate_verify_hash(),
            };
            cx.ask(Request::Sign(SignRequest { identity, scheme, message }));
            Ok(S::AwaitSigned(AwaitSigned { keyed, key }))
        }
    }
}

impl AwaitSigned {
    pub(super) fn on_signed(self, signature: &[u8], cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut keyed, key } = self;
        let signed = DigitallySigned::bare(signature);
        cx.write(&mut keyed.agreed.transcript, CertificateVerify::to_message(&signed))?;
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
