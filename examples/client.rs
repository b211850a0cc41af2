//! A client that tells its name and prints the answer.
//!
//! `cargo run --example client -- localhost:4433 pki/ca.crt`, with the example `server` running
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;
use tlcp::{ClientConfig, ClientConnection, Clock, ServerName, Stream, WebPkiVerifier};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, ca] = arguments.as_slice() else { return Err("usage: client HOST:PORT CA-FILE".into()) };
    let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
    print!("{}", greet(address, host, &std::fs::read(ca)?)?);
    Ok(())
}

/// Connects to `address`, where the server must show certificates for `host` issued by `ca` (PEM or DER).
pub(crate) fn greet(address: &str, host: &str, ca: &[u8]) -> Result<String, Box<dyn Error>> {
    let verifier = WebPkiVerifier::builder(&tlcp::default_provider()).roots(&[ca])?.build()?;
    let config = Arc::new(ClientConfig::builder().verifier(Arc::new(verifier)).build()?);
    let clock = Clock::start();
    let name = ServerName::try_from(host.to_string())?;
    let connection = ClientConnection::new(config, name, clock.now())?;
    let socket = TcpStream::connect(address)?;
    // How long each read may take. The handshake as a whole has a deadline of its own.
    socket.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut stream = Stream::new(connection, socket, clock);
    let answer = ask(&mut stream);
    // Also after an error: the server is to hear why.
    let closed = stream.finish();
    let answer = answer?;
    closed?;
    Ok(answer)
}

fn ask(stream: &mut (impl Read + Write)) -> io::Result<String> {
    stream.write_all(b"Alice\n")?;
    // Reads to the server's close_notify: a stream that is cut short is an error, not an end.
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
