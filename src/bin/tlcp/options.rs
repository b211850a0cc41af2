//! What server and client have in common on the command line.
use crate::problem::Problem;
use crate::trace::Trace;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tlcp::cert::{CertPolicy, Identity, KeyUse, WebPkiVerifier};
use tlcp::config::{Compat, ConfigBuilder, KeyLog, KeyLogFile};
use tlcp::crypto::{Provider, default_provider};
use tlcp::suite::{Certificates, KeyKind, Protocol, SUITES, Suite};

/// The options that both roles take.
pub(crate) fn arguments() -> [Arg; 9] {
    [
        files("identity", "Our certificate pair and its keys, or TLS's one certificate and its key: PEM or DER files in any order; may be repeated"),
        files("ca", "Certificates of the CAs whose word on the peer counts"),
        Arg::new("password-file")
            .long("password-file")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("The passwords of encrypted private keys, one on each line of this file"),
        many("suite", "NAME", "Enable this cipher suite, by its standard name or OpenSSL's; may be repeated, preferred first [default: all that can work]"),
        many("alpn", "NAME", "Offer or accept this application protocol; may be repeated, preferred first"),
        choice("compat", ["default", "gmssl"], "Quirks of the peer; `gmssl` is for GmSSL"),
        choice("cert-policy", ["standard", "gm"], "How closely certificates must follow the standards; `gm` takes names from the CN too"),
        Arg::new("keylog")
            .long("keylog")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("Append the secrets of all connections for Wireshark: whoever reads the file can read the traffic"),
        flag("trace", "Show every message on standard error"),
    ]
}

pub(crate) fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

pub(crate) fn many(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).action(ArgAction::Append).help(help)
}

pub(crate) fn choice<const N: usize>(
    name: &'static str,
    values: [&'static str; N],
    help: &'static str,
) -> Arg {
    let default = values.first().copied().unwrap_or_default();
    Arg::new(name).long(name).value_name("NAME").value_parser(values).default_value(default).help(help)
}

fn files(name: &'static str, help: &'static str) -> Arg {
    let arg = Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf));
    arg.num_args(1..).action(ArgAction::Append).help(help)
}

pub(crate) fn strings(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
}

pub(crate) fn string<'a>(matches: &'a ArgMatches, name: &str) -> Option<&'a str> {
    matches.get_one::<String>(name).map(String::as_str)
}

pub(crate) fn path<'a>(matches: &'a ArgMatches, name: &str) -> Option<&'a Path> {
    matches.get_one::<PathBuf>(name).map(PathBuf::as_path)
}

/// The options that both roles take, with the files read.
pub(crate) struct Common {
    pub(crate) provider: Provider,
    pub(crate) identities: Vec<Arc<Identity>>,
    ca: Option<Vec<Vec<u8>>>,
    names_in_cn: bool,
    suites: Option<Vec<&'static Suite>>,
    pub(crate) alpn: Vec<String>,
    pub(crate) compat: Compat,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
    pub(crate) trace: bool,
}

impl Common {
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, Problem> {
        let provider = default_provider();
        Ok(Self {
            identities: identities(matches, &provider)?,
            ca: read_all(matches, "ca")?,
            names_in_cn: string(matches, "cert-policy") == Some("gm"),
            suites: suites(&strings(matches, "suite"))?,
            alpn: strings(matches, "alpn"),
            compat: string(matches, "compat").and_then(Compat::by_name).unwrap_or_default(),
            key_log: key_log(path(matches, "keylog"))?,
            trace: matches.get_flag("trace"),
            provider,
        })
    }

    fn alpn(&self) -> impl Iterator<Item = &[u8]> {
        self.alpn.iter().map(String::as_bytes)
    }

    /// Those that the protocol can show.
    pub(crate) fn identities(&self, protocol: &Protocol) -> impl Iterator<Item = &Arc<Identity>> {
        self.identities.iter().filter(|identity| identity.certificates() == protocol.certificates)
    }

    /// Whether an identity is for it, and a suite, where suites were named.
    pub(crate) fn serves(&self, protocol: &Protocol) -> bool {
        let has_suite = |suites: &Vec<&'static Suite>| suites.iter().any(|suite| suite.protocol == protocol);
        self.identities(protocol).next().is_some() && self.suites.as_ref().is_none_or(has_suite)
    }

    /// Gives `builder` what both roles have.
    pub(crate) fn set_up<C>(
        &self,
        builder: ConfigBuilder<C>,
        protocol: &Protocol,
        observer: Option<Arc<Trace>>,
    ) -> Result<ConfigBuilder<C>, Problem> {
        let mut builder = builder.provider(self.provider).alpn(self.alpn()).compat(self.compat);
        if let Some(verifier) = self.verifier(protocol)? {
            builder = builder.verifier(verifier);
        }
        if let Some(suites) = &self.suites {
            let suites: Vec<_> = suites.iter().filter(|suite| suite.protocol == protocol).copied().collect();
            builder = builder.suites(&suites);
        }
        if let Some(log) = &self.key_log {
            builder = builder.key_log(log.clone());
        }
        Ok(match observer {
            Some(trace) => builder.observer(trace),
            None => builder,
        })
    }

    /// In TLCP CAs may have keys of the kinds that the suites are for.
    fn verifier(&self, protocol: &Protocol) -> Result<Option<Arc<WebPkiVerifier>>, Problem> {
        let Some(files) = &self.ca else { return Ok(None) };
        let builder = WebPkiVerifier::builder(&self.provider);
        let builder = match protocol.certificates {
            Certificates::Single => builder.policy(CertPolicy::Web),
            _ => {
                let policy = if self.names_in_cn { CertPolicy::Gm } else { CertPolicy::Standard };
                builder.policy(policy).ca_keys(&self.ca_kinds())
            }
        };
        let built = builder.roots(&slices(files)).and_then(|b| b.build());
        let verifier = built.map_err(|e| Problem::from(e).during("--ca"))?;
        if let [first, others @ ..] = verifier.skipped() {
            let more = if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
            eprintln!("warning: --ca: not used: {first}{more}");
        }
        Ok(Some(Arc::new(verifier)))
    }

    fn ca_kinds(&self) -> Vec<KeyKind> {
        let kinds = self.suites.iter().flatten().map(|suite| suite.key_exchange.authenticates);
        let mut kinds: Vec<KeyKind> = core::iter::once(KeyKind::Sm2).chain(kinds).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// One from the files of each `--identity`, or, as one identity may lie in several, one from all of them.
fn identities(matches: &ArgMatches, provider: &Provider) -> Result<Vec<Arc<Identity>>, Problem> {
    let passwords = path(matches, "password-file").map(passwords).transpose()?.unwrap_or_default();
    let mut groups: Vec<Vec<Vec<u8>>> = Vec::new();
    for group in matches.get_occurrences::<PathBuf>("identity").into_iter().flatten() {
        groups.push(group.map(|path| read(path)).collect::<Result<_, _>>()?);
    }
    let one = |group: &Vec<Vec<u8>>| identity(group, &passwords, provider);
    let all = match groups.iter().map(one).collect::<Result<Vec<_>, _>>() {
        Ok(all) => all,
        Err(_) => vec![one(&groups.concat())?],
    };
    for warning in all.iter().flatten().filter_map(|identity| identity.warning(now())) {
        eprintln!("warning: --identity: {warning}");
    }
    Ok(all.into_iter().flatten().collect())
}

/// TLCP's pair in a pile of files, or TLS's one certificate, or both.
fn identity(
    files: &[Vec<u8>],
    passwords: &[Vec<u8>],
    provider: &Provider,
) -> Result<Vec<Arc<Identity>>, Problem> {
    let (files, passwords) = (slices(files), || passwords.iter().map(Vec::as_slice));
    let pair = Identity::from_pile(&files, passwords(), provider);
    let single = Identity::single_from_pile(&files, passwords(), provider);
    match (pair, single) {
        (Err(of_pair), Err(of_single)) => {
            let text = format!("as TLCP's pair: {}; as TLS's certificate: {}", of_pair.0, of_single.0);
            Err(Problem::new(text).during("--identity"))
        }
        (Ok(pair), Ok(single)) if shares_a_key(&pair, &single) => Ok(vec![Arc::new(pair)]),
        (pair, single) => Ok([pair, single].into_iter().flatten().map(Arc::new).collect()),
    }
}

/// R-HS-40: no key is for both protocols.
fn shares_a_key(pair: &Identity, single: &Identity) -> bool {
    let key = single.public_key(KeyUse::Sign);
    [KeyUse::Sign, KeyUse::Encrypt].into_iter().any(|key_use| pair.public_key(key_use) == key)
}

/// Unix seconds.
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn suites(names: &[String]) -> Result<Option<Vec<&'static Suite>>, Problem> {
    let find = |name: &String| {
        Suite::by_name(name).ok_or_else(|| {
            let known: Vec<_> = SUITES.iter().map(|s| s.id.to_string()).collect();
            Problem::new(format!("--suite {name}: no such suite"))
                .advise(format!("one of {}", known.join(", ")))
        })
    };
    let rows = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    Ok((!rows.is_empty()).then_some(rows))
}

fn key_log(path: Option<&Path>) -> Result<Option<Arc<dyn KeyLog>>, Problem> {
    let Some(path) = path else { return Ok(None) };
    let file = KeyLogFile::open(path).map_err(|e| Problem::from(e).during(path.display()))?;
    Ok(Some(Arc::new(file)))
}

fn passwords(path: &Path) -> Result<Vec<Vec<u8>>, Problem> {
    let text = read(path)?;
    let line = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).to_vec();
    let mut lines: Vec<Vec<u8>> = text.split(|b| *b == b'\n').map(line).collect();
    // the end of the last line begins no other
    if lines.len() > 1 && lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    Ok(lines)
}

fn read_all(matches: &ArgMatches, name: &str) -> Result<Option<Vec<Vec<u8>>>, Problem> {
    let Some(paths) = matches.get_many::<PathBuf>(name) else { return Ok(None) };
    paths.map(|p| read(p)).collect::<Result<_, _>>().map(Some)
}

fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    std::fs::read(path).map_err(|e| Problem::from(e).during(path.display()))
}

fn slices(files: &[Vec<u8>]) -> Vec<&[u8]> {
    files.iter().map(Vec::as_slice).collect()
}
