//! The RSA suites: ciphertexts, signatures and keys that are wrong.
use super::pair::{Counting, World};
use super::script::{Case, Item, Lab, message};
use super::{place, said, with};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPublicKey, hazmat};
use std::sync::LazyLock;
use tlcp::cert::{Key, KeyUse};
use tlcp::config::ClientAuth;
use tlcp::crypto::{PublicKey, SignatureAlgorithm};
use tlcp::suite::{HashAlgorithm, Suite};
use tlcp::wire::{AlertDescription as A, HandshakeType as H};

fn suite(name: &str) -> &'static Suite {
    Suite::by_name(name).unwrap()
}

static GCM: LazyLock<Lab> = LazyLock::new(|| Lab::new(Case::of(suite("RSA_SM4_GCM_SM3"))));
static CBC: LazyLock<Lab> = LazyLock::new(|| Lab::new(Case::of(suite("RSA_SM4_CBC_SHA256"))));
static MUTUAL: LazyLock<Lab> =
    LazyLock::new(|| Lab::new(Case::of(suite("RSA_SM4_GCM_SM3")).auth(ClientAuth::Require)));

fn vector16(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
}

/// The server's encryption key.
fn key(lab: &Lab) -> RsaPublicKey {
    let PublicKey::Rsa(der) = lab.world.server.public_key(KeyUse::Encrypt) else { panic!("not RSA") };
    // SEQUENCE, INTEGER of 257 bytes with a leading zero, INTEGER 65537
    let (n, e) = (BoxedUint::from_be_slice(&der[9..265], 2048), BoxedUint::from(65_537_u32));
    RsaPublicKey::new(n.unwrap(), e).unwrap()
}

/// What decrypts to `block`.
fn encrypted(lab: &Lab, block: &[u8]) -> Vec<u8> {
    let block = BoxedUint::from_be_slice(block, 2048).unwrap();
    hazmat::rsa_encrypt(&key(lab), &block).unwrap().to_be_bytes().into_vec()
}

fn to_server(lab: &Lab, ciphertext: &[u8]) -> super::outcome::Outcome {
    lab.to_server(&with(&lab.client, message(H::CLIENT_KEY_EXCHANGE, &vector16(ciphertext))))
}

/// `00 02 PS 00 01 01 …` of 256 bytes.
fn block() -> [u8; 256] {
    let mut out = [7; 256];
    out[..2].copy_from_slice(&[0, 2]);
    out[207..210].copy_from_slice(&[0, 1, 1]);
    out
}

/// R-RSA-2, R-HS-43: wrong padding, wrong type, early zero, wrong length, wrong version, and another secret: all end alike,
/// at Finished.
#[test]
fn whatever_an_rsa_ciphertext_holds_ends_in_bad_record_mac_on_finished() {
    let mut blocks = vec![block().to_vec(), vec![0; 256], [&[0; 255][..], &[1]].concat()];
    let changes = [(0, 1), (1, 1), (1, 0), (2, 0), (9, 0), (100, 0), (206, 0), (207, 1), (208, 3), (209, 3)];
    for (at, byte) in changes {
        let mut bad = block();
        bad[at] = byte;
        blocks.push(bad.to_vec());
    }
    // 47 and 49 bytes, and none at all.
    for separator in [208, 206, 255] {
        let mut bad = block();
        bad[207] = 7;
        bad[separator] = 0;
        blocks.push(bad.to_vec());
    }
    for lab in [&*GCM, &CBC, &MUTUAL] {
        for block in &blocks {
            to_server(lab, &encrypted(lab, block)).refused(A::BAD_RECORD_MAC, "does not open");
        }
        let good = said(&lab.client, H::CLIENT_KEY_EXCHANGE)[6..].to_vec();
        for at in [0, 100, 255] {
            let mut odd = good.clone();
            odd[at] ^= 1;
            to_server(lab, &odd).refused(A::BAD_RECORD_MAC, "does not open");
        }
    }
}

/// R-HS-43: not even what anyone can see is an error of its own, but for the vector.
#[test]
fn rsa_ciphertexts_of_other_lengths_and_over_the_modulus_take_the_fallback() {
    let good = said(&GCM.client, H::CLIENT_KEY_EXCHANGE)[6..].to_vec();
    assert_eq!(good.len(), 256);
    let modulus = key(&GCM).n_bytes().to_vec();
    let longer = [&[0][..], &good].concat();
    let over = [&[0xff; 256][..], &modulus, &[], &[1], &good[1..], &good[..255], &longer, &[0x30; 126]];
    for ciphertext in over {
        to_server(&GCM, ciphertext).refused(A::BAD_RECORD_MAC, "does not open");
    }
    let raw = |body: &[u8]| with(&GCM.client, message(H::CLIENT_KEY_EXCHANGE, body));
    for body in [&[][..], &[1], &good, &[&vector16(&good)[..], &[0]].concat(), &vector16(&good)[..257]] {
        GCM.to_server(&raw(body)).refused(A::DECODE_ERROR, "ClientKeyExchange: EncryptedPreMasterSecret");
    }
}

/// R-RSA-1, R-RSA-3, R-HS-17, R-HS-20: over the randoms and the encryption certificate, by SHA-256, and by nobody else.
#[test]
fn an_rsa_server_key_exchange_signed_otherwise_is_a_decrypt_error() {
    let certificate = GCM.world.server.certificate(KeyUse::Encrypt);
    let length = (certificate.len() as u32).to_be_bytes();
    let parts = [&GCM.client_random[..], &GCM.server_random, &length[1..], certificate];
    let exchange = |signature: &[u8]| message(H::SERVER_KEY_EXCHANGE, &vector16(signature));
    let good = GCM.sign(false, &parts);
    GCM.to_client(&with(&GCM.server, exchange(&good))).went_well();
    let Key::Here(encrypt) = GCM.world.server.key(KeyUse::Encrypt) else { panic!("it is here") };
    let by_other_key = encrypt
        .sign(SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256), &parts, &Counting::from(90))
        .unwrap();
    let hash = GCM.world.provider.hashes.digest(HashAlgorithm::Sha256, &parts);
    let signatures = [
        GCM.sign(true, &parts),
        GCM.sign(false, &[parts[1], parts[0], parts[2], parts[3]]),
        GCM.sign(false, &[parts[0], parts[1], parts[3]]),
        GCM.sign(false, &[hash.as_ref()]),
        by_other_key,
        good[1..].to_vec(),
        [&[0][..], &good].concat(),
        vec![0; 256],
        vec![0xff; 256],
        vec![],
    ];
    for signature in signatures {
        let outcome = GCM.to_client(&with(&GCM.server, exchange(&signature)));
        outcome.refused(A::DECRYPT_ERROR, "ServerKeyExchange");
    }
}

/// R-HS-28, R-HS-45: a client signs the SHA-256 of the transcript, hashed once more, also where Finished is over SM3.
#[test]
fn a_client_that_signs_another_hash_of_the_transcript_is_refused() {
    let at = place(&MUTUAL.client, H::CERTIFICATE_VERIFY);
    // What went by before it: ours in the order of the handshake.
    let said = |items: &[Item]| -> Vec<Vec<u8>> {
        let message = |item: &Item| if let Item::Message(raw) = item { Some(raw.clone()) } else { None };
        items.iter().filter_map(message).collect()
    };
    let (client, server) = (said(&MUTUAL.client[..at]), said(&MUTUAL.server));
    let transcript = [client[0].clone(), server.concat(), client[1..].concat()].concat();
    let digest = |algorithm| MUTUAL.world.provider.hashes.digest(algorithm, &[&transcript]);
    let verify = |signed: &[u8]| {
        let signature = MUTUAL.sign(true, &[signed]);
        MUTUAL.to_server(&with(&MUTUAL.client, message(H::CERTIFICATE_VERIFY, &vector16(&signature))))
    };
    verify(digest(HashAlgorithm::Sha256).as_ref()).went_well();
    verify(digest(HashAlgorithm::Sm3).as_ref()).refused(A::DECRYPT_ERROR, "CertificateVerify");
    verify(&transcript).refused(A::DECRYPT_ERROR, "CertificateVerify");
}

/// The certificates of a PEM file as a Certificate message.
fn certificates(pem: &[u8], places: &[usize]) -> Vec<u8> {
    use rustls_pki_types::{CertificateDer, pem::PemObject};
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem).map(|der| der.unwrap()).collect();
    list(places.iter().map(|at| &*all[*at]))
}

fn list<'a>(certificates: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let vector24 = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[1..], bytes].concat();
    let list: Vec<u8> = certificates.flat_map(vector24).collect();
    message(H::CERTIFICATE, &vector24(&list))
}

/// R-RSA-2: a key of 1024 bits is used for nothing.
#[test]
fn an_rsa_key_under_2048_bits_is_an_unsupported_certificate() {
    let pem = include_bytes!("../../vectors/rsa/short.pem");
    for places in [[0, 1, 2], [1, 0, 2]] {
        let script = with(&GCM.server, certificates(pem, &places));
        GCM.to_client(&script).refused(A::UNSUPPORTED_CERTIFICATE, "not supported");
        let script = with(&MUTUAL.client, certificates(pem, &places));
        MUTUAL.to_server(&script).refused(A::UNSUPPORTED_CERTIFICATE, "not supported");
    }
}

/// The suite fixes the kind of every key, also of the second.
#[test]
fn certificates_of_another_kind_than_the_suites_are_unsupported() {
    let (sm2, rsa) = (World::new(), include_bytes!("../../vectors/rsa/server.pem"));
    let sm2_list = sm2.server.message(tlcp::cert::CertificateForm::Dual).to_bytes();
    GCM.to_client(&with(&GCM.server, sm2_list.clone())).refused(A::UNSUPPORTED_CERTIFICATE, "not supported");
    MUTUAL.to_server(&with(&MUTUAL.client, sm2_list)).refused(A::UNSUPPORTED_CERTIFICATE, "not supported");
    let rsa_list = certificates(rsa, &[0, 1, 2]);
    for lab in [&*super::ECC, &super::ECDHE] {
        let script = with(&lab.server, rsa_list.clone());
        lab.to_client(&script).refused(A::UNSUPPORTED_CERTIFICATE, "not supported");
    }
    let script = with(&super::MUTUAL.client, rsa_list);
    super::MUTUAL.to_server(&script).refused(A::UNSUPPORTED_CERTIFICATE, "not supported");
    let (first, second) =
        (sm2.server.certificate(KeyUse::Sign), GCM.world.server.certificate(KeyUse::Encrypt));
    let mixed = list([&first[..], second].into_iter());
    let script = with(&super::ECC.server, mixed.clone());
    super::ECC.to_client(&script).refused(A::UNSUPPORTED_CERTIFICATE, "not supported");
    let script = with(&super::MUTUAL.client, mixed);
    super::MUTUAL.to_server(&script).refused(A::UNSUPPORTED_CERTIFICATE, "not supported");
}
