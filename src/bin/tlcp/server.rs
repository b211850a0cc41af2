//! `tlcp server`: a task for each connection, of which there is a bounded number. No client can stop it.
use crate::address::{LISTEN, client, every_address};
use crate::http::{self, Folder};
use crate::options::{self, Common, choice, flag, path, string};
use crate::patience::{runtime, within};
use crate::problem::Problem;
use crate::trace::{Out, Role, Trace};
use clap::{Arg, ArgMatches, Command, value_parser};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tlcp::aio::{ServerStream, TlcpAcceptor};
use tlcp::cert::Description;
use tlcp::config::{ClientAuth, ServerConfig, ServerConfigBuilder, ServerConfigs};
use tlcp::conn::{Progress, ServerConnection};
use tlcp::error::ConfigError;
use tlcp::session::{MemoryStore, RotatingTicketer, SessionStore, Ticketer};
use tlcp::suite::{AeadAlgorithm, Certificates, Protocol, TLCP, TLS12};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// A client has so many seconds for its handshake, if nothing else is said, and so long for every byte after it.
const HANDSHAKE: &str = "10";
const IDLE_HTTP: Duration = Duration::from_secs(60);
const IDLE_ECHO: Duration = Duration::from_secs(600);
/// Seconds until the key that seals tickets is replaced.
const TICKET_KEY: u64 = 12 * 60 * 60;

/// Of connections at once, if nothing else is said.
const MOST: &str = "20000";

pub(crate) fn command() -> Command {
    let listen = Arg::new("listen").long("listen").value_name("ADDR").required(true);
    let www = Arg::new("www").long("www").value_name("DIR").value_parser(value_parser!(PathBuf));
    let most = Arg::new("max-connections").long("max-connections").value_name("N").default_value(MOST);
    let handshake = Arg::new("handshake-timeout").long("handshake-timeout").value_name("SECONDS");
    Command::new("server")
        .about("Serves a folder over HTTP/1.1, or echoes")
        .arg(listen.help(
            "Where to listen: :4433, 127.0.0.1:4433, [::1]:4433; port 0 takes a free one, which is printed",
        ))
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
            most.value_parser(value_parser!(u32).range(1..=1_000_000))
                .help("How many connections there may be at once"),
        )
        .arg(
            handshake
                .default_value(HANDSHAKE)
                .value_parser(value_parser!(u16).range(1..))
                .help("How long a client may take for its handshake"),
        )
}

/// What all connections share.
struct Server {
    options: Common,
    terms: Terms,
    stores: Stores,
    acceptor: TlcpAcceptor,
    folder: Option<Folder>,
}

/// What clients must keep to.
#[derive(Clone, Copy)]
struct Terms {
    client_auth: ClientAuth,
    handshake: Duration,
}

impl Terms {
    fn read(matches: &ArgMatches) -> Self {
        let client_auth = match string(matches, "client-auth") {
            Some("request") => ClientAuth::Request,
            Some("require") => ClientAuth::Require,
            _ => ClientAuth::None,
        };
        let seconds = *matches.get_one::<u16>("handshake-timeout").unwrap_or(&1);
        Self { client_auth, handshake: Duration::from_secs(seconds.into()) }
    }
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
    let most = *matches.get_one::<u32>("max-connections").unwrap_or(&1);
    for identity in &server.options.identities {
        log!("{}", identity.report().trim_end());
    }
    runtime()?.block_on(async {
        let during = |e| Problem::from(e).during(format!("--listen {address}"));
        let addresses = match every_address(address) {
            Some(all) => all.to_vec(),
            None => lookup_host(address).await.map_err(|e| during(e).advise(LISTEN))?.collect(),
        };
        let listener = TcpListener::bind(&addresses[..]).await.map_err(during)?;
        say!("listening on {}", listener.local_addr()?);
        io::stdout().flush()?;
        server.listen(&listener, most as usize).await;
        Ok(())
    })
}

impl Server {
    fn new(matches: &ArgMatches) -> Result<Self, Problem> {
        let options = Common::read(matches)?;
        let terms = Terms::read(matches);
        let stores = Stores::new(&options)?;
        let acceptor = TlcpAcceptor::new(configure(&options, terms, &stores, None)?);
        let folder = match path(matches, "www") {
            Some(path) => Some(Folder::new(path).map_err(|e| Problem::from(e).during(path.display()))?),
            None => None,
        };
        Ok(Self { options, terms, stores, acceptor, folder })
    }

    /// Takes connections for ever, `most` at once.
    async fn listen(self: Arc<Self>, listener: &TcpListener, most: usize) {
        let places = Arc::new(Semaphore::new(most));
        for number in 1_u64.. {
            // Nobody closes it.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let (tcp, peer) = loop {
                match listener.accept().await {
                    Ok((tcp, peer)) => break (tcp, client(peer).to_string()),
                    Err(e) => {
                        // Such as too many open files: that passes, but not at once.
                        log!("#{number}: {e}");
                        sleep(Duration::from_millis(100)).await;
                    }
                }
            };
            tokio::spawn(self.clone().handle(tcp, number, peer, place));
        }
    }

    /// A whole connection; what goes wrong with it is told and forgotten.
    async fn handle(
        self: Arc<Self>,
        tcp: TcpStream,
        number: u64,
        peer: String,
        _place: OwnedSemaphorePermit,
    ) {
        if let Err(problem) = self.serve(tcp, number, &peer).await {
            log!("#{number} {peer}: {}", problem.line());
        }
    }

    async fn serve(&self, tcp: TcpStream, number: u64, peer: &str) -> Result<(), Problem> {
        tcp.set_nodelay(true)?;
        let acceptor = self.acceptor_for(number)?;
        // Boxed, as is all that comes later: a task is as large as its largest step, and most of them wait in an early one.
        let incoming = Box::pin(acceptor.hello(tcp)).await?;
        let config = acceptor.config_for(&incoming);
        let mut stream = incoming.into_stream(config);
        let outcome = self.talk(&mut stream, number, peer).await.map_err(|problem| {
            match stream.connection().failed_handshake() {
                Some(progress) => problem.during(describe_progress(progress)),
                None => problem,
            }
        });
        let closed = Box::pin(within(IDLE_HTTP, stream.finish())).await;
        outcome?;
        Ok(closed?)
    }

    async fn talk(
        &self,
        stream: &mut ServerStream<TcpStream>,
        number: u64,
        peer: &str,
    ) -> Result<(), Problem> {
        stream.handshake().await?;
        log!("#{number} {peer}: {}", describe(stream.connection()));
        match &self.folder {
            Some(folder) => Box::pin(http::serve(stream, folder, IDLE_HTTP)).await.map(drop)?,
            None => Box::pin(echo(stream)).await?,
        }
        Ok(())
    }

    /// One for all connections; to be traced apart, each needs an observer, and so a configuration, of its own.
    fn acceptor_for(&self, number: u64) -> Result<TlcpAcceptor, Problem> {
        if !self.options.trace {
            return Ok(self.acceptor.clone());
        }
        let trace = Arc::new(Trace::new(Role::Server, Out::Stderr, format!("#{number:<4}")));
        Ok(TlcpAcceptor::new(configure(&self.options, self.terms, &self.stores, Some(&trace))?))
    }
}

fn configure(
    options: &Common,
    terms: Terms,
    stores: &Stores,
    trace: Option<&Arc<Trace>>,
) -> Result<ServerConfigs, Problem> {
    let advise = |e: ConfigError| {
        Problem::from(e).advise("see --ca, --key-centre, --identity and --suite in `tlcp server --help`")
    };
    let mut configs: Option<ServerConfigs> = None;
    for protocol in [&TLCP, &TLS12] {
        if !options.serves(protocol) {
            continue;
        }
        let config =
            Arc::new(configure_one(protocol, options, terms, stores, trace)?.build().map_err(advise)?);
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
    terms: Terms,
    stores: &Stores,
    trace: Option<&Arc<Trace>>,
) -> Result<ServerConfigBuilder, Problem> {
    let builder = match protocol.certificates {
        Certificates::Single => ServerConfig::tls12_builder().tickets(stores.tickets.clone()),
        _ => ServerConfig::builder(),
    };
    let mut builder = options
        .set_up(builder, protocol, trace.cloned())?
        .client_auth(terms.client_auth)
        .sessions(Some(stores.sessions.clone()))
        .handshake_timeout(terms.handshake);
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
    match (certificate, connection.peer_identity()) {
        (Some(certificate), _) => format!("{out}, client {}", certificate.subject),
        (None, Some(id)) => format!("{out}, client {}", String::from_utf8_lossy(id).escape_debug()),
        (None, None) => out,
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

async fn echo(stream: &mut ServerStream<TcpStream>) -> io::Result<()> {
    loop {
        // A copy, since both sides are the stream's; there is none while nothing comes.
        let data = within(IDLE_ECHO, stream.fill_buf()).await?.to_vec();
        if data.is_empty() {
            return Ok(());
        }
        stream.consume(data.len());
        within(IDLE_ECHO, stream.write_all(&data)).await?;
        within(IDLE_ECHO, stream.flush()).await?;
    }
}
