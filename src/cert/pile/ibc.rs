//! An SM9 identity out of a pile: who it is, its keys, its key centre's parameters. Keys find their uses by trying: gmsm writes
//! those for key exchange and for encryption alike.
use crate::cert::identity::{IbcKeys, Identity, name_of_usage};
use crate::cert::pem::{self, Item, Kind};
use crate::cert::sm9::{Identifier, KeyCentres, SystemParameters};
use crate::cert::{Key, key, pbes2};
use crate::crypto::sm9::Usage;
use crate::crypto::sm9::encoding::PrivateKeyInfo;
use crate::crypto::{PrivateKey, Provider};
use crate::error::ConfigError;
use alloc::{format, string::String, sync::Arc, vec::Vec};
use zeroize::Zeroizing;

impl Identity {
    /// Finds an SM9 identity in any pile of files: the user keys, PKCS#8 in PEM or DER as gmsm and GmSSL write them (encrypted
    /// ones are opened with any of `passwords`), and the key centre's parameters (IBCSysParams in DER, or in PEM as
    /// `IBC SYSTEM PARAMETERS`). GmSSL has its master public keys alone, which are no parameters. Who it is stands in none of
    /// these: `id` says it, as it is to be sent, or a PEM block `IBC IDENTITY` that holds it. What else stands in the files is
    /// passed over.
    ///
    /// # Errors
    /// Says what is missing or does not fit, and where.
    pub fn ibc_from_pile<'p>(
        id: Option<&[u8]>,
        files: &[&[u8]],
        passwords: impl IntoIterator<Item = &'p [u8]>,
        provider: &Provider,
    ) -> Result<Self, ConfigError> {
        let items = pem::items(files)?;
        let passwords: Vec<&[u8]> = passwords.into_iter().collect();
        let parameters = match centres(&items).next() {
            Some(_) => the_only(&items, Kind::KeyCentre, "parameters of a key centre (IBCSysParams)")?,
            None => return Err(no_parameters(&items)),
        };
        let id = match id {
            Some(id) => id,
            None => the_only(&items, Kind::IbcIdentity, "name for the identity (IBC IDENTITY)")?,
        };
        let centre = SystemParameters::read(parameters)
            .map_err(|e| ConfigError::new(format!("the key centre's parameters: {e}")))?;
        let mut slots =
            Slots { id: Identifier::of(id).data, centre, keys: [const { None }; 3], odd: Vec::new() };
        for item in &items {
            match &open(item, &passwords)? {
                Some(PrivateKeyInfo::User { usages, key, .. }) => {
                    slots.add(usages, key, &item.place, provider)
                }
                Some(PrivateKeyInfo::Master { .. }) => {
                    slots
                        .odd
                        .push(format!("{}: a key centre's master key, which is nobody's own", item.place));
                }
                None => {}
            }
        }
        let Slots { keys: [sign, encrypt, agree], odd, .. } = slots;
        let here = |key: Arc<dyn PrivateKey>| Key::Here(key);
        let Some(sign) = sign else {
            let name = String::from_utf8_lossy(Identifier::of(id).data).into_owned();
            return Err(ConfigError::new(format!(
                "no signing key of the SM9 identity {name} under these parameters. {}",
                odd.join("; ")
            )));
        };
        let keys = IbcKeys { sign: here(sign), encrypt: encrypt.map(here), agree: agree.map(here) };
        Self::ibc(id, parameters, keys, provider)
    }

    /// Whether a pile is one for [`Identity::ibc_from_pile`]: it holds a key centre's parameters or its public keys, and no
    /// certificate.
    pub(super) fn is_ibc_pile(items: &[Item]) -> bool {
        let has = |kind| items.iter().any(|item| item.kind == kind);
        (has(Kind::KeyCentre) || has(Kind::MasterPublicKey)) && !has(Kind::Certificate)
    }
}

impl KeyCentres {
    /// Trusts the key centres whose parameters stand in these files, DER or PEM (`IBC SYSTEM PARAMETERS`).
    ///
    /// # Errors
    /// As [`KeyCentres::trust`]; or there is none in them. A master public key, all that GmSSL writes of a key centre, says
    /// neither its name nor its number nor how long it holds, which peers compare (R-IBC-4).
    pub fn trust_files(self, files: &[&[u8]], provider: &Provider) -> Result<Self, ConfigError> {
        let items = pem::items(files)?;
        if centres(&items).next().is_none() {
            return Err(no_parameters(&items));
        }
        centres(&items).try_fold(self, |centres, item| centres.trust(&item.der, provider))
    }
}

fn centres(items: &[Item]) -> impl Iterator<Item = &Item> {
    items.iter().filter(|item| item.kind == Kind::KeyCentre)
}

fn no_parameters(items: &[Item]) -> ConfigError {
    let public = items.iter().find(|item| item.kind == Kind::MasterPublicKey);
    let instead = public.map_or_else(String::new, |item| {
        format!(
            ". {}: a master public key alone, as GmSSL writes it, lacks the key centre's name, number and validity: \
             ask the key centre for its parameters",
            item.place
        )
    });
    ConfigError::new(format!("the files hold no parameters of a key centre (IBCSysParams){instead}"))
}

/// The keys found so far: for signatures, encryption, key exchange.
struct Slots<'a> {
    id: &'a [u8],
    centre: SystemParameters<'a>,
    keys: [Option<Arc<dyn PrivateKey>>; 3],
    /// What was not used, and why.
    odd: Vec<String>,
}

impl Slots<'_> {
    fn add(&mut self, usages: &[Usage], key: &[u8], place: &str, provider: &Provider) {
        for usage in usages {
            let (at, master) = match usage {
                Usage::Sign => (0, self.centre.sign),
                Usage::Encrypt => (1, self.centre.encrypt),
                Usage::Agree => (2, self.centre.encrypt),
            };
            if let Ok(private) = provider.keys.sm9_private(*usage, self.id, master, key)
                && let Some(slot) = self.keys.get_mut(at)
            {
                *slot = Some(private);
                return;
            }
        }
        let usages: Vec<_> = usages.iter().map(|usage| name_of_usage(*usage)).collect();
        self.odd
            .push(format!("{place}: a key for {} of another identity or key centre", usages.join(" or ")));
    }
}

/// What an item holds, if it is an SM9 private key.
fn open(item: &Item, passwords: &[&[u8]]) -> Result<Option<PrivateKeyInfo>, ConfigError> {
    match item.kind {
        Kind::PrivateKey => Ok(PrivateKeyInfo::read(&item.der)),
        Kind::EncryptedPrivateKey => {
            let opened =
                |password: &&[u8]| -> Option<Zeroizing<Vec<u8>>> { pbes2::decrypt(&item.der, password).ok() };
            match passwords.iter().find_map(opened) {
                Some(der) => Ok(PrivateKeyInfo::read(&der)),
                None => {
                    let why = if passwords.is_empty() { key::NO_PASSWORD } else { pbes2::WRONG_PASSWORD };
                    Err(ConfigError::new(format!("{}: {why}", item.place)))
                }
            }
        }
        _ => Ok(None),
    }
}

fn the_only<'a>(items: &'a [Item], kind: Kind, what: &str) -> Result<&'a [u8], ConfigError> {
    let mut found = items.iter().filter(|item| item.kind == kind);
    let Some(one) = found.next() else {
        return Err(ConfigError::new(format!("the files hold no {what}")));
    };
    match found.find(|other| other.der != one.der) {
        None => Ok(&one.der),
        Some(other) => {
            Err(ConfigError::new(format!("{} and {}: more than one {what}", one.place, other.place)))
        }
    }
}
