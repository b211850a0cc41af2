//! TLCP and TLS on one port: what is read of a client, and who it is handed to (R-HS-33, R-REC-40, R-REC-41).
#![cfg(all(feature = "tls12", feature = "pki"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use pair::{World, at};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tlcp::cert::{CertPolicy, Identity, ServerName, WebPkiVerifier};
use tlcp::config::{ClientConfig, ServerConfig, ServerConfigs};
use tlcp::conn::{Acceptance, Accepted, Acceptor, ClientConnection, Rejected, ServerConnection, Time};
use tlcp::crypto::default_provider;
use tlcp::error::{Error, PeerIncompatible, PeerMisbehaved};
use tlcp::handshake::server::State;
use tlcp::handshake::{Answer, Request, Selection};
use tlcp::pki::Options;
use tlcp::stream::{Clock, Stream};
use tlcp::suite::{Protocol, TLCP, TLS12};
use tlcp::wire::{AlertDescription, ProtocolVersion};

const SERVER: &[u8] = include_bytes!("../vectors/web/p256.pem");
const ROOTS: &[u8] = include_bytes!("../vectors/web/roots.crt");

/// The certificates of the vectors are valid from later on that day.
fn now() -> Time {
    at(2 * 24 * 60 * 60)
}

fn tls_identity() -> Arc<Identity> {
    Arc::new(Identity::single_from_pile(&[SERVER], [], &default_provider()).unwrap())
}

fn tls_client() -> Arc<ClientConfig> {
    let verifier =
        WebPkiVerifier::builder(&default_provider()).policy(CertPolicy::Web).roots(&[ROOTS]).unwrap();
    let verifier = Arc::new(verifier.build().unwrap());
    Arc::new(ClientConfig::tls12_builder().verifier(verifier).alpn([&b"h2"[..]]).build().unwrap())
}

fn tlcp_client(world: &World) -> Arc<ClientConfig> {
    Arc::new(world.client().build().unwrap())
}

fn configs(world: &World) -> ServerConfigs {
    let tls = ServerConfig::tls12_builder().identity(tls_identity()).alpn([&b"h2"[..]]).build().unwrap();
    ServerConfigs::new(Arc::new(world.server().build().unwrap())).with(Arc::new(tls)).unwrap()
}

fn connect(config: &Arc<ClientConfig>) -> ClientConnection {
    ClientConnection::new(config.clone(), ServerName::try_from("localhost").unwrap(), now()).unwrap()
}

/// Feeds all of `bytes`, `step` at a time.
fn accept(bytes: &[u8], step: usize) -> Result<Acceptance, Rejected> {
    let mut acceptor = Acceptor::new(now());
    let mut chunks = bytes.chunks(step);
    while let Some(chunk) = chunks.next() {
        match acceptor.received(chunk)? {
            Acceptance::More(more) => acceptor = more,
            accepted => {
                assert_eq!(chunks.len(), 0, "not before the last byte");
                return Ok(accepted);
            }
        }
    }
    Ok(Acceptance::More(acceptor))
}

fn accepted(bytes: &[u8]) -> Accepted {
    match accept(bytes, bytes.len()) {
        Ok(Acceptance::Accepted(accepted)) => accepted,
        other => panic!("{other:?}"),
    }
}

fn run(client: &mut ClientConnection, server: &mut ServerConnection) {
    while client.is_handshaking() || server.is_handshaking() {
        let n = client.receive(server.pending_output(), now()).unwrap();
        server.sent(n);
        let n = server.receive(client.pending_output(), now()).unwrap();
        client.sent(n);
    }
}

#[test]
fn serves_each_client_by_its_protocol() {
    let world = World::new();
    let (configs, clients) = (configs(&world), [tlcp_client(&world), tls_client()]);
    for (client, protocol) in clients.iter().zip([&TLCP, &TLS12]) {
        let mut client = connect(client);
        let accepted = accepted(client.pending_output());
        client.sent(client.pending_output().len());
        assert_eq!(accepted.hello().extensions.server_name.host(), Some("localhost"));
        assert!(accepted.suites().all(|suite| suite.protocol == protocol));
        let mut server = accepted.choose_from(&configs, now());
        run(&mut client, &mut server);
        assert_eq!(client.version(), protocol.version);
        assert_eq!(server.cipher_suite().map(|suite| suite.protocol), Some::<&Protocol>(protocol));
    }
}

/// R-HS-33: a first record may hold one byte of the hello, and a byte may come at a time.
#[test]
fn waits_for_the_whole_hello_however_it_is_cut_and_keeps_it_as_it_came() {
    let world = World::new();
    for config in [tlcp_client(&world), tls_client()] {
        let hello = connect(&config).pending_output().to_vec();
        for step in [1, 2, 5, 6, 100] {
            let Ok(Acceptance::Accepted(accepted)) = accept(&hello, step) else { panic!("step {step}") };
            assert_eq!(accepted.into_bytes(), hello);
        }
        // The same in a record for each byte.
        let header = &hello[..3];
        let records: Vec<u8> =
            hello[5..].iter().flat_map(|byte| [header, &[0, 1], &[*byte]].concat()).collect();
        assert_eq!(accepted(&records).hello().random, accepted(&hello).hello().random);
        assert!(matches!(accept(&hello[..hello.len() - 1], 7), Ok(Acceptance::More(_))));
    }
}

#[test]
fn tells_what_the_client_offers_beside() {
    let hello = connect(&tls_client()).pending_output().to_vec();
    let plain = accepted(&hello);
    assert!(!plain.offers_tls13() && !plain.hints_at_tlcp());
    assert!(plain.hello().extensions.alpn.contains(b"h2"));
    assert_eq!(plain.record_version(), ProtocolVersion::TLS10); // R-REC-2
    // With ECC_SM4_CBC_SM3 in front of its suites, and supported_versions behind its extensions.
    let mut body = hello[9..].to_vec();
    let suites = usize::from(u16::from_be_bytes([body[35], body[36]]));
    let extensions = 35 + 2 + suites + 2;
    let length = u16::from_be_bytes([body[extensions], body[extensions + 1]]) + 9;
    body[extensions..extensions + 2].copy_from_slice(&length.to_be_bytes());
    body.extend([0, 43, 0, 5, 4, 3, 4, 3, 3]);
    body.splice(37..37, [0xe0, 0x13]);
    body[35..37].copy_from_slice(&(suites as u16 + 2).to_be_bytes());
    let length = (body.len() as u16).to_be_bytes();
    let whole = (body.len() as u16 + 4).to_be_bytes();
    let changed = [&[22, 3, 1][..], &whole, &[1, 0], &length, &body].concat();
    let changed = accepted(&changed);
    assert!(changed.offers_tls13() && changed.hints_at_tlcp());
    // A TLCP client needs no hint.
    let tlcp = connect(&tlcp_client(&World::new())).pending_output().to_vec();
    assert!(!accepted(&tlcp).hints_at_tlcp());
}

/// R-REC-40, R-REC-41: the alert in a version that the client can read, or none.
#[test]
fn refuses_what_is_no_client_hello() {
    let cases: [(&[u8], &[u8]); 7] = [
        (b"GET / HTTP/1.0\r\n\r\n", b""),
        (&[0x80, 0x2e, 1, 3, 1, 0, 0], b""),
        (&[22, 2, 0, 0, 1, 1], &[21, 2, 0, 0, 2, 2, 70]),
        (&[22, 3, 1, 0, 4, 2, 0, 0, 0], &[21, 3, 1, 0, 2, 2, 10]),
        (&[22, 1, 1, 0, 5, 1, 0, 0, 1, 3], &[21, 1, 1, 0, 2, 2, 50]),
        (&[22, 3, 4, 0, 4, 1, 0xff, 0, 0], &[21, 3, 3, 0, 2, 2, 47]),
        (&[22, 3, 3, 0, 0], &[21, 3, 3, 0, 2, 2, 10]),
    ];
    for (bytes, alert) in cases {
        for step in [bytes.len(), 1] {
            match accept(bytes, step) {
                Err(rejected) => assert_eq!(rejected.alert, alert, "{bytes:?}: {}", rejected.error),
                other => panic!("{bytes:?}: {other:?}"),
            }
        }
    }
    let alert = accept(&[21, 3, 3, 0, 2, 2, 40], 7).unwrap_err();
    assert_eq!(alert.error, Error::AlertReceived(AlertDescription::HANDSHAKE_FAILURE));
    assert!(alert.alert.is_empty());
}

/// R-HS-33: without a configuration for its protocol the client is told that.
#[test]
fn refuses_a_client_of_a_protocol_that_nobody_speaks() {
    let world = World::new();
    let tlcp = ServerConfigs::new(Arc::new(world.server().build().unwrap()));
    let tls = ServerConfig::tls12_builder().identity(tls_identity()).build().unwrap();
    for (configs, client) in [(tlcp, tls_client()), (ServerConfigs::new(Arc::new(tls)), tlcp_client(&world))]
    {
        let hello = connect(&client).pending_output().to_vec();
        let server = accepted(&hello).choose_from(&configs, now());
        assert!(
            matches!(server.error(), Some(Error::PeerMisbehaved(PeerMisbehaved::ProtocolVersion { .. }))),
            "{:?}",
            server.error()
        );
        assert_eq!(server.pending_output()[5..], [2, 70]);
    }
}

/// R-REC-41: a TLS server tells a client what is wrong in the version of the client's record, as whoever accepts for it does.
#[test]
fn a_tls_server_refuses_in_the_version_of_the_clients_record() {
    let config = ServerConfig::tls12_builder().identity(tls_identity()).alpn([&b"http/1.1"[..]]);
    let config = Arc::new(config.build().unwrap());
    let mut hello = connect(&tls_client()).pending_output().to_vec();
    for (minor, answered) in [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3)] {
        hello[2] = minor;
        let mut server = ServerConnection::new(config.clone(), now());
        let error = server.receive(&hello, now()).unwrap_err();
        assert_eq!(error, PeerIncompatible::NoApplicationProtocol.into());
        assert_eq!(server.pending_output(), [21, 3, answered, 0, 2, 2, 120]);
        assert_eq!(server.pending_output(), accepted(&hello).alert_for(&error));
        // A header that is wrong by itself, and a message that is none.
        for bytes in [&[22, 3, minor, 0x48, 1][..], &[22, 3, minor, 0, 4, 2, 0, 0, 0]] {
            let mut server = ServerConnection::new(config.clone(), now());
            assert!(server.receive(bytes, now()).is_err());
            assert_eq!(server.pending_output()[..5], [21, 3, answered, 0, 2], "{bytes:?}");
            assert_eq!(server.pending_output(), accept(bytes, bytes.len()).unwrap_err().alert);
        }
    }
    hello[2] = 1;
    let served = ServerConfig::tls12_builder().identity(tls_identity()).build().unwrap();
    let mut server = ServerConnection::new(Arc::new(served), now());
    server.receive(&hello, now()).unwrap();
    assert_eq!(server.pending_output()[..3], [22, 3, 3], "ServerHello has the chosen one");
}

#[test]
fn refuses_two_configurations_of_one_protocol() {
    let world = World::new();
    let again = Arc::new(world.server().build().unwrap());
    let error = configs(&world).with(again).unwrap_err().to_string();
    assert!(error.contains("TLCP"), "{error}");
}

/// R-SM-4: what came behind a hello is judged after a late answer as it is before one, however long it is.
#[test]
fn what_came_behind_a_hello_outlives_a_late_answer() {
    let world = World::new();
    let hello = connect(&tlcp_client(&world)).pending_output().to_vec();
    let behind = [&[23, 1, 1, 0x20, 0][..], &[0; 0x2000], &[23, 1, 1, 0x40, 0], &[0; 0x4000]].concat();
    let bytes = [hello, behind].concat();
    let at_once = Arc::new(world.server().build().unwrap());
    let expected = accepted(&bytes).into_connection(at_once, now()).error().cloned().unwrap();
    assert!(
        matches!(&expected, Error::PeerMisbehaved(PeerMisbehaved::UnexpectedRecord { .. })),
        "{expected}"
    );
    let later = Arc::new(world.server().select_later(None).build().unwrap());
    let mut server = accepted(&bytes).into_connection(later, now());
    assert!(matches!(*server.request().unwrap(), Request::SelectIdentity(_)));
    let selection = Selection::Identity { identity: world.server.clone(), by_name: true };
    let answered = server.answer(Answer::IdentitySelected(selection), now());
    assert_eq!(answered, Err(expected));
}

/// R-REC-34: the handshake's time counts from the connection's start, not from the choice.
#[test]
fn counts_the_time_of_the_choice() {
    let world = World::new();
    let config = Arc::new(world.server().handshake_timeout(Duration::from_secs(5)).build().unwrap());
    let hello = connect(&tlcp_client(&world)).pending_output().to_vec();
    let later = Time { monotonic: now().monotonic + Duration::from_secs(6), ..now() };
    let server = accepted(&hello).into_connection(config, later);
    assert_eq!(server.error(), Some(&Error::HandshakeTimeout));
}

/// Both ends over a socket: the client's configuration, and how the server takes the socket.
fn meet(
    client: Arc<ClientConfig>,
    take: impl FnOnce(TcpStream, Clock) -> std::io::Result<Stream<State, TcpStream>> + Send + 'static,
) -> (std::io::Result<()>, std::io::Result<[u8; 5]>) {
    let (clock, listener) = (Clock::start(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let mut stream = take(listener.accept().unwrap().0, clock)?;
        let mut read = [0; 5];
        stream.read_exact(&mut read)?;
        stream.finish().map(|()| read)
    });
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(client, name, clock.now()).unwrap();
    let mut stream = Stream::new(connection, TcpStream::connect(address).unwrap(), clock);
    (stream.write_all(b"hello"), server.join().unwrap())
}

/// A world whose certificates are valid by the system's clock.
fn world_of_today() -> World {
    World::with(default_provider(), Options::new(Clock::start().now().unix))
}

#[test]
fn a_stream_accepts_both_protocols() {
    let world = world_of_today();
    for client in [tlcp_client(&world), tls_client()] {
        let configs = configs(&world);
        let (sent, read) = meet(client, move |socket, clock| Stream::accept(socket, clock, &configs));
        assert_eq!((sent.unwrap(), &read.unwrap()), ((), b"hello"));
    }
}

/// R-HS-37: whoever chooses by name may refuse it, and the client is told why.
#[test]
fn a_stream_lets_its_caller_choose_by_name_or_refuse() {
    let tls = Arc::new(ServerConfig::tls12_builder().identity(tls_identity()).build().unwrap());
    for served in ["localhost", "other"] {
        let tls = tls.clone();
        let choose = move |accepted: &Accepted| match accepted.hello().extensions.server_name.host() {
            Some(name) if name == served => Ok(tls),
            _ => Err(PeerIncompatible::UnrecognizedName.into()),
        };
        let (sent, read) = meet(tls_client(), move |socket, clock| {
            Stream::accept_with(socket, clock, Duration::from_secs(5), choose)
        });
        match served {
            "localhost" => assert_eq!((sent.unwrap(), &read.unwrap()), ((), b"hello")),
            _ => {
                let told = sent.unwrap_err().into_inner().unwrap().downcast::<Error>().unwrap();
                assert_eq!(*told, Error::AlertReceived(AlertDescription::UNRECOGNIZED_NAME));
                assert!(read.is_err());
            }
        }
    }
}

#[test]
fn a_stream_that_says_nothing_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _silent = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let choose = |_: &Accepted| -> Result<Arc<ServerConfig>, Error> { panic!("there is no hello") };
    let timeout = Duration::from_millis(50);
    let accepted = Stream::accept_with(listener.accept().unwrap().0, Clock::start(), timeout, choose);
    assert_eq!(accepted.map(drop).unwrap_err().kind(), ErrorKind::TimedOut);
}
