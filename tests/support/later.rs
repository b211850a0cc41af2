//! Answers every request of a connection by hand, as a device, a remote store or a user would: later.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::pair::{Counting, Ends, NOW, Side, World, at};
use std::sync::Arc;
use tlcp::cert::{Identity, Key, KeyUse};
use tlcp::conn::{Connection, Endpoint};
use tlcp::crypto::{PrivateKey, StartedAgreement};
use tlcp::error::Error;
use tlcp::handshake::{Answer, IdentityQuery, Request, Selection, Started};
use tlcp::pki::Pair;
use tlcp::session::{Found, Session, SessionKey, SessionStore};

/// What was asked, by name.
pub fn name_of(request: &Request) -> &'static str {
    match request {
        Request::FindSession { .. } => "FindSession",
        Request::SelectIdentity(_) => "SelectIdentity",
        Request::VerifyPeer(_) => "VerifyPeer",
        Request::Sign { .. } => "Sign",
        Request::Decrypt(_) => "Decrypt",
        Request::StartAgreement { .. } => "StartAgreement",
        Request::FinishAgreement { .. } => "FinishAgreement",
        other => panic!("a new request: {other:?}"),
    }
}

/// The pair of certificates with keys that are elsewhere.
pub fn identity_elsewhere(world: &World, pair: &Pair) -> Arc<Identity> {
    let ca = &world.pki.intermediate.certificate;
    let [sign, encrypt] = ["sign", "encrypt"].map(|label| Key::Elsewhere(label.into()));
    let certificates = [&pair.sign.certificate[..], ca];
    let identity =
        Identity::with_keys((&certificates, sign), (&pair.encrypt.certificate, encrypt), &world.provider);
    Arc::new(identity.unwrap())
}

/// A store that looks elsewhere: it keeps bytes, and never answers at once.
#[derive(Default)]
pub struct Remote(std::sync::Mutex<std::collections::BTreeMap<SessionKey, Vec<u8>>>);

impl Remote {
    /// What the other place says.
    pub fn fetch(&self, key: &SessionKey) -> Option<Arc<Session>> {
        let bytes = self.0.lock().unwrap().get(key).cloned()?;
        Some(Arc::new(Session::from_bytes(&bytes).unwrap()))
    }
}

impl SessionStore for Remote {
    fn find(&self, _: &SessionKey, _: u64) -> Found {
        Found::Later
    }

    fn store(&self, key: SessionKey, session: Arc<Session>) {
        self.0.lock().unwrap().insert(key, session.to_bytes().unwrap().to_vec());
    }

    fn remove(&self, key: &SessionKey) {
        self.0.lock().unwrap().remove(key);
    }
}

/// Who answers for one side.
pub struct Device<'a> {
    pub world: &'a World,
    pub side: Side,
    pub identity: Arc<Identity>,
    pub sessions: Option<Arc<Remote>>,
}

impl Device<'_> {
    fn key(&self, key_use: KeyUse) -> &Arc<dyn PrivateKey> {
        let pki = &self.world.pki;
        let pair = if self.side == Side::Client { &pki.client } else { &pki.server };
        match key_use {
            KeyUse::Sign => pair.sign.key(),
            KeyUse::Encrypt | KeyUse::Agree => pair.encrypt.key(),
        }
    }

    pub fn answer(&self, request: Request) -> Answer {
        let random = Counting::from(40);
        let encrypt = self.key(KeyUse::Encrypt);
        match request {
            Request::FindSession { key } => {
                Answer::SessionFound(self.sessions.as_ref().and_then(|s| s.fetch(&key)))
            }
            Request::SelectIdentity(query) => {
                let by_name = matches!(&query, IdentityQuery::ForClient(offer)
                    if offer.hello.extensions.server_name.host() == Some("localhost"));
                Answer::IdentitySelected(Selection::Identity { identity: self.identity.clone(), by_name })
            }
            Request::VerifyPeer(claim) => Answer::PeerVerified(self.world.verifier.verify(&claim, NOW)),
            Request::Sign(request) => request.answer(&**self.key(KeyUse::Sign), &random),
            Request::Decrypt(request) => {
                let found = encrypt.decrypt(request.ciphertext());
                request.answer(found.as_ref().map(|m| &m[..]).map_err(|e| *e))
            }
            Request::StartAgreement { role, .. } => {
                let started = encrypt.start_agreement(&role, &random);
                Answer::AgreementStarted(started.map(|started| Started::Elsewhere {
                    share: started.share().clone(),
                    handle: Arc::new(started),
                }))
            }
            Request::FinishAgreement { started: Started::Elsewhere { handle, .. }, peer, seed } => {
                let started = handle.downcast_ref::<Arc<dyn StartedAgreement>>().unwrap();
                Answer::AgreementFinished(started.finish(&peer, &seed))
            }
            other => panic!("nobody should be asked {other:?}"),
        }
    }
}

/// Answers what `connection` asks, if it asks anything; the name of what it asked.
pub fn answer_one<S: Endpoint>(
    connection: &mut Connection<S>,
    device: &Device<'_>,
) -> Result<Option<&'static str>, Error> {
    let Some(request) = connection.request() else { return Ok(None) };
    let name = name_of(&request);
    connection.answer(device.answer(*request), at(1)).map(|()| Some(name))
}

/// Runs a handshake in which everything is answered by hand; what was asked of the client and of the server.
pub fn run(ends: &mut Ends, client: &Device<'_>, server: &Device<'_>) -> [Vec<&'static str>; 2] {
    let mut asked = [Vec::new(), Vec::new()];
    loop {
        ends.run().unwrap_or_else(|(side, e)| panic!("{side:?}: {e}"));
        let of_client = answer_one(&mut ends.client, client).unwrap();
        let of_server = answer_one(&mut ends.server, server).unwrap();
        if of_client.is_none() && of_server.is_none() {
            return asked;
        }
        asked[0].extend(of_client);
        asked[1].extend(of_server);
    }
}
