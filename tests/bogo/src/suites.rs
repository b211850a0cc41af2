//! OpenSSL's language of cipher lists, as far as the runner speaks it, and the lists of code points.
use crate::Stop;
use crate::options::Options;
use tlcp::crypto::SignatureAlgorithm;
use tlcp::suite::{Suite, TLS12};
use tlcp::wire::{NamedGroup, SignatureScheme};

/// Every suite of TLS 1.2, as BoringSSL has them on; or those of `-cipher`.
pub(crate) fn suites(options: &Options) -> Result<Vec<&'static Suite>, Stop> {
    let Some(text) = options.text("-cipher") else { return Ok(TLS12.suites().collect()) };
    let mut list: Vec<&'static Suite> = Vec::new();
    for word in text.split(':') {
        if word.starts_with('[') {
            return Err(Stop::unimplemented("suites of equal preference"));
        } else if let Some(without) = word.strip_prefix('!') {
            list.retain(|suite| !suite.openssl_name.contains(without));
        } else if let Some(suite) = Suite::by_name(word) {
            list.push(suite);
        } else {
            list.extend(
                TLS12
                    .suites()
                    .filter(|s| ["ALL", "DEFAULT"].contains(&word) || s.openssl_name.contains(word)),
            );
        }
    }
    if list.is_empty() { Err(Stop::unimplemented(format!("-cipher {text}"))) } else { Ok(list) }
}

/// The library's groups, or those of `-curves`.
pub(crate) fn groups(options: &Options) -> Result<Option<Vec<NamedGroup>>, Stop> {
    const HERE: [NamedGroup; 3] = [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1];
    let wanted: Vec<NamedGroup> = options.numbers("-curves")?.into_iter().map(NamedGroup).collect();
    match wanted.iter().find(|group| !HERE.contains(group)) {
        Some(group) => Err(Stop::unimplemented(format!("the group {group}"))),
        None => Ok((!wanted.is_empty()).then_some(wanted)),
    }
}

/// Signature schemes, all of which the library must have.
pub(crate) fn schemes(list: Vec<u16>) -> Result<Option<Vec<SignatureScheme>>, Stop> {
    let wanted: Vec<SignatureScheme> = list.into_iter().map(SignatureScheme).collect();
    match wanted.iter().find(|scheme| SignatureAlgorithm::of(**scheme).is_none()) {
        Some(scheme) => Err(Stop::unimplemented(format!("signatures by {scheme}"))),
        None => Ok((!wanted.is_empty()).then_some(wanted)),
    }
}

/// Of signature schemes those that the library has, which must be one at least.
pub(crate) fn known_schemes(list: Vec<u16>) -> Result<Option<Vec<SignatureScheme>>, Stop> {
    let known = |scheme: &u16| SignatureAlgorithm::of(SignatureScheme(*scheme)).is_some();
    let here: Vec<u16> = list.iter().copied().filter(known).collect();
    schemes(if here.is_empty() { list } else { here })
}
