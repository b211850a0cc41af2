//! An HTTP answer as it comes: its head is read first, its body goes on at once, however long it is.
use crate::problem::{Exit, Problem};
use std::io::{Read, Write};

/// The longest head, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// The head of an answer, and what came of the body with it.
pub(crate) struct Answer {
    /// The first line.
    pub(crate) status: String,
    /// Content-Length, if it is told.
    length: Option<u64>,
    body: Vec<u8>,
}

impl Answer {
    /// Reads the head.
    pub(crate) fn read(stream: &mut impl Read) -> Result<Self, Problem> {
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        let body = loop {
            if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
                break bytes.split_off(at + 4);
            }
            if bytes.len() > MAX_HEAD {
                return Err(Problem::new(format!("the head of the answer is over {MAX_HEAD} bytes"))
                    .advise("see whether an HTTP server answers there")
                    .exit(Exit::Http));
            }
            match stream.read(&mut chunk)? {
                0 => {
                    return Err(Problem::new("the server closed before the head of its answer was complete")
                        .advise("see whether an HTTP server answers there")
                        .exit(Exit::Http));
                }
                n => bytes.extend_from_slice(chunk.get(..n).unwrap_or_default()),
            }
        };
        let head = String::from_utf8_lossy(&bytes);
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        Ok(Self { status: head.lines().next().unwrap_or_default().into(), length, body })
    }

    /// Whether the status is one of success.
    pub(crate) fn is_success(&self) -> bool {
        self.status.split(' ').nth(1).is_some_and(|code| code.starts_with('2'))
    }

    /// Content-Length, if it is told.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Hands the body to `out`, up to Content-Length, or to the end of the stream if there is none, and tells `taken` how
    /// many bytes it was each time. All that came is handed on, also before an error. `out` is standard output in errors.
    pub(crate) fn copy_body(
        self,
        stream: &mut impl Read,
        out: &mut impl Write,
        mut taken: impl FnMut(usize),
    ) -> Result<(), Problem> {
        let mut left = self.length.unwrap_or(u64::MAX);
        let mut take = |bytes: &[u8]| {
            let now = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            left -= now as u64;
            taken(now);
            out.write_all(bytes.get(..now).unwrap_or_default()).map_err(Problem::of_output).map(|()| left)
        };
        let (mut chunk, mut missing) = (vec![0; 64 * 1024], take(&self.body)?);
        let outcome = loop {
            if missing == 0 {
                break Ok(());
            }
            match stream.read(&mut chunk) {
                Ok(0) => break self.length.map_or(Ok(()), |length| Err(cut_short(length, missing))),
                Ok(n) => missing = take(chunk.get(..n).unwrap_or_default())?,
                Err(e) => break Err(e.into()),
            }
        };
        out.flush().map_err(Problem::of_output)?;
        outcome
    }
}

fn cut_short(length: u64, missing: u64) -> Problem {
    Problem::new(format!("the body ended after {} of {length} bytes", length - missing))
        .advise("the server closed before it had sent all that it had announced; see its log")
        .exit(Exit::Http)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Cursor};

    fn copy(answer: &str) -> (Vec<u8>, Result<(), String>) {
        let (mut stream, mut out) = (Cursor::new(answer.as_bytes()), Vec::new());
        let answer = Answer::read(&mut stream).map_err(|e| e.to_string());
        let outcome =
            answer.and_then(|a| a.copy_body(&mut stream, &mut out, |_| ()).map_err(|e| e.to_string()));
        (out, outcome)
    }

    #[test]
    fn a_body_ends_with_its_length_or_with_the_stream() {
        for head in ["HTTP/1.0 200 OK\r\n", "HTTP/1.0 200 OK\r\nContent-Length: x\r\n"] {
            assert_eq!(copy(&format!("{head}\r\nall of it")), (b"all of it".to_vec(), Ok(())));
        }
        let long = "HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 4\r\n\r\nbodyand more";
        assert_eq!(copy(long), (b"body".to_vec(), Ok(())));
        assert_eq!(copy("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore"), (Vec::new(), Ok(())));
    }

    #[test]
    fn a_body_shorter_than_announced_is_an_error_and_what_came_is_there() {
        let (out, outcome) = copy("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        assert_eq!(out, b"half");
        assert!(outcome.unwrap_err().contains("4 of 10 bytes"));
    }

    #[test]
    fn a_head_that_does_not_end_is_an_error() {
        assert!(copy("HTTP/1.1 200 OK\r\n").1.unwrap_err().contains("before the head"));
        assert!(copy(&"x".repeat(MAX_HEAD + 9000)).1.unwrap_err().contains("the head of the answer"));
    }

    #[test]
    fn the_status_says_whether_it_went_well() {
        for (status, good) in
            [("HTTP/1.1 200 OK", true), ("HTTP/1.0 204", true), ("HTTP/1.1 404 2", false), ("", false)]
        {
            let answer = Answer::read(&mut Cursor::new(format!("{status}\r\n\r\n"))).unwrap();
            assert_eq!((answer.status.as_str(), answer.is_success()), (status, good));
        }
    }

    /// 64 MiB through a few buffers.
    #[test]
    fn a_long_body_is_not_kept() {
        const LENGTH: u64 = 64 << 20;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
        let mut stream = Cursor::new(head).chain(io::repeat(7));
        let counted = allocation_counter::measure(|| {
            let answer = Answer::read(&mut stream).unwrap();
            answer.copy_body(&mut stream, &mut io::sink(), |_| ()).unwrap();
        });
        assert!(counted.bytes_max < 256 * 1024, "{} bytes", counted.bytes_max);
    }
}
