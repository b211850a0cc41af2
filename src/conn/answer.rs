//! Answers to the engine's requests from the configuration.
use crate::cert::{Key, KeyUse};
use crate::config::{NamedIdentity, Services, Setup};
use crate::handshake::{Answer, DecryptRequest, IdentityQuery, Request, Selection, Started};
use crate::message::{ClientHello, RequestedName};
use crate::session::{Found, Peer, Session};
use alloc::{boxed::Box, sync::Arc};

/// Answers what the configuration can answer at once, at the time `now` in Unix seconds: for those who run the engine over
/// a record layer of their own. A session of a peer that was revoked since is none (R-HS-51).
///
/// # Errors
/// The request itself, if the answer is for the caller to find.
pub fn answer(setup: &Setup, now: u64, request: Request) -> Result<Answer, Box<Request>> {
    let request = match request {
        Request::Decrypt(question) => return decrypt(question, &setup.services),
        other => other,
    };
    match at_once(setup, now, &request) {
        Some(answer) => Ok(vet(setup, now, answer)),
        None => Err(Box::new(request)),
    }
}

/// R-HS-51: whoever found a session, here or elsewhere, with a peer that was revoked since it is not resumed.
pub(super) fn vet(setup: &Setup, now: u64, answer: Answer) -> Answer {
    let refused = |session: &Session| match (&session.peer, &setup.services.verifier) {
        // Key centres revoke nobody.
        (Peer::Authenticated { credential, .. }, Some(verifier)) if credential.ibc_id().is_none() => {
            verifier.check_again(credential, now).is_err()
        }
        _ => false,
    };
    match answer {
        Answer::SessionFound(Some(session)) if refused(&session) => Answer::SessionFound(None),
        other => other,
    }
}

/// `None`: not at once.
fn at_once(setup: &Setup, now: u64, request: &Request) -> Option<Answer> {
    let services = &setup.services;
    let random = &*services.random;
    Some(match request {
        Request::FindSession { key } => match services.sessions.as_ref().map(|s| s.find(key, now)) {
            Some(Found::Session(session)) => Answer::SessionFound(Some(session)),
            Some(Found::Nothing) | None => Answer::SessionFound(None),
            Some(Found::Later) => return None,
        },
        Request::OpenTicket { ticket } => {
            let opened = services.tickets.as_ref().and_then(|tickets| tickets.open(ticket, now));
            Answer::SessionFound(opened.map(Arc::new))
        }
        Request::SealTicket { session } => {
            let sealed = services.tickets.as_ref().and_then(|tickets| tickets.seal(session, now, random));
            Answer::TicketSealed(sealed)
        }
        Request::SelectIdentity(_) if services.select_later.is_some() => return None,
        Request::SelectIdentity(query) => Answer::IdentitySelected(select(services, query, now)),
        #[cfg(feature = "sm9")]
        Request::VerifyPeer(claim)
            if claim.credential.ibc_id().is_some() && services.verify_later.is_none() =>
        {
            Answer::PeerVerified(setup.policy.key_centres.verify(claim, now))
        }
        Request::VerifyPeer(claim) => match &services.verifier {
            Some(verifier) if services.verify_later.is_none() => {
                Answer::PeerVerified(verifier.verify(claim, now))
            }
            _ => return None,
        },
        Request::Sign(question) => match question.identity().key(KeyUse::Sign) {
            Key::Here(key) if !services.keys_later => question.answer(&**key, random),
            _ => return None,
        },
        Request::StartAgreement { identity, group, role } => {
            let started = match identity.as_ref().map(|identity| identity.key(KeyUse::Agree)) {
                Some(Key::Here(key)) => key.start_agreement(role, random),
                Some(Key::Elsewhere(_)) => return None,
                None => setup.provider.keys.start_agreement(*group, role, random),
            };
            Answer::AgreementStarted(started.map(Started::Here))
        }
        Request::FinishAgreement { started: Started::Here(started), peer, seed } => {
            Answer::AgreementFinished(started.finish(peer, seed))
        }
        Request::FinishAgreement { started: Started::Elsewhere { .. }, .. } | Request::Decrypt(_) => {
            return None;
        }
    })
}

/// R-HS-43: whatever comes of it, the answer is 48 bytes.
fn decrypt(question: DecryptRequest, services: &Services) -> Result<Answer, Box<Request>> {
    let identity = question.identity().clone();
    match identity.key(question.key_use()) {
        Key::Here(key) if !services.keys_later => Ok(question.answer_with(&**key, &*services.random)),
        _ => Err(Box::new(Request::Decrypt(question))),
    }
}

fn select(services: &Services, query: &IdentityQuery, now: u64) -> Selection {
    // those that are valid come first
    let all = || services.identities.iter();
    let is_valid = move |i: &&NamedIdentity| i.identity.is_valid_at(now);
    let identities = || all().filter(is_valid).chain(all().filter(move |i| !is_valid(i)));
    match query {
        IdentityQuery::ForClient(offer) => {
            let hello = &offer.hello;
            // R-T12-22: first those whose chain is signed as the client takes it, but rather another than none
            let fitting = || identities().filter(|named| query.fits(&named.identity));
            let extensions = &hello.extensions;
            let theirs = extensions.certificate_schemes.as_ref().or(extensions.signature_schemes.as_ref());
            let suits = |named: &&NamedIdentity| theirs.is_none_or(|list| named.identity.is_signed_by(list));
            let in_order = || fitting().filter(suits).chain(fitting().filter(move |named| !suits(named)));
            select_for_client(in_order, hello, services.refuse_unknown_names)
        }
        IdentityQuery::ForServer { .. } => select_for_server(identities, query),
    }
}

/// Of the identities that fit: the one named for the client's server_name, else one without
/// names whose certificate is for it; else the first without names, or the first of all (R-HS-37). Nobody serves a name
/// that no host has (R-HS-48).
fn select_for_client<'a, I: Iterator<Item = &'a NamedIdentity>>(
    identities: impl Fn() -> I,
    hello: &ClientHello,
    refuse_unknown_names: bool,
) -> Selection {
    let default = || identities().find(|i| i.names.is_empty()).or(identities().next());
    let served = match &hello.extensions.server_name {
        RequestedName::None => return chosen(default(), false),
        RequestedName::Unservable => None,
        RequestedName::Host(name) => {
            let named = identities().find(|i| i.names.iter().any(|n| **n == **name));
            named.or_else(|| identities().find(|i| i.names.is_empty() && i.identity.is_for(name)))
        }
    };
    match served {
        Some(named) => chosen(Some(named), true),
        None if refuse_unknown_names => Selection::UnrecognizedName,
        None => chosen(default(), false),
    }
}

/// The identity that a CA named by the server has issued. If none was, the first all the same: CA lists are often
/// incomplete, and the server says so if it means it.
fn select_for_server<'a, I: Iterator<Item = &'a NamedIdentity>>(
    identities: impl Fn() -> I,
    query: &IdentityQuery,
) -> Selection {
    let IdentityQuery::ForServer { request, .. } = query else { return Selection::Nothing };
    let usable = || identities().filter(|i| query.fits(&i.identity));
    let fitting = usable().find(|i| i.identity.matches_authorities(&request.authorities));
    chosen(fitting.or(usable().next()), false)
}

fn chosen(named: Option<&NamedIdentity>, by_name: bool) -> Selection {
    match named {
        Some(named) => Selection::Identity { identity: named.identity.clone(), by_name },
        None => Selection::Nothing,
    }
}
