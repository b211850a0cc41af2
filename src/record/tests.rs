#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
use super::*;
use crate::crypto::{Draw, portable};
use crate::suite::{AeadAlgorithm, CbcAlgorithm, MacAlgorithm};
use proptest::prelude::*;

const DATA: ContentType = ContentType::APPLICATION_DATA;
const GCM: Protection = Protection::Aead(AeadAlgorithm::Sm4Gcm);
const CBC: Protection = Protection::cbc(CbcAlgorithm::Sm4, MacAlgorithm::Sm3);
const CBC_SHA256: Protection = Protection::cbc(CbcAlgorithm::Sm4, MacAlgorithm::Sha256);

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
    let mut out: Vec<_> = [GCM, CBC, CBC_SHA256].map(pair).into();
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
        for protection in [GCM, CBC, CBC_SHA256] {
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
        for protection in [GCM, CBC, CBC_SHA256] {
            let refused = pair(protection).1.open(DATA, &mut bytes.clone());
            prop_assert_eq!(refused, Err(PeerMisbehaved::BadRecordMac.into()));
        }
    }
}

#[test]
fn stays_failed_after_one_bad_record() {
    for protection in [GCM, CBC] {
        let (mut sealer, mut opener) = pair(protection);
        let good = seal(&mut sealer, DATA, b"hello", 100)[HEADER_LEN..].to_vec();
        assert!(opener.open(DATA, &mut [7; 64]).is_err());
        assert_eq!(opener.open(DATA, &mut good.clone()), Err(PeerMisbehaved::BadRecordMac.into()));
        assert!(matches!(opener.cipher, Cipher::Failed), "the key is gone");
    }
}

/// R-REC-17, R-REC-20, R-REC-26
#[test]
fn refuses_a_record_repeated_skipped_or_of_another_type() {
    for protection in [GCM, CBC] {
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
    for (protection, least) in [(GCM, 24), (CBC, 64)] {
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
    for protection in [GCM, CBC] {
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
    assert_eq!(total, 4 * aead::OVERHEAD + 32);
    // Three records of data open in order, and the alert behind them as such.
    let data = &out[..3 * (aead::OVERHEAD + 10)];
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

/// R-REC-18
#[test]
fn gcm_stops_at_two_to_the_24_and_a_half_and_cbc_does_not() {
    assert_eq!(pair(GCM).0.limit, (2f64.powf(24.5)) as u64);
    assert_eq!(pair(CBC).0.limit, u64::MAX);
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
        pair(CBC).0.seal(DATA, &data, 10, &one, &mut whole).unwrap();
        let mut sealer = pair(CBC).0;
        for part in data.chunks(10) {
            sealer.seal(DATA, part, 10, &other, &mut parts).unwrap();
        }
        assert_eq!(whole, parts, "{length}");
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
