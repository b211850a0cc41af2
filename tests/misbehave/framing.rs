//! How messages are cut into records: every legal way is understood, every other one refused.
use crate::outcome::Outcome;
use crate::script::{Item, Lab, message, plain};
use crate::watched::Watched;
use crate::{ECC, MUTUAL, RESUMED, labs, place};
use std::sync::Arc;
use tlcp::error::Error;
use tlcp::wire::{AlertDescription as A, ContentType, HandshakeType as H};

const HANDSHAKE: ContentType = ContentType::HANDSHAKE;

/// Plays a script in records of at most `fragment` bytes.
fn fragmented(lab: &Lab, to_server: bool, fragment: usize) -> Outcome {
    let store = Arc::new(lab.store(to_server));
    if to_server {
        let mut player = lab.server_player(&store);
        player.fragment = fragment;
        player.play(&lab.client);
        player.outcome(&store)
    } else {
        let mut player = lab.client_player(&store);
        player.fragment = fragment;
        player.play(&lab.server);
        player.outcome(&store)
    }
}

/// R-REC-10, R-REC-33
#[test]
fn messages_in_records_of_any_size_are_understood() {
    for lab in labs() {
        for fragment in [1, 2, 3, 5, 100, 1000] {
            fragmented(lab, true, fragment).went_well();
            fragmented(lab, false, fragment).went_well();
        }
    }
}

/// R-REC-10: bytes of the stream may come one at a time.
#[test]
fn a_stream_that_trickles_is_understood() {
    for lab in labs() {
        let store = Arc::new(lab.store(true));
        let mut player = lab.server_player(&store);
        player.drip = true;
        player.play(&lab.client);
        player.outcome(&store).went_well();
        let store = Arc::new(lab.store(false));
        let mut player = lab.client_player(&store);
        player.drip = true;
        player.play(&lab.server);
        player.outcome(&store).went_well();
    }
}

/// Joins neighbouring messages of one flight into one item.
fn joined(script: &[Item]) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::new();
    for item in script {
        match (out.last_mut(), item) {
            (Some(Item::Message(all)), Item::Message(m)) if all[0] != H::CLIENT_HELLO.0 => {
                all.extend_from_slice(m);
            }
            _ => out.push(item.clone()),
        }
    }
    out
}

/// R-REC-10, R-REC-11
#[test]
fn several_messages_in_one_record_are_understood() {
    for lab in labs() {
        lab.to_server(&joined(&lab.client)).went_well();
        lab.to_client(&joined(&lab.server)).went_well();
    }
}

/// R-REC-13: nothing comes between the fragments of a message.
#[test]
fn other_records_inside_a_message_are_unexpected() {
    let others = [(ContentType::ALERT, vec![1, 90]), (ContentType::CHANGE_CIPHER_SPEC, vec![1])];
    for lab in labs() {
        for at in (0..lab.client.len()).filter(|at| matches!(lab.client[*at], Item::Message(_))) {
            for (kind, content) in &others {
                let script = torn(&lab.client, at, Item::Record(*kind, content.clone()));
                // The first record of all decides what protocol it is: a ChangeCipherSpec has had its turn.
                lab.to_server(&script).refused(A::UNEXPECTED_MESSAGE, "R-REC-13");
            }
        }
        for at in (0..lab.server.len()).filter(|at| matches!(lab.server[*at], Item::Message(_))) {
            for (kind, content) in &others {
                let script = torn(&lab.server, at, Item::Record(*kind, content.clone()));
                lab.to_client(&script).refused(A::UNEXPECTED_MESSAGE, "R-REC-13");
            }
        }
    }
}

/// R-REC-13: nor application data, on an open connection, where it would be welcome but for the half message before it: the
/// peer's wish to renegotiate.
#[test]
fn application_data_inside_a_message_is_unexpected() {
    let data = Item::Record(ContentType::APPLICATION_DATA, b"x".to_vec());
    for lab in labs() {
        let hello = Item::Record(HANDSHAKE, vec![H::CLIENT_HELLO.0, 0, 0, 60, 1]);
        let mut script = lab.client.clone();
        script.extend([data.clone(), hello, data.clone()]);
        let outcome = lab.to_server(&script);
        outcome.refused(A::UNEXPECTED_MESSAGE, "R-REC-13");
        assert_eq!((outcome.opened, &outcome.data[..]), (true, &b"x"[..]));
        let request = Item::Record(HANDSHAKE, vec![H::HELLO_REQUEST.0, 0]);
        let mut script = lab.server.clone();
        script.extend([data.clone(), request, data.clone()]);
        let outcome = lab.to_client(&script);
        outcome.refused(A::UNEXPECTED_MESSAGE, "R-REC-13");
        assert_eq!((outcome.opened, &outcome.data[..]), (true, &b"x"[..]));
    }
}

/// The script up to message `at`, of which only the first half comes, and then `other`.
fn torn(script: &[Item], at: usize, other: Item) -> Vec<Item> {
    let Item::Message(raw) = &script[at] else { panic!("not a message") };
    let half = Item::Record(HANDSHAKE, raw[..raw.len() / 2].to_vec());
    [&script[..at], &[half, other]].concat()
}

/// R-REC-13: but a fatal alert counts at once, and so does close_notify.
#[test]
fn alerts_that_end_the_connection_are_heard_inside_a_message() {
    for alert in [[2, 40], [2, 0], [1, 0]] {
        let script = torn(&ECC.server, 1, Item::Record(ContentType::ALERT, alert.to_vec()));
        let outcome = ECC.to_client(&script);
        let description = tlcp::wire::AlertDescription(alert[1]);
        assert_eq!(outcome.error, Some(Error::AlertReceived(description)));
    }
}

/// R-REC-12: half a message waits when the keys change.
#[test]
fn bytes_left_over_at_change_cipher_spec_are_unexpected() {
    for lab in labs() {
        for (script, to_server) in [(&lab.client, true), (&lab.server, false)] {
            let at = place(script, H::FINISHED) - 1;
            let part = (&[20][..], "R-REC-13");
            for (rest, text) in [part, (&[20, 0, 0, 12, 1], "Finished has no place in the state")] {
                let rest = Item::Record(HANDSHAKE, rest.to_vec());
                let script = [&script[..at], &[rest], &script[at..]].concat();
                let outcome = if to_server { lab.to_server(&script) } else { lab.to_client(&script) };
                outcome.refused(A::UNEXPECTED_MESSAGE, text);
            }
        }
    }
}

/// R-REC-12: nothing follows Finished in its record: not a part of a message, and not a whole one. R-SES-12: a client
/// then drops the session that it resumed; nothing is stored of a new one.
#[test]
fn bytes_after_finished_in_its_record_are_unexpected() {
    for lab in labs() {
        for rest in [vec![0], message(H::HELLO_REQUEST, &[]), message(H::CLIENT_HELLO, &[0; 40])] {
            for to_server in [true, false] {
                let mut script = lab.literal[usize::from(!to_server)].clone();
                let at = place(&script, H::FINISHED);
                let Item::Message(finished) = &mut script[at] else { panic!("it is literal") };
                finished.extend_from_slice(&rest);
                let outcome = if to_server { lab.to_server(&script) } else { lab.to_client(&script) };
                outcome.refused(A::UNEXPECTED_MESSAGE, "R-REC-12");
                let drops = usize::from(lab.case.resumed && !to_server);
                let keeps = usize::from(lab.case.resumed && to_server);
                assert_eq!((outcome.removed, outcome.stored), (drops, keeps), "to_server {to_server}");
            }
        }
    }
}

/// A handshake record that holds the header of a message and nothing of its body.
fn header(kind: H, length: usize) -> Item {
    let [_, length @ ..] = (length as u32).to_be_bytes();
    Item::Bytes(plain(HANDSHAKE, &[&[kind.0][..], &length].concat()))
}

/// The script up to the message of this type, and then only a header.
fn up_to(script: &[Item], kind: H, length: usize) -> Vec<Item> {
    [&script[..place(script, kind)], &[header(kind, length)]].concat()
}

/// R-REC-29, R-REC-32, R-REC-38: decided on the header, before any of the body is there.
#[test]
fn oversized_messages_are_refused_on_their_header() {
    let of_client = [
        (H::CLIENT_HELLO, 32 << 10),
        (H::CERTIFICATE, 100 << 10),
        (H::CLIENT_KEY_EXCHANGE, 16 << 10),
        (H::CERTIFICATE_VERIFY, 16 << 10),
    ];
    for (kind, limit) in of_client {
        let outcome = MUTUAL.to_server(&up_to(&MUTUAL.client, kind, limit + 1));
        outcome.refused(A::ILLEGAL_PARAMETER, &format!("{kind}: length"));
        assert_eq!(MUTUAL.to_server(&up_to(&MUTUAL.client, kind, limit)).error, None);
    }
    let of_server = [
        (H::SERVER_HELLO, 16 << 10),
        (H::CERTIFICATE, 100 << 10),
        (H::SERVER_KEY_EXCHANGE, 16 << 10),
        (H::CERTIFICATE_REQUEST, 64 << 10),
    ];
    for (kind, limit) in of_server {
        let outcome = MUTUAL.to_client(&up_to(&MUTUAL.server, kind, limit + 1));
        outcome.refused(A::ILLEGAL_PARAMETER, &format!("{kind}: length"));
        assert_eq!(MUTUAL.to_client(&up_to(&MUTUAL.server, kind, limit)).error, None);
    }
    let outcome = RESUMED.to_client(&[header(H::SERVER_HELLO, 16_385)]);
    outcome.refused(A::ILLEGAL_PARAMETER, "ServerHello: length");
    assert_eq!(outcome.removed, 1, "R-SES-12");
}

/// R-REC-43: the type before the length, on the header: what is out of place costs four bytes, however long it would be.
#[test]
fn messages_out_of_place_are_refused_on_their_header() {
    for length in [0, 41, 100 << 10, 0xff_ffff] {
        for kind in (0..=255).map(H).filter(|kind| *kind != H::CLIENT_HELLO) {
            let outcome = MUTUAL.to_server(&[header(kind, length)]);
            outcome.refused(A::UNEXPECTED_MESSAGE, "AwaitClientHello");
        }
        for at in 0..MUTUAL.server.len() {
            let odd = [&MUTUAL.server[..at], &[header(H::CLIENT_HELLO, length)]].concat();
            let is_protected = MUTUAL.server[..at].contains(&Item::ChangeCipherSpec);
            let alert = if is_protected { A::BAD_RECORD_MAC } else { A::UNEXPECTED_MESSAGE };
            MUTUAL.to_client(&odd).refused(alert, "");
        }
    }
}

/// R-REC-43: what stands behind a message is judged by the state that comes of it: not before, and then at once.
#[test]
fn bytes_behind_a_message_wait_for_its_state() {
    let certificate = match &MUTUAL.server[1] {
        Item::Message(m) => m.clone(),
        other => panic!("{other:?}"),
    };
    for (kind, length) in [(H::SERVER_KEY_EXCHANGE, 100), (H::CERTIFICATE, 100), (H(99), 0)] {
        let [_, length @ ..] = (length as u32).to_be_bytes();
        let behind = [&certificate[..], &[kind.0], &length].concat();
        let outcome = MUTUAL.to_client(&[MUTUAL.server[0].clone(), Item::Record(HANDSHAKE, behind)]);
        if kind == H::SERVER_KEY_EXCHANGE {
            assert_eq!(outcome.error, None, "the client waits for its body");
        } else {
            outcome.refused(A::UNEXPECTED_MESSAGE, "AwaitServerKeyExchange");
        }
    }
}

/// R-REC-12: whoever has said all until he is answered has nothing more to say in that record either.
#[test]
fn refuses_bytes_behind_the_last_message_of_a_flight() {
    for (lab, to_server) in [(&MUTUAL, true), (&MUTUAL, false), (&ECC, false)] {
        let script = if to_server { &lab.client } else { &lab.server };
        let kind = if to_server { H::CLIENT_HELLO } else { H::SERVER_HELLO_DONE };
        let at = script.iter().position(|item| matches!(item, Item::Message(m) if m[0] == kind.0)).unwrap();
        let Item::Message(last) = &script[at] else { unreachable!() };
        for behind in [&[0][..], &[H::CERTIFICATE.0, 0, 0, 100], &[kind.0, 0, 0, 0]] {
            let record = Item::Record(HANDSHAKE, [&last[..], behind].concat());
            let whole = [&script[..at], &[record]].concat();
            let outcome = if to_server { lab.to_server(&whole) } else { lab.to_client(&whole) };
            outcome.refused(A::UNEXPECTED_MESSAGE, "R-REC-12");
        }
    }
}

/// R-HS-38, R-AL-9: a body of another length than the only one is syntax, and seen on the header.
#[test]
fn messages_of_another_length_than_the_only_one_are_decode_errors() {
    let done = up_to(&ECC.server, H::SERVER_HELLO_DONE, 1);
    ECC.to_client(&done).refused(A::DECODE_ERROR, "ServerHelloDone: length");
    for lab in labs() {
        for to_server in [true, false] {
            let script = if to_server { &lab.client } else { &lab.server };
            for length in [0, 11, 13, 64, 65, 0xff_ffff] {
                let [_, length @ ..] = (length as u32).to_be_bytes();
                let odd = Item::Record(HANDSHAKE, [&[H::FINISHED.0][..], &length].concat());
                let script = [&script[..place(script, H::FINISHED)], &[odd]].concat();
                let outcome = if to_server { lab.to_server(&script) } else { lab.to_client(&script) };
                outcome.refused(A::DECODE_ERROR, "Finished: length");
            }
        }
    }
    // On an open connection, where it is due.
    let request = Item::Record(HANDSHAKE, message(H::HELLO_REQUEST, &[0]));
    let outcome = ECC.to_client(&[&ECC.server[..], &[request]].concat());
    outcome.refused(A::DECODE_ERROR, "HelloRequest: length");
}

/// R-REC-42: what follows a failure is not even looked at: the player checks that it has no effect.
#[test]
fn nothing_after_a_failure_has_an_effect() {
    for lab in labs() {
        let mut script = vec![Item::Record(HANDSHAKE, message(H(99), &[]))];
        script.extend_from_slice(&lab.client);
        let store = Arc::new(Watched::default());
        let mut player = lab.server_player(&store);
        player.play(&script);
        let outcome = player.outcome(&store);
        outcome.refused(A::UNEXPECTED_MESSAGE, "0x63");
        assert_eq!(outcome.heard.len(), 1, "one alert, and nothing else");
    }
}
