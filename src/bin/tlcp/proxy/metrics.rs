//! What is counted, in the text format of Prometheus, on a port of this machine's own.
use super::limits::Limits;
use crate::problem::Problem;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Plaintext bytes of all connections of one role.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    opened: AtomicU64,
    sealed: AtomicU64,
}

impl Bytes {
    pub(super) fn opened(&self, n: usize) {
        self.opened.fetch_add(n as u64, Ordering::Relaxed);
    }

    pub(super) fn sealed(&self, n: usize) {
        self.sealed.fetch_add(n as u64, Ordering::Relaxed);
    }
}

/// Which end of the protected connection the gateway is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Server,
    Client,
}

impl Role {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// Labels of a counter: all come from here, none from a peer.
type Labels = (Role, &'static str, &'static str);

#[derive(Debug, Default)]
struct Counters {
    handshakes: BTreeMap<Labels, u64>,
    ended: BTreeMap<(Role, &'static str), u64>,
    reloads: BTreeMap<&'static str, u64>,
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    server: Bytes,
    client: Bytes,
    counters: Mutex<Counters>,
    log_lines_lost: AtomicU64,
}

impl Metrics {
    pub(super) fn bytes(&self, role: Role) -> &Bytes {
        match role {
            Role::Server => &self.server,
            Role::Client => &self.client,
        }
    }

    fn count(&self, count: impl FnOnce(&mut Counters) -> &mut u64) {
        *count(&mut self.counters.lock().unwrap_or_else(PoisonError::into_inner)) += 1;
    }

    /// A handshake is over: `full`, `resumed`, or the kind of its error.
    pub(super) fn handshake(&self, role: Role, protocol: &'static str, outcome: &'static str) {
        self.count(|counters| counters.handshakes.entry((role, protocol, outcome)).or_default());
    }

    /// A connection is over: `ok`, or the kind of its error.
    pub(super) fn ended(&self, role: Role, outcome: &'static str) {
        self.count(|counters| counters.ended.entry((role, outcome)).or_default());
    }

    /// `ok` or `failed`.
    pub(super) fn reloaded(&self, outcome: &'static str) {
        self.count(|counters| counters.reloads.entry(outcome).or_default());
    }

    pub(super) fn log_lines_lost(&self, count: usize) {
        self.log_lines_lost.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// All of it, as Prometheus reads it.
    pub(super) fn text(&self, live: usize) -> String {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = Exposition::default();
        out.family("handshakes_total", "counter", "Handshakes that are over, by the error they ended with.");
        for ((role, protocol, outcome), n) in &counters.handshakes {
            let labels = [("role", role.name()), ("protocol", protocol), ("outcome", outcome)];
            out.sample(&labels, *n);
        }
        out.family("connections", "gauge", "Connections that are there now, with those in their handshake.");
        out.sample(&[], live as u64);
        out.family("connections_ended_total", "counter", "Connections that are over, by why they ended.");
        for ((role, outcome), n) in &counters.ended {
            out.sample(&[("role", role.name()), ("outcome", outcome)], *n);
        }
        out.family("bytes_total", "counter", "Plaintext bytes: received and sent under protection.");
        for role in [Role::Server, Role::Client] {
            let bytes = self.bytes(role);
            for (direction, n) in [("received", &bytes.opened), ("sent", &bytes.sealed)] {
                out.sample(&[("role", role.name()), ("direction", direction)], n.load(Ordering::Relaxed));
            }
        }
        out.family("reloads_total", "counter", "Times that the configuration was to be read again.");
        for (outcome, n) in &counters.reloads {
            out.sample(&[("outcome", outcome)], *n);
        }
        out.family(
            "log_lines_lost_total",
            "counter",
            "Lines of the log that found no room, or could not be written.",
        );
        out.sample(&[], self.log_lines_lost.load(Ordering::Relaxed));
        out.text
    }
}

#[derive(Default)]
struct Exposition {
    text: String,
    name: &'static str,
}

impl Exposition {
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.name = name;
        // writing to a String does not fail
        let _ = writeln!(self.text, "# HELP tlcp_{name} {help}\n# TYPE tlcp_{name} {kind}");
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: u64) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let braces = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "tlcp_{}{braces} {value}", self.name);
    }
}

/// Whoever asks for the metrics has so long, and so many bytes.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST: usize = 8192;

/// Serves them until the handle is aborted.
pub(super) fn serve(
    listener: std::net::TcpListener,
    metrics: Arc<Metrics>,
    limits: Limits,
) -> Result<JoinHandle<()>, Problem> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    Ok(tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((tcp, _)) => {
                    let text = metrics.text(limits.in_all());
                    tokio::spawn(timeout(PATIENCE, answer(tcp, text)));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }))
}

async fn answer(mut tcp: TcpStream, metrics: String) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|w| w == b"\r\n\r\n") {
        let mut part = [0; 1024];
        let n = tcp.read(&mut part).await?;
        if n == 0 || request.len() > MOST {
            return Ok(());
        }
        request.extend_from_slice(part.get(..n).unwrap_or_default());
    }
    let (status, body) = match request.starts_with(b"GET /metrics ") {
        true => ("200 OK", metrics),
        false => ("404 Not Found", String::from("the metrics are at /metrics\n")),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\nConnection: \
         close\r\n\r\n",
        body.len()
    );
    tcp.write_all(head.as_bytes()).await?;
    tcp.write_all(body.as_bytes()).await?;
    tcp.shutdown().await
}
