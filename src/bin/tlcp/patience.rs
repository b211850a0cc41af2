//! The runtime of the servers, and how long they wait.
use std::future::Future;
use std::io::{self, ErrorKind};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// A thread for each core.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

/// What `step` comes to, or `TimedOut` after `limit`.
pub(crate) async fn within<T>(limit: Duration, step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, step).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}
