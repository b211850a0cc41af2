//! A connection and a plain socket, both ways, in one task: no buffer of its own, and none of the connection's while nothing
//! moves. A side that takes nothing stops the other. The end of one direction is passed on as an end, a failure as one.
use super::metrics::Bytes;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tlcp::aio::Clock;
use tlcp::conn::{Connection, Endpoint, ReadProgress};
use tlcp::error::Error;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// Sealed at once: with the most that a connection keeps of the other direction, one record, it is under 64 KiB.
const CHUNK: usize = 32 * 1024;

/// Whoever waits after fewer bytes than these gives the connection's buffers back at once; after more, they are expected to
/// be of use again, and go after so long without a byte.
const MUCH: u64 = 16 * 1024;
const QUIET: Duration = Duration::from_secs(1);

thread_local! {
    /// What was read from a plain socket goes through here, and stays on no connection's account.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; CHUNK].into_boxed_slice());
}

/// Why a relay ended before both directions were at their end.
#[derive(Debug)]
pub(super) enum Fault {
    /// The connection failed; its alert waits to be sent.
    Protocol(Error),
    /// The socket below it failed.
    Protected(io::Error),
    /// The plain socket failed.
    Plain(io::Error),
    /// Nothing moved for too long.
    Idle,
}

/// What came and went, in plaintext bytes: from the connection to the plain socket, and back.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) opened: u64,
    pub(super) sealed: u64,
}

impl Moved {
    fn since(self, before: Self) -> u64 {
        (self.opened - before.opened) + (self.sealed - before.sealed)
    }
}

/// How far one direction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Open,
    /// Its source has ended; what came before is to be passed on.
    Ending,
    /// The end was passed on.
    Ended,
}

pub(super) struct Relay<'a, S: Endpoint> {
    connection: &'a mut Connection<S>,
    protected: &'a mut TcpStream,
    plain: &'a mut TcpStream,
    clock: Clock,
    bytes: &'a Bytes,
    moved: Moved,
    /// From the connection to the plain socket.
    opening: Flow,
    /// From the plain socket to the connection.
    sealing: Flow,
}

impl<'a, S: Endpoint> Relay<'a, S> {
    pub(super) fn new(
        connection: &'a mut Connection<S>,
        protected: &'a mut TcpStream,
        plain: &'a mut TcpStream,
        clock: Clock,
        bytes: &'a Bytes,
    ) -> Self {
        let (opening, sealing) = (Flow::Open, Flow::Open);
        Self { connection, protected, plain, clock, bytes, moved: Moved::default(), opening, sealing }
    }

    /// Until both directions are at their end, or nothing has moved for `idle`. What was moved is told in any case.
    pub(super) async fn run(mut self, idle: Duration) -> (Moved, Result<(), Fault>) {
        let mut quiet = Quiet { since: Instant::now(), is_soon: false };
        let mut timer = pin!(sleep_until(quiet.since + idle));
        let outcome = poll_fn(|cx| {
            let before = (self.moved, self.opening, self.sealing);
            let outcome = self.poll_turns(cx);
            if outcome.is_ready() {
                return outcome;
            }
            if (self.moved, self.opening, self.sealing) != before {
                quiet.moved(self.moved.since(before.0), timer.as_mut());
            }
            if !quiet.is_soon {
                self.connection.trim(); // Also of a buffer that nothing came for.
            }
            match quiet.poll(timer.as_mut(), cx, idle, self.connection) {
                Poll::Ready(()) => Poll::Ready(Err(Fault::Idle)),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        (self.moved, outcome)
    }

    /// Moves what can be moved; after it, whatever can move next will wake the task.
    fn poll_turns(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        loop {
            let mut moved = self.receive(cx)?;
            moved |= self.deliver(cx)?;
            moved |= self.seal(cx)?;
            moved |= self.send(cx)?;
            if (self.opening, self.sealing) == (Flow::Ended, Flow::Ended) {
                return Poll::Ready(Ok(()));
            }
            if !moved {
                return Poll::Pending;
            }
        }
    }

    /// From the protected socket into the connection, which opens one record and no more.
    fn receive(&mut self, cx: &mut Context<'_>) -> Result<bool, Fault> {
        let mut moved = false;
        while self.connection.wants_read() {
            // Asked before there is a buffer: whoever waits has none.
            if !is_readable(self.protected, cx).map_err(Fault::Protected)? {
                break;
            }
            let read = read(self.protected, cx, self.connection.receive_buffer());
            let Some(n) = read.map_err(Fault::Protected)? else { continue };
            let now = self.clock.now();
            match n {
                0 => self.connection.received_end(now),
                n => self.connection.received(n, now),
            }
            .map_err(Fault::Protocol)?;
            moved = true;
        }
        Ok(moved)
    }

    /// From the connection to the plain socket, and the end after it.
    fn deliver(&mut self, cx: &mut Context<'_>) -> Result<bool, Fault> {
        let mut moved = false;
        while !self.connection.plaintext().is_empty() {
            let plain = &*self.plain;
            let written =
                when(|| plain.poll_write_ready(cx), || plain.try_write(self.connection.plaintext()));
            let n = match written {
                Ok(Some(n)) => n,
                Ok(None) => return Ok(moved),
                // It has said all that it had to say, and listens no more: what comes for it is in vain.
                Err(e) if is_gone(&e) && self.sealing != Flow::Open => self.connection.plaintext().len(),
                Err(e) => return Err(Fault::Plain(e)),
            };
            self.moved.opened += n as u64;
            self.bytes.opened(n);
            moved = true;
            self.connection.consume(n).map_err(Fault::Protocol)?;
        }
        if self.opening == Flow::Open && self.connection.readable() == Ok(ReadProgress::Closed) {
            self.opening = Flow::Ending;
        }
        if self.opening == Flow::Ending && shut_down(self.plain, cx).map_err(Fault::Plain)? {
            self.opening = Flow::Ended;
            moved = true;
        }
        Ok(moved)
    }

    /// From the plain socket into the connection, when all is sent that was sealed before; and the end.
    fn seal(&mut self, cx: &mut Context<'_>) -> Result<bool, Fault> {
        if self.sealing != Flow::Open || self.connection.wants_write() {
            return Ok(false);
        }
        if !is_readable(self.plain, cx).map_err(Fault::Plain)? {
            return Ok(false);
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let Some(n) = read(self.plain, cx, scratch).map_err(Fault::Plain)? else { return Ok(false) };
            if n == 0 {
                self.connection.close();
                self.sealing = Flow::Ending;
                return Ok(true);
            }
            self.moved.sealed += n as u64;
            self.bytes.sealed(n);
            // Nothing waits, so that all of them are taken.
            self.connection.write(scratch.get(..n).unwrap_or_default()).map_err(Fault::Protocol)?;
            Ok(true)
        })
    }

    /// From the connection to the protected socket, and the end after close_notify.
    fn send(&mut self, cx: &mut Context<'_>) -> Result<bool, Fault> {
        let mut moved = false;
        while self.connection.wants_write() {
            let protected = &*self.protected;
            let output = self.connection.pending_output();
            match when(|| protected.poll_write_ready(cx), || protected.try_write(output)) {
                Ok(Some(n)) => self.connection.sent(n),
                Ok(None) => return Ok(moved),
                Err(e) => return Err(self.why_gone(e)),
            }
            moved = true;
        }
        if self.sealing == Flow::Ending && shut_down(self.protected, cx).map_err(Fault::Protected)? {
            self.sealing = Flow::Ended;
            moved = true;
        }
        Ok(moved)
    }

    /// The peer takes nothing any more. What it said before it left, such as an alert, tells more than that it left.
    fn why_gone(&mut self, e: io::Error) -> Fault {
        while self.connection.wants_read() {
            let now = self.clock.now();
            match self.protected.try_read(self.connection.receive_buffer()) {
                Ok(n) if n > 0 => {
                    if let Err(error) = self.connection.received(n, now) {
                        return Fault::Protocol(error);
                    }
                }
                _ => break,
            }
        }
        Fault::Protected(e)
    }
}

/// Whether the socket's other end is no more.
pub(super) fn is_gone(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::NotConnected)
}

/// Whether there may be something to read; if not, the task will be woken.
fn is_readable(socket: &TcpStream, cx: &mut Context<'_>) -> io::Result<bool> {
    match socket.poll_read_ready(cx) {
        Poll::Pending => Ok(false),
        Poll::Ready(ready) => ready.map(|()| true),
    }
}

/// One read, which knows that nothing is left where it was not filled; `None`: there was nothing, and the task will be woken.
fn read(socket: &mut TcpStream, cx: &mut Context<'_>, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    let mut buffer = ReadBuf::new(buffer);
    match Pin::new(socket).poll_read(cx, &mut buffer) {
        Poll::Pending => Ok(None),
        Poll::Ready(outcome) => outcome.map(|()| Some(buffer.filled().len())),
    }
}

/// Tries when the socket is ready; `None`: it is not, and will wake the task.
fn when(
    mut poll_ready: impl FnMut() -> Poll<io::Result<()>>,
    mut attempt: impl FnMut() -> io::Result<usize>,
) -> io::Result<Option<usize>> {
    loop {
        match poll_ready() {
            Poll::Pending => return Ok(None),
            Poll::Ready(ready) => ready?,
        }
        match attempt() {
            // It had been ready once: asked again, it says when it is.
            Err(e) if e.kind() == ErrorKind::WouldBlock => {}
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            other => return other.map(Some),
        }
    }
}

/// Ends our direction of a socket. That the other end is gone already is no error (tokio).
fn shut_down(socket: &mut TcpStream, cx: &mut Context<'_>) -> io::Result<bool> {
    match Pin::new(socket).poll_shutdown(cx) {
        Poll::Pending => Ok(false),
        Poll::Ready(outcome) => outcome.map(|()| true),
    }
}

/// How long nothing has moved. Its timer is set anew only when it has gone off, or when there are buffers again to be given
/// back: not with every byte.
struct Quiet {
    since: Instant,
    /// The timer goes off when it is time to give buffers back, and not only when all is over.
    is_soon: bool,
}

impl Quiet {
    fn moved(&mut self, bytes: u64, timer: Pin<&mut Sleep>) {
        self.since = Instant::now();
        if bytes >= MUCH && !std::mem::replace(&mut self.is_soon, true) {
            timer.reset(self.since + QUIET);
        }
    }

    /// Ready when it has been quiet for `idle`.
    fn poll<S: Endpoint>(
        &mut self,
        mut timer: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
        idle: Duration,
        connection: &mut Connection<S>,
    ) -> Poll<()> {
        loop {
            ready!(timer.as_mut().poll(cx));
            let quiet = self.since.elapsed();
            if quiet >= idle {
                return Poll::Ready(());
            }
            if quiet >= QUIET {
                connection.trim();
                self.is_soon = false;
            }
            timer.as_mut().reset(self.since + if self.is_soon { QUIET.min(idle) } else { idle });
        }
    }
}
