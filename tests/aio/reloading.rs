//! Configurations that are replaced while connections use them.
use crate::name;
use crate::pair::{Counting, NOW, World};
use std::sync::Arc;
use tlcp::aio::{ClientStream, TlcpAcceptor, TlcpConnector};
use tlcp::cert::{Identity, ServerName, WebPkiVerifier};
use tlcp::config::{ClientAuth, Live, ServerConfigs};
use tlcp::error::CertificateProblem;
use tlcp::pki::{DAY, Issued, Pair, Template, revocation_list};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

async fn connect(
    connector: &TlcpConnector,
    acceptor: &TlcpAcceptor,
    host: &'static str,
) -> std::io::Result<ClientStream<DuplexStream>> {
    let (near, far) = duplex(1 << 14);
    let acceptor = acceptor.clone();
    tokio::spawn(async move {
        let Ok(mut stream) = acceptor.accept(far).await else { return };
        let mut byte = [0];
        while let Ok(1) = stream.read(&mut byte).await {
            let _ = stream.write_all(&byte).await;
            let _ = stream.flush().await;
        }
    });
    let host = ServerName::try_from(host).unwrap();
    let mut stream = connector.connect(host, near).await?;
    echo(&mut stream).await;
    Ok(stream)
}

async fn echo(stream: &mut ClientStream<DuplexStream>) {
    let mut byte = [0];
    stream.write_all(b"x").await.unwrap();
    stream.read_exact(&mut byte).await.unwrap();
    assert_eq!(&byte, b"x");
}

fn identity(world: &World, host: &str, serial: u64) -> Arc<Identity> {
    let hosts = [String::from(host)];
    let template = Template::new(NOW - DAY, NOW + 9 * DAY).common_name(host).names(&hosts);
    let pair =
        Pair::issue(&world.pki.intermediate, &template, &world.provider, &Counting::from(serial)).unwrap();
    let files = [&pair.sign, &pair.encrypt].map(|c| format!("{}{}", c.certificate_pem(), *c.key_pem()));
    let files = files.concat() + &world.pki.intermediate.certificate_pem();
    Arc::new(Identity::from_pile(&[files.as_bytes()], None, &world.provider).unwrap())
}

/// R-SES-10: a name's new certificate ends its sessions, and nobody else's; open connections do not notice.
#[tokio::test]
async fn a_new_certificate_ends_no_connection_and_no_other_names_sessions() {
    let world = World::new();
    let builder = world.server().without_identities();
    let [a, b] = ["a.example", "b.example"].map(|host| identity(&world, host, 5));
    let config = builder.identity_for(["a.example"], a.clone()).identity_for(["b.example"], b);
    let config = Arc::new(config.build().unwrap());
    let live = Live::<ServerConfigs>::from(config.clone());
    let acceptor = TlcpAcceptor::new(live.clone());
    let connector = TlcpConnector::new(Arc::new(world.client().build().unwrap()));

    let mut open = connect(&connector, &acceptor, "a.example").await.unwrap();
    connect(&connector, &acceptor, "b.example").await.unwrap();
    assert!(connect(&connector, &acceptor, "a.example").await.unwrap().connection().is_resumed());

    let new = config.to_builder().without_identities().identity_for(["a.example"], a);
    let new = new.identity_for(["b.example"], identity(&world, "b.example", 6));
    live.set(Arc::new(ServerConfigs::from(Arc::new(new.build().unwrap()))));
    echo(&mut open).await;
    let [a, b] = [
        connect(&connector, &acceptor, "a.example").await.unwrap(),
        connect(&connector, &acceptor, "b.example").await.unwrap(),
    ];
    assert_eq!([a.connection().is_resumed(), b.connection().is_resumed()], [true, false]);
}

/// R-HS-51: a new list of revoked certificates forgets no session, and resumes nobody who is on it.
#[tokio::test]
async fn whoever_is_revoked_by_a_new_list_is_not_resumed() {
    let world = World::new();
    let verifier = |revoked: &[&Issued], day: u64| {
        let validity = (NOW - 9 * DAY + day * DAY, NOW + 9 * DAY);
        let list = revocation_list(&world.pki.intermediate, revoked, validity, &Counting::from(9)).unwrap();
        let builder = WebPkiVerifier::builder(&world.provider).roots(&[&world.pki.root.certificate]).unwrap();
        Arc::new(builder.crls(&[&list]).unwrap().revocation_of_end_entities_only().build().unwrap())
    };
    let config = world.server().client_auth(ClientAuth::Require).verifier(verifier(&[], 0));
    let config = Arc::new(config.build().unwrap());
    let live = Live::<ServerConfigs>::from(config.clone());
    let acceptor = TlcpAcceptor::new(live.clone());
    let connector = TlcpConnector::new(Arc::new(world.client().build().unwrap()));
    for resumed in [false, true] {
        let stream = connect(&connector, &acceptor, "localhost").await.unwrap();
        assert_eq!(stream.connection().is_resumed(), resumed);
    }
    let harmless = config.to_builder().verifier(verifier(&[&world.pki.server.sign], 1)).build().unwrap();
    live.set(Arc::new(ServerConfigs::from(Arc::new(harmless))));
    assert!(connect(&connector, &acceptor, "localhost").await.unwrap().connection().is_resumed());

    let strict = config.to_builder().verifier(verifier(&[&world.pki.client.sign], 2)).build().unwrap();
    live.set(Arc::new(ServerConfigs::from(Arc::new(strict))));
    let (near, far) = duplex(1 << 14);
    let (_, server) = tokio::join!(connector.connect(name(), near), acceptor.accept(far));
    let error = server.unwrap_err();
    let error = crate::inner(&error);
    assert!(
        matches!(error, tlcp::Error::Certificate(e) if e.problem == CertificateProblem::Revoked),
        "{error}"
    );
}

/// A client's configuration is replaced likewise.
#[tokio::test]
async fn a_client_uses_the_configuration_of_the_day() {
    let world = World::new();
    let config = Arc::new(world.client().build().unwrap());
    let connector = TlcpConnector::new(config.clone());
    let acceptor = TlcpAcceptor::new(Arc::new(world.server().alpn([&b"new"[..]]).build().unwrap()));
    assert_eq!(connect(&connector, &acceptor, "localhost").await.unwrap().connection().alpn(), None);
    connector.config().set(Arc::new(config.to_builder().alpn([&b"new"[..]]).build().unwrap()));
    let stream = connect(&connector, &acceptor, "localhost").await.unwrap();
    assert_eq!(stream.connection().alpn(), Some(&b"new"[..]));
}
