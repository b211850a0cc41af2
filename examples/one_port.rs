//! Three protocols on one port: TLCP and TLS 1.2 by this library, TLS 1.3 by rustls, each client told by its ClientHello.
//!
//! `cargo run --example one_port --features pki,tls12`
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use tlcp::config::ServerConfigs;
use tlcp::conn::{Acceptance, Acceptor};
use tlcp::crypto::random::SystemRandom;
use tlcp::pki::{NewKey, Options, Pki, TlsPki};
use tlcp::{ClientConfig, ClientConnection, Clock, ServerConfig, ServerName, Stream, WebPkiVerifier};

/// What serves each protocol.
struct Port {
    tlcp_and_tls12: ServerConfigs,
    tls13: Arc<rustls::ServerConfig>,
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let (provider, options) = (tlcp::default_provider(), Options::new(Clock::start().now().unix));
    let pki = Pki::new(&options, &provider, &SystemRandom)?;
    let tls = TlsPki::new(&options, (NewKey::P256, NewKey::P256), &provider, &SystemRandom)?;

    // Whoever speaks no TLS 1.3 takes the first two lines alone, and `Stream::accept` in place of `serve`.
    let tlcp = ServerConfig::builder().identity(Arc::new(pki.server_identity(&provider)?)).build()?;
    let tls12 = ServerConfig::tls12_builder().identity(Arc::new(tls.server_identity(&provider)?));
    let port = Port {
        // R-T12-23: a client of both versions notices if somebody made it take the lower one.
        tlcp_and_tls12: ServerConfigs::new(Arc::new(tlcp))
            .with(Arc::new(tls12.tls13_elsewhere().build()?))?,
        tls13: rustls_server(&tls)?,
    };
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let serving = std::thread::spawn(move || -> io::Result<()> {
        (0..3).try_for_each(|_| serve(&port, listener.accept()?.0))
    });

    let builder = || ClientConfig::builder();
    let answers = [
        ask(address, builder(), pki.verifier(&provider)?)?,
        ask(address, ClientConfig::tls12_builder(), tls.verifier(&provider)?)?,
        ask_by_tls13(address, &tls)?,
    ];
    serving.join().map_err(|_| "the server's thread panicked")??;
    answers.iter().for_each(|answer| println!("{answer}"));
    assert_eq!(answers.map(|answer| answer.contains("1.3")), [false, false, true]);
    Ok(())
}

fn serve(port: &Port, mut socket: TcpStream) -> io::Result<()> {
    let clock = Clock::start();
    let mut acceptor = Acceptor::new(clock.now());
    let accepted = loop {
        let mut buffer = [0; 4096];
        let n = socket.read(&mut buffer)?;
        match acceptor.received(&buffer[..n]) {
            Ok(Acceptance::More(_)) if n == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(Acceptance::More(more)) => acceptor = more,
            Ok(Acceptance::Accepted(accepted)) => break accepted,
            Err(rejected) => return socket.write_all(&rejected.alert),
        }
    };
    if accepted.offers_tls13() {
        return serve_by_rustls(port.tls13.clone(), socket, &accepted.into_bytes());
    }
    let connection = accepted.choose_from(&port.tlcp_and_tls12, clock.now());
    let mut stream = Stream::new(connection, socket, clock);
    stream.handshake()?;
    let (version, suite) = (stream.connection().version(), stream.connection().cipher_suite());
    let suite = suite.map(|suite| suite.id.to_string()).unwrap_or_default();
    write!(stream, "served by {version}, {suite}")?;
    stream.finish()
}

/// The bytes that were read of the client come first, then those of the socket.
fn serve_by_rustls(config: Arc<rustls::ServerConfig>, socket: TcpStream, hello: &[u8]) -> io::Result<()> {
    let mut connection = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
    let mut rest = hello;
    while !rest.is_empty() {
        connection.read_tls(&mut rest)?;
        connection.process_new_packets().map_err(io::Error::other)?;
    }
    let mut stream = rustls::StreamOwned::new(connection, socket);
    stream.write_all(b"served by TLS 1.3")?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn rustls_server(tls: &TlsPki) -> Result<Arc<rustls::ServerConfig>, Box<dyn Error>> {
    let chain = [&tls.server, &tls.intermediate].map(|c| CertificateDer::from(c.certificate.clone()));
    let key = PrivateKeyDer::try_from(tls.server.key_der().to_vec())?;
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    Ok(Arc::new(config.with_single_cert(chain.to_vec(), key)?))
}

fn ask(
    address: SocketAddr,
    config: tlcp::config::ClientConfigBuilder,
    verifier: WebPkiVerifier,
) -> Result<String, Box<dyn Error>> {
    let (clock, config) = (Clock::start(), Arc::new(config.verifier(Arc::new(verifier)).build()?));
    let connection = ClientConnection::new(config, ServerName::try_from("localhost")?, clock.now())?;
    let mut stream = Stream::new(connection, TcpStream::connect(address)?, clock);
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    stream.finish()?;
    Ok(answer)
}

fn ask_by_tls13(address: SocketAddr, tls: &TlsPki) -> Result<String, Box<dyn Error>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(tls.root.certificate.clone()))?;
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let connection = rustls::ClientConnection::new(Arc::new(config), ServerName::try_from("localhost")?)?;
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(address)?);
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
