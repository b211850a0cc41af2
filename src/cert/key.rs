//! Private keys out of their containers: PKCS#8, encrypted PKCS#8, RFC 5915 ("SEC1") for the SM2 curve (R-SM2-6), PKCS#1.
use super::algorithm::{self, KeyForm};
use super::der::{self, INTEGER, OCTET_STRING, SEQUENCE, context};
use super::pbes2;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// SM2's scalar, 32 bytes big-endian.
type Scalar = Zeroizing<[u8; 32]>;

/// What a container holds, for the provider to make a key of.
pub(super) enum Secret {
    Sm2(Scalar),
    /// `RSAPrivateKey` of PKCS#1 in DER.
    Rsa(Zeroizing<Vec<u8>>),
}

/// Why a key was not read.
pub(super) enum Unread {
    /// It is one of another algorithm or curve, of which nothing here makes use.
    Foreign,
    /// It should have been read: what is wrong, and what to do.
    Because(String),
}

impl From<&str> for Unread {
    fn from(why: &str) -> Self {
        Self::Because(why.to_string())
    }
}

/// What [`Unread::Foreign`] says.
pub(super) const FOREIGN: &str = "not a key on the SM2 curve";
const BROKEN: &str = "not a well-formed private key (PKCS#8, EC or RSA PRIVATE KEY)";

/// Opens an encrypted PKCS#8 key with one of `passwords`, then reads it.
pub(super) fn read_encrypted(der: &[u8], passwords: &[&[u8]]) -> Result<Secret, Unread> {
    if passwords.is_empty() {
        return Err("the key is encrypted, and no password was given".into());
    }
    for password in passwords {
        match pbes2::decrypt(der, password) {
            // By chance another password may leave something that looks padded.
            Ok(key) => match read(&key) {
                Err(Unread::Because(_)) => {}
                known => return known,
            },
            Err(why) if why == pbes2::WRONG_PASSWORD => {}
            Err(why) => return Err(Unread::Because(why)),
        }
    }
    Err(pbes2::WRONG_PASSWORD.into())
}

/// Reads PKCS#8, RFC 5915 or PKCS#1.
pub(super) fn read(der: &[u8]) -> Result<Secret, Unread> {
    let mut key = der::only(der, SEQUENCE).map_err(|_| BROKEN)?;
    key.expect(INTEGER).map_err(|_| BROKEN)?;
    match key.peek() {
        Some(OCTET_STRING) => return read_ec(der, true).map(Secret::Sm2),
        Some(INTEGER) => return Ok(Secret::Rsa(Zeroizing::new(der.to_vec()))),
        _ => {}
    }
    let id = key.expect(SEQUENCE).map_err(|_| BROKEN)?;
    let inner = key.expect(OCTET_STRING).map_err(|_| BROKEN)?;
    match KeyForm::of(id) {
        Some(KeyForm::Rsa) => Ok(Secret::Rsa(Zeroizing::new(inner.to_vec()))),
        Some(KeyForm::Sm2) => read_sm2(inner).map(Secret::Sm2),
        _ => Err(Unread::Foreign),
    }
}

/// What PKCS#8 holds of a key on the SM2 curve.
fn read_sm2(inner: &[u8]) -> Result<Scalar, Unread> {
    match inner.first() {
        Some(&SEQUENCE) if inner.len() != 32 => read_ec(inner, false),
        // GM/T 0009 SM2PrivateKey, an INTEGER, and the bare scalar
        Some(&INTEGER) if inner.len() != 32 => {
            let mut der = der::Der::new(inner);
            let d = der.expect(INTEGER).map_err(|_| BROKEN)?;
            der.finish().map_err(|_| BROKEN)?;
            scalar(d)
        }
        _ => scalar(inner),
    }
}

/// ECPrivateKey ::= SEQUENCE { 1, OCTET STRING, [0] curve, [1] public key }; alone, it must name the curve.
fn read_ec(der: &[u8], alone: bool) -> Result<Scalar, Unread> {
    let mut key = der::only(der, SEQUENCE).map_err(|_| BROKEN)?;
    if key.expect(INTEGER) != Ok(&[1]) {
        return Err(BROKEN.into());
    }
    let d = key.expect(OCTET_STRING).map_err(|_| BROKEN)?;
    let curve = key.optional(context(0)).map_err(|_| BROKEN)?;
    match curve {
        Some(curve) if curve != algorithm::SM2 => Err(Unread::Foreign),
        None if alone => Err("an EC PRIVATE KEY that does not name its curve; convert it to PKCS#8".into()),
        _ => scalar(d),
    }
}

/// Exactly 32 bytes of a number that may have leading zeros or lack them.
fn scalar(digits: &[u8]) -> Result<Scalar, Unread> {
    let zeros = digits.len().saturating_sub(32);
    let (high, low) = digits.split_at(zeros);
    if high.iter().any(|b| *b != 0) {
        return Err(BROKEN.into());
    }
    let mut out = Scalar::default();
    let start = 32_usize.saturating_sub(low.len());
    out.iter_mut().skip(start).zip(low).for_each(|(o, b)| *o = *b);
    Ok(out)
}
