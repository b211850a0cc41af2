//! What follows from a step.
use super::Request;
use crate::crypto::{MasterSecret, TrafficKeys};
use crate::key_schedule::Exporter;
use crate::message::Message;
use crate::session::{Session, SessionKey};
use crate::suite::Suite;
use alloc::{boxed::Box, sync::Arc};
use smallvec::SmallVec;

/// What the engine wants done, in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action {
    /// The client asks for this name: for whoever tells of a failure later.
    NameRequested(Arc<str>),
    /// Both hellos agree on this suite: likewise. From here on records have the version of its protocol.
    SuiteChosen(&'static Suite),
    /// Both hellos agree on records of at most so many bytes of content, in either direction (R-EXT-5).
    LimitFragments(usize),
    /// Send this handshake message, in a record of its own (R-REC-11).
    Write(Message),
    /// Send a ChangeCipherSpec record.
    WriteChangeCipherSpec,
    /// Protect all further records sent with these.
    NewWriteKeys(TrafficKeys),
    /// Open all further records received with these.
    NewReadKeys(TrafficKeys),
    /// The line `CLIENT_RANDOM …` of an NSS key log; only if [`Policy::log_secrets`](crate::config::Policy::log_secrets).
    LogSecret {
        /// The connection's name in the log.
        client_random: Box<[u8; 32]>,
        /// The secret.
        master: MasterSecret,
    },
    /// Keep this session: both Finished were verified (R-SES-4).
    StoreSession(SessionKey, Arc<Session>),
    /// Forget this session (R-SES-6).
    DropSession(SessionKey),
    /// Send the warning no_renegotiation, and count it (R-HS-38).
    RefuseRenegotiation,
    /// Answer this; the last action of its step.
    Ask(Request),
    /// The handshake is complete.
    Done(Summary),
}

/// What a completed handshake agreed on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Summary {
    /// The session: suite, master secret, who the peer is.
    pub session: Arc<Session>,
    /// By which name the session is to be dropped after a fatal alert (R-SES-12).
    pub session_key: Option<SessionKey>,
    /// Whether it was resumed.
    pub resumed: bool,
    /// The application protocol (R-ALPN-2).
    pub alpn: Option<Box<[u8]>>,
    /// The name the client asked for.
    pub server_name: Option<Arc<str>>,
    /// On a client: the stapled OCSP response as it came, which nobody has looked into (R-EXT-3).
    pub ocsp_response: Option<Box<[u8]>>,
    /// Makes other keys from the master secret; only with extended_master_secret (R-T12-26).
    pub exporter: Option<Box<Exporter>>,
}

/// Actions in order. As many as any step has (a server that resumes: seven) need no memory of the heap.
pub type Actions = SmallVec<[Action; 8]>;
