//! The examples run, and end well.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "../examples/client.rs"]
#[allow(dead_code)]
mod client;
#[path = "../examples/hsm_key.rs"]
mod hsm_key;
#[path = "../examples/mutual.rs"]
mod mutual;
#[cfg(feature = "tls12")]
#[path = "../examples/one_port.rs"]
mod one_port;
#[path = "../examples/own_provider.rs"]
mod own_provider;
#[path = "../examples/own_record_layer.rs"]
mod own_record_layer;
#[path = "../examples/server.rs"]
#[allow(dead_code)]
mod server;

use tlcp::crypto::random::SystemRandom;
use tlcp::pki::{Options, Pki};

type Files = Vec<(&'static str, zeroize::Zeroizing<String>)>;

fn pki_files() -> Files {
    let (now, provider) = (tlcp::Clock::start().now().unix, tlcp::default_provider());
    Pki::new(&Options::new(now), &provider, &SystemRandom).unwrap().files()
}

fn file<'a>(files: &'a Files, name: &str) -> &'a [u8] {
    files.iter().find(|(n, _)| *n == name).unwrap().1.as_bytes()
}

#[test]
fn client_and_server_greet_each_other() {
    let files = pki_files();
    let config = server::configure(file(&files, "server.pem")).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || server::serve(&listener, &config));
    assert_eq!(client::greet(&address, "localhost", file(&files, "ca.crt")).unwrap(), "Hello, Alice!\n");
    let error = client::greet(&address, "example.cn", file(&files, "ca.crt")).unwrap_err();
    assert!(error.to_string().contains("another name"), "{error}");
}

#[test]
fn both_sides_show_certificates_and_resume() {
    mutual::main().unwrap();
}

#[cfg(feature = "tls12")]
#[test]
fn three_protocols_share_a_port() {
    one_port::main().unwrap();
}

#[test]
fn a_key_in_a_device_answers_later() {
    hsm_key::main().unwrap();
}

#[test]
fn a_provider_of_ones_own_is_used() {
    own_provider::main().unwrap();
}

#[test]
fn the_engine_runs_over_another_framing() {
    own_record_layer::main().unwrap();
}

/// The example server as a process of its own, on the port that it prints. Not a test: those below start it.
#[test]
#[ignore = "never ends"]
fn serve_for_ever() {
    let files = pki_files();
    let config = server::configure(file(&files, "server.pem")).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    println!("\nport {}", listener.local_addr().unwrap().port());
    println!("{}", file(&files, "ca.crt").iter().map(|b| format!("{b:02x}")).collect::<String>());
    server::serve(&listener, &config);
}

/// [`serve_for_ever`] under limits.
#[cfg(target_os = "linux")]
struct Limited {
    child: std::process::Child,
    address: String,
    ca: Vec<u8>,
}

#[cfg(target_os = "linux")]
impl Limited {
    /// `limits`: of the shell's `ulimit`. `stack`: bytes of every thread's stack.
    fn start(limits: &str, stack: usize) -> Self {
        use std::io::BufRead;
        let mut child = std::process::Command::new("sh")
            .args([
                "-c",
                &format!("ulimit {limits} && exec \"$0\" serve_for_ever --exact --ignored --nocapture"),
            ])
            .arg(std::env::current_exe().unwrap())
            .env("RUST_MIN_STACK", stack.to_string())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.strip_prefix("port ").map(String::from)).expect("a port");
        let ca = hex::decode(lines.next().unwrap()).unwrap();
        // Whoever writes into a pipe that nobody reads is ended for it: so it is read.
        std::thread::spawn(move || lines.count());
        Self { child, address: format!("127.0.0.1:{port}"), ca }
    }

    /// Connections on which nothing is said.
    fn idle(&self, number: usize) -> Vec<std::net::TcpStream> {
        (0..number).map(|_| std::net::TcpStream::connect(&self.address).unwrap()).collect()
    }

    /// Processor time so far, in hundredths of a second.
    fn spent(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// It may need a moment until it has seen that others are gone.
    fn still_greets(&self) {
        let greet = || client::greet(&self.address, "localhost", &self.ca).ok();
        let mut answers = (0..50).map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            greet()
        });
        assert_eq!(answers.find_map(|answer| answer).as_deref(), Some("Hello, Alice!\n"));
    }
}

#[cfg(target_os = "linux")]
impl Drop for Limited {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_server_outlives_that_no_thread_can_be_made() {
    // Room for the stacks of a few threads, and for all else.
    let server = Limited::start("-v 1500000", 300 << 20);
    server.still_greets();
    let idle = server.idle(20);
    std::thread::sleep(std::time::Duration::from_millis(500));
    drop(idle);
    server.still_greets();
}

#[cfg(target_os = "linux")]
#[test]
fn the_server_waits_while_no_file_descriptor_is_left() {
    let server = Limited::start("-n 20", 2 << 20);
    server.still_greets();
    let idle = server.idle(40);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let before = server.spent();
    std::thread::sleep(std::time::Duration::from_millis(1000));
    let spent = server.spent() - before;
    assert!(spent < 30, "{spent} hundredths of a second of processor time in one second of waiting");
    drop(idle);
    server.still_greets();
}
