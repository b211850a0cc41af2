//! How errors read: `Display` for people, `Debug` with the ids of requirements.
use super::{
    CertificateError, CertificatePlace, CertificateProblem, ConfigError, CryptoError, Error,
    FaultyCertificate, PeerIncompatible, PeerMisbehaved,
};
use core::fmt;

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut of = |name: &str, what: &dyn fmt::Debug| f.debug_tuple(name).field(what).finish();
        match self {
            Self::Decode(e) => of("Decode", e),
            Self::PeerMisbehaved(e) => of("PeerMisbehaved", e),
            Self::PeerIncompatible(e) => of("PeerIncompatible", e),
            Self::Certificate(e) => of("Certificate", e),
            Self::Crypto(e) => of("Crypto", e),
            Self::Answer(e) => of("Answer", e),
            Self::KeyExhausted => f.write_str("KeyExhausted"),
            Self::Misuse(what) => of("Misuse", what),
            Self::Config(e) => of("Config", e),
            Self::AlertReceived(description) => of("AlertReceived", description),
            Self::Truncated => f.write_str("Truncated"),
            Self::ClosedInHandshake { heard } => {
                f.debug_struct("ClosedInHandshake").field("heard", heard).finish()
            }
            Self::HandshakeTimeout => f.write_str("HandshakeTimeout"),
        }?;
        self.clauses().map_or(Ok(()), |ids| write!(f, " ({ids})"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(e) => write!(f, "the peer sent a malformed message: {e}"),
            Self::PeerMisbehaved(e) => write!(f, "the peer broke the protocol: {e}"),
            Self::PeerIncompatible(e) => write!(f, "nothing in common with the peer: {e}"),
            Self::Certificate(e) => write!(f, "the peer's certificates are not acceptable: {e}"),
            Self::Crypto(e) => write!(f, "a cryptographic operation failed: {e}"),
            Self::Answer(e) => write!(f, "a request could not be answered: {}", e.0),
            Self::KeyExhausted => f.write_str("the key has sealed as many records as it may"),
            Self::Misuse(what) => write!(f, "misuse: {what}"),
            Self::Config(e) => f.write_str(&e.0),
            Self::AlertReceived(d) => write!(f, "the peer closed the connection with the alert {d}"),
            Self::Truncated => f.write_str("the stream ended without close_notify"),
            Self::ClosedInHandshake { heard: false } => {
                f.write_str("the peer ended the connection without having sent a byte")
            }
            Self::ClosedInHandshake { heard: true } => {
                f.write_str("the peer ended the connection during the handshake, without an alert")
            }
            Self::HandshakeTimeout => f.write_str("the handshake did not end before its deadline"),
        }
    }
}

impl fmt::Display for PeerMisbehaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedMessage { state, message } => {
                write!(f, "{message} has no place in the state {state}")
            }
            Self::UnexpectedChangeCipherSpec { state } => {
                write!(f, "ChangeCipherSpec has no place in the state {state}")
            }
            Self::UnexpectedRecord { content_type, why, .. } => {
                write!(f, "a record of type {content_type}: {why}")
            }
            Self::TooMany { what } => write!(f, "too many {what}"),
            Self::NotTlcp { looks_like } => {
                write!(
                    f,
                    "the first bytes are no record of TLCP or TLS; they look like {looks_like}"
                )
            }
            Self::BadRecordMac => f.write_str("a record does not open: it was changed on the way, or the keys of the two sides differ"),
            Self::RecordOverflow { length } => write!(f, "a record of {length} bytes is too long"),
            Self::ProtocolVersion { message, version } => {
                write!(f, "{message}: version {version} is not spoken here")
            }
            Self::IllegalParameter { message, field, expected, .. } => {
                write!(f, "{message}: {field}: expected {expected}")
            }
            Self::UnsupportedExtension(x) => write!(f, "ServerHello: {x} was not offered"),
            Self::BadSignature { message } => write!(f, "{message}: the signature does not verify"),
            Self::WrongVerifyData => f.write_str("Finished: verify_data is wrong: the two sides saw other messages, or have other keys"),
            Self::InappropriateFallback => f.write_str("ClientHello: it says that a higher version was tried in vain, and this server has that version"),
        }
    }
}

impl fmt::Display for PeerIncompatible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCommonCipherSuite => "no common cipher suite",
            Self::NoCommonSignatureScheme => "no common signature algorithm",
            Self::NoCommonGroup => "no common group of key agreement",
            Self::NoExtendedMasterSecret => {
                "extended_master_secret is missing, which this side or the session requires"
            }
            Self::NoSecureRenegotiation => "renegotiation_info is missing, or that of a renegotiation",
            Self::NoCertificateRequest => "the server chose an ECDHE suite and sent no CertificateRequest",
            Self::ClientCertificateMissing => {
                "the client showed no certificates, or one where two are needed"
            }
            Self::ClientIdMissing => {
                "ClientHello: client_id is missing, and IBSDH needs the client's identity"
            }
            Self::NoClientIdentity => "the suite needs a certificate pair of ours, and none is configured",
            Self::NoServerIdentity => "no certificate pair of ours fits this client",
            Self::UnrecognizedName => "the name in server_name is not served here",
            Self::NoApplicationProtocol => "no common application protocol",
        })
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(certificate) = &self.certificate else { return self.problem.fmt(f) };
        let FaultyCertificate { place, subject, detail } = &**certificate;
        // a certificate that does not parse has no subject
        let space = if subject.is_empty() { "" } else { " " };
        write!(f, "{place}{space}{subject}: {}", self.problem)?;
        if detail.is_empty() { Ok(()) } else { write!(f, "; {detail}") }
    }
}

impl fmt::Display for CertificatePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sign => "the signing certificate",
            Self::Encrypt => "the encryption certificate",
            Self::Single => "the certificate",
            Self::Authority => "the CA certificate",
        })
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the DER does not parse",
            Self::BadSignature => "its signature does not verify",
            Self::NameMismatch => "it is for another name",
            Self::InconsistentPair => "signing and encryption certificate do not belong together",
            Self::MissingEncryptionCertificate => "the encryption certificate is missing",
            Self::UnsupportedKey => "the key's type or curve is not supported",
            Self::UnsupportedSignature => "it is signed with an algorithm that is not supported",
            Self::WrongUsage(what) => return write!(f, "not for this use: {what}"),
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::NotYetValid => "not yet valid",
            Self::UnknownIssuer => "no path to a trusted certificate",
            Self::MalformedParameters => "the key centre's parameters do not parse",
            Self::UnsupportedParameters(why) => {
                return write!(f, "the key centre's parameters cannot be used: {why}");
            }
            Self::UnknownKeyCentre => "of a key centre that is not trusted",
            Self::IdentityOutOfDate => "the identity has expired, or is not valid yet",
            Self::AccessDenied => "refused by the caller's verifier",
            Self::Other(what) => what,
        })
    }
}

impl fmt::Display for CryptoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRandomness => "no randomness",
            Self::BadKey => "unusable key",
            Self::BadPoint => "a point is not on the curve or wrongly encoded",
            Self::BadSignature => "a signature does not verify",
            Self::DecryptFailed => "a ciphertext does not open",
            Self::Unsupported => "the algorithm is not supported",
            Self::TooLong => "the input is too long",
            Self::BadName => "a name cannot stand in a certificate: a host name must be ASCII, a subject like `CN=a.example,O=Example,C=CN`",
            Self::SelfTest(what) => return write!(f, "self-test failed: {what}"),
        })
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
