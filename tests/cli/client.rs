//! What `tlcp client` does beside fetching and piping.
use crate::program::{Folder, Server, run, tlcp};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;

/// As PEM that can be used again, with names before it.
#[test]
fn the_servers_certificates_can_be_shown_without_trusting_them() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--echo"]);
    let connect = format!("localhost:{}", server.port);
    let shown = run(&["client", "--connect", &connect, "--insecure", "--showcerts"], &[]).succeeded();
    assert_eq!(shown.out().matches("-----BEGIN CERTIFICATE-----").count(), 3);
    assert_eq!(shown.out().matches("subject: CN=localhost, O=TLCP test, C=CN\n").count(), 2);
    assert!(shown.err().contains("WARNING: --insecure"), "{}", shown.err());
    // The chain that was shown is one to be shown again, but for its keys.
    let chain = folder.write("shown.pem", &shown.out());
    let keys = [folder.file("server-sign.key"), folder.file("server-encrypt.key")];
    let arguments = ["server", "--listen", "127.0.0.1:x", "--identity", &chain, &keys[0], &keys[1]];
    run(&arguments, &[]).failed_with(1, &["--listen 127.0.0.1:x"]);
}

#[test]
fn nobody_is_trusted_unasked() {
    let outcome = tlcp(&["client", "--connect", "localhost:1"]).output().unwrap();
    assert_eq!(outcome.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&outcome.stderr).contains("--ca <FILE>"));
    let both = ["client", "--connect", "localhost:1", "--insecure", "--ca", "x"];
    assert_eq!(tlcp(&both).output().unwrap().status.code(), Some(2));
}

#[test]
fn an_address_that_is_none_is_answered_with_how_one_is_written() {
    let folder = Folder::new();
    let (identity, ca) = (folder.file("server.pem"), folder.file("ca.crt"));
    for listen in ["127.0.0.1:x", "4433", ":http", ""] {
        run(&["server", "--listen", listen, "--identity", &identity], &[]).failed_with(
            1,
            &[&format!("--listen {listen}: "), "write it as 127.0.0.1:4433, [::1]:4433 or :4433"],
        );
    }
    for connect in [":4433", "[]:4433", "localhost", "localhost:x"] {
        run(&["client", "--connect", connect, "--ca", &ca], &[])
            .failed_with(1, &[&format!("--connect {connect}: not HOST:PORT"), "write it as localhost:4433"]);
    }
    // where nobody listens
    run(&["client", "--connect", "[::1]:1", "--ca", &ca], &[]).failed_with(3, &["connecting to [::1]:1: "]);
}

/// What the gateway takes, the server takes too.
#[test]
fn a_port_alone_is_listened_at_on_every_address() {
    let folder = Folder::new();
    let identity = folder.file("server.pem");
    let mut child = tlcp(&["server", "--listen", ":0", "--identity", &identity]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
    let met = TcpStream::connect(("127.0.0.1", port.unwrap_or_default()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(met.is_ok() && line.starts_with("listening on "), "{line:?}: {met:?}");
}

/// Nobody listens there.
#[test]
fn an_unreachable_server_is_the_networks_fault() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let connect = format!("127.0.0.1:{port}");
    run(&["client", "--connect", &connect, "--insecure"], &[])
        .failed_with(3, &["see whether the server runs"]);
}

#[test]
fn shells_can_complete_every_option() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&["completions", shell], &[]).succeeded().out();
        assert!(script.contains("showcerts") && script.contains("completions"), "{shell}");
    }
}

/// What the README says: one more `--identity`, and the CA of TLCP's clients as before.
#[test]
fn a_server_of_both_protocols_needs_a_ca_for_one_of_them_at_most() {
    let folder = Folder::new();
    run(&["pki", "--out", &folder.file(""), "--tls", "--force"], &[]).succeeded();
    let [certificate, key] = ["tls-server.crt", "tls-server.key"].map(|name| folder.file(name));
    let server = Server::start(&folder, &["--echo", "--identity", &certificate, &key]);
    let identity = folder.file("client.pem");
    let mutual = server.client(&folder, &["--identity", &identity], b"word").succeeded();
    assert!(mutual.out() == "word" && mutual.err().contains("ECDHE_SM4_GCM_SM3"), "{}", mutual.err());
    let (ca, connect) = (folder.file("tls-ca.crt"), format!("localhost:{}", server.port));
    let tls = run(&["client", "--tls12", "--connect", &connect, "--ca", &ca], b"word").succeeded();
    assert_eq!(tls.out(), "word");
    assert!(server.stop().contains("none is a CA for TLS 1.2"));
}
