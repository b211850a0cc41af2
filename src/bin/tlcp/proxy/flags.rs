//! The flags, each of which is a key of the file: `--timeout-idle` is `idle` under `[timeouts]`.
use super::keys::Keys;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};
use std::path::PathBuf;
use toml::{Table, Value};

/// What kind of value a flag has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Texts,
    /// Several files, and that several times.
    Groups,
    Number,
    Truth,
}

type Flags = &'static [(&'static str, Kind)];

/// What a port is told. One that has no place in the port's table is found there, and told of.
pub(super) const PORT: Flags = &[
    ("listen", Kind::Text),
    ("to", Kind::Text),
    ("proxy-protocol", Kind::Truth),
    ("client-auth", Kind::Text),
    ("connect", Kind::Text),
    ("server-name", Kind::Text),
    ("protocol", Kind::Text),
    ("identity", Kind::Groups),
    ("ca", Kind::Texts),
    ("crl", Kind::Texts),
    ("password-file", Kind::Text),
    ("suite", Kind::Texts),
    ("alpn", Kind::Texts),
    ("compat", Kind::Text),
    ("cert-policy", Kind::Text),
    ("keylog", Kind::Text),
];
pub(super) const TIMEOUTS: Flags = &[
    ("timeout-handshake", Kind::Number),
    ("timeout-connect", Kind::Number),
    ("timeout-idle", Kind::Number),
    ("timeout-drain", Kind::Number),
];
pub(super) const LIMITS: Flags = &[("limit-connections", Kind::Number), ("limit-per-address", Kind::Number)];
pub(super) const LOG: Flags = &[("log-format", Kind::Text), ("log-file", Kind::Text)];
pub(super) const METRICS: Flags = &[("metrics-listen", Kind::Text)];

/// The flags of these names that were given, as a table whose keys lack the prefix.
pub(super) fn keys(matches: &ArgMatches, flags: Flags, prefix: &str) -> Keys {
    let mut table = Table::new();
    for (name, kind) in flags {
        if matches.value_source(name) == Some(ValueSource::CommandLine) {
            let key = name.strip_prefix(prefix).unwrap_or(name);
            table.insert(key.into(), value(matches, name, *kind));
        }
    }
    Keys::new(format!("--{prefix}"), "", table)
}

fn value(matches: &ArgMatches, name: &str, kind: Kind) -> Value {
    let text = |text: &String| Value::String(text.clone());
    let texts = || matches.get_many::<String>(name).into_iter().flatten().map(text).collect();
    match kind {
        Kind::Text => matches.get_one::<String>(name).map_or(Value::Boolean(false), text),
        Kind::Texts => Value::Array(texts()),
        Kind::Groups => {
            let groups = matches.get_occurrences::<String>(name).into_iter().flatten();
            Value::Array(groups.map(|group| Value::Array(group.map(text).collect())).collect())
        }
        Kind::Number => Value::Integer(matches.get_one::<i64>(name).copied().unwrap_or_default()),
        Kind::Truth => Value::Boolean(true),
    }
}

pub(crate) fn command() -> Command {
    let arg = |name, value, help| Arg::new(name).long(name).value_name(value).help(help);
    let many = |name, value, help| arg(name, value, help).action(ArgAction::Append).num_args(1..);
    let number = |name, value, help| arg(name, value, help).value_parser(value_parser!(i64));
    let file = |name, help| arg(name, "FILE", help).value_parser(value_parser!(PathBuf)).exclusive(true);
    Command::new("proxy")
        .about("Passes TLCP and TLS 1.2 on to a plain backend, or plain connections on to a TLCP or TLS 1.2 server")
        .after_help("SIGHUP reads files again, and loses no connection; SIGTERM ends it when its connections have ended.")
        .args([
            file("config", "Read all of it from this TOML file, which can say more than flags: several ports and names"),
            file("check", "Check this TOML file and all that it names, and do nothing else"),
            arg("listen", "ADDR", "Where to listen: :443, 127.0.0.1:8080, [::1]:8080"),
            arg("to", "HOST:PORT", "The backend that gets what TLCP and TLS 1.2 clients send, in plain"),
            arg("connect", "HOST:PORT", "The TLCP or TLS 1.2 server that gets what plain clients send"),
            many("identity", "FILE", "Our certificate pair and its keys, or TLS's one certificate and its key: PEM or DER files in any order; may be repeated"),
            many("ca", "FILE", "Certificates of the CAs whose word on the peer counts"),
            many("crl", "FILE", "Revocation lists of those CAs"),
            arg("password-file", "FILE", "The passwords of encrypted private keys, one on each line of this file"),
            arg("client-auth", "NAME", "Whether clients are asked for certificates: none, request or require; always in ECDHE suites of TLCP [default: none]"),
            arg("proxy-protocol", "", "Tell the backend who the client is, by the PROXY protocol, version 2").num_args(0).action(ArgAction::SetTrue),
            arg("server-name", "NAME", "The name to verify the server for [default: HOST of --connect]"),
            arg("protocol", "NAME", "What to speak to the server: tlcp or tls12 [default: tlcp]"),
            many("suite", "NAME", "Enable this cipher suite, by its standard name or OpenSSL's; may be repeated, preferred first [default: all that can work]"),
            many("alpn", "NAME", "Offer or accept this application protocol; may be repeated, preferred first"),
            arg("compat", "NAME", "Quirks of the peer: default or gmssl"),
            arg("cert-policy", "NAME", "How closely certificates must follow the standards: standard or gm, which takes names from the CN too"),
            arg("keylog", "FILE", "Append the secrets of all connections for Wireshark: whoever reads the file can read the traffic"),
            number("timeout-handshake", "SECONDS", "How long a handshake may take [default: 10]"),
            number("timeout-connect", "SECONDS", "How long connecting to the backend or server may take [default: 5]"),
            number("timeout-idle", "SECONDS", "How long a connection may carry nothing [default: 600]"),
            number("timeout-drain", "SECONDS", "How long connections may go on after SIGTERM [default: 30]"),
            number("limit-connections", "N", "How many connections there may be at once [default: 20000]"),
            number("limit-per-address", "N", "How many of one address, or of one /64 of IPv6 [default: no limit of its own]"),
            arg("log-format", "NAME", "How connections are logged: text or json [default: text]"),
            arg("log-file", "FILE", "Append the log to this file, which SIGHUP opens again [default: standard error]"),
            arg("metrics-listen", "ADDR", "Serve metrics for Prometheus at this loopback address, under /metrics"),
        ])
        .group(ArgGroup::new("what").args(["config", "check", "to", "connect"]).required(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flag that no table reads would be taken and forgotten.
    #[test]
    fn every_flag_is_a_key_of_some_table() {
        let command = command();
        let tables = [PORT, TIMEOUTS, LIMITS, LOG, METRICS];
        for arg in command.get_arguments() {
            let name = arg.get_id().as_str();
            let is_known = tables.iter().any(|table| table.iter().any(|(key, _)| *key == name));
            assert!(is_known || ["config", "check"].contains(&name), "{name}");
        }
        command.debug_assert();
    }
}
