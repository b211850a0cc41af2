//! TLS's chains and piles, changed in any way: an answer, never a panic, never a certificate that was not issued.
use super::*;
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use support::certificates;

struct Chains {
    /// Of each kind of key: the leaf, then its CAs.
    lists: Vec<Vec<Vec<u8>>>,
    piles: Vec<Vec<u8>>,
    verifier: WebPkiVerifier,
}

static CHAINS: LazyLock<Chains> = LazyLock::new(|| {
    let piles: Vec<Vec<u8>> = ["p256", "p384", "ed25519", "rsa", "rsa-pss", "mixed", "self-signed"]
        .iter()
        .map(|name| vector(&format!("web/{name}.pem")))
        .collect();
    let builder = WebPkiVerifier::builder(&provider()).policy(CertPolicy::Web);
    let verifier = builder.roots(&[&vector("web/roots.crt")]).unwrap().build().unwrap();
    Chains { lists: piles.iter().take(6).map(|pile| certificates(pile)).collect(), piles, verifier }
});

/// Whether anything accepts the list as a server's.
fn accepts(list: &[Vec<u8>]) -> bool {
    let credential = Arc::new(Credential::Certificates(list.iter().map(|c| c.as_slice().into()).collect()));
    let mut accepted = false;
    for key_use in [KeyUse::Sign, KeyUse::Encrypt] {
        let Ok(keys) = credential.keys(Expected::Single(key_use), provider().keys) else { continue };
        for role in [PeerRole::Client, PeerRole::Server(ServerName::try_from("localhost").unwrap())] {
            let claim = PeerClaim::new(role, credential.clone(), keys.clone());
            accepted |= CHAINS.verifier.verify(&claim, NOW).is_ok();
        }
    }
    list.iter().for_each(|der| _ = tlcp::cert::end_point_hash(der));
    accepted
}

/// R-HS-16: as they are, they are accepted.
#[test]
fn accepts_chains_that_nobody_changed() {
    assert!(CHAINS.lists.iter().all(|list| accepts(list)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn answers_to_changed_chains(
        kind in 0..6_usize,
        changes in prop::collection::vec((0..3_usize, change()), 1..4),
    ) {
        let original = &CHAINS.lists[kind];
        let mut list = original.clone();
        for (which, change) in changes {
            if let Some(certificate) = list.get_mut(which) {
                change.apply(certificate);
            }
        }
        prop_assert!(list[0] == original[0] || !accepts(&list), "a changed leaf was accepted");
    }

    #[test]
    fn answers_to_changed_piles_of_tls(kind in 0..7_usize, changes in prop::collection::vec(change(), 1..5)) {
        let mut pile = CHAINS.piles[kind].clone();
        for change in changes {
            change.apply(&mut pile);
        }
        for result in [
            Identity::single_from_pile(&[&pile], Some(&b"123456"[..]), &provider()),
            Identity::from_pile(&[&pile], Some(&b"123456"[..]), &provider()),
        ] {
            if let Err(error) = result {
                prop_assert!(!error.0.is_empty());
            }
        }
    }

    #[test]
    fn answers_to_changed_keys(kind in 0..4_usize, changes in prop::collection::vec(change(), 1..4)) {
        let name = ["key-p256-sec1.pem", "key-ed25519.der", "key-p384-sec1.der", "key-rsa-pkcs1.pem"][kind];
        let mut key = vector(&format!("web/{name}"));
        if name.ends_with(".pem") {
            key = PrivateKeyDer::from_pem_slice(&key).unwrap().secret_der().to_vec();
        }
        for change in changes {
            change.apply(&mut key);
        }
        let certificates = CHAINS.lists.iter().map(|list| &list[0][..]);
        let files: Vec<&[u8]> = certificates.chain([&key[..]]).collect();
        let _ = Identity::single_from_pile(&files, None, &provider());
    }
}
