//! Bad configuration fails when it is built, with what to do about it.
use super::{Compat, NamedIdentity, Policy, Services};
use crate::cert::KeyUse;
use crate::crypto::{PublicKey, SignatureAlgorithm};
use crate::error::ConfigError;
use crate::session::MAX_LIFETIME;
use crate::suite::{Certificates, KeyKind, SecretSource, Suite};
use crate::wire::{NamedGroup, SignatureScheme};
use alloc::format;

impl Policy {
    /// What every configuration must hold.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fail = |text: &str| Err(ConfigError::new(text));
        if self.suites.is_empty() {
            return fail("no cipher suite is enabled: pass at least one row of suite::SUITES");
        }
        if let Some(foreign) = self.suites.iter().find(|suite| suite.protocol != self.protocol) {
            let text = format!(
                "{} is a suite of {}: one configuration speaks {} alone",
                foreign.id, foreign.protocol.version, self.protocol.version
            );
            return Err(ConfigError::new(text));
        }
        if let Some(bad) = self.alpn.iter().find(|name| name.is_empty() || name.len() > 255) {
            let length = bad.len();
            let text = format!("an ALPN name has {length} bytes: names have 1 to 255");
            return Err(ConfigError::new(text));
        }
        if self.alpn.iter().map(|name| name.len() + 1).sum::<usize>() > 0x4000 {
            return fail("the ALPN names are longer than 16 KiB together: pass fewer");
        }
        if self.handshake_timeout.is_zero() {
            return fail("handshake_timeout is zero: no handshake could end in time");
        }
        if self.limits.certificates < 2 && self.protocol.certificates == Certificates::Pair {
            return fail("limits.certificates is under 2: a pair of certificates could not be shown");
        }
        if self.limits.records_per_key.is_some_and(|records| records < 2) {
            return fail("limits.records_per_key is under 2: Finished alone takes a record");
        }
        if self.session_lifetime > MAX_LIFETIME {
            return fail("session_lifetime is over 86400 seconds: sessions live at most a day");
        }
        match self.protocol.has_tls_extensions {
            true => self.check_tls(),
            false => self.check_without_tls(),
        }
    }

    fn check_tls(&self) -> Result<(), ConfigError> {
        const GROUPS: [NamedGroup; 3] = [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1];
        // R-HS-6, R-HS-13, R-HS-23, R-HS-27
        let of_tlcp = [
            (self.strict_signature_schemes, "strict_signature_schemes"),
            (self.compat != Compat::default(), "compat"),
        ];
        self.refuse_foreign("TLCP", &of_tlcp)?;
        let fail = |text: &str| Err(ConfigError::new(text));
        if self.groups.is_empty() {
            return fail("no group is enabled: pass at least one, such as NamedGroup::X25519");
        }
        if let Some(group) = self.groups.iter().find(|group| !GROUPS.contains(group)) {
            let text =
                format!("the group {group} is not run in TLS here: x25519, secp256r1 and secp384r1 are");
            return Err(ConfigError::new(text));
        }
        if self.signature_schemes.is_empty() {
            return fail("no signature scheme is enabled: pass at least one");
        }
        let is_known = |scheme: &SignatureScheme| {
            SignatureAlgorithm::kind_of(*scheme)
                .is_some_and(|kind| matches!(kind, KeyKind::Rsa | KeyKind::Ecdsa))
        };
        if let Some(scheme) = self.signature_schemes.iter().find(|scheme| !is_known(scheme)) {
            let text = format!("signatures by {scheme} are not made nor taken in TLS here");
            return Err(ConfigError::new(text));
        }
        if self.max_fragment_length.is_some_and(|length| length.bytes().is_none()) {
            return fail("max_fragment_length is none of 512, 1024, 2048 and 4096");
        }
        let needs_extensions = |suite: &&Suite| suite.key_exchange.secret == SecretSource::Ephemeral;
        if let (false, Some(suite)) =
            (self.hello_extensions, self.suites.iter().copied().find(needs_extensions))
        {
            let text = format!("hello_extensions is off, and {} cannot do without", suite.id);
            return Err(ConfigError::new(text));
        }
        Ok(())
    }

    /// TLCP has nothing of what these ask for (R-KEY-4, R-SES-7, R-SES-14, R-AL-9, R-ETM-1).
    fn check_without_tls(&self) -> Result<(), ConfigError> {
        let of_tls = [
            (self.groups != [NamedGroup::CURVE_SM2], "groups"),
            (!self.signature_schemes.is_empty(), "signature_schemes"),
            (self.require_extended_master_secret, "require_ems"),
            (self.require_secure_renegotiation, "require_secure_renegotiation"),
            (self.encrypt_then_mac, "encrypt_then_mac"),
            (self.tickets, "tickets"),
            (self.ask_for_status, "ask_for_status"),
            (self.max_fragment_length.is_some(), "max_fragment_length"),
            (self.is_fallback, "fallback"),
            (self.tls13_elsewhere, "tls13_elsewhere"),
        ];
        self.refuse_foreign("TLS", &of_tls)
    }

    /// What only `other` has is not asked for.
    fn refuse_foreign(&self, other: &str, options: &[(bool, &str)]) -> Result<(), ConfigError> {
        match options.iter().find(|(is_set, _)| *is_set) {
            Some((_, name)) => {
                let text =
                    format!("{name} is {other}'s, and this configuration speaks {}", self.protocol.version);
                Err(ConfigError::new(text))
            }
            None => Ok(()),
        }
    }
}

/// Whose identities are configured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    Client,
    Server,
}

/// Bad configuration fails when it is built: each identity must be of use. Where schemes are named a client signs by any of
/// them, whatever the suite (R-T12-8).
pub(super) fn check_identities(
    policy: &Policy,
    services: &Services,
    party: Party,
) -> Result<(), ConfigError> {
    let by_scheme = |key: &PublicKey| policy.signature_schemes.iter().any(|s| key.signs_by(*s));
    let by_suite = |key: &PublicKey| policy.suites.iter().any(|s| s.key_exchange.authenticates == key.kind());
    let is_taken = |key: &&PublicKey| match party {
        Party::Client if policy.protocol.names_signature_scheme => by_scheme(key),
        Party::Client | Party::Server => by_suite(key),
    };
    let certificates = policy.protocol.certificates;
    if services.verifier.as_ref().is_some_and(|verifier| !verifier.verifies(certificates)) {
        let text = match certificates {
            Certificates::Pair => {
                "the verifier is for TLS's single certificates: give TLCP's another CertPolicy"
            }
            _ => "the verifier is for TLCP's pairs: build it with CertPolicy::Web",
        };
        return Err(ConfigError::new(text));
    }
    let fits = |named: &&NamedIdentity| match named.identity.certificates() {
        Certificates::Identity => !policy.protocol.names_signature_scheme,
        shown => shown == policy.protocol.certificates,
    };
    if services.identities.iter().any(|named| !fits(&named)) {
        let text = match policy.protocol.certificates {
            Certificates::Pair => "an identity has one certificate, and TLCP shows two: pass a pair",
            _ => "an identity has two certificates, or is SM9's, and TLS shows one: pass a single one",
        };
        return Err(ConfigError::new(text));
    }
    let mut keys = services.identities.iter().map(|named| named.identity.public_key(KeyUse::Sign));
    match keys.find(|key| !is_taken(key)) {
        Some(PublicKey::Sm9(_)) => Err(ConfigError::new(
            "an identity has SM9 keys, and no enabled suite takes them: trust its key centre in `key_centres`",
        )),
        Some(key) => Err(ConfigError::new(format!(
            "an identity has {:?} keys, and no enabled suite takes them: name one that does in `suites`",
            key.kind()
        ))),
        None => Ok(()),
    }
}
