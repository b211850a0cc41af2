//! What an implementation of SM3 and the SM4 modes must offer to be compared.

pub(crate) const KEY: [u8; 16] = [0x11; 16];
pub(crate) const NONCE: [u8; 12] = [0x22; 12];
pub(crate) const IV: [u8; 16] = [0x33; 16];
pub(crate) const ASSOCIATED: [u8; 13] = [0x44; 13];

/// One implementation with `KEY` set up beforehand; nonce, associated data and tag are part of each call.
pub(crate) trait Primitives {
    fn name(&self) -> &'static str;
    fn sm3(&mut self, message: &[u8]) -> [u8; 32];
    /// Ciphertext in place; gives the tag.
    fn gcm_seal(&mut self, message: &mut [u8]) -> [u8; 16];
    /// Plaintext in place; false if the tag is wrong.
    fn gcm_open(&mut self, message: &mut [u8], tag: &[u8; 16]) -> bool;
    /// Whole blocks, no padding.
    fn cbc_encrypt(&mut self, message: &mut [u8]);
    fn cbc_decrypt(&mut self, message: &mut [u8]);
}
