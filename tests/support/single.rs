//! TLS 1.2's parties: single certificates of each kind, made by OpenSSL.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::sync::Arc;
use tlcp::cert::{Identity, PeerClaim, Verified, Verifier};
use tlcp::crypto::Provider;
use tlcp::error::{CertificateError, CertificateProblem};
use tlcp::suite::{KeyKind, Suite};

/// What a party's key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    P256,
    P384,
    Ed25519,
    Rsa,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::P256, Self::P384, Self::Ed25519, Self::Rsa];

    /// The usual one for a suite.
    pub fn of(suite: &Suite) -> Self {
        if suite.key_exchange.authenticates == KeyKind::Rsa { Self::Rsa } else { Self::P256 }
    }

    /// Whether a server with such a key can use the suite.
    pub fn fits(self, suite: &Suite) -> bool {
        (self == Self::Rsa) == (suite.key_exchange.authenticates == KeyKind::Rsa)
    }

    /// Certificate and key.
    pub fn server(self) -> &'static [u8] {
        match self {
            Self::P256 => include_bytes!("../../vectors/tls12/server-p256.pem"),
            Self::P384 => include_bytes!("../../vectors/tls12/server-p384.pem"),
            Self::Ed25519 => include_bytes!("../../vectors/tls12/server-ed25519.pem"),
            Self::Rsa => include_bytes!("../../vectors/tls12/server-rsa.pem"),
        }
    }

    /// Certificate and key.
    pub fn client(self) -> &'static [u8] {
        match self {
            Self::P256 => include_bytes!("../../vectors/tls12/client-p256.pem"),
            Self::P384 => include_bytes!("../../vectors/tls12/client-p384.pem"),
            Self::Ed25519 => include_bytes!("../../vectors/tls12/client-ed25519.pem"),
            Self::Rsa => include_bytes!("../../vectors/tls12/client-rsa.pem"),
        }
    }
}

pub const ROOT: &[u8] = include_bytes!("../../vectors/tls12/root.crt");
/// A server's for other.example.
pub const OTHER: &[u8] = include_bytes!("../../vectors/tls12/other-p256.pem");

pub fn identity(pem: &[u8], provider: &Provider) -> Identity {
    Identity::single_from_pile(&[pem], [], provider).unwrap()
}

/// The first certificate in PEM.
pub fn certificate(pem: &[u8]) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem).unwrap()
}

/// Takes the certificates of this folder, and no others.
pub struct Acquainted;

impl Verifier for Acquainted {
    fn verify(&self, claim: &PeerClaim, _now: u64) -> Result<Verified, CertificateError> {
        let shown = claim.credential.end_point();
        let of_kinds = Kind::ALL.into_iter().flat_map(|kind| [kind.server(), kind.client()]);
        match of_kinds.chain([OTHER]).any(|pem| certificate(pem).as_ref() == shown) {
            true => Ok(Verified::assertion(u64::MAX)),
            false => Err(CertificateProblem::UnknownIssuer.into()),
        }
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        let root = certificate(ROOT);
        let subject = webpki::anchor_from_trusted_cert(&root).unwrap().subject.to_vec();
        vec![[&[0x30, subject.len() as u8][..], &subject].concat()]
    }

    fn context(&self) -> Vec<u8> {
        b"Acquainted".to_vec()
    }
}

/// Shares them.
pub fn verifier() -> Arc<dyn Verifier> {
    Arc::new(Acquainted)
}
