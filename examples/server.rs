//! A server that greets whoever connects, with certificates from files.
//!
//! `cargo run --features cli -- pki --out pki`, then
//! `cargo run --example server -- 127.0.0.1:4433 pki/server.pem`
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tlcp::{Clock, Identity, ServerConfig, ServerConnection, Stream};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, identity] = arguments.as_slice() else {
        return Err("usage: server ADDRESS FILE, where FILE holds both certificates and both keys".into());
    };
    let config = configure(&std::fs::read(identity)?)?;
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    serve(&listener, &config);
    Ok(())
}

/// `pem`: both certificates, both keys and the CA's certificate, in any order. One configuration serves all connections.
pub(crate) fn configure(pem: &[u8]) -> Result<Arc<ServerConfig>, Box<dyn Error>> {
    let identity = Identity::from_pile(&[pem], None, &tlcp::default_provider())?;
    print!("{}", identity.report());
    Ok(Arc::new(ServerConfig::builder().identity(Arc::new(identity)).build()?))
}

/// A thread for each connection: what one client does wrong is not felt by others.
pub(crate) fn serve(listener: &TcpListener, config: &Arc<ServerConfig>) {
    for socket in listener.incoming().flatten() {
        let config = config.clone();
        std::thread::spawn(move || {
            if let Err(error) = greet(&config, socket) {
                eprintln!("a connection failed: {error}");
            }
        });
    }
}

fn greet(config: &Arc<ServerConfig>, socket: TcpStream) -> io::Result<()> {
    // The handshake has a deadline of its own, which is looked at when bytes come: a peer that sends none is ended here.
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let clock = Clock::start();
    let connection = ServerConnection::new(config.clone(), clock.now());
    let mut stream = Stream::new(connection, socket, clock);
    let mut name = String::new();
    BufReader::new(&mut stream).take(100).read_line(&mut name)?;
    stream.write_all(format!("Hello, {}!\n", name.trim()).as_bytes())?;
    stream.close()
}
