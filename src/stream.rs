//! Floor 9: a connection over any byte stream, `Read + Write`, blocking or not.
//!
//! What users of `std::io` may rely on:
//! 1. Bytes that were taken are told as taken, and bytes that were read are given out: what fails behind them is told by
//!    the next call.
//! 2. Reading waits for no writing: two ends that both write before they read go on as soon as one of them reads. On a
//!    stream that does not block, `connection().wants_write()` says whether to wait until it can be written to, too.
//! 3. `WouldBlock` and `TimedOut` lose nothing: the same call can be made again. `Interrupted` never comes through.
//! 4. Whatever the connection failed with, each later call says again.
mod accept;
mod socket;

pub use socket::{Socket, Timeouts};

use crate::conn::{Connection, Endpoint, ReadProgress, Time};
use crate::error::{AnswerError, Error, is_gone};
use crate::handshake::{Answer, Request, client, server};
use socket::{LINGER, Limits};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::time::{Duration, Instant, SystemTime};

/// Reads and writes plaintext over `socket`. The handshake is done by the first use, or by [`Stream::handshake`].
///
/// ```no_run
/// use std::io::{Read, Write};
/// use tlcp::{ClientConnection, Clock, ServerName, Stream};
///
/// # fn fetch(config: std::sync::Arc<tlcp::ClientConfig>) -> Result<(), Box<dyn std::error::Error>> {
/// let clock = Clock::start();
/// let connection = ClientConnection::new(config, ServerName::try_from("bank.example")?, clock.now())?;
/// let mut stream = Stream::new(connection, std::net::TcpStream::connect("bank.example:443")?, clock);
/// stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
/// let mut page = Vec::new();
/// stream.read_to_end(&mut page)?; // an end without close_notify is an error
/// stream.finish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Stream<S: Endpoint, T> {
    connection: Connection<S>,
    socket: T,
    clock: Clock,
    /// How the socket is made to return in time, if it can.
    limits: Option<Limits<T>>,
}

/// A client's stream.
pub type ClientStream<T> = Stream<client::State, T>;

/// A server's stream.
pub type ServerStream<T> = Stream<server::State, T>;

/// The system's two clocks.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// A clock whose monotonic time counts from now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time of day, and the monotonic time since [`Clock::start`].
    pub fn now(&self) -> Time {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Time { unix: unix.as_secs(), monotonic: self.0.elapsed() }
    }
}

impl<S: Endpoint, T: Socket> Stream<S, T> {
    /// A connection over `socket`, where `clock` gave the time it was made at. During the handshake the socket's time
    /// limits are shortened to what its deadline leaves, so that a silent peer ends with `TimedOut` (R-REC-34); afterwards
    /// they are as they were.
    pub fn new(connection: Connection<S>, socket: T, clock: Clock) -> Self {
        Self { connection, socket, clock, limits: Some(Limits::of_socket()) }
    }

    /// Ends the connection so that our last bytes arrive, be they close_notify or an alert: sends them, then
    /// [`Socket::half_close`].
    ///
    /// # Errors
    /// As [`Stream::close`].
    pub fn finish(mut self) -> io::Result<()> {
        let timeouts = Timeouts { read: Some(LINGER), write: Some(LINGER) };
        let closed = self.socket.set_timeouts(timeouts).and_then(|()| self.close());
        self.socket.half_close();
        closed
    }
}

impl<S: Endpoint, T: Read + Write> Stream<S, T> {
    /// A connection over anything that reads and writes. Nothing here can wake a read that blocks: the handshake's deadline
    /// is looked at when bytes come, and when `socket` itself fails with `WouldBlock` or `TimedOut`. So give it a time
    /// limit of its own, or let it not block and call [`Stream::handshake`] at [`Connection::deadline`].
    pub fn over(connection: Connection<S>, socket: T, clock: Clock) -> Self {
        Self { connection, socket, clock, limits: None }
    }

    /// The connection: its suite, the peer's certificates.
    pub fn connection(&self) -> &Connection<S> {
        &self.connection
    }

    /// The connection, for what the stream has no method for.
    pub fn connection_mut(&mut self) -> &mut Connection<S> {
        &mut self.connection
    }

    /// The stream that the connection runs over.
    pub fn socket(&self) -> &T {
        &self.socket
    }

    /// The connection, and the stream that it ran over.
    pub fn into_parts(self) -> (Connection<S>, T) {
        (self.connection, self.socket)
    }

    /// Completes the handshake, and sends what is left of it.
    ///
    /// # Errors
    /// Those of the stream; the connection's [`Error`] as `InvalidData` (its alert was sent, if the stream allowed),
    /// `TimedOut` past the deadline, `UnexpectedEof` where the stream ended.
    pub fn handshake(&mut self) -> io::Result<()> {
        self.handshake_with(nobody)
    }

    /// Completes the handshake, with `answer` for what the configuration cannot answer: keys in a device, a remote
    /// store.
    ///
    /// # Errors
    /// As [`Stream::handshake`].
    pub fn handshake_with(&mut self, answer: impl FnMut(Request) -> Answer) -> io::Result<()> {
        self.complete(answer)?;
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

    /// The handshake, without waiting until its last bytes are sent.
    fn complete(&mut self, answer: impl FnMut(Request) -> Answer) -> io::Result<()> {
        if self.connection.is_handshaking() {
            let own = self.limits.map(|limits| (limits.get)(&self.socket)).transpose()?;
            let outcome = self.run_handshake(own, answer);
            if let (Some(limits), Some(own)) = (self.limits, own) {
                outcome.and((limits.set)(&self.socket, own))?;
            } else {
                outcome?;
            }
        }
        self.finish_call(self.connection.error().cloned().map_or(Ok(()), Err))
    }

    fn run_handshake(
        &mut self,
        own: Option<Timeouts>,
        mut answer: impl FnMut(Request) -> Answer,
    ) -> io::Result<()> {
        while self.connection.is_handshaking() {
            if let Some(request) = self.connection.request() {
                let answer = answer(*request);
                let outcome = self.connection.answer(answer, self.clock.now());
                self.finish_call(outcome)?;
            } else if self.connection.awaits_answer() {
                return Err(Error::Misuse("the open request was taken, and has no answer yet").into());
            } else {
                match self.exchange(own) {
                    // Whose time it is that ran out is for the deadline to say.
                    Err(e) if waits(&e) => self.limit_time(own).and(Err(e))?,
                    other => other?,
                }
            }
        }
        Ok(())
    }

    /// Sends what can be sent, receives what is there.
    fn exchange(&mut self, own: Option<Timeouts>) -> io::Result<()> {
        self.limit_time(own)?;
        let sent = self.flush_output();
        match &sent {
            // What the peer said before it left is worth more than that it left: an alert, above all.
            Err(e) if !(waits(e) || is_gone(e)) => return sent,
            Err(_) => self.limit_time(own)?,
            Ok(()) => {}
        }
        match self.receive() {
            Err(e) if waits(&e) => sent.and(Err(e)),
            other => other,
        }
    }

    /// Fails at the deadline; before it, lets the next calls of the socket last no longer.
    fn limit_time(&mut self, own: Option<Timeouts>) -> io::Result<()> {
        let now = self.clock.now();
        let alive = self.connection.tick(now);
        self.finish_call(alive)?;
        if let (Some(limits), Some(own), Some(deadline)) = (self.limits, own, self.connection.deadline()) {
            // A little longer, so that it is past the deadline when the socket gives up.
            let left = deadline.saturating_sub(now.monotonic).saturating_add(Duration::from_millis(1));
            (limits.set)(&self.socket, own.at_most(left))?;
        }
        Ok(())
    }

    fn flush_output(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.socket.write(self.connection.pending_output()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => self.connection.sent(n),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
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
            Err(e) if e.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(e) => return Err(e),
        };
        self.finish_call(outcome)
    }

    /// An error's alert goes out, if it can, before the error comes back.
    fn finish_call(&mut self, outcome: Result<(), Error>) -> io::Result<()> {
        outcome.map_err(|error| {
            let _ = self.flush_output();
            error.into()
        })
    }

    /// The peer has closed, and close_notify answers it. If that cannot be sent nothing is lost, unless it waits behind
    /// what was written before: then the next call tells.
    fn answer_close(&mut self, waited: bool) {
        self.connection.close();
        match self.flush_output() {
            Err(e) if !waits(&e) && !waited => self.connection.sent(self.connection.pending_output().len()),
            _ => {}
        }
    }
}

fn nobody(_: Request) -> Answer {
    Answer::Failed(AnswerError("nobody answers requests here"))
}

/// The stream may go on later.
fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl<S: Endpoint, T: Read + Write> Read for Stream<S, T> {
    /// 0 means that the peer closed with close_notify. A stream cut short is `UnexpectedEof`, at every further read
    /// (R-AL-3, R-AL-10); it can still be written to.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.connection.is_handshaking() {
            self.complete(nobody)?;
        }
        loop {
            let waited = self.connection.wants_write();
            match self.connection.read(out) {
                Ok(ReadProgress::Plaintext(n)) => return Ok(n),
                Ok(ReadProgress::NeedsInput) => {
                    // What fails here is told by whoever writes.
                    let _ = self.flush_output();
                    self.receive()?;
                }
                Ok(ReadProgress::Closed) => {
                    self.answer_close(waited);
                    return Ok(0);
                }
                Err(error) => self.finish_call(Err(error))?,
            }
        }
    }
}

impl<S: Endpoint, T: Read + Write> Write for Stream<S, T> {
    /// Seals and sends. What the stream does not take at once waits; then nothing more is taken until it is gone.
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.complete(nobody)?;
        self.flush_output()?;
        let n = self.connection.write(data)?;
        // They are taken: what fails now is told by the next call.
        let _ = self.flush_output();
        Ok(n)
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.complete(nobody)?;
        self.flush_output()?;
        let n = self.connection.write_vectored(parts)?;
        let _ = self.flush_output();
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.complete(nobody)?;
        self.flush_output()?;
        self.socket.flush()
    }
}
