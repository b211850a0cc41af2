//! Another configuration while connections go on, and the end.
use super::gateway::{
    Gateway, PATIENCE, Speaks, ask, backend, client, connect, echo, folder, folder_for, tcp,
};
use super::program::Folder;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

fn file(folder: &Folder, backend: u16, more: &str) -> String {
    folder.write(
        "gateway.toml",
        &format!("[[terminate]]\nlisten = '127.0.0.1:0'\nto = '127.0.0.1:{backend}'\nidentity = 'server.pem'\n{more}"),
    )
}

/// An identity and its CA from another PKI, under the same name.
fn renew(folder: &Folder) {
    let other = folder_for("localhost");
    fs::copy(other.file("server.pem"), folder.file("server.pem")).unwrap();
    fs::copy(other.file("ca.crt"), folder.file("ca.crt")).unwrap();
}

#[test]
fn new_certificates_are_shown_and_old_connections_go_on() {
    let folder = folder();
    let gateway = Gateway::start(&["--config", &file(&folder, echo(), "")], 1);
    let old = client(&folder, Speaks::Tlcp, false);
    let mut open = connect(gateway.port(), &old, "localhost").unwrap();
    renew(&folder);
    gateway.signal("HUP");
    gateway.logged_times("event=serving", 2);
    open.write_all(b"still").unwrap();
    open.read_exact(&mut [0; 5]).unwrap();
    let new = client(&folder, Speaks::Tlcp, false);
    assert_eq!(ask(connect(gateway.port(), &new, "localhost").unwrap(), b"new"), b"new");
    // who trusts the old CA alone has a session, and may not resume it
    assert!(connect(gateway.port(), &old, "localhost").is_err());
    assert_eq!(ask(open, b" here"), b" here");
}

#[test]
fn a_bad_file_changes_nothing_and_is_told_of() {
    let folder = folder();
    let gateway =
        Gateway::start(&["--config", &file(&folder, echo(), "[metrics]\nlisten = '127.0.0.1:0'\n")], 1);
    let config = client(&folder, Speaks::Tlcp, false);
    ask(connect(gateway.port(), &config, "localhost").unwrap(), b"x");
    let taken = backend(drop);
    for (more, said) in [
        ("nonsense = 1\n".to_owned(), "terminate[0].nonsense: has no place here"),
        (
            format!("[[terminate]]\nlisten = '127.0.0.1:{taken}'\nto = 'a:1'\nidentity = 'server.pem'\n"),
            "Address already in use",
        ),
        ("ca = 'none.crt'\n".to_owned(), "none.crt"),
    ] {
        file(&folder, 1, &more);
        gateway.signal("HUP");
        let line = gateway.logged(said);
        assert!(line.contains("event=reload_failed") && line.contains("nothing was changed"), "{line}");
        let stream = connect(gateway.port(), &config, "localhost").unwrap();
        assert!(stream.connection().is_resumed());
        assert_eq!(ask(stream, b"as before"), b"as before");
    }
    assert!(gateway.metrics().contains("tlcp_reloads_total{outcome=\"failed\"} 3"));
}

/// The sessions of a name that stays as it was are resumed after a reload that changes another.
#[test]
fn sessions_of_untouched_names_are_kept() {
    let (folder, other) = (folder(), folder_for("other.example"));
    let name = |to: u16| {
        let identity = other.file("server.pem");
        format!(
            "[[terminate.name]]\nnames = 'other.example'\nidentity = '{identity}'\nto = '127.0.0.1:{to}'\n"
        )
    };
    let backend = echo();
    let gateway = Gateway::start(&["--config", &file(&folder, backend, &name(1))], 1);
    let config = client(&folder, Speaks::Tlcp, false);
    ask(connect(gateway.port(), &config, "localhost").unwrap(), b"x");
    file(&folder, backend, &name(backend));
    gateway.signal("HUP");
    gateway.logged_times("event=serving", 2);
    let stream = connect(gateway.port(), &config, "localhost").unwrap();
    assert!(stream.connection().is_resumed());
    ask(stream, b"x");
    let stream = connect(gateway.port(), &client(&other, Speaks::Tlcp, false), "other.example").unwrap();
    assert_eq!(ask(stream, b"changed"), b"changed");
}

#[test]
fn no_connection_fails_however_often_it_is_reloaded() {
    let folder = folder();
    let gateway = Gateway::start(&["--config", &file(&folder, echo(), "")], 1);
    let (config, done) = (client(&folder, Speaks::Tlcp, false), Arc::new(AtomicBool::new(false)));
    let served = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (config, done, served, port) = (config.clone(), done.clone(), served.clone(), gateway.port());
            thread::spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    assert_eq!(ask(connect(port, &config, "localhost").unwrap(), b"hello"), b"hello");
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for times in 2..12 {
        gateway.signal("HUP");
        gateway.logged_times("event=serving", times);
        thread::sleep(Duration::from_millis(50));
    }
    done.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|client| client.join().unwrap());
    assert!(served.load(Ordering::Relaxed) > 10);
    assert!(!gateway.log().contains("outcome=client_"), "{}", gateway.log());
}

#[test]
fn ports_come_and_go() {
    let folder = folder();
    let spare = super::gateway::dead();
    let more = format!(
        "[[terminate]]\nlisten = '127.0.0.1:{spare}'\nto = '127.0.0.1:{}'\nidentity = 'server.pem'\n",
        echo()
    );
    let gateway = Gateway::start(&["--config", &file(&folder, echo(), "")], 1);
    file(&folder, echo(), &more);
    gateway.signal("HUP");
    gateway.logged("ports=2");
    let config = client(&folder, Speaks::Tlcp, false);
    let open = connect(spare, &config, "localhost").unwrap();
    file(&folder, echo(), "");
    gateway.signal("HUP");
    gateway.logged_times("ports=1", 2);
    assert_eq!(TcpStream::connect(("127.0.0.1", spare)).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(ask(open, b"still here"), b"still here");
    assert_eq!(ask(connect(gateway.port(), &config, "localhost").unwrap(), b"and here"), b"and here");
}

#[test]
fn the_end_waits_for_connections_and_not_for_ever() {
    let folder = folder();
    let mut gateway = Gateway::terminate(&folder, echo(), &["--timeout-drain", "20"]);
    let config = client(&folder, Speaks::Tls12, false);
    let mut open = connect(gateway.port(), &config, "localhost").unwrap();
    gateway.signal("TERM");
    assert!(gateway.logged("event=draining").contains("connections=1"));
    assert_eq!(
        TcpStream::connect(("127.0.0.1", gateway.port())).unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
    open.write_all(b"not yet").unwrap();
    open.read_exact(&mut [0; 7]).unwrap();
    ask(open, b"now");
    let started = Instant::now();
    assert!(gateway.wait() && started.elapsed() < Duration::from_secs(5));
    assert!(gateway.log().contains("connections_cut=0"), "{}", gateway.log());

    let mut gateway = Gateway::terminate(&folder, echo(), &["--timeout-drain", "1"]);
    let _silent = tcp(gateway.port());
    let _open = connect(gateway.port(), &config, "localhost").unwrap();
    gateway.signal("TERM");
    assert!(gateway.wait());
    assert!(gateway.logged("event=ended").contains("connections_cut=2"));
}

/// SIGTERM, and a reload that lacks the port: whoever waits there is taken in, however many they are.
#[test]
fn whoever_waits_at_a_port_that_closes_is_served() {
    let folder = folder();
    let other = format!(
        "[[terminate]]\nlisten = '127.0.0.1:0'\nto = '127.0.0.1:1'\nidentity = '{}'\n",
        folder.file("server.pem")
    );
    for signal in ["TERM", "HUP"] {
        let gateway = Gateway::start(&["--config", &file(&folder, echo(), "")], 1);
        gateway.signal("STOP");
        let address = ([127, 0, 0, 1], gateway.port()).into();
        let waiting: Vec<_> =
            (0..300).map(|_| TcpStream::connect_timeout(&address, PATIENCE).unwrap()).collect();
        folder.write("gateway.toml", &other);
        gateway.signal(signal);
        gateway.signal("CONT");
        gateway.logged(if signal == "TERM" { "event=draining" } else { "event=serving ports=1" });
        drop(waiting);
        gateway.logged_times("outcome=closed_before_hello", 300);
    }
}

/// A pipe that nobody reads.
#[test]
fn a_log_that_does_not_open_keeps_the_gateway_from_nothing() {
    let folder = folder();
    let pipe = folder.file("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut gateway = Gateway::start(&["--config", &file(&folder, echo(), "")], 1);
    file(&folder, echo(), &format!("[log]\nfile = '{pipe}'\n"));
    gateway.signal("HUP");
    let line = gateway.logged("event=reload_failed");
    assert!(line.contains("does not open"), "{line}");
    gateway.signal("TERM");
    assert!(gateway.wait());
}

/// The port is this gateway's own, under another spelling.
#[test]
fn a_port_that_clashes_with_an_open_one_is_told_of_as_our_own() {
    let folder = folder();
    let listen = |listen: String| {
        let text =
            format!("[[terminate]]\nlisten = '{listen}'\nto = '127.0.0.1:1'\nidentity = 'server.pem'\n");
        folder.write("gateway.toml", &text)
    };
    let port = super::gateway::dead();
    let gateway = Gateway::start(&["--config", &listen(format!("0.0.0.0:{port}"))], 1);
    listen(format!("127.0.0.1:{port}"));
    gateway.signal("HUP");
    let line = gateway.logged("event=reload_failed");
    assert!(line.contains(&format!("this gateway itself listens at 0.0.0.0:{port}")), "{line}");
}
