//! TLS's single certificates under the Web's rules: chains made with openssl (`vectors/web`), in both roles (R-HS-16, R-T12-9,
//! R-BCP-5, R-BCP-7).
#![cfg(all(feature = "pki", feature = "tls12"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "web/identities.rs"]
mod identities;
#[cfg(feature = "native-roots")]
#[path = "web/native_roots.rs"]
mod native_roots;
#[path = "web/rules.rs"]
mod rules;
#[path = "support/certificates.rs"]
mod support;
#[path = "web/work.rs"]
mod work;

use std::sync::Arc;
use support::{certificates, vector};
use tlcp::cert::{
    CertPolicy, Expected, KeyUse, PeerClaim, PeerRole, ServerName, Verified, Verifier, WebPkiVerifier,
};
use tlcp::crypto::portable::provider;
use tlcp::error::{CertificateError, CertificatePlace as Place, CertificateProblem as E};
use tlcp::message::Credential;
use tlcp::suite::{Certificates, KeyKind};

/// The moment at which the certificates are valid.
const NOW: u64 = 1_800_000_000;

fn file(name: &str) -> Vec<u8> {
    vector(&format!("web/{name}"))
}

fn verifier() -> WebPkiVerifier {
    let builder = WebPkiVerifier::builder(&provider()).policy(CertPolicy::Web);
    builder.roots(&[&file("roots.crt")]).unwrap().build().unwrap()
}

fn server(name: &str) -> PeerRole {
    PeerRole::Server(ServerName::try_from(name.to_string()).unwrap())
}

/// What the verifier says of the certificates in a file, the leaf first.
fn verify(name: &str, role: PeerRole, key_use: KeyUse) -> Result<Verified, CertificateError> {
    let list = certificates(&file(name)).into_iter().map(Vec::into_boxed_slice).collect();
    let credential = Arc::new(Credential::Certificates(list));
    let keys = credential.keys(Expected::Single(key_use), provider().keys)?;
    verifier().verify(&PeerClaim::new(role, credential, keys), NOW)
}

fn refused(name: &str, key_use: KeyUse) -> (E, Option<Place>) {
    let error = verify(name, server("localhost"), key_use).expect_err(name);
    (error.problem, error.certificate.map(|c| c.place))
}

/// R-HS-16: ECDSA, Ed25519, RSA PKCS#1 and RSA-PSS, with every hash; also where each link is of another kind.
#[test]
fn verifies_chains_of_every_kind_of_key() {
    for name in ["p256", "p384", "ed25519", "rsa", "rsa-pss", "mixed"] {
        let verified = verify(&format!("{name}.pem"), server("localhost"), KeyUse::Sign);
        verified.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    for name in ["p256", "p384", "ed25519", "rsa"] {
        let verified = verify(&format!("{name}-client.pem"), PeerRole::Client, KeyUse::Sign);
        verified.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

/// R-HS-16, R-HS-50: whatever bit of the leaf changes, it is refused; here in each signature.
#[test]
fn refuses_a_chain_with_a_changed_signature() {
    for name in ["p256", "p384", "ed25519", "rsa", "rsa-pss", "mixed"] {
        let list = certificates(&file(&format!("{name}.pem")));
        for at in 0..list.len() {
            let mut list = list.clone();
            *list[at].last_mut().unwrap() ^= 1;
            let list = list.into_iter().map(Vec::into_boxed_slice).collect();
            let credential = Arc::new(Credential::Certificates(list));
            let keys = credential.keys(Expected::Single(KeyUse::Sign), provider().keys).unwrap();
            let claim = PeerClaim::new(server("localhost"), credential, keys);
            let error = verifier().verify(&claim, NOW).unwrap_err();
            assert_eq!(error.problem, E::BadSignature, "{name} {at}");
        }
    }
}

/// R-T12-9: digitalSignature to sign, keyEncipherment for RSA's key transport; one that has both serves both.
#[test]
fn holds_each_use_to_key_usage() {
    verify("rsa.pem", server("localhost"), KeyUse::Encrypt).unwrap();
    verify("encryption.pem", server("localhost"), KeyUse::Encrypt).unwrap();
    let lacks = |what| (E::WrongUsage(what), Some(Place::Single));
    assert_eq!(refused("encryption.pem", KeyUse::Sign), lacks("keyUsage lacks digitalSignature"));
    assert_eq!(refused("agreement.pem", KeyUse::Sign), lacks("keyUsage lacks digitalSignature"));
    assert_eq!(refused("rsa-pss.pem", KeyUse::Encrypt), lacks("keyUsage lacks keyEncipherment"));
    for name in ["p256.pem", "p384.pem", "ed25519.pem", "agreement.pem"] {
        assert_eq!(refused(name, KeyUse::Encrypt), (E::UnsupportedKey, Some(Place::Single)), "{name}");
    }
}

/// R-BCP-5: 1024 bits of RSA, and curves below P-256, wherever they stand; P-521 is no group here.
#[test]
fn refuses_short_keys_and_small_curves_anywhere_in_the_path() {
    for name in ["rsa1024", "p224", "p521"] {
        let expected = (E::UnsupportedKey, Some(Place::Single));
        assert_eq!(refused(&format!("bad-{name}.crt"), KeyUse::Sign), expected, "{name}");
    }
    let expected = (E::UnsupportedKey, Some(Place::Authority));
    assert_eq!(refused("bad-rsa1024-ca.crt", KeyUse::Sign), expected);
    assert_eq!(refused("bad-p224-ca.crt", KeyUse::Sign).0, E::UnsupportedKey);
    let builder = WebPkiVerifier::builder(&provider()).policy(CertPolicy::Web);
    let text = builder.roots(&[&file("bad-rsa1024-root.crt")]).map(|_| ()).unwrap_err().0;
    assert!(text.contains("its key is of no kind that its CAs may have, or too short"), "{text}");
}

/// R-BCP-7: MD5, SHA-1 and SHA-224 sign nothing, nor does RSA-PSS with other parameters than TLS's.
#[test]
fn refuses_weak_signatures() {
    for name in ["md5-rsa", "sha1-rsa", "sha1-ecdsa", "sha1-pss", "sha224-ecdsa", "salt-pss", "sha1-ca"] {
        let (problem, _) = refused(&format!("bad-{name}.crt"), KeyUse::Sign);
        assert_eq!(problem, E::UnsupportedSignature, "{name}");
    }
}

/// R-HS-41: the names in subjectAltName and no other, the subject's CN least of all.
#[test]
fn holds_a_server_to_its_names() {
    for name in ["localhost", "LOCALHOST", "www.web.example", "127.0.0.1"] {
        verify("p256.pem", server(name), KeyUse::Sign).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    for name in ["web.example", "a.b.web.example", "example.com", "127.0.0.2", "::1"] {
        let error = verify("p256.pem", server(name), KeyUse::Sign).unwrap_err();
        assert_eq!(
            (error.problem, error.certificate.unwrap().place),
            (E::NameMismatch, Place::Single),
            "{name}"
        );
    }
}

/// R-SM2-9, R-T12-9: extended key usage keeps clients and servers apart.
#[test]
fn keeps_clients_and_servers_apart() {
    let wrong = E::WrongUsage("extendedKeyUsage names another use");
    for kind in ["p256", "rsa"] {
        let as_client = verify(&format!("{kind}.pem"), PeerRole::Client, KeyUse::Sign).unwrap_err();
        assert_eq!(as_client.problem, wrong);
        let as_server = verify(&format!("{kind}-client.pem"), server("localhost"), KeyUse::Sign).unwrap_err();
        assert_eq!(as_server.problem, wrong);
    }
}

/// The dates of the whole path, and whom they end with.
#[test]
fn holds_a_chain_to_its_dates() {
    let at = |now| {
        let list = certificates(&file("p256.pem")).into_iter().map(Vec::into_boxed_slice).collect();
        let credential = Arc::new(Credential::Certificates(list));
        let keys = credential.keys(Expected::Single(KeyUse::Sign), provider().keys).unwrap();
        verifier().verify(&PeerClaim::new(server("localhost"), credential, keys), now)
    };
    let end = at(NOW).unwrap().not_after();
    assert!(at(end).is_ok());
    assert_eq!(at(end + 1).unwrap_err().problem, E::Expired);
    assert_eq!(at(1_700_000_000).unwrap_err().problem, E::NotYetValid);
}

/// R-HS-39: a policy of pairs takes no single server, and the Web's takes no pair; and each says which it takes.
#[test]
fn each_policy_has_its_own_form() {
    let list: Vec<Box<[u8]>> = ["server-sign.crt", "server-enc.crt"]
        .iter()
        .map(|name| support::stream_pki(name).remove(0).into_boxed_slice())
        .collect();
    let credential = Arc::new(Credential::Certificates(list));
    let keys = credential.keys(Expected::Pair, provider().keys).unwrap();
    let claim = PeerClaim::new(server("localhost"), credential, keys);
    let error = verifier().verify(&claim, NOW).unwrap_err();
    assert_eq!(error.problem, E::Other("a pair of certificates, where CertPolicy::Web takes one"));
    assert!(verifier().verifies(Certificates::Single) && !verifier().verifies(Certificates::Pair));

    let all = [KeyKind::Sm2, KeyKind::Rsa, KeyKind::Ecdsa];
    let builder = WebPkiVerifier::builder(&provider()).ca_keys(&all).roots(&[&file("roots.crt")]).unwrap();
    let standard = builder.build().unwrap();
    assert!(standard.verifies(Certificates::Pair) && !standard.verifies(Certificates::Single));
    let list = certificates(&file("p256.pem")).into_iter().map(Vec::into_boxed_slice).collect();
    let credential = Arc::new(Credential::Certificates(list));
    let keys = credential.keys(Expected::Single(KeyUse::Sign), provider().keys).unwrap();
    let claim = PeerClaim::new(server("localhost"), credential, keys);
    assert_eq!(standard.verify(&claim, NOW).unwrap_err().problem, E::MissingEncryptionCertificate);
}

/// The roots are chosen by the policy: it stands before them, or the error says so.
#[test]
fn the_policy_chooses_the_roots() {
    let bundle = [file("roots.crt"), vector("streams/pki/sm2-root.crt")].concat();
    let web = WebPkiVerifier::builder(&provider()).policy(CertPolicy::Web).roots(&[&bundle]).unwrap();
    let web = web.build().unwrap();
    assert_eq!((web.authorities().len(), web.skipped().len()), (4, 1));
    let standard = WebPkiVerifier::builder(&provider()).roots(&[&bundle]).unwrap();
    let late = standard.policy(CertPolicy::Web).build().unwrap_err().0;
    assert!(late.contains("tell the policy and the kinds of CA keys before the roots"), "{late}");
    let standard = WebPkiVerifier::builder(&provider()).roots(&[&bundle]).unwrap().build().unwrap();
    assert_eq!((standard.authorities().len(), standard.skipped().len()), (1, 4));
    assert_ne!(web.context(), standard.context());
}
