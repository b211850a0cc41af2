//! Tongsuo's primitives through its EVP interface, contexts and keys set up once.

use crate::symmetric::{ASSOCIATED, IV, KEY, NONCE, Primitives};
use tongsuo::cipher::Cipher;
use tongsuo::cipher_ctx::CipherCtx;
use tongsuo::hash::{MessageDigest, hash};

pub(crate) struct Tongsuo {
    gcm_seal: CipherCtx,
    gcm_open: CipherCtx,
    cbc_encrypt: CipherCtx,
    cbc_decrypt: CipherCtx,
    scratch: Vec<u8>,
}

impl Tongsuo {
    pub(crate) fn new() -> Self {
        let context = || CipherCtx::new().expect("context");
        let mut all = Self {
            gcm_seal: context(),
            gcm_open: context(),
            cbc_encrypt: context(),
            cbc_decrypt: context(),
            scratch: Vec::new(),
        };
        let gcm = Cipher::fetch(None, "SM4-GCM", None).expect("SM4-GCM");
        all.gcm_seal.encrypt_init(Some(&gcm), Some(&KEY), None).expect("key");
        all.gcm_open.decrypt_init(Some(&gcm), Some(&KEY), None).expect("key");
        all.cbc_encrypt.encrypt_init(Some(Cipher::sm4_cbc()), Some(&KEY), Some(&IV)).expect("key");
        all.cbc_decrypt.decrypt_init(Some(Cipher::sm4_cbc()), Some(&KEY), Some(&IV)).expect("key");
        all
    }
}

impl Primitives for Tongsuo {
    fn name(&self) -> &'static str {
        "Tongsuo 8.4.0"
    }

    fn sm3(&mut self, message: &[u8]) -> [u8; 32] {
        let digest = hash(MessageDigest::sm3(), message).expect("SM3");
        digest.as_ref().try_into().expect("32 bytes")
    }

    fn gcm_seal(&mut self, message: &mut [u8]) -> [u8; 16] {
        let context = &mut self.gcm_seal;
        context.encrypt_init(None, None, Some(&NONCE)).expect("nonce");
        context.cipher_update(&ASSOCIATED, None).expect("associated data");
        context.cipher_update_inplace(message, message.len()).expect("message");
        context.cipher_final(&mut []).expect("final");
        let mut tag = [0; 16];
        context.tag(&mut tag).expect("tag");
        tag
    }

    fn gcm_open(&mut self, message: &mut [u8], tag: &[u8; 16]) -> bool {
        let context = &mut self.gcm_open;
        context.decrypt_init(None, None, Some(&NONCE)).expect("nonce");
        context.set_tag(tag).expect("tag");
        context.cipher_update(&ASSOCIATED, None).expect("associated data");
        context.cipher_update_inplace(message, message.len()).expect("message");
        context.cipher_final(&mut []).is_ok()
    }

    fn cbc_encrypt(&mut self, message: &mut [u8]) {
        self.cbc_encrypt.encrypt_init(None, None, Some(&IV)).expect("iv");
        cbc(&mut self.cbc_encrypt, message, &mut self.scratch);
    }

    fn cbc_decrypt(&mut self, message: &mut [u8]) {
        self.cbc_decrypt.decrypt_init(None, None, Some(&IV)).expect("iv");
        cbc(&mut self.cbc_decrypt, message, &mut self.scratch);
    }
}

/// The wrapper wants a block of room beyond the message, hence the scratch; copying back costs about one percent.
fn cbc(context: &mut CipherCtx, message: &mut [u8], scratch: &mut Vec<u8>) {
    context.set_padding(false);
    scratch.resize(message.len() + 16, 0);
    let length = context.cipher_update(message, Some(scratch)).expect("message");
    message.copy_from_slice(&scratch[..length]);
}
