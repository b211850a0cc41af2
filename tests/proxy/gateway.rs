//! A gateway in a process of its own, clients of it, and backends.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::program::{Folder, run, tlcp};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tlcp::aio::{ClientStream, TlcpConnector};
use tlcp::cert::{Identity, ServerName, WebPkiVerifier};
use tlcp::config::ClientConfig;
use tlcp::conn::ClientConnection;
use tlcp::stream::{Clock, Stream};
use tokio::net::TcpSocket;

pub type Client = tlcp::stream::ClientStream<TcpStream>;

/// Nothing in a test takes longer, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with certificates of both protocols.
pub fn folder() -> Folder {
    folder_for("localhost")
}

pub fn folder_for(host: &str) -> Folder {
    let folder = Folder::new();
    run(&["pki", "--out", &folder.file(""), "--tls", "--force", "--host", host], &[]).succeeded();
    folder
}

pub struct Gateway {
    child: Child,
    /// Of its ports, in their order.
    pub ports: Vec<u16>,
    pub metrics: Option<u16>,
    log: Arc<Mutex<String>>,
}

impl Gateway {
    /// Runs `tlcp proxy` until it listens on so many ports.
    pub fn start(arguments: &[&str], ports: usize) -> Self {
        let mut child = tlcp(&[&["proxy"], arguments].concat()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (mut stderr, copy) = (child.stderr.take().unwrap(), log.clone());
        thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(n @ 1..) = stderr.read(&mut part) {
                copy.lock().unwrap().push_str(&String::from_utf8_lossy(&part[..n]));
            }
        });
        let mut gateway = Self { child, ports: Vec::new(), metrics: None, log };
        let mut lines = BufReader::new(gateway.child.stdout.take().unwrap()).lines();
        let has_metrics =
            arguments.iter().any(|a| a.contains("metrics")) || gateway.config_has_metrics(arguments);
        while gateway.ports.len() < ports || (has_metrics && gateway.metrics.is_none()) {
            let Some(line) = lines.next() else {
                thread::sleep(Duration::from_millis(200));
                panic!("it ended: {}", gateway.log());
            };
            let line = line.unwrap();
            let port = line.rsplit(':').next().unwrap().parse().unwrap();
            match line.starts_with("metrics") {
                true => gateway.metrics = Some(port),
                false => gateway.ports.push(port),
            }
        }
        thread::spawn(move || lines.for_each(drop));
        gateway
    }

    fn config_has_metrics(&self, arguments: &[&str]) -> bool {
        let file = arguments.iter().skip_while(|a| **a != "--config").nth(1);
        file.is_some_and(|file| std::fs::read_to_string(file).unwrap().contains("[metrics]"))
    }

    /// Ends protected connections of both protocols in front of `backend`, with the folder's certificates.
    pub fn terminate(folder: &Folder, backend: u16, more: &[&str]) -> Self {
        let files = ["server.pem", "tls-server.crt", "tls-server.key"].map(|name| folder.file(name));
        let to = format!("127.0.0.1:{backend}");
        let start = [
            "--listen",
            "127.0.0.1:0",
            "--to",
            &to,
            "--identity",
            &files[0],
            "--identity",
            &files[1],
            &files[2],
        ];
        Self::start(&[&start[..], more].concat(), 1)
    }

    pub fn port(&self) -> u16 {
        self.ports[0]
    }

    pub fn pid(&self) -> String {
        self.child.id().to_string()
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The log's first line with this in it, when it comes.
    pub fn logged(&self, part: &str) -> String {
        self.logged_times(part, 1)
    }

    /// The last of so many lines with this in it.
    pub fn logged_times(&self, part: &str, times: usize) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            let whole = &log[..log.rfind('\n').map_or(0, |end| end + 1)];
            if let Some(line) = whole.lines().filter(|line| line.contains(part)).nth(times - 1) {
                return line.to_owned();
            }
            assert!(Instant::now() < until, "{part:?} is missing {times} times:\n{log}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill").args(["-s", name, &self.pid()]).status().unwrap();
        assert!(sent.success());
    }

    /// Whether it ended well, when it ends.
    pub fn wait(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(Instant::now() < until, "it does not end:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it counts.
    pub fn metrics(&self) -> String {
        let mut tcp = TcpStream::connect(("127.0.0.1", self.metrics.unwrap())).unwrap();
        tcp.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        tcp.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        text
    }

    /// Of its process, in KiB, without what it shares.
    pub fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where as many may wait as at the gateway.
fn listener() -> io::Result<TcpListener> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let listener = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(([127, 0, 0, 1], 0).into())?;
        socket.listen(4096)?.into_std()
    })?;
    listener.set_nonblocking(false)?;
    Ok(listener)
}

/// Waits for it, but not for ever.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A plain server: each connection has a thread with this.
pub fn backend(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = listener().unwrap();
    let (port, serve) = (listener.local_addr().unwrap().port(), Arc::new(serve));
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let serve = serve.clone();
            thread::spawn(move || serve(tcp.unwrap()));
        }
    });
    port
}

/// Gives back what it gets.
pub fn echo() -> u16 {
    backend(|mut tcp| {
        let _ = io::copy(&mut tcp.try_clone().unwrap(), &mut tcp);
        let _ = tcp.shutdown(std::net::Shutdown::Write);
    })
}

/// A port where nobody listens.
pub fn dead() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Which protocol a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    Tlcp,
    Tls12,
}

/// A client that trusts the folder's CAs, and shows its certificate if it is to.
pub fn client(folder: &Folder, speaks: Speaks, shows: bool) -> Arc<ClientConfig> {
    let provider = tlcp::crypto::default_provider();
    let read = |name: &str| std::fs::read(folder.file(name)).unwrap();
    let verifier =
        |name| Arc::new(WebPkiVerifier::builder(&provider).roots(&[&read(name)]).unwrap().build().unwrap());
    let config = match speaks {
        Speaks::Tlcp => {
            let builder = ClientConfig::builder().verifier(verifier("ca.crt"));
            let identity = || Identity::from_pile(&[&read("client.pem")], None, &provider).unwrap();
            if shows { builder.identity(Arc::new(identity())) } else { builder }.build()
        }
        Speaks::Tls12 => {
            let verifier = WebPkiVerifier::builder(&provider).policy(tlcp::cert::CertPolicy::Web);
            let verifier = verifier.roots(&[&read("tls-ca.crt")]).unwrap().build().unwrap();
            let builder = ClientConfig::tls12_builder().verifier(Arc::new(verifier));
            let files = || [read("tls-client.crt"), read("tls-client.key")].concat();
            let identity = || Identity::single_from_pile(&[&files()], None, &provider).unwrap();
            if shows { builder.identity(Arc::new(identity())) } else { builder }.build()
        }
    };
    Arc::new(config.unwrap())
}

pub fn tcp(port: u16) -> TcpStream {
    let tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    tcp.set_write_timeout(Some(PATIENCE)).unwrap();
    tcp
}

/// A connection whose handshake is complete.
pub fn connect(port: u16, config: &Arc<ClientConfig>, name: &str) -> io::Result<Client> {
    let clock = Clock::start();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connection = ClientConnection::new(config.clone(), name, clock.now()).unwrap();
    let mut stream = Stream::new(connection, tcp(port), clock);
    stream.handshake()?;
    Ok(stream)
}

/// The same with tokio.
pub async fn dial(port: u16, config: &Arc<ClientConfig>) -> io::Result<ClientStream<tokio::net::TcpStream>> {
    let tcp = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    TlcpConnector::new(config.clone()).connect(ServerName::try_from("localhost").unwrap(), tcp).await
}

/// Says it, ends, and gives all that comes back.
pub fn ask(mut stream: Client, question: &[u8]) -> Vec<u8> {
    stream.write_all(question).unwrap();
    stream.close().unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}
