//! Nothing secret shows in a branch, an address, or the time, of the symmetric kernels.
//!
//! The first test says nothing unless it runs under valgrind, on optimized code:
//! `cargo test --release --lib --no-run`, then `valgrind <that test binary> symmetric::constant_time`.
//! Valgrind knows the instructions of the two lower levels and says so by its `cpuid`.
//! The second measures, at every level: `cargo test --release --lib -- --ignored symmetric_time`.
#[cfg(all(feature = "std", target_os = "linux", target_arch = "x86_64"))]
mod single_step;
#[cfg(feature = "tls12")]
mod tls12;

use super::cbc::Cbc;
use super::gcm::Gcm;
use super::hmac::HmacKey;
use super::kernels::Level;
use crate::crypto::native::memory_checker::{errors, mark_defined, mark_undefined, running};
use crate::crypto::native::t_test::t_value;
use crate::crypto::{CbcHmac, CbcLane, Digest, MacLane, portable};
use crate::suite::{AeadAlgorithm, CbcAlgorithm, MacAlgorithm};
use alloc::vec::Vec;
use cbc::cipher::{BlockCipherDecrypt, KeyInit};
use core::hint::black_box;
use std::time::Instant;

const NONCE: [u8; 12] = *b"twelve bytes";
const HEADER: [u8; 13] = *b"thirteen byte";

/// Bytes that the memory checker takes for unknown.
fn secret<const N: usize>() -> [u8; N] {
    let bytes = [0x5a; N];
    mark_undefined(&bytes);
    bytes
}

/// The check itself works: SM4 with a table is seen to read addresses that depend on the key.
fn the_check_sees_a_secret_index() {
    let before = errors();
    let table = sm4::Sm4::new(&secret().into());
    table.decrypt_block(&mut [0; 16].into());
    assert_eq!(errors() > before, running());
}

fn check_sm4_gcm(level: Level) {
    let gcm = Gcm::new(level, &secret());
    for length in [0, 5, 64, 300, 1400] {
        let mut data = secret::<1400>();
        let tag = gcm.seal(&NONCE, &HEADER, &mut data[..length]);
        mark_defined(&tag);
        mark_defined(&data);
        // Whether the record is authentic is public at last.
        assert!(gcm.open(&NONCE, &HEADER, &mut data[..length], &tag).is_ok());
        assert!(gcm.open(&NONCE, &HEADER, &mut data[..length], &[0; 16]).is_err());
    }
}

/// The same of the portable provider, which runs where no level does.
fn check_portable_sm4() {
    let ciphers = portable::provider().ciphers;
    let gcm = ciphers.aead(AeadAlgorithm::Sm4Gcm, &secret::<16>()).unwrap();
    // Opening is the same work, but whether the tag is right becomes public inside a crate that cannot say so here.
    black_box(gcm.seal(&NONCE, &HEADER, &mut secret::<300>()));
    check_cbc(
        &*ciphers.cbc_hmac(CbcAlgorithm::Sm4, MacAlgorithm::Sm3, &secret::<16>(), &secret::<32>()).unwrap(),
    );
}

fn check_sm4_cbc(level: Level) {
    check_cbc(&Cbc::new(level, &secret(), &secret::<32>()));
}

fn check_cbc(cbc: &dyn CbcHmac) {
    for count in [1, 8] {
        let texts = [secret::<320>(); 8];
        let mut macs: Vec<MacLane<'_>> = texts[..count]
            .iter()
            .map(|data| MacLane { header: HEADER, data, mac: Digest::new(&[]) })
            .collect();
        cbc.mac_lanes(&mut macs);
        let mut records = texts;
        let mut lanes: Vec<CbcLane<'_>> =
            records[..count].iter_mut().map(|r| CbcLane { iv: [1; 16], in_out: r }).collect();
        cbc.encrypt_lanes(&mut lanes);
        records[..count].iter_mut().for_each(|record| cbc.decrypt(&[1; 16], record));
    }
}

/// R-REC-35 steps 2 to 4
fn check_secret_length(level: Level) {
    let cbc = Cbc::new(level, &secret(), &secret::<32>());
    let data = secret::<607>();
    for length in [352usize, 400, 607] {
        mark_undefined(&length);
        let header = secret();
        black_box(cbc.mac_secret_length(&header, &data, length, 352));
    }
}

fn check_hmac_and_prf(level: Level) {
    let key = HmacKey::new(level, &secret::<48>());
    let mut out = [0; 100];
    key.expand(b"label", &[&secret::<77>()], &mut out);
    black_box(HmacKey::new(level, &secret::<80>()).mac(&[&secret::<200>()]));
}

/// R-REC-35 steps 2 to 4 among them.
#[test]
fn no_branch_or_address_depends_on_a_secret() {
    the_check_sees_a_secret_index();
    let before = errors();
    check_portable_sm4();
    assert_eq!(errors(), before, "the portable provider");
    for level in Level::all() {
        let checks: [fn(Level); 4] = [check_sm4_gcm, check_sm4_cbc, check_secret_length, check_hmac_and_prf];
        for (index, check) in checks.into_iter().enumerate() {
            let before = errors();
            check(level);
            assert_eq!(errors(), before, "check {index} at {level:?}");
        }
    }
}

/// For a tracer, which sees the system call that marks where the work on one secret begins, and where it ends: between
/// them the way through the code is the same for every secret, but for the first two. `.ci/emulated.sh` traces it.
#[cfg(unix)]
#[test]
#[ignore = "for a tracer"]
fn traced_work_on_secrets() {
    let mark = || black_box(std::os::unix::process::parent_id());
    // What depends on a secret is seen.
    for secret in black_box([1, 2]) {
        mark();
        (0..secret).for_each(|i| {
            black_box(i);
        });
        mark();
    }
    let level = Level::best().unwrap();
    for round in 0..10u64 {
        // The first rounds find out what is found out once.
        let secret: [u8; 416] = bytes(round < 3, round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        if round >= 2 {
            mark();
        }
        let gcm = Gcm::new(level, secret.first_chunk().unwrap());
        let mut data: [u8; 300] = *secret.last_chunk().unwrap();
        let tag = gcm.seal(&NONCE, &HEADER, &mut data);
        black_box(gcm.open(&NONCE, &HEADER, &mut data, &tag).is_ok());
        let cbc = Cbc::new(level, secret.first_chunk().unwrap(), &secret[16..48]);
        check_cbc(&cbc);
        let length = 160 + usize::from(secret[0]);
        black_box(cbc.mac_secret_length(&HEADER, &secret, length, 160));
        let key = HmacKey::new(level, &secret[48..96]);
        let mut out = [0; 100];
        key.expand(b"label", &[&secret[96..173]], &mut out);
        black_box(out);
        if round >= 2 {
            mark();
        }
    }
}

/// Times `run` on a fixed secret (true) and on other ones (false), in random order.
fn compare<T>(name: &str, make: impl Fn(bool, u64) -> T, run: impl Fn(&T)) {
    let mut state = 0x1234_5678_9abc_def1u64;
    let mut classes = [Vec::new(), Vec::new()];
    for _ in 0..60_000 {
        // xorshift
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let fixed = state >> 40 & 1 == 1;
        let input = make(fixed, state);
        let start = Instant::now();
        run(black_box(&input));
        classes[usize::from(fixed)].push(start.elapsed().as_nanos() as f64);
    }
    let t = t_value(&mut classes);
    std::println!("{name}: t = {t:.2}");
    assert!(t.abs() < 10.0, "{name}: t = {t}");
}

/// Always the same bytes, or bytes from `seed`.
fn bytes<const N: usize>(fixed: bool, seed: u64) -> [u8; N] {
    let seed = if fixed { 0x0123_4567_89ab_cdef } else { seed };
    core::array::from_fn(|i| (seed.wrapping_mul(2 * i as u64 + 0x9e37_79b9_7f4a_7c15) >> 56) as u8)
}

#[test]
#[ignore = "measures"]
fn symmetric_time_does_not_depend_on_secrets() {
    for level in Level::all() {
        compare(&alloc::format!("{level:?}: key and data of SM4-GCM"), bytes::<316>, |secret| {
            let gcm = Gcm::new(level, secret.first_chunk().unwrap());
            let mut data: [u8; 300] = *secret.last_chunk().unwrap();
            black_box(gcm.seal(&NONCE, &HEADER, &mut data));
        });
        compare(&alloc::format!("{level:?}: keys and data of SM4-CBC"), bytes::<304>, |secret| {
            let cbc = Cbc::new(level, secret.first_chunk().unwrap(), &secret[16..48]);
            let mut data: [u8; 256] = *secret.last_chunk().unwrap();
            cbc.encrypt_lanes(&mut [CbcLane { iv: [1; 16], in_out: &mut data }]);
            cbc.decrypt(&[2; 16], &mut data);
            black_box(data);
        });
        let cbc = Cbc::new(level, &[1; 16], &[2; 32]);
        let data = [3; 607];
        let length = |fixed: bool, seed: u64| if fixed { 352 } else { 352 + (seed >> 32) as usize % 256 };
        compare(&alloc::format!("{level:?}: a secret length"), length, |length| {
            black_box(cbc.mac_secret_length(&HEADER, &data, *length, 352));
        });
    }
}
