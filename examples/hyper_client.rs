//! An HTTP client by hyper, whose `https` is TLCP: HTTP/1.1 or HTTP/2, as the server chooses, over connections that are
//! kept.
//!
//! With the server of the example `axum_server`:
//! `cargo run --example hyper_client --features hyper,pki -- https://localhost:8443/ pki`
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use tlcp::aio::{HttpsConnector, TlcpConnector};
use tlcp::{ClientConfig, Identity, WebPkiVerifier};

/// No bodies are sent.
pub(crate) type HttpsClient = Client<HttpsConnector, Empty<&'static [u8]>>;

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [uri, folder] = arguments.as_slice() else {
        return Err("usage: hyper_client URI FOLDER, where `tlcp pki` has put its files".into());
    };
    let client = client(configure(Path::new(folder), &[b"h2", b"http/1.1"])?);
    print!("{}", fetch(&client, uri).await?);
    Ok(())
}

/// Trusts the folder's CA, and shows the folder's client.
pub(crate) fn configure(folder: &Path, alpn: &[&[u8]]) -> Result<Arc<ClientConfig>, Box<dyn Error>> {
    let (read, provider) = (|name: &str| std::fs::read(folder.join(name)), tlcp::default_provider());
    let verifier = WebPkiVerifier::builder(&provider).roots(&[&read("ca.crt")?])?.build()?;
    let identity = Identity::from_pile(&[&read("client.pem")?], None, &provider)?;
    let config = ClientConfig::builder().verifier(Arc::new(verifier)).identity(Arc::new(identity));
    Ok(Arc::new(config.alpn(alpn.iter().copied()).build()?))
}

pub(crate) fn client(config: Arc<ClientConfig>) -> HttpsClient {
    Client::builder(TokioExecutor::new()).build(HttpsConnector::new(TlcpConnector::new(config)))
}

/// The version of HTTP, the status, and the body.
pub(crate) async fn fetch(client: &HttpsClient, uri: &str) -> Result<String, Box<dyn Error>> {
    let answer = client.get(uri.parse()?).await?;
    let head = format!("{:?} {}\n", answer.version(), answer.status());
    let body = answer.into_body().collect().await?.to_bytes();
    Ok(head + &String::from_utf8_lossy(&body))
}
