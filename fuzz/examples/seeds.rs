//! Writes the seeds: `cargo run --example seeds` in this folder. From the recorded connections and certificates in
//! `vectors/`, and from connections between two ends of our own with repeatable randomness.
use arbitrary::Arbitrary;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tlcp::conn::{ClientConnection, Connection, Endpoint, ServerConnection};
use tlcp::message::{Due, Finished, Joiner};
use tlcp::record::{Framed, HEADER_LEN, VersionRule, deframe};
use tlcp::session::SessionStore;
use tlcp::wire::{ContentType, ProtocolVersion};
use tlcp_fuzz::drive::{Driven, start};
use tlcp_fuzz::random::Repeatable;
use tlcp_fuzz::steps;
use tlcp_fuzz::world::{Mode, RANDOM, WORLD, name, session_store};

/// The longest seed.
const LONGEST: usize = 16 * 1024;

fn main() {
    messages();
    framing();
    records();
    roles();
    all_as_expected();
    identities();
    sessions();
    certificates();
    native();
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn save(target: &str, name: &str, bytes: &[u8]) {
    assert!(bytes.len() <= LONGEST, "{target}/{name}");
    let folder = root().join("seeds").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

/// Files of `vectors/`, by name.
fn vectors(folder: &str, extensions: &[&str]) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("../vectors").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|e| extensions.iter().any(|x| e == *x)));
    paths
        .iter()
        .map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), fs::read(p).unwrap()))
        .collect()
}

/// The recorded connections of both protocols, by name.
fn streams() -> Vec<(String, Vec<u8>)> {
    ["streams", "tls12"].into_iter().flat_map(|folder| vectors(folder, &["c2s", "s2c"])).collect()
}

fn is_tls(stream: &[u8]) -> bool {
    stream.get(1) == Some(&3)
}

/// The plaintext records of a stream.
fn plain_records(stream: &[u8]) -> Vec<(ContentType, &[u8])> {
    let (mut rest, mut out) = (stream, Vec::new());
    let rule =
        VersionRule::AlertsOfAny(if is_tls(stream) { ProtocolVersion::TLS12 } else { ProtocolVersion::TLCP });
    while let Ok(Framed::Record { content_type, length, .. }) = deframe(rest, rule, true) {
        let (record, next) = rest.split_at(HEADER_LEN + length);
        out.push((content_type, &record[HEADER_LEN..]));
        if content_type == ContentType::CHANGE_CIPHER_SPEC {
            break;
        }
        rest = next;
    }
    out
}

/// The type of a message, then its body.
fn messages() {
    let mut seen = BTreeSet::new();
    for (_, stream) in streams() {
        let mut joiner = Joiner::default();
        for (_, content) in plain_records(&stream).iter().filter(|(kind, _)| *kind == ContentType::HANDSHAKE)
        {
            joiner.push(content, Due::Any).unwrap();
            while let Some(message) = joiner.next(Due::Any).unwrap() {
                seen.insert([&[message.kind.0], message.body].concat());
                joiner.consume();
            }
        }
    }
    let finished = Finished::to_message(&[7; 12]).unwrap();
    seen.insert([&[20], finished.as_handshake().body].concat());
    seen.extend([vec![20, 1], vec![21, 1, 0], vec![21, 2, 40]]);
    let client = WORLD.client.message(tlcp::cert::CertificateForm::Dual);
    seen.insert([&[11], client.as_handshake().body].concat());
    for (number, seed) in seen.iter().enumerate() {
        save("messages", &format!("{number:02}"), seed);
    }
}

/// The value of which `arbitrary` makes the variant `index` of `count`.
fn variant(index: u64, count: u64) -> [u8; 4] {
    u32::try_from((index << 32).div_ceil(count)).unwrap().to_le_bytes()
}

fn framing() {
    for (name, stream) in streams() {
        let rule = match (name.ends_with("c2s"), is_tls(&stream)) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2,
        };
        let head = [&variant(rule, 4)[..], &[1], &[3, 5, 40, 200, 1, 255, 0, 9]].concat();
        save("framing", &name, &[&head, &stream[..]].concat());
        // Without record headers: what the joiner takes.
        let content: Vec<u8> = plain_records(&stream).into_iter().flat_map(|(_, c)| c.to_vec()).collect();
        save("framing", &format!("{name}.messages"), &[&head, &content[..]].concat());
    }
}

fn records() {
    let others = (3..11).map(|cipher| (cipher, cipher % 3, 16));
    for (cipher, kind, length) in
        [(0, 0, 0), (0, 1, 16), (0, 0, 1000), (1, 0, 0), (1, 1, 16), (1, 0, 1000), (2, 2, 2)]
            .into_iter()
            .chain(others)
    {
        let head = [&variant(cipher, 11)[..], &variant(kind, 3), &[1], &[0, 1]].concat();
        for change in 0..7 {
            let seed = [&head[..], &variant(change, 7), &vec![0x61; length]].concat();
            save("records", &format!("{cipher}-{kind}-{length}-{change}"), &seed);
        }
    }
}

/// What each end receives in a connection between the two, under every mode.
fn roles() {
    for byte in 0..128 {
        let mode = Mode::of(byte);
        RANDOM.restart(7);
        let server = ServerConnection::new(mode.server_with(Arc::new(Repeatable::from(8))), start());
        let client = ClientConnection::new(mode.client(), name(), start()).unwrap();
        let [_, to_client] = talk(client, server);
        let again = Driven::new(|| ClientConnection::new(mode.client(), name(), start()).unwrap());
        check(again, &to_client);
        save("client", &format!("{byte:02}"), &[&[byte, 255], &to_client[..]].concat());
        RANDOM.restart(7);
        let server = ServerConnection::new(mode.server(), start());
        let client =
            ClientConnection::new(mode.client_with(Arc::new(Repeatable::from(9))), name(), start()).unwrap();
        let [to_server, _] = talk(client, server);
        check(Driven::new(|| ServerConnection::new(mode.server(), start())), &to_server);
        save("server", &format!("{byte:02}"), &[&[byte, 255], &to_server[..]].concat());
    }
}

/// The same end, fed with the same bytes by nobody, comes as far.
fn check<S: Endpoint>(mut again: Driven<S>, bytes: &[u8]) {
    again.feed(bytes);
    assert!(again.connection.cipher_suite().is_some(), "{:?}", again.connection);
}

fn talk(mut client: ClientConnection, mut server: ServerConnection) -> [Vec<u8>; 2] {
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        carry(&mut client, &mut server, &mut to_server);
        carry(&mut server, &mut client, &mut to_client);
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    client.write(b"question").unwrap();
    server.write(b"answer").unwrap();
    client.close();
    server.close();
    carry(&mut client, &mut server, &mut to_server);
    carry(&mut server, &mut client, &mut to_client);
    [to_server, to_client]
}

fn carry<A: Endpoint, B: Endpoint>(from: &mut Connection<A>, to: &mut Connection<B>, log: &mut Vec<u8>) {
    let bytes = from.pending_output().to_vec();
    log.extend_from_slice(&bytes);
    from.sent(bytes.len());
    if !to.is_closed() {
        to.receive(&bytes, start()).unwrap();
    }
}

/// Everything as expected, under every suite, with and without client authentication, resumption, compatibility.
fn all_as_expected() {
    let every =
        (1..5).flat_map(|suite| [(suite, 0, 0, 0), (suite, 2, 0, 1), (suite, 1, 2, 2), (suite, 2, 5, 5)]);
    for ((suite, auth, flags, peer), tls12) in every.flat_map(|one| [(one, 0), (one, 1)]) {
        let bit = |value: u8, at: u8| value >> at & 1;
        let mode =
            [&variant(suite, 5)[..], &variant(auth, 3), &[0, 1, 2, 3].map(|at| bit(flags, at)), &[tls12]]
                .concat();
        let peer = [0, 1, 2].map(|at| bit(peer, at));
        let expected = [1, 0, 0, 0, 0].repeat(16);
        let seed = [&mode[..], &peer, &expected].concat();
        let input = || steps::Input::arbitrary_take_rest(arbitrary::Unstructured::new(&seed)).unwrap();
        let (client, server) = (input(), input());
        let config = client.mode.accepting_client();
        let driven = Driven::new(|| ClientConnection::new(config, name(), start()).unwrap());
        assert!(steps::run(driven, &client, true), "{client:?}");
        let config = server.mode.accepting_server();
        assert!(
            steps::run(Driven::new(|| ServerConnection::new(config, start())), &server, false),
            "{server:?}"
        );
        for target in ["client_steps", "server_steps"] {
            let protocol = if tls12 == 1 { "tls12-" } else { "" };
            save(target, &format!("{protocol}{suite}-{auth}-{flags}-{}", peer[0] + 2 * peer[1]), &seed);
        }
    }
}

fn identities() {
    let head = |with_good: u8, password: u8, split: usize| {
        [&[with_good, password], &u16::try_from(split).unwrap().to_le_bytes()[..]].concat()
    };
    for (name, file) in vectors("streams/pki", &["crt", "key"]) {
        save("identity", &name, &[&head(0, 0, file.len()), &file[..]].concat());
    }
    let pki = vectors("streams/pki", &["crt", "key"]);
    let find = |name: &str| pki.iter().find(|(n, _)| n == name).unwrap().1.clone();
    let crt = find("sm2-server-double.crt");
    let pair = [crt.clone(), find("sm2-server-sign.key"), find("sm2-server-enc.key")].concat();
    save("identity", "pair", &[&head(0, 0, crt.len()), &pair[..]].concat());
    let key = WORLD.pki.server.sign.key_der();
    save("identity", "der", &[&head(1, 1, key.len()), &key[..], &WORLD.pki.root.certificate].concat());
    for (name, file) in vectors("certs", &["pem", "der", "crt"]).into_iter().step_by(5) {
        let file = &file[..file.len().min(LONGEST - 4)];
        save("identity", &name, &[&head(1, 0, 0), file].concat());
    }
}

fn sessions() {
    for (suite, named) in [(0, true), (3, false)] {
        let store = session_store(&tlcp::suite::SUITES[suite], named.then_some("example.cn"));
        let key = tlcp::session::SessionKey::Server([0; 32]);
        let tlcp::session::Found::Session(session) = SessionStore::find(&*store, &key, 0) else {
            panic!("no session")
        };
        save("session", &format!("{suite}"), &session.to_bytes().unwrap());
        let mut anonymous = (*session).clone();
        anonymous.peer = tlcp::session::Peer::Anonymous;
        save("session", &format!("{suite}-anonymous"), &anonymous.to_bytes().unwrap());
    }
}

fn certificates() {
    let head = |client: u8, name: u64| [&[client, 1 - client, 0], &variant(name, 3)[..]].concat();
    let entry = |which: u64| [&[1], &variant(which, 9)[..]].concat();
    for (label, client, name, entries) in [
        ("server", 0, 0, &[1, 2, 5][..]),
        ("server-address", 0, 1, &[1, 2, 5, 6]),
        ("tassl", 0, 0, &[1, 5, 2]),
        ("client", 1, 0, &[3, 4, 5]),
        ("client-sign", 1, 0, &[3, 5]),
    ] {
        let list: Vec<u8> = entries.iter().flat_map(|which| entry(*which)).collect();
        save("certificates", label, &[&head(client, name), &list[..], &[0]].concat());
    }
    let pki = &WORLD.pki;
    let der = [&pki.server.sign.certificate, &pki.server.encrypt.certificate, &pki.intermediate.certificate];
    let der: Vec<u8> = der.into_iter().flatten().copied().collect();
    save("certificates", "der", &[&head(0, 0)[..], &[0], &der].concat());
}

/// What the fields of the two targets for native code begin with; the rest is data.
fn native() {
    for (number, length) in [0, 1, 15, 16, 17, 63, 64, 65, 255, 256, 1000, 4000].into_iter().enumerate() {
        let data: Vec<u8> = (0..length).map(|i: usize| (i * 7) as u8).collect();
        let fields: Vec<u8> = (0..90_u8).map(|i| i.wrapping_mul(3)).collect();
        save("symmetric", &format!("{length}"), &[&[(number % 2) as u8], &fields[..], &data].concat());
        let scalars: Vec<u8> = (0..128).map(|i| i ^ number as u8).collect();
        save("sm2", &format!("{length}"), &[&scalars[..], &[0], &data[..length.min(300)]].concat());
    }
}
