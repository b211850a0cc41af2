//! Our own two ends.
use crate::certificates::{Material, NAME};
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use tlcp::cert::{CertPolicy, Identity, ServerName, WebPkiVerifier};
use tlcp::config::{ClientConfig, ServerConfig};
use tlcp::conn::{ClientConnection, Endpoint, ServerConnection};
use tlcp::crypto::Provider;
use tlcp::handshake::{client, server};
use tlcp::stream::{Clock, Stream};
use tlcp::suite::Suite;
use tlcp_measure::clock::Stopwatch;
use tlcp_measure::connection::{Costs, Stack};
use tlcp_measure::wire::{self, Wire};

type Ends = (Stream<client::State, Wire>, Stream<server::State, Wire>);

pub(crate) struct TlcpStack {
    server: Arc<ServerConfig>,
    /// Without and with sessions.
    clients: [Arc<ClientConfig>; 2],
    open: Ends,
    buffers: [Vec<u8>; 2],
}

impl TlcpStack {
    pub(crate) fn new(provider: Provider, suite: &str, material: &Material) -> Self {
        let suite = Suite::by_name(suite).expect("a suite");
        let der = |x: &openssl::x509::X509Ref| x.to_der().expect("a certificate");
        let key = material.key.private_key_to_pkcs8().expect("a key");
        let pile = [&der(&material.certificate)[..], &key];
        let identity = Identity::single_from_pile(&pile, [], &provider).expect("identity");
        let server = ServerConfig::tls12_builder().provider(provider).suites(&[suite]);
        let server = Arc::new(server.identity(Arc::new(identity)).build().expect("server"));
        let clients = [false, true].map(|resumes| {
            let verifier = WebPkiVerifier::builder(&provider)
                .policy(CertPolicy::Web)
                // What is remembered of signatures would make a full handshake look cheaper than theirs.
                .remember_signatures(0)
                .roots(&[&der(&material.ca)])
                .and_then(|builder| builder.build())
                .expect("verifier");
            let client = ClientConfig::tls12_builder().provider(provider).suites(&[suite]).tickets(false);
            let client = if resumes { client } else { client.sessions(None) };
            Arc::new(client.verifier(Arc::new(verifier)).build().expect("client"))
        });
        let (open, _) = handshake(&clients[1], &server);
        Self { server, clients, open, buffers: [vec![7; 1 << 20], vec![0; 1 << 16]] }
    }
}

impl Stack for TlcpStack {
    fn handshake(&mut self, resume: bool) -> Costs {
        let (ends, costs) = handshake(&self.clients[usize::from(resume)], &self.server);
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

fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> (Ends, Costs) {
    let mut costs = Costs::default();
    let (near, far) = wire::pair();
    let name = ServerName::try_from(NAME).expect("a name").to_owned();
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
