//! rustls as client and as server: both sides agree on everything that they can be asked about.
use crate::pair::single::{self, Kind, OTHER};
use crate::pair::{World, store};
use crate::rustls_peer::{self as peer, Choice, Failed, Mixed, MixedClient, MixedServer};
use crate::{GROUPS, default_suites, ticketer};
use rustls::{AlertDescription, HandshakeKind};
use std::sync::Arc;
use tlcp::config::ClientAuth;
use tlcp::conn::Endpoint;
use tlcp::error::{Error, PeerIncompatible};
use tlcp::suite::{KeyKind, Suite};
use tlcp::wire::{AlertDescription as A, NamedGroup};

/// How the second connection is resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Id,
    Ticket,
}

/// Suite, exporter's values and kind of handshake are the same on both ends, and data flows.
fn check<S: Endpoint>(mixed: &mut Mixed<S>, suite: &Suite, resumed: bool, what: &str) {
    assert_eq!(mixed.ours.cipher_suite(), Some(suite), "{what}");
    let theirs = mixed.theirs.negotiated_cipher_suite().unwrap().suite();
    assert_eq!(u16::from(theirs), suite.id.0, "{what}");
    assert_eq!(mixed.ours.is_resumed(), resumed, "{what}");
    let kind = if resumed { HandshakeKind::Resumed } else { HandshakeKind::Full };
    assert_eq!(mixed.theirs.handshake_kind(), Some(kind), "{what}");
    let exporter = mixed.ours.exporter().unwrap();
    for context in [None, Some(&b""[..]), Some(b"context")] {
        let (mut ours, mut theirs) = ([0; 40], [0; 40]);
        exporter.export(b"EXPORTER-test", context, &mut ours).unwrap();
        mixed.theirs.export_keying_material(&mut theirs, b"EXPORTER-test", context).unwrap();
        assert_eq!(ours, theirs, "{what}");
    }
    mixed.exchange(b"there and back");
}

/// Every suite with every kind of key that it takes.
fn suites_and_keys() -> Vec<(&'static Suite, Kind)> {
    let with_keys = |suite: &'static Suite| {
        Kind::ALL.into_iter().filter(move |k: &Kind| k.fits(suite)).map(move |kind| (suite, kind))
    };
    default_suites().flat_map(with_keys).collect()
}

fn our_client(suite: &'static Suite, kind: Kind, group: NamedGroup, by: By) {
    let what = format!("{} {kind:?} {group} {by:?}", suite.id);
    let world = World::tls12(kind);
    let ours = Arc::new(world.client().suites(&[suite]).build().unwrap());
    let choice = Choice { suite: Some(suite), group: Some(group) };
    let theirs = Arc::new(peer::server(choice, kind, false, by == By::Ticket));
    for resumed in [false, true, true] {
        let mut mixed = MixedClient::client(&ours, &theirs).connected();
        check(&mut mixed, suite, resumed, &what);
        if !resumed {
            let theirs = mixed.theirs.negotiated_key_exchange_group().unwrap();
            assert_eq!(u16::from(theirs.name()), group.0, "{what}");
        }
    }
}

fn our_server(suite: &'static Suite, kind: Kind, group: NamedGroup, by: By) {
    let what = format!("{} {kind:?} {group} {by:?}", suite.id);
    let world = World::tls12(kind);
    let ours = world.server().suites(&[suite]).groups(&[group]).tickets(ticketer(&world)).build().unwrap();
    let ours = Arc::new(ours);
    let choice = Choice { suite: Some(suite), group: None };
    let theirs = Arc::new(peer::client(choice, None, by == By::Ticket));
    for resumed in [false, true, true] {
        let mut mixed = MixedServer::server(&ours, &theirs).connected();
        check(&mut mixed, suite, resumed, &what);
        if !resumed {
            let theirs = mixed.theirs.negotiated_key_exchange_group().unwrap();
            assert_eq!(u16::from(theirs.name()), group.0, "{what}");
        }
    }
}

/// R-EC-3, R-EC-6, R-EC-7, R-AEAD-1, R-AEAD-2, R-AEAD-3, R-EMS-2, R-KEY-7, R-T12-13, R-T12-19, R-T12-20, R-T12-26, R-TKT-1,
/// R-TKT-2: every suite with every group and kind of key, full, and resumed by id and by ticket.
#[test]
fn our_client_and_a_rustls_server_speak_every_suite() {
    for (suite, kind) in suites_and_keys() {
        for group in GROUPS {
            for by in [By::Id, By::Ticket] {
                our_client(suite, kind, group, by);
            }
        }
    }
}

/// R-EC-3, R-EC-6, R-EC-7, R-AEAD-1, R-AEAD-2, R-AEAD-3, R-EMS-2, R-KEY-7, R-T12-13, R-T12-19, R-T12-20, R-T12-26, R-TKT-1,
/// R-TKT-2: the other way around.
#[test]
fn a_rustls_client_and_our_server_speak_every_suite() {
    for (suite, kind) in suites_and_keys() {
        for group in GROUPS {
            for by in [By::Id, By::Ticket] {
                our_server(suite, kind, group, by);
            }
        }
    }
}

/// R-T12-8, R-T12-18, R-T12-20: client certificates of each kind, to servers of each kind, and whose they are is known after
/// resumption too.
#[test]
fn client_certificates_of_every_kind_are_taken() {
    for own in Kind::ALL {
        for kind in [Kind::P256, Kind::Rsa] {
            let world = World { client: World::tls12(own).client, ..World::tls12(kind) };
            let ours = Arc::new(world.client().build().unwrap());
            let theirs = Arc::new(peer::server(Choice::default(), kind, true, true));
            for resumed in [false, true] {
                let mixed = MixedClient::client(&ours, &theirs).connected();
                assert_eq!(mixed.ours.is_resumed(), resumed);
                let seen = mixed.theirs.peer_certificates().unwrap();
                assert_eq!(seen, [single::certificate(own.client())], "{own:?}");
            }
            let server = world.server().client_auth(ClientAuth::Require).tickets(ticketer(&world));
            let ours = Arc::new(server.build().unwrap());
            let theirs = Arc::new(peer::client(Choice::default(), Some(own), true));
            for resumed in [false, true] {
                let mixed = MixedServer::server(&ours, &theirs).connected();
                assert_eq!(mixed.ours.is_resumed(), resumed);
                let seen = mixed.ours.peer_certificates().unwrap();
                assert_eq!(&*seen[0], single::certificate(own.client()).as_ref(), "{own:?}");
            }
        }
    }
}

/// R-T12-1: asked, and without one, each side goes on with an empty list; whoever demands one refuses it.
#[test]
fn a_client_without_certificates_shows_an_empty_list() {
    let world = World::tls12(Kind::P256);
    let theirs = || Arc::new(peer::client(Choice::default(), None, true));
    let asking = Arc::new(world.server().client_auth(ClientAuth::Request).build().unwrap());
    let mixed = MixedServer::server(&asking, &theirs()).connected();
    assert_eq!(mixed.ours.peer_certificates(), None);
    let demanding = Arc::new(world.server().client_auth(ClientAuth::Require).build().unwrap());
    match MixedServer::server(&demanding, &theirs()).run() {
        Err(Failed::Ours(Error::PeerIncompatible(PeerIncompatible::ClientCertificateMissing))) => {}
        other => panic!("{other:?}"),
    }
    let bare = tlcp::config::ClientConfig::tls12_builder().verifier(world.verifier).build().unwrap();
    let theirs = Arc::new(peer::server(Choice::default(), Kind::P256, true, true));
    match MixedClient::client(&Arc::new(bare), &theirs).run() {
        Err(Failed::Theirs(rustls::Error::NoCertificatesPresented)) => {}
        other => panic!("{other:?}"),
    }
}

/// R-ALPN-2, R-ALPN-3: the server's first choice, in full and resumed handshakes; nothing in common is fatal.
#[test]
fn application_protocols_are_agreed_on_or_refused() {
    let world = World::tls12(Kind::P256);
    let both = || [&b"http/1.1"[..], b"h2"];
    let mut theirs = peer::client(Choice::default(), None, true);
    theirs.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let theirs = Arc::new(theirs);
    let ours = Arc::new(world.server().alpn(both()).tickets(ticketer(&world)).build().unwrap());
    for resumed in [false, true] {
        let mixed = MixedServer::server(&ours, &theirs).connected();
        assert_eq!((mixed.ours.alpn(), mixed.ours.is_resumed()), (Some(&b"http/1.1"[..]), resumed));
        assert_eq!(mixed.theirs.alpn_protocol(), Some(&b"http/1.1"[..]));
    }
    let ours = Arc::new(world.server().alpn([&b"spdy/1"[..]]).build().unwrap());
    let mut mixed = MixedServer::server(&ours, &theirs);
    let Err(Failed::Ours(error)) = mixed.run() else { panic!("it went well") };
    assert_eq!(tlcp::alert::alert_for(&error), Some(A::NO_APPLICATION_PROTOCOL));
    match mixed.run() {
        Err(Failed::Theirs(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol))) => {}
        other => panic!("{other:?}"),
    }

    let mut theirs = peer::server(Choice::default(), Kind::P256, false, true);
    theirs.alpn_protocols = vec![b"h2".to_vec()];
    let theirs = Arc::new(theirs);
    let ours = Arc::new(world.client().alpn(both()).build().unwrap());
    for resumed in [false, true] {
        let mixed = MixedClient::client(&ours, &theirs).connected();
        assert_eq!((mixed.ours.alpn(), mixed.ours.is_resumed()), (Some(&b"h2"[..]), resumed));
    }
    let ours = Arc::new(world.client().alpn([&b"spdy/1"[..]]).build().unwrap());
    let mut mixed = MixedClient::client(&ours, &theirs);
    assert!(matches!(mixed.run(), Err(Failed::Theirs(_))));
    match mixed.run() {
        Err(Failed::Ours(Error::AlertReceived(A::NO_APPLICATION_PROTOCOL))) => {}
        other => panic!("{other:?}"),
    }
}

/// R-EXT-1, R-T12-22: of several identities the name decides, then the kinds of keys that the client can use.
#[test]
fn an_identity_is_chosen_by_name_and_by_kind_of_key() {
    let world = World::tls12(Kind::P256);
    let of = |kind: Kind| Arc::new(single::identity(kind.server(), &world.provider));
    let other = Arc::new(single::identity(OTHER, &world.provider));
    for order in [[Kind::P256, Kind::Rsa], [Kind::Rsa, Kind::P256]] {
        let server =
            tlcp::config::ServerConfig::tls12_builder().identity_for(["other.example"], other.clone());
        let server = order.into_iter().fold(server, |server, kind| server.identity(of(kind)));
        let ours = Arc::new(server.build().unwrap());
        for suite in default_suites() {
            let choice = Choice { suite: Some(suite), ..Choice::default() };
            let theirs = Arc::new(peer::client(choice, None, true));
            let mixed = MixedServer::server(&ours, &theirs).connected();
            let shown = mixed.theirs.peer_certificates().unwrap()[0].clone();
            assert_eq!(shown, single::certificate(Kind::of(suite).server()), "{}", suite.id);
            if suite.key_exchange.authenticates == KeyKind::Ecdsa {
                let mixed = MixedServer::server_named(&ours, &theirs, "other.example").connected();
                assert_eq!(mixed.theirs.peer_certificates().unwrap()[0], single::certificate(OTHER));
                assert_eq!(mixed.ours.server_name(), Some("other.example"));
            }
        }
    }
}

/// R-T12-24: bytes one at a time, and records as short as rustls can make them.
#[test]
fn messages_in_many_pieces_are_put_together() {
    for (suite, kind) in suites_and_keys() {
        let world = World { client: World::tls12(kind).client, ..World::tls12(kind) };
        let choice = Choice { suite: Some(suite), ..Choice::default() };
        for fragment in [32, 33, 100, 1000] {
            let mut theirs = peer::client(choice, Some(kind), true);
            theirs.max_fragment_size = Some(fragment);
            let ours = Arc::new(world.server().client_auth(ClientAuth::Require).build().unwrap());
            let mut mixed = MixedServer::server(&ours, &Arc::new(theirs));
            mixed.chunk = fragment % 7 + 1;
            check(&mut mixed.connected(), suite, false, "server");
            let mut theirs = peer::server(choice, kind, true, true);
            theirs.max_fragment_size = Some(fragment);
            let ours = Arc::new(world.client().build().unwrap());
            let mut mixed = MixedClient::client(&ours, &Arc::new(theirs));
            mixed.chunk = fragment % 7 + 1;
            check(&mut mixed.connected(), suite, false, "client");
        }
    }
}

fn much_data<S: Endpoint>(mut mixed: Mixed<S>) {
    let data: Vec<u8> = (0..1_u32 << 20).map(|i| (i % 251) as u8).collect();
    mixed.exchange(&data);
    mixed.ours.close();
    mixed.run().unwrap();
    mixed.theirs.send_close_notify();
    mixed.run().unwrap();
    assert!(mixed.ours.is_closed(), "close_notify came");
    assert_eq!(std::io::Read::read(&mut mixed.theirs.reader(), &mut [0; 9]).unwrap(), 0, "and went");
}

/// R-AEAD-1, R-AEAD-3, R-T12-12, R-T12-13: a mebibyte each way in each cipher, and an orderly end.
#[test]
fn much_data_flows_both_ways() {
    for (suite, kind) in suites_and_keys().into_iter().filter(|(_, kind)| *kind != Kind::P384) {
        let world = World::tls12(kind);
        let choice = Choice { suite: Some(suite), ..Choice::default() };
        let ours = Arc::new(world.server().suites(&[suite]).sessions(Some(store())).build().unwrap());
        let theirs = Arc::new(peer::client(choice, None, true));
        much_data(MixedServer::server(&ours, &theirs).connected());
        let ours = Arc::new(world.client().suites(&[suite]).build().unwrap());
        let theirs = Arc::new(peer::server(choice, kind, false, true));
        much_data(MixedClient::client(&ours, &theirs).connected());
    }
}
