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
    while let Some(m) = joiner.next(Due::Any).unwrap() {
        assert_eq!(Handshake::of(&m.to_bytes()), Some(m));
        out.push(m.to_bytes());
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
        assert!(joiner.next(Due::Any).unwrap().is_none(), "nothing before byte {i}");
        joiner.push(&[*byte], Due::Any).unwrap();
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
    joiner.push(&[messages.concat(), message(11, 9)[..6].to_vec()].concat(), Due::Any).unwrap();
    assert_eq!(drain(&mut joiner), messages);
    assert!(!joiner.is_empty(), "a part of Certificate is left (R-REC-12)");
    joiner.push(&message(11, 9)[6..], Due::Any).unwrap();
    assert_eq!(drain(&mut joiner), [message(11, 9)]);
}

/// R-REC-12: a message that ends a flight may have nothing behind it, not even a byte.
#[test]
fn sees_a_single_byte_behind_the_message_that_it_shows() {
    for behind in 0..3 {
        let mut joiner = Joiner::default();
        joiner.push(&[message(20, 12), vec![11; behind]].concat(), Due::Any).unwrap();
        assert_eq!(joiner.has_more(), behind > 0, "{behind}");
    }
}

/// R-REC-38
#[test]
fn refuses_a_message_over_its_limit_on_the_header() {
    let limits = MessageLimits::default();
    for kind in [1, 2, 4, 11, 12, 13, 15, 16, 22, 99] {
        let limit = limits.of(HandshakeType(kind));
        let mut joiner = Joiner::default();
        joiner.push(&message(kind, limit), Due::Any).unwrap();
        assert_eq!(joiner.next(Due::Any).unwrap().unwrap().body.len(), limit);

        let long = message(kind, limit + 1);
        let mut joiner = Joiner::default();
        joiner.push(&long[..3], Due::Any).unwrap();
        let error = joiner.push(&long[3..], Due::Any).unwrap_err();
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
    assert_eq!(of(HandshakeType::FINISHED), 12);
}

/// R-HS-38, R-AL-9: a length that is fixed is syntax.
#[test]
fn refuses_another_length_than_the_only_one() {
    for (kind, lengths) in [(0, &[1, 70_000][..]), (14, &[1]), (20, &[0, 11, 13, 64, 65, 70_000])] {
        for length in lengths {
            let mut joiner = Joiner::default();
            let error = joiner.push(&message(kind, *length), Due::Any).unwrap_err();
            assert!(matches!(error, Error::Decode(_)), "{error}");
            assert_eq!(joiner.buffer.len(), 4);
        }
    }
}

const HELLO: Due = Due::Only { state: "AwaitClientHello", kinds: &[HandshakeType::CLIENT_HELLO] };

/// R-REC-43: the type before the length, on the header, before anything of the body is stored.
#[test]
fn refuses_a_message_that_is_not_due_on_its_header() {
    for length in [0, 100, 102_400, 102_401, 0xff_ffff] {
        let mut joiner = Joiner::default();
        let [_, header @ ..] = (length as u32).to_be_bytes();
        let early = [&[11][..], &header, &[7; 1000]].concat();
        joiner.push(&early[..3], HELLO).unwrap();
        let error = joiner.push(&early[3..], HELLO).unwrap_err();
        let message = HandshakeType::CERTIFICATE;
        let unexpected = PeerMisbehaved::UnexpectedMessage { state: "AwaitClientHello", message };
        assert_eq!(error, unexpected.into());
        assert_eq!((joiner.buffer.len(), joiner.buffer.capacity() < 16), (4, true));
    }
}

/// R-REC-43: it is judged by the state that would take it, which is not known before.
#[test]
fn judges_nothing_behind_a_message_that_was_not_taken() {
    let mut joiner = Joiner::default();
    joiner.push(&[message(1, 50), message(11, 9), message(2, 20_000)].concat(), HELLO).unwrap();
    assert_eq!(joiner.next(HELLO).unwrap().unwrap().to_bytes(), message(1, 50));
    joiner.consume();
    assert!(joiner.next(HELLO).is_err());
    assert_eq!(joiner.next(Due::Any).unwrap().unwrap().to_bytes(), message(11, 9));
    joiner.consume();
    assert!(matches!(joiner.next(Due::Any), Err(Error::PeerMisbehaved(_))), "R-REC-38");
}

/// R-HS-49: room for the message and no more, however it comes.
#[test]
fn holds_no_more_than_the_message_that_is_coming() {
    for size in [1, 7, 1000, 16_384] {
        let (raw, mut joiner, mut grown) = (message(1, 32_768), Joiner::default(), 0);
        for fragment in raw.chunks(size) {
            let before = joiner.buffer.capacity();
            joiner.push(fragment, HELLO).unwrap();
            assert!(joiner.buffer.capacity() <= raw.len().min(2 * joiner.buffer.len()).max(8));
            grown += usize::from(joiner.buffer.capacity() > before);
        }
        assert_eq!(joiner.buffer.capacity(), raw.len());
        assert!(grown < 20, "{grown} times");
    }
}

#[test]
fn gives_its_memory_back_only_when_nothing_is_left() {
    let mut joiner = Joiner::default();
    joiner.push(&message(11, 5000), Due::Any).unwrap();
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
        joiner.push(fragment, Due::Any).unwrap();
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
            joiner.push(now, Due::Any).unwrap();
            rest = later;
            if !lazy {
                got.extend(drain(&mut joiner));
            } else if let Some(m) = joiner.next(Due::Any).unwrap() {
                got.push(m.to_bytes());
                joiner.consume();
            }
        }
        got.extend(drain(&mut joiner));
        prop_assert_eq!(got, messages);
        prop_assert!(joiner.is_empty());
    }
}
