//! Servers that look at the hello first.
use crate::pair::World;
use crate::{factories, inner, name};
use std::sync::Arc;
use tlcp::aio::{TlcpAcceptor, TlcpConnector};
use tlcp::error::{Error, PeerMisbehaved};
use tlcp::suite::SUITES;
use tlcp::wire::AlertDescription;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

/// By the record version (R-HS-33).
#[cfg(feature = "tls12")]
#[tokio::test]
async fn one_acceptor_takes_clients_of_both_protocols() {
    let (world, tls) = (World::new(), World::tls12(crate::pair::single::Kind::P256));
    let acceptor = TlcpAcceptor::new(crate::both(&world, &tls));
    for world in [world, tls] {
        let connector = TlcpConnector::new(Arc::new(world.client().build().unwrap()));
        let (near, far) = duplex(1 << 12);
        let (client, server) = tokio::join!(connector.connect(name(), near), acceptor.accept(far));
        let suite = client.unwrap().connection().cipher_suite().unwrap();
        assert_eq!(
            (suite.protocol, Some(suite)),
            (world.protocol, server.unwrap().connection().cipher_suite())
        );
    }
}

#[tokio::test]
async fn a_configuration_may_be_chosen_by_name_and_later() {
    let world = World::new();
    let (connector, acceptor) = factories(&world, None);
    let strict = Arc::new(world.server().alpn([&b"strict"[..]]).build().unwrap());
    let alpn = world.client().alpn([&b"strict"[..]]).build().unwrap();
    for (connector, expected) in
        [(connector, None), (TlcpConnector::new(Arc::new(alpn)), Some(&b"strict"[..]))]
    {
        let (near, far) = duplex(1 << 12);
        let serving = async {
            let incoming = acceptor.hello(far).await.unwrap();
            assert_eq!(incoming.hello().hello().extensions.server_name.host(), Some("localhost"));
            tokio::task::yield_now().await;
            incoming.accept(strict.clone()).await.unwrap()
        };
        let (client, server) = tokio::join!(connector.connect(name(), near), serving);
        assert_eq!(client.unwrap().connection().alpn(), expected);
        assert_eq!(server.connection().alpn(), expected);
    }
}

#[tokio::test]
async fn a_client_may_be_refused_or_handed_on() {
    let (connector, acceptor) = factories(&World::new(), None);
    let (near, far) = duplex(1 << 12);
    let refusing = async {
        let error = Error::PeerIncompatible(tlcp::error::PeerIncompatible::UnrecognizedName);
        acceptor.hello(far).await.unwrap().refuse(&error).await;
    };
    let (client, ()) = tokio::join!(connector.connect(name(), near), refusing);
    let error = client.unwrap_err();
    assert_eq!(inner(&error), &Error::AlertReceived(AlertDescription::UNRECOGNIZED_NAME));

    let (near, far) = duplex(1 << 12);
    let handing_on = async {
        let (bytes, mut socket) = acceptor.hello(far).await.unwrap().into_parts();
        assert_eq!(bytes[..3], [22, 1, 1]);
        socket.write_all(&[21, 1, 1, 0, 2, 2, 40]).await.unwrap();
    };
    let (client, ()) = tokio::join!(connector.connect(name(), near), handing_on);
    assert_eq!(inner(&client.unwrap_err()), &Error::AlertReceived(AlertDescription::HANDSHAKE_FAILURE));
}

/// R-AL-1: whoever completes the handshake by himself need not end the stream for the client to be told.
#[tokio::test(start_paused = true)]
async fn a_hello_that_its_configuration_refuses_is_answered_by_the_handshake() {
    let world = World::new();
    let (connector, _) = factories(&world, Some(&SUITES[1]));
    let (_, acceptor) = factories(&world, Some(&SUITES[0]));
    let (near, far) = duplex(1 << 12);
    let serving = async {
        let incoming = acceptor.hello(far).await.unwrap();
        let config = acceptor.config_for(&incoming);
        let mut stream = incoming.into_stream(config);
        let error = stream.handshake().await.unwrap_err();
        (stream, error)
    };
    let (client, (_stream, error)) = tokio::join!(connector.connect(name(), near), serving);
    assert!(matches!(inner(&error), Error::PeerIncompatible(_)), "{error}");
    let heard = client.unwrap_err();
    assert_eq!(inner(&heard), &Error::AlertReceived(AlertDescription::HANDSHAKE_FAILURE));
}

/// R-AL-8: a hello that does not parse is told so before there is a configuration for it.
#[tokio::test]
async fn a_malformed_hello_gets_its_alert() {
    let (_, acceptor) = factories(&World::new(), None);
    let (mut near, far) = duplex(1 << 12);
    let asking = async {
        near.write_all(&[22, 1, 1, 0, 4, 1, 0, 0, 0]).await.unwrap();
        let mut answer = Vec::new();
        near.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let (server, answer) = tokio::join!(acceptor.accept(far), asking);
    let error = server.unwrap_err();
    assert!(matches!(inner(&error), Error::Decode(_)), "{error}");
    assert_eq!(answer, [21, 1, 1, 0, 2, 2, AlertDescription::DECODE_ERROR.0]);
}

/// R-REC-40
#[tokio::test]
async fn what_is_no_hello_is_refused() {
    let (_, acceptor) = factories(&World::new(), None);
    let (mut near, far) = duplex(1 << 12);
    let asking = async {
        near.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let asked = near.read_to_end(&mut answer).await;
        (asked.map(drop).map_err(|e| e.kind()), answer)
    };
    let (server, (asked, answer)) = tokio::join!(acceptor.accept(far), asking);
    let error = server.unwrap_err();
    assert!(matches!(inner(&error), Error::PeerMisbehaved(PeerMisbehaved::NotTlcp { .. })), "{error}");
    assert_eq!((asked, answer), (Ok(()), Vec::new()));

    let (mut near, far) = duplex(1 << 12);
    near.shutdown().await.unwrap();
    assert_eq!(inner(&acceptor.accept(far).await.unwrap_err()), &Error::ClosedInHandshake { heard: false });

    let (mut near, far) = duplex(1 << 12);
    near.write_all(&[22, 1, 1]).await.unwrap();
    near.shutdown().await.unwrap();
    assert_eq!(inner(&acceptor.accept(far).await.unwrap_err()), &Error::ClosedInHandshake { heard: true });
}
