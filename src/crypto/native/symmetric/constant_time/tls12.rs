//! The same of what TLS 1.2 has beside TLCP, all of it portable.
use super::{HEADER, NONCE, bytes, check_cbc, compare, secret};
use crate::crypto::native::memory_checker::{errors, mark_undefined};
use crate::crypto::{CbcHmac, PreMasterSecret, SECRET_LEN, portable};
use crate::suite::{AeadAlgorithm, CbcAlgorithm, MacAlgorithm};
use crate::wire::ProtocolVersion;
use alloc::boxed::Box;
use core::hint::black_box;

const CBC: [(CbcAlgorithm, usize, MacAlgorithm); 3] = [
    (CbcAlgorithm::Aes128, 16, MacAlgorithm::Sha1),
    (CbcAlgorithm::Aes128, 16, MacAlgorithm::Sha256),
    (CbcAlgorithm::Aes256, 32, MacAlgorithm::Sha384),
];

fn cbc(which: (CbcAlgorithm, usize, MacAlgorithm)) -> Box<dyn CbcHmac> {
    let (cipher, key, mac) = which;
    let (key, mac_key) = (&secret::<32>()[..key], &secret::<48>()[..mac.output_len()]);
    portable::provider().ciphers.cbc_hmac(cipher, mac, key, mac_key).unwrap()
}

fn check_aead() {
    let all = [
        (AeadAlgorithm::Aes128Gcm, 16),
        (AeadAlgorithm::Aes256Gcm, 32),
        (AeadAlgorithm::ChaCha20Poly1305, 32),
    ];
    for (algorithm, key) in all {
        let aead = portable::provider().ciphers.aead(algorithm, &secret::<32>()[..key]).unwrap();
        // Opening is the same work, but whether the tag is right becomes public inside a crate that cannot say so here.
        black_box(aead.seal(&NONCE, &HEADER, &mut secret::<1400>()));
    }
}

/// R-REC-35 steps 2 to 4
fn check_records() {
    for which in CBC {
        let cbc = cbc(which);
        check_cbc(&*cbc);
        let data = secret::<607>();
        for length in [352usize, 400, 607] {
            mark_undefined(&length);
            black_box(cbc.mac_secret_length(&secret(), &data, length, 352));
        }
    }
}

/// R-HS-43: what an RSA decryption came to.
fn check_selection() {
    let block = secret::<256>();
    let substitute = PreMasterSecret::zeroed(SECRET_LEN);
    black_box(PreMasterSecret::select_from_block(&block, ProtocolVersion::TLS12, substitute));
}

/// R-REC-35, R-HS-43
#[test]
fn no_branch_or_address_depends_on_a_secret_of_tls_12() {
    for (index, check) in [check_aead, check_records, check_selection].into_iter().enumerate() {
        let before = errors();
        check();
        assert_eq!(errors(), before, "check {index}");
    }
}

/// R-REC-35
#[test]
#[ignore = "measures"]
fn mac_time_does_not_depend_on_secrets() {
    for which in CBC {
        let (cbc, data) = (cbc(which), [3; 607]);
        let length = |fixed: bool, seed: u64| if fixed { 352 } else { 352 + (seed >> 32) as usize % 256 };
        compare(&alloc::format!("{:?}: a secret length", which.2), length, |length| {
            black_box(cbc.mac_secret_length(&HEADER, &data, *length, 352));
        });
        compare(&alloc::format!("{:?}: data", which.2), bytes::<300>, |data| {
            black_box(cbc.mac_secret_length(&HEADER, data, 100, 45));
        });
    }
}
