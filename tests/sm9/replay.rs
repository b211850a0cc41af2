//! Our own ends in gotlcp's handshakes: with its keys and scalars they send its bytes, every signature, ciphertext and point
//! being made anew.
use crate::recorded::{Handshake, handshake as recorded, handshakes};
use crate::town::{Draws, Town, accept, at, output};
use crate::vectors::Tally;
use std::sync::Arc;
use tlcp::cert::ServerName;
use tlcp::config::{ClientAuth, ClientConfig, ServerConfig};
use tlcp::conn::{ClientConnection, Connection, Endpoint};
use tlcp::crypto::{Draw, Provider, default_provider};
use tlcp::message::{ClientHello, RequestedName};
use tlcp::session::{MemoryStore, SessionStore};
use tlcp::suite::{KeyExchange, Protection, Suite};
use tlcp::wire::{CipherSuite, HandshakeType as H};

const CLIENT: usize = 0;
const SERVER: usize = 1;

/// The pieces in which the peer's bytes come.
const SIZES: [usize; 2] = [usize::MAX, 1];

fn suite(handshake: &Handshake) -> &'static Suite {
    Suite::find(CipherSuite(handshake.suite())).unwrap()
}

fn hello(handshake: &Handshake) -> ClientHello {
    ClientHello::read(&handshake.messages(CLIENT).next().unwrap()[4..]).unwrap()
}

fn has(handshake: &Handshake, side: usize, kind: H) -> bool {
    handshake.messages(side).any(|message| message[0] == kind.0)
}

/// R-IBC-1, R-IBC-2, R-IBC-3, R-IBC-5, R-IBC-7, R-IBC-8: all four suites, full and resumed, mutual, with Identifiers.
#[test]
fn a_client_sends_what_the_recorded_clients_sent() {
    replay_all(CLIENT);
}

/// Likewise.
#[test]
fn a_server_sends_what_the_recorded_servers_sent() {
    replay_all(SERVER);
}

fn replay_all(side: usize) {
    let mut tally = Tally::new("sm9");
    for (file, handshake) in handshakes() {
        let alike = tally.attempt(&file.name, || replay_in_pieces(&handshake, side));
        alike.into_iter().for_each(|alike| tally.add(&file, alike, 0));
    }
    tally.finish();
}

/// However the peer's bytes are cut.
fn replay_in_pieces(handshake: &Handshake, side: usize) -> usize {
    let mut alike = 0;
    let provider = default_provider();
    for size in SIZES {
        let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::default());
        if let Some(first) = handshake.json.get("resumes") {
            let name = format!("go_{}", first.as_str().unwrap());
            replay(&recorded(&name), side, &store, provider, size);
        }
        alike = replay(handshake, side, &store, provider, size);
    }
    alike
}

/// Plays one side; how many bytes are alike.
fn replay(
    handshake: &Handshake,
    side: usize,
    store: &Arc<dyn SessionStore>,
    provider: Provider,
    size: usize,
) -> usize {
    let is_resumed = handshake.json.get("resumes").is_some();
    if side == CLIENT {
        let mut client = client(handshake, store, provider);
        let mut sent = output(&mut client);
        sent.extend(play(&mut client, &handshake.sides[SERVER], size, &handshake.name));
        check(&client, handshake, is_resumed, "server");
        sent.extend(say(&mut client, &handshake.bytes("client_data")));
        assert_eq!(hex::encode(&sent), hex::encode(handshake.sides[CLIENT].concat()), "{}", handshake.name);
        sent.len()
    } else {
        let mut server = server(handshake, store, provider);
        let mut sent = play(&mut server, &handshake.sides[CLIENT], size, &handshake.name);
        let peer = if has(handshake, CLIENT, H::CERTIFICATE) || is_resumed { "client" } else { "" };
        check(&server, handshake, is_resumed, peer);
        sent.extend(say(&mut server, &handshake.bytes("server_data")));
        assert_eq!(hex::encode(&sent), hex::encode(handshake.sides[SERVER].concat()), "{}", handshake.name);
        sent.len()
    }
}

/// One record, then close_notify.
fn say<S: Endpoint>(connection: &mut Connection<S>, data: &[u8]) -> Vec<u8> {
    connection.write(data).unwrap();
    connection.close();
    output(connection)
}

/// R-IBC-6: who the peer is, by its identityData; `server_end_point` by the identity as sent.
fn check<S: Endpoint>(connection: &Connection<S>, handshake: &Handshake, is_resumed: bool, peer: &str) {
    assert_eq!(connection.is_resumed(), is_resumed);
    if is_resumed {
        return;
    }
    let data = handshake.find(&format!("{peer}_identity_data"));
    assert_eq!(connection.peer_identity(), data.as_deref(), "{}", handshake.name);
    let id = handshake.bytes("server_identity");
    let digest = default_provider().hashes.digest(tlcp::suite::HashAlgorithm::Sm3, &[&id]);
    assert_eq!(connection.server_end_point(), Some(digest.as_ref()));
}

/// Feeds the peer's records up to its Finished.
fn play<S: Endpoint>(
    connection: &mut Connection<S>,
    records: &[Vec<u8>],
    size: usize,
    name: &str,
) -> Vec<u8> {
    let finished = records.iter().position(|record| record[0] == 20).unwrap() + 1;
    let bytes = records[..=finished].concat();
    let mut sent = Vec::new();
    for piece in bytes.chunks(size.min(bytes.len())) {
        let mut rest = piece;
        while !rest.is_empty() {
            let n = connection.receive(rest, at(0)).unwrap_or_else(|e| panic!("{name}: {e}"));
            rest = &rest[n..];
        }
        sent.extend(output(connection));
    }
    assert!(!connection.is_handshaking(), "{name}: {}", connection.state());
    sent
}

/// The draws of one side.
fn draws(handshake: &Handshake, side: usize) -> Arc<Draws> {
    let (random, signed, ephemeral) = match side {
        CLIENT => ("client_random", "cert_verify_r", "client_eph"),
        _ => ("server_random", "ske_sign_r", "server_eph"),
    };
    let protected = handshake.sides[side].iter().skip_while(|record| record[0] != 20).skip(1);
    let is_cbc = matches!(suite(handshake).protection, Protection::Cbc { .. });
    let ivs = protected.filter(|_| is_cbc).map(|record| record[5..21].to_vec());
    let values = |name: &str| handshake.find(name);
    let premaster = values("premaster").map(|secret| secret[2..].to_vec());
    Arc::new(
        Draws::default()
            .with(Draw::HelloRandom, values(random))
            .with(Draw::SessionId, values("session_id"))
            .with(Draw::SignatureNonce, values(signed))
            .with(Draw::PrivateKey, values(ephemeral))
            .with(Draw::EncryptionNonce, values("encrypt_r"))
            .with(Draw::PreMasterSecret, premaster)
            .with(Draw::Substitute, [vec![0; 48]])
            .with(Draw::RecordIv, ivs),
    )
}

fn who(handshake: &Handshake, side: &str) -> String {
    let id = handshake.find(&format!("{side}_identity"));
    let data = handshake.find(&format!("{side}_identity_data"));
    if id == data { String::from(side) } else { format!("{side}_identifier") }
}

fn client(handshake: &Handshake, store: &Arc<dyn SessionStore>, provider: Provider) -> ClientConnection {
    let (town, hello) = (Town::new(provider), hello(handshake));
    let mut builder = ClientConfig::builder_with(provider, draws(handshake, CLIENT))
        .key_centres(town.centres())
        .suites(&[suite(handshake)])
        .sessions(Some(store.clone()));
    if let Some(id) = &hello.extensions.client_id {
        builder = builder.identity(town.identity(&who(handshake, "client"))).client_id(id);
    }
    let name = match &hello.extensions.server_name {
        RequestedName::Host(name) => ServerName::try_from(name.to_string()).unwrap(),
        _ => ServerName::try_from("192.0.2.1").unwrap(),
    };
    ClientConnection::new(Arc::new(builder.build().unwrap()), name, at(0)).unwrap()
}

fn server(
    handshake: &Handshake,
    store: &Arc<dyn SessionStore>,
    provider: Provider,
) -> tlcp::conn::ServerConnection {
    let town = Town::new(provider);
    let asks = has(handshake, SERVER, H::CERTIFICATE_REQUEST);
    let is_ibc = suite(handshake).key_exchange == KeyExchange::IBC;
    let auth = if asks && is_ibc { ClientAuth::Require } else { ClientAuth::None };
    let builder = ServerConfig::builder_with(provider, draws(handshake, SERVER))
        .key_centres(town.centres().without_names())
        .identity(town.identity(&who(handshake, "server")))
        .suites(&[suite(handshake)])
        .client_auth(auth)
        .sessions(Some(store.clone()));
    accept(builder)
}
