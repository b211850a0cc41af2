//! Floor 3: the one place where an error becomes an alert (R-AL-8).
use crate::error::{CertificateProblem, Error, PeerIncompatible, PeerMisbehaved};
use crate::wire::{AlertDescription as A, AlertLevel};

/// An alert as it stands in a record: two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// warning or fatal
    pub level: AlertLevel,
    /// What it says.
    pub description: A,
}

impl Alert {
    /// The alert with this description, at the level fatal.
    pub const fn fatal(description: A) -> Self {
        Self { level: AlertLevel::FATAL, description }
    }

    /// The alert with this description, at the level warning.
    pub const fn warning(description: A) -> Self {
        Self { level: AlertLevel::WARNING, description }
    }

    /// The two bytes of the alert as they are sent: level, description.
    pub const fn to_bytes(self) -> [u8; 2] {
        [self.level.0, self.description.0]
    }
}

/// The fatal alert that tells the peer of `error`; `None` if nothing is to be sent.
pub fn alert_for(error: &Error) -> Option<A> {
    Some(match error {
        Error::Decode(_) => A::DECODE_ERROR,
        Error::PeerMisbehaved(e) => return for_misbehaviour(e),
        Error::PeerIncompatible(e) => match e {
            PeerIncompatible::UnrecognizedName => A::UNRECOGNIZED_NAME,
            PeerIncompatible::NoApplicationProtocol => A::NO_APPLICATION_PROTOCOL,
            PeerIncompatible::ClientIdMissing => A::IDENTITY_NEED,
            PeerIncompatible::NoCommonCipherSuite
            | PeerIncompatible::NoCommonSignatureScheme
            | PeerIncompatible::NoCommonGroup
            | PeerIncompatible::NoExtendedMasterSecret
            | PeerIncompatible::NoSecureRenegotiation
            | PeerIncompatible::NoCertificateRequest
            | PeerIncompatible::ClientCertificateMissing
            | PeerIncompatible::NoClientIdentity
            | PeerIncompatible::NoServerIdentity => A::HANDSHAKE_FAILURE,
        },
        Error::Certificate(e) => for_certificate(&e.problem),
        Error::Crypto(_) | Error::Answer(_) | Error::KeyExhausted | Error::Misuse(_) | Error::Config(_) => {
            A::INTERNAL_ERROR
        }
        Error::AlertReceived(_)
        | Error::Truncated
        | Error::ClosedInHandshake { .. }
        | Error::HandshakeTimeout => return None,
    })
}

fn for_misbehaviour(error: &PeerMisbehaved) -> Option<A> {
    use PeerMisbehaved as P;
    Some(match error {
        P::UnexpectedMessage { .. }
        | P::UnexpectedChangeCipherSpec { .. }
        | P::UnexpectedRecord { .. }
        | P::TooMany { .. } => A::UNEXPECTED_MESSAGE,
        P::NotTlcp { .. } => return None,
        P::BadRecordMac => A::BAD_RECORD_MAC,
        P::RecordOverflow { .. } => A::RECORD_OVERFLOW,
        P::ProtocolVersion { .. } => A::PROTOCOL_VERSION,
        P::IllegalParameter { .. } => A::ILLEGAL_PARAMETER,
        P::UnsupportedExtension(_) => A::UNSUPPORTED_EXTENSION,
        P::BadSignature { .. } | P::WrongVerifyData => A::DECRYPT_ERROR,
        P::InappropriateFallback => A::INAPPROPRIATE_FALLBACK,
    })
}

fn for_certificate(problem: &CertificateProblem) -> A {
    use CertificateProblem as C;
    match problem {
        C::Malformed
        | C::BadSignature
        | C::NameMismatch
        | C::InconsistentPair
        | C::IdentityOutOfDate
        | C::MissingEncryptionCertificate => A::BAD_CERTIFICATE,
        C::UnsupportedKey | C::UnsupportedSignature | C::WrongUsage(_) => A::UNSUPPORTED_CERTIFICATE,
        C::Revoked => A::CERTIFICATE_REVOKED,
        C::Expired | C::NotYetValid => A::CERTIFICATE_EXPIRED,
        C::UnknownIssuer => A::UNKNOWN_CA,
        C::UnknownKeyCentre => A::HANDSHAKE_FAILURE,
        C::MalformedParameters => A::BAD_IBCPARAM,
        C::UnsupportedParameters(_) => A::UNSUPPORTED_IBCPARAM,
        C::AccessDenied => A::ACCESS_DENIED,
        C::Other(_) => A::CERTIFICATE_UNKNOWN,
    }
}
