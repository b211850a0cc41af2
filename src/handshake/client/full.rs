//! The full handshake, from the server's Certificate to its Finished.
use super::{
    Asked, AwaitAgreementStarted, AwaitCertificate, AwaitChangeCipherSpec, AwaitDone, AwaitFinished,
    AwaitIdentity, AwaitPeerVerified, AwaitRequestOrDone, AwaitSecret, AwaitServerKeyExchange, AwaitSigned,
    FullHandshake, Own, ServerClaim, Signer, State as S, VerifiedServer,
};
use crate::cert::{self, CertificateForm, Identity, KeyUse, PeerClaim, PeerRole, Verified};
use crate::config::Policy;
use crate::crypto::{AgreementPeer, AgreementRole, PublicKey, Shared};
use crate::error::{CertificateError, CertificateProblem, CryptoError, Error, PeerIncompatible};
use crate::handshake::key_agreement::{
    ClientAgreement, Parties, agreement_error, check_kinds, choose_scheme, encrypt, read_credential,
    server_keys,
};
use crate::handshake::{
    Action, Agreed, Context, IdentityQuery, Keyed, Request, Selection, SignRequest, Started, Status,
};
use crate::key_schedule::{self, Sender};
use crate::message::{
    self, CertificateRequest, CertificateStatus, CertificateVerify, ClientKeyExchange, Credential, Handshake,
    NewSessionTicket,
};
use crate::session::{Peer, Session, SessionKey, Ticket};
use crate::suite::{Certificates, KeyKind, SecretSource, Signs};
use crate::wire::{DecodeError, HandshakeType, Problem};
use alloc::{boxed::Box, sync::Arc};

impl AwaitCertificate {
    pub(super) fn on_certificate(self, message: Handshake<'_>, cx: &Context<'_>) -> Result<S, Error> {
        let Self { mut agreed, target } = self;
        let credential = Arc::new(read_credential(message.body, agreed.suite, cx)?);
        if credential.is_empty() && agreed.suite.certificates() != Certificates::Pair {
            let problem = Problem::LengthOutOfRange; // R-AL-8
            let clause = "R-AL-8";
            return Err(
                DecodeError { message: "Certificate", field: "certificate_list", problem, clause }.into()
            );
        }
        let keys = server_keys(&credential, agreed.suite, cx)?;
        check_kinds(&keys, agreed.suite)?;
        check_curve(keys.sign(), cx)?;
        agreed.transcript.add(message);
        let may_have_status = matches!(agreed.negotiated.status, Status::Agreed);
        let signs = agreed.suite.key_exchange.signs;
        let server = ServerClaim { target, credential, keys };
        if signs == Signs::Nothing {
            let agreement = ClientAgreement::unsigned(&server.keys)?;
            let next = AwaitRequestOrDone { full: FullHandshake { agreed, agreement, server } };
            return Ok(match may_have_status {
                true => S::AwaitStatusRequestOrDone(next),
                false => S::AwaitRequestOrDone(next),
            });
        }
        let next = AwaitServerKeyExchange { agreed, server };
        Ok(match may_have_status {
            true => S::AwaitStatusOrKeyExchange(next),
            false => S::AwaitServerKeyExchange(next),
        })
    }
}

/// R-T12-21: an ECDSA key lies on a curve that was offered.
fn check_curve(key: &PublicKey, cx: &Context<'_>) -> Result<(), Error> {
    match key.curve() {
        Some(curve) if !cx.policy.groups.contains(&curve) => Err(CertificateProblem::UnsupportedKey.into()),
        _ => Ok(()),
    }
}

/// R-EXT-3: kept as it came.
fn receive_status(agreed: &mut Agreed, message: Handshake<'_>) -> Result<(), Error> {
    agreed.negotiated.status = Status::Received(CertificateStatus::read(message.body)?.into());
    agreed.transcript.add(message);
    Ok(())
}

impl AwaitServerKeyExchange {
    pub(super) fn on_status(mut self, message: Handshake<'_>) -> Result<S, Error> {
        receive_status(&mut self.agreed, message)?;
        Ok(S::AwaitServerKeyExchange(self))
    }

    pub(super) fn on_exchange(self, message: Handshake<'_>, cx: &Context<'_>) -> Result<S, Error> {
        let Self { mut agreed, server } = self;
        let shown = (&*server.credential, &server.keys);
        let agreement = ClientAgreement::receive(&agreed, shown, message.body, cx)?;
        agreed.transcript.add(message);
        Ok(S::AwaitRequestOrDone(AwaitRequestOrDone { full: FullHandshake { agreed, agreement, server } }))
    }
}

impl AwaitRequestOrDone {
    pub(super) fn on_status(mut self, message: Handshake<'_>) -> Result<S, Error> {
        receive_status(&mut self.full.agreed, message)?;
        Ok(S::AwaitRequestOrDone(self))
    }

    /// Of the schemes that the server takes, those of the policy are left: whoever cannot sign by one of them is as good as
    /// without a certificate (R-T12-1, R-T12-8).
    pub(super) fn on_request(self, message: Handshake<'_>, cx: &Context<'_>) -> Result<S, Error> {
        let Self { mut full } = self;
        let names_schemes = full.agreed.suite.protocol.names_signature_scheme;
        let mut request = CertificateRequest::read(message.body, names_schemes)?;
        if let Some(theirs) = &mut request.signature_schemes {
            theirs.retain(|scheme| cx.policy.signature_schemes.contains(scheme));
        }
        full.agreed.transcript.add(message);
        Ok(S::AwaitDone(AwaitDone { full, request: Arc::new(request) }))
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
    if matches!(asked, Asked::No) {
        full.agreed.transcript.forget_messages(); // There will be no CertificateVerify.
    }
    full.agreed.transcript.add(message);
    cx.ask(Request::VerifyPeer(PeerClaim {
        role: PeerRole::Server(full.server.target.name.clone()),
        credential: full.server.credential.clone(),
        keys: full.server.keys.clone(),
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
        let shown = credential.end_point();
        let server_end_point = cert::end_point(agreed.suite.certificates(), shown, cx.provider.hashes);
        let peer = Peer::Authenticated { credential, not_after };
        let server = VerifiedServer { target, peer, server_end_point };
        let full = FullHandshake { agreed, agreement, server };
        match self.asked {
            Asked::Yes(request) => {
                let suite = full.agreed.suite;
                cx.ask(Request::SelectIdentity(IdentityQuery::ForServer { suite, request: request.clone() }));
                Ok(S::AwaitIdentity(AwaitIdentity { full, request }))
            }
            Asked::No => exchange_keys(full, Own::NotAsked, cx),
        }
    }
}

impl AwaitIdentity {
    pub(super) fn on_identity(self, selection: Selection, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { full, request } = self;
        let own = match selection {
            Selection::Identity { identity, .. } => {
                let theirs = request.signature_schemes.as_deref();
                let scheme = choose_scheme(full.agreed.suite, &identity, theirs, cx.policy)
                    .ok_or(PeerIncompatible::NoCommonSignatureScheme)?;
                Own::Identity(Signer { identity, scheme })
            }
            Selection::Nothing | Selection::UnrecognizedName => Own::NoneFits,
        };
        exchange_keys(full, own, cx)
    }
}

/// Certificate if asked (R-HS-22, R-SM-6), then ClientKeyExchange, or the agreement that it needs first.
fn exchange_keys(full: FullHandshake<VerifiedServer>, own: Own, cx: &mut Context<'_>) -> Result<S, Error> {
    let FullHandshake { mut agreed, agreement, server } = full;
    let mutual = agreed.suite.key_exchange.is_mutual();
    let signer = match own {
        Own::Identity(signer) => {
            // R-HS-13: ECDHE always needs the pair; in ECC the two camps differ.
            let form = if mutual { CertificateForm::Dual } else { cx.policy.compat.client_certificate_form };
            cx.write(&mut agreed.transcript, Ok(signer.identity.message(form).clone()))?;
            Some(signer)
        }
        Own::NoneFits if !mutual => {
            let nothing = message::encode(HandshakeType::CERTIFICATE, |w| Credential::write(w, []));
            cx.write(&mut agreed.transcript, nothing)?;
            None
        }
        Own::NoneFits | Own::NotAsked => None,
    };
    let peer = match agreement {
        ClientAgreement::Encrypt(key) => {
            let (message, shared) = encrypt(&key, &agreed, cx)?;
            cx.write(&mut agreed.transcript, Ok(message))?;
            return on_secret(agreed, server, signer, shared, cx);
        }
        ClientAgreement::Agree(peer) => peer,
    };
    // SM2's and SM9's agreement take in both parties' long-term keys.
    let identity = signer.as_ref().filter(|_| mutual).map(|signer| signer.identity.clone());
    let of_use = |identity: &Arc<Identity>| can_agree(identity, &peer, cx.policy);
    if mutual && !identity.as_ref().is_some_and(of_use) {
        return Err(PeerIncompatible::NoClientIdentity.into());
    }
    let (group, role) = (peer.share.group, AgreementRole::Responder((*peer).clone()));
    cx.ask(Request::StartAgreement { identity, group, role });
    Ok(S::AwaitAgreementStarted(AwaitAgreementStarted { agreed, server, signer, peer }))
}

impl AwaitAgreementStarted {
    pub(super) fn on_started(
        self,
        started: Result<Started, CryptoError>,
        cx: &mut Context<'_>,
    ) -> Result<S, Error> {
        let Self { mut agreed, server, signer, peer } = self;
        let suite = agreed.suite;
        let started = started.map_err(|e| agreement_error(HandshakeType::SERVER_KEY_EXCHANGE, suite, e))?;
        let share = &started.share().bytes;
        let message = match (suite.key_exchange.secret, parties(signer.as_ref(), &peer)) {
            (SecretSource::Ephemeral, _) => ClientKeyExchange::point(share),
            (_, Some(parties)) => parties.info(share).to_client_message(),
            (_, None) => ClientKeyExchange::ephemeral(share, cx.policy.compat.client_key_exchange_71),
        };
        cx.write(&mut agreed.transcript, message)?;
        cx.ask(Request::FinishAgreement { started, peer: *peer, seed: agreed.master_seed() });
        Ok(S::AwaitSecret(AwaitSecret { agreed, server, signer }))
    }
}

/// In SM9's agreement both keys are of one key centre, and ours of whom client_id said (R-IBC-3).
fn can_agree(identity: &Identity, peer: &AgreementPeer, policy: &Policy) -> bool {
    match (identity.public_key(KeyUse::Agree), &peer.key) {
        (PublicKey::Sm9(own), Some(PublicKey::Sm9(server))) => {
            own.master() == server.master()
                && policy.client_id.as_deref() == Some(identity.certificate(KeyUse::Sign))
        }
        _ => true,
    }
}

/// Both sides of SM9's key exchange; nothing in another.
fn parties(signer: Option<&Signer>, peer: &AgreementPeer) -> Option<Parties> {
    let server = peer.key.clone().filter(|key| key.kind() == KeyKind::Sm9)?;
    Some(Parties { server, client: signer?.identity.public_key(KeyUse::Agree).clone() })
}

impl AwaitSecret {
    pub(super) fn on_agreement(
        self,
        shared: Result<Shared, CryptoError>,
        cx: &mut Context<'_>,
    ) -> Result<S, Error> {
        let Self { agreed, server, signer } = self;
        let shared =
            shared.map_err(|e| agreement_error(HandshakeType::SERVER_KEY_EXCHANGE, agreed.suite, e))?;
        on_secret(agreed, server, signer, shared, cx)
    }
}

/// From the shared secret on there is a session; CertificateVerify follows if a certificate was shown (R-HS-29).
fn on_secret(
    agreed: Box<Agreed>,
    server: VerifiedServer,
    signer: Option<Signer>,
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
        terms: agreed.negotiated.terms,
        ticket: None,
    });
    let key = server.target.session_key;
    let keyed = Keyed::new(agreed, session, cx.provider);
    match signer {
        None => finish(keyed, key, cx),
        Some(Signer { identity, scheme }) => {
            let message = keyed.agreed.certificate_verify_message()?;
            cx.ask(Request::Sign(SignRequest { identity, scheme, message }));
            Ok(S::AwaitSigned(AwaitSigned { keyed, key, scheme }))
        }
    }
}

impl AwaitSigned {
    pub(super) fn on_signed(self, signature: &[u8], cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut keyed, key, scheme } = self;
        let signed = keyed.agreed.signed(scheme, signature);
        cx.write(&mut keyed.agreed.transcript, CertificateVerify::to_message(&signed))?;
        finish(keyed, key, cx)
    }
}

fn finish(mut keyed: Keyed, key: Option<SessionKey>, cx: &mut Context<'_>) -> Result<S, Error> {
    keyed.agreed.transcript.forget_messages();
    let keys = keyed.keys()?;
    cx.write_finished(&mut keyed, keys.client, Sender::Client)?;
    let ticket = keyed.agreed.negotiated.ticket;
    let next = AwaitChangeCipherSpec { keyed, key, read: keys.server };
    Ok(if ticket { S::AwaitTicket(next) } else { S::AwaitChangeCipherSpec(next) })
}

impl Keyed {
    /// R-TKT-4: the session goes by the ticket from here on, if it is one that can be shown. The time of the full handshake
    /// stays.
    pub(super) fn receive_ticket(&mut self, message: Handshake<'_>) -> Result<(), Error> {
        let NewSessionTicket { lifetime, ticket } = NewSessionTicket::read(message.body)?;
        self.agreed.transcript.add(message);
        if (1..=Ticket::MAX).contains(&ticket.len()) {
            let ticket = Ticket { bytes: Arc::from(ticket), lifetime };
            self.session = Arc::new(self.session.with_ticket(ticket));
        }
        Ok(())
    }
}

impl AwaitChangeCipherSpec {
    pub(super) fn on_ticket(mut self, message: Handshake<'_>) -> Result<S, Error> {
        self.keyed.receive_ticket(message)?;
        Ok(S::AwaitChangeCipherSpec(self))
    }

    pub(super) fn on_change_cipher_spec(self, cx: &mut Context<'_>) -> S {
        cx.actions.push(Action::NewReadKeys(self.read));
        S::AwaitFinished(AwaitFinished { keyed: self.keyed, key: self.key })
    }
}

impl AwaitFinished {
    pub(super) fn on_finished(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut keyed, key } = self;
        keyed.check_finished(message, Sender::Server)?;
        // R-SES-4: stored only now. R-SES-9: an empty id names no session.
        let session = &keyed.session;
        let is_named = !session.id.is_empty() || session.ticket.is_some();
        let key = key.filter(|_| is_named && cx.policy.may_resume(session.suite));
        cx.actions.extend(key.map(|key| Action::StoreSession(key, session.clone())));
        keyed.done(key, false, cx);
        Ok(S::Connected)
    }
}
