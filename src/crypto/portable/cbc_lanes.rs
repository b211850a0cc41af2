//! Encryption in CBC mode of several records side by side: within one, every block waits for the one before it.
use crate::crypto::CbcLane;
use cbc::cipher::array::Array;
use cbc::cipher::consts::U16;
use cbc::cipher::inout::InOutBuf;
use cbc::cipher::{BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser};

/// Records side by side: as many as the portable SM4 has lanes.
const LANES: usize = 16;

type Block = Array<u8, U16>;

/// Encrypts any number of records, each under its IV; a rest of less than 16 bytes stays as it is.
pub(super) fn encrypt_lanes(cipher: &impl BlockCipherEncrypt<BlockSize = U16>, lanes: &mut [CbcLane<'_>]) {
    lanes.chunks_mut(LANES).for_each(|lanes| cipher.encrypt_with_backend(Lanes(lanes)));
}

struct Lanes<'a, 'b>(&'a mut [CbcLane<'b>]);

impl BlockSizeUser for Lanes<'_, '_> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for Lanes<'_, '_> {
    /// A block of each record at once. A record that has ended goes on with zeros, which nobody sees.
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        let lanes = self.0;
        let mut chain: [Block; LANES] = Default::default();
        for (chain, lane) in chain.iter_mut().zip(lanes.iter()) {
            *chain = lane.iv.into();
        }
        let longest = lanes.iter().map(|lane| lane.in_out.len() / 16).max().unwrap_or_default();
        for block in 0..longest {
            for (chain, lane) in chain.iter_mut().zip(lanes.iter()) {
                let text = lane.in_out.as_chunks::<16>().0.get(block).copied().unwrap_or_default();
                chain.iter_mut().zip(text).for_each(|(c, t)| *c ^= t);
            }
            encrypt_blocks(backend, &mut chain[..lanes.len()]);
            for (chain, lane) in chain.iter().zip(lanes.iter_mut()) {
                if let Some(text) = lane.in_out.as_chunks_mut().0.get_mut(block) {
                    *text = (*chain).into();
                }
            }
        }
    }
}

fn encrypt_blocks<B: BlockCipherEncBackend<BlockSize = U16>>(backend: &B, blocks: &mut [Block]) {
    let (parallel, rest) = InOutBuf::from(blocks).into_chunks::<B::ParBlocksSize>();
    parallel.into_iter().for_each(|blocks| backend.encrypt_par_blocks(blocks));
    if !rest.is_empty() {
        backend.encrypt_tail_blocks(rest);
    }
}
