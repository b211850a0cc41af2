//! How long it takes to look at what an RSA decryption came to tells nothing of it (R-RSA-2); tests/timing.rs measures the
//! whole of a decryption, through a connection.
//!
//! The first test measures, on optimised code: `cargo test --release --lib -- --ignored --nocapture rsa_`. The environment
//! variable `TLCP_DECRYPTIONS` says how much: ten times that of each class. The other says nothing unless it runs under
//! valgrind, on optimised code too.
#![allow(clippy::unwrap_used)]
extern crate std;
use super::*;
use crate::crypto::SECRET_LEN;
use core::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const VERSION: ProtocolVersion = ProtocolVersion::TLS12;

/// Numbers of each class, taken in turn: more than a cache of any one of them could hold.
const POOL: usize = 256;

/// The t that is taken for a difference.
const LIMIT: f64 = 4.5;

/// xorshift: only what it costs must be like real randomness.
struct Generator(AtomicU64);

impl Generator {
    fn next(&self) -> u64 {
        let mut state = self.0.load(Ordering::Relaxed);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.0.store(state, Ordering::Relaxed);
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

impl Random for Generator {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        for chunk in out.chunks_mut(8) {
            let drawn = self.next().to_le_bytes();
            chunk.iter_mut().zip(drawn).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

/// Makes something wrong with a padded pre_master_secret.
type Spoil = fn(&mut [u8]);

const CLASSES: [(&str, Spoil); 6] = [
    ("valid", |_| {}),
    ("wrong type", |block| block[1] = 1),
    ("early zero", |block| block[20] = 0),
    // The separator one place early: 49 bytes behind it.
    ("wrong length", |block| block[block.len() - SECRET_LEN - 2] = 0),
    ("wrong version", |block| block[block.len() - SECRET_LEN + 1] = 1),
    // Numerically short: where the bytes of a number are counted, it shows.
    ("leading zeros", |block| block[..24].fill(0)),
];

/// `00 02 padding 00 version random`, spoilt by `spoil`: as a number.
fn padded(key: &Public, random: &Generator, spoil: Spoil) -> Residue {
    let padding = key.bytes() - SECRET_LEN - 3;
    let mut block = vec![0, 2];
    block.extend_from_slice(&non_zero(padding, random).unwrap());
    block.push(0);
    block.extend_from_slice(&VERSION.0.to_be_bytes());
    block.resize(key.bytes(), 0);
    let tail = block.len() - SECRET_LEN + 2;
    random.fill(Draw::PreMasterSecret, &mut block[tail..]).unwrap();
    spoil(&mut block);
    key.residue(&block).unwrap()
}

/// By how much two classes of timings differ, and the standard error of that: their quotient is Welch's t.
fn welch(classes: [&[f64]; 2]) -> (f64, f64) {
    let [(m0, v0), (m1, v1)] = classes.map(|class| {
        let n = class.len() as f64;
        let mean = class.iter().sum::<f64>() / n;
        (mean, class.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (n - 1.0) / n)
    });
    (m0 - m1, (v0 + v1).sqrt())
}

/// Times `run` on members of each class, in random order, and compares each class with each.
fn compare(runs: usize, key: &Public, mut run: impl FnMut(&Residue, PreMasterSecret) -> PreMasterSecret) {
    let random = Generator(AtomicU64::new(0x1234_5678_9abc_def1));
    let pools =
        CLASSES.map(|(_, spoil)| -> Vec<_> { (0..POOL).map(|_| padded(key, &random, spoil)).collect() });
    let mut times = CLASSES.map(|_| Vec::with_capacity(runs + runs / 8));
    for _ in 0..runs * CLASSES.len() {
        let class = (random.next() >> 32) as usize % CLASSES.len();
        // A fresh copy, so that no class has places of its own in memory.
        let input = black_box(pools[class][random.next() as usize % POOL].clone());
        let substitute = PreMasterSecret::zeroed(SECRET_LEN);
        let start = Instant::now();
        let secret = run(&input, substitute);
        times[class].push(start.elapsed().as_nanos() as f64);
        black_box(secret);
    }
    report(times);
}

/// Leaves out the slowest tenth of all, where the machine interfered.
fn report(mut times: [Vec<f64>; CLASSES.len()]) {
    let mut all = times.concat();
    all.sort_by(f64::total_cmp);
    let limit = all[all.len() * 9 / 10];
    std::println!("{} runs, median {:.0} ns", all.len(), all[all.len() / 2]);
    times.iter_mut().for_each(|class| class.retain(|t| *t < limit));
    let mut worst = 0f64;
    for (i, (name, _)) in CLASSES.iter().enumerate() {
        for (j, (other, _)) in CLASSES.iter().enumerate().skip(i + 1) {
            let (difference, error) = welch([&times[i], &times[j]]);
            let t = difference / error;
            std::println!("{name} against {other}: t = {t:.2}; {:.1} ns would show", LIMIT * error);
            worst = worst.max(t.abs());
        }
    }
    assert!(worst < LIMIT, "t = {worst:.2}");
}

fn key() -> (RsaKey, Public) {
    let key = RsaKey::new(include_bytes!("../../self_test/rsa.key")).unwrap();
    let PublicKey::Rsa(der) = key.public() else { unreachable!() };
    let public = Public::parse(der).unwrap();
    (key, public)
}

fn runs() -> usize {
    std::env::var("TLCP_DECRYPTIONS").map_or(20_000, |n| n.parse().unwrap())
}

/// R-RSA-2, R-HS-43: what is done with the number that comes out, where nothing is blinded any more; being short, it is
/// measured a hundred times more finely.
#[test]
#[ignore = "measures"]
fn rsa_selection_time_does_not_depend_on_secrets() {
    let (_, public) = key();
    compare(10 * runs(), &public, |number, substitute| {
        PreMasterSecret::select_from_block(&public.to_bytes(number), VERSION, substitute)
    });
}

/// R-RSA-2: with everything in the key that is secret unknown to the memory checker, which lives with the native kernels.
#[test]
#[cfg(target_pointer_width = "64")]
fn no_branch_or_address_depends_on_the_private_key() {
    use crate::crypto::native::memory_checker::{errors, mark_undefined, running};
    let (key, public) = key();
    let random = Generator(AtomicU64::new(0xfedc_ba98_7654_3210));
    let ciphertext = public.raise(&padded(&public, &random, |_| {}));
    key.primes.mark(&|number| mark_undefined(number));
    let before = errors();
    let block = public.to_bytes(&key.raise(&ciphertext, &random).unwrap());
    black_box(PreMasterSecret::select_from_block(&block, VERSION, PreMasterSecret::zeroed(SECRET_LEN)));
    assert_eq!(errors(), before);
    // And the checker does know that what came out hangs on the key.
    let table = black_box([0u8; 256]);
    black_box(table[usize::from(block[100])]);
    assert_eq!(errors() > before, running());
}
