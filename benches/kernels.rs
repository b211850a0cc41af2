//! The native provider's symmetric kernels against the portable provider's, side by side in one run.
//! `cargo bench --bench kernels`
#![allow(missing_docs, clippy::unwrap_used)]
use std::hint::black_box;
use std::time::{Duration, Instant};
use tlcp::crypto::{CbcHmac, CbcLane, Digest, MacLane, Provider, native, portable};
use tlcp::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};

const KEY: [u8; 16] = *b"sixteen byte key";
const MAC_KEY: [u8; 32] = *b"thirty-two bytes of a MAC key...";
const NONCE: [u8; 12] = *b"twelve bytes";
const HEADER: [u8; 13] = *b"thirteen byte";
/// Content of a full record, in bytes.
const RECORD: usize = 16384;
/// A record's IV, MAC and least padding.
const OVERHEAD: usize = 16 + 32 + 16;

/// What is measured: a name, the bytes of one call (0: only the time counts), and how to make the call.
type Case = (&'static str, usize, fn(&Provider) -> Box<dyn FnMut()>);

const CASES: &[Case] = &[
    ("SM3, 16 KiB", RECORD, sm3::<RECORD>),
    ("SM3, 64 B", 64, sm3::<64>),
    ("PRF, key block of 128 B", 0, prf),
    ("SM4-GCM key set-up", 0, gcm_key),
    ("SM4-GCM seal, 64 B", 64, seal::<64>),
    ("SM4-GCM seal, 1350 B", 1350, seal::<1350>),
    ("SM4-GCM seal, 16 KiB", RECORD, seal::<RECORD>),
    ("SM4-GCM open, 64 B", 64, open::<64>),
    ("SM4-GCM open, 1350 B", 1350, open::<1350>),
    ("SM4-GCM open, 16 KiB", RECORD, open::<RECORD>),
    ("SM4-CBC encrypt, 16 KiB", RECORD, cbc_encrypt),
    ("SM4-CBC decrypt, 16 KiB", RECORD, cbc_decrypt),
    ("CBC records of 1 MiB, seal, 8 at a time", 1 << 20, cbc_seal::<8>),
    ("CBC records of 1 MiB, seal, 64 at a time", 1 << 20, cbc_seal::<64>),
    ("CBC records of 1 MiB, open", 1 << 20, cbc_open),
];

fn sm3<const N: usize>(provider: &Provider) -> Box<dyn FnMut()> {
    let (hashes, data) = (provider.hashes, vec![7; N]);
    Box::new(move || {
        black_box(hashes.digest(HashAlgorithm::Sm3, &[&data]));
    })
}

fn prf(provider: &Provider) -> Box<dyn FnMut()> {
    let (hashes, mut out) = (provider.hashes, [0; 128]);
    Box::new(move || {
        hashes.prf(HashAlgorithm::Sm3, &[1; 48], b"key expansion", &[&[2; 32], &[3; 32]], &mut out);
        black_box(&out);
    })
}

fn gcm_key(provider: &Provider) -> Box<dyn FnMut()> {
    let ciphers = provider.ciphers;
    Box::new(move || drop(black_box(ciphers.aead(AeadAlgorithm::Sm4Gcm, &KEY))))
}

fn seal<const N: usize>(provider: &Provider) -> Box<dyn FnMut()> {
    let (aead, mut data) = (provider.ciphers.aead(AeadAlgorithm::Sm4Gcm, &KEY).unwrap(), vec![7; N]);
    Box::new(move || {
        black_box(aead.seal(&NONCE, &HEADER, &mut data));
    })
}

fn open<const N: usize>(provider: &Provider) -> Box<dyn FnMut()> {
    let aead = provider.ciphers.aead(AeadAlgorithm::Sm4Gcm, &KEY).unwrap();
    let mut sealed = vec![7; N];
    let tag = aead.seal(&NONCE, &HEADER, &mut sealed);
    let mut data = sealed.clone();
    Box::new(move || {
        data.copy_from_slice(&sealed);
        aead.open(&NONCE, &HEADER, &mut data, &tag).unwrap();
        black_box(&data);
    })
}

fn cbc(provider: &Provider) -> Box<dyn CbcHmac> {
    provider.ciphers.cbc_hmac(CbcAlgorithm::Sm4, MacAlgorithm::Sm3, &KEY, &MAC_KEY).unwrap()
}

fn cbc_encrypt(provider: &Provider) -> Box<dyn FnMut()> {
    let (cbc, mut data) = (cbc(provider), vec![7; RECORD]);
    Box::new(move || cbc.encrypt_lanes(&mut [CbcLane { iv: KEY, in_out: &mut data }]))
}

fn cbc_decrypt(provider: &Provider) -> Box<dyn FnMut()> {
    let (cbc, mut data) = (cbc(provider), vec![7; RECORD]);
    Box::new(move || cbc.decrypt(&KEY, &mut data))
}

/// MACs and encryption of all records of a write, `AT_ONCE` side by side.
fn cbc_seal<const AT_ONCE: usize>(provider: &Provider) -> Box<dyn FnMut()> {
    let (cbc, text) = (cbc(provider), vec![7; 1 << 20]);
    let mut records = vec![0; (RECORD + OVERHEAD) * 64];
    Box::new(move || {
        let texts = text.chunks(RECORD * AT_ONCE);
        for (text, records) in texts.zip(records.chunks_mut((RECORD + OVERHEAD) * AT_ONCE)) {
            let mut macs: Vec<MacLane<'_>> = text
                .chunks(RECORD)
                .map(|data| MacLane { header: HEADER, data, mac: Digest::new(&[]) })
                .collect();
            cbc.mac_lanes(&mut macs);
            let mut lanes = Vec::new();
            for (record, mac) in records.chunks_mut(RECORD + OVERHEAD).zip(&macs) {
                let body = &mut record[16..];
                body[..RECORD].copy_from_slice(mac.data);
                body[RECORD..RECORD + 32].copy_from_slice(mac.mac.as_ref());
                body[RECORD + 32..].fill(15);
                lanes.push(CbcLane { iv: KEY, in_out: body });
            }
            cbc.encrypt_lanes(&mut lanes);
        }
        black_box(&records);
    })
}

/// Decryption, and the MAC in constant time, of one record after the other.
fn cbc_open(provider: &Provider) -> Box<dyn FnMut()> {
    let (cbc, mut record) = (cbc(provider), vec![7; RECORD + OVERHEAD - 16]);
    Box::new(move || {
        for _ in 0..64 {
            cbc.decrypt(&KEY, &mut record);
            let most = record.len() - 33;
            black_box(cbc.mac_secret_length(&HEADER, &record[..most], RECORD, most - 255));
        }
    })
}

/// Nanoseconds of one call of each: both in turn, in short batches, the least of each. The machine may be shared, and
/// what disturbs one then disturbs the other.
fn least(calls: [&mut dyn FnMut(); 2]) -> [f64; 2] {
    let mut best = [f64::MAX; 2];
    let mut batches = [1u32; 2];
    let end = Instant::now() + Duration::from_secs(2);
    let mut calls = calls.into_iter().collect::<Vec<_>>();
    while Instant::now() < end {
        for ((call, best), batch) in calls.iter_mut().zip(&mut best).zip(&mut batches) {
            let start = Instant::now();
            for _ in 0..*batch {
                call();
            }
            let elapsed = start.elapsed();
            if elapsed < Duration::from_micros(20) {
                *batch *= 2;
            } else {
                *best = best.min(elapsed.as_secs_f64() * 1e9 / f64::from(*batch));
            }
        }
    }
    best
}

fn main() {
    println!("| | portable | native | ratio |\n|---|---|---|---|");
    let filter = std::env::args().skip(1).find(|a| !a.starts_with("--"));
    for (name, bytes, make) in CASES {
        if filter.as_ref().is_some_and(|f| !name.contains(f.as_str())) {
            continue;
        }
        let (mut portable, mut native) = (make(&portable::provider()), make(&native::provider()));
        let [portable, native] = least([&mut *portable, &mut *native]);
        let show = |ns: f64| match bytes {
            0..256 => format!("{ns:.0} ns"),
            _ => format!("{ns:.0} ns, {:.0} MB/s", *bytes as f64 * 1e3 / ns),
        };
        println!("| {name} | {} | {} | {:.1} |", show(portable), show(native), portable / native);
    }
}
