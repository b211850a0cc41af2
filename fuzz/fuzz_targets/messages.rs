//! Every handshake message and extension: reading never panics, and what was read is written back alike.
#![no_main]
use libfuzzer_sys::fuzz_target;
use tlcp::message::{
    CertificateRequest, CertificateStatus, CertificateVerify, ClientHello, ClientKeyExchange, Credential,
    EphemeralPoint, Finished, Handshake, KeyAgreementInfo, Message, NewSessionTicket, ServerHello,
    ServerKeyExchange,
};
use tlcp::record::{alert_of, check_change_cipher_spec, check_fragment};
use tlcp::wire::{ContentType, HandshakeType as H};

fuzz_target!(|data: &[u8]| {
    let Some((&selector, body)) = data.split_first() else { return };
    match H(selector) {
        H::CLIENT_HELLO => client_hello(body),
        H::SERVER_HELLO => server_hello(body),
        H::CERTIFICATE => {
            for read in [Credential::read(body, 10).ok(), Credential::read_ibc(body).ok()] {
                read.iter().for_each(|m| same(H::CERTIFICATE, body, &m.to_message().unwrap()));
            }
        }
        H::CERTIFICATE_REQUEST => {
            for names_schemes in [false, true] {
                if let Ok(m) = CertificateRequest::read(body, names_schemes) {
                    same(H::CERTIFICATE_REQUEST, body, &m.to_message().unwrap());
                }
            }
        }
        H::SERVER_KEY_EXCHANGE => server_key_exchange(body),
        H::CLIENT_KEY_EXCHANGE => client_key_exchange(body),
        H::CERTIFICATE_VERIFY => {
            for names_scheme in [false, true] {
                if let Ok(signed) = CertificateVerify::read(body, names_scheme) {
                    same(H::CERTIFICATE_VERIFY, body, &CertificateVerify::to_message(&signed).unwrap());
                }
            }
        }
        H::FINISHED => {
            if let Ok(verify_data) = Finished::read(body) {
                same(H::FINISHED, body, &Finished::to_message(&verify_data).unwrap());
            }
        }
        H::CERTIFICATE_STATUS => {
            if let Ok(response) = CertificateStatus::read(body) {
                same(H::CERTIFICATE_STATUS, body, &CertificateStatus::to_message(response).unwrap());
            }
        }
        H::NEW_SESSION_TICKET => {
            if let Ok(ticket) = NewSessionTicket::read(body) {
                same(H::NEW_SESSION_TICKET, body, &ticket.to_message().unwrap());
            }
        }
        H(kind) => records(kind, body),
    }
});

/// The encoding of these messages is canonical: what is read is written back to the byte.
fn same(kind: H, body: &[u8], written: &Message) {
    assert_eq!(written.as_handshake(), Handshake { kind, body });
}

/// A hello may be longer than what we write of it: unknown extensions, other compression methods. What we write is
/// read back to the same.
fn client_hello(body: &[u8]) {
    let Ok(hello) = ClientHello::read(body) else { return };
    let once = hello.to_message().unwrap();
    let again = ClientHello::read(once.as_handshake().body).unwrap();
    assert_eq!(
        (hello.version, hello.random, hello.session_id),
        (again.version, again.random, again.session_id)
    );
    assert_eq!(hello.cipher_suites, again.cipher_suites);
    let (a, b) = (&hello.extensions, &again.extensions);
    assert_eq!(
        (a.server_name.host(), &a.alpn, &a.signature_schemes),
        (b.server_name.host(), &b.alpn, &b.signature_schemes)
    );
    assert_eq!(a.supported_groups, b.supported_groups);
    assert_eq!(again.to_message().unwrap(), once);
    let bare = body.ends_with(&[1, 0])
        && body.len()
            == 2 + 32 + 1 + hello.session_id.as_slice().len() + 2 + 2 * hello.cipher_suites.len() + 2;
    if bare {
        same(H::CLIENT_HELLO, body, &once);
    }
}

fn server_hello(body: &[u8]) {
    let Ok(hello) = ServerHello::read(body) else { return };
    let once = hello.to_message().unwrap();
    let again = ServerHello::read(once.as_handshake().body).unwrap();
    assert_eq!(
        (hello.version, hello.random, hello.session_id),
        (again.version, again.random, again.session_id)
    );
    assert_eq!(
        (hello.cipher_suite, hello.compression_method),
        (again.cipher_suite, again.compression_method)
    );
    assert_eq!(hello.extensions.alpn, again.extensions.alpn);
    assert_eq!(hello.extensions.server_name, again.extensions.server_name);
    assert_eq!(again.to_message().unwrap(), once);
    if body.len() == 2 + 32 + 1 + hello.session_id.as_slice().len() + 3 {
        same(H::SERVER_HELLO, body, &once);
    }
}

/// The point may stand without the SEQUENCE around it: then only the second writing is the same as the first.
fn agreement_info(info: &KeyAgreementInfo<'_>) -> Vec<u8> {
    let once = info.to_client_message().unwrap().as_handshake().body.to_vec();
    assert_eq!(KeyAgreementInfo::read_client(&once).unwrap(), *info);
    info.to_bytes()
}

fn server_key_exchange(body: &[u8]) {
    if let Ok(m) = KeyAgreementInfo::read_signed(body) {
        assert!(agreement_info(&m.info).len() >= m.bytes.len());
        same(H::SERVER_KEY_EXCHANGE, body, &ServerKeyExchange::to_message(m.bytes, &m.signed).unwrap());
    }
    for names_scheme in [false, true] {
        if let Ok(m) = ServerKeyExchange::read_signature(body, names_scheme) {
            same(H::SERVER_KEY_EXCHANGE, body, &ServerKeyExchange::to_message(&[], &m.signed).unwrap());
        }
        if let Ok(m) = ServerKeyExchange::read_ephemeral(body, names_scheme) {
            let (_, params) = m.ephemeral.unwrap();
            same(H::SERVER_KEY_EXCHANGE, body, &ServerKeyExchange::to_message(params, &m.signed).unwrap());
        }
    }
}

fn client_key_exchange(body: &[u8]) {
    if let Ok(info) = KeyAgreementInfo::read_client(body) {
        agreement_info(&info);
    }
    if let Ok(ciphertext) = ClientKeyExchange::read_ibc_encrypted(body) {
        same(H::CLIENT_KEY_EXCHANGE, body, &ClientKeyExchange::encrypted(ciphertext).unwrap());
    }
    if let Ok(ciphertext) = ClientKeyExchange::read_encrypted(body) {
        same(H::CLIENT_KEY_EXCHANGE, body, &ClientKeyExchange::encrypted(ciphertext).unwrap());
    }
    if let Ok(ciphertext) = ClientKeyExchange::read_rsa_encrypted(body) {
        same(H::CLIENT_KEY_EXCHANGE, body, &ClientKeyExchange::encrypted(ciphertext).unwrap());
    }
    let Ok(params) = ClientKeyExchange::read_ephemeral(body) else { return };
    let point: &[u8; 65] = params.point.try_into().expect("both forms fix the length");
    let with_length = body.len() != EphemeralPoint::LEN;
    let mut written = ClientKeyExchange::ephemeral(point, with_length).unwrap().as_handshake().body.to_vec();
    // The curve's id may be an old one (R-HS-18): the two bytes before the point's length.
    let at = usize::from(with_length) * 2 + 1;
    written[at..at + 2].copy_from_slice(&params.named_curve.0.to_be_bytes());
    assert_eq!(written, body);
}

/// The other selectors: contents of records.
fn records(kind: u8, fragment: &[u8]) {
    let _ = check_fragment(ContentType(kind), fragment);
    if let Ok(alert) = alert_of(fragment) {
        assert_eq!(alert.to_bytes(), fragment);
    }
    assert_eq!(check_change_cipher_spec(fragment).is_ok(), fragment == [1]);
}
