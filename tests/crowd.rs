//! `tlcp server` and `tlcp proxy` with ten thousand clients that lead nowhere, and a hundred that are served meanwhile. Run by hand, since
//! it takes minutes and a quiet machine: `.ci/long crowd`.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/program.rs"]
mod program;

use program::{Folder, tlcp};
use std::io::{self, BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tlcp::aio::TlcpConnector;
use tlcp::cert::{ServerName, WebPkiVerifier};
use tlcp::crypto::default_provider;
use tlcp::{ClientConfig, ClientConnection, Clock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

const CROWD: usize = 10_000;
const IDLE: usize = 2_000;
/// Clients that want something, all at once, and how often each comes.
const SERVED: usize = 100;
const VISITS: usize = 5;

/// How many clients begin at once: more are no crowd but a flood of SYNs.
const AT_ONCE: usize = 64;

/// What a half-open client does before it says nothing more.
#[derive(Debug, Clone, Copy)]
enum Stops {
    Silent,
    ByteASecond,
    AfterHello,
    AfterKeyExchange,
}

/// Which program they come to: one that echoes, or one in front of a backend that does.
#[derive(Debug, Clone, Copy)]
enum Serves {
    Server,
    Proxy,
}

struct World {
    _folder: Folder,
    server: Child,
    port: u16,
    client: Arc<ClientConfig>,
}

impl World {
    async fn new(serves: Serves) -> Self {
        // Of this process, and so of the server that it starts.
        let own = std::process::id().to_string();
        let raised = Command::new("prlimit").args(["--pid", &own, "--nofile=16000:"]).status();
        assert!(raised.unwrap().success(), "needs 16,000 descriptors");
        let folder = Folder::new();
        let identity = folder.file("server.pem");
        let backend = echo().await.to_string();
        let serving = ["--listen", "0.0.0.0:0", "--identity", &identity];
        let more: &[&str] = match serves {
            Serves::Server => &["server", "--handshake-timeout", "600"],
            Serves::Proxy => &["proxy", "--to", &backend, "--timeout-handshake", "600"],
        };
        let mut server = tlcp(&[more, &serving].concat()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().split_once("0.0.0.0:").unwrap().1;
        let port = port.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
        let roots = std::fs::read(folder.file("ca.crt")).unwrap();
        let verifier =
            WebPkiVerifier::builder(&default_provider()).roots(&[&roots]).unwrap().build().unwrap();
        let client = ClientConfig::builder().verifier(Arc::new(verifier)).sessions(None).build().unwrap();
        Self { _folder: folder, server, port, client: Arc::new(client) }
    }

    /// Addresses take turns, so that there are ports enough.
    fn address(&self, n: usize) -> SocketAddr {
        (Ipv4Addr::new(127, 0, 0, 1 + u8::try_from(n % 8).unwrap()), self.port).into()
    }

    /// Of the server's process, in bytes.
    fn resident(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A backend that sends back what comes.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut reader, mut writer) = socket.split();
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
            });
        }
    });
    address
}

fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// `number` clients, some at a time.
async fn many<T, F>(number: usize, begin: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (mut running, mut done) = (JoinSet::new(), Vec::new());
    for n in 0..number {
        if running.len() == AT_ONCE {
            done.push(running.join_next().await.unwrap().unwrap());
        }
        running.spawn(begin(n));
    }
    done.extend(running.join_all().await);
    done
}

async fn half_open(address: SocketAddr, client: Arc<ClientConfig>, stops: Stops) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let clock = Clock::start();
    let mut connection = ClientConnection::new(client, name(), clock.now()).unwrap();
    let hello = connection.take_output();
    match stops {
        Stops::Silent => {}
        Stops::ByteASecond => socket.write_all(&hello[..1]).await.unwrap(),
        Stops::AfterHello => socket.write_all(&hello).await.unwrap(),
        Stops::AfterKeyExchange => {
            socket.write_all(&hello).await.unwrap();
            while !connection.wants_write() {
                let n = socket.read(connection.receive_buffer()).await.unwrap();
                connection.received(n, clock.now()).unwrap();
            }
            let flight = connection.take_output();
            let length = 5 + usize::from(u16::from_be_bytes([flight[3], flight[4]]));
            assert_eq!((flight[0], flight[5], flight[length]), (22, 16, 20), "ClientKeyExchange alone");
            socket.write_all(&flight[..length]).await.unwrap();
        }
    }
    socket
}

/// The rest of a hello, ever so slowly.
fn trickle(crowd: Vec<TcpStream>) -> JoinHandle<Vec<TcpStream>> {
    tokio::spawn(async move {
        for _ in 0..4 {
            for socket in &crowd {
                // The record's header announces more than will ever come.
                let _ = socket.try_write(&[1]);
                if socket.peer_addr().unwrap().ip() == Ipv4Addr::new(127, 0, 0, 8) {
                    tokio::task::yield_now().await;
                }
            }
            sleep(Duration::from_secs(1)).await;
        }
        crowd
    })
}

/// A whole visit: connection, question, answer, end.
async fn visit(connector: &TlcpConnector, address: SocketAddr) -> io::Result<()> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let mut stream = connector.connect(name(), socket).await?;
    stream.write_all(b"question").await?;
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"question");
    stream.shutdown().await
}

/// How long visits took: their 99th percentile. None may fail.
async fn serve(world: &World) -> Duration {
    let mut clients = JoinSet::new();
    for n in 0..SERVED {
        let (connector, address) = (TlcpConnector::new(world.client.clone()), world.address(n));
        clients.spawn(async move {
            let mut times = Vec::new();
            for _ in 0..VISITS {
                let start = Instant::now();
                visit(&connector, address).await.expect("is served");
                times.push(start.elapsed());
            }
            times
        });
    }
    let mut times = clients.join_all().await.concat();
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// How many are still connected.
fn standing(crowd: &[TcpStream]) -> usize {
    let stands = |socket: &&TcpStream| {
        let mut byte = [0; 4096];
        // What it was sent so far is here; after that nothing more, and no end.
        while matches!(socket.try_read(&mut byte), Ok(1..)) {}
        matches!(socket.try_read(&mut byte), Err(e) if e.kind() == io::ErrorKind::WouldBlock)
    };
    crowd.iter().filter(stands).count()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes and a quiet machine"]
async fn ten_thousand_half_open_clients_stop_nobody() {
    const STOPS: [Stops; 4] = [Stops::Silent, Stops::ByteASecond, Stops::AfterHello, Stops::AfterKeyExchange];
    for (serves, stops) in [Serves::Server, Serves::Proxy].iter().flat_map(|s| STOPS.map(|stops| (*s, stops)))
    {
        let world = World::new(serves).await;
        serve(&world).await;
        let alone = serve(&world).await.max(serve(&world).await);
        let before = world.resident();
        let (client, addresses) = (&world.client, |n| world.address(n));
        let mut crowd = many(CROWD, |n| half_open(addresses(n), client.clone(), stops)).await;
        sleep(Duration::from_secs(1)).await;
        let growth = world.resident().saturating_sub(before) / CROWD;
        let among_them = match stops {
            Stops::ByteASecond => {
                let trickling = trickle(crowd);
                let among_them = serve(&world).await;
                crowd = trickling.await.unwrap();
                among_them
            }
            _ => serve(&world).await,
        };
        let standing = standing(&crowd);
        println!(
            "{serves:?}, {stops:?}: {standing} half-open, {growth} bytes each; p99 of {SERVED} clients {alone:?} alone, \
             {among_them:?} among them: {:.2}",
            among_them.as_secs_f64() / alone.as_secs_f64()
        );
        assert_eq!(standing, CROWD, "{stops:?}");
        assert!(growth <= 4096, "{stops:?}: {growth} bytes each");
        assert!(among_them <= 3 * alone, "{stops:?}: {among_them:?} for {alone:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes and a quiet machine"]
async fn two_thousand_idle_clients_stop_nobody() {
    for serves in [Serves::Server, Serves::Proxy] {
        idle(serves).await;
    }
}

async fn idle(serves: Serves) {
    let world = World::new(serves).await;
    serve(&world).await;
    let alone = serve(&world).await.max(serve(&world).await);
    let before = world.resident();
    let idle = many(IDLE, |n| {
        let (connector, address) = (TlcpConnector::new(world.client.clone()), world.address(n));
        async move {
            let mut stream =
                connector.connect(name(), TcpStream::connect(address).await.unwrap()).await.unwrap();
            stream.write_all(b"question").await.unwrap();
            stream.read_exact(&mut [0; 8]).await.unwrap();
            stream
        }
    })
    .await;
    sleep(Duration::from_secs(1)).await;
    let growth = world.resident().saturating_sub(before) / IDLE;
    let among_them = serve(&world).await;
    println!(
        "{serves:?}: {} idle, {growth} bytes each; p99 {alone:?} alone, {among_them:?} among them",
        idle.len()
    );
    assert!(growth <= 8192, "{growth} bytes each");
    assert!(among_them <= 3 * alone, "{among_them:?} for {alone:?}");
}
