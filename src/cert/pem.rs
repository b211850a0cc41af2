//! A pile of files, each PEM with any number of blocks or DER, as one list of items.
use crate::error::ConfigError;
use crate::wire::der::{BIT_STRING, Der, IA5_STRING, INTEGER, OCTET_STRING, SEQUENCE};
use alloc::{format, string::String, vec::Vec};
use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// What a block of bytes looks like, before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Certificate,
    /// PKCS#8, RFC 5915 ("SEC1") or PKCS#1.
    PrivateKey,
    EncryptedPrivateKey,
    Crl,
    /// A key centre's system parameters: IBCSysParams.
    KeyCentre,
    /// An SM9 identity as it is sent: any bytes.
    IbcIdentity,
    /// A key centre's public key alone, as GmSSL writes it.
    MasterPublicKey,
    /// Of no use here, and why: parameters, public keys, requests, keys of other algorithms.
    Other(&'static str),
}

/// One certificate, key or list, and where it stood.
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) der: Zeroizing<Vec<u8>>,
    /// `file 2, block 1 (EC PRIVATE KEY)`
    pub(crate) place: String,
}

/// Splits `files` into items.
pub(crate) fn items(files: &[&[u8]]) -> Result<Vec<Item>, ConfigError> {
    let mut out = Vec::new();
    for (file, number) in files.iter().zip(1_usize..) {
        if split_once(file, BEGIN).is_some() {
            read_pem(file, number, &mut out)?;
        } else {
            read_der(file, number, &mut out)?;
        }
    }
    Ok(out)
}

/// The bytes before and after the first `needle`.
fn split_once<'a>(bytes: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(needle.len()).position(|w| w == needle)?;
    let (before, rest) = bytes.split_at(at);
    Some((before, rest.get(needle.len()..)?))
}

/// Blocks need not begin on a line of their own: files without a last newline get glued together.
fn read_pem(file: &[u8], number: usize, out: &mut Vec<Item>) -> Result<(), ConfigError> {
    let mut rest = file;
    let mut block = 0_usize;
    while let Some((_, after)) = split_once(rest, BEGIN) {
        block = block.saturating_add(1);
        let fail = |what: &str| ConfigError::new(format!("file {number}, block {block}: {what}"));
        let (label, after) =
            split_once(after, DASHES).ok_or_else(|| fail("the -----BEGIN line has no end"))?;
        let label = core::str::from_utf8(label).map_err(|_| fail("the -----BEGIN line is not text"))?;
        let place = format!("file {number}, block {block} ({})", label.escape_debug());
        let fail = |what: &str| ConfigError::new(format!("{place}: {what}"));
        let (body, after) = split_once(after, END).ok_or_else(|| fail("the -----END line is missing"))?;
        rest = split_once(after, DASHES).map(|(_, rest)| rest).unwrap_or_default();
        let der = base64(body).map_err(fail)?;
        out.push(item(der, place, label)?);
    }
    Ok(())
}

/// The contents of a block: base64 behind header lines, if there are any.
fn base64(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let mut text = Zeroizing::new(String::with_capacity(body.len()));
    for line in body.split(|b| *b == b'\n' || *b == b'\r') {
        if line.starts_with(b"Proc-Type:") && split_once(line, b"ENCRYPTED").is_some() {
            return Err("this old way to encrypt a PEM key is not read; convert it with \
                        `openssl pkcs8 -topk8 -in KEY -out KEY.p8`");
        }
        if !line.contains(&b':') {
            text.extend(line.iter().filter(|b| !b.is_ascii_whitespace()).map(|b| char::from(*b)));
        }
    }
    Base64::decode_vec(&text).map(Zeroizing::new).map_err(|_| "the text between the lines is not base64")
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
        "IBC SYSTEM PARAMETERS" => Kind::KeyCentre,
        "IBC IDENTITY" => Kind::IbcIdentity,
        "SM9 SIGN MASTER PUBLIC KEY" | "SM9 ENC MASTER PUBLIC KEY" => Kind::MasterPublicKey,
        _ if label.ends_with("PARAMETERS") => Kind::Other("parameters"),
        _ if label.ends_with("PUBLIC KEY") => Kind::Other("a public key"),
        _ if label.ends_with("REQUEST") => Kind::Other("a certificate request"),
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
        [SEQUENCE, BIT_STRING, 0, 0] => Ok(Kind::Other("a public key")),
        [INTEGER, INTEGER, INTEGER, INTEGER] => Ok(Kind::PrivateKey),
        [INTEGER, IA5_STRING, INTEGER, SEQUENCE] => Ok(Kind::KeyCentre),
        [INTEGER, SEQUENCE, ..] if first == Some(&[3]) => Err(
            "a PKCS#12 container; take certificates and keys out of it with `openssl pkcs12 -in FILE -nodes`",
        ),
        [SEQUENCE, SEQUENCE, BIT_STRING, BIT_STRING] => {
            Err("an SM2EnvelopedKey; open it with the signing key first, and give the key as PKCS#8")
        }
        _ => Err("neither a certificate nor a private key (PKCS#8, EC or RSA PRIVATE KEY)"),
    }
}

/// A PEM block with this label, such as `CERTIFICATE`, around `der`: lines of 64 characters.
pub fn to_pem(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(Base64::encode_string(der));
    let mut out = Zeroizing::new(String::with_capacity(base64.len().saturating_mul(2).saturating_add(128)));
    out.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}
