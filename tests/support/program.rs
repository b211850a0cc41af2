//! The program `tlcp` as its users run it: files in a folder, processes, and what they print.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// `tlcp` with these arguments.
pub fn tlcp(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tlcp"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs to the end with `input` on standard input.
pub fn run(arguments: &[&str], input: &[u8]) -> Finished {
    let mut child = tlcp(arguments).stdin(Stdio::piped()).spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    // A program that ends early closes its end: that is for the caller to see in the outcome.
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    Finished(output)
}

/// Runs to the end with whatever the command has for its standard input and output.
pub fn finish(command: &mut Command) -> Finished {
    Finished(command.output().unwrap())
}

pub struct Finished(Output);

impl Finished {
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0.stdout
    }

    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    pub fn succeeded(self) -> Self {
        assert!(self.0.status.success(), "{}{}", self.out(), self.err());
        self
    }

    /// Ended with this error code, and said all of `parts`.
    pub fn failed_with(self, code: i32, parts: &[&str]) {
        assert_eq!(self.0.status.code(), Some(code), "{}{}", self.out(), self.err());
        parts
            .iter()
            .for_each(|part| assert!(self.err().contains(part), "{part:?} is missing:\n{}", self.err()));
    }
}

/// A folder that goes with the test, with certificates in it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        let folder = Self(path);
        run(&["pki", "--out", &folder.file("")], &[]).succeeded();
        folder
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_string()
    }

    pub fn write(&self, name: &str, contents: &str) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
        self.file(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server with the folder's certificates, on a port of its own choice.
pub struct Server {
    child: Child,
    pub port: u16,
    log: ChildStderr,
}

impl Server {
    pub fn start(folder: &Folder, more: &[&str]) -> Self {
        let (identity, ca) = (folder.file("server.pem"), folder.file("ca.crt"));
        let mut arguments = vec!["server", "--listen", "127.0.0.1:0", "--identity", &identity, "--ca", &ca];
        arguments.extend(more);
        let mut child = tlcp(&arguments).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.strip_prefix("listening on 127.0.0.1:").map(str::trim).and_then(|p| p.parse().ok());
        let log = child.stderr.take().unwrap();
        Self { child, port: port.unwrap_or_else(|| panic!("no port in {line:?}")), log }
    }

    /// Runs the client against it, trusting the folder's root.
    pub fn client(&self, folder: &Folder, more: &[&str], input: &[u8]) -> Finished {
        let ca = folder.file("ca.crt");
        let connect = format!("localhost:{}", self.port);
        let mut arguments = vec!["client", "--connect", &connect, "--ca", &ca];
        arguments.extend(more);
        run(&arguments, input)
    }

    /// Ends it; all that it logged.
    pub fn stop(mut self) -> String {
        self.child.kill().unwrap();
        let mut text = String::new();
        self.log.read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
