//! The one certificate of a TLS party (R-HS-16, R-T12-9).
use super::*;
use tlcp::cert::{Expected, PeerKeys, end_point_hash};
use tlcp::crypto::PublicKey;
use tlcp::error::CertificateProblem as E;
use tlcp::suite::{Certificates, HashAlgorithm, KeyKind};

fn single(files: &[Vec<u8>]) -> Result<Identity, String> {
    let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    Identity::single_from_pile(&files, Some(&b"123456"[..]), &provider()).map_err(|e| e.0.into())
}

/// A pair of RSA certificates: the one that signs is TLS's.
fn rsa() -> Vec<u8> {
    support::vector("rsa/server.pem")
}

fn keys(list: &[&[u8]], expected: Expected) -> Result<PeerKeys, E> {
    let list = list.iter().map(|der| Box::from(*der)).collect();
    Credential::Certificates(list).keys(expected, provider().keys).map_err(|e| e.problem)
}

/// R-HS-16: leaf first, then the CAs that certify one another; both forms are that list, and every question about the
/// encryption certificate is answered by the one there is.
#[test]
fn one_certificate_answers_for_both_uses() {
    let identity = single(&[rsa()]).unwrap();
    assert_eq!(identity.certificates(), Certificates::Single);
    assert_eq!(identity.public_key(KeyUse::Sign).kind(), KeyKind::Rsa);
    assert_eq!(identity.public_key(KeyUse::Sign), identity.public_key(KeyUse::Encrypt));
    assert_eq!(identity.certificate(KeyUse::Sign), identity.certificate(KeyUse::Encrypt));
    assert!(matches!(identity.key(KeyUse::Encrypt), Key::Here(_)));
    for form in [CertificateForm::Dual, CertificateForm::SignOnly] {
        let message = identity.message(form).to_bytes();
        let credential = Credential::read(&message[4..], 10).unwrap();
        let list: Vec<&[u8]> = credential.certificates().iter().map(|c| &**c).collect();
        assert_eq!(list, [&identity.certificate(KeyUse::Sign)[..], &identity.intermediates()[0]]);
    }
    assert!(identity.is_for("localhost"));
    assert!(identity.report().starts_with("certificate: "), "{}", identity.report());
    assert!(identity.warning(0).unwrap().starts_with("the certificate CN="));
}

/// R-SES-16: it is another identity than the pair that it is the half of, and than the pair of it and itself.
#[test]
fn no_pair_has_its_fingerprint() {
    let pair = from_pile(&[rsa()]).unwrap();
    assert_eq!(pair.certificates(), Certificates::Pair);
    let single = single(&[rsa()]).unwrap();
    assert_eq!(single.certificate(KeyUse::Sign), pair.certificate(KeyUse::Sign));
    assert_ne!(single.fingerprint(), pair.fingerprint());
}

/// Keys in a device: the certificates alone, in any order behind the first.
#[test]
fn takes_a_key_that_is_elsewhere() {
    let whole = single(&[rsa()]).unwrap();
    let chain: [&[u8]; 2] = [whole.certificate(KeyUse::Sign), &whole.intermediates()[0]];
    let elsewhere = Key::Elsewhere("slot 1".into());
    let identity = Identity::single_with_key(&chain, elsewhere.clone(), &provider()).unwrap();
    assert_eq!(identity.message(CertificateForm::Dual), whole.message(CertificateForm::Dual));
    assert_eq!(identity.fingerprint(), whole.fingerprint());
    let wrong = Key::Here(stream_key());
    let refused = Identity::single_with_key(&chain, wrong, &provider()).unwrap_err();
    assert!(refused.0.contains("the private key is not this certificate's"), "{refused}");
    let refused = Identity::single_with_key(&[], elsewhere.clone(), &provider()).unwrap_err();
    assert_eq!(&*refused.0, "the certificate is missing");
    let sm2 = stream_pki("server-sign.crt").remove(0);
    let refused = Identity::single_with_key(&[&sm2], elsewhere, &provider()).unwrap_err();
    assert!(refused.0.contains("one of TLCP's pair (Identity::from_pile"), "{refused}");
}

fn stream_key() -> std::sync::Arc<dyn tlcp::crypto::PrivateKey> {
    let pki = Pki::new(&Options::new(0), &provider(), &TestRandom::new(6)).unwrap();
    pki.client.sign.key().clone()
}

/// R-EXT-3: what is configured, byte for byte.
#[test]
fn hands_the_ocsp_response_out_as_it_was_given() {
    let identity = single(&[rsa()]).unwrap();
    assert_eq!(identity.ocsp_response(), None);
    assert_eq!(
        identity.with_ocsp_response(b"\x30\x03\x0a\x01\x00").ocsp_response(),
        Some(&b"\x30\x03\x0a\x01\x00"[..])
    );
}

/// R-T12-9: the first certificate must be for what it is used for, whatever stands behind it.
#[test]
fn chooses_the_first_certificate_if_it_is_for_this_use() {
    let pair = from_pile(&[rsa()]).unwrap();
    let [sign, encrypt]: [&[u8]; 2] = [KeyUse::Sign, KeyUse::Encrypt].map(|u| &**pair.certificate(u));
    for (der, key_use, other) in
        [(sign, KeyUse::Sign, KeyUse::Encrypt), (encrypt, KeyUse::Encrypt, KeyUse::Sign)]
    {
        let keys_found = keys(&[der, sign, encrypt], Expected::Single(key_use)).unwrap();
        assert_eq!(keys_found, PeerKeys::Single { key: pair.public_key(key_use).clone(), key_use });
        assert_eq!(keys_found.sign(), pair.public_key(key_use));
        assert_eq!(keys_found.encrypt().is_some(), key_use == KeyUse::Encrypt);
        let text = if other == KeyUse::Sign {
            "keyUsage lacks digitalSignature"
        } else {
            "keyUsage lacks keyEncipherment"
        };
        assert_eq!(keys(&[der], Expected::Single(other)), Err(E::WrongUsage(text)));
    }
    let random = TestRandom::new(3);
    let root = Template::new(0, DAY).common_name("root").for_ca(None);
    let sm2 = Issued::self_signed(&root, &provider(), &random).unwrap();
    assert!(matches!(sm2.key().public(), PublicKey::Sm2(_)));
    for key_use in [KeyUse::Sign, KeyUse::Encrypt] {
        assert_eq!(
            keys(&[&sm2.certificate], Expected::Single(key_use)),
            Err(E::UnsupportedKey),
            "SM2 is TLCP's"
        );
        assert!(matches!(keys(&[], Expected::Single(key_use)), Err(E::Other(_))));
    }
}

/// R-RSA-2, R-BCP-5: an RSA key of 1024 bits is none.
#[test]
fn refuses_a_short_rsa_key() {
    let items = pem_certificates(&support::vector("rsa/short.pem"));
    let short =
        items.iter().find(|der| keys(&[der], Expected::Single(KeyUse::Encrypt)) == Err(E::UnsupportedKey));
    let short = short.expect("one of 1024 bits");
    let refused = Identity::single_with_key(&[short], Key::Elsewhere("x".into()), &provider()).unwrap_err();
    assert!(refused.0.contains("the certificate's key is none that is used here"), "{refused}");
}

fn pem_certificates(pem: &[u8]) -> Vec<Vec<u8>> {
    use rustls_pki_types::{CertificateDer, pem::PemObject};
    CertificateDer::pem_slice_iter(pem).map(|der| der.unwrap().to_vec()).collect()
}

/// R-EXT-3, R-T12-26: RFC 5929 4.1 takes the hash of the certificate's signature, and SHA-256 where it is of no use.
#[test]
fn hashes_the_end_point_as_its_certificate_is_signed() {
    let pair = from_pile(&[rsa()]).unwrap();
    assert_eq!(end_point_hash(pair.certificate(KeyUse::Sign)), HashAlgorithm::Sha256);
    let sm2 = stream_pki("server-sign.crt").remove(0);
    assert_eq!(end_point_hash(&sm2), HashAlgorithm::Sm3);
    assert_eq!(end_point_hash(b"no certificate"), HashAlgorithm::Sha256);
}
