//! An SM9 key centre for tests and demonstrations, with its users.
use super::{Options, bad_name, time};
use crate::cert::sm9::{IDENTITY_LABEL, PARAMETERS_LABEL, SM9_OID};
use crate::cert::to_pem;
use crate::cert::{IbcKeys, Identity, Key, KeyCentres};
use crate::crypto::sm9::encoding::{
    MASTER_PUBLIC_LABELS, write_master_private, write_master_public, write_user_private,
};
use crate::crypto::sm9::{MasterKey, MasterKind, Usage};
use crate::crypto::{Draw, Provider, Random};
use crate::error::{ConfigError, CryptoError};
use crate::wire::der::{INTEGER, OCTET_STRING, OID, SEQUENCE, element};
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::fmt;
use der::{Encode, asn1::Ia5StringRef};
use x509_cert::time::Time;
use zeroize::Zeroizing;

/// A key centre: it can make the keys of any identity under it, and read all that is encrypted to one.
#[derive(Clone)]
pub struct KeyCentre {
    sign: Master,
    encrypt: Master,
    parameters: Vec<u8>,
}

impl fmt::Debug for KeyCentre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyCentre({} bytes of parameters)", self.parameters.len())
    }
}

impl KeyCentre {
    /// One with new master keys, whose parameters are called `name` (ASCII) and valid as `options` says.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`]; [`CryptoError::Unsupported`] if the provider has no SM9; [`CryptoError::BadName`].
    pub fn new(
        name: &str,
        options: &Options,
        provider: &Provider,
        random: &dyn Random,
    ) -> Result<Self, CryptoError> {
        let sign = Master::new(MasterKind::Sign, provider, random)?;
        let encrypt = Master::new(MasterKind::Encrypt, provider, random)?;
        let keys = [encrypt.key.public(), sign.key.public()];
        let validity = [options.not_before, options.not_after].map(time);
        let parameters = parameters(name, validity, keys).map_err(bad_name)?;
        Ok(Self { sign, encrypt, parameters })
    }

    /// Its system parameters: IBCSysParams in DER.
    pub fn parameters(&self) -> &[u8] {
        &self.parameters
    }

    /// The same as PEM.
    pub fn parameters_pem(&self) -> String {
        to_pem(PARAMETERS_LABEL, &self.parameters).as_str().into()
    }

    /// Its master keys as PKCS#8 in PEM: for signatures, for encryption and key exchange.
    pub fn master_keys_pem(&self) -> [Zeroizing<String>; 2] {
        [&self.sign, &self.encrypt].map(|Master { kind, scalar, key }| {
            to_pem("PRIVATE KEY", &write_master_private(*kind, scalar, key.public()))
        })
    }

    /// Its master public keys in PEM, as gmsm and GmSSL read them.
    pub fn public_keys_pem(&self) -> [String; 2] {
        let [sign, encrypt] = MASTER_PUBLIC_LABELS;
        [(sign, &self.sign), (encrypt, &self.encrypt)]
            .map(|(label, of)| to_pem(label, &write_master_public(of.key.public())).as_str().into())
    }

    /// A user of it, who is called `identity`.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] for the one identity in 2^255 that has no key.
    pub fn user(&self, identity: &[u8]) -> Result<IbcUser, CryptoError> {
        let make = |usage: Usage| -> Result<UserKey, CryptoError> {
            let master = if usage == Usage::Sign { &self.sign.key } else { &self.encrypt.key };
            let key = Zeroizing::new(master.user_key(usage, identity)?.to_vec());
            Ok(UserKey { usage, key, master: master.public().to_vec() })
        };
        Ok(IbcUser {
            identity: identity.to_vec(),
            parameters: self.parameters.clone(),
            keys: [make(Usage::Sign)?, make(Usage::Encrypt)?, make(Usage::Agree)?],
        })
    }

    /// Trusts this key centre, for configurations.
    ///
    /// # Errors
    /// The provider has no SM9.
    pub fn centres(&self, provider: &Provider) -> Result<KeyCentres, ConfigError> {
        KeyCentres::new().trust(&self.parameters, provider)
    }

    /// All of it as files for `tlcp pki`: the parameters, the master keys, and a file for each of these users.
    ///
    /// # Errors
    /// As [`KeyCentre::user`].
    pub fn files(&self, users: &[(&str, &[u8])]) -> Result<Vec<(String, Zeroizing<String>)>, CryptoError> {
        let [sign, encrypt] = self.master_keys_pem();
        let both = Zeroizing::new(format!("{}{}", *sign, *encrypt));
        let mut files = Vec::from([
            (String::from("sm9-centre.pem"), Zeroizing::new(self.parameters_pem())),
            (String::from("sm9-centre.key"), both),
            (String::from("sm9-centre.pub"), Zeroizing::new(self.public_keys_pem().concat())),
        ]);
        for (name, identity) in users {
            files.push((format!("sm9-{name}.pem"), self.user(identity)?.pem()));
        }
        Ok(files)
    }
}

/// A key centre's user with all three keys.
#[derive(Clone)]
pub struct IbcUser {
    identity: Vec<u8>,
    parameters: Vec<u8>,
    keys: [UserKey; 3],
}

#[derive(Clone)]
struct UserKey {
    usage: Usage,
    key: Zeroizing<Vec<u8>>,
    master: Vec<u8>,
}

impl fmt::Debug for IbcUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IbcUser({})", String::from_utf8_lossy(&self.identity).escape_debug())
    }
}

impl IbcUser {
    /// Ready for configurations.
    ///
    /// # Errors
    /// The provider has no SM9.
    pub fn identity(&self, provider: &Provider) -> Result<Identity, ConfigError> {
        let key = |of: &UserKey| {
            let made = provider.keys.sm9_private(of.usage, &self.identity, &of.master, &of.key);
            made.map(Key::Here).map_err(|e| ConfigError::new(format!("an SM9 user key: {e}")))
        };
        let [sign, encrypt, agree] = &self.keys;
        let keys = IbcKeys { sign: key(sign)?, encrypt: Some(key(encrypt)?), agree: Some(key(agree)?) };
        Identity::ibc(&self.identity, &self.parameters, keys, provider)
    }

    /// All of it in one PEM file, for [`Identity::from_pile`]: who it is, the key centre's parameters, the keys in PKCS#8.
    pub fn pem(&self) -> Zeroizing<String> {
        let keys = self
            .keys
            .each_ref()
            .map(|of| to_pem("PRIVATE KEY", &write_user_private(of.usage, &of.key, &of.master)));
        let [sign, encrypt, agree] = &keys;
        let (id, parameters) =
            (to_pem(IDENTITY_LABEL, &self.identity), to_pem(PARAMETERS_LABEL, &self.parameters));
        Zeroizing::new([&**id, &**parameters, &**sign, &**encrypt, &**agree].concat())
    }
}

/// One of its two key pairs.
#[derive(Clone)]
struct Master {
    kind: MasterKind,
    scalar: Zeroizing<[u8; 32]>,
    key: Arc<dyn MasterKey>,
}

impl Master {
    fn new(kind: MasterKind, provider: &Provider, random: &dyn Random) -> Result<Self, CryptoError> {
        let mut scalar = Zeroizing::new([0; 32]);
        // out of range for half of all draws at most
        for _ in 0..64 {
            random.fill(Draw::PrivateKey, &mut *scalar)?;
            match provider.keys.sm9_master(kind, &*scalar) {
                Ok(key) => return Ok(Self { kind, scalar, key }),
                Err(CryptoError::Unsupported) => return Err(CryptoError::Unsupported),
                Err(_) => {}
            }
        }
        Err(CryptoError::NoRandomness)
    }
}

/// IBCSysParams, number 1. Its issuer has no end of its own: not every reader takes one (R-IBC-8).
fn parameters(name: &str, [from, to]: [Time; 2], [encrypt, sign]: [&[u8]; 2]) -> der::Result<Vec<u8>> {
    const ONE: &[u8] = &[INTEGER, 1, 1];
    const TWO: &[u8] = &[INTEGER, 1, 2];
    let oid = element(OID, &[SM9_OID]);
    let named = element(OCTET_STRING, &[name.as_bytes()]);
    let data = element(SEQUENCE, &[&named, &write_master_public(encrypt), &write_master_public(sign)]);
    let algorithm = element(SEQUENCE, &[&oid, &element(OCTET_STRING, &[&data])]);
    let (from, to) = (from.to_der()?, to.to_der()?);
    Ok(element(
        SEQUENCE,
        &[
            TWO,
            &Ia5StringRef::new(name)?.to_der()?,
            ONE,
            &element(SEQUENCE, &[&from, &to]),
            &element(SEQUENCE, &[&algorithm]),
            &oid,
            &element(SEQUENCE, &[ONE, &oid, &named, &from]),
        ],
    ))
}
