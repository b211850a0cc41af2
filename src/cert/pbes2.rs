//! PBES2 (RFC 8018): PBKDF2 with HMAC of SHA-1, SHA-2 or SM3, and AES or SM4 in CBC mode: what OpenSSL, BouncyCastle, Tongsuo
//! and GmSSL write. The `pkcs5` crate knows neither SM3 nor SM4.
use crate::crypto::portable::Sm4;
use crate::wire::der::{self, Der, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE};
use ::der::Decode;
use alloc::{
    string::{String, ToString},
    vec,
    vec::Vec,
};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, InvalidLength, KeyIvInit};
use hmac::Hmac;
use pbkdf2::pbkdf2;
use zeroize::Zeroizing;

pub(super) const WRONG_PASSWORD: &str =
    "the key does not open: the password is wrong, or the file is damaged";

const BROKEN: &str = "not a well-formed encrypted PKCS#8 key with PBES2 and PBKDF2";
const OLD_SCHEME: &str = "encrypted with PBES1 or a scheme of PKCS#12, not with PBES2; convert it with \
                          `openssl pkcs8 -in KEY | openssl pkcs8 -topk8 -v2 aes-256-cbc -out KEY.p8`";
const IS_SCRYPT: &str = "encrypted with scrypt, not with PBKDF2; convert it with \
                         `openssl pkcs8 -in KEY | openssl pkcs8 -topk8 -v2 aes-256-cbc -out KEY.p8`";

/// A key file is our own, but a damaged one must not keep us busy for hours: some seconds at the most.
const MAX_ITERATIONS: u32 = 2_000_000;

const PBES2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
const PBKDF2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
/// 1.3.6.1.4.1.11591.4.11 (RFC 7914)
const SCRYPT: &[u8] = b"\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";
const HMAC_SHA1: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x07";
const HMAC_SHA224: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x08";
const HMAC_SHA256: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x09";
const HMAC_SHA384: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x0a";
const HMAC_SHA512: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x0b";
/// 1.2.156.10197.1.401.3.1, as Tongsuo writes it
const HMAC_SM3: &[u8] = b"\x2a\x81\x1c\xcf\x55\x01\x83\x11\x03\x01";
/// 1.2.156.10197.1.401.2, as GmSSL writes it
const HMAC_SM3_GMSSL: &[u8] = b"\x2a\x81\x1c\xcf\x55\x01\x83\x11\x02";
const AES128_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x02";
const AES192_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x16";
const AES256_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a";
const SM4_CBC: &[u8] = b"\x2a\x81\x1c\xcf\x55\x01\x68\x02";

/// PBKDF2 with one of the functions: password, salt, iterations, key.
type Derive = fn(&[u8], &[u8], u32, &mut [u8]) -> Result<(), InvalidLength>;
/// Decryption with one of the ciphers.
type Open = fn(&[u8], &Parameters<'_>) -> Result<Zeroizing<Vec<u8>>, String>;

/// What EncryptedPrivateKeyInfo says of its making.
struct Parameters<'a> {
    salt: &'a [u8],
    iterations: u32,
    prf: &'a [u8],
    cipher: &'a [u8],
    iv: &'a [u8],
    ciphertext: &'a [u8],
}

/// The PrivateKeyInfo inside an EncryptedPrivateKeyInfo.
pub(super) fn decrypt(der: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    let p = read(der).map_err(|_| BROKEN)??;
    if p.iterations == 0 || p.iterations > MAX_ITERATIONS {
        return Err("PBKDF2 with an iteration count that makes no sense".to_string());
    }
    let derive: Derive = match p.prf {
        HMAC_SHA1 => pbkdf2::<Hmac<sha1::Sha1>>,
        HMAC_SHA224 => pbkdf2::<Hmac<sha2::Sha224>>,
        HMAC_SHA256 => pbkdf2::<Hmac<sha2::Sha256>>,
        HMAC_SHA384 => pbkdf2::<Hmac<sha2::Sha384>>,
        HMAC_SHA512 => pbkdf2::<Hmac<sha2::Sha512>>,
        HMAC_SM3 | HMAC_SM3_GMSSL => pbkdf2::<Hmac<sm3::Sm3>>,
        _ => return Err("PBKDF2 with another function than HMAC of SHA-1, SHA-2 and SM3".to_string()),
    };
    let (open, length): (Open, usize) = match p.cipher {
        AES128_CBC => (open::<Decryptor<aes::Aes128>>, 16),
        AES192_CBC => (open::<Decryptor<aes::Aes192>>, 24),
        AES256_CBC => (open::<Decryptor<aes::Aes256>>, 32),
        SM4_CBC => (open::<Decryptor<Sm4>>, 16),
        _ => return Err("encrypted with another cipher than AES-CBC and SM4-CBC".to_string()),
    };
    let mut key = Zeroizing::new(vec![0; length]);
    derive(password, p.salt, p.iterations, &mut key).map_err(|_| WRONG_PASSWORD)?;
    open(&key, &p)
}

/// The parameters; the inner error names a scheme that is not read.
fn read(whole: &[u8]) -> Result<Result<Parameters<'_>, &'static str>, der::BadDer> {
    let mut info = der::only(whole, SEQUENCE)?;
    let mut scheme = info.enter(SEQUENCE)?;
    let ciphertext = info.expect(OCTET_STRING)?;
    info.finish()?;
    if scheme.expect(OID)? != PBES2 {
        return Ok(Err(OLD_SCHEME));
    }
    let mut parameters = scheme.enter(SEQUENCE)?;

    let mut derivation = parameters.enter(SEQUENCE)?;
    match derivation.expect(OID)? {
        PBKDF2 => {}
        SCRYPT => return Ok(Err(IS_SCRYPT)),
        _ => return Ok(Err("encrypted with a key derivation that is not known here; PBKDF2 is read")),
    }
    let mut derivation = derivation.enter(SEQUENCE)?;
    let salt = derivation.expect(OCTET_STRING)?;
    let iterations = u32::from_der(derivation.next()?.whole)?;
    derivation.optional(INTEGER)?;
    let prf = match derivation.optional(SEQUENCE)? {
        None => HMAC_SHA1,
        Some(prf) => Der::new(prf).expect(OID)?,
    };

    let mut encryption = parameters.enter(SEQUENCE)?;
    let cipher = encryption.expect(OID)?;
    let iv = encryption.optional(OCTET_STRING)?.unwrap_or_default();
    encryption.optional(NULL)?;
    Ok(Ok(Parameters { salt, iterations, prf, cipher, iv, ciphertext }))
}

/// CBC with PKCS#7 padding.
fn open<D: BlockModeDecrypt + KeyIvInit>(
    key: &[u8],
    p: &Parameters<'_>,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let decryptor = D::new_from_slices(key, p.iv)
        .map_err(|_| "an initialization vector of another length than 16 bytes")?;
    let mut out = Zeroizing::new(p.ciphertext.to_vec());
    let length = decryptor.decrypt_padded::<Pkcs7>(&mut out).map_err(|_| WRONG_PASSWORD)?.len();
    out.truncate(length);
    Ok(out)
}
