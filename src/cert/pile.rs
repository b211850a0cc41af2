//! A pile of files, sorted: certificates, whose keys they are, CAs, and the rest with the reason why it is of no use. Which of
//! it makes an identity is in `pair` and `single`.
#[cfg(feature = "sm9")]
mod ibc;
mod pair;
mod single;

use super::algorithm::KeyForm;
use super::identity::Half;
use super::pem::{self, Kind};
use super::usage::{self, Own};
use super::x509::X509;
use super::{Key, KeyUse, key, names};
use crate::crypto::{PrivateKey, Provider, PublicKey};
use crate::error::{ConfigError, CryptoError};
use crate::suite::{Certificates, KeyKind};
use alloc::collections::BTreeMap;
use alloc::{borrow::ToOwned, format, string::String, sync::Arc, vec::Vec};

/// A certificate that is no CA's.
struct Leaf<'a> {
    x509: X509<'a>,
    place: &'a str,
    /// `None`: not a key that is used here.
    public: Option<PublicKey>,
    /// Its private key, if the pile has it.
    key: Option<Arc<dyn PrivateKey>>,
}

impl Leaf<'_> {
    fn kind(&self) -> Option<KeyKind> {
        self.public.as_ref().map(PublicKey::kind)
    }

    fn allows(&self, of: Certificates, key_use: KeyUse) -> bool {
        usage::allows(&self.x509, Own { of, key_use })
    }
}

struct PileKey<'a> {
    form: KeyForm,
    private: Arc<dyn PrivateKey>,
    place: &'a str,
    used: bool,
}

/// The files, sorted.
struct Pile<'a> {
    /// What it is searched for.
    wanted: Certificates,
    leaves: Vec<Leaf<'a>>,
    cas: Vec<X509<'a>>,
    keys: BTreeMap<PublicKey, PileKey<'a>>,
    /// What is of no use here: where it stood, and why.
    skipped: Vec<(&'a str, String)>,
    /// Private keys of the CA certificates: the names.
    ca_keys: Vec<String>,
}

const NO_RSA: &str = "an RSA key; the suites here take SM2 keys (the crate's feature `rsa` has RSA's)";
const NO_ECDSA: &str = ", which nothing here uses (the crate's feature `tls12` has it)";
const BAD_RSA: &str =
    "an RSA key that is not used: its numbers do not fit, or they are not 2048 to 8192 bits";

/// What is said of a certificate of the other protocol.
const ELSEWHERE: [&str; 2] =
    ["its key is for TLS: Identity::single_from_pile", "its key is for TLCP: Identity::from_pile"];

/// The keys of TLCP's pairs, the best first.
const PAIR: &[KeyKind] = &[KeyKind::Sm2, KeyKind::Rsa];
/// The keys of TLS.
const SINGLE: &[KeyKind] = &[KeyKind::Ecdsa, KeyKind::Rsa];

impl<'a> Pile<'a> {
    fn sort(
        items: &'a [pem::Item],
        passwords: &[&[u8]],
        wanted: Certificates,
        provider: &Provider,
    ) -> Result<Self, ConfigError> {
        let mut pile = Self {
            wanted,
            leaves: Vec::new(),
            cas: Vec::new(),
            keys: BTreeMap::new(),
            skipped: Vec::new(),
            ca_keys: Vec::new(),
        };
        let mut known = BTreeMap::new();
        for item in items {
            let place = item.place.as_str();
            let fail = |why: &str| ConfigError::new(format!("{place}: {why}"));
            let secret = match item.kind {
                Kind::Certificate => {
                    let x509 = X509::read(&item.der).map_err(|_| fail("the certificate does not parse"))?;
                    if known.insert(x509.der, place).is_none() {
                        pile.add_certificate(x509, place, provider);
                    }
                    continue;
                }
                Kind::PrivateKey => key::read(&item.der),
                Kind::EncryptedPrivateKey => key::read_encrypted(&item.der, passwords),
                Kind::Crl => {
                    pile.skip(place, "a revocation list");
                    continue;
                }
                Kind::KeyCentre | Kind::IbcIdentity | Kind::MasterPublicKey => {
                    pile.skip(place, "of SM9 (Identity::ibc_from_pile)");
                    continue;
                }
                Kind::Other(why) => {
                    pile.skip(place, why);
                    continue;
                }
            };
            match secret {
                Err(key::Unread::Foreign) => pile.skip(place, key::FOREIGN),
                Err(key::Unread::Sm9) => pile.skip(place, key::SM9_ALONE),
                Err(key::Unread::Because(why)) => return Err(fail(&why)),
                Ok(secret) => match (secret.private(provider.keys), secret.form) {
                    (Ok(private), form) => pile.add_key(private, form, place),
                    (Err(CryptoError::Unsupported), KeyForm::Rsa) => pile.skip(place, NO_RSA),
                    (Err(_), KeyForm::Rsa) => pile.skip(place, BAD_RSA),
                    (Err(CryptoError::Unsupported), form) => {
                        pile.skip(place, form.name().to_owned() + NO_ECDSA)
                    }
                    (Err(_), _) => return Err(fail("the key is out of range")),
                },
            }
        }
        pile.match_keys(&known, provider);
        Ok(pile)
    }

    fn skip(&mut self, place: &'a str, why: impl Into<String>) {
        self.skipped.push((place, why.into()));
    }

    fn add_key(&mut self, private: Arc<dyn PrivateKey>, form: KeyForm, place: &'a str) {
        let public = private.public().clone();
        self.keys.entry(public).or_insert(PileKey { form, private, place, used: false });
    }

    fn add_certificate(&mut self, x509: X509<'a>, place: &'a str, provider: &Provider) {
        if x509.is_authority() {
            self.cas.push(x509);
        } else {
            let public = x509.public_key(provider.keys).ok();
            self.leaves.push(Leaf { x509, place, public, key: None });
        }
    }

    /// A CA's certificate is nobody's own; but in TLS, where there is no other, one that signed itself is sent as it is: that
    /// is what `openssl req -x509` makes.
    fn match_keys(&mut self, places: &BTreeMap<&'a [u8], &'a str>, provider: &Provider) {
        for leaf in &mut self.leaves {
            if let Some(key) = leaf.public.as_ref().and_then(|public| self.keys.get_mut(public)) {
                key.used = true;
                leaf.key = Some(key.private.clone());
            }
        }
        if self.keys.values().all(|k| k.used) {
            return;
        }
        let alone = self.wanted == Certificates::Single && self.own(SINGLE).next().is_none();
        for ca in &self.cas {
            let public = ca.public_key(provider.keys).ok();
            let key = public.as_ref().and_then(|public| self.keys.get_mut(public)).filter(|k| !k.used);
            if let Some(key) = key {
                key.used = true;
                if alone && ca.is_self_issued() {
                    let place = places.get(ca.der).copied().unwrap_or(key.place);
                    let key = Some(key.private.clone());
                    self.leaves.push(Leaf { x509: ca.clone(), place, public, key });
                    continue;
                }
                let name = names::text(ca.subject);
                self.ca_keys.push(format!(
                    "{}: the private key of the CA certificate {name}: a CA's certificate (basicConstraints cA TRUE) is \
                     nobody's own; issue one without it",
                    key.place
                ));
            }
        }
    }

    /// Those that have their private keys, of these kinds.
    fn own(&self, kinds: &'static [KeyKind]) -> impl Iterator<Item = &Leaf<'a>> {
        self.leaves.iter().filter(|l| l.key.is_some() && l.kind().is_some_and(|kind| kinds.contains(&kind)))
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
            let uses = match [KeyUse::Sign, KeyUse::Encrypt].map(|u| leaf.allows(self.wanted, u)) {
                [true, true] => "for signing and encryption",
                [true, false] => "for signing",
                [false, true] => "for encryption",
                [false, false] => "for neither signing nor encryption",
            };
            let key = match (leaf.kind(), &leaf.key, self.wanted) {
                (None, _, Certificates::Single) => "its key is none that is used here",
                (None, ..) => "not an SM2 key",
                (Some(KeyKind::Ecdsa), _, Certificates::Pair) => ELSEWHERE[0],
                (Some(KeyKind::Sm2), _, Certificates::Single) => ELSEWHERE[1],
                (Some(_), None, _) => "its private key is missing",
                (Some(_), Some(_), _) => "with its private key",
            };
            found.push(format!(
                "{}: certificate {} ({uses}, {key})",
                leaf.place,
                names::text(leaf.x509.subject)
            ));
        }
        for key in self.keys.values().filter(|k| !k.used) {
            found.push(format!(
                "{}: a private key whose certificate is missing ({})",
                key.place,
                key.form.name()
            ));
        }
        found.extend(self.ca_keys.iter().cloned());
        found.extend(self.skipped.iter().map(|(place, why)| format!("{place}: {why}")));
        if !self.cas.is_empty() {
            found.push(format!("{} CA certificate(s)", self.cas.len()));
        }
        if found.is_empty() {
            return String::from("The files hold no certificate and no private key.");
        }
        format!("Found: {}.", found.join("; "))
    }

    /// The end of the report: what is odd, and what was not used.
    fn notes(&self, own: &[&Leaf<'_>]) -> String {
        let mut out = String::new();
        if own.windows(2).any(|two| two[0].x509.subject != two[1].x509.subject) {
            out.push_str("warning: the subjects of the two differ; many peers refuse such a pair\n");
        }
        if own.iter().any(|leaf| leaf.x509.is_authority()) {
            out.push_str(
                "warning: it is a CA's certificate (basicConstraints cA TRUE); some peers refuse it\n",
            );
        }
        for leaf in self.leaves.iter().filter(|l| own.iter().all(|used| used.x509.der != l.x509.der)) {
            out.push_str(&format!("not used: {}: {}\n", leaf.place, names::text(leaf.x509.subject)));
        }
        for key in self.keys.values().filter(|k| !k.used) {
            out.push_str(&format!("not used: {}: {} without its certificate\n", key.place, key.form.name()));
        }
        self.ca_keys.iter().for_each(|key| out.push_str(&format!("not used: {key}\n")));
        self.skipped.iter().for_each(|(place, why)| out.push_str(&format!("not used: {place}: {why}\n")));
        out
    }
}

fn more_than_one(one: &Leaf<'_>, other: &Leaf<'_>) -> ConfigError {
    let [one, other] = [one, other].map(|leaf| names::text(leaf.x509.subject));
    ConfigError::new(format!("more than one identity: {one} and {other}; give the files of one"))
}
