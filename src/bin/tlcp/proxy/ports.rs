//! The ports that are open, and what is done with whoever comes in.
use super::dial::{MORE_DESCRIPTORS, is_out_of_descriptors};
use super::plan::{Plan, Service};
use super::serve::{Gateway, handle};
use super::settings::Listen;
use crate::problem::Problem;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tlcp::config::Live;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How many connections may wait to be taken in, if the system lets so many: the usual 128 are too few for a rush, in which
/// the others would be dropped or reset.
const BACKLOG: u32 = 4096;

/// An open port.
struct Port {
    listen: Listen,
    listener: Arc<TcpListener>,
    service: Live<Service>,
    task: JoinHandle<()>,
}

/// All open ports.
#[derive(Default)]
pub(super) struct Ports(Vec<Port>);

impl Ports {
    /// Puts a plan into force. What is new is opened first, so that if it cannot be, all stays as it was. A port that was
    /// open stays open: what it does with connections to come is exchanged.
    pub(super) async fn apply(&mut self, plan: Plan, gateway: &Arc<Gateway>) -> Result<(), Problem> {
        let mut opened = Vec::new();
        let is_open = |port: &Port, listen: &Listen| port.listen == *listen;
        for (listen, _) in &plan.services {
            if !self.0.iter().any(|port| is_open(port, listen)) {
                opened.push(self.bind(listen)?);
            }
        }
        let (mut old, mut opened) = (std::mem::take(&mut self.0), opened.into_iter());
        for (listen, service) in plan.services {
            let service = Arc::new(service);
            if let Some(at) = old.iter().position(|port| is_open(port, &listen)) {
                let port = old.remove(at);
                port.service.set(service);
                self.0.push(port);
            } else if let Some(listener) = opened.next() {
                let (listener, service) = (Arc::new(listener), Live::new(service));
                say!("listening on {}", listener.local_addr()?);
                let task = tokio::spawn(take_in(listener.clone(), service.clone(), gateway.clone()));
                self.0.push(Port { listen, listener, service, task });
            }
        }
        for port in old {
            port.close(gateway).await;
        }
        Ok(())
    }

    /// Opens a port.
    fn bind(&self, listen: &Listen) -> Result<TcpListener, Problem> {
        let mut why = io::Error::from(ErrorKind::AddrNotAvailable);
        for address in &listen.addresses {
            match listener(*address) {
                Ok(listener) => return Ok(listener),
                Err(e) => why = e,
            }
        }
        let advice = match self.0.iter().find(|port| port.listen.clashes_with(listen)) {
            Some(port) => format!("this gateway itself listens at {}: restart it", port.listen.text),
            None => "see whether something else listens there, and whether this user may".to_owned(),
        };
        Err(Problem::from(why).during(format!("listen {}", listen.text)).advise(advice))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Nobody comes in any more.
    pub(super) async fn close(&mut self, gateway: &Arc<Gateway>) {
        for port in self.0.drain(..) {
            port.close(gateway).await;
        }
    }
}

impl Port {
    /// Whoever has come in already is served.
    async fn close(self, gateway: &Arc<Gateway>) {
        self.task.abort();
        let _ = self.task.await;
        // Asked without tokio, which tells of some of those who wait, and then of no one for a while.
        let Some(Ok(listener)) = Arc::into_inner(self.listener).map(TcpListener::into_std) else { return };
        for _ in 0..BACKLOG {
            match listener.accept() {
                Ok((tcp, peer)) => {
                    if let Ok(tcp) = tcp.set_nonblocking(true).and_then(|()| TcpStream::from_std(tcp)) {
                        serve(tcp, peer, &self.service, gateway);
                    }
                }
                // One that is gone already.
                Err(e) if matches!(e.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                Err(_) => return,
            }
        }
    }
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn take_in(listener: Arc<TcpListener>, service: Live<Service>, gateway: Arc<Gateway>) {
    loop {
        match listener.accept().await {
            Ok((tcp, peer)) => serve(tcp, peer, &service, &gateway),
            // Such as too many open files: that passes, but not at once.
            Err(e) => {
                let (service, error) = (service.get(), e.to_string());
                let mut facts = vec![("listener", &*service.listener), ("error", &error)];
                facts.extend(is_out_of_descriptors(&e).then_some(("hint", MORE_DESCRIPTORS)));
                gateway.event("accept_failed", &facts);
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn serve(tcp: TcpStream, peer: SocketAddr, service: &Live<Service>, gateway: &Arc<Gateway>) {
    tokio::spawn(handle(gateway.clone(), service.get(), tcp, peer));
}
