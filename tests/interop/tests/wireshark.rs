//! Wireshark reads our connections: with our key log, `tshark` shows the application data.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tlcp::config::KeyLogFile;
use tlcp_interop::capture::{PORT, Recorded, Tape};
use tlcp_interop::exchange::{Channel, Talk};
use tlcp_interop::party::{Client, Implementation, Outcome, Server, Suite, settings};
use tlcp_interop::tlcp_party::Tlcp;
use tlcp_interop::tongsuo_party::Tongsuo;

const QUESTION: &str = "What does a capture show?";
const ANSWER: &str = "All of it, to whoever has the key log.";

/// In full and resumed; the secrets from either of our ends.
#[test]
fn tshark_decrypts_every_suite_with_our_key_log() {
    let Some(version) = tshark_version() else {
        eprintln!("skipped: tshark is not installed");
        return;
    };
    for suite in Suite::SM2 {
        for ours in ["client", "server"] {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{suite:?}-{ours}"));
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).unwrap();
            let log = folder.join("keys.log");
            let tlcp = Tlcp { key_log: Some(Arc::new(KeyLogFile::open(&log).unwrap())), ..Tlcp::default() };
            let (server_settings, client_settings) = settings(suite, suite.is_ecdhe());
            let (server, client) = match ours {
                "client" => (Tongsuo.server(&server_settings), tlcp.client(&client_settings)),
                _ => (tlcp.server(&server_settings), Tongsuo.client(&client_settings)),
            };
            for resumed in [false, true] {
                let tape = converse(&*server, &*client, resumed);
                let capture = folder.join(format!("resumed-{resumed}.pcap"));
                fs::write(&capture, tape.pcap()).unwrap();
                let shown = followed(&capture, &log);
                let context = format!("{version}, {suite:?}, {ours}, resumed: {resumed}: {shown:?}");
                assert_eq!(shown, [QUESTION, ANSWER], "{context}");
            }
        }
    }
}

/// Without the secrets it shows nothing, so what it shows above was decrypted.
#[test]
fn tshark_shows_nothing_without_the_key_log() {
    if tshark_version().is_none() {
        eprintln!("skipped: tshark is not installed");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (server, client) = settings(Suite::EccGcm, false);
    let tape = converse(&*Tlcp::default().server(&server), &*Tlcp::default().client(&client), false);
    let capture = folder.join("no-keys.pcap");
    fs::write(&capture, tape.pcap()).unwrap();
    assert_eq!(followed(&capture, Path::new("/dev/null")), [""; 0]);
}

fn tshark_version() -> Option<String> {
    match Command::new("tshark").arg("--version").stderr(Stdio::null()).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or("").to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("tshark: {error}"),
    }
}

/// One connection with one question and one answer, as recorded at the client.
fn converse(server: &dyn Server, client: &dyn Client, resumed: bool) -> Tape {
    let tape = Tape::default();
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    let near = Recorded { inner: near, tape: tape.clone() };
    let (ask, reply): (&Talk, &Talk) = (
        &|channel| {
            channel.write_all(QUESTION.as_bytes())?;
            hear(channel, ANSWER)?;
            channel.send_close()?;
            channel.read_to_end(&mut Vec::new())?;
            Ok(true)
        },
        &|channel| {
            hear(channel, QUESTION)?;
            channel.write_all(ANSWER.as_bytes())?;
            channel.read_to_end(&mut Vec::new())?;
            channel.send_close()?;
            Ok(true)
        },
    );
    let outcomes: [Outcome; 2] = std::thread::scope(|scope| {
        let serving = scope.spawn(|| server.serve(Box::new(far), reply));
        [client.connect(Box::new(near), ask), serving.join().unwrap()]
    });
    for outcome in outcomes {
        assert_eq!(outcome.unwrap().resumed, resumed);
    }
    tape
}

fn hear(channel: &mut dyn Channel, text: &str) -> io::Result<()> {
    let mut heard = vec![0; text.len()];
    channel.read_exact(&mut heard)?;
    if heard == text.as_bytes() { Ok(()) } else { Err(io::Error::other("something else was said")) }
}

/// The application data of the first connection, piece by piece, as tshark decrypts it.
fn followed(capture: &Path, log: &Path) -> Vec<String> {
    let output = Command::new("tshark")
        .args(["-q", "-d", &format!("tcp.port=={PORT},tls"), "-z", "follow,tls,raw,0"])
        .args(["-o", &format!("tls.keylog_file:{}", log.display()), "-r"])
        .arg(capture)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // A heading, two lines "Node 0: …" and "Node 1: …", one line of hex for each piece, a line of "=".
    let text = String::from_utf8(output.stdout).unwrap();
    let pieces = text.lines().skip_while(|line| !line.starts_with("Node 1")).skip(1);
    pieces.take_while(|line| !line.starts_with('=')).map(|line| from_hex(line.trim())).collect()
}

fn from_hex(digits: &str) -> String {
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    String::from_utf8((0..digits.len()).step_by(2).map(byte).collect()).unwrap()
}
