//! Floor 5: sessions, and where they are kept (R-SES-1 to R-SES-16).
#[cfg(feature = "std")]
mod memory;
#[cfg(feature = "std")]
mod sealed;

#[cfg(feature = "std")]
pub use memory::MemoryStore;
#[cfg(feature = "std")]
pub use sealed::RotatingTicketer;

use crate::crypto::{Digest, MasterSecret, Random, SECRET_LEN};
use crate::message::{Credential, SessionId};
use crate::suite::Suite;
use crate::wire::{CipherSuite, DecodeError, MaxFragmentLength, Overlong, Problem, Reader, Writer};
use alloc::{sync::Arc, vec::Vec};
use zeroize::Zeroizing;

/// The longest a session may live from its full handshake, in seconds (R-SES-13).
pub const MAX_LIFETIME: u64 = 24 * 60 * 60;

/// What both ends keep to agree on new keys without public-key operations.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Session {
    /// The id that the server gave it; empty: it cannot be resumed (R-SES-9).
    pub id: SessionId,
    /// Its suite, and so its protocol version.
    pub suite: &'static Suite,
    /// The master secret of the full handshake.
    pub master: MasterSecret,
    /// When the full handshake was, Unix seconds; resuming does not change it (R-SES-13).
    pub created: u64,
    /// On a server: the name in the client's server_name, `None` being a value of its own (R-SES-10).
    pub server_name: Option<Arc<str>>,
    /// On a server: the hash of client-auth mode, verifier and the caller's tag (R-SES-10).
    pub context: [u8; 32],
    /// On a server: the fingerprint of the identity that it chose (R-SES-16).
    pub own_identity: [u8; 32],
    /// Who the peer is.
    pub peer: Peer,
    /// The hash of the server's signing certificate (R-SES-14).
    pub server_end_point: Digest,
    /// What a resumption must agree on again.
    pub terms: Terms,
    /// On a client: the ticket that the server gave it, in place of an id (R-TKT-4).
    pub ticket: Option<Ticket>,
}

/// What the hellos' extensions came to, and a resumption must come to again; by default nothing, as in TLCP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// The master secret is bound to the whole handshake (R-EMS-3).
    pub extended_master_secret: bool,
    /// R-ETM-1
    pub encrypt_then_mac: bool,
    /// R-EXT-5
    pub max_fragment_length: Option<MaxFragmentLength>,
}

/// What only its issuer can read, and the client gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ticket {
    /// The bytes.
    pub bytes: Arc<[u8]>,
    /// How many seconds it is good for, as its issuer says; 0: it does not say (R-TKT-4).
    pub lifetime: u32,
}

impl Ticket {
    /// The longest that is issued, kept and shown, in bytes: with all else that a ClientHello holds, it stays under the 32
    /// KiB that servers take of one. A longer one is as good as none (R-TKT-4).
    pub const MAX: usize = 16 * 1024;

    /// With these bytes, good for `lifetime` seconds.
    pub fn new(bytes: Arc<[u8]>, lifetime: u32) -> Self {
        Self { bytes, lifetime }
    }
}

/// The peer's identity, as proved in the full handshake.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Peer {
    /// It showed no certificate.
    Anonymous,
    /// It proved to own these.
    Authenticated {
        /// All that it sent, in order.
        credential: Arc<Credential>,
        /// The earlier notAfter of its pair, Unix seconds: no resumption after (R-SES-10, R-SES-11).
        not_after: u64,
    },
}

/// By what a session is looked up. Opaque bytes of at most 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SessionKey {
    /// On a server: the session id.
    Id(SessionId),
    /// On a client: the hash of all that R-SES-11 names.
    Server([u8; 32]),
}

/// What a store says at once.
#[derive(Debug, Clone)]
pub enum Found {
    /// Here it is.
    Session(Arc<Session>),
    /// There is none.
    Nothing,
    /// It must look elsewhere: the connection hands the question to its caller.
    Later,
}

/// Keeps sessions. Those of clients and of servers need different stores, or keys that never meet: they do not, being
/// different variants.
pub trait SessionStore: Send + Sync {
    /// Looks for a session at the time `now`, Unix seconds.
    fn find(&self, key: &SessionKey, now: u64) -> Found;
    /// Keeps a session, in place of one with the same key.
    fn store(&self, key: SessionKey, session: Arc<Session>);
    /// Forgets a session (R-SES-12).
    fn remove(&self, key: &SessionKey);
}

/// Makes tickets of sessions, and sessions of tickets (R-TKT-3).
pub trait Ticketer: Send + Sync {
    /// The ticket, of at most [`Ticket::MAX`] bytes, sealed at the time `now`, Unix seconds; nothing if it cannot be made.
    fn seal(&self, session: &Session, now: u64, random: &dyn Random) -> Option<Ticket>;
    /// The session; nothing if the ticket is forged, foreign or of a key that is gone (R-TKT-4).
    fn open(&self, ticket: &[u8], now: u64) -> Option<Session>;
}

/// The version byte of [`Session::to_bytes`]. After it, as a uint24 vector, fields in the order of their tags: a tag, and
/// a uint24 vector.
const FORMAT: u8 = 3;

/// The tags. A field that has no value is left out.
mod tag {
    pub(super) const CIPHER_SUITE: u8 = 1;
    pub(super) const SESSION_ID: u8 = 2;
    pub(super) const MASTER_SECRET: u8 = 3;
    pub(super) const CREATED: u8 = 4;
    pub(super) const SERVER_NAME: u8 = 5;
    pub(super) const CONTEXT: u8 = 6;
    pub(super) const OWN_IDENTITY: u8 = 7;
    pub(super) const SERVER_END_POINT: u8 = 8;
    pub(super) const PEER_NOT_AFTER: u8 = 9;
    pub(super) const PEER_CERTIFICATES: u8 = 10;
    pub(super) const TERMS: u8 = 11;
    pub(super) const TICKET: u8 = 12;
    pub(super) const TICKET_LIFETIME: u8 = 13;
    /// In place of certificates.
    pub(super) const PEER_IDENTITY: u8 = 14;
}

impl Session {
    /// A session of a handshake that was at `created` (Unix seconds) with a peer that showed nothing; whatever else belongs
    /// to it is for the caller to set. The engine makes its own.
    pub fn new(suite: &'static Suite, master: MasterSecret, created: u64) -> Self {
        Self {
            id: SessionId::EMPTY,
            suite,
            master,
            created,
            server_name: None,
            context: [0; 32],
            own_identity: [0; 32],
            peer: Peer::Anonymous,
            server_end_point: Digest::new(&[0; 32]),
            terms: Terms::default(),
            ticket: None,
        }
    }

    /// Whether it may still be resumed at `now` after at most `lifetime` seconds (R-SES-13), given that the peer's
    /// certificates must not have expired.
    pub fn is_fresh(&self, now: u64, lifetime: u64) -> bool {
        let age = now.checked_sub(self.created);
        let lifetime = match &self.ticket {
            Some(Ticket { lifetime: hint @ 1.., .. }) => lifetime.min(u64::from(*hint)),
            _ => lifetime,
        };
        let peer_valid = match self.peer {
            Peer::Anonymous => true,
            Peer::Authenticated { not_after, .. } => now <= not_after,
        };
        peer_valid && age.is_some_and(|age| age < lifetime.min(MAX_LIFETIME))
    }

    /// The same with a ticket for it: the id is not used any more (R-TKT-4).
    pub(crate) fn with_ticket(&self, ticket: Ticket) -> Self {
        Self { id: SessionId::EMPTY, ticket: Some(ticket), ..self.clone() }
    }

    /// Serialises the session for a store that lives elsewhere. The bytes hold the master secret: encrypt and
    /// authenticate them wherever they leave the process (R-SES-13).
    ///
    /// # Errors
    /// [`Overlong`] if the peer's certificates do not fit their length prefix.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Overlong> {
        // Room for all of it: growing would leave a copy of the secret behind.
        let mut w = Writer::with_capacity(self.variable_len().saturating_add(512));
        w.u8(FORMAT);
        w.vector24(|w| self.write_fields(w));
        w.finish().map(Zeroizing::new)
    }

    /// How many bytes its name, its ticket and the peer's credential take, as if nobody else held them.
    fn variable_len(&self) -> usize {
        /// What a certificate's place in the list takes.
        const PLACE: usize = 32;
        let peer: usize = match &self.peer {
            Peer::Anonymous => 0,
            Peer::Authenticated { credential, .. } => match &**credential {
                Credential::Certificates(list) => {
                    list.iter().map(|der| der.len().saturating_add(PLACE)).sum()
                }
                Credential::Ibc { id, parameter } => id.len().saturating_add(parameter.len()),
            },
        };
        let name = self.server_name.as_deref().map_or(0, str::len);
        let ticket = self.ticket.as_ref().map_or(0, |ticket| ticket.bytes.len());
        peer.saturating_add(name).saturating_add(ticket)
    }

    fn write_fields(&self, w: &mut Writer) {
        write_field(w, tag::CIPHER_SUITE, &self.suite.id.0.to_be_bytes());
        write_field(w, tag::SESSION_ID, self.id.as_slice());
        write_field(w, tag::MASTER_SECRET, self.master.expose());
        write_field(w, tag::CREATED, &self.created.to_be_bytes());
        if let Some(name) = &self.server_name {
            write_field(w, tag::SERVER_NAME, name.as_bytes());
        }
        write_field(w, tag::CONTEXT, &self.context);
        write_field(w, tag::OWN_IDENTITY, &self.own_identity);
        write_field(w, tag::SERVER_END_POINT, self.server_end_point.as_ref());
        if let Peer::Authenticated { credential, not_after } = &self.peer {
            write_field(w, tag::PEER_NOT_AFTER, &not_after.to_be_bytes());
            if let Credential::Certificates(list) = &**credential {
                w.u8(tag::PEER_CERTIFICATES);
                w.vector24(|w| Credential::write(w, list.iter().map(AsRef::as_ref)));
            }
        }
        write_field(w, tag::TERMS, &self.terms.to_bytes());
        if let Some(ticket) = &self.ticket {
            write_field(w, tag::TICKET, &ticket.bytes);
            write_field(w, tag::TICKET_LIFETIME, &ticket.lifetime.to_be_bytes());
        }
        if let Peer::Authenticated { credential, .. } = &self.peer
            && let Credential::Ibc { id, parameter } = &**credential
        {
            w.u8(tag::PEER_IDENTITY);
            w.vector24(|w| Credential::write_ibc(w, id, parameter));
        }
    }

    /// Reads what [`Session::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`DecodeError`] for another version or any damage: treat it as no session (R-SES-13).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new("Session", bytes).citing("R-SES-13");
        if r.u8("format")? != FORMAT {
            return Err(r.error("format", Problem::Malformed));
        }
        let fields = r.vector24("fields", 0)?;
        let mut fields = Fields(r.within(fields));
        r.finish("fields")?;
        let session = Self::read_fields(&mut fields)?;
        fields.0.finish("fields")?;
        Ok(session)
    }

    fn read_fields(r: &mut Fields<'_>) -> Result<Self, DecodeError> {
        let suite = u16::from_be_bytes(r.array(tag::CIPHER_SUITE, "cipher_suite")?);
        let suite = Suite::find(CipherSuite(suite)).ok_or(r.malformed("cipher_suite"))?;
        let id = r.required(tag::SESSION_ID, "session_id")?;
        let id = SessionId::from_slice(id).ok_or(r.malformed("session_id"))?;
        let master = Zeroizing::new(r.array::<SECRET_LEN>(tag::MASTER_SECRET, "master_secret")?);
        let created = u64::from_be_bytes(r.array(tag::CREATED, "created")?);
        let server_name = match r.field(tag::SERVER_NAME)? {
            None => None,
            Some(name) => Some(core::str::from_utf8(name).map_err(|_| r.malformed("server_name"))?.into()),
        };
        let context = r.array(tag::CONTEXT, "context")?;
        let own_identity = r.array(tag::OWN_IDENTITY, "own_identity")?;
        let end_point = r.required(tag::SERVER_END_POINT, "server_end_point")?;
        let server_end_point = Digest::from_slice(end_point).ok_or(r.malformed("server_end_point"))?;
        let not_after = r.field(tag::PEER_NOT_AFTER)?;
        let certificates = r.field(tag::PEER_CERTIFICATES)?;
        let terms = Terms::of(r.array(tag::TERMS, "terms")?).ok_or(r.malformed("terms"))?;
        let ticket = match r.field(tag::TICKET)? {
            None => None,
            Some(ticket) => {
                let lifetime = u32::from_be_bytes(r.array(tag::TICKET_LIFETIME, "ticket_lifetime")?);
                Some(Ticket { bytes: Arc::from(ticket), lifetime })
            }
        };
        let peer = match not_after {
            None if certificates.is_some() => return Err(r.malformed("not_after")),
            None => Peer::Anonymous,
            Some(not_after) => {
                let not_after =
                    u64::from_be_bytes(not_after.try_into().map_err(|_| r.malformed("not_after"))?);
                Peer::Authenticated { credential: Arc::new(r.credential(certificates)?), not_after }
            }
        };
        let master = MasterSecret::from_bytes(&master);
        Ok(Self {
            id,
            suite,
            master,
            created,
            server_name,
            context,
            own_identity,
            peer,
            server_end_point,
            terms,
            ticket,
        })
    }
}

impl Terms {
    fn to_bytes(self) -> [u8; 3] {
        let length = self.max_fragment_length.map_or(0, |length| length.0);
        [self.extended_master_secret.into(), self.encrypt_then_mac.into(), length]
    }

    fn of(bytes: [u8; 3]) -> Option<Self> {
        let [extended @ 0..=1, encrypt @ 0..=1, length @ 0..=4] = bytes else { return None };
        Some(Self {
            extended_master_secret: extended == 1,
            encrypt_then_mac: encrypt == 1,
            max_fragment_length: (length != 0).then_some(MaxFragmentLength(length)),
        })
    }
}

fn write_field(w: &mut Writer, tag: u8, value: &[u8]) {
    w.u8(tag);
    w.vector24(|w| w.bytes(value));
}

/// The fields of a serialised session, which are asked for in the order of their tags.
struct Fields<'a>(Reader<'a>);

impl<'a> Fields<'a> {
    /// The next field, if it has this tag.
    fn field(&mut self, tag: u8) -> Result<Option<&'a [u8]>, DecodeError> {
        let mut ahead = self.0.clone();
        if ahead.is_empty() || ahead.u8("tag")? != tag {
            return Ok(None);
        }
        let value = ahead.vector24("field", 0)?;
        self.0 = ahead;
        Ok(Some(value))
    }

    fn required(&mut self, tag: u8, name: &'static str) -> Result<&'a [u8], DecodeError> {
        self.field(tag)?.ok_or(self.0.error(name, Problem::Truncated))
    }

    fn array<const N: usize>(&mut self, tag: u8, name: &'static str) -> Result<[u8; N], DecodeError> {
        self.required(tag, name)?.try_into().map_err(|_| self.malformed(name))
    }

    /// The peer's certificates, or the identity that comes at the end.
    fn credential(&mut self, certificates: Option<&[u8]>) -> Result<Credential, DecodeError> {
        match certificates {
            Some(list) => Credential::read(list, usize::MAX).map_err(|_| self.malformed("certificates")),
            None => match Credential::read_ibc(self.required(tag::PEER_IDENTITY, "identity")?)? {
                identity @ Credential::Ibc { .. } => Ok(identity),
                Credential::Certificates(_) => Err(self.malformed("identity")),
            },
        }
    }

    fn malformed(&self, name: &'static str) -> DecodeError {
        self.0.error(name, Problem::Malformed)
    }
}

#[cfg(test)]
mod tests;
