//! How far a download has come, for whoever watches a terminal.
use std::io::{IsTerminal, Write as _};
use std::time::{Duration, Instant};

/// So often, and not before so much time: what is quick needs no telling.
const INTERVAL: Duration = Duration::from_millis(200);

/// One line on standard error that is written over and over; none where that is no terminal.
pub(crate) struct Progress {
    started: Instant,
    told: Instant,
    whole: Option<u64>,
    done: u64,
    is_shown: bool,
    is_terminal: bool,
}

impl Progress {
    /// `whole`: how many bytes there will be, if that is known.
    pub(crate) fn new(whole: Option<u64>) -> Self {
        let (now, is_terminal) = (Instant::now(), std::io::stderr().is_terminal());
        Self { started: now, told: now, whole, done: 0, is_shown: false, is_terminal }
    }

    /// So many bytes more are done.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.done += bytes as u64;
        if self.is_terminal && self.told.elapsed() >= INTERVAL {
            self.told = Instant::now();
            self.is_shown = true;
            let _ = write!(std::io::stderr().lock(), "\r{}\x1b[K", self.line(self.started.elapsed()));
        }
    }

    fn line(&self, spent: Duration) -> String {
        const MEGABYTE: f64 = 1e6;
        let (done, seconds) = (self.done as f64 / MEGABYTE, spent.as_secs_f64().max(1e-3));
        let speed = done / seconds;
        match self.whole {
            Some(whole) if whole > 0 => {
                let (whole, share) = (whole as f64 / MEGABYTE, 100.0 * self.done as f64 / whole as f64);
                format!("{done:.1} of {whole:.1} MB ({share:.0} %), {speed:.1} MB/s")
            }
            _ => format!("{done:.1} MB, {speed:.1} MB/s"),
        }
    }
}

impl Drop for Progress {
    /// What comes next begins a line of its own.
    fn drop(&mut self) {
        if self.is_shown {
            let _ = writeln!(std::io::stderr().lock());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_how_much_of_what_and_how_fast() {
        let mut progress = Progress::new(Some(8_000_000));
        progress.done = 2_000_000;
        assert_eq!(progress.line(Duration::from_secs(2)), "2.0 of 8.0 MB (25 %), 1.0 MB/s");
        progress.whole = None;
        assert_eq!(progress.line(Duration::ZERO), "2.0 MB, 2000.0 MB/s");
    }
}
