//! Floor 6: certificates for tests and demonstrations: root, intermediate CA, a server's pair and a client's pair, or for
//! TLS ([`TlsPki`]) one certificate each, in memory. Every peer that we know of takes them: keyUsage is there, basicConstraints stands on CA certificates alone,
//! both certificates of a pair have the same subject and names, and nothing is valid for more than ten years.
//! Besides, requests for certificates ([`CertificateRequest`]) and revocation lists ([`RevocationList`]).
mod certificate;
mod keys;
mod request;
mod revocation;
#[cfg(feature = "sm9")]
mod sm9;
mod template;
mod tls;

pub use certificate::Issued;
pub use keys::NewKey;
pub use request::CertificateRequest;
pub use revocation::{RevocationList, revocation_list};
#[cfg(feature = "sm9")]
pub use sm9::{IbcUser, KeyCentre};
pub use template::Template;
pub use tls::TlsPki;

use crate::cert::{Identity, WebPkiVerifier};
use crate::crypto::{Provider, Random};
use crate::error::{ConfigError, CryptoError};
use alloc::{format, string::String, vec, vec::Vec};
use core::time::Duration;
use der::DateTime;
use x509_cert::time::Time;
use zeroize::Zeroizing;

/// One day, in seconds.
pub const DAY: u64 = 86_400;

/// What [`Pki::new`] makes.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server's DNS names and addresses. The first one is also its common name.
    pub hosts: Vec<String>,
    /// The client's common name.
    pub client: String,
    /// The organisation in all names.
    pub organization: String,
    /// Unix seconds.
    pub not_before: u64,
    /// Unix seconds.
    pub not_after: u64,
}

impl Options {
    /// For `localhost`, 127.0.0.1 and ::1, valid from an hour before `now` (Unix seconds) for one year.
    pub fn new(now: u64) -> Self {
        Self {
            hosts: ["localhost", "127.0.0.1", "::1"].map(String::from).to_vec(),
            client: String::from("client"),
            organization: String::from("TLCP test"),
            not_before: now.saturating_sub(3600),
            not_after: now.saturating_add(365 * DAY),
        }
    }
}

/// The two certificates of one party.
#[derive(Debug, Clone)]
pub struct Pair {
    /// For signatures.
    pub sign: Issued,
    /// For encryption and key agreement.
    pub encrypt: Issued,
}

impl Pair {
    /// A pair by `template`, with keyUsage as each needs it.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`].
    pub fn issue(
        issuer: &Issued,
        template: &Template<'_>,
        provider: &Provider,
        random: &dyn Random,
    ) -> Result<Self, CryptoError> {
        let sign = issuer.issue(&template.clone().for_signing(), provider, random)?;
        let encrypt = issuer.issue(&template.clone().for_encryption(), provider, random)?;
        Ok(Self { sign, encrypt })
    }
}

/// A root, an intermediate CA, and the pairs of a server and a client.
#[derive(Debug, Clone)]
pub struct Pki {
    /// The self-signed root: what peers trust.
    pub root: Issued,
    /// Issued by the root; issues the pairs.
    pub intermediate: Issued,
    /// The server's pair.
    pub server: Pair,
    /// The client's pair.
    pub client: Pair,
}

impl Pki {
    /// Makes everything anew: six keys. The same random bytes give the same certificates.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`].
    pub fn new(options: &Options, provider: &Provider, random: &dyn Random) -> Result<Self, CryptoError> {
        let template =
            Template::new(options.not_before, options.not_after).organization(&options.organization);
        let root = template.clone().common_name("Root CA").for_ca(None);
        let root = Issued::self_signed(&root, provider, random)?;
        let intermediate = template.clone().common_name("Intermediate CA").for_ca(Some(0));
        let intermediate = root.issue(&intermediate, provider, random)?;
        let host = options.hosts.first().map_or("server", String::as_str);
        let server = template.clone().common_name(host).names(&options.hosts).for_server();
        let server = Pair::issue(&intermediate, &server, provider, random)?;
        let client = template.common_name(&options.client).for_client();
        let client = Pair::issue(&intermediate, &client, provider, random)?;
        Ok(Self { root, intermediate, server, client })
    }

    /// The server's identity.
    ///
    /// # Errors
    /// None that its own certificates could cause.
    pub fn server_identity(&self, provider: &Provider) -> Result<Identity, ConfigError> {
        self.identity(&self.server, provider)
    }

    /// The client's identity.
    ///
    /// # Errors
    /// None that its own certificates could cause.
    pub fn client_identity(&self, provider: &Provider) -> Result<Identity, ConfigError> {
        self.identity(&self.client, provider)
    }

    /// A verifier that trusts the root.
    ///
    /// # Errors
    /// None that its own certificates could cause.
    pub fn verifier(&self, provider: &Provider) -> Result<WebPkiVerifier, ConfigError> {
        WebPkiVerifier::builder(provider).roots(&[&self.root.certificate])?.build()
    }

    fn identity(&self, pair: &Pair, provider: &Provider) -> Result<Identity, ConfigError> {
        let keys = [pair.sign.key_der(), pair.encrypt.key_der()];
        let [sign, encrypt] = [&pair.sign.certificate, &pair.encrypt.certificate];
        Identity::from_pile(
            &[sign, encrypt, &self.intermediate.certificate, &keys[0], &keys[1]],
            None,
            provider,
        )
    }

    /// Everything as PEM files: names and contents. The chain file is what Tongsuo's `-cert_file` and other peers read
    /// after a certificate.
    pub fn files(&self) -> Vec<(&'static str, Zeroizing<String>)> {
        let certificate = |c: &Issued| Zeroizing::new(c.certificate_pem());
        let mut files = vec![
            ("ca.crt", certificate(&self.root)),
            ("ca.key", self.root.key_pem()),
            ("intermediate.crt", certificate(&self.intermediate)),
            ("intermediate.key", self.intermediate.key_pem()),
        ];
        files.extend(self.pair_files(&self.server, PairFiles::SERVER));
        files.extend(self.pair_files(&self.client, PairFiles::CLIENT));
        files
    }

    fn pair_files(&self, pair: &Pair, names: PairFiles) -> [(&'static str, Zeroizing<String>); 5] {
        let [sign, encrypt, ca] =
            [&pair.sign, &pair.encrypt, &self.intermediate].map(Issued::certificate_pem);
        let keys = format!("{}{}", *pair.sign.key_pem(), *pair.encrypt.key_pem());
        [
            (names.0[0], Zeroizing::new(format!("{sign}{encrypt}{ca}{keys}"))),
            (names.0[1], Zeroizing::new(sign)),
            (names.0[2], pair.sign.key_pem()),
            (names.0[3], Zeroizing::new(encrypt)),
            (names.0[4], pair.encrypt.key_pem()),
        ]
    }
}

/// File names: everything of the pair in one, then one by one.
struct PairFiles([&'static str; 5]);

impl PairFiles {
    const SERVER: Self = Self([
        "server.pem",
        "server-sign.crt",
        "server-sign.key",
        "server-encrypt.crt",
        "server-encrypt.key",
    ]);
    const CLIENT: Self = Self([
        "client.pem",
        "client-sign.crt",
        "client-sign.key",
        "client-encrypt.crt",
        "client-encrypt.key",
    ]);
}

/// In the form that RFC 5280 asks for: UTCTime until 2049, GeneralizedTime from 2050 to the year 9999.
fn time(unix: u64) -> Time {
    let time = DateTime::from_unix_duration(Duration::from_secs(unix));
    time.unwrap_or(DateTime::INFINITY).into()
}

/// Of all that goes into a certificate, only names may be what cannot be written.
fn bad_name(_: der::Error) -> CryptoError {
    CryptoError::BadName
}
