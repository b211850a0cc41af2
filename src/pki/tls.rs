//! A PKI of TLS: one certificate for each party.
use super::{Issued, NewKey, Options, Template};
use crate::cert::{CertPolicy, Identity, WebPkiVerifier};
use crate::crypto::{Provider, Random};
use crate::error::{ConfigError, CryptoError};
use alloc::{format, string::String, vec, vec::Vec};
use zeroize::Zeroizing;

/// A root, an intermediate CA, and the certificates of a server and a client, as the Web's rules want them: names in
/// subjectAltName, extended key usage, and digitalSignature and keyEncipherment where the key can do both (R-T12-9).
#[derive(Debug, Clone)]
pub struct TlsPki {
    /// The self-signed root: what peers trust.
    pub root: Issued,
    /// Issued by the root; issues the others.
    pub intermediate: Issued,
    /// The server's certificate.
    pub server: Issued,
    /// The client's certificate.
    pub client: Issued,
}

impl TlsPki {
    /// Makes everything anew, CAs and parties with keys of these kinds. The same random bytes give the same certificates,
    /// where the signatures themselves are not random.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`]; [`CryptoError::Unsupported`] where the provider has no such keys.
    pub fn new(
        options: &Options,
        (ca, party): (NewKey<'_>, NewKey<'_>),
        provider: &Provider,
        random: &dyn Random,
    ) -> Result<Self, CryptoError> {
        let template =
            Template::new(options.not_before, options.not_after).organization(&options.organization);
        let root = template.clone().common_name("TLS root CA").for_ca(None).key(ca);
        let root = Issued::self_signed(&root, provider, random)?;
        let intermediate = template.clone().common_name("TLS intermediate CA").for_ca(Some(0)).key(ca);
        let intermediate = root.issue(&intermediate, provider, random)?;
        let host = options.hosts.first().map_or("server", String::as_str);
        let template = match party {
            NewKey::Rsa(_) => template.for_tls_with_rsa().key(party),
            _ => template.for_tls().key(party),
        };
        let server = template.clone().common_name(host).names(&options.hosts).for_server();
        let client = template.common_name(&options.client).for_client();
        let [server, client] = [server, client].map(|t| intermediate.issue(&t, provider, random));
        Ok(Self { server: server?, client: client?, root, intermediate })
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
        let builder = WebPkiVerifier::builder(provider).policy(CertPolicy::Web);
        builder.roots(&[&self.root.certificate])?.build()
    }

    fn identity(&self, party: &Issued, provider: &Provider) -> Result<Identity, ConfigError> {
        let files: [&[u8]; 3] = [&party.certificate, &self.intermediate.certificate, &party.key_der()];
        Identity::single_from_pile(&files, None, provider)
    }

    /// Everything as PEM files: names and contents. A party's certificate comes with its chain, as peers read it.
    pub fn files(&self) -> Vec<(&'static str, Zeroizing<String>)> {
        let chain = |party: &Issued| {
            let chain = format!("{}{}", party.certificate_pem(), self.intermediate.certificate_pem());
            Zeroizing::new(chain)
        };
        vec![
            ("tls-ca.crt", Zeroizing::new(self.root.certificate_pem())),
            ("tls-server.crt", chain(&self.server)),
            ("tls-server.key", self.server.key_pem()),
            ("tls-client.crt", chain(&self.client)),
            ("tls-client.key", self.client.key_pem()),
        ]
    }
}
