//! SM4-CBC with HMAC-SM3: records side by side where they are independent.
use super::hmac::{HmacKey, outer_block};
use super::kernels::Level;
use super::sm3::lanes::Lane;
use super::sm3::words::{BLOCK, OUTPUT, Words};
use super::sm3::{State, pad};
use super::sm4::{Decryptor, Encryptor};
use super::wipe;
use crate::crypto::constant_time_mac::hmac_secret_length;
use crate::crypto::{CbcHmac, CbcLane, Digest, MacLane};

/// Bytes of the MAC input before the content.
const HEADER: usize = 13;
/// Messages whose MACs are computed at once: the most columns that a register has.
const LANES: usize = 16;

/// The keys of one direction.
pub(super) struct Cbc {
    level: Level,
    encryptor: Encryptor,
    decryptor: Decryptor,
    mac: HmacKey,
}

impl Cbc {
    /// Expands the keys.
    pub(super) fn new(level: Level, key: &[u8; 16], mac_key: &[u8]) -> Self {
        let (encryptor, decryptor) = super::sm4::both(level, key);
        Self { level, encryptor, decryptor, mac: HmacKey::new(level, mac_key) }
    }

    /// The MACs of at most [`LANES`] messages: first blocks, the bulk, ends and outer hashes, each side by side.
    fn macs(&self, lanes: &mut [MacLane<'_>]) {
        let mut words = [*self.mac.inner().words(); LANES];
        let mut firsts = [[[0u8; BLOCK]; 1]; LANES];
        let mut ends = [[[0u8; BLOCK]; 2]; LANES];
        let mut counts = [0; LANES];
        for (i, lane) in lanes.iter().enumerate() {
            let (head, rest) = split(lane.data);
            let length = (BLOCK + HEADER + lane.data.len()) as u64;
            let (end, message) = (ends[i].as_flattened_mut(), firsts[i].as_flattened_mut());
            message[..HEADER].copy_from_slice(&lane.header);
            message[HEADER..HEADER + head.len()].copy_from_slice(head);
            let last = match rest {
                Some(rest) => rest.as_chunks::<BLOCK>().1,
                None => &message[..HEADER + head.len()],
            };
            counts[i] = end.first_chunk_mut().map_or(0, |end| pad(last, length, end));
        }
        let bulk = |i: usize| split(lanes[i].data).1;
        self.absorb(&mut words, lanes.len(), |i| bulk(i).map_or(&[], |_| &firsts[i]));
        self.absorb(&mut words, lanes.len(), |i| bulk(i).map_or(&[], |rest| rest.as_chunks().0));
        self.absorb(&mut words, lanes.len(), |i| &ends[i][..counts[i]]);
        let mut outer = [*self.mac.outer().words(); LANES];
        let mut blocks = [[[0u8; BLOCK]; 1]; LANES];
        for (block, words) in blocks.iter_mut().zip(&words) {
            *block = [outer_block(&State::from_words(self.level, *words).bytes())];
        }
        self.absorb(&mut outer, lanes.len(), |i| &blocks[i]);
        for (lane, words) in lanes.iter_mut().zip(&outer) {
            lane.mac = Digest::new(&State::from_words(self.level, *words).bytes());
        }
        for secret in [firsts.as_flattened_mut(), ends.as_flattened_mut(), blocks.as_flattened_mut()] {
            wipe(secret.as_flattened_mut());
        }
    }

    /// Absorbs the blocks of the first `count` messages.
    fn absorb<'a>(
        &self,
        words: &mut [Words; LANES],
        count: usize,
        blocks: impl Fn(usize) -> &'a [[u8; BLOCK]],
    ) {
        let mut index = 0;
        let mut lanes = words.each_mut().map(|words| {
            let blocks = if index < count { blocks(index) } else { &[] };
            index += 1;
            Lane { words, blocks }
        });
        Lane::compress(self.level, &mut lanes[..count]);
    }
}

/// What stands in the first block after the header, and what follows if the first block is full.
fn split(data: &[u8]) -> (&[u8], Option<&[u8]>) {
    match data.split_at_checked(BLOCK - HEADER) {
        Some((head, rest)) => (head, Some(rest)),
        None => (data, None),
    }
}

impl CbcHmac for Cbc {
    fn mac_len(&self) -> usize {
        OUTPUT
    }

    fn mac_lanes(&self, lanes: &mut [MacLane<'_>]) {
        for lanes in lanes.chunks_mut(LANES) {
            match lanes {
                [lane] => lane.mac = Digest::new(&self.mac.mac(&[&lane.header, lane.data])),
                lanes => self.macs(lanes),
            }
        }
    }

    fn encrypt_lanes(&self, lanes: &mut [CbcLane<'_>]) {
        match lanes {
            [lane] => self.encryptor.cbc(&lane.iv, lane.in_out),
            lanes => {
                let mut messages = lanes.iter_mut().map(|lane| (&lane.iv, &mut *lane.in_out));
                self.encryptor.cbc_lanes(&mut messages);
            }
        }
    }

    fn decrypt(&self, iv: &[u8; 16], in_out: &mut [u8]) {
        self.decryptor.cbc(iv, in_out);
    }

    fn mac_secret_length(
        &self,
        header: &[u8; 13],
        data: &[u8],
        content_len: usize,
        content_min: usize,
    ) -> Digest {
        let (inner, outer) = (self.mac.inner(), self.mac.outer());
        let mac = hmac_secret_length::<State>(inner, outer, header, data, content_len, content_min);
        Digest::new(&mac[..OUTPUT])
    }
}

#[cfg(test)]
mod tests;
