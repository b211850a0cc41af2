//! A listener for `axum::serve`.
use super::{ServerStream, TlcpAcceptor};
use alloc::sync::Arc;
use axum::serve::Listener;
use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;

/// Handshakes at once, if nothing else is said: further clients wait in the system's queue.
const HANDSHAKES: usize = 1024;

/// Told of every handshake that failed.
type OnFailure = Arc<dyn Fn(SocketAddr, io::Error) + Send + Sync>;

/// Takes connections whose handshake is complete. Handshakes go on beside each other: no client holds another one up. What
/// a handler wants to know of the connection, such as the client's certificates, `axum::extract::connect_info` hands on.
pub struct HttpsListener {
    tcp: TcpListener,
    acceptor: TlcpAcceptor,
    handshakes: JoinSet<(SocketAddr, io::Result<ServerStream<TcpStream>>)>,
    most: usize,
    on_failure: Option<OnFailure>,
}

impl HttpsListener {
    /// Takes connections from `tcp`, and does their handshakes by `acceptor`.
    pub fn new(tcp: TcpListener, acceptor: TlcpAcceptor) -> Self {
        Self { tcp, acceptor, handshakes: JoinSet::new(), most: HANDSHAKES, on_failure: None }
    }

    /// How many handshakes there may be at once; at least one.
    pub fn most_handshakes(mut self, most: usize) -> Self {
        self.most = most.max(1);
        self
    }

    /// Tells `on_failure` of every handshake that failed, for the log.
    pub fn on_failure(mut self, on_failure: impl Fn(SocketAddr, io::Error) + Send + Sync + 'static) -> Self {
        self.on_failure = Some(Arc::new(on_failure));
        self
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        if let Poll::Ready(Some(done)) = self.handshakes.poll_join_next(cx) {
            return Poll::Ready(Next::Shaken(done));
        }
        if self.handshakes.len() < self.most {
            return self.tcp.poll_accept(cx).map(Next::Accepted);
        }
        Poll::Pending
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
            match poll_fn(|cx| self.poll_next(cx)).await {
                Next::Accepted(Ok((socket, address))) => {
                    let acceptor = self.acceptor.clone();
                    self.handshakes.spawn(async move {
                        // Best effort: a socket that is gone says so itself.
                        let _ = socket.set_nodelay(true);
                        (address, acceptor.accept(socket).await)
                    });
                }
                // Such as too many open files: that passes, but not at once.
                Next::Accepted(Err(_)) => sleep(Duration::from_millis(100)).await,
                Next::Shaken(Ok((address, Ok(stream)))) => return (stream, address),
                Next::Shaken(Ok((address, Err(error)))) => {
                    if let Some(on_failure) = &self.on_failure {
                        on_failure(address, error);
                    }
                }
                // An answerer panicked: that connection is gone, and nothing else.
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
