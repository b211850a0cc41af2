//! TLS 1.2's tables: its key exchanges, tickets and stapled responses.
use crate::engine::{Given, Recorded, Scenario};
use crate::pair::World;
use crate::pair::single::{self, Kind};
use crate::{Answers, check, count_states, hold_to_what_is_never_otherwise, taken, walk_all};
use std::sync::Arc;
use tlcp::config::ClientAuth;
use tlcp::message::Handshake;
use tlcp::suite::Suite;
use tlcp::wire::HandshakeType;

fn suite(name: &str) -> &'static Suite {
    Suite::by_name(name).unwrap()
}

/// With a response that can be stapled.
fn world(kind: Kind) -> World {
    let world = World::tls12(kind);
    let identity = single::identity(kind.server(), &world.provider).with_ocsp_response(&[7; 9]);
    World { server: Arc::new(identity), ..world }
}

/// Every handshake of a suite.
fn scenarios(world: &World, suite: &'static Suite) -> Vec<Recorded> {
    let full = |auth, has_identity| Scenario::full(suite, auth, has_identity);
    let plain = world.record(&full(ClientAuth::None, false));
    let session = plain.stored[1].clone().unwrap();
    let again = || full(ClientAuth::None, false);
    let rest = [
        full(ClientAuth::Request, false),
        full(ClientAuth::Require, true),
        again().asking_for_status(),
        full(ClientAuth::Require, true).asking_for_status(),
        again().by_ticket(),
        again().offering(session.clone(), true),
        again().offering(session.clone(), false),
        again().by_ticket().offering(session.clone(), true),
        again().by_ticket().offering(session, false),
    ];
    let rest = rest.iter().map(|scenario| world.record(scenario));
    let mut all: Vec<Recorded> = [plain].into_iter().chain(rest).collect();
    all.push(renewed(&all));
    all
}

/// A resumption whose ServerHello announces a new ticket, which our own server never does: as far as the ticket itself.
fn renewed(recorded: &[Recorded]) -> Recorded {
    let is_resumed = |one: &&Recorded| one.scenario.by_ticket && one.scenario.server_knows_session;
    let resumed = recorded.iter().find(is_resumed).unwrap();
    let is_ticket = |(_, given): &&(&'static str, Given)| matches!(given, Given::Message(raw) if raw[0] == HandshakeType::NEW_SESSION_TICKET.0);
    let ticket = recorded.iter().find_map(|one| one.client.iter().find(is_ticket)).unwrap().1.clone();
    let at = resumed.client.iter().position(|(state, _)| *state == "AwaitServerHello").unwrap();
    let mut client = resumed.client[..=at].to_vec();
    let Given::Message(raw) = &client[at].1 else { panic!("a ServerHello") };
    client[at].1 = Given::Message(with_ticket_extension(raw));
    client.push(("AwaitResumedTicket", ticket));
    let scenario = Scenario { renews_ticket: true, ..resumed.scenario.clone() };
    Recorded { scenario, client, server: Vec::new(), stored: [None, None] }
}

/// A ServerHello with an empty session_ticket at its end.
fn with_ticket_extension(raw: &[u8]) -> Vec<u8> {
    let mut body = [Handshake::of(raw).unwrap().body, &[0, 35, 0, 0]].concat();
    // version, random, session_id with its length, suite, compression_method
    let at = 2 + 32 + 1 + usize::from(body[34]) + 2 + 1;
    let length = u16::from_be_bytes([body[at], body[at + 1]]) + 4;
    body[at..at + 2].copy_from_slice(&length.to_be_bytes());
    let [_, length @ ..] = (body.len() as u32).to_be_bytes();
    [&raw[..1], &length, &body].concat()
}

/// R-SM-1, R-SM-3, R-SM-7, R-T12-17, R-TKT-1, R-TKT-4, R-EXT-3
#[test]
fn every_pair_of_state_and_input_is_as_the_tables_of_tls12_say() {
    let (mut tables, mut tried) = Default::default();
    let ephemeral = world(Kind::P256);
    let recorded = scenarios(&ephemeral, suite("ECDHE-ECDSA-AES128-GCM-SHA256"));
    let given = Answers::of(&recorded[0]);
    walk_all(&mut tables, &mut tried, &ephemeral, &recorded, &given);
    let transport = world(Kind::Rsa);
    let recorded = scenarios(&transport, suite("AES128-GCM-SHA256"));
    let given = Answers { selection: Answers::selection(&recorded[0]), ..given };
    walk_all(&mut tables, &mut tried, &transport, &recorded, &given);
    let [client, server] = tables;
    check("tls12-client", &client);
    check("tls12-server", &server);
    count_states(&client, 21);
    count_states(&server, 17);
    let found = taken(&client, |_, input| input == "NewSessionTicket");
    assert_eq!(
        found.iter().map(|(state, _)| *state).collect::<Vec<_>>(),
        ["AwaitResumedTicket", "AwaitTicket"]
    );
    let found = taken(&client, |_, input| input == "CertificateStatus");
    let states: Vec<_> = found.iter().map(|(state, _)| *state).collect();
    assert_eq!(states, ["AwaitStatusOrKeyExchange", "AwaitStatusRequestOrDone"]);
    hold_to_what_is_never_otherwise(&client, &server);
}
