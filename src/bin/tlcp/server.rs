//! `tlcp server`: a thread for each connection, of which there is a bounded number. No client can stop it.
use crate::http::{self, Folder};
use crate::options::{self, Common, choice, flag, path, string};
use crate::problem::Problem;
use crate::slots::Slots;
use crate::socket::Counted;
use crate::trace::{Out, Role, Trace};
use clap::{Arg, ArgMatches, Command, value_parser};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tlcp::cert::Description;
use tlcp::config::{ClientAuth, ServerConfig};
use tlcp::conn::ServerConnection;
use tlcp::handshake::server::State;
use tlcp::session::{MemoryStore, SessionStore};
use tlcp::stream::{Clock, Stream};

/// A client has so long for its handshake, and so long for every byte after it.
const HANDSHAKE: Duration = Duration::from_secs(10);
const IDLE_HTTP: Duration = Duration::from_secs(60);
const IDLE_ECHO: Duration = Duration::from_secs(600);

type ServerStream = Stream<State, Counted>;

pub(crate) fn command() -> Command {
    let listen = Arg::new("listen").long("listen").value_name("ADDR").required(true);
    let www = Arg::new("www").long("www").value_name("DIR").value_parser(value_parser!(PathBuf));
    let most = Arg::new("max-connections").long("max-connections").value_name("N").default_value("256");
    Command::new("server")
        .about("Serves a folder over HTTP/1.1, or echoes")
        .arg(listen.help("Where to listen: 127.0.0.1:4433; port 0 takes a free one, which is printed"))
        .args(
            options::arguments().map(|arg| if arg.get_id() == "identity" { arg.required(true) } else { arg }),
        )
        .arg(choice(
            "client-auth",
            ["none", "request", "require"],
            "Whether clients are asked for certificates; always in ECDHE suites",
        ))
        .arg(www.help("Serve the files in this folder").conflicts_with("echo"))
        .arg(flag("echo", "Send back what comes in [default]"))
        .arg(
            most.value_parser(value_parser!(u16).range(1..))
                .help("How many connections there may be at once"),
        )
}

/// What all connections share.
struct Server {
    options: Common,
    client_auth: ClientAuth,
    sessions: Arc<dyn SessionStore>,
    config: Arc<ServerConfig>,
    folder: Option<Folder>,
}

pub(crate) fn run(matches: &ArgMatches) -> Result<(), Problem> {
    let server = Arc::new(Server::new(matches)?);
    let address = string(matches, "listen").unwrap_or_default();
    let listener =
        TcpListener::bind(address).map_err(|e| Problem::from(e).during(format!("--listen {address}")))?;
    if let Some(identity) = &server.options.identity {
        log!("{}", identity.report().trim_end());
    }
    say!("listening on {}", listener.local_addr()?);
    io::stdout().flush()?;
    let slots = Slots::new(usize::from(*matches.get_one::<u16>("max-connections").unwrap_or(&256)));
    for (number, tcp) in (1_u64..).zip(listener.incoming()) {
        let (slot, server) = (slots.take(), server.clone());
        let started = tcp.and_then(|tcp| {
            thread::Builder::new().spawn(move || {
                let _slot = slot;
                server.handle(tcp, number);
            })
        });
        if let Err(e) = started {
            // Such as too many open files: that passes, but not at once.
            log!("#{number}: {e}");
            thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}

impl Server {
    fn new(matches: &ArgMatches) -> Result<Self, Problem> {
        let options = Common::read(matches)?;
        let client_auth = match string(matches, "client-auth") {
            Some("request") => ClientAuth::Request,
            Some("require") => ClientAuth::Require,
            _ => ClientAuth::None,
        };
        let sessions: Arc<dyn SessionStore> = Arc::new(MemoryStore::default());
        let config = Arc::new(configure(&options, client_auth, &sessions, None)?);
        let folder = match path(matches, "www") {
            Some(path) => Some(Folder::new(path).map_err(|e| Problem::from(e).during(path.display()))?),
            None => None,
        };
        Ok(Self { options, client_auth, sessions, config, folder })
    }

    /// A whole connection; what goes wrong with it is told and forgotten.
    fn handle(&self, tcp: TcpStream, number: u64) {
        let peer = tcp.peer_addr().map_or_else(|_| String::from("?"), |a| a.to_string());
        if let Err(problem) = self.serve(tcp, number, &peer) {
            log!("#{number} {peer}: {}", problem.line());
        }
    }

    fn serve(&self, tcp: TcpStream, number: u64, peer: &str) -> Result<(), Problem> {
        let config = self.config_for(number)?;
        let socket = Counted::new(tcp)?;
        let clock = Clock::start();
        let mut stream = Stream::new(ServerConnection::new(config, clock.now()), socket, clock);
        let outcome = self.talk(&mut stream, number, peer);
        if let Some(progress) = stream.connection().failed_handshake() {
            let name = progress.server_name.as_deref().unwrap_or("no name");
            let suite = progress.suite.map_or_else(|| String::from("no suite yet"), |s| s.id.to_string());
            log!("#{number} {peer}: the handshake fails with {suite}, asked for {name}");
        }
        let closed = stream.finish();
        outcome?;
        Ok(closed?)
    }

    fn talk(&self, stream: &mut ServerStream, number: u64, peer: &str) -> Result<(), Problem> {
        stream.handshake()?;
        log!("#{number} {peer}: {}", describe(stream.connection()));
        let idle = if self.folder.is_some() { IDLE_HTTP } else { IDLE_ECHO };
        stream.socket().set_timeout(Some(idle))?;
        match &self.folder {
            Some(folder) => http::serve(stream, folder).map(drop)?,
            None => echo(stream)?,
        }
        Ok(())
    }

    /// One for all connections; to be traced apart, each needs an observer, and so a configuration, of its own.
    fn config_for(&self, number: u64) -> Result<Arc<ServerConfig>, Problem> {
        if !self.options.trace {
            return Ok(self.config.clone());
        }
        let trace = Arc::new(Trace::new(Role::Server, Out::Stderr, format!("#{number:<4}")));
        configure(&self.options, self.client_auth, &self.sessions, Some(trace)).map(Arc::new)
    }
}

fn configure(
    options: &Common,
    client_auth: ClientAuth,
    sessions: &Arc<dyn SessionStore>,
    trace: Option<Arc<Trace>>,
) -> Result<ServerConfig, Problem> {
    let mut builder = ServerConfig::builder()
        .provider(options.provider)
        .client_auth(client_auth)
        .sessions(Some(sessions.clone()))
        .alpn(options.alpn())
        .compat(options.compat)
        .handshake_timeout(HANDSHAKE);
    if let Some(identity) = &options.identity {
        builder = builder.identity(identity.clone());
    }
    if let Some(verifier) = &options.verifier {
        builder = builder.verifier(verifier.clone());
    }
    if let Some(suites) = &options.suites {
        builder = builder.suites(suites);
    }
    if let Some(log) = &options.key_log {
        builder = builder.key_log(log.clone());
    }
    if let Some(trace) = trace {
        builder = builder.observer(trace);
    }
    builder
        .build()
        .map_err(|e| Problem::from(e).advise("see --ca, --identity and --suite in `tlcp server --help`"))
}

fn describe(connection: &ServerConnection) -> String {
    let suite = connection.cipher_suite().map_or_else(String::new, |s| s.id.to_string());
    let kind = if connection.is_resumed() { "resumed" } else { "full handshake" };
    let mut out = format!("{suite}, {kind}");
    if let Some(name) = connection.server_name() {
        out += &format!(", for {}", name.escape_debug());
    }
    if let Some(protocol) = connection.alpn() {
        out += &format!(", ALPN {}", String::from_utf8_lossy(protocol).escape_debug());
    }
    let certificate = connection.peer_certificates().and_then(|list| Description::read(list.first()?).ok());
    match certificate {
        Some(certificate) => format!("{out}, client {}", certificate.subject),
        None => out,
    }
}

fn echo(stream: &mut ServerStream) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            n => stream.write_all(buffer.get(..n).unwrap_or_default())?,
        }
    }
}
