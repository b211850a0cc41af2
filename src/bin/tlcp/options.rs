//! What server and client have in common on the command line.
use crate::problem::Problem;
use crate::trace::Trace;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tlcp::cert::{CertPolicy, Identity, KeyCentres, KeyUse, VerifierBuilder, WebPkiVerifier};
use tlcp::config::{Compat, ConfigBuilder, KeyLog, KeyLogFile};
use tlcp::crypto::{Provider, default_provider};
use tlcp::error::ConfigError;
use tlcp::suite::{Certificates, KeyKind, Protocol, SUITES, Suite, TLCP, TLS12};

/// The options that both roles take.
pub(crate) fn arguments() -> [Arg; 13] {
    [
        files("identity", "Our certificate pair and its keys, TLS's one certificate and its key, or an SM9 identity's keys and its key centre's parameters: PEM or DER files in any order; may be repeated"),
        files("ca", "Certificates of the CAs whose word on the peer counts"),
        files("crl", "Revocation lists of those CAs: a peer whose CA has none is refused"),
        files("key-centre", "Parameters of the SM9 key centres whose users are known; turns the SM9 suites on"),
        text("sm9-id", "Who we are, where the files of an SM9 identity do not say it"),
        text("expect-id", "The SM9 identity of the server that is meant [default: its name]"),
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

fn text(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("ID").help(help)
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

/// Those options as they were written, on the command line or in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// What stands before an option's name where errors tell of it: `--`, or the file and the table.
    pub(crate) before: String,
    /// The files of each identity.
    pub(crate) identity: Vec<Vec<PathBuf>>,
    pub(crate) ca: Vec<PathBuf>,
    pub(crate) crl: Vec<PathBuf>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) suite: Vec<String>,
    pub(crate) alpn: Vec<String>,
    pub(crate) compat: Compat,
    pub(crate) names_in_cn: bool,
    pub(crate) keylog: Option<PathBuf>,
    pub(crate) key_centre: Vec<PathBuf>,
    pub(crate) sm9_id: Option<String>,
    pub(crate) expect_id: Option<String>,
}

impl Written {
    fn on_command_line(matches: &ArgMatches) -> Self {
        let all = |name| matches.get_many::<PathBuf>(name).into_iter().flatten().cloned().collect();
        let groups = matches.get_occurrences::<PathBuf>("identity").into_iter().flatten();
        Self {
            before: String::from("--"),
            identity: groups.map(|group| group.cloned().collect()).collect(),
            ca: all("ca"),
            crl: all("crl"),
            password_file: path(matches, "password-file").map(PathBuf::from),
            suite: strings(matches, "suite"),
            alpn: strings(matches, "alpn"),
            compat: string(matches, "compat").and_then(Compat::by_name).unwrap_or_default(),
            names_in_cn: string(matches, "cert-policy") == Some("gm"),
            keylog: path(matches, "keylog").map(PathBuf::from),
            key_centre: all("key-centre"),
            sm9_id: string(matches, "sm9-id").map(String::from),
            expect_id: string(matches, "expect-id").map(String::from),
        }
    }

    /// An option's name, as whoever wrote it knows it.
    pub(crate) fn name(&self, option: &str) -> String {
        format!("{}{option}", self.before)
    }

    /// The files of an option, if there are any.
    fn read(&self, option: &str, paths: &[PathBuf]) -> Result<Option<Vec<Vec<u8>>>, Problem> {
        let read = |path: &PathBuf| read(path).map_err(|e| e.during(self.name(option)));
        let files = paths.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok((!files.is_empty()).then_some(files))
    }
}

/// The options that both roles take, with the files read.
pub(crate) struct Common {
    pub(crate) provider: Provider,
    pub(crate) identities: Vec<Arc<Identity>>,
    written: Written,
    ca: Option<Vec<Vec<u8>>>,
    crls: Option<Vec<Vec<u8>>>,
    centres: Option<KeyCentres>,
    suites: Option<Vec<&'static Suite>>,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
    pub(crate) trace: bool,
}

impl Common {
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, Problem> {
        let common = Self::load(Written::on_command_line(matches))?;
        Ok(Self { trace: matches.get_flag("trace"), ..common })
    }

    /// Reads the files.
    pub(crate) fn load(written: Written) -> Result<Self, Problem> {
        let provider = default_provider();
        if !written.crl.is_empty() && written.ca.is_empty() {
            let [ca, crl] = ["ca", "crl"].map(|option| written.name(option));
            return Err(Problem::new(format!("{ca}: is missing, and {crl} has lists of such CAs"))
                .advise(format!("give the CAs too, or leave {crl} away: without CAs nobody is checked")));
        }
        Ok(Self {
            identities: identities(&written, &provider)?,
            ca: written.read("ca", &written.ca)?,
            crls: written.read("crl", &written.crl)?,
            centres: centres(&written, &provider)?,
            suites: suites(&written)?,
            key_log: key_log(&written)?,
            trace: false,
            provider,
            written,
        })
    }

    fn alpn(&self) -> impl Iterator<Item = &[u8]> {
        self.written.alpn.iter().map(String::as_bytes)
    }

    /// Those that the protocol can show.
    pub(crate) fn identities(&self, protocol: &Protocol) -> impl Iterator<Item = &Arc<Identity>> {
        let shows = |identity: &&Arc<Identity>| match identity.certificates() {
            Certificates::Identity => protocol.certificates == Certificates::Pair,
            certificates => certificates == protocol.certificates,
        };
        self.identities.iter().filter(shows)
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
        let mut builder = builder.provider(self.provider).alpn(self.alpn());
        if protocol == &TLCP {
            builder = builder.compat(self.written.compat);
        }
        if let Some(verifier) = self.verifier(protocol)? {
            builder = builder.verifier(verifier);
        }
        if let (Some(centres), Certificates::Pair) = (&self.centres, protocol.certificates) {
            builder = builder.key_centres(centres.clone());
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

    fn verifier(&self, protocol: &Protocol) -> Result<Option<Arc<WebPkiVerifier>>, Problem> {
        let Some(files) = &self.ca else { return Ok(None) };
        let at = |option| move |e| Problem::from(e).during(self.written.name(option));
        let other = [&TLCP, &TLS12].into_iter().find(|other| *other != protocol && self.serves(other));
        let mut builder = match (self.roots(protocol, files), other) {
            (Ok(builder), _) => builder,
            (Err(_), Some(other)) if self.roots(other, files).is_ok() => {
                let (name, version) = (self.written.name("ca"), protocol.version);
                log!("warning: {name}: none is a CA for {version}, whose peers are asked for no certificate");
                return Ok(None);
            }
            (Err(e), _) => return Err(self.of_the_other(protocol, files, at("ca")(e))),
        };
        if let Some(crls) = &self.crls {
            builder = builder.crls(&slices(crls)).map_err(at("crl"))?;
        }
        let verifier = builder.build().map_err(at("ca"))?;
        if let ([first, others @ ..], None) = (verifier.skipped(), other) {
            let more = if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
            log!("warning: {}: not used: {first}{more}", self.written.name("ca"));
        }
        Ok(Some(Arc::new(verifier)))
    }

    /// Roots that are none for `protocol` may be some for the other.
    fn of_the_other(&self, protocol: &Protocol, files: &[Vec<u8>], problem: Problem) -> Problem {
        let is_other = |other: &&&Protocol| **other != protocol && self.roots(other, files).is_ok();
        match [&TLCP, &TLS12].iter().find(is_other) {
            Some(other) => problem.advise(format!(
                "they are CAs for {}: {} needs others; `tlcp pki --tls` makes ca.crt for TLCP and tls-ca.crt for TLS 1.2",
                other.version, protocol.version
            )),
            None => problem,
        }
    }

    /// In TLCP CAs may have keys of the kinds that the suites are for.
    fn roots(&self, protocol: &Protocol, files: &[Vec<u8>]) -> Result<VerifierBuilder, ConfigError> {
        let builder = WebPkiVerifier::builder(&self.provider);
        let builder = match protocol.certificates {
            Certificates::Single => builder.policy(CertPolicy::Web),
            _ => {
                let policy = if self.written.names_in_cn { CertPolicy::Gm } else { CertPolicy::Standard };
                builder.policy(policy).ca_keys(&self.ca_kinds())
            }
        };
        builder.roots(&slices(files))
    }

    fn ca_kinds(&self) -> Vec<KeyKind> {
        let kinds = self.suites.iter().flatten().map(|suite| suite.key_exchange.authenticates);
        let mut kinds: Vec<KeyKind> = core::iter::once(KeyKind::Sm2).chain(kinds).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// One from the files of each `identity`, or, as one identity may lie in several, one from all of them.
fn identities(written: &Written, provider: &Provider) -> Result<Vec<Arc<Identity>>, Problem> {
    let passwords = written.password_file.as_deref().map(passwords).transpose()?.unwrap_or_default();
    let name = written.name("identity");
    let mut groups: Vec<Vec<Vec<u8>>> = Vec::new();
    for group in &written.identity {
        groups.extend(written.read("identity", group)?);
    }
    let id = written.sm9_id.as_deref().map(str::as_bytes);
    let one = |group: &Vec<Vec<u8>>| identity(group, &passwords, id, provider).map_err(|e| e.during(&name));
    let all = match groups.iter().map(one).collect::<Result<Vec<_>, _>>() {
        Ok(all) => all,
        Err(_) => vec![one(&groups.concat())?],
    };
    for warning in all.iter().flatten().filter_map(|identity| identity.warning(now())) {
        log!("warning: {name}: {warning}");
    }
    Ok(all.into_iter().flatten().collect())
}

/// An SM9 identity in a pile of files; or TLCP's pair, or TLS's one certificate, or both.
fn identity(
    files: &[Vec<u8>],
    passwords: &[Vec<u8>],
    id: Option<&[u8]>,
    provider: &Provider,
) -> Result<Vec<Arc<Identity>>, Problem> {
    let (files, passwords) = (slices(files), || passwords.iter().map(Vec::as_slice));
    let of_ibc = match Identity::ibc_from_pile(id, &files, passwords(), provider) {
        Ok(known) => return Ok(vec![Arc::new(known)]),
        Err(of_ibc) => of_ibc,
    };
    let pair = Identity::from_pile(&files, passwords(), provider);
    let single = Identity::single_from_pile(&files, passwords(), provider);
    match (pair, single) {
        (Err(of_pair), Err(of_single)) => {
            let text = format!("as TLCP's pair: {}; as TLS's certificate: {}", of_pair.0, of_single.0);
            // who names an SM9 identity means one
            let text = id.map_or(text, |_| format!("as an SM9 identity: {}", of_ibc.0));
            Err(Problem::new(text))
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

/// Whose identities are known, and which one is meant.
fn centres(written: &Written, provider: &Provider) -> Result<Option<KeyCentres>, Problem> {
    let Some(files) = written.read("key-centre", &written.key_centre)? else { return Ok(None) };
    let centres = KeyCentres::new().trust_files(&slices(&files), provider);
    let centres = centres.map_err(|e| Problem::from(e).during(written.name("key-centre")))?;
    Ok(Some(match &written.expect_id {
        Some(id) => centres.expect_server(id.as_bytes()),
        None => centres,
    }))
}

/// Unix seconds.
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn suites(written: &Written) -> Result<Option<Vec<&'static Suite>>, Problem> {
    let find = |name: &String| {
        Suite::by_name(name).ok_or_else(|| {
            let known: Vec<_> = SUITES.iter().map(|s| s.id.to_string()).collect();
            Problem::new(format!("{} {name}: no such suite", written.name("suite")))
                .advise(format!("one of {}", known.join(", ")))
        })
    };
    let rows = written.suite.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    Ok((!rows.is_empty()).then_some(rows))
}

fn key_log(written: &Written) -> Result<Option<Arc<dyn KeyLog>>, Problem> {
    let Some(path) = &written.keylog else { return Ok(None) };
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

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    std::fs::read(path).map_err(|e| Problem::from(e).during(path.display()))
}

pub(crate) fn slices(files: &[Vec<u8>]) -> Vec<&[u8]> {
    files.iter().map(Vec::as_slice).collect()
}
