//! SM4-GCM, and SM4-CBC with an HMAC.
use super::hashes::{Function, Sha256Function, Sm3Function, hmac, keyed};
use super::sm4::{LANES, Sm4};
use crate::crypto::constant_time_mac::{BlockHash, hmac_secret_length};
use crate::crypto::{Aead, CbcHmac, CbcLane, Ciphers, Digest, MacLane};
use crate::error::CryptoError;
use crate::suite::{AeadAlgorithm, CbcAlgorithm, MacAlgorithm};
use aes_gcm::{AeadInOut, AesGcm};
use alloc::boxed::Box;
use cbc::cipher::array::Array;
use cbc::cipher::consts::U12;
use cbc::cipher::{BlockModeDecrypt, InnerIvInit, KeyInit};
use zeroize::Zeroizing;

/// [`Ciphers`] of the portable provider.
pub(super) struct Portable;

impl Ciphers for Portable {
    fn aead(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn Aead>, CryptoError> {
        match algorithm {
            AeadAlgorithm::Sm4Gcm => {
                let cipher = AesGcm::new_from_slice(key).map_err(|_| CryptoError::BadKey)?;
                Ok(Box::new(Gcm(cipher)))
            }
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
        Ok(match (cipher, mac) {
            (CbcAlgorithm::Sm4, MacAlgorithm::Sm3) => Box::new(Cbc::<Sm3Function>::new(key, mac_key)?),
            (CbcAlgorithm::Sm4, MacAlgorithm::Sha256) => Box::new(Cbc::<Sha256Function>::new(key, mac_key)?),
            _ => return Err(CryptoError::Unsupported),
        })
    }
}

/// SM4-GCM: the crate's GCM is generic over the block cipher, its name notwithstanding.
struct Gcm(AesGcm<Sm4, U12>);

impl Aead for Gcm {
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

/// SM4-CBC and an HMAC. Every field wipes itself on drop.
struct Cbc<F: Function> {
    cipher: Sm4,
    mac: F::Hmac,
    /// The state after the block of the key, inside and outside (R-REC-35 steps 3 and 4).
    inner: <F::Core as BlockHash>::State,
    outer: <F::Core as BlockHash>::State,
}

impl<F: Function> Cbc<F> {
    fn new(key: &[u8], mac_key: &[u8]) -> Result<Self, CryptoError> {
        if mac_key.len() != F::Core::OUTPUT {
            return Err(CryptoError::BadKey);
        }
        let cipher = Sm4::new_from_slice(key).map_err(|_| CryptoError::BadKey)?;
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

impl<F: Function> CbcHmac for Cbc<F> {
    fn mac_len(&self) -> usize {
        F::Core::OUTPUT
    }

    fn mac_lanes(&self, lanes: &mut [MacLane<'_>]) {
        for lane in lanes {
            lane.mac = hmac(&self.mac, &[&lane.header, lane.data]);
        }
    }

    fn encrypt_lanes(&self, lanes: &mut [CbcLane<'_>]) {
        lanes.chunks_mut(LANES).for_each(|lanes| self.cipher.encrypt_cbc(lanes));
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
