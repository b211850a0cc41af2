//! Handshakes in memory: each suite, full and resumed, both ends and each end's share; the PRF; and what a full handshake
//! spends on keys, on hashes, on certificates and on the engine itself.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tlcp::cert::ServerName;
use tlcp::config::{ClientAuth, ClientConfig, ServerConfig};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ServerConnection, Time};
use tlcp::crypto::{Random, default_provider, random::SystemRandom};
use tlcp::pki::{Options, Pki};
use tlcp::session::MemoryStore;
use tlcp::suite::{HashAlgorithm, SUITES, Suite};

#[path = "handshake/timed.rs"]
mod timed;

const NOW: Time = Time { unix: 1_795_219_200, monotonic: Duration::ZERO };

/// How long each end took.
#[derive(Default, Clone, Copy)]
struct Times {
    client: Duration,
    server: Duration,
}

/// Both configurations.
struct Parties {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Parties {
    fn new(suite: &'static Suite, auth: ClientAuth, timed: bool) -> Self {
        let provider = if timed { timed::provider() } else { default_provider() };
        let random: Arc<dyn Random> =
            if timed { Arc::new(timed::TimedRandom) } else { Arc::new(SystemRandom) };
        let pki = Pki::new(&Options::new(NOW.unix), &provider, &SystemRandom).unwrap();
        let verifier = Arc::new(timed::TimedVerifier(pki.verifier(&provider).unwrap()));
        let client = ClientConfig::builder_with(provider, random.clone())
            .sessions(Some(Arc::new(MemoryStore::default())))
            .verifier(verifier.clone())
            .identity(Arc::new(pki.client_identity(&provider).unwrap()))
            .suites(&[suite]);
        let server = ServerConfig::builder_with(provider, random)
            .sessions(Some(Arc::new(MemoryStore::default())))
            .identity(Arc::new(pki.server_identity(&provider).unwrap()))
            .verifier(verifier)
            .client_auth(auth)
            .suites(&[suite]);
        Self { client: Arc::new(client.build().unwrap()), server: Arc::new(server.build().unwrap()) }
    }

    /// One handshake; `tag` names the client's sessions, so that a new one makes it a full one.
    fn handshake(&self, tag: &[u8]) -> (Times, bool) {
        let mut times = Times::default();
        let name = ServerName::try_from("localhost").unwrap();
        let start = Instant::now();
        let client = ClientConnection::with_session_tag(self.client.clone(), name, tag, NOW);
        let mut client = client.unwrap();
        times.client += start.elapsed();
        let start = Instant::now();
        let mut server = ServerConnection::new(self.server.clone(), NOW);
        times.server += start.elapsed();
        while client.is_handshaking() || server.is_handshaking() {
            times.server += take(&mut client, &mut server);
            times.client += take(&mut server, &mut client);
        }
        (times, client.is_resumed())
    }
}

/// The time that `to` takes over what `from` has to say.
fn take<A: Endpoint, B: Endpoint>(from: &mut Connection<A>, to: &mut Connection<B>) -> Duration {
    let start = Instant::now();
    let n = to.receive(from.pending_output(), NOW).unwrap();
    let took = start.elapsed();
    from.sent(n);
    took
}

/// Tags that were never used before.
struct Tags(u64);

impl Tags {
    fn next(&mut self, resumed: bool) -> [u8; 8] {
        self.0 += u64::from(!resumed);
        self.0.to_be_bytes()
    }
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, parties: &Parties, what: &str, resumed: bool) {
    let mut tags = Tags(0);
    parties.handshake(&tags.next(false));
    let mut total = |iterations: u64, share: fn(Times) -> Duration| {
        let mut sum = Duration::ZERO;
        for _ in 0..iterations {
            let (times, was_resumed) = parties.handshake(&tags.next(resumed));
            assert_eq!(was_resumed, resumed);
            sum += share(times);
        }
        sum
    };
    group.bench_function(format!("{what}/both"), |b| b.iter_custom(|n| total(n, |t| t.client + t.server)));
    group.bench_function(format!("{what}/client"), |b| b.iter_custom(|n| total(n, |t| t.client)));
    group.bench_function(format!("{what}/server"), |b| b.iter_custom(|n| total(n, |t| t.server)));
}

fn handshakes(c: &mut Criterion) {
    for suite in SUITES.iter().filter(|suite| suite.by_default) {
        let mut group = c.benchmark_group(suite.id.to_string());
        let parties = Parties::new(suite, ClientAuth::None, false);
        measure(&mut group, &parties, "full", false);
        measure(&mut group, &parties, "resumed", true);
        if !suite.key_exchange.is_mutual() {
            measure(&mut group, &Parties::new(suite, ClientAuth::Require, false), "mutual", false);
        }
    }
}

fn prf(c: &mut Criterion) {
    let (hashes, mut group) = (default_provider().hashes, c.benchmark_group("prf"));
    for (what, length) in [("master_secret", 48), ("key_block", 96), ("verify_data", 12)] {
        let (secret, seed) = ([7; 48], [9; 64]);
        let seed = if length == 12 { &seed[..32] } else { &seed[..] };
        group.bench_function(what, |b| {
            let mut out = vec![0; length];
            b.iter(|| {
                let secret = black_box(&secret[..]);
                hashes.prf(HashAlgorithm::Sm3, secret, b"master secret", &[seed], &mut out);
            });
        });
    }
}

/// Not a measurement of criterion's: shares of times in one run, so that a busy machine matters less.
fn shares(_: &mut Criterion) {
    println!("\na full handshake, both ends, by kind of work: the median of 300");
    for suite in SUITES.iter().filter(|suite| suite.by_default) {
        let parties = Parties::new(suite, ClientAuth::None, true);
        let mut tags = Tags(0);
        let mut runs: Vec<(Duration, timed::Spent)> = (0..300)
            .map(|_| {
                timed::reset();
                let (times, _) = parties.handshake(&tags.next(false));
                (times.client + times.server, timed::spent())
            })
            .collect();
        runs.sort_by_key(|(whole, _)| *whole);
        let (whole, spent) = runs[runs.len() / 2];
        let engine = whole.saturating_sub(spent.keys + spent.hashes + spent.random + spent.verifier);
        let parts = [
            ("keys", spent.keys),
            ("hashes", spent.hashes),
            ("random", spent.random),
            ("certificate paths", spent.verifier),
            ("engine, messages and records", engine),
        ];
        println!("{:<20} {whole:?}", suite.id.to_string());
        for (what, time) in parts {
            println!("    {:>5.1} %  {what} {time:?}", 100.0 * time.as_secs_f64() / whole.as_secs_f64());
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .measurement_time(Duration::from_secs(1))
        .warm_up_time(Duration::from_millis(200));
    targets = shares, prf, handshakes
}
criterion_main!(benches);
