//! The certificates of a TLS peer under the Web's policy: whether they are trusted.
#![no_main]
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, LazyLock};
use tlcp::cert::{Expected, Identity, KeyUse, PeerClaim, PeerRole, ServerName, Verifier, WebPkiVerifier};
use tlcp::crypto::{Draw, Random, portable::provider};
use tlcp::error::CryptoError;
use tlcp::message::Credential;
use tlcp::pki::{NewKey, Options, TlsPki};
use tlcp_fuzz::world::NOW;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    is_client: bool,
    encrypts: bool,
    other_name: bool,
    /// Which PKI.
    kind: u8,
    list: Vec<Entry<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Entry<'a> {
    Bytes(&'a [u8]),
    Good(u8),
    /// A good certificate, with some of its bytes changed.
    Changed {
        which: u8,
        at: u16,
        mask: &'a [u8],
    },
}

/// Bytes that are the same in each run.
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        out.iter_mut().for_each(|byte| *byte = self.0.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}

static PKIS: LazyLock<[(TlsPki, WebPkiVerifier); 3]> = LazyLock::new(|| {
    let random = Counting(AtomicU8::new(1));
    [NewKey::P256, NewKey::P384, NewKey::Ed25519].map(|key| {
        let pki = TlsPki::new(&Options::new(NOW), (key, key), &provider(), &random).unwrap();
        let verifier = pki.verifier(&provider()).unwrap();
        (pki, verifier)
    })
});

fn good(pki: &TlsPki, which: u8) -> &[u8] {
    let all = [&pki.server, &pki.client, &pki.intermediate, &pki.root];
    &all[usize::from(which) % all.len()].certificate
}

fuzz_target!(|input: Input<'_>| {
    let (pki, verifier) = &PKIS[usize::from(input.kind) % PKIS.len()];
    let entry = |entry: &Entry<'_>| match entry {
        Entry::Bytes(bytes) => bytes.to_vec(),
        Entry::Good(which) => good(pki, *which).to_vec(),
        Entry::Changed { which, at, mask } => {
            let mut bytes = good(pki, *which).to_vec();
            let at = usize::from(*at) % bytes.len();
            bytes[at..].iter_mut().zip(*mask).for_each(|(byte, mask)| *byte ^= mask);
            bytes
        }
    };
    let list: Vec<Box<[u8]>> = input.list.iter().take(10).map(|e| entry(e).into_boxed_slice()).collect();
    if let Some(first) = list.first() {
        let _ = tlcp::cert::end_point_hash(first);
        let _ = Identity::single_from_pile(&[first, &pki.server.key_der()], None, &provider());
    }
    let credential = Arc::new(Credential::Certificates(list));
    let key_use = if input.encrypts { KeyUse::Encrypt } else { KeyUse::Sign };
    let Ok(keys) = credential.keys(Expected::Single(key_use), provider().keys) else { return };
    assert!(!input.encrypts, "none of these keys decrypts");
    let name = if input.other_name { "example.org" } else { "localhost" };
    let role = match input.is_client {
        true => PeerRole::Client,
        false => PeerRole::Server(ServerName::try_from(name).unwrap()),
    };
    let claim = PeerClaim::new(role, credential.clone(), keys);
    if verifier.verify(&claim, NOW).is_ok() {
        // What was accepted is of our making, to the byte.
        let own = if input.is_client { &pki.client } else { &pki.server };
        assert!(*credential.certificates()[0] == *own.certificate);
        assert!(input.is_client || !input.other_name, "a server for a name that is not its own");
    }
});
