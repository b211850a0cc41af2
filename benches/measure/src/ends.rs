//! Our own two ends of a connection, in one thread over memory.
use crate::clock::Stopwatch;
use crate::connection::Costs;
use crate::wire::{self, Wire};
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use tlcp::cert::ServerName;
use tlcp::config::{ClientConfig, ServerConfig};
use tlcp::conn::{ClientConnection, Endpoint, ServerConnection};
use tlcp::stream::{ClientStream, Clock, ServerStream, Stream};

/// Client and server.
pub type Ends = (ClientStream<Wire>, ServerStream<Wire>);

/// `count` writes of the first `size` bytes of `data` from client to server, which reads them into `read`.
///
/// # Panics
/// If the connection fails.
pub fn bulk(ends: &mut Ends, [data, read]: &mut [Vec<u8>; 2], size: usize, count: usize) -> Costs {
    let (client, server) = ends;
    let mut watch = Stopwatch::start();
    for _ in 0..count {
        client.write_all(&data[..size]).expect("write");
    }
    let sealed = watch.lap();
    let mut left = size * count;
    while left > 0 {
        left -= server.read(read).expect("read");
    }
    Costs { client: sealed, server: watch.lap() }
}

/// A handshake of a client with the server called `name`, to both ends open, and what it cost each.
///
/// # Panics
/// If it fails.
pub fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, name: &str) -> (Ends, Costs) {
    let mut costs = Costs::default();
    let (near, far) = wire::pair();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let clock = Clock::start();
    let mut watch = Stopwatch::start();
    let connection = ClientConnection::new(client.clone(), name, clock.now()).expect("client");
    let mut client = Stream::over(connection, near, clock);
    costs.client += watch.lap();
    let mut server = Stream::over(ServerConnection::new(server.clone(), clock.now()), far, clock);
    costs.server += watch.lap();
    let (mut client_open, mut server_open) = (false, false);
    while !(client_open && server_open) {
        client_open = client_open || done(&mut client);
        costs.client += watch.lap();
        server_open = server_open || done(&mut server);
        costs.server += watch.lap();
    }
    ((client, server), costs)
}

fn done<S: Endpoint>(stream: &mut Stream<S, Wire>) -> bool {
    match stream.handshake() {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        Err(error) => panic!("handshake: {error}"),
    }
}
