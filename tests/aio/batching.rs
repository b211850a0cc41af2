//! Keys that are here and answer several connections at once.
use crate::pair::World;
use crate::{fresh_random, inner, name};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tlcp::aio::{BatchAnswerer, TlcpAcceptor, TlcpConnector};
use tlcp::cert::{Identity, Key};
use tlcp::config::ClientAuth;
use tlcp::crypto::{AgreementRole, PrivateKey, PublicKey, Random, SignatureAlgorithm, StartedAgreement};
use tlcp::error::{AnswerError, CryptoError, Error};
use tlcp::handshake::{Answer, Request};
use tlcp::suite::Suite;
use tokio::io::{AsyncWriteExt as _, duplex};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

/// Notes how many it was asked for at once.
struct Noting {
    key: Arc<dyn PrivateKey>,
    at_once: Mutex<Vec<usize>>,
}

impl PrivateKey for Noting {
    fn public(&self) -> &PublicKey {
        self.key.public()
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        self.key.sign(algorithm, parts, random)
    }

    fn sign_many(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        messages: &[&[&[u8]]],
        random: &dyn Random,
    ) -> Vec<Result<Vec<u8>, CryptoError>> {
        self.at_once.lock().unwrap().push(messages.len());
        self.key.sign_many(algorithm, messages, random)
    }

    fn start_agreement(
        &self,
        role: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        self.key.start_agreement(role, random)
    }

    fn decrypt_many(&self, ciphertexts: &[&[u8]]) -> Vec<Result<Zeroizing<Vec<u8>>, CryptoError>> {
        self.at_once.lock().unwrap().push(ciphertexts.len());
        self.key.decrypt_many(ciphertexts)
    }
}

/// The server's identity, and what its two keys note.
fn noting(world: &World) -> (Identity, [Arc<Noting>; 2]) {
    let server = &world.pki.server;
    let keys = [&server.sign, &server.encrypt]
        .map(|issued| Arc::new(Noting { key: issued.key().clone(), at_once: Mutex::default() }));
    let chain: [&[u8]; 2] = [&server.sign.certificate, &world.pki.intermediate.certificate];
    let sign = (&chain[..], Key::Here(keys[0].clone()));
    let encrypt = (&server.encrypt.certificate[..], Key::Here(keys[1].clone()));
    (Identity::with_keys(sign, encrypt, &world.provider).unwrap(), keys)
}

fn factories(world: &World, identity: Identity, suite: &str) -> (TlcpConnector, TlcpAcceptor) {
    let suite = Suite::by_name(suite).unwrap();
    let server = world.server().without_identities().identity(Arc::new(identity)).suites(&[suite]);
    let server = server.client_auth(ClientAuth::Request).keys_later().build().unwrap();
    let client = world.client().suites(&[suite]).sessions(None).build().unwrap();
    let answerer = Arc::new(BatchAnswerer::new(fresh_random()));
    (TlcpConnector::new(Arc::new(client)), TlcpAcceptor::new(Arc::new(server)).answerer(answerer))
}

/// Twenty clients at once: all are served, by far fewer uses of each key, never more than 8 at a time.
async fn twenty_are_served(suite: &str, uses: [bool; 2]) {
    let world = World::new();
    let (identity, keys) = noting(&world);
    let (connector, acceptor) = factories(&world, identity, suite);
    let mut ends = JoinSet::new();
    for _ in 0..20 {
        let (near, far) = duplex(1 << 16);
        let (connector, acceptor) = (connector.clone(), acceptor.clone());
        ends.spawn(async move { connector.connect(name(), near).await.map(drop) });
        ends.spawn(async move { acceptor.accept(far).await?.write_all(b"served").await });
    }
    for end in ends.join_all().await {
        end.unwrap();
    }
    for (key, is_used) in keys.iter().zip(uses) {
        let at_once = key.at_once.lock().unwrap();
        assert_eq!(at_once.iter().sum::<usize>(), if is_used { 20 } else { 0 });
        assert!(at_once.iter().all(|n| (1..=8).contains(n)), "{at_once:?}");
    }
}

#[tokio::test]
async fn connections_that_wait_together_are_answered_together() {
    twenty_are_served("ECC_SM4_GCM_SM3", [true, true]).await;
    twenty_are_served("ECDHE_SM4_GCM_SM3", [true, false]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn threads_share_the_work_and_forget_nobody() {
    for _ in 0..20 {
        twenty_are_served("ECC_SM4_GCM_SM3", [true, true]).await;
    }
}

/// In one thread every ready task has its turn first, so that eight that wait are one piece of work.
#[tokio::test]
async fn eight_that_wait_are_one_piece_of_work() {
    let world = World::new();
    let (identity, keys) = noting(&world);
    let (connector, acceptor) = factories(&world, identity, "ECC_SM4_GCM_SM3");
    let mut ends = JoinSet::new();
    for _ in 0..8 {
        let (near, far) = duplex(1 << 16);
        let (connector, acceptor) = (connector.clone(), acceptor.clone());
        ends.spawn(
            async move { tokio::join!(connector.connect(name(), near), acceptor.accept(far)).1.map(drop) },
        );
    }
    for end in ends.join_all().await {
        end.unwrap();
    }
    for key in &keys {
        assert_eq!(*key.at_once.lock().unwrap(), [8]);
    }
}

/// A handshake that ends while it waits takes nobody with it, and its request costs nothing.
#[tokio::test]
async fn who_leaves_while_it_waits_is_forgotten() {
    let world = World::new();
    let (identity, keys) = noting(&world);
    let (connector, acceptor) = factories(&world, identity, "ECC_SM4_GCM_SM3");
    let (near, far) = duplex(1 << 16);
    let (other_near, other_far) = duplex(1 << 16);
    let leaving = async {
        let accepting = acceptor.accept(other_far);
        tokio::pin!(accepting);
        // Its hello is here; it asks for a signature, and gives the others their turn.
        let connecting = connector.connect(name(), other_near);
        tokio::pin!(connecting);
        poll_once(connecting.as_mut()).await;
        poll_once(accepting.as_mut()).await;
    };
    leaving.await;
    let (client, server) = tokio::join!(connector.connect(name(), near), acceptor.accept(far));
    assert!(client.is_ok() && server.is_ok());
    assert_eq!(keys.each_ref().map(|key| key.at_once.lock().unwrap().clone()), [vec![1], vec![1]]);
}

/// Polls once.
async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) {
    std::future::poll_fn(|cx| {
        let _ = future.as_mut().poll(cx);
        std::task::Poll::Ready(())
    })
    .await;
}

/// What is not for a key that is here goes to somebody else, or fails by name.
#[tokio::test]
async fn other_requests_go_to_somebody_else() {
    let world = World::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = asked.clone();
    let others = move |_: Request| {
        counting.fetch_add(1, Ordering::Relaxed);
        async { Answer::Failed(AnswerError("not today")) }
    };
    let server = world.server().keys_later().select_later(None).build().unwrap();
    let batch = BatchAnswerer::new(fresh_random());
    let acceptor = TlcpAcceptor::new(Arc::new(server)).answerer(Arc::new(batch.clone()));
    let connector = TlcpConnector::new(Arc::new(world.client().build().unwrap()));
    for (acceptor, why) in [
        (acceptor.clone(), "nobody else"),
        (acceptor.answerer(Arc::new(batch.with(Arc::new(others)))), "not today"),
    ] {
        let (near, far) = duplex(1 << 16);
        let (_, server) = tokio::join!(connector.connect(name(), near), acceptor.accept(far));
        let error = server.unwrap_err();
        assert!(matches!(inner(&error), Error::Answer(AnswerError(text)) if text.contains(why)), "{error}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
