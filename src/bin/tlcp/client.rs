//! `tlcp client`: fetches a page, or pipes standard input and output.
use crate::address::{bracketed, place};
use crate::answer::Answer;
use crate::options::{self, Common, flag, string};
use crate::pipe;
use crate::problem::{Exit, Problem};
use crate::progress::Progress;
use crate::socket::Counted;
use crate::trace::{Out, Role, Trace};
use clap::{Arg, ArgMatches, Command};
use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tlcp::cert::dangerous::NoVerification;
use tlcp::cert::{Description, ServerName, to_pem};
use tlcp::config::ClientConfig;
use tlcp::conn::ClientConnection;
use tlcp::error::Error;
use tlcp::handshake::client::State;
use tlcp::stream::{Clock, Stream};
use tlcp::suite::{TLCP, TLS12};

const CONNECT: Duration = Duration::from_secs(10);
const HANDSHAKE: Duration = Duration::from_secs(30);
const RESPONSE: Duration = Duration::from_secs(60);

type ClientStream = Stream<State, Counted>;

pub(crate) fn command() -> Command {
    let connect = Arg::new("connect").long("connect").value_name("HOST:PORT").required(true);
    let name = Arg::new("name").long("name").value_name("NAME");
    let get = Arg::new("get").long("get").value_name("PATH");
    Command::new("client")
        .about("Fetches a page, or pipes standard input and output through a connection")
        .after_help(
            "Exit codes: 1 files or configuration, 2 usage, 3 network, 4 what the server sent was refused, \
             5 its certificates were, 6 the server refused, 7 HTTP",
        )
        .arg(connect.help("The server"))
        .args(options::arguments().map(|arg| match arg.get_id().as_str() {
            "ca" => arg.required_unless_present_any(["insecure", "key-centre"]),
            _ => arg,
        }))
        .arg(name.help("The name to verify the server for [default: HOST]"))
        .arg(get.help("Send an HTTP request for this path and print the body of the answer"))
        .arg(
            flag("showcerts", "Print the server's certificates as PEM on standard output, and end")
                .conflicts_with("get"),
        )
        .arg(
            flag("insecure", "Talk to whoever answers: nobody looks at the certificates. For tests alone")
                .conflicts_with("ca"),
        )
        .arg(flag("tls12", "Speak TLS 1.2 instead of TLCP"))
        .arg(flag("reconnect", "Connect, close, and connect again, resuming the session"))
}

/// Where to connect, and as whom the server must show itself.
struct Target {
    host: String,
    name: ServerName<'static>,
    port: u16,
}

pub(crate) fn run(matches: &ArgMatches) -> Result<(), Problem> {
    let target = Target::read(matches)?;
    let options = Common::read(matches)?;
    let trace = options.trace.then(|| Arc::new(Trace::new(Role::Client, Out::Stderr, String::new())));
    let insecure = matches.get_flag("insecure");
    if insecure {
        log!("WARNING: --insecure: whoever answers is believed, and can read and change everything");
    }
    let config = Arc::new(configure(&options, matches.get_flag("tls12"), insecure, trace.clone())?);
    if matches.get_flag("reconnect") {
        let (stream, _) = target.connect(&config, trace.as_deref())?;
        // However the server ends a connection on which nothing was said: nothing is lost.
        let _ = stream.finish();
    }
    let (mut stream, clock) = target.connect(&config, trace.as_deref())?;
    if matches.get_flag("showcerts") {
        show(stream.connection());
        let _ = stream.finish();
        return Ok(());
    }
    match string(matches, "get") {
        Some(path) => {
            let outcome = get(&mut stream, &target, path);
            // The answer is whole, or its error is what counts.
            let _ = stream.finish();
            outcome
        }
        None => {
            let (connection, socket) = stream.into_parts();
            socket.set_timeout(None)?;
            pipe::run(connection, socket.tcp, clock)
        }
    }
}

impl Target {
    fn read(matches: &ArgMatches) -> Result<Self, Problem> {
        let address = string(matches, "connect").unwrap_or_default();
        let wrong = || {
            Problem::new(format!("--connect {address}: not HOST:PORT"))
                .advise("write it as localhost:4433, 192.0.2.1:4433 or [::1]:4433")
        };
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() {
            return Err(wrong());
        }
        let name = string(matches, "name").unwrap_or(host);
        let parsed = ServerName::try_from(name.to_string()).map_err(|_| {
            Problem::new(format!("{name:?} is neither a DNS name nor an address"))
                .advise("give one with --name")
        })?;
        Ok(Self { host: host.into(), name: parsed, port })
    }

    /// The server in an HTTP request: as whom it must show itself, and the port if it is not that of HTTPS.
    fn authority(&self) -> String {
        let name = self.name.to_str();
        if self.port == 443 { bracketed(&name) } else { place(&name, self.port) }
    }

    /// Connects and completes the handshake.
    fn connect(
        &self,
        config: &Arc<ClientConfig>,
        trace: Option<&Trace>,
    ) -> Result<(ClientStream, Clock), Problem> {
        let socket = Counted::new(self.dial()?)?;
        if let Some(trace) = trace {
            trace.begin();
        }
        let (clock, start) = (Clock::start(), Instant::now());
        // Servers on one host may have different ports, and must not get each other's sessions.
        let tag = self.port.to_be_bytes();
        let connection =
            ClientConnection::with_session_tag(config.clone(), self.name.clone(), &tag, clock.now())?;
        let mut stream = Stream::new(connection, socket, clock);
        if let Err(e) = stream.handshake() {
            // The server is to hear why.
            let _ = stream.finish();
            return Err(refused(e));
        }
        log!("{}", describe(stream.connection(), start.elapsed()));
        Ok((stream, clock))
    }

    /// The first address that answers.
    fn dial(&self) -> Result<TcpStream, Problem> {
        let place = place(&self.host, self.port);
        let fail =
            |e: io::Error| Problem::from(e).exit(Exit::Network).during(format!("connecting to {place}"));
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in (self.host.as_str(), self.port).to_socket_addrs().map_err(fail)? {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(tcp) => return Ok(tcp),
                Err(e) => last = e,
            }
        }
        Err(fail(last).advise("see whether the server runs and listens there"))
    }
}

/// A server that speaks only TLS does not even send an alert to a record that is not of its protocol.
fn refused(e: io::Error) -> Problem {
    let ended = match e.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error) => matches!(error, Error::ClosedInHandshake { .. }),
        None => matches!(e.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe),
    };
    let problem = Problem::from(e).during("the handshake");
    match ended {
        true => problem
            .advise("servers that speak only TLS end like this: see whether TLCP is enabled on that port"),
        false => problem,
    }
}

fn configure(
    options: &Common,
    tls12: bool,
    insecure: bool,
    trace: Option<Arc<Trace>>,
) -> Result<ClientConfig, Problem> {
    let (builder, protocol) = match tls12 {
        true => (ClientConfig::tls12_builder(), &TLS12),
        false => (ClientConfig::builder(), &TLCP),
    };
    let mut builder = options.set_up(builder, protocol, trace)?.handshake_timeout(HANDSHAKE);
    if insecure {
        builder = builder.verifier(Arc::new(NoVerification));
    }
    for identity in options.identities(protocol) {
        builder = builder.identity(identity.clone());
    }
    builder.build().map_err(|e| {
        Problem::from(e).advise("see --ca, --key-centre, --identity and --suite in `tlcp client --help`")
    })
}

fn describe(connection: &ClientConnection, took: Duration) -> String {
    let suite = connection.cipher_suite().map_or_else(String::new, |s| s.id.to_string());
    let kind = if connection.is_resumed() { "resumed" } else { "full handshake" };
    let mut out = format!("connected: {suite}, {kind}, {:.2} ms", took.as_secs_f64() * 1e3);
    if let Some(protocol) = connection.alpn() {
        out += &format!(", ALPN {}", String::from_utf8_lossy(protocol).escape_debug());
    }
    let certificate = connection.peer_certificates().and_then(|list| Description::read(list.first()?).ok());
    match (certificate, connection.peer_identity()) {
        (Some(certificate), _) => format!("{out}, server {}", certificate.subject),
        (None, Some(id)) => format!("{out}, server {}", String::from_utf8_lossy(id).escape_debug()),
        (None, None) => out,
    }
}

/// Each certificate as it came, with what it says of itself before it.
fn show(connection: &ClientConnection) {
    for certificate in connection.peer_certificates().unwrap_or_default() {
        if let Ok(description) = Description::read(certificate) {
            say!("subject: {}\nissuer:  {}", description.subject, description.issuer);
        }
        say!("{}", to_pem("CERTIFICATE", certificate).trim_end());
    }
}

/// The body goes to standard output, the status to standard error. HTTP/1.0, whose answers come in one piece.
fn get(stream: &mut ClientStream, target: &Target, path: &str) -> Result<(), Problem> {
    if path.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Problem::new("--get: the path holds spaces").advise("write them as %20"));
    }
    stream.socket().set_timeout(Some(RESPONSE))?;
    let slash = if path.starts_with('/') { "" } else { "/" };
    let host = target.authority();
    let request =
        format!("GET {slash}{path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: tlcp\r\nAccept: */*\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let answer = Answer::read(stream)?;
    let (status, is_success) = (answer.status.clone(), answer.is_success());
    log!("{}", status.escape_debug());
    let mut progress = Progress::new(answer.length());
    answer.copy_body(stream, &mut io::stdout().lock(), |bytes| progress.add(bytes))?;
    if !is_success {
        return Err(Problem::new(format!("the server answered {status:?}"))
            .advise("check the path given with --get")
            .exit(Exit::Http));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9110 7.2: what stands in the URI, brackets and port included.
    #[test]
    fn the_host_of_a_request_is_a_host() {
        for (connect, name, host) in [
            ("localhost:443", None, "localhost"),
            ("localhost:4433", None, "localhost:4433"),
            ("192.0.2.1:4433", Some("bank.example"), "bank.example:4433"),
            ("[::1]:443", None, "[::1]"),
            ("[::1]:18541", None, "[::1]:18541"),
            ("localhost:18541", Some("::1"), "[::1]:18541"),
        ] {
            let mut arguments = vec!["client", "--insecure", "--connect", connect];
            arguments.extend(name.into_iter().flat_map(|name| ["--name", name]));
            let target = Target::read(&command().get_matches_from(arguments)).unwrap();
            assert_eq!(target.authority(), host, "{connect} {name:?}");
        }
    }
}
