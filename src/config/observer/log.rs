//! Events as lines of the crate `log`.
use super::{Completed, ConnectionId, Event, Failed, Observer};
use core::fmt;
use log::{debug, trace, warn};

/// Writes what it sees to the crate `log`, target `tlcp`: a handshake that is complete at `debug`, a connection that failed
/// at `warn`, messages at `trace`, by name and length. No name or text of the peer can break a line, and no secret is in one.
///
/// ```
/// # use std::sync::Arc;
/// let builder = tlcp::ServerConfig::builder().observer(Arc::new(tlcp::config::LogObserver));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct LogObserver;

impl Observer for LogObserver {
    fn observe(&self, connection: ConnectionId, event: Event<'_>) {
        match event {
            Event::Handshake(direction, message) => {
                trace!(target: "tlcp", "{connection}: {direction} {}, {} bytes", message.kind, message.body.len());
            }
            Event::ChangeCipherSpec(direction) => {
                trace!(target: "tlcp", "{connection}: {direction} ChangeCipherSpec");
            }
            Event::Alert(direction, alert) => {
                trace!(target: "tlcp", "{connection}: {direction} alert, {} {}", alert.level, alert.description);
            }
            Event::Complete(completed) => debug!(target: "tlcp", "{connection}: {completed}"),
            Event::Failed(failed) => warn!(target: "tlcp", "{connection}: {failed}"),
        }
    }
}

impl fmt::Display for Completed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.resumed { "resumed" } else { "complete" };
        write!(f, "{how}, {} {}", self.version, self.suite.id)?;
        name(f, self.server_name)?;
        if let Some(alpn) = self.alpn {
            write!(f, ", alpn {}", alpn.escape_ascii())?;
        }
        match self.peer_certificates {
            Some(certificates) => write!(f, ", {} certificates of the peer", certificates.len()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Failed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.was_complete { "connection" } else { "handshake" };
        write!(f, "{what} failed, {}: {}", self.error.kind(), self.error)?;
        if let Some(suite) = self.suite {
            write!(f, ", {}", suite.id)?;
        }
        name(f, self.server_name)
    }
}

fn name(f: &mut fmt::Formatter<'_>, name: Option<&str>) -> fmt::Result {
    name.map_or(Ok(()), |name| write!(f, ", name {}", name.as_bytes().escape_ascii()))
}
