//! Our own two ends.
use crate::certificates::{Material, NAME};
use std::sync::Arc;
use tlcp::cert::{CertPolicy, Identity, WebPkiVerifier};
use tlcp::config::{ClientConfig, ServerConfig};
use tlcp::crypto::Provider;
use tlcp::suite::Suite;
use tlcp_measure::connection::{Costs, Stack};
use tlcp_measure::ends::{self, Ends};

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
        let (open, _) = ends::handshake(&clients[1], &server, NAME);
        Self { server, clients, open, buffers: [vec![7; 1 << 20], vec![0; 1 << 16]] }
    }
}

impl Stack for TlcpStack {
    fn handshake(&mut self, resume: bool) -> Costs {
        let (ends, costs) = ends::handshake(&self.clients[usize::from(resume)], &self.server, NAME);
        assert_eq!(ends.1.connection().is_resumed(), resume);
        costs
    }

    fn bulk(&mut self, size: usize, count: usize) -> Costs {
        ends::bulk(&mut self.open, &mut self.buffers, size, count)
    }
}
