//! Identities in place of certificates (GM/T 0024-2023): whose key centres are trusted, and who a peer is under them.
mod identifier;
mod parameters;
#[cfg(test)]
mod tests;

pub(crate) use identifier::Identifier;
#[cfg(feature = "pki")]
pub(crate) use identifier::SM9 as SM9_OID;
pub(super) use parameters::SystemParameters;

use super::{PeerClaim, PeerKeys, PeerRole, ServerName, Verified};
use crate::crypto::sm9::Usage;
use crate::crypto::{Keys, Provider};
use crate::error::{CertificateError, CertificateProblem, ConfigError, CryptoError};
use crate::message::{Credential, DistinguishedNames};
use crate::suite::{SecretSource, Suite};
use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::fmt;

/// The labels of PEM blocks that are written: parameters, and an identity as it is sent.
#[cfg(feature = "pki")]
pub(crate) const PARAMETERS_LABEL: &str = "IBC SYSTEM PARAMETERS";
#[cfg(feature = "pki")]
pub(crate) const IDENTITY_LABEL: &str = "IBC IDENTITY";

/// The longest identity that is taken, as it is sent, in bytes.
pub(super) const MAX_ID: usize = 1024;
/// The longest parameters, in bytes.
pub(super) const MAX_PARAMETERS: usize = 8 * 1024;

/// The key centres that are trusted, by their system parameters (IBCSysParams in DER), which come from a place that is
/// trusted itself. What a peer sends only tells which of these are meant (R-IBC-4); no key out of a message is ever used.
///
/// ```no_run
/// use tlcp::{ClientConfig, KeyCentres, default_provider};
///
/// let parameters = std::fs::read("pki/sm9-centre.pem")?;
/// let centres = KeyCentres::new().trust_files(&[&parameters], &default_provider())?.expect_server(b"bank.example");
/// let config = ClientConfig::builder().key_centres(centres).build()?; // the suites IBC; with an identity, IBSDH too
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct KeyCentres {
    parameters: Vec<Box<[u8]>>,
    server: Option<Box<[u8]>>,
    unnamed: bool,
}

impl KeyCentres {
    /// Trusts no key centre yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the key centre with these parameters.
    ///
    /// # Errors
    /// They do not parse, their keys are not points of the right groups, or the provider has no SM9.
    pub fn trust(mut self, parameters: &[u8], provider: &Provider) -> Result<Self, ConfigError> {
        let read = SystemParameters::read(parameters)
            .map_err(|e| ConfigError::new(format!("a key centre's parameters: {e}")))?;
        for (usage, master) in [(Usage::Sign, read.sign), (Usage::Encrypt, read.encrypt)] {
            let made = provider.keys.sm9_public(usage, read.district, master);
            made.map_err(|e| ConfigError::new(unusable(&read, provider, e)))?;
        }
        if parameters.len() > MAX_PARAMETERS {
            return Err(ConfigError::new("a key centre's parameters are over 8 KiB, which peers refuse"));
        }
        self.parameters.push(parameters.into());
        Ok(self)
    }

    /// On a client: the identityData of the server to be reached, whatever its name. Without it a server must be the DNS name
    /// in lower case that was asked for (R-IBC-6).
    pub fn expect_server(mut self, identity: &[u8]) -> Self {
        self.server = Some(identity.into());
        self
    }

    /// On a server: CertificateRequest names none of them, which says as much as all, and is what gotlcp sends.
    pub fn without_names(mut self) -> Self {
        self.unnamed = true;
        self
    }

    /// Whether no key centre is trusted.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// The names of the trusted key centres, for CertificateRequest (R-HS-21).
    pub fn names(&self) -> DistinguishedNames {
        self.read().filter(|_| !self.unnamed).map(|centre| centre.district).collect()
    }

    fn read(&self) -> impl Iterator<Item = SystemParameters<'_>> {
        self.parameters.iter().filter_map(|der| SystemParameters::read(der).ok())
    }

    /// The trusted copy of what the peer sent (R-IBC-9).
    fn find(&self, sent: &[u8]) -> Result<SystemParameters<'_>, CertificateProblem> {
        if sent.len() > MAX_PARAMETERS {
            return Err(CertificateProblem::MalformedParameters);
        }
        let sent = SystemParameters::read(sent)?;
        self.read().find(|centre| centre.is(&sent)).ok_or(CertificateProblem::UnknownKeyCentre)
    }

    /// The keys of the identity that a peer showed, under the trusted copy of its key centre's parameters. That the peer owns
    /// them is still to be proved.
    ///
    /// # Errors
    /// `MalformedParameters`, `UnsupportedParameters`, `UnknownKeyCentre`.
    pub fn keys(
        &self,
        credential: &Credential,
        suite: &Suite,
        keys: &dyn Keys,
    ) -> Result<PeerKeys, CertificateError> {
        let Credential::Ibc { id, parameter } = credential else {
            return Err(CertificateProblem::Other("certificates where an identity is due").into());
        };
        if id.len() > MAX_ID {
            return Err(CertificateProblem::Other("an identity of more than 1 KiB").into());
        }
        let centre = self.find(parameter)?;
        let data = Identifier::of(id).data;
        let public = |usage, master| {
            keys.sm9_public(usage, data, master).map_err(|_| CertificateProblem::UnsupportedKey)
        };
        Ok(PeerKeys::Identity {
            sign: public(Usage::Sign, centre.sign)?,
            encrypt: public(usage(suite), centre.encrypt)?,
        })
    }

    /// Whether the peer is who it must be, at the time `now` (Unix seconds): under a trusted key centre whose parameters are
    /// valid, as the trusted copy says, and of an identity that is; a server the one that was asked for (R-IBC-6, R-IBC-9).
    ///
    /// # Errors
    /// [`CertificateError`] decides the alert.
    pub fn verify(&self, claim: &PeerClaim, now: u64) -> Result<Verified, CertificateError> {
        let Credential::Ibc { id, parameter } = &*claim.credential else {
            return Err(CertificateProblem::Other("certificates where an identity is due").into());
        };
        let centre = self.find(parameter)?;
        // whoever found the keys may have trusted others
        if !centre.made(&claim.keys) {
            return Err(CertificateProblem::UnknownKeyCentre.into());
        }
        if !(centre.not_before..=centre.not_after).contains(&now) {
            let why = "they have expired, or are not valid yet";
            return Err(CertificateProblem::UnsupportedParameters(why).into());
        }
        let id = Identifier::of(id);
        if let PeerRole::Server(name) = &claim.role
            && !self.is_expected(name, id.data)
        {
            return Err(CertificateProblem::NameMismatch.into());
        }
        if !id.is_valid_at(now) {
            return Err(CertificateProblem::IdentityOutOfDate.into());
        }
        Ok(Verified::assertion(centre.not_after.min(id.not_after)))
    }

    fn is_expected(&self, name: &ServerName<'_>, identity: &[u8]) -> bool {
        match (&self.server, name) {
            (Some(expected), _) => **expected == *identity,
            (None, ServerName::DnsName(name)) => {
                name.as_ref().trim_end_matches('.').to_ascii_lowercase().as_bytes() == identity
            }
            (None, _) => false,
        }
    }

    /// Bytes that differ whenever its decisions could; empty if it trusts nobody (R-SES-10, R-SES-11).
    pub(crate) fn context(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.is_empty() {
            return out;
        }
        for part in self.parameters.iter().chain(&self.server) {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
        out.push(self.server.is_some().into());
        out
    }
}

impl fmt::Debug for KeyCentres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.read().map(|centre| String::from_utf8_lossy(centre.district).into_owned());
        f.debug_list().entries(names).finish()
    }
}

/// What SM9 takes as the identity, of an ibc_id or client_id (R-IBC-7).
pub(crate) fn identity_data(id: &[u8]) -> &[u8] {
    Identifier::of(id).data
}

/// What a peer's other key is for.
pub(crate) fn usage(suite: &Suite) -> Usage {
    match suite.key_exchange.secret {
        SecretSource::Encrypted => Usage::Encrypt,
        SecretSource::Agreed | SecretSource::Ephemeral => Usage::Agree,
    }
}

fn unusable(centre: &SystemParameters<'_>, provider: &Provider, error: CryptoError) -> String {
    let name = String::from_utf8_lossy(centre.district);
    match error {
        CryptoError::Unsupported => format!("the provider {} has no SM9", provider.name),
        _ => format!("the key centre {name}: a master public key is no point of its group"),
    }
}
