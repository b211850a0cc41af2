use super::*;
use ::sm4::Sm4;
use alloc::vec::Vec;
use cbc::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use proptest::prelude::*;
use serde_json::Value;

fn reference_encrypt(key: &[u8; 16], block: &mut [u8; 16]) {
    Sm4::new(key.into()).encrypt_block(block.into());
}
fn reference_decrypt(key: &[u8; 16], block: &mut [u8; 16]) {
    Sm4::new(key.into()).decrypt_block(block.into());
}
fn reference_cbc(key: &[u8; 16], iv: &[u8; 16], data: &mut [u8]) {
    let mut chain = *iv;
    for block in data.as_chunks_mut::<16>().0 {
        for (byte, previous) in block.iter_mut().zip(chain) {
            *byte ^= previous;
        }
        reference_encrypt(key, block);
        chain = *block;
    }
}
fn reference_ctr(key: &[u8; 16], nonce: &[u8; 12], counter: u32, data: &mut [u8]) {
    for (i, block) in data.chunks_mut(16).enumerate() {
        let mut stream = [0; 16];
        stream[..12].copy_from_slice(nonce);
        stream[12..].copy_from_slice(&counter.wrapping_add(i as u32).to_be_bytes());
        reference_encrypt(key, &mut stream);
        for (byte, mask) in block.iter_mut().zip(stream) {
            *byte ^= mask;
        }
    }
}
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 37 + i / 256) as u8).collect()
}

const KEY: [u8; 16] =
    [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10];

fn vectors(file: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).unwrap();
    file["vectors"].as_array().unwrap().clone()
}
fn field<const N: usize>(vector: &Value, name: &str) -> [u8; N] {
    hex::decode(vector[name].as_str().unwrap()).unwrap().try_into().unwrap()
}

/// GB/T 32907-2016 annex A, and blocks and modes of other projects' suites.
#[test]
fn agrees_with_published_vectors() {
    let mut all = vectors(include_str!("../../../../../vectors/std/sm4_block.json"));
    all.extend(vectors(include_str!("../../../../../vectors/std/sm4_modes.json")));
    let mut seen = [0; 3];
    for vector in &all {
        let text = hex::decode(vector["pt"].as_str().unwrap()).unwrap();
        let rounds = vector["rounds"].as_u64().unwrap_or(1);
        let mode = vector["mode"].as_str().unwrap_or("ECB");
        for level in Level::all() {
            let key = field(vector, "key");
            let (enc, dec) = (Encryptor::new(level, &key), Decryptor::new(level, &key));
            let mut data = text.clone();
            let place = match mode {
                "ECB" => {
                    for block in data.as_chunks_mut::<16>().0 {
                        (0..rounds).for_each(|_| enc.block(block));
                    }
                    0
                }
                "CBC" => {
                    enc.cbc(&field(vector, "iv"), &mut data);
                    1
                }
                "CTR" => {
                    let iv: [u8; 16] = field(vector, "iv");
                    let (nonce, counter) = (iv[..12].try_into().unwrap(), iv[12..].try_into().unwrap());
                    enc.ctr(&nonce, u32::from_be_bytes(counter), &mut data);
                    2
                }
                _ => continue,
            };
            seen[place] += 1;
            assert_eq!(hex::encode(&data), vector["ct"].as_str().unwrap(), "{level:?} {}", vector["id"]);
            if mode == "CBC" {
                dec.cbc(&field(vector, "iv"), &mut data);
                assert_eq!(data, text, "{level:?} {}", vector["id"]);
            } else if mode == "ECB" && rounds == 1 {
                data.as_chunks_mut::<16>().0.iter_mut().for_each(|block| dec.cbc(&[0; 16], block));
                assert_eq!(data, text, "{level:?} {}", vector["id"]);
            }
        }
    }
    assert!(seen.iter().all(|&n| n > 0), "{seen:?}");
}

#[test]
fn every_length_is_right_in_every_mode_and_level() {
    for level in Level::all() {
        let (enc, dec) = (Encryptor::new(level, &KEY), Decryptor::new(level, &KEY));
        for length in (0..1400).step_by(if cfg!(debug_assertions) { 7 } else { 1 }) {
            let text = bytes(length);
            let iv = [7; 16];
            let mut wanted = text.clone();
            reference_cbc(&KEY, &iv, &mut wanted);
            let mut found = text.clone();
            enc.cbc(&iv, &mut found);
            assert_eq!(found, wanted, "CBC encryption {level:?} {length}");
            dec.cbc(&iv, &mut found);
            assert_eq!(found, text, "CBC decryption {level:?} {length}");
            let mut wanted = text.clone();
            reference_ctr(&KEY, &[9; 12], 0xffff_ffe0, &mut wanted);
            enc.ctr(&[9; 12], 0xffff_ffe0, &mut found);
            assert_eq!(found, wanted, "CTR {level:?} {length}");
        }
    }
}

#[test]
fn lanes_of_any_number_and_length_equal_one_after_the_other() {
    for level in Level::all() {
        let enc = Encryptor::new(level, &KEY);
        for count in (0..20).chain([31, 32, 33, 63, 64, 65, 80, 130]) {
            let ivs: Vec<[u8; 16]> = (0..count).map(|i| [i as u8; 16]).collect();
            let texts: Vec<Vec<u8>> = (0..count).map(|i| bytes(100 + (i * 53) % 700)).collect();
            let mut found = texts.clone();
            enc.cbc_lanes(&mut ivs.iter().zip(found.iter_mut().map(Vec::as_mut_slice)));
            for ((iv, text), found) in ivs.iter().zip(texts).zip(found) {
                let mut wanted = text;
                enc.cbc(iv, &mut wanted);
                assert_eq!(found, wanted, "{level:?} {count}");
            }
        }
    }
}

proptest! {
    #[test]
    fn blocks_equal_the_reference_for_any_key(
        key: [u8; 16], block: [u8; 16], offset in 0usize..64, data in prop::collection::vec(any::<u8>(), 0..700)
    ) {
        for level in Level::all() {
            let mut wanted = block;
            reference_encrypt(&key, &mut wanted);
            let mut found = block;
            Encryptor::new(level, &key).block(&mut found);
            prop_assert_eq!(found, wanted);
            let mut back = found;
            Decryptor::new(level, &key).cbc(&[0; 16], &mut back);
            prop_assert_eq!(back, block);
            reference_decrypt(&key, &mut wanted);
            prop_assert_eq!(wanted, block);
            // Any alignment of the data.
            let from = offset.min(data.len());
            let (mut one, mut other) = (data.clone(), data.clone());
            Encryptor::new(level, &key).cbc(&block, &mut one[from..]);
            reference_cbc(&key, &block, &mut other[from..]);
            prop_assert_eq!(&one, &other);
            Decryptor::new(level, &key).cbc(&block, &mut one[from..]);
            prop_assert_eq!(&one, &data);
        }
    }
}
