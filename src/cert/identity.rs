//! Our own certificates with their keys, ready to send: TLCP's pair, or the one of TLS; in `ibc` an SM9 identity.
#[cfg(feature = "sm9")]
mod ibc;

#[cfg(feature = "sm9")]
pub use ibc::IbcKeys;
#[cfg(feature = "sm9")]
pub(super) use ibc::name as name_of_usage;

use super::algorithm;
use super::chain::upwards;
use super::usage::{self, Own};
use super::x509::X509;
use super::{Description, Key, KeyUse, names, peer, time};
use crate::crypto::{Digest, Provider, PublicKey};
use crate::error::ConfigError;
use crate::message::{self, Credential, DistinguishedNames, Message};
use crate::suite::{Certificates, HashAlgorithm, KeyKind};
use crate::wire::{HandshakeType, SignatureScheme};
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

/// A pair of certificates with its private keys, or for TLS one with its key, and their CA certificates. Or an SM9 identity with
/// up to three keys, and its key centre's parameters.
///
/// ```no_run
/// use tlcp::{Clock, Identity, default_provider};
///
/// // Certificates and keys, PEM or DER, in any number of files and any order.
/// let [certificates, keys] = [std::fs::read("bank.crt")?, std::fs::read("bank.key")?];
/// let identity = Identity::from_pile(&[&certificates, &keys], [&b"password"[..]], &default_provider())?;
/// print!("{}", identity.report());
/// if let Some(text) = identity.warning(Clock::start().now().unix) {
///     eprintln!("warning: {text}"); // expired, or soon
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Identity {
    sign: Half,
    /// `None`: one certificate does all.
    encrypt: Option<Half>,
    /// Key agreement, where it has a key of its own.
    agree: Option<Half>,
    of: Certificates,
    intermediates: Vec<Arc<[u8]>>,
    ocsp_response: Option<Arc<[u8]>>,
    /// Names of all issuers, from its own up.
    issuers: Vec<Box<[u8]>>,
    dual: Message,
    sign_only: Message,
    fingerprint: [u8; 32],
    end_point: Digest,
    /// Of the signing certificate's subjectAltName: looked at for each hello.
    dns_names: Vec<Box<[u8]>>,
    not_before: u64,
    not_after: u64,
    report: Box<str>,
    /// How the certificates that are sent are signed; `None`: in no way that TLS names.
    signed_by: Vec<Option<SignatureScheme>>,
    /// By keyUsage, or by the keys there are: signing, encryption, agreement. Looked at for each hello.
    allows: [bool; 3],
    /// `None`: by all that its key can.
    schemes: Option<Box<[SignatureScheme]>>,
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
        Self::assemble(sign?, Some(encrypt?), &read_all(pool)?, String::new(), provider)
    }

    /// The one certificate of a TLS party, as DER, followed by CA certificates in any order, with a key that may be
    /// elsewhere (R-HS-16).
    ///
    /// # Errors
    /// Says what does not fit.
    pub fn single_with_key(chain: &[&[u8]], key: Key, provider: &Provider) -> Result<Self, ConfigError> {
        let &[first, ref pool @ ..] = chain else {
            return Err(ConfigError::new("the certificate is missing"));
        };
        Self::assemble(half(first, key, provider)?, None, &read_all(pool)?, String::new(), provider)
    }

    /// Puts the pair, or the one certificate, and the CA certificates of `pool` together; `notes` end the report.
    pub(super) fn assemble(
        sign: Half,
        encrypt: Option<Half>,
        pool: &[X509<'_>],
        notes: String,
        provider: &Provider,
    ) -> Result<Self, ConfigError> {
        check(&sign, encrypt.as_ref())?;
        let own: Vec<Arc<[u8]>> =
            [&sign].into_iter().chain(&encrypt).map(|half| half.certificate.clone()).collect();
        let views = own.iter().map(|der| view(der)).collect::<Result<Vec<_>, _>>()?;
        let mut path = Vec::new();
        // an encryption certificate of another CA brings its own
        for i in views.iter().flat_map(|leaf| upwards(leaf, pool)) {
            if !path.contains(&i) {
                path.push(i)
            }
        }
        let path: Vec<&X509<'_>> = path.iter().filter_map(|i| pool.get(*i)).collect();
        let (roots, cas): (Vec<&X509<'_>>, Vec<&X509<'_>>) = path.iter().partition(|c| c.is_self_issued());

        let mut report = String::new();
        let labels = if encrypt.is_some() { PAIR } else { [SINGLE; 2] };
        views.iter().zip(labels).for_each(|(c, label)| describe(&mut report, label, c));
        cas.iter().for_each(|ca| describe(&mut report, "CA certificate", ca));
        roots.iter().for_each(|ca| describe(&mut report, "root, not sent", ca));
        report.push_str(&notes);
        let issuers = views.iter().chain(path.iter().copied()).map(|c| Box::from(c.issuer)).collect();
        let signed = views.iter().chain(cas.iter().copied()).filter(|c| !c.is_self_issued());
        let signed_by = signed.map(|c| algorithm::scheme_of_signature(c.signature_algorithm)).collect();
        let cas: Vec<Arc<[u8]>> = cas.iter().map(|c| Arc::from(c.der)).collect();
        let of = if encrypt.is_some() { Certificates::Pair } else { Certificates::Single };
        let allows = |key_use, place: usize| {
            views.get(place).or(views.first()).is_some_and(|c| usage::allows(c, Own { of, key_use }))
        };
        Ok(Self {
            allows: [allows(KeyUse::Sign, 0), allows(KeyUse::Encrypt, 1), allows(KeyUse::Agree, 1)],
            dual: certificate_message(own.iter().chain(&cas))?,
            sign_only: certificate_message(own.iter().take(1).chain(&cas))?,
            dns_names: views.iter().take(1).flat_map(names::dns).map(Box::from).collect(),
            fingerprint: fingerprint(&own, provider)?,
            end_point: peer::end_point(of, &sign.certificate, provider.hashes),
            not_before: views.iter().map(|c| c.not_before).max().unwrap_or_default(),
            not_after: views.iter().map(|c| c.not_after).min().unwrap_or_default(),
            intermediates: cas,
            schemes: None,
            ocsp_response: None,
            issuers,
            report: report.into(),
            signed_by,
            sign,
            encrypt,
            agree: None,
            of,
        })
    }

    /// With a DER OCSPResponse for its own certificate, which a server hands to the clients that ask for one (R-EXT-3), as it
    /// is: whoever runs the server sees to it that it is fresh.
    pub fn with_ocsp_response(mut self, der: &[u8]) -> Self {
        self.ocsp_response = Some(Arc::from(der));
        self
    }

    /// Signing TLS's handshakes by these schemes alone, preferred first, of those that the configuration has: for a device
    /// that knows no PSS. Without, by all of the configuration's that its key can, in their order (R-T12-19).
    pub fn signing_by(mut self, schemes: &[SignatureScheme]) -> Self {
        self.schemes = Some(Box::from(schemes));
        self
    }

    /// The schemes that it is limited to by [`Identity::signing_by`]; `None`: all that its key can.
    pub fn signature_schemes(&self) -> Option<&[SignatureScheme]> {
        self.schemes.as_deref()
    }

    /// Whether it can sign by this scheme, and may.
    pub fn signs_by(&self, scheme: SignatureScheme) -> bool {
        self.sign.public.signs_by(scheme) && self.schemes.as_ref().is_none_or(|list| list.contains(&scheme))
    }

    /// The OCSP response, byte for byte as it was given.
    pub fn ocsp_response(&self) -> Option<&[u8]> {
        self.ocsp_response.as_deref()
    }

    /// Which protocol it is for: TLCP takes a pair, TLS one certificate, and TLCP's SM9 suites an identity.
    pub fn certificates(&self) -> Certificates {
        self.of
    }

    fn half(&self, key_use: KeyUse) -> &Half {
        let encrypt = || self.encrypt.as_ref();
        let other = match key_use {
            KeyUse::Sign => None,
            KeyUse::Encrypt => encrypt(),
            KeyUse::Agree => self.agree.as_ref().or_else(encrypt),
        };
        other.unwrap_or(&self.sign)
    }

    /// The private key. Here and below, one certificate without another answers for all uses.
    pub fn key(&self, key_use: KeyUse) -> &Key {
        &self.half(key_use).key
    }

    /// The certificate, as DER; of an SM9 identity, which has none, the identity as it is sent.
    pub fn certificate(&self, key_use: KeyUse) -> &Arc<[u8]> {
        &self.half(key_use).certificate
    }

    /// The public key of the certificate for this use.
    pub fn public_key(&self, key_use: KeyUse) -> &PublicKey {
        &self.half(key_use).public
    }

    /// Whether the certificate's keyUsage allows this use; of a single certificate, it may be one of them alone (R-T12-9), and
    /// an SM9 identity may lack keys.
    pub fn allows(&self, key_use: KeyUse) -> bool {
        let [signs, encrypts, agrees] = self.allows;
        match key_use {
            KeyUse::Sign => signs,
            KeyUse::Encrypt => encrypts,
            KeyUse::Agree => agrees,
        }
    }

    /// The handshake message Certificate: of a single certificate, the chain from it up in either form. It is encoded once,
    /// when the identity is made.
    pub fn message(&self, form: CertificateForm) -> &Message {
        match form {
            CertificateForm::Dual => &self.dual,
            CertificateForm::SignOnly => &self.sign_only,
        }
    }

    /// SM3 over both certificates, or the one: sessions that a server made as another identity are not resumed (R-SES-16).
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// What a session with this server is bound to outside (R-SES-14).
    pub(crate) fn end_point(&self) -> &Digest {
        &self.end_point
    }

    /// The CA certificates that are sent behind its own, as DER: those of the signing certificate's chain first, each
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

    /// Whether every certificate that is sent is signed in one of these ways: what signature_algorithms_cert, or without it
    /// signature_algorithms, asks of a chain (R-T12-22). A self-signed certificate's own signature does not count.
    pub fn is_signed_by(&self, schemes: &[SignatureScheme]) -> bool {
        self.signed_by.iter().all(|scheme| scheme.is_some_and(|scheme| schemes.contains(&scheme)))
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
        let labels = if self.encrypt.is_some() { PAIR } else { [SINGLE; 2] };
        if self.of == Certificates::Identity {
            let when = expiry([self.not_before, self.not_after], now)?;
            return Some(format!("the identity, or its key centre's parameters, {when}"));
        }
        let lines: Vec<String> = [&self.sign]
            .into_iter()
            .chain(&self.encrypt)
            .zip(labels)
            .filter_map(|(half, what)| {
                let certificate = X509::read(&half.certificate).ok()?;
                let when = expiry([certificate.not_before, certificate.not_after], now)?;
                Some(format!("the {what} {} {when}", names::text(certificate.subject)))
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

/// What reports call its own certificates.
const PAIR: [&str; 2] = ["signing certificate", "encryption certificate"];
const SINGLE: &str = "certificate";

/// Whether the keys fit together, the certificates' key usage allows what they are for, and peers take their length.
fn check(sign: &Half, encrypt: Option<&Half>) -> Result<(), ConfigError> {
    let sign_view = view(&sign.certificate)?;
    let wrong = |c: &X509<'_>, e: &dyn fmt::Display| {
        Err(ConfigError::new(format!("{}: {e}", names::text(c.subject))))
    };
    if sign.certificate.len().max(encrypt.map_or(0, |half| half.certificate.len())) > peer::MAX_LENGTH {
        // R-HS-50
        return Err(ConfigError::new("a certificate of its own is over 16 KiB, which peers refuse"));
    }
    let Some(encrypt) = encrypt else {
        return match usage::check_single(&sign_view, sign.public.kind()) {
            _ if sign.public.kind() == KeyKind::Sm2 => wrong(&sign_view, &NOT_TLS),
            Err(e) => wrong(&sign_view, &e),
            Ok(()) => Ok(()),
        };
    };
    let kinds = [sign, encrypt].map(|half| half.public.kind());
    if kinds[0] != kinds[1] {
        return Err(ConfigError::new("the two certificates of the pair have keys of different kinds"));
    }
    if kinds[0] == KeyKind::Ecdsa {
        return wrong(&sign_view, &NOT_TLCP);
    }
    for (certificate, key_use) in
        [(&sign_view, KeyUse::Sign), (&view(&encrypt.certificate)?, KeyUse::Encrypt)]
    {
        if let Err(e) = usage::check(certificate, Own::pair(key_use), false) {
            return wrong(certificate, &e);
        }
    }
    Ok(())
}

const NOT_TLS: &str = "an SM2 certificate is one of TLCP's pair (Identity::from_pile, Identity::with_keys); TLS takes an \
                       ECDSA, Ed25519 or RSA key";
const NOT_TLCP: &str = "an ECDSA or Ed25519 certificate is for TLS (Identity::single_from_pile, \
                        Identity::single_with_key); TLCP takes a pair with SM2 or RSA keys";

/// SM3(length of sign || sign || encrypt). No certificate is empty, so that one alone is no pair's.
fn fingerprint(own: &[Arc<[u8]>], provider: &Provider) -> Result<[u8; 32], ConfigError> {
    let length = (own.first().map_or(0, |sign| sign.len()) as u64).to_be_bytes();
    let parts: Vec<&[u8]> = [&length[..]].into_iter().chain(own.iter().map(|der| &**der)).collect();
    fingerprint_of(&parts, provider)
}

fn fingerprint_of(parts: &[&[u8]], provider: &Provider) -> Result<[u8; 32], ConfigError> {
    let digest = provider.hashes.digest(HashAlgorithm::Sm3, parts);
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

fn read_all<'a>(pool: &[&'a [u8]]) -> Result<Vec<X509<'a>>, ConfigError> {
    let read = |der| X509::read(der).map_err(|_| ConfigError::new("a CA certificate does not parse"));
    pool.iter().map(|der| read(der)).collect()
}

fn view(der: &[u8]) -> Result<X509<'_>, ConfigError> {
    X509::read(der).map_err(|_| ConfigError::new("a certificate does not parse: it is not DER"))
}

fn certificate_message<'a>(list: impl Iterator<Item = &'a Arc<[u8]>>) -> Result<Message, ConfigError> {
    message::encode(HandshakeType::CERTIFICATE, |w| Credential::write(w, list.map(|c| &**c)))
        .map(Message::shared)
        .map_err(|_| ConfigError::new("the certificates do not fit into one message (16 MiB)"))
}

/// What is wrong with these dates, if anything is or soon will be.
fn expiry([not_before, not_after]: [u64; 2], now: u64) -> Option<String> {
    const DAY: u64 = 86_400;
    const SOON: u64 = 30;
    let [from, to] = [not_before, not_after].map(time::text);
    match not_after.checked_sub(now) {
        _ if now < not_before => Some(format!("is not valid before {from} UTC")),
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
