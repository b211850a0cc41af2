//! Our own engine in the place of one end of a recorded handshake: given the same randomness, signatures and agreements,
//! it sends the same bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod support {
    pub(crate) mod conversation;
    pub(crate) mod recording;
    pub(crate) mod replay;
    pub(crate) mod vectors;
}

use std::sync::Arc;
use support::conversation::{Conversation, KeyRing, Record, Side};
use support::replay::{Part, Role};
use support::vectors::{Failures, VectorFile, files};
use tlcp::crypto::{MasterSecret, Provider, TrafficKeys, default_provider};
use tlcp::key_schedule::{connection_keys, master_prf};
use tlcp::record::{HEADER_LEN, Opener};
use tlcp::session::{MemoryStore, SessionStore};
use tlcp::suite::Protection;
use tlcp::wire::ContentType;

/// The pieces in which the peer's bytes come.
const SIZES: [usize; 3] = [usize::MAX, 1000, 1];

/// R-RSA-1, R-HS-20, R-KEY-2: Tongsuo's.
const RSA: &[&str] = if cfg!(feature = "rsa") { &["ts_rsa_e019", "ts_rsa_e05a"] } else { &[] };

/// R-KEY-2, R-HS-20: in Tongsuo's RSA suites too.
#[test]
fn a_client_sends_what_the_recorded_clients_sent() {
    let replayed = replay_all("handshakes", Role::Client);
    let sm2 = ["gs_ecdhe_71_raw", "ht_ecc_dual_hash", "ts_e053", "ts_mutual_e051", "ts_resume_e053"];
    for name in sm2.into_iter().chain(RSA.iter().copied()) {
        assert!(replayed.iter().any(|r| r.contains(name)), "{name} was not replayed");
    }
}

#[test]
fn a_server_sends_what_the_recorded_servers_sent() {
    let replayed = replay_all("handshakes", Role::Server);
    let sm2 = [
        "gotlcp-gotlcp-ecc-sm4-gcm-sm3",
        "tongsuo-gotlcp-ecc-sm4-cbc",
        "ht_ecc_dual_hash",
        "gs_ecdhe_71_raw",
    ];
    for name in sm2.into_iter().chain(RSA.iter().copied()) {
        assert!(replayed.iter().any(|r| r.contains(name)), "{name} was not replayed");
    }
    let replayed = replay_all("streams", Role::Server);
    for name in ["2-tongsuo-gmssl-ecc-gcm.1", "ecc-cbc-resumed.1", "ecc-cbc-resumed.2"] {
        assert!(replayed.iter().any(|r| r.contains(name)), "{name} was not replayed");
    }
}

/// Plays `role` in every handshake of `folder` in which everything needed was recorded; the names of those.
fn replay_all(folder: &'static str, role: Role) -> Vec<String> {
    let provider = default_provider();
    let keys = KeyRing::load(&provider);
    let found: Vec<(VectorFile, Vec<Conversation>)> = match folder {
        "streams" => {
            in_files(files(folder, "c2s"), |file| Conversation::of_stream(file).into_iter().collect())
        }
        _ => in_files(files(folder, "json"), Conversation::of_json),
    };
    let all: Vec<&Conversation> = found.iter().flat_map(|(_, conversations)| conversations).collect();
    let (mut replayed, mut failures) = (Vec::new(), Failures::default());
    for (file, conversations) in &found {
        let before = replayed.len();
        for conversation in conversations {
            let part = Part { role, conversation, first: None, keys: &keys, provider };
            let first = all.iter().find(|c| part.resumes(c)).copied();
            let part = Part { first, ..part };
            let first = first.map(|conversation| Part { conversation, first: None, ..part });
            match part
                .obstacle()
                .or((part.needs_first() && first.is_none()).then_some("no full handshake before it"))
            {
                Some(why) => println!("{}: not replayed: {why}", conversation.name),
                None => {
                    failures.attempt(&conversation.name, || replay(&part, first.as_ref()));
                    replayed.push(conversation.name.clone());
                }
            }
        }
        println!("{}: {} of {} replayed", file.name, replayed.len() - before, conversations.len());
    }
    failures.finish();
    replayed
}

fn in_files(
    files: Vec<VectorFile>,
    read: impl Fn(&VectorFile) -> Vec<Conversation>,
) -> Vec<(VectorFile, Vec<Conversation>)> {
    files.into_iter().map(|file| (read(&file), file)).map(|(found, file)| (file, found)).collect()
}

/// Plays one part, however the peer's bytes are cut; before a resumed one, the handshake that made its session.
fn replay(part: &Part<'_>, first: Option<&Part<'_>>) {
    for size in SIZES {
        let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::default());
        if let Some(first) = first {
            run(first, &store, size);
        }
        run(part, &store, size);
    }
}

fn run(part: &Part<'_>, store: &Arc<dyn SessionStore>, size: usize) {
    let conversation = part.conversation;
    let master = MasterSecret::from_bytes(&conversation.master);
    let randoms = [&conversation.client_hello.random, &conversation.server_hello.random];
    let hashes = part.provider.hashes;
    let master = master_prf(hashes, conversation.suite, &master);
    let protection = conversation.suite.protection;
    let keys = connection_keys(&*master, conversation.suite, protection, randoms).unwrap();
    match part.role {
        Role::Client => {
            let mut client = part.client(store);
            let mut sent = part.play(&mut client, size);
            assert_eq!(client.is_resumed(), conversation.is_resumed());
            for data in later_data(part, &keys.client, &conversation.client) {
                client.write(&data).unwrap();
            }
            sent.extend_from_slice(client.pending_output());
            let of = conversation.client.records.iter().flat_map(|r| r.raw.clone()).collect::<Vec<_>>();
            compare(part, &sent, &of, &keys.client);
        }
        Role::Server => {
            let mut server = part.server(store);
            let sent = part.play(&mut server, size);
            assert_eq!(server.is_resumed(), conversation.is_resumed());
            compare(part, &sent, &conversation.server.handshake_bytes(), &keys.server);
        }
    }
}

/// The application data that a client sent after its Finished.
fn later_data(part: &Part<'_>, keys: &TrafficKeys, side: &Side) -> Vec<Vec<u8>> {
    let contents = opened(&part.provider, keys, side.protected());
    let is_data = side.protected().iter().map(|r| r.content_type == ContentType::APPLICATION_DATA);
    contents.into_iter().zip(is_data).filter(|(_, is_data)| *is_data).map(|(content, _)| content).collect()
}

fn opened(provider: &Provider, keys: &TrafficKeys, records: &[Record]) -> Vec<Vec<u8>> {
    let mut opener = Opener::new(keys, provider.ciphers).unwrap();
    let open = |record: &Record| {
        let mut fragment = record.fragment().to_vec();
        let content = opener.open(record.content_type, &mut fragment).unwrap();
        fragment[content].to_vec()
    };
    records.iter().map(open).collect()
}

/// The same bytes. Where the recorder began its GCM nonces at a random number, ours at the sequence number (R-REC-27):
/// the same records up to ChangeCipherSpec, and the same content after.
fn compare(part: &Part<'_>, ours: &[u8], theirs: &[u8], keys: &TrafficKeys) {
    let name = &part.conversation.name;
    let split = |bytes: &[u8]| Side::of_records(name, bytes, part.role == Role::Client);
    let (our_side, their_side) = (split(ours), split(theirs));
    let is_gcm = matches!(keys.protection(), Protection::Aead(_));
    let first_nonce = their_side.protected()[0].raw.get(HEADER_LEN..HEADER_LEN + 8);
    if !is_gcm || first_nonce == Some(&[0; 8]) {
        assert_eq!(hex::encode(ours), hex::encode(theirs), "{name}");
        println!("{name}: {} bytes alike", ours.len());
        return;
    }
    let clear = |side: &Side| -> Vec<Vec<u8>> {
        let count = side.records.len() - side.protected().len();
        side.records[..count].iter().map(|r| r.raw.clone()).collect()
    };
    assert_eq!(clear(&our_side), clear(&their_side), "{name}");
    let contents = |side: &Side| opened(&part.provider, keys, side.protected());
    assert_eq!(contents(&our_side), contents(&their_side), "{name}");
    let alike: usize = clear(&our_side).iter().map(Vec::len).sum();
    println!("{name}: {alike} bytes alike, then the same content under the recorder's own nonces");
}
