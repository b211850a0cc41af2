//! The application data of a test: so many bytes each way, then a clean close.

use std::io::{self, Read, Write};

/// What goes over an established connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    /// Bytes from client to server, sent first.
    pub upstream: usize,
    /// Bytes from server to client, sent when all of `upstream` has arrived.
    pub downstream: usize,
    /// Who sends close_notify first.
    pub closer: Closer,
}

/// Who ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Closer {
    Client,
    Server,
}

impl Script {
    /// A short exchange that the client ends.
    pub const SHORT: Self = Self { upstream: 500, downstream: 700, closer: Closer::Client };
    /// 4 MiB each way.
    pub const LONG: Self = Self { upstream: 4 << 20, downstream: 4 << 20, closer: Closer::Client };
}

/// An established connection: plaintext in and out; `read` gives 0 at close_notify.
pub trait Channel: Read + Write {
    /// Sends close_notify.
    ///
    /// # Errors
    /// The transport's.
    fn send_close(&mut self) -> io::Result<()>;
    /// Whether the peer's close_notify has arrived (a bare end of the stream is not one).
    fn received_close(&mut self) -> bool;
}

/// What one end does with an open connection; true if the peer closed cleanly.
pub type Talk<'a> = dyn Fn(&mut dyn Channel) -> io::Result<bool> + Sync + 'a;

/// The server's half of the script; true if the peer closed cleanly.
///
/// # Errors
/// Transport errors, and data that differs.
pub fn serve(channel: &mut dyn Channel, script: &Script) -> io::Result<bool> {
    expect(channel, script.upstream, 1)?;
    send(channel, script.downstream, 2)?;
    finish(channel, script.closer == Closer::Server)
}

/// The client's half of the script; true if the peer closed cleanly.
///
/// # Errors
/// Transport errors, and data that differs.
pub fn call(channel: &mut dyn Channel, script: &Script) -> io::Result<bool> {
    send(channel, script.upstream, 1)?;
    expect(channel, script.downstream, 2)?;
    finish(channel, script.closer == Closer::Client)
}

/// Sends back what comes until the peer closes.
///
/// # Errors
/// The transport's.
pub fn echo(channel: &mut dyn Channel) -> io::Result<bool> {
    let mut buffer = vec![0; 16_384];
    loop {
        match channel.read(&mut buffer)? {
            0 => break,
            length => channel.write_all(&buffer[..length])?,
        }
        channel.flush()?;
    }
    let clean = channel.received_close();
    channel.send_close()?;
    Ok(clean)
}

/// Sends `length` bytes to an echo and checks what returns, piece by piece, then closes.
///
/// # Errors
/// Transport errors, and data that differs.
pub fn call_echo(channel: &mut dyn Channel, length: usize) -> io::Result<bool> {
    for start in (0..length).step_by(16_384) {
        let piece = (length - start).min(16_384);
        send(channel, piece, start as u32)?;
        expect(channel, piece, start as u32)?;
    }
    finish(channel, true)
}

fn finish(channel: &mut dyn Channel, first: bool) -> io::Result<bool> {
    if first {
        channel.send_close()?;
    }
    let mut rest = Vec::new();
    channel.read_to_end(&mut rest)?;
    if !rest.is_empty() {
        return Err(io::Error::other(format!("{} bytes after the script's end", rest.len())));
    }
    let clean = channel.received_close();
    if !first {
        channel.send_close()?;
    }
    Ok(clean)
}

fn send(channel: &mut dyn Channel, length: usize, seed: u32) -> io::Result<()> {
    let data = pattern(length, seed);
    // Odd sizes, so that writes straddle record boundaries.
    for piece in data.chunks(40_961) {
        channel.write_all(piece)?;
    }
    channel.flush()
}

fn expect(channel: &mut dyn Channel, length: usize, seed: u32) -> io::Result<()> {
    let mut data = vec![0; length];
    channel.read_exact(&mut data)?;
    if data == pattern(length, seed) { Ok(()) } else { Err(io::Error::other("received data differ")) }
}

/// Bytes that repeat with no power of two, so that a lost or doubled record shows.
fn pattern(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}
