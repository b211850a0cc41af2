//! A server that greets whoever connects, with certificates from files.
//!
//! `cargo run --features cli -- pki --out pki`, then
//! `cargo run --example server -- 127.0.0.1:4433 pki/server.pem`
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
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

/// Never ends. A thread for each connection: what one client does wrong is not felt by others.
pub(crate) fn serve(listener: &TcpListener, config: &Arc<ServerConfig>) {
    loop {
        if let Err(error) = accept(listener, config) {
            // No file descriptor or no thread is left, say: that passes, but not at once.
            log(format_args!("a connection could not be taken: {error}"));
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn accept(listener: &TcpListener, config: &Arc<ServerConfig>) -> io::Result<()> {
    let (socket, client) = listener.accept()?;
    let config = config.clone();
    // Unlike `thread::spawn` it does not panic where there can be no thread.
    thread::Builder::new().spawn(move || {
        if let Err(error) = greet(&config, socket) {
            log(format_args!("{client}: {error}"));
        }
    })?;
    Ok(())
}

/// Unlike `eprintln!` it does not panic where nobody reads the log.
fn log(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn greet(config: &Arc<ServerConfig>, socket: TcpStream) -> io::Result<()> {
    // How long each read and write may take. The handshake as a whole has a deadline of its own.
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    socket.set_write_timeout(Some(Duration::from_secs(10)))?;
    let clock = Clock::start();
    let connection = ServerConnection::new(config.clone(), clock.now());
    let mut stream = Stream::new(connection, socket, clock);
    let outcome = answer(&mut stream);
    // Also after an error: the client is to hear why.
    let closed = stream.finish();
    outcome.and(closed)
}

fn answer(stream: &mut (impl Read + Write)) -> io::Result<()> {
    let mut name = String::new();
    BufReader::new(&mut *stream).take(100).read_line(&mut name)?;
    stream.write_all(format!("Hello, {}!\n", name.trim()).as_bytes())
}
