//! TLS 1.2 with OpenSSL 3, as server and as client: every suite with every group and kind of key, full, resumed by id and by
//! ticket; client certificates, ALPN, names, extended_master_secret and encrypt-then-MAC on and off, and much data.

use std::sync::Arc;
use tlcp::config::{ClientAuth, ClientConfig, ClientConfigBuilder, ServerConfig, ServerConfigBuilder};
use tlcp::crypto::default_provider;
use tlcp::session::RotatingTicketer;
use tlcp::suite::{AeadAlgorithm, KeyKind, Protection, SecretSource, Suite, TLS12};
use tlcp::wire::NamedGroup;
use tlcp_interop::openssl::{
    Acquainted, Met, Server, certificate, identity, path, serve, talk_to_reverser,
    without_extended_master_secret,
};

const KINDS: [&str; 4] = ["p256", "p384", "ed25519", "rsa"];
const GROUPS: [(NamedGroup, &str); 3] =
    [(NamedGroup::X25519, "X25519"), (NamedGroup::SECP256R1, "P-256"), (NamedGroup::SECP384R1, "P-384")];
/// Everything that OpenSSL has.
const ALL_CIPHERS: [&str; 2] = ["-cipher", "ALL:@SECLEVEL=0"];

fn server_file(kind: &str) -> String {
    format!("server-{kind}.pem")
}

fn client_file(kind: &str) -> String {
    format!("client-{kind}.pem")
}

fn fits(kind: &str, suite: &Suite) -> bool {
    (kind == "rsa") == (suite.key_exchange.authenticates == KeyKind::Rsa)
}

fn suites_of(kind: &str) -> impl Iterator<Item = &'static Suite> {
    TLS12.suites().filter(move |suite| fits(kind, suite))
}

/// Those that OpenSSL's server shows, and those that it may.
fn client() -> ClientConfigBuilder {
    let files =
        ["server-p256.pem", "server-p384.pem", "server-ed25519.pem", "server-rsa.pem", "other-p256.pem"];
    ClientConfig::tls12_builder().verifier(Arc::new(Acquainted(files.to_vec())))
}

fn server(kind: &str) -> ServerConfigBuilder {
    ServerConfig::tls12_builder().identity(identity(&server_file(kind)))
}

fn all() -> Vec<&'static Suite> {
    TLS12.suites().collect()
}

fn tickets() -> Arc<RotatingTicketer> {
    Arc::new(RotatingTicketer::new(default_provider(), AeadAlgorithm::Aes128Gcm, 3600).expect("a ticketer"))
}

/// `s_server` with a key of this kind.
fn openssl_server(kind: &str, more: &[&str]) -> Server {
    let file = path(&server_file(kind));
    Server::start(&[&["-rev", "-cert", &file, "-key", &file], &ALL_CIPHERS[..], more].concat(), None)
}

/// A ticket file for `s_client`, which is gone with the value.
struct SessionFile(String);

impl SessionFile {
    fn new() -> Self {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("tlcp-session-{}-{number}.pem", std::process::id());
        Self(std::env::temp_dir().join(name).to_str().expect("a path in UTF-8").to_owned())
    }
}

impl Drop for SessionFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// R-T12-10, R-T12-19, R-T12-20, R-EC-3, R-KEY-7, R-EMS-2, R-ETM-2: our client; twice resumed by id, and twice by ticket.
#[test]
fn our_client_speaks_every_suite_to_openssl() {
    for kind in KINDS {
        for (group, name) in GROUPS {
            let openssl = openssl_server(kind, &["-groups", name]);
            for suite in suites_of(kind) {
                if suite.key_exchange.secret == SecretSource::Encrypted && group != NamedGroup::X25519 {
                    continue;
                }
                for by_ticket in [false, true] {
                    let config =
                        Arc::new(client().suites(&[suite]).tickets(by_ticket).build().expect("a client"));
                    for resumed in [false, true, true] {
                        let what = format!("{} {kind} {group} by ticket: {by_ticket}", suite.id);
                        let mut stream =
                            openssl.connect(&config, "localhost").unwrap_or_else(|e| panic!("{what}: {e}"));
                        let connection = stream.connection();
                        assert_eq!(connection.cipher_suite(), Some(suite), "{what}");
                        assert_eq!(connection.is_resumed(), resumed, "{what}");
                        assert!(connection.exporter().is_some(), "extended_master_secret: {what}");
                        talk_to_reverser(&mut stream, 3000).expect(&what);
                        let _ = stream.close();
                    }
                }
            }
        }
    }
}

/// R-T12-10, R-T12-19, R-T12-20, R-EC-3, R-KEY-7, R-EMS-2, R-ETM-2: our server, the same.
#[test]
fn openssl_speaks_every_suite_to_our_server() {
    for kind in KINDS {
        for (group, _) in GROUPS {
            let config = Arc::new(
                server(kind).suites(&all()).groups(&[group]).tickets(tickets()).build().expect("a server"),
            );
            for suite in suites_of(kind) {
                if suite.key_exchange.secret == SecretSource::Encrypted && group != NamedGroup::X25519 {
                    continue;
                }
                for by_ticket in [false, true] {
                    let file = SessionFile::new();
                    let cipher = format!("{}:@SECLEVEL=0", suite.openssl_name);
                    for (resumed, option) in [(false, "-sess_out"), (true, "-sess_in")] {
                        let what = format!("{} {kind} {group} by ticket: {by_ticket}", suite.id);
                        let mut arguments = vec!["-quiet", "-cipher", &cipher, option, &file.0];
                        arguments.extend((!by_ticket).then_some("-no_ticket"));
                        let met = serve(&config, &arguments, None, b"there and back");
                        let ours = met.ours.unwrap_or_else(|e| panic!("{what}: {e}"));
                        assert!(met.succeeded, "{what}");
                        assert_eq!(met.printed, b"there and back", "{what}");
                        assert_eq!(ours.cipher_suite(), Some(suite), "{what}");
                        assert_eq!(ours.is_resumed(), resumed, "{what}");
                    }
                }
            }
        }
    }
}

/// R-T12-1, R-T12-8, R-T12-18: client certificates of each kind, and none.
#[test]
fn client_certificates_are_shown_and_taken() {
    let root = path("root.crt");
    let demands = ["-Verify", "2", "-verify_return_error", "-CAfile", &root];
    for kind in ["p256", "rsa"] {
        let openssl = openssl_server(kind, &demands);
        for own in KINDS {
            let config = Arc::new(client().identity(identity(&client_file(own))).build().expect("a client"));
            for resumed in [false, true] {
                let mut stream = openssl.connect(&config, "localhost").expect(own);
                assert_eq!(stream.connection().is_resumed(), resumed);
                talk_to_reverser(&mut stream, 1000).expect(own);
            }
        }
        assert!(openssl.connect(&Arc::new(client().build().expect("a client")), "localhost").is_err());
        let files = ["client-p256.pem", "client-p384.pem", "client-ed25519.pem", "client-rsa.pem"];
        let asking = |auth| {
            let server = server(kind).verifier(Arc::new(Acquainted(files.to_vec()))).client_auth(auth);
            Arc::new(server.build().expect("a server"))
        };
        let config = asking(ClientAuth::Require);
        for own in KINDS {
            let file = path(&client_file(own));
            let met = serve(&config, &["-quiet", "-cert", &file, "-key", &file], None, b"it is me");
            let ours = met.ours.expect(own);
            let shown = ours.peer_certificates().expect(own);
            assert_eq!(*shown[0], certificate(&client_file(own))[..]);
        }
        let Met { ours, succeeded, .. } = serve(&config, &["-quiet"], None, b"who?");
        assert!(ours.is_err() && !succeeded);
        let met = serve(&asking(ClientAuth::Request), &["-quiet"], None, b"nobody");
        assert_eq!(met.ours.expect("a client may have nothing").peer_certificates(), None);
    }
}

/// R-ALPN-2, R-ALPN-3
#[test]
fn application_protocols_are_agreed_on_or_refused() {
    let openssl = openssl_server("p256", &["-alpn", "h2,http/1.1"]);
    let offering =
        |names: &[&'static [u8]]| Arc::new(client().alpn(names.iter().copied()).build().expect("a client"));
    let stream = openssl.connect(&offering(&[b"http/1.1", b"spdy/1"]), "localhost").expect("http/1.1");
    assert_eq!(stream.connection().alpn(), Some(&b"http/1.1"[..]));
    drop(stream); // s_server serves one at a time
    let Err(error) = openssl.connect(&offering(&[b"spdy/1"]), "localhost") else {
        panic!("nothing is in common");
    };
    assert!(error.to_string().contains("no_application_protocol"), "{error}");
    let config = Arc::new(server("p256").alpn([&b"h2"[..]]).build().expect("a server"));
    let met = serve(&config, &["-quiet", "-alpn", "http/1.1,h2"], None, b"x");
    assert_eq!(met.ours.expect("h2").alpn(), Some(&b"h2"[..]));
    let met = serve(&config, &["-quiet", "-alpn", "http/1.1"], None, b"x");
    assert!(met.ours.is_err() && !met.succeeded);
    let met = serve(&config, &["-quiet"], None, b"x");
    assert_eq!(met.ours.expect("a client without ALPN").alpn(), None);
}

/// R-EXT-1, R-T12-22: by the name in both roles; by the kind of key that the client's suites take.
#[test]
fn names_choose_certificates() {
    let other = path("other-p256.pem");
    let openssl =
        openssl_server("p256", &["-servername", "other.example", "-cert2", &other, "-key2", &other]);
    let config = Arc::new(client().build().expect("a client"));
    for (name, file) in [("localhost", "server-p256.pem"), ("other.example", "other-p256.pem")] {
        let stream = openssl.connect(&config, name).expect(name);
        assert_eq!(*stream.connection().peer_certificates().expect(name)[0], certificate(file)[..]);
    }
    let config = server("p256").identity(identity("server-rsa.pem"));
    let config = Arc::new(
        config.identity_for(["other.example"], identity("other-p256.pem")).build().expect("a server"),
    );
    for (name, cipher) in [
        ("localhost", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("localhost", "ECDHE-RSA-AES128-GCM-SHA256"),
        ("other.example", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ] {
        let arguments = ["-quiet", "-cipher", cipher, "-servername", name, "-verify_hostname", name];
        let met = serve(&config, &arguments, None, b"x");
        let ours = met.ours.unwrap_or_else(|e| panic!("{name} {cipher}: {e}"));
        assert!(met.succeeded, "{name} {cipher}");
        assert_eq!(ours.server_name(), Some(name));
        assert_eq!(ours.cipher_suite().expect("it is open").openssl_name, cipher);
    }
}

/// R-EMS-1, R-EMS-5, R-EMS-6: OpenSSL without it is served, resumed, and refused by whoever demands it.
#[test]
fn openssl_without_extended_master_secret() {
    let without = without_extended_master_secret();
    let file = path("server-rsa.pem");
    let openssl = Server::start(&["-rev", "-cert", &file, "-key", &file], Some(&without));
    let config = Arc::new(client().build().expect("a client"));
    for resumed in [false, true] {
        let mut stream = openssl.connect(&config, "localhost").expect("it is preferred, not demanded");
        assert_eq!(stream.connection().is_resumed(), resumed);
        assert!(stream.connection().exporter().is_none());
        talk_to_reverser(&mut stream, 2000).expect("data");
    }
    let strict = Arc::new(client().require_ems().build().expect("a client"));
    let Err(error) = openssl.connect(&strict, "localhost") else { panic!("it is demanded") };
    assert!(format!("{error:?}").contains("R-EMS-6"), "{error:?}");
    let config = Arc::new(server("rsa").tickets(tickets()).build().expect("a server"));
    let session = SessionFile::new();
    for (resumed, option) in [(false, "-sess_out"), (true, "-sess_in")] {
        let met = serve(&config, &["-quiet", option, &session.0], Some(&without), b"x");
        let ours = met.ours.expect("it is preferred, not demanded");
        assert_eq!(ours.is_resumed(), resumed);
        assert!(ours.exporter().is_none());
    }
    // R-EMS-3: the session has none, the hello has: a full handshake.
    let met = serve(&config, &["-quiet", "-sess_in", &session.0], None, b"x");
    assert!(!met.ours.expect("a full handshake").is_resumed());
    let strict = Arc::new(server("rsa").require_ems().build().expect("a server"));
    let met = serve(&strict, &["-quiet"], Some(&without), b"x");
    assert!(met.ours.is_err() && !met.succeeded);
}

/// R-ETM-1, R-ETM-2: every suite of CBC with encrypt-then-MAC turned off on either side.
#[test]
fn cbc_without_encrypt_then_mac() {
    for kind in ["ed25519", "rsa"] {
        let is_cbc = |suite: &&Suite| matches!(suite.protection, Protection::Cbc { .. });
        let (with, without) = (openssl_server(kind, &[]), openssl_server(kind, &["-no_etm"]));
        let theirs = Arc::new(server(kind).suites(&all()).build().expect("a server"));
        let silent = server(kind).suites(&all()).encrypt_then_mac(false).build().expect("a server");
        let silent = Arc::new(silent);
        for suite in suites_of(kind).filter(is_cbc) {
            for (openssl, etm) in [(&with, false), (&without, true), (&without, false)] {
                let config = client().suites(&[suite]).encrypt_then_mac(etm).build().expect("a client");
                let mut stream = openssl.connect(&Arc::new(config), "localhost").expect(suite.openssl_name);
                talk_to_reverser(&mut stream, 20_000).expect(suite.openssl_name);
            }
            let cipher = format!("{}:@SECLEVEL=0", suite.openssl_name);
            for (config, more) in [(&theirs, &["-no_etm"][..]), (&silent, &[]), (&silent, &["-no_etm"])] {
                let data = vec![b'x'; 40_000];
                let met = serve(config, &[&["-quiet", "-cipher", &cipher], more].concat(), None, &data);
                assert!(met.ours.is_ok() && met.succeeded && met.printed == data, "{}", suite.openssl_name);
            }
        }
    }
}

/// R-EXT-2, R-EXT-5: OpenSSL keeps to a fragment that it was asked for, and asks for one.
#[test]
fn maximum_fragment_lengths_are_kept() {
    let openssl = openssl_server("p256", &[]);
    for (code, length) in [(1, "512"), (2, "1024"), (3, "2048"), (4, "4096")] {
        let asked =
            client().max_fragment_length(tlcp::wire::MaxFragmentLength(code)).build().expect("a client");
        let asked = Arc::new(asked);
        for resumed in [false, true] {
            let mut stream = openssl.connect(&asked, "localhost").expect(length);
            assert_eq!(stream.connection().is_resumed(), resumed);
            talk_to_reverser(&mut stream, 20_000).expect(length);
        }
        let config = Arc::new(server("p256").build().expect("a server"));
        let data = vec![b'y'; 50_000];
        let met = serve(&config, &["-quiet", "-maxfraglen", length], None, &data);
        assert!(met.ours.is_ok() && met.succeeded && met.printed == data, "{length}");
    }
}

/// R-T12-26: OpenSSL's server exports what our client exports.
#[test]
fn exporters_agree() {
    let file = path("server-rsa.pem");
    let export = ["-keymatexport", "EXPORTER-tlcp", "-keymatexportlen", "40"];
    let openssl =
        Server::start(&[&["-cert", &file, "-key", &file], &ALL_CIPHERS[..], &export].concat(), None);
    for name in ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "AES128-SHA"] {
        let suite = Suite::by_name(name).expect(name);
        let config = Arc::new(client().suites(&[suite]).build().expect("a client"));
        let stream = openssl.connect(&config, "localhost").expect(name);
        let mut ours = [0; 40];
        stream.connection().exporter().expect(name).export(b"EXPORTER-tlcp", None, &mut ours).expect(name);
        let hex: String = ours.iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(openssl.hears("Keying material: "), hex, "{name}");
    }
}

/// R-T12-12, R-T12-13, R-AEAD-1, R-AEAD-3: 4 MiB each way in every suite.
#[test]
fn four_mebibytes_go_each_way() {
    const LENGTH: usize = 4 << 20;
    let data: Vec<u8> = (0..LENGTH).map(|i| (i % 249) as u8).collect();
    for kind in ["p256", "rsa"] {
        let openssl = openssl_server(kind, &[]);
        let config = Arc::new(server(kind).suites(&all()).build().expect("a server"));
        for suite in suites_of(kind) {
            let ours = Arc::new(client().suites(&[suite]).build().expect("a client"));
            let mut stream = openssl.connect(&ours, "localhost").expect(suite.openssl_name);
            talk_to_reverser(&mut stream, LENGTH).expect(suite.openssl_name);
            let cipher = format!("{}:@SECLEVEL=0", suite.openssl_name);
            let met = serve(&config, &["-quiet", "-cipher", &cipher], None, &data);
            assert!(met.ours.is_ok() && met.succeeded && met.printed == data, "{}", suite.openssl_name);
        }
    }
}
