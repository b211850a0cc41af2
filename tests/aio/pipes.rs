//! Pipes that block at every byte, futures that are dropped at every await, streams that are split.
use crate::pair::World;
use crate::{connected, factories, name};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use tlcp::aio::{Clock, TlcpStream};
use tlcp::conn::{ClientConnection, ServerConnection};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf, duplex, split};

/// Both directions at once, through a pipe of one byte: neither end may wait for the other.
#[tokio::test]
async fn both_halves_of_both_ends_go_on_through_a_pipe_that_blocks_at_every_byte() {
    const BYTES: usize = 40_000;
    async fn exchange<T: AsyncRead + AsyncWrite>(stream: T, mine: u8, theirs: u8) {
        let (mut reader, mut writer) = split(stream);
        let writing = async {
            writer.write_all(&[mine; BYTES]).await.unwrap();
            writer.shutdown().await.unwrap();
        };
        let reading = async {
            let mut read = Vec::new();
            reader.read_to_end(&mut read).await.unwrap();
            assert_eq!(read, [theirs; BYTES]);
        };
        tokio::join!(writing, reading);
    }
    let (client, server) = connected(1).await;
    let far = tokio::spawn(exchange(server, 2, 1));
    exchange(client, 1, 2).await;
    far.await.unwrap();
}

/// Split before the handshake: whoever comes first does it, and both halves learn that it is done.
#[tokio::test]
async fn both_halves_may_wait_for_the_same_handshake() {
    for bytes in [1, 7, 1 << 16] {
        let (connector, acceptor) = factories(&World::new(), None);
        let (near, far) = duplex(bytes);
        let clock = Clock::start();
        let client = ClientConnection::new(connector.config().get(), name(), clock.now()).unwrap();
        let (mut reader, mut writer) = split(TlcpStream::new(client, near, clock, None));
        let reading = tokio::spawn(async move {
            let mut read = [0; 6];
            reader.read_exact(&mut read).await.unwrap();
            read
        });
        let writing = tokio::spawn(async move {
            writer.write_all(b"question").await.unwrap();
            writer.flush().await.unwrap();
            writer
        });
        let mut server = acceptor.accept(far).await.unwrap();
        let mut question = [0; 8];
        server.read_exact(&mut question).await.unwrap();
        server.write_all(b"answer").await.unwrap();
        server.flush().await.unwrap();
        assert_eq!((&question, &reading.await.unwrap()), (b"question", b"answer"));
        writing.await.unwrap();
    }
}

/// Polls once and drops.
fn once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Every future is polled once and dropped, wherever it is then: what it did stays done.
#[tokio::test(flavor = "current_thread")]
async fn nothing_is_lost_with_a_dropped_future() {
    for bytes in [1, 100] {
        let (connector, acceptor) = factories(&World::new(), None);
        let (near, far) = duplex(bytes);
        let clock = Clock::start();
        let client = ClientConnection::new(connector.config().get(), name(), clock.now()).unwrap();
        let server = acceptor.configs().get().iter().next().unwrap().clone();
        let server = ServerConnection::new(server, clock.now());
        let mut client = TlcpStream::new(client, near, clock, None);
        let mut server = TlcpStream::new(server, far, clock, None);
        let (mut done, mut polls) = ([false; 2], 0);
        while done != [true; 2] {
            done[0] |= once(client.handshake()).is_some_and(|outcome| outcome.is_ok());
            done[1] |= once(server.handshake()).is_some_and(|outcome| outcome.is_ok());
            polls += 1;
            tokio::task::yield_now().await;
            assert!(polls < 100_000);
        }
        let sent: Vec<u8> = (0..5000_u32).map(|n| n as u8).collect();
        let (mut written, mut read) = (0, Vec::new());
        while read.len() < sent.len() {
            if let Some(n) = once(client.write(&sent[written..])) {
                written += n.unwrap();
            }
            once(client.flush());
            tokio::task::yield_now().await;
            let mut buffer = [0; 333];
            if let Some(n) = once(server.read(&mut buffer)) {
                read.extend_from_slice(&buffer[..n.unwrap()]);
            }
        }
        assert!(read == sent);
    }
}

/// A task that counts how often it was woken.
#[derive(Default)]
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A socket that, as tokio's do, remembers the last task for each direction, and is never ready when it is full.
#[derive(Default)]
struct Full<T> {
    inner: T,
    is_full: bool,
    writer: Arc<Mutex<Option<Waker>>>,
}

impl<T: AsyncRead + Unpin> AsyncRead for Full<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, out)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Full<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        if self.is_full {
            *self.writer.lock().unwrap() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// A reader that finds something to send asks the socket, too; whoever waits to write must hear of room all the same.
#[tokio::test]
async fn a_reader_does_not_take_the_writers_wakeup() {
    let (client, _server) = connected(1 << 16).await;
    let (connection, inner) = client.into_parts();
    let writable = Arc::new(Mutex::new(None));
    let socket = Full { inner, is_full: true, writer: writable.clone() };
    let mut client = TlcpStream::new(connection, socket, Clock::start(), None);
    let [reader, writer] = [(); 2].map(|()| Arc::new(Task::default()));
    let poll_write = |stream: &mut TlcpStream<_, Full<_>>, task: &Arc<Task>| {
        let waker = Waker::from(task.clone());
        Pin::new(stream).poll_write(&mut Context::from_waker(&waker), b"data").is_pending()
    };
    assert!(!poll_write(&mut client, &writer), "taken, though it could not be sent");
    assert!(poll_write(&mut client, &writer));
    let waker = Waker::from(reader.clone());
    let mut buffer = [0; 9];
    let mut buffer = ReadBuf::new(&mut buffer);
    assert!(Pin::new(&mut client).poll_read(&mut Context::from_waker(&waker), &mut buffer).is_pending());
    let woken = writable.lock().unwrap().take().unwrap();
    woken.wake();
    assert_eq!([&writer, &reader].map(|task| task.0.load(Ordering::Relaxed)), [1, 1]);
}
