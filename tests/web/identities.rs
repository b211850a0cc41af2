//! One certificate with its key out of any pile of files (R-HS-16).
use super::*;
use tlcp::cert::{CertificateForm, Identity, Key};
use tlcp::crypto::{PublicKey, SignatureAlgorithm, random::SystemRandom};
use tlcp::suite::HashAlgorithm;
use tlcp::wire::SignatureScheme;

fn single(files: &[&[u8]], password: Option<&[u8]>) -> Result<Identity, String> {
    Identity::single_from_pile(files, password, &provider()).map_err(|e| e.0.into())
}

/// The certificates of a pile, without the key.
fn without_key(name: &str) -> Vec<u8> {
    let text = String::from_utf8(file(name)).unwrap();
    let (certificates, _) = text.split_once("-----BEGIN PRIVATE KEY").unwrap();
    certificates.as_bytes().to_vec()
}

/// What fits the key, to prove that it is the certificate's.
fn algorithm(key: &PublicKey) -> SignatureAlgorithm<'static> {
    match key {
        PublicKey::P256(_) => SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256),
        PublicKey::P384(_) => SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha384),
        PublicKey::Ed25519(_) => SignatureAlgorithm::Ed25519,
        _ => SignatureAlgorithm::RsaPss(HashAlgorithm::Sha256),
    }
}

/// The private key is the certificate's, and what it signs verifies under it.
fn check(identity: &Identity, name: &str) {
    let expected = certificates(&file(&format!("{name}.pem")));
    assert_eq!(identity.certificate(KeyUse::Sign)[..], expected[0], "{name}");
    let message = identity.message(CertificateForm::Dual).to_bytes();
    let credential = Credential::read(&message[4..], 10).unwrap();
    let list: Vec<&[u8]> = credential.certificates().iter().map(|c| &**c).collect();
    assert_eq!(list.len(), expected.len(), "{name}");
    assert_eq!(list[0], expected[0]);
    let (Key::Here(private), public) = (identity.key(KeyUse::Sign), identity.public_key(KeyUse::Sign)) else {
        panic!("{name}: the key is here")
    };
    let signature = private.sign(algorithm(public), &[b"message"], &SystemRandom).unwrap();
    provider().keys.verify(algorithm(public), public, &[b"message"], &signature).unwrap();
}

/// R-HS-16: PKCS#8, RFC 5915 and PKCS#1, as PEM and DER, encrypted or not.
#[test]
fn finds_a_key_of_every_kind_in_every_container() {
    for name in ["p256", "p384", "ed25519", "rsa", "rsa-pss", "mixed"] {
        check(&single(&[&file(&format!("{name}.pem"))], None).unwrap(), name);
    }
    for (name, key) in [
        ("p256", "p256-sec1.pem"),
        ("p384", "p384-sec1.der"),
        ("rsa", "rsa-pkcs1.pem"),
        ("ed25519", "ed25519.der"),
        ("p256", "p256-encrypted.pem"),
        ("p384", "p384-encrypted.pem"),
        ("ed25519", "ed25519-encrypted.pem"),
        ("rsa", "rsa-encrypted.pem"),
    ] {
        let key_file = file(&format!("key-{key}"));
        let certificates = without_key(&format!("{name}.pem"));
        check(&single(&[&key_file, &certificates], Some(b"123456")).unwrap(), name);
        if key.contains("encrypted") {
            let refused = single(&[&key_file, &certificates], Some(b"123457")).unwrap_err();
            assert!(refused.contains("the password is wrong"), "{key}: {refused}");
        }
    }
}

/// R-HS-16: CAs stand in any order; each certifies the one before it, and the root is not sent.
#[test]
fn puts_the_chain_in_order() {
    let list = certificates(&file("rsa-pss.pem"));
    let pile: Vec<u8> = [&list[1], &list[0], &list[2]].into_iter().flatten().copied().collect();
    let roots: Vec<u8> = certificates(&file("roots.crt")).concat();
    let identity = single(&[&roots, &pile, &file("rsa-pss.pem")], None).unwrap();
    let chain: Vec<&[u8]> = identity.intermediates().iter().map(|c| &**c).collect();
    assert_eq!(chain, [&list[2][..], &list[1]]);
    assert!(identity.report().contains("root, not sent: CN=RSA root"), "{}", identity.report());
}

/// A key that belongs to no certificate, and keys on curves that nothing here uses.
#[test]
fn says_what_does_not_fit() {
    let certificates = without_key("p256.pem");
    let wrong = single(&[&certificates, &file("key-p384-sec1.der")], None).unwrap_err();
    assert!(wrong.starts_with("no certificate for TLS with its private key"), "{wrong}");
    assert!(wrong.contains("its private key is missing"), "{wrong}");
    assert!(wrong.contains("a private key whose certificate is missing (a P-384 key)"), "{wrong}");
    for foreign in ["key-secp256k1.pem", "key-x25519.pem"] {
        let wrong = single(&[&certificates, &file(foreign)], None).unwrap_err();
        assert!(
            wrong.contains("a key of an algorithm or on a curve that nothing here uses"),
            "{foreign}: {wrong}"
        );
    }
    // named on both levels, and not alike
    let mut key = support::element(2, &[&[1]]);
    key.extend(support::element(4, &[&[7; 32]]));
    key.extend(support::element(0xa0, &[&hex::decode("06052b81040022").unwrap()]));
    let id = hex::decode("06072a8648ce3d020106082a8648ce3d030107").unwrap();
    let inner = support::element(4, &[&support::element(0x30, &[&key])]);
    let both = support::element(0x30, &[&[2, 1, 0], &support::element(0x30, &[&id]), &inner]);
    let wrong = single(&[&certificates, &both], None).unwrap_err();
    assert!(wrong.contains("nothing here uses"), "{wrong}");
    let refused = single(&[&file("agreement.pem")], None).unwrap_err();
    assert!(refused.contains("(for neither signing nor encryption, with its private key)"), "{refused}");
    let two = single(&[&file("p256.pem"), &file("rsa.pem")], None).unwrap_err();
    assert!(two.starts_with("more than one identity: CN="), "{two}");
}

/// A scalar of 0 or of the group's order is no key.
#[test]
fn refuses_keys_out_of_range() {
    for scalar in [[0; 32], [0xff; 32]] {
        let mut key = support::element(2, &[&[1]]);
        key.extend(support::element(4, &[&scalar]));
        key.extend(support::element(0xa0, &[&hex::decode("06082a8648ce3d030107").unwrap()]));
        let refused = single(&[&support::element(0x30, &[&key])], None).unwrap_err();
        assert_eq!(refused, "file 1, item 1 (DER): the key is out of range");
    }
}

/// Piles of the other protocol: the error names what reads them.
#[test]
fn names_the_constructor_of_the_other_protocol() {
    let pair = ["double.crt", "sign.key", "enc.key"].map(|name| support::pki_file(&format!("server-{name}")));
    let pair: Vec<&[u8]> = pair.iter().map(Vec::as_slice).collect();
    let refused = single(&pair, None).unwrap_err();
    assert!(refused.contains("its key is for TLCP: Identity::from_pile"), "{refused}");
    for name in ["p256.pem", "ed25519.pem"] {
        let refused = Identity::from_pile(&[&file(name)], None, &provider()).unwrap_err().0;
        assert!(refused.contains("its key is for TLS: Identity::single_from_pile"), "{refused}");
    }
    let rsa = Identity::from_pile(&[&file("rsa-pss.pem")], None, &provider()).unwrap_err().0;
    assert!(rsa.ends_with("One certificate alone is TLS's: Identity::single_from_pile."), "{rsa}");
    // Both in one pile: each finds its own.
    let mixed: Vec<&[u8]> = pair.into_iter().collect();
    let web = file("p256.pem");
    let both: Vec<&[u8]> = mixed.iter().copied().chain([&web[..]]).collect();
    let certificate = |identity: &Identity| identity.certificate(KeyUse::Sign).to_vec();
    let tlcp = Identity::from_pile(&both, None, &provider()).unwrap();
    assert_eq!(certificate(&tlcp), support::stream_pki("server-sign.crt")[0]);
    assert_eq!(tlcp.certificates(), Certificates::Pair);
    let tls = single(&both, None).unwrap();
    assert_eq!(certificate(&tls), certificates(&web)[0]);
    assert_eq!(tls.certificates(), Certificates::Single);
}

/// R-T12-9: what the keys of an identity may be used for.
#[test]
fn knows_what_its_key_usage_allows() {
    for (name, expected) in [
        ("p256.pem", [true, false]),
        ("rsa.pem", [true, true]),
        ("rsa-pss.pem", [true, false]),
        ("encryption.pem", [false, true]),
    ] {
        let identity = single(&[&file(name)], None).unwrap();
        assert_eq!([KeyUse::Sign, KeyUse::Encrypt].map(|u| identity.allows(u)), expected, "{name}");
    }
}

/// R-T12-26, RFC 5929 4.1: the hash of each signature algorithm, SHA-256 for those without one.
#[test]
fn hashes_the_end_point_as_its_certificate_is_signed() {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    for (name, hash) in [
        ("p256.pem", Sha256),
        ("p256-client.pem", Sha512),
        ("p384.pem", Sha384),
        ("ed25519.pem", Sha256),
        ("rsa.pem", Sha512),
        ("rsa-client.pem", Sha256),
        ("rsa-pss.pem", Sha512),
        ("bad-sha1-rsa.crt", Sha256),
        ("bad-sha1-pss.crt", Sha256),
        ("bad-md5-rsa.crt", Sha256),
        ("bad-sha224-ecdsa.crt", Sha256),
    ] {
        assert_eq!(tlcp::cert::end_point_hash(&certificates(&file(name))[0]), hash, "{name}");
    }
    let chain = certificates(&file("rsa-pss.pem"));
    assert_eq!([1, 2].map(|i| tlcp::cert::end_point_hash(&chain[i])), [Sha256, Sha384]);
}

/// R-T12-22: the chain is judged by what signed it; the root, which is not sent, does not count, nor does a signature of one's
/// own.
#[test]
fn knows_what_its_chain_is_signed_by() {
    use SignatureScheme as S;
    let identity = |name: &str| single(&[&file(name)], None).unwrap();
    let all = [
        ("p256.pem", vec![S::ECDSA_SHA256, S::ECDSA_SHA384]),
        ("p384.pem", vec![S::ECDSA_SHA384, S::ECDSA_SHA512]),
        ("ed25519.pem", vec![S::ED25519]),
        ("rsa.pem", vec![S::RSA_PKCS1_SHA512, S::RSA_PKCS1_SHA384]),
        ("rsa-pss.pem", vec![S::RSA_PSS_RSAE_SHA256, S::RSA_PSS_RSAE_SHA384, S::RSA_PSS_RSAE_SHA512]),
        ("mixed.pem", vec![S::ED25519, S::RSA_PKCS1_SHA256]),
    ];
    for (name, schemes) in &all {
        let identity = identity(name);
        assert!(identity.is_signed_by(schemes), "{name}");
        for missing in schemes {
            let others: Vec<S> = schemes.iter().copied().filter(|s| s != missing).collect();
            assert!(!identity.is_signed_by(&others), "{name} without {missing:?}");
        }
    }
}

/// What `openssl req -x509` makes, a CA's certificate that signed itself, is sent where there is nothing better, with a
/// warning; beside a certificate of one's own it is a root.
#[test]
fn takes_a_self_signed_certificate_of_a_ca_for_want_of_another() {
    let pile = file("self-signed.pem");
    let identity = single(&[&pile], None).unwrap();
    assert_eq!(identity.certificate(KeyUse::Sign)[..], certificates(&pile)[0]);
    assert!(identity.intermediates().is_empty() && identity.is_signed_by(&[]));
    let warning = "warning: it is a CA's certificate (basicConstraints cA TRUE); some peers refuse it";
    assert!(identity.report().contains(warning), "{}", identity.report());
    let both = single(&[&pile, &file("p256.pem")], None).unwrap();
    assert_eq!(both.certificate(KeyUse::Sign)[..], certificates(&file("p256.pem"))[0]);
    assert!(!both.report().contains("warning"), "{}", both.report());
    // a CA under another is nobody's own
    let pki = tlcp::pki::TlsPki::new(
        &tlcp::pki::Options::new(NOW),
        (tlcp::pki::NewKey::P256, tlcp::pki::NewKey::P256),
        &provider(),
        &SystemRandom,
    );
    let ca = pki.unwrap().intermediate;
    let refused = single(&[&ca.certificate, &ca.key_der()], None).unwrap_err();
    assert!(refused.contains("a CA's certificate (basicConstraints cA TRUE) is nobody's own"), "{refused}");
}
