//! `tlcp pki revoke`: a revocation list.
use super::files::save;
use crate::options::{flag, path, read, slices};
use crate::problem::Problem;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::{Path, PathBuf};
use tlcp::cert::to_pem;
use tlcp::crypto::{default_provider, random::SystemRandom};
use tlcp::error::Error;
use tlcp::pki::{DAY, Issued, RevocationList};
use tlcp::stream::Clock;
use zeroize::Zeroizing;

pub(super) fn command() -> Command {
    let file = |name: &'static str, help| {
        let arg = Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf));
        arg.required(true).help(help)
    };
    Command::new("revoke")
        .about("Makes a revocation list (CRL), which takes the place of any before it")
        .arg(file("ca", "The certificate of the CA that issued the certificates"))
        .arg(file("ca-key", "Its private key"))
        .arg(file("out", "The file for the list"))
        .arg(
            Arg::new("days")
                .long("days")
                .value_name("N")
                .value_parser(value_parser!(u64).range(1..=3650))
                .default_value("30")
                .help("How long the list is good for"),
        )
        .arg(
            Arg::new("certificate")
                .value_name("CERTIFICATE")
                .value_parser(value_parser!(PathBuf))
                .num_args(0..)
                .help("Files of all the certificates that are revoked; none makes an empty list"),
        )
        .arg(flag("force", "Overwrite the file if it is there"))
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Problem> {
    let all = |name| matches.get_many::<PathBuf>(name).into_iter().flatten().map(|path| read(path));
    let ca = all("ca").chain(all("ca-key")).collect::<Result<Vec<_>, _>>()?;
    let revoked = all("certificate").collect::<Result<Vec<_>, _>>()?;
    let issuer = Issued::from_files(&slices(&ca), &default_provider());
    let issuer = issuer.map_err(|e| Problem::from(e).during("--ca and --ca-key"))?;
    let now = Clock::start().now().unix;
    let days = matches.get_one::<u64>("days").copied().unwrap_or(30);
    let list = RevocationList::new(now, now, now.saturating_add(days.saturating_mul(DAY)));
    let list = list.revoke(&slices(&revoked)).map_err(|e| Problem::from(e).during("CERTIFICATE"))?;
    let list = list.sign(&issuer, &SystemRandom).map_err(|e| match e {
        Error::Config(e) => {
            Problem::from(e).advise("give that issuer's certificate and key with --ca and --ca-key")
        }
        e => e.into(),
    })?;
    let out = path(matches, "out").unwrap_or(Path::new("revoked.crl"));
    let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let pem = Zeroizing::new(to_pem("X509 CRL", &list).as_str().into());
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    save(
        folder,
        &[(name, pem)],
        matches.get_flag("force"),
        |_| "revocation list: for --crl of the other side",
    )
}
