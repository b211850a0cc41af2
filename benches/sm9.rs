//! SM9: what each operation costs, and what the first use of a key centre's or a user's key does; handshakes of its suites,
//! both ends together.
//! `cargo bench --features sm9 --bench sm9`
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use tlcp::cert::ServerName;
use tlcp::config::{ClientAuth, ClientConfig, ServerConfig};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ServerConnection, Time};
use tlcp::crypto::random::SystemRandom;
use tlcp::crypto::sm9::{MasterKey, MasterKind, Usage};
use tlcp::crypto::{
    AgreementPeer, AgreementRole, Draw, Keys, MasterSeed, PrivateKey, Random, SignatureAlgorithm,
    default_provider,
};
use tlcp::pki::{KeyCentre, Options};
use tlcp::session::MemoryStore;
use tlcp::suite::{HashAlgorithm, Suite};
use tlcp::wire::CipherSuite;

const SERVER: &[u8] = b"server@kgc.example";
const CLIENT: &[u8] = b"client@kgc.example";
const MESSAGE: &[u8] = &[0x61; 64];
const SECRET: &[u8] = &[0x62; 48];

fn keys() -> &'static dyn Keys {
    default_provider().keys
}

/// A new master key.
fn master(kind: MasterKind) -> Arc<dyn MasterKey> {
    let mut scalar = [0; 32];
    SystemRandom.fill(Draw::PrivateKey, &mut scalar).unwrap();
    scalar[0] &= 0x7f;
    keys().sm9_master(kind, &scalar).unwrap()
}

fn user(master: &dyn MasterKey, usage: Usage, identity: &[u8]) -> Arc<dyn PrivateKey> {
    let key = master.user_key(usage, identity).unwrap();
    keys().sm9_private(usage, identity, master.public(), &key).unwrap()
}

/// Both sides, from the first draw to both secrets.
fn agree(a: &dyn PrivateKey, b: &dyn PrivateKey) {
    let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
    let role = AgreementRole::Initiator(Some(b.public().clone()));
    let at_a = a.start_agreement(&role, &SystemRandom).unwrap();
    let initiator = AgreementPeer::sm9(a.public().clone(), &at_a.share().bytes);
    let at_b = b.start_agreement(&AgreementRole::Responder(initiator.clone()), &SystemRandom).unwrap();
    let responder = AgreementPeer::sm9(b.public().clone(), &at_b.share().bytes);
    black_box((at_a.finish(&responder, &seed).unwrap(), at_b.finish(&initiator, &seed).unwrap()));
}

fn operations(c: &mut Criterion) {
    let mut group = c.benchmark_group("sm9");
    let signing = master(MasterKind::Sign);
    let signer = user(&*signing, Usage::Sign, SERVER);
    let signature = signer.sign(SignatureAlgorithm::Sm9Sm3, &[MESSAGE], &SystemRandom).unwrap();
    group.bench_function("sign", |b| {
        b.iter(|| signer.sign(SignatureAlgorithm::Sm9Sm3, &[MESSAGE], &SystemRandom).unwrap());
    });
    group.bench_function("verify", |b| {
        b.iter(|| {
            keys().verify(SignatureAlgorithm::Sm9Sm3, signer.public(), &[MESSAGE], &signature).unwrap();
        });
    });
    let encrypting = master(MasterKind::Encrypt);
    let receiver = user(&*encrypting, Usage::Encrypt, SERVER);
    let ciphertext = keys().encrypt(receiver.public(), SECRET, &SystemRandom).unwrap();
    group.bench_function("encrypt", |b| {
        b.iter(|| keys().encrypt(receiver.public(), SECRET, &SystemRandom).unwrap());
    });
    group.bench_function("decrypt", |b| b.iter(|| receiver.decrypt(&ciphertext).unwrap()));
    let parties = [SERVER, CLIENT].map(|identity| user(&*encrypting, Usage::Agree, identity));
    group.bench_function("key exchange, both sides", |b| b.iter(|| agree(&*parties[0], &*parties[1])));
    for (name, master, usage) in [
        ("user key, signatures", &signing, Usage::Sign),
        ("user key, encryption", &encrypting, Usage::Encrypt),
    ] {
        group.bench_function(name, |b| b.iter(|| master.user_key(usage, SERVER).unwrap()));
    }
    for (name, usage) in
        [("first use of a master key, signatures", Usage::Sign), ("…, encryption", Usage::Encrypt)]
    {
        group.bench_function(name, |b| {
            b.iter_batched(
                || master(usage.master()),
                |master| keys().sm9_public(usage, SERVER, master.public()).unwrap(),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    let key = receiver_key(&*encrypting);
    group.bench_function("first use of a user's key, encryption", |b| {
        b.iter(|| keys().sm9_private(Usage::Encrypt, SERVER, encrypting.public(), &key).unwrap());
    });
    group.finish();
}

fn receiver_key(master: &dyn MasterKey) -> Vec<u8> {
    master.user_key(Usage::Encrypt, SERVER).unwrap().to_vec()
}

const NOW: Time = Time { unix: 1_795_219_200, monotonic: Duration::ZERO };

fn configurations(suite: &'static Suite, auth: ClientAuth) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let provider = default_provider();
    let centre = KeyCentre::new("bench.test", &Options::new(NOW.unix), &provider, &SystemRandom).unwrap();
    let centres = || centre.centres(&provider).unwrap().expect_server(SERVER);
    let user = |identity| Arc::new(centre.user(identity).unwrap().identity(&provider).unwrap());
    let client = ClientConfig::builder().key_centres(centres()).identity(user(CLIENT));
    let server = ServerConfig::builder().key_centres(centres()).identity(user(SERVER)).client_auth(auth);
    let store = || Some(Arc::new(MemoryStore::default()) as _);
    let (client, server) = (client.sessions(store()), server.sessions(store()));
    let (client, server) = (client.suites(&[suite]), server.suites(&[suite]));
    (Arc::new(client.build().unwrap()), Arc::new(server.build().unwrap()))
}

fn pass<A: Endpoint, B: Endpoint>(from: &mut Connection<A>, to: &mut Connection<B>) {
    let taken = to.receive(from.pending_output(), NOW).unwrap();
    from.sent(taken);
}

/// One handshake; a client whose `tag` is new has no session to resume.
fn handshake(configs: &(Arc<ClientConfig>, Arc<ServerConfig>), tag: u64) -> bool {
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::with_session_tag(configs.0.clone(), name, &tag.to_be_bytes(), NOW);
    let (mut client, mut server) = (client.unwrap(), ServerConnection::new(configs.1.clone(), NOW));
    while client.is_handshaking() || server.is_handshaking() {
        pass(&mut client, &mut server);
        pass(&mut server, &mut client);
    }
    client.is_resumed()
}

fn handshakes(c: &mut Criterion) {
    for (id, auth, what) in [
        (CipherSuite::IBC_SM4_GCM_SM3, ClientAuth::None, "full"),
        (CipherSuite::IBC_SM4_GCM_SM3, ClientAuth::Require, "mutual"),
        (CipherSuite::IBSDH_SM4_GCM_SM3, ClientAuth::Require, "full"),
    ] {
        let configs = configurations(Suite::find(id).unwrap(), auth);
        let mut group = c.benchmark_group(id.to_string());
        let mut tag = 0;
        group.bench_function(what, |b| {
            b.iter(|| {
                tag += 1;
                assert!(!handshake(&configs, tag));
            });
        });
        if what == "full" {
            group.bench_function("resumed", |b| b.iter(|| assert!(handshake(&configs, tag))));
        }
        group.finish();
    }
}

criterion_group!(benches, operations, handshakes);
criterion_main!(benches);
