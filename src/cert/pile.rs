//! An identity out of any pile of files: which certificate signs, which encrypts, and which key is whose.
use super::identity::{Half, Identity};
use super::pem::{self, Kind};
use super::x509::X509;
use super::{Key, KeyUse, key, names, usage};
use crate::crypto::{PrivateKey, Provider, PublicKey};
use crate::error::ConfigError;
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::cmp::Reverse;

/// A certificate that is no CA's.
struct Leaf<'a> {
    x509: X509<'a>,
    place: &'a str,
    /// `None`: not an SM2 key.
    public: Option<PublicKey>,
    /// Its private key, if the pile has it.
    key: Option<Arc<dyn PrivateKey>>,
}

struct PileKey<'a> {
    private: Arc<dyn PrivateKey>,
    place: &'a str,
    used: bool,
}

/// The files, sorted.
struct Pile<'a> {
    leaves: Vec<Leaf<'a>>,
    cas: Vec<X509<'a>>,
    keys: Vec<PileKey<'a>>,
    skipped: Vec<&'a str>,
}

impl Identity {
    /// Finds the pair in any pile of files. Each is PEM, with any number of blocks, or DER; keys are PKCS#8 (encrypted
    /// ones are opened with `password`) or EC PRIVATE KEY. Certificates find their keys by the public key and their
    /// places by keyUsage, CA certificates are put in order, and what else stands in the files is passed over. One
    /// certificate with both usages takes both places.
    ///
    /// # Errors
    /// Says what is missing or does not fit, and where.
    pub fn from_pile(
        files: &[&[u8]],
        password: Option<&[u8]>,
        provider: &Provider,
    ) -> Result<Self, ConfigError> {
        let items = pem::items(files)?;
        let pile = Pile::sort(&items, password, provider)?;
        let (sign, encrypt) = pile.choose()?;
        Self::assemble(pile.half(sign)?, pile.half(encrypt)?, &pile.cas, pile.notes(sign, encrypt), provider)
    }
}

impl<'a> Pile<'a> {
    fn sort(
        items: &'a [pem::Item],
        password: Option<&[u8]>,
        provider: &Provider,
    ) -> Result<Self, ConfigError> {
        let mut pile = Self { leaves: Vec::new(), cas: Vec::new(), keys: Vec::new(), skipped: Vec::new() };
        for item in items {
            let place = item.place.as_str();
            let fail = |why: &str| ConfigError::new(format!("{place}: {why}"));
            match item.kind {
                Kind::Certificate => {
                    let x509 = X509::read(&item.der).map_err(|_| fail("the certificate does not parse"))?;
                    pile.add_certificate(x509, place, provider);
                }
                Kind::PrivateKey | Kind::EncryptedPrivateKey => {
                    let scalar = match item.kind {
                        Kind::PrivateKey => key::read(&item.der),
                        _ => key::read_encrypted(&item.der, password),
                    }
                    .map_err(|why| fail(&why))?;
                    let private =
                        provider.keys.sm2_private(&*scalar).map_err(|_| fail("the key is out of range"))?;
                    if !pile.keys.iter().any(|k| k.private.public() == private.public()) {
                        pile.keys.push(PileKey { private, place, used: false });
                    }
                }
                Kind::Crl | Kind::Other => pile.skipped.push(place),
            }
        }
        for leaf in &mut pile.leaves {
            for key in pile.keys.iter_mut().filter(|k| leaf.public.as_ref() == Some(k.private.public())) {
                key.used = true;
                leaf.key = Some(key.private.clone());
            }
        }
        Ok(pile)
    }

    fn add_certificate(&mut self, x509: X509<'a>, place: &'a str, provider: &Provider) {
        let known = self.leaves.iter().map(|l| &l.x509).chain(&self.cas).any(|c| c.der == x509.der);
        // X.509 v1 has no basicConstraints: a self-issued one is a root.
        if known {
        } else if x509.is_ca || (!x509.is_v3() && x509.is_self_issued()) {
            self.cas.push(x509);
        } else {
            let public = x509.public_key(provider.keys).ok();
            self.leaves.push(Leaf { x509, place, public, key: None });
        }
    }

    /// The best pair: of one subject, each certificate for one use alone, two certificates rather than one, the one
    /// that lasts longest, the one that comes first.
    fn choose(&self) -> Result<(&Leaf<'a>, &Leaf<'a>), ConfigError> {
        let fit =
            |key_use| self.leaves.iter().filter(move |l| l.key.is_some() && usage::allows(&l.x509, key_use));
        for (key_use, what, bits) in [
            (KeyUse::Sign, "signing", "digitalSignature or nonRepudiation"),
            (KeyUse::Encrypt, "encryption", "keyEncipherment, dataEncipherment or keyAgreement"),
        ] {
            if fit(key_use).next().is_none() {
                return Err(ConfigError::new(format!(
                    "no {what} certificate with its private key: a certificate with {bits} in keyUsage (or without \
                     keyUsage) and the key that belongs to it are needed. {}",
                    self.inventory()
                )));
            }
        }
        let pairs = || fit(KeyUse::Sign).flat_map(|s| fit(KeyUse::Encrypt).map(move |e| (s, e)));
        let rank = |(s, e): (&Leaf<'_>, &Leaf<'_>)| {
            let only_signs = !usage::allows(&s.x509, KeyUse::Encrypt);
            let only_encrypts = !usage::allows(&e.x509, KeyUse::Sign);
            let two = s.x509.der != e.x509.der;
            (s.x509.subject == e.x509.subject, u8::from(only_signs) + u8::from(only_encrypts), two)
        };
        let best = pairs().map(rank).max().unwrap_or_default();
        let mut equals: Vec<_> = pairs().filter(|pair| rank(*pair) == best).collect();
        equals.sort_by_key(|(s, e)| Reverse(s.x509.not_after.min(e.x509.not_after)));
        match equals.as_slice() {
            [(sign, encrypt), rest @ ..] => {
                let other = rest.iter().find(|(s, _)| s.x509.subject != sign.x509.subject);
                other.map_or(Ok((*sign, *encrypt)), |(other, _)| {
                    Err(ConfigError::new(format!(
                        "more than one identity: {} and {}; give the files of one",
                        names::text(sign.x509.subject),
                        names::text(other.x509.subject)
                    )))
                })
            }
            [] => Err(ConfigError::new(self.inventory())),
        }
    }

    fn half(&self, leaf: &Leaf<'_>) -> Result<Half, ConfigError> {
        match (&leaf.public, &leaf.key) {
            (Some(public), Some(key)) => Ok(Half {
                certificate: Arc::from(leaf.x509.der),
                public: public.clone(),
                key: Key::Here(key.clone()),
            }),
            _ => Err(ConfigError::new(self.inventory())),
        }
    }

    /// Everything in the pile, for the error that says what is missing.
    fn inventory(&self) -> String {
        let mut found: Vec<String> = Vec::new();
        for leaf in &self.leaves {
            let uses = match [KeyUse::Sign, KeyUse::Encrypt].map(|u| usage::allows(&leaf.x509, u)) {
                [true, true] => "for signing and encryption",
                [true, false] => "for signing",
                [false, true] => "for encryption",
                [false, false] => "for neither signing nor encryption",
            };
            let key = match (&leaf.public, &leaf.key) {
                (None, _) => "not an SM2 key",
                (Some(_), None) => "its private key is missing",
                (Some(_), Some(_)) => "with its private key",
            };
            found.push(format!(
                "{}: certificate {} ({uses}, {key})",
                leaf.place,
                names::text(leaf.x509.subject)
            ));
        }
        for key in self.keys.iter().filter(|k| !k.used) {
            found.push(format!("{}: a private key whose certificate is missing", key.place));
        }
        if !self.cas.is_empty() {
            found.push(format!("{} CA certificate(s)", self.cas.len()));
        }
        if found.is_empty() {
            return String::from("The files hold no certificate and no private key.");
        }
        format!("Found: {}.", found.join("; "))
    }

    /// The end of the report: what is odd, and what was not used.
    fn notes(&self, sign: &Leaf<'_>, encrypt: &Leaf<'_>) -> String {
        let mut out = String::new();
        if sign.x509.subject != encrypt.x509.subject {
            out.push_str("warning: the subjects of the two differ; many peers refuse such a pair\n");
        }
        let used = [sign.x509.der, encrypt.x509.der];
        for leaf in self.leaves.iter().filter(|l| !used.contains(&l.x509.der)) {
            out.push_str(&format!("not used: {}: {}\n", leaf.place, names::text(leaf.x509.subject)));
        }
        for key in self.keys.iter().filter(|k| !k.used) {
            out.push_str(&format!("not used: {}: a key without its certificate\n", key.place));
        }
        self.skipped.iter().for_each(|place| out.push_str(&format!("not used: {place}\n")));
        out
    }
}
