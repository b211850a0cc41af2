//! What certificates cost a handshake: choosing the peer's pair, and verifying it for the first time and again.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use tlcp::cert::{Expected, PeerClaim, PeerRole, ServerName, Verifier};
use tlcp::crypto::{portable::provider, random::SystemRandom};
use tlcp::message::Credential;
use tlcp::pki::{Options, Pki};

const NOW: u64 = 1_800_000_000;

fn certificates(c: &mut Criterion) {
    let provider = provider();
    let pki = Pki::new(&Options::new(NOW), &provider, &SystemRandom).unwrap();
    let list =
        [&pki.server.sign, &pki.server.encrypt, &pki.intermediate].map(|i| i.certificate.as_slice().into());
    let credential = Arc::new(Credential::Certificates(list.to_vec()));
    let choose = || credential.keys(Expected::Pair, provider.keys).unwrap();
    let role = PeerRole::Server(ServerName::try_from("localhost").unwrap());
    let claim = PeerClaim::new(role, credential.clone(), choose());

    let mut group = c.benchmark_group("certificates");
    group.bench_function("choose the pair", |b| b.iter(|| black_box(choose())));
    group.bench_function("verify, first time (3 signatures)", |b| {
        b.iter_batched(
            || pki.verifier(&provider).unwrap(),
            |verifier| black_box(verifier.verify(&claim, NOW)).unwrap(),
            criterion::BatchSize::SmallInput,
        );
    });
    let verifier = pki.verifier(&provider).unwrap();
    group.bench_function("verify, again", |b| b.iter(|| black_box(verifier.verify(&claim, NOW)).unwrap()));
    let files = pki.files();
    let pile: Vec<&[u8]> =
        files.iter().filter(|(n, _)| n.starts_with("server-")).map(|(_, t)| t.as_bytes()).collect();
    group.bench_function("identity from a pile", |b| {
        b.iter(|| black_box(tlcp::cert::Identity::from_pile(&pile, None, &provider)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, certificates);
criterion_main!(benches);
