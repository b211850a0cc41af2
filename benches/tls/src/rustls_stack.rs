//! rustls's two ends, on aws-lc-rs.
use crate::certificates::{Material, NAME};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, ConnectionCommon, HandshakeKind, RootCertStore,
    ServerConfig, ServerConnection,
};
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use tlcp_measure::clock::Stopwatch;
use tlcp_measure::connection::{Costs, Stack};
use tlcp_measure::wire::{self, Wire};

struct Ends {
    client: ClientConnection,
    server: ServerConnection,
    wires: (Wire, Wire),
}

pub(crate) struct RustlsStack {
    /// Without and with sessions.
    clients: [Arc<ClientConfig>; 2],
    server: Arc<ServerConfig>,
    open: Ends,
    buffers: [Vec<u8>; 2],
}

impl RustlsStack {
    pub(crate) fn new(suite: CipherSuite, material: &Material) -> Self {
        let mut provider = aws_lc_rs::default_provider();
        provider.cipher_suites.retain(|known| known.suite() == suite);
        let provider: Arc<CryptoProvider> = Arc::new(provider);
        let der = |x: &openssl::x509::X509Ref| CertificateDer::from(x.to_der().expect("a certificate"));
        let key =
            PrivateKeyDer::try_from(material.key.private_key_to_pkcs8().expect("a key")).expect("a key");
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS12])
            .and_then(|b| b.with_no_client_auth().with_single_cert(vec![der(&material.certificate)], key))
            .expect("server");
        let server = Arc::new(server);
        let mut roots = RootCertStore::empty();
        roots.add(der(&material.ca)).expect("a root");
        let clients = [false, true].map(|resumes| {
            let mut client = ClientConfig::builder_with_provider(provider.clone())
                .with_protocol_versions(&[&rustls::version::TLS12])
                .expect("client")
                .with_root_certificates(roots.clone())
                .with_no_client_auth();
            if !resumes {
                client.resumption = Resumption::disabled();
            }
            Arc::new(client)
        });
        let (open, _) = handshake(&clients[1], &server);
        Self { clients, server, open, buffers: [vec![7; 1 << 20], vec![0; 1 << 16]] }
    }
}

impl Stack for RustlsStack {
    fn handshake(&mut self, resume: bool) -> Costs {
        let (ends, costs) = handshake(&self.clients[usize::from(resume)], &self.server);
        assert_eq!(ends.server.handshake_kind() == Some(HandshakeKind::Resumed), resume);
        costs
    }

    fn bulk(&mut self, size: usize, count: usize) -> Costs {
        let (ends, [data, read]) = (&mut self.open, &mut self.buffers);
        let mut watch = Stopwatch::start();
        for _ in 0..count {
            let mut rest = &data[..size];
            while !rest.is_empty() {
                rest = &rest[ends.client.writer().write(rest).expect("write")..];
                send(&mut ends.client, &mut ends.wires.0);
            }
        }
        let sealed = watch.lap();
        let mut left = size * count;
        while left > 0 {
            receive(&mut ends.server, &mut ends.wires.1);
            while let Ok(n @ 1..) = ends.server.reader().read(read) {
                left -= n;
            }
        }
        Costs { client: sealed, server: watch.lap() }
    }
}

fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> (Ends, Costs) {
    let mut costs = Costs::default();
    let mut wires = wire::pair();
    let name = ServerName::try_from(NAME).expect("a name");
    let mut watch = Stopwatch::start();
    let mut client = ClientConnection::new(client.clone(), name).expect("client");
    costs.client += watch.lap();
    let mut server = ServerConnection::new(server.clone()).expect("server");
    costs.server += watch.lap();
    while client.is_handshaking() || server.is_handshaking() {
        step(&mut client, &mut wires.0);
        costs.client += watch.lap();
        step(&mut server, &mut wires.1);
        costs.server += watch.lap();
    }
    (Ends { client, server, wires }, costs)
}

fn step<S>(connection: &mut ConnectionCommon<S>, wire: &mut Wire) {
    send(connection, wire);
    receive(connection, wire);
    send(connection, wire);
}

fn send<S>(connection: &mut ConnectionCommon<S>, wire: &mut Wire) {
    while connection.wants_write() {
        connection.write_tls(wire).expect("write");
    }
}

fn receive<S>(connection: &mut ConnectionCommon<S>, wire: &mut Wire) {
    loop {
        match connection.read_tls(wire) {
            Ok(_) => drop(connection.process_new_packets().expect("a record")),
            Err(e) if e.kind() == ErrorKind::WouldBlock => return,
            // Its buffer of plaintext is full.
            Err(_) => return,
        }
    }
}
