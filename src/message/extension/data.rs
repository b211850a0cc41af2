//! What stands in an extension.
use super::RequestedName;
use crate::message::ProtocolNames;
use crate::wire::{Codes, DecodeError, MaxFragmentLength, Problem, Reader, Writer, codes};
use alloc::{boxed::Box, sync::Arc};

const HOST_NAME: u8 = 0;

/// R-HS-37: a malformed list and two host_names are decode_errors; R-HS-48 judges the name.
pub(super) fn read_server_name(r: Reader<'_>) -> Result<RequestedName, DecodeError> {
    let mut r = r.citing("R-HS-37");
    let list = r.vector16("server_name", 1)?;
    let mut list = r.within(list);
    r.finish("server_name")?;
    let mut found = None;
    while !list.is_empty() {
        let kind = list.u8("name_type")?;
        let name = list.vector16("host_name", 1)?;
        if kind == HOST_NAME && found.replace(name).is_some() {
            return Err(list.error("host_name", Problem::Duplicate));
        }
    }
    let name = found.ok_or(list.error("host_name", Problem::Truncated))?;
    RequestedName::read(list.within(name))
}

pub(super) fn write_server_name(w: &mut Writer, name: &str) {
    w.vector16(|w| {
        w.u8(HOST_NAME);
        w.vector16(|w| w.bytes(name.as_bytes()));
    });
}

/// R-ALPN-1: names of 1 to 255 bytes, at least one.
pub(super) fn read_protocols(r: Reader<'_>) -> Result<ProtocolNames, DecodeError> {
    let mut r = r.citing("R-ALPN-1");
    let list = r.vector16("protocol_name_list", 2)?;
    let list = r.within(list);
    r.finish("protocol_name_list")?;
    ProtocolNames::read(list, "ProtocolName")
}

/// R-ALPN-3: a ServerHello names exactly one.
pub(super) fn read_chosen_protocol(r: Reader<'_>) -> Result<Box<[u8]>, DecodeError> {
    let wrong = r.clone().citing("R-ALPN-3").error("protocol_name_list", Problem::LengthOutOfRange);
    let names = read_protocols(r)?;
    let mut names = names.iter();
    match (names.next(), names.next()) {
        (Some(one), None) => Ok(Box::from(one)),
        _ => Err(wrong),
    }
}

pub(super) fn read_u16s<T>(
    mut r: Reader<'_>,
    field: &'static str,
    make: fn(u16) -> T,
) -> Result<Codes<T>, DecodeError> {
    let list = r.vector16(field, 2)?;
    let values = codes(list, make).ok_or(r.error(field, Problem::LengthOutOfRange))?;
    r.finish(field)?;
    Ok(values)
}

pub(super) fn write_u16s(w: &mut Writer, values: impl Iterator<Item = u16>) {
    w.vector16(|w| values.for_each(|v| w.u16(v)));
}

/// `uint8 1; opaque responder_ids<0..2^16-1>; opaque exts<0..2^16-1>`; another status_type is passed over.
pub(super) fn read_status_request(mut r: Reader<'_>) -> Result<bool, DecodeError> {
    const OCSP: u8 = 1;
    if r.u8("status_type")? != OCSP {
        return Ok(false);
    }
    r.vector16("responder_id_list", 0)?;
    r.vector16("request_extensions", 0)?;
    r.finish("status_request")?;
    Ok(true)
}

/// Of any responder, with no extensions.
pub(super) fn write_status_request(w: &mut Writer) {
    w.u8(1);
    w.vector16(|_| {});
    w.vector16(|_| {});
}

/// Whether uncompressed(0) is in the list.
pub(super) fn read_point_formats(r: Reader<'_>) -> Result<bool, DecodeError> {
    let mut r = r.citing("R-EC-1");
    let formats = r.vector8("ec_point_format_list", 1)?;
    r.finish("ec_point_format_list")?;
    Ok(formats.contains(&0))
}

pub(super) fn write_point_formats(w: &mut Writer, _: &bool) {
    w.vector8(|w| w.u8(0));
}

pub(super) fn read_max_fragment_length(r: Reader<'_>) -> Result<MaxFragmentLength, DecodeError> {
    let mut r = r.citing("R-EXT-2");
    let code = MaxFragmentLength(r.u8("max_fragment_length")?);
    r.finish("max_fragment_length")?;
    Ok(code)
}

pub(super) fn write_max_fragment_length(w: &mut Writer, code: &MaxFragmentLength) {
    w.u8(code.0);
}

/// R-REN-8: exactly one length byte and that many bytes.
pub(super) fn read_renegotiation_info(r: Reader<'_>) -> Result<Box<[u8]>, DecodeError> {
    let mut r = r.citing("R-REN-8");
    let data = r.vector8("renegotiated_connection", 0)?;
    r.finish("renegotiated_connection")?;
    Ok(Box::from(data))
}

pub(super) fn write_renegotiation_info(w: &mut Writer, verify_data: &[u8]) {
    w.vector8(|w| w.bytes(verify_data));
}

/// Whether the list holds TLS 1.3; a malformed one holds nothing.
pub(super) fn offers_tls13(mut r: Reader<'_>) -> bool {
    const TLS13: [u8; 2] = [3, 4];
    r.vector8("versions", 2).is_ok_and(|versions| versions.as_chunks().0.contains(&TLS13))
}

/// GM/T 0024-2023 A.7: `opaque ClientID<1..2^16-1>`.
pub(super) fn read_client_id(r: Reader<'_>) -> Result<Arc<[u8]>, DecodeError> {
    let mut r = r.citing("R-IBC-3");
    let id = r.vector16("client_id", 1)?;
    r.finish("client_id")?;
    Ok(Arc::from(id))
}

pub(super) fn write_client_id(w: &mut Writer, id: &Arc<[u8]>) {
    w.vector16(|w| w.bytes(id));
}
