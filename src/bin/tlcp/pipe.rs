//! Standard input and output through a connection, both ways at once. The end of the input is sent as close_notify, and
//! what the server still sends comes out. Input that cannot be read has no end that could be sent.
use crate::problem::{Exit, Problem};
use std::io::{self, ErrorKind, Read, Write};
use std::mem;
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

impl State {
    fn has_sent_all(&self) -> bool {
        !self.sending && !self.connection.wants_write()
    }
}

/// What became of standard input.
#[derive(Debug)]
enum Input {
    /// More may come; what came was taken.
    Open,
    /// All of it was taken.
    Ended,
    /// Some of it came when the connection took no more.
    Lost,
    /// The rest of it could not be read.
    Failed(io::Error),
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
        while matches!(outcome, Input::Open) {
            outcome = match input.read(&mut buffer) {
                Ok(0) => Input::Ended,
                Ok(n) => self.write(buffer.get(..n).unwrap_or_default()),
                Err(e) if e.kind() == ErrorKind::Interrupted => Input::Open,
                Err(e) => Input::Failed(e),
            };
        }
        let mut state = self.lock();
        if !matches!(outcome, Input::Failed(_)) {
            state.connection.close();
        }
        state.input = outcome;
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
                if matches!(state.input, Input::Failed(_)) {
                    // Without close_notify, so that the server does not take it for all; the receiver sees the end too.
                    return socket.shutdown(Shutdown::Both);
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
        // What came with the end of the handshake is there already.
        let mut opened = self.open(&[], clock);
        loop {
            let (plaintext, outcome) = opened;
            self.changed.notify_all();
            output.write_all(&plaintext).and_then(|()| output.flush()).map_err(Problem::of_output)?;
            if let Some(all_sent) = outcome? {
                return Ok(all_sent);
            }
            let n = loop {
                match socket.read(&mut buffer) {
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            opened = match n {
                0 => (Vec::new(), self.end(clock).map(Some)),
                n => self.open(buffer.get(..n).unwrap_or_default(), clock),
            };
        }
    }

    /// The stream has ended, as it may after close_notify.
    fn end(&self, clock: Clock) -> Result<bool, Error> {
        let mut state = self.lock();
        let all_sent = state.has_sent_all();
        state.connection.received_end(clock.now()).map(|()| all_sent)
    }

    /// The plaintext up to the end of `bytes`, and if the server has closed, whether all that was taken had been sent.
    fn open(&self, mut bytes: &[u8], clock: Clock) -> (Vec<u8>, Result<Option<bool>, Error>) {
        let (mut plaintext, mut state) = (Vec::new(), self.lock());
        let all_sent = state.has_sent_all();
        let connection = &mut state.connection;
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

    /// What has become of the input after this time, in which input that is there already is read.
    fn input_after(&self, time: Duration) -> Input {
        let waits = |state: &mut State| matches!(state.input, Input::Open);
        let waited = self.changed.wait_timeout_while(self.lock(), time, waits);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        mem::replace(&mut state.input, Input::Ended)
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
    let input = meeting.input_after(if outcome.is_ok() { GRACE } else { Duration::ZERO });
    meeting.lock().over = true;
    meeting.changed.notify_all();
    let sent = sender.join().unwrap_or_else(|_| Err(io::Error::other("the sender panicked")));
    if outcome.is_err() {
        // Our alert, or at least what was sent, is to arrive although there may be more to read.
        socket.half_close();
    }
    match (input, outcome) {
        (Input::Failed(e), _) => Err(Problem::of_input(e)),
        (_, Err(problem)) => Err(problem),
        (Input::Lost, Ok(_)) => Err(lost_input()),
        // Where all was sent before, only the answer to close_notify can fail, which nobody waits for.
        (_, Ok(all_sent)) if sent.is_err() && !all_sent => Err(lost_input()),
        (_, Ok(_)) => Ok(()),
    }
}

fn lost_input() -> Problem {
    Problem::new("the server closed the connection before all of the input was sent")
        .advise("what was not sent is lost; see the server's log for why it closed")
        .exit(Exit::Network)
}
