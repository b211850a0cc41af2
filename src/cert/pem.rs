//! A pile of files, each PEM with any number of blocks or DER, as one list of items.
use super::der::{BIT_STRING, Der, INTEGER, OCTET_STRING, SEQUENCE};
use crate::error::ConfigError;
use alloc::{format, string::String, vec::Vec};
use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

/// What a block of bytes looks like, before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Certificate,
    /// PKCS#8, or RFC 5915 ("SEC1").
    PrivateKey,
    EncryptedPrivateKey,
    Crl,
    /// Of no use here: parameters, public keys, requests.
    Other,
}

/// One certificate, key or list, and where it stood.
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) der: Zeroizing<Vec<u8>>,
    /// `file 2, block 1 (EC PRIVATE KEY)`
    pub(super) place: String,
}

/// Splits `files` into items.
pub(super) fn items(files: &[&[u8]]) -> Result<Vec<Item>, ConfigError> {
    let mut out = Vec::new();
    for (file, number) in files.iter().zip(1_usize..) {
        if contains(file, b"-----BEGIN ") {
            read_pem(file, number, &mut out)?;
        } else {
            read_der(file, number, &mut out)?;
        }
    }
    Ok(out)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

fn read_pem(file: &[u8], number: usize, out: &mut Vec<Item>) -> Result<(), ConfigError> {
    let mut lines = file.split(|b| *b == b'\n' || *b == b'\r');
    let mut block = 0_usize;
    while let Some(line) = lines.next() {
        let Some(label) = label(line, "-----BEGIN ") else { continue };
        block = block.saturating_add(1);
        let place = format!("file {number}, block {block} ({label})");
        let mut body = Zeroizing::new(String::with_capacity(file.len()));
        loop {
            let Some(line) = lines.next() else {
                return Err(ConfigError::new(format!("{place}: the line -----END {label}----- is missing")));
            };
            if contains(line, b"-----END ") {
                break;
            }
            if contains(line, b"ENCRYPTED") && line.starts_with(b"Proc-Type:") {
                return Err(ConfigError::new(format!(
                    "{place}: this old way of encrypting a PEM key is not read; convert it with \
                     `openssl pkcs8 -topk8 -in KEY -out KEY.p8`"
                )));
            }
            if !line.contains(&b':') {
                body.extend(line.iter().filter(|b| !b.is_ascii_whitespace()).map(|b| char::from(*b)));
            }
        }
        let der = Base64::decode_vec(&body)
            .map_err(|_| ConfigError::new(format!("{place}: the text between the lines is not base64")))?;
        out.push(item(Zeroizing::new(der), place, &label)?);
    }
    Ok(())
}

/// The label of a `-----BEGIN label-----` line.
fn label(line: &[u8], start: &str) -> Option<String> {
    let line = core::str::from_utf8(line).ok()?;
    let (_, rest) = line.split_once(start)?;
    rest.split_once("-----").map(|(label, _)| String::from(label))
}

fn item(mut der: Zeroizing<Vec<u8>>, place: String, label: &str) -> Result<Item, ConfigError> {
    let kind = match label {
        "CERTIFICATE" | "X509 CERTIFICATE" => Kind::Certificate,
        "TRUSTED CERTIFICATE" => {
            // OpenSSL's trust settings follow the certificate
            let length = Der::new(&der).next().map_or(0, |e| e.whole.len());
            der.truncate(length);
            Kind::Certificate
        }
        "X509 CRL" => Kind::Crl,
        _ if label.ends_with("PARAMETERS") || label.ends_with("PUBLIC KEY") || label.ends_with("REQUEST") => {
            Kind::Other
        }
        // Labels of keys differ (`SM2 PRIVATE KEY`, `SM2`, `EC`): the contents tell.
        _ => shape(&der).map_err(|why| ConfigError::new(format!("{place}: {why}")))?,
    };
    Ok(Item { kind, der, place })
}

fn read_der(file: &[u8], number: usize, out: &mut Vec<Item>) -> Result<(), ConfigError> {
    let mut der = Der::new(file);
    let mut block = 0_usize;
    while !der.is_empty() || block == 0 {
        block = block.saturating_add(1);
        let place = format!("file {number}, item {block} (DER)");
        let element = der.next().ok().filter(|e| e.tag == SEQUENCE);
        let whole = element.map(|e| e.whole).ok_or_else(|| {
            ConfigError::new(format!("{place}: neither PEM (no -----BEGIN line) nor DER (no SEQUENCE)"))
        })?;
        let kind = shape(whole).map_err(|why| ConfigError::new(format!("{place}: {why}")))?;
        out.push(Item { kind, der: Zeroizing::new(whole.to_vec()), place });
    }
    Ok(())
}

/// Tells structures apart by the tags of their first members.
fn shape(der: &[u8]) -> Result<Kind, &'static str> {
    let mut inner = Der::new(der).enter(SEQUENCE).map_err(|_| "not DER")?;
    let mut tags = [0; 4];
    let mut first = None;
    for tag in &mut tags {
        if inner.is_empty() {
            break;
        }
        let element = inner.next().map_err(|_| "not DER")?;
        *tag = element.tag;
        first = first.or(Some(element.value));
    }
    match tags {
        [SEQUENCE, SEQUENCE, BIT_STRING, 0] => Ok(Kind::Certificate),
        [INTEGER, SEQUENCE, OCTET_STRING, _] | [INTEGER, OCTET_STRING, _, _] => Ok(Kind::PrivateKey),
        [SEQUENCE, OCTET_STRING, 0, 0] => Ok(Kind::EncryptedPrivateKey),
        [SEQUENCE, BIT_STRING, 0, 0] => Ok(Kind::Other),
        [INTEGER, INTEGER, INTEGER, INTEGER] => Err("an RSA key; the suites here take SM2 keys"),
        [INTEGER, SEQUENCE, ..] if first == Some(&[3]) => Err(
            "a PKCS#12 container; take certificates and keys out of it with `openssl pkcs12 -in FILE -nodes`",
        ),
        [SEQUENCE, SEQUENCE, BIT_STRING, BIT_STRING] => {
            Err("an SM2EnvelopedKey; open it with the signing key first, and give the key as PKCS#8")
        }
        _ => Err("neither a certificate nor a private key (PKCS#8 or EC PRIVATE KEY)"),
    }
}
