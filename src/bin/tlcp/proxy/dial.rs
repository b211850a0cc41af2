//! Connections to backends and servers.
use super::access::Failure;
use super::settings::HostPort;
use crate::patience::within;
use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::{TcpStream, lookup_host};

/// What helps where no more files can be opened.
pub(super) const MORE_DESCRIPTORS: &str =
    "let the gateway open more files, two for each connection: `ulimit -n`, or LimitNOFILE of systemd";

/// The first address of the host that answers.
pub(super) async fn dial(to: &HostPort, limit: Duration) -> Result<TcpStream, Failure> {
    let until = Instant::now() + limit;
    let addresses = within(limit, lookup_host((to.host.as_str(), to.port))).await;
    let addresses: Vec<_> = addresses.map_err(|e| failure("backend_unresolved", to, &e))?.collect();
    let tcp = first(&addresses, until).await.map_err(|(address, e)| match address {
        Some(address) => failure(why_no_backend(&e), address, &e),
        None => failure("backend_unresolved", to, &e),
    })?;
    let _ = tcp.set_nodelay(true);
    Ok(tcp)
}

/// Each address has its share of the time that is left: one that is silent does not keep the others from their turn. The
/// error is the last one's.
async fn first(
    addresses: &[SocketAddr],
    until: Instant,
) -> Result<TcpStream, (Option<SocketAddr>, io::Error)> {
    let mut last = (None, io::Error::other("the name has no address"));
    for (address, to_come) in addresses.iter().zip((1..=addresses.len() as u32).rev()) {
        let share = until.saturating_duration_since(Instant::now()) / to_come;
        match within(share, TcpStream::connect(address)).await {
            Ok(tcp) => return Ok(tcp),
            Err(e) => last = (Some(*address), e),
        }
    }
    Err(last)
}

fn failure(kind: &'static str, to: impl Display, e: &io::Error) -> Failure {
    let hint = match is_out_of_descriptors(e) {
        true => MORE_DESCRIPTORS,
        false => "see whether the backend runs, listens there and can be reached from here",
    };
    Failure { hint: Some(hint), ..Failure::new(kind, format!("{to}: {e}")) }
}

fn why_no_backend(e: &io::Error) -> &'static str {
    match e.kind() {
        _ if is_out_of_descriptors(e) => "out_of_descriptors",
        ErrorKind::ConnectionRefused => "backend_refused",
        ErrorKind::TimedOut => "backend_timeout",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "backend_unreachable",
        _ => "backend_failed",
    }
}

/// Whether the process, or the machine, has as many files open as it may have.
pub(super) fn is_out_of_descriptors(e: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    cfg!(unix) && matches!(e.raw_os_error(), Some(ENFILE | EMFILE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpSocket;

    /// Two that listen: whoever connects to the first hears nothing, as those hear who fill its queue.
    async fn silent_and_good() -> ([SocketAddr; 2], impl Sized) {
        let listen = |backlog| {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
            socket.listen(backlog).unwrap()
        };
        let listeners = [listen(1), listen(8)];
        let addresses = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
        let mut waiting = Vec::new();
        while let Ok(tcp) = within(Duration::from_millis(300), TcpStream::connect(addresses[0])).await {
            waiting.push(tcp);
        }
        (addresses, (listeners, waiting))
    }

    #[tokio::test]
    async fn an_address_that_is_silent_leaves_the_next_one_its_time() {
        let (addresses, _kept) = silent_and_good().await;
        let until = Instant::now() + Duration::from_secs(2);
        let tcp = first(&addresses, until).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), addresses[1]);
        let (address, e) =
            first(&addresses[..1], Instant::now() + Duration::from_millis(100)).await.unwrap_err();
        assert_eq!((address, e.kind()), (Some(addresses[0]), ErrorKind::TimedOut));
    }
}
