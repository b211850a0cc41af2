#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
use super::*;
use proptest::prelude::*;

fn message(kind: u8, length: usize) -> Vec<u8> {
    let mut raw = (length as u32).to_be_bytes().to_vec();
    raw[0] = kind;
    raw.extend((0..length).map(|i| i as u8));
    raw
}

fn drain(joiner: &mut Joiner) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while let Some(m) = joiner.peek() {
        assert_eq!((m.kind.0, m.body().len()), (m.raw[0], m.raw.len() - 4));
        out.push(m.raw.to_vec());
        joiner.consume();
    }
    out
}

/// R-REC-10, R-REC-33
#[test]
fn joins_a_message_that_comes_byte_by_byte() {
    let raw = message(11, 70_000);
    let mut joiner = Joiner::default();
    for (i, byte) in raw.iter().enumerate() {
        assert!(joiner.peek().is_none(), "nothing before byte {i}");
        joiner.push(&[*byte]).unwrap();
        assert!(!joiner.is_empty());
    }
    assert_eq!(drain(&mut joiner), [raw]);
    assert!(joiner.is_empty());
}

/// R-REC-10
#[test]
fn splits_a_fragment_that_holds_several_messages_and_a_part() {
    let messages = [message(2, 70), message(14, 0), message(0, 0), message(20, 12)];
    let mut joiner = Joiner::default();
    joiner.push(&[messages.concat(), message(11, 9)[..6].to_vec()].concat()).unwrap();
    assert_eq!(drain(&mut joiner), messages);
    assert!(!joiner.is_empty(), "a part of Certificate is left (R-REC-12)");
    joiner.push(&message(11, 9)[6..]).unwrap();
    assert_eq!(drain(&mut joiner), [message(11, 9)]);
}

/// R-REC-38
#[test]
fn refuses_a_message_over_its_limit_on_the_header() {
    let limits = MessageLimits::default();
    for kind in [1, 2, 4, 11, 12, 13, 15, 16, 20, 22, 99] {
        let limit = limits.of(HandshakeType(kind));
        let mut joiner = Joiner::default();
        joiner.push(&message(kind, limit)).unwrap();
        assert_eq!(joiner.peek().unwrap().body().len(), limit);

        let long = message(kind, limit + 1);
        let mut joiner = Joiner::default();
        joiner.push(&long[..3]).unwrap();
        let error = joiner.push(&long[3..]).unwrap_err();
        assert!(matches!(error, Error::PeerMisbehaved(PeerMisbehaved::IllegalParameter { .. })), "{error}");
        assert_eq!(joiner.buffer.len(), 4, "no byte of the body is stored");
    }
}

/// R-REC-38
#[test]
fn has_the_limits_of_the_specification() {
    let of = |kind| MessageLimits::default().of(kind);
    assert_eq!(of(HandshakeType::CLIENT_HELLO), 32_768);
    assert_eq!(of(HandshakeType::SERVER_HELLO), 16_384);
    assert_eq!(of(HandshakeType::CERTIFICATE), 102_400);
    assert_eq!(of(HandshakeType::CERTIFICATE_REQUEST), 65_536);
    assert_eq!(of(HandshakeType::CERTIFICATE_STATUS), 65_552);
    assert_eq!(of(HandshakeType::NEW_SESSION_TICKET), 65_552);
    assert_eq!(of(HandshakeType::SERVER_KEY_EXCHANGE), 16_384);
    assert_eq!(of(HandshakeType::CLIENT_KEY_EXCHANGE), 16_384);
    assert_eq!(of(HandshakeType::CERTIFICATE_VERIFY), 16_384);
    assert_eq!(of(HandshakeType::FINISHED), 64);
}

/// R-HS-38
#[test]
fn refuses_a_body_where_there_is_none() {
    for kind in [0, 14] {
        let error = Joiner::default().push(&message(kind, 1)).unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{error}");
    }
}

#[test]
fn gives_its_memory_back_only_when_nothing_is_left() {
    let mut joiner = Joiner::default();
    joiner.push(&message(11, 5000)).unwrap();
    joiner.trim();
    assert_eq!(drain(&mut joiner).len(), 1);
    assert!(joiner.buffer.capacity() > 5000, "warm until trimmed");
    joiner.trim();
    assert_eq!(joiner.buffer.capacity(), 0);
}

#[test]
fn keeps_no_more_than_what_is_unread_however_messages_straddle() {
    let stream = message(11, 999).repeat(1000);
    let mut joiner = Joiner::default();
    let mut count = 0;
    for fragment in stream.chunks(1000) {
        joiner.push(fragment).unwrap();
        count += drain(&mut joiner).len();
        assert!(joiner.buffer.len() <= 4 * 1003);
    }
    assert_eq!(count, 1000);
}

proptest! {
    /// R-REC-10
    #[test]
    fn gives_the_same_messages_for_every_cut(
        lengths in prop::collection::vec(0usize..300, 1..12),
        cuts in prop::collection::vec(1usize..200, 1..40),
        lazy in any::<bool>(),
    ) {
        let messages: Vec<_> = lengths.iter().map(|n| message(11, *n)).collect();
        let stream = messages.concat();
        let (mut joiner, mut rest, mut got) = (Joiner::default(), &stream[..], Vec::new());
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            joiner.push(now).unwrap();
            rest = later;
            if !lazy {
                got.extend(drain(&mut joiner));
            } else if let Some(m) = joiner.peek() {
                got.push(m.raw.to_vec());
                joiner.consume();
            }
        }
        got.extend(drain(&mut joiner));
        prop_assert_eq!(got, messages);
        prop_assert!(joiner.is_empty());
    }
}
