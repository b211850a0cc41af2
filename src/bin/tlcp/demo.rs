//! `tlcp demo`: both ends in one program, with a TCP connection between them, so that a newcomer sees it all.
use crate::facts::short;
use crate::problem::Problem;
use crate::socket::Counted;
use crate::trace::{Out, Role, Trace};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tlcp::cert::{Description, ServerName};
use tlcp::config::{ClientConfig, ClientConfigBuilder, Direction, ServerConfig};
use tlcp::conn::{ClientConnection, ServerConnection};
use tlcp::crypto::{Provider, default_provider, random::SystemRandom};
use tlcp::pki::{KeyCentre, Options, Pki};
use tlcp::stream::{ClientStream, Clock, Stream};
use tlcp::suite::{Certificates, KeyExchange, Suite, TLCP};

const QUESTION: &[u8] = b"How many certificates does a TLCP server show?";
const ANSWER: &[u8] = b"Two: one signs, one encrypts.";
/// So many handshakes give a median.
const REPEATS: usize = 21;

/// What is known of the two verify_data when the client is done.
const CHECKED_FULL: &str = "Both verify_data are right: each side has checked the other's.";
const CHECKED_RESUMED: &str = "The server's verify_data is right; the server now checks the client's.";

/// All that the scenes share.
struct Stage {
    provider: Provider,
    pki: Pki,
    /// Of the last act.
    centre: KeyCentre,
    address: SocketAddr,
}

pub(crate) fn run() -> Result<(), Problem> {
    let provider = default_provider();
    say!("tlcp {}: TLCP (GB/T 38636-2020) between two threads over TCP\n", env!("CARGO_PKG_VERSION"));
    let start = Instant::now();
    let options = Options::new(Clock::start().now().unix);
    let pki = Pki::new(&options, &provider, &SystemRandom).map_err(tlcp::error::Error::from)?;
    show_pki(&pki, start.elapsed());
    let centre = KeyCentre::new("sm9.demo", &options, &provider, &SystemRandom);
    let centre = centre.map_err(tlcp::error::Error::from)?;
    let address = start_server(&pki, &centre, &provider)?;
    say!("The server listens on {address}. All times count from the start of a handshake.");
    let stage = Stage { provider, pki, centre, address };
    let suites = [KeyExchange::ECDHE, KeyExchange::ECC, KeyExchange::IBSDH];
    let suites = suites.map(|wanted| TLCP.suites().find(|s| s.key_exchange == wanted));
    let suites: Vec<&'static Suite> = suites.into_iter().flatten().collect();
    for (suite, (number, scenes)) in suites.iter().copied().zip([(1, 2), (3, 2), (5, 1)]) {
        stage.scenes(suite, number, scenes)?;
    }
    stage.show_times(&suites)
}

fn show_pki(pki: &Pki, took: Duration) {
    say!("Certificates, made in memory: six SM2 keys, {}", milliseconds(took));
    let rows = [
        ("root", &pki.root),
        ("intermediate CA", &pki.intermediate),
        ("server, to sign", &pki.server.sign),
        ("server, to encrypt", &pki.server.encrypt),
        ("client, to sign", &pki.client.sign),
        ("client, to encrypt", &pki.client.encrypt),
    ];
    for (who, issued) in rows {
        let Ok(certificate) = Description::read(&issued.certificate) else { continue };
        let usage = certificate.key_usage.unwrap_or_default().join(" ");
        say!("  {who:<20}{:<43}{usage}", certificate.subject);
    }
    say!();
}

/// Accepts in the background until the program ends.
fn start_server(pki: &Pki, centre: &KeyCentre, provider: &Provider) -> Result<SocketAddr, Problem> {
    let known = centre.user(b"localhost").map_err(tlcp::error::Error::from)?;
    let config = ServerConfig::builder()
        .identity(Arc::new(pki.server_identity(provider)?))
        .identity(Arc::new(known.identity(provider)?))
        .key_centres(centre.centres(provider)?)
        .verifier(Arc::new(pki.verifier(provider)?))
        .build()?;
    let config = Arc::new(config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            if let Err(problem) = answer(&config, tcp) {
                log!("server: {}", problem.line());
            }
        }
    });
    Ok(address)
}

/// The server's whole part of a connection.
fn answer(config: &Arc<ServerConfig>, tcp: TcpStream) -> Result<(), Problem> {
    let clock = Clock::start();
    let connection = ServerConnection::new(config.clone(), clock.now());
    let mut stream = Stream::new(connection, Counted::new(tcp)?, clock);
    let mut question = [0; QUESTION.len()];
    let mut length = 0;
    while length < question.len() {
        match stream.read(question.get_mut(length..).unwrap_or_default())? {
            0 => break,
            n => length += n,
        }
    }
    if length > 0 {
        stream.write_all(ANSWER)?;
        stream.read_to_end(&mut Vec::new())?;
    }
    Ok(stream.finish()?)
}

impl Stage {
    /// One scene or two: the second resumes the session of the first.
    fn scenes(&self, suite: &'static Suite, number: usize, count: usize) -> Result<(), Problem> {
        let trace = Arc::new(Trace::new(Role::Client, Out::Stdout, String::new()));
        let config = Arc::new(self.client(suite).observer(trace.clone()).build()?);
        for resumed in [false, true].into_iter().take(count) {
            let kind = match (resumed, suite.key_exchange) {
                (true, _) => "resumed: no public-key operation",
                (_, KeyExchange::ECDHE) => "full: both sides show their certificates",
                (_, KeyExchange::IBSDH) => {
                    "full: no certificates, both sides are known by name to one SM9 key centre"
                }
                _ => "full: the client need not show certificates",
            };
            say!("\n{}. {}, {kind}\n", number + usize::from(resumed), suite.id);
            trace.begin();
            let start = Instant::now();
            let mut stream = self.connect(&config)?;
            let took = start.elapsed();
            if stream.connection().is_resumed() != resumed {
                return Err(Problem::new("the session was not resumed as it should have been"));
            }
            show_done(&trace, &stream, took);
            talk(&trace, &mut stream)?;
        }
        Ok(())
    }

    fn client(&self, suite: &'static Suite) -> ClientConfigBuilder {
        let builder = ClientConfig::builder().suites(&[suite]);
        if suite.certificates() == Certificates::Identity {
            return self.known_client(builder);
        }
        let builder = match self.pki.verifier(&self.provider) {
            Ok(verifier) => builder.verifier(Arc::new(verifier)),
            Err(_) => builder,
        };
        match self.pki.client_identity(&self.provider) {
            Ok(identity) if suite.key_exchange.is_mutual() => builder.identity(Arc::new(identity)),
            _ => builder,
        }
    }

    /// A user of the key centre, who knows its other users.
    fn known_client(&self, builder: ClientConfigBuilder) -> ClientConfigBuilder {
        let user = self.centre.user(b"client").ok().and_then(|user| user.identity(&self.provider).ok());
        match (self.centre.centres(&self.provider), user) {
            (Ok(centres), Some(identity)) => builder.key_centres(centres).identity(Arc::new(identity)),
            _ => builder,
        }
    }

    /// Connects and completes the handshake.
    fn connect(&self, config: &Arc<ClientConfig>) -> Result<ClientStream<Counted>, Problem> {
        let name = ServerName::try_from("localhost").map_err(|e| Problem::new(e.to_string()))?;
        let tcp = Counted::new(TcpStream::connect(self.address)?)?;
        let clock = Clock::start();
        let connection = ClientConnection::new(config.clone(), name, clock.now())?;
        let mut stream = Stream::new(connection, tcp, clock);
        stream.handshake()?;
        Ok(stream)
    }

    /// Without anything printed in between.
    fn show_times(&self, suites: &[&'static Suite]) -> Result<(), Problem> {
        say!("\nTimes: the median of {REPEATS} quiet handshakes, both ends on this machine, over TCP,");
        say!("where checked certificates and the tables of their keys are kept from one to the next\n");
        say!("  {:<24}{:>12}{:>12}", "", "full", "resumed");
        for suite in suites {
            let full = Arc::new(self.client(suite).sessions(None).build()?);
            let resuming = Arc::new(self.client(suite).build()?);
            drop_politely(self.connect(&resuming)?)?;
            let (full, resumed) = (self.median(&full)?, self.median(&resuming)?);
            say!("  {:<24}{:>12}{:>12}", suite.id.to_string(), milliseconds(full), milliseconds(resumed));
        }
        say!(
            "\nNext: `tlcp pki --out pki` makes certificates as files; `tlcp server` and `tlcp client` use them."
        );
        Ok(())
    }

    fn median(&self, config: &Arc<ClientConfig>) -> Result<Duration, Problem> {
        let mut times = Vec::new();
        for _ in 0..REPEATS {
            let start = Instant::now();
            let stream = self.connect(config)?;
            times.push(start.elapsed());
            drop_politely(stream)?;
        }
        times.sort_unstable();
        Ok(times.get(REPEATS / 2).copied().unwrap_or_default())
    }
}

fn drop_politely(mut stream: ClientStream<Counted>) -> Result<(), Problem> {
    stream.close()?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

/// What the handshake came to, and where its keys are from.
fn show_done(trace: &Trace, stream: &ClientStream<Counted>, took: Duration) {
    let connection = stream.connection();
    let (_, resumed, messages, bytes) = trace.so_far();
    let Some(suite) = connection.cipher_suite() else { return };
    let (received, sent) = (stream.socket().received, stream.socket().sent);
    say!(
        "\n  Complete after {}. {}",
        milliseconds(took),
        if resumed { CHECKED_RESUMED } else { CHECKED_FULL }
    );
    say!("  {messages} messages, {bytes} bytes; with records {sent} bytes sent, {received} received.");
    if let Some(end_point) = connection.server_end_point() {
        let what =
            if suite.certificates() == Certificates::Identity { "identity" } else { "signing certificate" };
        say!("  server_end_point {}: SM3 of the server's {what}.", short(end_point));
    }
    say!("\n  Where the keys come from");
    for (name, length, origin) in origins(suite, resumed) {
        say!("    {name:<20}{length:>3} bytes  {origin}");
    }
    say!();
}

/// Labels and inputs of the key schedule, never a secret.
fn origins(suite: &Suite, resumed: bool) -> Vec<(&'static str, usize, String)> {
    let (mac, key, iv) = suite.protection.key_lengths();
    let agreement = match suite.key_exchange {
        KeyExchange::ECDHE => "SM2 key exchange: two ephemeral keys, both encryption keys",
        KeyExchange::IBSDH => "SM9 key exchange: two ephemeral keys, both identities",
        _ => "the version and 46 random bytes of the client, encrypted for the server",
    };
    let mut rows = Vec::new();
    if resumed {
        rows.push(("master_secret", 48, String::from("kept from the full handshake, with its session id")));
    } else {
        rows.push(("pre_master_secret", 48, String::from(agreement)));
        let prf = "PRF(pre_master_secret, \"master secret\", client random, server random)";
        rows.push(("master_secret", 48, String::from(prf)));
    }
    let prf = "PRF(master_secret, \"key expansion\", server random, client random)";
    rows.push(("key_block", 2 * (mac + key + iv), String::from(prf)));
    let parts = [("  MAC keys", mac), ("  cipher keys", key), ("  nonce prefixes", iv)];
    for (name, length) in parts.into_iter().filter(|(_, length)| *length > 0) {
        rows.push((
            name,
            2 * length,
            format!("{length} for the client's records, {length} for the server's"),
        ));
    }
    rows
}

/// Application data both ways, and the close.
fn talk(trace: &Trace, stream: &mut ClientStream<Counted>) -> Result<(), Problem> {
    let before = stream.socket().sent;
    stream.write_all(QUESTION)?;
    let wire = stream.socket().sent - before;
    let fact = |text: &[u8], wire: u64| {
        [
            ("plaintext", String::from_utf8_lossy(text).into_owned()),
            ("record", format!("{wire} bytes, encrypted")),
        ]
    };
    trace.show(Direction::Sent, "application data", QUESTION.len(), &fact(QUESTION, wire));
    let before = stream.socket().received;
    let mut answer = [0; ANSWER.len()];
    stream.read_exact(&mut answer)?;
    let wire = stream.socket().received - before;
    trace.show(Direction::Received, "application data", answer.len(), &fact(&answer, wire));
    stream.close()?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
