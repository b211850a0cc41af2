//! What an open connection still knows of its handshake: facts, and no secret but an exporter's (R-KEY-5, R-T12-26).
use crate::config::Completed;
use crate::crypto::Digest;
use crate::handshake::Summary;
use crate::key_schedule::Exporter;
use crate::message::Credential;
use crate::session::{Peer, SessionKey};
use crate::suite::Suite;
use crate::wire::ProtocolVersion;
use alloc::{boxed::Box, sync::Arc};

/// What a completed handshake agreed on. It outlives a failure of the connection, so that a log can tell whose it was.
pub(super) struct Facts {
    pub(super) suite: &'static Suite,
    pub(super) resumed: bool,
    peer: Peer,
    pub(super) alpn: Option<Box<[u8]>>,
    pub(super) server_name: Option<Arc<str>>,
    pub(super) server_end_point: Digest,
    /// By which name the session is to be dropped after a fatal alert (R-SES-12).
    pub(super) session_key: Option<SessionKey>,
    pub(super) ocsp_response: Option<Box<[u8]>>,
    pub(super) exporter: Option<Box<Exporter>>,
}

/// How far a handshake had come before it failed. Who the peer said it was is not told, being unproved (R-SM-5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The suite that both hellos agreed on, if it came to that.
    pub suite: Option<&'static Suite>,
    /// The name in the client's server_name.
    pub server_name: Option<Arc<str>>,
}

impl Facts {
    /// The session itself goes: whether its master secret lives on is for the store to say.
    pub(super) fn new(summary: Summary) -> Self {
        let Summary { session, session_key, resumed, alpn, server_name, ocsp_response, exporter } = summary;
        Self {
            suite: session.suite,
            resumed,
            peer: session.peer.clone(),
            alpn,
            server_name,
            server_end_point: session.server_end_point,
            session_key,
            ocsp_response,
            exporter,
        }
    }

    /// For an observer.
    pub(super) fn completed(&self, version: ProtocolVersion) -> Completed<'_> {
        Completed {
            version,
            suite: self.suite,
            resumed: self.resumed,
            server_name: self.server_name.as_deref(),
            alpn: self.alpn.as_deref(),
            peer_certificates: self.peer_certificates(),
        }
    }

    /// Who the peer is, where it has an identity in place of certificates (R-IBC-6).
    #[cfg(feature = "sm9")]
    pub(super) fn peer_identity(&self) -> Option<&[u8]> {
        match &self.peer {
            Peer::Authenticated { credential, .. } => {
                credential.ibc_id().map(crate::cert::sm9::identity_data)
            }
            Peer::Anonymous => None,
        }
    }

    /// The peer's certificates, as it sent them; none where it has an identity in their place.
    pub(super) fn peer_certificates(&self) -> Option<&[Box<[u8]>]> {
        match &self.peer {
            Peer::Authenticated { credential, .. } => match &**credential {
                Credential::Certificates(list) => Some(list),
                Credential::Ibc { .. } => None,
            },
            Peer::Anonymous => None,
        }
    }
}
