//! A static folder over HTTP/1.1: GET and HEAD of regular files, nothing else.
use crate::patience::within;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::task::spawn_blocking;

/// The longest request head, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// How long a request head may take to arrive, once it has begun.
const HEAD_TIME: Duration = Duration::from_secs(20);
/// Requests on one connection.
const MAX_REQUESTS: usize = 1000;

/// What of a file is read at once.
const CHUNK: usize = 64 * 1024;

/// The folder that is served, by its real path.
#[derive(Debug, Clone)]
pub(crate) struct Folder(Arc<Path>);

impl Folder {
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        if path.is_dir() { Ok(Self(path.into())) } else { Err(io::Error::other("not a folder")) }
    }

    /// The file that a request target names: `None` for what is not there, is no regular file, or lies outside.
    fn open(&self, target: &str) -> Option<(File, PathBuf, u64)> {
        let mut path = self.0.to_path_buf();
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
        if !path.starts_with(&*self.0) || !path.is_file() {
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

/// Answers requests until the client closes or a request ends the connection; each step of it may take `idle`. The number
/// answered.
pub(crate) async fn serve<S>(stream: &mut S, folder: &Folder, idle: Duration) -> io::Result<usize>
where
    S: AsyncBufRead + AsyncWrite + Unpin,
{
    let mut buffer = Vec::new();
    for answered in 0..MAX_REQUESTS {
        let request = match read_head(stream, &mut buffer, idle).await? {
            Head::End => return Ok(answered),
            Head::Bad(status) => {
                within(idle, respond_text(stream, status, false, true)).await?;
                return Ok(answered + 1);
            }
            Head::Whole(head) => Request::parse(&head),
        };
        let last = answered + 1 == MAX_REQUESTS;
        let keep_alive = match &request {
            Some(request) => answer(stream, folder, request, last, idle).await?,
            None => {
                within(idle, respond_text(stream, "400 Bad Request", false, true)).await?;
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
async fn read_head(
    stream: &mut (impl AsyncBufRead + Unpin),
    buffer: &mut Vec<u8>,
    idle: Duration,
) -> io::Result<Head> {
    let start = Instant::now();
    loop {
        if let Some(end) = buffer.windows(4).take(MAX_HEAD).position(|w| w == b"\r\n\r\n") {
            let mut head: Vec<u8> = buffer.drain(..end + 4).collect();
            head.truncate(end);
            buffer.shrink_to_fit();
            return Ok(Head::Whole(head));
        }
        if buffer.len() >= MAX_HEAD {
            return Ok(Head::Bad("431 Request Header Fields Too Large"));
        }
        if !buffer.is_empty() && start.elapsed() > HEAD_TIME {
            return Ok(Head::Bad("408 Request Timeout"));
        }
        let bytes = within(idle, stream.fill_buf()).await?;
        match bytes.len() {
            0 if buffer.is_empty() => return Ok(Head::End),
            0 => return Ok(Head::Bad("400 Bad Request")),
            n => {
                buffer.extend_from_slice(bytes);
                stream.consume(n);
            }
        }
    }
}

/// Whether the connection stays.
async fn answer(
    stream: &mut (impl AsyncWrite + Unpin),
    folder: &Folder,
    request: &Request,
    last: bool,
    idle: Duration,
) -> io::Result<bool> {
    let is_head = request.method == "HEAD";
    let keep_alive = request.keep_alive && !request.has_body && !last;
    if !is_head && request.method != "GET" {
        within(idle, respond_text(stream, "405 Method Not Allowed", keep_alive, true)).await?;
        return Ok(keep_alive);
    }
    let (looking, target) = (folder.clone(), request.target.clone());
    let Some((file, path, length)) = spawn_blocking(move || looking.open(&target)).await? else {
        within(idle, respond_text(stream, "404 Not Found", keep_alive, !is_head)).await?;
        return Ok(keep_alive);
    };
    within(idle, respond(stream, "200 OK", content_type(&path), length, keep_alive)).await?;
    let sent = if is_head { length } else { send(stream, file, length, idle).await? };
    within(idle, stream.flush()).await?;
    // A file that shrinks meanwhile leaves the client short: the connection must not go on then.
    Ok(keep_alive && sent == length)
}

/// How many bytes of `length` there were.
async fn send(
    stream: &mut (impl AsyncWrite + Unpin),
    file: File,
    length: u64,
    idle: Duration,
) -> io::Result<u64> {
    let mut file = BufReader::with_capacity(CHUNK, tokio::fs::File::from_std(file).take(length));
    let mut sent = 0;
    loop {
        let bytes = file.fill_buf().await?;
        if bytes.is_empty() {
            return Ok(sent);
        }
        let n = within(idle, stream.write(bytes)).await?;
        file.consume(n);
        sent += n as u64;
    }
}

async fn respond_text(
    stream: &mut (impl AsyncWrite + Unpin),
    status: &str,
    keep_alive: bool,
    body: bool,
) -> io::Result<()> {
    let text = format!("{status}\n");
    respond(stream, status, "text/plain; charset=utf-8", text.len() as u64, keep_alive).await?;
    if body {
        stream.write_all(text.as_bytes()).await?;
    }
    stream.flush().await
}

async fn respond(
    stream: &mut (impl AsyncWrite + Unpin),
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
    stream.write_all(head.as_bytes()).await
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
