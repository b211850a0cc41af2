//! Standard input and output through a connection, both ways at once. The end of the input is sent as close_notify, and
//! what the server still sends comes out.
use crate::problem::{Exit, Problem};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tlcp::conn::ClientConnection;
use tlcp::error::Error;
use tlcp::stream::{Clock, Socket};

/// When the server has closed: how long input that is there already has to be read, and what is left to be sent.
const GRACE: Duration = Duration::from_millis(200);

/// Three threads meet here. Nobody holds the lock while a socket or a terminal blocks: one direction never stops the
/// other.
struct Meeting {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    connection: ClientConnection,
    input: Input,
    /// The sender holds bytes that the socket has not taken yet.
    sending: bool,
    /// The sender is to send what is left, and end.
    over: bool,
}

/// What became of standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    /// More may come; what came was taken.
    Open,
    /// All of it was taken.
    Ended,
    /// Some of it came when the connection took no more.
    Lost,
}

impl Meeting {
    fn new(connection: ClientConnection) -> Self {
        let state = State { connection, input: Input::Open, sending: false, over: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Standard input to the connection.
    fn type_in(&self, mut input: impl Read) {
        let mut buffer = [0; 16 * 1024];
        let mut outcome = Input::Open;
        while outcome == Input::Open {
            outcome = match input.read(&mut buffer) {
                Ok(0) => Input::Ended,
                Ok(n) => self.write(buffer.get(..n).unwrap_or_default()),
                Err(e) if e.kind() == ErrorKind::Interrupted => Input::Open,
                Err(_) => Input::Ended,
            };
        }
        let mut state = self.lock();
        state.input = outcome;
        state.connection.close();
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until the connection has taken all of `data`, or takes no more.
    fn write(&self, data: &[u8]) -> Input {
        let (mut rest, mut state) = (data, self.lock());
        while !rest.is_empty() {
            let Ok(taken) = state.connection.write(rest) else { return Input::Lost };
            rest = rest.get(taken..).unwrap_or_default();
            self.changed.notify_all();
            if taken == 0 {
                state = self.wait(state);
            }
        }
        Input::Open
    }

    /// The connection to the socket.
    fn send(&self, mut socket: TcpStream) -> io::Result<()> {
        loop {
            let mut state = self.lock();
            state.sending = false;
            while !state.connection.wants_write() {
                if state.over {
                    return Ok(());
                }
                state = self.wait(state);
            }
            let bytes = state.connection.pending_output().to_vec();
            state.connection.sent(bytes.len());
            state.sending = true;
            drop(state);
            self.changed.notify_all();
            if let Err(e) = self.send_all(&mut socket, &bytes) {
                // The receiver, waiting in a read, is to see the end as well.
                let _ = socket.shutdown(Shutdown::Both);
                return Err(e);
            }
        }
    }

    /// A server that has closed and takes nothing any more is not waited for.
    fn send_all(&self, socket: &mut TcpStream, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match socket.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if self.lock().over {
                        return Err(e);
                    }
                }
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// The socket to standard output, until the server has closed. Whether all that was taken had been sent by then.
    fn receive(&self, socket: &mut TcpStream, mut output: impl Write, clock: Clock) -> Result<bool, Problem> {
        let mut buffer = [0; 16 * 1024];
        loop {
            let n = match socket.read(&mut buffer) {
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            };
            let (plaintext, outcome) = self.open(buffer.get(..n).unwrap_or_default(), clock);
            self.changed.notify_all();
            output.write_all(&plaintext)?;
            output.flush()?;
            if let Some(all_sent) = outcome? {
                return Ok(all_sent);
            }
        }
    }

    /// The plaintext in `bytes`, and if the server has closed, whether all that was taken had been sent. No bytes are the
    /// end of the stream.
    fn open(&self, mut bytes: &[u8], clock: Clock) -> (Vec<u8>, Result<Option<bool>, Error>) {
        let (mut plaintext, mut state) = (Vec::new(), self.lock());
        let all_sent = !state.sending && !state.connection.wants_write();
        let connection = &mut state.connection;
        if bytes.is_empty() {
            return (plaintext, connection.received_end(clock.now()).map(|()| Some(all_sent)));
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
                    return (plaintext, Ok(Some(all_sent)));
                }
                Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            }
            if bytes.is_empty() {
                return (plaintext, Ok(None));
            }
        }
    }

    /// The server has closed. Whether input is there that nobody will read: whoever types has the time to.
    fn has_lost_input(&self) -> bool {
        let waits = |state: &mut State| state.input == Input::Open;
        let waited = self.changed.wait_timeout_while(self.lock(), GRACE, waits);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.input == Input::Lost
    }
}

/// Ends when the server has closed.
pub(crate) fn run(connection: ClientConnection, mut socket: TcpStream, clock: Clock) -> Result<(), Problem> {
    let meeting = Arc::new(Meeting::new(connection));
    let (for_input, for_sender, to_send) = (meeting.clone(), meeting.clone(), socket.try_clone()?);
    // Of both directions, for it is one socket; only the sender looks up from time to time.
    socket.set_write_timeout(Some(GRACE))?;
    // Its error is the connection's, which the receiver tells; a thread that waits for a key ends with the program.
    thread::spawn(move || for_input.type_in(io::stdin()));
    let sender = thread::spawn(move || for_sender.send(to_send));
    let outcome = meeting.receive(&mut socket, io::stdout(), clock);
    let lost = outcome.is_ok() && meeting.has_lost_input();
    meeting.lock().over = true;
    meeting.changed.notify_all();
    let sent = sender.join().unwrap_or_else(|_| Err(io::Error::other("the sender panicked")));
    match outcome {
        // Our alert, or at least what was sent, is to arrive although there may be more to read.
        Err(problem) => {
            socket.half_close();
            Err(problem)
        }
        // Where all was sent before, only the answer to close_notify can fail, which nobody waits for.
        Ok(all_sent) if lost || (sent.is_err() && !all_sent) => Err(lost_input()),
        Ok(_) => Ok(()),
    }
}

fn lost_input() -> Problem {
    Problem::new("the server closed the connection before all of the input was sent")
        .advise("what was not sent is lost; see the server's log for why it closed")
        .exit(Exit::Network)
}
