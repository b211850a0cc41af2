//! Record protection: AEADs, and block ciphers in CBC mode with an HMAC.
use super::cbc_lanes::encrypt_lanes;
use super::hashes::{Function, Sha256Function, Sm3Function, hmac, keyed};
#[cfg(feature = "tls12")]
use super::hashes::{Sha1Function, Sha384Function};
use super::sm4::Sm4;
use crate::crypto::constant_time_mac::{BlockHash, hmac_secret_length};
use crate::crypto::{Aead, CbcHmac, CbcLane, Ciphers, Digest, MacLane};
use crate::error::CryptoError;
use crate::suite::{AeadAlgorithm, CbcAlgorithm, MacAlgorithm};
#[cfg(feature = "tls12")]
use aes::{Aes128, Aes256};
use aes_gcm::{AeadInOut, AesGcm};
use alloc::boxed::Box;
use cbc::cipher::array::Array;
use cbc::cipher::consts::{U12, U16};
use cbc::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, InnerIvInit, KeyInit};
#[cfg(feature = "tls12")]
use chacha20poly1305::ChaCha20Poly1305;
use zeroize::Zeroizing;

/// [`Ciphers`] of the portable provider.
pub(super) struct Portable;

impl Ciphers for Portable {
    fn aead(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn Aead>, CryptoError> {
        match algorithm {
            // The crate's GCM is generic over the block cipher, its name notwithstanding.
            AeadAlgorithm::Sm4Gcm => boxed::<AesGcm<Sm4, U12>>(key),
            #[cfg(feature = "tls12")]
            AeadAlgorithm::Aes128Gcm => boxed::<AesGcm<Aes128, U12>>(key),
            #[cfg(feature = "tls12")]
            AeadAlgorithm::Aes256Gcm => boxed::<AesGcm<Aes256, U12>>(key),
            #[cfg(feature = "tls12")]
            AeadAlgorithm::ChaCha20Poly1305 => boxed::<ChaCha20Poly1305>(key),
            #[cfg(not(feature = "tls12"))]
            _ => Err(CryptoError::Unsupported),
        }
    }

    fn cbc_hmac(
        &self,
        cipher: CbcAlgorithm,
        mac: MacAlgorithm,
        key: &[u8],
        mac_key: &[u8],
    ) -> Result<Box<dyn CbcHmac>, CryptoError> {
        match cipher {
            CbcAlgorithm::Sm4 => cbc_hmac::<Sm4>(mac, key, mac_key),
            #[cfg(feature = "tls12")]
            CbcAlgorithm::Aes128 => cbc_hmac::<Aes128>(mac, key, mac_key),
            #[cfg(feature = "tls12")]
            CbcAlgorithm::Aes256 => cbc_hmac::<Aes256>(mac, key, mac_key),
            #[cfg(not(feature = "tls12"))]
            _ => Err(CryptoError::Unsupported),
        }
    }
}

fn boxed<A>(key: &[u8]) -> Result<Box<dyn Aead>, CryptoError>
where
    A: AeadInOut<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static,
{
    Ok(Box::new(OfCrate(A::new_from_slice(key).map_err(|_| CryptoError::BadKey)?)))
}

/// An AEAD of the RustCrypto crates, with its key.
struct OfCrate<A>(A);

impl<A: AeadInOut<NonceSize = U12, TagSize = U16> + Send + Sync> Aead for OfCrate<A> {
    fn seal(&self, nonce: &[u8; 12], aad: &[u8], in_out: &mut [u8]) -> [u8; 16] {
        match self.0.encrypt_inout_detached(&(*nonce).into(), aad, (&mut *in_out).into()) {
            Ok(tag) => tag.into(),
            Err(_) => {
                // Only for more than 64 GiB: nothing readable leaves, and the tag does not fit.
                in_out.fill(0);
                [0; 16]
            }
        }
    }

    fn open(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), CryptoError> {
        // The tag is checked before anything is decrypted.
        self.0
            .decrypt_inout_detached(&(*nonce).into(), aad, in_out.into(), &(*tag).into())
            .map_err(|_| CryptoError::DecryptFailed)
    }
}

/// A block cipher of 16-byte blocks, both ways.
trait Cipher: BlockCipherEncrypt<BlockSize = U16> + BlockCipherDecrypt + KeyInit + Send + Sync + 'static {}

impl<C> Cipher for C where
    C: BlockCipherEncrypt<BlockSize = U16> + BlockCipherDecrypt + KeyInit + Send + Sync + 'static
{
}

fn cbc_hmac<C: Cipher>(
    mac: MacAlgorithm,
    key: &[u8],
    mac_key: &[u8],
) -> Result<Box<dyn CbcHmac>, CryptoError> {
    Ok(match mac {
        MacAlgorithm::Sm3 => Box::new(Cbc::<C, Sm3Function>::new(key, mac_key)?),
        MacAlgorithm::Sha256 => Box::new(Cbc::<C, Sha256Function>::new(key, mac_key)?),
        #[cfg(feature = "tls12")]
        MacAlgorithm::Sha384 => Box::new(Cbc::<C, Sha384Function>::new(key, mac_key)?),
        #[cfg(feature = "tls12")]
        MacAlgorithm::Sha1 => Box::new(Cbc::<C, Sha1Function>::new(key, mac_key)?),
        #[cfg(not(feature = "tls12"))]
        _ => return Err(CryptoError::Unsupported),
    })
}

/// A block cipher in CBC mode and an HMAC. Every field wipes itself on drop.
struct Cbc<C, F: Function> {
    cipher: C,
    mac: F::Hmac,
    /// The state after the block of the key, inside and outside (R-REC-35 steps 3 and 4).
    inner: <F::Core as BlockHash>::State,
    outer: <F::Core as BlockHash>::State,
}

impl<C: Cipher, F: Function> Cbc<C, F> {
    fn new(key: &[u8], mac_key: &[u8]) -> Result<Self, CryptoError> {
        if mac_key.len() != F::Core::OUTPUT {
            return Err(CryptoError::BadKey);
        }
        let cipher = C::new_from_slice(key).map_err(|_| CryptoError::BadKey)?;
        let padded = |pad: u8| {
            let mut block = Zeroizing::new([pad; 128]);
            block.iter_mut().zip(mac_key).for_each(|(b, k)| *b ^= k);
            let mut state = <F::Core as BlockHash>::State::default();
            F::Core::compress(&mut state, block.get(..F::Core::BLOCK).unwrap_or_default());
            state
        };
        Ok(Self { cipher, mac: keyed(mac_key), inner: padded(0x36), outer: padded(0x5c) })
    }
}

impl<C: Cipher, F: Function> CbcHmac for Cbc<C, F> {
    fn mac_len(&self) -> usize {
        F::Core::OUTPUT
    }

    fn mac_lanes(&self, lanes: &mut [MacLane<'_>]) {
        for lane in lanes {
            lane.mac = hmac(&self.mac, &[&lane.header, lane.data]);
        }
    }

    fn encrypt_lanes(&self, lanes: &mut [CbcLane<'_>]) {
        encrypt_lanes(&self.cipher, lanes);
    }

    fn decrypt(&self, iv: &[u8; 16], in_out: &mut [u8]) {
        cbc::Decryptor::inner_iv_init(&self.cipher, &(*iv).into())
            .decrypt_blocks(Array::slice_as_chunks_mut(in_out).0);
    }

    fn mac_secret_length(
        &self,
        header: &[u8; 13],
        data: &[u8],
        content_len: usize,
        content_min: usize,
    ) -> Digest {
        let (inner, outer) = (&self.inner, &self.outer);
        let mac = hmac_secret_length::<F::Core>(inner, outer, header, data, content_len, content_min);
        Digest::new(mac.get(..F::Core::OUTPUT).unwrap_or_default())
    }
}
