//! One connection: the bytes between the runner and the library, and the conversation after the handshake.
use crate::Stop;
use crate::config;
use crate::expect::Outcome;
use crate::options::Options;
use crate::seen::Seen;
use crate::services::{Kept, Told};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, TcpStream};
use std::sync::Arc;
use tlcp::cert::{ServerName, Verifier};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ReadProgress, ServerConnection};
use tlcp::error::{AnswerError, Error};
use tlcp::handshake::{Answer, Request};
use tlcp::stream::Clock;

/// What `-shim-writes-first` and `-read-with-unfinished-write` say.
const FIRST_WORDS: &[u8] = b"hello";

/// Connects to the runner and does what the options say.
pub(crate) fn connect(options: &Options, kept: &Kept, resumes: bool) -> Result<(), Stop> {
    let seen = Arc::new(Seen::default());
    let now = kept.clock.now();
    if options.has("-server") {
        let config = config::server(options, kept, &seen)?;
        return run(options, kept, seen, resumes, ServerConnection::new(config, now));
    }
    let config = config::client(options, kept, &seen)?;
    // An address is not sent.
    let name = options.text("-host-name").unwrap_or("127.0.0.1");
    let name = ServerName::try_from(name).map_err(Stop::failed)?.to_owned();
    run(options, kept, seen, resumes, ClientConnection::new(config, name, now).map_err(failed)?)
}

fn run<S: Endpoint>(
    options: &Options,
    kept: &Kept,
    seen: Arc<Seen>,
    resumes: bool,
    connection: Connection<S>,
) -> Result<(), Stop> {
    let stream = dial(options)?;
    let mut exchange = Exchange { options, connection, stream, clock: kept.clock, seen, holds: false };
    let outcome = exchange.run(kept, resumes);
    exchange.hang_up();
    outcome
}

fn dial(options: &Options) -> Result<TcpStream, Stop> {
    let port: u16 = options.number("-port")?.ok_or_else(|| Stop::failed("no -port"))?;
    let id: u64 = options.number("-shim-id")?.ok_or_else(|| Stop::failed("no -shim-id"))?;
    let stream = match options.has("-ipv6") {
        true => TcpStream::connect((Ipv6Addr::LOCALHOST, port)),
        false => TcpStream::connect((Ipv4Addr::LOCALHOST, port)),
    };
    let mut stream = stream.map_err(Stop::failed)?;
    stream.set_nodelay(true).map_err(Stop::failed)?;
    stream.write_all(&id.to_le_bytes()).map_err(Stop::failed)?;
    Ok(stream)
}

struct Exchange<'a, S: Endpoint> {
    options: &'a Options,
    connection: Connection<S>,
    stream: TcpStream,
    clock: Clock,
    seen: Arc<Seen>,
    /// Whether all but the first byte of what was written last is held back.
    holds: bool,
}

impl<S: Endpoint> Exchange<'_, S> {
    fn run(&mut self, kept: &Kept, resumes: bool) -> Result<(), Stop> {
        let before = kept.sessions.stored();
        while self.connection.is_handshaking() {
            self.fill()?;
        }
        self.flush()?;
        if self.options.has("-handshake-never-done") {
            return Err(Stop::failed("the handshake was done"));
        }
        let stored = kept.sessions.stored() > before;
        let log = self.seen.log();
        let (options, connection) = (self.options, &self.connection);
        Outcome { options, connection, log: &log, resumes, stored }.check()?;
        drop(log);
        self.export()?;
        self.speak_first()?;
        if !self.options.has("-shim-shuts-down") {
            self.echo()?;
        }
        self.shut_down()?;
        match self.options.text("-expect-msg-callback") {
            Some(trace) if self.seen.log().trace != trace => {
                Err(Stop::failed(format!("messages:\n{}", self.seen.log().trace)))
            }
            _ => Ok(()),
        }
    }

    /// Sends all that is to be sent.
    fn flush(&mut self) -> Result<(), Stop> {
        while self.connection.wants_write() && !self.holds {
            let n = self.stream.write(self.connection.pending_output()).map_err(Stop::failed)?;
            self.connection.sent(n);
        }
        Ok(())
    }

    /// Takes what comes from the runner, byte by byte where it wants its peer slow; answers what is asked.
    fn fill(&mut self) -> Result<(), Stop> {
        self.flush()?;
        let now = self.clock.now();
        if let Some(request) = self.connection.request() {
            let answer = match *request {
                Request::VerifyPeer(claim) => {
                    Answer::PeerVerified(Told::new(self.options).verify(&claim, now.unix))
                }
                _ => Answer::Failed(AnswerError("-fail-cert-callback")),
            };
            return self.connection.answer(answer, now).map_err(failed);
        }
        let buffer = self.connection.receive_buffer();
        let most = if self.options.has("-async") { buffer.len().min(1) } else { buffer.len() };
        let n = self.stream.read(&mut buffer[..most]).map_err(Stop::failed)?;
        let now = self.clock.now();
        let received = match n {
            0 => self.connection.received_end(now),
            n => self.connection.received(n, now),
        };
        received.or_else(|error| if error == Error::Truncated { Ok(()) } else { Err(failed(error)) })
    }

    fn write(&mut self, mut data: &[u8]) -> Result<(), Stop> {
        while !data.is_empty() {
            let n = self.connection.write(data).map_err(failed)?;
            data = &data[n..];
            self.flush()?;
        }
        Ok(())
    }

    /// Sends what the runner compares with its own.
    fn export(&mut self) -> Result<(), Stop> {
        let length = self.options.number("-export-keying-material")?.unwrap_or(0);
        let mut secrets = vec![0; length];
        if length > 0 {
            let text = |flag| self.options.text(flag).unwrap_or_default().as_bytes();
            let context = Some(text("-export-context")).filter(|_| self.options.has("-use-export-context"));
            let exporter = self.connection.exporter().ok_or_else(|| Stop::failed("no exporter"))?;
            exporter.export(text("-export-label"), context, &mut secrets).map_err(failed)?;
        }
        if self.options.has("-tls-unique") {
            let exporter = self.connection.exporter().ok_or_else(|| Stop::failed("no tls-unique"))?;
            secrets.extend(exporter.tls_unique());
        }
        self.write(&secrets)
    }

    fn speak_first(&mut self) -> Result<(), Stop> {
        const LENGTHS: [usize; 11] = [0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769];
        if self.options.has("-write-different-record-sizes") {
            return LENGTHS.iter().try_for_each(|length| self.write(&vec![0x42; *length]));
        }
        if self.options.has("-read-with-unfinished-write") {
            self.connection.write(FIRST_WORDS).map_err(failed)?;
            let first = self.connection.pending_output().get(..1).unwrap_or_default();
            let n = self.stream.write(first).map_err(Stop::failed)?;
            self.connection.sent(n);
            self.holds = true;
        } else if self.options.has("-shim-writes-first") {
            self.write(FIRST_WORDS)?;
        }
        Ok(())
    }

    /// Sends back all that comes, each bit turned over, until the runner has closed.
    fn echo(&mut self) -> Result<(), Stop> {
        let mut buffer = vec![0; self.options.number("-read-size")?.unwrap_or(512)];
        while let n @ 1.. = self.read(&mut buffer)? {
            self.holds = false;
            self.flush()?;
            if self.options.has("-use-exporter-between-reads") {
                let exporter = self.connection.exporter().ok_or_else(|| Stop::failed("no exporter"))?;
                exporter.export(b"", None, &mut [0]).map_err(failed)?;
            }
            buffer[..n].iter_mut().for_each(|byte| *byte ^= 0xff);
            self.write(&buffer[..n])?;
        }
        Ok(())
    }

    /// Plaintext; 0 at its end.
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Stop> {
        while self.connection.plaintext().is_empty() {
            if !self.connection.wants_read() {
                return Ok(0);
            }
            self.fill()?;
        }
        let peeked = self.connection.plaintext().to_vec();
        let ReadProgress::Plaintext(n) = self.connection.read(out).map_err(failed)? else { return Ok(0) };
        if self.options.has("-peek-then-read") && peeked.get(..n) != Some(&out[..n]) {
            return Err(Stop::failed("what was seen ahead is not what was read"));
        }
        Ok(n)
    }

    /// Says goodbye where the runner wants to see it, and waits for its own.
    fn shut_down(&mut self) -> Result<(), Stop> {
        if !self.options.has("-check-close-notify") {
            return Ok(());
        }
        let first = self.options.has("-shim-shuts-down");
        self.connection.close();
        self.flush()?;
        while first && self.connection.wants_read() {
            self.fill()?;
            if !self.connection.plaintext().is_empty() {
                return Err(Stop::failed("APPLICATION_DATA_ON_SHUTDOWN"));
            }
        }
        if self.seen.log().trace.contains("read alert 1 0\n") {
            Ok(())
        } else {
            Err(Stop::failed("the stream ended without close_notify"))
        }
    }

    /// Sends the last alert and waits until the runner has read it: a socket that is closed with bytes unread would take it
    /// back.
    fn hang_up(&mut self) {
        self.holds = false;
        let _ = self.flush();
        let _ = self.stream.shutdown(Shutdown::Write);
        let mut rest = [0; 1024];
        while let Ok(1..) = self.stream.read(&mut rest) {}
    }
}

/// The error's names, by which config.json finds it.
fn failed(error: Error) -> Stop {
    Stop::Failed(format!("{error:?}"))
}
