//! What a peer may feed to the search for paths (R-HS-50). The search tries every way up, so that a list of lookalike CAs
//! would buy its sender much more work than it cost him; of what is chosen here, all ways together are few.
use crate::cert::chain::may_have_issued;
use crate::cert::key_usage::KeyUsageBits;
use crate::cert::x509::X509;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// CA certificates in all.
pub(super) const MOST: usize = 6;
/// CA certificates of one subject: an old and a new one, or two that different CAs certify.
const MOST_OF_ONE_SUBJECT: usize = 2;
/// Bytes of a CA certificate.
const MAX_LENGTH: usize = 8 * 1024;

/// Those of `others` that may lie on a path from one of `leaves`, nearest first. Each is parsed once, and what is of no
/// use is left out without an error.
pub(super) fn select<'a: 'b, 'b, L: Iterator<Item = &'b X509<'a>>>(
    leaves: impl Fn() -> L,
    others: impl Iterator<Item = &'a [u8]>,
    now: u64,
) -> Vec<X509<'a>> {
    // Before X.509 v3 nothing says that it is a CA's.
    let short = others.filter(|der| der.len() <= MAX_LENGTH);
    let mut all: Vec<X509<'a>> = short.filter_map(|der| X509::read(der).ok()).filter(X509::is_v3).collect();
    all.sort_by_key(|ca| Reverse((is_usable(ca, now), ca.not_after)));
    // Those that were chosen stand at the front: first the issuers of the leaves, then those of the last ones chosen.
    let (mut level, mut chosen) = (0..0, 0);
    loop {
        let mut at = chosen;
        while let (Some(first), Some(ca)) = (all.get(..chosen), all.get(at)) {
            let children = first.get(level.clone()).unwrap_or_default();
            let is_above = match level.is_empty() {
                true => leaves().any(|child| may_have_issued(ca, child)),
                false => children.iter().any(|child| may_have_issued(ca, child)),
            };
            if is_above && has_room(first, ca, now) {
                all.get_mut(chosen..=at).unwrap_or_default().rotate_right(1);
                chosen = chosen.saturating_add(1);
            }
            at = at.saturating_add(1);
        }
        level = level.end..chosen;
        if level.is_empty() {
            break;
        }
    }
    all.truncate(chosen);
    all
}

/// An unusable one is taken if its subject has no other, so that the error can say why there is no path.
fn has_room(chosen: &[X509<'_>], ca: &X509<'_>, now: u64) -> bool {
    let namesakes = chosen.iter().filter(|c| c.subject == ca.subject).count();
    let room_for_one_more = namesakes == 0 || (namesakes < MOST_OF_ONE_SUBJECT && is_usable(ca, now));
    chosen.len() < MOST && room_for_one_more && !chosen.iter().any(|c| c.der == ca.der)
}

/// It is a CA's that has not expired.
fn is_usable(ca: &X509<'_>, now: u64) -> bool {
    ca.is_ca && may_sign_certificates(ca) && now <= ca.not_after
}

/// keyUsage, if present, has keyCertSign.
pub(super) fn may_sign_certificates(ca: &X509<'_>) -> bool {
    ca.key_usage.is_none_or(|bits| bits.has_any(KeyUsageBits::KEY_CERT_SIGN))
}

#[cfg(all(test, feature = "std"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::cert::test_vectors::{chain, index};
    use crate::cert::x509::work::READ;

    /// R-HS-50: each certificate of a list is parsed once, however many there are, and few are passed on.
    #[test]
    fn parses_each_certificate_once_and_passes_few_on() {
        let chain = index().iter().map(chain).find(|chain| chain.len() >= 3).unwrap();
        let leaf = X509::read(&chain[0].der).unwrap();
        for count in [1, 10, 100, 1000] {
            let list: Vec<&[u8]> = chain.iter().skip(1).cycle().map(|c| &*c.der).take(count).collect();
            let before = READ.get();
            let chosen = select(|| [&leaf, &leaf].into_iter(), list.into_iter(), leaf.not_before);
            assert_eq!(READ.get() - before, count);
            assert_eq!(chosen.len(), count.min(chain.len() - 1));
        }
    }
}
