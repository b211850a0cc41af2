//! Our own two ends, where no recording says what must come.
use crate::recorded::bytes;
use crate::town::{NOW, Town, accept, at, connect, output, receive, shake};
use std::sync::Arc;
use tlcp::alert::alert_for;
use tlcp::cert::{
    IbcKeys, Identity, Key, KeyCentres, KeyUse, PeerClaim, PeerKeys, PeerRole, ServerName, Verified, Verifier,
};
use tlcp::config::{ClientAuth, ClientConfig};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ServerConnection};
use tlcp::crypto::random::SystemRandom;
use tlcp::error::{CertificateError, CertificateProblem, Error, PeerIncompatible};
use tlcp::handshake::{Answer, Request};
use tlcp::message::Credential;
use tlcp::session::{MemoryStore, SessionStore};
use tlcp::suite::{KeyExchange, SUITES, Suite};
use tlcp::wire::AlertDescription as A;

fn suites() -> Vec<&'static Suite> {
    let kinds = [KeyExchange::IBC, KeyExchange::IBSDH];
    SUITES.iter().filter(|suite| kinds.contains(&suite.key_exchange)).collect()
}

fn problem(end: &Result<(), Error>) -> Option<&CertificateProblem> {
    match end {
        Err(Error::Certificate(e)) => Some(&e.problem),
        _ => None,
    }
}

fn alert(end: &Result<(), Error>) -> Option<A> {
    end.as_ref().err().and_then(alert_for)
}

/// R-IBC-1, R-IBC-2, R-IBC-3, R-IBC-5, R-IBC-6, R-SES-14: full and resumed, asked and not asked, and who the peer is each
/// time.
#[test]
fn every_suite_connects_and_resumes_with_the_identity_in_the_session() {
    let town = Town::here();
    for suite in suites() {
        for auth in [ClientAuth::None, ClientAuth::Request, ClientAuth::Require] {
            let (sessions, kept) = (Arc::new(MemoryStore::default()), Arc::new(MemoryStore::default()));
            let client =
                town.client().identity(town.identity("client")).sessions(Some(kept)).suites(&[suite]);
            let server = town.server().identity(town.identity("server")).client_auth(auth);
            let server = server.sessions(Some(sessions)).suites(&[suite]);
            for resumed in [false, true] {
                let mut ends = (connect(client.clone()), accept(server.clone()));
                let outcome = shake(&mut ends.0, &mut ends.1);
                assert_eq!(outcome, [Ok(()), Ok(())], "{} {auth:?}", suite.id);
                assert_eq!((ends.0.is_resumed(), ends.1.is_resumed()), (resumed, resumed));
                assert_eq!(ends.0.peer_identity(), Some(&b"server@kgc.example"[..]));
                let is_known = auth != ClientAuth::None || suite.key_exchange.is_mutual();
                let client = is_known.then_some(&b"client@kgc.example"[..]);
                assert_eq!(ends.1.peer_identity(), client, "{} {auth:?}", suite.id);
                assert_eq!(ends.0.server_end_point(), ends.1.server_end_point());
                assert_eq!((ends.0.peer_certificates(), ends.1.peer_certificates()), (None, None));
            }
        }
    }
}

/// Takes no certificate twice.
struct OnceOnly;

impl Verifier for OnceOnly {
    fn verify(&self, _: &PeerClaim, _: u64) -> Result<Verified, CertificateError> {
        Ok(Verified::assertion(u64::MAX))
    }

    fn check_again(&self, _: &Credential, _: u64) -> Result<(), CertificateError> {
        Err(CertificateProblem::Revoked.into())
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn context(&self) -> Vec<u8> {
        b"once only".to_vec()
    }
}

/// R-HS-51: who looks at certificates again is not asked about identities, which nobody revokes.
#[test]
fn a_verifier_of_certificates_has_no_say_in_resuming_an_identity() {
    let town = Town::here();
    let kept = || Some(Arc::new(MemoryStore::default()) as Arc<dyn SessionStore>);
    let client =
        town.client().identity(town.identity("client")).verifier(Arc::new(OnceOnly)).sessions(kept());
    let server =
        town.server().identity(town.identity("server")).verifier(Arc::new(OnceOnly)).sessions(kept());
    let server = server.client_auth(ClientAuth::Require);
    for resumed in [false, true] {
        let mut ends = (connect(client.clone()), accept(server.clone()));
        assert_eq!(shake(&mut ends.0, &mut ends.1), [Ok(()), Ok(())]);
        assert_eq!((ends.0.is_resumed(), ends.1.is_resumed()), (resumed, resumed));
    }
}

/// R-IBC-7: Identifiers on both sides; SM9's identities are what stands in them.
#[test]
fn identifiers_are_sent_and_taken_on_both_sides() {
    let town = Town::here();
    for suite in suites() {
        let client = town.client().identity(town.identity("client_identifier")).suites(&[suite]);
        let server = town.server().identity(town.identity("server_identifier"));
        let server = server.client_auth(ClientAuth::Require).suites(&[suite]);
        let mut ends = (connect(client), accept(server));
        assert_eq!(shake(&mut ends.0, &mut ends.1), [Ok(()), Ok(())], "{}", suite.id);
        assert_eq!(ends.0.peer_identity(), Some(&b"server@kgc.example"[..]));
        assert_eq!(ends.1.peer_identity(), Some(&b"client@kgc.example"[..]));
    }
}

/// R-CS-1: off by default, on by one call; the others stay.
#[test]
fn one_builder_call_turns_the_suites_on() {
    let town = Town::here();
    let later = || ClientConfig::builder().verify_later(Some(b"x"));
    let by_default = later().build().unwrap();
    let on = later().key_centres(town.centres()).build().unwrap();
    let of = |config: &ClientConfig| config.policy().suites.clone();
    assert!(of(&by_default).iter().all(|suite| !suites().contains(suite)));
    let added: Vec<_> = of(&on).into_iter().filter(|suite| !of(&by_default).contains(suite)).collect();
    assert!(added.iter().all(|suite| suite.key_exchange == KeyExchange::IBC), "IBSDH needs an identity");
    assert_eq!(added.len(), 2);
    let with_identity =
        later().key_centres(town.centres()).identity(town.identity("client")).build().unwrap();
    assert_eq!(of(&with_identity).len(), of(&on).len() + 2);
}

/// R-IBC-6: without an expected identity, the DNS name in lower case; an address is nobody's name.
#[test]
fn a_server_is_the_name_that_was_asked_for() {
    let town = Town::here();
    let centres = KeyCentres::new().trust(&town.parameters, &town.provider).unwrap();
    for (name, expected) in [("server.example", None), ("192.0.2.1", None), ("x", Some("server@kgc.example"))]
    {
        let pool = match expected {
            None => centres.clone(),
            Some(identity) => centres.clone().expect_server(identity.as_bytes()),
        };
        let config = town.client().key_centres(pool).build().unwrap();
        let name = ServerName::try_from(name).unwrap().to_owned();
        let mut client = ClientConnection::new(Arc::new(config), name, at(0)).unwrap();
        let mut server = accept(town.server().identity(town.identity("server")));
        let outcome = shake(&mut client, &mut server);
        match expected {
            Some(_) => assert_eq!(outcome, [Ok(()), Ok(())]),
            None => {
                assert_eq!(problem(&outcome[0]), Some(&CertificateProblem::NameMismatch));
                assert_eq!(alert(&outcome[0]), Some(A::BAD_CERTIFICATE));
            }
        }
    }
}

/// R-IBC-6: an Identifier has a time of its own; what has passed is bad_certificate, whatever the parameters say.
#[test]
fn an_identifier_that_is_not_valid_any_more_is_refused() {
    let town = Town::here();
    let mut id = bytes(&town.keys["server_identifier"]["identity"]);
    let at_end = id.windows(13).rposition(|w| w.starts_with(b"4601")).unwrap();
    id[at_end..at_end + 2].copy_from_slice(b"25");
    let identity = Identity::ibc(&id, &town.parameters, town.keys_of("server"), &town.provider).unwrap();
    assert!(identity.warning(NOW).unwrap().contains("expired"));
    let mut ends = (connect(town.client()), accept(town.server().identity(Arc::new(identity))));
    let outcome = shake(&mut ends.0, &mut ends.1);
    assert_eq!(problem(&outcome[0]), Some(&CertificateProblem::IdentityOutOfDate));
    assert_eq!(alert(&outcome[0]), Some(A::BAD_CERTIFICATE));
}

/// R-IBC-3, R-IBC-4: a client of another trusted key centre cannot agree, since the point was made under the server's own.
#[test]
fn both_sides_of_ibsdh_have_one_key_centre() {
    let town = Town::here();
    let centre = tlcp::pki::KeyCentre::new(
        "other.example",
        &tlcp::pki::Options::new(NOW),
        &town.provider,
        &SystemRandom,
    )
    .unwrap();
    let foreign = Arc::new(centre.user(b"client@kgc.example").unwrap().identity(&town.provider).unwrap());
    let both = || town.centres().trust(centre.parameters(), &town.provider).unwrap();
    let client = town.client().key_centres(both()).identity(foreign);
    for suite in suites() {
        let client = client.clone().suites(&[suite]);
        let server = town.server().key_centres(both()).identity(town.identity("server")).suites(&[suite]);
        let mut ends = (connect(client), accept(server.client_auth(ClientAuth::Require)));
        let outcome = shake(&mut ends.0, &mut ends.1);
        if suite.key_exchange == KeyExchange::IBC {
            assert_eq!(outcome, [Ok(()), Ok(())], "encryption needs no common key centre");
        } else {
            assert_eq!(alert(&outcome[0]), Some(A::HANDSHAKE_FAILURE), "{:?}", outcome[0]);
            assert_eq!(outcome[0], Err(PeerIncompatible::NoClientIdentity.into()), "before any key is used");
        }
    }
}

/// R-IBC-3: nor does the server agree with the identity of client_id under another key centre, however much it trusts both.
#[test]
fn a_client_of_ibsdh_under_another_trusted_key_centre_is_refused() {
    let town = Town::here();
    let other = bytes(&town.keys["other_kgc_parameter"]);
    let both = town.centres().trust(&other, &town.provider).unwrap();
    for suite in suites().into_iter().filter(|suite| suite.key_exchange == KeyExchange::IBSDH) {
        let client = town.client().identity(town.identity("client")).suites(&[suite]);
        let server = town.server().key_centres(both.clone()).identity(town.identity("server"));
        let credential = |parameters: &[u8]| {
            let (id, parameter) = (Box::from(*b"client@kgc.example"), parameters.into());
            Credential::Ibc { id, parameter }.to_message().unwrap().to_bytes()
        };
        for (parameters, expected) in [(&town.parameters, None), (&other, Some(A::HANDSHAKE_FAILURE))] {
            let mut ends = (connect(client.clone()), accept(server.clone().suites(&[suite])));
            receive(&mut ends.1, &output(&mut ends.0)).unwrap();
            let message = credential(parameters);
            let record = [&[22, 1, 1][..], &(message.len() as u16).to_be_bytes(), &message].concat();
            let outcome = receive(&mut ends.1, &record);
            assert_eq!(alert(&outcome), expected, "{}: {outcome:?}", suite.id);
            let refused = expected.map(|_| &CertificateProblem::UnknownKeyCentre);
            assert_eq!(problem(&outcome), refused);
        }
    }
}

/// R-HS-43: what cannot be decrypted shows at Finished alone, as bad_record_mac.
#[test]
fn a_broken_ciphertext_is_found_out_at_finished() {
    let town = Town::here();
    for suite in suites().into_iter().filter(|suite| suite.key_exchange == KeyExchange::IBC) {
        let mut ends = (
            connect(town.client().suites(&[suite])),
            accept(town.server().identity(town.identity("server")).suites(&[suite])),
        );
        receive(&mut ends.1, &output(&mut ends.0)).unwrap();
        receive(&mut ends.0, &output(&mut ends.1)).unwrap();
        let mut flight = output(&mut ends.0);
        flight[5 + 4 + 2 + 90] ^= 1;
        let error = receive(&mut ends.1, &flight).unwrap_err();
        assert_eq!(alert_for(&error), Some(A::BAD_RECORD_MAC), "{}: {error}", suite.id);
    }
}

/// Keys in devices, by the same requests: signing, decrypting, agreeing.
#[test]
fn keys_elsewhere_are_used_by_the_same_requests() {
    let town = Town::here();
    let elsewhere = |who: &str| {
        let here = town.keys_of(who);
        let key = |label: &str| Key::Elsewhere(label.into());
        let keys = IbcKeys { sign: key("sign"), encrypt: Some(key("encrypt")), agree: Some(key("agree")) };
        let id = bytes(&town.keys[who]["identity"]);
        (Arc::new(Identity::ibc(&id, &town.parameters, keys, &town.provider).unwrap()), here)
    };
    let ((client_identity, client_keys), (server_identity, server_keys)) =
        (elsewhere("client"), elsewhere("server"));
    for suite in suites() {
        let client = town.client().identity(client_identity.clone()).suites(&[suite]);
        let server = town.server().identity(server_identity.clone()).suites(&[suite]);
        let (mut client, mut server) = (connect(client), accept(server.client_auth(ClientAuth::Require)));
        let mut asked = Vec::new();
        while client.is_handshaking() || server.is_handshaking() {
            let sent = output(&mut client);
            feed(&mut server, &sent, &server_keys, &mut asked);
            let sent = output(&mut server);
            feed(&mut client, &sent, &client_keys, &mut asked);
        }
        let expected = match suite.key_exchange {
            KeyExchange::IBC => vec![KeyUse::Sign, KeyUse::Sign, KeyUse::Encrypt],
            _ => vec![KeyUse::Agree, KeyUse::Sign, KeyUse::Agree, KeyUse::Sign],
        };
        assert_eq!(asked, expected, "{}", suite.id);
    }
}

fn feed<S: Endpoint>(connection: &mut Connection<S>, bytes: &[u8], keys: &IbcKeys, asked: &mut Vec<KeyUse>) {
    let mut rest = bytes;
    loop {
        let n = connection.receive(rest, at(0)).unwrap();
        rest = &rest[n..];
        let Some(request) = connection.request() else { break };
        let answer = answer(*request, keys, asked);
        connection.answer(answer, at(0)).unwrap();
    }
    assert!(rest.is_empty());
}

fn answer(request: Request, keys: &IbcKeys, asked: &mut Vec<KeyUse>) -> Answer {
    let (_, key_use) = request.key().expect("only keys are elsewhere");
    asked.push(key_use);
    let key = match key_use {
        KeyUse::Sign => Some(&keys.sign),
        KeyUse::Encrypt => keys.encrypt.as_ref(),
        KeyUse::Agree => keys.agree.as_ref(),
    };
    let Some(Key::Here(key)) = key else { panic!("the test has the keys") };
    request.answer_with(&**key, &SystemRandom).unwrap()
}

/// R-SES-10, R-SES-11: sessions end with the trust that they were made under.
#[test]
fn a_session_is_not_resumed_under_other_key_centres() {
    let town = Town::here();
    let kept = Arc::new(MemoryStore::default());
    let sessions = Arc::new(MemoryStore::default());
    let server = |centres: KeyCentres| {
        let server = town.server().key_centres(centres).identity(town.identity("server"));
        server.sessions(Some(sessions.clone()))
    };
    let client = |centres: KeyCentres| town.client().key_centres(centres).sessions(Some(kept.clone()));
    let other = bytes(&town.keys["other_kgc_parameter"]);
    let more = || town.centres().trust(&other, &town.provider).unwrap();
    for (of_client, of_server, resumed) in [
        (town.centres(), town.centres(), false),
        (town.centres(), town.centres(), true),
        (more(), town.centres(), false),
        (town.centres(), more(), false),
    ] {
        let (mut one, mut two): (_, ServerConnection) =
            (connect(client(of_client)), accept(server(of_server)));
        assert_eq!(shake(&mut one, &mut two), [Ok(()), Ok(())]);
        assert_eq!(one.is_resumed(), resumed);
    }
}

/// R-IBC-4: who verifies does not believe keys that others found, whatever the parameters beside them say.
#[test]
fn keys_of_another_key_centre_are_not_believed() {
    let town = Town::here();
    let suite = suites()[0];
    let credential = |parameter: &[u8]| {
        Arc::new(Credential::Ibc { id: Box::from(*b"client@kgc.example"), parameter: parameter.into() })
    };
    let other = bytes(&town.keys["same_district_other_keys_parameter"]);
    let foreign = KeyCentres::new().trust(&other, &town.provider).unwrap();
    let keys = |pool: &KeyCentres, parameter: &[u8]| {
        pool.keys(&credential(parameter), suite, town.provider.keys).unwrap()
    };
    let pool = town.centres();
    let claim = |keys| PeerClaim::new(PeerRole::Client, credential(&town.parameters), keys);
    pool.verify(&claim(keys(&pool, &town.parameters)), NOW).unwrap();
    let error = pool.verify(&claim(keys(&foreign, &other)), NOW).unwrap_err();
    assert_eq!(error.problem, CertificateProblem::UnknownKeyCentre);
    // One of both is not enough.
    let both = [keys(&pool, &town.parameters), keys(&foreign, &other)];
    let [own, others] = both.each_ref().map(|keys| (keys.sign().clone(), keys.encrypt().unwrap().clone()));
    for (sign, encrypt, good) in [
        (own.0.clone(), own.1.clone(), true),
        (own.0.clone(), others.1.clone(), false),
        (others.0.clone(), own.1.clone(), false),
    ] {
        let verdict = pool.verify(&claim(PeerKeys::Identity { sign, encrypt }), NOW).map(|_| ());
        let refused = || CertificateProblem::UnknownKeyCentre.into();
        assert_eq!(verdict, if good { Ok(()) } else { Err(refused()) });
    }
    let error = pool.keys(&credential(&other), suite, town.provider.keys).unwrap_err();
    assert_eq!(error.problem, CertificateProblem::UnknownKeyCentre);
}
