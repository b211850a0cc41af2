//! Speaks for one side of a handshake to a victim, and hears what that answers.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::super::outcome::Outcome;
use super::super::pair::{Counting, at};
use super::super::watched::{Secret, Watched};
use super::keys::copy;
use super::{Heard, Item, Lab, message, protection, record};
use std::sync::Arc;
use tlcp::alert::Alert;
use tlcp::conn::{Connection, Endpoint, ReadProgress};
use tlcp::crypto::MasterSecret;
use tlcp::error::Error;
use tlcp::key_schedule::{self, ConnectionKeys, Sender};
use tlcp::message::{Due, Joiner, ServerHello};
use tlcp::record::{Framed, HEADER_LEN, MAX_PLAINTEXT, Opener, Sealer, VersionRule, alert_of, deframe};
use tlcp::wire::{ContentType, HandshakeType};

/// Reads what one side sends.
pub(super) struct Listener<'a> {
    lab: &'a Lab,
    of_client: bool,
    keys: ConnectionKeys,
    opener: Opener,
    joiner: Joiner,
}

impl<'a> Listener<'a> {
    pub(super) fn new(lab: &'a Lab, of_client: bool) -> Self {
        Self { lab, of_client, keys: lab.recorded_keys(), opener: Opener::plain(), joiner: Joiner::default() }
    }

    pub(super) fn hear(&mut self, bytes: &[u8]) -> Vec<Heard> {
        let (mut bytes, mut heard) = (bytes.to_vec(), Vec::new());
        let mut rest = &mut bytes[..];
        while let Framed::Record { content_type, length, .. } =
            deframe(rest, VersionRule::AlertsOfAny(self.lab.version()), self.opener.is_protected()).unwrap()
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
                    let keys = if self.of_client { &self.keys.client } else { &self.keys.server };
                    self.opener = Opener::new(keys, self.lab.world.provider.ciphers).unwrap();
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
    /// What the victim's master secret came to, where the script cannot know it beforehand.
    secret: Arc<Secret>,
    master: MasterSecret,
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
    pub(super) fn new(
        lab: &'a Lab,
        victim: Connection<S>,
        victim_is_client: bool,
        secret: Arc<Secret>,
    ) -> Self {
        let mut player = Self {
            lab,
            victim,
            victim_is_client,
            listener: Listener::new(lab, victim_is_client),
            sealer: Sealer::plain(lab.version()),
            secret,
            master: lab.master.clone(),
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

    /// In TLS the master secret depends on every message, and so on what a test has changed: then it is the victim's,
    /// with the randoms and the terms of the hellos that went by.
    fn follow(&mut self) {
        let Some((client, rest)) = next_message(&self.transcript).filter(|_| self.lab.follows) else {
            return;
        };
        let Some(server) = next_message(rest).and_then(|(m, _)| ServerHello::read(&m[4..]).ok()) else {
            return;
        };
        if let Some(secret) = self.secret.known() {
            self.master = MasterSecret::from_bytes(&secret);
        }
        let client_random = client[6..38].try_into().unwrap();
        let protection = protection(self.lab.case.suite, server.extensions.encrypt_then_mac);
        self.listener.keys = self.lab.keys(&self.master, [&client_random, &server.random], protection);
    }

    fn listen(&mut self) {
        self.follow();
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
        self.follow();
        let keys = &self.listener.keys;
        let keys = if self.victim_is_client { &keys.server } else { &keys.client };
        self.sealer = match on {
            true => Sealer::new(copy(keys), self.lab.world.provider.ciphers).unwrap(),
            false => Sealer::plain(self.lab.version()),
        };
    }

    fn message(&mut self, raw: &[u8], out: &mut Vec<u8>) {
        self.transcript.extend_from_slice(raw);
        self.seal(ContentType::HANDSHAKE, raw, out);
    }

    /// A record that may be malformed: the sealer refuses to send an empty one, so that is made by hand.
    fn seal(&mut self, kind: ContentType, fragment: &[u8], out: &mut Vec<u8>) {
        if fragment.is_empty() && !self.sealer.is_protected() {
            return out.extend(record(kind, self.lab.version(), &[]));
        }
        self.sealer.seal(kind, fragment, self.fragment, &Counting::from(66), out).unwrap();
    }

    fn finished(&mut self) -> Vec<u8> {
        self.follow();
        let (lab, hashes) = (self.lab, self.lab.world.provider.hashes);
        let sender = if self.victim_is_client { Sender::Server } else { Sender::Client };
        let digest = hashes.digest(lab.case.suite.prf, &[&self.transcript]);
        let master = key_schedule::master_prf(hashes, lab.case.suite, &self.master);
        let data = key_schedule::verify_data(&*master, sender, &digest);
        message(HandshakeType::FINISHED, &data)
    }

    fn certificate_verify(&self) -> Vec<u8> {
        if self.lab.case.suite.protocol.names_signature_scheme {
            let signed = self.lab.signed(true, &[&self.transcript]);
            return message(HandshakeType::CERTIFICATE_VERIFY, &signed);
        }
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
        while let Ok(progress) = self.victim.read(&mut buffer) {
            match progress {
                ReadProgress::Plaintext(n) => self.data.extend_from_slice(&buffer[..n]),
                ReadProgress::NeedsInput => break,
                ReadProgress::Closed => return self.victim.close(),
            }
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

/// A message with its header, and what follows.
fn next_message(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::from(header[1]) << 16 | usize::from(header[2]) << 8 | usize::from(header[3]);
    (rest.len() >= length).then(|| bytes.split_at(4 + length))
}
