//! libgcrypt's primitives by a small foreign interface.

use crate::symmetric::{ASSOCIATED, IV, KEY, NONCE, Primitives};
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::ptr;

const CIPHER_SM4: c_int = 318;
const MODE_CBC: c_int = 3;
const MODE_GCM: c_int = 9;
const DIGEST_SM3: c_int = 326;

#[link(name = "gcrypt")]
unsafe extern "C" {
    fn gcry_check_version(wanted: *const c_char) -> *const c_char;
    fn gcry_md_hash_buffer(algorithm: c_int, digest: *mut c_void, buffer: *const c_void, length: usize);
    fn gcry_cipher_open(handle: *mut *mut c_void, algorithm: c_int, mode: c_int, flags: c_uint) -> c_uint;
    fn gcry_cipher_close(handle: *mut c_void);
    fn gcry_cipher_setkey(handle: *mut c_void, key: *const c_void, length: usize) -> c_uint;
    fn gcry_cipher_setiv(handle: *mut c_void, iv: *const c_void, length: usize) -> c_uint;
    fn gcry_cipher_authenticate(handle: *mut c_void, data: *const c_void, length: usize) -> c_uint;
    fn gcry_cipher_encrypt(
        h: *mut c_void,
        out: *mut c_void,
        size: usize,
        input: *const c_void,
        len: usize,
    ) -> c_uint;
    fn gcry_cipher_decrypt(
        h: *mut c_void,
        out: *mut c_void,
        size: usize,
        input: *const c_void,
        len: usize,
    ) -> c_uint;
    fn gcry_cipher_gettag(handle: *mut c_void, tag: *mut c_void, length: usize) -> c_uint;
    fn gcry_cipher_checktag(handle: *mut c_void, tag: *const c_void, length: usize) -> c_uint;
}

pub(crate) struct Libgcrypt {
    gcm: Handle,
    cbc: Handle,
}

impl Libgcrypt {
    pub(crate) fn new() -> Self {
        // SAFETY: a null argument only initialises the library.
        assert!(!unsafe { gcry_check_version(ptr::null()) }.is_null(), "libgcrypt");
        Self { gcm: Handle::new(MODE_GCM), cbc: Handle::new(MODE_CBC) }
    }
}

impl Primitives for Libgcrypt {
    fn name(&self) -> &'static str {
        "libgcrypt"
    }

    fn sm3(&mut self, message: &[u8]) -> [u8; 32] {
        let mut digest = [0; 32];
        let out = digest.as_mut_ptr().cast();
        // SAFETY: SM3's digest has 32 bytes; the message is as long as said.
        unsafe { gcry_md_hash_buffer(DIGEST_SM3, out, message.as_ptr().cast(), message.len()) };
        digest
    }

    fn gcm_seal(&mut self, message: &mut [u8]) -> [u8; 16] {
        self.gcm.start(&NONCE, &ASSOCIATED);
        self.gcm.encrypt(message);
        self.gcm.tag()
    }

    fn gcm_open(&mut self, message: &mut [u8], tag: &[u8; 16]) -> bool {
        self.gcm.start(&NONCE, &ASSOCIATED);
        self.gcm.decrypt(message);
        self.gcm.tag_is(tag)
    }

    fn cbc_encrypt(&mut self, message: &mut [u8]) {
        self.cbc.start(&IV, &[]);
        self.cbc.encrypt(message);
    }

    fn cbc_decrypt(&mut self, message: &mut [u8]) {
        self.cbc.start(&IV, &[]);
        self.cbc.decrypt(message);
    }
}

/// A cipher handle with the key set.
struct Handle(*mut c_void);

impl Handle {
    fn new(mode: c_int) -> Self {
        let mut handle = ptr::null_mut();
        // SAFETY: the handle is written before it is used; the key is 16 bytes.
        unsafe {
            assert_eq!(gcry_cipher_open(&raw mut handle, CIPHER_SM4, mode, 0), 0, "open");
            assert_eq!(gcry_cipher_setkey(handle, KEY.as_ptr().cast(), KEY.len()), 0, "key");
        }
        Self(handle)
    }

    fn start(&self, iv: &[u8], associated: &[u8]) {
        // SAFETY: both slices are as long as said and only read.
        unsafe {
            assert_eq!(gcry_cipher_setiv(self.0, iv.as_ptr().cast(), iv.len()), 0, "iv");
            if !associated.is_empty() {
                let data = associated.as_ptr().cast();
                assert_eq!(gcry_cipher_authenticate(self.0, data, associated.len()), 0, "associated data");
            }
        }
    }

    fn encrypt(&self, message: &mut [u8]) {
        // SAFETY: no input means in place.
        let error = unsafe {
            gcry_cipher_encrypt(self.0, message.as_mut_ptr().cast(), message.len(), ptr::null(), 0)
        };
        assert_eq!(error, 0, "encrypt");
    }

    fn decrypt(&self, message: &mut [u8]) {
        // SAFETY: no input means in place.
        let error = unsafe {
            gcry_cipher_decrypt(self.0, message.as_mut_ptr().cast(), message.len(), ptr::null(), 0)
        };
        assert_eq!(error, 0, "decrypt");
    }

    fn tag(&self) -> [u8; 16] {
        let mut tag = [0; 16];
        // SAFETY: the tag has 16 bytes.
        assert_eq!(unsafe { gcry_cipher_gettag(self.0, tag.as_mut_ptr().cast(), tag.len()) }, 0, "tag");
        tag
    }

    fn tag_is(&self, tag: &[u8; 16]) -> bool {
        // SAFETY: the tag has 16 bytes and is only read.
        unsafe { gcry_cipher_checktag(self.0, tag.as_ptr().cast(), tag.len()) == 0 }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: made by `gcry_cipher_open`, closed once.
        unsafe { gcry_cipher_close(self.0) }
    }
}
