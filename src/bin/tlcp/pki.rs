//! `tlcp pki`: certificates for tests, as PEM files; requests for certificates, and revocation lists.
mod files;
mod names;
mod request;
mod revoke;

use crate::options::{flag, many, path};
use crate::problem::Problem;
use clap::{Arg, ArgMatches, Command, value_parser};
use files::{File, save};
use std::path::{Path, PathBuf};
use tlcp::crypto::{Provider, default_provider, random::SystemRandom};
use tlcp::error::{CryptoError, Error};
use tlcp::pki::{KeyCentre, NewKey, Options, Pki, TlsPki};
use tlcp::stream::Clock;
use zeroize::Zeroizing;

pub(crate) fn command() -> Command {
    let out =
        Arg::new("out").long("out").value_name("DIR").value_parser(value_parser!(PathBuf)).required(true);
    Command::new("pki")
        .about("Makes a root, an intermediate CA, a server's pair and a client's pair, for tests")
        .arg(out.help("The folder for the files; made if it is not there"))
        .arg(many(
            "host",
            "NAME",
            "A DNS name or address of the server; may be repeated [default: localhost, 127.0.0.1, ::1]",
        ))
        .arg(flag("tls", "Make certificates for TLS 1.2 too, with keys on P-256"))
        .arg(flag("sm9", "Make an SM9 key centre too, and the keys of a server and a client under it"))
        .arg(flag("force", "Overwrite files that are there"))
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true)
        .subcommand(request::command())
        .subcommand(revoke::command())
}

pub(crate) fn run(matches: &ArgMatches) -> Result<(), Problem> {
    match matches.subcommand() {
        Some(("request", options)) => request::run(options),
        Some(("revoke", options)) => revoke::run(options),
        _ => make(matches),
    }
}

fn make(matches: &ArgMatches) -> Result<(), Problem> {
    let out = path(matches, "out").unwrap_or(Path::new("."));
    let mut options = Options::new(Clock::start().now().unix);
    let hosts = names::hosts(matches)?;
    if !hosts.is_empty() {
        options.hosts = hosts;
    }
    let provider = default_provider();
    let made = Pki::new(&options, &provider, &SystemRandom).map_err(Error::from)?.files();
    let mut files: Vec<_> = made.into_iter().map(named).collect();
    if matches.get_flag("tls") {
        let keys = (NewKey::P256, NewKey::P256);
        let made = TlsPki::new(&options, keys, &provider, &SystemRandom).map_err(Error::from)?.files();
        files.extend(made.into_iter().map(named));
    }
    if matches.get_flag("sm9") {
        files.extend(key_centre(&options, &provider).map_err(Error::from)?);
    }
    save(out, &files, matches.get_flag("force"), meaning)?;
    let out = out.display();
    say!("\nTry them:");
    say!("  tlcp server --listen 127.0.0.1:4433 --identity {out}/server.pem --ca {out}/ca.crt --echo");
    say!("  tlcp client --connect localhost:4433 --ca {out}/ca.crt --identity {out}/client.pem --trace");
    if matches.get_flag("tls") {
        say!(
            "Both protocols on one port: give the server --identity {out}/tls-server.crt {out}/tls-server.key too, then"
        );
        say!("  tlcp client --tls12 --connect localhost:4433 --ca {out}/tls-ca.crt --trace");
    }
    if matches.get_flag("sm9") {
        let centre = format!("--key-centre {out}/sm9-centre.pem");
        say!("With identities in place of certificates:");
        say!("  tlcp server --listen 127.0.0.1:4434 --identity {out}/sm9-server.pem {centre} --echo");
        say!("  tlcp client --connect localhost:4434 {centre} --identity {out}/sm9-client.pem --trace");
    }
    Ok(())
}

fn named((name, contents): (&'static str, Zeroizing<String>)) -> File {
    (String::from(name), contents)
}

/// The server is called as clients ask for it.
fn key_centre(options: &Options, provider: &Provider) -> Result<Vec<File>, CryptoError> {
    let centre = KeyCentre::new("sm9.test", options, provider, &SystemRandom)?;
    let server = options.hosts.first().map_or("localhost", String::as_str).to_lowercase();
    centre.files(&[("server", server.as_bytes()), ("client", options.client.as_bytes())])
}

fn meaning(name: &str) -> &'static str {
    match name {
        "ca.crt" => "the root: for --ca of the other side",
        "intermediate.crt" => "issued by the root, issues the pairs",
        "ca.key" | "intermediate.key" => "its private key: for `tlcp pki revoke`",
        "tls-ca.crt" => "TLS's root: for --ca of the other side",
        "tls-server.crt" | "tls-client.crt" => {
            "certificate and intermediate CA, with the key: for --identity"
        }
        "sm9-centre.pem" => "the SM9 key centre's parameters: for --key-centre of both sides",
        "sm9-centre.key" => "its master keys, which open everything",
        "sm9-centre.pub" => "its public keys, as gmsm and GmSSL read them",
        "sm9-server.pem" => "the server's SM9 identity: for --identity",
        "sm9-client.pem" => "the client's SM9 identity: for --identity",
        "server.pem" => "all of the server: for --identity",
        "client.pem" => "all of the client: for --identity",
        _ if name.ends_with("-sign.crt") => "signing certificate",
        _ if name.ends_with("-sign.key") => "its private key",
        _ if name.ends_with("-encrypt.crt") => "encryption certificate",
        _ => "its private key",
    }
}
