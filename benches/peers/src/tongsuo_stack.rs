//! Tongsuo's two ends.

use tlcp_interop::party::{ClientSettings, ServerSettings};
use tlcp_interop::tongsuo_party::{client_context, client_ssl, server_context};
use tlcp_measure::clock::Stopwatch;
use tlcp_measure::connection::{Costs, Stack};
use tlcp_measure::wire::{self, Wire};
use tongsuo::ssl::{Error, ErrorCode, ShutdownState, Ssl, SslContext, SslSession, SslStream};

type Ends = (SslStream<Wire>, SslStream<Wire>);

pub(crate) struct TongsuoStack {
    client: SslContext,
    server: SslContext,
    name: String,
    session: SslSession,
    open: Ends,
    buffers: [Vec<u8>; 2],
}

impl TongsuoStack {
    pub(crate) fn new(server: &ServerSettings, client: &ClientSettings) -> Self {
        let name = client.name.clone();
        let (client, server) =
            (client_context(client).expect("client"), server_context(server).expect("server"));
        let (mut ends, _) = handshake(&client, &server, &name, None);
        let session = ends.0.ssl().session().expect("a session").to_owned();
        end_well(&mut ends);
        let (open, _) = handshake(&client, &server, &name, None);
        let buffers = [vec![7; 1 << 20], vec![0; 1 << 16]];
        Self { client, server, name, session, open, buffers }
    }
}

impl Stack for TongsuoStack {
    fn handshake(&mut self, resume: bool) -> Costs {
        let session = resume.then_some(&self.session);
        let (mut ends, costs) = handshake(&self.client, &self.server, &self.name, session);
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

fn handshake(
    client: &SslContext,
    server: &SslContext,
    name: &str,
    session: Option<&SslSession>,
) -> (Ends, Costs) {
    let mut costs = Costs::default();
    let (near, far) = wire::pair();
    let mut watch = Stopwatch::start();
    let mut client =
        SslStream::new(client_ssl(client, name, session).expect("client"), near).expect("client");
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
