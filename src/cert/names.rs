//! Names: whether a certificate is for the one that was asked for (R-HS-41), and names as text.
use super::ServerName;
use super::x509::X509;
use crate::wire::der::{Der, OID, SEQUENCE, SET, UTF8_STRING};
use alloc::{format, string::String, vec::Vec};
use core::fmt::Write;
use core::net::IpAddr;

const COMMON_NAME: &[u8] = b"\x55\x04\x03";
/// GeneralName: dNSName [2], iPAddress [7].
const DNS: u8 = 0x82;
const IP: u8 = 0x87;

/// Whether `certificate` is for `reference` (R-HS-41): a DNS name against dNSName, an address against iPAddress. With
/// `common_name`, a certificate with neither kind of name in subjectAltName is taken by its last CN, if that equals a
/// DNS reference exactly.
pub(super) fn matches(certificate: &X509<'_>, reference: &ServerName<'_>, common_name: bool) -> bool {
    let mut has_names = false;
    let mut found = false;
    let mut names = Der::new(certificate.subject_alt_name.unwrap_or_default());
    while !names.is_empty() {
        let Ok(name) = names.next() else { return false };
        has_names |= matches!(name.tag, DNS | IP);
        found |= match (name.tag, reference) {
            (DNS, ServerName::DnsName(wanted)) => dns_matches(name.value, wanted.as_ref()),
            (IP, ServerName::IpAddress(wanted)) => ip_matches(name.value, wanted),
            _ => false,
        };
    }
    match reference {
        ServerName::DnsName(wanted) if common_name && !has_names => last_common_name(certificate)
            .is_some_and(|cn| cn.eq_ignore_ascii_case(without_dot(wanted.as_ref()).as_bytes())),
        _ => found,
    }
}

/// The DNS names of subjectAltName.
pub(super) fn dns<'a>(certificate: &X509<'a>) -> Vec<&'a [u8]> {
    let mut names = Der::new(certificate.subject_alt_name.unwrap_or_default());
    core::iter::from_fn(|| names.next().ok()).filter(|name| name.tag == DNS).map(|name| name.value).collect()
}

fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// A wildcard is the whole left-most label, and two labels at least follow it.
pub(super) fn dns_matches(presented: &[u8], wanted: &str) -> bool {
    let wanted = without_dot(wanted).as_bytes();
    let Some(domain) = presented.strip_prefix(b"*.") else {
        return !presented.is_empty() && !presented.contains(&b'*') && presented.eq_ignore_ascii_case(wanted);
    };
    let mut labels = wanted.splitn(2, |b| *b == b'.');
    let (Some([_, ..]), Some(rest)) = (labels.next(), labels.next()) else { return false };
    let inner_dot = domain.iter().position(|b| *b == b'.').is_some_and(|at| at > 0);
    inner_dot && !domain.contains(&b'*') && domain.eq_ignore_ascii_case(rest)
}

fn ip_matches(presented: &[u8], wanted: &rustls_pki_types::IpAddr) -> bool {
    match wanted {
        rustls_pki_types::IpAddr::V4(a) => presented == a.as_ref(),
        rustls_pki_types::IpAddr::V6(a) => presented == a.as_ref(),
    }
}

/// The value of the last CN in the subject.
fn last_common_name<'a>(certificate: &X509<'a>) -> Option<&'a [u8]> {
    attributes(certificate.subject).filter(|(id, _, _)| *id == COMMON_NAME).map(|(_, _, value)| value).last()
}

/// (type, tag, value) of each attribute of a DER name, in order; ends where the DER does.
fn attributes(name: &[u8]) -> impl Iterator<Item = (&[u8], u8, &[u8])> {
    let mut sets = Der::new(name).enter(SEQUENCE).unwrap_or(Der::new(&[]));
    let mut set = Der::new(&[]);
    core::iter::from_fn(move || {
        if set.is_empty() {
            set = sets.enter(SET).ok()?;
        }
        let mut attribute = set.enter(SEQUENCE).ok()?;
        let id = attribute.expect(OID).ok()?;
        let value = attribute.next().ok()?;
        Some((id, value.tag, value.value))
    })
}

/// The names that a certificate is for, as text: DNS names and addresses of subjectAltName, the common name.
pub(super) fn all(certificate: &X509<'_>) -> String {
    let mut found = Vec::new();
    let mut names = Der::new(certificate.subject_alt_name.unwrap_or_default());
    while let Ok(name) = names.next() {
        match (name.tag, <[u8; 4]>::try_from(name.value), <[u8; 16]>::try_from(name.value)) {
            (DNS, ..) => found.push(format!("{}", name.value.escape_ascii())),
            (IP, Ok(v4), _) => found.push(format!("{}", IpAddr::from(v4))),
            (IP, _, Ok(v6)) => found.push(format!("{}", IpAddr::from(v6))),
            _ => {}
        }
    }
    let common_name =
        last_common_name(certificate).map(|cn| format!("CN {}", String::from_utf8_lossy(cn).escape_debug()));
    match (found.is_empty(), common_name) {
        (false, _) => format!("it is for {}", found.join(", ")),
        (true, Some(cn)) => format!("it has no name but {cn}"),
        (true, None) => String::from("it has no name"),
    }
}

/// A DER name as text, most specific attribute first: `CN=server, O=Example, C=CN`.
pub(crate) fn text(name: &[u8]) -> String {
    const TYPES: [(&[u8], &str); 7] = [
        (COMMON_NAME, "CN"),
        (b"\x55\x04\x06", "C"),
        (b"\x55\x04\x07", "L"),
        (b"\x55\x04\x08", "ST"),
        (b"\x55\x04\x0a", "O"),
        (b"\x55\x04\x0b", "OU"),
        (b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress"),
    ];
    let mut parts: Vec<String> = attributes(name)
        .map(|(id, tag, value)| {
            let kind = TYPES.iter().find(|(known, _)| *known == id).map_or("?", |(_, name)| *name);
            // PrintableString, TeletexString, IA5String, UTF8String: whatever is UTF-8 is shown
            match (tag, core::str::from_utf8(value)) {
                (UTF8_STRING | 0x13 | 0x14 | 0x16, Ok(text)) => format!("{kind}={}", text.escape_debug()),
                _ => format!("{kind}={}", hex(value)),
            }
        })
        .collect();
    parts.reverse();
    if parts.is_empty() { String::from("(empty name)") } else { parts.join(", ") }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, b| {
        // writing to a String does not fail
        let _ = write!(out, "{b:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::der::element;

    /// R-HS-41: case does not count, `*` is the whole left-most label, and two labels at least follow it.
    #[test]
    fn matches_dns_names() {
        for (presented, wanted, expected) in [
            ("example.com", "example.com", true),
            ("EXAMPLE.com", "example.COM", true),
            ("example.com", "example.com.", true),
            ("example.com.", "example.com", false),
            ("localhost", "localhost", true),
            ("example.com", "www.example.com", false),
            ("www.example.com", "example.com", false),
            ("*.example.com", "www.example.com", true),
            ("*.EXAMPLE.com", "www.example.com.", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.com", "example.com", false),
            ("*.com.", "example.com", false),
            ("*..com", "a..com", false),
            ("*.", "localhost", false),
            ("*", "localhost", false),
            ("w*.example.com", "www.example.com", false),
            ("*w.example.com", "www.example.com", false),
            ("www.*.com", "www.example.com", false),
            ("*.*.com", "www.example.com", false),
            ("*.xn--fiqs8s.example", "www.xn--fiqs8s.example", true),
            ("", "example.com", false),
            ("example.com\0", "example.com", false),
            ("www.example.com\0.evil.example", "www.example.com", false),
        ] {
            assert_eq!(dns_matches(presented.as_bytes(), wanted), expected, "{presented} for {wanted}");
        }
    }

    #[test]
    fn writes_names_most_specific_attribute_first_and_escapes() {
        let attribute = |id: &[u8], tag, value: &[u8]| {
            element(SET, &[&element(SEQUENCE, &[&element(OID, &[id]), &element(tag, &[value])])])
        };
        let name = element(
            SEQUENCE,
            &[
                &attribute(b"\x55\x04\x06", 0x13, b"CN"),
                &attribute(b"\x55\x04\x0a", UTF8_STRING, "测试\n".as_bytes()),
                &attribute(b"\x55\x04\x63", UTF8_STRING, b"x"),
                &attribute(COMMON_NAME, 0x1e, b"\0A"),
            ],
        );
        assert_eq!(text(&name), "CN=0041, ?=x, O=测试\\n, C=CN");
        assert_eq!(text(&[SEQUENCE, 0]), "(empty name)");
        assert_eq!(text(b"garbage"), "(empty name)");
    }
}
