//! What goes by on a connection, for the checks at its end.
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tlcp::config::{ConnectionId, Direction, Event, Observer};
use tlcp::message::{
    CertificateRequest, CertificateVerify, ClientHello, Credential, Handshake, ServerHello, ServerKeyExchange,
};
use tlcp::wire::{CipherSuite, HandshakeType, NamedGroup, SignatureScheme};

/// Taken by a connection's observer.
#[derive(Default)]
pub(crate) struct Seen(Mutex<Log>);

#[derive(Default)]
pub(crate) struct Log {
    /// A line for each message, in BoringSSL's words.
    pub(crate) trace: String,
    /// The protocols that the client offers, with a length byte before each.
    pub(crate) offered_alpn: Vec<u8>,
    /// Whether the peer signals secure renegotiation.
    pub(crate) secure_renegotiation: bool,
    /// The group of ServerKeyExchange.
    pub(crate) group: Option<NamedGroup>,
    /// How the peer signed.
    pub(crate) peer_scheme: Option<SignatureScheme>,
    /// How the peer lets us sign.
    pub(crate) peer_takes: Vec<SignatureScheme>,
    /// The first certificate that we sent.
    pub(crate) own_certificate: Option<Vec<u8>>,
    /// What the server asked for.
    pub(crate) request: Option<CertificateRequest>,
}

impl Seen {
    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Seen {
    fn observe(&self, _: ConnectionId, event: Event<'_>) {
        let mut log = self.log();
        let verb = |direction| match direction {
            Direction::Sent => "write",
            Direction::Received => "read",
        };
        let _ = match event {
            Event::Handshake(way, message) => writeln!(log.trace, "{} hs {}", verb(way), message.kind.0),
            Event::ChangeCipherSpec(way) => writeln!(log.trace, "{} ccs", verb(way)),
            Event::Alert(way, alert) => {
                let [level, description] = alert.to_bytes();
                writeln!(log.trace, "{} alert {level} {description}", verb(way))
            }
            _ => Ok(()),
        };
        if let Event::Handshake(direction, message) = event {
            log.message(direction, message);
        }
    }
}

impl Log {
    /// Malformed messages are the library's to refuse.
    fn message(&mut self, direction: Direction, message: Handshake<'_>) {
        match (direction, message.kind) {
            (Direction::Received, HandshakeType::CLIENT_HELLO) => {
                let Ok(hello) = ClientHello::read(message.body) else { return };
                let extensions = &hello.extensions;
                for name in extensions.alpn.iter() {
                    self.offered_alpn.push(name.len() as u8);
                    self.offered_alpn.extend(name);
                }
                self.peer_takes = extensions.signature_schemes.as_deref().unwrap_or_default().to_vec();
                let scsv = CipherSuite::EMPTY_RENEGOTIATION_INFO_SCSV;
                self.secure_renegotiation =
                    extensions.renegotiation_info.is_some() || hello.cipher_suites.contains(&scsv);
            }
            (Direction::Received, HandshakeType::SERVER_HELLO) => {
                let Ok(hello) = ServerHello::read(message.body) else { return };
                self.secure_renegotiation = hello.extensions.renegotiation_info.is_some();
            }
            (_, HandshakeType::SERVER_KEY_EXCHANGE) => {
                let Ok(exchange) = ServerKeyExchange::read_ephemeral(message.body, true) else { return };
                self.group = exchange.ephemeral.map(|(point, _)| point.named_curve);
                if direction == Direction::Received {
                    self.peer_scheme = exchange.signed.scheme;
                }
            }
            (Direction::Received, HandshakeType::CERTIFICATE_REQUEST) => {
                self.request = CertificateRequest::read(message.body, true).ok();
                let schemes = self.request.as_ref().and_then(|request| request.signature_schemes.clone());
                self.peer_takes = schemes.unwrap_or_default();
            }
            (Direction::Received, HandshakeType::CERTIFICATE_VERIFY) => {
                self.peer_scheme =
                    CertificateVerify::read(message.body, true).ok().and_then(|signed| signed.scheme);
            }
            (Direction::Sent, HandshakeType::CERTIFICATE) => {
                let Ok(list) = Credential::read(message.body, usize::MAX) else { return };
                self.own_certificate = list.certificates().first().map(|der| der.to_vec());
            }
            _ => {}
        }
    }
}
