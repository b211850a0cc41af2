use super::*;
use ::sm4::Sm4;
use aes_gcm::aead::{AeadInOut, KeyInit, consts::U12};
use alloc::vec::Vec;
use proptest::prelude::*;
use serde_json::Value;

fn reference_seal(key: &[u8; 16], nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> [u8; 16] {
    let cipher = aes_gcm::AesGcm::<Sm4, U12>::new(key.into());
    cipher.encrypt_inout_detached(nonce.into(), aad, data.into()).unwrap().into()
}
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 + i / 256) as u8).collect()
}
fn field(vector: &Value, name: &str) -> Vec<u8> {
    hex::decode(vector[name].as_str().unwrap()).unwrap()
}

/// Runs one vector with a nonce of 12 bytes at every level.
fn check(vector: &Value, message: &str, valid: bool) {
    let key = field(vector, "key").try_into().unwrap();
    let nonce: [u8; 12] = field(vector, "iv").try_into().unwrap();
    let (aad, message, ciphertext) = (field(vector, "aad"), field(vector, message), field(vector, "ct"));
    let tag: [u8; 16] = field(vector, "tag").try_into().unwrap();
    for level in Level::all() {
        let gcm = Gcm::new(level, &key);
        let mut data = ciphertext.clone();
        let opened = gcm.open(&nonce, &aad, &mut data, &tag);
        assert_eq!(opened.is_ok(), valid, "{} {level:?}", vector["id"]);
        assert_eq!(data, if valid { message.clone() } else { ciphertext.clone() });
        if valid {
            assert_eq!(gcm.seal(&nonce, &aad, &mut data), tag, "{} {level:?}", vector["id"]);
            assert_eq!(data, ciphertext);
        }
    }
}

/// RFC 8998 A.1.
#[test]
fn agrees_with_rfc_8998() {
    let file: Value =
        serde_json::from_str(include_str!("../../../../../vectors/std/sm4_modes.json")).unwrap();
    let vectors: Vec<&Value> =
        file["vectors"].as_array().unwrap().iter().filter(|v| v["mode"] == "GCM").collect();
    assert!(!vectors.is_empty());
    vectors.into_iter().for_each(|vector| check(vector, "pt", true));
}

#[test]
fn agrees_with_wycheproof() {
    let file: Value =
        serde_json::from_str(include_str!("../../../../../vectors/wycheproof/sm4_gcm.json")).unwrap();
    let mut seen = 0;
    for vector in file["vectors"].as_array().unwrap() {
        if vector["iv"].as_str().unwrap().len() == 24 && vector["tag"].as_str().unwrap().len() == 32 {
            check(vector, "msg", vector["result"] == "valid");
            seen += 1;
        }
    }
    assert!(seen >= 30, "{seen}");
}

#[test]
fn every_length_equals_the_reference_at_every_level() {
    let (key, nonce) = ([0x5a; 16], *b"twelve bytes");
    let gcms: Vec<Box<Gcm>> = Level::all().map(|level| Gcm::new(level, &key)).collect();
    let lengths = (0..2700).step_by(if cfg!(debug_assertions) { 13 } else { 1 });
    for length in lengths.chain([4095, 4096, 4097, 16384, 18432]) {
        let text = bytes(length);
        let aad = bytes(length % 53);
        let mut wanted = text.clone();
        let tag = reference_seal(&key, &nonce, &aad, &mut wanted);
        for gcm in &gcms {
            let mut data = text.clone();
            let found = gcm.seal(&nonce, &aad, &mut data);
            assert!(data == wanted, "ciphertext of {length}, {:?}", gcm.cipher.level());
            assert_eq!(found, tag, "tag of {length}, {:?}", gcm.cipher.level());
            gcm.open(&nonce, &aad, &mut data, &tag).unwrap();
            assert!(data == text, "plaintext of {length}, {:?}", gcm.cipher.level());
        }
    }
}

#[test]
fn a_wrong_record_stays_ciphertext() {
    for level in Level::all() {
        let gcm = Gcm::new(level, &[1; 16]);
        for length in [0, 1, 16, 100, 1024, 5000] {
            let mut data = bytes(length);
            let mut tag = gcm.seal(&[2; 12], b"header", &mut data);
            let sealed = data.clone();
            for bit in [0, 63, 127] {
                tag[bit / 8] ^= 1 << (bit % 8);
                assert!(gcm.open(&[2; 12], b"header", &mut data, &tag).is_err());
                assert_eq!(data, sealed);
                tag[bit / 8] ^= 1 << (bit % 8);
            }
            assert!(gcm.open(&[2; 12], b"heades", &mut data, &tag).is_err());
            assert!(gcm.open(&[3; 12], b"header", &mut data, &tag).is_err());
            if length > 0 {
                data[length / 2] ^= 0x10;
                assert!(gcm.open(&[2; 12], b"header", &mut data, &tag).is_err());
            }
        }
    }
}

proptest! {
    #[test]
    fn any_record_equals_the_reference(
        key: [u8; 16], nonce: [u8; 12], offset in 0usize..70,
        aad in prop::collection::vec(any::<u8>(), 0..700), text in prop::collection::vec(any::<u8>(), 0..1500)
    ) {
        let from = offset.min(text.len());
        let mut wanted = text.clone();
        let tag = reference_seal(&key, &nonce, &aad, &mut wanted[from..]);
        for level in Level::all() {
            let gcm = Gcm::new(level, &key);
            let mut data = text.clone();
            prop_assert_eq!(gcm.seal(&nonce, &aad, &mut data[from..]), tag);
            prop_assert_eq!(&data, &wanted);
            prop_assert!(gcm.open(&nonce, &aad, &mut data[from..], &tag).is_ok());
            prop_assert_eq!(&data, &text);
        }
    }
}
