//! TCP as server and client need it: counted, and closed so that the last bytes arrive.
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// How long the peer has to close its side, and how much of what it still sends is read.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;

/// A socket that counts its bytes.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) tcp: TcpStream,
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

impl Socket {
    pub(crate) fn new(tcp: TcpStream) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        Ok(Self { tcp, received: 0, sent: 0 })
    }

    pub(crate) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.tcp.set_read_timeout(timeout)?;
        self.tcp.set_write_timeout(timeout)
    }

    /// Ends the stream and waits a little for the peer to do so: a socket that is closed with unread bytes resets the
    /// connection, and the peer may then never see our last bytes, such as an alert.
    pub(crate) fn finish(mut self) {
        let end = Instant::now() + LINGER;
        let (mut scratch, mut left) = ([0; 4096], LINGER_BYTES);
        if self.tcp.shutdown(Shutdown::Write).is_err() {
            return;
        }
        while left > 0 {
            let rest = end.saturating_duration_since(Instant::now());
            if rest.is_zero() || self.tcp.set_read_timeout(Some(rest)).is_err() {
                return;
            }
            match self.tcp.read(&mut scratch) {
                Ok(0) | Err(_) => return,
                Ok(n) => left = left.saturating_sub(n),
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.tcp.read(out)?;
        self.received += n as u64;
        Ok(n)
    }
}

impl Write for Socket {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let n = self.tcp.write(data)?;
        self.sent += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}
