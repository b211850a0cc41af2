//! Names from the command line, as they may stand in certificates.
use crate::options::{string, strings};
use crate::problem::Problem;
use clap::ArgMatches;
use tlcp::cert::ServerName;
use tlcp::error::{CryptoError, Error};

/// So many characters of a name are told in an error.
const SHOWN: usize = 80;

/// The names of `--host`, each of which a client can ask for.
pub(super) fn hosts(matches: &ArgMatches) -> Result<Vec<String>, Problem> {
    let hosts = strings(matches, "host");
    match hosts.iter().find(|host| !can_be_asked_for(host)) {
        None => Ok(hosts),
        Some(host) => Err(Problem::new(format!("--host {}: no client can ask for it", shown(host))).advise(
            "give a DNS name such as www.example.com or *.example.com (other scripts in their form xn--…), or an address \
             such as 192.0.2.1 or 2001:db8::1",
        )),
    }
}

/// R-HS-41: `*` is the whole left-most label, and two at least follow it; a dot at the end has no place in a certificate.
fn can_be_asked_for(host: &str) -> bool {
    let domain = host.strip_prefix("*.");
    match (ServerName::try_from(domain.unwrap_or(host)), domain) {
        (Ok(ServerName::DnsName(name)), None) => !name.as_ref().ends_with('.'),
        (Ok(ServerName::DnsName(name)), Some(_)) => {
            name.as_ref().contains('.') && !name.as_ref().ends_with('.')
        }
        (Ok(_), domain) => domain.is_none(),
        (Err(_), _) => false,
    }
}

/// `--subject`, if it is there.
pub(super) fn subject(matches: &ArgMatches) -> Result<Option<&str>, Problem> {
    match string(matches, "subject") {
        Some("") => Err(no_subject("")),
        subject => Ok(subject),
    }
}

/// Of all that was given, only the subject is still unread when a certificate or a request is made.
pub(super) fn refusal(error: CryptoError, subject: Option<&str>) -> Problem {
    match (error, subject) {
        (CryptoError::BadName, Some(subject)) => no_subject(subject),
        (error, _) => Error::from(error).into(),
    }
}

fn no_subject(text: &str) -> Problem {
    Problem::new(format!("--subject {}: no name of a certificate's subject", shown(text)))
        .advise("write it as CN=www.example.com,O=Example,C=CN, without spaces behind the commas")
}

fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(SHOWN).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}
