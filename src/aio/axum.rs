//! A listener for `axum::serve`.
use super::{ServerStream, TlcpAcceptor};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use axum::serve::Listener;
use core::fmt;
use core::future::{Future as _, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

/// Handshakes at once, if nothing else is said: further clients wait in the system's queue.
const HANDSHAKES: usize = 1024;

/// How long a handshake keeps its place while others wait for one.
const TURN: Duration = Duration::from_secs(1);

/// Told of every handshake that failed.
type OnFailure = Arc<dyn Fn(SocketAddr, io::Error) + Send + Sync>;

/// Takes connections whose handshake is complete. Handshakes go on beside each other: no client holds another one up. What
/// a handler wants to know of the connection, such as the client's certificates, `axum::extract::connect_info` hands on.
pub struct HttpsListener {
    tcp: TcpListener,
    acceptor: TlcpAcceptor,
    handshakes: JoinSet<(SocketAddr, io::Result<ServerStream<TcpStream>>)>,
    /// Oldest first; some of them are over.
    begun: VecDeque<Begun>,
    most: usize,
    on_failure: Option<OnFailure>,
}

/// A handshake that was begun.
struct Begun {
    at: Instant,
    address: SocketAddr,
    task: AbortHandle,
}

impl HttpsListener {
    /// Takes connections from `tcp`, and does their handshakes by `acceptor`.
    pub fn new(tcp: TcpListener, acceptor: TlcpAcceptor) -> Self {
        let (handshakes, begun) = (JoinSet::new(), VecDeque::new());
        Self { tcp, acceptor, handshakes, begun, most: HANDSHAKES, on_failure: None }
    }

    /// How many handshakes there may be at once; at least one. While there are as many, one that has taken over a second
    /// gives way to the next client.
    pub fn most_handshakes(mut self, most: usize) -> Self {
        self.most = most.max(1);
        self
    }

    /// Tells `on_failure` of every handshake that failed, for the log.
    pub fn on_failure(mut self, on_failure: impl Fn(SocketAddr, io::Error) + Send + Sync + 'static) -> Self {
        self.on_failure = Some(Arc::new(on_failure));
        self
    }

    async fn next(&mut self) -> Next {
        let oldest = self.oldest().map_or_else(Instant::now, |oldest| oldest.at);
        let mut turn = pin!(sleep_until(oldest + TURN));
        poll_fn(|cx| {
            if let Poll::Ready(Some(done)) = self.handshakes.poll_join_next(cx) {
                return Poll::Ready(Next::Shaken(done));
            }
            if self.handshakes.len() < self.most || turn.as_mut().poll(cx).is_ready() {
                return self.tcp.poll_accept(cx).map(Next::Accepted);
            }
            Poll::Pending
        })
        .await
    }

    /// Of those that are not over.
    fn oldest(&mut self) -> Option<&Begun> {
        while self.begun.front().is_some_and(|oldest| oldest.task.is_finished()) {
            self.begun.pop_front();
        }
        self.begun.front()
    }

    /// In a place of its own, or in that of the oldest, whose turn is over.
    fn begin(&mut self, socket: TcpStream, address: SocketAddr) {
        if self.handshakes.len() >= self.most
            && let Some(oldest) = self.oldest()
        {
            oldest.task.abort();
            let (gone, why) =
                (oldest.address, "its handshake took over a second while others waited for a place");
            self.begun.pop_front();
            self.failed(gone, io::Error::new(io::ErrorKind::TimedOut, why));
        }
        let acceptor = self.acceptor.clone();
        let task = self.handshakes.spawn(async move {
            // Best effort: a socket that is gone says so itself.
            let _ = socket.set_nodelay(true);
            (address, acceptor.accept(socket).await)
        });
        if self.begun.len() >= self.most.saturating_mul(2) {
            self.begun.retain(|begun| !begun.task.is_finished());
        }
        self.begun.push_back(Begun { at: Instant::now(), address, task });
    }

    fn failed(&self, address: SocketAddr, error: io::Error) {
        if let Some(on_failure) = &self.on_failure {
            on_failure(address, error);
        }
    }
}

enum Next {
    Accepted(io::Result<(TcpStream, SocketAddr)>),
    Shaken(Result<(SocketAddr, io::Result<ServerStream<TcpStream>>), JoinError>),
}

impl Listener for HttpsListener {
    type Io = ServerStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.next().await {
                Next::Accepted(Ok((socket, address))) => self.begin(socket, address),
                // Such as too many open files: that passes, but not at once.
                Next::Accepted(Err(_)) => sleep(Duration::from_millis(100)).await,
                Next::Shaken(Ok((address, Ok(stream)))) => return (stream, address),
                Next::Shaken(Ok((address, Err(error)))) => self.failed(address, error),
                // An answerer panicked, or its turn was over: that connection is gone, and nothing else.
                Next::Shaken(Err(_)) => {}
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

impl fmt::Debug for HttpsListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpsListener")
            .field("tcp", &self.tcp)
            .field("acceptor", &self.acceptor)
            .field("handshakes", &self.handshakes.len())
            .finish_non_exhaustive()
    }
}
