//! No secret of SM2 or of a connection stays behind in memory that was given back: the allocator looks for them in every
//! block that is freed or moved.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(target_pointer_width = "64")]
#[path = "support/pair.rs"]
mod pair;

use pair::{Counting, Ends, World, at, carry, store};
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tlcp::cert::{Identity, Key};
use tlcp::config::{ClientConfig, KeyLog, ServerConfig};
use tlcp::conn::{Connection, Endpoint};
use tlcp::crypto::{
    AgreementPeer, AgreementRole, Draw, MasterSecret, MasterSeed, PrivateKey, Provider, Random, Shared,
    SignatureAlgorithm, StartedAgreement, default_provider,
};
use tlcp::error::CryptoError;
use tlcp::handshake::{Answer, Request, Started};
use tlcp::pki::Pair;
use tlcp::suite::{HashAlgorithm, Suite};

/// Each secret is this byte again and again, at least so many times: the same from either end, so that numbers are
/// found as bytes and as limbs.
const KEY: u8 = 0x5a;
const DRAWN: u8 = 0x39;
const MESSAGE: u8 = 0x77;
const RUN: usize = 24;

/// Runs of such bytes seen in freed memory.
static FOUND: AtomicUsize = AtomicUsize::new(0);

struct Searching;

impl Searching {
    /// # Safety
    /// `block` has `size` bytes.
    unsafe fn search(block: *const u8, size: usize) {
        let (mut last, mut run) = (0, 0);
        for at in 0..size {
            // SAFETY: within the block, which was zeroed when it was made.
            let byte = unsafe { block.add(at).read_volatile() };
            run = if byte == last { run + 1 } else { 1 };
            last = byte;
            if run == RUN && matches!(byte, KEY | DRAWN | MESSAGE) {
                FOUND.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

// SAFETY: the system's allocator, which is only told later.
unsafe impl GlobalAlloc for Searching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeros, so that an old secret is not taken for a new one.
        // SAFETY: the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    // `realloc` stays the default: a new block, a copy, and this for the old one.
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe {
            Self::search(block, layout.size());
            System.dealloc(block, layout);
        }
    }
}

#[global_allocator]
static ALLOCATOR: Searching = Searching;

/// Numbers that differ in their last bytes.
struct Drawn(AtomicUsize);

impl Random for Drawn {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        out.fill(DRAWN);
        if let Some(counter) = out.last_chunk_mut() {
            *counter = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        }
        Ok(())
    }
}

fn found_by(run: impl FnOnce()) -> usize {
    let before = FOUND.load(Ordering::Relaxed);
    run();
    FOUND.load(Ordering::Relaxed) - before
}

/// Every operation with a private key, then the key's end.
fn use_a_key(provider: &Provider) {
    let (keys, random) = (provider.keys, Drawn(AtomicUsize::new(0)));
    let key = keys.sm2_private(&[KEY; 32]).unwrap();
    let peer = keys.sm2_private(&[0x11; 32]).unwrap();
    for _ in 0..40 {
        let signature = key.sign(SignatureAlgorithm::SM2, &[b"message"], &random).unwrap();
        keys.verify(SignatureAlgorithm::SM2, key.public(), &[b"message"], &signature).unwrap();
        let ciphertext = keys.encrypt(key.public(), &[MESSAGE; 48], &random).unwrap();
        drop(key.decrypt(&ciphertext).unwrap());
    }
    let of = |key: &dyn PrivateKey, started: &dyn StartedAgreement| AgreementPeer {
        share: started.share().clone(),
        key: Some(key.public().clone()),
    };
    let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Box::default() };
    let one = key.start_agreement(&AgreementRole::Initiator(None), &random).unwrap();
    let initiator = of(&*key, &*one);
    let two = peer.start_agreement(&AgreementRole::Responder(initiator.clone()), &random).unwrap();
    let shared = (one.finish(&of(&*peer, &*two), &seed), two.finish(&initiator, &seed));
    assert!(matches!(shared, (Ok(Shared::PreMaster(_)), Ok(Shared::PreMaster(_)))));
}

/// Secrets that can be found; the rest is drawn as ever.
struct DrawnSecrets(Drawn, Counting);

impl Random for DrawnSecrets {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        match draw {
            Draw::PreMasterSecret | Draw::Substitute => self.0.fill(draw, out),
            other => self.1.fill(other, out),
        }
    }
}

fn drawn(seed: u64) -> Arc<DrawnSecrets> {
    Arc::new(DrawnSecrets(Drawn(AtomicUsize::new(0)), Counting::from(seed)))
}

fn suite(name: &str) -> &'static Suite {
    Suite::by_name(name).unwrap()
}

/// Takes secrets, and keeps none.
struct Forgetful;

impl KeyLog for Forgetful {
    fn log(&self, _: &str, _: &[u8; 32], _: &[u8]) {}
}

/// Data in records of many lengths, so that buffers grow, read whole and in part; the rest goes with the connection.
fn talk<A: Endpoint, B: Endpoint>(from: &mut Connection<A>, to: &mut Connection<B>) {
    static DATA: [u8; 40_000] = [MESSAGE; 40_000];
    for length in [100, 3000, 5000, 16_384, 40_000, 200] {
        from.write(&DATA[..length]).unwrap();
        let mut rest = length;
        while rest > 0 {
            carry(from, to).unwrap();
            let mut buffer = [0; 999];
            rest -= to.read(&mut buffer).unwrap();
        }
    }
    from.write(&DATA[..9000]).unwrap();
    carry(from, to).unwrap();
    to.read(&mut [0; 99]).unwrap();
    from.write(&DATA[..9000]).unwrap();
}

/// Handshakes whose pre_master_secret is drawn, whole and cut short, and data both ways.
fn use_connections(w: &World) {
    for suite in [suite("ECC_SM4_GCM_SM3"), suite("ECC_SM4_CBC_SM3")] {
        let client = ClientConfig::builder_with(w.provider, drawn(20)).verifier(w.verifier.clone());
        let server = ServerConfig::builder_with(w.provider, drawn(21)).identity(w.server.clone());
        let client = Arc::new(client.suites(&[suite]).sessions(Some(store())).build().unwrap());
        let server = Arc::new(server.suites(&[suite]).sessions(Some(store())).build().unwrap());
        for _ in 0..2 {
            let Ends { mut client, mut server } = Ends::new(&client, &server).connected();
            talk(&mut client, &mut server);
            talk(&mut server, &mut client);
        }
        let Ends { client: mut one, server: mut other } = Ends::new(&client, &server);
        carry(&mut one, &mut other).unwrap();
        carry(&mut other, &mut one).unwrap();
    }
}

/// A pair whose encryption key is in a device.
fn with_device(w: &World, pair: &Pair) -> Arc<Identity> {
    let sign: [&[u8]; 2] = [&pair.sign.certificate, &w.pki.intermediate.certificate];
    let keys = (Key::Here(pair.sign.key().clone()), Key::Elsewhere("device".into()));
    Arc::new(Identity::with_keys((&sign, keys.0), (&pair.encrypt.certificate, keys.1), &w.provider).unwrap())
}

/// The device, which makes the same master secret for everyone.
fn ask_device<S: Endpoint>(connection: &mut Connection<S>, pair: &Pair) {
    while let Some(request) = connection.request() {
        let answer = match *request {
            Request::StartAgreement { role, .. } => {
                let started = pair.encrypt.key().start_agreement(&role, &Counting::from(30)).unwrap();
                let (share, handle) = (started.share().clone(), Arc::new(()));
                Answer::AgreementStarted(Ok(Started::Elsewhere { share, handle }))
            }
            _ => Answer::AgreementFinished(Ok(Shared::Master(MasterSecret::from_bytes(&[KEY; 48])))),
        };
        connection.answer(answer, at(1)).unwrap();
    }
}

/// Handshakes with that master secret, full, resumed and cut short at every step; it is logged, stored, serialised and
/// forgotten.
fn use_a_known_master_secret(w: &World) {
    let sessions = store();
    let [client, server] = [&w.pki.client, &w.pki.server].map(|pair| with_device(w, pair));
    let client = w
        .client_builder()
        .verifier(w.verifier.clone())
        .identity(client)
        .suites(&[suite("ECDHE_SM4_GCM_SM3")])
        .key_log(Arc::new(Forgetful));
    let client = Arc::new(client.sessions(Some(sessions.clone())).build().unwrap());
    let server = ServerConfig::builder_with(w.provider, Arc::new(Counting::from(31))).identity(server);
    let server = server.verifier(w.verifier.clone()).sessions(Some(store())).key_log(Arc::new(Forgetful));
    let server = Arc::new(server.suites(&[suite("ECDHE_SM4_GCM_SM3")]).build().unwrap());
    for steps in 0..12 {
        let mut ends = Ends::new(&client, &server);
        for _ in 0..steps {
            carry(&mut ends.client, &mut ends.server).unwrap();
            ask_device(&mut ends.server, &w.pki.server);
            carry(&mut ends.server, &mut ends.client).unwrap();
            ask_device(&mut ends.client, &w.pki.client);
        }
        assert!(steps < 6 || ends.client.is_resumed());
    }
    let key = client.session_key(&pair::name(), b"").unwrap();
    match sessions.find(&key, pair::NOW + 1) {
        tlcp::session::Found::Session(session) => drop(session.to_bytes().unwrap()),
        other => panic!("{other:?}"),
    }
    sessions.remove(&key);
}

/// R-KEY-5. One test alone in this program: others would free memory meanwhile.
#[test]
fn freed_memory_holds_no_private_key_nonce_message_or_secret_of_a_connection() {
    assert_eq!(found_by(|| drop(black_box(vec![KEY; RUN - 1]))), 0);
    assert_eq!(found_by(|| drop(black_box(vec![KEY; RUN]))), 1, "the search finds");
    assert_eq!(found_by(|| use_a_key(&default_provider())), 0);
    let w = World::new();
    assert_eq!(found_by(|| use_connections(&w)), 0, "pre_master_secret or data");
    assert_eq!(found_by(|| use_a_known_master_secret(&w)), 0, "master secret");
}
