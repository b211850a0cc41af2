use super::*;
use ::sm3::Digest;
use alloc::vec::Vec;
use proptest::prelude::*;
use serde_json::Value;

fn digest(level: Level, data: &[u8]) -> [u8; OUTPUT] {
    let mut hash = Sm3::new(level);
    hash.update(data);
    hash.finish()
}
fn reference(data: &[u8]) -> [u8; OUTPUT] {
    ::sm3::Sm3::digest(data).into()
}
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 29 + i / 256) as u8).collect()
}

/// GB/T 32905-2016 annex A, and messages of other projects' suites.
#[test]
fn agrees_with_the_standards_vectors() {
    let file: Value = serde_json::from_str(include_str!("../../../../../vectors/std/sm3.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert!(vectors.len() > 100);
    for vector in vectors {
        let message = match vector["msg"].as_str() {
            Some(message) => hex::decode(message).unwrap(),
            None => {
                let byte = hex::decode(vector["repeat_byte"].as_str().unwrap()).unwrap();
                byte.repeat(vector["repeat"].as_u64().unwrap() as usize)
            }
        };
        for level in Level::all() {
            assert_eq!(hex::encode(digest(level, &message)), vector["digest"].as_str().unwrap());
        }
    }
}

/// GB/T 32905-2016 5.2: the length has 64 bits.
#[test]
fn the_length_of_a_long_message_is_written_whole() {
    let mut end = [7; 2 * BLOCK];
    assert_eq!(pad(&[], 0x0123_4567_89ab_cdc0, &mut end), 1);
    assert_eq!(end[..9], [0x80, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(end[BLOCK - 8..BLOCK], (0x0123_4567_89ab_cdc0_u64 * 8).to_be_bytes());
}

#[test]
fn every_length_equals_the_reference_at_every_level() {
    for length in 0..700 {
        let data = bytes(length);
        for level in Level::all() {
            assert_eq!(digest(level, &data), reference(&data), "{level:?} {length}");
        }
    }
}

#[test]
fn lanes_of_any_number_and_length_equal_one_after_the_other() {
    for level in Level::all() {
        for count in 0..40usize {
            let data: Vec<Vec<u8>> = (0..count).map(|i| bytes(BLOCK * ((i * 7) % 5 + i % 3))).collect();
            let mut found: Vec<Words> = (0..count).map(|i| [i as u32; 8]).collect();
            let mut wanted = found.clone();
            let mut lanes: Vec<lanes::Lane<'_>> = found
                .iter_mut()
                .zip(&data)
                .map(|(words, data)| lanes::Lane { words, blocks: data.as_chunks().0 })
                .collect();
            lanes::Lane::compress(level, &mut lanes);
            for (words, data) in wanted.iter_mut().zip(&data) {
                kernels::compress(level, words, data.as_chunks().0);
            }
            assert_eq!(found, wanted, "{level:?} {count}");
        }
    }
}

proptest! {
    #[test]
    fn any_message_in_any_pieces_equals_the_reference(
        data in prop::collection::vec(any::<u8>(), 0..2000), cuts in prop::collection::vec(0usize..300, 0..12)
    ) {
        for level in Level::all() {
            let mut hash = Sm3::new(level);
            let mut rest = &data[..];
            for &cut in &cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                hash.update(now);
                rest = later;
            }
            hash.update(rest);
            prop_assert_eq!(hash.finish(), reference(&data));
        }
    }
}
