//! Records under a block cipher and an HMAC, MAC-then-encrypt (R-REC-19 to R-REC-24):
//! `IV[16] || CBC(content || MAC || padding || padding_length)`; the other order is in [`encrypt_then_mac`].
//!
//! Opening is R-REC-35. Once a fragment is decrypted, how long its padding is must not show before the MAC has been
//! checked: whoever can tell "bad padding" from "bad MAC", by an alert or by time, reads the plaintext (Vaudenay,
//! Lucky Thirteen). So until the one branch in [`open`], padding and content length enter masks only, never a branch,
//! an index or a loop bound.
mod encrypt_then_mac;

use super::{Place, frame::HEADER_LEN, pieces};
use crate::crypto::{CbcHmac, CbcLane, Digest, Draw, MacLane, Random};
use crate::error::Error;
use crate::suite::MacOrder;
use alloc::boxed::Box;
use core::hint::black_box;
use core::ops::Range;
use subtle::{Choice, ConstantTimeEq};

const BLOCK: usize = 16;

/// Records that are sealed side by side: as many as the widest registers take.
pub(super) const LANES: usize = 16;

/// The longest padding, without the byte that says its length.
const MAX_PADDING: usize = 255;

const UNFIT: Error = Error::Misuse("the buffer does not fit the record");

/// The cipher and the HMAC with their keys, in one of the two orders.
pub(super) struct CbcKey {
    cbc: Box<dyn CbcHmac>,
    order: MacOrder,
}

impl CbcKey {
    pub(super) fn new(cbc: Box<dyn CbcHmac>, order: MacOrder) -> Self {
        Self { cbc, order }
    }

    /// Bytes of the record of `content_len` bytes, with its header and the least padding (R-REC-24).
    pub(super) fn record_len(&self, content_len: usize) -> usize {
        match self.order {
            MacOrder::MacThenEncrypt => record_len(content_len, self.cbc.mac_len()),
            MacOrder::EncryptThenMac => encrypt_then_mac::record_len(content_len, self.cbc.mac_len()),
        }
    }

    /// Seals at most [`LANES`] records of at most `max` content bytes; `place` is the first one's. `out` has exactly
    /// their length.
    pub(super) fn seal(
        &self,
        place: Place,
        data: &[u8],
        max: usize,
        random: &dyn Random,
        out: &mut [u8],
    ) -> Result<(), Error> {
        let mut ivs = [[0; BLOCK]; LANES];
        let ivs = ivs.get_mut(..pieces(data, max).count()).ok_or(UNFIT)?;
        random.fill(Draw::RecordIv, ivs.as_flattened_mut())?; // R-REC-19
        match self.order {
            MacOrder::MacThenEncrypt => seal(&*self.cbc, place, data, max, ivs, out),
            MacOrder::EncryptThenMac => encrypt_then_mac::seal(&*self.cbc, place, data, max, ivs, out),
        }
    }

    /// Opens a fragment in place: where the content stands, or nothing if it does not open. Which check failed is not
    /// known to anyone.
    pub(super) fn open(&self, place: Place, fragment: &mut [u8]) -> Option<Range<usize>> {
        match self.order {
            MacOrder::MacThenEncrypt => open(&*self.cbc, place, fragment),
            MacOrder::EncryptThenMac => encrypt_then_mac::open(&*self.cbc, place, fragment),
        }
    }
}

fn record_len(content_len: usize, mac_len: usize) -> usize {
    body_len(content_len, mac_len).saturating_add(HEADER_LEN + BLOCK)
}

/// content || MAC || padding || padding_length: up to the next whole block, with at least the last byte.
fn body_len(content_len: usize, mac_len: usize) -> usize {
    (content_len.saturating_add(mac_len) | (BLOCK - 1)).saturating_add(1)
}

/// Seals as many records as there are IVs.
fn seal(
    cbc: &dyn CbcHmac,
    place: Place,
    data: &[u8],
    max: usize,
    ivs: &[[u8; BLOCK]],
    out: &mut [u8],
) -> Result<(), Error> {
    let mut parts = pieces(data, max).zip(place.number..);
    let mut macs: [MacLane<'_>; LANES] = core::array::from_fn(|_| {
        let (data, number) = parts.next().unwrap_or_default();
        MacLane { header: Place { number, ..place }.pseudo_header(data.len()), data, mac: Digest::new(&[]) }
    });
    let macs = macs.get_mut(..ivs.len()).ok_or(UNFIT)?;
    cbc.mac_lanes(macs);

    let mut rest = out;
    let mut lanes = no_lanes();
    for ((lane, part), iv) in lanes.iter_mut().zip(macs).zip(ivs) {
        let record = rest.split_off_mut(..record_len(part.data.len(), cbc.mac_len())).ok_or(UNFIT)?;
        let fragment = start_record(place, record)?;
        *lane = CbcLane { iv: *iv, in_out: lay_out([part.data, part.mac.as_ref()], iv, fragment)? };
    }
    cbc.encrypt_lanes(lanes.get_mut(..ivs.len()).ok_or(UNFIT)?);
    Ok(())
}

fn no_lanes<'a>() -> [CbcLane<'a>; LANES] {
    core::array::from_fn(|_| CbcLane { iv: [0; BLOCK], in_out: &mut [] })
}

/// Writes the header; the fragment behind it.
fn start_record(place: Place, record: &mut [u8]) -> Result<&mut [u8], Error> {
    let (header, fragment) = record.split_first_chunk_mut().ok_or(UNFIT)?;
    *header = place.header(fragment.len())?;
    Ok(fragment)
}

/// Writes IV, content, what goes with it and padding; all behind the IV is to be encrypted.
fn lay_out<'a>(
    [content, mac]: [&[u8]; 2],
    iv: &[u8; BLOCK],
    fragment: &'a mut [u8],
) -> Result<&'a mut [u8], Error> {
    let (record_iv, body) = fragment.split_first_chunk_mut().ok_or(UNFIT)?;
    *record_iv = *iv;
    let (content_place, rest) = body.split_at_mut_checked(content.len()).ok_or(UNFIT)?;
    content_place.copy_from_slice(content);
    let (mac_place, padding) = rest.split_at_mut_checked(mac.len()).ok_or(UNFIT)?;
    mac_place.copy_from_slice(mac);
    // At most a block of padding: 1 to 16 bytes with its length (R-REC-24).
    padding.fill(padding.len().saturating_sub(1) as u8);
    Ok(body)
}

/// Opens a fragment in place (R-REC-35): where the content stands, or nothing if it does not open. Which check failed
/// is not known to anyone.
pub(super) fn open(cbc: &dyn CbcHmac, place: Place, fragment: &mut [u8]) -> Option<Range<usize>> {
    let mac_len = cbc.mac_len();
    let (iv, plain) = fragment.split_first_chunk_mut::<BLOCK>()?;
    if !plain.len().is_multiple_of(BLOCK) || plain.len() < body_len(0, mac_len) {
        return None; // R-REC-37: anyone can see it
    }
    cbc.decrypt(iv, plain);

    let padding = read_padding(plain, mac_len)?;
    let content_len = padding.content_len;
    let most = plain.len().saturating_sub(mac_len).saturating_sub(1);
    let least = most.saturating_sub(MAX_PADDING);
    let header = place.pseudo_header(content_len);
    let expected = cbc.mac_secret_length(&header, plain.get(..most)?, content_len, least);
    let found = extract_mac(plain.get(least..)?, mac_len, content_len.wrapping_sub(least));
    let good = padding.good & found.get(..mac_len)?.ct_eq(expected.as_ref());
    // The one branch: from here on the length is public (R-REC-35 step 6).
    bool::from(good).then(|| BLOCK..BLOCK.saturating_add(content_len))
}

/// What the end of a decrypted fragment says. Both fields are secret.
struct Padding {
    good: Choice,
    /// As if padding_length were 0 where the padding is bad.
    content_len: usize,
}

/// R-REC-35 step 1: looks at the same bytes whatever they say, and at every padding byte (R-REC-22). `None` if `plain`
/// is too short for a MAC and the length byte, which anyone can see.
fn read_padding(plain: &[u8], mac_len: usize) -> Option<Padding> {
    let (&last, before) = plain.split_last()?;
    let most = before.len().checked_sub(mac_len)?;
    let padding_len = black_box(last);
    let window = before.get(before.len().saturating_sub(MAX_PADDING)..)?;
    let mut wrong = 0;
    for (byte, distance) in window.iter().rev().zip(0u16..) {
        // 0xff where distance < padding_len: both below 256, so that the difference borrows from the high byte.
        let inside = (distance.wrapping_sub(u16::from(padding_len)) >> 8) as u8;
        wrong |= (byte ^ padding_len) & inside;
    }
    let fits = !negative(most as i32, i32::from(padding_len));
    let good = black_box(zero(i32::from(wrong)) & fits);
    let content_len = most.wrapping_sub(usize::from(padding_len & good as u8));
    Some(Padding { good: Choice::from(good as u8 & 1), content_len })
}

/// R-REC-35 step 5: the MAC that stands at the secret place `start` of `tail`, which ends with the fragment. Every
/// place where one may stand is read; the MAC comes together rotated and is then turned back.
fn extract_mac(tail: &[u8], mac_len: usize, start: usize) -> [u8; Digest::MAX] {
    let start = black_box(start as i32);
    let end = mac_len as i32;
    let (mut rotated, mut offset) = ([0; Digest::MAX], 0);
    let places = tail.get(..tail.len().saturating_sub(1)).unwrap_or_default();
    for (window, first) in places.chunks(mac_len.max(1)).zip((0i32..).step_by(mac_len.max(1))) {
        for ((sum, byte), place) in rotated.iter_mut().zip(window).zip(0u8..) {
            let distance = first.wrapping_add(i32::from(place)).wrapping_sub(start);
            *sum |= byte & (!negative(distance, 0) & negative(distance, end)) as u8;
            offset |= place & zero(distance) as u8;
        }
    }
    turn_left(rotated, mac_len, offset)
}

/// Rotates the first `len` bytes left by the secret `by` < `len`: written twice in a row and shifted by each power of
/// two, under the mask of its bit. The mask is hidden from the compiler, which otherwise turns it into a branch.
fn turn_left(bytes: [u8; Digest::MAX], len: usize, by: u8) -> [u8; Digest::MAX] {
    let mut twice = [0; 2 * Digest::MAX];
    for half in twice.chunks_mut(len.max(1)).take(2) {
        half.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    }
    let bits = usize::BITS.saturating_sub(len.saturating_sub(1).leading_zeros());
    for bit in 0..bits {
        let mask = black_box(((by >> (bit & 7)) & 1).wrapping_neg());
        let source = twice;
        for (to, from) in twice.iter_mut().zip(source.iter().skip(1 << bit)) {
            *to ^= (*to ^ from) & mask;
        }
    }
    let mut turned = bytes;
    turned.iter_mut().zip(twice).for_each(|(to, from)| *to = from);
    turned
}

/// -1 if `a < b`, else 0, for differences that fit.
fn negative(a: i32, b: i32) -> i32 {
    a.wrapping_sub(b) >> 31
}

/// -1 if `a` is 0, else 0.
fn zero(a: i32) -> i32 {
    !((a | a.wrapping_neg()) >> 31)
}

#[cfg(test)]
mod tests;
