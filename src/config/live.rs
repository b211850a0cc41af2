//! A configuration that can be replaced while connections use it.
use super::{ServerConfig, ServerConfigs};
use alloc::sync::Arc;
use core::fmt;
use std::sync::{PoisonError, RwLock};

/// The configuration of connections to come. Those that are there go on with theirs, and so do the sessions of both, as long
/// as the new configuration was made of the old one's builder, which has its store, and finds them acceptable:
/// [`ServerConfig::to_builder`](super::ServerConfig::to_builder). All clones are one.
pub struct Live<C>(Arc<RwLock<Arc<C>>>);

impl<C> Live<C> {
    /// A live configuration that begins as `config`.
    pub fn new(config: Arc<C>) -> Self {
        Self(Arc::new(RwLock::new(config)))
    }

    /// The configuration that holds now: for the next connection.
    pub fn get(&self) -> Arc<C> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the configuration for all connections to come; those that are open keep theirs.
    pub fn set(&self, config: Arc<C>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = config;
    }
}

impl<C> Clone for Live<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> From<Arc<C>> for Live<C> {
    fn from(config: Arc<C>) -> Self {
        Self::new(config)
    }
}

impl From<ServerConfigs> for Live<ServerConfigs> {
    fn from(configs: ServerConfigs) -> Self {
        Self::new(Arc::new(configs))
    }
}

impl From<Arc<ServerConfig>> for Live<ServerConfigs> {
    fn from(only: Arc<ServerConfig>) -> Self {
        ServerConfigs::from(only).into()
    }
}

impl<C: fmt::Debug> fmt::Debug for Live<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Live").field(&self.get()).finish()
    }
}
