//! A session store and a key log that can be looked into.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tlcp::config::KeyLog;
use tlcp::session::{Found, Session, SessionKey, SessionStore};

/// A store whose contents can be seen, and that remembers what was removed.
#[derive(Default)]
pub struct Watched(Mutex<Contents>);

/// What is there, and what was removed.
type Contents = (BTreeMap<SessionKey, Arc<Session>>, Vec<SessionKey>);

impl Watched {
    pub fn holding(sessions: &[(SessionKey, Arc<Session>)]) -> Self {
        Self(Mutex::new((sessions.iter().cloned().collect(), Vec::new())))
    }

    pub fn sessions(&self) -> Vec<(SessionKey, Arc<Session>)> {
        self.0.lock().unwrap().0.iter().map(|(k, s)| (*k, s.clone())).collect()
    }

    pub fn removed(&self) -> usize {
        self.0.lock().unwrap().1.len()
    }
}

impl SessionStore for Watched {
    fn find(&self, key: &SessionKey, _now: u64) -> Found {
        self.0.lock().unwrap().0.get(key).map_or(Found::Nothing, |s| Found::Session(s.clone()))
    }

    fn store(&self, key: SessionKey, session: Arc<Session>) {
        self.0.lock().unwrap().0.insert(key, session);
    }

    fn remove(&self, key: &SessionKey) {
        let mut inner = self.0.lock().unwrap();
        inner.0.remove(key);
        inner.1.push(*key);
    }
}

/// The last master secret.
#[derive(Default)]
pub struct Secret(Mutex<Option<[u8; 48]>>);

impl Secret {
    pub fn get(&self) -> [u8; 48] {
        self.known().expect("a secret was logged")
    }

    pub fn known(&self) -> Option<[u8; 48]> {
        *self.0.lock().unwrap()
    }
}

impl KeyLog for Secret {
    fn log(&self, _: &str, _: &[u8; 32], secret: &[u8]) {
        *self.0.lock().unwrap() = Some(secret.try_into().unwrap());
    }
}
