//! The full handshake, from the client's Certificate to its Finished.
use super::{
    AwaitCertificate, AwaitCertificateVerify, AwaitChangeCipherSpec, AwaitClientKeyExchange, AwaitFinished,
    AwaitPeerVerified, AwaitSecret, AwaitTicket, Client, FullHandshake, State as S,
};
use crate::cert::{PeerClaim, PeerKeys, PeerRole, Verified};
use crate::config::ClientAuth;
use crate::crypto::{self, DEFAULT_USER_ID, PublicKey, Shared, TrafficKeys};
use crate::error::{CertificateError, CertificateProblem, CryptoError, Error, PeerIncompatible};
use crate::handshake::key_agreement::{
    ReadyAgreement, ServerAgreement, agreement_error, check_kinds, check_signature, client_keys,
    read_credential, scheme_of, signature_error,
};
use crate::handshake::{Action, AnswerKind, Context, Keyed, Request};
use crate::key_schedule::{self, Sender};
use crate::message::{CertificateVerify, Credential, Handshake, NewSessionTicket};
use crate::session::{Peer, Session, SessionKey, Ticket};
use crate::suite::{SecretSource, Suite};
use crate::wire::HandshakeType;
use alloc::sync::Arc;

impl FullHandshake<ServerAgreement> {
    /// Goes on when it is known whether the client has keys.
    pub(super) fn with_agreement(
        self,
        ready: impl FnOnce(ServerAgreement) -> Result<ReadyAgreement, Error>,
    ) -> Result<FullHandshake<ReadyAgreement>, Error> {
        let Self { agreed, agreement, own } = self;
        Ok(FullHandshake { agreed, agreement: ready(agreement)?, own })
    }
}

impl AwaitCertificate {
    pub(super) fn on_certificate(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut full } = self;
        let credential = Arc::new(read_credential(message.body, full.agreed.suite, cx)?);
        if credential.is_empty() {
            // R-HS-12, R-HS-42
            if cx.policy.client_auth == ClientAuth::Require {
                return Err(PeerIncompatible::ClientCertificateMissing.into());
            }
            full.agreed.transcript.forget_messages();
            full.agreed.transcript.add(message);
            let full = full.with_agreement(ServerAgreement::without_client)?;
            let next = AwaitClientKeyExchange { full, client: Client::Anonymous };
            return Ok(S::AwaitClientKeyExchange(next));
        }
        let keys = checked_keys(&credential, full.agreed.suite, cx)?;
        // R-HS-47: with the client's key Z is known, and the messages themselves need not be kept any longer.
        if let (PublicKey::Sm2(public), true) = (keys.sign(), full.agreed.transcript.keeps_messages()) {
            let e = crypto::sm2::start_digest(cx.provider.hashes, DEFAULT_USER_ID, public)?;
            full.agreed.transcript.hash_messages_behind(e)?;
        }
        full.agreed.transcript.add(message);
        // R-SM-9: verified before any private-key use for this client.
        cx.ask(Request::VerifyPeer(PeerClaim {
            role: PeerRole::Client,
            credential: credential.clone(),
            keys: keys.clone(),
        }));
        Ok(S::AwaitPeerVerified(AwaitPeerVerified { full, credential, keys }))
    }
}

/// R-HS-42, R-AL-9: where the pair is needed, a list without an encryption certificate is the same as none. R-T12-8: where
/// schemes are named, the key signs by one that we asked for.
fn checked_keys(credential: &Credential, suite: &Suite, cx: &Context<'_>) -> Result<PeerKeys, Error> {
    let keys = client_keys(credential, suite, cx)?;
    if suite.key_exchange.is_mutual() && keys.encrypt().is_none() {
        return Err(PeerIncompatible::ClientCertificateMissing.into());
    }
    if !suite.protocol.names_signature_scheme {
        check_kinds(&keys, suite)?;
    } else if !cx.policy.signature_schemes.iter().any(|scheme| keys.sign().signs_by(*scheme)) {
        return Err(CertificateProblem::UnsupportedKey.into());
    }
    Ok(keys)
}

impl AwaitPeerVerified {
    pub(super) fn on_verified(self, verified: Result<Verified, CertificateError>) -> Result<S, Error> {
        let Self { full, credential, keys } = self;
        let verified = verified?;
        let full = full.with_agreement(|agreement| agreement.with_client(keys.encrypt().cloned()))?;
        let sign_key = keys.sign().clone();
        let client = Client::Claimed { credential, verified, sign_key };
        Ok(S::AwaitClientKeyExchange(AwaitClientKeyExchange { full, client }))
    }
}

impl AwaitClientKeyExchange {
    pub(super) fn on_exchange(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { full: FullHandshake { mut agreed, agreement, own }, client } = self;
        let secret = agreement.receive(message.body, cx)?;
        agreed.transcript.add(message);
        cx.ask(secret.request(&agreed));
        Ok(S::AwaitSecret(AwaitSecret { full: FullHandshake { agreed, agreement: (), own }, client }))
    }
}

impl AwaitSecret {
    /// One key exchange's answer is not the other's: a failed agreement has an alert, a failed decryption never
    /// (R-HS-43).
    pub(super) fn awaits(&self) -> AnswerKind {
        match self.full.agreed.suite.key_exchange.secret {
            SecretSource::Encrypted => AnswerKind::Decrypted,
            SecretSource::Agreed | SecretSource::Ephemeral => AnswerKind::AgreementFinished,
        }
    }

    pub(super) fn on_agreement(
        self,
        shared: Result<Shared, CryptoError>,
        cx: &mut Context<'_>,
    ) -> Result<S, Error> {
        let shared = shared
            .map_err(|e| agreement_error(HandshakeType::CLIENT_KEY_EXCHANGE, self.full.agreed.suite, e))?;
        self.on_secret(shared, cx)
    }

    pub(super) fn on_secret(self, shared: Shared, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { full: FullHandshake { agreed, own, .. }, client } = self;
        let master = key_schedule::master_secret(cx.provider.hashes, shared, &agreed.master_seed());
        cx.log_secret(&agreed, &master);
        let (peer, sign_key) = match client {
            Client::Anonymous => (Peer::Anonymous, None),
            Client::Claimed { credential, verified, sign_key } => {
                (Peer::Authenticated { credential, not_after: verified.not_after() }, Some(sign_key))
            }
        };
        let session = Arc::new(Session {
            id: agreed.session_id,
            suite: agreed.suite,
            master,
            created: cx.now,
            server_name: agreed.negotiated.server_name.clone(),
            context: cx.policy.session_context,
            own_identity: *own.fingerprint(),
            peer,
            server_end_point: *own.end_point(),
            terms: agreed.negotiated.terms,
            ticket: None,
        });
        let keyed = Keyed::new(agreed, session, cx.provider);
        match sign_key {
            None => await_change_cipher_spec(keyed),
            Some(sign_key) => Ok(S::AwaitCertificateVerify(AwaitCertificateVerify { keyed, sign_key })),
        }
    }
}

impl AwaitCertificateVerify {
    pub(super) fn on_verify(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut keyed, sign_key } = self;
        let agreed = &mut keyed.agreed;
        let signed = CertificateVerify::read(message.body, agreed.suite.protocol.names_signature_scheme)?;
        let scheme = scheme_of(&signed, &sign_key, message.kind, cx.policy)?;
        let over = match signed.scheme {
            Some(_) => agreed.certificate_verify_message()?, // R-T12-18
            None => agreed.certificate_verify_hash(),
        };
        let checked = check_signature(message.kind, &sign_key, scheme, &[&over], signed.signature, cx);
        match (checked, agreed.transcript.digest_behind()) {
            (Ok(()), _) => {}
            // R-HS-47: or over the messages themselves, as GmSSL signs.
            (Err(_), Some(e)) => cx
                .provider
                .keys
                .verify_digest(&sign_key, e.as_ref(), signed.signature)
                .map_err(|e| signature_error(message.kind, e))?,
            (Err(error), None) => return Err(error),
        }
        agreed.transcript.forget_messages();
        agreed.transcript.add(message);
        await_change_cipher_spec(keyed)
    }
}

/// R-SM-3: ChangeCipherSpec is taken only from here on, where the keys are ready.
fn await_change_cipher_spec(keyed: Keyed) -> Result<S, Error> {
    let keys = keyed.keys()?;
    let (read, write) = (keys.client, keys.server);
    Ok(S::AwaitChangeCipherSpec(AwaitChangeCipherSpec { keyed, read, write }))
}

impl AwaitChangeCipherSpec {
    pub(super) fn on_change_cipher_spec(self, cx: &mut Context<'_>) -> S {
        let Self { keyed, read, write } = self;
        cx.actions.push(Action::NewReadKeys(read));
        S::AwaitFinished(AwaitFinished { keyed, write })
    }
}

impl AwaitFinished {
    pub(super) fn on_finished(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut keyed, write } = self;
        keyed.check_finished(message, Sender::Client)?;
        if keyed.agreed.negotiated.ticket {
            cx.ask(Request::SealTicket { session: keyed.session.clone() });
            return Ok(S::AwaitTicket(AwaitTicket { keyed, write }));
        }
        finish(keyed, write, cx)
    }
}

impl AwaitTicket {
    /// R-TKT-4: promised is promised; a ticket of no length says that there is none after all.
    pub(super) fn on_ticket(self, ticket: Option<Ticket>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut keyed, write } = self;
        let ticket = ticket.filter(|ticket| ticket.bytes.len() <= Ticket::MAX);
        let message = match &ticket {
            Some(ticket) => NewSessionTicket { lifetime: ticket.lifetime, ticket: &ticket.bytes },
            None => NewSessionTicket { lifetime: 0, ticket: &[] },
        };
        cx.write(&mut keyed.agreed.transcript, message.to_message())?;
        finish(keyed, write, cx)
    }
}

fn finish(mut keyed: Keyed, write: TrafficKeys, cx: &mut Context<'_>) -> Result<S, Error> {
    cx.write_finished(&mut keyed, write, Sender::Server)?;
    let session = &keyed.session;
    let key = (!session.id.is_empty()).then_some(SessionKey::Id(session.id));
    cx.actions.extend(key.map(|key| Action::StoreSession(key, session.clone())));
    keyed.done(key, false, cx);
    Ok(S::Connected)
}
