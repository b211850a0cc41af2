//! A peer that was revoked since its session was made is not resumed (R-HS-51), in both roles, wherever the session is
//! found.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use pair::{Counting, Ends, NOW, Side, World, name, store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tlcp::cert::{PeerClaim, Verified, Verifier, WebPkiVerifier};
use tlcp::config::{ClientAuth, ClientConfig, ServerConfig, ServerConfigBuilder, Setup};
use tlcp::error::{CertificateError, CertificateProblem, Error};
use tlcp::handshake::{Action, Actions, Answer, Context, Engine, Input, Request, client};
use tlcp::message::Credential;
use tlcp::pki::{DAY, Issued, revocation_list};
use tlcp::session::{Found, Session, SessionKey, SessionStore};

/// A verifier with the lists of this day, which revoke these certificates.
fn verifier(w: &World, day: u64, revoked: &[&Issued]) -> Arc<WebPkiVerifier> {
    let validity = (NOW - 9 * DAY + day * DAY, NOW + 9 * DAY);
    let list = revocation_list(&w.pki.intermediate, revoked, validity, &Counting::from(9)).unwrap();
    let builder = WebPkiVerifier::builder(&w.provider).roots(&[&w.pki.root.certificate]).unwrap();
    Arc::new(builder.crls(&[&list]).unwrap().revocation_of_end_entities_only().build().unwrap())
}

/// A server that names its sessions as no other does.
fn server(w: &World) -> ServerConfigBuilder {
    static SEED: AtomicU64 = AtomicU64::new(100);
    let random = Counting::from(SEED.fetch_add(1, Ordering::Relaxed));
    ServerConfig::builder_with(w.provider, Arc::new(random)).identity(w.server.clone())
}

/// What becomes of the second connection, whose `side` has other lists than in the first.
fn second(w: &World, side: Side, revoked: &[&Issued]) -> Result<bool, (Side, Error)> {
    let (clients, servers) = (store(), store());
    let configs = |lists: [Arc<WebPkiVerifier>; 2]| {
        let [on_client, on_server] = lists;
        let client = w.client().verifier(on_client).sessions(Some(clients.clone())).build().unwrap();
        let server = server(w).verifier(on_server).sessions(Some(servers.clone()));
        (Arc::new(client), Arc::new(server.client_auth(ClientAuth::Require).build().unwrap()))
    };
    let clean = || verifier(w, 1, &[]);
    let (client, server): (Arc<ClientConfig>, Arc<ServerConfig>) = configs([clean(), clean()]);
    Ends::new(&client, &server).connected();
    assert!(Ends::new(&client, &server).connected().client.is_resumed());
    let newer = verifier(w, 2, revoked);
    let (client, server) = match side {
        Side::Client => configs([newer, clean()]),
        Side::Server => configs([clean(), newer]),
    };
    let mut ends = Ends::new(&client, &server);
    ends.run().map(|()| ends.client.is_resumed())
}

/// R-HS-51: new lists forget no session, but a revoked peer has none.
#[test]
fn resumes_under_new_lists_unless_the_peer_is_revoked() {
    let w = World::new();
    for side in [Side::Client, Side::Server] {
        let (server, client) = (&w.pki.server, &w.pki.client);
        let (peer, other) = if side == Side::Client { (server, client) } else { (client, server) };
        assert_eq!(second(&w, side, &[]), Ok(true), "{side:?}");
        assert_eq!(second(&w, side, &[&other.sign]), Ok(true), "{side:?}: somebody else");
        for revoked in [&peer.sign, &peer.encrypt] {
            let (who, error) = second(&w, side, &[revoked]).unwrap_err();
            let Error::Certificate(error) = error else { panic!("{error}") };
            assert_eq!((who, error.problem), (side, CertificateProblem::Revoked));
        }
    }
}

/// Asks the caller, who has the session.
struct Elsewhere(std::sync::Mutex<Option<Arc<Session>>>);

impl SessionStore for Elsewhere {
    fn find(&self, _: &SessionKey, _: u64) -> Found {
        Found::Later
    }

    fn store(&self, _: SessionKey, session: Arc<Session>) {
        *self.0.lock().unwrap() = Some(session);
    }

    fn remove(&self, _: &SessionKey) {}
}

/// R-HS-51: also where the caller finds it.
#[test]
fn looks_a_peer_up_whose_session_was_found_elsewhere() {
    let w = World::new();
    let elsewhere = Arc::new(Elsewhere(std::sync::Mutex::new(None)));
    let config = |revoked: &[&Issued]| {
        let server = server(&w).verifier(verifier(&w, 1, revoked)).sessions(Some(elsewhere.clone()));
        Arc::new(server.client_auth(ClientAuth::Require).build().unwrap())
    };
    let client = Arc::new(w.client().build().unwrap());
    for (config, expected) in
        [(config(&[]), None), (config(&[]), Some(true)), (config(&[&w.pki.client.sign]), Some(false))]
    {
        let mut ends = Ends::new(&client, &config);
        let mut result = ends.run();
        if let Some(request) = ends.server.request() {
            assert!(matches!(*request, Request::FindSession { .. }));
            let session = elsewhere.0.lock().unwrap().clone();
            result = match ends.server.answer(Answer::SessionFound(session), pair::at(1)) {
                Ok(()) => ends.run(),
                Err(e) => Err((Side::Server, e)),
            };
        }
        match expected {
            None => assert_eq!(result, Ok(())),
            Some(true) => assert!(result.is_ok() && ends.server.is_resumed()),
            Some(false) => {
                assert!(matches!(result, Err((Side::Server, Error::Certificate(_)))), "{result:?}")
            }
        }
    }
}

/// R-HS-51: also where the engine runs on a record layer of another's, and asks only the configuration.
#[test]
fn looks_a_peer_up_for_whoever_runs_the_engine_alone() {
    let w = World::new();
    let sessions = store();
    let config = |revoked: &[&Issued]| {
        let client = w.client().verifier(verifier(&w, 1, revoked)).sessions(Some(sessions.clone()));
        Arc::new(client.build().unwrap())
    };
    let server = server(&w).verifier(w.verifier.clone()).sessions(Some(store())).build().unwrap();
    Ends::new(&config(&[]), &Arc::new(server)).connected();
    for (config, offered) in [(config(&[]), true), (config(&[&w.pki.server.sign]), false)] {
        let setup: &Setup = (*config).as_ref();
        let target = client::Target { name: name(), session_key: config.session_key(&name(), b"") };
        let (random, mut actions) = (Counting::from(8), Actions::new());
        let mut cx = Context {
            policy: &setup.policy,
            provider: &setup.provider,
            random: &random,
            now: NOW + 1,
            actions: &mut actions,
        };
        let mut engine = Engine::new(client::start(target, &mut cx).unwrap());
        let Some(Action::Ask(request)) = cx.actions.pop() else { panic!("no question") };
        let answer = tlcp::conn::answer(setup, NOW + 1, request).unwrap();
        engine.step(Input::Answer(answer), &mut cx).unwrap();
        let Some(Action::Write(hello)) = cx.actions.pop() else { panic!("no ClientHello") };
        assert_eq!(hello.as_handshake().body[34] != 0, offered, "session_id");
    }
}

/// A server's ticketer for which any ticket is one for this session.
#[cfg(feature = "tls12")]
struct Opens(Session);

#[cfg(feature = "tls12")]
impl tlcp::session::Ticketer for Opens {
    fn seal(&self, _: &Session, _: u64, _: &dyn tlcp::crypto::Random) -> Option<tlcp::session::Ticket> {
        None
    }

    fn open(&self, _: &[u8], _: u64) -> Option<Session> {
        Some(self.0.clone())
    }
}

/// R-HS-51: a ticket is no way around it.
#[cfg(feature = "tls12")]
#[test]
fn a_ticket_of_a_peer_that_is_not_taken_again_opens_to_nothing() {
    let w = World::tls12(pair::single::Kind::P256);
    for (verdict, found) in [(Ok(()), true), (Err(CertificateProblem::Revoked.into()), false)] {
        let master = tlcp::crypto::MasterSecret::from_bytes(&[1; 48]);
        let mut session = Session::new(tlcp::suite::TLS12.suites().next().unwrap(), master, NOW);
        let credential = Arc::new(Credential::Certificates(vec![vec![0x30].into()]));
        session.peer = tlcp::session::Peer::Authenticated { credential, not_after: u64::MAX };
        let server = w.server().verifier(Arc::new(Own(verdict))).tickets(Arc::new(Opens(session)));
        let server = server.build().unwrap();
        let request = Request::OpenTicket { ticket: vec![7; 9].into() };
        let answer = tlcp::conn::answer(server.as_ref(), NOW, request).unwrap();
        assert!(matches!(answer, Answer::SessionFound(session) if session.is_some() == found));
    }
}

/// A verifier of one's own: it takes everyone, and looks again as it likes.
struct Own(Result<(), CertificateError>);

impl Verifier for Own {
    fn verify(&self, _: &PeerClaim, _: u64) -> Result<Verified, CertificateError> {
        Ok(Verified::assertion(u64::MAX))
    }

    fn check_again(&self, _: &Credential, _: u64) -> Result<(), CertificateError> {
        self.0.clone()
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn context(&self) -> Vec<u8> {
        b"own".to_vec()
    }
}

/// R-HS-51: whatever the reason, the answer to "not again" is a full handshake.
#[test]
fn makes_a_full_handshake_where_a_verifier_says_not_again() {
    let w = World::new();
    for (verdict, resumed) in [(Ok(()), true), (Err(CertificateProblem::Revoked.into()), false)] {
        let server = w.server().verifier(Arc::new(Own(verdict.clone()))).client_auth(ClientAuth::Require);
        let client = Arc::new(w.client().build().unwrap());
        let server = Arc::new(server.build().unwrap());
        Ends::new(&client, &server).connected();
        assert_eq!(Ends::new(&client, &server).connected().client.is_resumed(), resumed);
        let client = w.client().verifier(Arc::new(Own(verdict))).build().unwrap();
        let (client, server) = (Arc::new(client), Arc::new(w.server().build().unwrap()));
        Ends::new(&client, &server).connected();
        assert_eq!(Ends::new(&client, &server).connected().client.is_resumed(), resumed);
    }
}
