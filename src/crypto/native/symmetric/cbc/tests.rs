use super::*;
use crate::crypto::portable;
use crate::suite::{CbcAlgorithm, MacAlgorithm};
use alloc::boxed::Box;
use alloc::vec::Vec;

const KEY: [u8; 16] = *b"a key of sixteen";
const MAC_KEY: [u8; 32] = *b"a MAC key of thirty-two bytes...";

fn reference() -> Box<dyn CbcHmac> {
    let ciphers = portable::provider().ciphers;
    ciphers.cbc_hmac(CbcAlgorithm::Sm4, MacAlgorithm::Sm3, &KEY, &MAC_KEY).unwrap()
}
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 41 + i / 256) as u8).collect()
}
fn header(content_len: usize) -> [u8; 13] {
    let [high, low] = (content_len as u16).to_be_bytes();
    [0, 0, 0, 0, 0, 0, 0, 9, 23, 1, 1, high, low]
}
fn macs(cbc: &dyn CbcHmac, messages: &[Vec<u8>]) -> Vec<Digest> {
    let mut lanes: Vec<MacLane<'_>> = messages
        .iter()
        .map(|data| MacLane { header: header(data.len()), data, mac: Digest::new(&[]) })
        .collect();
    cbc.mac_lanes(&mut lanes);
    lanes.into_iter().map(|lane| lane.mac).collect()
}

#[test]
fn macs_of_any_number_and_length_equal_the_reference() {
    let reference = reference();
    for count in (0..20).chain([33]) {
        for (first, step) in [(0, 1), (40, 3), (100, 0), (1000, 64)] {
            let messages: Vec<Vec<u8>> = (0..count).map(|i| bytes(first + i * step)).collect();
            let wanted = macs(&*reference, &messages);
            for level in Level::all() {
                let cbc = Cbc::new(level, &KEY, &MAC_KEY);
                assert_eq!(macs(&cbc, &messages), wanted, "{level:?} {count} {first} {step}");
            }
        }
    }
}

/// R-REC-35 steps 2 to 4
#[test]
fn macs_of_secret_length_equal_the_reference() {
    let reference = reference();
    let cbcs: Vec<Cbc> = Level::all().map(|level| Cbc::new(level, &KEY, &MAC_KEY)).collect();
    for most in [0, 1, 50, 51, 52, 114, 115, 255, 256, 300, 319, 1000] {
        let data = bytes(most);
        let least = data.len().saturating_sub(255);
        for length in least..=most {
            let wanted = reference.mac_secret_length(&header(length), &data, length, least);
            for cbc in &cbcs {
                assert_eq!(cbc.mac_secret_length(&header(length), &data, length, least), wanted);
            }
        }
    }
}

#[test]
fn encrypted_lanes_decrypt_to_what_they_were() {
    let reference = reference();
    for level in Level::all() {
        let cbc = Cbc::new(level, &KEY, &MAC_KEY);
        for count in [0, 1, 2, 8, 9, 40] {
            let texts: Vec<Vec<u8>> = (0..count).map(|i| bytes(48 + 16 * i)).collect();
            let (mut ours, mut theirs) = (texts.clone(), texts.clone());
            for (cbc, records) in [(&cbc as &dyn CbcHmac, &mut ours), (&*reference, &mut theirs)] {
                let mut lanes: Vec<CbcLane<'_>> = records
                    .iter_mut()
                    .enumerate()
                    .map(|(i, data)| CbcLane { iv: [i as u8; 16], in_out: data })
                    .collect();
                cbc.encrypt_lanes(&mut lanes);
            }
            assert_eq!(ours, theirs);
            for (i, record) in ours.iter_mut().enumerate() {
                cbc.decrypt(&[i as u8; 16], record);
            }
            assert_eq!(ours, texts);
        }
    }
}
