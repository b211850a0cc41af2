//! `tlcp pki request`: keys, and the requests to take to a CA.
use super::files::{File, save};
use crate::options::{flag, many, path, string, strings};
use crate::problem::Problem;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::{Path, PathBuf};
use tlcp::crypto::{default_provider, random::SystemRandom};
use tlcp::error::Error;
use tlcp::pki::{CertificateRequest, NewKey, Template};
use zeroize::Zeroizing;

pub(super) fn command() -> Command {
    let out = Arg::new("out").long("out").value_name("DIR").value_parser(value_parser!(PathBuf));
    let subject = Arg::new("subject").long("subject").value_name("NAME");
    Command::new("request")
        .about("Makes two SM2 keys and a certificate request (PKCS#10) for each: signing and encryption")
        .arg(out.required(true).help("The folder for the files; made if it is not there"))
        .arg(many("host", "NAME", "A DNS name or address that the certificates are for; may be repeated"))
        .arg(
            subject
                .help("The subject, such as `CN=www.example.com,O=Example,C=CN` [default: CN is the first --host]")
                .required_unless_present("host"),
        )
        .arg(flag("tls", "Make a key on P-256 and a request for TLS 1.2 too"))
        .arg(flag("force", "Overwrite files that are there"))
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Problem> {
    let out = path(matches, "out").unwrap_or(Path::new("."));
    let hosts = strings(matches, "host");
    let template = Template::new(0, 0)
        .subject(string(matches, "subject").unwrap_or_default())
        .common_name(hosts.first().map_or("", String::as_str))
        .names(&hosts);
    let provider = default_provider();
    let new = |template| CertificateRequest::new(&template, &provider, &SystemRandom);
    let [sign, encrypt] =
        CertificateRequest::pair(&template, &provider, &SystemRandom).map_err(Error::from)?;
    let mut made = vec![("sign", sign), ("encrypt", encrypt)];
    if matches.get_flag("tls") {
        made.push(("tls", new(template.for_tls().key(NewKey::P256)).map_err(Error::from)?));
    }
    let files: Vec<File> = made.iter().flat_map(|(name, request)| files(name, request)).collect();
    save(out, &files, matches.get_flag("force"), meaning)
}

fn files(name: &str, request: &CertificateRequest) -> [File; 2] {
    [
        (format!("{name}.csr"), Zeroizing::new(request.request_pem())),
        (format!("{name}.key"), request.key_pem()),
    ]
}

fn meaning(name: &str) -> &'static str {
    match name {
        "sign.csr" => "request for the signing certificate: for the CA",
        "encrypt.csr" => "request for the encryption certificate: for the CA",
        "tls.csr" => "request for TLS's certificate: for the CA",
        _ => "its private key: for --identity, with both certificates",
    }
}
