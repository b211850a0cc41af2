//! Records under a block cipher and an HMAC, encrypt-then-MAC (RFC 7366, R-ETM-1, R-ETM-2):
//! `IV[16] || CBC(content || padding || padding_length) || MAC`, where the MAC is of the IV and what was encrypted.
//!
//! What is decrypted was authentic before: there is no secret in how long the padding is.
use super::{BLOCK, LANES, UNFIT, body_len, lay_out, no_lanes, read_padding, start_record};
use crate::crypto::{CbcHmac, CbcLane, Digest, MacLane};
use crate::error::Error;
use crate::record::{Place, frame::HEADER_LEN, pieces};
use core::ops::Range;
use subtle::ConstantTimeEq;

pub(super) fn record_len(content_len: usize, mac_len: usize) -> usize {
    body_len(content_len, 0).saturating_add(HEADER_LEN + BLOCK).saturating_add(mac_len)
}

/// Seals as many records as there are IVs.
pub(super) fn seal(
    cbc: &dyn CbcHmac,
    place: Place,
    data: &[u8],
    max: usize,
    ivs: &[[u8; BLOCK]],
    out: &mut [u8],
) -> Result<(), Error> {
    let mac_len = cbc.mac_len();
    let mut rest = &mut *out;
    let mut lanes = no_lanes();
    for ((lane, part), iv) in lanes.iter_mut().zip(pieces(data, max)).zip(ivs) {
        let record = rest.split_off_mut(..record_len(part.len(), mac_len)).ok_or(UNFIT)?;
        let (fragment, _) = split_mac(start_record(place, record)?, mac_len).ok_or(UNFIT)?;
        *lane = CbcLane { iv: *iv, in_out: lay_out([part, &[]], iv, fragment)? };
    }
    cbc.encrypt_lanes(lanes.get_mut(..ivs.len()).ok_or(UNFIT)?);

    let mut rest = out;
    let mut macs: [MacLane<'_>; LANES] =
        core::array::from_fn(|_| MacLane { header: [0; 13], data: &[], mac: Digest::new(&[]) });
    let mut places: [&mut [u8]; LANES] = core::array::from_fn(|_| &mut [][..]);
    let parts = pieces(data, max).zip(place.number..);
    for ((lane, mac), (part, number)) in macs.iter_mut().zip(&mut places).zip(parts) {
        let record = rest.split_off_mut(..record_len(part.len(), mac_len)).ok_or(UNFIT)?;
        let fragment = record.get_mut(HEADER_LEN..).ok_or(UNFIT)?;
        let (data, mac_place) = split_mac(fragment, mac_len).ok_or(UNFIT)?;
        (lane.header, lane.data) = (Place { number, ..place }.pseudo_header(data.len()), data);
        *mac = mac_place;
    }
    let macs = macs.get_mut(..ivs.len()).ok_or(UNFIT)?;
    cbc.mac_lanes(macs);
    for (place, lane) in places.iter_mut().zip(macs) {
        place.iter_mut().zip(lane.mac.as_ref()).for_each(|(to, from)| *to = *from);
    }
    Ok(())
}

/// The fragment without its MAC, and the MAC.
fn split_mac(fragment: &mut [u8], mac_len: usize) -> Option<(&mut [u8], &mut [u8])> {
    fragment.split_at_mut_checked(fragment.len().checked_sub(mac_len)?)
}

/// Opens a fragment in place: where the content stands, or nothing if it does not open.
pub(super) fn open(cbc: &dyn CbcHmac, place: Place, fragment: &mut [u8]) -> Option<Range<usize>> {
    let (data, mac) = split_mac(fragment, cbc.mac_len())?;
    if !data.len().is_multiple_of(BLOCK) || data.len() < BLOCK.saturating_add(body_len(0, 0)) {
        return None; // R-REC-37
    }
    let header = place.pseudo_header(data.len());
    let mut lanes = [MacLane { header, data, mac: Digest::new(&[]) }];
    cbc.mac_lanes(&mut lanes);
    let [lane] = lanes;
    if !bool::from(lane.mac.as_ref().ct_eq(mac)) {
        return None;
    }
    let (iv, plain) = data.split_first_chunk_mut::<BLOCK>()?;
    cbc.decrypt(iv, plain);
    let padding = read_padding(plain, 0)?;
    bool::from(padding.good).then(|| BLOCK..BLOCK.saturating_add(padding.content_len))
}
