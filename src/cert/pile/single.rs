//! The one certificate of a TLS party out of a pile (R-HS-16).
use super::{Leaf, Pile, SINGLE, more_than_one};
use crate::cert::identity::Identity;
use crate::cert::{KeyUse, pem, usage};
use crate::crypto::Provider;
use crate::error::ConfigError;
use crate::suite::Certificates;
use alloc::collections::BTreeMap;
use alloc::{format, vec::Vec};

impl Identity {
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
        let pile = Pile::sort(&items, &passwords, Certificates::Single, provider)?;
        let leaf = pile.choose_single()?;
        Self::assemble(pile.half(leaf)?, None, &pile.cas, pile.notes(&[leaf]), provider)
    }
}

impl<'a> Pile<'a> {
    /// The one certificate of TLS: of its subject and kind of key one that signs rather than one that does not, then the one
    /// that lasts longest, then the one that comes first.
    fn choose_single(&self) -> Result<&Leaf<'a>, ConfigError> {
        let mut best: BTreeMap<_, &Leaf<'a>> = BTreeMap::new();
        let rank = |l: &Leaf<'_>| (l.allows(Certificates::Single, KeyUse::Sign), l.x509.not_after);
        let serves = |l: &&Leaf<'_>| l.kind().is_some_and(|kind| usage::check_single(&l.x509, kind).is_ok());
        for leaf in self.own(SINGLE).filter(serves) {
            let known = best.entry((leaf.x509.subject, leaf.x509.key_algorithm())).or_insert(leaf);
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
                 keyUsage (RSA: or keyEncipherment; or without keyUsage) and the key that belongs to it are needed. {}",
                self.inventory()
            ))),
        }
    }
}
