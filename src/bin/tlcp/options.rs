//! What server and client have in common on the command line.
use crate::problem::Problem;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tlcp::cert::{CertPolicy, Identity, WebPkiVerifier};
use tlcp::config::{Compat, KeyLog, KeyLogFile};
use tlcp::crypto::{Provider, default_provider};
use tlcp::suite::{KeyKind, SUITES, Suite};

/// The options that both roles take.
pub(crate) fn arguments() -> [Arg; 9] {
    [
        files("identity", "Our certificate pair and its keys: any number of PEM or DER files, in any order"),
        files("ca", "Certificates of the CAs whose word on the peer counts"),
        Arg::new("password-file")
            .long("password-file")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("The passwords of encrypted private keys, one on each line of this file"),
        many("suite", "NAME", "Enable this cipher suite; may be repeated, preferred first [default: all that can work]"),
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
    pub(crate) identity: Option<Arc<Identity>>,
    pub(crate) verifier: Option<Arc<WebPkiVerifier>>,
    pub(crate) suites: Option<Vec<&'static Suite>>,
    pub(crate) alpn: Vec<String>,
    pub(crate) compat: Compat,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
    pub(crate) trace: bool,
}

impl Common {
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, Problem> {
        let provider = default_provider();
        let suites = suites(&strings(matches, "suite"))?;
        Ok(Self {
            identity: identity(matches, &provider)?,
            verifier: verifier(matches, suites.as_deref(), &provider)?,
            suites,
            alpn: strings(matches, "alpn"),
            compat: string(matches, "compat").and_then(Compat::by_name).unwrap_or_default(),
            key_log: key_log(path(matches, "keylog"))?,
            trace: matches.get_flag("trace"),
            provider,
        })
    }

    pub(crate) fn alpn(&self) -> impl Iterator<Item = &[u8]> {
        self.alpn.iter().map(String::as_bytes)
    }
}

fn identity(matches: &ArgMatches, provider: &Provider) -> Result<Option<Arc<Identity>>, Problem> {
    let Some(files) = read_all(matches, "identity")? else { return Ok(None) };
    let passwords = path(matches, "password-file").map(passwords).transpose()?.unwrap_or_default();
    let passwords = passwords.iter().map(Vec::as_slice);
    let identity = Identity::from_pile(&slices(&files), passwords, provider)
        .map_err(|e| Problem::from(e).during("--identity"))?;
    if let Some(warning) = identity.warning(now()) {
        eprintln!("warning: --identity: {warning}");
    }
    Ok(Some(Arc::new(identity)))
}

/// CAs may have keys of the kinds that the suites are for.
fn verifier(
    matches: &ArgMatches,
    suites: Option<&[&'static Suite]>,
    provider: &Provider,
) -> Result<Option<Arc<WebPkiVerifier>>, Problem> {
    let Some(files) = read_all(matches, "ca")? else { return Ok(None) };
    let gm = string(matches, "cert-policy") == Some("gm");
    let policy = if gm { CertPolicy::Gm } else { CertPolicy::Standard };
    let kinds = suites.into_iter().flatten().map(|suite| suite.key_exchange.authenticates);
    let mut kinds: Vec<KeyKind> = core::iter::once(KeyKind::Sm2).chain(kinds).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let builder = WebPkiVerifier::builder(provider).policy(policy).ca_keys(&kinds);
    let built = builder.roots(&slices(&files)).and_then(|b| b.build());
    let verifier = built.map_err(|e| Problem::from(e).during("--ca"))?;
    if let [first, others @ ..] = verifier.skipped() {
        let more = if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
        eprintln!("warning: --ca: not used: {first}{more}");
    }
    Ok(Some(Arc::new(verifier)))
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
