//! Any pile of files is an identity or none, and roots or none.
#![no_main]
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tlcp::cert::{CertificateForm, Identity, KeyUse, WebPkiVerifier};
use tlcp::crypto::PrivateKey;
use tlcp::message::Credential;
use tlcp::suite::Certificates;
use tlcp_fuzz::world::{WORLD, provider};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// A good pair and its keys lie in the pile, too.
    with_good: bool,
    with_password: bool,
    split: u16,
    bytes: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let (one, two) = input.bytes.split_at(usize::from(input.split).min(input.bytes.len()));
    let mut files = vec![one, two];
    let _ = WebPkiVerifier::builder(&provider()).roots(&files).and_then(|builder| builder.build());
    let _ = WebPkiVerifier::builder(&provider()).crls(&files);
    let pki = &WORLD.pki;
    let keys = [pki.server.sign.key_der(), pki.server.encrypt.key_der()];
    if input.with_good {
        files.extend([&pki.server.sign.certificate[..], &pki.server.encrypt.certificate, &keys[0], &keys[1]]);
    }
    let password = (input.with_password && is_quick(input.bytes)).then_some(&b"password"[..]);
    if let Ok(identity) = Identity::from_pile(&files, password, &provider()) {
        let _ = format!("{identity:?}");
        for form in [CertificateForm::Dual, CertificateForm::SignOnly] {
            let message = identity.message(form).as_handshake();
            let shown = match identity.certificates() {
                Certificates::Identity => Credential::read_ibc(message.body).ok(),
                _ => Credential::read(message.body, 10).ok(),
            };
            assert!(!shown.unwrap().is_empty());
        }
        for key_use in [KeyUse::Sign, KeyUse::Encrypt] {
            let tlcp::cert::Key::Here(key) = identity.key(key_use) else { panic!("a key from nowhere") };
            assert_eq!(PrivateKey::public(&**key), identity.public_key(key_use));
        }
    }
});

/// PBKDF2 is slow by design: passwords only where no file in DER can ask for more than 2^15 iterations, and no PEM.
fn is_quick(bytes: &[u8]) -> bool {
    let integer = |length: u8| bytes.windows(2).any(|w| w == [2, length]);
    !bytes.contains(&b'-') && !integer(3) && !integer(4)
}
