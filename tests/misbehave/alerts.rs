//! What alerts of every level and description do, and how many that change nothing are borne.
use crate::outcome::Outcome;
use crate::script::{Item, Lab, message, plain};
use crate::{ECC, RESUMED, before, kinds, labs, said};
use tlcp::alert::Alert;
use tlcp::error::Error;
use tlcp::wire::{AlertDescription as A, AlertLevel, ContentType, HandshakeType as H};

fn alert(level: u8, description: u8) -> Item {
    Item::Record(ContentType::ALERT, vec![level, description])
}

fn data(bytes: &[u8]) -> Item {
    Item::Record(ContentType::APPLICATION_DATA, bytes.to_vec())
}

/// Both open ends, and what they make of this.
fn to_open(lab: &Lab, items: &[Item]) -> [Outcome; 2] {
    [
        lab.to_server(&before(&lab.client, lab.client.len(), items)),
        lab.to_client(&before(&lab.server, lab.server.len(), items)),
    ]
}

/// R-AL-7, R-SES-12: level 2 ends everything, whatever the description.
#[test]
fn a_fatal_alert_of_any_description_ends_an_open_connection_and_its_session() {
    for description in 1..=255 {
        for outcome in to_open(&ECC, &[alert(2, description)]) {
            assert_eq!(outcome.error, Some(Error::AlertReceived(A(description))));
            assert_eq!((outcome.alerts.len(), outcome.removed), (0, 1), "no alert answers a fatal one");
        }
    }
}

/// R-AL-7, R-SES-12
#[test]
fn a_fatal_alert_of_any_description_ends_a_handshake() {
    for description in 1..=255 {
        for (lab, dropped) in [(&*ECC, 0), (&RESUMED, 1)] {
            let outcome = lab.to_client(&[alert(2, description)]);
            assert_eq!(outcome.error, Some(Error::AlertReceived(A(description))));
            assert_eq!((outcome.alerts.len(), outcome.removed), (0, dropped));
            let outcome = lab.to_server(&before(&lab.client, 1, &[alert(2, description)])[..2]);
            assert_eq!(outcome.error, Some(Error::AlertReceived(A(description))));
            assert_eq!((outcome.alerts.len(), outcome.removed), (0, 0));
        }
    }
}

/// R-AL-7, R-AL-4: level 1 changes nothing, but for close_notify.
#[test]
fn a_warning_of_any_other_description_changes_nothing() {
    for lab in labs() {
        for description in (1..=255).step_by(if lab.case.resumed { 1 } else { 31 }) {
            for outcome in to_open(lab, &[alert(1, description), data(b"still here")]) {
                outcome.went_well();
                assert_eq!(outcome.data, b"still here");
            }
            let at = lab.server.len() / 2;
            lab.to_client(&before(&lab.server, at, &[alert(1, description)])).went_well();
            let at = lab.client.len() / 2;
            lab.to_server(&before(&lab.client, at, &[alert(1, description)])).went_well();
        }
    }
}

/// R-AL-7
#[test]
fn an_alert_of_another_level_is_an_illegal_parameter() {
    for level in [0, 3, 255] {
        for description in [0, 10, 90, 255] {
            for outcome in to_open(&ECC, &[alert(level, description)]) {
                outcome.refused(A::ILLEGAL_PARAMETER, "Alert: level");
            }
            let outcome = ECC.to_client(&[alert(level, description)]);
            outcome.refused(A::ILLEGAL_PARAMETER, "Alert: level");
        }
    }
}

/// R-AL-3, R-AL-7: at either level; answered with close_notify; what follows is not looked at (R-REC-42).
#[test]
fn close_notify_is_answered_and_ends_the_stream_without_an_error() {
    for lab in labs() {
        for level in [1, 2] {
            let bytes = Item::Bytes(plain(ContentType(99), &[1, 2, 3]));
            for outcome in to_open(lab, &[data(b"last"), alert(level, 0), data(b"late"), bytes]) {
                assert_eq!((outcome.error.as_ref(), outcome.removed), (None, 0));
                assert_eq!(outcome.data, b"last");
                assert_eq!(outcome.alerts, [Alert::warning(A::CLOSE_NOTIFY)]);
            }
        }
    }
}

/// A handshake that the peer closes is an error; a session is not to blame for a close that is no fatal alert.
#[test]
fn close_notify_during_a_handshake_is_an_error_that_keeps_the_session() {
    for at in 0..RESUMED.server.len() {
        for level in [1, 2] {
            let outcome = RESUMED.to_client(&before(&RESUMED.server, at, &[alert(level, 0)])[..=at]);
            assert_eq!(outcome.error, Some(Error::AlertReceived(A::CLOSE_NOTIFY)));
            assert_eq!((outcome.removed, outcome.stored), (0, 1), "at {at}");
        }
    }
    for at in 1..ECC.client.len() {
        let outcome = ECC.to_server(&before(&ECC.client, at, &[alert(1, 0)])[..=at]);
        assert_eq!(outcome.error, Some(Error::AlertReceived(A::CLOSE_NOTIFY)));
    }
}

/// R-REC-40: an alert as the first record of all is reported, and is the end, at either level.
#[test]
fn an_alert_as_the_first_record_ends_a_server() {
    for bytes in [[2, 40], [1, 90], [1, 0], [1, 255]] {
        let outcome = ECC.to_server(&[alert(bytes[0], bytes[1])]);
        assert_eq!(outcome.error, Some(Error::AlertReceived(A(bytes[1]))));
        assert!(outcome.heard.is_empty());
    }
}

/// R-REC-31, R-REC-38: four warnings in a row; progress makes up for them.
#[test]
fn the_fifth_warning_in_a_row_is_one_too_many() {
    for lab in labs() {
        let four = [alert(1, 90), alert(1, 100), alert(1, 90), alert(1, 41)];
        let eight = [&four[..], &[data(b"a")], &four, &[data(b"b")]].concat();
        for outcome in to_open(lab, &eight) {
            outcome.went_well();
            assert_eq!(outcome.data, b"ab");
        }
        let five = [&four[..], &[alert(1, 90)]].concat();
        for outcome in to_open(lab, &five) {
            outcome.refused(A::UNEXPECTED_MESSAGE, "too many warning alerts");
        }
        let outcome = lab.to_client(&[&five[..], &lab.server].concat());
        outcome.refused(A::UNEXPECTED_MESSAGE, "too many warning alerts");
        let outcome = lab.to_client(&[&four[..], &lab.server[..1], &four, &lab.server[1..]].concat());
        outcome.went_well();
    }
}

/// R-REC-38, R-REC-9: an empty record between data is legal, 33 in a row are not.
#[test]
fn the_thirty_third_empty_record_in_a_row_is_one_too_many() {
    for lab in labs() {
        let most = vec![data(b""); 32];
        for outcome in to_open(lab, &[&most[..], &[data(b"x")], &most, &[data(b"y")]].concat()) {
            outcome.went_well();
            assert_eq!(outcome.data, b"xy");
        }
        for outcome in to_open(lab, &[&most[..], &[data(b"")]].concat()) {
            outcome.refused(A::UNEXPECTED_MESSAGE, "too many empty records");
        }
    }
}

/// R-HS-38, R-REN-1, R-SES-14: each attempt gets a warning, and the fifth in all is the end, whatever came in between.
#[test]
fn renegotiation_is_refused_four_times_and_then_ends_the_connection() {
    for lab in labs() {
        let hello = Item::Record(ContentType::HANDSHAKE, said(&lab.client, H::CLIENT_HELLO));
        let request = Item::Record(ContentType::HANDSHAKE, message(H::HELLO_REQUEST, &[]));
        for (item, is_client) in [(hello, true), (request, false)] {
            let honest = if is_client { &lab.client } else { &lab.server };
            let play =
                |script: &[Item]| if is_client { lab.to_server(script) } else { lab.to_client(script) };
            let four = [item.clone(), data(b"1"), item.clone(), item.clone(), data(b"2"), item.clone()];
            let outcome = play(&[&honest[..], &four].concat());
            outcome.went_well();
            // None, on a server whose client has a ticket.
            let kept = play(honest).stored;
            assert_eq!(outcome.alerts, [Alert::warning(A::NO_RENEGOTIATION); 4]);
            assert_eq!(outcome.data, b"12");
            assert!(kinds(&outcome.heard).last() == Some(&H::FINISHED), "no handshake is begun");
            let outcome = play(&[&honest[..], &four, &[data(b"3"), item]].concat());
            outcome.refused(A::UNEXPECTED_MESSAGE, "too many attempts to renegotiate");
            assert_eq!((outcome.alerts.len(), outcome.removed), (5, kept));
        }
    }
}

/// R-HS-38, R-HS-1: malformed ones are not even refused politely.
#[test]
fn malformed_renegotiation_is_a_decode_error() {
    let hello = Item::Record(ContentType::HANDSHAKE, message(H::CLIENT_HELLO, &[1, 1]));
    let outcome = ECC.to_server(&before(&ECC.client, ECC.client.len(), &[hello]));
    outcome.refused(A::DECODE_ERROR, "ClientHello: random");
    let request = Item::Record(ContentType::HANDSHAKE, message(H::HELLO_REQUEST, &[0]));
    let outcome = ECC.to_client(&before(&ECC.server, ECC.server.len(), &[request]));
    outcome.refused(A::DECODE_ERROR, "HelloRequest");
}

/// R-AL-3: an end without close_notify is not the end of the data.
#[test]
fn an_end_without_close_notify_is_a_truncation() {
    for lab in labs() {
        let store = std::sync::Arc::new(lab.store(true));
        let mut player = lab.server_player(&store);
        player.play(&before(&lab.client, lab.client.len(), &[data(b"half")]));
        assert_eq!(player.data, b"half");
        assert_eq!(player.victim.received_end(crate::pair::at(1)), Err(Error::Truncated));
        assert!(!player.victim.wants_write(), "nobody is left to hear an alert");
        assert_eq!(store.removed(), 0);
    }
}

/// R-AL-5: our own alerts are protected as soon as our keys are: the player could not read them otherwise.
#[test]
fn alerts_are_sent_under_the_keys_of_the_moment() {
    for lab in labs() {
        let stray = Item::Record(ContentType::HANDSHAKE, message(H(99), &[]));
        for at in 0..=lab.server.len() {
            let outcome = lab.to_client(&before(&lab.server, at, std::slice::from_ref(&stray))[..=at]);
            let last = outcome.alerts.last().copied();
            assert_eq!(last, Some(Alert { level: AlertLevel::FATAL, description: A::UNEXPECTED_MESSAGE }));
        }
    }
}

/// R-HS-38, R-AL-3: nothing follows our close_notify, also not the refusal to renegotiate.
#[test]
fn a_hello_request_behind_our_close_notify_is_not_answered() {
    let store = std::sync::Arc::new(ECC.store(false));
    let mut player = ECC.client_player(&store);
    player.play(&ECC.server);
    player.victim.close();
    player.play(&[Item::Record(ContentType::HANDSHAKE, vec![0; 4])]);
    let outcome = player.outcome(&store);
    assert_eq!((outcome.error, outcome.alerts), (None, vec![Alert::warning(A::CLOSE_NOTIFY)]));
}
