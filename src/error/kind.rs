//! Errors as logs and metrics count them.
use super::{CertificateProblem, Error, PeerIncompatible, PeerMisbehaved};

impl Error {
    /// A short name of lower-case words for this kind of error, such as `certificate_expired`: one of some fifty, whatever
    /// the peer sent. Names stay as they are from version to version; new ones may come.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Decode(_) => "malformed_message",
            Self::PeerMisbehaved(e) => e.kind(),
            Self::PeerIncompatible(e) => e.kind(),
            Self::Certificate(e) => e.problem.kind(),
            Self::Crypto(_) => "crypto",
            Self::Answer(_) => "no_answer",
            Self::KeyExhausted => "key_exhausted",
            Self::Misuse(_) => "misuse",
            Self::Config(_) => "configuration",
            Self::AlertReceived(_) => "alert_received",
            Self::Truncated => "truncated",
            Self::ClosedInHandshake { heard: false } => "closed_before_hello",
            Self::ClosedInHandshake { heard: true } => "closed_in_handshake",
            Self::HandshakeTimeout => "handshake_timeout",
        }
    }
}

impl PeerMisbehaved {
    fn kind(&self) -> &'static str {
        match self {
            Self::UnexpectedMessage { .. } => "unexpected_message",
            Self::UnexpectedChangeCipherSpec { .. } => "unexpected_change_cipher_spec",
            Self::UnexpectedRecord { .. } => "unexpected_record",
            Self::TooMany { .. } => "too_many",
            Self::NotTlcp { .. } => "other_protocol",
            Self::BadRecordMac => "bad_record_mac",
            Self::RecordOverflow { .. } => "record_overflow",
            Self::ProtocolVersion { .. } => "protocol_version",
            Self::IllegalParameter { .. } => "illegal_parameter",
            Self::UnsupportedExtension(_) => "unsupported_extension",
            Self::BadSignature { .. } => "bad_signature",
            Self::WrongVerifyData => "wrong_verify_data",
            Self::InappropriateFallback => "inappropriate_fallback",
        }
    }
}

impl PeerIncompatible {
    fn kind(self) -> &'static str {
        match self {
            Self::NoCommonCipherSuite => "no_common_cipher_suite",
            Self::NoCommonSignatureScheme => "no_common_signature_scheme",
            Self::NoCommonGroup => "no_common_group",
            Self::NoExtendedMasterSecret => "no_extended_master_secret",
            Self::NoSecureRenegotiation => "no_secure_renegotiation",
            Self::NoCertificateRequest => "no_certificate_request",
            Self::ClientCertificateMissing => "client_certificate_missing",
            Self::ClientIdMissing => "client_id_missing",
            Self::NoClientIdentity => "no_client_identity",
            Self::NoServerIdentity => "no_server_identity",
            Self::UnrecognizedName => "unrecognized_name",
            Self::NoApplicationProtocol => "no_application_protocol",
        }
    }
}

impl CertificateProblem {
    fn kind(&self) -> &'static str {
        match self {
            Self::Malformed => "certificate_malformed",
            Self::BadSignature => "certificate_bad_signature",
            Self::NameMismatch => "certificate_name_mismatch",
            Self::InconsistentPair => "certificate_inconsistent_pair",
            Self::MissingEncryptionCertificate => "certificate_missing_encryption",
            Self::UnsupportedKey => "certificate_unsupported_key",
            Self::UnsupportedSignature => "certificate_unsupported_signature",
            Self::WrongUsage(_) => "certificate_wrong_usage",
            Self::Revoked => "certificate_revoked",
            Self::Expired => "certificate_expired",
            Self::NotYetValid => "certificate_not_yet_valid",
            Self::UnknownIssuer => "certificate_unknown_issuer",
            Self::MalformedParameters => "key_centre_malformed",
            Self::UnsupportedParameters(_) => "key_centre_unsupported",
            Self::UnknownKeyCentre => "key_centre_unknown",
            Self::IdentityOutOfDate => "identity_out_of_date",
            Self::AccessDenied => "certificate_access_denied",
            Self::Other(_) => "certificate_other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CertificateError;
    use crate::wire::{AlertDescription, ContentType};

    /// What a peer can vary is not in the name: a metric has a bounded number of them.
    #[test]
    fn kinds_are_lower_case_words_and_hold_nothing_of_the_peer() {
        let expired = CertificateError::new(CertificateProblem::Expired);
        let record = |why| PeerMisbehaved::UnexpectedRecord { content_type: ContentType(9), why, clause: "" };
        for (error, kind) in [
            (Error::Certificate(expired), "certificate_expired"),
            (Error::PeerMisbehaved(record("one")), "unexpected_record"),
            (Error::PeerMisbehaved(record("two")), "unexpected_record"),
            (Error::PeerMisbehaved(PeerMisbehaved::NotTlcp { looks_like: "HTTP" }), "other_protocol"),
            (Error::PeerIncompatible(PeerIncompatible::UnrecognizedName), "unrecognized_name"),
            (Error::AlertReceived(AlertDescription(217)), "alert_received"),
            (Error::ClosedInHandshake { heard: false }, "closed_before_hello"),
            (Error::ClosedInHandshake { heard: true }, "closed_in_handshake"),
        ] {
            assert_eq!(error.kind(), kind);
            assert!(kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{kind}");
        }
    }
}
