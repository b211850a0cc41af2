use super::*;
use crate::crypto::native::provider;
use crate::crypto::self_test;
use alloc::vec::Vec;

#[test]
fn passes_the_self_test() {
    self_test(&provider()).unwrap();
}

#[test]
fn a_hash_goes_on_after_its_current_value_was_asked() {
    for algorithm in [HashAlgorithm::Sm3, HashAlgorithm::Sha256] {
        let (native, portable) = (provider().hashes, portable::provider().hashes);
        let mut hash = native.start(algorithm);
        let mut all = Vec::new();
        for length in [0, 1, 63, 64, 65, 200] {
            let piece: Vec<u8> = (0..length).map(|i| i as u8).collect();
            hash.update(&piece);
            all.extend_from_slice(&piece);
            assert_eq!(hash.current(), portable.digest(algorithm, &[&all]));
            assert_eq!(
                native.digest(algorithm, &[&all[..1.min(all.len())], &all[1.min(all.len())..]]),
                hash.current()
            );
        }
    }
}

#[test]
fn keys_of_another_length_are_refused() {
    let ciphers = provider().ciphers;
    for length in [0, 15, 17, 32] {
        let key = alloc::vec![0; length];
        assert!(matches!(ciphers.aead(AeadAlgorithm::Sm4Gcm, &key), Err(CryptoError::BadKey)));
        for mac in [MacAlgorithm::Sm3, MacAlgorithm::Sha256] {
            let made = ciphers.cbc_hmac(CbcAlgorithm::Sm4, mac, &key, &[0; 32]);
            assert!(matches!(made, Err(CryptoError::BadKey)));
            let made = ciphers.cbc_hmac(CbcAlgorithm::Sm4, mac, &[0; 16], &key[..length.min(31)]);
            assert!(matches!(made, Err(CryptoError::BadKey)));
        }
    }
}
