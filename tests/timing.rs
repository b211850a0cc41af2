//! How long a server takes to answer a ClientKeyExchange tells nothing of what its ciphertext decrypts to (R-RSA-2,
//! R-HS-43): a TLS 1.2 server with RSA key transport, from the arrival of ClientKeyExchange, ChangeCipherSpec and a
//! Finished that nobody can have sealed rightly to the alert.
//!
//! Measured on optimised code: `cargo test --release --all-features --test timing -- --ignored --nocapture`. The
//! environment variable `TLCP_DECRYPTIONS` says how many of each class (20000), `TLCP_THREADS` on how many cores (1).
//! What was found is told on the way, so that a run that is cut short has its result.
#![cfg(all(feature = "pki", feature = "tls12"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use pair::single::Kind;
use pair::{World, at, name};
use rsa::{BoxedUint, RsaPublicKey, hazmat};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tlcp::cert::KeyUse;
use tlcp::config::{KeyLog, ServerConfig};
use tlcp::conn::{ClientConnection, ServerConnection};
use tlcp::crypto::{Draw, PublicKey, Random};
use tlcp::error::CryptoError;
use tlcp::suite::Suite;
use tlcp::wire::AlertDescription;

/// The t that is taken for a difference.
const LIMIT: f64 = 4.5;

/// Bytes of a modulus, and where a padded pre_master_secret begins.
const SIZE: usize = 256;
const SECRET: usize = SIZE - 48;

/// Makes something wrong with a padded pre_master_secret.
type Spoil = fn(&mut [u8; SIZE]);

const CLASSES: [(&str, Spoil); 6] = [
    ("valid", |_| {}),
    ("wrong type", |block| block[1] = 1),
    ("early zero", |block| block[20] = 0),
    // The separator one place early: 49 bytes behind it.
    ("wrong length", |block| block[SECRET - 2] = 0),
    ("wrong version", |block| block[SECRET + 1] = 1),
    // Numerically short: where the bytes of a number are counted, it shows.
    ("leading zeros", |block| block[..24].fill(0)),
];

/// xorshift: only what it costs must be like real randomness.
struct Generator {
    state: AtomicU64,
    /// For the hello random: always the same.
    hello: Option<u8>,
}

impl Generator {
    fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1), hello: None }
    }

    fn next(&self) -> u64 {
        let mut state = self.state.load(Ordering::Relaxed);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.state.store(state, Ordering::Relaxed);
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&self, n: usize) -> usize {
        (self.next() >> 32) as usize % n
    }
}

impl Random for Generator {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        match (self.hello, draw) {
            (Some(byte), Draw::HelloRandom) => out.fill(byte),
            _ => out.chunks_mut(8).for_each(|to| to.copy_from_slice(&self.next().to_le_bytes()[..to.len()])),
        }
        Ok(())
    }
}

/// A server's key, and what a client says to it.
struct Scene {
    world: World,
    suite: &'static Suite,
    hello: Vec<u8>,
    key: RsaPublicKey,
}

fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3], &(fragment.len() as u16).to_be_bytes()[..], fragment].concat()
}

impl Scene {
    fn new() -> Self {
        let (world, suite) = (World::tls12(Kind::Rsa), Suite::by_name("AES128-GCM-SHA256").unwrap());
        let client = Arc::new(world.client().suites(&[suite]).build().unwrap());
        let hello = ClientConnection::new(client, name(), at(1)).unwrap().pending_output().to_vec();
        let PublicKey::Rsa(der) = world.server.public_key(KeyUse::Encrypt) else { panic!("not RSA") };
        // SEQUENCE, INTEGER of 257 bytes with a leading zero, INTEGER 65537
        let (n, e) = (BoxedUint::from_be_slice(&der[9..265], 2048), BoxedUint::from(65_537_u32));
        let key = RsaPublicKey::new(n.unwrap(), e).unwrap();
        Self { world, suite, hello, key }
    }

    fn server(&self, random: Generator, log: Option<Arc<dyn KeyLog>>) -> Arc<ServerConfig> {
        let builder = ServerConfig::tls12_builder_with(self.world.provider, Arc::new(random));
        let builder = builder.identity(self.world.server.clone()).suites(&[self.suite]).sessions(None);
        let builder = log.into_iter().fold(builder, |builder, log| builder.key_log(log));
        Arc::new(builder.build().unwrap())
    }

    /// ClientKeyExchange with `00 02 padding 00 version random`, spoilt by `spoil`, and all that a client says after it.
    fn second_flight(&self, random: &Generator, spoil: Spoil) -> Vec<u8> {
        let mut block = [0; SIZE];
        block[2..].fill_with(|| random.below(255) as u8 + 1);
        (block[1], block[SECRET - 1], block[SECRET], block[SECRET + 1]) = (2, 0, 3, 3);
        spoil(&mut block);
        let number = BoxedUint::from_be_slice(&block, 2048).unwrap();
        let ciphertext = hazmat::rsa_encrypt(&self.key, &number).unwrap().to_be_bytes();
        let exchange = [&[16, 0, 1, 2, 1, 0], &ciphertext[..]].concat();
        // Explicit nonce, message, tag.
        let finished = [7; 8 + 16 + 16];
        [record(22, &exchange), record(20, &[1]), record(22, &finished)].concat()
    }

    /// A server that has said ServerHelloDone.
    fn half_open(&self, config: &Arc<ServerConfig>) -> ServerConnection {
        let mut server = ServerConnection::new(config.clone(), at(1));
        server.receive(&self.hello, at(1)).unwrap();
        server.sent(server.pending_output().len());
        server
    }

    /// Nanoseconds from the arrival of ClientKeyExchange to the alert.
    fn time(&self, config: &Arc<ServerConfig>, flight: &[u8]) -> u32 {
        let mut server = self.half_open(config);
        let start = Instant::now();
        let outcome = server.receive(flight, at(1));
        let time = start.elapsed().as_nanos();
        assert!(outcome.is_err() && server.wants_write());
        time as u32
    }
}

/// The master secret that a server came to.
#[derive(Default)]
struct Logged(Mutex<Vec<u8>>);

impl KeyLog for Logged {
    fn log(&self, _: &str, _: &[u8; 32], secret: &[u8]) {
        *self.0.lock().unwrap() = secret.to_vec();
    }
}

/// R-RSA-2: the classes are what their names say. What stands in a valid ciphertext becomes the secret; for every other the
/// server's own draw does, and all end in the same alert.
#[test]
fn only_a_valid_ciphertext_makes_the_secret() {
    let (scene, random) = (Scene::new(), Generator::new(1));
    for (class, spoil) in CLASSES {
        let flight = scene.second_flight(&random, spoil);
        let secret = |seed| {
            let log = Arc::new(Logged::default());
            let random = Generator { hello: Some(9), ..Generator::new(seed) };
            let mut server = scene.half_open(&scene.server(random, Some(log.clone())));
            server.receive(&flight, at(1)).unwrap_err();
            let alert = server.pending_output().to_vec();
            assert_eq!(alert, record(21, &[2, AlertDescription::BAD_RECORD_MAC.0]), "{class}");
            log.0.lock().unwrap().clone()
        };
        let (one, other) = (secret(2), secret(3));
        assert_eq!((one.len(), one == other), (48, class == "valid"), "{class}");
    }
}

/// What was measured, in nanoseconds.
#[derive(Default)]
struct Times([Vec<u32>; CLASSES.len()]);

impl Times {
    fn count(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    fn least(&self) -> usize {
        self.0.iter().map(Vec::len).min().unwrap_or(0)
    }

    /// Mean, and the square of its standard error, of each class without what is over `limit`.
    fn moments(&self, limit: u32) -> [(f64, f64); CLASSES.len()] {
        self.0.each_ref().map(|class| {
            let kept = || class.iter().filter(|t| **t < limit).map(|t| f64::from(*t));
            let n = kept().count() as f64;
            let mean = kept().sum::<f64>() / n;
            (mean, kept().map(|t| (t - mean).powi(2)).sum::<f64>() / (n - 1.0) / n)
        })
    }

    /// Welch's t of each pair of classes; the slowest tenth of all, where the machine interfered, is left out, and once
    /// more the slowest half, where it had much else to do. The greatest.
    fn report(&self, details: bool) -> f64 {
        let mut all = self.0.concat();
        all.sort_unstable();
        println!("{} of each class, median {} ns", self.least(), all[all.len() / 2]);
        let limits = [(90, all[all.len() * 9 / 10]), (50, all[all.len() / 2])];
        limits.map(|(percent, limit)| self.compare(percent, limit, details)).into_iter().fold(0.0, f64::max)
    }

    fn compare(&self, percent: usize, limit: u32, details: bool) -> f64 {
        let moments = self.moments(limit);
        let mut worst = (0f64, "", "", 0f64);
        for (i, (name, _)) in CLASSES.iter().enumerate() {
            for (j, (other, _)) in CLASSES.iter().enumerate().skip(i + 1) {
                let ((m0, v0), (m1, v1)) = (moments[i], moments[j]);
                let error = (v0 + v1).sqrt();
                let t = (m0 - m1) / error;
                if details {
                    println!("    {name} against {other}: t = {t:.2}; {:.1} ns would show", LIMIT * error);
                }
                if t.abs() >= worst.0 {
                    worst = (t.abs(), name, other, LIMIT * error);
                }
            }
        }
        let (t, one, other, visible) = worst;
        let means = moments.map(|(mean, _)| format!("{:+.0}", mean - moments[0].0)).join(" ");
        println!("  fastest {percent} %: means against the first class's: {means} ns");
        println!(
            "  fastest {percent} %: |t| at most {t:.2}, {one} against {other}; {visible:.1} ns would show"
        );
        t
    }
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |n| n.parse().unwrap())
}

/// R-RSA-2, R-HS-43: the whole of it.
#[test]
#[ignore = "measures"]
fn time_to_an_answer_does_not_depend_on_the_ciphertext() {
    let (runs, threads) = (number("TLCP_DECRYPTIONS", 20_000), number("TLCP_THREADS", 1));
    let scene = Scene::new();
    let times = Mutex::new(Times::default());
    let measure = |seed: u64| {
        let (config, random) =
            (scene.server(Generator::new(seed), None), Generator::new(seed << 40 ^ 0x1f3d_5b79));
        loop {
            let mut some = Times::default();
            // The classes in random order; each ciphertext is seen once, so that none has a place or a time of its own.
            for _ in 0..600 {
                let class = random.below(CLASSES.len());
                some.0[class].push(scene.time(&config, &scene.second_flight(&random, CLASSES[class].1)));
            }
            let mut times = times.lock().unwrap();
            let before = times.least();
            times.0.iter_mut().zip(some.0).for_each(|(all, some)| all.extend(some));
            let now = times.least();
            if before >= runs {
                return;
            }
            if now / 10_000 > before / 10_000 && now < runs {
                times.report(now / 100_000 > before / 100_000);
            }
        }
    };
    std::thread::scope(|scope| {
        for seed in 2..2 + threads as u64 {
            let measure = &measure;
            scope.spawn(move || measure(seed));
        }
    });
    let times = times.into_inner().unwrap();
    println!("{} decryptions", times.count());
    let worst = times.report(true);
    assert!(worst < LIMIT, "t = {worst:.2}");
}
