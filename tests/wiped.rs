//! No secret of SM2 stays behind in memory that was given back: the allocator looks for them in every block that is
//! freed or moved.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(target_pointer_width = "64")]
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use tlcp::crypto::{
    AgreementPeer, Draw, MasterSeed, PrivateKey, Provider, Random, Shared, SignatureAlgorithm,
    StartedAgreement, default_provider,
};
use tlcp::error::CryptoError;
use tlcp::suite::HashAlgorithm;

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
    let one = key.start_agreement(None, &random).unwrap();
    let initiator = of(&*key, &*one);
    let two = peer.start_agreement(Some(&initiator), &random).unwrap();
    let shared = (one.finish(&of(&*peer, &*two), &seed), two.finish(&initiator, &seed));
    assert!(matches!(shared, (Ok(Shared::PreMaster(_)), Ok(Shared::PreMaster(_)))));
}

/// One test alone in this program: others would free memory meanwhile.
#[test]
fn freed_memory_holds_no_private_key_nonce_or_message() {
    assert_eq!(found_by(|| drop(black_box(vec![KEY; RUN - 1]))), 0);
    assert_eq!(found_by(|| drop(black_box(vec![KEY; RUN]))), 1, "the search finds");
    assert_eq!(found_by(|| use_a_key(&default_provider())), 0);
}
