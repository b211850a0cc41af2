//! What goes wrong, as the terminal shows it: what happened, in which message and field, and what to do.
use std::fmt;
use std::io;
use tlcp::error::{
    CertificatePlace, CertificateProblem, ConfigError, Error, PeerIncompatible, PeerMisbehaved,
};
use tlcp::wire::AlertDescription as A;

/// An error for the user.
#[derive(Debug)]
pub(crate) struct Problem {
    what: String,
    /// The message and the field that it is about.
    place: Option<String>,
    advice: Option<String>,
    exit: Exit,
}

/// The exit codes, for scripts; 2 is clap's, for usage. `tlcp client --help` has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Files, configuration, and whatever has no code of its own.
    Failure = 1,
    /// The peer was not reached, or went away, or said nothing.
    Network = 3,
    /// We refused what the peer sent.
    Refused = 4,
    /// We refused its certificates.
    Certificate = 5,
    /// The peer refused us, by an alert.
    RefusedByPeer = 6,
    /// An HTTP answer that is none, or not one of success.
    Http = 7,
}

impl Exit {
    fn of(error: &Error) -> Self {
        match error {
            Error::Certificate(_) => Self::Certificate,
            Error::AlertReceived(_) => Self::RefusedByPeer,
            Error::Decode(_) | Error::PeerMisbehaved(_) | Error::PeerIncompatible(_) => Self::Refused,
            Error::Truncated | Error::ClosedInHandshake { .. } | Error::HandshakeTimeout => Self::Network,
            _ => Self::Failure,
        }
    }
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), place: None, advice: None, exit: Exit::Failure }
    }

    /// Standard input fails: no fault of the network, whatever kind of error it is.
    pub(crate) fn of_input(e: io::Error) -> Self {
        Self::new(format!("standard input: {e}"))
    }

    /// Likewise standard output, such as one that nobody reads any more.
    pub(crate) fn of_output(e: io::Error) -> Self {
        Self::new(format!("standard output: {e}"))
    }

    /// With this exit code.
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    pub(crate) fn code(&self) -> u8 {
        self.exit as u8
    }

    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Says what was being done.
    pub(crate) fn during(mut self, doing: impl fmt::Display) -> Self {
        self.what = format!("{doing}: {}", self.what);
        self
    }

    /// On one line, for a server's log.
    pub(crate) fn line(&self) -> String {
        self.to_string().replace("\n  where: ", "; where: ").replace("\n  do:    ", "; ")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(place) = &self.place {
            write!(f, "\n  where: {place}")?;
        }
        if let Some(advice) = &self.advice {
            write!(f, "\n  do:    {advice}")?;
        }
        Ok(())
    }
}

impl From<ConfigError> for Problem {
    fn from(e: ConfigError) -> Self {
        Self::new(e.to_string())
    }
}

impl From<Error> for Problem {
    fn from(e: Error) -> Self {
        Self {
            what: e.to_string(),
            place: place(&e),
            advice: advice(&e).map(String::from),
            exit: Exit::of(&e),
        }
    }
}

impl From<io::Error> for Problem {
    /// A stream's error has the connection's inside.
    fn from(e: io::Error) -> Self {
        match e.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(error) => error.clone().into(),
            None if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Self::new("the peer sent nothing for too long").exit(Exit::Network)
            }
            None if is_of_network(e.kind()) => Self::new(e.to_string()).exit(Exit::Network),
            None => Self::new(e.to_string()),
        }
    }
}

/// Not of a file.
fn is_of_network(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as K;
    matches!(
        kind,
        K::ConnectionRefused
            | K::ConnectionReset
            | K::ConnectionAborted
            | K::NotConnected
            | K::HostUnreachable
            | K::NetworkUnreachable
            | K::BrokenPipe
            | K::UnexpectedEof
    )
}

/// The message, and the field in it.
fn place(error: &Error) -> Option<String> {
    use PeerMisbehaved as P;
    let (message, field) = match error {
        Error::Decode(e) => (e.message, e.field),
        Error::PeerMisbehaved(P::IllegalParameter { message, field, .. }) => (*message, *field),
        Error::PeerMisbehaved(P::UnexpectedMessage { state, message }) => {
            return Some(format!("{message}, received in the state {state}"));
        }
        Error::PeerMisbehaved(P::ProtocolVersion { message, .. }) => (*message, "version"),
        Error::PeerMisbehaved(P::BadSignature { message }) => (message.name()?, "signature"),
        Error::PeerMisbehaved(P::WrongVerifyData) => ("Finished", "verify_data"),
        Error::PeerMisbehaved(P::UnsupportedExtension(_)) => ("ServerHello", "extensions"),
        Error::PeerMisbehaved(P::NotTlcp { .. }) => ("the first record", "type and version"),
        Error::PeerIncompatible(e) => incompatible(*e),
        Error::Certificate(e) => match (&e.problem, e.certificate.as_ref().map(|c| c.place)) {
            (CertificateProblem::MissingEncryptionCertificate, _) | (_, Some(CertificatePlace::Encrypt)) => {
                ("Certificate", "certificate_list: the encryption certificate")
            }
            (_, Some(CertificatePlace::Sign | CertificatePlace::Single)) => {
                ("Certificate", "certificate_list: the first certificate")
            }
            _ => ("Certificate", "certificate_list"),
        },
        Error::AlertReceived(_) => ("Alert", "description"),
        _ => return None,
    };
    Some(format!("{message}, {field}"))
}

fn incompatible(error: PeerIncompatible) -> (&'static str, &'static str) {
    use PeerIncompatible as P;
    match error {
        P::NoCommonCipherSuite => ("ClientHello", "cipher_suites"),
        P::NoCommonSignatureScheme => ("ClientHello", "signature_algorithms"),
        P::NoCertificateRequest => ("ServerHelloDone", "no CertificateRequest before it"),
        P::ClientCertificateMissing => ("Certificate", "certificate_list"),
        P::NoClientIdentity => ("CertificateRequest", "certificate_types"),
        P::UnrecognizedName => ("ClientHello", "server_name"),
        P::NoApplicationProtocol => ("ClientHello", "application_layer_protocol_negotiation"),
        _ => ("ClientHello", "the offer as a whole"),
    }
}

/// What the user can do about it: by an option of the program, if there is one for it.
fn advice(error: &Error) -> Option<&'static str> {
    by_option(error).or_else(|| error.hint())
}

fn by_option(error: &Error) -> Option<&'static str> {
    use PeerMisbehaved as P;
    Some(match error {
        Error::Certificate(e) => return for_certificate(&e.problem),
        Error::PeerIncompatible(e) => for_incompatible(*e),
        Error::PeerMisbehaved(P::NotTlcp { .. }) => return None,
        Error::PeerMisbehaved(P::ProtocolVersion { .. }) => {
            "the peer speaks another protocol or version: TLCP is 0x0101, TLS 1.2 is 0x0303; see --tls12 and --identity"
        }
        Error::PeerMisbehaved(P::BadSignature { .. } | P::WrongVerifyData) => {
            "if the peer is GmSSL, try --compat gmssl; otherwise its keys and certificates do not belong together"
        }
        Error::Decode(_) => {
            "if the peer is GmSSL, try --compat gmssl; --trace shows the messages before this one"
        }
        Error::PeerMisbehaved(_) => "run again with --trace to see the messages before this one",
        Error::AlertReceived(description) => for_alert(*description),
        Error::ClosedInHandshake { .. } => "look into the peer's log",
        _ => return None,
    })
}

fn for_certificate(problem: &CertificateProblem) -> Option<&'static str> {
    use CertificateProblem as C;
    Some(match problem {
        C::UnknownIssuer => {
            "give the certificate of the CA that issued the peer's pair with --ca; if an intermediate CA is missing in \
             what the peer sends, give that one too"
        }
        C::NameMismatch => "give a name that the certificate has with --name (--trace shows the certificate)",
        C::InconsistentPair => {
            "both certificates must have one subject or the same names; --cert-policy gm takes a server's pair also if one \
             CA has issued both"
        }
        C::BadSignature => {
            "the CA given with --ca has the right name but another key: get its current certificate; or it signs under the \
             empty user id: --cert-policy gm takes that"
        }
        C::Expired
        | C::NotYetValid
        | C::MissingEncryptionCertificate
        | C::WrongUsage(_)
        | C::UnsupportedKey
        | C::Revoked => return None,
        _ => "see the peer's certificates with --trace",
    })
}

fn for_incompatible(error: PeerIncompatible) -> &'static str {
    use PeerIncompatible as P;
    match error {
        P::NoCommonCipherSuite => {
            "enable a suite that both have with --suite; ECDHE suites also need --ca on a server and --identity on a \
             client"
        }
        P::NoCertificateRequest => {
            "the server must ask for a certificate in ECDHE suites; use --suite ECC_SM4_GCM_SM3"
        }
        P::ClientCertificateMissing => "the client must give its pair with --identity",
        P::NoClientIdentity => "give the client's pair with --identity, or use --suite ECC_SM4_GCM_SM3",
        P::UnrecognizedName => "ask for a name that the server serves with --name",
        P::NoApplicationProtocol => "give a protocol that both have with --alpn",
        _ => "compare what both sides enable with --trace",
    }
}

fn for_alert(description: A) -> &'static str {
    match description {
        A::HANDSHAKE_FAILURE => {
            "the peer found no common ground: a suite (--suite), or it wants a client certificate (--identity)"
        }
        A::UNKNOWN_CA => {
            "the peer does not trust the CA of our pair: have it trust that CA, or use another --identity"
        }
        A::BAD_CERTIFICATE
        | A::UNSUPPORTED_CERTIFICATE
        | A::CERTIFICATE_UNKNOWN
        | A::CERTIFICATE_REQUIRED => {
            "the peer does not accept our certificates: see what it expects, and --identity; if it is GmSSL, try --compat \
             gmssl"
        }
        A::CERTIFICATE_EXPIRED | A::CERTIFICATE_REVOKED => "renew the certificates given with --identity",
        A::DECRYPT_ERROR | A::DECODE_ERROR | A::ILLEGAL_PARAMETER => {
            "the peer reads a message otherwise than it was meant; if it is GmSSL, try --compat gmssl"
        }
        A::PROTOCOL_VERSION => {
            "the peer does not speak this protocol or version on this port: check its configuration, and --tls12"
        }
        A::UNRECOGNIZED_NAME => "ask for a name that the server serves with --name",
        A::NO_APPLICATION_PROTOCOL => "offer a protocol that the server has with --alpn",
        A::INTERNAL_ERROR => "look into the peer's log",
        _ => "look into the peer's log; --trace shows the messages before the alert",
    }
}
