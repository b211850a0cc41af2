//! Sessions: what is resumed, what never is, and what becomes of them (`docs/requirements.md`, Sessions).
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "resume/alone.rs"]
mod alone;
#[path = "support/engine.rs"]
mod engine;
#[path = "support/pair.rs"]
mod pair;
#[path = "support/watched.rs"]
mod watched;

use engine::{Given, Memo, Scenario};
use pair::{Ends, NOW, World, at, carry, name, read_all};
use std::collections::BTreeSet;
use std::sync::Arc;
use tlcp::cert::dangerous::NoVerification;
use tlcp::cert::{PeerClaim, ServerName, Verified, Verifier};
use tlcp::config::{ClientAuth, ClientConfigBuilder, ServerConfigBuilder};
use tlcp::conn::{ClientConnection, ServerConnection};
use tlcp::error::CertificateError;
use tlcp::handshake::Selection;
use tlcp::pki::Options;
use tlcp::session::{Found, MAX_LIFETIME, MemoryStore, Session, SessionKey, SessionStore};
use tlcp::suite::SUITES;
use watched::{Secret, Watched};

/// One client's and one server's store, and connections between them.
struct Town {
    world: World,
    client: Arc<Watched>,
    server: Arc<Watched>,
}

impl Town {
    fn new() -> Self {
        Self { world: World::new(), client: Arc::default(), server: Arc::default() }
    }

    fn client(&self) -> ClientConfigBuilder {
        self.world.client().sessions(Some(self.client.clone()))
    }

    fn server(&self) -> ServerConfigBuilder {
        // Randomness that differs from one server to the next: its ids must be its own.
        static SEED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1000);
        let seed = SEED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let random = Arc::new(pair::Counting::from(seed));
        tlcp::config::ServerConfig::builder_with(self.world.provider, random)
            .identity(self.world.server.clone())
            .verifier(self.world.verifier.clone())
            .sessions(Some(self.server.clone()))
    }

    fn connect(&self, client: ClientConfigBuilder, server: ServerConfigBuilder, seconds: u64) -> Ends {
        let (client, server) = (Arc::new(client.build().unwrap()), Arc::new(server.build().unwrap()));
        Ends::at(&client, &server, seconds).connected_at(seconds)
    }

    /// A full handshake at second 1.
    fn first(&self) -> Ends {
        let ends = self.connect(self.client(), self.server(), 1);
        assert!(!ends.client.is_resumed());
        ends
    }
}

fn resumes(ends: &Ends) -> bool {
    assert_eq!(ends.client.is_resumed(), ends.server.is_resumed());
    ends.client.is_resumed()
}

/// R-SES-1, R-SES-3, R-SES-14: who they are stays known, the keys are new, data flows.
#[test]
fn a_resumed_connection_has_the_identities_and_new_keys() {
    let town = Town::new();
    let log = [(); 4].map(|()| Arc::new(Secret::default()));
    let auth = |s: ServerConfigBuilder| s.client_auth(ClientAuth::Require);
    let first =
        town.connect(town.client().key_log(log[0].clone()), auth(town.server()).key_log(log[1].clone()), 1);
    let mut second =
        town.connect(town.client().key_log(log[2].clone()), auth(town.server()).key_log(log[3].clone()), 2);
    assert!(resumes(&second));
    assert!(log.iter().all(|l| l.get() == log[0].get()), "one master secret");
    assert_eq!(first.client.peer_certificates(), second.client.peer_certificates());
    assert_eq!(first.server.peer_certificates(), second.server.peer_certificates());
    assert!(second.server.peer_certificates().is_some());
    assert_eq!(first.client.server_end_point(), second.client.server_end_point());
    assert_eq!(second.client.server_end_point(), second.server.server_end_point());
    assert_eq!(second.client.cipher_suite(), first.client.cipher_suite());
    second.client.write(b"again").unwrap();
    carry(&mut second.client, &mut second.server).unwrap();
    assert_eq!(read_all(&mut second.server), b"again");
}

/// R-SES-10: everything that makes a server another one leads to a full handshake, never to an alert.
#[test]
fn a_server_resumes_only_in_the_context_of_the_session() {
    // Another server of the same CA: its keys are the same, its certificates are not.
    let hosts = vec!["localhost".into(), "other.example".into()];
    let other = World::with(Town::new().world.provider, Options { hosts, ..Options::new(NOW) });
    type Change<'a> = &'a dyn Fn(ServerConfigBuilder) -> ServerConfigBuilder;
    let changes: [(&str, Change<'_>); 6] = [
        ("tag", &|s| s.session_tag(b"other")),
        ("client authentication", &|s| s.client_auth(ClientAuth::Request)),
        ("client authentication required", &|s| s.client_auth(ClientAuth::Require)),
        ("verifier", &|s| s.verifier(Arc::new(NoVerification))),
        ("identity", &|s| {
            // R-SES-16: another one is chosen for the name.
            s.identity_for(["localhost"], other.server.clone())
        }),
        ("suites", &|s| s.suites(&[&SUITES[1]])),
    ];
    for (what, change) in changes {
        let town = Town::new();
        town.first();
        let ends = town.connect(town.client(), change(town.server()), 2);
        assert!(!resumes(&ends), "{what}");
        // R-SES-6: the old one is gone, the new one is there.
        assert_eq!((town.client.removed(), town.client.sessions().len()), (1, 1), "{what}");
        assert_eq!(town.server.removed(), 0, "R-SES-12");
    }
    let town = Town::new();
    town.first();
    assert!(resumes(&town.connect(town.client(), town.server(), 2)), "nothing has changed");
    // R-SES-16: identities that were not chosen do not count.
    let elsewhere = town.server().identity_for(["x.example"], other.server.clone());
    assert!(resumes(&town.connect(town.client(), elsewhere, 3)), "one more identity, for another name");
}

/// A store that gives its one session to everyone, so that a client offers what it never should.
struct Careless(Arc<Session>);

impl SessionStore for Careless {
    fn find(&self, _: &SessionKey, _: u64) -> Found {
        Found::Session(self.0.clone())
    }

    fn store(&self, _: SessionKey, _: Arc<Session>) {}

    fn remove(&self, _: &SessionKey) {}
}

/// R-SES-1, R-SES-10, R-EXT-1: another name is another server, and so is none.
#[test]
fn a_server_resumes_only_under_the_same_name() {
    let options = Options {
        hosts: ["localhost", "other.example", "127.0.0.1"].map(String::from).into(),
        ..Options::new(NOW)
    };
    let town = Town { world: World::with(World::new().provider, options), ..Town::new() };
    town.first();
    let careless = Arc::new(Careless(town.client.sessions()[0].1.clone()));
    for (host, same) in
        [("localhost", true), ("LOCALHOST", true), ("other.example", false), ("127.0.0.1", false)]
    {
        let config = Arc::new(town.client().sessions(Some(careless.clone())).build().unwrap());
        let name = ServerName::try_from(host).unwrap().to_owned();
        let client = ClientConnection::new(config, name, at(2)).unwrap();
        let server = ServerConnection::new(Arc::new(town.server().build().unwrap()), at(2));
        let ends = Ends { client, server }.connected();
        assert_eq!(resumes(&ends), same, "{host}");
    }
}

/// R-SES-10, R-CS-4: the suite of the session must still be offered; R-SES-11: and enabled.
#[test]
fn a_suite_that_is_not_offered_or_enabled_any_more_is_not_resumed() {
    let town = Town::new();
    let one = town.connect(town.client().suites(&[&SUITES[2]]), town.server(), 1);
    assert_eq!(one.client.cipher_suite(), Some(&SUITES[2]));
    let careless = Arc::new(Careless(town.client.sessions()[0].1.clone()));
    let ends = town.connect(town.client().suites(&[&SUITES[0]]).sessions(Some(careless)), town.server(), 2);
    assert_eq!((resumes(&ends), ends.client.cipher_suite()), (false, Some(&SUITES[0])));
    let ends = town.connect(town.client(), town.server().suites(&[&SUITES[0], &SUITES[1]]), 3);
    assert!(!resumes(&ends));
}

/// R-SES-13: the lifetime counts from the full handshake; resuming does not make it longer.
#[test]
fn a_session_lives_no_longer_than_its_lifetime_however_often_it_is_resumed() {
    let short = |s: ServerConfigBuilder| s.session_lifetime(100);
    let town = Town::new();
    town.connect(town.client(), short(town.server()), 1);
    for (seconds, good) in [(50, true), (90, true), (100, true), (101, false)] {
        let ends = town.connect(town.client(), short(town.server()), seconds);
        assert_eq!(resumes(&ends), good, "the server's, at {seconds}");
    }
    let town = Town::new();
    let short = |c: ClientConfigBuilder| c.session_lifetime(100);
    town.connect(short(town.client()), town.server(), 1);
    for (seconds, good) in [(50, true), (100, true), (101, false)] {
        let ends = town.connect(short(town.client()), town.server(), seconds);
        assert_eq!(resumes(&ends), good, "the client's, at {seconds}");
    }
    let too_long = town.server().session_lifetime(MAX_LIFETIME + 1).build();
    assert!(too_long.unwrap_err().to_string().contains("sessions live at most a day"));
}

/// Accepts everyone until some second.
struct Until(u64);

impl Verifier for Until {
    fn verify(&self, _: &PeerClaim, _: u64) -> Result<Verified, CertificateError> {
        Ok(Verified::assertion(NOW + self.0))
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn context(&self) -> Vec<u8> {
        b"until".to_vec()
    }
}

/// R-SES-5, R-SES-10, R-SES-11: certificates that have expired since are not resumed, on either side.
#[test]
fn a_session_ends_with_the_certificates_of_the_peer() {
    for by_server in [true, false] {
        let town = Town::new();
        let connect = |seconds| {
            let (client, server) = (town.client(), town.server().client_auth(ClientAuth::Require));
            match by_server {
                true => town.connect(client, server.verifier(Arc::new(Until(50))), seconds),
                false => town.connect(client.verifier(Arc::new(Until(50))), server, seconds),
            }
        };
        connect(1);
        for (seconds, good) in [(20, true), (50, true), (51, false)] {
            assert_eq!(resumes(&connect(seconds)), good, "by_server {by_server}, at {seconds}");
        }
    }
}

/// R-SES-5, R-SES-10: a session without a client is not resumed where one is required, even in the same context.
#[test]
fn an_anonymous_session_is_not_resumed_where_a_client_is_required() {
    let world = World::new();
    let plain = Scenario::full(&SUITES[1], ClientAuth::None, false);
    let session = world.record(&plain).stored[1].clone().unwrap();
    let offering = plain.clone().offering(session.clone(), true);
    let hello = world.record(&offering).server[0].1.clone();
    for (auth, state) in [
        (ClientAuth::None, "AwaitResumedChangeCipherSpec"),
        (ClientAuth::Request, "AwaitResumedChangeCipherSpec"),
        (ClientAuth::Require, "AwaitKeyExchangeSigned"),
    ] {
        let mut server = Scenario { auth, ..offering.clone() }.server(&world);
        server.give(&hello).unwrap();
        let identity = Selection::Identity { identity: world.server.clone(), by_name: true };
        server.give(&Given::Answer(Memo::IdentitySelected(identity))).unwrap();
        server.give(&Given::Answer(Memo::SessionFound(Some(session.clone())))).unwrap();
        assert_eq!(server.engine.state(), state, "{auth:?}");
    }
}

/// R-SES-11: what another client made, or one with other trust, or for another server, is not offered.
#[test]
fn a_client_offers_only_its_own_sessions_with_this_server() {
    type Change<'a> = &'a dyn Fn(ClientConfigBuilder) -> ClientConfigBuilder;
    let other =
        World::with(Town::new().world.provider, Options { client: "other".into(), ..Options::new(NOW) });
    let changes: [(&str, Change<'_>); 3] = [
        ("tag", &|c| c.session_tag(b"other")),
        ("verifier", &|c| c.verifier(Arc::new(Until(90)))),
        ("identity", &|c| c.identity(other.client.clone())),
    ];
    let town = Town::new();
    town.first();
    let offers = |client: ClientConnection| client.pending_output()[43] == 32;
    let client = |config: ClientConfigBuilder| Arc::new(config.build().unwrap());
    assert!(offers(ClientConnection::new(client(town.client()), name(), at(2)).unwrap()));
    for (what, change) in changes {
        let config = client(change(town.client()));
        assert!(!offers(ClientConnection::new(config, name(), at(2)).unwrap()), "{what}");
    }
    let config = client(town.client());
    let port = ClientConnection::with_session_tag(config.clone(), name(), b"8443", at(2)).unwrap();
    assert!(!offers(port), "port");
    let name = ServerName::try_from("other.example").unwrap();
    assert!(!offers(ClientConnection::new(config, name, at(2)).unwrap()), "name");
}

/// R-SES-11: what was made without verification is never offered.
#[test]
fn a_session_made_without_verification_is_not_resumed() {
    let town = Town::new();
    for _ in 0..2 {
        let ends = town.connect(town.client().verifier(Arc::new(NoVerification)), town.server(), 1);
        assert!(!resumes(&ends));
    }
}

/// R-SES-14: only suites in which both parties' keys enter the secret; the others get no session id at all.
#[test]
fn with_resume_only_ecdhe_other_sessions_are_neither_kept_nor_resumed() {
    for (suite, good) in SUITES.iter().zip([true, false, true, false]) {
        for by_server in [true, false] {
            let town = Town::new();
            let connect = |seconds| {
                let (client, server) = (town.client().suites(&[suite]), town.server());
                match by_server {
                    true => town.connect(client, server.resume_only_ecdhe(true), seconds),
                    false => town.connect(client.resume_only_ecdhe(true), server, seconds),
                }
            };
            connect(1);
            // R-SES-9: nor under an empty id.
            let kept = [&town.client, &town.server].map(|store| store.sessions().len() == 1);
            assert_eq!(kept, [good, good || !by_server]);
            assert_eq!(resumes(&connect(2)), good, "{} by_server {by_server}", suite.id);
        }
    }
}

/// R-SES-1, R-SES-6, R-SES-8, R-SES-9: what a server has forgotten gets a full handshake under a new id.
#[test]
fn a_forgotten_session_gives_way_to_a_new_one() {
    let town = Town::new();
    let mut ids = BTreeSet::new();
    for seconds in 1..6 {
        let forgetful = Town { world: World::new(), client: town.client.clone(), server: Arc::default() };
        let ends = forgetful.connect(forgetful.client(), forgetful.server(), seconds);
        assert!(!resumes(&ends));
        let [(_, session)] = &town.client.sessions()[..] else { panic!("one session") };
        assert!(session.id.as_slice().len() == 32 && ids.insert(session.id));
    }
    assert_eq!(town.client.removed(), 4);
}

/// R-SES-9: without a store no id is given, and none is looked for.
#[test]
fn a_server_without_a_store_gives_no_id() {
    let town = Town::new();
    town.first();
    let ends = town.connect(town.client(), town.server().sessions(None), 2);
    assert!(!resumes(&ends));
    assert!(town.client.sessions().is_empty(), "an empty id names nothing");
}

/// R-SES-4: not before both Finished were verified.
#[test]
fn a_session_is_stored_only_when_both_ends_have_proved_it() {
    let town = Town::new();
    let (client, server) =
        (Arc::new(town.client().build().unwrap()), Arc::new(town.server().build().unwrap()));
    let Ends { mut client, mut server } = Ends::new(&client, &server);
    carry(&mut client, &mut server).unwrap();
    carry(&mut server, &mut client).unwrap();
    let stored = || (town.client.sessions().len(), town.server.sessions().len());
    // All that the client has to say, up to Finished, waits; neither knows the other yet.
    assert_eq!(stored(), (0, 0));
    carry(&mut client, &mut server).unwrap();
    assert_eq!(stored(), (0, 1), "the server has seen the client's Finished");
    carry(&mut server, &mut client).unwrap();
    assert_eq!(stored(), (1, 1));
}

/// R-SES-12, R-AL-1: after a fatal alert on the open connection neither end resumes it.
#[test]
fn a_session_is_dropped_with_the_connection_that_fails() {
    let town = Town::new();
    let Ends { mut client, mut server } = town.first();
    assert!(client.receive(&[23, 1, 1, 0, 40], at(2)).is_ok());
    assert!(client.receive(&[0; 40], at(2)).is_err(), "does not open");
    assert!(carry(&mut client, &mut server).is_err(), "the alert comes");
    assert!(town.client.sessions().is_empty() && town.server.sessions().is_empty());
    assert!(!resumes(&town.connect(town.client(), town.server(), 3)));
}

/// R-AL-3, R-SES-4: an end of either kind that is no alert keeps it.
#[test]
fn a_session_survives_the_end_of_its_connection() {
    for close in [true, false] {
        let town = Town::new();
        let mut ends = town.first();
        if close {
            ends.client.close();
            ends.run().unwrap();
            assert!(read_all(&mut ends.server).is_empty());
        } else {
            assert!(ends.client.received_end(at(2)).is_err());
        }
        drop(ends);
        assert!(resumes(&town.connect(town.client(), town.server(), 3)), "close {close}");
    }
}

/// R-SES-12: a handshake that ends without an alert, by the stream's end or by the clock, says nothing against the session.
#[test]
fn a_session_survives_a_handshake_that_ends_without_an_alert() {
    for by_clock in [true, false] {
        let town = Town::new();
        town.first();
        let config = Arc::new(town.client().build().unwrap());
        let mut client = ClientConnection::new(config, name(), at(2)).unwrap();
        let ended = if by_clock { client.tick(at(100)) } else { client.received_end(at(2)) };
        assert!(ended.is_err() && client.is_closed());
        assert_eq!(town.client.removed(), 0);
        assert!(resumes(&town.connect(town.client(), town.server(), 3)), "by_clock {by_clock}");
    }
}

/// R-SES-4: however many come, the store of a server holds what it was made for.
#[test]
fn the_store_of_a_busy_server_stays_bounded() {
    let world = World::new();
    let (all, kept) = (Arc::new(Watched::default()), Arc::new(MemoryStore::new(2, 1000)));
    let server = world.server().sessions(Some(kept.clone())).suites(&[&SUITES[1]]).build().unwrap();
    let server = Arc::new(server);
    let mut clients = Vec::new();
    for tag in 0..5u8 {
        let client = world.client().sessions(Some(all.clone())).session_tag(&[tag]).build().unwrap();
        clients.push(Arc::new(client));
        Ends::new(&clients[usize::from(tag)], &server).connected();
    }
    let resumed: Vec<bool> =
        clients.iter().rev().take(2).map(|c| resumes(&Ends::new(c, &server).connected())).collect();
    assert_eq!(resumed, [true, true]);
    assert!(!resumes(&Ends::new(&clients[0], &server).connected()));
}
