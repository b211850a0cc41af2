//! TLCP's pair out of a pile: which certificate signs, which encrypts.
use super::{Leaf, PAIR, Pile, SINGLE, more_than_one};
use crate::cert::identity::Identity;
use crate::cert::{KeyUse, pem};
use crate::crypto::Provider;
use crate::error::ConfigError;
use crate::suite::{Certificates, KeyKind};
use alloc::collections::BTreeMap;
use alloc::{format, vec::Vec};
use core::cmp::Reverse;

/// A signing and an encryption certificate.
type Two<'p, 'a> = (&'p Leaf<'a>, &'p Leaf<'a>);

impl Identity {
    /// Finds the pair in any pile of files. Each is PEM, with any number of blocks, or DER; keys are PKCS#8 (encrypted
    /// ones are opened with any of `passwords`), EC or RSA PRIVATE KEY. Certificates find their keys by the public key and
    /// their places by keyUsage, CA certificates are put in order, and what else stands in the files, such as keys of
    /// other algorithms, is passed over; [`Identity::report`] tells of it. One certificate with both usages takes both
    /// places.
    ///
    /// Without any certificate, but with an SM9 key centre's parameters, it is an SM9 identity (`Identity::ibc_from_pile`).
    ///
    /// # Errors
    /// Says what is missing or does not fit, and where.
    pub fn from_pile<'p>(
        files: &[&[u8]],
        passwords: impl IntoIterator<Item = &'p [u8]>,
        provider: &Provider,
    ) -> Result<Self, ConfigError> {
        let items = pem::items(files)?;
        #[cfg(feature = "sm9")]
        if Self::is_ibc_pile(&items) {
            return Self::ibc_from_pile(None, files, passwords, provider);
        }
        let passwords: Vec<&[u8]> = passwords.into_iter().collect();
        let pile = Pile::sort(&items, &passwords, Certificates::Pair, provider)?;
        let (sign, encrypt) = pile.choose()?;
        let notes = pile.notes(&[sign, encrypt]);
        Self::assemble(pile.half(sign)?, Some(pile.half(encrypt)?), &pile.cas, notes, provider)
    }
}

impl<'a> Pile<'a> {
    /// The best pair: both keys of one kind, SM2's rather than RSA's; of one subject, each certificate for one use alone, two
    /// certificates rather than one, the one that lasts longest, the one that comes first.
    fn choose(&self) -> Result<Two<'_, 'a>, ConfigError> {
        let fit = |key_use| self.own(PAIR).filter(move |l| l.allows(Certificates::Pair, key_use));
        for (key_use, what, bits) in [
            (KeyUse::Sign, "signing", "digitalSignature or nonRepudiation"),
            (KeyUse::Encrypt, "encryption", "keyEncipherment, dataEncipherment or keyAgreement"),
        ] {
            if fit(key_use).next().is_none() {
                let is_single = self.own(SINGLE).next().is_some();
                let hint = if is_single {
                    " One certificate alone is TLS's: Identity::single_from_pile."
                } else {
                    ""
                };
                return Err(ConfigError::new(format!(
                    "no {what} certificate with its private key: a certificate with {bits} in keyUsage (or without \
                     keyUsage) and the key that belongs to it are needed. {}{hint}",
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
