//! The PROXY protocol, version 2: tells a backend who the client is, before its first byte.
//! <https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>, section 2.2.
use std::net::{IpAddr, SocketAddr};
use tlcp::conn::ServerConnection;
use tlcp::wire::ProtocolVersion;

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2, PROXY: of a connection that somebody else made.
const PROXY: u8 = 0x21;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;

const TYPE_ALPN: u8 = 0x01;
const TYPE_AUTHORITY: u8 = 0x02;
const TYPE_SSL: u8 = 0x20;
const SSL_VERSION: u8 = 0x21;
const SSL_CIPHER: u8 = 0x23;

/// Flags of `TYPE_SSL`: the client came over TLS; it showed a certificate on this connection; or in this session, at least.
const CLIENT_SSL: u8 = 0x01;
const CLIENT_CERT_CONN: u8 = 0x02;
const CLIENT_CERT_SESS: u8 = 0x04;

/// What stands in a header beside the addresses.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts<'a> {
    pub(super) alpn: Option<&'a [u8]>,
    pub(super) authority: Option<&'a str>,
    pub(super) version: &'a str,
    pub(super) cipher: &'a str,
    pub(super) has_certificate: bool,
    pub(super) is_resumed: bool,
}

/// The header for a client's connection.
pub(super) fn of(connection: &ServerConnection, from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    let cipher = connection.cipher_suite().map_or_else(String::new, |suite| suite.id.to_string());
    header(
        from,
        to,
        &Facts {
            alpn: connection.alpn(),
            authority: connection.server_name(),
            version: if connection.version() == ProtocolVersion::TLCP { "TLCP" } else { "TLSv1.2" },
            cipher: &cipher,
            has_certificate: connection.peer_certificates().is_some(),
            is_resumed: connection.is_resumed(),
        },
    )
}

fn header(from: SocketAddr, to: SocketAddr, facts: &Facts<'_>) -> Vec<u8> {
    let mut rest = Vec::new();
    let family = match (from.ip().to_canonical(), to.ip().to_canonical()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            rest.extend([source.octets(), destination.octets()].concat());
            TCP4
        }
        (source, destination) => {
            let [source, destination] = [source, destination].map(|ip| match ip {
                IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
                IpAddr::V6(v6) => v6.octets(),
            });
            rest.extend([source, destination].concat());
            TCP6
        }
    };
    rest.extend([from.port().to_be_bytes(), to.port().to_be_bytes()].concat());
    if let Some(alpn) = facts.alpn {
        vector(&mut rest, TYPE_ALPN, alpn);
    }
    if let Some(name) = facts.authority {
        vector(&mut rest, TYPE_AUTHORITY, name.as_bytes());
    }
    vector(&mut rest, TYPE_SSL, &ssl(facts));
    let length = u16::try_from(rest.len()).unwrap_or(u16::MAX);
    [&SIGNATURE[..], &[PROXY, family], &length.to_be_bytes(), &rest].concat()
}

/// A certificate that was shown was verified: otherwise there were no connection.
fn ssl(facts: &Facts<'_>) -> Vec<u8> {
    let certificate = match (facts.has_certificate, facts.is_resumed) {
        (false, _) => 0,
        (true, true) => CLIENT_CERT_SESS,
        (true, false) => CLIENT_CERT_CONN | CLIENT_CERT_SESS,
    };
    let verify = u32::from(!facts.has_certificate);
    let mut value = vec![CLIENT_SSL | certificate];
    value.extend(verify.to_be_bytes());
    vector(&mut value, SSL_VERSION, facts.version.as_bytes());
    vector(&mut value, SSL_CIPHER, facts.cipher.as_bytes());
    value
}

/// Type, length, value. None is longer than a few hundred bytes: names are of at most 255.
fn vector(out: &mut Vec<u8>, kind: u8, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    out.push(kind);
    out.extend(length.to_be_bytes());
    out.extend(value.iter().take(usize::from(length)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts<'static> {
        Facts { version: "TLCP", cipher: "ECC_SM4_GCM_SM3", ..Facts::default() }
    }

    /// Laid out by hand from section 2.2 of the specification.
    #[test]
    fn the_header_for_ipv4_is_as_published() {
        let facts = Facts {
            alpn: Some(b"h2"),
            authority: Some("a.example"),
            has_certificate: true,
            is_resumed: false,
            ..facts()
        };
        let header = header("192.0.2.1:4660".parse().unwrap(), "198.51.100.7:443".parse().unwrap(), &facts);
        let expected = [
            "0d0a0d0a000d0a515549540a",             // signature
            "21",                                   // version 2, PROXY
            "11",                                   // AF_INET, STREAM
            "003e",                                 // 62 bytes follow
            "c0000201c6336407123401bb",             // addresses, ports
            "0100026832",                           // ALPN h2
            "020009612e6578616d706c65",             // authority a.example
            "20001e",                               // SSL, 30 bytes
            "07",             // by TLS, certificate on this connection and in this session
            "00000000",       // verified
            "210004544c4350", // version TLCP
            "23000f4543435f534d345f47434d5f534d33", // cipher ECC_SM4_GCM_SM3
        ];
        assert_eq!(hex::encode(&header), expected.concat());
    }

    #[test]
    fn the_header_for_ipv6_is_as_published_and_mapped_addresses_are_ipv4() {
        let to: SocketAddr = "[2001:db8::2]:443".parse().unwrap();
        let header6 = header("[2001:db8::1]:4660".parse().unwrap(), to, &facts());
        let start = "0d0a0d0a000d0a515549540a2121004520010db800000000000000000000000120010db8000000000000000000000002123401bb";
        assert!(hex::encode(&header6).starts_with(start), "{}", hex::encode(&header6));
        assert!(
            hex::encode(&header6)
                .ends_with("20001e0100000001210004544c435023000f4543435f534d345f47434d5f534d33")
        );
        let mapped = |text: &str| text.parse().unwrap();
        assert_eq!(
            header(mapped("[::ffff:192.0.2.1]:1"), mapped("[::ffff:192.0.2.2]:2"), &facts()),
            header(mapped("192.0.2.1:1"), mapped("192.0.2.2:2"), &facts())
        );
    }
}
