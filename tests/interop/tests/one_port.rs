//! Tongsuo's client, by TLCP and by TLS 1.2, against one port of ours (R-HS-33).
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use tlcp::config::{ServerConfig, ServerConfigs};
use tlcp::crypto::random::SystemRandom;
use tlcp::default_provider;
use tlcp::pki::{NewKey, Options, TlsPki};
use tlcp::stream::{Clock, Stream};
use tlcp_interop::party::{Suite, settings};
use tlcp_interop::tlcp_party::Tlcp;
use tlcp_interop::tongsuo_party::{client_context, client_ssl};
use tongsuo::ssl::{SslContext, SslMethod, SslVerifyMode, SslVersion};
use tongsuo::x509::X509;

const NAME: &str = "localhost";

/// Serves two connections: each is told the version and the suite that it came by.
fn serve(configs: ServerConfigs) -> (SocketAddr, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = std::thread::spawn(move || {
        for _ in 0..2 {
            let socket = listener.accept().expect("a client").0;
            let mut stream = Stream::accept(socket, Clock::start(), &configs).expect("a hello");
            stream.handshake().expect("a handshake");
            let connection = stream.connection();
            let suite = connection.cipher_suite().expect("a suite").id;
            let text = format!("{} {suite}", connection.version());
            stream.write_all(text.as_bytes()).expect("an answer");
            stream.finish().expect("an end");
        }
    });
    (address, serving)
}

fn ask(context: &SslContext, name: &str, address: SocketAddr) -> String {
    let ssl = client_ssl(context, name, None).expect("a client");
    let mut stream = ssl.connect(TcpStream::connect(address).expect("a socket")).expect("a handshake");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn tongsuo_comes_by_both_protocols() {
    let (server, client) = settings(Suite::EccGcm, false);
    let (provider, now) = (default_provider(), Clock::start().now().unix);
    let keys = (NewKey::P256, NewKey::P256);
    let tls = TlsPki::new(&Options::new(now), keys, &provider, &SystemRandom).expect("certificates");
    let identity = Arc::new(tls.server_identity(&provider).expect("an identity"));
    let tls12 = ServerConfig::tls12_builder().identity(identity).build().expect("TLS");
    let tlcp = Tlcp::default().server_config(&server).expect("TLCP");
    let configs = ServerConfigs::new(Arc::new(tlcp)).with(Arc::new(tls12)).expect("both");
    let (address, serving) = serve(configs);

    let ntls = client_context(&client).expect("TLCP");
    assert_eq!(ask(&ntls, &client.name, address), "TLCP ECC_SM4_GCM_SM3");
    let mut context = SslContext::builder(SslMethod::tls_client()).expect("TLS");
    context.set_max_proto_version(Some(SslVersion::TLS1_2)).expect("TLS 1.2");
    let root = X509::from_der(&tls.root.certificate).expect("a root");
    context.cert_store_mut().add_cert(root).expect("a root");
    context.set_verify(SslVerifyMode::PEER);
    let answer = ask(&context.build(), NAME, address);
    assert!(answer.starts_with("TLS 1.2 TLS_ECDHE_ECDSA_WITH_"), "{answer}");
    serving.join().expect("the server");
}
