//! What to do about an error, where something useful can be said.
use super::{CertificateProblem, Error, PeerIncompatible, PeerMisbehaved};
use crate::wire::AlertDescription as A;

impl Error {
    /// What whoever runs this side can do about it: one clause, in terms of the configuration; nothing where the error says
    /// all there is.
    pub fn hint(&self) -> Option<&'static str> {
        use PeerMisbehaved as P;
        Some(match self {
            Self::Certificate(e) => return e.problem.hint(),
            Self::PeerIncompatible(e) => e.hint(),
            Self::PeerMisbehaved(P::NotTlcp { .. }) => {
                "check address and port: what is there speaks neither TLCP nor TLS"
            }
            Self::PeerMisbehaved(P::ProtocolVersion { .. }) => {
                "the peer speaks another version: TLCP is 0x0101, TLS 1.2 is 0x0303; each needs an identity of its own kind"
            }
            Self::PeerMisbehaved(P::BadSignature { .. } | P::WrongVerifyData) | Self::Decode(_) => {
                "if the peer is GmSSL, use the compatibility `gmssl`"
            }
            Self::PeerMisbehaved(P::BadRecordMac) => {
                "during the handshake: the two sides have computed other keys, see whether the peer has the key of its encryption \
                 certificate; afterwards: something on the way changes bytes"
            }
            Self::PeerMisbehaved(_) => "the peer's software is at fault: look into its log",
            Self::AlertReceived(description) => for_alert(*description),
            Self::HandshakeTimeout => "see whether the peer speaks this protocol on this port at all",
            Self::ClosedInHandshake { heard: true } => "look into the peer's log",
            Self::ClosedInHandshake { heard: false } => {
                "a port scan or a health check does this; so does a peer that does not know the protocol"
            }
            Self::Truncated => {
                "what was received may be cut short; see why the peer ended the connection without close_notify"
            }
            Self::Crypto(_) | Self::Answer(_) => {
                "see whether the device or service that holds the key answers"
            }
            _ => return None,
        })
    }
}

impl CertificateProblem {
    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::UnknownIssuer => {
                "trust the CA that issued the peer's certificates; if an intermediate CA is missing in what the peer sends, \
                 add that one too"
            }
            Self::NameMismatch => "connect under a name that the certificate has",
            Self::Expired | Self::NotYetValid => "renew the certificate, or check the clock of this machine",
            Self::InconsistentPair => {
                "both certificates must have one subject or the same names; the certificate policy `gm` takes a server's \
                 pair also if one CA has issued both"
            }
            Self::MissingEncryptionCertificate => {
                "the peer must send its signing certificate first and its encryption certificate second"
            }
            Self::WrongUsage(_) => {
                "the peer's certificates need the right keyUsage: signing first, encryption second"
            }
            Self::BadSignature => {
                "the CA has the right name but another key: get its current certificate; or it signs under the empty user id: \
                 the certificate policy `gm` takes that"
            }
            Self::UnsupportedKey => {
                "TLCP needs SM2 certificates, TLS none of theirs: the peer may have sent the other protocol's"
            }
            Self::Revoked => "the peer needs a new certificate",
            Self::UnknownKeyCentre => "trust the peer's SM9 key centre by its parameters",
            Self::UnsupportedSignature => {
                "the peer needs certificates that are signed by SM2 with SM3 in TLCP, with SHA-256 or better in TLS"
            }
            Self::MalformedParameters | Self::UnsupportedParameters(_) => {
                "get the key centre's current parameters"
            }
            Self::IdentityOutOfDate => "renew the identity, or check the clock of this machine",
            _ => return None,
        })
    }
}

impl PeerIncompatible {
    fn hint(self) -> &'static str {
        match self {
            Self::NoCommonCipherSuite => {
                "enable a suite that both have; ECDHE suites of TLCP also need a CA on a server and an identity on a client"
            }
            Self::NoCertificateRequest => "the server must ask for a certificate in ECDHE suites of TLCP",
            Self::ClientCertificateMissing => "the client must show its certificates",
            Self::ClientIdMissing => {
                "the client must say who it is in its first message, or use the suites IBC"
            }
            Self::NoClientIdentity => "give the client's identity, or enable only suites that need none",
            Self::NoServerIdentity => "give an identity of the kind that this client can verify",
            Self::UnrecognizedName => "serve that name, or ask for one that is served",
            Self::NoApplicationProtocol => "enable an application protocol that both have",
            _ => "compare what both sides enable",
        }
    }
}

fn for_alert(description: A) -> &'static str {
    match description {
        A::HANDSHAKE_FAILURE | A::INSUFFICIENT_SECURITY => {
            "the peer found no common ground: a cipher suite, or it wants a client certificate"
        }
        A::UNKNOWN_CA => "the peer does not trust the CA of our identity",
        A::BAD_CERTIFICATE
        | A::UNSUPPORTED_CERTIFICATE
        | A::CERTIFICATE_UNKNOWN
        | A::CERTIFICATE_REQUIRED => "the peer does not accept our identity, or the lack of one",
        A::CERTIFICATE_EXPIRED | A::CERTIFICATE_REVOKED => "renew our identity",
        A::DECRYPT_ERROR | A::DECODE_ERROR | A::ILLEGAL_PARAMETER => {
            "the peer reads a message otherwise than it was meant; if it is GmSSL, use the compatibility `gmssl`"
        }
        A::PROTOCOL_VERSION => "the peer does not speak this protocol or version on this port",
        A::UNRECOGNIZED_NAME => "ask for a name that the server serves",
        A::NO_APPLICATION_PROTOCOL => "offer an application protocol that the server has",
        _ => "look into the peer's log",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_name_no_flag_of_any_program_and_are_left_out_where_there_is_none() {
        for error in [
            Error::AlertReceived(A::HANDSHAKE_FAILURE),
            Error::PeerIncompatible(PeerIncompatible::NoCommonCipherSuite),
            Error::from(CertificateProblem::UnknownIssuer),
            Error::HandshakeTimeout,
        ] {
            let hint = error.hint().expect("a hint");
            assert!(!hint.contains("--") && !hint.ends_with('.') && !hint.contains('\n'), "{hint}");
        }
        let too_many = PeerMisbehaved::TooMany { what: "records" };
        assert!(Error::from(too_many).hint().is_some_and(|hint| hint.contains("its log")));
        assert_eq!(Error::KeyExhausted.hint(), None);
        assert_eq!(Error::from(CertificateProblem::AccessDenied).hint(), None);
    }
}
