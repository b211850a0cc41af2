//! SM3's compression function (GB/T 32905-2016 5.3) in plain Rust.
use crate::crypto::native::symmetric::sm3::words::{BLOCK, T, Words};

/// Absorbs blocks.
pub(super) fn compress(state: &mut Words, blocks: &[[u8; BLOCK]]) {
    for block in blocks {
        let w = expand(block);
        let mut words = *state;
        for j in 0..64 {
            words = round(words, j, &w);
        }
        for (word, new) in state.iter_mut().zip(words) {
            *word ^= new;
        }
    }
}

/// The message expansion (5.3.2).
#[inline(always)]
fn expand(block: &[u8; BLOCK]) -> [u32; 68] {
    let mut w = [0; 68];
    for (word, bytes) in w.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    for j in 16..68 {
        let x = w[j - 16] ^ w[j - 9] ^ w[j - 3].rotate_left(15);
        let p1 = x ^ x.rotate_left(15) ^ x.rotate_left(23);
        w[j] = p1 ^ w[j - 13].rotate_left(7) ^ w[j - 6];
    }
    w
}

/// One round (5.3.3).
#[inline(always)]
fn round([a, b, c, d, e, f, g, h]: Words, j: usize, w: &[u32; 68]) -> Words {
    let a12 = a.rotate_left(12);
    let ss1 = a12.wrapping_add(e).wrapping_add(T[j]).rotate_left(7);
    let (ff, gg) = if j < 16 { (a ^ b ^ c, e ^ f ^ g) } else { ((a & b) | ((a | b) & c), ((f ^ g) & e) ^ g) };
    let tt1 = ff.wrapping_add(d).wrapping_add(ss1 ^ a12).wrapping_add(w[j] ^ w[j + 4]);
    let tt2 = gg.wrapping_add(h).wrapping_add(ss1).wrapping_add(w[j]);
    let p0 = tt2 ^ tt2.rotate_left(9) ^ tt2.rotate_left(17);
    [tt1, a, b.rotate_left(9), c, p0, e, f.rotate_left(19), g]
}
