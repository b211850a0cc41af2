//! Which suites a configuration can use.
use super::check::Party;
use super::{ClientAuth, Policy, Services};
use crate::cert::{Identity, KeyUse};
use crate::error::ConfigError;
use crate::suite::{Certificates, Protocol, Suite};
use alloc::{format, vec::Vec};

/// Those that nobody need name.
pub(super) fn by_default(protocol: &Protocol) -> impl Iterator<Item = &'static Suite> {
    protocol.suites().filter(|suite| suite.by_default)
}

/// The suites asked for, all of which must work; or those by default that can, to which those of SM9 belong where key centres are
/// trusted.
pub(super) fn select(
    policy: &Policy,
    services: &Services,
    party: Party,
    wanted: Option<&[&'static Suite]>,
) -> Result<Vec<&'static Suite>, ConfigError> {
    let missing = |suite: &Suite| missing(suite, policy, services, party);
    let Some(wanted) = wanted else {
        let by_identity = policy.protocol.suites().filter(|suite| takes_identities(suite, policy));
        let all = by_default(policy.protocol).chain(by_identity);
        return Ok(all.filter(|suite| missing(suite).is_none()).collect());
    };
    for suite in wanted {
        if let Some(why) = missing(suite) {
            // R-CS-3
            let is = if suite.key_exchange.is_mutual() { " is always mutual, and" } else { ":" };
            return Err(ConfigError::new(format!("{}{is} {why}", suite.id)));
        }
    }
    Ok(wanted.to_vec())
}

/// Whether there are key centres for a suite of SM9.
fn takes_identities(suite: &Suite, policy: &Policy) -> bool {
    suite.certificates() == Certificates::Identity && policy.trusts_centres()
}

/// What the suite needs and the configuration has not: to verify the other side, and of a client an identity of its own.
fn missing(suite: &Suite, policy: &Policy, services: &Services, party: Party) -> Option<&'static str> {
    let mutual = suite.key_exchange.is_mutual();
    let verifies = match party {
        Party::Client => true,
        Party::Server => mutual || policy.client_auth != ClientAuth::None,
    };
    let can_verify = match suite.certificates() {
        Certificates::Identity => takes_identities(suite, policy),
        _ => services.verifier.is_some() || services.verify_later.is_some(),
    };
    if verifies && !can_verify {
        return Some(match (suite.certificates(), party) {
            (Certificates::Identity, _) => "no key centre is trusted: pass its parameters in `key_centres`",
            (_, Party::Client) => "there is no verifier: pass one made from the CA certificates you trust",
            (_, Party::Server) => "there is no verifier for clients: pass one made from their CA",
        });
    }
    let is_of_use = |identity: &Identity| {
        identity.public_key(KeyUse::Sign).kind() == suite.key_exchange.authenticates
            && identity.allows(KeyUse::Agree)
    };
    let has_identity =
        services.select_later.is_some() || services.identities.iter().any(|named| is_of_use(&named.identity));
    match (party, suite.certificates()) {
        (Party::Client, Certificates::Identity) if mutual && !has_identity => {
            Some("no identity is configured: pass an SM9 identity that has a key for key exchange")
        }
        (Party::Client, _) if mutual && !has_identity => {
            Some("no identity is configured: pass a certificate pair")
        }
        _ => None,
    }
}
