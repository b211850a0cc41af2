//! Options to configurations.
use crate::Stop;
use crate::options::{Credential, Options, base64, hex_list, names};
use crate::seen::Seen;
use crate::services::{Kept, Told};
use crate::suites;
use std::sync::Arc;
use tlcp::cert::Identity;
use tlcp::config::{ClientAuth, ClientConfig, ConfigBuilder, Limits, ServerConfig};
use tlcp::crypto::Provider;
use tlcp::error::ConfigError;

const TLS12: u16 = 0x0303;

/// LargeMessage sends more certificates than anyone should by default.
const CERTIFICATES: usize = 64;

/// Whose primitives are used: a feature of this crate says it.
pub(crate) fn provider() -> Provider {
    #[cfg(feature = "aws-lc-rs")]
    return tlcp::crypto::aws_lc::provider();
    #[cfg(not(feature = "aws-lc-rs"))]
    tlcp::crypto::default_provider()
}

pub(crate) fn client(options: &Options, kept: &Kept, seen: &Arc<Seen>) -> Result<Arc<ClientConfig>, Stop> {
    let mut builder = common(ClientConfig::tls12_builder(), options, kept, seen)?;
    for credential in options.credentials() {
        builder = builder.identity(identity(&credential, options)?);
    }
    if options.has("-enable-ocsp-stapling") {
        builder = builder.ask_for_status();
    }
    if options.has("-fallback-scsv") {
        builder = builder.fallback();
    }
    if options.has("-no-legacy-server-connect") {
        builder = builder.require_secure_renegotiation();
    }
    if let Some(list) = options.text("-advertise-alpn") {
        let list = names(list)?;
        builder = builder.alpn(list.iter().map(Vec::as_slice));
    }
    builder = builder.tickets(!options.has("-no-ticket"));
    builder.build().map(Arc::new).map_err(unusable)
}

pub(crate) fn server(options: &Options, kept: &Kept, seen: &Arc<Seen>) -> Result<Arc<ServerConfig>, Stop> {
    let mut builder = common(ServerConfig::tls12_builder(), options, kept, seen)?;
    for credential in options.credentials() {
        let identity = identity(&credential, options)?;
        // Named for the name that the client is to ask for, it acknowledges it.
        builder = match options.text("-expect-server-name") {
            Some(name) if !options.has("-no-server-name-ack") => builder.identity_for([name], identity),
            _ => builder.identity(identity),
        };
    }
    if options.has("-require-any-client-certificate") {
        builder = builder.client_auth(ClientAuth::Require);
    } else if options.has("-verify-peer") {
        builder = builder.client_auth(ClientAuth::Request);
    }
    if let Some(list) = options.text("-use-client-ca-list").filter(|list| !list.starts_with('<')) {
        let list = hex_list(list)?;
        builder = builder.authorities(list.iter().map(Vec::as_slice));
    }
    // Whoever refuses all protocols has none in common with anyone.
    let alpn = if options.has("-reject-alpn") { Some("refused") } else { options.text("-select-alpn") };
    if let Some(name) = alpn {
        builder = builder.alpn([name.as_bytes()]);
    }
    if options.has("-tls13-elsewhere") {
        builder = builder.tls13_elsewhere();
    }
    if !options.has("-no-ticket") {
        builder = builder.tickets(kept.tickets.clone());
    }
    builder.build().map(Arc::new).map_err(unusable)
}

/// What both roles have.
fn common<C>(
    builder: ConfigBuilder<C>,
    options: &Options,
    kept: &Kept,
    seen: &Arc<Seen>,
) -> Result<ConfigBuilder<C>, Stop> {
    check(options)?;
    let mut limits = Limits::default();
    limits.certificates = CERTIFICATES;
    if let Some(most) = options.number("-max-cert-list")? {
        limits.messages.certificate = most;
    }
    let mut builder = builder
        .provider(provider())
        .verifier(Arc::new(Told::new(options)))
        .sessions(Some(kept.sessions.clone()))
        .observer(seen.clone())
        .suites(&suites::suites(options)?)
        .limits(limits);
    if let Some(groups) = suites::groups(options)? {
        builder = builder.groups(&groups);
    }
    if let Some(schemes) = suites::schemes(options.numbers("-verify-prefs")?)? {
        builder = builder.signature_schemes(&schemes);
    }
    // Whoever waits for the runner may as well wait for the verifier.
    if options.has("-async") {
        builder = builder.verify_later(Some(b"told"));
    }
    if options.has("-fail-cert-callback") {
        builder = builder.select_later(None);
    }
    Ok(builder)
}

fn check(options: &Options) -> Result<(), Stop> {
    if options.text("-expect-total-renegotiations").is_some_and(|count| count != "0") {
        return Err(Stop::unimplemented("renegotiation"));
    }
    let least: Option<u16> = options.number("-min-version")?;
    let most: Option<u16> = options.number("-max-version")?;
    if least.is_some_and(|version| version > TLS12) || most.is_some_and(|version| version < TLS12) {
        return Err(Stop::unimplemented("other versions than TLS 1.2"));
    }
    Ok(())
}

fn identity(credential: &Credential, options: &Options) -> Result<Arc<Identity>, Stop> {
    let read = |flag: &str| {
        let path = credential.text(flag).ok_or_else(|| Stop::unimplemented(format!("without {flag}")))?;
        std::fs::read(path).map_err(Stop::failed)
    };
    let (certificates, key) = (read("-cert-file")?, read("-key-file")?);
    let provider = provider();
    let pile = [certificates.as_slice(), key.as_slice()];
    let mut identity = Identity::single_from_pile(&pile, [], &provider).map_err(unusable)?;
    if let Some(schemes) = suites::known_schemes(credential.numbers("-signing-prefs")?)? {
        identity = identity.signing_by(&schemes);
    }
    if let Some(response) =
        credential.text("-ocsp-response").filter(|_| !options.has("-decline-ocsp-callback"))
    {
        identity = identity.with_ocsp_response(&base64(response)?);
    }
    Ok(Arc::new(identity))
}

/// A configuration that the library does not take is not implemented; which tests need one, config.json says.
fn unusable(error: ConfigError) -> Stop {
    Stop::unimplemented(error.0)
}
