//! What a [`Stream`](super::Stream) needs of a socket beside reading and writing: to be left in time.
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// How long the peer has to take our last bytes and to end its side, and how much of what it still sends is read.
pub(super) const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;

/// How long one call may block; `None`: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timeouts {
    /// A read.
    pub read: Option<Duration>,
    /// A write.
    pub write: Option<Duration>,
}

impl Timeouts {
    /// The same, but no longer than `most`.
    pub(super) fn at_most(self, most: Duration) -> Self {
        let least = |own: Option<Duration>| Some(own.map_or(most, |own| own.min(most)));
        Self { read: least(self.read), write: least(self.write) }
    }
}

/// A socket whose blocking calls can be made to end in time, and whose two directions end apart. A call that ran out of
/// time fails with `WouldBlock` or `TimedOut`, as those of the standard library do.
pub trait Socket: Read + Write {
    /// The time limits that hold now.
    ///
    /// # Errors
    /// The system's.
    fn timeouts(&self) -> io::Result<Timeouts>;

    /// Sets them; no limit is zero.
    ///
    /// # Errors
    /// The system's.
    fn set_timeouts(&self, timeouts: Timeouts) -> io::Result<()>;

    /// Ends our direction. What the peer sends can still be read.
    ///
    /// # Errors
    /// The system's.
    fn shutdown_write(&self) -> io::Result<()>;

    /// Ends our direction and reads on until the peer has ended its own, for one second and 1 MiB at most. A socket that is
    /// simply dropped while bytes of the peer are unread resets the connection, and the peer may then never see our last
    /// bytes, such as an alert.
    fn half_close(&mut self) {
        let (end, mut left, mut scratch) = (Instant::now() + LINGER, LINGER_BYTES, [0; 4096]);
        if self.shutdown_write().is_err() {
            return;
        }
        while left > 0 {
            let rest = end.saturating_duration_since(Instant::now());
            let timeouts = Timeouts { read: Some(rest), write: Some(rest) };
            if rest.is_zero() || self.set_timeouts(timeouts).is_err() {
                return;
            }
            match self.read(&mut scratch) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return,
                Ok(n) => left = left.saturating_sub(n),
            }
        }
    }
}

macro_rules! socket {
    ($socket:ty) => {
        impl Socket for $socket {
            fn timeouts(&self) -> io::Result<Timeouts> {
                Ok(Timeouts { read: self.read_timeout()?, write: self.write_timeout()? })
            }

            fn set_timeouts(&self, timeouts: Timeouts) -> io::Result<()> {
                self.set_read_timeout(timeouts.read)?;
                self.set_write_timeout(timeouts.write)
            }

            fn shutdown_write(&self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }
        }
    };
}
socket!(TcpStream);
#[cfg(unix)]
socket!(UnixStream);

/// The two calls of a [`Socket`] that end a handshake in time, kept as values: so a stream over any `Read + Write` and
/// one over a socket are one type.
#[derive(Debug)]
pub(super) struct Limits<T> {
    pub(super) get: fn(&T) -> io::Result<Timeouts>,
    pub(super) set: fn(&T, Timeouts) -> io::Result<()>,
}

impl<T: Socket> Limits<T> {
    pub(super) fn of_socket() -> Self {
        Self { get: T::timeouts, set: T::set_timeouts }
    }
}

impl<T> Clone for Limits<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Limits<T> {}
