//! Ends that arrive: see [`TlcpStream::finish`](super::TlcpStream::finish).
use super::TlcpStream;
use crate::conn::Endpoint;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Poll, ready};
use core::time::Duration;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::timeout;

/// How long the peer has to take our last bytes and to end its side, and how much of what it still sends is read.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;

/// Gives `end` a second.
async fn limited(end: impl Future<Output = io::Result<()>>) {
    let _ = timeout(LINGER, end).await;
}

/// Reads to the end, and forgets what it reads.
pub(super) async fn until_end(socket: &mut (impl AsyncRead + Unpin)) {
    let mut left = LINGER_BYTES;
    // The scratch space is the poll's, not the future's.
    let reading = poll_fn(|cx| {
        while left > 0 {
            let mut scratch = [0; 4096];
            let mut scratch = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut *socket).poll_read(cx, &mut scratch)) {
                Ok(()) if !scratch.filled().is_empty() => left = left.saturating_sub(scratch.filled().len()),
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    });
    limited(reading).await;
}

/// The stream with its handshake complete. If that fails, and the fault was found here, the peer is to hear of it, if it
/// listens.
pub(super) async fn completed<S, T>(mut stream: TlcpStream<S, T>) -> io::Result<TlcpStream<S, T>>
where
    S: Endpoint,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let Err(error) = stream.handshake().await else { return Ok(stream) };
    if stream.connection.error().is_some() {
        limited(stream.finish()).await;
    }
    Err(error)
}

/// Sends `last` and ends the socket. Best effort: who sent no hello may not read an alert either.
pub(super) async fn goodbye(socket: &mut (impl AsyncRead + AsyncWrite + Unpin), last: &[u8]) {
    limited(async {
        socket.write_all(last).await?;
        socket.shutdown().await?;
        until_end(socket).await;
        Ok(())
    })
    .await;
}
