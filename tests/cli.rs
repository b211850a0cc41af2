//! The program `tlcp`, as its users run it.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "cli/client.rs"]
mod client;
#[path = "cli/identity.rs"]
mod identity;
#[path = "support/program.rs"]
mod program;
#[path = "cli/requests.rs"]
mod requests;
#[path = "cli/servers.rs"]
mod servers;
#[path = "cli/sm9.rs"]
mod sm9;

use program::{Folder, Server, run};
use std::io::{Read, Write};
use std::net::TcpStream;

#[test]
fn pki_writes_keys_for_the_owner_alone_and_overwrites_nothing_unasked() {
    let folder = Folder::new();
    #[cfg(unix)]
    for (name, mode) in [("server.pem", 0o600), ("client-encrypt.key", 0o600), ("ca.crt", 0o644)] {
        use std::os::unix::fs::PermissionsExt;
        let found = std::fs::metadata(folder.file(name)).unwrap().permissions().mode() & 0o777;
        // The user's mask may take more away, never give.
        assert_eq!(found & !mode, 0, "{name}: {found:o}");
    }
    let before = std::fs::read(folder.file("server.pem")).unwrap();
    run(&["pki", "--out", &folder.file("")], &[]).failed_with(1, &["ca.crt is there already", "--force"]);
    assert_eq!(std::fs::read(folder.file("server.pem")).unwrap(), before);
    run(&["pki", "--out", &folder.file(""), "--host", "example.cn", "--force"], &[]).succeeded();
    assert_ne!(std::fs::read(folder.file("server.pem")).unwrap(), before);
}

#[test]
fn a_page_comes_over_a_resumed_mutual_connection_with_alpn() {
    let folder = Folder::new();
    folder.write("www/page.txt", "the page\n");
    let www = folder.file("www");
    let server = Server::start(&folder, &["--www", &www, "--client-auth", "require", "--alpn", "http/1.1"]);
    let identity = folder.file("client.pem");
    let options = ["--identity", &identity, "--alpn", "http/1.1", "--reconnect", "--get", "/page.txt"];
    let client = server.client(&folder, &options, &[]).succeeded();
    assert_eq!(client.out(), "the page\n");
    let [first, second, status] =
        client.err().lines().map(String::from).collect::<Vec<_>>().try_into().unwrap();
    assert!(first.starts_with("connected: ECDHE_SM4_GCM_SM3, full handshake"), "{first}");
    assert!(second.starts_with("connected: ECDHE_SM4_GCM_SM3, resumed"), "{second}");
    assert!(first.contains("ALPN http/1.1") && first.contains("server CN=localhost"), "{first}");
    assert_eq!(status, "HTTP/1.1 200 OK");
    let log = server.stop();
    assert!(
        log.contains("ECDHE_SM4_GCM_SM3, resumed, for localhost, ALPN http/1.1, client CN=client"),
        "{log}"
    );
}

#[test]
fn the_folder_is_all_that_the_server_gives_away() {
    let folder = Folder::new();
    folder.write("www/index.html", "index");
    let server = Server::start(&folder, &["--www", &folder.file("www")]);
    assert_eq!(server.client(&folder, &["--get", "/"], &[]).succeeded().out(), "index");
    for path in ["/../server.pem", "/%2e%2e/server.pem", "/..%2fserver.pem", "/none"] {
        let client = server.client(&folder, &["--get", path], &[]);
        assert!(!client.out().contains("KEY"), "{path}");
        client.failed_with(7, &["404 Not Found"]);
    }
    let piped = server.client(&folder, &[], b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx").succeeded();
    assert!(piped.out().starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{}", piped.out());
}

/// R-RSA-1, R-CS-1: with pairs of RSA certificates on both sides.
#[test]
fn the_rsa_suites_run_once_they_are_named() {
    let folder = Folder::new();
    for (name, file) in [("server.pem", "server.pem"), ("client.pem", "client.pem"), ("ca.crt", "root.crt")] {
        folder.write(name, &std::fs::read_to_string(format!("vectors/rsa/{file}")).unwrap());
    }
    let suites = ["RSA_SM4_GCM_SM3", "RSA_SM4_GCM_SHA256", "RSA_SM4_CBC_SM3", "RSA_SM4_CBC_SHA256"];
    let mut options: Vec<&str> = suites.iter().flat_map(|suite| ["--suite", suite]).collect();
    options.extend(["--echo", "--client-auth", "require"]);
    let server = Server::start(&folder, &options);
    let identity = folder.file("client.pem");
    for suite in suites {
        let options = ["--suite", suite, "--identity", &identity, "--trace"];
        let client = server.client(&folder, &options, b"hello").succeeded();
        assert_eq!(client.out(), "hello");
        for part in
            [suite, "256 bytes of RSA ciphertext", "RSA with SHA-256, 256 bytes, over the SHA-256 hash"]
        {
            assert!(client.err().contains(part), "{suite}, {part}: {}", client.err());
        }
    }
}

/// More than all buffers on the way hold: both directions must move at once. The end of the input ends one of them.
#[test]
fn a_megabyte_through_the_pipe_comes_back_in_every_suite() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--echo"]);
    let identity = folder.file("client.pem");
    let data: Vec<u8> = (0..1 << 20).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for suite in ["ECDHE_SM4_GCM_SM3", "ECC_SM4_GCM_SM3", "ECDHE_SM4_CBC_SM3", "ECC_SM4_CBC_SM3"] {
        let options = ["--identity", &identity, "--suite", suite, "--reconnect"];
        let client = server.client(&folder, &options, &data).succeeded();
        assert!(client.bytes() == data, "{suite}: {} bytes", client.bytes().len());
        assert!(client.err().contains(&format!("{suite}, resumed")), "{}", client.err());
    }
    assert_eq!(server.client(&folder, &["--compat", "gmssl"], b"short").succeeded().out(), "short");
}

#[test]
fn trace_shows_both_ends_every_message_and_the_key_log_one_line_a_connection() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--echo", "--trace", "--client-auth", "request"]);
    let (identity, log) = (folder.file("client.pem"), folder.file("keys.log"));
    let options = ["--identity", &identity, "--trace", "--keylog", &log];
    let client = server.client(&folder, &options, b"hello").succeeded();
    assert_eq!(client.out(), "hello");
    for trace in [client.err(), server.stop()] {
        for message in MESSAGES {
            assert!(trace.contains(message), "{message} is missing:\n{trace}");
        }
    }
    let log = std::fs::read_to_string(log).unwrap();
    let [label, random, secret] = log.trim_end().split(' ').collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((label, random.len(), secret.len()), ("CLIENT_RANDOM", 64, 96));
}

const MESSAGES: [&str; 13] = [
    "client --> server  ClientHello",
    "client <-- server  ServerHello",
    "client <-- server  Certificate",
    "client <-- server  ServerKeyExchange",
    "client <-- server  CertificateRequest",
    "client <-- server  ServerHelloDone",
    "client --> server  Certificate ",
    "client --> server  ClientKeyExchange",
    "client --> server  CertificateVerify",
    "client --> server  ChangeCipherSpec",
    "client --> server  Finished",
    "client <-- server  Finished",
    "warning, close_notify",
];

#[test]
fn errors_name_the_message_the_field_and_what_to_do() {
    let (folder, other) = (Folder::new(), Folder::new());
    let server = Server::start(&folder, &["--echo", "--client-auth", "require"]);
    let ours = folder.file("client.pem");
    server
        .client(&other, &["--identity", &ours], &[])
        .failed_with(5, &["where: Certificate, certificate_list", "--ca"]);
    let name = ["--identity", &ours, "--name", "example.cn"];
    server.client(&folder, &name, &[]).failed_with(5, &["another name", "where: Certificate", "--name"]);
    server.client(&folder, &[], &[]).failed_with(6, &["alert handshake_failure", "--identity"]);
    let stranger = other.file("client.pem");
    server.client(&folder, &["--identity", &stranger], &[]).failed_with(6, &["the alert"]);
    let mutual = ["--suite", "ECDHE_SM4_GCM_SM3"];
    server.client(&folder, &mutual, &[]).failed_with(1, &["no identity is configured", "--identity"]);
    server.client(&folder, &["--suite", "AES"], &[]).failed_with(1, &["no such suite", "ECC_SM4_CBC_SM3"]);
    let half = folder.file("client-sign.crt");
    server
        .client(&folder, &["--identity", &half], &[])
        .failed_with(1, &["--identity", "private key is missing"]);
    let log = server.stop();
    assert!(log.contains("the client showed no certificates"), "{log}");
    assert!(log.contains("where: Certificate, certificate_list"), "{log}");
}

#[test]
fn no_client_stops_the_server() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--echo", "--max-connections", "4"]);
    let connect = || TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    // Says nothing, for as long as the test runs.
    let _silent = connect();
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0x16, 1, 1, 0xff, 0xff],
        &[0; 100],
        &[0x16, 1, 1, 0, 4, 1, 0, 0, 0],
    ] {
        let mut bad = connect();
        bad.write_all(garbage).unwrap();
        bad.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = bad.read_to_end(&mut Vec::new());
    }
    for _ in 0..8 {
        drop(connect());
    }
    assert_eq!(server.client(&folder, &[], b"still there").succeeded().out(), "still there");
    let log = server.stop();
    assert!(log.contains("they look like HTTP"), "{log}");
}

#[test]
fn the_demo_shows_every_message_of_five_handshakes() {
    let demo = run(&["demo"], &[]).succeeded();
    let text = demo.out();
    let mut rest = text.as_str();
    for part in [
        "1. ECDHE_SM4_GCM_SM3, full",
        "client --> server  ClientHello",
        "client <-- server  ServerKeyExchange",
        "ephemeral point",
        "client <-- server  CertificateRequest",
        "client --> server  CertificateVerify",
        "client <-- server  Finished",
        "Both verify_data are right",
        "pre_master_secret    48 bytes  SM2 key exchange",
        "client --> server  application data",
        "client <-- server  application data",
        "2. ECDHE_SM4_GCM_SM3, resumed",
        "so the session is resumed",
        "kept from the full handshake",
        "3. ECC_SM4_GCM_SM3, full",
        "bytes of SM2 ciphertext",
        "4. ECC_SM4_GCM_SM3, resumed",
        "5. IBSDH_SM4_GCM_SM3, full",
        "client_id",
        "ibc_id",
        "userID_B",
        "key centres",
        "pre_master_secret    48 bytes  SM9 key exchange",
        "Times: the median",
    ] {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} is missing or out of order:\n{text}"));
        rest = &rest[at + part.len()..];
    }
    assert_eq!(text.matches("ClientHello ").count(), 5);
    assert!(!text.contains('\x1b'), "no colours into a pipe");
}
