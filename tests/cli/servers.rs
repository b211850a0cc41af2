//! `tlcp client` with servers that end as they please: what it says, and its exit code.
use crate::program::{Finished, Folder, finish, run, tlcp};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tlcp::handshake::server::State;
use tlcp::stream::{Socket, Timeouts};
use tlcp::{Clock, Identity, ServerConfig, ServerConnection, Stream};

type ServerStream<T> = Stream<State, T>;

/// Runs the client with this input against a server that takes one connection, and gives what both made of it.
fn against<T: Send + 'static>(
    folder: &Folder,
    more: &[&str],
    input: &[u8],
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (Finished, T) {
    meet(folder, more, |arguments| run(arguments, input), serve)
}

/// The same, with the client run by `client`, which gets its arguments.
fn meet<T: Send + 'static>(
    folder: &Folder,
    more: &[&str],
    client: impl FnOnce(&[&str]) -> Finished,
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (Finished, T) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let connect = format!("localhost:{}", listener.local_addr().unwrap().port());
    let server: JoinHandle<T> = thread::spawn(move || serve(listener.accept().unwrap().0));
    let ca = folder.file("ca.crt");
    let arguments = [&["client", "--connect", &connect, "--ca", &ca], more].concat();
    (client(&arguments), server.join().unwrap())
}

fn stream<T: Socket>(folder: &Folder) -> impl FnOnce(T) -> ServerStream<T> + use<T> {
    let pile = std::fs::read(folder.file("server.pem")).unwrap();
    move |socket| {
        let identity = Identity::from_pile(&[&pile], None, &tlcp::default_provider()).unwrap();
        let config = Arc::new(ServerConfig::builder().identity(Arc::new(identity)).build().unwrap());
        let clock = Clock::start();
        Stream::new(ServerConnection::new(config, clock.now()), socket, clock)
    }
}

/// Its first line is answered, and nothing after it is read.
#[test]
fn piped_input_that_the_server_did_not_wait_for_is_lost_and_told() {
    let folder = Folder::new();
    let stream = stream(&folder);
    let input = [&b"first line\n"[..], &vec![b'x'; 30 << 20]].concat();
    let (client, ()) = against(&folder, &[], &input, move |socket| {
        let mut stream = stream(socket);
        stream.read_exact(&mut [0; 11]).unwrap();
        stream.write_all(b"enough").unwrap();
        stream.close().unwrap();
        thread::sleep(Duration::from_secs(2));
    });
    assert_eq!(client.out(), "enough");
    client.failed_with(3, &["before all of the input was sent"]);
}

/// What was said had been sent before the server closed, be it that our standard input never ends.
#[test]
fn a_server_that_closes_first_has_lost_nothing_of_what_it_was_sent() {
    let folder = Folder::new();
    for last in ["", "\n"] {
        let stream = stream(&folder);
        let (client, ()) = against(&folder, &[], format!("question{last}").as_bytes(), move |socket| {
            let mut stream = stream(socket);
            stream.read_exact(&mut [0; 8]).unwrap();
            thread::sleep(Duration::from_millis(100));
            stream.write_all(b"answer").unwrap();
            stream.finish().unwrap();
        });
        assert_eq!(client.succeeded().out(), "answer");
    }
}

/// A folder, where a file was meant. The server learns nothing of an end, for there was none.
#[cfg(unix)]
#[test]
fn input_that_cannot_be_read_is_no_end_of_it() {
    let folder = Folder::new();
    let (stream, input) = (stream(&folder), std::fs::File::open(folder.file("")).unwrap());
    let piped = |arguments: &[&str]| finish(tlcp(arguments).stdin(input));
    let (client, heard) = meet(&folder, &[], piped, move |socket| {
        stream(socket).read_to_end(&mut Vec::new()).unwrap_err().to_string()
    });
    client.failed_with(1, &["error: standard input: Is a directory"]);
    assert!(heard.contains("without close_notify"), "{heard}");
}

/// Sends what is written only before it reads again.
struct Held {
    socket: TcpStream,
    written: Vec<u8>,
}

impl Read for Held {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.socket.write_all(&std::mem::take(&mut self.written))?;
        self.socket.read(out)
    }
}

impl Write for Held {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket for Held {
    fn timeouts(&self) -> io::Result<Timeouts> {
        self.socket.timeouts()
    }

    fn set_timeouts(&self, timeouts: Timeouts) -> io::Result<()> {
        self.socket.set_timeouts(timeouts)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.socket.shutdown_write()
    }
}

/// The last of the handshake, a greeting and the end, all in one piece.
#[test]
fn what_comes_with_the_end_of_the_handshake_comes_out() {
    let folder = Folder::new();
    let stream = stream(&folder);
    let (client, ()) = against(&folder, &[], &[], move |socket| {
        let mut stream = stream(Held { socket, written: Vec::new() });
        stream.write_all(b"welcome, ").unwrap();
        stream.write_all(b"and goodbye").unwrap();
        stream.close().unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert_eq!(client.succeeded().out(), "welcome, and goodbye");
}

/// As `| head` is.
#[test]
fn a_reader_that_is_gone_is_no_fault_of_the_network() {
    let folder = Folder::new();
    for more in [&["--get", "/"][..], &[]] {
        let stream = stream(&folder);
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let piped = |arguments: &[&str]| finish(tlcp(arguments).stdout(writer));
        let (client, ()) = meet(&folder, more, piped, move |socket| {
            let mut stream = stream(socket);
            stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nthe answer").unwrap();
            let _ = stream.finish();
        });
        client.failed_with(1, &["error: standard output: "]);
    }
}

#[test]
fn a_pipe_that_is_cut_is_an_error() {
    let folder = Folder::new();
    let stream = stream(&folder);
    let (client, ()) = against(&folder, &[], b"question", move |socket| {
        let mut stream = stream(socket);
        stream.read_exact(&mut [0; 8]).unwrap();
        stream.write_all(b"answ").unwrap();
        let (_, socket) = stream.into_parts();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = (&socket).read_to_end(&mut Vec::new());
    });
    assert_eq!(client.out(), "answ");
    client.failed_with(3, &["without close_notify", "may be cut short"]);
}

fn answers(answer: &'static str) -> (Folder, Finished) {
    let folder = Folder::new();
    let stream = stream(&folder);
    let (client, ()) = against(&folder, &["--get", "/"], &[], move |socket| {
        let mut stream = stream(socket);
        stream.read_exact(&mut [0; 4]).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        let _ = stream.finish();
    });
    (folder, client)
}

#[test]
fn a_body_shorter_than_announced_is_an_error() {
    let (_folder, client) = answers("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    assert_eq!(client.out(), "half");
    client.failed_with(7, &["4 of 10 bytes"]);
    let (_folder, client) = answers("HTTP/1.0 200 OK\r\n\r\nall, for nothing was announced");
    assert_eq!(client.succeeded().out(), "all, for nothing was announced");
    let (_folder, client) = answers("HTTP/1.0 200 OK\r\nContent-Le");
    client.failed_with(7, &["before the head of its answer was complete"]);
}

/// With 200 KB of the server's unread: the socket is not simply dropped, which would take the alert back.
#[test]
fn the_servers_log_learns_by_an_alert_why_the_client_left() {
    let folder = Folder::new();
    let (client, heard) = against(&folder, &[], &[], |mut socket| {
        socket.write_all(&[22, 1, 1, 0xff, 0xff]).unwrap();
        socket.write_all(&vec![0; 200_000]).unwrap();
        thread::sleep(Duration::from_millis(100));
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard).map(|_| heard)
    });
    client.failed_with(4, &["too long"]);
    assert!(heard.unwrap().ends_with(&[21, 1, 1, 0, 2, 2, 22]));
}

/// The same when data is piped, and the failure comes in the middle of it.
#[test]
fn an_alert_in_the_middle_of_piped_data_arrives() {
    let folder = Folder::new();
    let stream = stream(&folder);
    let (client, heard) = against(&folder, &[], &vec![b'x'; 30 << 20], move |socket| {
        let mut stream = stream(socket);
        stream.read_exact(&mut [0; 8]).unwrap();
        let mut socket = stream.socket();
        let forged = [&[23, 1, 1, 0, 80][..], &[0; 80]].concat();
        socket.write_all(&forged).unwrap();
        socket.write_all(&vec![0; 200_000]).unwrap();
        thread::sleep(Duration::from_millis(100));
        stream.read_to_end(&mut Vec::new()).unwrap_err().to_string()
    });
    client.failed_with(4, &["a record does not open"]);
    assert!(heard.contains("the alert bad_record_mac"), "{heard}");
}

/// It neither sends a byte nor means harm: this is how servers end that speak only TLS.
#[test]
fn a_server_that_speaks_only_tls_is_told_from_one_that_cut_the_data() {
    let folder = Folder::new();
    let (client, _) = against(&folder, &[], &[], |mut socket| {
        let _ = socket.read(&mut [0; 4096]);
        socket.shutdown(std::net::Shutdown::Write)
    });
    client.failed_with(3, &["without having sent a byte", "speak only TLS"]);
    // With the hello unread: the connection is reset.
    let (client, ()) = against(&folder, &[], &[], |socket| {
        thread::sleep(Duration::from_millis(200));
        drop(socket);
    });
    client.failed_with(3, &["speak only TLS"]);
    // An alert of TLS 1.2 is the peer's word (R-REC-4).
    let (client, ()) = against(&folder, &[], &[], |mut socket| {
        let _ = socket.read(&mut [0; 4096]);
        socket.write_all(&[21, 3, 3, 0, 2, 2, 70]).unwrap();
    });
    client.failed_with(6, &["the alert protocol_version", "does not speak this protocol"]);
}
