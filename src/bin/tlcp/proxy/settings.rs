//! What the gateway is told, on the command line or in a file: read and checked as text; no file that it names was opened.
use super::access::Format;
use super::flags;
use super::keys::Keys;
use super::limits::Most;
use crate::address::{LISTEN, every_address, place};
use crate::options::Written;
use crate::problem::Problem;
use clap::ArgMatches;
use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tlcp::cert::ServerName;
use tlcp::config::{ClientAuth, Compat};

/// All of it.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) terminate: Vec<Terminate>,
    pub(super) originate: Vec<Originate>,
    pub(super) common: Common,
}

/// What holds for all ports.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) timeouts: Timeouts,
    pub(super) most: Most,
    pub(super) access: Access,
    pub(super) metrics: Option<SocketAddr>,
}

/// A port where protected connections come in, to be passed on in plain.
#[derive(Debug)]
pub(super) struct Terminate {
    pub(super) listen: Listen,
    pub(super) refuse_unknown_names: bool,
    /// For clients that ask for no name, or for an unknown one.
    pub(super) default: Option<Site>,
    pub(super) sites: Vec<Site>,
}

/// What is served under some names.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// In lower case; `*.` stands for one label.
    pub(super) names: Vec<String>,
    pub(super) to: HostPort,
    pub(super) proxy_protocol: bool,
    pub(super) client_auth: ClientAuth,
    pub(super) written: Written,
}

/// A port where plain connections come in, to be passed on under protection.
#[derive(Debug)]
pub(super) struct Originate {
    pub(super) listen: Listen,
    pub(super) connect: HostPort,
    pub(super) name: ServerName<'static>,
    pub(super) is_tls: bool,
    pub(super) written: Written,
}

/// Where a port is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listen {
    /// As it was written.
    pub(super) text: String,
    /// The first that can be had.
    pub(super) addresses: Vec<SocketAddr>,
}

/// A host by name or address, and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostPort {
    pub(super) host: String,
    pub(super) port: u16,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    pub(super) handshake: Duration,
    pub(super) connect: Duration,
    pub(super) idle: Duration,
    pub(super) drain: Duration,
}

/// Where a line for each connection goes.
#[derive(Debug)]
pub(super) struct Access {
    /// Standard error, if none.
    pub(super) file: Option<PathBuf>,
    pub(super) format: Format,
}

impl Settings {
    /// The tables of a file.
    pub(super) fn of_file(path: &Path) -> Result<Self, Problem> {
        let mut keys = Keys::of_file(path)?;
        let all = |tables: Vec<Keys>| tables.into_iter();
        let terminate = all(keys.tables("terminate")?).map(Terminate::read).collect::<Result<Vec<_>, _>>()?;
        let originate = all(keys.tables("originate")?).map(Originate::read).collect::<Result<Vec<_>, _>>()?;
        let mut ports: Vec<&Listen> = Vec::new();
        for listen in terminate.iter().map(|t| &t.listen).chain(originate.iter().map(|o| &o.listen)) {
            if let Some(other) = ports.iter().find(|other| other.clashes_with(listen)) {
                let what = match other.text == listen.text {
                    true => format!("{} stands twice", listen.text),
                    false => format!("{} and {} are one port", other.text, listen.text),
                };
                let advice = "serve several names on one port with [[terminate.name]]";
                return Err(keys.wrong("listen", &what, advice));
            }
            ports.push(listen);
        }
        if ports.is_empty() {
            let advice = "give at least one [[terminate]] or [[originate]]";
            return Err(keys.wrong("terminate", "is missing, and so is originate", advice));
        }
        let common = Common {
            timeouts: Timeouts::read(keys.table("timeouts")?)?,
            most: limits(keys.table("limits")?)?,
            access: Access::read(keys.table("log")?)?,
            metrics: metrics(keys.table("metrics")?)?,
        };
        keys.finish()?;
        Ok(Self { terminate, originate, common })
    }

    /// Takes out the files that secrets would be written to.
    pub(super) fn take_key_logs(&mut self) -> Vec<PathBuf> {
        let sites = self.terminate.iter_mut().flat_map(|port| port.default.iter_mut().chain(&mut port.sites));
        let written = sites.map(|site| &mut site.written);
        let written = written.chain(self.originate.iter_mut().map(|port| &mut port.written));
        written.filter_map(|written| written.keylog.take()).collect()
    }

    /// The flags of the command line: one port.
    pub(super) fn of_flags(matches: &ArgMatches) -> Result<Self, Problem> {
        let keys = |names, prefix| flags::keys(matches, names, prefix);
        let (mut terminate, mut originate) = (Vec::new(), Vec::new());
        match matches.contains_id("connect") {
            true => originate.push(Originate::read(keys(flags::PORT, ""))?),
            false => terminate.push(Terminate::read(keys(flags::PORT, ""))?),
        }
        let common = Common {
            timeouts: Timeouts::read(keys(flags::TIMEOUTS, "timeout-"))?,
            most: limits(keys(flags::LIMITS, "limit-"))?,
            access: Access::read(keys(flags::LOG, "log-"))?,
            metrics: metrics(keys(flags::METRICS, "metrics-"))?,
        };
        Ok(Self { terminate, originate, common })
    }
}

impl Terminate {
    fn read(mut keys: Keys) -> Result<Self, Problem> {
        let listen = Listen::read(&mut keys)?;
        let refuse_unknown_names = keys.truth("refuse-unknown-names")?.unwrap_or(false);
        let names = keys.tables("name")?;
        let base = Base::read(&mut keys, None)?;
        let has_identity = !base.written.identity.is_empty();
        if !has_identity && names.is_empty() {
            let advice =
                "give the files of the server's certificates and keys, here or under [[terminate.name]]";
            return Err(keys.wrong("identity", "is missing", advice));
        }
        let default = match has_identity {
            true => Some(base.clone().site(&keys, Vec::new())?),
            false => None,
        };
        let sites: Vec<Site> =
            names.into_iter().map(|keys| Site::read(keys, &base)).collect::<Result<_, _>>()?;
        let mut seen: Vec<&String> = Vec::new();
        for name in sites.iter().flat_map(|site| &site.names) {
            if seen.contains(&name) {
                return Err(keys.wrong("name", &format!("{name} stands twice"), "serve each name once"));
            }
            seen.push(name);
        }
        keys.finish()?;
        Ok(Self { listen, refuse_unknown_names, default, sites })
    }
}

/// What a name has of its own, or of its port.
#[derive(Clone)]
struct Base {
    to: Option<HostPort>,
    proxy_protocol: bool,
    client_auth: ClientAuth,
    written: Written,
}

impl Base {
    fn read(keys: &mut Keys, of_port: Option<&Self>) -> Result<Self, Problem> {
        const AUTH: [(&str, ClientAuth); 3] =
            [("none", ClientAuth::None), ("request", ClientAuth::Request), ("require", ClientAuth::Require)];
        let to = match keys.string("to")? {
            Some(text) => Some(HostPort::read(keys, "to", &text)?),
            None => of_port.and_then(|port| port.to.clone()),
        };
        let inherited =
            of_port.map_or((false, ClientAuth::None), |port| (port.proxy_protocol, port.client_auth));
        Ok(Self {
            to,
            proxy_protocol: keys.truth("proxy-protocol")?.unwrap_or(inherited.0),
            client_auth: keys.choice("client-auth", &AUTH)?.unwrap_or(inherited.1),
            written: credentials(keys, of_port.map(|port| &port.written))?,
        })
    }

    fn site(self, keys: &Keys, names: Vec<String>) -> Result<Site, Problem> {
        let Self { to, proxy_protocol, client_auth, written } = self;
        let missing = || keys.wrong("to", "is missing", "give the backend, such as 127.0.0.1:8080");
        if client_auth != ClientAuth::None && written.ca.is_empty() {
            let advice = "give the CAs whose clients are to be accepted";
            return Err(keys.wrong("ca", "is missing, and client-auth asks for certificates", advice));
        }
        Ok(Site { names, to: to.ok_or_else(missing)?, proxy_protocol, client_auth, written })
    }
}

impl Site {
    fn read(mut keys: Keys, of_port: &Base) -> Result<Self, Problem> {
        let names = keys.strings("names")?.unwrap_or_default();
        if names.is_empty() {
            return Err(keys.wrong("names", "is missing", "give the names that clients ask for"));
        }
        let names = names.iter().map(|name| pattern(&keys, name)).collect::<Result<_, _>>()?;
        let base = Base::read(&mut keys, Some(of_port))?;
        if base.written.identity.is_empty() {
            let advice = "give the files of this name's certificates and keys";
            return Err(keys.wrong("identity", "is missing", advice));
        }
        let site = base.site(&keys, names)?;
        keys.finish()?;
        Ok(site)
    }
}

/// A name that a client can ask for, or `*.` and one.
fn pattern(keys: &Keys, name: &str) -> Result<String, Problem> {
    let name = name.to_ascii_lowercase();
    let host = name.strip_prefix("*.").unwrap_or(&name);
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    match host.len() <= 253 && host.split('.').all(is_label) {
        true => Ok(name),
        false => {
            let what = format!("no client can ask for {name:?}");
            Err(keys.wrong("names", &what, "write names of hosts, such as www.example.com or *.example.com"))
        }
    }
}

impl Originate {
    fn read(mut keys: Keys) -> Result<Self, Problem> {
        let listen = Listen::read(&mut keys)?;
        let connect = keys.required("connect", "bank.example:443")?;
        let connect = HostPort::read(&keys, "connect", &connect)?;
        let name = keys.string("server-name")?.unwrap_or_else(|| connect.host.clone());
        let name = ServerName::try_from(name.clone()).map_err(|_| {
            keys.wrong(
                "server-name",
                &format!("{name:?} is neither a DNS name nor an address"),
                "give the server's name",
            )
        })?;
        let is_tls = keys.choice("protocol", &[("tlcp", false), ("tls12", true)])?.unwrap_or(false);
        let written = credentials(&mut keys, None)?;
        if written.ca.is_empty() && written.key_centre.is_empty() {
            return Err(keys.wrong("ca", "is missing", "give the CAs whose word on the server counts"));
        }
        keys.finish()?;
        Ok(Self { listen, connect, name, is_tls, written })
    }
}

/// What both roles have; where `of_port` has it and this table has not, that counts. An identity is everybody's own.
fn credentials(keys: &mut Keys, of_port: Option<&Written>) -> Result<Written, Problem> {
    const COMPAT: [(&str, &str); 2] = [("default", "default"), ("gmssl", "gmssl")];
    let port = of_port.cloned().unwrap_or_default();
    let compat = keys.choice("compat", &COMPAT)?.and_then(Compat::by_name);
    Ok(Written {
        before: keys.before().to_owned(),
        identity: keys.groups("identity")?.unwrap_or_default(),
        ca: keys.paths("ca")?.unwrap_or(port.ca),
        crl: keys.paths("crl")?.unwrap_or(port.crl),
        password_file: keys.path("password-file")?.or(port.password_file),
        suite: keys.strings("suite")?.unwrap_or(port.suite),
        alpn: keys.strings("alpn")?.unwrap_or(port.alpn),
        compat: compat.unwrap_or(port.compat),
        names_in_cn: keys
            .choice("cert-policy", &[("standard", false), ("gm", true)])?
            .unwrap_or(port.names_in_cn),
        keylog: keys.path("keylog")?.or(port.keylog),
        key_centre: keys.paths("key-centre")?.unwrap_or(port.key_centre),
        sm9_id: keys.string("sm9-id")?,
        expect_id: keys.string("expect-id")?,
    })
}

impl Listen {
    fn read(keys: &mut Keys) -> Result<Self, Problem> {
        let text = keys.required("listen", "\":443\"")?;
        let addresses = match (every_address(&text), text.parse::<SocketAddr>()) {
            (Some(both), _) => both.to_vec(),
            (None, Ok(address)) => vec![address],
            (None, Err(_)) => {
                let what = format!("{text:?} is no address of this machine with a port");
                return Err(keys.wrong("listen", &what, LISTEN));
            }
        };
        Ok(Self { text, addresses })
    }

    /// Whether the one cannot be opened beside the other.
    pub(super) fn clashes_with(&self, other: &Self) -> bool {
        let clash = |one: SocketAddr, other: SocketAddr| {
            let is_wide = one.ip().is_unspecified() || other.ip().is_unspecified();
            let is_one = one.ip() == other.ip() || is_wide && one.is_ipv4() == other.is_ipv4();
            one.port() == other.port() && one.port() != 0 && is_one
        };
        self.addresses.iter().any(|one| other.addresses.iter().any(|other| clash(*one, *other)))
    }
}

impl HostPort {
    fn read(keys: &Keys, key: &str, text: &str) -> Result<Self, Problem> {
        let wrong = || {
            keys.wrong(
                key,
                &format!("{text:?} is not HOST:PORT"),
                "write it as 127.0.0.1:8080, [::1]:8080 or host.example:443",
            )
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let host = bracketed.unwrap_or(host);
        let is_good = match bracketed {
            Some(host) => host.parse::<Ipv6Addr>().is_ok(),
            None => ServerName::try_from(host).is_ok(),
        };
        if is_good { Ok(Self { host: host.into(), port }) } else { Err(wrong()) }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&place(&self.host, self.port))
    }
}

impl Timeouts {
    fn read(mut keys: Keys) -> Result<Self, Problem> {
        let timeouts = Self {
            handshake: keys.seconds("handshake")?.unwrap_or(Duration::from_secs(10)),
            connect: keys.seconds("connect")?.unwrap_or(Duration::from_secs(5)),
            idle: keys.seconds("idle")?.unwrap_or(Duration::from_secs(600)),
            drain: keys.seconds("drain")?.unwrap_or(Duration::from_secs(30)),
        };
        keys.finish()?;
        Ok(timeouts)
    }
}

fn limits(mut keys: Keys) -> Result<Most, Problem> {
    let connections = keys.number("connections", 10_000_000)?.unwrap_or(20_000) as usize;
    let per_address = keys.number("per-address", 10_000_000)?.map_or(connections, |n| n as usize);
    keys.finish()?;
    Ok(Most { connections, per_address })
}

fn metrics(mut keys: Keys) -> Result<Option<SocketAddr>, Problem> {
    let address = match keys.string("listen")? {
        None => None,
        Some(text) => {
            let address = text.parse::<SocketAddr>().ok().filter(|address| address.ip().is_loopback());
            let what =
                format!("{text:?} is no loopback address with a port: metrics are for this machine alone");
            Some(address.ok_or_else(|| keys.wrong("listen", &what, "write it as 127.0.0.1:9443"))?)
        }
    };
    keys.finish()?;
    Ok(address)
}

impl Access {
    fn read(mut keys: Keys) -> Result<Self, Problem> {
        let format =
            keys.choice("format", &[("text", Format::Text), ("json", Format::Json)])?.unwrap_or_default();
        let access = Self { file: keys.path("file")?, format };
        keys.finish()?;
        Ok(access)
    }
}
