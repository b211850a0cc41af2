//! A server's stream whose configuration is chosen by the ClientHello.
use super::socket::{Limits, Socket};
use super::{Clock, ServerStream};
use crate::config::{ServerConfig, ServerConfigs};
use crate::conn::{Acceptance, Accepted, Acceptor, Time};
use crate::error::Error;
use alloc::sync::Arc;
use std::io::{self, ErrorKind};
use std::time::Duration;

/// The size of a read: most hellos fit into one.
const READ: usize = 4096;

impl<T: Socket> ServerStream<T> {
    /// A connection from a client of any protocol that `configs` speak. Reads the ClientHello; the rest of the handshake
    /// is done as in any stream.
    ///
    /// # Errors
    /// As [`ServerStream::accept_with`].
    pub fn accept(socket: T, clock: Clock, configs: &ServerConfigs) -> io::Result<Self> {
        let longest = configs.iter().map(|config| config.policy().handshake_timeout).max();
        let choose = |accepted: &Accepted| Ok(configs.for_version(accepted.record_version()).clone());
        Self::accept_with(socket, clock, longest.unwrap_or_default(), choose)
    }

    /// The same, where `choose` says by the ClientHello which configuration is for this client: by its protocol, the name
    /// that it asks for, its suites or application protocols. The hello must be here within `timeout`. What was read is lost if
    /// a socket that does not block has no more: for those there is [`Acceptor`].
    ///
    /// # Errors
    /// Those of the stream; the [`Error`] of a hello that is none, after its alert was sent, if the stream allowed;
    /// `TimedOut`, `UnexpectedEof`; and what `choose` says, likewise.
    pub fn accept_with(
        mut socket: T,
        clock: Clock,
        timeout: Duration,
        choose: impl FnOnce(&Accepted) -> Result<Arc<ServerConfig>, Error>,
    ) -> io::Result<Self> {
        let own = (Limits::of_socket().get)(&socket)?;
        let accepted = read_hello(&mut socket, clock, timeout);
        (Limits::of_socket().set)(&socket, own)?;
        let accepted = accepted?;
        let config = match choose(&accepted) {
            Ok(config) => config,
            Err(error) => return Err(refuse(&mut socket, &accepted.alert_for(&error), error)),
        };
        Ok(Self::new(accepted.into_connection(config, clock.now()), socket, clock))
    }
}

fn is_past(clock: Clock, started: Time, timeout: Duration) -> bool {
    clock.now().monotonic.saturating_sub(started.monotonic) >= timeout
}

fn read_hello<T: Socket>(socket: &mut T, clock: Clock, timeout: Duration) -> io::Result<Accepted> {
    let limits = Limits::of_socket();
    let own = (limits.get)(socket)?;
    let started = clock.now();
    let (mut acceptor, mut heard) = (Acceptor::new(started), false);
    loop {
        let spent = clock.now().monotonic.saturating_sub(started.monotonic);
        let left = timeout.checked_sub(spent).filter(|left| !left.is_zero());
        let left = left.ok_or(Error::HandshakeTimeout)?;
        // A little longer, so that it is past the deadline when the socket gives up.
        (limits.set)(socket, own.at_most(left.saturating_add(Duration::from_millis(1))))?;
        let mut buffer = [0; READ];
        let n = match socket.read(&mut buffer) {
            Ok(0) => return Err(Error::ClosedInHandshake { heard }.into()),
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            // Whose time it is that ran out is for the deadline to say.
            Err(e) if super::waits(&e) && is_past(clock, started, timeout) => continue,
            Err(e) => return Err(e),
        };
        heard = true;
        match acceptor.received(buffer.get(..n).unwrap_or_default()) {
            Ok(Acceptance::More(more)) => acceptor = more,
            Ok(Acceptance::Accepted(accepted)) => return Ok(accepted),
            Err(rejected) => return Err(refuse(socket, &rejected.alert, rejected.error)),
        }
    }
}

/// Best effort: who sent no hello may not read an alert either.
fn refuse(socket: &mut impl Socket, alert: &[u8], error: Error) -> io::Error {
    let _ = socket.write_all(alert);
    socket.half_close();
    error.into()
}
