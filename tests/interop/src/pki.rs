//! The certificates and keys of `vectors/streams/pki` and, for RSA, of `vectors/rsa`, as PEM, and one more root.

use std::path::Path;
use tongsuo::x509::X509;

/// A moment at which every certificate of the PKI is valid: 2027-01-01, Unix seconds.
pub const VALID_AT: u64 = 1_798_761_600;
/// A moment after every leaf certificate has expired, while the root lives on: 2036-08-01, Unix seconds.
pub const EXPIRED_AT: u64 = 2_101_161_600;
/// The DNS name in the server's certificates.
pub const SERVER_NAME: &str = "localhost";

/// A signing and an encryption certificate with their keys, and the intermediate above both; all PEM.
#[derive(Clone)]
pub struct Pair {
    /// The signing certificate.
    pub sign_certificate: Vec<u8>,
    /// Its private key, PKCS#8.
    pub sign_key: Vec<u8>,
    /// The encryption certificate.
    pub encryption_certificate: Vec<u8>,
    /// Its private key, PKCS#8.
    pub encryption_key: Vec<u8>,
    /// The issuer of both.
    pub intermediate: Vec<u8>,
}

/// Both parties' certificates.
#[derive(Clone)]
pub struct Pki {
    /// The anchor of both chains.
    pub root: Vec<u8>,
    /// The server's pair.
    pub server: Pair,
    /// The client's pair.
    pub client: Pair,
}

impl Pki {
    /// Of SM2.
    #[must_use]
    pub fn sm2() -> Self {
        Self { root: root(), server: pair("server"), client: pair("client") }
    }

    /// Of RSA.
    #[must_use]
    pub fn rsa() -> Self {
        Self { root: read("rsa/root.crt"), server: rsa_pair("server"), client: rsa_pair("client") }
    }
}

/// The anchor of both chains.
#[must_use]
pub fn root() -> Vec<u8> {
    read("streams/pki/sm2-root.crt")
}

/// An anchor that issued neither chain; made with Tongsuo 8.5.0-pre2, its key thrown away.
#[must_use]
pub fn other_root() -> Vec<u8> {
    include_bytes!("../pki/other-root.crt").to_vec()
}

/// DER of one PEM certificate.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn der(pem: &[u8]) -> Vec<u8> {
    X509::from_pem(pem).and_then(|certificate| certificate.to_der()).expect("a PEM certificate")
}

fn pair(who: &str) -> Pair {
    let file = |name: &str| read(&format!("streams/pki/sm2-{name}"));
    Pair {
        sign_certificate: file(&format!("{who}-sign.crt")),
        sign_key: file(&format!("{who}-sign.key")),
        encryption_certificate: file(&format!("{who}-enc.crt")),
        encryption_key: file(&format!("{who}-enc.key")),
        intermediate: file("inter.crt"),
    }
}

/// The five blocks of a file.
fn rsa_pair(who: &str) -> Pair {
    let text = String::from_utf8(read(&format!("rsa/{who}.pem"))).expect("PEM");
    let mut blocks = text.split("-----BEGIN").skip(1);
    let mut block = || format!("-----BEGIN{}", blocks.next().expect("five blocks")).into_bytes();
    Pair {
        sign_certificate: block(),
        sign_key: block(),
        encryption_certificate: block(),
        encryption_key: block(),
        intermediate: block(),
    }
}

fn read(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
