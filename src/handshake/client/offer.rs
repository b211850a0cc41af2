//! What ClientHello offers, and whether ServerHello chose among it.
use super::Offer;
use crate::cert::ServerName;
use crate::crypto::Draw;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::handshake::{Context, illegal};
use crate::message::{ClientExtensions, RequestedName, ServerExtensions, ServerHello, SessionId};
use crate::session::{Session, Terms, Ticket};
use crate::suite::{KeyKind, Protection, SecretSource, Suite};
use crate::wire::{CipherSuite, Codes, HandshakeType, SignatureScheme};
use alloc::{boxed::Box, sync::Arc};

/// The suites in our order, and what is signalled among them.
pub(super) fn cipher_suites(cx: &Context<'_>) -> Codes<CipherSuite> {
    let fallback = cx.policy.is_fallback.then_some(CipherSuite::FALLBACK_SCSV); // R-SCSV-1
    cx.policy.suites.iter().map(|suite| suite.id).chain(fallback).collect()
}

/// R-SES-9: a ticket always has a random id beside it, by whose echo the client knows that it was taken.
pub(super) fn session_id(session: Option<&Session>, cx: &Context<'_>) -> Result<SessionId, Error> {
    match session {
        None => Ok(SessionId::EMPTY),
        Some(Session { ticket: None, id, .. }) => Ok(*id),
        Some(_) => {
            let mut id = [0; SessionId::MAX];
            cx.random.fill(Draw::SessionId, &mut id)?;
            Ok(SessionId::new(id))
        }
    }
}

/// R-SES-11, R-SES-13: a session is offered while it and the server's certificates are valid and its suite is enabled.
pub(super) fn may_offer(session: &Session, cx: &Context<'_>) -> bool {
    let sends_tickets = cx.policy.tickets && cx.policy.hello_extensions;
    // R-TKT-4: a store may hold what another wrote.
    let fits = |ticket: &Ticket| sends_tickets && ticket.bytes.len() <= Ticket::MAX;
    let is_named = session.ticket.as_ref().map_or(!session.id.is_empty(), fits);
    is_named
        && session.is_fresh(cx.now, cx.policy.session_lifetime)
        && cx.policy.suites.contains(&session.suite)
        && cx.policy.may_resume(session.suite)
}

/// TLCP's lean hello of R-HS-5: a DNS name if there is one, the groups, signature algorithms (R-HS-35), ALPN; and what
/// TLS has beside it.
pub(super) fn extensions(
    name: &ServerName<'_>,
    session: Option<&Session>,
    cx: &Context<'_>,
) -> ClientExtensions {
    let policy = cx.policy;
    if !policy.hello_extensions {
        return ClientExtensions::default();
    }
    let lean = ClientExtensions {
        server_name: server_name(name),
        alpn: policy.alpn.iter().map(AsRef::as_ref).collect(),
        supported_groups: Some(policy.groups[..].into()),
        signature_schemes: signature_schemes(cx),
        client_id: policy.client_id.clone(),
        ..ClientExtensions::default()
    };
    if !policy.protocol.has_tls_extensions {
        return lean;
    }
    let ticket = session.and_then(|session| session.ticket.as_ref());
    let ticket = ticket.map_or(Arc::default(), |ticket| ticket.bytes.clone());
    let has = |fits: fn(&Suite) -> bool| policy.suites.iter().any(|suite| fits(suite));
    let uses_points = has(|suite| suite.key_exchange.secret == SecretSource::Ephemeral);
    ClientExtensions {
        supported_groups: lean.supported_groups.filter(|_| uses_points), // R-EC-1
        uncompressed_points: uses_points.then_some(true),
        status_request: policy.ask_for_status,
        extended_master_secret: true, // R-EMS-1
        encrypt_then_mac: policy.encrypt_then_mac
            && has(|suite| matches!(suite.protection, Protection::Cbc { .. })),
        max_fragment_length: policy.max_fragment_length,
        session_ticket: policy.tickets.then_some(ticket),
        renegotiation_info: Some(Box::default()), // R-REN-3
        ..lean
    }
}

/// R-HS-37: a DNS name in lower case, without a trailing dot; an IP address is never sent.
fn server_name(name: &ServerName<'_>) -> RequestedName {
    match name {
        ServerName::DnsName(dns) => RequestedName::asking_for(dns.as_ref().trim_end_matches('.')),
        _ => RequestedName::None,
    }
}

/// Those of the policy. R-HS-35: in TLCP SM2's always, others if a suite that is offered signs by them; SM9 has no code
/// point to be named by.
fn signature_schemes(cx: &Context<'_>) -> Option<Codes<SignatureScheme>> {
    if cx.policy.protocol.names_signature_scheme {
        return Some(cx.policy.signature_schemes[..].into());
    }
    let suites = cx.policy.suites.iter().map(|suite| suite.key_exchange.authenticates);
    if suites.clone().all(|kind| kind == KeyKind::Sm9) {
        return None;
    }
    let mut out = Codes::default();
    for scheme in core::iter::once(KeyKind::Sm2).chain(suites).flat_map(KeyKind::schemes) {
        if !out.contains(scheme) {
            out.push(*scheme);
        }
    }
    Some(out)
}

/// What the hellos agree on with this suite.
///
/// # Errors
/// R-ETM-2: encrypt-then-MAC with an AEAD suite.
pub(super) fn terms(answer: &ServerExtensions, suite: &Suite) -> Result<Terms, Error> {
    if answer.encrypt_then_mac && !matches!(suite.protection, Protection::Cbc { .. }) {
        return Err(illegal(
            HandshakeType::SERVER_HELLO,
            "encrypt_then_mac",
            "none with an AEAD suite",
            "R-ETM-2",
        ));
    }
    Ok(Terms {
        extended_master_secret: answer.extended_master_secret,
        encrypt_then_mac: answer.encrypt_then_mac,
        max_fragment_length: answer.max_fragment_length,
    })
}

/// R-REN-3, R-REN-7
fn check_renegotiation(answer: &ServerExtensions, cx: &Context<'_>) -> Result<(), Error> {
    match &answer.renegotiation_info {
        Some(verify_data) if !verify_data.is_empty() => Err(PeerIncompatible::NoSecureRenegotiation.into()),
        None if cx.policy.require_secure_renegotiation => Err(PeerIncompatible::NoSecureRenegotiation.into()),
        _ => Ok(()),
    }
}

impl Offer {
    /// Whether the server chose among what was offered.
    pub(super) fn check(&self, hello: &ServerHello, cx: &Context<'_>) -> Result<(), Error> {
        let wrong =
            |field, expected, clause| Err(illegal(HandshakeType::SERVER_HELLO, field, expected, clause));
        if hello.version != cx.policy.protocol.version {
            let version = hello.version;
            return Err(PeerMisbehaved::ProtocolVersion { message: "ServerHello", version }.into());
        }
        if !self.cipher_suites.contains(&hello.cipher_suite) {
            return wrong("cipher_suite", "one that was offered", "R-CS-5");
        }
        if hello.compression_method != 0 {
            return wrong("compression_method", "null (0)", "R-REC-16");
        }
        self.extensions.check_answer(&hello.extensions, hello.version)?;
        let answer = &hello.extensions;
        if answer.alpn.as_ref().is_some_and(|name| !self.extensions.alpn.contains(name)) {
            return wrong("protocol_name_list", "a name that was offered", "R-ALPN-3");
        }
        if answer.uncompressed_points == Some(false) {
            return wrong("ec_point_format_list", "uncompressed (0) among them", "R-EC-2");
        }
        if answer
            .max_fragment_length
            .is_some_and(|length| self.extensions.max_fragment_length != Some(length))
        {
            return wrong("max_fragment_length", "the length that was asked for", "R-EXT-2");
        }
        check_renegotiation(answer, cx)?;
        if cx.policy.require_extended_master_secret && !answer.extended_master_secret {
            return Err(PeerIncompatible::NoExtendedMasterSecret.into());
        }
        Ok(())
    }
}
