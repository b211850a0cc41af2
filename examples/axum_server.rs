//! An HTTP server by axum, for clients of TLCP and of TLS 1.2 on one port, HTTP/1.1 and HTTP/2. It tells each client who it is.
//!
//! `cargo run --features cli -- pki --tls --out pki`, then
//! `cargo run --example axum_server --features axum,pki,tls12 -- 127.0.0.1:8443 pki`, and with curl, which has TLS 1.2:
//! `curl --cacert pki/tls-ca.crt https://localhost:8443/`
use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::connect_info::Connected;
use axum::routing::get;
use axum::serve::IncomingStream;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use tlcp::aio::{HttpsListener, TlcpAcceptor};
use tlcp::cert::Description;
use tlcp::config::{ClientAuth, ServerConfigs};
use tlcp::{Identity, ServerConfig, WebPkiVerifier};
use tokio::net::TcpListener;

const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, folder] = arguments.as_slice() else {
        return Err("usage: axum_server ADDRESS FOLDER, where `tlcp pki` has put its files".into());
    };
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    serve(listener, configure(Path::new(folder))?).await
}

/// Clients may show a certificate of the folder's CA. TLS 1.2 is spoken if its certificates are there.
pub(crate) fn configure(folder: &Path) -> Result<ServerConfigs, Box<dyn Error>> {
    let (read, provider) = (|name: &str| std::fs::read(folder.join(name)), tlcp::default_provider());
    let verifier = WebPkiVerifier::builder(&provider).roots(&[&read("ca.crt")?])?.build()?;
    let config = ServerConfig::builder()
        .identity(Arc::new(Identity::from_pile(&[&read("server.pem")?], None, &provider)?))
        .verifier(Arc::new(verifier))
        .client_auth(ClientAuth::Request)
        .alpn(PROTOCOLS);
    let configs = ServerConfigs::new(Arc::new(config.build()?));
    #[cfg(feature = "tls12")]
    if let (Ok(chain), Ok(key)) = (read("tls-server.crt"), read("tls-server.key")) {
        let identity = Arc::new(Identity::single_from_pile(&[&chain, &key], None, &provider)?);
        let config = ServerConfig::tls12_builder().identity(identity).alpn(PROTOCOLS).build()?;
        return Ok(configs.with(Arc::new(config))?);
    }
    Ok(configs)
}

/// Never ends.
pub(crate) async fn serve(listener: TcpListener, configs: ServerConfigs) -> Result<(), Box<dyn Error>> {
    let listener = HttpsListener::new(listener, TlcpAcceptor::new(configs))
        .on_failure(|client, error| eprintln!("{client}: {error}"));
    let routes = Router::new().route("/", get(greet));
    Ok(axum::serve(listener, routes.into_make_service_with_connect_info::<Client>()).await?)
}

/// What the handlers know of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    suite: String,
    name: Option<String>,
}

impl Connected<IncomingStream<'_, HttpsListener>> for Client {
    fn connect_info(stream: IncomingStream<'_, HttpsListener>) -> Self {
        let connection = stream.io().connection();
        let certificate =
            connection.peer_certificates().and_then(|list| Description::read(list.first()?).ok());
        Self {
            suite: connection.cipher_suite().map_or_else(String::new, |suite| suite.id.to_string()),
            name: certificate.map(|certificate| certificate.subject),
        }
    }
}

async fn greet(ConnectInfo(client): ConnectInfo<Client>) -> String {
    format!("Hello, {}, by {}!\n", client.name.as_deref().unwrap_or("whoever you are"), client.suite)
}
