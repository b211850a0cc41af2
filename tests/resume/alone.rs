//! Checks of sessions that stand one on the other, each tried alone: with a store that hands out what it should not, an
//! engine whose other half was never asked, and a configuration that changed over a store that did not.
use super::{Ends, Options, Scenario, Town, World, pair, resumes};
use crate::engine::{Driver, Given, Memo};
use crate::pair::{NOW, Side};
use std::sync::Arc;
use tlcp::cert::{Identity, KeyUse, ServerName};
use tlcp::config::{ClientAuth, ClientConfig};
use tlcp::handshake::{Action, Selection, server};
use tlcp::message::SessionId;
use tlcp::pki::Template;
use tlcp::session::{Peer, Session, SessionKey};
use tlcp::suite::{SUITES, TLCP};
#[cfg(feature = "tls12")]
use tlcp::wire::MaxFragmentLength;

/// A session of an ECC suite, from the server's side.
fn stored(world: &World, scenario: &Scenario) -> Arc<Session> {
    world.record(scenario).stored[1].clone().unwrap()
}

/// The same but for its id and its peer.
fn changed(session: &Session, id: SessionId, peer: &Peer) -> Arc<Session> {
    let mut session = session.clone();
    (session.id, session.peer) = (id, peer.clone());
    Arc::new(session)
}

/// The same but for its id.
fn under(session: &Session, id: SessionId) -> Arc<Session> {
    changed(session, id, &session.peer)
}

/// A server that was offered `offered` and whose store hands it `found`, whatever was asked for.
fn given(
    world: &World,
    scenario: &Scenario,
    offered: &Arc<Session>,
    found: Arc<Session>,
) -> Driver<server::State> {
    let offering = scenario.clone().offering(offered.clone(), true);
    let hello = world.record(&offering).server[0].1.clone();
    let mut server = offering.server(world);
    // It could do every suite.
    server.policy.suites = TLCP.suites().collect();
    server.give(&hello).unwrap();
    let identity = Selection::Identity { identity: world.server.clone(), by_name: true };
    server.give(&Given::Answer(Memo::IdentitySelected(identity))).unwrap();
    server.give(&Given::Answer(Memo::SessionFound(Some(found)))).unwrap();
    server
}

const RESUMED: &str = "AwaitResumedChangeCipherSpec";

/// R-SES-10, R-CS-4: the hello must offer the session's suite, whatever the store says and whoever enabled it.
#[test]
fn a_server_does_not_resume_in_a_suite_that_the_hello_lacks() {
    let world = World::new();
    let [one, other] = [&SUITES[1], &SUITES[3]].map(|s| Scenario::full(s, ClientAuth::None, false));
    let [offered, found] = [&one, &other].map(|s| stored(&world, s));
    let server = given(&world, &one, &offered, offered.clone());
    assert_eq!(server.engine.state(), RESUMED);
    let found = under(&found, offered.id);
    assert_eq!(given(&world, &one, &offered, found).engine.state(), "AwaitKeyExchangeSigned");
}

/// R-SES-9: what is resumed is what was offered: a store that hands out a session of another id, or of none, is not believed.
#[test]
fn a_server_does_not_resume_a_session_of_another_id() {
    let world = World::new();
    let scenario = Scenario::full(&SUITES[1], ClientAuth::None, false);
    let offered = stored(&world, &scenario);
    for id in [SessionId::new([9; 32]), SessionId::EMPTY, SessionId::from_slice(&[7; 31]).unwrap()] {
        let server = given(&world, &scenario, &offered, under(&offered, id));
        assert_eq!(server.engine.state(), "AwaitKeyExchangeSigned", "{id:?}");
    }
}

/// R-SES-10, R-CS-3: no session of a suite that is always mutual is resumed without a client in it, wherever a store has it
/// from and whatever the policy asks of others.
#[test]
fn a_server_does_not_resume_a_mutual_suite_without_a_client() {
    let world = World::new();
    let scenario = Scenario::full(&SUITES[0], ClientAuth::None, true);
    let session = stored(&world, &scenario);
    assert_eq!(given(&world, &scenario, &session, session.clone()).engine.state(), RESUMED);
    let anonymous = changed(&session, session.id, &Peer::Anonymous);
    assert_ne!(given(&world, &scenario, &session, anonymous).engine.state(), RESUMED);
}

/// R-SES-9, R-SES-11: a client offers nothing of a store that hands out a session of no id, of a suite that it has not
/// enabled, or of one that it does not resume: it is then as if there were none, and none is dropped.
#[test]
fn a_client_offers_nothing_that_it_could_not_resume() {
    let world = World::new();
    let scenario = Scenario::full(&SUITES[1], ClientAuth::None, false);
    let session = stored(&world, &scenario);
    let other = stored(&world, &Scenario::full(&SUITES[3], ClientAuth::None, false));
    let full = world.record(&scenario).client;
    let after = |found: &Arc<Session>, only_ecdhe: bool| {
        let mut client = scenario.client(&world);
        client.policy.resume_only_ecdhe = only_ecdhe;
        client.give(&Given::Answer(Memo::SessionFound(Some(found.clone())))).unwrap();
        let Some(Action::Write(hello)) = client.actions.pop() else { panic!("a ClientHello") };
        let length = hello.as_handshake().body[34];
        client.give(&full[1].1).unwrap();
        let dropped = client.actions.iter().any(|action| matches!(action, Action::DropSession(_)));
        (length, dropped)
    };
    let forgotten = under(&session, SessionId::new([5; 32]));
    assert_eq!(after(&forgotten, false), (32, true), "R-SES-6");
    let nameless = under(&session, SessionId::EMPTY);
    for (what, found, only_ecdhe) in
        [("no id", &nameless, false), ("another suite", &other, false), ("ECC", &forgotten, true)]
    {
        assert_eq!(after(found, only_ecdhe), (0, false), "{what}");
    }
}

/// R-SES-14: a session that was kept before the policy changed is not resumed under the new one, by either side.
#[test]
fn resume_only_ecdhe_holds_over_a_store_that_was_filled_before() {
    for (suite, good) in SUITES.iter().zip([true, false, true, false]) {
        for by_server in [true, false] {
            let town = Town::new();
            let (client, server) = (|| town.client().suites(&[suite]), || town.server());
            town.connect(client(), server(), 1);
            let ends = match by_server {
                true => town.connect(client(), server().resume_only_ecdhe(true), 2),
                false => town.connect(client().resume_only_ecdhe(true), server(), 2),
            };
            assert_eq!(resumes(&ends), good, "{} by_server {by_server}", suite.id);
        }
    }
}

/// A party with one half of its pair renewed: another key and another signature, at the same length to the byte, so that
/// nothing but the bytes of that half tells it from the old one.
fn renewed(world: &World, party: Side, half: KeyUse) -> Arc<Identity> {
    let options = Options::new(NOW);
    let template = Template::new(options.not_before, options.not_after).organization(&options.organization);
    let (pair, template) = match party {
        Side::Client => (&world.pki.client, template.common_name(&options.client).for_client()),
        Side::Server => {
            (&world.pki.server, template.common_name("localhost").names(&options.hosts).for_server())
        }
    };
    let (old, template) = match half {
        KeyUse::Sign => (&pair.sign, template.for_signing()),
        KeyUse::Encrypt | KeyUse::Agree => (&pair.encrypt, template.for_encryption()),
    };
    let issue =
        |seed| world.pki.intermediate.issue(&template, &world.provider, &pair::Counting::from(seed)).unwrap();
    let fresh = (70..).map(issue).find(|c| c.certificate.len() == old.certificate.len()).unwrap();
    let (sign, encrypt) = match half {
        KeyUse::Sign => (&fresh, &pair.encrypt),
        KeyUse::Encrypt | KeyUse::Agree => (&pair.sign, &fresh),
    };
    let mut pile = [sign, encrypt].map(|c| format!("{}{}", c.certificate_pem(), *c.key_pem())).concat();
    pile.push_str(&world.pki.intermediate.certificate_pem());
    Arc::new(Identity::from_pile(&[pile.as_bytes()], None, &world.provider).unwrap())
}

/// R-SES-10, R-SES-11, R-SES-16: each of our own two certificates counts, on either side.
#[test]
fn a_session_does_not_outlive_either_certificate_of_ones_own_pair() {
    for half in [KeyUse::Sign, KeyUse::Encrypt] {
        let town = Town::new();
        town.first();
        let client =
            Arc::new(town.client().identity(renewed(&town.world, Side::Client, half)).build().unwrap());
        let server = Arc::new(town.server().build().unwrap());
        let ends = Ends::at(&client, &server, 2);
        assert_eq!(ends.client.pending_output()[43], 0, "the client's {half:?}: no session is offered");
        let identity = renewed(&town.world, Side::Server, half);
        let server =
            tlcp::config::ServerConfig::builder_with(town.world.provider, Arc::new(pair::Counting::from(71)));
        let server = server.identity(identity).verifier(town.world.verifier.clone());
        let ends = town.connect(town.client(), server.sessions(Some(town.server.clone())), 2);
        assert!(!resumes(&ends), "the server's {half:?}");
    }
}

/// R-SES-11: sessions are found by who we are: two halves of different pairs are a third.
#[test]
fn a_session_key_stands_for_both_certificates() {
    let town = Town::new();
    let key = |identity: &Arc<Identity>| -> SessionKey {
        let config = town.client().identity(identity.clone()).build().unwrap();
        config.session_key(&pair::name(), b"").unwrap()
    };
    let keys = [
        key(&town.world.client),
        key(&renewed(&town.world, Side::Client, KeyUse::Sign)),
        key(&renewed(&town.world, Side::Client, KeyUse::Encrypt)),
    ];
    assert!(keys[0] != keys[1] && keys[0] != keys[2] && keys[1] != keys[2]);
}

/// R-SES-11: a host's name is the same in any case, and another protocol's session is another.
#[test]
fn a_session_key_stands_for_a_host_and_a_protocol() {
    let town = Town::new();
    let client = town.client().build().unwrap();
    let key = |name: &str| client.session_key(&ServerName::try_from(name).unwrap(), b"").unwrap();
    assert_eq!(key("LocalHost"), key("localhost"));
    assert_ne!(key("localhost"), key("127.0.0.1"));
    #[cfg(feature = "tls12")]
    {
        let (provider, random) = (town.world.provider, || Arc::new(pair::Counting::from(72)));
        let builders = [
            ClientConfig::builder_with(provider, random()),
            ClientConfig::tls12_builder_with(provider, random()),
        ];
        let [tlcp, tls] = builders.map(|client| {
            let client = client.verify_later(Some(b"x")).select_later(Some(b"y"));
            let client = client.sessions(Some(pair::store())).build().unwrap();
            client.session_key(&pair::name(), b"").unwrap()
        });
        assert_ne!(tlcp, tls);
    }
}

/// R-SES-11, R-ETM-1, R-EXT-5: a client that offers other terms than those of a session does not come with it.
#[cfg(feature = "tls12")]
#[test]
fn a_session_is_not_found_by_a_client_that_offers_other_terms() {
    use tlcp::config::ClientConfigBuilder;
    type Change = fn(ClientConfigBuilder) -> ClientConfigBuilder;
    let world = World::tls12(pair::single::Kind::Rsa);
    let (kept, suite) = (pair::store(), tlcp::suite::Suite::by_name("AES128-SHA256").unwrap());
    let server = Arc::new(world.server().suites(&[suite]).build().unwrap());
    let offers = |change: Change| {
        let client = change(world.client().suites(&[suite]).sessions(Some(kept.clone())));
        let ends = Ends::new(&Arc::new(client.build().unwrap()), &server);
        let offers = ends.client.pending_output()[43] != 0;
        assert_eq!(resumes(&ends.connected()), offers);
        offers
    };
    assert_eq!([offers(|c| c), offers(|c| c)], [false, true]);
    let changes: [(&str, Change); 4] = [
        ("encrypt_then_mac", |c| c.encrypt_then_mac(false)),
        ("max_fragment_length", |c| c.max_fragment_length(MaxFragmentLength::BYTES_512)),
        ("another max_fragment_length", |c| c.max_fragment_length(MaxFragmentLength(2))),
        ("hello_extensions", |c| c.hello_extensions(false)),
    ];
    for (what, change) in changes {
        assert_eq!([offers(change), offers(change)], [false, true], "{what}");
    }
    assert!(offers(|c| c.alpn([&b"h2"[..]])), "of what is agreed on anew each time");
}

/// R-SES-14: what both sides call the server is SM3 of its signing certificate, be the handshake full or resumed.
#[test]
fn the_servers_end_point_is_the_hash_of_its_signing_certificate() {
    let town = Town::new();
    let certificate = &town.world.server.certificate(KeyUse::Sign)[..];
    let expected = town.world.provider.hashes.digest(tlcp::suite::HashAlgorithm::Sm3, &[certificate]);
    for seconds in 1..3 {
        let ends = town.connect(town.client(), town.server(), seconds);
        assert_eq!(resumes(&ends), seconds == 2);
        assert_eq!(ends.client.server_end_point(), Some(expected.as_ref()));
        assert_eq!(ends.server.server_end_point(), Some(expected.as_ref()));
    }
}
