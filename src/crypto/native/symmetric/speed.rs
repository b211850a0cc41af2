//! What every level takes, in cycles of the core; `benches/kernels.rs` compares the best one with the portable code.
//! `cargo test --release --lib -- --ignored --nocapture symmetric::speed`
use super::cbc::Cbc;
use super::gcm::Gcm;
use super::hmac::HmacKey;
use super::kernels::Level;
use super::sm3::Sm3;
use super::sm3::lanes::Lane;
use super::sm3::words::START;
use super::sm4::Encryptor;
use crate::crypto::{CbcHmac, CbcLane};
use alloc::vec;
use alloc::vec::Vec;
use core::arch::x86_64::_rdtsc;
use core::hint::black_box;
use std::println;
use std::time::{Duration, Instant};

const RECORD: usize = 16384;

/// Cycles of one call: the least of many. A chain of additions, one cycle each, tells the core's clock from that of
/// the time stamp counter.
fn cycles(mut f: impl FnMut()) -> f64 {
    // SAFETY: x86-64 has the counter.
    let now = || unsafe { _rdtsc() };
    let (mut clock, mut best, mut batch) = (0f64, f64::MAX, 1);
    let end = Instant::now() + Duration::from_millis(200);
    while Instant::now() < end {
        let start = now();
        let mut x = 1u64;
        for _ in 0..2000 {
            // SAFETY: additions.
            unsafe { core::arch::asm!("add {0}, 1", "add {0}, 1", "add {0}, 1", "add {0}, 1", inout(reg) x) };
        }
        black_box(x);
        clock = clock.max(8000.0 / (now() - start) as f64);
        let start = now();
        (0..batch).for_each(|_| f());
        let ticks = now() - start;
        if ticks < 10_000 {
            batch *= 2;
        } else {
            best = best.min(ticks as f64 / f64::from(batch));
        }
    }
    best * clock
}

fn per_byte(bytes: usize, f: impl FnMut()) -> f64 {
    cycles(f) / bytes as f64
}

#[test]
#[ignore = "measures"]
fn sm4() {
    for level in Level::all() {
        let cbc = Cbc::new(level, &[1; 16], &[2; 32]);
        let mut data = vec![7; RECORD];
        let key = cycles(|| drop(black_box(Encryptor::new(level, &[1; 16]))));
        let decrypt = per_byte(RECORD, || cbc.decrypt(&[3; 16], &mut data));
        let encrypt =
            per_byte(RECORD, || cbc.encrypt_lanes(&mut [CbcLane { iv: [3; 16], in_out: &mut data }]));
        println!("{level:?}: key {key:.0}; CBC decryption {decrypt:.3}, encryption {encrypt:.2} a byte");
        for count in [8, 16, 32, 64] {
            let mut texts = vec![vec![7; RECORD + 48]; count];
            let lanes = per_byte(count * (RECORD + 48), || {
                let lane = |text| CbcLane { iv: [3; 16], in_out: text };
                cbc.encrypt_lanes(&mut texts.iter_mut().map(|text| lane(text)).collect::<Vec<_>>());
            });
            println!("    {count} side by side: {lanes:.3} a byte");
        }
    }
}

#[test]
#[ignore = "measures"]
fn gcm() {
    for level in Level::all() {
        println!("{level:?}: key {:.0}", cycles(|| drop(black_box(Gcm::new(level, &[1; 16])))));
        let gcm = Gcm::new(level, &[1; 16]);
        for length in [16, 64, 256, 1350, 4096, RECORD] {
            let mut data = vec![7; length];
            let seal = cycles(|| {
                black_box(gcm.seal(&[2; 12], &[3; 13], &mut data));
            });
            let tag = gcm.seal(&[2; 12], &[3; 13], &mut data);
            let sealed = data.clone();
            let open = cycles(|| {
                data.copy_from_slice(&sealed);
                gcm.open(&[2; 12], &[3; 13], &mut data, &tag).unwrap();
            });
            let a_byte = seal / length as f64;
            println!("    {length} bytes: seal {seal:.0}, {a_byte:.3} a byte; open {open:.0}");
        }
    }
}

#[test]
#[ignore = "measures"]
fn sm3() {
    for level in Level::all() {
        let data = vec![7; RECORD];
        let hash = |data: &[u8]| {
            let mut hash = Sm3::new(level);
            hash.update(data);
            black_box(hash.finish());
        };
        let (long, short) = (per_byte(RECORD, || hash(&data)), cycles(|| hash(&data[..32])));
        println!("{level:?}: {long:.3} a byte; 32 bytes {short:.0}");
        let key = HmacKey::new(level, &[1; 32]);
        let mut out = [0; 128];
        let mac = cycles(|| {
            black_box(key.mac(&[&[3; 32]]));
        });
        let prf = cycles(|| key.expand(b"", &[&[4; 77]], &mut out));
        println!("    HMAC of 32 bytes {mac:.0}; 128 bytes of PRF {prf:.0}");
        for count in [2, 4, 8, 16, 64] {
            let mut words = vec![START; count];
            let lanes = per_byte(RECORD * count, || {
                let lane = |words| Lane { words, blocks: data.as_chunks().0 };
                Lane::compress(level, &mut words.iter_mut().map(lane).collect::<Vec<_>>());
            });
            println!("    {count} side by side: {lanes:.3} a byte");
        }
    }
}
