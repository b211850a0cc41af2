//! Floor 6: certificates for tests and demonstrations: root, intermediate CA, a server's pair and a client's pair, or for
//! TLS ([`TlsPki`]) one certificate each, in memory. Every peer that we know of takes them: keyUsage is there, basicConstraints stands on CA certificates alone,
//! both certificates of a pair have the same subject and names, and nothing is valid for more than ten years.
mod encode;
mod keys;
#[cfg(feature = "sm9")]
mod sm9;
mod tls;

pub use encode::Template;
pub use keys::NewKey;
#[cfg(feature = "sm9")]
pub use sm9::{IbcUser, KeyCentre};
pub use tls::TlsPki;

use crate::cert::{Identity, WebPkiVerifier, names, to_pem, x509};
use crate::crypto::{DEFAULT_USER_ID, Draw, PrivateKey, Provider, Random};
use crate::error::{ConfigError, CryptoError};
use alloc::{format, string::String, sync::Arc, vec, vec::Vec};
use core::fmt;
use keys::Secret;
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

/// A certificate with its private key.
#[derive(Clone)]
pub struct Issued {
    /// The certificate, as DER.
    pub certificate: Vec<u8>,
    secret: Secret,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = x509::X509::read(&self.certificate).map(|c| names::text(c.subject)).unwrap_or_default();
        write!(f, "Issued({subject})")
    }
}

impl Issued {
    /// The certificate, as PEM.
    pub fn certificate_pem(&self) -> String {
        to_pem("CERTIFICATE", &self.certificate).as_str().into()
    }

    /// The private key, as PKCS#8 in DER.
    pub fn key_der(&self) -> Zeroizing<Vec<u8>> {
        self.secret.pkcs8()
    }

    /// The private key, as PKCS#8 in PEM.
    pub fn key_pem(&self) -> Zeroizing<String> {
        to_pem("PRIVATE KEY", &self.key_der())
    }

    /// The private key, ready for use.
    pub fn key(&self) -> &Arc<dyn PrivateKey> {
        &self.secret.key
    }

    /// A certificate made by `template` and signed by this CA, with a new key.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`].
    pub fn issue(
        &self,
        template: &Template<'_>,
        provider: &Provider,
        random: &dyn Random,
    ) -> Result<Self, CryptoError> {
        make(template, Some(self), provider, random)
    }

    /// A self-signed certificate made by `template`, with a new key.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`].
    pub fn self_signed(
        template: &Template<'_>,
        provider: &Provider,
        random: &dyn Random,
    ) -> Result<Self, CryptoError> {
        make(template, None, provider, random)
    }

    /// Signs `tbs`, an element of DER, and wraps both as certificates and CRLs do. The user id is SM2's.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`].
    pub fn sign(&self, tbs: &[u8], user_id: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        let (algorithm, id) = self.secret.signs(user_id);
        let signature = self.secret.key.sign(algorithm, &[tbs], random)?;
        Ok(encode::signed(tbs, &id, &signature))
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
        let mut files =
            vec![("ca.crt", certificate(&self.root)), ("intermediate.crt", certificate(&self.intermediate))];
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

fn make(
    template: &Template<'_>,
    issuer: Option<&Issued>,
    provider: &Provider,
    random: &dyn Random,
) -> Result<Issued, CryptoError> {
    let secret = Secret::new(template.key, provider, random)?;
    let mut serial = [0; 16];
    random.fill(Draw::Public, &mut serial)?;
    let key_id = provider.hashes.digest(crate::suite::HashAlgorithm::Sm3, &[secret.public()]);
    let issuer_view = match issuer {
        Some(issuer) => Some(x509::X509::read(&issuer.certificate).map_err(|_| CryptoError::BadKey)?),
        None => None,
    };
    let (_, signature_id) = issuer.map_or(&secret, |issuer| &issuer.secret).signs(template.user_id);
    let key = (&secret.algorithm()[..], secret.public());
    let tbs = template.tbs(serial, key, key_id.as_ref(), (issuer_view.as_ref(), &signature_id));
    let mut issued = Issued { certificate: Vec::new(), secret };
    issued.certificate = issuer.unwrap_or(&issued).sign(&tbs, template.user_id, random)?;
    Ok(issued)
}

/// A revocation list of `issuer` over the serial numbers of `revoked`, as DER.
///
/// # Errors
/// [`CryptoError::NoRandomness`]; [`CryptoError::BadKey`] if a certificate does not parse.
pub fn revocation_list(
    issuer: &Issued,
    revoked: &[&Issued],
    validity: (u64, u64),
    random: &dyn Random,
) -> Result<Vec<u8>, CryptoError> {
    let views: Result<Vec<_>, _> = revoked.iter().map(|c| x509::X509::read(&c.certificate)).collect();
    let issuer_view = x509::X509::read(&issuer.certificate);
    let (Ok(views), Ok(issuer_view)) = (views, issuer_view) else { return Err(CryptoError::BadKey) };
    let serials: Vec<&[u8]> = views.iter().map(|c| c.serial).collect();
    let tbs =
        encode::revocation_tbs(&issuer_view, &serials, validity, &issuer.secret.signs(DEFAULT_USER_ID).1);
    issuer.sign(&tbs, DEFAULT_USER_ID, random)
}
