//! Records that do not open, are too long, or come too early.
use crate::script::{Case, Item, Lab, message, record};
use crate::{ECC, before, labs};
use tlcp::suite::{Protection, TLS12};
use tlcp::wire::{
    AlertDescription as A, ContentType, HandshakeType as H, MaxFragmentLength, ProtocolVersion,
};

/// R-T12-11, R-T12-12, R-REC-36, R-REC-37, R-ETM-2: one changed bit anywhere, and every length that is wrong: one alert and no word why.
#[test]
fn a_record_that_was_touched_does_not_open() {
    let mut seen = Vec::new();
    for suite in TLS12.suites() {
        if seen.contains(&suite.protection) {
            continue;
        }
        seen.push(suite.protection);
        let etm_off = Case { client: |c| c.encrypt_then_mac(false), ..Case::of(suite) };
        let is_cbc = matches!(suite.protection, Protection::Cbc { .. });
        for case in [Case::of(suite), etm_off].into_iter().take(1 + usize::from(is_cbc)) {
            let lab = Lab::new(case);
            for to_server in [true, false] {
                let literal = &lab.literal[usize::from(!to_server)];
                let sealed = lab.sealed(to_server, literal);
                let opening = &literal[..literal.len() - 1];
                let play = |bytes: Vec<u8>| {
                    let script = [opening, &[Item::Bytes(bytes)]].concat();
                    if to_server { lab.to_server(&script) } else { lab.to_client(&script) }
                };
                play(sealed.clone()).went_well();
                for at in 5..sealed.len() {
                    let mut touched = sealed.clone();
                    touched[at] ^= 1 << (at % 8);
                    play(touched).refused(A::BAD_RECORD_MAC, "does not open");
                }
                for length in 0..sealed.len() - 5 {
                    let short =
                        record(ContentType::HANDSHAKE, ProtocolVersion::TLS12, &sealed[5..5 + length]);
                    play(short).refused(A::BAD_RECORD_MAC, "does not open");
                }
                let long = record(
                    ContentType::HANDSHAKE,
                    ProtocolVersion::TLS12,
                    &[&sealed[5..], &[0; 16]].concat(),
                );
                play(long).refused(A::BAD_RECORD_MAC, "does not open");
            }
        }
    }
}

/// R-T12-11, R-REC-7, R-REC-36: the bounds of a record, before and behind its protection.
#[test]
fn a_record_that_is_too_long_is_an_overflow() {
    for lab in labs() {
        let long = record(ContentType::APPLICATION_DATA, ProtocolVersion::TLS12, &[0; 18_433]);
        for outcome in [
            lab.to_server(&[&lab.client[..], &[Item::Bytes(long.clone())]].concat()),
            lab.to_client(&[&lab.server[..], &[Item::Bytes(long.clone())]].concat()),
        ] {
            outcome.refused(A::RECORD_OVERFLOW, "too long");
        }
    }
}

/// R-EXT-5: what was agreed on binds the peer in every state from ServerHello on.
#[test]
fn a_record_longer_than_the_fragment_that_was_agreed_on_is_an_overflow() {
    for (code, most) in [(1, 512), (2, 1024), (3, 2048), (4, 4096)] {
        let case = match code {
            1 => Case { client: |c| c.max_fragment_length(MaxFragmentLength(1)), ..ECC.case },
            2 => Case { client: |c| c.max_fragment_length(MaxFragmentLength(2)), ..ECC.case },
            3 => Case { client: |c| c.max_fragment_length(MaxFragmentLength(3)), ..ECC.case },
            _ => Case { client: |c| c.max_fragment_length(MaxFragmentLength(4)), ..ECC.case },
        };
        for case in [case, case.resumed()] {
            let lab = Lab::new(case);
            for (length, fits) in [(most, true), (most + 1, false)] {
                let data = Item::Record(ContentType::APPLICATION_DATA, vec![7; length]);
                let outcomes = [
                    lab.to_server(&[&lab.client[..], std::slice::from_ref(&data)].concat()),
                    lab.to_client(&[&lab.server[..], &[data]].concat()),
                ];
                for outcome in outcomes {
                    match fits {
                        true => {
                            outcome.went_well();
                            assert_eq!(outcome.data.len(), length);
                        }
                        false => outcome.refused(A::RECORD_OVERFLOW, "too long"),
                    }
                }
            }
            // In the clear as well.
            let message = Item::Record(ContentType::HANDSHAKE, vec![11; most + 1]);
            let outcome = lab.to_client(&before(&lab.server, 1, std::slice::from_ref(&message)));
            outcome.refused(A::RECORD_OVERFLOW, "too long");
            let outcome = lab.to_server(&before(&lab.client, 1, &[message]));
            outcome.refused(A::RECORD_OVERFLOW, "too long");
        }
    }
}

/// R-T12-17, R-SM-4: application data before the peer's Finished, in the clear and under keys.
#[test]
fn data_before_finished_is_unexpected() {
    let data = Item::Record(ContentType::APPLICATION_DATA, b"early".to_vec());
    for lab in labs() {
        for at in 1..lab.client.len() {
            let outcome = lab.to_server(&before(&lab.client, at, std::slice::from_ref(&data)));
            outcome.refused(A::UNEXPECTED_MESSAGE, "");
            assert!(outcome.data.is_empty());
        }
        for at in 0..lab.server.len() {
            let outcome = lab.to_client(&before(&lab.server, at, std::slice::from_ref(&data)));
            outcome.refused(A::UNEXPECTED_MESSAGE, "");
            assert!(outcome.data.is_empty());
        }
    }
}

/// R-T12-24: a handshake in records of every short length, and byte by byte.
#[test]
fn messages_in_records_of_any_length_are_put_together() {
    for lab in labs() {
        for fragment in [1, 2, 3, 7, 64, 500] {
            for drip in [false, true] {
                let mut player = lab.server_player(&std::sync::Arc::new(lab.store(true)));
                (player.fragment, player.drip) = (fragment, drip);
                player.play(&lab.client);
                assert!(player.error.is_none() && !player.victim.is_handshaking(), "{fragment}");
                let mut player = lab.client_player(&std::sync::Arc::new(lab.store(false)));
                (player.fragment, player.drip) = (fragment, drip);
                player.play(&lab.server);
                assert!(player.error.is_none() && !player.victim.is_handshaking(), "{fragment}");
            }
        }
    }
}

/// R-REC-2, R-HS-33: the first record may carry any version of TLS, the later ones exactly ours.
#[test]
fn records_carry_the_version_that_was_agreed_on() {
    use crate::said;
    use tlcp::wire::HandshakeType as H;
    let hello = said(&ECC.client, H::CLIENT_HELLO);
    for version in [0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x03ff] {
        let first = Item::Bytes(record(ContentType::HANDSHAKE, ProtocolVersion(version), &hello));
        let outcome = ECC.to_server(&[first]);
        assert_eq!(outcome.error, None, "{version:04x}");
    }
    let exchange = said(&ECC.client, H::CLIENT_KEY_EXCHANGE);
    for version in [0x0101, 0x0301, 0x0302, 0x0304] {
        let odd = Item::Bytes(record(ContentType::HANDSHAKE, ProtocolVersion(version), &exchange));
        let outcome = ECC.to_server(&[ECC.client[0].clone(), odd]);
        outcome.refused(A::PROTOCOL_VERSION, "record header");
    }
}

/// R-REC-12: whoever must wait for an answer says nothing more in the same record, neither a part of a message nor a whole one.
#[test]
fn bytes_behind_the_last_message_of_a_flight_are_unexpected() {
    for lab in labs() {
        for (script, to_server) in [(&lab.client, true), (&lab.server, false)] {
            for (at, item) in script.iter().enumerate() {
                let Item::Message(last) = item else { continue };
                if ![H::CLIENT_HELLO, H::SERVER_HELLO_DONE].contains(&H(last[0])) {
                    continue;
                }
                for rest in [vec![16], message(H::CLIENT_KEY_EXCHANGE, &[0; 40])] {
                    let mut script = script.clone();
                    script[at] = Item::Message([&last[..], &rest].concat());
                    let outcome = if to_server { lab.to_server(&script) } else { lab.to_client(&script) };
                    outcome.refused(A::UNEXPECTED_MESSAGE, "R-REC-12");
                }
            }
        }
    }
}
