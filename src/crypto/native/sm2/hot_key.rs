//! The cache of tables for public keys that come again: built at a key's second use, bounded, shared by threads.
use super::element::Affine;
use super::field::Field;
use super::hash::default_z;
use super::hot_point::HotPoint;
use crate::error::CryptoError;
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A public key with its table and its Z for the default user id.
pub(super) struct HotKey {
    pub(super) point: HotPoint,
    pub(super) z: [u8; 32],
}

/// A public key as it is looked up.
pub(super) enum Found {
    Hot(Arc<HotKey>),
    Cold(Affine),
}

struct Entry {
    public: [u8; 65],
    key: Arc<HotKey>,
    last_used: AtomicU64,
}

/// The two lists. A key that was used once does not displace one that was used twice.
struct Lists {
    hot: Vec<Entry>,
    /// Keys that were used once; `next` is where the next goes.
    seen: Vec<[u8; 65]>,
    next: usize,
}

/// At most `capacity` hot keys, about 13.5 KiB each, 27 with AVX-512 IFMA; 0 switches it off.
pub(super) struct HotKeys {
    capacity: usize,
    clock: AtomicU64,
    lists: RwLock<Lists>,
}

impl HotKeys {
    pub(super) const fn new(capacity: usize) -> Self {
        let lists = Lists { hot: Vec::new(), seen: Vec::new(), next: 0 };
        Self { capacity, clock: AtomicU64::new(0), lists: RwLock::new(lists) }
    }

    /// The key's table, if it was used before; else its point, checked.
    pub(super) fn find<F: Field>(&self, field: F, public: &[u8; 65]) -> Result<Found, CryptoError> {
        if self.capacity == 0 {
            return Ok(Found::Cold(Affine::from_bytes(field, public)?));
        }
        let seen = {
            let lists = self.read();
            if let Some(entry) = lists.hot.iter().find(|entry| entry.public == *public) {
                entry.last_used.store(self.tick(), Ordering::Relaxed);
                return Ok(Found::Hot(entry.key.clone()));
            }
            lists.seen.contains(public)
        };
        let point = Affine::from_bytes(field, public)?;
        if !seen {
            self.write().remember(public, self.capacity);
            return Ok(Found::Cold(point));
        }
        // Two threads may both build it; that costs time once, and no lock is held meanwhile.
        let key = Arc::new(HotKey { point: HotPoint::new(field, &point), z: default_z(public) });
        self.insert(public, key.clone());
        Ok(Found::Hot(key))
    }

    fn insert(&self, public: &[u8; 65], key: Arc<HotKey>) {
        let entry = Entry { public: *public, key, last_used: AtomicU64::new(self.tick()) };
        let mut lists = self.write();
        lists.seen.retain(|seen| seen != public);
        lists.next = lists.seen.len();
        if lists.hot.iter().any(|entry| entry.public == *public) {
            return;
        }
        if lists.hot.len() < self.capacity {
            lists.hot.push(entry);
        } else if let Some(oldest) = lists.hot.iter_mut().min_by_key(|e| e.last_used.load(Ordering::Relaxed))
        {
            *oldest = entry;
        }
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    fn read(&self) -> RwLockReadGuard<'_, Lists> {
        self.lists.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Lists> {
        self.lists.write().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.read().hot.len()
    }
}

impl Lists {
    /// Notes a key's first use, in the place of the oldest such note when there is no room.
    fn remember(&mut self, public: &[u8; 65], capacity: usize) {
        if self.seen.len() < capacity {
            self.seen.push(*public);
        } else {
            self.next %= self.seen.len().max(1);
            if let Some(slot) = self.seen.get_mut(self.next) {
                *slot = *public;
            }
            self.next += 1;
        }
    }
}
