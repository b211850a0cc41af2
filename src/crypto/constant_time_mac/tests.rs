#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;
use alloc::vec::Vec;
use core::cell::Cell;
use hmac::{Hmac, KeyInit, Mac};
use sha2::block_api::{compress256, compress512};
use sm3::block_api::Sm3Core;
use sm3::digest::{block_api::UpdateCore, common::hazmat::SerializableState};

std::thread_local!(static COMPRESSIONS: Cell<usize> = const { Cell::new(0) });
fn count(blocks: usize) {
    COMPRESSIONS.with(|c| c.set(c.get() + blocks));
}

struct Sm3;
impl BlockHash for Sm3 {
    type State = Sm3Core;
    const BLOCK: usize = 64;
    const LENGTH_FIELD: usize = 8;
    const OUTPUT: usize = 32;
    fn compress(state: &mut Sm3Core, blocks: &[u8]) {
        count(blocks.len() / 64);
        for block in blocks.as_chunks::<64>().0 {
            state.update_blocks(&[(*block).into()]);
        }
    }
    fn output(state: &Sm3Core, out: &mut [u8; MAX_STATE]) {
        for (to, word) in out.chunks_exact_mut(4).zip(state.serialize()[..32].chunks_exact(4)) {
            to.copy_from_slice(word);
            to.reverse();
        }
    }
}

struct Sha256;
impl BlockHash for Sha256 {
    type State = [u32; 8];
    const BLOCK: usize = 64;
    const LENGTH_FIELD: usize = 8;
    const OUTPUT: usize = 32;
    fn compress(state: &mut [u32; 8], blocks: &[u8]) {
        count(blocks.len() / 64);
        compress256(state, blocks.as_chunks().0);
    }
    fn output(state: &[u32; 8], out: &mut [u8; MAX_STATE]) {
        for (to, word) in out.chunks_exact_mut(4).zip(state) {
            to.copy_from_slice(&word.to_be_bytes());
        }
    }
}

struct Sha384;
impl BlockHash for Sha384 {
    type State = [u64; 8];
    const BLOCK: usize = 128;
    const LENGTH_FIELD: usize = 16;
    const OUTPUT: usize = 48;
    fn compress(state: &mut [u64; 8], blocks: &[u8]) {
        count(blocks.len() / 128);
        compress512(state, blocks.as_chunks().0);
    }
    fn output(state: &[u64; 8], out: &mut [u8; MAX_STATE]) {
        for (to, word) in out.chunks_exact_mut(8).zip(state) {
            to.copy_from_slice(&word.to_be_bytes());
        }
    }
}

const KEY: [u8; 32] = *b"a MAC key of thirty-two bytes...";

fn header(content_len: usize) -> [u8; MAC_HEADER] {
    let [high, low] = (content_len as u16).to_be_bytes();
    [0, 0, 0, 0, 0, 0, 0, 7, 23, 1, 1, high, low]
}
const SHA256_START: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const SHA384_START: [u64; 8] = [
    0xcbbb9d5dc1059ed8,
    0x629a292a367cd507,
    0x9159015a3070dd17,
    0x152fecd8f70e5939,
    0x67332667ffc00b31,
    0x8eb44a8768581511,
    0xdb0c2e0d64f98fa7,
    0x47b5481dbefa4fa4,
];

/// A hash under test: its compression function, its start, and HMAC made by another crate.
trait Case: BlockHash + Sized {
    fn start() -> Self::State;
    fn reference(message: &[u8]) -> Vec<u8>;
    fn keyed(pad: u8) -> Self::State {
        let mut block = [pad; MAX_BLOCK];
        for (byte, key) in block.iter_mut().zip(KEY) {
            *byte ^= key;
        }
        let mut state = Self::start();
        Self::compress(&mut state, &block[..Self::BLOCK]);
        state
    }
    fn mac(data: &[u8], content_len: usize, content_min: usize) -> [u8; MAX_MAC] {
        let (inner, outer) = (Self::keyed(0x36), Self::keyed(0x5c));
        let header = header(content_len);
        hmac_secret_length::<Self>(&inner, &outer, &header, data, content_len, content_min)
    }
}
macro_rules! case {
    ($hash:ident, $start:expr, $reference:ty) => {
        impl Case for $hash {
            fn start() -> Self::State {
                $start
            }
            fn reference(message: &[u8]) -> Vec<u8> {
                let mut mac = Hmac::<$reference>::new_from_slice(&KEY).unwrap();
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            }
        }
    };
}
case!(Sm3, Sm3Core::default(), sm3::Sm3);
case!(Sha256, SHA256_START, sha2::Sha256);
case!(Sha384, SHA384_START, sha2::Sha384);

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + i / 251) as u8).collect()
}

fn every_secret_length_is_right<H: Case>() {
    // With 305 and 369 the least content ends a byte before a block does.
    for public in (0..300).chain([305, 369, 511, 512, 1000]) {
        let data = content(public);
        let least = public.saturating_sub(255);
        for length in (least..=public).step_by(if public % 16 == 3 { 1 } else { 37 }).chain([public]) {
            let message = [&header(length)[..], &data[..length]].concat();
            let found = H::mac(&data, length, least);
            assert_eq!(found[..H::OUTPUT], H::reference(&message), "{length} of {public}");
        }
    }
}

/// R-REC-35 steps 2 to 4
#[test]
fn every_secret_length_gives_the_mac_with_sm3() {
    every_secret_length_is_right::<Sm3>();
}
/// R-REC-35 steps 2 to 4
#[test]
fn every_secret_length_gives_the_mac_with_sha256() {
    every_secret_length_is_right::<Sha256>();
}
/// R-REC-35 steps 2 to 4
#[test]
fn every_secret_length_gives_the_mac_with_sha384() {
    every_secret_length_is_right::<Sha384>();
}

/// R-REC-35 step 2: as many compressions for every secret, one for the outer hash among them.
#[test]
fn hashes_as_many_blocks_for_every_secret_length() {
    for public in [0, 31, 47, 255, 271, 287, 991] {
        let data = content(public);
        let least = public.saturating_sub(255);
        let (inner, outer) = (Sm3::keyed(0x36), Sm3::keyed(0x5c));
        for length in least..=public {
            COMPRESSIONS.with(|c| c.set(0));
            hmac_secret_length::<Sm3>(&inner, &outer, &header(length), &data, length, least);
            assert_eq!(COMPRESSIONS.with(Cell::get), (13 + public + 8 + 64) / 64 + 1, "{length} of {public}");
        }
    }
}

/// What a record's opener does with a length that its padding check refused: any result, no fault.
#[test]
fn a_length_out_of_bounds_is_no_fault() {
    let data = content(300);
    for length in [0, 44, 301, 400, 65535] {
        Sm3::mac(&data, length, 45);
    }
}
