//! A static folder over HTTP/1.1: GET and HEAD of regular files, nothing else.
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The longest request head, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// How long a request head may take to arrive, once it has begun.
const HEAD_TIME: Duration = Duration::from_secs(20);
/// Requests on one connection.
const MAX_REQUESTS: usize = 1000;

/// The folder that is served, by its real path.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        if path.is_dir() { Ok(Self(path)) } else { Err(io::Error::other("not a folder")) }
    }

    /// The file that a request target names: `None` for what is not there, is no regular file, or lies outside.
    fn open(&self, target: &str) -> Option<(File, PathBuf, u64)> {
        let mut path = self.0.clone();
        let target = target.split(['?', '#']).next()?;
        for segment in percent_decode(target.strip_prefix('/')?)?.split('/') {
            match segment {
                "" | "." => {}
                ".." => return None,
                name if name.contains(['\\', ':']) || name.chars().any(char::is_control) => return None,
                name => path.push(name),
            }
        }
        if path.is_dir() {
            path.push("index.html");
        }
        // Links may lead out of the folder: the real path decides.
        let path = fs::canonicalize(path).ok()?;
        if !path.starts_with(&self.0) || !path.is_file() {
            return None;
        }
        let file = File::open(&path).ok()?;
        let length = file.metadata().ok().filter(fs::Metadata::is_file)?.len();
        Some((file, path, length))
    }
}

/// `None` if an escape is malformed or the bytes are not UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b != b'%' {
            out.push(b);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        out.push(u8::try_from(16 * high + low).ok()?);
    }
    String::from_utf8(out).ok()
}

/// What of a request decides.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    method: String,
    target: String,
    keep_alive: bool,
    /// A body follows, which nobody here reads.
    has_body: bool,
}

impl Request {
    /// From a head without its empty line.
    fn parse(head: &[u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
        let mut line = lines.next()?.split(' ');
        let (method, target, version) = (line.next()?, line.next()?, line.next()?);
        let is_11 = version == "HTTP/1.1";
        if line.next().is_some() || !(is_11 || version == "HTTP/1.0") || method.is_empty() {
            return None;
        }
        let mut request =
            Self { method: method.into(), target: target.into(), keep_alive: is_11, has_body: false };
        for line in lines {
            let (name, value) = line.split_once(':')?;
            let value = value.trim().to_ascii_lowercase();
            match name.to_ascii_lowercase().as_str() {
                "connection" if value.contains("close") => request.keep_alive = false,
                "connection" if value.contains("keep-alive") => request.keep_alive = true,
                "content-length" => request.has_body |= value != "0",
                "transfer-encoding" => request.has_body = true,
                _ => {}
            }
        }
        Some(request)
    }
}

/// Answers requests until the client closes or a request ends the connection. The number answered.
pub(crate) fn serve(stream: &mut (impl Read + Write), folder: &Folder) -> io::Result<usize> {
    let mut buffer = Vec::new();
    for answered in 0..MAX_REQUESTS {
        let request = match read_head(stream, &mut buffer)? {
            Head::End => return Ok(answered),
            Head::Bad(status) => {
                respond_text(stream, status, false, true)?;
                return Ok(answered + 1);
            }
            Head::Whole(head) => Request::parse(&head),
        };
        let last = answered + 1 == MAX_REQUESTS;
        let keep_alive = match &request {
            Some(request) => answer(stream, folder, request, last)?,
            None => {
                respond_text(stream, "400 Bad Request", false, true)?;
                false
            }
        };
        if !keep_alive {
            return Ok(answered + 1);
        }
    }
    Ok(MAX_REQUESTS)
}

enum Head {
    Whole(Vec<u8>),
    End,
    Bad(&'static str),
}

/// The next head; what comes behind it stays in `buffer`.
fn read_head(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<Head> {
    let start = Instant::now();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = buffer.windows(4).take(MAX_HEAD).position(|w| w == b"\r\n\r\n") {
            let mut head: Vec<u8> = buffer.drain(..end + 4).collect();
            head.truncate(end);
            return Ok(Head::Whole(head));
        }
        if buffer.len() >= MAX_HEAD {
            return Ok(Head::Bad("431 Request Header Fields Too Large"));
        }
        if !buffer.is_empty() && start.elapsed() > HEAD_TIME {
            return Ok(Head::Bad("408 Request Timeout"));
        }
        match stream.read(&mut chunk)? {
            0 if buffer.is_empty() => return Ok(Head::End),
            0 => return Ok(Head::Bad("400 Bad Request")),
            n => buffer.extend_from_slice(chunk.get(..n).unwrap_or_default()),
        }
    }
}

/// Whether the connection stays.
fn answer(stream: &mut impl Write, folder: &Folder, request: &Request, last: bool) -> io::Result<bool> {
    let is_head = request.method == "HEAD";
    let keep_alive = request.keep_alive && !request.has_body && !last;
    if !is_head && request.method != "GET" {
        respond_text(stream, "405 Method Not Allowed", keep_alive, true)?;
        return Ok(keep_alive);
    }
    let Some((mut file, path, length)) = folder.open(&request.target) else {
        respond_text(stream, "404 Not Found", keep_alive, !is_head)?;
        return Ok(keep_alive);
    };
    respond(stream, "200 OK", content_type(&path), length, keep_alive)?;
    if !is_head {
        // A file that shrinks meanwhile leaves the client short: the connection must not go on then.
        let sent = io::copy(&mut (&mut file).take(length), stream)?;
        stream.flush()?;
        return Ok(keep_alive && sent == length);
    }
    stream.flush()?;
    Ok(keep_alive)
}

fn respond_text(stream: &mut impl Write, status: &str, keep_alive: bool, body: bool) -> io::Result<()> {
    let text = format!("{status}\n");
    respond(stream, status, "text/plain; charset=utf-8", text.len() as u64, keep_alive)?;
    if body {
        stream.write_all(text.as_bytes())?;
    }
    stream.flush()
}

fn respond(
    stream: &mut impl Write,
    status: &str,
    content_type: &str,
    length: u64,
    keep_alive: bool,
) -> io::Result<()> {
    let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    let connection = if keep_alive { "keep-alive" } else { "close" };
    let head = format!(
        "HTTP/1.1 {status}\r\nServer: tlcp\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\
         X-Content-Type-Options: nosniff\r\n{allow}Connection: {connection}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|e| e.to_str()) {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
