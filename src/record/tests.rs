#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
use super::*;
use crate::crypto::{Draw, portable};
use crate::suite::{AeadAlgorithm, CbcAlgorithm, MacAlgorithm, MacOrder};
use proptest::prelude::*;

const DATA: ContentType = ContentType::APPLICATION_DATA;
const GCM: Protection = Protection::Aead(AeadAlgorithm::Sm4Gcm);
const CBC: Protection = Protection::cbc(CbcAlgorithm::Sm4, MacAlgorithm::Sm3);
const CBC_SHA256: Protection = Protection::cbc(CbcAlgorithm::Sm4, MacAlgorithm::Sha256);
const ENCRYPT_THEN_MAC: Protection = encrypt_then_mac(CbcAlgorithm::Sm4, MacAlgorithm::Sm3);
#[cfg(feature = "tls12")]
const CHACHA20: Protection = Protection::Aead(AeadAlgorithm::ChaCha20Poly1305);

const fn encrypt_then_mac(cipher: CbcAlgorithm, mac: MacAlgorithm) -> Protection {
    Protection::Cbc { cipher, mac, order: MacOrder::EncryptThenMac }
}

/// Every protection, and the length of the shortest fragment that may open (R-REC-37).
const PROTECTIONS: &[(Protection, usize)] = &[
    (GCM, 24),
    (CBC, 64),
    (CBC_SHA256, 64),
    (ENCRYPT_THEN_MAC, 64),
    #[cfg(feature = "tls12")]
    (Protection::Aead(AeadAlgorithm::Aes128Gcm), 24),
    #[cfg(feature = "tls12")]
    (Protection::Aead(AeadAlgorithm::Aes256Gcm), 24),
    #[cfg(feature = "tls12")]
    (CHACHA20, 16),
    #[cfg(feature = "tls12")]
    (Protection::cbc(CbcAlgorithm::Aes128, MacAlgorithm::Sha1), 48),
    #[cfg(feature = "tls12")]
    (Protection::cbc(CbcAlgorithm::Aes128, MacAlgorithm::Sha256), 64),
    #[cfg(feature = "tls12")]
    (Protection::cbc(CbcAlgorithm::Aes256, MacAlgorithm::Sha384), 80),
    #[cfg(feature = "tls12")]
    (encrypt_then_mac(CbcAlgorithm::Aes256, MacAlgorithm::Sha1), 52),
    #[cfg(feature = "tls12")]
    (encrypt_then_mac(CbcAlgorithm::Aes128, MacAlgorithm::Sha384), 80),
];

fn protections() -> impl Iterator<Item = Protection> {
    PROTECTIONS.iter().map(|(protection, _)| *protection)
}

/// Bytes that differ from draw to draw, or none.
#[derive(Default)]
struct Counter(core::sync::atomic::AtomicU8, bool);
impl Random for Counter {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        assert_eq!(draw, Draw::RecordIv);
        if self.1 {
            return Err(CryptoError::NoRandomness);
        }
        out.fill_with(|| self.0.fetch_add(1, core::sync::atomic::Ordering::Relaxed));
        Ok(())
    }
}

fn keys(protection: Protection) -> TrafficKeys {
    let (mac, key, iv) = protection.key_lengths();
    TrafficKeys::new(ProtocolVersion::TLCP, protection, &[1; 48][..mac], &[2; 32][..key], &[3; 12][..iv])
        .unwrap()
}

fn pair(protection: Protection) -> (Sealer, Opener) {
    let (keys, ciphers) = (keys(protection), portable::provider().ciphers);
    let opener = Opener::new(&keys, ciphers).unwrap();
    (Sealer::new(keys, ciphers).unwrap(), opener)
}

fn all() -> Vec<(Sealer, Opener)> {
    let mut out: Vec<_> = protections().map(pair).collect();
    out.push((Sealer::plain(ProtocolVersion::TLCP), Opener::plain()));
    out
}

fn seal(sealer: &mut Sealer, content_type: ContentType, data: &[u8], max: usize) -> Vec<u8> {
    let mut out = Vec::new();
    sealer.seal(content_type, data, max, &Counter::default(), &mut out).unwrap();
    out
}

/// The contents of all records in `bytes`.
fn open_all(opener: &mut Opener, mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let rule = VersionRule::Exactly(ProtocolVersion::TLCP);
        let Framed::Record { content_type, length, .. } =
            deframe(bytes, rule, opener.is_protected()).unwrap()
        else {
            panic!("half a record");
        };
        let (record, rest) = bytes.split_at(HEADER_LEN + length);
        let mut fragment = record[HEADER_LEN..].to_vec();
        let content = opener.open(content_type, &mut fragment).unwrap();
        out.push(fragment[content].to_vec());
        bytes = rest;
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// R-REC-17, R-REC-19, R-REC-26
    #[test]
    fn opens_what_it_seals(
        writes in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), 1usize..40), 1..5),
    ) {
        for (mut sealer, mut opener) in all() {
            for (data, max) in &writes {
                let sealed = seal(&mut sealer, DATA, data, *max);
                prop_assert_eq!(sealed.len(), sealer.sealed_len(data.len(), *max));
                let parts = open_all(&mut opener, &sealed);
                prop_assert_eq!(&parts.concat(), data);
                let (last, full) = parts.split_last().unwrap();
                prop_assert!(full.iter().all(|p| p.len() == *max) && last.len() <= *max);
                prop_assert_eq!(sealer.sequence(), opener.sequence());
            }
        }
    }

    /// R-REC-22, R-REC-28, R-REC-42: one answer whatever was changed, and nothing of the content is left.
    #[test]
    fn refuses_and_wipes_a_record_with_any_change(at: usize, bit in 0u8..8, length in 0usize..100) {
        for protection in protections() {
            let (mut sealer, mut opener) = pair(protection);
            let mut fragment = seal(&mut sealer, DATA, &[0x55; 100][..length], 100)[HEADER_LEN..].to_vec();
            let at = at % fragment.len();
            fragment[at] ^= 1 << bit;
            let refused = opener.open(DATA, &mut fragment);
            prop_assert_eq!(refused, Err(PeerMisbehaved::BadRecordMac.into()));
            prop_assert!(fragment.iter().all(|b| *b == 0));
        }
    }

    #[test]
    fn opens_no_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for protection in protections() {
            let refused = pair(protection).1.open(DATA, &mut bytes.clone());
            prop_assert_eq!(refused, Err(PeerMisbehaved::BadRecordMac.into()));
        }
    }
}

#[test]
fn stays_failed_after_one_bad_record() {
    for protection in protections() {
        let (mut sealer, mut opener) = pair(protection);
        let good = seal(&mut sealer, DATA, b"hello", 100)[HEADER_LEN..].to_vec();
        assert!(opener.open(DATA, &mut [7; 80]).is_err());
        assert_eq!(opener.open(DATA, &mut good.clone()), Err(PeerMisbehaved::BadRecordMac.into()));
        assert!(matches!(opener.cipher, Cipher::Failed), "the key is gone");
    }
}

/// R-REC-17, R-REC-20, R-REC-26
#[test]
fn refuses_a_record_repeated_skipped_or_of_another_type() {
    for protection in protections() {
        let (mut sealer, _) = pair(protection);
        let first = seal(&mut sealer, DATA, b"one", 100)[HEADER_LEN..].to_vec();
        let second = seal(&mut sealer, DATA, b"two", 100)[HEADER_LEN..].to_vec();
        let mut opener = pair(protection).1;
        assert!(opener.open(DATA, &mut first.clone()).is_ok());
        assert!(opener.open(DATA, &mut first.clone()).is_err(), "repeated");
        assert!(pair(protection).1.open(DATA, &mut second.clone()).is_err(), "skipped");
        assert!(pair(protection).1.open(ContentType::HANDSHAKE, &mut first.clone()).is_err());
    }
}

/// R-REC-28, R-REC-37
#[test]
fn answers_a_fragment_that_is_too_short_like_any_bad_record() {
    for &(protection, least) in PROTECTIONS {
        for length in 0..least {
            let refused = pair(protection).1.open(DATA, &mut alloc::vec![0; length]);
            assert_eq!(refused, Err(PeerMisbehaved::BadRecordMac.into()));
        }
        let empty = seal(&mut pair(protection).0, DATA, &[], 1);
        assert_eq!(empty.len(), HEADER_LEN + least);
    }
}

/// Seals one record that is longer than may be.
fn oversized(protection: Protection, length: usize) -> Vec<u8> {
    let mut sealer = pair(protection).0;
    let mut out = alloc::vec![0; sealer.record_len(length)];
    sealer.seal_batch(DATA, &alloc::vec![9; length], length, &Counter::default(), &mut out).unwrap();
    out
}

/// R-REC-36: only an authentic record tells that it is too long.
#[test]
fn answers_overflow_only_after_authentication() {
    for protection in protections() {
        let most = oversized(protection, MAX_PLAINTEXT);
        assert_eq!(open_all(&mut pair(protection).1, &most)[0].len(), MAX_PLAINTEXT);

        let long = oversized(protection, MAX_PLAINTEXT + 1);
        let mut fragment = long[HEADER_LEN..].to_vec();
        let refused = pair(protection).1.open(DATA, &mut fragment);
        assert_eq!(refused, Err(PeerMisbehaved::RecordOverflow { length: MAX_PLAINTEXT + 1 }.into()));
        assert!(fragment.iter().all(|b| *b == 0), "R-REC-42");

        let mut fragment = long[HEADER_LEN..].to_vec();
        fragment[99] ^= 1;
        let refused = pair(protection).1.open(DATA, &mut fragment);
        assert_eq!(refused, Err(PeerMisbehaved::BadRecordMac.into()));
    }
    assert!(Opener::plain().open(DATA, &mut [0; MAX_PLAINTEXT + 1]).is_err());
}

/// R-REC-18
#[test]
fn seals_no_more_records_than_the_limit_but_still_an_alert() {
    let (sealer, mut opener) = pair(GCM);
    let mut sealer = sealer.with_record_limit(3);
    let mut out = Vec::new();
    let mut write = |sealer: &mut Sealer, t, data: &[u8]| {
        let before = out.len();
        let done = sealer.seal(t, data, 10, &Counter::default(), &mut out);
        assert_eq!(done.is_err(), out.len() == before, "all or nothing");
        done
    };
    assert_eq!(write(&mut sealer, DATA, &[1; 20]), Ok(()));
    assert_eq!(write(&mut sealer, DATA, &[1; 11]), Err(Error::KeyExhausted));
    assert_eq!(write(&mut sealer, DATA, &[1; 10]), Ok(()));
    assert_eq!(write(&mut sealer, DATA, &[]), Err(Error::KeyExhausted));
    assert_eq!(write(&mut sealer, ContentType::HANDSHAKE, &[1]), Err(Error::KeyExhausted));
    assert_eq!(write(&mut sealer, ContentType::ALERT, &[1, 0]), Ok(()));
    let total: usize = out.len();
    let overhead = HEADER_LEN + 8 + 16;
    assert_eq!(total, 4 * overhead + 32);
    // Three records of data open in order, and the alert behind them as such.
    let data = &out[..3 * (overhead + 10)];
    assert_eq!(open_all(&mut opener, data).concat(), [1; 30]);
}

/// R-REC-18
#[test]
fn never_lets_a_sequence_number_wrap() {
    for (mut sealer, mut opener) in all() {
        sealer.next = u64::MAX - 1;
        sealer.limit = u64::MAX;
        opener.next = u64::MAX - 1;
        let last = seal(&mut sealer, DATA, b"last", 10);
        assert_eq!(open_all(&mut opener, &last), [b"last"]);
        for content_type in [DATA, ContentType::ALERT] {
            let refused = sealer.seal(content_type, b"no", 10, &Counter::default(), &mut Vec::new());
            assert_eq!(refused, Err(Error::KeyExhausted));
        }
        let refused = opener.open(DATA, &mut last[HEADER_LEN..].to_vec());
        assert!(matches!(refused, Err(Error::PeerMisbehaved(PeerMisbehaved::TooMany { .. }))));
    }
}

/// R-REC-18, R-BCP-8
#[test]
fn gcm_stops_at_two_to_the_24_and_a_half_and_nothing_else_does() {
    for protection in protections() {
        let is_gcm = matches!(protection, Protection::Aead(a) if a != AeadAlgorithm::ChaCha20Poly1305);
        let limit = if is_gcm { 2f64.powf(24.5) as u64 } else { u64::MAX };
        assert_eq!(pair(protection).0.limit, limit);
    }
}

/// R-REC-27
#[test]
fn the_explicit_nonce_is_the_sequence_number() {
    let mut sealer = pair(GCM).0;
    for number in 0u64..300 {
        let record = seal(&mut sealer, DATA, b"x", 1);
        assert_eq!(record[5..13], number.to_be_bytes());
    }
}

/// R-AEAD-2, R-AEAD-3: no explicit nonce, and the sequence number is in the nonce.
#[cfg(feature = "tls12")]
#[test]
fn a_chacha20_record_is_ciphertext_and_tag_under_the_iv_xor_the_sequence_number() {
    let aead = portable::provider().ciphers.aead(AeadAlgorithm::ChaCha20Poly1305, &[2; 32]).unwrap();
    let mut sealer = pair(CHACHA20).0;
    for number in (0u64..3).chain([0x0102_0304_0506_0708]) {
        sealer.next = number;
        let record = seal(&mut sealer, DATA, b"content", 100);
        let mut nonce = [3; 12];
        nonce[4..].iter_mut().zip(number.to_be_bytes()).for_each(|(n, s)| *n ^= s);
        let header = [&number.to_be_bytes()[..], &[23, 1, 1, 0, 7]].concat();
        let mut expected = *b"content";
        let tag = aead.seal(&nonce, &header, &mut expected);
        assert_eq!(record, [&[23, 1, 1, 0, 23], &expected[..], &tag].concat());
    }
}

/// R-ETM-1, R-ETM-2: the MAC is of place, length, IV and ciphertext; and padding that is authentic must still be right.
#[test]
fn encrypt_then_mac_authenticates_what_was_encrypted_and_checks_the_padding_too() {
    let provider = portable::provider();
    let cbc = provider.ciphers.cbc_hmac(CbcAlgorithm::Sm4, MacAlgorithm::Sm3, &[2; 16], &[1; 32]).unwrap();
    let fragment = |plain: &[u8]| {
        let mut body = plain.to_vec();
        cbc.encrypt_lanes(&mut [crate::crypto::CbcLane { iv: [7; 16], in_out: &mut body }]);
        let length = (16 + body.len()) as u16;
        let header = [&[0; 8][..], &[23, 1, 1], &length.to_be_bytes()].concat();
        let authentic = [&[7; 16][..], &body].concat();
        let mac = provider.hashes.hmac(crate::suite::HashAlgorithm::Sm3, &[1; 32], &[&header, &authentic]);
        [&authentic, mac.as_ref()].concat()
    };
    let padded = |content: &[u8], padding: &[u8]| fragment(&[content, padding].concat());
    let open = |fragment: &[u8]| pair(ENCRYPT_THEN_MAC).1.open(DATA, &mut fragment.to_vec());
    assert_eq!(open(&padded(b"content", &[8; 9])), Ok(16..23));
    assert_eq!(open(&padded(b"content", &[24; 25])), Ok(16..23));
    assert_eq!(open(&padded(b"", &[255; 256])), Ok(16..16));
    for padding in [[7, 8, 8, 8, 8, 8, 8, 8, 8], [8, 8, 8, 8, 7, 8, 8, 8, 8], [16; 9], [255; 9]] {
        assert_eq!(open(&padded(b"content", &padding)), Err(PeerMisbehaved::BadRecordMac.into()));
    }
    let good = padded(b"content", &[8; 9]);
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert_eq!(open(&bad), Err(PeerMisbehaved::BadRecordMac.into()), "{at}");
    }
}

/// R-EXT-5: in both directions, with keys and without.
#[test]
fn fragments_are_no_longer_than_was_agreed_on() {
    for (index, (sealer, opener)) in all().into_iter().enumerate() {
        let (mut sealer, mut opener) = (sealer.with_max_fragment(512), opener.with_max_fragment(512));
        let sealed = seal(&mut sealer, DATA, &[5; 1200], MAX_PLAINTEXT);
        assert_eq!(sealed.len(), sealer.sealed_len(1200, MAX_PLAINTEXT));
        let lengths: Vec<usize> = open_all(&mut opener, &sealed).iter().map(Vec::len).collect();
        assert_eq!(lengths, [512, 512, 176]);
        let alert = seal(&mut sealer, ContentType::ALERT, &[1, 0], 1);
        assert_eq!(open_all(&mut opener, &alert), [[1, 0]]);

        let (mut sealer, opener) = all().swap_remove(index);
        let long = seal(&mut sealer, DATA, &[5; 513], MAX_PLAINTEXT);
        let refused = opener.with_max_fragment(512).open(DATA, &mut long[HEADER_LEN..].to_vec());
        assert_eq!(refused, Err(PeerMisbehaved::RecordOverflow { length: 513 }.into()));
    }
}

/// R-REC-19
#[test]
fn every_cbc_record_has_an_iv_of_its_own() {
    let random = Counter::default();
    let mut out = Vec::new();
    pair(CBC).0.seal(DATA, &[0; 200], 10, &random, &mut out).unwrap();
    let ivs: Vec<_> = out.chunks(5 + 16 + 48).map(|r| r[5..21].to_vec()).collect();
    let drawn: Vec<u8> = (0..20 * 16).map(|i: u32| i as u8).collect();
    assert_eq!(ivs.concat(), drawn, "20 records, 16 random bytes each");
}

/// Records sealed side by side are those sealed one by one.
#[test]
fn a_large_cbc_write_is_the_same_as_its_parts() {
    for length in [1, 79, 80, 81, 159, 160, 161, 1000] {
        let data: Vec<u8> = (0..length).map(|i| i as u8).collect();
        let (mut whole, mut parts) = (Vec::new(), Vec::new());
        let (one, other) = (Counter::default(), Counter::default());
        for protection in [CBC, ENCRYPT_THEN_MAC] {
            pair(protection).0.seal(DATA, &data, 10, &one, &mut whole).unwrap();
            let mut sealer = pair(protection).0;
            for part in data.chunks(10) {
                sealer.seal(DATA, part, 10, &other, &mut parts).unwrap();
            }
            assert_eq!(whole, parts, "{length}");
        }
    }
}

#[test]
fn a_failing_random_source_leaves_everything_as_it_was() {
    let mut sealer = pair(CBC).0;
    let mut out = alloc::vec![1, 2, 3];
    let failing = Counter(Default::default(), true);
    let refused = sealer.seal(DATA, &[9; 100], 10, &failing, &mut out);
    assert_eq!(refused, Err(Error::Crypto(CryptoError::NoRandomness)));
    assert_eq!((out, sealer.sequence()), (alloc::vec![1, 2, 3], 0));
    let refused = sealer.seal_into(DATA, &[9; 100], 10, &failing, &mut [0; 2000]);
    assert_eq!((refused.is_err(), sealer.sequence()), (true, 0));
}

#[test]
fn seals_into_a_buffer_of_the_callers() {
    for ((mut one, _), (mut other, mut opener)) in all().into_iter().zip(all()) {
        let data = [0x5a; 1000];
        let expected = seal(&mut one, DATA, &data, 90);
        let mut buffer = alloc::vec![0xee; expected.len() + 3];
        let short = other.seal_into(DATA, &data, 90, &Counter::default(), &mut buffer[..expected.len() - 1]);
        assert!(matches!(short, Err(Error::Misuse(_))));
        let n = other.seal_into(DATA, &data, 90, &Counter::default(), &mut buffer).unwrap();
        assert_eq!(buffer[..n], expected);
        assert_eq!(buffer[n..], [0xee; 3]);
        assert_eq!(open_all(&mut opener, &buffer[..n]).concat(), data);
    }
}

/// R-REC-9, R-REC-39
#[test]
fn refuses_misuse_and_never_splits_alerts() {
    for (mut sealer, mut opener) in all() {
        let mut write = |t, data: &[u8], max| {
            let mut out = Vec::new();
            sealer.seal(t, data, max, &Counter::default(), &mut out).map(|()| out)
        };
        for max in [0, MAX_PLAINTEXT + 1, usize::MAX] {
            assert!(matches!(write(DATA, b"x", max), Err(Error::Misuse(_))));
        }
        for t in [ContentType::HANDSHAKE, ContentType::ALERT, ContentType::CHANGE_CIPHER_SPEC] {
            assert!(matches!(write(t, b"", 10), Err(Error::Misuse(_))));
        }
        let alert = write(ContentType::ALERT, &[2, 40], 1).unwrap();
        assert_eq!(open_all(&mut opener, &alert), [[2, 40]]);
        let empty = write(DATA, b"", 10).unwrap();
        assert_eq!(open_all(&mut opener, &empty), [[0u8; 0]]);
    }
}

#[test]
fn debug_shows_no_key() {
    let (sealer, opener) = pair(GCM);
    assert_eq!(
        alloc::format!("{sealer:?} {opener:?}"),
        "Sealer(Aead, TLCP, record 0) Opener(Aead, record 0)"
    );
}
