//! What an implementation of the protocol must offer to be compared.

use std::time::Duration;

/// Time spent in each end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Costs {
    pub client: Duration,
    pub server: Duration,
}

impl Costs {
    /// Both ends, the client, the server.
    pub fn split(self) -> [Duration; 3] {
        [self.client + self.server, self.client, self.server]
    }
}

/// One implementation with one suite: both ends in one thread, over memory.
pub trait Stack {
    /// A handshake from nothing to both ends open; `resume`: with the session of an earlier one.
    fn handshake(&mut self, resume: bool) -> Costs;
    /// `count` writes of `size` bytes from client to server over one open connection: sealing is the client's cost,
    /// opening the server's.
    fn bulk(&mut self, size: usize, count: usize) -> Costs;
}
