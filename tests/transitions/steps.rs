//! What single steps of the engine do and do not do, without the layers around it that would hide it.
use crate::engine::{Driver, Given, Memo, Recorded, Scenario};
use crate::pair::{Counting, NOW, World};
use tlcp::alert::alert_for;
use tlcp::config::ClientAuth;
use tlcp::crypto::{Draw, Random, SignatureAlgorithm};
use tlcp::error::{CryptoError, Error};
use tlcp::handshake::{Action, Answer, Context, Failure, Input, Role, Selection, client, server};
use tlcp::message::Handshake;
use tlcp::suite::SUITES;
use tlcp::wire::{AlertDescription as A, HandshakeType as H};

/// Brings an engine up to where it awaits the message of this type; the message.
fn up_to<S: Role>(driver: &mut Driver<S>, steps: &[(&'static str, Given)], kind: H) -> Vec<u8> {
    for (_, given) in steps {
        match given {
            Given::Message(raw) if raw[0] == kind.0 => return raw.clone(),
            given => driver.give(given).unwrap(),
        }
    }
    panic!("no {kind}")
}

fn client_at(world: &World, recorded: &Recorded, kind: H) -> (Driver<client::State>, Vec<u8>) {
    let mut driver = recorded.scenario.client(world);
    let raw = up_to(&mut driver, &recorded.client, kind);
    (driver, raw)
}

fn server_at(world: &World, recorded: &Recorded, kind: H) -> (Driver<server::State>, Vec<u8>) {
    let mut driver = recorded.scenario.server(world);
    let raw = up_to(&mut driver, &recorded.server, kind);
    (driver, raw)
}

#[track_caller]
fn refused(outcome: Result<(), Failure>, alert: A, text: &str) {
    let error = outcome.unwrap_err().error;
    assert_eq!(alert_for(&error), Some(alert), "{error}");
    assert!(error.to_string().contains(text), "{error}");
}

/// R-HS-38, R-HS-1: the engine itself reads the bodies that must be empty, whoever joins its messages.
#[test]
fn hello_request_and_server_hello_done_have_no_body() {
    let world = World::new();
    for auth in [ClientAuth::None, ClientAuth::Require] {
        let recorded = world.record(&Scenario::full(&SUITES[1], auth, true));
        let (mut client, _) = client_at(&world, &recorded, H::SERVER_HELLO_DONE);
        let outcome = client.feed(Input::Message(Handshake { kind: H::SERVER_HELLO_DONE, body: &[0] }));
        refused(outcome, A::DECODE_ERROR, "ServerHelloDone");
        let mut client = recorded.scenario.client(&world);
        recorded.client.iter().for_each(|(_, given)| client.give(given).unwrap());
        assert_eq!(client.engine.state(), "Connected");
        client.feed(Input::Message(Handshake { kind: H::HELLO_REQUEST, body: &[] })).unwrap();
        assert!(matches!(client.actions.pop(), Some(Action::RefuseRenegotiation)));
        let outcome = client.feed(Input::Message(Handshake { kind: H::HELLO_REQUEST, body: &[0] }));
        refused(outcome, A::DECODE_ERROR, "HelloRequest");
    }
}

/// A point that is none.
fn off_the_curve(raw: &[u8], at: usize) -> Vec<u8> {
    let mut raw = raw.to_vec();
    raw[at] ^= 1;
    raw
}

/// R-HS-18, R-SM2-6: a device that does not check is never given a point off the curve.
#[test]
fn a_point_off_the_curve_is_refused_before_anyone_is_asked() {
    let world = World::new();
    let recorded = world.record(&Scenario::full(&SUITES[0], ClientAuth::None, true));
    let (mut server, raw) = server_at(&world, &recorded, H::CLIENT_KEY_EXCHANGE);
    server.request = None;
    let outcome = server.give(&Given::Message(off_the_curve(&raw, raw.len() - 1)));
    refused(outcome, A::ILLEGAL_PARAMETER, "ClientKeyExchange: public");
    assert!(server.request.is_none());
    // ServerKeyExchange: 4 bytes of header, 69 of parameters, the signature, which is made anew.
    let (mut client, raw) = client_at(&world, &recorded, H::SERVER_KEY_EXCHANGE);
    client.request = None;
    let hellos = [&recorded.server, &recorded.client].map(|steps| {
        let message = steps.iter().find_map(|(_, given)| match given {
            Given::Message(raw) => Some(raw[6..38].to_vec()),
            _ => None,
        });
        message.unwrap()
    });
    let raw = off_the_curve(&raw, 72);
    let parts = [&hellos[0][..], &hellos[1], &raw[4..73]];
    let key = world.pki.server.sign.key();
    let signature = key.sign(SignatureAlgorithm::SM2, &parts, &Counting::from(80)).unwrap();
    let length = (signature.len() as u16).to_be_bytes();
    let body = [&raw[4..73], &length, &signature].concat();
    let outcome = client.feed(Input::Message(Handshake { kind: H::SERVER_KEY_EXCHANGE, body: &body }));
    refused(outcome, A::ILLEGAL_PARAMETER, "ServerKeyExchange: public");
    assert!(client.request.is_none());
}

/// Randomness that fails for one purpose.
struct Dry(Draw, Counting);

impl Random for Dry {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        if draw == self.0 { Err(CryptoError::NoRandomness) } else { self.1.fill(draw, out) }
    }
}

/// A step that fails has no actions, although Certificate was written before the ciphertext could not be made; those of the
/// steps before it, which nobody has worked off yet, stay.
#[test]
fn a_failed_step_leaves_no_actions() {
    let world = World::new();
    let recorded = world.record(&Scenario::full(&SUITES[1], ClientAuth::Require, true));
    let mut client = recorded.scenario.client(&world);
    let last = recorded.client.iter().position(|(state, _)| *state == "AwaitIdentity").unwrap();
    recorded.client[..last].iter().for_each(|(_, given)| client.give(given).unwrap());
    let Given::Answer(Memo::IdentitySelected(selection)) = recorded.client[last].1.clone() else {
        panic!("an identity is chosen")
    };
    let before = client.actions.len();
    assert_eq!(before, 3, "the name asked for, ClientHello, the suite chosen");
    let random = Dry(Draw::EncryptionNonce, Counting::from(81));
    let mut cx = Context {
        policy: &client.policy,
        provider: &client.provider,
        random: &random,
        now: NOW,
        actions: &mut client.actions,
    };
    let outcome = client.engine.step(Input::Answer(Answer::IdentitySelected(selection)), &mut cx);
    assert_eq!(outcome.unwrap_err().error, Error::Crypto(CryptoError::NoRandomness));
    assert_eq!((client.actions.len(), client.engine.state()), (before, "Failed"));
}

/// How many secrets a side gives away over a whole handshake.
fn logged<S: Role>(mut driver: Driver<S>, steps: &[(&'static str, Given)], wanted: bool) -> usize {
    driver.policy.log_secrets = wanted;
    steps.iter().for_each(|(_, given)| driver.give(given).unwrap());
    assert_eq!(driver.engine.state(), "Connected");
    driver.actions.iter().filter(|action| matches!(action, Action::LogSecret { .. })).count()
}

/// The master secret leaves the engine for a log only if the policy asks for it, and then once: on both sides, in every key
/// exchange, full and resumed.
#[test]
fn the_secret_is_logged_once_and_only_where_it_is_asked_for() {
    let world = World::new();
    for (suite, auth) in [(&SUITES[0], ClientAuth::None), (&SUITES[1], ClientAuth::None)] {
        let full = world.record(&Scenario::full(suite, auth, true));
        let session = full.stored[1].clone().unwrap();
        let resumed = world.record(&full.scenario.clone().offering(session, true));
        for recorded in [full, resumed] {
            for wanted in [false, true] {
                let client = logged(recorded.scenario.client(&world), &recorded.client, wanted);
                let server = logged(recorded.scenario.server(&world), &recorded.server, wanted);
                assert_eq!((client, server), (usize::from(wanted), usize::from(wanted)), "{}", suite.id);
            }
        }
    }
}

/// R-HS-37: no name is acknowledged where none was asked for, whatever the one who chose the identity says.
#[test]
fn a_name_that_was_not_asked_for_is_not_acknowledged() {
    let world = World::new();
    let scenario = Scenario::full(&SUITES[1], ClientAuth::None, false);
    for (with_name, length) in [(true, 76), (false, 70)] {
        let mut client = scenario.client(&world);
        client.policy.hello_extensions = with_name;
        client.give(&Given::Answer(Memo::SessionFound(None))).unwrap();
        let Some(Action::Write(hello)) = client.actions.pop() else { panic!("a ClientHello") };
        let mut server = scenario.server(&world);
        server.give(&Given::Message(hello.to_bytes())).unwrap();
        let identity = Selection::Identity { identity: world.server.clone(), by_name: true };
        server.give(&Given::Answer(Memo::IdentitySelected(identity))).unwrap();
        let mut written = server.actions.iter().filter_map(|action| match action {
            Action::Write(message) => Some(message),
            _ => None,
        });
        let hello = written.next().expect("a ServerHello");
        assert_eq!(hello.as_handshake().body.len(), length);
    }
}
