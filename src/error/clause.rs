//! Which requirements of `docs/requirements.md` an error is about, for its `Debug` form.
use super::{CertificateProblem, Error, PeerIncompatible, PeerMisbehaved};

impl Error {
    /// Their ids; `None` where the error has them in a field of its own, or is about none.
    pub(super) fn clauses(&self) -> Option<&'static str> {
        Some(match self {
            Self::PeerMisbehaved(e) => return e.clauses(),
            Self::PeerIncompatible(e) => return e.clauses(),
            Self::Certificate(e) => return e.problem.clauses(),
            Self::KeyExhausted => "R-REC-18",
            Self::Truncated => "R-AL-3, R-AL-10",
            Self::ClosedInHandshake { .. } => "R-AL-10",
            Self::HandshakeTimeout => "R-REC-34",
            Self::Decode(_)
            | Self::Crypto(_)
            | Self::Answer(_)
            | Self::Misuse(_)
            | Self::Config(_)
            | Self::AlertReceived(_) => return None,
        })
    }
}

impl PeerMisbehaved {
    fn clauses(&self) -> Option<&'static str> {
        Some(match self {
            Self::UnexpectedMessage { .. } => "R-SM-1",
            Self::UnexpectedChangeCipherSpec { .. } => "R-HS-30, R-SM-3",
            Self::TooMany { .. } => "R-REC-38",
            Self::NotTlcp { .. } => "R-REC-40",
            Self::BadRecordMac => "R-REC-22, R-REC-28",
            Self::RecordOverflow { .. } => "R-REC-7, R-REC-36",
            Self::ProtocolVersion { .. } => "R-REC-41, R-HS-33",
            Self::UnsupportedExtension(_) => "R-HS-34",
            Self::BadSignature { .. } => "R-HS-19, R-HS-29",
            Self::WrongVerifyData => "R-KEY-6",
            Self::InappropriateFallback => "R-SCSV-1",
            Self::UnexpectedRecord { .. } | Self::IllegalParameter { .. } => return None,
        })
    }
}

impl PeerIncompatible {
    fn clauses(self) -> Option<&'static str> {
        Some(match self {
            Self::NoCommonCipherSuite => "R-CS-4",
            Self::NoCommonSignatureScheme => "R-HS-6, R-T12-6",
            Self::NoCommonGroup => "R-EC-3",
            Self::NoExtendedMasterSecret => "R-EMS-3, R-EMS-6",
            Self::NoSecureRenegotiation => "R-REN-3, R-REN-7",
            Self::NoCertificateRequest => "R-SM-2",
            Self::ClientCertificateMissing => "R-HS-42",
            Self::ClientIdMissing => "R-IBC-3",
            Self::NoClientIdentity => "R-CS-3",
            Self::UnrecognizedName => "R-HS-37",
            Self::NoApplicationProtocol => "R-ALPN-2",
            Self::NoServerIdentity => return None,
        })
    }
}

impl CertificateProblem {
    fn clauses(&self) -> Option<&'static str> {
        Some(match self {
            Self::NameMismatch => "R-HS-41, R-IBC-6",
            Self::InconsistentPair => "R-HS-46",
            Self::MissingEncryptionCertificate => "R-HS-39",
            Self::UnsupportedKey | Self::UnsupportedSignature => "R-SM2-9",
            Self::WrongUsage(_) => "R-SM2-7, R-T12-9",
            Self::Revoked => "R-HS-51",
            Self::MalformedParameters | Self::UnknownKeyCentre => "R-IBC-4",
            Self::UnsupportedParameters(_) => "R-IBC-9",
            Self::IdentityOutOfDate => "R-IBC-6",
            Self::Malformed
            | Self::BadSignature
            | Self::Expired
            | Self::NotYetValid
            | Self::UnknownIssuer
            | Self::AccessDenied
            | Self::Other(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{DecodeError, HandshakeType, Problem};
    use alloc::format;

    /// R-HS-19, R-CS-5
    #[test]
    fn people_read_message_field_and_what_was_expected_and_debug_has_the_ids_too() {
        let signature = PeerMisbehaved::BadSignature { message: HandshakeType::SERVER_KEY_EXCHANGE };
        let suite = PeerMisbehaved::illegal("ServerHello", "cipher_suite", "one that was offered", "R-CS-5");
        let short = DecodeError {
            message: "ServerHello",
            field: "session_id",
            problem: Problem::Truncated,
            clause: "R-HS-1",
        };
        for (error, display, id) in [
            (Error::from(signature), "ServerKeyExchange: the signature does not verify", "R-HS-19"),
            (suite.into(), "ServerHello: cipher_suite: expected one that was offered", "R-CS-5"),
            (short.into(), "ServerHello: session_id ends too early", "R-HS-1"),
            (PeerIncompatible::NoCommonCipherSuite.into(), "no common cipher suite", "R-CS-4"),
            (CertificateProblem::InconsistentPair.into(), "do not belong together", "R-HS-46"),
            (Error::HandshakeTimeout, "deadline", "R-REC-34"),
        ] {
            let said = format!("{error}");
            assert!(said.contains(display) && !said.contains("R-"), "{said}");
            assert!(format!("{error:?}").contains(id), "{error:?}");
        }
    }
}
