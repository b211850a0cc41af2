//! `tlcp pki request`: keys, and the requests to take to a CA.
use super::files::{File, save};
use super::names;
use crate::options::{flag, many, path};
use crate::problem::Problem;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::{Path, PathBuf};
use tlcp::crypto::{default_provider, random::SystemRandom};
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
    let (hosts, subject) = (names::hosts(matches)?, names::subject(matches)?);
    let template = Template::new(0, 0)
        .subject(subject.unwrap_or_default())
        .common_name(hosts.first().map_or("", String::as_str))
        .names(&hosts);
    let provider = default_provider();
    let refusal = |e| names::refusal(e, subject);
    let pair = CertificateRequest::pair(&template, &provider, &SystemRandom);
    let [sign, encrypt] = pair.map_err(refusal)?;
    let mut made = vec![("sign", sign), ("encrypt", encrypt)];
    if matches.get_flag("tls") {
        let template = template.for_tls().key(NewKey::P256);
        let request = CertificateRequest::new(&template, &provider, &SystemRandom);
        made.push(("tls", request.map_err(refusal)?));
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
