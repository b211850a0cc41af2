//! Hosts and ports as they are written.
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// How a place to listen at is written, for errors.
pub(crate) const LISTEN: &str = "write it as 127.0.0.1:4433, [::1]:4433 or :4433";

/// `:PORT` is that port at all addresses of this machine: of both families where it has both, so that the first that can
/// be had is meant.
pub(crate) fn every_address(text: &str) -> Option<[SocketAddr; 2]> {
    let port: u16 = text.strip_prefix(':')?.parse().ok()?;
    Some([(Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into()])
}

/// A client of IPv4 as such, also where the port is one of IPv6.
pub(crate) fn client(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

/// An address of IPv6 stands in brackets wherever a port may follow (RFC 3986 3.2.2).
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.into() }
}

/// `HOST:PORT`
pub(crate) fn place(host: &str, port: u16) -> String {
    format!("{}:{port}", bracketed(host))
}
