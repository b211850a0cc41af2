//! R-REC-35 with the fastest cipher and MAC of this machine: records that do not open go one way, whatever is wrong with
//! them; and those that do go one way up to their end, wherever that is.
use super::{BLOCK, PLACE, open};
use crate::crypto::native::single_step::{Secrets, check};
use crate::crypto::{CbcHmac, CbcLane, Digest, MacLane, default_provider};
use crate::suite::{CbcAlgorithm, MacAlgorithm};
use alloc::{boxed::Box, vec::Vec};

/// Content, MAC and padding.
const LENGTH: usize = 20 * BLOCK;

type Record = (Box<dyn CbcHmac>, Vec<u8>);

/// Any length of padding; `spoil` does what it will with the plaintext before it is encrypted.
fn record(secrets: &Secrets, spoil: impl Fn(&mut [u8], usize)) -> Record {
    let ciphers = default_provider().ciphers;
    let (key, mac_key) = (secrets.bytes::<16>(), secrets.bytes::<32>());
    let cbc = ciphers.cbc_hmac(CbcAlgorithm::Sm4, MacAlgorithm::Sm3, &key, &mac_key).unwrap();
    let (mut plain, [padding]) = (secrets.bytes::<LENGTH>(), secrets.bytes());
    let content_len = LENGTH - 33 - usize::from(padding);
    let (content, rest) = plain.split_at_mut(content_len);
    let header = PLACE.pseudo_header(content_len);
    let mut lanes = [MacLane { header, data: content, mac: Digest::new(&[]) }];
    cbc.mac_lanes(&mut lanes);
    rest[..32].copy_from_slice(lanes[0].mac.as_ref());
    rest[32..].fill(padding);
    spoil(&mut plain, content_len);
    cbc.encrypt_lanes(&mut [CbcLane { iv: [8; BLOCK], in_out: &mut plain }]);
    (cbc, [&[8; BLOCK][..], &plain].concat())
}

fn bad(secrets: &Secrets) -> Option<Record> {
    let [kind, place, bit] = secrets.draws().bytes();
    Some(record(secrets, |plain, content_len| match kind % 4 {
        0 => plain[content_len + usize::from(place % 32)] ^= 1 << (bit % 8),
        1 => plain[content_len + 32] ^= 1 << (bit % 8),
        2 => plain[0] ^= 1,
        _ => plain[LENGTH - 1] = place,
    }))
}

#[test]
#[ignore = "steps through thousands of instructions"]
fn records_go_one_way_whatever_their_padding_is() {
    check(
        "opening CBC records",
        |secrets| Some(record(secrets, |_, _| {})),
        |(cbc, mut fragment)| {
            assert!(open(&*cbc, PLACE, &mut fragment).is_some());
        },
    );
    check("opening CBC records that are bad", bad, |(cbc, mut fragment)| {
        assert!(open(&*cbc, PLACE, &mut fragment).is_none());
    });
}
