//! The connection's loop over a socket: as in `stream`, but nothing waits.
use super::wakers::Half;
use super::{TlcpStream, linger};
use crate::conn::Endpoint;
use crate::error::{Error, is_gone};
use alloc::boxed::Box;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::{Instant, sleep_until};

impl<S: Endpoint, T: AsyncRead + AsyncWrite + Unpin> TlcpStream<S, T> {
    /// Completes the handshake, and sends what is left of it.
    ///
    /// # Errors
    /// Those of the socket; the connection's [`Error`] as `InvalidData` (its alert was sent, if the socket took it at
    /// once), `TimedOut` past the deadline, `UnexpectedEof` where the stream ended.
    pub async fn handshake(&mut self) -> io::Result<()> {
        poll_fn(|cx| {
            ready!(self.poll_complete(Half::Writer, cx))?;
            self.poll_flush_socket(Half::Writer, cx)
        })
        .await
    }

    /// Ends the connection so that our last bytes arrive, be they data, close_notify or an alert: sends them, however long
    /// the peer takes, ends our direction of the socket, and reads on until the peer has ended its own, for one second and
    /// 1 MiB at most. A socket that is dropped while bytes of the peer are unread resets the connection, and the peer may
    /// never see our last ones.
    ///
    /// # Errors
    /// Those of the socket, before its direction ended.
    pub async fn finish(mut self) -> io::Result<()> {
        self.shutdown().await?;
        linger::until_end(&mut self.socket).await;
        Ok(())
    }

    /// The handshake, without waiting until its last bytes are sent.
    pub(super) fn poll_complete(&mut self, half: Half, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.connection.is_handshaking() {
            // It may have failed before there was a socket to tell the peer by: over the hello that it was made with.
            let outcome = self.connection.error().cloned().map_or(Ok(()), Err);
            return Poll::Ready(self.finish_call(outcome, half, cx));
        }
        while self.connection.is_handshaking() {
            let step = self.poll_step(half, cx);
            if step.is_pending() {
                self.poll_deadline(half, cx)?;
            }
            ready!(step)?;
        }
        self.timer = None;
        self.answering.end();
        Poll::Ready(Ok(()))
    }

    fn poll_step(&mut self, half: Half, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.answering.is_under_way() {
            // Ours before it may go out meanwhile; what fails is told when the peer is to be read.
            let _ = self.poll_flush_socket(half, cx);
            let answer = ready!(self.answering.poll(&mut self.wakers.readable.add(half, cx)));
            let outcome = self.connection.answer(answer, self.clock.now());
            return Poll::Ready(self.finish_call(outcome, half, cx));
        }
        if let Some(request) = self.connection.request() {
            self.answering.start(*request);
            return Poll::Ready(Ok(()));
        }
        if self.connection.awaits_answer() {
            let error = Error::Misuse("the open request was taken, and has no answer yet");
            return Poll::Ready(Err(error.into()));
        }
        let sent = self.poll_flush_socket(half, cx);
        match sent {
            Poll::Ready(Err(e)) if !is_gone(&e) => Poll::Ready(Err(e)),
            Poll::Ready(Err(e)) => match self.poll_receive(half, cx) {
                Poll::Pending => Poll::Ready(Err(e)),
                received => received,
            },
            _ => self.poll_receive(half, cx),
        }
    }

    /// Fails at the deadline, and sees to it that the task is woken then.
    fn poll_deadline(&mut self, half: Half, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(deadline) = self.connection.deadline() else { return Ok(()) };
        let left = deadline.saturating_sub(self.clock.now().monotonic);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + left)));
        if timer.as_mut().poll(&mut self.wakers.readable.add(half, cx)).is_pending() {
            return Ok(());
        }
        self.timer = None;
        cx.waker().wake_by_ref(); // Were it early, the task would have to set another.
        let outcome = self.connection.tick(self.clock.now());
        self.finish_call(outcome, half, cx)
    }

    /// Gives what waits to the socket.
    pub(super) fn poll_output(&mut self, half: Half, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.connection.wants_write() {
            let mut cx = self.wakers.writable.add(half, cx);
            let output = self.connection.pending_output();
            match ready!(Pin::new(&mut self.socket).poll_write(&mut cx, output))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.connection.sent(n),
            }
            self.is_unflushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// The same, and on to the peer.
    pub(super) fn poll_flush_socket(&mut self, half: Half, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_output(half, cx))?;
        if self.is_unflushed {
            let mut cx = self.wakers.writable.add(half, cx);
            ready!(Pin::new(&mut self.socket).poll_flush(&mut cx))?;
            self.is_unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// One read from the socket.
    pub(super) fn poll_receive(&mut self, half: Half, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut buffer = ReadBuf::new(self.connection.receive_buffer());
        let mut waiting = self.wakers.readable.add(half, cx);
        let read = Pin::new(&mut self.socket).poll_read(&mut waiting, &mut buffer);
        let read = read.map_ok(|()| buffer.filled().len());
        if read.is_pending() {
            // Whoever waits holds no buffer that is empty.
            self.connection.trim();
        }
        let outcome = match ready!(read)? {
            0 => self.connection.received_end(self.clock.now()),
            n => self.connection.received(n, self.clock.now()),
        };
        Poll::Ready(self.finish_call(outcome, half, cx))
    }

    /// An error's alert goes out, if it can at once, before the error comes back.
    pub(super) fn finish_call(
        &mut self,
        outcome: Result<(), Error>,
        half: Half,
        cx: &mut Context<'_>,
    ) -> io::Result<()> {
        outcome.map_err(|error| {
            let _ = self.poll_flush_socket(half, cx);
            error.into()
        })
    }
}
