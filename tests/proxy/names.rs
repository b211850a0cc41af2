//! Several names on a port, each with its own certificates, backend and rules.
use super::gateway::{Gateway, Speaks, ask, backend, client, connect, echo, folder_for, tcp};
use super::program::Folder;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use tlcp::config::ClientConfig;

/// Says who it is.
fn speaker(name: &'static str) -> u16 {
    backend(move |mut tcp| {
        let _ = tcp.read_to_end(&mut Vec::new());
        tcp.write_all(name.as_bytes()).unwrap();
    })
}

/// Two names with a CA each, one with a wildcard; the first is for all others too.
fn config(folders: [&Folder; 2], more: &str) -> String {
    let [a, b] = folders.map(|folder| folder.file(""));
    format!(
        "[[terminate]]\nlisten = '127.0.0.1:0'\nto = '127.0.0.1:{}'\nidentity = '{a}/server.pem'\n{more}\n\
         [[terminate.name]]\nnames = 'a.example'\nidentity = ['{a}/server.pem', '{a}/tls-server.crt', '{a}/tls-server.key']\n\
         to = '127.0.0.1:{}'\nalpn = ['http/1.1']\n\
         [[terminate.name]]\nnames = ['b.example', '*.b.example']\nidentity = '{b}/server.pem'\n\
         to = '127.0.0.1:{}'\nclient-auth = 'require'\nca = '{b}/ca.crt'\n",
        speaker("default"),
        speaker("a"),
        speaker("b")
    )
}

fn with_alpn(config: &Arc<ClientConfig>, name: &[u8]) -> Arc<ClientConfig> {
    Arc::new(config.to_builder().alpn([name]).build().unwrap())
}

#[test]
fn each_name_has_its_certificates_its_backend_and_its_rules() {
    let (a, b) = (folder_for("a.example"), folder_for("*.b.example"));
    let file = a.write("gateway.toml", &config([&a, &b], ""));
    let gateway = Gateway::start(&["--config", &file], 1);
    let of_a = client(&a, Speaks::Tlcp, false);
    let stream = connect(gateway.port(), &with_alpn(&of_a, b"http/1.1"), "a.example").unwrap();
    assert_eq!(stream.connection().alpn(), Some(&b"http/1.1"[..]));
    assert_eq!(ask(stream, b""), b"a");
    assert!(connect(gateway.port(), &with_alpn(&of_a, b"h2"), "a.example").is_err());
    gateway.logged("outcome=no_application_protocol");
    assert_eq!(
        ask(connect(gateway.port(), &client(&a, Speaks::Tls12, false), "a.example").unwrap(), b""),
        b"a"
    );

    let stream = connect(gateway.port(), &client(&b, Speaks::Tlcp, true), "www.b.example").unwrap();
    assert_eq!(ask(stream, b""), b"b");
    let line = gateway.logged("server_name=www.b.example");
    assert!(
        line.contains("suite=ECDHE_SM4_GCM_SM3") && line.contains("peer_certificate=\"CN=client"),
        "{line}"
    );
    assert!(connect(gateway.port(), &client(&b, Speaks::Tlcp, false), "www.b.example").is_err());
    let line = gateway.logged("outcome=client_certificate_missing");
    assert!(line.contains("server_name=www.b.example"), "{line}");
    // this name has no certificate for TLS
    assert!(connect(gateway.port(), &client(&b, Speaks::Tls12, false), "www.b.example").is_err());
    gateway.logged("outcome=protocol_version");
}

#[test]
fn who_asks_for_another_name_gets_the_ports_own_or_is_refused() {
    let (a, b) = (folder_for("a.example"), folder_for("b.example"));
    let trusting = client(&a, Speaks::Tlcp, false);
    let file = a.write("gateway.toml", &config([&a, &b], ""));
    let gateway = Gateway::start(&["--config", &file], 1);
    // it gets the certificate of a.example, and says so
    let error = connect(gateway.port(), &trusting, "c.example").unwrap_err().to_string();
    assert!(error.contains("another name"), "{error}");

    let file = a.write("gateway.toml", &config([&a, &b], "refuse-unknown-names = true"));
    let gateway = Gateway::start(&["--config", &file], 1);
    let error = connect(gateway.port(), &trusting, "c.example").unwrap_err().to_string();
    assert!(error.contains("unrecognized_name"), "{error}");
    let line = gateway.logged("outcome=unrecognized_name");
    assert!(line.contains("server_name=c.example") && line.contains("hint="), "{line}");
    // Who asks for no name gets the port's own.
    let error = connect(gateway.port(), &trusting, "127.0.0.1").unwrap_err().to_string();
    assert!(error.contains("another name"), "{error}");
}

/// <https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>, section 2.2.
#[test]
fn the_backend_hears_who_the_client_is_before_its_first_byte() {
    let folder = folder_for("a.example");
    let (tell, told) = mpsc::channel();
    let reads = backend(move |mut tcp| {
        let mut all = Vec::new();
        tcp.read_to_end(&mut all).unwrap();
        tell.send(all).unwrap();
    });
    let cas = ["ca.crt", "tls-ca.crt"].map(|name| folder.file(name));
    let options = ["--proxy-protocol", "--alpn", "h2", "--ca", &cas[0], &cas[1]];
    let gateway = Gateway::terminate(&folder, reads, &options);
    let known = with_alpn(&client(&folder, Speaks::Tlcp, true), b"h2");
    let unknown = with_alpn(&client(&folder, Speaks::Tlcp, false), b"h2");
    // A certificate on this connection and in its session; in the session; none.
    let cases: [(_, &[u8], &[u8]); 3] = [
        (&known, b"\x20\0\x20\x07\0\0\0\0", b"\x23\0\x11ECDHE_SM4_GCM_SM3"),
        (&known, b"\x20\0\x20\x05\0\0\0\0", b"\x23\0\x11ECDHE_SM4_GCM_SM3"),
        (&unknown, b"\x20\0\x1e\x01\0\0\0\x01", b"\x23\0\x0fECC_SM4_GCM_SM3"),
    ];
    for (config, certificate, cipher) in cases {
        let stream = connect(gateway.port(), config, "a.example").unwrap();
        let own = stream.socket().local_addr().unwrap().port();
        ask(stream, b"first byte");
        let got = told.recv_timeout(Duration::from_secs(10)).unwrap();
        let expected = [
            &b"\r\n\r\n\0\r\nQUIT\n\x21\x11"[..],
            &[0, if config.policy().may_sign { 64 } else { 62 }],
            &[127, 0, 0, 1, 127, 0, 0, 1],
            &own.to_be_bytes(),
            &gateway.port().to_be_bytes(),
            b"\x01\0\x02h2",
            b"\x02\0\x09a.example",
            certificate,
            b"\x21\0\x04TLCP",
            cipher,
            b"first byte",
        ];
        assert_eq!(hex::encode(got), hex::encode(expected.concat()));
    }
}

/// Sessions of one name are not resumed at another, and are at their own.
#[test]
fn sessions_stay_with_their_name() {
    let folder = folder_for("localhost");
    let gateway = Gateway::terminate(&folder, echo(), &[]);
    for speaks in [Speaks::Tlcp, Speaks::Tls12] {
        let config = client(&folder, speaks, false);
        for resumed in [false, true] {
            let stream = connect(gateway.port(), &config, "localhost").unwrap();
            assert_eq!(stream.connection().is_resumed(), resumed, "{speaks:?}");
            ask(stream, b"x");
        }
    }
}

/// Nor at another port, whichever side of the gateway is the protected one.
#[test]
fn sessions_stay_with_their_port() {
    let folder = folder_for("localhost");
    let (identity, ca) = (folder.file("server.pem"), folder.file("ca.crt"));
    // A port is told from another by how it is written.
    let listens = ["127.0.0.1:0", ":0"];
    let ports = |table: &dyn Fn(&str) -> String| {
        let file = folder.write("gateway.toml", &listens.map(table).concat());
        Gateway::start(&["--config", &file], 2)
    };
    let to = echo();
    let far = ports(&|listen| {
        format!("[[terminate]]\nlisten = '{listen}'\nto = '127.0.0.1:{to}'\nidentity = '{identity}'\n")
    });
    let config = client(&folder, Speaks::Tlcp, false);
    let order = [(0, false), (0, true), (1, false), (1, true)];
    for (port, resumed) in order {
        let stream = connect(far.ports[port], &config, "localhost").unwrap();
        assert_eq!(stream.connection().is_resumed(), resumed, "port {port}");
        ask(stream, b"x");
    }
    let to = far.port();
    let near = ports(&|listen| {
        format!("[[originate]]\nlisten = '{listen}'\nconnect = 'localhost:{to}'\nca = '{ca}'\n")
    });
    for ((port, resumed), number) in order.into_iter().zip(1..) {
        let mut plain = tcp(near.ports[port]);
        plain.shutdown(Shutdown::Write).unwrap();
        assert_eq!(plain.read_to_end(&mut Vec::new()).unwrap(), 0);
        let line = near.logged_times("outcome=ok", number);
        assert!(line.contains(&format!("resumed={resumed}")), "port {port}: {line}");
    }
}
