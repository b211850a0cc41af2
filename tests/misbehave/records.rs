//! Records that may not come: types, versions, lengths, and contents of the wrong shape.
use crate::script::{Item, Lab, message, plain, record};
use crate::{ECC, MUTUAL, RESUMED, before, labs, place, said};
use std::sync::Arc;
use tlcp::conn::ServerConnection;
use tlcp::error::{Error, PeerMisbehaved};
use tlcp::suite::AeadAlgorithm;
use tlcp::wire::{AlertDescription as A, ContentType, HandshakeType as H, ProtocolVersion};

const DATA: ContentType = ContentType::APPLICATION_DATA;
const CCS: ContentType = ContentType::CHANGE_CIPHER_SPEC;

/// Where keys begin to protect what is said.
fn keys_at(script: &[Item]) -> usize {
    script.iter().position(|item| *item == Item::ChangeCipherSpec).unwrap() + 1
}

/// The script up to `at`, then these bytes.
fn cut(script: &[Item], at: usize, bytes: &[u8]) -> Vec<Item> {
    [&script[..at], &[Item::Bytes(bytes.to_vec())]].concat()
}

/// R-REC-6: unknown types, site2site (80) and heartbeat (24).
#[test]
fn unknown_record_types_are_unexpected() {
    for lab in labs() {
        for kind in [0, 19, 24, 80, 255].map(ContentType) {
            let bytes = plain(kind, &[1, 2, 3]);
            for at in 1..lab.client.len() {
                lab.to_server(&cut(&lab.client, at, &bytes)).refused(A::UNEXPECTED_MESSAGE, "R-REC-6");
            }
            for at in 0..lab.server.len() {
                lab.to_client(&cut(&lab.server, at, &bytes)).refused(A::UNEXPECTED_MESSAGE, "R-REC-6");
            }
        }
    }
}

/// R-REC-40, R-REC-5: what is no TLCP at all gets no answer.
#[test]
fn foreign_first_bytes_are_told_apart_and_get_no_answer() {
    let first: [(&[u8], &str); 8] = [
        (b"GET / HTTP/1.1\r\n", "HTTP"),
        (b"POST /x HTTP/1.1\r\n", "HTTP"),
        (b"HEAD / HTTP/1.1\r\n", "HTTP"),
        (b"CONNECT a:443 HTTP/1.1\r\n", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
        (&[0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0], "SSLv2"),
        (&[23, 1, 1, 0, 1, 0], "unknown"),
        (&[20, 1, 1, 0, 1, 1], "unknown"),
    ];
    for (bytes, what) in first {
        let outcome = ECC.to_server(&[Item::Bytes(bytes.to_vec())]);
        let Some(Error::PeerMisbehaved(PeerMisbehaved::NotTlcp { looks_like })) = outcome.error else {
            panic!("{:?}", outcome.error)
        };
        assert_eq!((looks_like, outcome.alerts.len(), outcome.heard.len()), (what, 0, 0));
    }
}

/// R-REC-40, R-REC-41: the alert is in a version that the client can read.
#[test]
fn a_tls_hello_gets_protocol_version_in_its_own_record_version() {
    let hello = said(&ECC.client, H::CLIENT_HELLO);
    let answers = [(0x0301, 0x0301), (0x0303, 0x0303), (0x0304, 0x0303), (0x0300, 0x0300), (0x0500, 0x0101)];
    for (theirs, ours) in answers {
        let store = Arc::default();
        let mut player = ECC.server_player(&store);
        player.victim = ServerConnection::new(player.victim.config().clone(), crate::pair::at(1));
        let bytes = record(ContentType::HANDSHAKE, ProtocolVersion(theirs), &hello);
        let error = player.victim.receive(&bytes, crate::pair::at(1)).unwrap_err();
        assert!(error.to_string().contains("record header"), "{error}");
        let [major, minor] = u16::to_be_bytes(ours);
        assert_eq!(player.victim.pending_output(), [21, major, minor, 0, 2, 2, 70], "{theirs:04x}");
        assert!(player.victim.is_closed());
    }
}

/// R-REC-4, R-REC-41: once the version is known, each record has it; a client knows it from the start.
#[test]
fn records_of_another_version_are_refused() {
    for lab in labs() {
        for version in [0x0100, 0x0102, 0x0301, 0x0303].map(ProtocolVersion) {
            let bytes = record(ContentType::HANDSHAKE, version, &[0]);
            for at in 1..lab.client.len() {
                lab.to_server(&cut(&lab.client, at, &bytes)).refused(A::PROTOCOL_VERSION, "record header");
            }
            for at in 0..lab.server.len() {
                lab.to_client(&cut(&lab.server, at, &bytes)).refused(A::PROTOCOL_VERSION, "record header");
            }
        }
    }
}

/// R-REC-4, R-REC-41: a server of TLS answers a TLCP hello with an alert of its own version.
#[test]
fn before_server_hello_alerts_of_any_version_are_understood() {
    for version in [0x0301, 0x0303, 0x0101, 0x7f00].map(ProtocolVersion) {
        let alert = record(ContentType::ALERT, version, &[2, 70]);
        let outcome = ECC.to_client(&[Item::Bytes(alert.clone())]);
        assert_eq!(outcome.error, Some(Error::AlertReceived(A::PROTOCOL_VERSION)));
        assert!(outcome.alerts.is_empty());
        if version != ProtocolVersion::TLCP {
            let outcome = ECC.to_client(&cut(&ECC.server, 1, &alert));
            outcome.refused(A::PROTOCOL_VERSION, "record header");
        }
    }
}

/// R-REC-7: on the header alone, in the clear and protected.
#[test]
fn overlong_records_are_refused_on_their_header() {
    for lab in labs() {
        let clear = [22, 1, 1, 0x40, 0x01];
        let sealed = [22, 1, 1, 0x48, 0x01];
        for at in 0..=keys_at(&lab.client) {
            let header = if at < keys_at(&lab.client) { clear } else { sealed };
            lab.to_server(&cut(&lab.client, at, &header)).refused(A::RECORD_OVERFLOW, "R-REC-7");
        }
        for at in 0..=keys_at(&lab.server) {
            let header = if at < keys_at(&lab.server) { clear } else { sealed };
            lab.to_client(&cut(&lab.server, at, &header)).refused(A::RECORD_OVERFLOW, "R-REC-7");
        }
    }
}

/// R-REC-9, R-REC-15, R-REC-39: each wrong shape, at every point of the handshake, in the clear and protected.
#[test]
fn fragments_of_the_wrong_shape_are_refused_everywhere() {
    let alert = ContentType::ALERT;
    let shapes: [(ContentType, &[u8], A); 9] = [
        (ContentType::HANDSHAKE, &[], A::UNEXPECTED_MESSAGE),
        (alert, &[], A::DECODE_ERROR),
        (alert, &[2], A::DECODE_ERROR),
        (alert, &[1, 90, 0], A::DECODE_ERROR),
        (alert, &[1, 90, 1, 0], A::DECODE_ERROR),
        (CCS, &[], A::DECODE_ERROR),
        (CCS, &[0], A::ILLEGAL_PARAMETER),
        (CCS, &[2], A::ILLEGAL_PARAMETER),
        (CCS, &[1, 1], A::DECODE_ERROR),
    ];
    for lab in [&*MUTUAL, &RESUMED] {
        for (kind, fragment, expected) in shapes {
            for at in 1..=lab.client.len() {
                if let Some(script) = misshapen(&lab.client, at, kind, fragment) {
                    lab.to_server(&script).refused(expected, "R-REC-39");
                }
            }
            for at in 0..=lab.server.len() {
                if let Some(script) = misshapen(&lab.server, at, kind, fragment) {
                    lab.to_client(&script).refused(expected, "R-REC-39");
                }
            }
        }
    }
}

/// The script up to `at`, then this record. Empty protected ones are a test of their own: the sealer makes none.
fn misshapen(script: &[Item], at: usize, kind: ContentType, fragment: &[u8]) -> Option<Vec<Item>> {
    let bad = [Item::Record(kind, fragment.to_vec())];
    (at < keys_at(script) || !fragment.is_empty()).then(|| [&script[..at], &bad].concat())
}

/// R-SM-4, R-AL-8: application data before the handshake is complete, in the clear and under the keys.
#[test]
fn early_application_data_is_unexpected() {
    for lab in labs() {
        for content in [&b"GET"[..], &[]] {
            for at in 1..lab.client.len() {
                if content.is_empty() && at < keys_at(&lab.client) {
                    continue;
                }
                let script = before(&lab.client, at, &[Item::Record(DATA, content.to_vec())]);
                lab.to_server(&script[..=at]).refused(A::UNEXPECTED_MESSAGE, "R-SM-4");
            }
            for at in 0..lab.server.len() {
                let script = before(&lab.server, at, &[Item::Record(DATA, content.to_vec())]);
                lab.to_client(&script[..=at]).refused(A::UNEXPECTED_MESSAGE, "R-SM-4");
            }
        }
    }
}

/// R-AL-5, R-AL-8: what is not protected when it should be does not open, whatever it is.
#[test]
fn clear_records_after_the_keys_are_bad_record_macs() {
    let finished = message(H::FINISHED, &[0; 12]);
    let clear = [
        plain(ContentType::ALERT, &[2, 40]),
        plain(ContentType::ALERT, &[1, 0]),
        plain(DATA, &[7; 64]),
        plain(DATA, &[]),
        plain(CCS, &[1]),
        plain(ContentType::HANDSHAKE, &finished),
    ];
    for lab in labs() {
        for bytes in &clear {
            for at in keys_at(&lab.client)..=lab.client.len() {
                lab.to_server(&cut(&lab.client, at, bytes)).refused(A::BAD_RECORD_MAC, "does not open");
            }
            for at in keys_at(&lab.server)..=lab.server.len() {
                lab.to_client(&cut(&lab.server, at, bytes)).refused(A::BAD_RECORD_MAC, "does not open");
            }
        }
    }
}

/// R-SM-3, R-HS-30: ChangeCipherSpec anywhere but where it belongs, also twice, also on an open connection.
#[test]
fn change_cipher_spec_out_of_place_is_unexpected() {
    for lab in labs() {
        let ccs = [Item::Record(CCS, vec![1])];
        for at in 1..=lab.client.len() {
            if at + 1 != keys_at(&lab.client) {
                let outcome = lab.to_server(&before(&lab.client, at, &ccs)[..=at]);
                outcome.refused(A::UNEXPECTED_MESSAGE, "ChangeCipherSpec has no place");
            }
        }
        for at in 0..=lab.server.len() {
            if at + 1 != keys_at(&lab.server) {
                let outcome = lab.to_client(&before(&lab.server, at, &ccs)[..=at]);
                outcome.refused(A::UNEXPECTED_MESSAGE, "ChangeCipherSpec has no place");
            }
        }
    }
}

/// R-HS-30: after ChangeCipherSpec comes Finished, in whatever order they are swapped.
#[test]
fn finished_without_change_cipher_spec_before_it_is_unexpected() {
    for lab in labs() {
        for (script, to_server) in [(&lab.client, true), (&lab.server, false)] {
            let finished = place(script, H::FINISHED);
            let mut swapped = script[..=finished].to_vec();
            swapped.swap(finished - 1, finished);
            let outcome = if to_server { lab.to_server(&swapped) } else { lab.to_client(&swapped) };
            outcome.refused(A::UNEXPECTED_MESSAGE, "Finished has no place");
        }
    }
}

/// A record of GCM made by hand: the sealer would not make it.
fn sealed_by_hand(lab: &Lab, to_server: bool, sequence: u64, kind: ContentType, content: &[u8]) -> Vec<u8> {
    let keys = lab.recorded_keys();
    let keys = if to_server { &keys.client } else { &keys.server };
    let aead = lab.world.provider.ciphers.aead(AeadAlgorithm::Sm4Gcm, keys.key()).unwrap();
    let explicit = sequence.to_be_bytes();
    let nonce: [u8; 12] = [keys.iv(), &explicit].concat().try_into().unwrap();
    let length = (content.len() as u16).to_be_bytes();
    let aad = [&explicit[..], &[kind.0, 1, 1], &length].concat();
    let mut text = content.to_vec();
    let tag = aead.seal(&nonce, &aad, &mut text);
    plain(kind, &[&explicit[..], &text, &tag].concat())
}

/// R-REC-8, R-REC-36, R-SES-12: an authentic record with more in it than a record may have.
#[test]
fn an_authentic_record_over_16384_bytes_is_a_record_overflow() {
    for (honest, to_server) in [(&ECC.client, true), (&ECC.server, false)] {
        for (length, good) in [(16_384, true), (16_385, false), (18_432 - 24, false)] {
            let bytes = sealed_by_hand(&ECC, to_server, 1, DATA, &vec![7; length]);
            let script = cut(honest, honest.len(), &bytes);
            let outcome = if to_server { ECC.to_server(&script) } else { ECC.to_client(&script) };
            if good {
                outcome.went_well();
                assert_eq!(outcome.data.len(), length);
            } else {
                outcome.refused(A::RECORD_OVERFLOW, "too long");
                assert_eq!((outcome.removed, outcome.data.len()), (1, 0));
            }
        }
    }
}

/// R-REC-9, R-REC-39: empty protected records of the types that may not be empty.
#[test]
fn empty_protected_records_are_refused() {
    let kinds = [
        (ContentType::HANDSHAKE, A::UNEXPECTED_MESSAGE),
        (ContentType::ALERT, A::DECODE_ERROR),
        (CCS, A::DECODE_ERROR),
    ];
    for (honest, to_server) in [(&ECC.client, true), (&ECC.server, false)] {
        for (kind, alert) in kinds {
            let script = cut(honest, honest.len(), &sealed_by_hand(&ECC, to_server, 1, kind, &[]));
            let outcome = if to_server { ECC.to_server(&script) } else { ECC.to_client(&script) };
            outcome.refused(alert, "R-REC-39");
        }
    }
}
