//! Standard input and output through a connection, both ways at once. The end of the input is sent as close_notify, and
//! what the server still sends comes out.
use crate::problem::Problem;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use tlcp::conn::ClientConnection;
use tlcp::error::Error;
use tlcp::stream::Clock;

/// Three threads meet here. Nobody holds the lock while a socket or a terminal blocks: one direction never stops the
/// other.
struct Meeting {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    connection: ClientConnection,
    /// The sender is to send what is left, and end.
    over: bool,
}

impl Meeting {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Standard input to the connection.
    fn type_in(&self, mut input: impl Read) -> Result<(), Error> {
        let mut buffer = [0; 16 * 1024];
        loop {
            let n = match input.read(&mut buffer) {
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => 0,
            };
            let mut rest = buffer.get(..n).unwrap_or_default();
            let mut state = self.lock();
            if n == 0 {
                state.connection.close();
                self.changed.notify_all();
                return Ok(());
            }
            while !rest.is_empty() {
                let taken = state.connection.write(rest)?;
                rest = rest.get(taken..).unwrap_or_default();
                self.changed.notify_all();
                if taken == 0 {
                    state = self.wait(state);
                }
            }
        }
    }

    /// The connection to the socket.
    fn send(&self, mut socket: TcpStream) -> io::Result<()> {
        loop {
            let mut state = self.lock();
            while !state.connection.wants_write() {
                if state.over {
                    return Ok(());
                }
                state = self.wait(state);
            }
            let bytes = state.connection.pending_output().to_vec();
            state.connection.sent(bytes.len());
            drop(state);
            self.changed.notify_all();
            if let Err(e) = socket.write_all(&bytes) {
                // The receiver, waiting in a read, is to see the end as well.
                let _ = socket.shutdown(Shutdown::Both);
                return Err(e);
            }
        }
    }

    /// The socket to standard output, until the server has closed.
    fn receive(&self, mut socket: TcpStream, mut output: impl Write, clock: Clock) -> Result<(), Problem> {
        let mut buffer = [0; 16 * 1024];
        loop {
            let n = match socket.read(&mut buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            let (plaintext, outcome) = self.open(buffer.get(..n).unwrap_or_default(), clock);
            self.changed.notify_all();
            output.write_all(&plaintext)?;
            output.flush()?;
            if outcome? {
                return Ok(());
            }
        }
    }

    /// The plaintext in `bytes`, and whether the server has closed; no bytes are the end of the stream.
    fn open(&self, mut bytes: &[u8], clock: Clock) -> (Vec<u8>, Result<bool, Error>) {
        let (mut plaintext, connection) = (Vec::new(), &mut self.lock().connection);
        if bytes.is_empty() {
            return (plaintext, connection.received_end(clock.now()).map(|()| true));
        }
        loop {
            let taken = connection.receive(bytes, clock.now());
            while !connection.plaintext().is_empty() {
                plaintext.extend_from_slice(connection.plaintext());
                if let Err(e) = connection.consume(connection.plaintext().len()) {
                    return (plaintext, Err(e));
                }
            }
            match taken {
                Err(e) => return (plaintext, Err(e)),
                Ok(_) if !connection.wants_read() => {
                    connection.close();
                    return (plaintext, Ok(true));
                }
                Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            }
            if bytes.is_empty() {
                return (plaintext, Ok(false));
            }
        }
    }
}

/// Ends when the server has closed.
pub(crate) fn run(connection: ClientConnection, socket: TcpStream, clock: Clock) -> Result<(), Problem> {
    let state = Mutex::new(State { connection, over: false });
    let meeting = Arc::new(Meeting { state, changed: Condvar::new() });
    let (for_input, for_sender, to_send) = (meeting.clone(), meeting.clone(), socket.try_clone()?);
    // Its error is the connection's, which the receiver tells; a thread that waits for a key ends with the program.
    thread::spawn(move || for_input.type_in(io::stdin()));
    let sender = thread::spawn(move || for_sender.send(to_send));
    let outcome = meeting.receive(socket, io::stdout(), clock);
    meeting.lock().over = true;
    meeting.changed.notify_all();
    match (outcome, sender.join()) {
        (Ok(()), Ok(sent)) => Ok(sent?),
        (outcome, _) => outcome,
    }
}
