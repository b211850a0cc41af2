//! What a ClientHello and the policy have in common, and what of it ServerHello says.
use super::Hello;
use crate::cert::{Identity, KeyUse};
use crate::config::ClientAuth;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::handshake::{Context, illegal};
use crate::message::{ClientHello, RequestedName, ServerExtensions};
use crate::session::Terms;
use crate::suite::{KeyExchange, Protection, SecretSource, Signs, Suite};
use crate::wire::{CipherSuite, Codes, HandshakeType, NamedGroup};
use alloc::boxed::Box;
use smallvec::SmallVec;

/// The suites that both sides can use, preferred first; of the client's signature schemes those that are ours are left.
pub(super) fn common_suites(
    hello: &mut ClientHello,
    cx: &Context<'_>,
) -> Result<SmallVec<[&'static Suite; 8]>, Error> {
    check_version(hello, cx)?;
    check_fields(hello, cx)?;
    let offered = |suite: &&&'static Suite| hello.cipher_suites.contains(&suite.id);
    let mut suites: SmallVec<[_; 8]> = cx.policy.suites.iter().filter(offered).copied().collect();
    // R-CS-4: in our order; unknown values are ignored.
    if suites.is_empty() {
        return Err(PeerIncompatible::NoCommonCipherSuite.into());
    }
    suites.retain(|suite| suite.key_exchange.secret != SecretSource::Ephemeral || group(hello, cx).is_some());
    if suites.is_empty() {
        return Err(PeerIncompatible::NoCommonGroup.into());
    }
    // R-IBC-3
    let has_id = hello.client_id().is_some();
    suites.retain(|suite| suite.key_exchange != KeyExchange::IBSDH || has_id);
    if suites.is_empty() {
        return Err(PeerIncompatible::ClientIdMissing.into());
    }
    if cx.policy.protocol.names_signature_scheme
        && let Some(theirs) = &mut hello.extensions.signature_schemes
    {
        // R-T12-22: chains are judged by all of them.
        hello.extensions.certificate_schemes.get_or_insert_with(|| theirs.clone());
        theirs.retain(|scheme| cx.policy.signature_schemes.contains(scheme));
    }
    suites.retain(|suite| may_sign(suite, hello, cx));
    if suites.is_empty() {
        return Err(PeerIncompatible::NoCommonSignatureScheme.into());
    }
    Ok(suites)
}

/// R-HS-33, R-SCSV-1
fn check_version(hello: &ClientHello, cx: &Context<'_>) -> Result<(), Error> {
    const TLS13: u16 = 0x0304;
    let (protocol, version) = (cx.policy.protocol, hello.version);
    let highest = if cx.policy.tls13_elsewhere { TLS13 } else { protocol.version.0 };
    let is_tls = version.major() == protocol.version.major() && protocol.has_tls_extensions;
    if is_tls && version.0 < highest && hello.cipher_suites.contains(&CipherSuite::FALLBACK_SCSV) {
        return Err(PeerMisbehaved::InappropriateFallback.into());
    }
    if !protocol.hello_versions.contains(&version.0) {
        return Err(PeerMisbehaved::ProtocolVersion { message: "ClientHello", version }.into());
    }
    Ok(())
}

fn check_fields(hello: &ClientHello, cx: &Context<'_>) -> Result<(), Error> {
    let wrong = |field, expected, clause| Err(illegal(HandshakeType::CLIENT_HELLO, field, expected, clause));
    let extensions = &hello.extensions;
    if !hello.offers_null_compression {
        return wrong("compression_methods", "null (0) among them", "R-REC-16");
    }
    if extensions.uncompressed_points == Some(false) {
        return wrong("ec_point_format_list", "uncompressed (0) among them", "R-EC-2");
    }
    if extensions.max_fragment_length.is_some_and(|length| length.bytes().is_none()) {
        return wrong("max_fragment_length", "1 to 4", "R-EXT-2");
    }
    // R-REN-4: this is no renegotiation.
    if extensions.renegotiation_info.as_ref().is_some_and(|verify_data| !verify_data.is_empty()) {
        return Err(PeerIncompatible::NoSecureRenegotiation.into());
    }
    if cx.policy.require_extended_master_secret && !extensions.extended_master_secret {
        return Err(PeerIncompatible::NoExtendedMasterSecret.into());
    }
    Ok(())
}

/// The first group of ours that the client has too; none if it names none (R-EC-3, R-T12-21).
pub(super) fn group(hello: &ClientHello, cx: &Context<'_>) -> Option<NamedGroup> {
    let theirs = hello.extensions.supported_groups.as_ref()?;
    cx.policy.groups.iter().find(|group| theirs.contains(group)).copied()
}

/// Whether any key could sign what the suite needs. R-HS-6: where no scheme is named the suite fixes it whatever the list
/// says; a strict policy wants to see it there.
fn may_sign(suite: &Suite, hello: &ClientHello, cx: &Context<'_>) -> bool {
    let kind = suite.key_exchange.authenticates;
    match &hello.extensions.signature_schemes {
        _ if suite.protocol.names_signature_scheme => !needs_scheme(suite) || has_scheme(hello, |_| true),
        Some(theirs) if cx.policy.strict_signature_schemes => {
            kind.schemes().is_empty() || kind.schemes().iter().any(|ours| theirs.contains(ours))
        }
        _ => true,
    }
}

/// Whether the server signs anything, by a scheme that both name.
fn needs_scheme(suite: &Suite) -> bool {
    suite.protocol.names_signature_scheme && suite.key_exchange.secret != SecretSource::Encrypted
}

fn has_scheme(hello: &ClientHello, fits: impl Fn(crate::wire::SignatureScheme) -> bool) -> bool {
    hello.extensions.signature_schemes.iter().flatten().any(|scheme| fits(*scheme))
}

/// Whether a server with this identity can use the suite with this client: the key is of the suite's kind and for what the
/// suite does with it (R-T12-9), signs by a scheme that is left in the hello, and an ECDSA key lies on a curve that the
/// client has (R-T12-21).
pub(in crate::handshake) fn fits(suite: &Suite, identity: &Identity, hello: &ClientHello) -> bool {
    let key = identity.public_key(KeyUse::Sign);
    let signs = suite.key_exchange.signs == Signs::Nothing || identity.allows(KeyUse::Sign);
    let shares = match suite.key_exchange.secret {
        SecretSource::Encrypted => identity.allows(KeyUse::Encrypt),
        SecretSource::Agreed => identity.allows(KeyUse::Agree),
        SecretSource::Ephemeral => true,
    };
    let has_curve = |curve| hello.extensions.supported_groups.iter().flatten().any(|group| *group == curve);
    key.kind() == suite.key_exchange.authenticates
        && signs
        && shares
        && (!needs_scheme(suite)
            || has_scheme(hello, |scheme| identity.signs_by(scheme)) && key.curve().is_none_or(has_curve))
}

/// R-ALPN-2: the first of ours that the client offers.
pub(super) fn alpn(hello: &ClientHello, cx: &Context<'_>) -> Result<Option<Box<[u8]>>, Error> {
    let theirs = &hello.extensions.alpn;
    if theirs.is_empty() || cx.policy.alpn.is_empty() {
        return Ok(None);
    }
    let common = cx.policy.alpn.iter().find(|name| theirs.contains(name));
    Ok(Some(common.ok_or(PeerIncompatible::NoApplicationProtocol)?.clone()))
}

pub(super) fn asks_for_certificate(suite: &Suite, cx: &Context<'_>) -> bool {
    cx.policy.client_auth != ClientAuth::None || suite.key_exchange.is_mutual()
}

/// R-SES-10: whether a session of this client may be kept. R-HS-48: there is none of a name that nobody serves.
pub(super) fn may_keep_session(hello: &ClientHello, cx: &Context<'_>) -> bool {
    let keeps = cx.policy.sessions || cx.policy.tickets;
    keeps && hello.extensions.server_name != RequestedName::Unservable
}

/// Whether the client is to get a ticket for a session of this suite.
pub(super) fn issues_ticket(hello: &ClientHello, suite: &Suite, cx: &Context<'_>) -> bool {
    cx.policy.tickets
        && hello.extensions.session_ticket.is_some()
        && may_keep_session(hello, cx)
        && cx.policy.may_resume(suite)
}

/// What the hellos agree on with this suite. R-ETM-1: never with an AEAD.
pub(super) fn terms(hello: &ClientHello, suite: &Suite, cx: &Context<'_>) -> Terms {
    let is_cbc = matches!(suite.protection, Protection::Cbc { .. });
    Terms {
        extended_master_secret: hello.extensions.extended_master_secret,
        encrypt_then_mac: hello.extensions.encrypt_then_mac && cx.policy.encrypt_then_mac && is_cbc,
        max_fragment_length: hello.extensions.max_fragment_length,
    }
}

/// What ServerHello says beside the suite.
#[derive(Default)]
pub(super) struct Acknowledged {
    /// The name was used (R-HS-37).
    pub(super) name: bool,
    /// NewSessionTicket will come.
    pub(super) ticket: bool,
    /// CertificateStatus will come.
    pub(super) status: bool,
}

impl Acknowledged {
    pub(super) fn extensions(&self, hello: &Hello, suite: &Suite, terms: &Terms) -> ServerExtensions {
        let offered = &hello.message().extensions;
        let scsv = CipherSuite::EMPTY_RENEGOTIATION_INFO_SCSV;
        let signals = offered.renegotiation_info.is_some() || hello.message().cipher_suites.contains(&scsv);
        let uses_points = suite.key_exchange.secret == SecretSource::Ephemeral;
        ServerExtensions {
            server_name: self.name,
            alpn: hello.alpn.clone(),
            status_request: self.status,
            uncompressed_points: offered.uncompressed_points.filter(|_| uses_points),
            extended_master_secret: terms.extended_master_secret,
            encrypt_then_mac: terms.encrypt_then_mac,
            max_fragment_length: terms.max_fragment_length,
            session_ticket: self.ticket,
            // R-REN-4
            renegotiation_info: (signals && suite.protocol.has_tls_extensions).then(Box::default),
            kinds: Codes::default(),
        }
    }
}
