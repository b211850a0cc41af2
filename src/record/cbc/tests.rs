//! R-REC-35 against a plain model. The cipher is left out (decryption changes nothing), so that what is tried is what
//! comes after it; the known answers and recorded streams in `tests/records.rs` have the cipher in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#[cfg(all(feature = "std", target_os = "linux", target_arch = "x86_64"))]
mod single_step;

use super::*;
use crate::crypto::constant_time_mac::{BlockHash, hmac_secret_length};
use crate::crypto::portable;
use crate::suite::HashAlgorithm;
use crate::wire::{ContentType, ProtocolVersion};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use sm3::block_api::Sm3Core;
use sm3::digest::{block_api::UpdateCore, common::hazmat::SerializableState};

const MAC_KEY: [u8; 32] = *b"a MAC key of thirty-two bytes...";
const PLACE: Place =
    Place { number: 7, content_type: ContentType::APPLICATION_DATA, version: ProtocolVersion::TLCP };

std::thread_local!(static COMPRESSIONS: AtomicUsize = const { AtomicUsize::new(0) });

/// SM3 that counts its compressions.
struct CountingSm3;
impl BlockHash for CountingSm3 {
    type State = Sm3Core;
    const BLOCK: usize = 64;
    const LENGTH_FIELD: usize = 8;
    const OUTPUT: usize = 32;
    fn compress(state: &mut Sm3Core, blocks: &[u8]) {
        for block in blocks.as_chunks::<64>().0 {
            COMPRESSIONS.with(|c| c.fetch_add(1, Ordering::Relaxed));
            state.update_blocks(&[(*block).into()]);
        }
    }
    fn output(state: &Sm3Core, out: &mut [u8; 64]) {
        for (to, word) in out.chunks_exact_mut(4).zip(state.serialize()[..32].chunks_exact(4)) {
            to.copy_from_slice(word);
            to.reverse(); // the state is serialised little-endian
        }
    }
}

/// HMAC-SM3, and a cipher that does nothing.
struct MacOnly {
    inner: Sm3Core,
    outer: Sm3Core,
}

impl MacOnly {
    fn new() -> Self {
        let keyed = |pad: u8| {
            let mut block = [pad; 64];
            block.iter_mut().zip(MAC_KEY).for_each(|(b, k)| *b ^= k);
            let mut state = Sm3Core::default();
            state.update_blocks(&[block.into()]);
            state
        };
        Self { inner: keyed(0x36), outer: keyed(0x5c) }
    }
}

impl CbcHmac for MacOnly {
    fn mac_len(&self) -> usize {
        32
    }
    fn mac_lanes(&self, lanes: &mut [MacLane<'_>]) {
        for lane in lanes {
            lane.mac = Digest::new(&mac(lane.header, lane.data));
        }
    }
    fn encrypt_lanes(&self, _: &mut [CbcLane<'_>]) {}
    fn decrypt(&self, _: &[u8; 16], _: &mut [u8]) {}
    fn mac_secret_length(&self, header: &[u8; 13], data: &[u8], content_len: usize, least: usize) -> Digest {
        assert!(least <= content_len && content_len <= data.len(), "the seam's contract");
        assert_eq!(least, data.len().saturating_sub(255), "a function of the length alone");
        let (inner, outer) = (&self.inner, &self.outer);
        let mac = hmac_secret_length::<CountingSm3>(inner, outer, header, data, content_len, least);
        Digest::new(&mac[..32])
    }
}

/// HMAC-SM3 by the library's other door.
fn mac(header: [u8; 13], content: &[u8]) -> Vec<u8> {
    portable::provider().hashes.hmac(HashAlgorithm::Sm3, &MAC_KEY, &[&header, content]).as_ref().to_vec()
}

/// What R-REC-35 must come to, with branches wherever they help.
fn model(plain: &[u8]) -> Option<Vec<u8>> {
    let (padding_len, rest) = plain.split_last()?;
    let (rest, padding) = rest.split_at_checked(rest.len().checked_sub(usize::from(*padding_len))?)?;
    let (content, found) = rest.split_last_chunk::<32>()?;
    let good = padding.iter().all(|p| p == padding_len)
        && plain.len().is_multiple_of(16)
        && mac(PLACE.pseudo_header(content.len()), content) == found;
    good.then(|| content.to_vec())
}

/// content || MAC || padding || padding_length
fn plain(content: &[u8], padding_len: u8) -> Vec<u8> {
    let mut out = [content, &mac(PLACE.pseudo_header(content.len()), content)].concat();
    out.extend(core::iter::repeat_n(padding_len, usize::from(padding_len) + 1));
    out
}

fn paddings(content_len: usize) -> impl Iterator<Item = u8> {
    (0..=255u8).filter(move |p| (content_len + 32 + usize::from(*p) + 1).is_multiple_of(16))
}

/// Opens records and keeps count of the compressions by their length.
struct Sweep {
    cbc: MacOnly,
    compressions: BTreeMap<usize, BTreeSet<usize>>,
    opened: usize,
    refused: usize,
}

impl Sweep {
    fn new() -> Self {
        Self { cbc: MacOnly::new(), compressions: BTreeMap::new(), opened: 0, refused: 0 }
    }

    fn check(&mut self, plain: &[u8]) {
        let mut fragment = [&[0; 16], plain].concat();
        COMPRESSIONS.with(|c| c.store(0, Ordering::Relaxed));
        let found = open(&self.cbc, PLACE, &mut fragment).map(|content| fragment[content].to_vec());
        let compressions = COMPRESSIONS.with(|c| c.load(Ordering::Relaxed));
        assert_eq!(found, model(plain), "{plain:02x?}");
        self.compressions.entry(plain.len()).or_default().insert(compressions);
        *(if found.is_some() { &mut self.opened } else { &mut self.refused }) += 1;
    }

    /// R-REC-35 step 4: K + 1 compressions, a function of the length.
    fn finish(self) -> (usize, usize) {
        for (length, seen) in self.compressions {
            let most = length - 32 - 1;
            let blocks = (13 + most + 8 + 64) / 64;
            assert_eq!(seen.into_iter().collect::<Vec<_>>(), [blocks + 1], "for {length} bytes");
        }
        (self.opened, self.refused)
    }
}

/// Some bytes that look random.
fn noise(length: usize, seed: usize) -> Vec<u8> {
    let mut state = seed as u64 + 1;
    let step = |_| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 56) as u8
    };
    (0..length).map(step).collect()
}

/// R-REC-35, R-REC-22
#[test]
fn opens_every_content_length_with_every_padding() {
    let mut sweep = Sweep::new();
    for length in 0..=400 {
        for padding_len in paddings(length) {
            sweep.check(&plain(&noise(length, length), padding_len));
        }
    }
    assert_eq!(sweep.finish(), (401 * 16, 0));
}

/// R-REC-35, R-REC-22
#[test]
fn refuses_corrupted_padding_mac_length_and_random_bytes_in_the_same_time() {
    let mut sweep = Sweep::new();
    for length in 0..=400usize {
        let padding_len = paddings(length).nth(length % 16).unwrap();
        let good = plain(&noise(length, length), padding_len);
        let last = good.len() - 1;
        let mut corrupt = |at: usize, bits: u8| {
            let mut bad = good.clone();
            bad[at] ^= bits;
            sweep.check(&bad);
        };
        corrupt(last, 1 << (length % 8)); // the length byte
        corrupt(last, 0xff);
        corrupt(length + length % 32, 1 << (length % 8)); // the MAC
        if padding_len > 0 {
            corrupt(length + 32, 0x80); // the first and the last byte of the padding
            corrupt(last - 1, 1);
        }
        if length > 0 {
            corrupt(length / 2, 4);
        }
        sweep.check(&noise(good.len(), length + 1000));
    }
    let (opened, refused) = sweep.finish();
    assert!(refused > 2700 && opened == 0, "{opened} opened, {refused} refused");
}

/// R-REC-22
#[test]
fn checks_every_byte_of_the_longest_padding() {
    let mut sweep = Sweep::new();
    let good = plain(&noise(32, 1), 255);
    sweep.check(&good);
    for at in 64..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        sweep.check(&bad);
    }
    assert_eq!(sweep.finish(), (1, 256));
}

/// R-REC-35 step 6: bad padding is computed as if it were none, and then the MAC may well be right.
#[test]
fn refuses_a_right_mac_before_a_bad_padding_length() {
    let mut sweep = Sweep::new();
    for last in 1..=255 {
        let mut bad = plain(&noise(15, 1), 0);
        bad[47] = last;
        sweep.check(&bad);
    }
    assert_eq!(sweep.finish(), (0, 255));
}

/// R-REC-22: padding longer than the record, and as long as can be.
#[test]
fn refuses_a_padding_length_that_leaves_no_room_for_the_mac() {
    let mut sweep = Sweep::new();
    for blocks in 3..20 {
        for byte in 0..=255 {
            sweep.check(&alloc::vec![byte; blocks * 16]);
        }
    }
    assert_eq!(sweep.finish(), (0, 17 * 256));
}

/// R-REC-37, R-REC-21
#[test]
fn refuses_a_fragment_too_short_or_not_whole_blocks_without_looking() {
    for length in (0..64).chain([65, 79, 81, 95]) {
        COMPRESSIONS.with(|c| c.store(0, Ordering::Relaxed));
        assert_eq!(open(&MacOnly::new(), PLACE, &mut alloc::vec![0; length]), None, "{length}");
        assert_eq!(COMPRESSIONS.with(|c| c.load(Ordering::Relaxed)), 0);
    }
    let mut least = [&[0; 16][..], &plain(&[], 15)].concat();
    assert_eq!(least.len(), 64);
    assert_eq!(open(&MacOnly::new(), PLACE, &mut least), Some(16..16));
}

/// R-REC-20: sequence number, type, version and length are under the MAC.
#[test]
fn refuses_a_record_in_another_place() {
    let fragment = [&[0; 16][..], &plain(b"content", paddings(7).next().unwrap())].concat();
    let cbc = MacOnly::new();
    for place in [
        Place { number: 8, ..PLACE },
        Place { content_type: ContentType::HANDSHAKE, ..PLACE },
        Place { version: ProtocolVersion::TLS12, ..PLACE },
    ] {
        assert_eq!(open(&cbc, place, &mut fragment.clone()), None);
    }
    assert_eq!(open(&cbc, PLACE, &mut fragment.clone()), Some(16..23));
}

/// R-REC-24
#[test]
fn pads_to_the_next_block_and_no_further() {
    for length in 0..100 {
        let whole = record_len(length, 32);
        let padding = whole - (5 + 16 + length + 32);
        assert!((1..=16).contains(&padding) && (whole - 5).is_multiple_of(16), "{length}");
    }
}

/// R-REC-35 step 5, also for MACs whose length is no power of two.
#[test]
fn extracts_the_mac_from_every_place() {
    for mac_len in [20, 32, 48] {
        for tail_len in [mac_len + 1, mac_len + 100, mac_len + 256] {
            let tail = noise(tail_len, mac_len);
            for start in 0..tail_len - mac_len {
                let found = extract_mac(&tail, mac_len, start);
                assert_eq!(found[..mac_len], tail[start..start + mac_len], "{mac_len} {tail_len} {start}");
            }
        }
    }
}
