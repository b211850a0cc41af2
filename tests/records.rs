//! The record layer against what other implementations computed and sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod support {
    pub(crate) mod keys;
    pub(crate) mod recording;
    pub(crate) mod vectors;
}

use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use support::keys::copy;
use support::recording::{Recording, in_order, key_block, prf, split_keys, suite};
use support::vectors::{Tally, VectorFile, files};
use tlcp::crypto::{Draw, Provider, Random, TrafficKeys, portable};
use tlcp::error::{CryptoError, Error};
use tlcp::message::{Due, Joiner, MessageLimits};
use tlcp::record::{
    Framed, HEADER_LEN, MAX_PLAINTEXT, Opener, Sealer, VersionRule, alert_of, check_fragment, deframe,
};
use tlcp::suite::{CbcAlgorithm, MacAlgorithm, MacOrder, Protection};
use tlcp::wire::{AlertDescription, ContentType, HandshakeType, ProtocolVersion};

fn providers() -> Vec<Provider> {
    vec![portable::provider()]
}

/// The IV that a recorded record has.
struct FixedIv(Vec<u8>);
impl Random for FixedIv {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        assert_eq!(draw, Draw::RecordIv);
        out.copy_from_slice(&self.0);
        Ok(())
    }
}

/// Has enough for one batch of records.
#[derive(Default)]
struct Once(AtomicBool);
impl Random for Once {
    fn fill(&self, _: Draw, _: &mut [u8]) -> Result<(), CryptoError> {
        if self.0.swap(true, Ordering::Relaxed) { Err(CryptoError::NoRandomness) } else { Ok(()) }
    }
}

/// R-REC-19, R-REC-27: a write that fails in its midst leaves no bytes and takes no sequence number.
#[test]
fn a_write_that_fails_in_its_midst_leaves_everything_as_it_was() {
    let protection = Protection::cbc(CbcAlgorithm::Sm4, MacAlgorithm::Sm3);
    let keys = TrafficKeys::new(ProtocolVersion::TLCP, protection, &[1; 32], &[2; 16], &[]).unwrap();
    let mut sealer = Sealer::new(keys, portable::provider().ciphers).unwrap();
    let (data, failed) = ([9; 400], Err(Error::from(CryptoError::NoRandomness)));
    let mut out = vec![1, 2, 3];
    assert_eq!(sealer.seal(ContentType::APPLICATION_DATA, &data, 10, &Once::default(), &mut out), failed);
    assert_eq!((&out[..], sealer.sequence()), (&[1, 2, 3][..], 0));
    let into = sealer.seal_into(ContentType::APPLICATION_DATA, &data, 10, &Once::default(), &mut [0; 4000]);
    assert_eq!((into.map(|_| ()), sealer.sequence()), (failed, 0));
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    content_type: ContentType,
    fragment: Vec<u8>,
}

/// What one direction says, bytes in, records out.
struct Reader {
    buffer: Vec<u8>,
    rule: VersionRule,
    protected: bool,
}

impl Reader {
    fn new(rule: VersionRule) -> Self {
        Self { buffer: Vec::new(), rule, protected: false }
    }

    fn push(&mut self, bytes: &[u8], out: &mut Vec<Record>) {
        self.buffer.extend_from_slice(bytes);
        while let Framed::Record { content_type, version, length } =
            deframe(&self.buffer, self.rule, self.protected).unwrap()
        {
            // R-REC-2: the first record of TLS names an older one.
            let is_tls = version.0 >= 0x0300;
            self.rule = VersionRule::Exactly(if is_tls { ProtocolVersion::TLS12 } else { version });
            self.protected |= content_type == ContentType::CHANGE_CIPHER_SPEC;
            let record: Vec<u8> = self.buffer.drain(..HEADER_LEN + length).collect();
            out.push(Record { content_type, fragment: record[HEADER_LEN..].to_vec() });
        }
    }
}

/// The records of the client and of the server.
fn read_all(recording: &Recording) -> [Vec<Record>; 2] {
    let version = if recording.is_tlcp() { ProtocolVersion::TLCP } else { ProtocolVersion::TLS12 };
    let first = [VersionRule::First, VersionRule::AlertsOfAny(version)];
    let mut out = [Vec::new(), Vec::new()];
    for ((rule, bytes), out) in first.into_iter().zip([&recording.client, &recording.server]).zip(&mut out) {
        let mut reader = Reader::new(rule);
        reader.push(bytes, out);
        assert!(reader.buffer.is_empty(), "{}: half a record at the end", recording.name);
    }
    out
}

/// One direction of a connection, opened.
#[derive(Default)]
struct Opened {
    messages: Vec<Vec<u8>>,
    data: Vec<u8>,
    closed: bool,
    /// Records that our own sealer made again, byte for byte, and protected records in all.
    resealed: usize,
    protected: usize,
}

/// What the hellos say.
struct Agreed {
    version: ProtocolVersion,
    id: u16,
    order: MacOrder,
    client_random: Vec<u8>,
    server_random: Vec<u8>,
}

impl Agreed {
    fn new(client: &[Record], server: &[Record]) -> Self {
        let (client_hello, server_hello) = (&client[0].fragment, &server[0].fragment);
        let after_id = 4 + 2 + 32 + 1 + usize::from(server_hello[38]);
        let mut extensions = server_hello.get(after_id + 5..).unwrap_or_default();
        let mut order = MacOrder::MacThenEncrypt;
        while let [high, low, _, length, rest @ ..] = extensions {
            if [*high, *low] == [0, 22] {
                order = MacOrder::EncryptThenMac;
            }
            extensions = &rest[usize::from(*length)..];
        }
        Self {
            version: ProtocolVersion(u16::from_be_bytes([server_hello[4], server_hello[5]])),
            order,
            id: u16::from_be_bytes([server_hello[after_id], server_hello[after_id + 1]]),
            client_random: client_hello[6..38].to_vec(),
            server_random: server_hello[6..38].to_vec(),
        }
    }
}

fn open_direction(provider: &Provider, name: &str, records: &[Record], keys: &TrafficKeys) -> Opened {
    let (mut opener, mut joiner) = (Opener::plain(), Joiner::new(MessageLimits::default()));
    let mut sealer = Sealer::new(copy(keys), provider.ciphers).unwrap();
    let mut out = Opened::default();
    for record in records {
        let mut fragment = record.fragment.clone();
        let content =
            opener.open(record.content_type, &mut fragment).unwrap_or_else(|e| panic!("{name}: {e}"));
        let content = &fragment[content];
        check_fragment(record.content_type, content).unwrap();
        if opener.is_protected() {
            out.protected += 1;
            out.resealed += usize::from(seals_alike(&mut sealer, record, content));
        }
        match record.content_type {
            ContentType::CHANGE_CIPHER_SPEC => {
                assert!(joiner.is_empty(), "R-REC-12");
                opener = Opener::new(keys, provider.ciphers).unwrap();
            }
            ContentType::HANDSHAKE => {
                joiner.push(content, Due::Any).unwrap();
                while let Some(message) = joiner.next(Due::Any).unwrap() {
                    out.messages.push(message.to_bytes());
                    joiner.consume();
                }
            }
            ContentType::APPLICATION_DATA => out.data.extend_from_slice(content),
            _ => out.closed = alert_of(content).unwrap().description == AlertDescription::CLOSE_NOTIFY,
        }
    }
    out
}

/// Whether our sealer, given the same IV, writes the same record. Under GCM only if the peer's explicit nonce is the
/// sequence number too (R-REC-27).
fn seals_alike(sealer: &mut Sealer, record: &Record, content: &[u8]) -> bool {
    let iv = FixedIv(record.fragment[..16].to_vec());
    let mut sealed = Vec::new();
    sealer.seal(record.content_type, content, MAX_PLAINTEXT, &iv, &mut sealed).unwrap();
    sealed[HEADER_LEN..] == record.fragment[..]
}

/// The handshake messages in the order of the transcript: a server's first flight ends with ServerHelloDone, or in an
/// abbreviated handshake with its Finished.
fn transcript<'a>(client: &'a Opened, server: &'a Opened) -> Vec<&'a [u8]> {
    let done = server.messages.iter().position(|m| m[0] == HandshakeType::SERVER_HELLO_DONE.0);
    let flight = done.map_or(server.messages.len(), |done| done + 1);
    let (first, last) = server.messages.split_at(flight);
    let all = client.messages[..1].iter().chain(first).chain(&client.messages[1..]).chain(last);
    all.map(Vec::as_slice).collect()
}

/// R-KEY-6: both Finished hold what the master secret and the messages before them say.
fn check_finished(provider: &Provider, name: &str, agreed: &Agreed, master: &[u8], opened: &[Opened; 2]) {
    let (hash, _) = suite(agreed.id).unwrap();
    let messages = transcript(&opened[0], &opened[1]);
    let mut seen = 0;
    for (i, message) in messages.iter().enumerate().filter(|(_, m)| m[0] == HandshakeType::FINISHED.0) {
        let digest = provider.hashes.digest(hash, &messages[..i]);
        let by_client = opened[0].messages.iter().any(|m| m == message);
        let label = if by_client { "client finished" } else { "server finished" };
        let expected = prf(provider, hash, master, label, &[digest.as_ref()], 12);
        assert_eq!(message[4..], expected, "{name}: {label}");
        seen += 1;
    }
    assert_eq!(seen, 2, "{name}");
}

/// Opens both directions of a recording; what was opened, or nothing for a suite that is not ours to know.
fn open_recording(provider: &Provider, recording: &Recording) -> Option<[Opened; 2]> {
    let [client, server] = read_all(recording);
    let agreed = Agreed::new(&client, &server);
    let (hash, protection) = suite(agreed.id)?;
    let protection = in_order(protection, agreed.order);
    let name = &recording.name;
    let (_, master) = recording
        .secrets
        .iter()
        .find(|(random, _)| *random == agreed.client_random)
        .unwrap_or_else(|| panic!("{name}: no secret"));
    let block = key_block(provider, hash, master, &agreed.client_random, &agreed.server_random);
    assert!(block.starts_with(&recording.key_block), "{name}");
    let [client_keys, server_keys] = split_keys(agreed.version, protection, &block);
    let opened = [
        open_direction(provider, name, &client, &client_keys),
        open_direction(provider, name, &server, &server_keys),
    ];
    check_finished(provider, name, &agreed, master, &opened);
    let [sealed, protected] =
        [|o: &Opened| o.resealed, |o: &Opened| o.protected].map(|f| f(&opened[0]) + f(&opened[1]));
    println!("{name}: {protected} protected records opened, {sealed} sealed again to the byte");
    assert!(sealed > 0 || protection.key_lengths().0 == 0, "{name}: CBC seals alike, given the IV");
    Some(opened)
}

/// R-REC-10, R-REC-17, R-REC-19, R-REC-26: whole connections of Tongsuo, GmSSL and others, from the key log alone.
#[test]
fn opens_recorded_connections() {
    let mut tally = Tally::new("streams");
    for file in files("streams", "c2s") {
        let open = || {
            let recording = Recording::of_stream(&file);
            recording.is_tlcp() && opens_whole(&file, &recording)
        };
        let ran = usize::from(tally.attempt(&file.name, open).unwrap_or(true));
        tally.add(&file, ran, 1 - ran);
    }
    tally.finish();
}

/// R-AEAD-1, R-AEAD-3, R-ETM-2, R-REC-37, R-KEY-7: the same of OpenSSL's connections by TLS 1.2.
#[cfg(feature = "tls12")]
#[test]
fn opens_recorded_connections_of_tls_12() {
    let recorded = files("tls12", "c2s").into_iter().filter(|file| !file.is_extra);
    for file in recorded {
        assert!(opens_whole(&file, &Recording::of_stream(&file)), "{}", file.name);
    }
}

/// Opens a connection that sent data both ways and was closed; false for a suite that is not ours to know.
fn opens_whole(file: &VectorFile, recording: &Recording) -> bool {
    providers().iter().all(|provider| {
        let Some(opened) = open_recording(provider, recording) else { return false };
        assert!(file.is_extra || opened.iter().all(|o| o.closed && !o.data.is_empty()), "{}", file.name);
        true
    })
}

/// Handshakes as JSON, with the keys that their maker derived.
#[test]
fn opens_recorded_handshakes() {
    let mut tally = Tally::new("handshakes");
    for file in files("handshakes", "json") {
        let Some((ran, of_interest)) = tally.attempt(&file.name, || opens_handshakes(&file)) else {
            continue;
        };
        if of_interest || file.is_extra {
            tally.add(&file, ran, 0);
        }
    }
    tally.finish();
}

/// How many were opened, and whether the file says that it has any.
fn opens_handshakes(file: &VectorFile) -> (usize, bool) {
    let json = file.json();
    let mut ran = 0;
    for provider in providers() {
        ran = json
            .get("vectors")
            .and_then(Value::as_array)
            .map_or(0, |all| all.iter().filter(|vector| open_finished(&provider, file, vector)).count());
        ran += Recording::of_json(file, &json)
            .and_then(|recording| open_recording(&provider, &recording))
            .map_or(0, |_| 1);
    }
    (ran, json.get("recv").is_some() || json.get("vectors").is_some())
}

/// A handshake given as messages, with the two Finished records.
fn open_finished(provider: &Provider, file: &VectorFile, vector: &Value) -> bool {
    let text = |key: &str| vector.get(key).and_then(Value::as_str);
    let bytes = |key: &str| hex::decode(text(key).unwrap_or_default()).unwrap();
    let id = text("suite").and_then(|s| u16::from_str_radix(s.trim_start_matches("0x"), 16).ok());
    let Some((hash, protection)) = id.and_then(suite) else { return false };
    if text("client_finished_record_payload").is_none() {
        return false;
    }
    let block =
        key_block(provider, hash, &bytes("master_secret"), &bytes("client_random"), &bytes("server_random"));
    assert!(block.starts_with(&bytes("key_block")), "{}", file.name);
    let keys = split_keys(ProtocolVersion::TLCP, protection, &block);
    for (keys, side) in keys.iter().zip(["client", "server"]) {
        let mut opener = Opener::new(keys, provider.ciphers).unwrap();
        let mut fragment = bytes(&format!("{side}_finished_record_payload"));
        let content = opener.open(ContentType::HANDSHAKE, &mut fragment).unwrap();
        let expected = [&[20, 0, 0, 12][..], &bytes(&format!("{side}_verify_data"))].concat();
        assert_eq!(fragment[content], expected, "{}: {side}", file.name);
    }
    true
}

/// R-REC-10: however a connection's bytes were split on their way, the records are the same.
#[test]
fn deframes_recorded_connections_under_every_split() {
    for file in files("streams", "c2s").iter().chain(&files("streams", "s2c")) {
        let bytes = file.read();
        if bytes.get(1..3) != Some(&[1, 1]) {
            continue; // another protocol than TLCP
        }
        let from_client = file.path.extension().is_some_and(|e| e == "c2s");
        let rule =
            if from_client { VersionRule::First } else { VersionRule::AlertsOfAny(ProtocolVersion::TLCP) };
        let read = |chunks: &mut dyn Iterator<Item = &[u8]>| {
            let (mut reader, mut out) = (Reader::new(rule), Vec::new());
            chunks.for_each(|chunk| reader.push(chunk, &mut out));
            out
        };
        let whole = read(&mut std::iter::once(&bytes[..]));
        assert!(whole.len() > 3, "{}", file.name);
        for at in 0..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(read(&mut [head, tail].into_iter()), whole, "{}: split at {at}", file.name);
        }
        for size in [1, 2, 3, 5, 7, 1000] {
            assert_eq!(read(&mut bytes.chunks(size)), whole, "{}: in pieces of {size}", file.name);
        }
    }
}

/// R-REC-19…28: records computed from the standard, with no padding to speak of, with the longest, and empty.
#[test]
fn reproduces_the_known_answers() {
    for file in files("", "json").iter().filter(|f| f.stem().starts_with("tlcp-known-answers")) {
        for provider in providers() {
            known_answers(&provider, &file.json());
        }
    }
}

fn known_answers(provider: &Provider, json: &Value) {
    let bytes = |pointer: &str| hex::decode(json.pointer(pointer).unwrap().as_str().unwrap()).unwrap();
    let block = bytes("/sm3/key_block_128");
    let finished = [&[20, 0, 0, 12][..], &bytes("/finished/client_verify_data")].concat();
    let [cbc, gcm] = [0xe013, 0xe053].map(|id| {
        let [client, _] = split_keys(ProtocolVersion::TLCP, suite(id).unwrap().1, &block);
        move || {
            let ciphers = provider.ciphers;
            (Sealer::new(copy(&client), ciphers).unwrap(), Opener::new(&client, ciphers).unwrap())
        }
    });
    let check = |(sealer, opener): &mut (Sealer, Opener), name: &str, content: &[u8], minimal: bool| {
        let record = bytes(&format!("/{name}/record"));
        let content_type = ContentType(record[0]);
        let mut sealed = Vec::new();
        let iv = FixedIv(record[HEADER_LEN..][..16].to_vec());
        sealer.seal(content_type, content, MAX_PLAINTEXT, &iv, &mut sealed).unwrap();
        assert_eq!(sealed == record, minimal, "{name}");
        let mut fragment = record[HEADER_LEN..].to_vec();
        let found = opener.open(content_type, &mut fragment).unwrap();
        assert_eq!(&fragment[found], content, "{name}");
    };
    check(&mut gcm(), "gcm_record_client_finished", &finished, true);
    let mut ends = cbc();
    check(&mut ends, "cbc_record_client_finished", &finished, true);
    check(&mut ends, "cbc_record_empty_appdata_seq1", &[], true);
    let mut ends = cbc();
    check(&mut ends, "cbc_record_client_finished", &finished, true);
    check(&mut ends, "cbc_record_longpad_seq1", b"hi", false);
}
