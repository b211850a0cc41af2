//! The provider's fields: the kernels where the CPU has the floor's instructions and the algorithm is ours, the
//! portable code elsewhere.
use super::cbc::Cbc;
use super::gcm::Gcm;
use super::hmac::HmacKey;
use super::kernels::Level;
use super::sm3::Sm3;
use super::sm3::words::OUTPUT;
use crate::crypto::{Aead, CbcHmac, Ciphers, Digest, HashContext, Hashes, Prf, portable};
use crate::error::CryptoError;
use crate::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};
use alloc::boxed::Box;

/// SM3 by kernels, other hashes as the portable provider has them.
pub(in crate::crypto::native) struct NativeHashes;

/// SM3 is ours, on a CPU that has what it takes.
fn sm3_level(algorithm: HashAlgorithm) -> Option<Level> {
    match algorithm {
        HashAlgorithm::Sm3 => Level::best(),
        _ => None,
    }
}

impl HashContext for Sm3 {
    fn update(&mut self, data: &[u8]) {
        Sm3::update(self, data);
    }

    fn current(&self) -> Digest {
        Digest::new(&self.clone().finish())
    }
}

impl Prf for HmacKey {
    fn expand(&self, label: &[u8], seed: &[&[u8]], out: &mut [u8]) {
        HmacKey::expand(self, label, seed, out);
    }
}

impl Hashes for NativeHashes {
    fn start(&self, algorithm: HashAlgorithm) -> Box<dyn HashContext> {
        match sm3_level(algorithm) {
            Some(level) => Box::new(Sm3::new(level)),
            None => portable::provider().hashes.start(algorithm),
        }
    }

    fn digest(&self, algorithm: HashAlgorithm, parts: &[&[u8]]) -> Digest {
        let Some(level) = sm3_level(algorithm) else {
            return portable::provider().hashes.digest(algorithm, parts);
        };
        let mut hash = Sm3::new(level);
        parts.iter().for_each(|part| hash.update(part));
        Digest::new(&hash.finish())
    }

    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8], parts: &[&[u8]]) -> Digest {
        match sm3_level(algorithm) {
            Some(level) => Digest::new(&HmacKey::new(level, key).mac(parts)),
            None => portable::provider().hashes.hmac(algorithm, key, parts),
        }
    }

    fn keyed_prf(&self, algorithm: HashAlgorithm, secret: &[u8]) -> Box<dyn Prf> {
        match sm3_level(algorithm) {
            Some(level) => Box::new(HmacKey::new(level, secret)),
            None => portable::provider().hashes.keyed_prf(algorithm, secret),
        }
    }

    fn prf(&self, algorithm: HashAlgorithm, secret: &[u8], label: &[u8], seed: &[&[u8]], out: &mut [u8]) {
        match sm3_level(algorithm) {
            Some(level) => HmacKey::new(level, secret).expand(label, seed, out),
            None => portable::provider().hashes.prf(algorithm, secret, label, seed, out),
        }
    }
}

/// SM4-GCM, and SM4-CBC with HMAC-SM3, by kernels.
pub(in crate::crypto::native) struct NativeCiphers;

impl Aead for Gcm {
    fn seal(&self, nonce: &[u8; 12], aad: &[u8], in_out: &mut [u8]) -> [u8; 16] {
        Gcm::seal(self, nonce, aad, in_out)
    }

    fn open(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), CryptoError> {
        Gcm::open(self, nonce, aad, in_out, tag)
    }
}

impl Ciphers for NativeCiphers {
    fn aead(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn Aead>, CryptoError> {
        let (AeadAlgorithm::Sm4Gcm, Some(level)) = (algorithm, Level::best()) else {
            return portable::provider().ciphers.aead(algorithm, key);
        };
        let key = key.try_into().map_err(|_| CryptoError::BadKey)?;
        Ok(Gcm::new(level, key))
    }

    fn cbc_hmac(
        &self,
        cipher: CbcAlgorithm,
        mac: MacAlgorithm,
        key: &[u8],
        mac_key: &[u8],
    ) -> Result<Box<dyn CbcHmac>, CryptoError> {
        let (CbcAlgorithm::Sm4, MacAlgorithm::Sm3, Some(level)) = (cipher, mac, Level::best()) else {
            return portable::provider().ciphers.cbc_hmac(cipher, mac, key, mac_key);
        };
        let key = key.try_into().map_err(|_| CryptoError::BadKey)?;
        if mac_key.len() != OUTPUT {
            return Err(CryptoError::BadKey);
        }
        Ok(Box::new(Cbc::new(level, key, mac_key)))
    }
}

#[cfg(test)]
mod tests;
