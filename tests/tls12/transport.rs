//! RSA key transport: whoever asks the server whether a ciphertext was well-formed gets no answer.
use crate::hello::vector;
use crate::outcome::Outcome;
use crate::script::{Item, Lab, message};
use crate::{ECC, TRANSPORT, before, case, place, said, with};
use rsa::{BoxedUint, RsaPublicKey, hazmat};
use tlcp::cert::KeyUse;
use tlcp::crypto::PublicKey;
use tlcp::wire::{AlertDescription as A, HandshakeType as H};

fn encrypted(lab: &Lab, block: &[u8]) -> Vec<u8> {
    let PublicKey::Rsa(der) = lab.world.server.public_key(KeyUse::Encrypt) else { panic!("not RSA") };
    // SEQUENCE, INTEGER of 257 bytes with a leading zero, INTEGER 65537
    let (n, e) = (BoxedUint::from_be_slice(&der[9..265], 2048), BoxedUint::from(65_537_u32));
    let key = RsaPublicKey::new(n.unwrap(), e).unwrap();
    let block = BoxedUint::from_be_slice(block, 2048).unwrap();
    hazmat::rsa_encrypt(&key, &block).unwrap().to_be_bytes().into_vec()
}

fn to_server(lab: &Lab, ciphertext: &[u8]) -> Outcome {
    lab.to_server(&with(&lab.client, message(H::CLIENT_KEY_EXCHANGE, &vector(2, ciphertext))))
}

/// `00 02 PS 00 03 03 …` of 256 bytes.
fn block() -> [u8; 256] {
    let mut out = [7; 256];
    out[..2].copy_from_slice(&[0, 2]);
    out[207..210].copy_from_slice(&[0, 3, 3]);
    out
}

/// R-T12-10, R-RSA-2, R-HS-43: all faults of padding, wrong length, wrong version, another secret: the same alert at the same
/// point, the client's Finished.
#[test]
fn every_ciphertext_fails_alike_and_late() {
    for lab in [&*TRANSPORT, &Lab::new(case("AES256-GCM-SHA384"))] {
        let change = |at: usize, byte: u8| {
            let mut out = block();
            out[at] = byte;
            encrypted(lab, &out)
        };
        let ciphertexts = [
            encrypted(lab, &block()),
            change(0, 1),
            change(1, 1),
            change(1, 0),
            change(2, 0),
            change(9, 0),
            change(100, 0),
            change(206, 0),
            change(207, 7),
            change(208, 0),
            change(208, 2),
            change(209, 1),
            change(209, 4),
            encrypted(lab, &[&[0, 2][..], &[7; 254]].concat()),
            vec![0; 256],
            vec![0xff; 256],
            vec![7; 255],
            vec![7; 257],
            vec![7],
            vec![],
        ];
        for (number, ciphertext) in ciphertexts.iter().enumerate() {
            let outcome = to_server(lab, ciphertext);
            outcome.refused(A::BAD_RECORD_MAC, "does not open");
            assert_eq!(outcome.alerts.len(), 1, "number {number}");
        }
        lab.to_server(&lab.client).went_well();
    }
}

/// R-T12-10, R-T12-2: the ciphertext stands behind its length, and fills the message.
#[test]
fn a_ciphertext_without_its_length_is_a_decode_error() {
    let good = said(&TRANSPORT.client, H::CLIENT_KEY_EXCHANGE)[4..].to_vec();
    for body in [&good[2..], &good[..good.len() - 1], &[&good[..], &[0]].concat(), &good[..1], &[]] {
        let outcome = TRANSPORT.to_server(&with(&TRANSPORT.client, message(H::CLIENT_KEY_EXCHANGE, body)));
        outcome.refused(A::DECODE_ERROR, "ClientKeyExchange");
    }
}

/// R-SM-7: there is no ServerKeyExchange; CertificateRequest or ServerHelloDone come behind Certificate.
#[test]
fn a_server_key_exchange_is_unexpected() {
    let exchange = Item::Message(said(&ECC.server, H::SERVER_KEY_EXCHANGE));
    let at = place(&TRANSPORT.server, H::SERVER_HELLO_DONE);
    let outcome = TRANSPORT.to_client(&before(&TRANSPORT.server, at, &[exchange]));
    outcome.refused(A::UNEXPECTED_MESSAGE, "ServerKeyExchange has no place");
}

/// R-T12-9: a key for signatures alone is not encrypted to.
#[test]
fn a_certificate_without_key_encipherment_is_unsupported() {
    use rustls_pki_types::{CertificateDer, pem::PemObject};
    let file = include_bytes!("../../vectors/rsa/server.pem");
    let signs_only = CertificateDer::pem_slice_iter(file).next().unwrap().unwrap();
    let body = vector(3, &vector(3, signs_only.as_ref()));
    let outcome = TRANSPORT.to_client(&with(&TRANSPORT.server, message(H::CERTIFICATE, &body)));
    outcome.refused(A::UNSUPPORTED_CERTIFICATE, "R-SM2-7");
}
