//! Floor 2: what can go wrong, by whose fault. No place but [`crate::alert::alert_for`] turns one into an alert.
mod clause;
mod hint;
#[cfg(feature = "std")]
mod io;
mod kind;
mod text;

use crate::wire::{
    AlertDescription, ContentType, DecodeError, ExtensionType, HandshakeType, Overlong, ProtocolVersion,
};
use alloc::boxed::Box;
#[cfg(feature = "std")]
pub(crate) use io::is_gone;

/// Why a connection or a configuration failed. `Display` is for people: message, field, what was expected. `Debug` adds the ids of
/// the requirements that it is about, which `docs/requirements.md` lists.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The peer's bytes are not the structure they should be.
    Decode(DecodeError),
    /// The peer broke the protocol.
    PeerMisbehaved(PeerMisbehaved),
    /// The peer is honest, but has nothing in common with us.
    PeerIncompatible(PeerIncompatible),
    /// The peer's certificates do not do.
    Certificate(CertificateError),
    /// A primitive failed on our own side: no randomness, or a key that does not fit.
    Crypto(CryptoError),
    /// Who was asked could not answer: a device or a store is gone.
    Answer(AnswerError),
    /// The key has sealed as many records as it may (R-REC-18): close this direction.
    KeyExhausted,
    /// The caller used the library in a way that it cannot serve.
    Misuse(&'static str),
    /// The configuration cannot work; the text says what to change.
    Config(ConfigError),
    /// The peer closed the connection with this fatal alert.
    AlertReceived(AlertDescription),
    /// The stream ended without close_notify (R-AL-3): what was read may be cut short. Only reading ends with it.
    Truncated,
    /// The stream ended before the handshake was complete (R-AL-10).
    ClosedInHandshake {
        /// Whether the peer had sent any byte before.
        heard: bool,
    },
    /// The handshake took longer than its deadline (R-REC-34).
    HandshakeTimeout,
}

/// A breach of the protocol by the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerMisbehaved {
    /// A handshake message that `state` does not accept (R-SM-1).
    UnexpectedMessage {
        /// The state's name in the transition table.
        state: &'static str,
        /// What came.
        message: HandshakeType,
    },
    /// A ChangeCipherSpec that `state` does not accept (R-HS-30, R-SM-3).
    UnexpectedChangeCipherSpec {
        /// The state's name in the transition table.
        state: &'static str,
    },
    /// A record of a type that is unknown or has no place here (R-REC-6, R-SM-4).
    UnexpectedRecord {
        /// The record's content type.
        content_type: ContentType,
        /// Why it has no place.
        why: &'static str,
        /// The requirement's id.
        clause: &'static str,
    },
    /// Too many records or messages that lead nowhere (R-REC-38).
    TooMany {
        /// What there was too much of.
        what: &'static str,
    },
    /// The first bytes are not of this protocol: nothing is sent back (R-REC-40).
    NotTlcp {
        /// What they look like: `HTTP`, `SSLv2`, `unknown`.
        looks_like: &'static str,
    },
    /// A record that does not open (R-REC-22, R-REC-28).
    BadRecordMac,
    /// A record longer than allowed (R-REC-7, R-REC-36).
    RecordOverflow {
        /// Its length in bytes.
        length: usize,
    },
    /// A protocol version that is not ours (R-REC-4, R-HS-33).
    ProtocolVersion {
        /// Where it stood.
        message: &'static str,
        /// What it was.
        version: ProtocolVersion,
    },
    /// A value out of range, or one that was not offered (R-AL-8, illegal_parameter).
    IllegalParameter {
        /// The message.
        message: &'static str,
        /// The field.
        field: &'static str,
        /// What it should have held, as a phrase: `one that was offered`.
        expected: &'static str,
        /// The requirement's id.
        clause: &'static str,
    },
    /// An extension in the ServerHello that was not offered or may not stand there (R-HS-34).
    UnsupportedExtension(ExtensionType),
    /// A signature over the handshake that does not verify (R-HS-19, R-HS-29).
    BadSignature {
        /// ServerKeyExchange or CertificateVerify.
        message: HandshakeType,
    },
    /// Finished holds another verify_data (R-KEY-6).
    WrongVerifyData,
    /// A fallback that was none (RFC 7507).
    InappropriateFallback,
}

/// No common ground with the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerIncompatible {
    /// No cipher suite that both run (R-CS-4).
    NoCommonCipherSuite,
    /// No signature algorithm in common (R-HS-6, strict option).
    NoCommonSignatureScheme,
    /// No group of key agreement in common (R-EC-3).
    NoCommonGroup,
    /// The peer lacks extended_master_secret, which the policy or the session demands (R-EMS-3, R-EMS-6).
    NoExtendedMasterSecret,
    /// The peer's renegotiation_info is that of a renegotiation, or is missing and required (R-REN-3, R-REN-7).
    NoSecureRenegotiation,
    /// An ECDHE suite without CertificateRequest (R-SM-2).
    NoCertificateRequest,
    /// The client showed no certificate, or one where two are needed (R-HS-42).
    ClientCertificateMissing,
    /// IBSDH, and the client did not say who it is in client_id (R-IBC-3).
    ClientIdMissing,
    /// We have no certificate pair that the server's request and suite call for (R-CS-3).
    NoClientIdentity,
    /// No certificate for this client: no identity fits its hello.
    NoServerIdentity,
    /// The name in server_name is not served here, and the policy says to refuse (R-HS-37).
    UnrecognizedName,
    /// No application protocol in common (R-ALPN-2).
    NoApplicationProtocol,
}

/// Why a peer's certificates do not do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateError {
    /// What is wrong; decides the alert.
    pub problem: CertificateProblem,
    /// With which certificate, where it is one's.
    pub certificate: Option<Box<FaultyCertificate>>,
}

/// The certificate that a [`CertificateError`] is about. Its texts are the peer's: for people, and for nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultyCertificate {
    /// What it was to be.
    pub place: CertificatePlace,
    /// Its subject, such as `CN=server, O=Example, C=CN`; cut short if it is long.
    pub subject: Box<str>,
    /// What explains the problem: its dates, its names, its issuer; may be empty.
    pub detail: Box<str>,
}

impl FaultyCertificate {
    /// The certificate of `subject` in this place.
    pub fn new(place: CertificatePlace, subject: impl Into<Box<str>>, detail: impl Into<Box<str>>) -> Self {
        Self { place, subject: subject.into(), detail: detail.into() }
    }
}

/// What a peer's certificate is to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificatePlace {
    /// Its signing certificate.
    Sign,
    /// Its encryption certificate.
    Encrypt,
    /// Its only one, in TLS.
    Single,
    /// A CA's, on the way to a trusted one.
    Authority,
}

/// What is wrong with a certificate, or with a peer's certificates together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// The DER does not parse.
    Malformed,
    /// A signature in the path does not verify.
    BadSignature,
    /// The certificate is not for the name that was asked for (R-HS-41), or the identity is another's (R-IBC-6).
    NameMismatch,
    /// Signing and encryption certificate do not belong together (R-HS-46).
    InconsistentPair,
    /// Fewer than two certificates where a pair is needed (R-HS-39).
    MissingEncryptionCertificate,
    /// The key's type, size or curve is not usable (R-SM2-9).
    UnsupportedKey,
    /// It is signed with an algorithm that is not usable (R-SM2-9).
    UnsupportedSignature,
    /// keyUsage, extended key usage or basicConstraints forbid this use (R-SM2-7); the text says which.
    WrongUsage(&'static str),
    /// Revoked.
    Revoked,
    /// Past notAfter.
    Expired,
    /// Before notBefore.
    NotYetValid,
    /// No path to a trust anchor.
    UnknownIssuer,
    /// A key centre's parameters are not the structure they should be (R-IBC-4).
    MalformedParameters,
    /// A key centre's parameters cannot be used; the text says why (R-IBC-9).
    UnsupportedParameters(&'static str),
    /// No trusted key centre has these parameters (R-IBC-4).
    UnknownKeyCentre,
    /// An identity that has expired, or is not valid yet (R-IBC-6).
    IdentityOutOfDate,
    /// The caller's own verifier said no.
    AccessDenied,
    /// Another failure of the path.
    Other(&'static str),
}

impl CertificateError {
    /// A problem of no certificate in particular.
    pub const fn new(problem: CertificateProblem) -> Self {
        Self { problem, certificate: None }
    }

    /// A problem of this certificate.
    pub fn of(problem: CertificateProblem, certificate: FaultyCertificate) -> Self {
        Self { problem, certificate: Some(Box::new(certificate)) }
    }
}

impl From<CertificateProblem> for CertificateError {
    fn from(problem: CertificateProblem) -> Self {
        Self::new(problem)
    }
}

impl From<CertificateProblem> for Error {
    fn from(problem: CertificateProblem) -> Self {
        Self::Certificate(problem.into())
    }
}

/// Why a primitive failed. Never says more than anyone may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CryptoError {
    /// The source of randomness failed.
    NoRandomness,
    /// A key is out of range, not on the curve, or of another algorithm.
    BadKey,
    /// A public point is not on the curve, infinity, or wrongly encoded.
    BadPoint,
    /// A signature does not verify or is not strict DER.
    BadSignature,
    /// A ciphertext does not open.
    DecryptFailed,
    /// The provider does not have this algorithm, or not with this key.
    Unsupported,
    /// The input is longer than the algorithm allows.
    TooLong,
    /// A name cannot stand in a certificate: a host name that is not ASCII, a subject that is none.
    BadName,
    /// A known answer came out wrong: the provider is broken (self-test).
    SelfTest(&'static str),
}

/// Who was asked could not answer; internal_error to the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerError(pub &'static str);

/// A configuration that cannot work, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub Box<str>);

impl ConfigError {
    /// From the text that tells the user what to change.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }
}

impl PeerMisbehaved {
    /// A value in `message.field` that is not what was expected there.
    pub(crate) fn illegal(
        message: &'static str,
        field: &'static str,
        expected: &'static str,
        clause: &'static str,
    ) -> Self {
        Self::IllegalParameter { message, field, expected, clause }
    }
}

macro_rules! from {
    ($($kind:ident($inner:ty)),*) => {$(
        impl From<$inner> for Error {
            fn from(e: $inner) -> Self {
                Self::$kind(e)
            }
        }
    )*};
}
from!(
    Decode(DecodeError),
    PeerMisbehaved(PeerMisbehaved),
    PeerIncompatible(PeerIncompatible),
    Certificate(CertificateError),
    Crypto(CryptoError),
    Answer(AnswerError),
    Config(ConfigError)
);

impl From<Overlong> for Error {
    fn from(_: Overlong) -> Self {
        Self::Misuse("a message of ours outgrew a length prefix")
    }
}

impl core::error::Error for Error {}
impl core::error::Error for CryptoError {}
impl core::error::Error for CertificateError {}
impl core::error::Error for ConfigError {}
