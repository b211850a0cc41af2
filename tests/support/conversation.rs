//! A recorded handshake of two other stacks: its records and messages, and every value that its maker noted.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::recording::{Recording, suite};
use super::vectors::{VectorFile, files};
use base64ct::{Base64, Encoding};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use tlcp::crypto::random::SystemRandom;
use tlcp::crypto::{PreMasterSecret, PrivateKey, Provider, PublicKey, SECRET_LEN, SignatureAlgorithm};
use tlcp::message::{ClientHello, ClientKeyExchange, Credential, Due, Handshake, Joiner, ServerHello};
use tlcp::record::{Framed, HEADER_LEN, VersionRule, check_fragment, deframe};
use tlcp::suite::{KeyExchange, KeyKind, Suite, TLCP};
use tlcp::wire::{CipherSuite, ContentType, DecodeError, HandshakeType, ProtocolVersion};

/// A record as it went by.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) content_type: ContentType,
    /// With its header.
    pub(crate) raw: Vec<u8>,
}

impl Record {
    pub(crate) fn fragment(&self) -> &[u8] {
        &self.raw[HEADER_LEN..]
    }
}

/// What the maker of the recording noted; remembers what was looked at.
pub(crate) struct Values {
    json: Value,
    used: RefCell<BTreeSet<String>>,
}

impl Values {
    fn new(json: Value) -> Self {
        Self { json, used: RefCell::default() }
    }

    /// The bytes of the first of `names` that is there.
    pub(crate) fn bytes(&self, names: &[&str]) -> Option<Vec<u8>> {
        let name = names.iter().find(|name| self.json.get(**name).is_some_and(Value::is_string))?;
        self.used.borrow_mut().insert((*name).to_string());
        let text = self.json[*name].as_str()?.trim_start_matches("0x");
        Some(hex::decode(text).unwrap_or_else(|e| panic!("{name}: {e}")))
    }

    fn list(&self, name: &str) -> Option<Vec<Vec<u8>>> {
        let list = self.json.get(name)?.as_array()?;
        self.used.borrow_mut().insert(name.to_string());
        Some(list.iter().map(|item| hex::decode(item.as_str().unwrap()).unwrap()).collect())
    }

    /// What nobody looked at, apart from what is no value.
    pub(crate) fn unused(&self) -> Vec<String> {
        const PROSE: [&str; 6] = ["id", "source", "note", "verified_by", "ske_signed", "licence"];
        let used = self.used.borrow();
        let all = self.json.as_object().into_iter().flat_map(|o| o.keys());
        all.filter(|key| !used.contains(*key) && !PROSE.contains(&key.as_str())).cloned().collect()
    }
}

/// One side of the conversation.
pub(crate) struct Side {
    pub(crate) records: Vec<Record>,
    /// The messages before ChangeCipherSpec.
    pub(crate) messages: Vec<Vec<u8>>,
}

impl Side {
    fn of(name: &str, bytes: &[u8], mut rule: VersionRule) -> Self {
        let (mut rest, mut records, mut messages) = (bytes, Vec::new(), Vec::new());
        let (mut joiner, mut protected) = (Joiner::default(), false);
        while let Framed::Record { content_type, version, length } =
            deframe(rest, rule, protected).unwrap_or_else(|e| panic!("{name}: {e}"))
        {
            let (raw, next) = rest.split_at(HEADER_LEN + length);
            rest = next;
            rule = VersionRule::Exactly(version);
            protected |= content_type == ContentType::CHANGE_CIPHER_SPEC;
            if content_type == ContentType::HANDSHAKE && !protected {
                joiner.push(&raw[HEADER_LEN..], Due::Any).unwrap();
                while let Some(message) = joiner.next(Due::Any).unwrap() {
                    messages.push(message.to_bytes());
                    joiner.consume();
                }
            } else if !protected {
                check_fragment(content_type, &raw[HEADER_LEN..]).unwrap();
            }
            records.push(Record { content_type, raw: raw.to_vec() });
        }
        assert!(rest.is_empty() && joiner.is_empty(), "{name}: half a record or message at the end");
        Self { records, messages }
    }

    /// From what a client or a server sent.
    pub(crate) fn of_records(name: &str, bytes: &[u8], is_client: bool) -> Self {
        let tlcp = VersionRule::AlertsOfAny(ProtocolVersion::TLCP);
        Self::of(name, bytes, if is_client { VersionRule::First } else { tlcp })
    }

    pub(crate) fn message(&self, kind: HandshakeType) -> Option<Handshake<'_>> {
        self.messages.iter().filter_map(|raw| Handshake::of(raw)).find(|m| m.kind == kind)
    }

    /// The records under keys: those behind ChangeCipherSpec.
    pub(crate) fn protected(&self) -> &[Record] {
        let at = self.records.iter().position(|r| r.content_type == ContentType::CHANGE_CIPHER_SPEC);
        &self.records[at.expect("no ChangeCipherSpec") + 1..]
    }

    /// All bytes up to the end of Finished.
    pub(crate) fn handshake_bytes(&self) -> Vec<u8> {
        let finished = self.records.len() - self.protected().len() + 1;
        self.records[..finished].iter().flat_map(|r| r.raw.clone()).collect()
    }
}

/// A recorded connection, or its handshake.
pub(crate) struct Conversation {
    pub(crate) name: String,
    pub(crate) is_extra: bool,
    pub(crate) suite: &'static Suite,
    /// Whether the library runs the suite's key exchange.
    pub(crate) is_ours: bool,
    pub(crate) client: Side,
    pub(crate) server: Side,
    pub(crate) client_hello: ClientHello,
    pub(crate) server_hello: ServerHello,
    pub(crate) master: [u8; 48],
    pub(crate) values: Values,
}

impl Conversation {
    fn new(
        file: &VectorFile,
        name: String,
        sides: [&[u8]; 2],
        master: Vec<u8>,
        values: Values,
    ) -> Option<Self> {
        let [client, server] =
            [(sides[0], true), (sides[1], false)].map(|(b, c)| Side::of_records(&name, b, c));
        let read = |side: &Side, kind| side.message(kind).unwrap().body.to_vec();
        let client_hello = ClientHello::read(&read(&client, HandshakeType::CLIENT_HELLO)).unwrap();
        let server_hello = ServerHello::read(&read(&server, HandshakeType::SERVER_HELLO)).unwrap();
        let (row, is_ours) = row(server_hello.cipher_suite)?;
        Some(Self {
            name,
            is_extra: file.is_extra,
            suite: row,
            is_ours,
            client,
            server,
            client_hello,
            server_hello,
            master: master.try_into().expect("a master secret has 48 bytes"),
            values,
        })
    }

    /// Every handshake in the file, of any of the three forms; none in a file of another kind.
    pub(crate) fn of_json(file: &VectorFile) -> Vec<Self> {
        let json = file.json();
        if let Some(cases) = json.get("vectors").and_then(Value::as_array) {
            let cases = cases.iter().filter(|case| case.get("client_messages").is_some());
            return cases.filter_map(|case| Self::of_messages(file, case.clone())).collect();
        }
        let values = Values::new(json);
        let (Some(sent), Some(recv)) = (values.list("sent"), values.list("recv")) else { return Vec::new() };
        let master = values.bytes(&["master"]).expect("a master secret");
        let sides = [&sent.concat()[..], &recv.concat()];
        Self::new(file, file.name.clone(), sides, master, values).into_iter().collect()
    }

    /// From messages and the two Finished records, to the records they went in.
    fn of_messages(file: &VectorFile, json: Value) -> Option<Self> {
        let name = format!("{}: {}", file.name, json["id"].as_str().unwrap_or("?"));
        let values = Values::new(json);
        let side = |side: &str| -> Vec<u8> {
            let record = |kind: ContentType, fragment: &[u8]| {
                let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
                [&[kind.0, 1, 1], &length[..], fragment].concat()
            };
            let messages = values.list(&format!("{side}_messages")).unwrap();
            let mut out: Vec<u8> = messages.iter().flat_map(|m| record(ContentType::HANDSHAKE, m)).collect();
            out.extend(record(ContentType::CHANGE_CIPHER_SPEC, &[1]));
            let finished = values.bytes(&[&format!("{side}_finished_record_payload")]).unwrap();
            out.extend(record(ContentType::HANDSHAKE, &finished));
            out
        };
        let (client, server) = (side("client"), side("server"));
        let master = values.bytes(&["master_secret"]).unwrap();
        Self::new(file, name, [&client, &server], master, values)
    }

    /// A stream with its key log.
    pub(crate) fn of_stream(file: &VectorFile) -> Option<Self> {
        let recording = Recording::of_stream(file);
        if !recording.is_tlcp() {
            return None;
        }
        let random = recording.client.get(11..43)?;
        let (_, master) = recording.secrets.iter().find(|(r, _)| r == random)?;
        let sides = [&recording.client[..], &recording.server];
        Self::new(file, recording.name.clone(), sides, master.clone(), Values::new(Value::Null))
    }

    pub(crate) fn is_resumed(&self) -> bool {
        self.server.message(HandshakeType::CERTIFICATE).is_none()
    }

    /// The certificates that a side showed.
    pub(crate) fn certificates(&self, side: &Side) -> Option<Credential> {
        side.message(HandshakeType::CERTIFICATE).map(|m| Credential::read(m.body, 10).unwrap())
    }

    /// What the body of a ClientKeyExchange holds, where it is a ciphertext.
    pub(crate) fn ciphertext<'a>(&self, body: &'a [u8]) -> Result<&'a [u8], DecodeError> {
        match self.suite.key_exchange.authenticates {
            KeyKind::Rsa => ClientKeyExchange::read_rsa_encrypted(body),
            _ => ClientKeyExchange::read_encrypted(body),
        }
    }

    /// What that decrypts to.
    pub(crate) fn decrypt(&self, key: &dyn PrivateKey, ciphertext: &[u8]) -> Vec<u8> {
        let (substitute, version) = (PreMasterSecret::zeroed(SECRET_LEN), self.client_hello.version);
        let secret = key.decrypt_secret(ciphertext, version, substitute, &SystemRandom).unwrap();
        assert_ne!(secret.expose(), [0; SECRET_LEN], "{}: the ciphertext does not open", self.name);
        secret.expose().to_vec()
    }

    /// How its parties sign.
    pub(crate) fn signature_algorithm(&self) -> SignatureAlgorithm<'static> {
        SignatureAlgorithm::of(self.suite.key_exchange.authenticates.fixed_scheme()).unwrap()
    }

    /// The messages in the order of the transcript, up to the first Finished.
    pub(crate) fn messages_before_finished(&self) -> Vec<&[u8]> {
        let client = self.client.messages.iter().map(Vec::as_slice);
        let server = self.server.messages.iter().map(Vec::as_slice);
        let late = |m: &&[u8]| m[0] == HandshakeType::NEW_SESSION_TICKET.0;
        let (hello, rest) = (client.clone().take(1), client.skip(1));
        hello.chain(server.filter(|m| !late(m))).chain(rest).collect()
    }

    /// Tongsuo's NewSessionTicket stands between the two Finished.
    pub(crate) fn ticket(&self) -> Vec<u8> {
        self.server.message(HandshakeType::NEW_SESSION_TICKET).map_or_else(Vec::new, |m| m.to_bytes())
    }
}

/// The library's row for a suite; for one that it does not run, a row that says how its hash and its records are.
fn row(id: CipherSuite) -> Option<(&'static Suite, bool)> {
    if let Some(row) = Suite::find(id) {
        return Some((row, true));
    }
    let (prf, protection) = suite(id.0)?;
    let row = Suite {
        id,
        openssl_name: "",
        protocol: &TLCP,
        key_exchange: KeyExchange::RSA,
        prf,
        protection,
        by_default: false,
    };
    Some((Box::leak(Box::new(row)), false))
}

/// All private keys of the parties, found by their public ones.
pub(crate) struct KeyRing(Vec<Arc<dyn PrivateKey>>);

impl KeyRing {
    /// From the PKCS#8 files beside the streams, and from the handshakes' `enc_priv`, `sign_priv`, `enc_private_key`.
    pub(crate) fn load(provider: &Provider) -> Self {
        let mut scalars: Vec<Vec<u8>> =
            files("streams/pki", "key").iter().filter_map(|file| pkcs8_scalar(&file.read())).collect();
        for file in files("handshakes", "json") {
            let json = file.json();
            let nested = json.get("vectors").and_then(Value::as_array).into_iter().flatten();
            for object in nested.chain([&json]) {
                let keys = ["sign_priv", "enc_priv", "enc_private_key"];
                let found = keys.iter().filter_map(|key| object.get(*key)?.as_str());
                scalars.extend(found.map(|text| hex::decode(text).unwrap()));
            }
        }
        let mut keys: Vec<_> = scalars.iter().filter_map(|d| provider.keys.sm2_private(d).ok()).collect();
        let pki = files("streams/pki", "key");
        let rsa = pki.iter().filter_map(|file| pkcs8_rsa(&file.read()));
        keys.extend(rsa.filter_map(|der| provider.keys.rsa_private(&der).ok()));
        Self(keys)
    }

    pub(crate) fn find(&self, public: &PublicKey) -> Option<&Arc<dyn PrivateKey>> {
        self.0.iter().find(|key| key.public() == public)
    }
}

fn pem(pem: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(pem).ok()?;
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    Base64::decode_vec(&body).ok()
}

/// RSAPrivateKey: the long OCTET STRING.
fn pkcs8_rsa(key: &[u8]) -> Option<Vec<u8>> {
    let der = pem(key)?;
    let at = der.windows(2).position(|w| w == [4, 0x82])?;
    der.get(at + 4..).map(<[u8]>::to_vec)
}

/// The 32 bytes behind ECPrivateKey's version.
fn pkcs8_scalar(key: &[u8]) -> Option<Vec<u8>> {
    let der = pem(key)?;
    let at = der.windows(5).position(|w| w == [2, 1, 1, 4, 32])?;
    der.get(at + 5..at + 37).map(<[u8]>::to_vec)
}
