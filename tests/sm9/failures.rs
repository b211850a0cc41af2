//! The failures that gotlcp was provoked to, with its bytes: what our ends say, as R-IBC-9 has it.
use crate::recorded::{Handshake, bytes, provoked};
use crate::town::{Draws, Town, at, output};
use serde_json::Value;
use std::sync::Arc;
use tlcp::alert::alert_for;
use tlcp::cert::{KeyCentres, ServerName};
use tlcp::config::{ClientAuth, ClientConfig, ServerConfig};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ServerConnection};
use tlcp::crypto::Draw;
use tlcp::error::Error;
use tlcp::suite::{KeyExchange, Suite, TLCP};
use tlcp::wire::AlertDescription as A;

enum Role {
    Client,
    Server,
}

/// Who finds the fault, whom he trusts (a variant of `params.json`), the identity that he expects, and what he says of it.
struct Case(&'static str, Role, &'static str, &'static str, A);

const SERVER: &str = "server@kgc.example";
const MALLORY: &str = "mallory@kgc.example";

/// All but two, which are no faults of the peer's.
const CASES: [Case; 23] = [
    // Not after ServerHello and Certificate, as gotlcp: at once.
    Case("missing_client_id_ibsdh", Role::Server, "plain", SERVER, A::IDENTITY_NEED),
    Case("client_id_empty_callback_ibsdh", Role::Server, "plain", SERVER, A::IDENTITY_NEED),
    Case("unknown_parameters_client_ibc", Role::Client, "other_key_centre", SERVER, A::HANDSHAKE_FAILURE),
    Case("unknown_parameters_client_ibsdh", Role::Client, "other_key_centre", SERVER, A::HANDSHAKE_FAILURE),
    Case(
        "same_district_other_keys_client_ibc",
        Role::Client,
        "same_name_other_keys",
        SERVER,
        A::HANDSHAKE_FAILURE,
    ),
    Case("unknown_parameters_server_ibsdh", Role::Server, "other_key_centre", SERVER, A::HANDSHAKE_FAILURE),
    Case("expired_parameters_both_ibc", Role::Client, "expired", SERVER, A::UNSUPPORTED_IBCPARAM),
    Case("valid_sent_expired_trusted_ibc", Role::Client, "expired", SERVER, A::UNSUPPORTED_IBCPARAM),
    Case("client_expired_parameters_ibsdh", Role::Server, "expired", SERVER, A::UNSUPPORTED_IBCPARAM),
    Case("malformed_parameters_ibc", Role::Client, "plain", SERVER, A::BAD_IBCPARAM),
    Case("version1_parameters_ibc", Role::Client, "plain", SERVER, A::BAD_IBCPARAM),
    Case("no_sm9_parameters_ibc", Role::Client, "plain", SERVER, A::UNSUPPORTED_IBCPARAM),
    Case("identity_mismatch_client_ibsdh", Role::Server, "plain", SERVER, A::ILLEGAL_PARAMETER),
    // R-AL-8, where gotlcp says unexpected_message.
    Case("server_keys_of_other_identity_ibc", Role::Client, "plain", MALLORY, A::DECRYPT_ERROR),
    Case("server_keys_of_other_identity_ibsdh", Role::Client, "plain", MALLORY, A::DECRYPT_ERROR),
    Case("server_identity_refused_by_client_ibc", Role::Client, "plain", MALLORY, A::BAD_CERTIFICATE),
    // R-AL-8, where gotlcp says bad_certificate.
    Case("client_keys_of_other_identity_ibsdh", Role::Server, "plain", SERVER, A::DECRYPT_ERROR),
    Case("client_sign_key_of_other_kgc_mutual_ibc", Role::Server, "plain", SERVER, A::DECRYPT_ERROR),
    Case("client_without_sign_key_mutual_ibc", Role::Server, "plain", SERVER, A::UNEXPECTED_MESSAGE),
    // Our point is another than the recorded one: CertificateVerify comes before what the wrong key does.
    Case("kx_key_with_hid3_ibsdh", Role::Server, "plain", SERVER, A::DECRYPT_ERROR),
    // Where gotlcp cannot decrypt we can: the keys are right, and only our own messages are not those that it answers.
    Case("identifier_server_ibc", Role::Server, "plain", SERVER, A::DECRYPT_ERROR),
    // R-HS-43, where gotlcp says handshake_failure before Finished: an oracle.
    Case("ciphertext_for_other_master_ibc", Role::Server, "plain", SERVER, A::BAD_RECORD_MAC),
    Case("no_common_suite", Role::Server, "plain", SERVER, A::HANDSHAKE_FAILURE),
];

fn find(name: &str) -> Handshake {
    provoked().into_iter().find(|handshake| handshake.name == name).unwrap_or_else(|| panic!("{name}"))
}

fn parameters(variant: &str) -> Vec<u8> {
    let all: Value = serde_json::from_str(include_str!("../../vectors/sm9/params.json")).unwrap();
    let found = all["params"].as_array().unwrap().iter().find(|p| p["name"] == variant);
    bytes(&found.unwrap()["der"])
}

fn trusting(town: &Town, variant: &str, server: &str) -> KeyCentres {
    let centres = KeyCentres::new().trust(&parameters(variant), &town.provider).unwrap();
    centres.expect_server(server.as_bytes())
}

fn suites() -> Vec<&'static Suite> {
    let exchanges = [KeyExchange::IBC, KeyExchange::IBSDH];
    TLCP.suites().filter(|suite| exchanges.contains(&suite.key_exchange)).collect()
}

/// R-IBC-3, R-IBC-4, R-IBC-6, R-IBC-9, R-HS-43
#[test]
fn answers_every_provoked_failure_with_the_alert_of_the_specification() {
    for Case(name, role, pool, server, alert) in CASES {
        let handshake = find(name);
        let error = match role {
            Role::Client => feed(&mut client(&handshake, pool, server), &handshake.sides[1]),
            Role::Server => feed(&mut answering(&handshake, pool), &handshake.sides[0]),
        };
        let error = error.expect_err(name);
        assert_eq!(alert_for(&error), Some(alert), "{name}: {error}");
    }
    assert_eq!(provoked().len(), CASES.len() + 2, "one that succeeds, one that is the client's own lack");
}

/// R-IBC-9: expired parameters that are sent do not count, where those that are trusted hold.
#[test]
fn takes_the_validity_of_its_own_copy() {
    let handshake = find("expired_parameters_sent_valid_trusted_ibc");
    let mut client = client(&handshake, "plain", SERVER);
    let before_finished: Vec<_> = handshake.sides[1].iter().take(4).cloned().collect();
    feed(&mut client, &before_finished).unwrap();
    let sent = output(&mut client);
    assert_eq!(sent[5], 16, "ClientKeyExchange was sent");
    assert!(sent.len() > 200, "and Finished");
}

/// R-SM-6, R-HS-12: gotlcp's client gives up where it is asked and has no identity; ours shows nothing.
#[test]
fn a_client_without_an_identity_shows_an_empty_list() {
    let handshake = find("client_without_identity_mutual_ibc");
    let town = Town::here();
    let config = town.client().suites(&suites_of(KeyExchange::IBC)).build().unwrap();
    let name = ServerName::try_from("192.0.2.1").unwrap();
    let config = ClientConfig::builder_with(town.provider, draws(&handshake, 0))
        .key_centres(config.policy().key_centres.as_ref().clone())
        .suites(&suites_of(KeyExchange::IBC));
    let mut client = ClientConnection::new(Arc::new(config.build().unwrap()), name, at(0)).unwrap();
    output(&mut client);
    let flight: Vec<_> = handshake.sides[1].iter().filter(|record| record[0] == 22).cloned().collect();
    feed(&mut client, &flight).unwrap();
    let empty = [0x16, 1, 1, 0, 7, 0x0b, 0, 0, 3, 0, 0, 0];
    assert_eq!(output(&mut client)[..12], empty);
}

fn suites_of(exchange: KeyExchange) -> Vec<&'static Suite> {
    TLCP.suites().filter(|suite| suite.key_exchange == exchange).collect()
}

/// The hello's random of one side is as recorded; all else is random.
fn draws(handshake: &Handshake, side: usize) -> Arc<Draws> {
    let hello = handshake.messages(side).next().map(|message| message[6..38].to_vec());
    Arc::new(Draws::or_system().with(Draw::HelloRandom, hello.or(Some(vec![7; 32]))))
}

fn client(handshake: &Handshake, pool: &str, server: &str) -> ClientConnection {
    let town = Town::here();
    let hello = handshake.messages(0).next().unwrap();
    let suite = suites().into_iter().find(|suite| hello[41..43] == suite.id.0.to_be_bytes()).unwrap();
    let config = ClientConfig::builder_with(town.provider, draws(handshake, 0))
        .key_centres(trusting(&town, pool, server))
        .identity(town.identity("client"))
        .suites(&[suite]);
    let name = ServerName::try_from("192.0.2.1").unwrap();
    let mut client = ClientConnection::new(Arc::new(config.build().unwrap()), name, at(0)).unwrap();
    output(&mut client);
    client
}

fn answering(handshake: &Handshake, pool: &str) -> ServerConnection {
    let town = Town::here();
    let who = if handshake.name.starts_with("identifier_server") { "server_identifier" } else { "server" };
    let mutual = handshake.name.contains("mutual");
    let suites = if handshake.name == "no_common_suite" {
        suites_of(KeyExchange::IBSDH)[1..].to_vec()
    } else {
        suites()
    };
    let config = ServerConfig::builder_with(town.provider, draws(handshake, 1))
        .key_centres(trusting(&town, pool, SERVER))
        .identity(town.identity(who))
        .client_auth(if mutual { ClientAuth::Require } else { ClientAuth::None })
        .suites(&suites);
    ServerConnection::new(Arc::new(config.build().unwrap()), at(0))
}

fn feed<S: Endpoint>(connection: &mut Connection<S>, records: &[Vec<u8>]) -> Result<(), Error> {
    for record in records {
        let mut rest = &record[..];
        while !rest.is_empty() {
            let n = connection.receive(rest, at(0))?;
            rest = &rest[n..];
        }
    }
    Ok(())
}
