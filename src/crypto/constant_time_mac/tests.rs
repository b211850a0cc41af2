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
    /// `content || mac || padding` with `padding` bytes of padding before the length byte.
    fn record(content: &[u8], padding: u8) -> Vec<u8> {
        let mut message = header(content.len()).to_vec();
        message.extend_from_slice(content);
        let mut plain = content.to_vec();
        plain.extend(Self::reference(&message));
        plain.extend(core::iter::repeat_n(padding, usize::from(padding) + 1));
        plain
    }
    fn check(plain: &[u8]) -> (bool, usize) {
        let (good, length) = check_record(plain, Self::OUTPUT, Self::mac).unwrap();
        (bool::from(good), length)
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

fn opens_every_length_and_padding<H: Case>() {
    for length in (0..300).chain([511, 512, 1000]) {
        let content = content(length);
        for padding in (0..=255u8).step_by(if length % 16 == 3 { 1 } else { 37 }) {
            let plain = H::record(&content, padding);
            assert_eq!(H::check(&plain), (true, length), "content {length}, padding {padding}");
        }
    }
}

/// R-REC-35
#[test]
fn opens_every_content_length_and_padding_sm3() {
    opens_every_length_and_padding::<Sm3>();
}
/// R-REC-35
#[test]
fn opens_every_content_length_and_padding_sha256() {
    opens_every_length_and_padding::<Sha256>();
}
/// R-REC-35
#[test]
fn opens_every_content_length_and_padding_sha384() {
    opens_every_length_and_padding::<Sha384>();
}

fn refuses_every_flipped_bit<H: Case>() {
    for (length, padding) in [(0, 15u8), (5, 0), (40, 255), (70, 9), (200, 100)] {
        let plain = H::record(&content(length), padding);
        for byte in 0..plain.len() {
            for bit in [0, 3, 7] {
                let mut bad = plain.clone();
                bad[byte] ^= 1 << bit;
                assert!(!H::check(&bad).0, "content {length}, padding {padding}, byte {byte}");
            }
        }
    }
}

/// R-REC-22: content, MAC and all of the padding count.
#[test]
fn refuses_every_flipped_bit_of_a_record() {
    refuses_every_flipped_bit::<Sm3>();
    refuses_every_flipped_bit::<Sha256>();
    refuses_every_flipped_bit::<Sha384>();
}

/// R-REC-35 step 2: as many compressions for every padding, good or bad.
#[test]
fn hashes_as_many_blocks_for_every_padding() {
    for length in [64, 80, 288, 304, 320, 1024] {
        let mut counts = Vec::new();
        for last in 0..=255u8 {
            let mut plain = content(length);
            if usize::from(last) + 33 <= length {
                let start = length - 1 - usize::from(last);
                plain[start..].fill(last);
            } else {
                plain[length - 1] = last;
            }
            COMPRESSIONS.with(|c| c.set(0));
            Sm3::check(&plain);
            counts.push(COMPRESSIONS.with(Cell::get));
        }
        let expected = (13 + length - 33 + 8 + 64) / 64 + 1 + 2;
        assert!(counts.iter().all(|&c| c == expected), "{length}: {counts:?}");
    }
}

#[test]
fn a_record_shorter_than_mac_and_padding_length_is_nothing() {
    for length in 0..33 {
        assert!(check_record(&content(length), 32, Sm3::mac).is_none());
    }
    assert!(check_record(&content(33), 32, Sm3::mac).is_some());
}

#[test]
fn takes_content_as_unpadded_when_the_padding_is_wrong() {
    let mut plain = Sm3::record(&content(100), 20);
    let at = plain.len() - 5;
    plain[at] ^= 1;
    let padding = read_padding(&plain, 32).unwrap();
    assert!(!bool::from(padding.good));
    assert_eq!(padding.content_len, plain.len() - 33);
}
