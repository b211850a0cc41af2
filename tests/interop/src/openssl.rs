//! The program `openssl` as the other end of TLS 1.2, on loopback and a port of the kernel's choice; and our own ends over
//! the same sockets.

use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tlcp::cert::{Identity, PeerClaim, ServerName, Verified, Verifier};
use tlcp::config::{ClientConfig, ServerConfig};
use tlcp::conn::{ClientConnection, ServerConnection};
use tlcp::crypto::default_provider;
use tlcp::error::{CertificateError, CertificateProblem};
use tlcp::stream::{Clock, Stream};

/// How long anyone waits for the other.
const PATIENCE: Duration = Duration::from_secs(20);

/// A file of `vectors/tls12`.
#[must_use]
pub fn path(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/tls12").join(name);
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// The first certificate in such a file.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn certificate(name: &str) -> Vec<u8> {
    CertificateDer::from_pem_file(path(name)).expect("a certificate").to_vec()
}

/// The party in such a file.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn identity(name: &str) -> Arc<Identity> {
    let pem = std::fs::read(path(name)).expect("a file of the vectors");
    Arc::new(Identity::single_from_pile(&[&pem], [], &default_provider()).expect("a party"))
}

/// Takes the certificates in these files of `vectors/tls12`, and no others.
#[derive(Debug)]
pub struct Acquainted(pub Vec<&'static str>);

impl Verifier for Acquainted {
    fn verify(&self, claim: &PeerClaim, _now: u64) -> Result<Verified, CertificateError> {
        match self.0.iter().any(|name| certificate(name) == claim.credential.end_point()) {
            true => Ok(Verified::assertion(u64::MAX)),
            false => Err(CertificateProblem::UnknownIssuer.into()),
        }
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn context(&self) -> Vec<u8> {
        format!("{:?}", self.0).into_bytes()
    }
}

/// A configuration file for OpenSSL that turns off what no argument of 3.0 does.
///
/// # Panics
/// If it cannot be written.
#[must_use]
pub fn without_extended_master_secret() -> PathBuf {
    let file = std::env::temp_dir().join(format!("no-ems-{}.cnf", std::process::id()));
    let text = "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = system\n[system]\nOptions = -ExtendedMasterSecret\n";
    std::fs::write(&file, text).expect("a file for OpenSSL");
    file
}

fn openssl(arguments: &[&str], configuration: Option<&Path>) -> Command {
    let mut command = Command::new("openssl");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(file) = configuration {
        command.env("OPENSSL_CONF", file);
    }
    command
}

/// `openssl s_server`; with `-rev` it sends each line back in reverse.
pub struct Server {
    child: Child,
    port: u16,
    said: Arc<Mutex<String>>,
}

impl Server {
    /// With these arguments beside those that all need.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(arguments: &[&str], configuration: Option<&Path>) -> Self {
        let all = [&["s_server", "-accept", "127.0.0.1:0", "-tls1_2"], arguments].concat();
        let mut child = openssl(&all, configuration).spawn().expect("the program openssl");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        let port = loop {
            line.clear();
            assert!(out.read_line(&mut line).expect("its output") > 0, "openssl ended: {arguments:?}");
            if let Some(port) = line.strip_prefix("ACCEPT 127.0.0.1:") {
                break port.trim().parse().expect("a port");
            }
        };
        let said = Arc::new(Mutex::new(String::new()));
        let all = said.clone();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                *all.lock().expect("nobody panicked") += &(line + "\n");
            }
        });
        Self { child, port, said }
    }

    /// A connection of ours to it, with the handshake done.
    ///
    /// # Errors
    /// The handshake's.
    ///
    /// # Panics
    /// If there is no connection at all.
    pub fn connect(&self, config: &Arc<ClientConfig>, name: &'static str) -> std::io::Result<ClientStream> {
        let clock = Clock::start();
        let name = ServerName::try_from(name).expect("a name");
        let client = ClientConnection::new(config.clone(), name, clock.now()).expect("randomness");
        let socket = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut stream = Stream::new(client, socket, clock);
        stream.handshake()?;
        Ok(stream)
    }

    /// Waits until it has said something that starts so, and gives the rest of that line; forgets what came before.
    ///
    /// # Panics
    /// If it does not.
    #[must_use]
    pub fn hears(&self, start: &str) -> String {
        for _ in 0..200 {
            let mut said = self.said.lock().expect("nobody panicked");
            let found = said.lines().find_map(|line| line.trim().strip_prefix(start).map(str::to_owned));
            if let Some(rest) = found {
                said.clear();
                return rest;
            }
            drop(said);
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("openssl did not say {start:?}: {}", self.said.lock().expect("nobody panicked"));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stream of ours.
pub type ClientStream = tlcp::stream::ClientStream<TcpStream>;

/// Sends so many bytes in lines to a server that reverses them, and checks what returns.
///
/// # Errors
/// The stream's.
///
/// # Panics
/// If other data returns.
pub fn talk_to_reverser(stream: &mut ClientStream, bytes: usize) -> std::io::Result<()> {
    const LINE: usize = 1000;
    for number in 0..bytes.div_ceil(LINE) {
        let mut line: Vec<u8> = (0..LINE - 1).map(|i| b'a' + ((i * 7 + number) % 26) as u8).collect();
        line.push(b'\n');
        stream.write_all(&line)?;
        let mut back = vec![0; LINE];
        stream.read_exact(&mut back)?;
        line.pop();
        line.reverse();
        line.push(b'\n');
        assert!(back == line, "line {number} came back as another");
    }
    Ok(())
}

/// What became of both ends.
pub struct Met {
    /// Our end, after its close_notify.
    pub ours: std::io::Result<ServerConnection>,
    /// What `s_client` printed.
    pub printed: Vec<u8>,
    /// Whether it was content.
    pub succeeded: bool,
}

/// Starts `openssl s_client` with these arguments against a server of ours, which sends `input` back and closes.
///
/// # Panics
/// If OpenSSL cannot be started, or does not connect.
#[must_use]
pub fn serve(
    config: &Arc<ServerConfig>,
    arguments: &[&str],
    configuration: Option<&Path>,
    input: &[u8],
) -> Met {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let root = path("root.crt");
    let needed = ["s_client", "-connect", &address, "-tls1_2", "-CAfile", &root, "-verify_return_error"];
    let mut child =
        openssl(&[&needed, arguments].concat(), configuration).spawn().expect("the program openssl");
    let mut stdin = child.stdin.take().expect("its input");
    let feed = input.to_vec();
    let feeder = std::thread::spawn(move || stdin.write_all(&feed).map(|()| stdin));
    let (config, length) = (config.clone(), input.len());
    let server = std::thread::spawn(move || {
        let socket = listener.accept().expect("a connection").0;
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let clock = Clock::start();
        let mut stream = Stream::new(ServerConnection::new(config, clock.now()), socket, clock);
        stream.handshake()?;
        let (mut buffer, mut left) = (vec![0; 16_384], length);
        while left > 0 {
            let n = stream.read(&mut buffer)?;
            if n == 0 {
                return Err(std::io::Error::other("s_client closed early"));
            }
            stream.write_all(&buffer[..n])?;
            left -= n;
        }
        stream.close()?;
        // The socket goes: s_client waits for it.
        Ok(stream.into_parts().0)
    });
    let mut printed = Vec::new();
    child.stdout.take().expect("its output").read_to_end(&mut printed).expect("its output");
    let succeeded = child.wait().expect("its end").success();
    let ours = server.join().expect("our server did not panic");
    let _ = feeder.join();
    Met { ours, printed, succeeded }
}
