//! The runner's flags.
use crate::Stop;
use std::collections::HashMap;
use std::str::FromStr;

/// Flags without a value that mean something here.
const SWITCHES: [&str; 37] = [
    "-async",
    "-check-close-notify",
    "-decline-ocsp-callback",
    "-enable-ocsp-stapling",
    "-expect-extended-master-secret",
    "-expect-no-peer-cert",
    "-expect-no-secure-renegotiation",
    "-expect-no-session",
    "-expect-no-session-id",
    "-expect-secure-renegotiation",
    "-expect-session-id",
    "-expect-session-miss",
    "-expect-ticket-renewal",
    "-fail-cert-callback",
    "-fallback-scsv",
    "-handshake-never-done",
    "-ipv6",
    "-new-x509-credential",
    "-no-legacy-server-connect",
    "-no-server-name-ack",
    "-no-ticket",
    "-peek-then-read",
    "-read-with-unfinished-write",
    "-reject-alpn",
    "-require-any-client-certificate",
    "-reverify-on-resume",
    "-server",
    "-shim-shuts-down",
    "-shim-writes-first",
    "-skip-ticket",
    "-tls-unique",
    "-use-custom-verify-callback",
    "-use-export-context",
    "-use-exporter-between-reads",
    "-verify-fail",
    "-verify-peer",
    "-write-different-record-sizes",
];

/// Flags with a value.
const VALUES: [&str; 36] = [
    "-advertise-alpn",
    "-cert-file",
    "-cipher",
    "-curves",
    "-expect-advertised-alpn",
    "-expect-alpn",
    "-expect-certificate-types",
    "-expect-cipher",
    "-expect-client-ca-list",
    "-expect-curve-id",
    "-expect-msg-callback",
    "-expect-ocsp-response",
    "-expect-peer-cert-file",
    "-expect-peer-signature-algorithm",
    "-expect-peer-verify-pref",
    "-expect-selected-credential",
    "-expect-server-name",
    "-expect-total-renegotiations",
    "-expect-version",
    "-export-context",
    "-export-keying-material",
    "-export-label",
    "-host-name",
    "-key-file",
    "-max-cert-list",
    "-max-version",
    "-min-version",
    "-ocsp-response",
    "-port",
    "-read-size",
    "-resume-count",
    "-select-alpn",
    "-shim-id",
    "-signing-prefs",
    "-use-client-ca-list",
    "-verify-prefs",
];

/// Flags that ask for what happens anyway: what BoringSSL can be driven by in several ways and this library has in one,
/// versions that it does not have, and certificates that come first where the peer names their issuer.
const ANYWAY: [&str; 20] = [
    "-decline-alpn",
    "-expect-no-hrr",
    "-expect-verify-result",
    "-forbid-renegotiation-after-handshake",
    "-handshake-twice",
    "-implicit-handshake",
    "-install-ddos-callback",
    "-must-match-issuer",
    "-no-op-extra-handshake",
    "-no-tls1",
    "-no-tls11",
    "-no-tls13",
    "-partial-write",
    "-renegotiate-ignore",
    "-set-ocsp-in-callback",
    "-use-early-callback",
    "-use-ocsp-callback",
    "-use-old-client-cert-callback",
    "-use-ticket-aead-callback",
    "-use-ticket-callback",
];

/// Flags of that kind with a value: the root of the runner's certificates, which nobody here asks for.
const ANYWAY_WITH_VALUE: [&str; 1] = ["-trust-cert"];

/// What one connection is to be and to do. A flag may be given more than once.
#[derive(Default, Clone)]
pub(crate) struct Options {
    flags: HashMap<String, Vec<String>>,
    /// Certificates in the order of preference: those of `-new-x509-credential` first, then the default one.
    credentials: Vec<Credential>,
}

/// A certificate with its key, and what stands beside it.
#[derive(Default, Clone)]
pub(crate) struct Credential {
    flags: HashMap<String, Vec<String>>,
    /// Its number in `-expect-selected-credential`; the default one has -1.
    pub(crate) number: i32,
}

/// Flags that speak of the credential that was begun last.
const OF_CREDENTIALS: [&str; 4] = ["-cert-file", "-key-file", "-ocsp-response", "-signing-prefs"];

/// The options of the first connection and of those after it.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<(Options, Options), Stop> {
    let (mut first, mut resumed) = (Options::default(), Options::default());
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let (for_shim, name) = match argument.strip_prefix("-on-shim") {
            Some(rest) if rest.starts_with('-') => (true, rest),
            _ => match argument.strip_prefix("-on-handshaker") {
                Some(rest) if rest.starts_with('-') => (false, rest),
                _ => (true, argument.as_str()),
            },
        };
        let (to_first, to_resumed, name) = connections(name);
        let value = match takes_value(name)? {
            true => arguments.next().ok_or_else(|| Stop::failed(format!("{name} without a value")))?,
            false => String::new(),
        };
        if to_first && for_shim {
            first.add(name, &value);
        }
        if to_resumed && for_shim {
            resumed.add(name, &value);
        }
    }
    Ok((first, resumed))
}

/// Which connections a flag is for: the first, the later ones.
fn connections(flag: &str) -> (bool, bool, &str) {
    for (prefix, to_first, to_resumed) in
        [("-on-initial-", true, false), ("-on-resume-", false, true), ("-on-retry-", false, false)]
    {
        if flag.starts_with(prefix) {
            return (to_first, to_resumed, &flag[prefix.len() - 1..]);
        }
    }
    (true, true, flag)
}

fn takes_value(name: &str) -> Result<bool, Stop> {
    if SWITCHES.contains(&name) || ANYWAY.contains(&name) {
        return Ok(false);
    }
    if VALUES.contains(&name) || ANYWAY_WITH_VALUE.contains(&name) {
        return Ok(true);
    }
    Err(Stop::unimplemented(format!("the flag {name}")))
}

impl Options {
    fn add(&mut self, name: &str, value: &str) {
        if name == "-new-x509-credential" {
            let number = self.credentials.len() as i32;
            self.credentials.push(Credential { number, ..Credential::default() });
            return;
        }
        let flags = match self.credentials.last_mut() {
            Some(last) if OF_CREDENTIALS.contains(&name) => &mut last.flags,
            _ => &mut self.flags,
        };
        flags.entry(name.to_string()).or_default().push(value.to_string());
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.flags.contains_key(name)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.flags.get(name)?.last().map(String::as_str)
    }

    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Stop> {
        self.text(name).map(|text| number(name, text)).transpose()
    }

    pub(crate) fn numbers<T: FromStr>(&self, name: &str) -> Result<Vec<T>, Stop> {
        self.flags.get(name).into_iter().flatten().map(|text| number(name, text)).collect()
    }

    /// Those of the flags, and the default one behind them, if there is one.
    pub(crate) fn credentials(&self) -> Vec<Credential> {
        let mut all = self.credentials.clone();
        if self.has("-cert-file") {
            all.push(Credential { flags: self.flags.clone(), number: -1 });
        }
        all
    }
}

impl Credential {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.flags.get(name)?.last().map(String::as_str)
    }

    pub(crate) fn numbers<T: FromStr>(&self, name: &str) -> Result<Vec<T>, Stop> {
        self.flags.get(name).into_iter().flatten().map(|text| number(name, text)).collect()
    }
}

fn number<T: FromStr>(name: &str, text: &str) -> Result<T, Stop> {
    text.parse().map_err(|_| Stop::failed(format!("{name} {text}: not a number")))
}

/// Base64 with padding.
pub(crate) fn base64(text: &str) -> Result<Vec<u8>, Stop> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let digit = DIGITS.iter().position(|digit| *digit == byte);
        let digit = digit.ok_or_else(|| Stop::failed(format!("not base64: {text}")))?;
        bits = bits << 6 | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Ok(out)
}

/// Names with a length byte before each.
pub(crate) fn names(text: &str) -> Result<Vec<Vec<u8>>, Stop> {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((length, tail)) = rest.split_first() {
        let (name, tail) =
            tail.split_at_checked(usize::from(*length)).ok_or_else(|| Stop::failed("a name is cut short"))?;
        out.push(name.to_vec());
        rest = tail;
    }
    Ok(out)
}

/// Hexadecimal strings with commas between them.
pub(crate) fn hex_list(text: &str) -> Result<Vec<Vec<u8>>, Stop> {
    let wrong = || Stop::failed(format!("not hexadecimal: {text}"));
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    };
    let decode = |one: &str| one.as_bytes().chunks(2).map(byte).collect::<Option<Vec<u8>>>();
    text.split(',').map(|one| decode(one).ok_or_else(wrong)).collect()
}
