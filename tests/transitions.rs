//! Every state of both machines against every input: which are taken, which are refused, and how. The tables in
//! `vectors/transitions` hold the whole; `UPDATE_TRANSITIONS=1` writes them anew.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/engine.rs"]
mod engine;
#[path = "support/pair.rs"]
mod pair;
#[path = "transitions/steps.rs"]
mod steps;
#[path = "transitions/table.rs"]
mod table;
#[cfg(feature = "tls12")]
#[path = "transitions/tls12.rs"]
mod tls12;

use engine::{Driver, Given, Memo, Recorded, Scenario, pre_master};
use pair::World;
use std::collections::BTreeSet;
use std::sync::Arc;
use table::{Case, Outcomes, Table, case, print};
use tlcp::alert::alert_for;
use tlcp::cert::Verified;
use tlcp::config::ClientAuth;
use tlcp::error::{AnswerError, CertificateProblem, CryptoError, Error, PeerMisbehaved};
use tlcp::handshake::{Answer, Failure, Input, Role, Selection, Started};
use tlcp::message::{Handshake, SessionId};
use tlcp::session::Session;
use tlcp::suite::{Certificates, SUITES, Suite};
use tlcp::wire::{CipherSuite, HandshakeType};

/// The types that have a name, and one that has none.
fn kinds() -> Vec<HandshakeType> {
    let named = (0..=255).map(HandshakeType).filter(|kind| kind.name().is_some());
    named.chain([HandshakeType(99)]).collect()
}

fn label(kind: HandshakeType) -> String {
    kind.name().map_or_else(|| String::from("(unknown type)"), String::from)
}

/// A message without a body: a state that takes its type reads the body and fails there, or takes it; a state that does
/// not take it never looks.
fn empty(kind: HandshakeType) -> [u8; 4] {
    [kind.0, 0, 0, 0]
}

fn outcome<S: Role>(result: Result<(), Failure>, driver: &Driver<S>) -> String {
    match result {
        Ok(()) => format!("-> {}", driver.engine.state()),
        Err(Failure { error: Error::Decode(_), .. }) => String::from("taken"),
        Err(Failure { error: Error::Misuse(_), .. }) => String::from("misuse"),
        Err(Failure { error, .. }) => alert_for(&error).unwrap().to_string(),
    }
}

/// Every kind of answer, good ones and bad ones.
fn answers(given: &Answers) -> Vec<(&'static str, Answer)> {
    let nothing = Answer::IdentitySelected(Selection::Nothing);
    let unknown_name = Answer::IdentitySelected(Selection::UnrecognizedName);
    let bad = CryptoError::BadPoint;
    vec![
        ("SessionFound(none)", Answer::SessionFound(None)),
        ("SessionFound(another)", Answer::SessionFound(Some(given.session.clone()))),
        ("IdentitySelected(one)", Answer::IdentitySelected(given.selection.clone())),
        ("IdentitySelected(nothing)", nothing),
        ("IdentitySelected(unrecognized name)", unknown_name),
        ("PeerVerified(good)", Answer::PeerVerified(Ok(Verified::assertion(u64::MAX)))),
        ("PeerVerified(unknown issuer)", Answer::PeerVerified(Err(CertificateProblem::UnknownIssuer.into()))),
        ("Signed", Answer::Signed(vec![0; 70])),
        ("AgreementStarted(good)", Answer::AgreementStarted(Ok(given.started.clone()))),
        ("AgreementStarted(bad point)", Answer::AgreementStarted(Err(bad))),
        ("AgreementFinished(good)", Answer::AgreementFinished(Ok(pre_master(&[1; 48])))),
        ("AgreementFinished(bad point)", Answer::AgreementFinished(Err(bad))),
        ("TicketSealed", Answer::TicketSealed(None)),
        ("Failed", Answer::Failed(AnswerError("the device is gone"))),
    ]
}

/// The same names, for what really went by.
fn real_label(given: &Given) -> String {
    String::from(match given {
        Given::Message(raw) => return label(HandshakeType(raw[0])),
        Given::ChangeCipherSpec => "ChangeCipherSpec",
        Given::Answer(Memo::SessionFound(None)) => "SessionFound(none)",
        Given::Answer(Memo::SessionFound(Some(_))) => "SessionFound(one)",
        Given::Answer(Memo::IdentitySelected(Selection::Identity { .. })) => "IdentitySelected(one)",
        Given::Answer(Memo::IdentitySelected(_)) => "IdentitySelected(nothing)",
        Given::Answer(Memo::PeerVerified(_)) => "PeerVerified(good)",
        Given::Answer(Memo::Signed(_)) => "Signed",
        Given::Answer(Memo::Decrypted(_)) => "Decrypted",
        Given::Answer(Memo::AgreementStarted(_)) => "AgreementStarted(good)",
        Given::Answer(Memo::AgreementFinished(_)) => "AgreementFinished(good)",
        Given::Answer(Memo::TicketSealed(_)) => "TicketSealed",
    })
}

/// What the answers are made of.
struct Answers {
    session: Arc<Session>,
    selection: Selection,
    started: Started,
}

impl Answers {
    fn of(recorded: &Recorded) -> Self {
        let started = recorded.server.iter().find_map(|(_, given)| match given {
            Given::Answer(Memo::AgreementStarted(started)) => Some(started.clone()),
            _ => None,
        });
        let mut session = Session::clone(recorded.stored[1].as_ref().unwrap());
        session.id = SessionId::new([9; SessionId::MAX]);
        Self { session: Arc::new(session), selection: Self::selection(recorded), started: started.unwrap() }
    }

    fn selection(recorded: &Recorded) -> Selection {
        let selected = recorded.server.iter().find_map(|(_, given)| match given {
            Given::Answer(Memo::IdentitySelected(selection)) => Some(selection.clone()),
            _ => None,
        });
        selected.unwrap()
    }
}

/// Tries every input on the state after `steps`, each on an engine of its own.
fn try_all<S: Role>(
    table: &mut Table,
    fresh: &dyn Fn() -> Driver<S>,
    steps: &[(&'static str, Given)],
    given: &Answers,
    case: Case,
) {
    let reached = || {
        let mut driver = fresh();
        steps.iter().for_each(|(_, given)| driver.give(given).unwrap());
        driver
    };
    let state = reached().engine.state();
    let mut note = |input: String, driver: &Driver<S>, result: Result<(), Failure>| {
        let failed = result.as_ref().is_err_and(|f| !matches!(f.error, Error::Misuse(_)));
        assert_eq!(driver.engine.state() == "Failed", failed || state == "Failed", "{state}: {input}");
        table.entry((state, input)).or_default().entry(outcome(result, driver)).or_default().insert(case);
    };
    for kind in kinds() {
        let mut driver = reached();
        let result = driver.feed(Input::Message(Handshake::of(&empty(kind)).unwrap()));
        note(label(kind), &driver, result);
    }
    let mut driver = reached();
    let result = driver.feed(Input::ChangeCipherSpec);
    note(String::from("ChangeCipherSpec"), &driver, result);
    for (name, answer) in answers(given) {
        let mut driver = reached();
        let result = driver.feed(Input::Answer(answer));
        note(String::from(name), &driver, result);
    }
    let mut driver = reached();
    if let Some(request) = driver.request.take_if(|r| matches!(r, tlcp::handshake::Request::Decrypt(_))) {
        let answer = Memo::Decrypted(vec![]).answer(Some(request));
        let result = driver.feed(Input::Answer(answer));
        note(String::from("Decrypted"), &driver, result);
    }
}

/// The states that need not be tried again: with which suite, and which policy of client certificates.
type Tried = BTreeSet<(&'static str, CipherSuite, u8)>;

/// All states of one side in one handshake, and that of a failed engine.
fn walk<S: Role>(
    table: &mut Table,
    fresh: &dyn Fn() -> Driver<S>,
    steps: &[(&'static str, Given)],
    given: &Answers,
    tried: &mut Tried,
    scenario: &Scenario,
) {
    let mut driver = fresh();
    for done in 0..=steps.len() {
        let state = driver.engine.state();
        if tried.insert((state, scenario.suite.id, scenario.auth as u8)) {
            try_all(table, fresh, &steps[..done], given, case(scenario));
        }
        let Some((_, given)) = steps.get(done) else { break };
        driver.give(given).unwrap();
        let outcome = format!("-> {}", driver.engine.state());
        let outcomes = table.entry((state, real_label(given))).or_default();
        outcomes.entry(outcome).or_default().insert(case(scenario));
    }
    let failed = || {
        let mut driver = fresh();
        driver.engine.abort();
        driver
    };
    try_all(table, &failed, &[], given, case(scenario));
}

/// Every handshake there is: between them they pass through all states.
fn scenarios(world: &World, [ecdhe, ecc]: [&'static Suite; 2]) -> (Vec<Recorded>, Answers) {
    let first = world.record(&Scenario::full(ecdhe, ClientAuth::None, true));
    let given = Answers::of(&first);
    let plain = Scenario::full(ecc, ClientAuth::None, false);
    let plain = world.record(&plain);
    let session = plain.stored[1].clone().unwrap();
    let again = plain.scenario.clone();
    let rest = [
        Scenario::full(ecc, ClientAuth::Request, false),
        Scenario::full(ecc, ClientAuth::Require, true),
        again.clone().offering(session.clone(), true),
        again.offering(session, false),
    ];
    let rest = rest.iter().map(|s| world.record(s)).collect::<Vec<_>>();
    ([first, plain].into_iter().chain(rest).collect(), given)
}

/// Both tables, as far as these handshakes come.
fn walk_all(
    tables: &mut [Table; 2],
    tried: &mut [Tried; 2],
    world: &World,
    recorded: &[Recorded],
    given: &Answers,
) {
    let ([client, server], [client_tried, server_tried]) = (tables, tried);
    for one in recorded {
        let scenario = &one.scenario;
        walk(client, &|| scenario.client(world), &one.client, given, client_tried, scenario);
        walk(server, &|| scenario.server(world), &one.server, given, server_tried, scenario);
    }
}

fn tables(world: &World, suites: [&'static Suite; 2]) -> [Table; 2] {
    let (recorded, mut given) = scenarios(world, suites);
    if suites.iter().any(|suite| suite.certificates() == Certificates::Identity) {
        // R-IBC-3: a client cannot be another than it has said in its hello.
        given.selection = Selection::Identity { identity: world.client.clone(), by_name: false };
    }
    let (mut tables, mut tried) = Default::default();
    walk_all(&mut tables, &mut tried, world, &recorded, &given);
    tables
}

fn check(role: &str, table: &Table) {
    let path = format!("{}/vectors/transitions/{role}.txt", env!("CARGO_MANIFEST_DIR"));
    let now = print(role, table);
    if std::env::var_os("UPDATE_TRANSITIONS").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    for (now, golden) in now.lines().zip(golden.lines()) {
        assert_eq!(now, golden, "{role}");
    }
    assert_eq!(now.len(), golden.len());
}

fn count_states(table: &Table, count: usize) {
    let states: BTreeSet<_> = table.keys().map(|(state, _)| *state).collect();
    assert_eq!(states.len(), count, "{states:?}");
}

/// Which inputs `state` takes, or all states that take `input`.
fn taken(table: &Table, keep: impl Fn(&str, &str) -> bool) -> Vec<(&'static str, &str)> {
    let is_taken = |outcomes: &Outcomes| outcomes.keys().any(|o| o.starts_with("->") || o == "taken");
    let found = table.iter().filter(|((state, input), o)| is_taken(o) && keep(state, input));
    found.map(|((state, input), _)| (*state, input.as_str())).collect()
}

/// R-SM-1, R-SM-2, R-SM-3, R-SM-7, R-HS-22, R-HS-29, R-HS-30, R-HS-38
#[test]
fn every_pair_of_state_and_input_is_as_the_tables_say() {
    let [client, server] = tables(&World::new(), [&SUITES[0], &SUITES[1]]);
    check("client", &client);
    check("server", &server);
    count_states(&client, 17);
    count_states(&server, 16);
    assert!(
        taken(&client, |_, input| input == "NewSessionTicket" || input == "CertificateStatus").is_empty()
    );
    hold_to_what_is_never_otherwise(&client, &server);
}

/// R-IBC-3, R-SM-1: identities in place of certificates pass through the same states.
#[cfg(feature = "sm9")]
#[test]
fn the_suites_of_sm9_have_the_same_tables() {
    use tlcp::suite::KeyExchange;
    let world = World::sm9(tlcp::crypto::default_provider());
    let find = |exchange| SUITES.iter().find(|suite| suite.key_exchange == exchange).unwrap();
    let [client, server] = tables(&world, [KeyExchange::IBSDH, KeyExchange::IBC].map(find));
    check("client", &client);
    check("server", &server);
}

fn hold_to_what_is_never_otherwise(client: &Table, server: &Table) {
    ccs_is_taken_only_where_keys_are_ready(client, server);
    only_open_states_take_what_starts_a_handshake_anew(client, server);
    for table in [client, server] {
        an_open_request_makes_every_message_a_misuse(table);
        failed_engines_take_nothing(table);
    }
}

/// R-SM-3, R-SM-7: what no golden file may ever say otherwise.
fn ccs_is_taken_only_where_keys_are_ready(client: &Table, server: &Table) {
    for table in [client, server] {
        let found = taken(table, |_, input| input == "ChangeCipherSpec");
        let states: Vec<_> = found.iter().map(|(state, _)| *state).collect();
        assert_eq!(states, ["AwaitChangeCipherSpec", "AwaitResumedChangeCipherSpec"]);
        let found =
            taken(table, |state, _| state.ends_with("AwaitFinished") || state == "AwaitResumedFinished");
        assert!(found.iter().all(|(_, input)| *input == "Finished"), "{found:?}");
    }
}

/// R-HS-38
fn only_open_states_take_what_starts_a_handshake_anew(client: &Table, server: &Table) {
    assert_eq!(taken(client, |_, input| input == "HelloRequest"), [("Connected", "HelloRequest")]);
    let hellos = taken(server, |_, input| input == "ClientHello");
    assert_eq!(hellos, [("AwaitClientHello", "ClientHello"), ("Connected", "ClientHello")]);
    assert_eq!(taken(client, |state, _| state == "Connected").len(), 1);
    assert_eq!(taken(server, |state, _| state == "Connected").len(), 1);
}

fn an_open_request_makes_every_message_a_misuse(table: &Table) {
    let messages: BTreeSet<_> = kinds().into_iter().map(label).chain(["ChangeCipherSpec".into()]).collect();
    let failing =
        table.iter().filter(|((_, input), o)| input == "Failed" && o.contains_key("internal_error"));
    let asking: Vec<_> = failing.map(|((state, _), _)| *state).collect();
    assert!(asking.len() >= 5, "{asking:?}");
    for ((state, input), outcomes) in table {
        let is_message = messages.contains(input);
        let misuse = outcomes.contains_key("misuse");
        match (asking.contains(state), is_message) {
            (true, true) => assert!(misuse, "{state}: {input}"),
            // R-SM-1: what a peer does is never our caller's mistake, and the other way round.
            (false, message) => assert_eq!(misuse, !message, "{state}: {input}"),
            (true, false) => {}
        }
    }
}

fn failed_engines_take_nothing(table: &Table) {
    assert!(taken(table, |state, _| state == "Failed").is_empty());
}

/// R-SM-1: a type without a name is refused like one that has no place, whatever its number.
#[test]
fn all_other_message_types_are_unexpected() {
    let world = World::new();
    let scenario = Scenario::full(&SUITES[1], ClientAuth::None, false);
    for kind in (0..=255).map(HandshakeType).filter(|k| k.name().is_none()) {
        let mut client = scenario.client(&world);
        client.give(&Given::Answer(Memo::SessionFound(None))).unwrap();
        let mut server = scenario.server(&world);
        let message = empty(kind);
        let unexpected = |state| Error::from(PeerMisbehaved::UnexpectedMessage { state, message: kind });
        let message = || Input::Message(Handshake::of(&message).unwrap());
        assert_eq!(client.feed(message()).unwrap_err().error, unexpected("AwaitServerHello"));
        assert_eq!(server.feed(message()).unwrap_err().error, unexpected("AwaitClientHello"));
    }
}
