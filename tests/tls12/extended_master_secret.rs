//! Who has extended_master_secret and who has not: in full handshakes, in resumed ones, and where it is demanded.
use crate::client_hello::{self, answer};
use crate::hello::Hello;
use crate::script::{Case, Item, Lab};
use crate::watched::Watched;
use crate::{BY_TICKET, ECC, RESUMED, kinds, said, server_hello, with};
use std::sync::Arc;
use tlcp::wire::{AlertDescription as A, ExtensionType as X, HandshakeType as H};

const EMS: u16 = 23;

fn has(hello: &Hello) -> bool {
    hello.extensions.iter().flatten().any(|(kind, data)| *kind == EMS && data.is_empty())
}

/// R-EMS-1, R-BCP-6
#[test]
fn it_is_always_offered_and_answered() {
    for lab in [&*ECC, &RESUMED, &BY_TICKET] {
        assert!(has(&client_hello::hello(lab)) && has(&server_hello::hello(lab)));
    }
    let hello = client_hello::without(client_hello::hello(&ECC), X::EXTENDED_MASTER_SECRET);
    let outcome = client_hello::play(&ECC, &hello);
    outcome.went_well();
    assert!(!has(&answer(&outcome)));
    let odd = client_hello::hello(&ECC).with(X::EXTENDED_MASTER_SECRET, &[0]);
    client_hello::play(&ECC, &odd).refused(A::DECODE_ERROR, "ClientHello: extended_master_secret");
    let odd = server_hello::hello(&ECC).with(X::EXTENDED_MASTER_SECRET, &[0]);
    server_hello::play(&ECC, &odd).refused(A::DECODE_ERROR, "ServerHello: extended_master_secret");
}

/// R-EMS-5, R-T12-26: without it there is no exporter and no tls-unique.
#[test]
fn without_it_there_is_no_exporter() {
    let hello = client_hello::without(client_hello::hello(&ECC), X::EXTENDED_MASTER_SECRET);
    for (script, exports) in [(ECC.client.clone(), true), (with(&ECC.client, hello.to_message()), false)] {
        let mut player = ECC.server_player(&Arc::new(Watched::default()));
        player.play(&script);
        assert!(!player.victim.is_handshaking());
        assert_eq!(player.victim.exporter().is_some(), exports);
    }
    let hello = client_hello::without(server_hello::hello(&ECC), X::EXTENDED_MASTER_SECRET);
    for (script, exports) in [(ECC.server.clone(), true), (with(&ECC.server, hello.to_message()), false)] {
        let mut player = ECC.client_player(&Arc::new(Watched::default()));
        player.play(&script);
        assert!(!player.victim.is_handshaking());
        assert_eq!(player.victim.exporter().is_some(), exports);
    }
}

/// R-EMS-6: the one named switch, on either side.
#[test]
fn who_demands_it_refuses_a_peer_without() {
    let strict = Lab::new(Case { client: |c| c.require_ems(), server: |s| s.require_ems(), ..ECC.case });
    strict.to_server(&strict.client).went_well();
    strict.to_client(&strict.server).went_well();
    let hello = client_hello::without(client_hello::hello(&strict), X::EXTENDED_MASTER_SECRET);
    client_hello::play(&strict, &hello).refused(A::HANDSHAKE_FAILURE, "R-EMS-6");
    let hello = client_hello::without(server_hello::hello(&strict), X::EXTENDED_MASTER_SECRET);
    server_hello::play(&strict, &hello).refused(A::HANDSHAKE_FAILURE, "R-EMS-6");
}

/// A resumption by id of a session that has it, or has not.
fn resumption(session_has: bool) -> Lab {
    let lab = Lab::new(RESUMED.case);
    lab.with_sessions(|session| session.terms.extended_master_secret = session_has)
}

/// R-EMS-3, R-EMS-6: what the server does with each combination of session and hello.
#[test]
fn a_server_resumes_only_with_what_the_session_has() {
    for session_has in [true, false] {
        let lab = resumption(session_has);
        let with = client_hello::hello(&lab);
        let without = client_hello::without(with.clone(), X::EXTENDED_MASTER_SECRET);
        for (hello_has, hello) in [(true, with), (false, without)] {
            let outcome = lab.to_server(&[Item::Message(hello.to_message())]);
            match (session_has, hello_has) {
                (true, false) => {
                    outcome.refused(A::HANDSHAKE_FAILURE, "extended_master_secret");
                    assert_eq!(outcome.removed, 0, "R-SES-12");
                }
                (false, true) => {
                    assert_eq!(outcome.error, None);
                    assert!(kinds(&outcome.heard).contains(&H::CERTIFICATE), "a full handshake");
                    assert!(has(&answer(&outcome)));
                }
                (true, true) | (false, false) => {
                    assert_eq!(outcome.error, None);
                    assert!(!kinds(&outcome.heard).contains(&H::CERTIFICATE), "resumed");
                    assert_eq!(has(&answer(&outcome)), session_has);
                }
            }
        }
    }
}

/// R-EMS-4, R-EMS-6: a client's ServerHello must have what the session has; and a resumed connection without it exports nothing.
#[test]
fn a_client_resumes_only_with_what_the_session_has() {
    for session_has in [true, false] {
        let lab = resumption(session_has);
        let with_it = Hello::read(&said(&lab.server, H::SERVER_HELLO));
        let without = client_hello::without(with_it.clone(), X::EXTENDED_MASTER_SECRET);
        for (hello_has, hello) in [(true, with_it), (false, without)] {
            let script = with(&lab.server, hello.to_message());
            let mut player = lab.client_player(&Arc::new(lab.store(false)));
            player.play(&script);
            if session_has == hello_has {
                assert!(player.error.is_none() && player.victim.is_resumed());
                assert_eq!(player.victim.exporter().is_some(), session_has);
            } else {
                let outcome = lab.to_client(&script);
                outcome.refused(A::HANDSHAKE_FAILURE, "extended_master_secret");
                assert_eq!(outcome.removed, 1, "R-SES-12, R-T12-14");
            }
        }
    }
}

/// R-EMS-6: neither has it, and it is demanded: nothing is resumed.
#[test]
fn a_session_without_it_is_not_resumed_where_it_is_demanded() {
    let lab = resumption(false);
    let hello = client_hello::without(client_hello::hello(&lab), X::EXTENDED_MASTER_SECRET);
    let strict = lab.world.server().suites(&[lab.case.suite]).require_ems();
    let outcome = lab.to_server_of(strict, &[Item::Message(hello.to_message())]);
    outcome.refused(A::HANDSHAKE_FAILURE, "R-EMS-6");
    let hello = client_hello::without(server_hello::hello(&lab), X::EXTENDED_MASTER_SECRET);
    let strict = lab.world.client().suites(&[lab.case.suite]).require_ems();
    let outcome = lab.to_client_of(strict, &with(&lab.server, hello.to_message()));
    outcome.refused(A::HANDSHAKE_FAILURE, "R-EMS-6");
}
