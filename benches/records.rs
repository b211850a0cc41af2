//! Seal and open: bytes per second of content. `write` is what an application hands over at once; records hold at most
//! 16 KiB, so that 1 MiB makes 64 of them.
#![allow(missing_docs, clippy::unwrap_used)]
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::time::{Duration, Instant};
use tlcp::crypto::random::SystemRandom;
use tlcp::crypto::{Provider, TrafficKeys, portable};
use tlcp::record::{Framed, HEADER_LEN, MAX_PLAINTEXT, Opener, Sealer, VersionRule, deframe};
use tlcp::suite::{AeadAlgorithm, CbcAlgorithm, MacAlgorithm, Protection};
use tlcp::wire::{ContentType, ProtocolVersion};

const DATA: ContentType = ContentType::APPLICATION_DATA;
const WRITES: [usize; 4] = [64, 1350, 16 << 10, 1 << 20];
const PROTECTIONS: [(&str, Protection); 2] = [
    ("SM4_GCM", Protection::Aead(AeadAlgorithm::Sm4Gcm)),
    ("SM4_CBC_SM3", Protection::cbc(CbcAlgorithm::Sm4, MacAlgorithm::Sm3)),
];

/// Both ends of one direction, renewed before a key has sealed all that it may.
struct Ends {
    provider: Provider,
    protection: Protection,
    sealer: Sealer,
    opener: Opener,
}

impl Ends {
    fn new(provider: Provider, protection: Protection) -> Self {
        let (mac, key, iv) = protection.key_lengths();
        let (mac, key, iv) = (&[1; 48][..mac], &[2; 32][..key], &[3; 12][..iv]);
        let keys = TrafficKeys::new(ProtocolVersion::TLCP, protection, mac, key, iv).unwrap();
        let opener = Opener::new(&keys, provider.ciphers).unwrap();
        let sealer = Sealer::new(keys, provider.ciphers).unwrap();
        Self { provider, protection, sealer, opener }
    }

    fn seal(&mut self, data: &[u8], out: &mut Vec<u8>) {
        if self.sealer.seal(DATA, data, MAX_PLAINTEXT, &SystemRandom, out).is_err() {
            *self = Self::new(self.provider, self.protection);
            self.sealer.seal(DATA, data, MAX_PLAINTEXT, &SystemRandom, out).unwrap();
        }
    }
}

/// Opens all records in `stream` where they lie.
fn open_all(opener: &mut Opener, mut stream: &mut [u8]) {
    let rule = VersionRule::Exactly(ProtocolVersion::TLCP);
    while let Framed::Record { content_type, length, .. } = deframe(stream, rule, true).unwrap() {
        let (record, rest) = stream.split_at_mut(HEADER_LEN + length);
        opener.open(content_type, &mut record[HEADER_LEN..]).unwrap();
        stream = rest;
    }
}

/// The time to open `iterations` writes: sealed some at a time, off the clock.
fn time_open(ends: &mut Ends, data: &[u8], iterations: u64) -> Duration {
    let at_once = (64 * 1024 / data.len() as u64).max(1);
    let (mut left, mut total, mut stream) = (iterations, Duration::ZERO, Vec::new());
    while left > 0 {
        let now = left.min(at_once);
        stream.clear();
        *ends = Ends::new(ends.provider, ends.protection);
        (0..now).for_each(|_| ends.seal(data, &mut stream));
        let start = Instant::now();
        open_all(&mut ends.opener, &mut stream);
        total += start.elapsed();
        left -= now;
    }
    total
}

fn records(c: &mut Criterion) {
    for provider in [portable::provider()] {
        for (name, protection) in PROTECTIONS {
            let mut group = c.benchmark_group(format!("{}/{name}", provider.name));
            for write in WRITES {
                let data = vec![0x5a; write];
                let mut ends = Ends::new(provider, protection);
                group.throughput(Throughput::Bytes(write as u64));
                let mut out = Vec::new();
                group.bench_function(BenchmarkId::new("seal", write), |b| {
                    b.iter(|| {
                        out.clear();
                        ends.seal(&data, &mut out);
                    });
                });
                group.bench_function(BenchmarkId::new("open", write), |b| {
                    b.iter_custom(|iterations| time_open(&mut ends, &data, iterations));
                });
            }
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(300));
    targets = records
}
criterion_main!(benches);
