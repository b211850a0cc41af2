//! TLS 1.2's algorithms by AWS-LC (crate `aws-lc-rs`): AEADs, key agreements, and signatures by ECDSA, Ed25519 and RSA, at
//! the speed of OpenSSL. Everything else is as in [`default_provider`]: SM2, SM3, SM4, CBC, hashes, and RSA decryption,
//! for which `aws-lc-rs` has nothing that never tells whether it succeeded (R-RSA-2).
//!
//! Ephemeral keys are drawn from the [`Random`](super::Random) that is passed in. What AWS-LC draws from its own
//! generator, whatever is passed in: nonces of ECDSA, salts of PSS, blinding of RSA.
mod agreement;
mod keys;
mod signing;

use super::{Aead, CbcHmac, Ciphers, Provider, default_provider};
use crate::error::CryptoError;
use crate::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};
use alloc::boxed::Box;
use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use aws_lc_rs::digest::{self, Digest};

/// The provider with AWS-LC in it.
pub fn provider() -> Provider {
    Provider { name: "aws-lc", ciphers: &AwsCiphers, keys: &keys::AwsKeys, ..default_provider() }
}

/// The hash of `parts`; nothing for a hash that is none of AWS-LC's.
fn hash(algorithm: HashAlgorithm, parts: &[&[u8]]) -> Option<Digest> {
    let algorithm = match algorithm {
        HashAlgorithm::Sha256 => &digest::SHA256,
        HashAlgorithm::Sha384 => &digest::SHA384,
        HashAlgorithm::Sha512 => &digest::SHA512,
        HashAlgorithm::Sm3 => return None,
    };
    let mut context = digest::Context::new(algorithm);
    parts.iter().for_each(|part| context.update(part));
    Some(context.finish())
}

struct AwsCiphers;

impl Ciphers for AwsCiphers {
    fn aead(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn Aead>, CryptoError> {
        let algorithm: &'static Algorithm = match algorithm {
            AeadAlgorithm::Aes128Gcm => &AES_128_GCM,
            AeadAlgorithm::Aes256Gcm => &AES_256_GCM,
            AeadAlgorithm::ChaCha20Poly1305 => &CHACHA20_POLY1305,
            AeadAlgorithm::Sm4Gcm => return default_provider().ciphers.aead(algorithm, key),
        };
        let key = UnboundKey::new(algorithm, key).map_err(|_| CryptoError::BadKey)?;
        Ok(Box::new(AwsAead(LessSafeKey::new(key))))
    }

    fn cbc_hmac(
        &self,
        cipher: CbcAlgorithm,
        mac: MacAlgorithm,
        key: &[u8],
        mac_key: &[u8],
    ) -> Result<Box<dyn CbcHmac>, CryptoError> {
        default_provider().ciphers.cbc_hmac(cipher, mac, key, mac_key)
    }
}

/// "Less safe" is that the nonce is the caller's: as everywhere here, the record layer's.
struct AwsAead(LessSafeKey);

impl Aead for AwsAead {
    fn seal(&self, nonce: &[u8; 12], aad: &[u8], in_out: &mut [u8]) -> [u8; 16] {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), in_out);
        match tag.ok().and_then(|tag| tag.as_ref().try_into().ok()) {
            Some(tag) => tag,
            None => {
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
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place_separate_tag(nonce, Aad::from(aad), tag, in_out).map(drop);
        // It may have been decrypted before the tag was checked.
        opened.map_err(|_| {
            in_out.fill(0);
            CryptoError::DecryptFailed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::self_test;

    #[test]
    fn passes_the_self_test() {
        assert_eq!(self_test(&provider()), Ok(()));
    }
}
