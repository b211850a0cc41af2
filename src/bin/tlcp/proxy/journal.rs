//! The log. A thread of its own writes it: whoever reads it slowly, or not at all, stops no connection; lines that find no
//! room are lost, and counted.
use super::metrics::Metrics;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::Duration;

/// Lines that may wait to be written.
const ROOM: usize = 8192;

enum Entry {
    Line(String),
    /// Standard error, or the file, opened already.
    To(Option<File>),
    Flush(SyncSender<()>),
}

/// Takes lines. All clones are one.
#[derive(Clone)]
pub(super) struct Journal {
    lines: SyncSender<Entry>,
    metrics: Arc<Metrics>,
}

impl Journal {
    pub(super) fn start(metrics: Arc<Metrics>) -> io::Result<Self> {
        let (lines, entries) = sync_channel(ROOM);
        thread::Builder::new().name(String::from("log")).spawn(move || write(&entries))?;
        Ok(Self { lines, metrics })
    }

    /// One line, which holds no other.
    pub(super) fn line(&self, line: String) {
        if self.lines.try_send(Entry::Line(line)).is_err() {
            self.metrics.log_line_lost();
        }
    }

    /// From now on to this file, or to standard error.
    pub(super) fn write_to(&self, file: Option<File>) {
        if self.lines.try_send(Entry::To(file)).is_err() {
            self.metrics.log_line_lost();
        }
    }

    /// All that was logged is written, unless that takes over a second.
    pub(super) fn flush(&self) {
        let (done, written) = sync_channel(1);
        if self.lines.try_send(Entry::Flush(done)).is_ok() {
            let _: Result<(), RecvTimeoutError> = written.recv_timeout(Duration::from_secs(1));
        }
    }
}

/// Opens a log to append to.
pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// The file that a log goes to, if it is not standard error.
pub(super) fn open_if_any(path: Option<&PathBuf>) -> io::Result<Option<File>> {
    path.map(|path| open(path)).transpose()
}

/// Until all senders are gone. As many lines as wait go out at once.
fn write(entries: &Receiver<Entry>) {
    let (mut file, mut text) = (None, Vec::new());
    while let Ok(first) = entries.recv() {
        let mut next = Some(first);
        while let Some(entry) = next {
            match entry {
                Entry::Line(line) => {
                    text.extend_from_slice(line.as_bytes());
                    text.push(b'\n');
                }
                Entry::To(other) => {
                    put(&mut text, file.as_mut());
                    file = other;
                }
                Entry::Flush(done) => {
                    put(&mut text, file.as_mut());
                    let _ = done.send(());
                }
            }
            next = match entries.try_recv() {
                Ok(entry) if text.len() < 64 * 1024 => Some(entry),
                Ok(entry) => {
                    put(&mut text, file.as_mut());
                    Some(entry)
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
            };
        }
        put(&mut text, file.as_mut());
    }
}

fn put(text: &mut Vec<u8>, file: Option<&mut File>) {
    // A full disk, or a terminal that is gone, must not end the gateway.
    let _ = match file {
        Some(file) => file.write_all(text),
        None => io::stderr().lock().write_all(text),
    };
    text.clear();
}
