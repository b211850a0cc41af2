//! What the gateway says of its connections, and what it counts.
use super::gateway::{Gateway, Speaks, ask, client, connect, echo, folder, tcp, until};
use std::io::{Read, Write};
use std::net::Shutdown;

#[test]
fn each_line_of_json_says_who_it_was_and_why_it_failed() {
    let folder = folder();
    let cas = ["ca.crt", "tls-ca.crt"].map(|name| folder.file(name));
    let file = folder.file("access.log");
    let options =
        ["--log-format", "json", "--log-file", &file, "--client-auth", "request", "--ca", &cas[0], &cas[1]];
    let mut gateway = Gateway::terminate(&folder, echo(), &options);
    ask(connect(gateway.port(), &client(&folder, Speaks::Tlcp, true), "localhost").unwrap(), b"12345");
    let mut plain = tcp(gateway.port());
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let _ = plain.shutdown(Shutdown::Write);
    let _ = plain.read(&mut [0; 10]);
    drop(tcp(gateway.port()));
    gateway.signal("TERM");
    assert!(gateway.wait());
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |outcome: &str| {
        let found = lines.iter().find(|line| line["outcome"] == outcome);
        found.unwrap_or_else(|| panic!("{outcome}: {text}"))
    };
    let good = of("ok");
    for (key, value) in [
        ("role", "server"),
        ("protocol", "TLCP"),
        ("suite", "ECDHE_SM4_GCM_SM3"),
        ("server_name", "localhost"),
        ("peer_certificate", "CN=client, O=TLCP test, C=CN"),
    ] {
        assert_eq!(good[key], value, "{text}");
    }
    assert_eq!((&good["resumed"], &good["received"], &good["sent"]), (&false.into(), &5.into(), &5.into()));
    assert!(good["duration_ms"].as_f64().unwrap() >= good["handshake_ms"].as_f64().unwrap());
    assert!(good["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    let http = of("other_protocol");
    assert!(http["error"].as_str().unwrap().contains("HTTP") && http["suite"].is_null(), "{http}");
    of("closed_before_hello");
    assert_eq!(lines.iter().filter(|line| line["event"] == "serving").count(), 1);
    assert_eq!(lines.last().unwrap()["event"], "ended");
}

/// A log that nobody reads stops nobody.
#[test]
fn the_log_is_opened_anew_when_it_was_moved_away() {
    let folder = folder();
    let (file, moved) = (folder.file("access.log"), folder.file("access.log.1"));
    let gateway = Gateway::terminate(&folder, echo(), &["--log-file", &file]);
    let config = client(&folder, Speaks::Tls12, false);
    ask(connect(gateway.port(), &config, "localhost").unwrap(), b"before");
    let has = |file: &str, part: &str| {
        until(part, || std::fs::read_to_string(file).unwrap_or_default().contains(part));
    };
    has(&file, "received=6");
    std::fs::rename(&file, &moved).unwrap();
    gateway.signal("HUP");
    has(&file, "event=serving");
    ask(connect(gateway.port(), &config, "localhost").unwrap(), b"afterwards");
    has(&file, "received=10");
    assert!(!std::fs::read_to_string(moved).unwrap().contains("received=10"));
}

/// A reader that has stopped: the queue is full, and the new place counts all the same.
#[test]
fn the_log_moves_although_nobody_reads_the_old_one() {
    let folder = folder();
    let (pipe, new) = (folder.file("pipe"), folder.file("new.log"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let text = |log: &str| {
        format!(
            "[[terminate]]\nlisten = '127.0.0.1:0'\nto = '127.0.0.1:1'\nidentity = 'server.pem'\n\
             [log]\nfile = '{log}'\n[metrics]\nlisten = '127.0.0.1:0'\n"
        )
    };
    let file = folder.write("gateway.toml", &text(&pipe));
    let reader = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    let gateway = Gateway::start(&["--config", &file], 1);
    while gateway.metrics().contains("tlcp_log_lines_lost_total 0\n") {
        (0..1000).for_each(|_| drop(tcp(gateway.port())));
    }
    folder.write("gateway.toml", &text(&new));
    gateway.signal("HUP");
    until("a reload", || gateway.metrics().contains("tlcp_reloads_total{outcome=\"ok\"} 1"));
    // It has what it was about to say; then it reads no more.
    std::thread::spawn(move || std::io::copy(&mut { reader }, &mut std::io::sink()));
    until("a line in the new log", || std::fs::metadata(&new).unwrap().len() > 0);
}

#[test]
fn lines_that_a_full_disk_refuses_are_counted() {
    let folder = folder();
    let options = ["--log-file", "/dev/full", "--metrics-listen", "127.0.0.1:0"];
    let gateway = Gateway::terminate(&folder, echo(), &options);
    drop(tcp(gateway.port()));
    // That it serves, and that somebody came and went.
    until("two lost lines", || gateway.metrics().contains("tlcp_log_lines_lost_total 2\n"));
}

/// Whatever the one that serves nobody else of its kind speaks.
#[test]
fn a_client_that_is_refused_is_counted_under_its_own_protocol() {
    let folder = folder();
    let identity = ["tls-server.crt", "tls-server.key"].map(|name| folder.file(name));
    let gateway = Gateway::start(
        &["--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--identity", &identity[0], &identity[1]],
        1,
    );
    assert!(connect(gateway.port(), &client(&folder, Speaks::Tlcp, false), "localhost").is_err());
    let line = gateway.logged("outcome=");
    assert!(line.contains("outcome=protocol_version") && line.contains("protocol=TLCP"), "{line}");
}

#[test]
fn handshakes_connections_and_bytes_are_counted() {
    let folder = folder();
    let gateway = Gateway::terminate(&folder, echo(), &["--metrics-listen", "127.0.0.1:0"]);
    let config = client(&folder, Speaks::Tlcp, false);
    for _ in 0..2 {
        ask(connect(gateway.port(), &config, "localhost").unwrap(), b"123");
    }
    let mut plain = tcp(gateway.port());
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let _ = plain.read(&mut [0; 10]);
    let mut open = connect(gateway.port(), &client(&folder, Speaks::Tls12, false), "localhost").unwrap();
    open.write_all(b"1234").unwrap();
    open.read_exact(&mut [0; 4]).unwrap();
    drop(plain);
    gateway.logged("outcome=other_protocol");
    gateway.logged_times("outcome=ok", 2);
    let text = gateway.metrics();
    for line in [
        "# TYPE tlcp_handshakes_total counter",
        "tlcp_handshakes_total{role=\"server\",protocol=\"TLCP\",outcome=\"full\"} 1",
        "tlcp_handshakes_total{role=\"server\",protocol=\"TLCP\",outcome=\"resumed\"} 1",
        "tlcp_handshakes_total{role=\"server\",protocol=\"TLSv1.2\",outcome=\"full\"} 1",
        "tlcp_handshakes_total{role=\"server\",protocol=\"unknown\",outcome=\"other_protocol\"} 1",
        "tlcp_connections 1",
        "tlcp_connections_ended_total{role=\"server\",outcome=\"ok\"} 2",
        "tlcp_bytes_total{role=\"server\",direction=\"received\"} 10",
        "tlcp_bytes_total{role=\"server\",direction=\"sent\"} 10",
        "tlcp_log_lines_lost_total 0",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is missing:\n{text}");
    }
    let mut other = tcp(gateway.metrics.unwrap());
    other.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
}
