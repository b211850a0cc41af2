//! Records out of bytes and messages out of fragments: the same however the bytes were split on their way.
#![no_main]
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tlcp::error::Error;
use tlcp::message::{Due, Handshake, Joiner};
use tlcp::record::{Framed, HEADER_LEN, MAX_CIPHERTEXT, VersionRule, deframe};
use tlcp::wire::{ContentType, ProtocolVersion};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    rule: Rule,
    protected: bool,
    /// Lengths of the pieces; what is left over is the last.
    pieces: [u8; 8],
    bytes: &'a [u8],
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Rule {
    First,
    Client,
    TlsClient,
    Exactly,
}

impl Rule {
    fn version_rule(self) -> VersionRule {
        match self {
            Self::First => VersionRule::First,
            Self::Client => VersionRule::AlertsOfAny(ProtocolVersion::TLCP),
            Self::TlsClient => VersionRule::AlertsOfAny(ProtocolVersion::TLS12),
            Self::Exactly => VersionRule::Exactly(ProtocolVersion::TLCP),
        }
    }
}

fuzz_target!(|input: Input<'_>| {
    let whole = [input.bytes];
    let split: Vec<&[u8]> = pieces(&input).collect();
    let single: Vec<&[u8]> = input.bytes.chunks(1).collect();
    let records = |pieces: &[&[u8]]| records(&input, pieces);
    let expected = records(&whole);
    assert_eq!(records(&split), expected);
    assert_eq!(records(&single), expected);
    let expected = messages(&whole, false);
    for take_late in [false, true] {
        assert_eq!(messages(&split, take_late), expected);
        assert_eq!(messages(&single, take_late), expected);
    }
});

fn pieces<'a>(input: &Input<'a>) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = input.bytes;
    let mut lengths = input.pieces.into_iter();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = lengths.next().map_or(rest.len(), usize::from).min(rest.len());
        let (piece, later) = rest.split_at(length);
        rest = later;
        Some(piece)
    })
}

type Records = (Vec<(ContentType, ProtocolVersion, Vec<u8>)>, Option<Error>);

/// All records, and the error that ends them.
fn records(input: &Input<'_>, pieces: &[&[u8]]) -> Records {
    let rule = input.rule.version_rule();
    let (mut buffer, mut out) = (Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match deframe(&buffer, rule, input.protected) {
                Err(e) => return (out, Some(e)),
                Ok(Framed::Need(n)) => {
                    assert!((1..=MAX_CIPHERTEXT).contains(&n), "asks for {n} bytes");
                    break;
                }
                Ok(Framed::Record { content_type, version, length }) => {
                    let record: Vec<u8> = buffer.drain(..HEADER_LEN + length).collect();
                    out.push((content_type, version, record[HEADER_LEN..].to_vec()));
                }
            }
        }
    }
    (out, None)
}

/// All messages, and the error that ends them. Those before the error are the same, too.
fn messages(fragments: &[&[u8]], take_late: bool) -> (Vec<Vec<u8>>, Option<Error>) {
    let (mut joiner, mut out) = (Joiner::default(), Vec::new());
    let mut whole = fragments.iter().filter(|f| !f.is_empty());
    let taken = whole.try_for_each(|fragment| {
        joiner.push(fragment, Due::Any)?;
        if take_late { Ok(()) } else { drain(&mut joiner, &mut out) }
    });
    let taken = taken.and_then(|()| drain(&mut joiner, &mut out));
    joiner.trim();
    (out, taken.err())
}

fn drain(joiner: &mut Joiner, out: &mut Vec<Vec<u8>>) -> Result<(), Error> {
    while let Some(message) = joiner.next(Due::Any)? {
        let raw = message.to_bytes();
        let again = Handshake::of(&raw).unwrap();
        assert_eq!((again.kind, again.body), (message.kind, message.body));
        out.push(raw);
        joiner.consume();
    }
    Ok(())
}
