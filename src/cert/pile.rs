//! An identity out of any pile of files: which certificate signs, which encrypts, and which key is whose.
use super::identity::{Half, Identity};
use super::pem::{self, Kind};
use super::x509::X509;
use super::{Key, KeyUse, key, names, usage};
use crate::crypto::{PrivateKey, Provider, PublicKey};
use crate::error::{ConfigError, CryptoError};
use crate::suite::{Certificates, KeyKind};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::cmp::Reverse;

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
        usage::allows(&self.x509, of, key_use)
    }

    fn serves_alone(&self) -> bool {
        self.kind().is_some_and(|kind| usage::check_single(&self.x509, kind).is_ok())
    }
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
    keys: BTreeMap<PublicKey, PileKey<'a>>,
    /// What is of no use here: where it stood, and why.
    skipped: Vec<(&'a str, &'static str)>,
    /// Private keys of the CA certificates: the names.
    ca_keys: Vec<String>,
}

const NO_RSA: &str = "an RSA key; the suites here take SM2 keys (the crate's feature `rsa` has RSA's)";
const BAD_RSA: &str =
    "an RSA key that is not used: its numbers do not fit, or they are not 2048 to 8192 bits";

/// The keys of TLCP's pairs, the best first.
const PAIR: &[KeyKind] = &[KeyKind::Sm2, KeyKind::Rsa];
/// The keys of TLS.
const SINGLE: &[KeyKind] = &[KeyKind::Ecdsa, KeyKind::Rsa];

/// A signing and an encryption certificate.
type Two<'p, 'a> = (&'p Leaf<'a>, &'p Leaf<'a>);

impl Identity {
    /// Finds the pair in any pile of files. Each is PEM, with any number of blocks, or DER; keys are PKCS#8 (encrypted
    /// ones are opened with any of `passwords`), EC or RSA PRIVATE KEY. Certificates find their keys by the public key and
    /// their places by keyUsage, CA certificates are put in order, and what else stands in the files, such as keys of
    /// other algorithms, is passed over; [`Identity::report`] tells of it. One certificate with both usages takes both
    /// places.
    ///
    /// # Errors
    /// Says what is missing or does not fit, and where.
    pub fn from_pile<'p>(
        files: &[&[u8]],
        passwords: impl IntoIterator<Item = &'p [u8]>,
        provider: &Provider,
    ) -> Result<Self, ConfigError> {
        let items = pem::items(files)?;
        let passwords: Vec<&[u8]> = passwords.into_iter().collect();
        let pile = Pile::sort(&items, &passwords, provider)?;
        let (sign, encrypt) = pile.choose()?;
        let notes = pile.notes(&[sign, encrypt]);
        Self::assemble(pile.half(sign)?, Some(pile.half(encrypt)?), &pile.cas, notes, provider)
    }

    /// Finds the one certificate of a TLS party with its key in any pile of files, as [`Identity::from_pile`] finds a pair:
    /// of ECDSA on P-256 or P-384, Ed25519, or RSA with 2048 bits at least. Of one that was renewed the one that lasts
    /// longest is taken. What else stands in the files is passed over, such as SM2's keys; [`Identity::report`] tells of it.
    ///
    /// # Errors
    /// Says what is missing or does not fit, and where.
    pub fn single_from_pile<'p>(
        files: &[&[u8]],
        passwords: impl IntoIterator<Item = &'p [u8]>,
        provider: &Provider,
    ) -> Result<Self, ConfigError> {
        let items = pem::items(files)?;
        let passwords: Vec<&[u8]> = passwords.into_iter().collect();
        let pile = Pile::sort(&items, &passwords, provider)?;
        let leaf = pile.choose_single()?;
        Self::assemble(pile.half(leaf)?, None, &pile.cas, pile.notes(&[leaf]), provider)
    }
}

impl<'a> Pile<'a> {
    fn sort(items: &'a [pem::Item], passwords: &[&[u8]], provider: &Provider) -> Result<Self, ConfigError> {
        let mut pile = Self {
            leaves: Vec::new(),
            cas: Vec::new(),
            keys: BTreeMap::new(),
            skipped: Vec::new(),
            ca_keys: Vec::new(),
        };
        let mut known = BTreeSet::new();
        for item in items {
            let place = item.place.as_str();
            let fail = |why: &str| ConfigError::new(format!("{place}: {why}"));
            let secret = match item.kind {
                Kind::Certificate => {
                    let x509 = X509::read(&item.der).map_err(|_| fail("the certificate does not parse"))?;
                    if known.insert(x509.der) {
                        pile.add_certificate(x509, place, provider);
                    }
                    continue;
                }
                Kind::PrivateKey => key::read(&item.der),
                Kind::EncryptedPrivateKey => key::read_encrypted(&item.der, passwords),
                Kind::Crl => {
                    pile.skipped.push((place, "a revocation list"));
                    continue;
                }
                Kind::Other(why) => {
                    pile.skipped.push((place, why));
                    continue;
                }
            };
            match secret {
                Err(key::Unread::Foreign) => pile.skipped.push((place, key::FOREIGN)),
                Err(key::Unread::Because(why)) => return Err(fail(&why)),
                Ok(key::Secret::Sm2(scalar)) => {
                    let private = provider.keys.sm2_private(&*scalar);
                    pile.add_key(private.map_err(|_| fail("the key is out of range"))?, place);
                }
                Ok(key::Secret::Rsa(der)) => match provider.keys.rsa_private(&der) {
                    Ok(private) => pile.add_key(private, place),
                    Err(CryptoError::Unsupported) => pile.skipped.push((place, NO_RSA)),
                    Err(_) => pile.skipped.push((place, BAD_RSA)),
                },
            }
        }
        pile.match_keys(provider);
        Ok(pile)
    }

    fn add_key(&mut self, private: Arc<dyn PrivateKey>, place: &'a str) {
        let public = private.public().clone();
        self.keys.entry(public).or_insert(PileKey { private, place, used: false });
    }

    fn add_certificate(&mut self, x509: X509<'a>, place: &'a str, provider: &Provider) {
        if x509.is_authority() {
            self.cas.push(x509);
        } else {
            let public = x509.public_key(provider.keys).ok();
            self.leaves.push(Leaf { x509, place, public, key: None });
        }
    }

    fn match_keys(&mut self, provider: &Provider) {
        for leaf in &mut self.leaves {
            if let Some(key) = leaf.public.as_ref().and_then(|public| self.keys.get_mut(public)) {
                key.used = true;
                leaf.key = Some(key.private.clone());
            }
        }
        if self.keys.values().all(|k| k.used) {
            return;
        }
        for ca in &self.cas {
            let public = ca.public_key(provider.keys).ok();
            if let Some(key) = public.and_then(|public| self.keys.get_mut(&public)).filter(|k| !k.used) {
                let name = names::text(ca.subject);
                self.ca_keys.push(format!(
                    "{}: the private key of the CA certificate {name}: a CA's certificate (basicConstraints cA TRUE) is \
                     nobody's own; issue one without it",
                    key.place
                ));
                key.used = true;
            }
        }
    }

    /// Those that have their private keys, of these kinds.
    fn own(&self, kinds: &'static [KeyKind]) -> impl Iterator<Item = &Leaf<'a>> {
        self.leaves.iter().filter(|l| l.key.is_some() && l.kind().is_some_and(|kind| kinds.contains(&kind)))
    }

    /// The best pair: both keys of one kind, SM2's rather than RSA's; of one subject, each certificate for one use alone, two
    /// certificates rather than one, the one that lasts longest, the one that comes first.
    fn choose(&self) -> Result<Two<'_, 'a>, ConfigError> {
        let fit = |key_use| self.own(PAIR).filter(move |l| l.allows(Certificates::Pair, key_use));
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
        let mut best: Vec<(Two<'_, 'a>, Rank)> =
            self.by_subject().values().filter_map(Candidates::best).collect();
        for kind in PAIR.chunks(1) {
            if best.is_empty() {
                best = self.across_subjects(kind);
            }
        }
        best.sort_by_key(|(_, rank)| Reverse(*rank));
        match best.as_slice() {
            [((sign, _), rank), ((other, _), next), ..] if next.is_as_good_as(*rank) => {
                Err(more_than_one(sign, other))
            }
            [(two, _), ..] => Ok(*two),
            [] => Err(ConfigError::new(self.inventory())),
        }
    }

    /// The one certificate of TLS: of its subject and kind of key one that signs rather than one that does not, then the one
    /// that lasts longest, then the one that comes first.
    fn choose_single(&self) -> Result<&Leaf<'a>, ConfigError> {
        let mut best: BTreeMap<_, &Leaf<'a>> = BTreeMap::new();
        let rank = |l: &Leaf<'_>| (l.allows(Certificates::Single, KeyUse::Sign), l.x509.not_after);
        for leaf in self.own(SINGLE).filter(|l| l.serves_alone()) {
            let known = best.entry((leaf.x509.subject, leaf.kind())).or_insert(leaf);
            if rank(leaf) > rank(known) {
                *known = leaf;
            }
        }
        let mut best = best.into_values();
        match (best.next(), best.next()) {
            (Some(leaf), None) => Ok(leaf),
            (Some(one), Some(other)) => Err(more_than_one(one, other)),
            (None, _) => Err(ConfigError::new(format!(
                "no certificate for TLS with its private key: an ECDSA, Ed25519 or RSA certificate with digitalSignature in \
                 keyUsage (RSA: or keyEncipherment; or without keyUsage) and the key that belongs to it are needed; a pair \
                 for TLCP is read by Identity::from_pile. {}",
                self.inventory()
            ))),
        }
    }

    /// No subject has both: then each certificate is for one use alone.
    fn across_subjects(&self, kinds: &'static [KeyKind]) -> Vec<(Two<'_, 'a>, Rank)> {
        let fit = |key_use| self.own(kinds).filter(move |l| l.allows(Certificates::Pair, key_use));
        let Some(encrypt) = Candidates::longest(fit(KeyUse::Encrypt)).into_iter().next() else {
            return Vec::new();
        };
        let mut signers: BTreeMap<&[u8], &Leaf<'_>> = BTreeMap::new();
        for leaf in fit(KeyUse::Sign) {
            let known = signers.entry(leaf.x509.subject).or_insert(leaf);
            if leaf.x509.not_after > known.x509.not_after {
                *known = leaf;
            }
        }
        signers.values().map(|sign| ((*sign, encrypt), Rank::of((sign, encrypt)))).collect()
    }

    /// By subject and kind of key.
    fn by_subject(&self) -> BTreeMap<(&[u8], Option<KeyKind>), Candidates<'_, 'a>> {
        let mut out: BTreeMap<_, Candidates<'_, 'a>> = BTreeMap::new();
        for leaf in self.own(PAIR) {
            out.entry((leaf.x509.subject, leaf.kind())).or_default().0.push(leaf);
        }
        out
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
            let uses = match [KeyUse::Sign, KeyUse::Encrypt].map(|u| leaf.allows(Certificates::Pair, u)) {
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
        for key in self.keys.values().filter(|k| !k.used) {
            found.push(format!("{}: a private key whose certificate is missing", key.place));
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
        for leaf in self.leaves.iter().filter(|l| own.iter().all(|used| used.x509.der != l.x509.der)) {
            out.push_str(&format!("not used: {}: {}\n", leaf.place, names::text(leaf.x509.subject)));
        }
        for key in self.keys.values().filter(|k| !k.used) {
            out.push_str(&format!("not used: {}: a key without its certificate\n", key.place));
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

/// The certificates of one subject that have their keys.
#[derive(Default)]
struct Candidates<'p, 'a>(Vec<&'p Leaf<'a>>);

/// How good a pair is, the better the greater: whether it is SM2's, how many of the two are for one use alone, whether they
/// are two, how long both last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_sm2: bool,
    for_one_use: u8,
    are_two: bool,
    not_after: u64,
}

impl Rank {
    fn of((sign, encrypt): Two<'_, '_>) -> Self {
        let only_signs = !sign.allows(Certificates::Pair, KeyUse::Encrypt);
        let only_encrypts = !encrypt.allows(Certificates::Pair, KeyUse::Sign);
        Self {
            is_sm2: sign.kind() == Some(KeyKind::Sm2),
            for_one_use: u8::from(only_signs).saturating_add(u8::from(only_encrypts)),
            are_two: sign.x509.der != encrypt.x509.der,
            not_after: sign.x509.not_after.min(encrypt.x509.not_after),
        }
    }

    /// But for how long they last.
    fn is_as_good_as(self, other: Self) -> bool {
        let but_for_time = |rank: Self| (rank.is_sm2, rank.for_one_use, rank.are_two);
        but_for_time(self) == but_for_time(other)
    }
}

impl<'p, 'a> Candidates<'p, 'a> {
    /// The best pair. Of those with the same uses the two that last longest are enough, so that the work is linear.
    fn best(&self) -> Option<(Two<'p, 'a>, Rank)> {
        let uses = |l: &Leaf<'_>| [KeyUse::Sign, KeyUse::Encrypt].map(|u| l.allows(Certificates::Pair, u));
        let kinds = [[true, true], [true, false], [false, true]];
        let few: Vec<&Leaf<'a>> = kinds
            .into_iter()
            .flat_map(|kind| Self::longest(self.0.iter().copied().filter(move |l| uses(l) == kind)))
            .collect();
        let pairs = few
            .iter()
            .filter(|l| uses(l)[0])
            .flat_map(|s| few.iter().filter(|l| uses(l)[1]).map(move |e| ((*s, *e), Rank::of((s, e)))));
        // Of equals the first; `max_by_key` takes the last.
        pairs.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// The two that last longest, in the order they came.
    fn longest(leaves: impl Iterator<Item = &'p Leaf<'a>>) -> Vec<&'p Leaf<'a>> {
        let mut out: Vec<&Leaf<'a>> = Vec::new();
        for leaf in leaves {
            let at = out.iter().position(|l| leaf.x509.not_after > l.x509.not_after).unwrap_or(out.len());
            out.insert(at, leaf);
            out.truncate(2);
        }
        out
    }
}
