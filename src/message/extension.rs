//! Hello extensions (spec section 4.2). Unknown ones are passed over, whatever they hold.
use crate::wire::{DecodeError, ExtensionType, NamedGroup, Problem, Reader, SignatureScheme, Writer};
use alloc::{boxed::Box, string::ToString, vec::Vec};

/// The extensions of a ClientHello that mean something here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientExtensions {
    /// server_name: the one host_name, lower case (R-HS-37).
    pub server_name: Option<Box<str>>,
    /// application_layer_protocol_negotiation: names of 1 to 255 bytes, in the client's order.
    pub alpn: Vec<Box<[u8]>>,
    /// supported_groups; decides nothing in TLCP (R-HS-35).
    pub supported_groups: Vec<NamedGroup>,
    /// signature_algorithms, if sent.
    pub signature_schemes: Option<Vec<SignatureScheme>>,
    /// trusted_ca_keys: a hint (R-HS-36).
    pub trusted_authorities: Vec<TrustedAuthority>,
    /// status_request of type ocsp was there.
    pub status_request: bool,
    /// client_id (GM/T 0024-2023 A.7).
    pub client_id: Option<Box<[u8]>>,
}

/// One entry of trusted_ca_keys, in the numbering of TLS or of GM/T 0024-2023 (R-HS-36).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustedAuthority {
    /// pre_agreed(0)
    PreAgreed,
    /// key_sha1_hash(1)
    KeySha1([u8; 20]),
    /// x509_name(2): a DER distinguished name
    Name(Box<[u8]>),
    /// cert_sha1_hash(3)
    CertificateSha1([u8; 20]),
    /// key_sm3_hash(4)
    KeySm3([u8; 32]),
    /// cert_sm3_hash(5)
    CertificateSm3([u8; 32]),
}

/// The types in a hello's extensions, with the vectors behind them.
type Entry<'a> = (ExtensionType, Reader<'a>);

/// Splits the optional extensions field. A type that stands twice is a decode_error in any hello (R-HS-34).
fn entries<'a>(r: &mut Reader<'a>) -> Result<Vec<Entry<'a>>, DecodeError> {
    if r.is_empty() {
        return Ok(Vec::new());
    }
    let block = r.vector16("extensions", 0)?;
    let mut block = r.within(block);
    let mut found = Vec::new();
    while !block.is_empty() {
        let kind = ExtensionType(block.u16("extension_type")?);
        let data = block.vector16("extension_data", 0)?;
        found.push((kind, block.within(data)));
    }
    let mut kinds: Vec<_> = found.iter().map(|(k, _)| *k).collect();
    kinds.sort_unstable();
    if kinds.windows(2).any(|w| matches!(w, [a, b] if a == b)) {
        return Err(block.citing("R-HS-34").error("extensions", Problem::Duplicate));
    }
    Ok(found)
}

impl ClientExtensions {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut out = Self::default();
        for (kind, data) in entries(r)? {
            match kind {
                ExtensionType::SERVER_NAME => out.server_name = Some(read_server_name(data)?),
                ExtensionType::ALPN => out.alpn = read_alpn(data)?,
                ExtensionType::SUPPORTED_GROUPS => {
                    out.supported_groups = read_u16s(data, "supported_groups", NamedGroup)?;
                }
                ExtensionType::SIGNATURE_ALGORITHMS => {
                    out.signature_schemes = Some(read_u16s(data, "signature_algorithms", SignatureScheme)?);
                }
                ExtensionType::TRUSTED_CA_KEYS => out.trusted_authorities = read_trusted_authorities(data),
                ExtensionType::STATUS_REQUEST => out.status_request = read_status_request(data)?,
                ExtensionType::CLIENT_ID => out.client_id = Some(read_client_id(data)?),
                _ => {}
            }
        }
        Ok(out)
    }

    /// Writes the field; nothing at all if there is no extension (R-HS-4, R-HS-5).
    pub(super) fn write(&self, w: &mut Writer) {
        if self.offered().is_empty() {
            return;
        }
        w.vector16(|w| {
            if let Some(name) = &self.server_name {
                extension(w, ExtensionType::SERVER_NAME, |w| {
                    w.vector16(|w| {
                        w.u8(HOST_NAME);
                        w.vector16(|w| w.bytes(name.as_bytes()));
                    });
                });
            }
            if !self.supported_groups.is_empty() {
                extension(w, ExtensionType::SUPPORTED_GROUPS, |w| {
                    w.vector16(|w| self.supported_groups.iter().for_each(|g| w.u16(g.0)));
                });
            }
            if let Some(schemes) = &self.signature_schemes {
                extension(w, ExtensionType::SIGNATURE_ALGORITHMS, |w| {
                    w.vector16(|w| schemes.iter().for_each(|s| w.u16(s.0)));
                });
            }
            if !self.alpn.is_empty() {
                extension(w, ExtensionType::ALPN, |w| write_alpn(w, self.alpn.iter().map(AsRef::as_ref)));
            }
        });
    }

    /// The types that [`ClientHello`](super::ClientHello) writes: the ServerHello may answer no others (R-HS-34).
    pub(crate) fn offered(&self) -> Vec<ExtensionType> {
        let mut out = Vec::new();
        let mut add = |there: bool, kind| {
            if there {
                out.push(kind);
            }
        };
        add(self.server_name.is_some(), ExtensionType::SERVER_NAME);
        add(!self.supported_groups.is_empty(), ExtensionType::SUPPORTED_GROUPS);
        add(self.signature_schemes.is_some(), ExtensionType::SIGNATURE_ALGORITHMS);
        add(!self.alpn.is_empty(), ExtensionType::ALPN);
        out
    }
}

/// The extensions of a ServerHello.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerExtensions {
    /// An empty server_name: the name was used to choose the certificate.
    pub server_name: bool,
    /// The application protocol chosen (R-ALPN-3).
    pub alpn: Option<Box<[u8]>>,
    /// Every type that was there, also those not understood.
    pub kinds: Vec<ExtensionType>,
}

impl ServerExtensions {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut out = Self::default();
        for (kind, data) in entries(r)? {
            out.kinds.push(kind);
            match kind {
                ExtensionType::SERVER_NAME => {
                    data.citing("R-HS-37").finish("server_name")?;
                    out.server_name = true;
                }
                ExtensionType::ALPN => out.alpn = Some(read_chosen_alpn(data)?),
                _ => {}
            }
        }
        Ok(out)
    }

    /// Writes the field; nothing at all if there is nothing to answer (R-HS-4).
    pub(super) fn write(&self, w: &mut Writer) {
        if !self.server_name && self.alpn.is_none() {
            return;
        }
        w.vector16(|w| {
            if self.server_name {
                extension(w, ExtensionType::SERVER_NAME, |_| {});
            }
            if let Some(name) = &self.alpn {
                extension(w, ExtensionType::ALPN, |w| write_alpn(w, core::iter::once(name.as_ref())));
            }
        });
    }
}

fn extension(w: &mut Writer, kind: ExtensionType, data: impl FnOnce(&mut Writer)) {
    w.u16(kind.0);
    w.vector16(data);
}

const HOST_NAME: u8 = 0;

/// R-HS-37: a malformed list, an empty name, a NUL or two host_names are decode_errors.
fn read_server_name(r: Reader<'_>) -> Result<Box<str>, DecodeError> {
    let mut r = r.citing("R-HS-37");
    let list = r.vector16("server_name", 1)?;
    let mut list = r.within(list);
    r.finish("server_name")?;
    let mut found = None;
    while !list.is_empty() {
        let kind = list.u8("name_type")?;
        let name = list.vector16("host_name", 1)?;
        if kind != HOST_NAME {
            continue;
        }
        let text = core::str::from_utf8(name).ok().filter(|t| !t.contains('\0'));
        let text = text.ok_or(list.error("host_name", Problem::Malformed))?;
        if found.replace(text.to_ascii_lowercase().into_boxed_str()).is_some() {
            return Err(list.error("host_name", Problem::Duplicate));
        }
    }
    found.ok_or(list.error("host_name", Problem::Truncated))
}

/// R-ALPN-1: names of 1 to 255 bytes, at least one.
fn read_alpn(r: Reader<'_>) -> Result<Vec<Box<[u8]>>, DecodeError> {
    let mut r = r.citing("R-ALPN-1");
    let list = r.vector16("protocol_name_list", 2)?;
    let mut list = r.within(list);
    r.finish("protocol_name_list")?;
    let mut names = Vec::new();
    while !list.is_empty() {
        names.push(Box::from(list.vector8("ProtocolName", 1)?));
    }
    Ok(names)
}

/// R-ALPN-3: a ServerHello names exactly one.
fn read_chosen_alpn(r: Reader<'_>) -> Result<Box<[u8]>, DecodeError> {
    let wrong = r.clone().citing("R-ALPN-3").error("protocol_name_list", Problem::LengthOutOfRange);
    match <[Box<[u8]>; 1]>::try_from(read_alpn(r)?) {
        Ok([one]) => Ok(one),
        Err(_) => Err(wrong),
    }
}

fn write_alpn<'a>(w: &mut Writer, names: impl Iterator<Item = &'a [u8]>) {
    w.vector16(|w| names.for_each(|n| w.vector8(|w| w.bytes(n))));
}

fn read_u16s<T>(mut r: Reader<'_>, field: &'static str, make: fn(u16) -> T) -> Result<Vec<T>, DecodeError> {
    let list = r.vector16(field, 2)?;
    let (pairs, rest) = list.as_chunks();
    if !rest.is_empty() {
        return Err(r.error(field, Problem::LengthOutOfRange));
    }
    r.finish(field)?;
    Ok(pairs.iter().map(|p| make(u16::from_be_bytes(*p))).collect())
}

/// Only a hint: what is malformed or unknown ends the list, and is no error (R-HS-36).
fn read_trusted_authorities(mut r: Reader<'_>) -> Vec<TrustedAuthority> {
    let mut found = Vec::new();
    let Ok(list) = r.vector16("trusted_authorities_list", 0) else { return found };
    let mut list = r.within(list);
    while !list.is_empty() {
        match read_trusted_authority(&mut list) {
            Ok(Some(one)) => found.push(one),
            Ok(None) | Err(_) => break,
        }
    }
    found
}

fn read_trusted_authority(r: &mut Reader<'_>) -> Result<Option<TrustedAuthority>, DecodeError> {
    Ok(Some(match r.u8("identifier_type")? {
        0 => TrustedAuthority::PreAgreed,
        1 => TrustedAuthority::KeySha1(r.array("key_sha1_hash")?),
        2 => TrustedAuthority::Name(Box::from(r.vector16("x509_name", 1)?)),
        3 => TrustedAuthority::CertificateSha1(r.array("cert_sha1_hash")?),
        4 => TrustedAuthority::KeySm3(r.array("key_sm3_hash")?),
        5 => TrustedAuthority::CertificateSm3(r.array("cert_sm3_hash")?),
        _ => return Ok(None),
    }))
}

/// `uint8 1; opaque responder_ids<0..2^16-1>; opaque exts<0..2^16-1>`; another status_type is passed over.
fn read_status_request(mut r: Reader<'_>) -> Result<bool, DecodeError> {
    const OCSP: u8 = 1;
    if r.u8("status_type")? != OCSP {
        return Ok(false);
    }
    r.vector16("responder_id_list", 0)?;
    r.vector16("request_extensions", 0)?;
    r.finish("status_request")?;
    Ok(true)
}

fn read_client_id(mut r: Reader<'_>) -> Result<Box<[u8]>, DecodeError> {
    let id = Box::from(r.vector16("client_id", 1)?);
    r.finish("client_id")?;
    Ok(id)
}

impl ServerExtensions {
    /// What a server answers.
    pub(crate) fn answering(server_name: bool, alpn: Option<&[u8]>) -> Self {
        Self { server_name, alpn: alpn.map(Box::from), kinds: Vec::new() }
    }
}

impl ClientExtensions {
    /// The lean hello of R-HS-5: a DNS name if there is one, curve and signature algorithms of SM2, ALPN.
    pub(crate) fn lean(server_name: Option<&str>, alpn: &[Box<[u8]>]) -> Self {
        Self {
            server_name: server_name.map(|n| n.to_string().into_boxed_str()),
            alpn: alpn.to_vec(),
            supported_groups: alloc::vec![NamedGroup::CURVE_SM2],
            // R-HS-35: both code points, since GmSSL's server aborts without 0x0708 and gotlcp knows only 0x0704.
            signature_schemes: Some(alloc::vec![SignatureScheme::SM2_SM3, SignatureScheme::SM2SIG_SM3]),
            ..Self::default()
        }
    }
}
