//! The bytes of section 6 as gotlcp writes them (R-IBC-7).
use crate::recorded::{Handshake as Recorded, handshakes, provoked};
use crate::vectors::Tally;
use tlcp::message::{
    CertificateRequest, CertificateVerify, ClientHello, ClientKeyExchange, Credential, Handshake,
    KeyAgreementInfo, ServerKeyExchange,
};
use tlcp::wire::{ClientCertificateType, HandshakeType as H};

/// R-HS-15, R-IBC-3, R-IBC-7, R-IBC-8: every message is read, and written again to the byte.
#[test]
fn reads_and_writes_every_recorded_message() {
    let mut tally = Tally::new("sm9");
    for (file, handshake) in handshakes() {
        let count = tally.attempt(&file.name, || (0..2).map(|side| messages(&handshake, side)).sum());
        count.into_iter().for_each(|count| tally.add(&file, count, 0));
    }
    tally.finish();
    assert!(provoked().iter().map(|handshake| messages(handshake, 0)).sum::<usize>() > 24);
}

fn messages(handshake: &Recorded, side: usize) -> usize {
    let is_ibsdh = handshake.json.get("server_params").is_some();
    let mut count = 0;
    for raw in handshake.messages(side) {
        let message = Handshake::of(raw).unwrap();
        let again = match message.kind {
            H::CLIENT_HELLO => {
                let hello = ClientHello::read(message.body).unwrap();
                if let Some(id) = &hello.extensions.client_id {
                    assert!(raw.ends_with(id), "client_id comes last");
                }
                hello.to_message().unwrap()
            }
            H::CERTIFICATE => {
                let credential = Credential::read_ibc(message.body).unwrap();
                assert!(credential.certificates().is_empty() && !credential.is_empty());
                credential.to_message().unwrap()
            }
            H::CERTIFICATE_REQUEST => {
                let request = CertificateRequest::read(message.body, false).unwrap();
                assert_eq!(request.types, [ClientCertificateType::IBC_PARAMS]);
                request.to_message().unwrap()
            }
            H::SERVER_KEY_EXCHANGE if is_ibsdh => {
                let exchange = KeyAgreementInfo::read_signed(message.body).unwrap();
                assert_eq!(exchange.bytes, handshake.bytes("server_params"));
                assert_eq!(exchange.info.to_bytes(), exchange.bytes);
                ServerKeyExchange::to_message(exchange.bytes, &exchange.signed).unwrap()
            }
            H::SERVER_KEY_EXCHANGE => {
                let exchange = ServerKeyExchange::read_signature(message.body, false).unwrap();
                ServerKeyExchange::to_message(&[], &exchange.signed).unwrap()
            }
            H::CLIENT_KEY_EXCHANGE if is_ibsdh => {
                let info = KeyAgreementInfo::read_client(message.body).unwrap();
                assert_eq!(info.to_bytes(), handshake.bytes("client_params"));
                assert_eq!(info.hid, KeyAgreementInfo::HID);
                info.to_client_message().unwrap()
            }
            H::CLIENT_KEY_EXCHANGE if handshake.find("ciphertext").is_some() => {
                let ciphertext = ClientKeyExchange::read_ibc_encrypted(message.body).unwrap();
                assert_eq!(ciphertext, handshake.bytes("ciphertext"));
                ClientKeyExchange::encrypted(ciphertext).unwrap()
            }
            H::CERTIFICATE_VERIFY => {
                let verify = CertificateVerify::read(message.body, false).unwrap();
                CertificateVerify::to_message(&verify).unwrap()
            }
            _ => continue,
        };
        assert_eq!(hex::encode(again.to_bytes()), hex::encode(raw), "{}", handshake.name);
        count += 1;
    }
    count
}

/// R-HS-1, R-IBC-8: short, long and trailing bytes are decode errors everywhere, and a point may stand bare.
#[test]
fn refuses_every_truncation_and_trailing_bytes() {
    let (_, handshake) = handshakes().into_iter().find(|(_, h)| h.name == "go_ibsdh_e055").unwrap();
    let body = |side, kind: H| {
        let raw = handshake.messages(side).find(|raw| raw[0] == kind.0).unwrap();
        raw[4..].to_vec()
    };
    let server = body(1, H::SERVER_KEY_EXCHANGE);
    let client = body(0, H::CLIENT_KEY_EXCHANGE);
    let certificate = body(1, H::CERTIFICATE);
    for (whole, read) in [
        (&server, (|b| KeyAgreementInfo::read_signed(b).is_ok()) as fn(&[u8]) -> bool),
        (&client, |b| KeyAgreementInfo::read_client(b).is_ok()),
        (&certificate, |b| Credential::read_ibc(b).is_ok()),
    ] {
        assert!(read(whole));
        (0..whole.len()).for_each(|n| assert!(!read(&whole[..n]), "{n} bytes"));
        assert!(!read(&[&whole[..], &[0]].concat()));
    }
    let info = KeyAgreementInfo::read_client(&client).unwrap();
    let der = info.to_bytes();
    // 30 74 | 02 01 01 | 30 44 | 03 42 …: without the inner SEQUENCE.
    let bare = [&[0x30, der[1] - 2], &der[2..5], &der[7..]].concat();
    let length = u16::try_from(bare.len()).unwrap().to_be_bytes();
    assert_eq!(KeyAgreementInfo::read_client(&[&length[..], &bare].concat()).unwrap(), info);
    let mut version = client.clone();
    version[6] = 2;
    assert!(KeyAgreementInfo::read_client(&version).is_err());
}

/// R-SM-6: who has no identity sends the empty list, which is no identity.
#[test]
fn reads_the_empty_list_of_a_client_without_an_identity() {
    assert!(Credential::read_ibc(&[0, 0, 0]).unwrap().is_empty());
    for bad in [&[][..], &[0], &[0, 0], &[0, 0, 0, 0], &[0, 1, 7], &[0, 1, 7, 0, 0, 0]] {
        assert!(Credential::read_ibc(bad).is_err(), "{bad:?}");
    }
}
