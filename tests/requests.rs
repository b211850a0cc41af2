//! Every use of a private key, of the certificate store and of the session store can be answered later, by the caller;
//! and with fixed randomness a handshake is the same to the byte.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/later.rs"]
mod later;
#[path = "support/pair.rs"]
mod pair;

use later::{Device, Remote, answer_one, identity_elsewhere, name_of, run};
use pair::{Counting, Ends, NOW, Side, World, at, carry, read_all, store};
use std::sync::Arc;
use std::time::Duration;
use tlcp::cert::{KeyUse, Verified};
use tlcp::config::{ClientAuth, ClientConfig, ClientConfigBuilder, ServerConfig, ServerConfigBuilder};
use tlcp::conn::{ClientConnection, Connection, Endpoint, Time};
use tlcp::crypto::{Draw, PreMasterSecret, Random, SECRET_LEN, Shared, default_provider};
use tlcp::error::{AnswerError, CryptoError, Error};
use tlcp::handshake::{Answer, Selection};
use tlcp::pki::Options;
use tlcp::suite::{SUITES, Suite, TLCP};
use tlcp::wire::AlertDescription;

/// Both ends with nothing but the caller to answer.
struct Later {
    world: World,
    stores: [Arc<Remote>; 2],
}

impl Later {
    fn new() -> Self {
        Self { world: World::new(), stores: [Arc::default(), Arc::default()] }
    }

    fn configs(&self, suite: &'static Suite, auth: ClientAuth) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
        let (client, server) = (self.client(suite), self.server(suite, 2).client_auth(auth));
        (Arc::new(client.build().unwrap()), Arc::new(server.build().unwrap()))
    }

    fn client(&self, suite: &'static Suite) -> ClientConfigBuilder {
        let client = self.world.client().suites(&[suite]).sessions(Some(self.stores[0].clone()));
        client.verify_later(Some(b"lenient")).select_later(Some(b"one"))
    }

    /// Another seed gives ids of its own.
    fn server(&self, suite: &'static Suite, seed: u64) -> ServerConfigBuilder {
        let server = ServerConfig::builder_with(self.world.provider, Arc::new(Counting::from(seed)));
        let server = server.suites(&[suite]).sessions(Some(self.stores[1].clone()));
        server.verify_later(Some(b"lenient")).select_later(Some(b"one"))
    }

    fn device(&self, side: Side) -> Device<'_> {
        let (pair, store) = match side {
            Side::Client => (&self.world.pki.client, &self.stores[0]),
            Side::Server => (&self.world.pki.server, &self.stores[1]),
        };
        let identity = identity_elsewhere(&self.world, pair);
        Device { world: &self.world, side, identity, sessions: Some(store.clone()) }
    }

    fn ends(&self, suite: &'static Suite, auth: ClientAuth) -> Ends {
        let (client, server) = self.configs(suite, auth);
        Ends::new(&client, &server)
    }

    fn run(&self, ends: &mut Ends) -> [Vec<&'static str>; 2] {
        run(ends, &self.device(Side::Client), &self.device(Side::Server))
    }
}

fn talks(mut ends: Ends) {
    let Ends { client, server } = &mut ends;
    client.write(b"question").unwrap();
    carry(client, server).unwrap();
    assert_eq!(read_all(server), b"question");
    server.write(b"answer").unwrap();
    carry(server, client).unwrap();
    assert_eq!(read_all(client), b"answer");
}

/// R-SM-9: the order in which they are asked: nobody's key is used before a hello was taken, and none on what an unverified client says.
#[test]
fn every_request_can_be_answered_later_in_every_suite() {
    let (verify_and_show, agree) = (["VerifyPeer", "SelectIdentity"], ["StartAgreement", "FinishAgreement"]);
    for suite in TLCP.suites().filter(|suite| suite.by_default) {
        let mutual = suite.key_exchange.is_mutual();
        for auth in [ClientAuth::None, ClientAuth::Require] {
            let later = Later::new();
            let mut ends = later.ends(suite, auth);
            let [client, server] = later.run(&mut ends);
            let (client_says, server_says) = match (mutual, auth) {
                (true, _) => (
                    [&["FindSession"], &verify_and_show[..], &agree, &["Sign"]].concat(),
                    vec!["SelectIdentity", agree[0], "Sign", "VerifyPeer", agree[1]],
                ),
                (false, ClientAuth::None) => {
                    (vec!["FindSession", "VerifyPeer"], vec!["SelectIdentity", "Sign", "Decrypt"])
                }
                (false, _) => (
                    [&["FindSession"], &verify_and_show[..], &["Sign"]].concat(),
                    vec!["SelectIdentity", "Sign", "VerifyPeer", "Decrypt"],
                ),
            };
            assert_eq!((client, server), (client_says, server_says), "{} {auth:?}", suite.id);
            assert_eq!(ends.server.peer_certificates().is_some(), mutual || auth == ClientAuth::Require);
            talks(ends);
            // R-SES-13: what the stores kept are bytes.
            let mut ends = later.ends(suite, auth);
            let [client, server] = later.run(&mut ends);
            assert_eq!((client, server), (vec!["FindSession"], vec!["SelectIdentity", "FindSession"]));
            assert!(ends.client.is_resumed() && ends.server.is_resumed());
            talks(ends);
        }
    }
}

/// R-SES-16: a decision taken later is a decision too. Whoever would decide otherwise, or does not say how he decides, is
/// asked again.
#[test]
fn a_session_is_resumed_only_under_the_decision_it_was_made_under() {
    type Change = fn(ClientConfigBuilder) -> ClientConfigBuilder;
    let changes: [(&str, Change, bool); 5] = [
        ("the same", |c| c, true),
        ("a strict client", |c| c.verify_later(Some(b"strict")), false),
        ("other identities", |c| c.select_later(Some(b"others")), false),
        ("a client that does not say", |c| c.verify_later(None), false),
        ("a client that does not say whom it may be", |c| c.select_later(None), false),
    ];
    for (what, change, resumes) in changes {
        let later = Later::new();
        let mut ends = later.ends(&SUITES[1], ClientAuth::Require);
        later.run(&mut ends);
        let server = later.configs(&SUITES[1], ClientAuth::Require).1;
        let client = Arc::new(change(later.client(&SUITES[1])).build().unwrap());
        let mut ends = Ends::new(&client, &server);
        let [asked, _] = later.run(&mut ends);
        assert_eq!((ends.client.is_resumed(), asked.contains(&"VerifyPeer")), (resumes, !resumes), "{what}");
    }
}

/// R-SES-16: nor does whoever has said it neither time.
#[test]
fn who_does_not_say_how_he_decides_never_resumes() {
    let later = Later::new();
    let (client, server) = later.configs(&SUITES[1], ClientAuth::Require);
    let clients: [fn(ClientConfigBuilder) -> ClientConfigBuilder; 2] =
        [|c| c.verify_later(None), |c| c.select_later(None)];
    let servers: [fn(ServerConfigBuilder) -> ServerConfigBuilder; 2] =
        [|s| s.verify_later(None), |s| s.select_later(None)];
    let clients = clients.map(|change| Arc::new(change(later.client(&SUITES[1])).build().unwrap()));
    let servers = servers.map(|change| {
        let builder = change(later.server(&SUITES[1], 60)).client_auth(ClientAuth::Require);
        Arc::new(builder.build().unwrap())
    });
    let with_clients = clients.into_iter().map(|client| (client, server.clone()));
    for (client, server) in with_clients.chain(servers.into_iter().map(|server| (client.clone(), server))) {
        for _ in 0..2 {
            let mut ends = Ends::new(&client, &server);
            later.run(&mut ends);
            assert!(!ends.client.is_resumed() && !ends.server.is_resumed());
        }
    }
}

/// The same of a server: a client that another policy took in is verified again.
#[test]
fn a_server_that_decides_later_resumes_only_under_its_own_decision() {
    type Change = fn(ServerConfigBuilder) -> ServerConfigBuilder;
    let changes: [(&str, Change, bool); 4] = [
        ("the same", |s| s, true),
        ("a strict server", |s| s.verify_later(Some(b"strict")), false),
        ("a server that does not say", |s| s.verify_later(None), false),
        ("a server that does not say whom it may be", |s| s.select_later(None), false),
    ];
    for (what, change, resumes) in changes {
        let later = Later::new();
        let mut ends = later.ends(&SUITES[1], ClientAuth::Require);
        later.run(&mut ends);
        let client = later.configs(&SUITES[1], ClientAuth::Require).0;
        let server = change(later.server(&SUITES[1], 60)).client_auth(ClientAuth::Require);
        let mut ends = Ends::new(&client, &Arc::new(server.build().unwrap()));
        let [_, asked] = later.run(&mut ends);
        assert_eq!((ends.server.is_resumed(), asked.contains(&"VerifyPeer")), (resumes, !resumes), "{what}");
    }
}

/// Brings a handshake to each request in turn, and hands it over with the side that asked.
fn at_each_request(
    suite: &'static Suite,
    auth: ClientAuth,
    mut test: impl FnMut(&Later, Ends, Side, &'static str),
) {
    for stop in 0.. {
        let later = Later::new();
        let mut ends = later.ends(suite, auth);
        let devices = [later.device(Side::Client), later.device(Side::Server)];
        let mut answered = 0;
        let reached = loop {
            ends.run().unwrap();
            let asks =
                [(Side::Client, ends.client.awaits_answer()), (Side::Server, ends.server.awaits_answer())];
            let Some((side, _)) = asks.into_iter().find(|(_, asks)| *asks) else { break None };
            if answered == stop {
                break Some(side);
            }
            match side {
                Side::Client => answer_one(&mut ends.client, &devices[0]).unwrap(),
                Side::Server => answer_one(&mut ends.server, &devices[1]).unwrap(),
            };
            answered += 1;
        };
        let Some(side) = reached else { break };
        test(&later, ends, side, "");
    }
}

fn all_requests(mut test: impl FnMut(&Later, Ends, Side)) {
    let mut count = 0;
    for (suite, auth) in [(&SUITES[0], ClientAuth::None), (&SUITES[1], ClientAuth::Require)] {
        at_each_request(suite, auth, |later, ends, side, _| {
            count += 1;
            test(later, ends, side);
        });
    }
    assert!(count >= 16, "{count} requests");
}

/// The alert that waits to be sent in the clear.
fn alert<S: Endpoint>(connection: &Connection<S>) -> Option<AlertDescription> {
    let bytes = connection.pending_output();
    let at = bytes.windows(6).rposition(|w| w == [21, 1, 1, 0, 2, 2])?;
    bytes.get(at + 6).map(|d| AlertDescription(*d))
}

/// A device that is gone is our own fault, and no reason to say more.
#[test]
fn a_failed_answer_is_an_internal_error_at_every_request() {
    fn fail<S: Endpoint>(connection: &mut Connection<S>) {
        let request = connection.request().unwrap();
        let gone = AnswerError("the device is gone");
        let error = connection.answer(Answer::Failed(gone.clone()), at(1)).unwrap_err();
        assert_eq!(error, Error::Answer(gone), "{}", name_of(&request));
        assert_eq!(alert(connection), Some(AlertDescription::INTERNAL_ERROR), "{}", name_of(&request));
        assert!(connection.is_closed() && !connection.awaits_answer());
        assert!(matches!(connection.answer(Answer::SessionFound(None), at(1)), Err(Error::Answer(_))));
    }
    all_requests(|_, mut ends, side| match side {
        Side::Client => fail(&mut ends.client),
        Side::Server => fail(&mut ends.server),
    });
}

/// One of each kind.
fn some_answers() -> Vec<(&'static str, Answer)> {
    let shared = || Shared::PreMaster(PreMasterSecret::zeroed(SECRET_LEN));
    vec![
        ("FindSession", Answer::SessionFound(None)),
        ("SelectIdentity", Answer::IdentitySelected(Selection::Nothing)),
        ("VerifyPeer", Answer::PeerVerified(Ok(Verified::assertion(u64::MAX)))),
        ("Sign", Answer::Signed(vec![])),
        ("FinishAgreement", Answer::AgreementFinished(Ok(shared()))),
        // R-HS-43: an agreement's failure must never answer a decryption.
        ("FinishAgreement", Answer::AgreementFinished(Err(CryptoError::BadPoint))),
        ("StartAgreement", Answer::AgreementStarted(Err(CryptoError::BadPoint))),
    ]
}

/// The caller's mistakes: without any effect, and never told to the peer.
#[test]
fn a_wrong_answer_is_a_misuse_without_effect_at_every_request() {
    fn confuse<S: Endpoint>(connection: &mut Connection<S>, device: &Device<'_>) {
        for (_, answer) in some_answers() {
            assert!(matches!(connection.answer(answer, at(1)), Err(Error::Misuse(_))), "not taken yet");
        }
        let request = connection.request().unwrap();
        assert!(connection.request().is_none(), "it is the caller's now");
        let before = connection.pending_output().to_vec();
        for (name, answer) in some_answers().into_iter().filter(|(name, _)| *name != name_of(&request)) {
            let outcome = connection.answer(answer, at(1));
            assert!(matches!(outcome, Err(Error::Misuse(_))), "{name} to {}", name_of(&request));
        }
        assert!(connection.awaits_answer() && connection.error().is_none());
        assert_eq!(connection.pending_output(), before);
        connection.answer(device.answer(*request), at(1)).unwrap();
    }
    all_requests(|later, mut ends, side| {
        match side {
            Side::Client => confuse(&mut ends.client, &later.device(Side::Client)),
            Side::Server => confuse(&mut ends.server, &later.device(Side::Server)),
        }
        later.run(&mut ends);
        talks(ends);
    });
}

/// R-HS-43: while a request is open no record is opened, and no more is taken than the buffer holds.
#[test]
fn nothing_is_taken_in_while_a_request_is_open() {
    fn press<S: Endpoint>(connection: &mut Connection<S>) {
        assert!(!connection.wants_read());
        let (state, output) = (connection.state(), connection.pending_output().to_vec());
        let rubbish = vec![0xff; 1 << 20];
        assert_eq!(connection.receive(&rubbish, at(1)), Ok(0));
        let mut total = 0;
        // A caller that reads from its socket all the same fills one buffer at most.
        loop {
            let free = connection.receive_buffer();
            let n = free.len();
            free.fill(0xff);
            if n == 0 || total > 1 << 16 {
                break;
            }
            total += n;
            connection.received(n, at(1)).unwrap();
        }
        assert!(total <= 18_432 + 10, "{total} bytes");
        assert_eq!((connection.state(), connection.pending_output()), (state, &output[..]));
        assert!(connection.error().is_none());
    }
    all_requests(|_, mut ends, side| match side {
        Side::Client => press(&mut ends.client),
        Side::Server => press(&mut ends.server),
    });
}

/// R-REC-34: the deadline goes out as a value, and the time comes in as one.
#[test]
fn a_handshake_that_takes_too_long_ends_without_a_word() {
    all_requests(|later, mut ends, side| {
        let deadline = ends.server.deadline().unwrap();
        assert_eq!(deadline, at(1).monotonic + Duration::from_secs(30));
        // A timer that fires at its time is not too early.
        let [in_time, late] =
            [deadline - Duration::from_nanos(1), deadline].map(|monotonic| Time { monotonic, ..at(1) });
        assert_eq!(ends.server.tick(in_time), Ok(()));
        let output = ends.server.pending_output().to_vec();
        assert_eq!(ends.server.tick(late), Err(Error::HandshakeTimeout));
        assert_eq!(ends.server.pending_output(), output);
        assert!(ends.server.is_closed() && ends.server.deadline().is_none());
        assert!(!ends.server.awaits_answer() && ends.server.request().is_none());
        if side == Side::Client {
            let answer = later.device(side).answer(*ends.client.request().unwrap());
            assert_eq!(ends.client.answer(answer, late), Err(Error::HandshakeTimeout));
        }
    });
    let later = Later::new();
    let mut ends = later.ends(&SUITES[0], ClientAuth::None);
    later.run(&mut ends);
    assert_eq!(ends.server.deadline(), None);
    ends.server.tick(Time { monotonic: Duration::MAX, ..at(1) }).unwrap();
    talks(ends);
}

#[test]
fn bytes_that_come_after_the_deadline_are_too_late() {
    let world = World::new();
    let client = Arc::new(world.client().build().unwrap());
    let server = Arc::new(world.server().handshake_timeout(Duration::from_secs(3)).build().unwrap());
    let Ends { client, mut server } = Ends::new(&client, &server);
    let hello = client.pending_output();
    assert_eq!(server.receive(&hello[..9], at(3)), Ok(9));
    assert_eq!(server.receive(&hello[9..], at(4)), Err(Error::HandshakeTimeout));
    assert!(!server.wants_write());
}

/// All that both ends send, in order.
fn flow(suite: &'static Suite, auth: ClientAuth) -> Vec<Vec<u8>> {
    let (world, client_store, server_store) = (World::of(suite), store(), store());
    let mut flow = Vec::new();
    // A full handshake and a resumed one.
    let client = Arc::new(world.client().suites(&[suite]).sessions(Some(client_store)).build().unwrap());
    let server = world.server().suites(&[suite]).sessions(Some(server_store)).client_auth(auth);
    let server = Arc::new(server.build().unwrap());
    for resumed in [false, true] {
        let Ends { mut client, mut server } = Ends::new(&client, &server);
        while client.wants_write() || server.wants_write() {
            flow.push(client.pending_output().to_vec());
            carry(&mut client, &mut server).unwrap();
            flow.push(server.pending_output().to_vec());
            carry(&mut server, &mut client).unwrap();
        }
        assert_eq!(client.is_resumed(), resumed);
        client.write(&[5; 20_000]).unwrap();
        flow.push(client.pending_output().to_vec());
    }
    flow
}

/// Randomness is an argument: the same comes of the same.
#[test]
fn with_fixed_randomness_a_handshake_is_the_same_to_the_byte() {
    for suite in TLCP.suites() {
        for auth in [ClientAuth::None, ClientAuth::Require] {
            let first = flow(suite, auth);
            assert!(first.iter().map(Vec::len).sum::<usize>() > 40_000);
            assert!(first == flow(suite, auth), "{} {auth:?}", suite.id);
        }
    }
}

/// Randomness that fails for one purpose.
struct Dry(Draw, Counting);

impl Random for Dry {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        if draw == self.0 { Err(CryptoError::NoRandomness) } else { self.1.fill(draw, out) }
    }
}

/// What fails on our own side is an internal_error, and no secret is ever made of nothing.
#[test]
fn a_source_of_randomness_that_fails_ends_the_handshake() {
    let world = World::new();
    let dry = |draw| Arc::new(Dry(draw, Counting::from(50)));
    let suite = &SUITES[3];
    let gone = Error::Crypto(CryptoError::NoRandomness);
    for draw in [Draw::HelloRandom, Draw::SessionId, Draw::SignatureNonce, Draw::Substitute, Draw::RecordIv] {
        let client = Arc::new(world.client().suites(&[suite]).build().unwrap());
        let server = ServerConfig::builder_with(world.provider, dry(draw)).identity(world.server.clone());
        let server = server.suites(&[suite]).sessions(Some(store())).build().unwrap();
        let mut ends = Ends::new(&client, &Arc::new(server));
        let (side, error) = ends.run().unwrap_err();
        assert_eq!(side, Side::Server, "{draw:?}");
        assert!(error == gone || matches!(error, Error::Answer(_)), "{draw:?}: {error}");
        assert!(ends.server.is_closed() && ends.server.cipher_suite().is_none());
    }
    for draw in [Draw::HelloRandom, Draw::PreMasterSecret, Draw::EncryptionNonce, Draw::RecordIv] {
        let client = ClientConfig::builder_with(world.provider, dry(draw)).verifier(world.verifier.clone());
        let client = Arc::new(client.suites(&[suite]).build().unwrap());
        let server = Arc::new(world.server().suites(&[suite]).build().unwrap());
        if draw == Draw::HelloRandom {
            assert_eq!(ClientConnection::new(client, pair::name(), at(1)).err(), Some(gone.clone()));
            continue;
        }
        let (side, error) = Ends::new(&client, &server).run().unwrap_err();
        assert_eq!((side, error), (Side::Client, gone.clone()), "{draw:?}");
    }
}

/// R-HS-21: of a client's identities the first under a CA that the server names.
#[test]
fn a_client_shows_the_identity_whose_ca_the_server_names() {
    let worlds = ["One", "Other"].map(|organization| {
        let options = Options { organization: organization.into(), ..Options::new(NOW) };
        World::with(default_provider(), options)
    });
    let [one, other] = &worlds;
    let client = one.client().identity(one.client.clone()).identity(other.client.clone());
    let client = Arc::new(client.sessions(None).build().unwrap());
    for named in &worlds {
        let names = named.verifier.authorities();
        let server = one.server().verifier(named.verifier.clone()).client_auth(ClientAuth::Require);
        let server = server.authorities(names.iter().map(Vec::as_slice)).build().unwrap();
        let ends = Ends::new(&client, &Arc::new(server)).connected();
        let shown = &ends.server.peer_certificates().unwrap()[0];
        assert_eq!(shown[..], named.client.certificate(KeyUse::Sign)[..]);
    }
}
