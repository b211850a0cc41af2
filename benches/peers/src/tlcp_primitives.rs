//! Our own primitives, of either provider.

use crate::symmetric::{ASSOCIATED, IV, KEY, NONCE, Primitives};
use tlcp::crypto::{Aead, CbcHmac, CbcLane, Provider};
use tlcp::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};

pub(crate) struct Tlcp {
    name: &'static str,
    provider: Provider,
    gcm: Box<dyn Aead>,
    cbc: Box<dyn CbcHmac>,
}

impl Tlcp {
    pub(crate) fn new(name: &'static str, provider: Provider) -> Self {
        let (cipher, mac) = (CbcAlgorithm::Sm4, MacAlgorithm::Sm3);
        let gcm = provider.ciphers.aead(AeadAlgorithm::Sm4Gcm, &KEY).expect("SM4-GCM");
        let cbc = provider.ciphers.cbc_hmac(cipher, mac, &KEY, &[0; 32]).expect("SM4-CBC");
        Self { name, provider, gcm, cbc }
    }
}

impl Primitives for Tlcp {
    fn name(&self) -> &'static str {
        self.name
    }

    fn sm3(&mut self, message: &[u8]) -> [u8; 32] {
        let digest = self.provider.hashes.digest(HashAlgorithm::Sm3, &[message]);
        digest.as_ref().try_into().expect("32 bytes")
    }

    fn gcm_seal(&mut self, message: &mut [u8]) -> [u8; 16] {
        self.gcm.seal(&NONCE, &ASSOCIATED, message)
    }

    fn gcm_open(&mut self, message: &mut [u8], tag: &[u8; 16]) -> bool {
        self.gcm.open(&NONCE, &ASSOCIATED, message, tag).is_ok()
    }

    fn cbc_encrypt(&mut self, message: &mut [u8]) {
        self.cbc.encrypt_lanes(&mut [CbcLane { iv: IV, in_out: message }]);
    }

    fn cbc_decrypt(&mut self, message: &mut [u8]) {
        self.cbc.decrypt(&IV, message);
    }
}
