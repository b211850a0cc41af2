//! HTTP over connections: axum's server and hyper's client, as their users put them together.
#![cfg(all(feature = "axum", feature = "hyper", feature = "pki"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "../examples/axum_server.rs"]
#[allow(dead_code)]
mod axum_server;
#[path = "../examples/hyper_client.rs"]
#[allow(dead_code)]
mod hyper_client;
#[path = "support/pair.rs"]
mod pair;

use axum::Router;
use axum::routing::{get, post};
use http_body_util::{BodyExt as _, Full};
use hyper_client::fetch;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use pair::World;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tlcp::aio::{HttpsConnector, HttpsListener, TlcpAcceptor, TlcpConnector};
use tlcp::config::{ConnectionId, Direction, Event, Observer, ServerConfigs};
use tlcp::wire::HandshakeType;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

/// How many handshakes a server has begun.
#[derive(Default)]
struct Handshakes(AtomicUsize);

impl Observer for Handshakes {
    fn observe(&self, _: ConnectionId, event: Event<'_>) {
        if let Event::Handshake(Direction::Received, message) = event {
            self.0.fetch_add(usize::from(message.kind == HandshakeType::CLIENT_HELLO), Ordering::Relaxed);
        }
    }
}

/// A server that counts handshakes and knows two protocols of HTTP; its port.
async fn serve(configs: ServerConfigs) -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let routes = Router::new()
        .route("/", get(|| async { "a page" }))
        .route("/echo", post(|body: String| async move { body }));
    let listener = HttpsListener::new(listener, TlcpAcceptor::new(configs)).most_handshakes(2);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    port
}

fn server(world: &World, alpn: &[&[u8]]) -> (ServerConfigs, Arc<Handshakes>) {
    let seen = Arc::new(Handshakes::default());
    let config = world.server().alpn(alpn.iter().copied()).observer(seen.clone()).build().unwrap();
    (Arc::new(config).into(), seen)
}

fn client(world: &World) -> hyper_client::HttpsClient {
    hyper_client::client(Arc::new(world.client().alpn([&b"h2"[..], b"http/1.1"]).build().unwrap()))
}

/// HTTP/1.1 keeps its connection; HTTP/2 is spoken where both have it.
#[tokio::test]
async fn pages_come_over_one_connection_by_the_protocol_that_alpn_chose() {
    for (alpn, version) in [(&[&b"http/1.1"[..]][..], "HTTP/1.1"), (&[b"h2", b"http/1.1"], "HTTP/2.0")] {
        let world = World::new();
        let (configs, handshakes) = server(&world, alpn);
        let uri = format!("https://localhost:{}/", serve(configs).await);
        let client = client(&world);
        for _ in 0..5 {
            assert_eq!(fetch(&client, &uri).await.unwrap(), format!("{version} 200 OK\na page"));
        }
        assert_eq!(handshakes.0.load(Ordering::Relaxed), 1);
    }
}

/// The connector speaks what its configuration speaks.
#[cfg(feature = "tls12")]
#[tokio::test]
async fn https_is_tls_where_the_configuration_says_so() {
    let world = World::tls12(pair::single::Kind::P256);
    let (configs, _) = server(&world, &[b"h2"]);
    let uri = format!("https://localhost:{}/", serve(configs).await);
    assert_eq!(fetch(&client(&world), &uri).await.unwrap(), "HTTP/2.0 200 OK\na page");
}

#[tokio::test]
async fn a_large_body_goes_both_ways() {
    let world = World::new();
    for alpn in [&b"h2"[..], b"http/1.1"] {
        let (configs, _) = server(&world, &[alpn]);
        let uri = format!("https://localhost:{}/echo", serve(configs).await);
        let config = Arc::new(world.client().alpn([alpn]).build().unwrap());
        let connector = HttpsConnector::new(TlcpConnector::new(config));
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let body = "0123456789abcdef".repeat(100_000);
        let request = hyper::Request::post(uri).body(Full::new(body.clone().into_bytes().into())).unwrap();
        let request: hyper::Request<Full<hyper::body::Bytes>> = request;
        let answer = client.request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.into_body().collect().await.unwrap().to_bytes() == body.as_bytes());
    }
}

#[tokio::test]
async fn what_is_not_https_or_has_another_name_is_refused() {
    let world = World::new();
    let port = serve(server(&world, &[]).0).await;
    for (uri, why) in [
        (format!("http://localhost:{port}/"), "neither https"),
        (format!("https://127.0.0.2:{port}/"), "another name"),
    ] {
        let error = fetch(&client(&world), &uri).await.unwrap_err();
        let mut text = String::new();
        let mut next: Option<&dyn std::error::Error> = Some(&*error);
        while let Some(error) = next {
            text += &format!("{error}; ");
            next = error.source();
        }
        assert!(text.contains(why), "{uri}: {text}");
    }
}

/// Four clients that say nothing, behind whom another had its page although there are two places for handshakes, each of
/// which may last so long.
async fn silent_ones_beside_a_page(handshake: Duration) -> Vec<TcpStream> {
    let world = World::new();
    let config = world.server().handshake_timeout(handshake).build().unwrap();
    let port = serve(Arc::new(config).into()).await;
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    let uri = format!("https://localhost:{port}/");
    assert_eq!(fetch(&client(&world), &uri).await.unwrap(), "HTTP/1.1 200 OK\na page");
    silent
}

/// They take the places only as long as a handshake may last.
#[tokio::test]
async fn clients_that_say_nothing_hold_nobody_up_for_ever() {
    for mut socket in silent_ones_beside_a_page(Duration::from_millis(300)).await {
        assert!(matches!(socket.read(&mut [0; 9]).await, Ok(0) | Err(_)));
    }
}

/// And no longer than a second, however long that is, while others wait.
#[tokio::test]
async fn clients_that_say_nothing_give_way_to_those_who_speak() {
    let mut silent = silent_ones_beside_a_page(Duration::from_secs(600)).await;
    assert!(matches!(silent[0].read(&mut [0; 9]).await, Ok(0) | Err(_)));
}

/// The examples, with files as `tlcp pki` writes them: the handler knows who the client is.
#[tokio::test]
async fn the_examples_meet() {
    let folder =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("http-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (now, provider) = (tlcp::Clock::start().now().unix, tlcp::default_provider());
    let options = tlcp::pki::Options::new(now);
    let random = tlcp::crypto::random::SystemRandom;
    let mut files = tlcp::pki::Pki::new(&options, &provider, &random).unwrap().files();
    #[cfg(feature = "tls12")]
    {
        let keys = (tlcp::pki::NewKey::P256, tlcp::pki::NewKey::P256);
        files.extend(tlcp::pki::TlsPki::new(&options, keys, &provider, &random).unwrap().files());
    }
    for (name, contents) in files {
        std::fs::write(folder.join(name), contents.as_bytes()).unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let configs = axum_server::configure(&folder).unwrap();
    tokio::spawn(async move {
        let _ = axum_server::serve(listener, configs).await.map_err(|e| e.to_string());
    });
    for (alpn, version) in [(&[&b"h2"[..], b"http/1.1"][..], "HTTP/2.0"), (&[b"http/1.1"], "HTTP/1.1")] {
        let client = hyper_client::client(hyper_client::configure(&folder, alpn).unwrap());
        let page = fetch(&client, &uri).await.unwrap();
        assert_eq!(
            page,
            format!("{version} 200 OK\nHello, CN=client, O=TLCP test, C=CN, by ECDHE_SM4_GCM_SM3!\n")
        );
    }
    #[cfg(feature = "tls12")]
    {
        let root = std::fs::read(folder.join("tls-ca.crt")).unwrap();
        let verifier = tlcp::WebPkiVerifier::builder(&provider).policy(tlcp::CertPolicy::Web);
        let verifier = Arc::new(verifier.roots(&[&root]).unwrap().build().unwrap());
        let config = tlcp::ClientConfig::tls12_builder().verifier(verifier).alpn([&b"h2"[..]]);
        let client = hyper_client::client(Arc::new(config.build().unwrap()));
        let page = fetch(&client, &uri).await.unwrap();
        let suite = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
        assert_eq!(page, format!("HTTP/2.0 200 OK\nHello, whoever you are, by {suite}!\n"));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
