//! Bytes both ways, their ends, and what becomes of a side that is slow, gone or never was.
use super::gateway::{
    Gateway, PATIENCE, Speaks, ask, backend, client, connect, dead, dial, echo, folder, tcp,
};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn data(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[test]
fn both_protocols_are_ended_on_one_port() {
    let folder = folder();
    let gateway = Gateway::terminate(&folder, echo(), &[]);
    let sent = data(3_000_000);
    for (speaks, suite) in [(Speaks::Tlcp, "ECC_SM4_GCM_SM3"), (Speaks::Tls12, "ECDHE_ECDSA")] {
        let mut stream = connect(gateway.port(), &client(&folder, speaks, false), "localhost").unwrap();
        let (mut got, mut buffer) = (Vec::new(), [0; 5000]);
        for part in sent.chunks(100_000) {
            stream.write_all(part).unwrap();
            let until = got.len() + part.len();
            while got.len() < until {
                let n = stream.read(&mut buffer).unwrap();
                got.extend_from_slice(&buffer[..n]);
            }
        }
        got.extend(ask(stream, b"last"));
        assert!(got == [&sent[..], b"last"].concat(), "{speaks:?}");
        let line = gateway.logged(suite);
        assert!(line.contains("outcome=ok") && line.contains("received=3000004 sent=3000004"), "{line}");
    }
}

/// Plain in, protected out, through two gateways: and so back to plain.
#[test]
fn a_plain_client_reaches_a_plain_backend_over_each_protocol() {
    let folder = folder();
    let far = Gateway::terminate(
        &folder,
        echo(),
        &["--client-auth", "require", "--ca", &folder.file("ca.crt"), &folder.file("tls-ca.crt")],
    );
    let connect = format!("localhost:{}", far.port());
    for (protocol, ca, identity, subject) in [
        ("tlcp", "ca.crt", vec![folder.file("client.pem")], "TLCP"),
        (
            "tls12",
            "tls-ca.crt",
            vec![folder.file("tls-client.crt"), folder.file("tls-client.key")],
            "TLSv1.2",
        ),
    ] {
        let ca = folder.file(ca);
        let mut arguments = vec![
            "--listen",
            "127.0.0.1:0",
            "--connect",
            &connect,
            "--protocol",
            protocol,
            "--ca",
            &ca,
            "--identity",
        ];
        arguments.extend(identity.iter().map(String::as_str));
        let near = Gateway::start(&arguments, 1);
        for outcome in ["resumed=false", "resumed=true"] {
            let (mut plain, sent) = (tcp(near.port()), data(1_000_000));
            let mut writer = plain.try_clone().unwrap();
            let copy = sent.clone();
            let writing = thread::spawn(move || {
                writer.write_all(&copy).unwrap();
                writer.shutdown(Shutdown::Write).unwrap();
            });
            let mut got = Vec::new();
            plain.read_to_end(&mut got).unwrap();
            writing.join().unwrap();
            assert!(got == sent, "{protocol}: {} bytes", got.len());
            let line = near.logged(outcome);
            assert!(line.contains("received=1000000 sent=1000000") && line.contains("role=client"), "{line}");
            assert!(far.logged(&format!("protocol={subject}")).contains("peer_certificate=\"CN=client"));
        }
    }
}

/// The end of one direction is passed on as that, and the other goes on.
#[test]
fn an_end_passes_on_in_both_directions() {
    let folder = folder();
    let heard_all = backend(|mut tcp| {
        let mut all = Vec::new();
        tcp.read_to_end(&mut all).unwrap();
        tcp.write_all(format!("heard {}", all.len()).as_bytes()).unwrap();
    });
    let gateway = Gateway::terminate(&folder, heard_all, &[]);
    let stream = connect(gateway.port(), &client(&folder, Speaks::Tlcp, false), "localhost").unwrap();
    assert_eq!(ask(stream, b"question"), b"heard 8");

    let (tell, told) = mpsc::channel();
    let speaks_first = backend(move |mut tcp| {
        tcp.write_all(b"goodbye").unwrap();
        tcp.shutdown(Shutdown::Write).unwrap();
        let mut all = Vec::new();
        tcp.read_to_end(&mut all).unwrap();
        tell.send(all).unwrap();
    });
    let gateway = Gateway::terminate(&folder, speaks_first, &[]);
    let config = client(&folder, Speaks::Tls12, false);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut stream = dial(gateway.port(), &config).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap(); // an end without close_notify were an error
        assert_eq!(all, b"goodbye");
        stream.write_all(b"still here").await.unwrap();
        stream.shutdown().await.unwrap();
    });
    assert_eq!(told.recv_timeout(Duration::from_secs(10)).unwrap(), b"still here");
    assert!(gateway.logged("outcome=").contains("outcome=ok"));
}

/// What is cut short on one side does not look whole on the other.
#[test]
fn a_failure_does_not_pass_on_as_an_end() {
    let folder = folder();
    let (tell, told) = mpsc::channel();
    let reads = backend(move |mut tcp| {
        let outcome = tcp.read_to_end(&mut Vec::new()).map_err(|e| e.kind());
        tell.send(outcome).unwrap();
    });
    let gateway = Gateway::terminate(&folder, reads, &[]);
    let mut stream = connect(gateway.port(), &client(&folder, Speaks::Tlcp, false), "localhost").unwrap();
    stream.write_all(b"the first half of").unwrap();
    let (_, socket) = stream.into_parts();
    socket.shutdown(Shutdown::Write).unwrap(); // without close_notify
    assert_eq!(told.recv_timeout(Duration::from_secs(10)).unwrap(), Err(ErrorKind::ConnectionReset));
    assert!(gateway.logged("outcome=truncated").contains("without close_notify"));

    // A client that is gone, and has not read all, resets the connection.
    let (tell, told) = mpsc::channel();
    let says = backend(move |mut tcp| {
        tcp.read_exact(&mut [0; 8]).unwrap(); // so that what follows does not come with the handshake's last bytes
        tcp.write_all(b"unread").unwrap();
        tell.send(tcp.read_to_end(&mut Vec::new()).map_err(|e| e.kind())).unwrap();
    });
    let gateway = Gateway::terminate(&folder, says, &[]);
    let mut stream = connect(gateway.port(), &client(&folder, Speaks::Tlcp, false), "localhost").unwrap();
    stream.write_all(b"question").unwrap();
    let (_, socket) = stream.into_parts();
    socket.peek(&mut [0]).unwrap();
    drop(socket);
    assert_eq!(told.recv_timeout(Duration::from_secs(10)).unwrap(), Err(ErrorKind::ConnectionReset));
    gateway.logged("outcome=client_reset");

    let breaks = backend(|mut tcp| {
        tcp.write_all(b"half").unwrap();
        // bytes that were not read reset the connection
        thread::sleep(Duration::from_millis(100));
    });
    let gateway = Gateway::terminate(&folder, breaks, &[]);
    let mut stream = connect(gateway.port(), &client(&folder, Speaks::Tlcp, false), "localhost").unwrap();
    stream.write_all(b"unread").unwrap();
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
    gateway.logged("outcome=backend_reset");
}

/// A backend that is gone while the client still speaks: its end is not taken for one, although the socket tells of the reset
/// once, to whoever writes first, and then shows an end.
#[test]
fn a_reset_that_a_write_meets_first_is_no_end_either() {
    let folder = folder();
    let (tell, told) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let leaves = backend(move |mut tcp| {
        tcp.write_all(b"half").unwrap();
        tcp.peek(&mut [0]).unwrap();
        wait.lock().unwrap().recv().unwrap();
        drop(tcp); // bytes that were not read reset the connection
        tell.send(()).unwrap();
    });
    let gateway = Gateway::terminate(&folder, leaves, &[]);
    let mut stream = connect(gateway.port(), &client(&folder, Speaks::Tlcp, false), "localhost").unwrap();
    stream.write_all(b"unread").unwrap();
    stream.read_exact(&mut [0; 4]).unwrap();
    gateway.signal("STOP");
    go.send(()).unwrap();
    told.recv_timeout(PATIENCE).unwrap();
    stream.write_all(b"for nobody").unwrap();
    gateway.signal("CONT");
    // A stream that is cut short, or reset if the gateway went before it had read all.
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{error}");
    gateway.logged("outcome=backend_reset");
}

/// A backend that has said all and is gone without having read all spoils nothing for a client that then ends.
#[test]
fn an_end_for_a_backend_that_is_gone_is_an_end() {
    let folder = folder();
    let (tell, told) = mpsc::channel();
    let leaves = backend(move |mut tcp| {
        tcp.write_all(b"all").unwrap();
        tcp.shutdown(Shutdown::Write).unwrap();
        tcp.peek(&mut [0]).unwrap();
        drop(tcp); // bytes that were not read reset the connection
        tell.send(()).unwrap();
    });
    let gateway = Gateway::terminate(&folder, leaves, &[]);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut stream = dial(gateway.port(), &client(&folder, Speaks::Tlcp, false)).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"all");
        stream.write_all(b"unread").await.unwrap();
        stream.flush().await.unwrap();
        told.recv_timeout(PATIENCE).unwrap();
        stream.shutdown().await.unwrap();
    });
    let line = gateway.logged("outcome=");
    assert!(line.contains("outcome=ok") && line.contains("received=6 sent=3"), "{line}");
}

/// 256 MiB for a reader that takes none of them: they stay where they are.
#[test]
fn a_slow_side_stops_the_other_and_memory_stays() {
    const LENGTH: usize = 256 << 20;
    let folder = folder();
    let pours = backend(|mut tcp| {
        let part = vec![7; 1 << 16];
        for _ in 0..LENGTH / part.len() {
            if tcp.write_all(&part).is_err() {
                break;
            }
        }
    });
    let gateway = Gateway::terminate(&folder, pours, &[]);
    let config = client(&folder, Speaks::Tls12, false);
    // the buffers that threads keep are there afterwards
    drop(connect(gateway.port(), &config, "localhost").unwrap().read(&mut [0; 1]));
    let before = gateway.memory();
    let mut readers: Vec<_> =
        (0..20).map(|_| connect(gateway.port(), &config, "localhost").unwrap()).collect();
    thread::sleep(Duration::from_millis(1500));
    let each = gateway.memory().saturating_sub(before) / readers.len();
    assert!(each <= 64, "{each} KiB a connection");
    // and they go on as soon as it reads
    let mut part = vec![0; 1 << 16];
    for reader in &mut readers {
        let until = Instant::now() + Duration::from_secs(10);
        let mut got = 0;
        while got < 8 << 20 {
            got += reader.read(&mut part).unwrap();
            assert!(Instant::now() < until, "{got} bytes");
        }
    }
}

#[test]
fn a_backend_that_is_dead_or_does_not_answer_is_told_of_at_once() {
    let folder = folder();
    let gateway = Gateway::terminate(&folder, dead(), &[]);
    let started = Instant::now();
    let stream = connect(gateway.port(), &client(&folder, Speaks::Tlcp, false), "localhost").unwrap();
    assert_eq!(ask(stream, b"anybody there?"), b""); // a close_notify, and no reset
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    let line = gateway.logged("outcome=backend_refused");
    assert!(
        line.contains("backend=127.0.0.1:") && line.contains("hint=\"see whether the backend runs"),
        "{line}"
    );

    let (ca, to) = (folder.file("ca.crt"), format!("127.0.0.1:{}", dead()));
    let gateway = Gateway::start(&["--listen", "127.0.0.1:0", "--connect", &to, "--ca", &ca], 1);
    let error = tcp(gateway.port()).read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    gateway.logged("outcome=backend_refused");
}

#[test]
fn who_shakes_no_hands_and_who_says_nothing_is_shown_out() {
    let folder = folder();
    let times = ["--timeout-handshake", "1", "--timeout-idle", "1"];
    let gateway = Gateway::terminate(&folder, echo(), &times);
    let started = Instant::now();
    let mut silent = tcp(gateway.port());
    let mut stream = connect(gateway.port(), &client(&folder, Speaks::Tlcp, false), "localhost").unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0); // close_notify
    let _ = silent.read(&mut [0; 100]);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    gateway.logged("outcome=idle_timeout");
    gateway.logged("outcome=handshake_timeout");
}

/// What waits to be sent to it is no reason to keep its place.
#[test]
fn who_takes_nothing_is_shown_out_too() {
    let folder = folder();
    let pours = backend(|mut tcp| while tcp.write_all(&[7; 1 << 16]).is_ok() {});
    let gateway = Gateway::terminate(&folder, pours, &["--timeout-idle", "1"]);
    let _deaf = connect(gateway.port(), &client(&folder, Speaks::Tlcp, false), "localhost").unwrap();
    gateway.logged("outcome=idle_timeout");
}

/// More than the usual 128 may wait until they are taken in.
#[test]
fn a_rush_of_clients_waits_and_is_not_turned_away() {
    let allowed =
        std::fs::read_to_string("/proc/sys/net/core/somaxconn").map_or(0, |n| n.trim().parse().unwrap());
    let many = allowed.min(300);
    let folder = folder();
    let gateway = Gateway::terminate(&folder, echo(), &[]);
    gateway.signal("STOP");
    let address = ([127, 0, 0, 1], gateway.port()).into();
    let waiting: Vec<_> =
        (0..many).map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(500))).collect();
    gateway.signal("CONT");
    assert!(waiting.iter().all(|tcp| tcp.is_ok()));
    drop(waiting);
    gateway.logged_times("outcome=", many);
}

#[test]
fn no_more_connections_than_there_may_be() {
    let folder = folder();
    let gateway =
        Gateway::terminate(&folder, echo(), &["--limit-connections", "3", "--limit-per-address", "2"]);
    let config = client(&folder, Speaks::Tls12, false);
    let two = [(); 2].map(|()| connect(gateway.port(), &config, "localhost").unwrap());
    assert!(connect(gateway.port(), &config, "localhost").is_err());
    gateway.logged("outcome=over_address_limit");
    drop(two);
    gateway.logged_times("peer=127.0.0.1", 3);
    drop(connect(gateway.port(), &config, "localhost").unwrap());
}

/// It had no connection, so that nothing may look like its end.
#[test]
fn a_plain_client_for_whom_there_is_no_place_is_reset() {
    let folder = folder();
    let server = Gateway::terminate(&folder, echo(), &[]);
    let far = format!("localhost:{}", server.port());
    let ca = folder.file("ca.crt");
    let start = ["--listen", "127.0.0.1:0", "--connect", &far, "--ca", &ca, "--limit-connections", "1"];
    let gateway = Gateway::start(&start, 1);
    let mut first = tcp(gateway.port());
    first.write_all(b"x").unwrap();
    first.read_exact(&mut [0; 1]).unwrap(); // It has its place.
    let error = tcp(gateway.port()).read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

/// Of the machine's fault, not of the backend's.
#[test]
fn a_gateway_without_file_descriptors_does_not_blame_the_backend() {
    let folder = folder();
    let gateway = Gateway::terminate(&folder, echo(), &[]);
    let limit = std::process::Command::new("prlimit").args(["--nofile=24", "--pid", &gateway.pid()]).status();
    assert!(limit.unwrap().success());
    let config = client(&folder, Speaks::Tlcp, false);
    let mut open = Vec::new();
    while !gateway.log().contains("LimitNOFILE") {
        open.extend(connect(gateway.port(), &config, "localhost"));
        assert!(open.len() < 24, "{}", gateway.log());
    }
    let log = gateway.log();
    assert!(log.contains("outcome=out_of_descriptors") || log.contains("event=accept_failed"), "{log}");
}
