//! Keys, verifiers and stores that answer in their own time.
use crate::pair::{World, store};
use crate::{fresh_random, inner, name};
use std::sync::Arc;
use std::time::Duration;
use tlcp::aio::{Clock, TlcpAcceptor, TlcpConnector};
use tlcp::cert::{Identity, Key, KeyUse};
use tlcp::config::ClientAuth;
use tlcp::crypto::PrivateKey;
use tlcp::error::{AnswerError, Error};
use tlcp::handshake::{Answer, Request};
use tlcp::session::{Found, Session, SessionKey, SessionStore};
use tlcp::suite::TLCP;
use tokio::io::duplex;
use tokio::time::sleep;

/// The server's identity without its keys, and the keys.
fn server_in_a_device(world: &World) -> (Identity, [Arc<dyn PrivateKey>; 2]) {
    let server = &world.pki.server;
    let chain: [&[u8]; 2] = [&server.sign.certificate, &world.pki.intermediate.certificate];
    let sign = (&chain[..], Key::Elsewhere("signing".into()));
    let encrypt = (&server.encrypt.certificate[..], Key::Elsewhere("encryption".into()));
    let identity = Identity::with_keys(sign, encrypt, &world.provider).unwrap();
    (identity, [server.sign.key().clone(), server.encrypt.key().clone()])
}

/// Each use of a key takes a while, and no thread.
#[tokio::test(start_paused = true)]
async fn keys_in_a_device_answer_when_they_can() {
    for suite in TLCP.suites().filter(|suite| suite.by_default) {
        let world = World::new();
        let (identity, keys) = server_in_a_device(&world);
        let device = move |request: Request| {
            let keys = keys.clone();
            async move {
                sleep(Duration::from_secs(3)).await;
                let uses = request.key().map(|(_, uses)| uses);
                let [sign, encrypt] = &keys;
                let key = if uses == Some(KeyUse::Sign) { sign } else { encrypt };
                let answer = request.answer_with(&**key, &*fresh_random());
                answer.unwrap_or(Answer::Failed(AnswerError("not a key's business")))
            }
        };
        let server = world.server().without_identities().identity(Arc::new(identity));
        let server = server.suites(&[suite]).client_auth(ClientAuth::Require).build().unwrap();
        let acceptor = TlcpAcceptor::new(Arc::new(server)).answerer(Arc::new(device));
        let connector =
            TlcpConnector::new(Arc::new(world.client().suites(&[suite]).sessions(None).build().unwrap()));
        for bytes in [1, 1 << 16] {
            let (near, far) = duplex(bytes);
            let started = tokio::time::Instant::now();
            let (client, server) = tokio::join!(connector.connect(name(), near), acceptor.accept(far));
            assert!(client.is_ok() && server.is_ok(), "{}: {client:?} {server:?}", suite.id);
            assert!(bytes == 1 || started.elapsed() >= Duration::from_secs(6));
        }
    }
}

/// R-REC-34: the deadline holds for answers too.
#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_ends_with_the_handshakes_time() {
    let world = World::new();
    let (identity, _) = server_in_a_device(&world);
    let server = world.server().without_identities().identity(Arc::new(identity)).build().unwrap();
    let acceptor = TlcpAcceptor::new(Arc::new(server));
    let connector = TlcpConnector::new(Arc::new(world.client().build().unwrap()));
    let (near, far) = duplex(1 << 16);
    let deaf = acceptor.clone().answerer(Arc::new(|_: Request| std::future::pending::<Answer>()));
    let (client, server) = tokio::join!(connector.connect(name(), near), deaf.accept(far));
    assert_eq!(inner(&server.unwrap_err()), &Error::HandshakeTimeout);
    assert!(client.is_err());

    let (near, far) = duplex(1 << 16);
    let (_, server) = tokio::join!(connector.connect(name(), near), acceptor.accept(far));
    assert!(
        matches!(inner(&server.unwrap_err()), Error::Answer(AnswerError(why)) if why.contains("Answerer"))
    );
}

/// A store that is elsewhere.
struct Remote(Arc<dyn SessionStore>);

impl SessionStore for Remote {
    fn find(&self, _: &SessionKey, _: u64) -> Found {
        Found::Later
    }
    fn store(&self, key: SessionKey, session: Arc<Session>) {
        self.0.store(key, session);
    }
    fn remove(&self, key: &SessionKey) {
        self.0.remove(key);
    }
}

#[tokio::test]
async fn sessions_may_be_found_in_a_store_elsewhere() {
    let world = World::new();
    let kept = store();
    let server = world.server().sessions(Some(Arc::new(Remote(kept.clone())))).build().unwrap();
    let look_up = move |request: Request| {
        let kept = kept.clone();
        async move {
            sleep(Duration::from_millis(5)).await;
            match request {
                Request::FindSession { key } => match kept.find(&key, Clock::start().now().unix) {
                    Found::Session(session) => Answer::SessionFound(Some(session)),
                    _ => Answer::SessionFound(None),
                },
                _ => Answer::Failed(AnswerError("asked for something else")),
            }
        }
    };
    let acceptor = TlcpAcceptor::new(Arc::new(server)).answerer(Arc::new(look_up));
    let connector = TlcpConnector::new(Arc::new(world.client().build().unwrap()));
    for resumed in [false, true] {
        let (near, far) = duplex(1 << 12);
        let (client, server) = tokio::join!(connector.connect(name(), near), acceptor.accept(far));
        assert_eq!(client.unwrap().connection().is_resumed(), resumed);
        assert!(server.unwrap().connection().is_resumed() == resumed);
    }
}
