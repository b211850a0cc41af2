//! The gateway in front of a real nginx, run by `.ci/long gateway`: each test needs `nginx` and some minutes of a machine.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "proxy/gateway.rs"]
mod gateway;
#[path = "support/program.rs"]
mod program;

use gateway::{Gateway, Speaks, backend, client, connect, dead, dial, folder};
use program::Folder;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};
use tlcp::aio::ClientStream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;

const GIB: u64 = 1 << 30;

struct Nginx {
    child: Child,
    /// Plain HTTP.
    port: u16,
    /// The same behind the PROXY protocol.
    told: u16,
}

impl Nginx {
    fn start(folder: &Folder) -> Self {
        let (port, told) = (dead(), dead());
        let file = fs::File::create(folder.file("gigabyte")).unwrap();
        file.set_len(GIB).unwrap();
        folder.write("small", "small\n");
        let here = folder.file("");
        let text = format!(
            "daemon off; master_process off; pid {here}/pid; error_log {here}/error.log;\n\
             events {{ worker_connections 8192; }}\n\
             http {{ access_log {here}/access.log; client_body_temp_path {here}/body; keepalive_requests 1000000;\n\
             client_max_body_size 0; sendfile on; root {here};\n\
             server {{ listen 127.0.0.1:{port} backlog=4096; location /put {{ return 200 taken; }} }}\n\
             server {{ listen 127.0.0.1:{told} proxy_protocol; location / {{ return 200 $proxy_protocol_addr:$proxy_protocol_port; }} }} }}"
        );
        let config = folder.write("nginx.conf", &text);
        let child = Command::new("nginx")
            .args(["-p", &here, "-c", &config])
            .spawn()
            .expect("nginx: apt-get install nginx-light");
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "nginx does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Self { child, port, told }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request over a connection that stays.
fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// The answer to one, of a known length.
async fn answer(stream: &mut ClientStream<tokio::net::TcpStream>) -> std::io::Result<String> {
    let mut got = Vec::new();
    let mut part = [0; 1024];
    while !(got.ends_with(b"small\n")) {
        match stream.read(&mut part).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => got.extend_from_slice(&part[..n]),
        }
    }
    Ok(String::from_utf8(got).unwrap())
}

/// The most that the process took while `work` ran, beyond what it had before, in KiB.
fn growth(gateway: &Gateway, work: impl FnOnce()) -> usize {
    let (before, most, done) = (gateway.memory(), AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                most.fetch_max(gateway.memory(), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
            }
        });
        work();
        done.store(true, Ordering::Relaxed);
    });
    most.into_inner().saturating_sub(before)
}

#[test]
#[ignore = "needs nginx"]
fn a_connection_is_kept_alive_and_nginx_hears_who_the_client_is() {
    let folder = folder();
    let nginx = Nginx::start(&folder);
    for speaks in [Speaks::Tlcp, Speaks::Tls12] {
        let gateway = Gateway::terminate(&folder, nginx.port, &[]);
        let config = client(&folder, speaks, false);
        Runtime::new().unwrap().block_on(async {
            let mut stream = dial(gateway.port(), &config).await.unwrap();
            for _ in 0..1000 {
                stream.write_all(&get("/small")).await.unwrap();
                let answer = answer(&mut stream).await.unwrap();
                assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            }
        });
        let told = Gateway::terminate(&folder, nginx.told, &["--proxy-protocol"]);
        let mut stream = connect(told.port(), &config, "localhost").unwrap();
        let own = stream.socket().local_addr().unwrap();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.ends_with(&own.to_string()), "{text}");
    }
}

#[test]
#[ignore = "needs nginx"]
fn a_gibibyte_goes_by_in_each_direction_and_memory_stays() {
    let folder = folder();
    let nginx = Nginx::start(&folder);
    let gateway = Gateway::terminate(&folder, nginx.port, &[]);
    for speaks in [Speaks::Tlcp, Speaks::Tls12] {
        let config = client(&folder, speaks, false);
        let mut buffer = vec![0; 1 << 18];
        // a first one, after which threads have what they keep
        drop(connect(gateway.port(), &config, "localhost").unwrap());
        let mut down = Duration::ZERO;
        let grown = growth(&gateway, || {
            let mut stream = connect(gateway.port(), &config, "localhost").unwrap();
            stream.write_all(b"GET /gigabyte HTTP/1.0\r\n\r\n").unwrap();
            let (started, mut got) = (Instant::now(), 0);
            loop {
                match stream.read(&mut buffer).unwrap() {
                    0 => break,
                    n => got += n as u64,
                }
            }
            down = started.elapsed();
            assert!((GIB..GIB + 1000).contains(&got), "{got}");
        });
        println!("{speaks:?}: 1 GiB down in {:.2} s, memory grew by {grown} KiB", down.as_secs_f64());
        assert!(grown <= 1024, "{grown} KiB");
        let mut up = Duration::ZERO;
        let grown = growth(&gateway, || {
            let mut stream = connect(gateway.port(), &config, "localhost").unwrap();
            let head =
                format!("PUT /put HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {GIB}\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            let started = Instant::now();
            for _ in 0..GIB / buffer.len() as u64 {
                stream.write_all(&buffer).unwrap();
            }
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            up = started.elapsed();
            assert!(text.ends_with("taken"), "{text}");
        });
        println!("{speaks:?}: 1 GiB up in {:.2} s, memory grew by {grown} KiB", up.as_secs_f64());
        assert!(grown <= 1024, "{grown} KiB");
    }
}

#[test]
#[ignore = "needs nginx"]
fn a_thousand_clients_are_served_at_once() {
    let folder = folder();
    let nginx = Nginx::start(&folder);
    let gateway = Gateway::terminate(&folder, nginx.port, &[]);
    let config = client(&folder, Speaks::Tlcp, false);
    let port = gateway.port();
    Runtime::new().unwrap().block_on(async {
        let started = Instant::now();
        let dials: Vec<_> = (0..1000)
            .map(|_| {
                let config = config.clone();
                tokio::spawn(async move { dial(port, &config).await.unwrap() })
            })
            .collect();
        let mut streams = Vec::new();
        for dialed in dials {
            streams.push(dialed.await.unwrap());
        }
        println!("1000 connections in {:.2} s", started.elapsed().as_secs_f64());
        let rounds: Vec<_> = streams
            .into_iter()
            .map(|mut stream| {
                tokio::spawn(async move {
                    for _ in 0..10 {
                        stream.write_all(&get("/small")).await.unwrap();
                        answer(&mut stream).await.unwrap();
                    }
                    stream.shutdown().await.unwrap();
                })
            })
            .collect();
        for round in rounds {
            round.await.unwrap();
        }
        println!("and 10,000 requests, {:.2} s", started.elapsed().as_secs_f64());
    });
    gateway.logged_times("outcome=ok", 1000);
}

/// Every request of fifty clients, half of them on a connection each, is answered while the file changes and is read again.
#[test]
#[ignore = "needs nginx"]
fn no_request_fails_while_the_gateway_reloads() {
    let folder = folder();
    let nginx = Nginx::start(&folder);
    let text = |idle| {
        format!(
            "[[terminate]]\nlisten = '127.0.0.1:0'\nto = '127.0.0.1:{}'\nidentity = 'server.pem'\n[timeouts]\nidle = {idle}\n",
            nginx.port
        )
    };
    let file = folder.write("gateway.toml", &text(60));
    let gateway = Gateway::start(&["--config", &file], 1);
    let (config, port) = (client(&folder, Speaks::Tlcp, false), gateway.port());
    let (done, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let runtime = Runtime::new().unwrap();
    let clients: Vec<_> = (0..50)
        .map(|number| {
            let (config, done, served) = (config.clone(), done.clone(), served.clone());
            runtime.spawn(async move {
                let mut stream = dial(port, &config).await.unwrap();
                while !done.load(Ordering::Relaxed) {
                    stream.write_all(&get("/small")).await.unwrap();
                    answer(&mut stream).await.unwrap();
                    served.fetch_add(1, Ordering::Relaxed);
                    if number % 2 == 0 {
                        stream.shutdown().await.unwrap();
                        stream = dial(port, &config).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for times in 2..32 {
        folder.write("gateway.toml", &text(60 + times));
        gateway.signal("HUP");
        gateway.logged_times("event=serving", times);
        thread::sleep(Duration::from_millis(200));
    }
    done.store(true, Ordering::Relaxed);
    for client in clients {
        runtime.block_on(client).unwrap();
    }
    println!("{} requests during 30 reloads, none failed", served.load(Ordering::Relaxed));
}

/// Of the gateway alone: what the kernel keeps of sockets is not counted.
#[test]
#[ignore = "takes thousands of descriptors"]
fn idle_and_half_open_connections_take_little_memory() {
    const MANY: usize = 4000;
    let folder = folder();
    let holds = backend(|mut tcp| {
        let _ = std::io::copy(&mut tcp.try_clone().unwrap(), &mut tcp);
    });
    for speaks in [Speaks::Tlcp, Speaks::Tls12] {
        let gateway = Gateway::terminate(&folder, holds, &["--timeout-handshake", "600"]);
        let (config, port) = (client(&folder, speaks, false), gateway.port());
        let runtime = Runtime::new().unwrap();
        let warm = |many: usize| {
            let dials: Vec<_> = (0..many)
                .map(|_| {
                    let config = config.clone();
                    runtime.spawn(async move {
                        let mut stream = dial(port, &config).await?;
                        stream.write_all(b"12345").await?;
                        stream.read_exact(&mut [0; 5]).await?;
                        std::io::Result::Ok(stream)
                    })
                })
                .collect();
            let dialed = dials.into_iter().map(|dialed| runtime.block_on(dialed).unwrap());
            dialed
                .map(|dialed| dialed.unwrap_or_else(|e| panic!("{e}: {}", gateway.log())))
                .collect::<Vec<_>>()
        };
        drop(warm(20));
        gateway.logged_times("outcome=", 20);
        let before = gateway.memory();
        let streams = warm(MANY);
        thread::sleep(Duration::from_secs(3));
        let idle = (gateway.memory() - before) as f64 / MANY as f64;
        drop((streams, gateway));

        let gateway = Gateway::terminate(&folder, holds, &["--timeout-handshake", "600"]);
        for _ in 0..20 {
            drop(TcpStream::connect(("127.0.0.1", gateway.port())).unwrap());
        }
        gateway.logged_times("outcome=", 20);
        let before = gateway.memory();
        let silent: Vec<_> =
            (0..MANY).map(|_| TcpStream::connect(("127.0.0.1", gateway.port())).unwrap()).collect();
        thread::sleep(Duration::from_secs(3));
        let half_open = (gateway.memory() - before) as f64 / MANY as f64;
        drop(silent);
        println!("{speaks:?}: {half_open:.2} KiB a half-open connection, {idle:.2} KiB an idle one");
        assert!(half_open <= 4.0 && idle <= 8.0);
    }
}
