//! SM4 (GB/T 32907) without tables: no address depends on a key or a text.
//!
//! Sixteen blocks are encrypted at once, as planes of bits: plane b of a word holds bit b of each of its four bytes in each
//! of the sixteen blocks, byte j of block k at position 16 j + k. So a rotation of the word by a byte is one of each plane
//! by 16, and the S-box is a circuit.
mod sbox;

use cbc::cipher::array::Array;
use cbc::cipher::consts::U16;
use cbc::cipher::inout::{InOut, InOutBuf};
use cbc::cipher::{
    Block, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend,
    BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, Key, KeyInit, KeySizeUser, ParBlocks,
    ParBlocksSizeUser,
};
use sbox::substitute;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Blocks side by side.
const LANES: usize = 16;
const ROUNDS: usize = 32;

/// One word of all lanes, or one round's key for all of them.
type Planes = [u64; 8];

/// SM4 with a key, which is wiped on drop.
pub(crate) struct Sm4 {
    round_keys: [u32; ROUNDS],
}

impl Drop for Sm4 {
    fn drop(&mut self) {
        self.round_keys.zeroize();
    }
}

impl ZeroizeOnDrop for Sm4 {}

impl KeySizeUser for Sm4 {
    type KeySize = U16;
}

impl BlockSizeUser for Sm4 {
    type BlockSize = U16;
}

impl KeyInit for Sm4 {
    /// The key schedule (7.3).
    fn new(key: &Key<Self>) -> Self {
        const FK: [u32; 4] = [0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc];
        let mut k = Zeroizing::new([0; 4]);
        for ((k, bytes), fk) in k.iter_mut().zip(key.as_chunks().0).zip(FK) {
            *k = u32::from_be_bytes(*bytes) ^ fk;
        }
        let mut round_keys = [0; ROUNDS];
        for (round_key, i) in round_keys.iter_mut().zip(0u8..) {
            let constant = u32::from_be_bytes([0, 1, 2, 3].map(|j| (4 * i + j).wrapping_mul(7)));
            let word = first(&substitute(&broadcast(k[1] ^ k[2] ^ k[3] ^ constant)));
            *round_key = k[0] ^ word ^ word.rotate_left(13) ^ word.rotate_left(23);
            *k = [k[1], k[2], k[3], *round_key];
        }
        Self { round_keys }
    }
}

impl BlockCipherEncrypt for Sm4 {
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = U16>) {
        f.call(&Rounds::new(self.round_keys.iter()));
    }
}

impl BlockCipherDecrypt for Sm4 {
    fn decrypt_with_backend(&self, f: impl BlockCipherDecClosure<BlockSize = U16>) {
        f.call(&Rounds::new(self.round_keys.iter().rev()));
    }
}

/// The rounds' keys as planes, in the order of their use; for the blocks of one call.
struct Rounds(Zeroizing<[Planes; ROUNDS]>);

impl Rounds {
    fn new<'a>(keys: impl Iterator<Item = &'a u32>) -> Self {
        let mut rounds = Zeroizing::new([[0; 8]; ROUNDS]);
        for (round, key) in rounds.iter_mut().zip(keys) {
            *round = broadcast(*key);
        }
        Self(rounds)
    }

    /// At most [`LANES`] blocks in place: 32 rounds, and the words in reverse (7.1).
    fn crypt(&self, mut blocks: InOutBuf<'_, '_, Array<u8, U16>>) {
        let mut words = [[0u32; LANES]; 4];
        for (k, block) in blocks.get_in().iter().enumerate() {
            for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
                word[k] = u32::from_be_bytes(*bytes);
            }
        }
        let [mut a, mut b, mut c, mut d] = words.map(|word| pack(&word));
        for [k0, k1, k2, k3] in self.0.as_chunks().0 {
            a = round(&a, [&b, &c, &d, k0]);
            b = round(&b, [&c, &d, &a, k1]);
            c = round(&c, [&d, &a, &b, k2]);
            d = round(&d, [&a, &b, &c, k3]);
        }
        let words = [d, c, b, a].map(|planes| unpack(&planes));
        for (k, block) in blocks.get_out().iter_mut().enumerate() {
            for (word, bytes) in words.iter().zip(block.as_chunks_mut().0) {
                *bytes = word[k].to_be_bytes();
            }
        }
    }
}

/// X ^ L(S(sum)), the sum that of three words and the round's key (6.1, 6.2).
#[inline(always)]
fn round(x: &Planes, sum: [&Planes; 4]) -> Planes {
    let [p, q, r, key] = sum;
    let s = substitute(&core::array::from_fn(|b| p[b] ^ q[b] ^ r[b] ^ key[b]));
    // L(B) = B ^ (B <<< 24) ^ (T <<< 2) with T = B ^ (B <<< 8) ^ (B <<< 16)
    let t: Planes = core::array::from_fn(|b| s[b] ^ s[b].rotate_left(16) ^ s[b].rotate_left(32));
    let by_two = [t[6].rotate_left(16), t[7].rotate_left(16), t[0], t[1], t[2], t[3], t[4], t[5]];
    core::array::from_fn(|b| x[b] ^ s[b] ^ s[b].rotate_left(48) ^ by_two[b])
}

/// Exchanges bit m of byte t in word b and bit b of byte t in word m, for all of them.
#[inline(always)]
fn transpose(words: &mut Planes) {
    for (distance, mask) in
        [(1, 0x5555_5555_5555_5555), (2, 0x3333_3333_3333_3333), (4, 0x0f0f_0f0f_0f0f_0f0f)]
    {
        for low in (0..8).filter(|i| i & distance == 0) {
            let high = low + distance;
            let t = (words[low] >> distance ^ words[high]) & mask;
            words[high] ^= t;
            words[low] ^= t << distance;
        }
    }
}

/// The four bytes of a word with room for four others between them.
#[inline(always)]
fn spread(word: u32) -> u64 {
    let x = u64::from(word);
    let x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    (x | x << 8) & 0x00ff_00ff_00ff_00ff
}

/// The opposite of [`spread`], whatever is between them.
#[inline(always)]
fn gather(x: u64) -> u32 {
    let x = x & 0x00ff_00ff_00ff_00ff;
    let x = (x | x >> 8) & 0x0000_ffff_0000_ffff;
    (x | x >> 16) as u32
}

/// The bits of the first lane.
const FIRST: u64 = 0x0001_0001_0001_0001;

/// One word in all lanes.
#[inline(always)]
fn broadcast(word: u32) -> Planes {
    let spread = spread(word);
    core::array::from_fn(|b| (spread >> b & FIRST) * 0xffff)
}

/// The word of the first lane.
#[inline(always)]
fn first(planes: &Planes) -> u32 {
    gather(planes.iter().rev().fold(0, |word, plane| word << 1 | plane & FIRST))
}

/// The words of sixteen blocks as planes.
#[inline(always)]
fn pack(words: &[u32; LANES]) -> Planes {
    let mut planes = core::array::from_fn(|m| spread(words[m]) | spread(words[m + 8]) << 8);
    transpose(&mut planes);
    planes
}

/// The opposite of [`pack`].
#[inline(always)]
fn unpack(planes: &Planes) -> [u32; LANES] {
    let mut pairs = *planes;
    transpose(&mut pairs);
    core::array::from_fn(|k| gather(pairs[k % 8] >> (k / 8 * 8)))
}

impl BlockSizeUser for Rounds {
    type BlockSize = U16;
}

impl ParBlocksSizeUser for Rounds {
    type ParBlocksSize = U16;
}

impl BlockCipherEncBackend for Rounds {
    fn encrypt_block(&self, mut block: InOut<'_, '_, Block<Self>>) {
        let mut one = [block.clone_in()];
        self.crypt((&mut one[..]).into());
        [*block.get_out()] = one;
    }

    fn encrypt_par_blocks(&self, blocks: InOut<'_, '_, ParBlocks<Self>>) {
        self.crypt(blocks.into_buf());
    }

    fn encrypt_tail_blocks(&self, blocks: InOutBuf<'_, '_, Block<Self>>) {
        self.crypt(blocks);
    }
}

impl BlockCipherDecBackend for Rounds {
    fn decrypt_block(&self, block: InOut<'_, '_, Block<Self>>) {
        self.encrypt_block(block);
    }

    fn decrypt_par_blocks(&self, blocks: InOut<'_, '_, ParBlocks<Self>>) {
        self.crypt(blocks.into_buf());
    }

    fn decrypt_tail_blocks(&self, blocks: InOutBuf<'_, '_, Block<Self>>) {
        self.crypt(blocks);
    }
}

#[cfg(test)]
mod tests;
