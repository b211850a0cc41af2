//! Session tickets: sessions sealed under keys that are replaced as time goes by (RFC 5077, R-TKT-3).
use super::{MAX_LIFETIME, Session, Ticket, Ticketer};
use crate::crypto::{Aead, Draw, Provider, Random};
use crate::error::{ConfigError, CryptoError};
use crate::suite::AeadAlgorithm;
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

const NAME: usize = 16;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Seals tickets under one key for a while, then under a new one; what the last one sealed can still be opened for as long
/// again. The keys are drawn here and known nowhere else: a ticket is good on this process alone.
///
/// A ticket is `key name[16] || nonce[12] || the sealed session || tag[16]`, all of it authenticated, and of at most [`Ticket::MAX`] bytes: of a peer with
/// longer certificates there is none.
pub struct RotatingTicketer {
    provider: Provider,
    algorithm: AeadAlgorithm,
    period: u64,
    keys: Mutex<Keys>,
}

/// The newest first.
#[derive(Default)]
struct Keys(Vec<Key>);

struct Key {
    name: [u8; NAME],
    made: u64,
    aead: Arc<dyn Aead>,
}

impl RotatingTicketer {
    /// Sealing with `algorithm`, replacing the key every `period` seconds, 12 hours being usual. The first key is drawn for
    /// the first ticket.
    ///
    /// # Errors
    /// [`ConfigError`] for a period of none or more than a day (R-SES-13), or an algorithm that `provider` lacks.
    pub fn new(provider: Provider, algorithm: AeadAlgorithm, period: u64) -> Result<Self, ConfigError> {
        if period == 0 || period > MAX_LIFETIME {
            return Err(ConfigError::new("a ticket key lives 1 to 86400 seconds"));
        }
        let key = Zeroizing::new(alloc::vec![0; key_len(algorithm)]);
        match provider.ciphers.aead(algorithm, &key) {
            Ok(_) => Ok(Self { provider, algorithm, period, keys: Mutex::default() }),
            Err(_) => {
                let text = "the provider has no such cipher for tickets: choose another AeadAlgorithm";
                Err(ConfigError::new(text))
            }
        }
    }

    /// The lock is held for look-ups and rare changes alone, and nothing under it can panic half-way.
    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, now: u64, random: &dyn Random) -> Result<Key, CryptoError> {
        let mut name = [0; NAME];
        random.fill(Draw::TicketKey, &mut name)?;
        let mut key = Zeroizing::new(alloc::vec![0; key_len(self.algorithm)]);
        random.fill(Draw::TicketKey, &mut key)?;
        let aead: Box<dyn Aead> = self.provider.ciphers.aead(self.algorithm, &key)?;
        Ok(Key { name, made: now, aead: aead.into() })
    }

    /// The key to seal with now: name and cipher.
    fn current(&self, now: u64, random: &dyn Random) -> Result<([u8; NAME], Arc<dyn Aead>), CryptoError> {
        let mut keys = self.keys();
        let is_current = |key: &Key| now.checked_sub(key.made).is_some_and(|age| age < self.period);
        if !keys.0.first().is_some_and(is_current) {
            let key = self.draw(now, random)?;
            keys.0.insert(0, key);
            keys.0.truncate(2);
        }
        let key = keys.0.first().ok_or(CryptoError::NoRandomness)?;
        Ok((key.name, key.aead.clone()))
    }

    fn named(&self, name: &[u8; NAME], now: u64) -> Option<Arc<dyn Aead>> {
        let keys = self.keys();
        let key = keys.0.iter().find(|key| key.name == *name)?;
        let age = now.checked_sub(key.made)?;
        (age < self.period.saturating_mul(2)).then(|| key.aead.clone())
    }
}

fn key_len(algorithm: AeadAlgorithm) -> usize {
    crate::suite::Protection::Aead(algorithm).key_lengths().1
}

impl Ticketer for RotatingTicketer {
    fn seal(&self, session: &Session, now: u64, random: &dyn Random) -> Option<Ticket> {
        let (name, aead) = self.current(now, random).ok()?;
        let mut nonce = [0; NONCE];
        random.fill(Draw::TicketNonce, &mut nonce).ok()?;
        let mut sealed = session.to_bytes().ok()?;
        let tag = aead.seal(&nonce, &name, &mut sealed);
        let bytes: Vec<u8> = [&name[..], &nonce, &sealed, &tag].concat();
        if bytes.len() > Ticket::MAX {
            return None;
        }
        let lifetime = u32::try_from(self.period).unwrap_or(u32::MAX);
        Some(Ticket { bytes: bytes.into(), lifetime })
    }

    fn open(&self, ticket: &[u8], now: u64) -> Option<Session> {
        let (name, rest) = ticket.split_first_chunk::<NAME>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
        let (sealed, tag) = rest.split_last_chunk::<TAG>()?;
        let aead = self.named(name, now)?;
        let mut session = Zeroizing::new(sealed.to_vec());
        aead.open(nonce, name, &mut session, tag).ok()?;
        Session::from_bytes(&session).ok()
    }
}

impl fmt::Debug for RotatingTicketer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RotatingTicketer").field("period", &self.period).finish_non_exhaustive()
    }
}
