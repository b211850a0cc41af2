//! Keys that leave their connection, and records that go on elsewhere.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use pair::{Ends, World, at, carry, read_all};
use std::sync::Arc;
use tlcp::conn::{ExtractedKeys, ServerConnection};
use tlcp::crypto::default_provider;
use tlcp::error::Error;
use tlcp::record::{Framed, HEADER_LEN, MAX_PLAINTEXT, Opener, Sealer, VersionRule, deframe};
use tlcp::suite::{SUITES, Suite};
use tlcp::wire::ContentType;

fn ends(suite: &'static Suite) -> Ends {
    let world = World::of(suite);
    let client = world.client().suites(&[suite]).extractable_keys().build().unwrap();
    let server = world.server().suites(&[suite]).build().unwrap();
    Ends::new(&Arc::new(client), &Arc::new(server)).connected()
}

/// The client's records from now on.
struct Elsewhere {
    sealer: Sealer,
    opener: Opener,
}

impl Elsewhere {
    fn new(extracted: ExtractedKeys) -> Self {
        let ciphers = default_provider().ciphers;
        let opener = Opener::new(&extracted.read.keys, ciphers).unwrap();
        Self {
            opener: opener.with_sequence(extracted.read.sequence),
            sealer: Sealer::new(extracted.write.keys, ciphers)
                .unwrap()
                .with_sequence(extracted.write.sequence),
        }
    }

    fn seal(&mut self, content_type: ContentType, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let random = pair::Counting::from(9);
        self.sealer.seal(content_type, data, MAX_PLAINTEXT, &random, &mut out).unwrap();
        out
    }

    fn open(&mut self, records: &[u8], server: &ServerConnection) -> Vec<u8> {
        let (mut plaintext, mut rest) = (Vec::new(), records.to_vec());
        while let Ok(Framed::Record { content_type, length, .. }) =
            deframe(&rest, VersionRule::Exactly(server.version()), true)
        {
            let mut fragment: Vec<u8> = rest.drain(..HEADER_LEN + length).skip(HEADER_LEN).collect();
            let content = self.opener.open(content_type, &mut fragment).unwrap();
            plaintext.extend_from_slice(&fragment[content]);
        }
        assert!(rest.is_empty());
        plaintext
    }
}

/// R-REC-17, R-REC-27: the numbers of records go on where they were, in both directions, whatever the suite.
#[test]
fn records_go_on_with_keys_that_were_extracted() {
    for suite in SUITES {
        let Ends { mut client, mut server } = ends(suite);
        for _ in 0..3 {
            client.write(b"question").unwrap();
            carry(&mut client, &mut server).unwrap();
            read_all(&mut server);
            server.write(&[5; 40_000]).unwrap();
            while server.wants_write() {
                carry(&mut server, &mut client).unwrap();
                read_all(&mut client);
            }
        }
        server.write(b"cut in two").unwrap();
        let record = server.pending_output().to_vec();
        client.receive(&record[..9], at(1)).unwrap();
        let extracted = client.extract_keys().unwrap();
        assert_eq!((extracted.suite, &extracted.unopened[..]), (suite, &record[..9]));
        assert_eq!(client.cipher_suite(), Some(suite));
        assert!(client.write(b"more").is_err() && client.is_closed() && !client.wants_write());
        let mut elsewhere = Elsewhere::new(extracted);
        assert_eq!(elsewhere.open(&record, &server), b"cut in two", "{}", suite.id);
        server.sent(record.len());
        for _ in 0..3 {
            let record = elsewhere.seal(ContentType::APPLICATION_DATA, b"from elsewhere");
            server.receive(&record, at(1)).unwrap();
            assert_eq!(read_all(&mut server), b"from elsewhere");
            server.write(b"to elsewhere").unwrap();
            let records = server.take_output();
            assert_eq!(elsewhere.open(&records, &server), b"to elsewhere");
        }
    }
}

/// R-REC-13: a part of a message is in none of the records to come: whoever goes on with the keys would never know of it.
#[test]
fn keys_stay_where_they_are_while_a_handshake_message_is_incomplete() {
    let world = World::new();
    let client = world.client().suites(&[&SUITES[0]]).extractable_keys().build().unwrap();
    let server = world.server().suites(&[&SUITES[0]]).extractable_keys().build().unwrap();
    let Ends { mut client, mut server } = Ends::new(&Arc::new(client), &Arc::new(server)).connected();
    let mut peer = Elsewhere::new(server.extract_keys().unwrap());
    let hello_request = [0; 4];
    client.receive(&peer.seal(ContentType::HANDSHAKE, &hello_request[..1]), at(1)).unwrap();
    let refused = client.extract_keys().unwrap_err();
    assert!(matches!(refused, Error::Misuse(why) if why.contains("incomplete")), "{refused}");
    client.receive(&peer.seal(ContentType::HANDSHAKE, &hello_request[1..]), at(1)).unwrap();
    assert!(client.wants_write(), "no_renegotiation");
    client.take_output();
    assert!(client.extract_keys().is_ok());
}

#[test]
fn keys_stay_where_they_are_unless_all_is_sent_and_read_and_the_configuration_says_so() {
    let why = |outcome: Result<ExtractedKeys, Error>| match outcome {
        Err(Error::Misuse(why)) => why,
        other => panic!("{other:?}"),
    };
    let Ends { mut client, mut server } = ends(&SUITES[0]);
    assert!(why(server.extract_keys()).contains("extractable_keys"));
    client.write(b"x").unwrap();
    assert!(why(client.extract_keys()).contains("output"));
    carry(&mut client, &mut server).unwrap();
    server.write(b"y").unwrap();
    carry(&mut server, &mut client).unwrap();
    assert!(why(client.extract_keys()).contains("plaintext"));
    read_all(&mut client);
    assert!(client.extract_keys().is_ok());
    let mut closed = ends(&SUITES[0]).client;
    closed.close();
    closed.take_output();
    assert!(why(closed.extract_keys()).contains("both directions"));
    let world = World::new();
    let config = Arc::new(world.client().extractable_keys().build().unwrap());
    let name = tlcp::ServerName::try_from("localhost").unwrap();
    let mut early = tlcp::ClientConnection::new(config, name, at(1)).unwrap();
    assert!(why(early.extract_keys()).contains("handshake"));
}
