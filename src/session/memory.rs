//! The default store: in memory, bounded, least recently used out first.
use super::{Found, MAX_LIFETIME, Session, SessionKey, SessionStore};
use alloc::{collections::BTreeMap, sync::Arc};
use core::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sessions in memory: at most `capacity` of them, each for at most `lifetime` seconds (R-SES-4, R-SES-13).
pub struct MemoryStore {
    capacity: usize,
    lifetime: u64,
    inner: Mutex<Inner>,
}

/// Two maps, so that finding, storing and evicting take logarithmic time.
#[derive(Default)]
struct Inner {
    sessions: BTreeMap<SessionKey, (u64, Arc<Session>)>,
    by_use: BTreeMap<u64, SessionKey>,
    clock: u64,
}

impl MemoryStore {
    /// Room for `capacity` sessions of at most `lifetime` seconds (and never over 24 hours).
    pub fn new(capacity: usize, lifetime: u64) -> Self {
        Self { capacity, lifetime: lifetime.min(MAX_LIFETIME), inner: Mutex::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic in another thread cannot leave the maps worse than inconsistent, and every use tolerates that.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    /// 4096 sessions of two hours.
    fn default() -> Self {
        Self::new(4096, 2 * 60 * 60)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl Inner {
    fn take(&mut self, key: &SessionKey) -> Option<Arc<Session>> {
        let (used, session) = self.sessions.remove(key)?;
        self.by_use.remove(&used);
        Some(session)
    }

    fn put(&mut self, key: SessionKey, session: Arc<Session>) {
        self.clock = self.clock.saturating_add(1);
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
        while inner.sessions.len() >= self.capacity {
            let Some((_, oldest)) = inner.by_use.pop_first() else { return };
            inner.sessions.remove(&oldest);
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
    use crate::message::SessionId;

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
