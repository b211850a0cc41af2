//! Private keys out of their containers: PKCS#8, encrypted PKCS#8, RFC 5915 ("SEC1") on a named curve (R-SM2-6), PKCS#1.
use super::algorithm::{self, KeyForm};
use super::pbes2;
use crate::crypto::{Keys, PrivateKey};
use crate::error::CryptoError;
use crate::wire::NamedGroup;
use crate::wire::der::{self, INTEGER, OCTET_STRING, OID, SEQUENCE, context};
use alloc::string::{String, ToString};
use alloc::{sync::Arc, vec, vec::Vec};
use zeroize::Zeroizing;

/// What a container holds, for the provider to make a key of.
pub(super) struct Secret {
    pub(super) form: KeyForm,
    /// An elliptic curve's scalar, big-endian and as long as the curve's; Ed25519's seed; `RSAPrivateKey` of PKCS#1 in DER.
    bytes: Zeroizing<Vec<u8>>,
}

impl Secret {
    pub(super) fn private(&self, keys: &dyn Keys) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        self.form.private(&self.bytes, keys)
    }
}

/// Why a key was not read.
pub(super) enum Unread {
    /// It is one of another algorithm or curve, of which nothing here makes use.
    Foreign,
    /// It is SM9's.
    Sm9,
    /// It should have been read: what is wrong, and what to do.
    Because(String),
}

impl From<&str> for Unread {
    fn from(why: &str) -> Self {
        Self::Because(why.to_string())
    }
}

/// What [`Unread::Foreign`] says.
pub(super) const FOREIGN: &str = "a key of an algorithm or on a curve that nothing here uses";
/// What [`Unread::Sm9`] says.
pub(super) const SM9_ALONE: &str = "an SM9 key, which is of use beside its key centre's parameters (IBCSysParams), without \
                                    certificates (the crate's feature `sm9`)";
pub(super) const NO_PASSWORD: &str = "the key is encrypted, and no password was given";
/// 1.2.156.10197.1.302; the algorithms have one more number.
const SM9: &[u8] = b"\x2a\x81\x1c\xcf\x55\x01\x82\x2e";
const BROKEN: &str = "not a well-formed private key (PKCS#8, EC or RSA PRIVATE KEY)";

/// Opens an encrypted PKCS#8 key with one of `passwords`, then reads it.
pub(super) fn read_encrypted(der: &[u8], passwords: &[&[u8]]) -> Result<Secret, Unread> {
    if passwords.is_empty() {
        return Err(NO_PASSWORD.into());
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
        Some(OCTET_STRING) => return read_ec(der, None),
        Some(INTEGER) => return Ok(rsa(der)),
        _ => {}
    }
    let id = key.expect(SEQUENCE).map_err(|_| BROKEN)?;
    let is_sm9 = || der::Der::new(id).expect(OID).is_ok_and(|oid| oid.starts_with(SM9));
    let form = KeyForm::of(id).ok_or_else(|| if is_sm9() { Unread::Sm9 } else { Unread::Foreign })?;
    let inner = key.expect(OCTET_STRING).map_err(|_| BROKEN)?;
    match form {
        KeyForm::Rsa => Ok(rsa(inner)),
        KeyForm::Sm2 => read_sm2(inner),
        KeyForm::Ecdsa(_) => read_ec(inner, Some(form)),
        KeyForm::Ed25519 => read_ed25519(inner),
    }
}

/// As [`read`]: the form, and what [`Secret`] holds.
#[cfg(feature = "pki")]
pub(crate) fn read_plain(der: &[u8]) -> Result<(KeyForm, Zeroizing<Vec<u8>>), String> {
    match read(der) {
        Ok(Secret { form, bytes }) => Ok((form, bytes)),
        Err(Unread::Foreign) => Err(FOREIGN.to_string()),
        Err(Unread::Sm9) => Err(SM9_ALONE.to_string()),
        Err(Unread::Because(why)) => Err(why),
    }
}

fn rsa(der: &[u8]) -> Secret {
    Secret { form: KeyForm::Rsa, bytes: Zeroizing::new(der.to_vec()) }
}

/// CurvePrivateKey ::= OCTET STRING (RFC 8410 7).
fn read_ed25519(inner: &[u8]) -> Result<Secret, Unread> {
    let seed = der::contents(inner, OCTET_STRING).map_err(|_| BROKEN)?;
    if seed.len() != 32 {
        return Err(BROKEN.into());
    }
    Ok(Secret { form: KeyForm::Ed25519, bytes: Zeroizing::new(seed.to_vec()) })
}

/// What PKCS#8 holds of a key on the SM2 curve.
fn read_sm2(inner: &[u8]) -> Result<Secret, Unread> {
    match inner.first() {
        Some(&SEQUENCE) if inner.len() != 32 => read_ec(inner, Some(KeyForm::Sm2)),
        // GM/T 0009 SM2PrivateKey, an INTEGER, and the bare scalar
        Some(&INTEGER) if inner.len() != 32 => {
            let d = der::contents(inner, INTEGER).map_err(|_| BROKEN)?;
            scalar(KeyForm::Sm2, d)
        }
        _ => scalar(KeyForm::Sm2, inner),
    }
}

/// ECPrivateKey ::= SEQUENCE { 1, OCTET STRING, [0] curve, [1] public key }; without a `form` from around it, it must name
/// the curve, and with one name no other.
fn read_ec(der: &[u8], form: Option<KeyForm>) -> Result<Secret, Unread> {
    let mut key = der::only(der, SEQUENCE).map_err(|_| BROKEN)?;
    if key.expect(INTEGER) != Ok(&[1]) {
        return Err(BROKEN.into());
    }
    let d = key.expect(OCTET_STRING).map_err(|_| BROKEN)?;
    let curve = key.optional(context(0)).map_err(|_| BROKEN)?;
    let form = match (curve.map(algorithm::curve), form) {
        (Some(Some(named)), None) => named,
        (Some(named), Some(form)) if named == Some(form) => form,
        (Some(_), _) => return Err(Unread::Foreign),
        (None, Some(form)) => form,
        (None, None) => {
            return Err("an EC PRIVATE KEY that does not name its curve; convert it to PKCS#8".into());
        }
    };
    scalar(form, d)
}

/// Exactly as many bytes as the curve's, of a number that may have leading zeros or lack them.
fn scalar(form: KeyForm, digits: &[u8]) -> Result<Secret, Unread> {
    let length = if form == KeyForm::Ecdsa(NamedGroup::SECP384R1) { 48 } else { 32 };
    let (high, low) = digits.split_at(digits.len().saturating_sub(length));
    if high.iter().any(|b| *b != 0) {
        return Err(BROKEN.into());
    }
    let mut bytes = Zeroizing::new(vec![0; length]);
    let start = length.saturating_sub(low.len());
    bytes.iter_mut().skip(start).zip(low).for_each(|(o, b)| *o = *b);
    Ok(Secret { form, bytes })
}
