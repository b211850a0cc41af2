//! A peer that follows a script. An honest handshake is recorded with its keys; a test changes what one side says and
//! plays it to a fresh connection, the victim, whose randomness is that of the recording. The scripted peer knows the
//! keys, and can sign: nothing it does wrong is wrong by accident.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "keys.rs"]
mod keys;

use super::outcome::Outcome;
use super::pair::{Counting, Ends, World, at, name};
use super::watched::{Secret, Watched};
use keys::copy;
use std::sync::Arc;
use tlcp::alert::Alert;
use tlcp::cert::{Key, KeyUse};
use tlcp::config::{ClientAuth, ClientConfig, ClientConfigBuilder, ServerConfig, ServerConfigBuilder};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ServerConnection};
use tlcp::crypto::{MasterSecret, SignatureAlgorithm};
use tlcp::error::Error;
use tlcp::key_schedule::{self, ConnectionKeys, Sender};
use tlcp::message::{Due, Joiner};
use tlcp::record::{Framed, HEADER_LEN, MAX_PLAINTEXT, Opener, Sealer, VersionRule, alert_of, deframe};
use tlcp::session::{Session, SessionKey};
use tlcp::suite::Suite;
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
    pub keys: ConnectionKeys,
    pub master: MasterSecret,
    pub client_random: [u8; 32],
    pub server_random: [u8; 32],
    /// What the client says, to a server.
    pub client: Vec<Item>,
    /// What the server says, to a client.
    pub server: Vec<Item>,
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
        let hashes = world.provider.hashes;
        let keys = key_schedule::connection_keys(
            hashes,
            case.suite,
            case.suite.protection,
            &master,
            [&client_random, &server_random],
        )
        .unwrap();
        let mut lab = Self {
            world,
            case,
            sessions,
            keys,
            master,
            client_random,
            server_random,
            client: Vec::new(),
            server: Vec::new(),
            literal: [Vec::new(), Vec::new()],
        };
        let [client, server] = [lab.listener(true).hear(&flows[0]), lab.listener(false).hear(&flows[1])];
        (lab.client, lab.server) = (script(&client, false), script(&server, false));
        lab.literal = [script(&client, true), script(&server, true)];
        lab
    }

    fn listener(&self, to_client: bool) -> Listener<'_> {
        Listener { lab: self, of_client: to_client, opener: Opener::plain(), joiner: Joiner::default() }
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
        let store = Arc::new(self.store(true));
        let config = config.sessions(Some(store.clone())).build().unwrap();
        let mut player = Player::new(self, ServerConnection::new(Arc::new(config), at(1)), false);
        player.play(script);
        player.outcome(&store)
    }

    /// Plays a script to a client of another configuration.
    pub fn to_client_of(&self, config: ClientConfigBuilder, script: &[Item]) -> Outcome {
        let store = Arc::new(self.store(false));
        let config = config.sessions(Some(store.clone())).build().unwrap();
        let victim = ClientConnection::new(Arc::new(config), name(), at(1)).unwrap();
        let mut player = Player::new(self, victim, true);
        player.play(script);
        player.outcome(&store)
    }

    /// A player with a client that has heard nothing yet, to be led by hand.
    pub fn client_player(&self, store: &Arc<Watched>) -> Player<'_, tlcp::handshake::client::State> {
        let config: Arc<ClientConfig> =
            Arc::new(client_config(&self.world, &self.case, store).build().unwrap());
        Player::new(self, ClientConnection::new(config, name(), at(1)).unwrap(), true)
    }

    /// The same with a server.
    pub fn server_player(&self, store: &Arc<Watched>) -> Player<'_, tlcp::handshake::server::State> {
        let config: Arc<ServerConfig> =
            Arc::new(server_config(&self.world, &self.case, store).build().unwrap());
        Player::new(self, ServerConnection::new(config, at(1)), false)
    }

    /// The record of Finished in a literal script, said to a server or to a client.
    pub fn sealed(&self, to_server: bool, literal: &[Item]) -> Vec<u8> {
        let keys = if to_server { &self.keys.client } else { &self.keys.server };
        let mut sealer = Sealer::new(copy(keys), self.world.provider.ciphers).unwrap();
        let Some(Item::Message(finished)) = literal.last() else {
            panic!("a literal script ends in Finished")
        };
        let mut out = Vec::new();
        let random = Counting::from(65);
        sealer.seal(ContentType::HANDSHAKE, finished, MAX_PLAINTEXT, &random, &mut out).unwrap();
        out
    }

    /// The signing key of the scripted side over `parts`.
    pub fn sign(&self, as_client: bool, parts: &[&[u8]]) -> Vec<u8> {
        let identity = if as_client { &self.world.client } else { &self.world.server };
        let Key::Here(key) = identity.key(KeyUse::Sign) else { panic!("a key elsewhere") };
        let scheme = self.case.suite.key_exchange.authenticates.fixed_scheme();
        key.sign(SignatureAlgorithm::of(scheme).unwrap(), parts, &Counting::from(77)).unwrap()
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

/// Reads what one side sends.
struct Listener<'a> {
    lab: &'a Lab,
    of_client: bool,
    opener: Opener,
    joiner: Joiner,
}

impl Listener<'_> {
    fn hear(&mut self, bytes: &[u8]) -> Vec<Heard> {
        let (mut bytes, mut heard) = (bytes.to_vec(), Vec::new());
        let mut rest = &mut bytes[..];
        while let Framed::Record { content_type, length, .. } =
            deframe(rest, VersionRule::AlertsOfAny(ProtocolVersion::TLCP), self.opener.is_protected())
                .unwrap()
        {
            let (record, next) = rest.split_at_mut(HEADER_LEN + length);
            rest = next;
            let fragment = &mut record[HEADER_LEN..];
            let Ok(content) = self.opener.open(content_type, fragment) else {
                heard.push(Heard::Unreadable);
                continue;
            };
            let content = &fragment[content];
            match content_type {
                ContentType::ALERT => heard.push(Heard::Alert(alert_of(content).unwrap())),
                ContentType::APPLICATION_DATA => heard.push(Heard::Data(content.to_vec())),
                ContentType::CHANGE_CIPHER_SPEC => {
                    let (lab, keys) = (self.lab, &self.lab.keys);
                    let keys = if self.of_client { &keys.client } else { &keys.server };
                    self.opener = Opener::new(keys, lab.world.provider.ciphers).unwrap();
                    heard.push(Heard::ChangeCipherSpec);
                }
                _ => {
                    self.joiner.push(content, Due::Any).unwrap();
                    while let Some(message) = self.joiner.next(Due::Any).unwrap() {
                        heard.push(Heard::Message(message.to_bytes()));
                        self.joiner.consume();
                    }
                }
            }
        }
        assert!(rest.is_empty(), "whole records are sent");
        heard
    }
}

/// Speaks for one side to a victim.
pub struct Player<'a, S: Endpoint> {
    pub lab: &'a Lab,
    pub victim: Connection<S>,
    victim_is_client: bool,
    listener: Listener<'a>,
    sealer: Sealer,
    transcript: Vec<u8>,
    pub heard: Vec<Heard>,
    pub data: Vec<u8>,
    pub error: Option<Error>,
    /// The handshake was complete, be it that something failed since.
    opened: bool,
    /// The most bytes in a record.
    pub fragment: usize,
    /// Whether the victim gets its bytes one at a time.
    pub drip: bool,
}

impl<'a, S: Endpoint> Player<'a, S> {
    fn new(lab: &'a Lab, victim: Connection<S>, victim_is_client: bool) -> Self {
        let mut player = Self {
            lab,
            victim,
            victim_is_client,
            listener: lab.listener(victim_is_client),
            sealer: Sealer::plain(ProtocolVersion::TLCP),
            transcript: Vec::new(),
            heard: Vec::new(),
            data: Vec::new(),
            error: None,
            opened: false,
            fragment: MAX_PLAINTEXT,
            drip: false,
        };
        player.listen();
        player
    }

    fn listen(&mut self) {
        let bytes = self.victim.pending_output().to_vec();
        self.victim.sent(bytes.len());
        for heard in self.listener.hear(&bytes) {
            if let Heard::Message(m) = &heard {
                self.transcript.extend_from_slice(m);
            }
            self.heard.push(heard);
        }
    }

    pub fn play(&mut self, script: &[Item]) {
        for item in script {
            self.say(item);
        }
    }

    pub fn say(&mut self, item: &Item) {
        let mut out = Vec::new();
        match item {
            Item::Message(m) => self.message(m, &mut out),
            Item::Finished => {
                let m = self.finished();
                self.message(&m, &mut out);
            }
            Item::CertificateVerify => {
                let m = self.certificate_verify();
                self.message(&m, &mut out);
            }
            Item::ChangeCipherSpec => {
                self.seal(ContentType::CHANGE_CIPHER_SPEC, &[1], &mut out);
                self.protect(true);
            }
            Item::Record(kind, fragment) => self.seal(*kind, fragment, &mut out),
            Item::Bytes(bytes) => out.extend_from_slice(bytes),
            Item::Protect(on) => self.protect(*on),
        }
        self.feed(&out);
    }

    fn protect(&mut self, on: bool) {
        let keys = &self.lab.keys;
        let keys = if self.victim_is_client { &keys.server } else { &keys.client };
        self.sealer = match on {
            true => Sealer::new(copy(keys), self.lab.world.provider.ciphers).unwrap(),
            false => Sealer::plain(ProtocolVersion::TLCP),
        };
    }

    fn message(&mut self, raw: &[u8], out: &mut Vec<u8>) {
        self.transcript.extend_from_slice(raw);
        self.seal(ContentType::HANDSHAKE, raw, out);
    }

    /// A record that may be malformed: the sealer refuses to send an empty one, so that is made by hand.
    fn seal(&mut self, kind: ContentType, fragment: &[u8], out: &mut Vec<u8>) {
        if fragment.is_empty() && !self.sealer.is_protected() {
            return out.extend(plain(kind, &[]));
        }
        self.sealer.seal(kind, fragment, self.fragment, &Counting::from(66), out).unwrap();
    }

    fn finished(&self) -> Vec<u8> {
        let (lab, hashes) = (self.lab, self.lab.world.provider.hashes);
        let sender = if self.victim_is_client { Sender::Server } else { Sender::Client };
        let digest = hashes.digest(lab.case.suite.prf, &[&self.transcript]);
        let data = key_schedule::verify_data(hashes, lab.case.suite, &lab.master, sender, &digest);
        message(HandshakeType::FINISHED, &data)
    }

    fn certificate_verify(&self) -> Vec<u8> {
        let hash = self.lab.case.suite.key_exchange.authenticates.fixed_hash();
        let digest = self.lab.world.provider.hashes.digest(hash, &[&self.transcript]);
        let signature = self.lab.sign(true, &[digest.as_ref()]);
        let length = (signature.len() as u16).to_be_bytes();
        message(HandshakeType::CERTIFICATE_VERIFY, &[&length[..], &signature].concat())
    }

    /// Gives bytes to the victim; after it has failed, they must be without any effect.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let now = if self.drip { &rest[..1] } else { rest };
            let outcome = self.victim.receive(now, at(1));
            if let Some(error) = &self.error {
                assert_eq!(outcome.as_ref().err(), Some(error));
                assert!(self.victim.receive_buffer().is_empty(), "R-REC-42");
                assert!(!self.victim.wants_write(), "nothing is sent after the alert");
                return;
            }
            self.read();
            match outcome {
                Ok(0) => return,
                Ok(n) => rest = &rest[n..],
                Err(error) => self.error = Some(error),
            }
            self.opened |= self.error.is_none() && !self.victim.is_handshaking();
            self.listen();
        }
    }

    fn read(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = self.victim.read(&mut buffer) {
            self.data.extend_from_slice(&buffer[..n]);
        }
    }

    pub fn outcome(self, store: &Watched) -> Outcome {
        let alerts: Vec<Alert> = self.heard.iter().filter_map(alert_in).collect();
        let outcome = Outcome {
            alerts,
            connected: self.error.is_none() && !self.victim.is_handshaking(),
            removed: store.removed(),
            stored: store.sessions().len(),
            heard: self.heard,
            data: self.data,
            error: self.error,
            opened: self.opened,
        };
        outcome.check(self.victim);
        outcome
    }
}

fn alert_in(heard: &Heard) -> Option<Alert> {
    match heard {
        Heard::Alert(alert) => Some(*alert),
        _ => None,
    }
}
