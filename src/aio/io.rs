//! A stream as tokio's users know it.
use super::TlcpStream;
use super::wakers::Half;
use crate::conn::{Endpoint, ReadProgress};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, ErrorKind, IoSlice};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

impl<S: Endpoint, T: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlcpStream<S, T> {
    /// 0 bytes mean that the peer closed with close_notify; ours is sent by shutting the stream down. A stream cut short is
    /// `UnexpectedEof`, at every further read (R-AL-3, R-AL-10); it can still be written to.
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        ready!(this.poll_readable(cx))?;
        match this.connection.read(out.initialize_unfilled()) {
            Ok(ReadProgress::Plaintext(n)) => out.advance(n),
            Ok(ReadProgress::Closed | ReadProgress::NeedsInput) => {}
            Err(error) => return Poll::Ready(this.finish_call(Err(error), Half::Reader, cx)),
        }
        Poll::Ready(Ok(()))
    }
}

/// Without a buffer of its own: what is given out lies in the connection, whose record it is.
impl<S: Endpoint, T: AsyncRead + AsyncWrite + Unpin> AsyncBufRead for TlcpStream<S, T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(this.poll_readable(cx))?;
        Poll::Ready(Ok(this.connection.plaintext()))
    }

    fn consume(self: Pin<&mut Self>, n: usize) {
        // What the next record fails with is told by the next call.
        let _ = self.get_mut().connection.consume(n);
    }
}

impl<S: Endpoint, T: AsyncRead + AsyncWrite + Unpin> TlcpStream<S, T> {
    /// Until there is plaintext, or its end.
    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_complete(Half::Reader, cx))?;
        loop {
            match self.connection.readable() {
                Ok(ReadProgress::Plaintext(_) | ReadProgress::Closed) => return Poll::Ready(Ok(())),
                Ok(ReadProgress::NeedsInput) => {
                    // What fails here is told by whoever writes.
                    let _ = self.poll_flush_socket(Half::Reader, cx);
                    ready!(self.poll_receive(Half::Reader, cx))?;
                }
                Err(error) => return Poll::Ready(self.finish_call(Err(error), Half::Reader, cx)),
            }
        }
    }

    /// Seals and sends. What the socket does not take at once waits; then nothing more is taken until it is gone.
    fn poll_write_parts(&mut self, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        ready!(self.poll_complete(Half::Writer, cx))?;
        ready!(self.poll_output(Half::Writer, cx))?;
        let n = self.connection.write_vectored(parts)?;
        // They are taken: what fails now is told by the next call.
        let _ = self.poll_output(Half::Writer, cx);
        Poll::Ready(Ok(n))
    }
}

impl<S: Endpoint, T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlcpStream<S, T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().poll_write_parts(cx, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_write_parts(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_complete(Half::Writer, cx))?;
        this.poll_flush_socket(Half::Writer, cx)
    }

    /// Sends close_notify, then ends our direction of the socket. What the peer still sends can be read. Before the
    /// handshake is complete, this gives the connection up.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.connection.close();
        ready!(this.poll_flush_socket(Half::Writer, cx))?;
        let mut waiting = this.wakers.writable.add(Half::Writer, cx);
        match ready!(Pin::new(&mut this.socket).poll_shutdown(&mut waiting)) {
            // The peer was quicker.
            Err(e) if e.kind() == ErrorKind::NotConnected => Poll::Ready(Ok(())),
            other => Poll::Ready(other),
        }
    }
}
