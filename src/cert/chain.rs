//! Puts CA certificates in order: each certifies the one before it.
use super::x509::X509;
use alloc::vec::Vec;

/// The CA certificates of `pool` on the way from `leaf` up, as indices; the self-issued root is the last one, if the
/// pool has it. Follows names and, where both have them, key identifiers.
pub(super) fn upwards(leaf: &X509<'_>, pool: &[X509<'_>]) -> Vec<usize> {
    let mut out: Vec<usize> = Vec::new();
    let mut current = leaf;
    while !current.is_self_issued() {
        let issuers = pool
            .iter()
            .enumerate()
            .filter(|(i, ca)| !out.contains(i) && (ca.is_ca || !ca.is_v3()) && may_have_issued(ca, current));
        // of a renewed CA certificate, the one that lasts longest
        let Some((index, issuer)) = issuers.max_by_key(|(_, ca)| ca.not_after) else { break };
        out.push(index);
        current = issuer;
    }
    out
}

/// By names and, where both have them, key identifiers.
pub(super) fn may_have_issued(ca: &X509<'_>, child: &X509<'_>) -> bool {
    let same_key = match (ca.subject_key_id, child.authority_key_id) {
        (Some(ca), Some(child)) => child.is_empty() || ca == child,
        _ => true,
    };
    ca.subject == child.issuer && same_key && ca.der != child.der
}
