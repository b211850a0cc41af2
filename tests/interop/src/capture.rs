//! What went over a transport, as a capture file that Wireshark reads. The bytes are those of a real connection; the TCP
//! around them is made up, so that no privilege to capture is needed.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

/// The made-up server's port.
pub const PORT: u16 = 4433;
const CLIENT_PORT: u16 = 50_000;
/// A segment's most bytes, so that no IP packet exceeds 64 KiB.
const SEGMENT: usize = 32 * 1024;

/// Who sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Sender {
    Client,
    Server,
}

/// Everything sent over one connection, in order.
#[derive(Debug, Clone, Default)]
pub struct Tape(Arc<Mutex<Vec<Sent>>>);

type Sent = (Sender, Vec<u8>);

impl Tape {
    fn add(&self, sender: Sender, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.0.lock().expect("tape").push((sender, bytes.to_vec()));
        }
    }

    /// The connection as a pcap file of raw IPv4 packets.
    ///
    /// # Panics
    /// If more than 4 GiB were recorded.
    #[must_use]
    pub fn pcap(&self) -> Vec<u8> {
        // Magic, version 2.4, two unused fields, the longest packet, LINKTYPE_RAW; all in this machine's order.
        let mut file = Vec::new();
        file.extend_from_slice(&0xa1b2_c3d4_u32.to_ne_bytes());
        file.extend_from_slice(&2_u16.to_ne_bytes());
        file.extend_from_slice(&4_u16.to_ne_bytes());
        file.extend([0_u32, 0, 65_535, 101].iter().flat_map(|field| field.to_ne_bytes()));
        let mut sent = [1_u32, 1];
        for (sender, bytes) in self.0.lock().expect("tape").iter() {
            for segment in bytes.chunks(SEGMENT) {
                let packet = packet(*sender, sent, segment);
                let length = u32::try_from(packet.len()).expect("at most 64 KiB");
                file.extend([0_u32, 0, length, length].iter().flat_map(|field| field.to_ne_bytes()));
                file.extend_from_slice(&packet);
                sent[usize::from(*sender == Sender::Server)] +=
                    u32::try_from(segment.len()).expect("a segment");
            }
        }
        file
    }
}

/// IPv4 and TCP headers without checksums, and the bytes. `sent`: the sequence numbers of client and server.
fn packet(sender: Sender, sent: [u32; 2], bytes: &[u8]) -> Vec<u8> {
    let total = u16::try_from(40 + bytes.len()).expect("at most 64 KiB");
    let (client, server) = (([10, 0, 0, 1], CLIENT_PORT, sent[0]), ([10, 0, 0, 2], PORT, sent[1]));
    let (from, to) = if sender == Sender::Client { (client, server) } else { (server, client) };
    let mut out = vec![0x45, 0];
    out.extend_from_slice(&total.to_be_bytes());
    // No fragments, TTL 64, TCP, no checksum.
    out.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
    out.extend_from_slice(&from.0);
    out.extend_from_slice(&to.0);
    out.extend_from_slice(&from.1.to_be_bytes());
    out.extend_from_slice(&to.1.to_be_bytes());
    out.extend_from_slice(&from.2.to_be_bytes());
    out.extend_from_slice(&to.2.to_be_bytes());
    // Five words of header, PSH and ACK, a full window, no checksum.
    out.extend_from_slice(&[0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
    out.extend_from_slice(bytes);
    out
}

/// The client's end of a transport, recorded.
#[derive(Debug)]
pub struct Recorded<T> {
    /// The transport.
    pub inner: T,
    /// Where it is recorded.
    pub tape: Tape,
}

impl<T: Read> Read for Recorded<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.tape.add(Sender::Server, &buffer[..length]);
        Ok(length)
    }
}

impl<T: Write> Write for Recorded<T> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(buffer)?;
        self.tape.add(Sender::Client, &buffer[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
