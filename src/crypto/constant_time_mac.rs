//! HMAC over a message whose length is secret: what opening MAC-then-encrypt records in constant time asks of a
//! provider (R-REC-35 steps 2 to 4).
//!
//! Where the content of a decrypted record ends is secret until its MAC has been checked: whoever could measure it
//! would have a padding oracle (Lucky Thirteen). So the number of blocks hashed, and every address touched, depend on
//! public lengths alone. It is generic over the hash's compression function, so that all providers share it.

/// Bytes of the MAC input before the content: sequence number, type, version, length.
const MAC_HEADER: usize = 13;
/// The longest MAC (SHA-384), and the longest block and chaining value (SHA-384's too).
pub(crate) const MAX_MAC: usize = 48;
const MAX_BLOCK: usize = 128;
const MAX_STATE: usize = 64;

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
    // Blocks that are content whatever the secret is are hashed in bulk.
    let whole = (MAC_HEADER + content_min.min(data.len())) / H::BLOCK;
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

/// The end of [`hmac_secret_length`]: `state` has absorbed the first `whole` blocks of
/// `header || data`.
fn finish_secret_length<H: BlockHash>(
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

/// 0xff if `a == b`, else 0, for values below 2^31.
fn equal(a: usize, b: usize) -> u8 {
    let difference = (a ^ b) as i32;
    core::hint::black_box(!((difference | difference.wrapping_neg()) >> 31) as u8)
}

#[cfg(test)]
mod tests;
