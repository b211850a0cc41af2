//! A peer that follows a script. An honest handshake is recorded with its keys; a test changes what one side says and
//! plays it to a fresh connection, the victim, whose randomness is that of the recording. The scripted peer knows the
//! keys, and can sign: nothing it does wrong is wrong by accident.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "keys.rs"]
mod keys;
#[path = "player.rs"]
mod player;

pub use player::Player;

use super::outcome::Outcome;
use super::pair::{Counting, Ends, World, at, name};
use super::watched::{Secret, Watched};
use keys::copy;
use player::Listener;
use std::sync::Arc;
use tlcp::alert::Alert;
use tlcp::cert::{Key, KeyUse};
use tlcp::config::{ClientAuth, ClientConfig, ClientConfigBuilder, ServerConfig, ServerConfigBuilder};
use tlcp::conn::{ClientConnection, ServerConnection};
use tlcp::crypto::{MasterSecret, SignatureAlgorithm};
use tlcp::key_schedule::{self, ConnectionKeys};
use tlcp::message::ServerHello;
use tlcp::record::{MAX_PLAINTEXT, Sealer};
use tlcp::session::{Session, SessionKey};
use tlcp::suite::{MacOrder, Protection, SecretSource, Suite};
use tlcp::wire::{ContentType, HandshakeType, ProtocolVersion};

/// One thing that the peer does.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A handshake message, in records of its own.
    Message(Vec<u8>),
    /// Finished over all that went by, under the recorded master secret.
    Finished,
    /// CertificateVerify over all that went by.
    CertificateVerify,
    /// ChangeCipherSpec; all that follows is protected.
    ChangeCipherSpec,
    /// One record under the keys of the moment; no part of the transcript.
    Record(ContentType, Vec<u8>),
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// From here on records are protected, or again not.
    Protect(bool),
}

/// What a side said, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    Message(Vec<u8>),
    ChangeCipherSpec,
    Alert(Alert),
    Data(Vec<u8>),
    /// Under other keys than the script's: the victim has come to another secret.
    Unreadable,
}

/// A message from its type and body.
pub fn message(kind: HandshakeType, body: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = (body.len() as u32).to_be_bytes();
    [&[kind.0], &length[..], body].concat()
}

/// A record in the clear.
pub fn plain(content_type: ContentType, fragment: &[u8]) -> Vec<u8> {
    record(content_type, ProtocolVersion::TLCP, fragment)
}

pub fn record(content_type: ContentType, version: ProtocolVersion, fragment: &[u8]) -> Vec<u8> {
    let length = (fragment.len() as u16).to_be_bytes();
    [&[content_type.0], &version.0.to_be_bytes()[..], &length, fragment].concat()
}

/// Where the message of this type stands in a script.
pub fn place(script: &[Item], kind: HandshakeType) -> usize {
    let found = script.iter().position(|item| match item {
        Item::Message(m) => m[0] == kind.0,
        Item::Finished => kind == HandshakeType::FINISHED,
        Item::CertificateVerify => kind == HandshakeType::CERTIFICATE_VERIFY,
        _ => false,
    });
    found.unwrap_or_else(|| panic!("no {kind}"))
}

/// The message of this type.
pub fn said(script: &[Item], kind: HandshakeType) -> Vec<u8> {
    match &script[place(script, kind)] {
        Item::Message(m) => m.clone(),
        other => panic!("{other:?} is made while it is said"),
    }
}

/// The script with another message in place of the one of its type.
pub fn with(script: &[Item], raw: Vec<u8>) -> Vec<Item> {
    let mut out = script.to_vec();
    let at = place(script, HandshakeType(raw[0]));
    out[at] = Item::Message(raw);
    out
}

/// The script with something before its item number `at`.
pub fn before(script: &[Item], at: usize, items: &[Item]) -> Vec<Item> {
    [&script[..at], items, &script[at..]].concat()
}

/// The messages that came, in order.
pub fn kinds(heard: &[Heard]) -> Vec<HandshakeType> {
    let kind = |heard: &Heard| match heard {
        Heard::Message(m) => Some(HandshakeType(m[0])),
        _ => None,
    };
    heard.iter().filter_map(kind).collect()
}

/// What kind of handshake is recorded.
#[derive(Clone, Copy)]
pub struct Case {
    pub suite: &'static Suite,
    pub auth: ClientAuth,
    pub resumed: bool,
    pub client: fn(ClientConfigBuilder) -> ClientConfigBuilder,
    pub server: fn(ServerConfigBuilder) -> ServerConfigBuilder,
}

impl Case {
    pub fn of(suite: &'static Suite) -> Self {
        Self { suite, auth: ClientAuth::None, resumed: false, client: |c| c, server: |s| s }
    }

    pub fn auth(self, auth: ClientAuth) -> Self {
        Self { auth, ..self }
    }

    pub fn resumed(self) -> Self {
        Self { resumed: true, ..self }
    }
}

/// An honest handshake, and all that is needed to change it.
pub struct Lab {
    pub world: World,
    pub case: Case,
    sessions: [Vec<(SessionKey, Arc<Session>)>; 2],
    protection: Protection,
    pub master: MasterSecret,
    pub client_random: [u8; 32],
    pub server_random: [u8; 32],
    /// What the client says, to a server.
    pub client: Vec<Item>,
    /// What the server says, to a client.
    pub server: Vec<Item>,
    /// Whether scripts take over the master secret that their victim comes to, whatever a test has changed: in TLS it
    /// depends on all that was said. Not where the secret itself is in question: where the client encrypts it.
    follows: bool,
    /// The same to the letter: Finished and CertificateVerify as they were.
    pub literal: [Vec<Item>; 2],
}

impl Lab {
    pub fn new(case: Case) -> Self {
        Self::within(World::of(case.suite), case)
    }

    pub fn within(world: World, case: Case) -> Self {
        let mut sessions = [Vec::new(), Vec::new()];
        if case.resumed {
            let stores = [(); 2].map(|()| Arc::new(Watched::default()));
            let client = client_config(&world, &case, &stores[0]).build().unwrap();
            let server = server_config(&world, &case, &stores[1]).build().unwrap();
            Ends::new(&Arc::new(client), &Arc::new(server)).connected();
            sessions = stores.map(|s| s.sessions());
        }
        let secret = Arc::new(Secret::default());
        let stores = [0, 1].map(|i| Arc::new(Watched::holding(&sessions[i])));
        let client = client_config(&world, &case, &stores[0]).key_log(secret.clone()).build().unwrap();
        let server = server_config(&world, &case, &stores[1]).build().unwrap();
        let flows = flows(&Arc::new(client), &Arc::new(server));
        let master = MasterSecret::from_bytes(&secret.get());
        let randoms = flows.each_ref().map(|flow| flow[11..43].try_into().unwrap());
        let [client_random, server_random] = randoms;
        let server_hello = ServerHello::read(&flows[1][9..5 + record_len(&flows[1])]).unwrap();
        let protection = protection(case.suite, server_hello.extensions.encrypt_then_mac);
        let mut lab = Self {
            world,
            case,
            sessions,
            protection,
            master,
            client_random,
            server_random,
            client: Vec::new(),
            server: Vec::new(),
            follows: case.suite.key_exchange.secret == SecretSource::Ephemeral,
            literal: [Vec::new(), Vec::new()],
        };
        let [client, server] =
            [(&flows[0], true), (&flows[1], false)].map(|(flow, is)| Listener::new(&lab, is).hear(flow));
        (lab.client, lab.server) = (script(&client, false), script(&server, false));
        lab.literal = [script(&client, true), script(&server, true)];
        lab
    }

    pub fn version(&self) -> ProtocolVersion {
        self.case.suite.protocol.version
    }

    /// Those of the recorded handshake.
    pub fn recorded_keys(&self) -> ConnectionKeys {
        self.keys(&self.master, [&self.client_random, &self.server_random], self.protection)
    }

    fn keys(&self, master: &MasterSecret, randoms: [&[u8; 32]; 2], protection: Protection) -> ConnectionKeys {
        let hashes = self.world.provider.hashes;
        let master = key_schedule::master_prf(hashes, self.case.suite, master);
        key_schedule::connection_keys(&*master, self.case.suite, protection, randoms).unwrap()
    }

    /// Also where the client encrypts the secret.
    pub fn following(self) -> Self {
        Self { follows: true, ..self }
    }

    /// With other sessions in both stores than those that the recording found there.
    pub fn with_sessions(mut self, change: impl Fn(&mut Session)) -> Self {
        for (_, session) in self.sessions.iter_mut().flatten() {
            change(Arc::make_mut(session));
        }
        self
    }

    /// What the store of a server, or of a client, held when the recording began.
    pub fn store(&self, of_server: bool) -> Watched {
        Watched::holding(&self.sessions[usize::from(of_server)])
    }

    /// Plays a script to a server.
    pub fn to_server(&self, script: &[Item]) -> Outcome {
        let store = Arc::new(self.store(true));
        let mut player = self.server_player(&store);
        player.play(script);
        player.outcome(&store)
    }

    /// Plays a script to a client.
    pub fn to_client(&self, script: &[Item]) -> Outcome {
        let store = Arc::new(self.store(false));
        let mut player = self.client_player(&store);
        player.play(script);
        player.outcome(&store)
    }

    /// Plays a script to a server of another configuration.
    pub fn to_server_of(&self, config: ServerConfigBuilder, script: &[Item]) -> Outcome {
        let (store, secret) = (Arc::new(self.store(true)), Arc::new(Secret::default()));
        let config = config.sessions(Some(store.clone())).key_log(secret.clone()).build().unwrap();
        let mut player = Player::new(self, ServerConnection::new(Arc::new(config), at(1)), false, secret);
        player.play(script);
        player.outcome(&store)
    }

    /// Plays a script to a client of another configuration.
    pub fn to_client_of(&self, config: ClientConfigBuilder, script: &[Item]) -> Outcome {
        let (store, secret) = (Arc::new(self.store(false)), Arc::new(Secret::default()));
        let config = config.sessions(Some(store.clone())).key_log(secret.clone()).build().unwrap();
        let victim = ClientConnection::new(Arc::new(config), name(), at(1)).unwrap();
        let mut player = Player::new(self, victim, true, secret);
        player.play(script);
        player.outcome(&store)
    }

    /// A player with a client that has heard nothing yet, to be led by hand.
    pub fn client_player(&self, store: &Arc<Watched>) -> Player<'_, tlcp::handshake::client::State> {
        let secret = Arc::new(Secret::default());
        let config = client_config(&self.world, &self.case, store).key_log(secret.clone());
        let config = Arc::new(config.build().unwrap());
        Player::new(self, ClientConnection::new(config, name(), at(1)).unwrap(), true, secret)
    }

    /// The same with a server.
    pub fn server_player(&self, store: &Arc<Watched>) -> Player<'_, tlcp::handshake::server::State> {
        let secret = Arc::new(Secret::default());
        let config = server_config(&self.world, &self.case, store).key_log(secret.clone());
        Player::new(self, ServerConnection::new(Arc::new(config.build().unwrap()), at(1)), false, secret)
    }

    /// The record of Finished in a literal script, said to a server or to a client.
    pub fn sealed(&self, to_server: bool, literal: &[Item]) -> Vec<u8> {
        let keys = self.recorded_keys();
        let keys = if to_server { &keys.client } else { &keys.server };
        let mut sealer = Sealer::new(copy(keys), self.world.provider.ciphers).unwrap();
        let Some(Item::Message(finished)) = literal.last() else {
            panic!("a literal script ends in Finished")
        };
        let mut out = Vec::new();
        let random = Counting::from(65);
        sealer.seal(ContentType::HANDSHAKE, finished, MAX_PLAINTEXT, &random, &mut out).unwrap();
        out
    }

    /// The same with the scheme before it, and the length between: as TLS has it.
    pub fn signed(&self, as_client: bool, parts: &[&[u8]]) -> Vec<u8> {
        let scheme = self.case.suite.key_exchange.authenticates.fixed_scheme();
        let signature = self.sign(as_client, parts);
        [&scheme.0.to_be_bytes()[..], &(signature.len() as u16).to_be_bytes(), &signature].concat()
    }

    /// The signing key of the scripted side over `parts`.
    pub fn sign(&self, as_client: bool, parts: &[&[u8]]) -> Vec<u8> {
        let identity = if as_client { &self.world.client } else { &self.world.server };
        let Key::Here(key) = identity.key(KeyUse::Sign) else { panic!("a key elsewhere") };
        let scheme = self.case.suite.key_exchange.authenticates.fixed_scheme();
        key.sign(SignatureAlgorithm::of(scheme).unwrap(), parts, &Counting::from(77)).unwrap()
    }
}

/// Bytes of the fragment of a flow's first record.
fn record_len(flow: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([flow[3], flow[4]]))
}

/// What the hellos make of a suite's protection.
fn protection(suite: &Suite, encrypt_then_mac: bool) -> Protection {
    match suite.protection {
        Protection::Cbc { cipher, mac, .. } if encrypt_then_mac => {
            Protection::Cbc { cipher, mac, order: MacOrder::EncryptThenMac }
        }
        other => other,
    }
}

pub fn client_config(world: &World, case: &Case, store: &Arc<Watched>) -> ClientConfigBuilder {
    (case.client)(world.client().suites(&[case.suite]).sessions(Some(store.clone())))
}

pub fn server_config(world: &World, case: &Case, store: &Arc<Watched>) -> ServerConfigBuilder {
    let server = world.server().suites(&[case.suite]).sessions(Some(store.clone()));
    (case.server)(server.client_auth(case.auth))
}

/// All bytes of a handshake: the client's and the server's.
fn flows(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> [Vec<u8>; 2] {
    let Ends { mut client, mut server } = Ends::new(client, server);
    let mut flows = [Vec::new(), Vec::new()];
    while client.wants_write() || server.wants_write() {
        let bytes = client.pending_output().to_vec();
        client.sent(bytes.len());
        server.receive(&bytes, at(1)).unwrap();
        flows[0].extend(bytes);
        let bytes = server.pending_output().to_vec();
        server.sent(bytes.len());
        client.receive(&bytes, at(1)).unwrap();
        flows[1].extend(bytes);
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    flows
}

fn script(heard: &[Heard], literal: bool) -> Vec<Item> {
    let item = |heard: &Heard| match heard {
        Heard::Message(m) if !literal && m[0] == HandshakeType::FINISHED.0 => Item::Finished,
        Heard::Message(m) if !literal && m[0] == HandshakeType::CERTIFICATE_VERIFY.0 => {
            Item::CertificateVerify
        }
        Heard::Message(m) => Item::Message(m.clone()),
        Heard::ChangeCipherSpec => Item::ChangeCipherSpec,
        Heard::Alert(_) | Heard::Data(_) | Heard::Unreadable => panic!("{heard:?} in a handshake"),
    };
    heard.iter().map(item).collect()
}
