//! No secret of SM2, of SM9, of RSA or of a connection stays behind in memory that was given back: the allocator looks for
//! them in every block that is freed or moved.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(all(feature = "pki", target_pointer_width = "64"))]
#[path = "support/pair.rs"]
mod pair;

use pair::{Counting, Ends, World, at, carry, store};
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use tlcp::cert::{Identity, Key};
use tlcp::config::{ClientConfig, KeyLog, ServerConfig};
use tlcp::conn::{Connection, Endpoint, ReadProgress};
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

/// Parts of other secrets, looked for once they are known.
static NUMBERS: OnceLock<Vec<[u8; RUN]>> = OnceLock::new();

/// Runs of such bytes, and blocks with parts of such numbers, seen in freed memory.
static FOUND: AtomicUsize = AtomicUsize::new(0);

struct Searching;

impl Searching {
    /// # Safety
    /// `block` has `size` bytes.
    unsafe fn search(block: *const u8, size: usize) {
        // SAFETY: the block, which was zeroed when it was made, and is nobody's any more.
        let block = unsafe { std::slice::from_raw_parts(block, size) };
        let numbers = NUMBERS.get().map_or(&[][..], |numbers| numbers);
        if block.windows(RUN).any(|part| numbers.iter().any(|number| number == part)) {
            FOUND.fetch_add(1, Ordering::Relaxed);
        }
        let (mut last, mut run) = (0, 0);
        for byte in black_box(block).iter().copied() {
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
    let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
    let one = key.start_agreement(&AgreementRole::Initiator(None), &random).unwrap();
    let initiator = of(&*key, &*one);
    let two = peer.start_agreement(&AgreementRole::Responder(initiator.clone()), &random).unwrap();
    let shared = (one.finish(&of(&*peer, &*two), &seed), two.finish(&initiator, &seed));
    assert!(matches!(shared, (Ok(Shared::PreMaster(_)), Ok(Shared::PreMaster(_)))));
}

/// A key centre's master keys, and every operation with its users' keys.
#[cfg(feature = "sm9")]
fn use_sm9_keys(provider: &Provider) {
    use tlcp::crypto::PublicKey;
    use tlcp::crypto::native::sm9;
    use tlcp::crypto::sm9::Usage;
    use tlcp::crypto::sm9::encoding::Mode;
    let (keys, random) = (provider.keys, Drawn(AtomicUsize::new(0)));
    let user = |usage: Usage, identity: &[u8]| {
        let master = keys.sm9_master(usage.master(), &[KEY; 32]).unwrap();
        let key = master.user_key(usage, identity).unwrap();
        keys.sm9_private(usage, identity, master.public(), &key).unwrap()
    };
    let [signer, receiver] = [Usage::Sign, Usage::Encrypt].map(|usage| user(usage, b"Alice"));
    let PublicKey::Sm9(public) = receiver.public() else { panic!() };
    for mode in [Mode::Xor, Mode::Sm4Ecb, Mode::Sm4Cbc] {
        let signature = signer.sign(SignatureAlgorithm::Sm9Sm3, &[b"message"], &random).unwrap();
        keys.verify(SignatureAlgorithm::Sm9Sm3, signer.public(), &[b"message"], &signature).unwrap();
        let ciphertext = sm9::encrypt(mode, public, &[MESSAGE; 48], &random).unwrap();
        drop(receiver.decrypt(&ciphertext).unwrap());
    }
    let [a, b] = [&b"Alice"[..], b"Bob"].map(|identity| user(Usage::Agree, identity));
    let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
    let one = a.start_agreement(&AgreementRole::Initiator(Some(b.public().clone())), &random).unwrap();
    let initiator = AgreementPeer::sm9(a.public().clone(), &one.share().bytes);
    let two = b.start_agreement(&AgreementRole::Responder(initiator.clone()), &random).unwrap();
    let responder = AgreementPeer::sm9(b.public().clone(), &two.share().bytes);
    let shared = (one.finish(&responder, &seed), two.finish(&initiator, &seed));
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
            let Ok(ReadProgress::Plaintext(n)) = to.read(&mut buffer) else { panic!("no plaintext") };
            rest -= n;
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
        tlcp::session::Found::Session(session) => {
            drop(session.to_bytes().unwrap());
            // R-SES-13: with a ticket, which stands behind the secret.
            let mut session = (*session).clone();
            session.ticket = Some(tlcp::session::Ticket::new(Arc::from([1; 2048]), 300));
            drop(session.to_bytes().unwrap());
        }
        other => panic!("{other:?}"),
    }
    sessions.remove(&key);
}

/// An RSA key of 2048 bits and its certificate.
#[cfg(feature = "tls12")]
const RSA: &[u8] = include_bytes!("../vectors/tls12/server-rsa.pem");

/// From the middle of d, p, q and what is computed of them, where nothing that is added to one of them changes it, and
/// of what Montgomery's arithmetic has of p and q, 2^1024 less each: as bytes and as limbs.
#[cfg(feature = "tls12")]
fn know_the_rsa_key() -> usize {
    use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
    let key = PrivatePkcs8KeyDer::from_pem_slice(RSA).unwrap();
    let mut rest = key.secret_pkcs8_der();
    let mut integers = Vec::new();
    // SEQUENCE and OCTET STRING are stepped into, all else over.
    while let [tag, length @ ..] = rest {
        let (length, content) = match length {
            [0x82, high, low, content @ ..] => (usize::from(*high) << 8 | usize::from(*low), content),
            [0x81, length, content @ ..] | [length, content @ ..] => (usize::from(*length), content),
            [] => panic!("not DER"),
        };
        let is_outside = matches!(tag, 0x30 | 0x04);
        if !is_outside {
            integers.push(&content[..length]);
        }
        rest = if is_outside { content } else { &content[length..] };
    }
    // Behind the algorithm: version, n, e, d, p, q, dp, dq, qinv.
    let secrets = &integers[integers.len() - 6..];
    let part = |number: &[u8]| <[u8; RUN]>::try_from(&number[40..40 + RUN]).unwrap();
    let mut parts: Vec<_> = secrets.iter().map(|number| part(number)).collect();
    parts.extend(secrets[1..3].iter().map(|prime| part(prime).map(|byte| !byte)));
    let reversed: Vec<_> = parts.iter().map(|part| std::array::from_fn(|i| part[RUN - 1 - i])).collect();
    parts.extend(reversed);
    NUMBERS.set(parts).unwrap();
    NUMBERS.get().unwrap().len()
}

/// Loads it, and runs handshakes in which it signs, and others in which it decrypts.
#[cfg(feature = "tls12")]
fn use_an_rsa_key() {
    let w = World::tls12(pair::single::Kind::Rsa);
    for suite in [suite("ECDHE-RSA-AES128-GCM-SHA256"), suite("AES128-GCM-SHA256")] {
        let client = ClientConfig::tls12_builder_with(w.provider, drawn(40)).verifier(w.verifier.clone());
        let server = ServerConfig::tls12_builder_with(w.provider, drawn(41)).identity(w.server.clone());
        let client = Arc::new(client.suites(&[suite]).sessions(Some(store())).build().unwrap());
        let server = Arc::new(server.suites(&[suite]).sessions(Some(store())).build().unwrap());
        let Ends { mut client, mut server } = Ends::new(&client, &server).connected();
        talk(&mut client, &mut server);
        talk(&mut server, &mut client);
    }
}

/// R-KEY-5. One test alone in this program: others would free memory meanwhile.
#[test]
fn freed_memory_holds_no_private_key_nonce_message_or_secret_of_a_connection() {
    assert_eq!(found_by(|| drop(black_box(vec![KEY; RUN - 1]))), 0);
    assert_eq!(found_by(|| drop(black_box(vec![KEY; RUN]))), 1, "the search finds");
    assert_eq!(found_by(|| use_a_key(&default_provider())), 0);
    #[cfg(feature = "sm9")]
    assert_eq!(found_by(|| use_sm9_keys(&default_provider())), 0, "SM9");
    let w = World::new();
    assert_eq!(found_by(|| use_connections(&w)), 0, "pre_master_secret or data");
    assert_eq!(found_by(|| use_a_known_master_secret(&w)), 0, "master secret");
    #[cfg(feature = "tls12")]
    {
        let count = know_the_rsa_key();
        let part = NUMBERS.get().unwrap()[3];
        assert_eq!((count, found_by(|| drop(black_box(part.to_vec())))), (16, 1), "the search finds");
        assert_eq!(found_by(use_an_rsa_key), 0, "an RSA key, or what it decrypts");
    }
}
