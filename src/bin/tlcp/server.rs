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
use tlcp::config::{ClientAuth, ServerConfig, ServerConfigBuilder, ServerConfigs};
use tlcp::conn::{Progress, ServerConnection};
use tlcp::error::ConfigError;
use tlcp::handshake::server::State;
use tlcp::session::{MemoryStore, RotatingTicketer, SessionStore, Ticketer};
use tlcp::stream::{Clock, Stream};
use tlcp::suite::{AeadAlgorithm, Certificates, Protocol, TLCP, TLS12};

/// A client has so long for its handshake, and so long for every byte after it.
const HANDSHAKE: Duration = Duration::from_secs(10);
const IDLE_HTTP: Duration = Duration::from_secs(60);
const IDLE_ECHO: Duration = Duration::from_secs(600);
/// Seconds until the key that seals tickets is replaced.
const TICKET_KEY: u64 = 12 * 60 * 60;

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
    stores: Stores,
    configs: ServerConfigs,
    folder: Option<Folder>,
}

/// Where sessions are, whichever configuration made them.
struct Stores {
    sessions: Arc<dyn SessionStore>,
    tickets: Arc<dyn Ticketer>,
}

impl Stores {
    fn new(options: &Common) -> Result<Self, Problem> {
        let tickets = RotatingTicketer::new(options.provider, AeadAlgorithm::Aes256Gcm, TICKET_KEY)?;
        Ok(Self { sessions: Arc::new(MemoryStore::default()), tickets: Arc::new(tickets) })
    }
}

pub(crate) fn run(matches: &ArgMatches) -> Result<(), Problem> {
    let server = Arc::new(Server::new(matches)?);
    let address = string(matches, "listen").unwrap_or_default();
    let listener =
        TcpListener::bind(address).map_err(|e| Problem::from(e).during(format!("--listen {address}")))?;
    for identity in &server.options.identities {
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
        let stores = Stores::new(&options)?;
        let configs = configure(&options, client_auth, &stores, None)?;
        let folder = match path(matches, "www") {
            Some(path) => Some(Folder::new(path).map_err(|e| Problem::from(e).during(path.display()))?),
            None => None,
        };
        Ok(Self { options, client_auth, stores, configs, folder })
    }

    /// A whole connection; what goes wrong with it is told and forgotten.
    fn handle(&self, tcp: TcpStream, number: u64) {
        let peer = tcp.peer_addr().map_or_else(|_| String::from("?"), |a| a.to_string());
        if let Err(problem) = self.serve(tcp, number, &peer) {
            log!("#{number} {peer}: {}", problem.line());
        }
    }

    fn serve(&self, tcp: TcpStream, number: u64, peer: &str) -> Result<(), Problem> {
        let configs = self.configs_for(number)?;
        let mut stream = Stream::accept(Counted::new(tcp)?, Clock::start(), &configs)?;
        let outcome = self.talk(&mut stream, number, peer).map_err(|problem| {
            match stream.connection().failed_handshake() {
                Some(progress) => problem.during(describe_progress(progress)),
                None => problem,
            }
        });
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
    fn configs_for(&self, number: u64) -> Result<ServerConfigs, Problem> {
        if !self.options.trace {
            return Ok(self.configs.clone());
        }
        let trace = Arc::new(Trace::new(Role::Server, Out::Stderr, format!("#{number:<4}")));
        configure(&self.options, self.client_auth, &self.stores, Some(&trace))
    }
}

fn configure(
    options: &Common,
    client_auth: ClientAuth,
    stores: &Stores,
    trace: Option<&Arc<Trace>>,
) -> Result<ServerConfigs, Problem> {
    let advise =
        |e: ConfigError| Problem::from(e).advise("see --ca, --identity and --suite in `tlcp server --help`");
    let mut configs: Option<ServerConfigs> = None;
    for protocol in [&TLCP, &TLS12] {
        if !options.serves(protocol) {
            continue;
        }
        let config =
            Arc::new(configure_one(protocol, options, client_auth, stores, trace)?.build().map_err(advise)?);
        configs = Some(match configs {
            Some(configs) => configs.with(config).map_err(advise)?,
            None => ServerConfigs::new(config),
        });
    }
    configs.ok_or_else(|| {
        Problem::new("no suite that was named is for an identity that was given")
            .advise("see --identity and --suite in `tlcp server --help`")
    })
}

fn configure_one(
    protocol: &'static Protocol,
    options: &Common,
    client_auth: ClientAuth,
    stores: &Stores,
    trace: Option<&Arc<Trace>>,
) -> Result<ServerConfigBuilder, Problem> {
    let builder = match protocol.certificates {
        Certificates::Single => ServerConfig::tls12_builder().tickets(stores.tickets.clone()),
        _ => ServerConfig::builder(),
    };
    let mut builder = options
        .set_up(builder, protocol, trace.cloned())?
        .client_auth(client_auth)
        .sessions(Some(stores.sessions.clone()))
        .handshake_timeout(HANDSHAKE);
    for identity in options.identities(protocol) {
        builder = builder.identity(identity.clone());
    }
    Ok(builder)
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

/// How far a handshake came that failed.
fn describe_progress(progress: &Progress) -> String {
    let suite = progress.suite.map_or_else(|| String::from("no suite yet"), |s| s.id.to_string());
    match &progress.server_name {
        Some(name) => format!("the handshake with {suite}, for {}", name.escape_debug()),
        None => format!("the handshake with {suite}"),
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
