//! OpenSSL's two ends.
use crate::certificates::{Material, NAME};
use openssl::ssl::{
    Error, ErrorCode, ShutdownState, Ssl, SslContext, SslMethod, SslSession, SslSessionCacheMode, SslStream,
    SslVerifyMode, SslVersion,
};
use tlcp_measure::clock::Stopwatch;
use tlcp_measure::connection::{Costs, Stack};
use tlcp_measure::wire::{self, Wire};

type Ends = (SslStream<Wire>, SslStream<Wire>);

pub(crate) struct OpensslStack {
    client: SslContext,
    server: SslContext,
    session: SslSession,
    open: Ends,
    buffers: [Vec<u8>; 2],
}

impl OpensslStack {
    pub(crate) fn new(suite: &str, material: &Material) -> Self {
        let context = || {
            let mut context = SslContext::builder(SslMethod::tls()).expect("a context");
            context.set_min_proto_version(Some(SslVersion::TLS1_2)).expect("version");
            context.set_max_proto_version(Some(SslVersion::TLS1_2)).expect("version");
            context.set_cipher_list(suite).expect("a suite");
            context
        };
        let mut server = context();
        server.set_certificate(&material.certificate).expect("certificate");
        server.set_private_key(&material.key).expect("key");
        server.set_session_cache_mode(SslSessionCacheMode::SERVER);
        let mut client = context();
        client.cert_store_mut().add_cert(material.ca.clone()).expect("a root");
        client.set_verify(SslVerifyMode::PEER);
        let (client, server) = (client.build(), server.build());
        let (mut ends, _) = handshake(&client, &server, None);
        let session = ends.0.ssl().session().expect("a session").to_owned();
        end_well(&mut ends);
        let (open, _) = handshake(&client, &server, None);
        Self { client, server, session, open, buffers: [vec![7; 1 << 20], vec![0; 1 << 16]] }
    }
}

impl Stack for OpensslStack {
    fn handshake(&mut self, resume: bool) -> Costs {
        let session = resume.then_some(&self.session);
        let (mut ends, costs) = handshake(&self.client, &self.server, session);
        assert_eq!(ends.1.ssl().session_reused(), resume);
        end_well(&mut ends);
        costs
    }

    fn bulk(&mut self, size: usize, count: usize) -> Costs {
        let ((client, server), [data, read]) = (&mut self.open, &mut self.buffers);
        let mut watch = Stopwatch::start();
        for _ in 0..count {
            assert_eq!(client.ssl_write(&data[..size]).expect("write"), size);
        }
        let sealed = watch.lap();
        let mut left = size * count;
        while left > 0 {
            left -= server.ssl_read(read).expect("read");
        }
        Costs { client: sealed, server: watch.lap() }
    }
}

fn handshake(client: &SslContext, server: &SslContext, session: Option<&SslSession>) -> (Ends, Costs) {
    let mut costs = Costs::default();
    let (near, far) = wire::pair();
    let mut watch = Stopwatch::start();
    let mut ssl = Ssl::new(client).expect("client");
    ssl.set_hostname(NAME).expect("a name");
    ssl.param_mut().set_host(NAME).expect("a name");
    if let Some(session) = session {
        // SAFETY: the session is of this context.
        unsafe { ssl.set_session(session) }.expect("a session");
    }
    let mut client = SslStream::new(ssl, near).expect("client");
    costs.client += watch.lap();
    let mut server = SslStream::new(Ssl::new(server).expect("server"), far).expect("server");
    costs.server += watch.lap();
    let (mut client_open, mut server_open) = (false, false);
    while !(client_open && server_open) {
        client_open = client_open || done(client.connect());
        costs.client += watch.lap();
        server_open = server_open || done(server.accept());
        costs.server += watch.lap();
    }
    ((client, server), costs)
}

fn done(step: Result<(), Error>) -> bool {
    match step {
        Ok(()) => true,
        Err(error) if error.code() == ErrorCode::WANT_READ => false,
        Err(error) => panic!("handshake: {error}"),
    }
}

/// A connection freed without a shutdown takes its session out of the cache.
fn end_well(ends: &mut Ends) {
    let both = ShutdownState::SENT | ShutdownState::RECEIVED;
    ends.0.set_shutdown(both);
    ends.1.set_shutdown(both);
}
