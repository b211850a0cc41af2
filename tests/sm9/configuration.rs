//! Identities from files, and configurations that cannot work.
use crate::recorded::bytes;
use crate::town::{NOW, Town, accept, connect, shake};
use base64ct::{Base64, Encoding};
use std::sync::Arc;
use tlcp::cert::{IbcKeys, Identity, KeyCentres, KeyUse};
use tlcp::config::{ClientAuth, ClientConfig, ClientConfigBuilder, ServerConfig};
use tlcp::crypto::default_provider;
use tlcp::crypto::random::SystemRandom;
use tlcp::error::{ConfigError, PeerIncompatible};
use tlcp::pki::{KeyCentre, Options, Pki};
use tlcp::suite::{Certificates, KeyExchange, SUITES, Suite};

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", Base64::encode_string(der)).into_bytes()
}

fn suite(exchange: KeyExchange) -> &'static Suite {
    SUITES.iter().find(|suite| suite.key_exchange == exchange).unwrap()
}

fn because<T: std::fmt::Debug>(outcome: Result<T, ConfigError>, text: &str) {
    let error = outcome.unwrap_err();
    assert!(error.0.contains(text), "{error}");
}

/// R-IBC-8: gmsm's PKCS#8, in PEM or DER, in any order; keys find their uses by themselves.
#[test]
fn finds_an_identity_in_a_pile_of_gmsms_files() {
    let town = Town::here();
    let keys = ["sign_pkcs8", "enc_pkcs8", "kx_pkcs8"].map(|name| bytes(&town.keys["server"][name]));
    let id = bytes(&town.keys["server"]["identity"]);
    let parameters = pem("IBC SYSTEM PARAMETERS", &town.parameters);
    let named = pem("IBC IDENTITY", &id);
    let as_pem = keys.each_ref().map(|der| pem("PRIVATE KEY", der));
    let piles: [Vec<&[u8]>; 3] = [
        vec![&parameters, &named, &as_pem[0], &as_pem[1], &as_pem[2]],
        vec![&as_pem[2], &keys[1], &town.parameters, &keys[0], &named],
        vec![&keys[0], &keys[2], &keys[1], &parameters, &named],
    ];
    for pile in piles {
        let identity = Identity::from_pile(&pile, [], &town.provider).unwrap();
        assert_eq!(identity.certificates(), Certificates::Identity);
        assert_eq!(identity.ibc_id().map(|id| &id[..]), Some(&id[..]));
        assert_eq!(identity.public_key(KeyUse::Sign).identity(), Some(&b"server@kgc.example"[..]));
        for key_use in [KeyUse::Sign, KeyUse::Encrypt, KeyUse::Agree] {
            assert!(identity.allows(key_use), "{key_use:?}");
        }
        assert!(identity.report().contains("server@kgc.example"), "{}", identity.report());
        let server = town.server().identity(Arc::new(identity)).suites(&[suite(KeyExchange::IBSDH)]);
        let mut ends = (connect(town.client().identity(town.identity("client"))), accept(server));
        assert_eq!(shake(&mut ends.0, &mut ends.1), [Ok(()), Ok(())]);
    }
    let only_signs =
        Identity::ibc_from_pile(Some(&id), &[&keys[0], &parameters], [], &town.provider).unwrap();
    assert!(!only_signs.allows(KeyUse::Encrypt) && !only_signs.allows(KeyUse::Agree));
}

/// Says what is missing, and whose keys these are.
#[test]
fn says_what_a_pile_lacks() {
    let town = Town::here();
    let [sign, enc] = ["sign_pkcs8", "enc_pkcs8"].map(|name| bytes(&town.keys["server"][name]));
    let id = bytes(&town.keys["server"]["identity"]);
    let find = |id: Option<&[u8]>, files: &[&[u8]]| Identity::ibc_from_pile(id, files, [], &town.provider);
    because(find(Some(&id), &[&sign]), "no parameters of a key centre");
    because(find(None, &[&sign, &town.parameters]), "IBC IDENTITY");
    because(find(Some(&id), &[&enc, &town.parameters]), "no signing key");
    because(find(Some(b"someone"), &[&sign, &town.parameters]), "of another identity or key centre");
    let other = bytes(&town.keys["other_kgc_parameter"]);
    because(find(Some(&id), &[&sign, &other]), "of another identity or key centre");
    because(find(Some(&id), &[&sign, &town.parameters, &other]), "more than one");
    let master = bytes(&town.keys["kgc"]["sign_master_pkcs8"]);
    because(find(Some(&id), &[&master, &town.parameters]), "master key");
    let keys = || IbcKeys { encrypt: None, agree: None, ..town.keys_of("client") };
    because(Identity::ibc(&id, &town.parameters, keys(), &town.provider), "not this identity's");
    because(Identity::ibc(&[], &town.parameters, keys(), &town.provider), "1 to 1024 bytes");
    because(Identity::ibc(&id, &town.parameters[1..], keys(), &town.provider), "do not parse");
}

/// R-IBC-4: a pool holds what can be used, and nothing else.
#[test]
fn a_pool_takes_no_broken_parameters() {
    let provider = default_provider();
    let town = Town::here();
    because(KeyCentres::new().trust(&town.parameters[..100], &provider), "do not parse");
    let mut bad = town.parameters.clone();
    let point = bytes(&town.keys["kgc"]["enc_master_pub"]);
    let at = bad.windows(65).position(|w| w == point).unwrap();
    bad[at + 64] ^= 1;
    because(KeyCentres::new().trust(&bad, &provider), "no point of its group");
    because(
        KeyCentres::new().trust_files(&[&pem("CERTIFICATE REQUEST", &[0x30, 0])], &provider),
        "no parameters",
    );
    let files = KeyCentres::new().trust_files(&[&town.parameters], &provider).unwrap();
    assert_eq!(format!("{files:?}"), "[\"kgc.example\"]");
}

/// R-CS-3, R-IBC-3: what cannot work fails when it is built, with what to do about it.
#[test]
fn configurations_that_cannot_work_say_why() {
    let town = Town::here();
    let (ibc, ibsdh) = (suite(KeyExchange::IBC), suite(KeyExchange::IBSDH));
    let client = || ClientConfig::builder().verify_later(None);
    because(client().suites(&[ibc]).build(), "key_centres");
    because(client().identity(town.identity("client")).build(), "key_centres");
    because(client().key_centres(town.centres()).suites(&[ibsdh]).build(), "key for key exchange");
    let later = || client().key_centres(town.centres()).select_later(None);
    because(later().suites(&[ibsdh]).build(), "client_id");
    later().suites(&[ibsdh]).client_id(b"client@kgc.example").build().unwrap();
    let bare = client().key_centres(town.centres()).identity(town.identity("client"));
    because(bare.hello_extensions(false).suites(&[ibsdh]).build(), "hello_extensions");
    let server = || ServerConfig::builder().identity(town.identity("server"));
    because(server().build(), "key_centres");
    because(server().suites(&[ibsdh]).build(), "key_centres");
    server().suites(&[ibc]).build().unwrap();
    because(server().suites(&[ibc]).client_auth(ClientAuth::Require).build(), "no verifier");
    #[cfg(feature = "tls12")]
    because(
        ClientConfig::tls12_builder().verify_later(None).identity(town.identity("client")).build(),
        "SM9",
    );
}

/// R-IBC-3: of two identities a client takes the one that has a key for key exchange; and it shows none but the one that it
/// named in client_id.
#[test]
fn a_client_of_ibsdh_shows_an_identity_that_agrees_and_that_it_named() {
    let town = Town::here();
    let ends = |client: ClientConfigBuilder| {
        let server = town.server().identity(town.identity("server")).suites(&[suite(KeyExchange::IBSDH)]);
        let mut ends = (connect(client), accept(server));
        shake(&mut ends.0, &mut ends.1)
    };
    let keys = IbcKeys { encrypt: None, agree: None, ..town.keys_of("client") };
    let id = bytes(&town.keys["client"]["identity"]);
    let only_signs = Arc::new(Identity::ibc(&id, &town.parameters, keys, &town.provider).unwrap());
    assert!(only_signs.allows(KeyUse::Sign) && !only_signs.allows(KeyUse::Agree));
    let alone = town.client().identity(only_signs.clone()).suites(&[suite(KeyExchange::IBSDH)]);
    because(alone.build(), "key for key exchange");
    let both = town.client().identity(only_signs).identity(town.identity("client"));
    assert_eq!(ends(both), [Ok(()), Ok(())]);
    let named = town.client().identity(town.identity("client")).client_id(b"mallory@kgc.example");
    let [client, _] = ends(named);
    assert_eq!(client, Err(PeerIncompatible::NoClientIdentity.into()));
}

/// One server for both: pairs for some clients, an identity for others.
#[test]
fn a_server_has_certificates_for_some_and_an_identity_for_others() {
    let town = Town::here();
    let pki = Pki::new(&Options::new(NOW), &town.provider, &SystemRandom).unwrap();
    let server = ServerConfig::builder_with(town.provider, Arc::new(SystemRandom))
        .key_centres(town.centres())
        .identity(Arc::new(pki.server_identity(&town.provider).unwrap()))
        .identity(town.identity("server"));
    let verifier = Arc::new(pki.verifier(&town.provider).unwrap());
    let with_certificates =
        || ClientConfig::builder_with(town.provider, Arc::new(SystemRandom)).verifier(verifier.clone());
    for (client, exchange) in [
        (town.client(), KeyExchange::IBC),
        (town.client().identity(town.identity("client")), KeyExchange::IBSDH),
        (with_certificates(), KeyExchange::ECC),
        (with_certificates().key_centres(town.centres()), KeyExchange::ECC),
    ] {
        let name = tlcp::cert::ServerName::try_from("127.0.0.1").unwrap();
        let config = Arc::new(client.build().unwrap());
        let mut client = tlcp::conn::ClientConnection::new(config, name, crate::town::at(0)).unwrap();
        let mut server = accept(server.clone());
        assert_eq!(shake(&mut client, &mut server), [Ok(()), Ok(())]);
        assert_eq!(client.cipher_suite().unwrap().key_exchange, exchange);
    }
}

/// R-IBC-3: a server agrees as the identity that has a key for it, be another given first.
#[test]
fn a_server_of_ibsdh_shows_an_identity_that_agrees() {
    let town = Town::here();
    let keys = IbcKeys { agree: None, ..town.keys_of("server") };
    let id = bytes(&town.keys["server"]["identity"]);
    let without = Arc::new(Identity::ibc(&id, &town.parameters, keys, &town.provider).unwrap());
    let server = town.server().identity(without).identity(town.identity("server"));
    for exchange in [KeyExchange::IBC, KeyExchange::IBSDH] {
        let client = town.client().identity(town.identity("client")).suites(&[suite(exchange)]);
        let mut ends = (connect(client), accept(server.clone()));
        assert_eq!(shake(&mut ends.0, &mut ends.1), [Ok(()), Ok(())]);
    }
}

/// What `tlcp pki --sm9` writes is read again.
#[test]
fn reads_the_files_of_a_new_key_centre() {
    let provider = default_provider();
    let centre = KeyCentre::new("test.example", &Options::new(NOW), &provider, &SystemRandom).unwrap();
    let files = centre.files(&[("server", b"localhost"), ("client", b"client")]).unwrap();
    let file = |name: &str| files.iter().find(|(n, _)| n == name).unwrap().1.as_bytes();
    let pool = KeyCentres::new().trust_files(&[file("sm9-centre.pem")], &provider).unwrap();
    let identity = |name: &str| Arc::new(Identity::from_pile(&[file(name)], [], &provider).unwrap());
    let client = ClientConfig::builder_with(provider, Arc::new(SystemRandom))
        .key_centres(pool.clone().expect_server(b"localhost"))
        .identity(identity("sm9-client.pem"));
    let server = ServerConfig::builder_with(provider, Arc::new(SystemRandom))
        .key_centres(pool)
        .identity(identity("sm9-server.pem"));
    let mut ends = (connect(client), accept(server));
    assert_eq!(shake(&mut ends.0, &mut ends.1), [Ok(()), Ok(())]);
    assert_eq!(ends.1.peer_identity(), Some(&b"client"[..]));
}
