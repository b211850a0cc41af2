//! Floor 9: a connection over any blocking byte stream, `Read + Write`.
use crate::conn::{Connection, Endpoint, Time};
use crate::error::Error;
use crate::handshake::{Answer, Request};
use std::io::{self, Read, Write};
use std::time::{Instant, SystemTime};

/// Reads and writes plaintext over `socket`. The handshake is done by the first use, or by [`Stream::handshake`].
///
/// A stream that is not blocking works too: `WouldBlock` comes through, and the same call can be made again.
#[derive(Debug)]
pub struct Stream<S: Endpoint, T> {
    connection: Connection<S>,
    socket: T,
    clock: Clock,
}

/// The system's two clocks.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// Monotonic time counts from now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// What time it is.
    pub fn now(&self) -> Time {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Time { unix: unix.as_secs(), monotonic: self.0.elapsed() }
    }
}

impl<S: Endpoint, T: Read + Write> Stream<S, T> {
    /// A connection over `socket`, where `clock` gave the time it was made at.
    pub fn new(connection: Connection<S>, socket: T, clock: Clock) -> Self {
        Self { connection, socket, clock }
    }

    /// The connection: its suite, the peer's certificates.
    pub fn connection(&self) -> &Connection<S> {
        &self.connection
    }

    /// The connection, to be used directly.
    pub fn connection_mut(&mut self) -> &mut Connection<S> {
        &mut self.connection
    }

    /// The stream below.
    pub fn socket(&self) -> &T {
        &self.socket
    }

    /// Both parts.
    pub fn into_parts(self) -> (Connection<S>, T) {
        (self.connection, self.socket)
    }

    /// Completes the handshake.
    ///
    /// # Errors
    /// Those of the stream; the connection's [`Error`] as `InvalidData` (its alert was sent, if the stream allowed).
    pub fn handshake(&mut self) -> io::Result<()> {
        self.handshake_with(|_| Answer::Failed(crate::error::AnswerError("nobody answers requests here")))
    }

    /// Completes the handshake, with `answer` for what the configuration cannot answer: keys in a device, a remote
    /// store.
    ///
    /// # Errors
    /// As [`Stream::handshake`].
    pub fn handshake_with(&mut self, mut answer: impl FnMut(Request) -> Answer) -> io::Result<()> {
        while self.connection.is_handshaking() {
            if let Some(request) = self.connection.request() {
                let answer = answer(*request);
                let outcome = self.connection.answer(answer, self.clock.now());
                self.finish(outcome)?;
                continue;
            }
            self.flush_output()?;
            self.receive()?;
        }
        self.flush_output()
    }

    /// Sends close_notify. What the peer still sends can be read; read to the end to know that it got everything.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn close(&mut self) -> io::Result<()> {
        self.connection.close();
        self.flush_output()?;
        self.socket.flush()
    }

    fn flush_output(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.socket.write(self.connection.pending_output()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.connection.sent(n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// One read from the stream.
    fn receive(&mut self) -> io::Result<()> {
        let outcome = match self.socket.read(self.connection.receive_buffer()) {
            Ok(0) => self.connection.received_end(self.clock.now()),
            Ok(n) => self.connection.received(n, self.clock.now()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(e) => return Err(e),
        };
        self.finish(outcome)
    }

    /// An error's alert goes out before the error comes back.
    fn finish(&mut self, outcome: Result<(), Error>) -> io::Result<()> {
        outcome.map_err(|error| {
            let _ = self.flush_output();
            into_io(error)
        })
    }
}

fn into_io(error: Error) -> io::Error {
    let kind = match error {
        Error::Truncated => io::ErrorKind::UnexpectedEof,
        Error::HandshakeTimeout => io::ErrorKind::TimedOut,
        Error::Misuse(_) => io::ErrorKind::InvalidInput,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}

impl<S: Endpoint, T: Read + Write> Read for Stream<S, T> {
    /// 0 means that the peer closed with close_notify; a stream cut short is `UnexpectedEof` (R-AL-3).
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        self.handshake()?;
        loop {
            let outcome = self.connection.read(out);
            // Warnings and close_notify may have been answered.
            if self.connection.wants_write() {
                self.flush_output()?;
            }
            match outcome.map_err(into_io)? {
                0 if self.connection.wants_read() => self.receive()?,
                n => return Ok(n),
            }
        }
    }
}

impl<S: Endpoint, T: Read + Write> Write for Stream<S, T> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.handshake()?;
        self.flush_output()?;
        let n = self.connection.write(data).map_err(into_io)?;
        // The bytes are taken; if the stream blocks now, they go out with the next call or flush.
        match self.flush_output() {
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => Err(e),
            _ => Ok(n),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.handshake()?;
        self.flush_output()?;
        self.socket.flush()
    }
}
