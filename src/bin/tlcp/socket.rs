//! TCP with its bytes counted.
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tlcp::stream::{Socket, Timeouts};

/// A socket that counts its bytes.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) tcp: TcpStream,
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

impl Counted {
    pub(crate) fn new(tcp: TcpStream) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        Ok(Self { tcp, received: 0, sent: 0 })
    }

    pub(crate) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_timeouts(Timeouts { read: timeout, write: timeout })
    }
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.tcp.read(out)?;
        self.received += n as u64;
        Ok(n)
    }
}

impl Write for Counted {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let n = self.tcp.write(data)?;
        self.sent += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

impl Socket for Counted {
    fn timeouts(&self) -> io::Result<Timeouts> {
        self.tcp.timeouts()
    }

    fn set_timeouts(&self, timeouts: Timeouts) -> io::Result<()> {
        self.tcp.set_timeouts(timeouts)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.tcp.shutdown_write()
    }
}
