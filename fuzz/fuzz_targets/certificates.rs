//! A peer's certificates: which of them are the pair, and whether it is trusted.
#![no_main]
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use tlcp::cert::{
    CertPolicy, Expected, Identity, KeyUse, PeerClaim, PeerKeys, PeerRole, ServerName, Verifier,
    WebPkiVerifier,
};
use tlcp::message::Credential;
use tlcp_fuzz::world::{NOW, WORLD, provider};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    is_client: bool,
    needs_encryption: bool,
    gm: bool,
    name: Name,
    list: Vec<Entry<'a>>,
    /// More certificates, one after another.
    more: &'a [u8],
}

#[derive(Arbitrary, Debug)]
enum Name {
    Host,
    Address,
    Other,
}

#[derive(Arbitrary, Debug)]
enum Entry<'a> {
    Bytes(&'a [u8]),
    ServerSign,
    ServerEncrypt,
    ClientSign,
    ClientEncrypt,
    Intermediate,
    Root,
    /// A good certificate, with some of its bytes changed.
    Changed {
        which: u8,
        at: u16,
        mask: &'a [u8],
    },
    Cut {
        which: u8,
        length: u16,
    },
}

fn good(which: u8) -> &'static [u8] {
    let pki = &WORLD.pki;
    match which % 6 {
        0 => &pki.server.sign.certificate,
        1 => &pki.server.encrypt.certificate,
        2 => &pki.client.sign.certificate,
        3 => &pki.client.encrypt.certificate,
        4 => &pki.intermediate.certificate,
        _ => &pki.root.certificate,
    }
}

impl Entry<'_> {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.to_vec(),
            Self::ServerSign => good(0).to_vec(),
            Self::ServerEncrypt => good(1).to_vec(),
            Self::ClientSign => good(2).to_vec(),
            Self::ClientEncrypt => good(3).to_vec(),
            Self::Intermediate => good(4).to_vec(),
            Self::Root => good(5).to_vec(),
            Self::Changed { which, at, mask } => {
                let mut bytes = good(*which).to_vec();
                let at = usize::from(*at) % bytes.len();
                bytes[at..].iter_mut().zip(*mask).for_each(|(byte, mask)| *byte ^= mask);
                bytes
            }
            Self::Cut { which, length } => {
                let bytes = good(*which);
                bytes[..usize::from(*length).min(bytes.len())].to_vec()
            }
        }
    }
}

/// Elements of DER with two bytes of length, as certificates are.
fn split(mut bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    std::iter::from_fn(move || {
        let [0x30, 0x82, high, low, ..] = *bytes else { return None };
        let length = 4 + usize::from(u16::from_be_bytes([high, low]));
        let (element, rest) = bytes.split_at(length.min(bytes.len()));
        bytes = rest;
        Some(element.to_vec())
    })
}

static VERIFIERS: LazyLock<[WebPkiVerifier; 2]> = LazyLock::new(|| {
    [CertPolicy::Standard, CertPolicy::Gm].map(|policy| {
        let provider = provider();
        let builder = WebPkiVerifier::builder(&provider).roots(&[&WORLD.pki.root.certificate]).unwrap();
        builder.policy(policy).build().unwrap()
    })
});

fuzz_target!(|input: Input<'_>| {
    let entries = input.list.iter().map(Entry::bytes).chain(split(input.more));
    let list: Vec<Box<[u8]>> = entries.take(10).map(Vec::into_boxed_slice).collect();
    let credential = Arc::new(Credential::Certificates(list));
    let expected = if input.needs_encryption { Expected::Pair } else { Expected::PairOrSign };
    let Ok(keys) = credential.keys(expected, provider().keys) else { return };
    assert!(keys.encrypt().is_some() || !input.needs_encryption);
    let name = match input.name {
        Name::Host => "localhost",
        Name::Address => "127.0.0.1",
        Name::Other => "example.cn",
    };
    let role = if input.is_client {
        PeerRole::Client
    } else {
        PeerRole::Server(ServerName::try_from(name).unwrap())
    };
    let claim = PeerClaim::new(role, credential.clone(), keys.clone());
    if VERIFIERS[usize::from(input.gm)].verify(&claim, NOW).is_ok() {
        check_accepted(&input, &credential, &keys);
    }
});

/// What was accepted is of our making, to the byte: nobody else can sign. Two of one CA are a pair, although their subjects
/// differ, if it is a client's, or under the policy of Chinese CAs (R-HS-46).
fn check_accepted(input: &Input<'_>, credential: &Credential, keys: &PeerKeys) {
    let list = credential.certificates();
    let is = |der: &[u8], identity: &Identity, key_use| *der == **identity.certificate(key_use);
    let (own, other) =
        if input.is_client { (&WORLD.client, &WORLD.server) } else { (&WORLD.server, &WORLD.client) };
    // Chinese CAs issue client certificates from their server profile.
    let by_profile = input.is_client && input.gm;
    assert!(is(&list[0], own, KeyUse::Sign) || (by_profile && is(&list[0], other, KeyUse::Sign)));
    if let PeerKeys::Pair { at, .. } = keys {
        let any_subject = input.is_client || input.gm;
        let encrypt = &list[*at];
        assert!(is(encrypt, own, KeyUse::Encrypt) || (any_subject && is(encrypt, other, KeyUse::Encrypt)));
    } else {
        assert!(input.is_client, "a server without an encryption certificate");
    }
    assert!(input.is_client || !matches!(input.name, Name::Other), "a server for a name that is not its own");
}
