//! GmSSL's SM9 keys, made by its own tool (vectors/keys/README.md).
use crate::town::{NOW, connect, shake};
use std::sync::Arc;
use tlcp::cert::{Identity, KeyCentres, KeyUse};
use tlcp::config::{ClientAuth, ClientConfig, ServerConfig};
use tlcp::conn::ServerConnection;
use tlcp::crypto::default_provider;
use tlcp::crypto::random::SystemRandom;
use tlcp::error::ConfigError;
use tlcp::suite::{KeyExchange, TLCP};

const KEYS: [&[u8]; 2] = [
    include_bytes!("../../vectors/keys/gmssl-sm9-server.pem"),
    include_bytes!("../../vectors/keys/gmssl-sm9-client.pem"),
];
const IDS: [&[u8]; 2] = [b"server@kgc.example", b"client@kgc.example"];
const PUBLIC: &[u8] = include_bytes!("../../vectors/keys/gmssl-sm9-public.pem");
const MASTERS: &[u8] = include_bytes!("../../vectors/keys/gmssl-sm9-masters.pem");
const PARAMETERS: &[u8] = include_bytes!("../../vectors/keys/gmssl-sm9-parameters.pem");
const PASSWORD: &[u8] = b"123456";

fn identity(who: usize, keys: &[u8]) -> Result<Identity, ConfigError> {
    Identity::ibc_from_pile(Some(IDS[who]), &[keys, PARAMETERS, PUBLIC], [PASSWORD], &default_provider())
}

#[track_caller]
fn because<T: std::fmt::Debug>(outcome: Result<T, ConfigError>, texts: &[&str]) {
    let error = outcome.unwrap_err().0;
    assert!(texts.iter().all(|text| error.contains(text)), "{error}");
}

/// R-IBC-8: encrypted PKCS#8 of all three uses, each found by trying; all four suites are spoken with them.
#[test]
fn gmssls_user_keys_serve_every_suite() {
    let pool = KeyCentres::new().trust_files(&[PUBLIC, PARAMETERS], &default_provider()).unwrap();
    let [server, client] = [0, 1].map(|who| Arc::new(identity(who, KEYS[who]).unwrap()));
    for known in [&server, &client] {
        for key_use in [KeyUse::Sign, KeyUse::Encrypt, KeyUse::Agree] {
            assert!(known.allows(key_use), "{key_use:?}");
        }
    }
    assert!(server.report().contains("gmssl.test") && server.warning(NOW).is_none());
    let exchanges = [KeyExchange::IBC, KeyExchange::IBSDH];
    for suite in TLCP.suites().filter(|suite| exchanges.contains(&suite.key_exchange)) {
        let random = || Arc::new(SystemRandom);
        let client = ClientConfig::builder_with(default_provider(), random())
            .key_centres(pool.clone().expect_server(IDS[0]))
            .identity(client.clone())
            .suites(&[suite]);
        let server = ServerConfig::builder_with(default_provider(), random())
            .key_centres(pool.clone())
            .identity(server.clone())
            .client_auth(ClientAuth::Require)
            .suites(&[suite]);
        let server = ServerConnection::new(Arc::new(server.build().unwrap()), crate::town::at(0));
        let mut ends = (connect(client), server);
        assert_eq!(shake(&mut ends.0, &mut ends.1), [Ok(()), Ok(())], "{}", suite.id);
        assert_eq!(ends.1.peer_identity(), Some(IDS[1]));
    }
}

/// Older GmSSL said in the label what it is; it is the same inside.
#[test]
fn labels_of_older_gmssl_are_read() {
    let text = String::from_utf8(KEYS[0].to_vec()).unwrap();
    for label in ["ENCRYPTED SM9 SIGN PRIVATE KEY", "ENCRYPTED SM9 ENC PRIVATE KEY"] {
        let older = text.replace("ENCRYPTED PRIVATE KEY", label);
        assert!(identity(0, older.as_bytes()).unwrap().allows(KeyUse::Agree));
    }
}

/// A master public key is no name, no number and no validity; passwords and other people's keys are called by their names.
#[test]
fn says_what_gmssls_files_lack() {
    let provider = default_provider();
    let lacking = ["no parameters of a key centre (IBCSysParams)", "SM9 SIGN MASTER PUBLIC KEY", "validity"];
    because(KeyCentres::new().trust_files(&[PUBLIC], &provider), &lacking);
    because(Identity::ibc_from_pile(Some(IDS[0]), &[KEYS[0], PUBLIC], [PASSWORD], &provider), &lacking);
    because(Identity::from_pile(&[KEYS[0], PUBLIC], [PASSWORD], &provider), &lacking);
    because(Identity::from_pile(&[KEYS[0]], [PASSWORD], &provider), &["an SM9 key", "IBCSysParams"]);
    let with = |passwords: &[&'static [u8]]| {
        let files = [KEYS[0], PARAMETERS];
        Identity::ibc_from_pile(Some(IDS[0]), &files, passwords.iter().copied(), &provider)
    };
    because(with(&[]), &["file 1, block 1 (ENCRYPTED PRIVATE KEY)", "no password was given"]);
    because(with(&[b"1234567"]), &["the password is wrong"]);
    with(&[b"another", PASSWORD]).unwrap();
    because(identity(1, KEYS[0]), &["no signing key", "another identity or key centre"]);
    let masters =
        Identity::ibc_from_pile(Some(IDS[0]), &[MASTERS, PARAMETERS], [&b"P@ssw0rd"[..]], &provider);
    because(masters, &["a key centre's master key"]);
}
