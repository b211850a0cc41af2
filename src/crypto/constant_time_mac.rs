//! MAC-then-encrypt records opened in constant time (R-REC-35).
//!
//! After CBC decryption a record is `content || mac || padding || padding_length`. Where the
//! content ends is secret until the MAC has been checked: whoever could measure it would have a
//! padding oracle (Lucky Thirteen). So everything here takes a time, and touches addresses, that
//! depend on the record's public length alone:
//!
//! 1. [`read_padding`] looks at the same bytes for every padding;
//! 2. [`hmac_secret_length`] hashes the same number of blocks for every content length;
//! 3. [`extract_mac`] reads every place where the MAC may lie;
//! 4. [`check_record`] joins the three; its caller branches once, on the final [`Choice`].
//!
//! It is generic over the hash's compression function, so that all providers share it.
use subtle::{Choice, ConstantTimeEq};

/// Bytes of the MAC input before the content: sequence number, type, version, length.
pub(crate) const MAC_HEADER: usize = 13;
/// The longest MAC (SHA-384), and the longest block and chaining value (SHA-384's too).
pub(crate) const MAX_MAC: usize = 48;
const MAX_BLOCK: usize = 128;
const MAX_STATE: usize = 64;
/// The longest padding, with its length byte.
const MAX_PADDING: usize = 256;

/// A Merkle–Damgård hash as its compression function.
pub(crate) trait BlockHash {
    /// The chaining value.
    type State: Clone;
    /// Bytes in a block.
    const BLOCK: usize;
    /// Bytes of the length that ends the last block.
    const LENGTH_FIELD: usize;
    /// Bytes of the digest.
    const OUTPUT: usize;
    /// Absorbs `blocks`, a whole number of blocks.
    fn compress(state: &mut Self::State, blocks: &[u8]);
    /// Writes the chaining value as the digest's bytes at the start of `out`.
    fn output(state: &Self::State, out: &mut [u8; MAX_STATE]);
}

/// HMAC of `header || data[..content_len]` where `content_len`, and the length in the header, are
/// secret; `content_min <= content_len <= data.len()` is public.
///
/// `inner` and `outer` are the states after the padded key's block. A length outside the bounds
/// gives a meaningless MAC, no fault. The digest stands at the front of the result.
pub(crate) fn hmac_secret_length<H: BlockHash>(
    inner: &H::State,
    outer: &H::State,
    header: &[u8; MAC_HEADER],
    data: &[u8],
    content_len: usize,
    content_min: usize,
) -> [u8; MAX_MAC] {
    let whole = public_blocks::<H>(content_min.min(data.len()));
    let mut state = inner.clone();
    if whole > 0 {
        // The first block holds the header, the others are the record's own bytes.
        let (head, rest) = data.split_at((H::BLOCK - MAC_HEADER).min(data.len()));
        let mut first = [0u8; MAX_BLOCK];
        first[..MAC_HEADER].copy_from_slice(header);
        first[MAC_HEADER..MAC_HEADER + head.len()].copy_from_slice(head);
        H::compress(&mut state, &first[..H::BLOCK]);
        H::compress(&mut state, &rest[..(whole - 1) * H::BLOCK]);
    }
    finish_secret_length::<H>(state, whole, outer, header, data, content_len)
}

/// How many blocks of `header || data` are content for every secret: they may be hashed in bulk.
pub(crate) fn public_blocks<H: BlockHash>(content_min: usize) -> usize {
    (MAC_HEADER + content_min) / H::BLOCK
}

/// The end of [`hmac_secret_length`]: `state` has absorbed the first `whole` blocks of
/// `header || data`, where `whole` is at most [`public_blocks`].
pub(crate) fn finish_secret_length<H: BlockHash>(
    mut state: H::State,
    whole: usize,
    outer: &H::State,
    header: &[u8; MAC_HEADER],
    data: &[u8],
    content_len: usize,
) -> [u8; MAX_MAC] {
    let used = MAC_HEADER + content_len;
    // R-REC-35 (2): `blocks` of them are always hashed, `last` is the one that ends the message.
    let blocks = (MAC_HEADER + data.len() + H::LENGTH_FIELD + H::BLOCK) / H::BLOCK;
    let last = (used + H::LENGTH_FIELD) >> H::BLOCK.trailing_zeros();
    let bits = ((H::BLOCK + used) as u64 * 8).to_be_bytes();
    let mut digest = [0u8; MAX_STATE];
    for index in whole..blocks {
        let mut block = [0u8; MAX_BLOCK];
        let block = &mut block[..H::BLOCK];
        copy_stream(block, header, data, index * H::BLOCK);
        end_message(block, used.wrapping_sub(index * H::BLOCK));
        let is_last = equal(index, last);
        for (byte, bit) in block[H::BLOCK - 8..].iter_mut().zip(bits) {
            *byte |= bit & is_last;
        }
        H::compress(&mut state, block);
        let mut now = [0u8; MAX_STATE];
        H::output(&state, &mut now);
        for (byte, new) in digest.iter_mut().zip(now) {
            *byte |= new & is_last;
        }
    }
    outer_hash::<H>(outer, &digest)
}

/// Copies the bytes of `header || data || 0...` from `at` on.
fn copy_stream(block: &mut [u8], header: &[u8; MAC_HEADER], data: &[u8], at: usize) {
    let from_header = header.get(at..).unwrap_or(&[]);
    let skip = from_header.len();
    block[..skip].copy_from_slice(from_header);
    let from_data = data.get((at + skip).saturating_sub(MAC_HEADER)..).unwrap_or(&[]);
    let take = from_data.len().min(block.len() - skip);
    block[skip..skip + take].copy_from_slice(&from_data[..take]);
}

/// Ends the message at the secret place `end` (which may lie before or after this block): zeros
/// after it and the bit 1 at it.
fn end_message(block: &mut [u8], end: usize) {
    let end = core::hint::black_box(end as i32);
    for (place, byte) in block.iter_mut().enumerate() {
        let distance = place as i32 - end;
        let before = (distance >> 31) as u8;
        let at = !((distance | distance.wrapping_neg()) >> 31) as u8;
        *byte = (*byte & before) | (0x80 & at);
    }
}

/// The outer hash: one compression, since a digest and its padding fit into a block.
fn outer_hash<H: BlockHash>(outer: &H::State, digest: &[u8; MAX_STATE]) -> [u8; MAX_MAC] {
    let mut block = [0u8; MAX_BLOCK];
    block[..H::OUTPUT].copy_from_slice(&digest[..H::OUTPUT]);
    block[H::OUTPUT] = 0x80;
    let bits = ((H::BLOCK + H::OUTPUT) as u64 * 8).to_be_bytes();
    block[H::BLOCK - 8..H::BLOCK].copy_from_slice(&bits);
    let mut state = outer.clone();
    H::compress(&mut state, &block[..H::BLOCK]);
    let mut out = [0u8; MAX_STATE];
    H::output(&state, &mut out);
    let mut mac = [0u8; MAX_MAC];
    mac[..H::OUTPUT].copy_from_slice(&out[..H::OUTPUT]);
    mac
}

/// What the padding of a decrypted record says.
pub(crate) struct Padding {
    /// Whether it is well formed.
    pub(crate) good: Choice,
    /// Bytes of content: secret. As if there were no padding when it is not well formed.
    pub(crate) content_len: usize,
}

/// Checks the padding at the end of `plain` and finds the content's length (R-REC-35 step 1).
///
/// Nothing if `plain` is too short for a MAC of `mac_len` bytes and a padding length: a fact that
/// anyone can see.
pub(crate) fn read_padding(plain: &[u8], mac_len: usize) -> Option<Padding> {
    let (&padding, before) = plain.split_last()?;
    let most = before.len().checked_sub(mac_len)?;
    let padding = core::hint::black_box(padding);
    let mut wrong = 0u8;
    // R-REC-22: every padding byte counts.
    for (place, byte) in before.iter().rev().take(MAX_PADDING - 1).enumerate() {
        let is_padding = (place as i32 - i32::from(padding)) >> 31;
        wrong |= (byte ^ padding) & is_padding as u8;
    }
    let fits = !less(most, usize::from(padding));
    let good = Choice::from(equal(usize::from(wrong), 0) & fits & 1);
    let mask = usize::from(good.unwrap_u8()).wrapping_neg();
    let content_len = most - (usize::from(padding) & mask);
    Some(Padding { good, content_len })
}

/// Copies the MAC of `mac_len` bytes that stands at the secret place `content_len`
/// (R-REC-35 step 5).
pub(crate) fn extract_mac(plain: &[u8], mac_len: usize, content_len: usize) -> [u8; MAX_MAC] {
    let most = plain.len().saturating_sub(mac_len + 1);
    let least = most.saturating_sub(MAX_PADDING - 1);
    let end = plain.len().saturating_sub(1);
    let start = core::hint::black_box((content_len - least) as i32);
    // Each window as long as the MAC adds its share to the MAC, rotated by `start` mod `mac_len`.
    let mut rotated = [0u8; MAX_MAC];
    let mut offset = 0u8;
    for (window, bytes) in plain[least..end].chunks(mac_len).enumerate() {
        let first = (window * mac_len) as i32 - start;
        for (place, (sum, byte)) in rotated.iter_mut().zip(bytes).enumerate() {
            let distance = first + place as i32;
            let inside = !(distance >> 31) & ((distance - mac_len as i32) >> 31);
            let at = !((distance | distance.wrapping_neg()) >> 31);
            *sum |= byte & inside as u8;
            offset |= place as u8 & at as u8;
        }
    }
    rotate_left(&mut rotated, mac_len, offset);
    rotated
}

/// Rotates the first `len` bytes left by the secret `by`, less than `len`.
fn rotate_left(bytes: &mut [u8; MAX_MAC], len: usize, by: u8) {
    let by = core::hint::black_box(by);
    for bit in 0..usize::BITS - len.saturating_sub(1).leading_zeros() {
        let mask = ((by >> bit) & 1).wrapping_neg();
        let shift = (1 << bit) % len;
        let old = *bytes;
        for (place, byte) in bytes[..len].iter_mut().enumerate() {
            let from = if place + shift < len { place + shift } else { place + shift - len };
            *byte ^= (*byte ^ old[from]) & mask;
        }
    }
}

/// Whether `plain` is `content || mac || padding` with the MAC that `mac` computes, and the
/// content's length (R-REC-35 steps 1 to 6, without the branch).
///
/// `mac` gets the bytes that may be content, the content's length, and the least that it can be.
/// The length is secret until the choice is found to be true. Nothing if `plain` is too short.
pub(crate) fn check_record(
    plain: &[u8],
    mac_len: usize,
    mac: impl FnOnce(&[u8], usize, usize) -> [u8; MAX_MAC],
) -> Option<(Choice, usize)> {
    let Padding { good, content_len } = read_padding(plain, mac_len)?;
    let data = &plain[..plain.len() - mac_len - 1];
    let wanted = mac(data, content_len, data.len().saturating_sub(MAX_PADDING - 1));
    let found = extract_mac(plain, mac_len, content_len);
    Some((good & wanted[..mac_len].ct_eq(&found[..mac_len]), content_len))
}

/// 0xff if `a < b`, else 0, for values below 2^31.
fn less(a: usize, b: usize) -> u8 {
    core::hint::black_box(((a as i32 - b as i32) >> 31) as u8)
}

/// 0xff if `a == b`, else 0, for values below 2^31.
fn equal(a: usize, b: usize) -> u8 {
    let difference = (a ^ b) as i32;
    core::hint::black_box(!((difference | difference.wrapping_neg()) >> 31) as u8)
}

#[cfg(test)]
mod tests;
