//! Floor 5: sessions, and where they are kept (spec sections 9.3, 15.5).
#[cfg(feature = "std")]
mod memory;

#[cfg(feature = "std")]
pub use memory::MemoryStore;

use crate::crypto::MasterSecret;
use crate::message::{Credential, SessionId};
use crate::suite::Suite;
use crate::wire::{CipherSuite, DecodeError, Overlong, Problem, Reader, Writer};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use zeroize::Zeroizing;

/// The longest a session may live from its full handshake, in seconds (R-SES-13).
pub const MAX_LIFETIME: u64 = 24 * 60 * 60;

/// What both ends keep to agree on new keys without public-key operations.
#[derive(Debug)]
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
    pub server_name: Option<Box<str>>,
    /// On a server: the hash of own certificates, client-auth mode, anchors and the caller's tag (R-SES-10).
    pub context: [u8; 32],
    /// Who the peer is.
    pub peer: Peer,
    /// SM3 of the server's signing certificate (R-SES-14).
    pub server_end_point: [u8; 32],
}

/// The peer's identity, as proved in the full handshake.
#[derive(Debug, Clone)]
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

/// The version byte of [`Session::to_bytes`].
const FORMAT: u8 = 1;

impl Session {
    /// Whether it may still be resumed at `now` after at most `lifetime` seconds (R-SES-13), given that the peer's
    /// certificates must not have expired.
    pub fn is_fresh(&self, now: u64, lifetime: u64) -> bool {
        let age = now.checked_sub(self.created);
        let peer_valid = match self.peer {
            Peer::Anonymous => true,
            Peer::Authenticated { not_after, .. } => now <= not_after,
        };
        peer_valid && age.is_some_and(|age| age < lifetime.min(MAX_LIFETIME))
    }

    /// Serialises the session for a store that lives elsewhere. The bytes hold the master secret: encrypt and
    /// authenticate them wherever they leave the process (R-SES-13).
    ///
    /// # Errors
    /// [`Overlong`] if the peer's certificates do not fit their length prefix.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Overlong> {
        // Room for all of it: growing would leave a copy of the secret behind.
        let certificates: usize = match &self.peer {
            Peer::Anonymous => 0,
            Peer::Authenticated { credential, .. } => {
                credential.certificates().iter().map(|der| der.len().saturating_add(3)).sum()
            }
        };
        let name = self.server_name.as_deref().unwrap_or_default();
        let mut w = Writer::with_capacity(certificates.saturating_add(name.len()).saturating_add(512));
        w.u8(FORMAT);
        w.u16(self.suite.id.0);
        w.vector8(|w| w.bytes(self.id.as_slice()));
        w.bytes(self.master.expose());
        w.bytes(&self.created.to_be_bytes());
        w.vector8(|w| self.server_name.iter().for_each(|_| w.u8(1)));
        w.vector16(|w| w.bytes(name.as_bytes()));
        w.bytes(&self.context);
        w.bytes(&self.server_end_point);
        if let Peer::Authenticated { credential, not_after } = &self.peer {
            w.bytes(&not_after.to_be_bytes());
            Credential::write(&mut w, credential.certificates().iter().map(AsRef::as_ref));
        }
        w.finish().map(Zeroizing::new)
    }

    /// Reads what [`Session::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`DecodeError`] for another version or any damage: treat it as no session (R-SES-13).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new("Session", bytes).citing("R-SES-13");
        let malformed = |r: &Reader<'_>, field| r.error(field, Problem::Malformed);
        if r.u8("format")? != FORMAT {
            return Err(malformed(&r, "format"));
        }
        let suite = Suite::find(CipherSuite(r.u16("cipher_suite")?)).ok_or(malformed(&r, "cipher_suite"))?;
        let id = SessionId::from_slice(r.vector8("session_id", 0)?).ok_or(malformed(&r, "session_id"))?;
        let master = Zeroizing::new(r.array("master_secret")?);
        let created = u64::from_be_bytes(r.array("created")?);
        let named = r.vector8("server_name", 0)?;
        let name = core::str::from_utf8(r.vector16("server_name", 0)?);
        let server_name = match (named, name) {
            ([1], Ok(name)) => Some(Box::from(name)),
            ([], Ok("")) => None,
            _ => return Err(malformed(&r, "server_name")),
        };
        let context = r.array("context")?;
        let server_end_point = r.array("server_end_point")?;
        let peer = if r.is_empty() {
            Peer::Anonymous
        } else {
            let not_after = u64::from_be_bytes(r.array("not_after")?);
            let credential = Credential::read(r.take_rest(), usize::MAX);
            let credential = Arc::new(credential.map_err(|_| malformed(&r, "certificate_list"))?);
            Peer::Authenticated { credential, not_after }
        };
        Ok(Self {
            id,
            suite,
            master: MasterSecret::from_bytes(&master),
            created,
            server_name,
            context,
            peer,
            server_end_point,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn session(peer: Peer) -> Session {
        Session {
            id: SessionId::new([7; 32]),
            suite: &crate::suite::SUITES[1],
            master: MasterSecret::from_bytes(&[3; 48]),
            created: 1000,
            server_name: Some("example.cn".into()),
            context: [4; 32],
            peer,
            server_end_point: [5; 32],
        }
    }

    fn authenticated() -> Peer {
        let certificates = alloc::vec![Box::from([1u8, 2].as_slice()), Box::from([3u8].as_slice())];
        Peer::Authenticated { credential: Arc::new(Credential::Certificates(certificates)), not_after: 5000 }
    }

    /// R-SES-13
    #[test]
    fn survives_serialisation_whole() {
        for peer in [Peer::Anonymous, authenticated()] {
            let before = session(peer);
            let bytes = before.to_bytes().unwrap();
            let after = Session::from_bytes(&bytes).unwrap();
            assert_eq!(*after.to_bytes().unwrap(), *bytes);
            assert_eq!(alloc::format!("{before:?}"), alloc::format!("{after:?}"));
            assert_eq!(before.master.expose(), after.master.expose());
        }
    }

    /// R-SES-13: unknown version or trailing bytes are a miss.
    #[test]
    fn refuses_another_version_trailing_bytes_and_every_truncation() {
        let bytes = session(authenticated()).to_bytes().unwrap();
        let mut other = bytes.to_vec();
        other[0] = 2;
        assert!(Session::from_bytes(&other).is_err());
        assert!(Session::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err());
        let anonymous = session(Peer::Anonymous).to_bytes().unwrap().len();
        for n in (0..bytes.len()).filter(|n| *n != anonymous) {
            assert!(Session::from_bytes(&bytes[..n]).is_err(), "{n} bytes");
        }
    }

    /// R-SES-13: one session has one form.
    #[test]
    fn refuses_another_form_of_the_same_session() {
        let bytes = session(Peer::Anonymous).to_bytes().unwrap();
        let at = 1 + 2 + 1 + 32 + 48 + 8;
        assert_eq!(bytes[at..at + 4], [1, 1, 0, 10]);
        let mut other_mark = bytes.to_vec();
        other_mark[at + 1] = 2;
        assert!(Session::from_bytes(&other_mark).is_err());
        let name_without_mark = [&bytes[..at], &[0], &bytes[at + 2..]].concat();
        assert!(Session::from_bytes(&name_without_mark).is_err());
    }

    /// R-SES-10, R-SES-13
    #[test]
    fn is_fresh_until_lifetime_or_certificate_ends() {
        let s = session(authenticated());
        assert!(s.is_fresh(1000, 100) && s.is_fresh(1099, 100));
        assert!(!s.is_fresh(1100, 100) && !s.is_fresh(999, 100));
        assert!(s.is_fresh(5000, u64::MAX) && !s.is_fresh(5001, u64::MAX));
        let anonymous = session(Peer::Anonymous);
        assert!(!anonymous.is_fresh(1000 + MAX_LIFETIME, u64::MAX));
    }
}
