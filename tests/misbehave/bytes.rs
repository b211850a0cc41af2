//! Every message cut short and made longer at every length, and with every byte changed: never a panic, always an alert.
use crate::outcome::Outcome;
use crate::script::{Item, Lab, message};
use crate::{ECC, ECDHE, MUTUAL, RESUMED, place, said, with};
use tlcp::alert::alert_for;
use tlcp::error::Error;
use tlcp::wire::{AlertDescription as A, HandshakeType as H};

/// A message of the script, said by a client or by a server.
struct Told {
    lab: &'static Lab,
    by_client: bool,
    kind: H,
}

/// Each message of both roles, in each form that it has.
fn all() -> Vec<Told> {
    let client = |lab: &'static Lab, kind| Told { lab, by_client: true, kind };
    let server = |lab: &'static Lab, kind| Told { lab, by_client: false, kind };
    vec![
        client(&ECC, H::CLIENT_HELLO),
        client(&ECC, H::CLIENT_KEY_EXCHANGE),
        client(&RESUMED, H::CLIENT_HELLO),
        client(&ECDHE, H::CLIENT_KEY_EXCHANGE),
        client(&MUTUAL, H::CERTIFICATE),
        client(&MUTUAL, H::CERTIFICATE_VERIFY),
        client(&MUTUAL, H::FINISHED),
        server(&ECC, H::SERVER_HELLO),
        server(&ECC, H::CERTIFICATE),
        server(&ECC, H::SERVER_KEY_EXCHANGE),
        server(&ECDHE, H::SERVER_KEY_EXCHANGE),
        server(&MUTUAL, H::CERTIFICATE_REQUEST),
        server(&MUTUAL, H::SERVER_HELLO_DONE),
        server(&MUTUAL, H::FINISHED),
        server(&RESUMED, H::SERVER_HELLO),
        server(&RESUMED, H::FINISHED),
    ]
}

impl Told {
    /// To the letter: a Finished of the unchanged handshake follows, whatever is changed.
    fn script(&self) -> &[Item] {
        &self.lab.literal[usize::from(!self.by_client)]
    }

    fn raw(&self) -> Vec<u8> {
        said(self.script(), self.kind)
    }

    fn play(&self, raw: Vec<u8>) -> Outcome {
        let script = with(self.script(), raw);
        if self.by_client { self.lab.to_server(&script) } else { self.lab.to_client(&script) }
    }

    fn name(&self) -> &'static str {
        self.kind.name().unwrap()
    }
}

/// R-HS-1, R-AL-8: a body that ends too early, with a header that says so: syntax. The extensions field of a hello may
/// be missing, which another check then sees.
#[test]
fn every_truncation_of_every_message_is_a_decode_error() {
    for told in all() {
        let body = told.raw()[4..].to_vec();
        let step = if told.kind == H::CERTIFICATE { 13 } else { 1 };
        for length in (0..body.len()).step_by(step) {
            let outcome = told.play(message(told.kind, &body[..length]));
            let bare_hello = matches!(told.kind, H::CLIENT_HELLO | H::SERVER_HELLO)
                && !matches!(outcome.error, Some(Error::Decode(_)));
            if bare_hello {
                assert_eq!(length, hello_without_extensions(&told));
                assert!(!outcome.connected);
            } else {
                outcome.refused(A::DECODE_ERROR, &format!("{}: ", told.name()));
            }
        }
    }
}

fn hello_without_extensions(told: &Told) -> usize {
    let mut hello = crate::hello::Hello::read(&told.raw());
    hello.extensions = None;
    hello.to_message().len() - 4
}

/// R-HS-1
#[test]
fn every_surplus_byte_of_every_message_is_a_decode_error() {
    for told in all() {
        for surplus in [1, 2, 5] {
            let body = [&told.raw()[4..], &vec![0xff; surplus]].concat();
            let outcome = told.play(message(told.kind, &body));
            outcome.refused(A::DECODE_ERROR, told.name());
        }
    }
}

/// R-AL-8: a byte of a message that says how long it is cannot be changed alone: the next message's bytes are taken for this
/// one's, or the rest of this one's for the next. Everything may come of it but a connection.
#[test]
fn no_changed_bit_of_any_message_goes_unnoticed() {
    for told in all() {
        let raw = told.raw();
        let mut seen = std::collections::BTreeMap::<String, usize>::new();
        for bit in 0..raw.len() * 8 {
            let mut odd = raw.clone();
            odd[bit / 8] ^= 1 << (bit % 8);
            let at = place(told.script(), told.kind);
            let mut script = told.script().to_vec();
            script[at] = Item::Message(odd);
            let outcome =
                if told.by_client { told.lab.to_server(&script) } else { told.lab.to_client(&script) };
            assert!(!outcome.connected, "{}: bit {bit}", told.name());
            let alert = outcome.error.as_ref().map(|e| alert_for(e).unwrap().to_string());
            let alert = alert.unwrap_or("waits for more".into());
            assert!(outcome.error.is_some() || outcome.alerts.is_empty());
            assert_eq!(outcome.stored, usize::from(told.lab.case.resumed) - outcome.removed);
            *seen.entry(alert).or_default() += 1;
        }
        println!("{:<20} {} bytes: {seen:?}", told.name(), raw.len());
        assert!(
            !seen.contains_key("internal_error"),
            "{}: a peer's fault is not ours: {seen:?}",
            told.name()
        );
    }
}

/// R-REC-22, R-REC-28: every byte of a protected record, header and all.
#[test]
fn no_changed_byte_of_a_protected_record_goes_unnoticed() {
    for lab in [&*ECC, &MUTUAL] {
        for (literal, to_server) in [(&lab.literal[0], true), (&lab.literal[1], false)] {
            let at = place(literal, H::FINISHED);
            let record = lab.sealed(to_server, literal);
            for bit in (0..record.len() * 8).filter(|bit| bit % 8 == bit / 8 % 8) {
                let mut odd = record.clone();
                odd[bit / 8] ^= 1 << (bit % 8);
                let script =
                    [&literal[..at], &[Item::Bytes(odd.clone()), Item::Bytes(vec![0; 300])]].concat();
                let outcome = if to_server { lab.to_server(&script) } else { lab.to_client(&script) };
                match bit / 8 {
                    0 => outcome.refused(
                        if tlcp::wire::ContentType(odd[0]).name().is_some() {
                            A::BAD_RECORD_MAC
                        } else {
                            A::UNEXPECTED_MESSAGE
                        },
                        "",
                    ),
                    1 | 2 => outcome.refused(A::PROTOCOL_VERSION, "record header"),
                    3 => assert!(!outcome.connected),
                    _ => outcome.refused(A::BAD_RECORD_MAC, "does not open"),
                }
            }
        }
    }
}

/// R-REC-17, R-REC-21, R-REC-28: records twice, out of order, cut short, and of lengths that no cipher makes.
#[test]
fn records_out_of_sequence_or_of_odd_lengths_are_bad_record_macs() {
    for lab in [&*ECC, &MUTUAL] {
        for (literal, to_server) in [(&lab.literal[0], true), (&lab.literal[1], false)] {
            let at = place(literal, H::FINISHED);
            let record = lab.sealed(to_server, literal);
            let play = |items: &[Item]| {
                let script = [&literal[..at], items].concat();
                if to_server { lab.to_server(&script) } else { lab.to_client(&script) }
            };
            let once = Item::Bytes(record.clone());
            play(std::slice::from_ref(&once)).went_well();
            play(&[once.clone(), once]).refused(A::BAD_RECORD_MAC, "does not open");
            for length in (0..record.len() - 5).chain([1000, 16_384 + 2048]) {
                let mut odd = record[..5 + length.min(record.len() - 5)].to_vec();
                odd[3..5].copy_from_slice(&(length as u16).to_be_bytes());
                odd.resize(5 + length, 0);
                play(&[Item::Bytes(odd)]).refused(A::BAD_RECORD_MAC, "does not open");
            }
        }
    }
}
