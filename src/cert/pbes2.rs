//! PBES2 (RFC 8018): PBKDF2 with HMAC-SHA-256 or HMAC-SM3, and AES-128, AES-256 or SM4 in CBC mode: what OpenSSL,
//! Tongsuo and GmSSL write. The `pkcs5` crate knows neither SM3 nor SM4.
use crate::wire::der::{self, Der, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE};
use crate::crypto::portable::Sm4;
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use cbc::cipher::{BlockModeDecrypt, KeyInit, KeyIvInit};
use hmac::{Hmac, Mac};
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
const HMAC_SHA256: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x09";
/// 1.2.156.10197.1.401.3.1, as Tongsuo writes it
const HMAC_SM3: &[u8] = b"\x2a\x81\x1c\xcf\x55\x01\x83\x11\x03\x01";
/// 1.2.156.10197.1.401.2, as GmSSL writes it
const HMAC_SM3_GMSSL: &[u8] = b"\x2a\x81\x1c\xcf\x55\x01\x83\x11\x02";
const AES128_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x02";
const AES256_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a";
const SM4_CBC: &[u8] = b"\x2a\x81\x1c\xcf\x55\x01\x68\x02";

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
    let mut key = Zeroizing::new([0; 32]);
    match p.prf {
        HMAC_SHA256 => pbkdf2::<Hmac<sha2::Sha256>>(password, &p, &mut key)?,
        HMAC_SM3 | HMAC_SM3_GMSSL => pbkdf2::<Hmac<sm3::Sm3>>(password, &p, &mut key)?,
        _ => return Err("PBKDF2 with another function than HMAC-SHA-256 and HMAC-SM3".to_string()),
    }
    let (short, _) = key.split_at(16);
    match p.cipher {
        AES128_CBC => open::<cbc::Decryptor<aes::Aes128>>(short, &p),
        AES256_CBC => open::<cbc::Decryptor<aes::Aes256>>(key.as_slice(), &p),
        SM4_CBC => open::<cbc::Decryptor<Sm4>>(short, &p),
        _ => Err("encrypted with another cipher than AES-128-CBC, AES-256-CBC and SM4-CBC".to_string()),
    }
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
    let iterations = derivation.expect(INTEGER)?;
    derivation.optional(INTEGER)?;
    let prf = match derivation.optional(SEQUENCE)? {
        None => &[],
        Some(prf) => Der::new(prf).expect(OID)?,
    };

    let mut encryption = parameters.enter(SEQUENCE)?;
    let cipher = encryption.expect(OID)?;
    let iv = encryption.optional(OCTET_STRING)?.unwrap_or_default();
    encryption.optional(NULL)?;
    if iterations.len() > 4 {
        return Err(der::BadDer);
    }
    let iterations = iterations.iter().fold(0, |n: u32, b| n << 8 | u32::from(*b));
    Ok(Ok(Parameters { salt, iterations, prf, cipher, iv, ciphertext }))
}

/// PBKDF2 (RFC 8018 5.2) for one block of output, 32 bytes: the longest key that is needed.
fn pbkdf2<M: Mac + KeyInit + Clone>(
    password: &[u8],
    p: &Parameters<'_>,
    out: &mut [u8; 32],
) -> Result<(), String> {
    let mac = <M as KeyInit>::new_from_slice(password).map_err(|_| WRONG_PASSWORD)?;
    let mut first = mac.clone();
    first.update(p.salt);
    first.update(&[0, 0, 0, 1]);
    let mut u = first.finalize().into_bytes();
    out.iter_mut().zip(&u).for_each(|(o, b)| *o = *b);
    for _ in 1..p.iterations {
        let mut next = mac.clone();
        next.update(&u);
        u = next.finalize().into_bytes();
        out.iter_mut().zip(&u).for_each(|(o, b)| *o ^= *b);
    }
    Ok(())
}

/// CBC with PKCS#7 padding.
fn open<D: BlockModeDecrypt + KeyIvInit>(
    key: &[u8],
    p: &Parameters<'_>,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut decryptor = D::new_from_slices(key, p.iv)
        .map_err(|_| "an initialization vector of another length than 16 bytes")?;
    let mut out = Zeroizing::new(p.ciphertext.to_vec());
    let (blocks, rest) = cbc::cipher::Array::slice_as_chunks_mut(out.as_mut_slice());
    let whole = rest.is_empty();
    decryptor.decrypt_blocks(blocks);
    let padding = out.last().copied().unwrap_or_default();
    let length = out.len().checked_sub(usize::from(padding)).ok_or(WRONG_PASSWORD)?;
    if !whole || !(1..=16).contains(&padding) || !out.iter().skip(length).all(|b| *b == padding) {
        return Err(WRONG_PASSWORD.to_string());
    }
    out.truncate(length);
    Ok(out)
}
