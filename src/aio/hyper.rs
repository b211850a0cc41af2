//! A connector for the HTTP client of `hyper-util`: `https` by TLCP or TLS 1.2, as configured.
use super::{ClientStream, TlcpConnector};
use crate::cert::ServerName;
use alloc::{boxed::Box, string::String};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use std::io::{self, ErrorKind, IoSlice};
use tokio::net::TcpStream;
use tower_service::Service;

/// The port of `https`.
const PORT: u16 = 443;

/// Connects to the host of a URI, whose scheme must be `https`, and proves that it is that host. HTTP/2 is spoken with
/// servers that choose `h2` among the protocols of the configuration. Sessions are kept apart by port (R-SES-11).
#[derive(Debug, Clone)]
pub struct HttpsConnector {
    tcp: HttpConnector,
    tlcp: TlcpConnector,
}

impl HttpsConnector {
    /// With TCP as `hyper-util` connects it by default.
    pub fn new(tlcp: TlcpConnector) -> Self {
        Self::over(HttpConnector::new(), tlcp)
    }

    /// With TCP as `tcp` connects it: its time limits, its resolver's order of addresses.
    pub fn over(mut tcp: HttpConnector, tlcp: TlcpConnector) -> Self {
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self { tcp, tlcp }
    }
}

/// A connection under way.
pub type Connecting = Pin<Box<dyn Future<Output = io::Result<HttpsStream>> + Send>>;

impl Service<Uri> for HttpsConnector {
    type Response = HttpsStream;
    type Error = io::Error;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_ready(cx).map_err(io::Error::other)
    }

    /// Fails with `InvalidInput` for a URI of another scheme, or without a host.
    fn call(&mut self, uri: Uri) -> Connecting {
        let Some((name, port)) = target(&uri) else {
            let text = alloc::format!("{uri}: neither https nor a name that a certificate could have");
            return Box::pin(core::future::ready(Err(io::Error::new(ErrorKind::InvalidInput, text))));
        };
        let (connecting, tlcp) = (self.tcp.call(uri), self.tlcp.clone());
        Box::pin(async move {
            let socket = connecting.await.map_err(io::Error::other)?.into_inner();
            let tag = port.to_be_bytes();
            tlcp.connect_with_session_tag(name, &tag, socket).await.map(|s| HttpsStream(TokioIo::new(s)))
        })
    }
}

fn target(uri: &Uri) -> Option<(ServerName<'static>, u16)> {
    let host = uri.host().filter(|_| uri.scheme_str() == Some("https"))?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some((ServerName::try_from(String::from(host)).ok()?, uri.port_u16().unwrap_or(PORT)))
}

/// A connection to an HTTP server.
#[derive(Debug)]
pub struct HttpsStream(TokioIo<ClientStream<TcpStream>>);

impl HttpsStream {
    /// The stream inside, with the connection's facts.
    pub fn get_ref(&self) -> &ClientStream<TcpStream> {
        self.0.inner()
    }
}

impl Connection for HttpsStream {
    fn connected(&self) -> Connected {
        let connected = self.get_ref().socket().connected();
        match self.get_ref().connection().alpn() {
            Some(b"h2") => connected.negotiated_h2(),
            _ => connected,
        }
    }
}

impl Read for HttpsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, out)
    }
}

impl Write for HttpsStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
