//! Our own two ends.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use tlcp::cert::ServerName;
use tlcp::config::{ClientConfig, ServerConfig};
use tlcp::conn::{ClientConnection, Endpoint, ServerConnection};
use tlcp::crypto::native::sm2::{Sm2Keys, Sm2Options};
use tlcp::crypto::{Provider, default_provider};
use tlcp::handshake::{client, server};
use tlcp::stream::{Clock, Stream};
use tlcp_interop::party::{ClientSettings, ServerSettings};
use tlcp_interop::tlcp_party::Tlcp;
use tlcp_measure::clock::Stopwatch;
use tlcp_measure::connection::{Costs, Stack};
use tlcp_measure::wire::{self, Wire};

type Ends = (Stream<client::State, Wire>, Stream<server::State, Wire>);

/// Whether what is remembered of peers is kept from handshake to handshake.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caches {
    Warm,
    Cold,
}

/// The default provider without its tables for public keys that come again.
pub(crate) fn without_hot_keys() -> Provider {
    static KEYS: Sm2Keys = Sm2Keys::new(Sm2Options::LEAN);
    Provider { name: "native, cold", keys: &KEYS, ..default_provider() }
}

/// Configurations are shared by all connections, as in an application; a cold stack makes new ones, outside the time
/// that counts, for each full handshake.
pub(crate) struct TlcpStack {
    provider: Provider,
    caches: Caches,
    server_settings: ServerSettings,
    client_settings: ClientSettings,
    server: Arc<ServerConfig>,
    /// Without and with sessions.
    clients: [Arc<ClientConfig>; 2],
    open: Ends,
    buffers: [Vec<u8>; 2],
}

impl TlcpStack {
    pub(crate) fn new(
        provider: Provider,
        caches: Caches,
        server_settings: &ServerSettings,
        client_settings: &ClientSettings,
    ) -> Self {
        let (server, clients) = configurations(provider, server_settings, client_settings);
        let (open, _) = handshake(&clients[1], &server, &client_settings.name);
        Self {
            provider,
            caches,
            server_settings: server_settings.clone(),
            client_settings: client_settings.clone(),
            server,
            clients,
            open,
            buffers: [vec![7; 1 << 20], vec![0; 1 << 16]],
        }
    }
}

impl Stack for TlcpStack {
    fn handshake(&mut self, resume: bool) -> Costs {
        if self.caches == Caches::Cold && !resume {
            (self.server, self.clients) =
                configurations(self.provider, &self.server_settings, &self.client_settings);
        }
        let client = &self.clients[usize::from(resume)];
        let (ends, costs) = handshake(client, &self.server, &self.client_settings.name);
        assert_eq!(ends.1.connection().is_resumed(), resume);
        costs
    }

    fn bulk(&mut self, size: usize, count: usize) -> Costs {
        let ((client, server), [data, read]) = (&mut self.open, &mut self.buffers);
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
}

fn configurations(
    provider: Provider,
    server: &ServerSettings,
    client: &ClientSettings,
) -> (Arc<ServerConfig>, [Arc<ClientConfig>; 2]) {
    let tlcp = Tlcp { provider, ..Tlcp::default() };
    let clients = [false, true].map(|resumes| {
        let tlcp = Tlcp { resumes, ..tlcp.clone() };
        Arc::new(tlcp.client_config(client).expect("client"))
    });
    (Arc::new(tlcp.server_config(server).expect("server")), clients)
}

fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, name: &str) -> (Ends, Costs) {
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
