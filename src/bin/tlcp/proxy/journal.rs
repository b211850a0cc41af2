//! The log. A thread of its own writes it: whoever reads it slowly, or not at all, stops no connection; lines that find no
//! room, or cannot be written, are lost, and counted.
use super::metrics::Metrics;
use crate::patience::within;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::task::spawn_blocking;

/// Lines that may wait to be written.
const ROOM: usize = 8192;

/// How long the opening of a file may take.
const OPENING: Duration = Duration::from_secs(2);

enum Entry {
    Line(String),
    Flush(SyncSender<()>),
}

/// Where lines are to go from now on: to standard error, or to the file, opened already. It waits in no queue, for that may
/// be full because of the place that they went to before.
type Next = Arc<Mutex<Option<Option<File>>>>;

/// Takes lines. All clones are one.
#[derive(Clone)]
pub(super) struct Journal {
    lines: SyncSender<Entry>,
    next: Next,
    metrics: Arc<Metrics>,
}

impl Journal {
    pub(super) fn start(metrics: Arc<Metrics>) -> io::Result<Self> {
        let (lines, entries) = sync_channel(ROOM);
        let next = Next::default();
        let mut writer =
            Writer { next: next.clone(), metrics: metrics.clone(), file: None, text: Vec::new() };
        thread::Builder::new().name(String::from("log")).spawn(move || writer.write(&entries))?;
        Ok(Self { lines, next, metrics })
    }

    /// One line, which holds no other.
    pub(super) fn line(&self, line: String) {
        if self.lines.try_send(Entry::Line(line)).is_err() {
            self.metrics.log_lines_lost(1);
        }
    }

    /// From now on to this file, or to standard error.
    pub(super) fn write_to(&self, file: Option<File>) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
    }

    /// All that was logged is written, unless that takes over a second.
    pub(super) fn flush(&self) {
        let (done, written) = sync_channel(1);
        if self.lines.try_send(Entry::Flush(done)).is_ok() {
            let _: Result<(), RecvTimeoutError> = written.recv_timeout(Duration::from_secs(1));
        }
    }
}

/// Opens a log to append to; what does not open for too long is an error.
pub(super) async fn open(path: &Path) -> io::Result<File> {
    let path = path.to_owned();
    let opening = spawn_blocking(move || OpenOptions::new().create(true).append(true).open(path));
    within(OPENING, async { opening.await.map_err(io::Error::other)? }).await.map_err(|e| match e.kind() {
        ErrorKind::TimedOut => {
            io::Error::other("it does not open: a pipe that nobody reads, or a disk that does not answer")
        }
        _ => e,
    })
}

/// Finds what would keep [`open`] from making the file, without making it.
pub(super) fn check(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(data) if data.is_file() => OpenOptions::new().append(true).open(path).map(drop),
        Ok(data) if data.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(_) => Ok(()),
        Err(_) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            folder.unwrap_or(Path::new(".")).read_dir().map(drop)
        }
    }
}

struct Writer {
    next: Next,
    metrics: Arc<Metrics>,
    file: Option<File>,
    /// Lines, each with its end.
    text: Vec<u8>,
}

impl Writer {
    /// Until all senders are gone. As many lines as wait go out at once.
    fn write(&mut self, entries: &Receiver<Entry>) {
        while let Ok(first) = entries.recv() {
            let mut next = Some(first);
            while let Some(entry) = next {
                match entry {
                    Entry::Line(line) => {
                        self.text.extend_from_slice(line.as_bytes());
                        self.text.push(b'\n');
                    }
                    Entry::Flush(done) => {
                        self.put();
                        let _ = done.send(());
                    }
                }
                if self.text.len() >= 64 * 1024 {
                    self.put();
                }
                next = entries.try_recv().ok();
            }
            self.put();
        }
    }

    /// A full disk, or a terminal that is gone, must not end the gateway.
    fn put(&mut self) {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.file = next.unwrap_or_else(|| self.file.take());
        let written = match &mut self.file {
            Some(file) => file.write_all(&self.text),
            None => io::stderr().lock().write_all(&self.text),
        };
        if written.is_err() {
            self.metrics.log_lines_lost(self.text.iter().filter(|byte| **byte == b'\n').count());
        }
        self.text.clear();
    }
}
