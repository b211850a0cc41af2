//! Opening records: whatever bytes come, in portable code and in native code alike; what was sealed opens, and once
//! anything about it is changed it never opens.
#![no_main]
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tlcp::crypto::TrafficKeys;
use tlcp::record::{HEADER_LEN, MAX_PLAINTEXT, Opener, Sealer};
use tlcp::suite::{AeadAlgorithm, CbcAlgorithm, MacAlgorithm, MacOrder, Protection};
use tlcp::wire::{ContentType, ProtocolVersion};
use tlcp_fuzz::providers;
use tlcp_fuzz::random::Repeatable;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    cipher: Cipher,
    content_type: Type,
    /// How many records went before.
    sequence: u8,
    max_fragment: u16,
    change: Change<'a>,
    bytes: &'a [u8],
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Cipher {
    Gcm,
    CbcSm3,
    CbcSha256,
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    AesCbcSha1,
    AesCbcSha256,
    AesCbcSha384,
    EncryptThenMac,
    EncryptThenMacSha1,
}

impl Cipher {
    fn protection(self) -> Protection {
        use AeadAlgorithm::{Aes128Gcm, Aes256Gcm, ChaCha20Poly1305, Sm4Gcm};
        let order = MacOrder::EncryptThenMac;
        match self {
            Self::Gcm => Protection::Aead(Sm4Gcm),
            Self::CbcSm3 => Protection::cbc(CbcAlgorithm::Sm4, MacAlgorithm::Sm3),
            Self::CbcSha256 => Protection::cbc(CbcAlgorithm::Sm4, MacAlgorithm::Sha256),
            Self::Aes128Gcm => Protection::Aead(Aes128Gcm),
            Self::Aes256Gcm => Protection::Aead(Aes256Gcm),
            Self::ChaCha20Poly1305 => Protection::Aead(ChaCha20Poly1305),
            Self::AesCbcSha1 => Protection::cbc(CbcAlgorithm::Aes128, MacAlgorithm::Sha1),
            Self::AesCbcSha256 => Protection::cbc(CbcAlgorithm::Aes256, MacAlgorithm::Sha256),
            Self::AesCbcSha384 => Protection::cbc(CbcAlgorithm::Aes256, MacAlgorithm::Sha384),
            Self::EncryptThenMac => {
                Protection::Cbc { cipher: CbcAlgorithm::Sm4, mac: MacAlgorithm::Sm3, order }
            }
            Self::EncryptThenMacSha1 => {
                Protection::Cbc { cipher: CbcAlgorithm::Aes128, mac: MacAlgorithm::Sha1, order }
            }
        }
    }
}

#[derive(Arbitrary, Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Data,
    Handshake,
    Alert,
}

/// What becomes of a sealed record.
#[derive(Arbitrary, Debug)]
enum Change<'a> {
    /// Nothing: it must open.
    Nothing,
    /// `bytes` are the fragment.
    Arbitrary,
    Bits {
        at: u16,
        mask: &'a [u8],
    },
    Truncate(u16),
    Append(&'a [u8]),
    OtherType(u8),
    Repeat,
}

fuzz_target!(|input: Input<'_>| {
    let mut results: Vec<_> = providers().into_iter().map(|provider| run(&input, provider.ciphers)).collect();
    let first = results.pop().unwrap();
    assert!(results.iter().all(|other| *other == first), "two providers differ");
});

fn run(input: &Input<'_>, ciphers: &dyn tlcp::crypto::Ciphers) -> Vec<Vec<u8>> {
    let protection = input.cipher.protection();
    let (mac, key, iv) = protection.key_lengths();
    let keys = || {
        let (mac, key, iv) = (&[1; 48][..mac], &[2; 32][..key], &[3; 12][..iv]);
        TrafficKeys::new(ProtocolVersion::TLCP, protection, mac, key, iv).unwrap()
    };
    let mut sealer = Sealer::new(keys(), ciphers).unwrap();
    let mut opener = Opener::new(&keys(), ciphers).unwrap();
    for _ in 0..input.sequence % 4 {
        let mut record = seal(&mut sealer, ContentType::APPLICATION_DATA, b"before", MAX_PLAINTEXT);
        opener.open(ContentType::APPLICATION_DATA, &mut record[HEADER_LEN..]).unwrap();
    }
    let content_type = match input.content_type {
        Type::Data => ContentType::APPLICATION_DATA,
        Type::Handshake => ContentType::HANDSHAKE,
        Type::Alert => ContentType::ALERT,
    };
    let max = usize::from(input.max_fragment) % MAX_PLAINTEXT + 1;
    let data =
        if input.bytes.is_empty() && input.content_type != Type::Data { &[0][..] } else { input.bytes };
    let sealed = seal(&mut sealer, content_type, data, max);
    assert_eq!(
        sealed.len(),
        Sealer::new(keys(), ciphers).unwrap().sealed_len(data.len(), used_max(content_type, max))
    );
    let records = split(&sealed);
    open(input, &mut opener, content_type, &records, data);
    records
}

fn used_max(content_type: ContentType, max: usize) -> usize {
    if content_type == ContentType::ALERT { MAX_PLAINTEXT } else { max }
}

fn seal(sealer: &mut Sealer, content_type: ContentType, data: &[u8], max: usize) -> Vec<u8> {
    let mut out = Vec::new();
    sealer.seal(content_type, data, max, &Repeatable::from(5), &mut out).unwrap();
    out
}

fn split(mut stream: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while let [_, _, _, high, low, rest @ ..] = stream {
        let (fragment, next) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        out.push(fragment.to_vec());
        stream = next;
    }
    out
}

fn open(input: &Input<'_>, opener: &mut Opener, content_type: ContentType, records: &[Vec<u8>], data: &[u8]) {
    let original = &records[0];
    let (mut fragment, mut content_type) = (original.clone(), content_type);
    match &input.change {
        Change::Nothing => {
            let mut whole = Vec::new();
            for record in records {
                let mut fragment = record.clone();
                let content = opener.open(content_type, &mut fragment).unwrap();
                whole.extend_from_slice(&fragment[content]);
            }
            assert_eq!(whole, data);
            return;
        }
        Change::Arbitrary => fragment = input.bytes.to_vec(),
        Change::Bits { at, mask } => {
            let at = usize::from(*at) % fragment.len();
            fragment[at..].iter_mut().zip(*mask).for_each(|(byte, mask)| *byte ^= mask);
        }
        Change::Truncate(n) => fragment.truncate(usize::from(*n)),
        Change::Append(more) => fragment.extend_from_slice(more),
        Change::OtherType(other) => content_type = ContentType(*other),
        Change::Repeat => {
            opener.open(content_type, &mut fragment.clone()).unwrap();
        }
    }
    let unchanged = fragment == *original && !matches!(input.change, Change::Repeat | Change::OtherType(_));
    if unchanged
        || matches!(input.change, Change::OtherType(other) if other == content_type.0 && is(input, other))
    {
        return;
    }
    let length = fragment.len();
    let error = opener.open(content_type, &mut fragment).expect_err("a changed record opened");
    assert_eq!(fragment, vec![0; length], "R-REC-42: wiped");
    assert_eq!(opener.open(content_type, &mut original.clone()), Err(error), "one failure is the end");
}

/// Whether `other` is the record's own type after all.
fn is(input: &Input<'_>, other: u8) -> bool {
    let own = match input.content_type {
        Type::Data => ContentType::APPLICATION_DATA,
        Type::Handshake => ContentType::HANDSHAKE,
        Type::Alert => ContentType::ALERT,
    };
    own.0 == other
}
