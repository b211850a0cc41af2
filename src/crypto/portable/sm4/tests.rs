#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

type Blocks = Vec<Array<u8, U16>>;

/// The example of GB/T 32907 A.1, in every lane, alone and with others.
#[test]
fn agrees_with_the_standards_example() {
    let key = hex::decode("0123456789abcdeffedcba9876543210").unwrap();
    let want = hex::decode("681edf34d206965e86b3e94f536e4246").unwrap();
    let cipher = Sm4::new_from_slice(&key).unwrap();
    for count in 1..40 {
        let mut blocks: Blocks = alloc::vec![Array::try_from(&key[..]).unwrap(); count];
        cipher.encrypt_blocks(&mut blocks);
        assert!(blocks.iter().all(|block| block[..] == want), "{count}");
        cipher.decrypt_blocks(&mut blocks);
        assert!(blocks.iter().all(|block| block[..] == key), "{count}");
    }
    let mut block = Array::try_from(&key[..]).unwrap();
    cipher.encrypt_block(&mut block);
    assert_eq!(block[..], want);
    cipher.decrypt_block(&mut block);
    assert_eq!(block[..], key);
}

/// GB/T 32907 A.2: a million times.
#[test]
fn agrees_with_the_standards_long_example() {
    let key = hex::decode("0123456789abcdeffedcba9876543210").unwrap();
    let cipher = Sm4::new_from_slice(&key).unwrap();
    let mut block = Array::try_from(&key[..]).unwrap();
    for _ in 0..1_000_000 {
        cipher.encrypt_block(&mut block);
    }
    assert_eq!(hex::encode(block), "595298c7c6fd271f0402f804c33d3f66");
}

proptest! {
    #[test]
    fn is_the_cipher_of_the_sm4_crate(key in any::<[u8; 16]>(), bytes in prop::collection::vec(any::<[u8; 16]>(), 0..50)) {
        let (ours, theirs) = (Sm4::new(&key.into()), sm4::Sm4::new(&key.into()));
        let mut blocks: Blocks = bytes.iter().map(|block| Array::from(*block)).collect();
        let mut other = blocks.clone();
        ours.encrypt_blocks(&mut blocks);
        theirs.encrypt_blocks(&mut other);
        prop_assert_eq!(&blocks, &other);
        ours.decrypt_blocks(&mut blocks);
        theirs.decrypt_blocks(&mut other);
        prop_assert_eq!(blocks, other);
    }
}
