//! The full handshake, from the client's Certificate to its Finished.
use super::{
    AwaitCertificate, AwaitCertificateVerify, AwaitChangeCipherSpec, AwaitClientKeyExchange, AwaitFinished,
    AwaitPeerVerified, AwaitSecret, Client, State as S,
};
use crate::cert::{PeerClaim, PeerPair, PeerRole, Verified};
use crate::config::ClientAuth;
use crate::crypto::Shared;
use crate::error::{CertificateError, CryptoError, Error, PeerIncompatible};
use crate::handshake::key_agreement::{agreement_error, check_signature};
use crate::handshake::{Action, Agreed, AnswerKind, Context, Keyed, Request};
use crate::key_schedule::{self, Sender};
use crate::message::{CertificateVerify, Credential, Handshake};
use crate::session::{Peer, Session, SessionKey};
use crate::suite::KeyExchange;
use crate::wire::HandshakeType;
use alloc::{boxed::Box, sync::Arc};

impl AwaitCertificate {
    pub(super) fn on_certificate(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut agreed, agreement, server_end_point } = self;
        let credential = Arc::new(Credential::read(message.body(), cx.policy.limits.certificates)?);
        agreed.transcript.add(message.raw);
        if credential.is_empty() {
            // R-HS-12, R-HS-42
            if cx.policy.client_auth == ClientAuth::Require {
                return Err(PeerIncompatible::ClientCertificateMissing.into());
            }
            agreed.transcript.forget_messages();
            let (agreement, client) = (agreement.without_client()?, Client::Anonymous);
            let next = AwaitClientKeyExchange { agreed, agreement, server_end_point, client };
            return Ok(S::AwaitClientKeyExchange(next));
        }
        let pair = Box::new(choose_pair(&credential, &agreed, cx)?);
        // R-SM-9: verified before any private-key use for this client.
        cx.ask(Request::VerifyPeer(PeerClaim {
            role: PeerRole::Client,
            credential: credential.clone(),
            pair: (*pair).clone(),
        }));
        let next = AwaitPeerVerified { agreed, agreement, server_end_point, credential, pair };
        Ok(S::AwaitPeerVerified(next))
    }
}

/// R-HS-42: a single certificate where the pair is needed is the same as none.
fn choose_pair(credential: &Credential, agreed: &Agreed, cx: &Context<'_>) -> Result<PeerPair, Error> {
    let mutual = agreed.suite.key_exchange.is_mutual();
    PeerPair::choose(credential, mutual, cx.provider.keys).map_err(|e| match e {
        CertificateError::MissingEncryptionCertificate => PeerIncompatible::ClientCertificateMissing.into(),
        other => other.into(),
    })
}

impl AwaitPeerVerified {
    pub(super) fn on_verified(self, verified: Result<Verified, CertificateError>) -> Result<S, Error> {
        let Self { agreed, agreement, server_end_point, credential, pair } = self;
        let verified = verified?;
        let PeerPair { sign_key, encryption } = *pair;
        let agreement = agreement.with_client(encryption.map(|(_, key)| key))?;
        let client = Client::Claimed { credential, verified, sign_key };
        let next = AwaitClientKeyExchange { agreed, agreement, server_end_point, client };
        Ok(S::AwaitClientKeyExchange(next))
    }
}

impl AwaitClientKeyExchange {
    pub(super) fn on_exchange(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut agreed, agreement, server_end_point, client } = self;
        let request = agreement.receive(&agreed, message.body(), cx)?;
        agreed.transcript.add(message.raw);
        cx.ask(request);
        Ok(S::AwaitSecret(AwaitSecret { agreed, server_end_point, client }))
    }
}

impl AwaitSecret {
    /// One key exchange's answer is not the other's: a failed agreement has an alert, a failed decryption never
    /// (R-HS-43).
    pub(super) fn awaits(&self) -> AnswerKind {
        match self.agreed.suite.key_exchange {
            KeyExchange::Ecc => AnswerKind::Decrypted,
            KeyExchange::Ecdhe => AnswerKind::AgreementFinished,
        }
    }

    pub(super) fn on_agreement(
        self,
        shared: Result<Shared, CryptoError>,
        cx: &mut Context<'_>,
    ) -> Result<S, Error> {
        let shared = shared.map_err(|e| agreement_error(HandshakeType::CLIENT_KEY_EXCHANGE, e))?;
        self.on_secret(shared, cx)
    }

    pub(super) fn on_secret(self, shared: Shared, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { agreed, server_end_point, client } = self;
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
            server_name: agreed.server_name.clone(),
            context: cx.policy.session_context,
            peer,
            server_end_point: *server_end_point,
        });
        let keyed = Keyed { agreed, session };
        match sign_key {
            None => await_change_cipher_spec(keyed, cx),
            Some(sign_key) => Ok(S::AwaitCertificateVerify(AwaitCertificateVerify { keyed, sign_key })),
        }
    }
}

impl AwaitCertificateVerify {
    pub(super) fn on_verify(self, message: Handshake<'_>, cx: &mut Context<'_>) -> Result<S, Error> {
        let Self { mut keyed, sign_key } = self;
        let signature = CertificateVerify::read(message.body())?;
        let signed = keyed.agreed.certificate_verify_message();
        check_signature(message.kind, &sign_key, &signed, signature, cx)?;
        keyed.agreed.transcript.forget_messages();
        keyed.agreed.transcript.add(message.raw);
        await_change_cipher_spec(keyed, cx)
    }
}

/// R-SM-3: ChangeCipherSpec is taken only from here on, where the keys are ready.
fn await_change_cipher_spec(keyed: Keyed, cx: &Context<'_>) -> Result<S, Error> {
    let keys = keyed.keys(cx.provider)?;
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
        keyed.check_finished(message, cx.provider, Sender::Client)?;
        cx.write_finished(&mut keyed, write, Sender::Server)?;
        let session = &keyed.session;
        let key = (!session.id.is_empty()).then_some(SessionKey::Id(session.id));
        cx.actions.extend(key.map(|key| Action::StoreSession(key, session.clone())));
        keyed.done(key, false, cx);
        Ok(S::Connected)
    }
}
