use super::*;
use ::hmac::{Hmac, KeyInit, Mac};
use alloc::vec::Vec;
use proptest::prelude::*;
use serde_json::Value;

fn reference(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<::sm3::Sm3>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
fn field(vector: &Value, name: &str) -> Vec<u8> {
    hex::decode(vector[name].as_str().unwrap()).unwrap()
}

#[test]
fn agrees_with_published_vectors() {
    let file: Value = serde_json::from_str(include_str!("../../../../../vectors/std/hmac_sm3.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert!(!vectors.is_empty());
    for vector in vectors {
        for level in Level::all() {
            let mac = HmacKey::new(level, &field(vector, "key")).mac(&[&field(vector, "msg")]);
            let tag = field(vector, "tag");
            assert_eq!(mac[..tag.len()], tag, "{}", vector["id"]);
        }
    }
}

#[test]
fn agrees_with_wycheproof() {
    let file = include_str!("../../../../../vectors/wycheproof/hmac_sm3.json");
    let file: Value = serde_json::from_str(file).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert!(vectors.len() > 80);
    for vector in vectors {
        for level in Level::all() {
            let mac = HmacKey::new(level, &field(vector, "key")).mac(&[&field(vector, "msg")]);
            let tag = field(vector, "tag");
            assert_eq!(mac[..tag.len()] == tag, vector["result"] == "valid", "{}", vector["id"]);
        }
    }
}

/// RFC 2104 2: a key of a block is the block, a longer one is hashed.
#[test]
fn keys_around_a_block_equal_the_reference() {
    for length in [0, 1, 32, 63, 64, 65, 128] {
        let key = alloc::vec![7; length];
        for level in Level::all() {
            assert_eq!(HmacKey::new(level, &key).mac(&[b"x"])[..], reference(&key, b"x"), "{length}");
        }
    }
}

/// Spec section 2.1
#[test]
fn the_prf_agrees_with_computed_vectors() {
    let file: Value = serde_json::from_str(include_str!("../../../../../vectors/std/tls_prf.json")).unwrap();
    let mut seen = 0;
    for vector in file["vectors"].as_array().unwrap().iter().filter(|v| v["hash"] == "sm3") {
        let (seed, wanted) = (field(vector, "seed"), field(vector, "out"));
        for level in Level::all() {
            for cut in [0, seed.len() / 3, seed.len()] {
                let mut out = alloc::vec![0; wanted.len()];
                let label = vector["label"].as_str().unwrap().as_bytes();
                let key = HmacKey::new(level, &field(vector, "secret"));
                key.expand(label, &[&seed[..cut], &seed[cut..]], &mut out);
                assert_eq!(out, wanted, "{}", vector["id"]);
            }
        }
        seen += 1;
    }
    assert!(seen > 0);
}

proptest! {
    #[test]
    fn any_key_and_message_equal_the_reference(
        key in prop::collection::vec(any::<u8>(), 0..200), message in prop::collection::vec(any::<u8>(), 0..300),
        cut in 0usize..300
    ) {
        for level in Level::all() {
            let (one, two) = message.split_at(cut.min(message.len()));
            prop_assert_eq!(&HmacKey::new(level, &key).mac(&[one, two])[..], &reference(&key, &message));
        }
    }
}
