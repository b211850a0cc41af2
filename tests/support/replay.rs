//! One end of a recorded conversation, played by our own connection: it is given the recorded randomness, the recorded
//! signatures, agreements and ciphertexts as answers, and the other end's bytes.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::conversation::{Conversation, KeyRing, Side};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tlcp::cert::{CertificateForm, Expected, Identity, Key, PeerClaim, PeerKeys, ServerName, Verified};
use tlcp::config::{ClientAuth, ClientConfig, Compat, ServerConfig};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ServerConnection, Time};
use tlcp::crypto::{
    AgreementRole, Draw, Keys, MasterSecret, PrivateKey, Provider, PublicKey, Random, Share, Shared,
    SignatureAlgorithm,
};
use tlcp::error::CryptoError;
use tlcp::handshake::{Answer, IdentityQuery, Request, Selection, SignRequest, Started};
use tlcp::message::{CertificateRequest, CertificateVerify, ClientKeyExchange, ServerKeyExchange};
use tlcp::session::SessionStore;
use tlcp::suite::{KeyExchange, Protection};
use tlcp::wire::HandshakeType as H;

const NOW: Time = Time { unix: 1_795_219_200, monotonic: Duration::ZERO };

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// A conversation, and who we are in it.
pub(crate) struct Part<'a> {
    pub(crate) role: Role,
    pub(crate) conversation: &'a Conversation,
    /// Where its session comes from, if one is resumed: there our certificates stand.
    pub(crate) first: Option<&'a Conversation>,
    pub(crate) keys: &'a KeyRing,
    pub(crate) provider: Provider,
}

/// Answers by purpose with what was recorded.
struct Recorded {
    hello_random: [u8; 32],
    session_id: Vec<u8>,
    pre_master: Vec<u8>,
    ephemeral: Vec<u8>,
    ivs: Mutex<VecDeque<Vec<u8>>>,
}

impl Random for Recorded {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        match draw {
            Draw::HelloRandom => out.copy_from_slice(&self.hello_random),
            Draw::SessionId => out.copy_from_slice(&self.session_id),
            Draw::PreMasterSecret => out.copy_from_slice(&self.pre_master[2..]),
            Draw::PrivateKey => out.copy_from_slice(&self.ephemeral),
            Draw::RecordIv => {
                out.copy_from_slice(&self.ivs.lock().unwrap().pop_front().expect("one more IV"))
            }
            // R-HS-43: drawn always; here every ciphertext opens.
            Draw::Substitute => out.fill(0),
            other => panic!("nothing was recorded for {other:?}"),
        }
        Ok(())
    }
}

/// Encryption is no request: the scalar of the recorded ciphertext is not known, the ciphertext is.
struct RecordedKeys {
    inner: &'static dyn Keys,
    pre_master: Vec<u8>,
    ciphertext: Vec<u8>,
}

impl Keys for RecordedKeys {
    fn sm2_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        self.inner.sm2_public(point)
    }

    fn sm2_private(&self, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        self.inner.sm2_private(scalar)
    }

    fn verify(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        key: &PublicKey,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        self.inner.verify(algorithm, key, parts, signature)
    }

    fn verify_digest(&self, key: &PublicKey, digest: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        self.inner.verify_digest(key, digest, signature)
    }

    fn rsa_public(&self, der: &[u8]) -> Result<PublicKey, CryptoError> {
        self.inner.rsa_public(der)
    }

    fn encrypt(&self, _: &PublicKey, message: &[u8], _: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        assert_eq!(message, self.pre_master, "the pre_master_secret is the recorded one");
        Ok(self.ciphertext.clone())
    }
}

impl<'a> Part<'a> {
    fn own(&self) -> &'a Side {
        match self.role {
            Role::Client => &self.conversation.client,
            Role::Server => &self.conversation.server,
        }
    }

    fn peer(&self) -> &'a Side {
        match self.role {
            Role::Client => &self.conversation.server,
            Role::Server => &self.conversation.client,
        }
    }

    /// Whether a session of an earlier conversation is resumed.
    pub(crate) fn needs_first(&self) -> bool {
        self.conversation.is_resumed()
    }

    /// Whether that is `first`, and it can be replayed.
    pub(crate) fn resumes(&self, first: &'a Conversation) -> bool {
        let same = first.server_hello.session_id == self.conversation.server_hello.session_id;
        let part = Part { conversation: first, ..*self };
        self.needs_first() && !first.is_resumed() && same && part.obstacle().is_none()
    }

    /// Why this part cannot be replayed to the byte from what was recorded, if so.
    pub(crate) fn obstacle(&self) -> Option<&'static str> {
        let c = self.conversation;
        if !c.is_ours {
            return Some("a suite that is not run yet");
        }
        let certificates = c.certificates(self.own()).filter(|list| !list.is_empty());
        if certificates.is_some() && self.identity().is_none() {
            return Some("the certificates are not in an order that we write");
        }
        match self.role {
            Role::Client => self.client_obstacle(),
            Role::Server => self.server_obstacle(),
        }
    }

    /// Who we are, if our Certificate message would be the recorded one.
    fn identity(&self) -> Option<Identity> {
        if let Some(conversation) = self.first {
            return Part { conversation, first: None, ..*self }.identity();
        }
        let certificates = self.conversation.certificates(self.own())?;
        let PeerKeys::Pair { at, .. } = self.keys_of(self.own())? else { return None };
        let mut list: Vec<&[u8]> = certificates.certificates().iter().map(AsRef::as_ref).collect();
        let encrypt = list.remove(at);
        let key = || Key::Elsewhere("recorded".into());
        let identity = Identity::with_keys((&list, key()), (encrypt, key()), &self.provider).ok()?;
        let recorded = self.own().message(H::CERTIFICATE)?;
        (identity.message(CertificateForm::Dual).as_handshake() == recorded).then_some(identity)
    }

    fn client_obstacle(&self) -> Option<&'static str> {
        let c = self.conversation;
        if c.client_hello.cipher_suites[..] != [c.suite.id] || !self.own().messages[0].ends_with(&[1, 0]) {
            return Some("the hello has extensions or a signalling suite that we do not send");
        }
        let own_key = || self.keys.find(self.keys_of(self.own())?.encrypt()?);
        let secret_known = match c.suite.key_exchange {
            KeyExchange::ECDHE => c.values.bytes(&["client_eph"]).is_some() && own_key().is_some(),
            _ => self.pre_master().is_some(),
        };
        (!secret_known && !c.is_resumed()).then_some("the client's secret is not known")
    }

    fn server_obstacle(&self) -> Option<&'static str> {
        let c = self.conversation;
        let only_name = c.server_hello.extensions.kinds.iter().all(|kind| kind.0 == 0);
        if !only_name || !c.ticket().is_empty() {
            return Some("the server answers an extension that we do not, such as session_ticket");
        }
        let ours = [c.suite.key_exchange.authenticates.certificate_type()];
        if self.certificate_request().is_some_and(|request| request.types != ours) {
            return Some("the server asks for other types of certificate");
        }
        // The agreement of ECDHE is answered by a device that made its point and has the master secret.
        let needs_key = c.suite.key_exchange != KeyExchange::ECDHE && !c.is_resumed();
        (needs_key && self.pre_master().is_none()).then_some("no private key of the server")
    }

    fn certificate_request(&self) -> Option<CertificateRequest> {
        let message = self.conversation.server.message(H::CERTIFICATE_REQUEST)?;
        Some(CertificateRequest::read(message.body, false).unwrap())
    }

    /// As recorded, or as the server's private key decrypts it.
    fn pre_master(&self) -> Option<Vec<u8>> {
        let c = self.conversation;
        let recorded = c.values.bytes(&["premaster", "pre_master_secret"]);
        recorded.or_else(|| {
            let exchange = c.client.message(H::CLIENT_KEY_EXCHANGE)?;
            let ciphertext = c.ciphertext(exchange.body).ok()?;
            let key = self.keys.find(self.keys_of(&c.server)?.encrypt()?)?;
            Some(c.decrypt(&**key, ciphertext))
        })
    }

    fn keys_of(&self, side: &Side) -> Option<PeerKeys> {
        self.conversation.certificates(side)?.keys(Expected::Pair, self.provider.keys).ok()
    }

    fn random(&self) -> Arc<dyn Random> {
        let c = self.conversation;
        let is_cbc = matches!(c.suite.protection, Protection::Cbc { .. });
        let protected = self.own().protected().iter().filter(|_| is_cbc);
        Arc::new(Recorded {
            hello_random: match self.role {
                Role::Client => c.client_hello.random,
                Role::Server => c.server_hello.random,
            },
            session_id: c.server_hello.session_id.as_slice().to_vec(),
            pre_master: self.pre_master().unwrap_or_default(),
            ephemeral: c.values.bytes(&["client_eph"]).unwrap_or_default(),
            ivs: Mutex::new(protected.map(|r| r.fragment()[..16].to_vec()).collect()),
        })
    }

    fn recorded_provider(&self) -> Provider {
        let exchange = self.conversation.client.message(H::CLIENT_KEY_EXCHANGE);
        let ciphertext = exchange.and_then(|m| self.conversation.ciphertext(m.body).ok());
        let keys = RecordedKeys {
            inner: self.provider.keys,
            pre_master: self.pre_master().unwrap_or_default(),
            ciphertext: ciphertext.unwrap_or_default().to_vec(),
        };
        self.provider.with_keys(Box::leak(Box::new(keys)))
    }

    pub(crate) fn client(&self, store: &Arc<dyn SessionStore>) -> ClientConnection {
        // Only GmSSL's clients write the point with a length before it (R-HS-23).
        let exchange = self.conversation.client.message(H::CLIENT_KEY_EXCHANGE);
        let is_gmssl = exchange.is_some_and(|m| m.body.len() == 71);
        let config = ClientConfig::builder_with(self.recorded_provider(), self.random())
            .suites(&[self.conversation.suite])
            .compat(if is_gmssl { Compat::gmssl() } else { Compat::default() })
            .sessions(Some(store.clone()))
            .verify_later(Some(b"all"))
            .select_later(Some(b"all"))
            .hello_extensions(false)
            .build()
            .unwrap();
        let name = ServerName::try_from("recorded.example").unwrap();
        ClientConnection::new(Arc::new(config), name, NOW).unwrap()
    }

    pub(crate) fn server(&self, store: &Arc<dyn SessionStore>) -> ServerConnection {
        let keeps_sessions = !self.conversation.server_hello.session_id.is_empty();
        let request = self.certificate_request();
        let client_auth = if request.is_some() { ClientAuth::Request } else { ClientAuth::None };
        let config = ServerConfig::builder_with(self.recorded_provider(), self.random())
            .suites(&[self.conversation.suite])
            .sessions(keeps_sessions.then(|| store.clone()))
            .client_auth(client_auth)
            .verify_later(Some(b"all"))
            .select_later(Some(b"all"))
            .authorities(request.iter().flat_map(|r| r.authorities.iter()))
            .build()
            .unwrap();
        ServerConnection::new(Arc::new(config), NOW)
    }

    /// Feeds the peer's bytes in pieces of `size` and answers every request: all that the connection sends.
    pub(crate) fn play<S: Endpoint>(&self, connection: &mut Connection<S>, size: usize) -> Vec<u8> {
        let name = &self.conversation.name;
        let mut sent = Vec::new();
        for piece in self.peer().handshake_bytes().chunks(size) {
            let mut rest = piece;
            loop {
                let n = connection.receive(rest, NOW).unwrap_or_else(|e| panic!("{name}: {e}"));
                rest = &rest[n..];
                let Some(request) = connection.request() else { break };
                let answer = self.answer(*request);
                connection.answer(answer, NOW).unwrap_or_else(|e| panic!("{name}: {e}"));
            }
            assert!(rest.is_empty(), "{name}: bytes were left");
            sent.extend_from_slice(connection.pending_output());
            connection.sent(connection.pending_output().len());
        }
        assert!(!connection.is_handshaking(), "{name}: {} at the end", connection.state());
        sent
    }

    fn answer(&self, request: Request) -> Answer {
        match request {
            Request::VerifyPeer(claim) => self.verify_peer(&claim),
            Request::SelectIdentity(query) => self.select_identity(&query),
            Request::Sign(request) => self.sign(&request),
            Request::Decrypt(question) => {
                let keys = self.keys_of(self.own()).unwrap();
                let key = self.keys.find(keys.encrypt().unwrap()).unwrap();
                let found = self.conversation.decrypt(&**key, question.ciphertext());
                assert_eq!(Some(found.clone()), self.pre_master());
                question.answer(Ok(&found))
            }
            Request::StartAgreement { role: role @ AgreementRole::Responder(_), .. } => {
                let keys = self.keys_of(self.own()).unwrap();
                let key = self.keys.find(keys.encrypt().unwrap()).expect("the client's encryption key");
                let started = key.start_agreement(&role, &*self.random());
                Answer::AgreementStarted(started.map(Started::Here))
            }
            Request::StartAgreement { role: AgreementRole::Initiator(_), group, .. } => {
                let share =
                    Share { group, bytes: Box::from(self.server_exchange().ephemeral.unwrap().0.point) };
                Answer::AgreementStarted(Ok(Started::Elsewhere { share, handle: Arc::new(()) }))
            }
            Request::FinishAgreement { started: Started::Elsewhere { .. }, peer, .. } => {
                let sent = ClientKeyExchange::read_ephemeral(
                    self.peer().message(H::CLIENT_KEY_EXCHANGE).unwrap().body,
                );
                assert_eq!(*peer.share.bytes, *sent.unwrap().point);
                assert_eq!(peer.key.as_ref(), self.keys_of(self.peer()).unwrap().encrypt());
                let master = MasterSecret::from_bytes(&self.conversation.master);
                Answer::AgreementFinished(Ok(Shared::Master(master)))
            }
            other => panic!("nothing was recorded for {other:?}"),
        }
    }

    /// The recorded ServerKeyExchange.
    fn server_exchange(&self) -> ServerKeyExchange<'_> {
        let body = self.conversation.server.message(H::SERVER_KEY_EXCHANGE).unwrap().body;
        match self.conversation.suite.key_exchange {
            KeyExchange::ECDHE => ServerKeyExchange::read_ephemeral(body, false).unwrap(),
            _ => ServerKeyExchange::read_signature(body, false).unwrap(),
        }
    }

    /// The claim is what the peer sent.
    fn verify_peer(&self, claim: &PeerClaim) -> Answer {
        assert_eq!(*claim.credential, self.conversation.certificates(self.peer()).unwrap());
        assert_eq!(claim.keys, self.keys_of(self.peer()).unwrap());
        Answer::PeerVerified(Ok(Verified::assertion(u64::MAX)))
    }

    fn select_identity(&self, query: &IdentityQuery) -> Answer {
        let c = self.conversation;
        if let IdentityQuery::ForServer { request, .. } = query {
            assert_eq!(Some(&**request), self.certificate_request().as_ref());
        }
        let Some(identity) = self.identity() else { return Answer::IdentitySelected(Selection::Nothing) };
        let by_name = self.role == Role::Server && c.server_hello.extensions.server_name;
        Answer::IdentitySelected(Selection::Identity { identity: Arc::new(identity), by_name })
    }

    /// The recorded signature, which is one over what we would sign.
    fn sign(&self, request: &SignRequest) -> Answer {
        let c = self.conversation;
        let signed = match self.role {
            Role::Client => {
                let verify = c.client.message(H::CERTIFICATE_VERIFY).unwrap();
                CertificateVerify::read(verify.body, false).unwrap()
            }
            Role::Server => self.server_exchange().signed,
        };
        let key = self.keys_of(self.own()).unwrap().sign().clone();
        let algorithm = SignatureAlgorithm::of(request.scheme()).unwrap();
        let verified = self.provider.keys.verify(algorithm, &key, &[request.message()], signed.signature);
        assert_eq!(verified, Ok(()), "{}", c.name);
        // A device that takes the digest signs the same.
        let digest = request.digest(self.provider.hashes).unwrap();
        let verified = self.provider.keys.verify_digest(&key, digest.as_ref(), signed.signature);
        assert_eq!(verified, Ok(()), "{}", c.name);
        Answer::Signed(signed.signature.to_vec())
    }
}
