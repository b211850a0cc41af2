//! Our own pair of certificates with its keys, ready to send.
use super::chain::upwards;
use super::x509::X509;
use super::{Description, Key, KeyUse, names, peer, time, usage};
use crate::crypto::{Provider, PublicKey};
use crate::error::ConfigError;
use crate::message::{self, Credential, DistinguishedNames, Message};
use crate::suite::HashAlgorithm;
use crate::wire::HandshakeType;
use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};
use core::fmt;

/// Which certificates go into our Certificate message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateForm {
    /// Signing certificate, encryption certificate, CA certificates (R-HS-10).
    Dual,
    /// Signing certificate, CA certificates: what GmSSL servers take from clients in ECC suites (R-HS-13).
    SignOnly,
}

/// A pair of certificates with its private keys, and their CA certificates.
pub struct Identity {
    sign: Half,
    encrypt: Half,
    intermediates: Vec<Arc<[u8]>>,
    /// Names of all issuers, from the pair's up.
    issuers: Vec<Box<[u8]>>,
    dual: Message,
    sign_only: Message,
    fingerprint: [u8; 32],
    /// Of the signing certificate's subjectAltName: looked at for each hello.
    dns_names: Vec<Box<[u8]>>,
    not_before: u64,
    not_after: u64,
    report: Box<str>,
}

/// One certificate with its key.
pub(super) struct Half {
    pub(super) certificate: Arc<[u8]>,
    pub(super) public: PublicKey,
    pub(super) key: Key,
}

impl Identity {
    /// Certificates as DER with keys that are elsewhere, in a device or behind a service: `sign` is the signing
    /// certificate followed by CA certificates in any order, `encrypt` the encryption certificate.
    ///
    /// # Errors
    /// Says what does not fit.
    pub fn with_keys(
        sign: (&[&[u8]], Key),
        encrypt: (&[u8], Key),
        provider: &Provider,
    ) -> Result<Self, ConfigError> {
        let (&[first, ref pool @ ..], sign_key) = sign else {
            return Err(ConfigError::new("the signing certificate is missing"));
        };
        let halves = [(first, sign_key), (encrypt.0, encrypt.1)].map(|(der, key)| half(der, key, provider));
        let [sign, encrypt] = halves;
        let read = |der| X509::read(der).map_err(|_| ConfigError::new("a CA certificate does not parse"));
        let pool = pool.iter().map(|der| read(der)).collect::<Result<Vec<_>, _>>()?;
        Self::assemble(sign?, encrypt?, &pool, String::new(), provider)
    }

    /// Puts the pair and the CA certificates of `pool` together; `notes` end the report.
    pub(super) fn assemble(
        sign: Half,
        encrypt: Half,
        pool: &[X509<'_>],
        notes: String,
        provider: &Provider,
    ) -> Result<Self, ConfigError> {
        let (sign_der, encrypt_der) = (sign.certificate.clone(), encrypt.certificate.clone());
        let (sign_view, encrypt_view) = (view(&sign_der)?, view(&encrypt_der)?);
        if sign.public.kind() != encrypt.public.kind() {
            return Err(ConfigError::new(
                "one certificate of the pair has an SM2 key and the other an RSA key",
            ));
        }
        for (certificate, key_use) in [(&sign_view, KeyUse::Sign), (&encrypt_view, KeyUse::Encrypt)] {
            usage::check(certificate, key_use, false)
                .map_err(|e| ConfigError::new(format!("{}: {e}", names::text(certificate.subject))))?;
        }
        if sign_der.len().max(encrypt_der.len()) > peer::MAX_LENGTH {
            // R-HS-50
            return Err(ConfigError::new("a certificate of the pair is over 16 KiB, which peers refuse"));
        }
        let mut path = upwards(&sign_view, pool);
        // an encryption certificate of another CA brings its own
        upwards(&encrypt_view, pool).into_iter().for_each(|i| {
            if !path.contains(&i) {
                path.push(i)
            }
        });
        let path: Vec<&X509<'_>> = path.iter().filter_map(|i| pool.get(*i)).collect();
        let (roots, cas): (Vec<&X509<'_>>, Vec<&X509<'_>>) = path.iter().partition(|c| c.is_self_issued());

        let mut report = String::new();
        describe(&mut report, "signing certificate", &sign_view);
        describe(&mut report, "encryption certificate", &encrypt_view);
        cas.iter().for_each(|ca| describe(&mut report, "CA certificate", ca));
        roots.iter().for_each(|ca| describe(&mut report, "root, not sent", ca));
        report.push_str(&notes);
        let pair = [&sign_view, &encrypt_view];
        let issuers = pair.into_iter().chain(path.iter().copied()).map(|c| Box::from(c.issuer)).collect();
        let cas: Vec<Arc<[u8]>> = cas.iter().map(|c| Arc::from(c.der)).collect();
        Ok(Self {
            dual: certificate_message([&sign_der, &encrypt_der].into_iter().chain(&cas))?,
            sign_only: certificate_message([&sign_der].into_iter().chain(&cas))?,
            dns_names: names::dns(&sign_view).into_iter().map(Box::from).collect(),
            fingerprint: fingerprint(&sign_der, &encrypt_der, provider)?,
            not_before: sign_view.not_before.max(encrypt_view.not_before),
            not_after: sign_view.not_after.min(encrypt_view.not_after),
            intermediates: cas,
            issuers,
            report: report.into(),
            sign,
            encrypt,
        })
    }

    fn half(&self, key_use: KeyUse) -> &Half {
        match key_use {
            KeyUse::Sign => &self.sign,
            KeyUse::Encrypt => &self.encrypt,
        }
    }

    /// The private key.
    pub fn key(&self, key_use: KeyUse) -> &Key {
        &self.half(key_use).key
    }

    /// The certificate, as DER.
    pub fn certificate(&self, key_use: KeyUse) -> &Arc<[u8]> {
        &self.half(key_use).certificate
    }

    /// The certificate's public key.
    pub fn public_key(&self, key_use: KeyUse) -> &PublicKey {
        &self.half(key_use).public
    }

    /// The handshake message Certificate. It is encoded once, when the identity is made.
    pub fn message(&self, form: CertificateForm) -> &Message {
        match form {
            CertificateForm::Dual => &self.dual,
            CertificateForm::SignOnly => &self.sign_only,
        }
    }

    /// SM3 over both certificates: sessions that a server made as another identity are not resumed (R-SES-16).
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The CA certificates that are sent behind the pair, as DER: those of the signing certificate's chain first, each
    /// certifying the one before it, without the root.
    pub fn intermediates(&self) -> &[Arc<[u8]>] {
        &self.intermediates
    }

    /// Whether a server that names these CAs in its CertificateRequest (DER names) may accept us: it named none, or one
    /// that issued any certificate of ours (R-HS-21).
    pub fn matches_authorities(&self, authorities: &DistinguishedNames) -> bool {
        authorities.is_empty()
            || authorities.iter().any(|name| self.issuers.iter().any(|issuer| **issuer == *name))
    }

    /// Whether the signing certificate's subjectAltName holds this DNS name (R-HS-41).
    pub fn is_for(&self, dns_name: &str) -> bool {
        self.dns_names.iter().any(|presented| names::dns_matches(presented, dns_name))
    }

    /// When the first of the pair expires, in Unix seconds.
    pub fn not_after(&self) -> u64 {
        self.not_after
    }

    /// Whether both of the pair are valid at `now`, Unix seconds. A server with several identities that fit prefers one
    /// that is.
    pub fn is_valid_at(&self, now: u64) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    /// What an operator should hear of at `now`, Unix seconds: that a certificate of the pair is not valid, or will not be
    /// for another 30 days. Nothing here has a clock, so whoever starts a server or renews an identity should ask.
    pub fn warning(&self, now: u64) -> Option<String> {
        let pair = [("signing", &self.sign), ("encryption", &self.encrypt)];
        let lines: Vec<String> = pair
            .into_iter()
            .filter_map(|(what, half)| {
                let certificate = X509::read(&half.certificate).ok()?;
                let when = expiry(&certificate, now)?;
                Some(format!("the {what} certificate {} {when}", names::text(certificate.subject)))
            })
            .collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }

    /// What was found and how it is used, a line for each certificate.
    pub fn report(&self) -> &str {
        &self.report
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity:\n")?;
        f.write_str(&self.report)
    }
}

/// SM3(length of sign || sign || encrypt).
fn fingerprint(sign: &[u8], encrypt: &[u8], provider: &Provider) -> Result<[u8; 32], ConfigError> {
    let length = (sign.len() as u64).to_be_bytes();
    let digest = provider.hashes.digest(HashAlgorithm::Sm3, &[&length, sign, encrypt]);
    let wrong = |_| ConfigError::new(format!("the provider {} gives no 32-byte SM3", provider.name));
    digest.as_ref().try_into().map_err(wrong)
}

/// A certificate with its key: they must belong together, which cannot be told of a key elsewhere.
fn half(der: &[u8], key: Key, provider: &Provider) -> Result<Half, ConfigError> {
    let certificate = view(der)?;
    let name = names::text(certificate.subject);
    let public = certificate
        .public_key(provider.keys)
        .map_err(|_| ConfigError::new(format!("{name}: the certificate's key is none that is used here")))?;
    match &key {
        Key::Here(private) if private.public() != &public => {
            Err(ConfigError::new(format!("{name}: the private key is not this certificate's")))
        }
        _ => Ok(Half { certificate: Arc::from(der), public, key }),
    }
}

fn view(der: &[u8]) -> Result<X509<'_>, ConfigError> {
    X509::read(der).map_err(|_| ConfigError::new("a certificate does not parse: it is not DER"))
}

fn certificate_message<'a>(list: impl Iterator<Item = &'a Arc<[u8]>>) -> Result<Message, ConfigError> {
    message::encode(HandshakeType::CERTIFICATE, |w| Credential::write(w, list.map(|c| &**c)))
        .map(Message::shared)
        .map_err(|_| ConfigError::new("the certificates do not fit into one message (16 MiB)"))
}

/// What is wrong with the dates of a certificate, if anything is or soon will be.
fn expiry(certificate: &X509<'_>, now: u64) -> Option<String> {
    const DAY: u64 = 86_400;
    const SOON: u64 = 30;
    let [from, to] = [certificate.not_before, certificate.not_after].map(time::text);
    match certificate.not_after.checked_sub(now) {
        _ if now < certificate.not_before => Some(format!("is not valid before {from} UTC")),
        None => Some(format!("has expired at {to} UTC")),
        Some(left) if left < SOON.saturating_mul(DAY) => {
            Some(format!("expires in {} days, at {to} UTC", left / DAY))
        }
        Some(_) => None,
    }
}

/// One line of the report.
fn describe(report: &mut String, what: &str, certificate: &X509<'_>) {
    report.push_str(&format!("{what}: {}\n", Description::of(certificate)));
}
