//! How the derived key hides the message (GM/T 0044.4, GM/T 0081 `encryptType`).
use crate::crypto::der::MAX_C2;
use crate::crypto::native;
use crate::crypto::sm9::encoding::Mode;
use crate::crypto::{CbcHmac, CbcLane, Draw, Random};
use crate::error::CryptoError;
use crate::suite::{CbcAlgorithm, MacAlgorithm};
use alloc::{boxed::Box, vec::Vec};
use zeroize::Zeroizing;

/// Of SM4's key and of its blocks, in bytes.
const BLOCK: usize = 16;
/// With an IV and padding a ciphertext must still fit into its DER.
pub(super) const MAX_MESSAGE: usize = MAX_C2 - 2 * BLOCK;

/// How long a key is wanted for so many bytes of message, or of ciphertext.
pub(super) fn key_length(mode: Mode, length: usize) -> usize {
    match mode {
        Mode::Xor => length,
        Mode::Sm4Ecb | Mode::Sm4Cbc => BLOCK,
    }
}

/// C2.
pub(super) fn conceal(
    mode: Mode,
    key: &[u8],
    message: &[u8],
    random: &dyn Random,
) -> Result<Vec<u8>, CryptoError> {
    if mode == Mode::Xor {
        return Ok(message.iter().zip(key).map(|(m, k)| m ^ k).collect());
    }
    let sm4 = sm4(key)?;
    let padding = BLOCK - message.len() % BLOCK;
    let mut iv = [0; BLOCK];
    let in_front = if mode == Mode::Sm4Cbc { BLOCK } else { 0 };
    if mode == Mode::Sm4Cbc {
        random.fill(Draw::Public, &mut iv)?;
    }
    let mut out = Vec::with_capacity(in_front + message.len() + padding);
    out.extend_from_slice(&iv[..in_front]);
    out.extend_from_slice(message);
    out.resize(out.len() + padding, padding as u8);
    let text = &mut out[in_front..];
    if mode == Mode::Sm4Cbc {
        sm4.encrypt_lanes(&mut [CbcLane { iv, in_out: text }]);
    } else {
        // A block after an IV of zeros is the block alone.
        let blocks = text.chunks_exact_mut(BLOCK);
        let mut lanes: Vec<CbcLane<'_>> = blocks.map(|in_out| CbcLane { iv, in_out }).collect();
        sm4.encrypt_lanes(&mut lanes);
    }
    Ok(out)
}

/// The message of a C2 that was authenticated.
pub(super) fn reveal(mode: Mode, key: &[u8], c2: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    if mode == Mode::Xor {
        return Ok(Zeroizing::new(c2.iter().zip(key).map(|(m, k)| m ^ k).collect()));
    }
    let sm4 = sm4(key)?;
    let (iv, text) = match (mode, c2.split_first_chunk()) {
        (Mode::Sm4Cbc, Some((iv, text))) => (*iv, text),
        (Mode::Sm4Cbc, None) => return Err(CryptoError::DecryptFailed),
        _ => ([0; BLOCK], c2),
    };
    if text.is_empty() || text.len() % BLOCK != 0 {
        return Err(CryptoError::DecryptFailed);
    }
    let mut out = Zeroizing::new(text.to_vec());
    if mode == Mode::Sm4Cbc {
        sm4.decrypt(&iv, &mut out);
    } else {
        out.chunks_exact_mut(BLOCK).for_each(|block| sm4.decrypt(&iv, block));
    }
    // Who knows the key made the padding: it tells nobody else anything.
    let padding = usize::from(out.last().copied().unwrap_or_default());
    let (message, filled) = out.split_at(out.len().checked_sub(padding).ok_or(CryptoError::DecryptFailed)?);
    let good = (1..=BLOCK).contains(&padding) && filled.iter().all(|b| usize::from(*b) == padding);
    if good { Ok(Zeroizing::new(message.to_vec())) } else { Err(CryptoError::DecryptFailed) }
}

/// SM4; the key of its MAC is not used.
fn sm4(key: &[u8]) -> Result<Box<dyn CbcHmac>, CryptoError> {
    native::provider().ciphers.cbc_hmac(CbcAlgorithm::Sm4, MacAlgorithm::Sm3, key, &[0; 32])
}
