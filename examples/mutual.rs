//! Both sides show certificates: the server learns who the client is, also on a resumed connection.
//!
//! `cargo run --example mutual --features pki`
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use tlcp::cert::Description;
use tlcp::crypto::random::SystemRandom;
use tlcp::pki::{Options, Pki};
use tlcp::{
    ClientAuth, ClientConfig, ClientConnection, Clock, ServerConfig, ServerConnection, ServerName, Stream,
};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let provider = tlcp::default_provider();
    let pki = Pki::new(&Options::new(Clock::start().now().unix), &provider, &SystemRandom)?;
    let server = ServerConfig::builder()
        .identity(Arc::new(pki.server_identity(&provider)?))
        .verifier(Arc::new(pki.verifier(&provider)?))
        .client_auth(ClientAuth::Require)
        .build()?;
    let client = ClientConfig::builder()
        .identity(Arc::new(pki.client_identity(&provider)?))
        .verifier(Arc::new(pki.verifier(&provider)?))
        .build()?;

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = Arc::new(server);
    let serving = std::thread::spawn(move || -> io::Result<()> {
        for _ in 0..2 {
            tell_who_you_are(&server, listener.accept()?.0)?;
        }
        Ok(())
    });

    // The second connection resumes the session of the first: sessions are kept in the configuration's store.
    let client = Arc::new(client);
    for resumed in [false, true] {
        let clock = Clock::start();
        let connection =
            ClientConnection::new(client.clone(), ServerName::try_from("localhost")?, clock.now())?;
        let mut stream = Stream::new(connection, TcpStream::connect(address)?, clock);
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let resumes = stream.connection().is_resumed();
        stream.finish()?;
        println!("{answer}");
        assert_eq!(resumes, resumed);
        assert!(answer.contains("CN=client"));
    }
    serving.join().map_err(|_| "the server's thread panicked")??;
    Ok(())
}

fn tell_who_you_are(config: &Arc<ServerConfig>, socket: TcpStream) -> io::Result<()> {
    let clock = Clock::start();
    let mut stream = Stream::new(ServerConnection::new(config.clone(), clock.now()), socket, clock);
    stream.handshake()?;
    let connection = stream.connection();
    // Only here, after the handshake, has the client proved that these are its own.
    let certificates = connection.peer_certificates().unwrap_or_default();
    let client = certificates.first().and_then(|der| Description::read(der).ok());
    let client = client.map_or_else(|| String::from("nobody"), |description| description.subject);
    let suite = connection.cipher_suite().map_or_else(String::new, |suite| suite.id.to_string());
    let how = if connection.is_resumed() { "resumed" } else { "full" };
    stream.write_all(format!("You are {client}; {suite}, {how}").as_bytes())?;
    stream.finish()
}
