//! The default store: in memory, bounded in number and in bytes, least recently used out first.
use super::{Found, MAX_LIFETIME, Session, SessionKey, SessionStore};
use alloc::{collections::BTreeMap, sync::Arc};
use core::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a session is reckoned to take, on average: most peers show a pair of certificates and a CA, 2 to 3 KiB.
const TYPICAL: usize = 4096;

/// What a session takes beside its name, its ticket and its peer's credential: itself, its master secret, its place in both
/// maps.
const FIXED: usize = size_of::<Session>() + 48 + 256;

/// Sessions in memory: at most `capacity` of them and at most so many bytes, each for at most `lifetime` seconds (R-SES-4,
/// R-SES-13).
pub struct MemoryStore {
    capacity: usize,
    bytes: usize,
    lifetime: u64,
    inner: Mutex<Inner>,
}

/// Two maps, so that finding, storing and evicting take logarithmic time.
#[derive(Default)]
struct Inner {
    sessions: BTreeMap<SessionKey, (u64, Arc<Session>)>,
    by_use: BTreeMap<u64, SessionKey>,
    clock: u64,
    /// What all sessions take.
    bytes: usize,
}

impl MemoryStore {
    /// Room for `capacity` sessions of at most `lifetime` seconds (and never over 24 hours), and for 4 KiB times `capacity`
    /// in bytes: peers that show long certificates or give long tickets cannot make it hold more.
    pub fn new(capacity: usize, lifetime: u64) -> Self {
        let bytes = capacity.saturating_mul(TYPICAL);
        Self { capacity, bytes, lifetime: lifetime.min(MAX_LIFETIME), inner: Mutex::default() }
    }

    /// The same with room for so many bytes. A session that needs more than all of it is not kept.
    pub fn with_bytes(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic in another thread cannot leave the maps worse than inconsistent, and every use tolerates that.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    /// 4096 sessions of two hours in 16 MiB.
    fn default() -> Self {
        Self::new(4096, 2 * 60 * 60)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("capacity", &self.capacity)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// The bytes that a session holds, as if it were the only one who knows its certificates.
fn size(session: &Session) -> usize {
    FIXED.saturating_add(session.variable_len())
}

impl Inner {
    fn take(&mut self, key: &SessionKey) -> Option<Arc<Session>> {
        let (used, session) = self.sessions.remove(key)?;
        self.by_use.remove(&used);
        self.bytes = self.bytes.saturating_sub(size(&session));
        Some(session)
    }

    fn put(&mut self, key: SessionKey, session: Arc<Session>) {
        self.clock = self.clock.saturating_add(1);
        self.bytes = self.bytes.saturating_add(size(&session));
        self.sessions.insert(key, (self.clock, session));
        self.by_use.insert(self.clock, key);
    }
}

impl SessionStore for MemoryStore {
    fn find(&self, key: &SessionKey, now: u64) -> Found {
        let mut inner = self.inner();
        match inner.take(key) {
            Some(session) if session.is_fresh(now, self.lifetime) => {
                inner.put(*key, session.clone());
                Found::Session(session)
            }
            Some(_) | None => Found::Nothing,
        }
    }

    fn store(&self, key: SessionKey, session: Arc<Session>) {
        let mut inner = self.inner();
        inner.take(&key);
        let Some(room) = self.bytes.checked_sub(size(&session)) else { return };
        while inner.sessions.len() >= self.capacity || inner.bytes > room {
            let Some(oldest) = inner.by_use.values().next().copied() else { return };
            inner.take(&oldest);
        }
        inner.put(key, session);
    }

    fn remove(&self, key: &SessionKey) {
        self.inner().take(key);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Peer, tests::session};
    use super::*;
    use crate::message::{Credential, SessionId};
    use crate::session::Ticket;

    fn key(n: u8) -> SessionKey {
        SessionKey::Id(SessionId::new([n; 32]))
    }

    fn holds(store: &MemoryStore, n: u8) -> bool {
        matches!(store.find(&key(n), 1001), Found::Session(_))
    }

    /// R-SES-4
    #[test]
    fn drops_the_least_recently_used_when_full() {
        let store = MemoryStore::new(2, 100);
        for n in 1..=2 {
            store.store(key(n), Arc::new(session(Peer::Anonymous)));
        }
        assert!(holds(&store, 1));
        store.store(key(3), Arc::new(session(Peer::Anonymous)));
        assert!(holds(&store, 1) && !holds(&store, 2) && holds(&store, 3));
    }

    #[test]
    fn keeps_nothing_without_capacity() {
        let store = MemoryStore::new(0, 100);
        store.store(key(1), Arc::new(session(Peer::Anonymous)));
        assert!(!holds(&store, 1));
    }

    fn showing(bytes: usize) -> Arc<Session> {
        let certificates = alloc::vec![alloc::vec![0x30; bytes].into_boxed_slice()];
        let credential = Arc::new(Credential::Certificates(certificates));
        Arc::new(session(Peer::Authenticated { credential, not_after: u64::MAX }))
    }

    /// R-SES-4
    #[test]
    fn drops_the_least_recently_used_when_its_bytes_are_full() {
        let store = MemoryStore::new(100, 100).with_bytes(50_000);
        for n in 1..=4 {
            store.store(key(n), showing(10_000));
        }
        assert!(holds(&store, 1));
        store.store(key(5), showing(19_000));
        assert!(holds(&store, 1) && holds(&store, 4) && holds(&store, 5));
        assert!(!holds(&store, 2) && !holds(&store, 3));
        // In place of itself it needs no room of others.
        store.store(key(5), showing(19_000));
        assert!(holds(&store, 1) && holds(&store, 4) && holds(&store, 5));
        store.remove(&key(5));
        store.store(key(6), showing(19_000));
        assert!(holds(&store, 1) && holds(&store, 4) && holds(&store, 6));
    }

    /// R-SES-4: a server's tickets, and SM9's identities and parameters, count as certificates do.
    #[test]
    fn drops_the_least_recently_used_when_tickets_or_identities_fill_its_bytes() {
        let ticket = Ticket::new(alloc::vec![7; Ticket::MAX].into(), 0);
        let with_ticket = session(Peer::Anonymous).with_ticket(ticket);
        let of = |id: usize, parameter: usize| {
            let [id, parameter] = [id, parameter].map(|n| alloc::vec![0x30; n].into_boxed_slice());
            let credential = Arc::new(Credential::Ibc { id, parameter });
            session(Peer::Authenticated { credential, not_after: u64::MAX })
        };
        for long in [with_ticket, of(16_384, 0), of(0, 16_384)].map(Arc::new) {
            let store = MemoryStore::new(100, 100).with_bytes(50_000);
            (1..=3).for_each(|n| store.store(key(n), long.clone()));
            assert_eq!([1, 2, 3].map(|n| holds(&store, n)), [false, true, true]);
            let small = MemoryStore::new(100, 100).with_bytes(16_384);
            small.store(key(1), long);
            assert!(!holds(&small, 1), "one that needs more than all bytes");
        }
    }

    #[test]
    fn does_not_keep_a_session_that_needs_more_than_all_bytes() {
        let store = MemoryStore::new(100, 100).with_bytes(20_000);
        store.store(key(1), showing(10_000));
        store.store(key(2), showing(20_000));
        assert!(holds(&store, 1) && !holds(&store, 2));
        store.store(key(1), showing(20_000));
        assert!(!holds(&store, 1), "the older one of the same key is gone all the same");
    }

    /// Whatever was stored, found and removed: nothing is counted that is not there.
    #[test]
    fn counts_nothing_that_is_gone() {
        let store = MemoryStore::new(10, 100).with_bytes(30_000);
        for n in 0..=255_u8 {
            store.store(key(n % 16), showing(usize::from(n) * 100));
            store.find(&key(n % 7), if n % 50 == 0 { 5000 } else { 1001 });
            store.remove(&key(n % 11));
        }
        (0..16).for_each(|n| store.remove(&key(n)));
        let inner = store.inner();
        assert_eq!((inner.bytes, inner.sessions.len(), inner.by_use.len()), (0, 0, 0));
    }

    /// R-SES-13
    #[test]
    fn forgets_what_has_expired_or_was_removed() {
        let store = MemoryStore::new(2, 100);
        store.store(key(1), Arc::new(session(Peer::Anonymous)));
        assert!(matches!(store.find(&key(1), 1100), Found::Nothing));
        assert!(!holds(&store, 1));
        store.store(key(2), Arc::new(session(Peer::Anonymous)));
        store.remove(&key(2));
        assert!(!holds(&store, 2));
    }
}
