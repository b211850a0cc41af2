//! A line for each connection when it is over: who it was, what was agreed on, what went by, and why it ended.
use super::metrics::Role;
use super::relay::Moved;
use crate::address::client;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tlcp::cert::Description;
use tlcp::conn::{Connection, Endpoint};
use tlcp::wire::ProtocolVersion;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    /// `key=value`, values in quotes where they hold more than plain characters.
    #[default]
    Text,
    /// A JSON object.
    Json,
}

/// Why a connection ended otherwise than it should.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// A short name, one of a bounded number.
    pub(super) kind: &'static str,
    pub(super) text: String,
    pub(super) hint: Option<&'static str>,
}

impl Failure {
    pub(super) fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), hint: None }
    }
}

/// What was agreed on.
#[derive(Debug, Clone, Default)]
pub(super) struct Agreed {
    pub(super) protocol: Option<&'static str>,
    pub(super) server_name: Option<Arc<str>>,
    suite: Option<String>,
    resumed: Option<bool>,
    alpn: Option<String>,
    /// The subject of the client's certificate, or of the server's where we are the client.
    subject: Option<String>,
}

impl Agreed {
    /// All that the connection knows: proved, if its handshake is complete.
    pub(super) fn of<S: Endpoint>(connection: &Connection<S>) -> Self {
        let progress = connection.failed_handshake();
        let suite = connection.cipher_suite().or(progress.and_then(|progress| progress.suite));
        let name = connection.server_name().map(Arc::from);
        let certificate = connection.peer_certificates().and_then(|list| list.first());
        Self {
            protocol: Some(protocol_name(connection.version())),
            server_name: name.or_else(|| progress.and_then(|progress| progress.server_name.clone())),
            suite: suite.map(|suite| suite.id.to_string()),
            resumed: connection.cipher_suite().map(|_| connection.is_resumed()),
            alpn: connection.alpn().map(|name| String::from_utf8_lossy(name).into_owned()),
            subject: certificate.and_then(|der| Description::read(der).ok()).map(|d| d.subject),
        }
    }
}

/// The name of a protocol in logs and metrics.
pub(super) fn protocol_name(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLCP => "TLCP",
        ProtocolVersion::TLS12 => "TLSv1.2",
        _ => "other",
    }
}

/// A connection, for the log.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) number: u64,
    pub(super) role: Role,
    pub(super) listener: Arc<str>,
    pub(super) peer: SocketAddr,
    pub(super) agreed: Agreed,
    /// Where it was passed on to.
    pub(super) backend: Option<Arc<str>>,
    pub(super) moved: Moved,
    pub(super) handshake: Option<Duration>,
    pub(super) duration: Duration,
    pub(super) failure: Option<Failure>,
}

impl Record {
    /// `ok`, or the kind of what went wrong.
    pub(super) fn outcome(&self) -> &'static str {
        self.failure.as_ref().map_or("ok", |failure| failure.kind)
    }

    /// The line, without its end.
    pub(super) fn line(&self, format: Format, now: SystemTime) -> String {
        let mut line = Line::new(format);
        let (agreed, failure) = (&self.agreed, self.failure.as_ref());
        // From the client to the backend, and back, whichever of the two is the protected side.
        let (received, sent) = match self.role {
            Role::Server => (self.moved.opened, self.moved.sealed),
            Role::Client => (self.moved.sealed, self.moved.opened),
        };
        line.text("time", Some(&timestamp(now)));
        line.plain("connection", Some(self.number));
        line.text("listener", Some(&self.listener));
        line.text("peer", Some(&client(self.peer).to_string()));
        line.text("outcome", Some(self.outcome()));
        line.text("role", Some(self.role.name()));
        line.text("protocol", agreed.protocol);
        line.text("suite", agreed.suite.as_deref());
        line.plain("resumed", agreed.resumed);
        line.text("server_name", agreed.server_name.as_deref());
        line.text("alpn", agreed.alpn.as_deref());
        line.text("peer_certificate", agreed.subject.as_deref());
        line.text("backend", self.backend.as_deref());
        line.plain("received", Some(received));
        line.plain("sent", Some(sent));
        line.plain("handshake_ms", self.handshake.map(milliseconds));
        line.plain("duration_ms", Some(milliseconds(self.duration)));
        line.text("error", failure.map(|failure| failure.text.as_str()));
        line.text("hint", failure.and_then(|failure| failure.hint));
        line.finish()
    }
}

/// A line about something else than a connection.
pub(super) fn event(format: Format, now: SystemTime, event: &str, facts: &[(&str, &str)]) -> String {
    let mut line = Line::new(format);
    line.text("time", Some(&timestamp(now)));
    line.text("event", Some(event));
    facts.iter().for_each(|(key, value)| line.text(key, Some(value)));
    line.finish()
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64() * 1e3)
}

/// `2026-11-21T21:30:00.123Z`.
pub(super) fn timestamp(now: SystemTime) -> String {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Days from 0000-03-01, in eras of 400 years: the leap day is the last of its year.
    let day = days + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!(
        "{:04}-{month:02}-{of_month:02}T{:02}:{:02}:{:02}.{:03}Z",
        era * 400 + year + next_year,
        second / 3600,
        second / 60 % 60,
        second % 60,
        since.subsec_millis()
    )
}

/// A line under way.
struct Line {
    format: Format,
    out: String,
}

impl Line {
    fn new(format: Format) -> Self {
        Self { format, out: String::from(if format == Format::Json { "{" } else { "" }) }
    }

    fn key(&mut self, key: &str) {
        let is_first = self.out.len() <= 1;
        // writing to a String does not fail
        let _ = match (self.format, is_first) {
            (Format::Json, true) => write!(self.out, "\"{key}\":"),
            (Format::Json, false) => write!(self.out, ",\"{key}\":"),
            (Format::Text, true) => write!(self.out, "{key}="),
            (Format::Text, false) => write!(self.out, " {key}="),
        };
    }

    /// A number or a truth value. What is not known is left out.
    fn plain(&mut self, key: &str, value: Option<impl std::fmt::Display>) {
        let Some(value) = value else { return };
        self.key(key);
        let _ = write!(self.out, "{value}");
    }

    fn text(&mut self, key: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        self.key(key);
        let is_bare = |c: char| c.is_ascii_alphanumeric() || "-_.:/[]*+".contains(c);
        match self.format == Format::Text && !value.is_empty() && value.chars().all(is_bare) {
            true => self.out.push_str(value),
            false => quote(&mut self.out, value),
        }
    }

    fn finish(mut self) -> String {
        if self.format == Format::Json {
            self.out.push('}');
        }
        self.out
    }
}

/// As JSON has it, with all but visible ASCII escaped: no terminal and no reader of lines can be led astray by a peer.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            number: 7,
            role: Role::Server,
            listener: ":443".into(),
            peer: "[::ffff:192.0.2.1]:5000".parse().unwrap(),
            agreed: Agreed {
                protocol: Some("TLCP"),
                server_name: Some("bank.example".into()),
                subject: Some(String::from("CN=\u{9b}31m, O=\"银行\"\n")),
                ..Agreed::default()
            },
            backend: None,
            moved: Moved { opened: 1, sealed: 2 },
            handshake: None,
            duration: Duration::from_micros(1_234_567),
            failure: Some(Failure::new("truncated", "cut = short")),
        }
    }

    #[test]
    fn a_line_of_text_is_one_line_whatever_the_peer_is_called() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_709_209_000_042);
        assert_eq!(
            record().line(Format::Text, now),
            "time=2024-02-29T12:16:40.042Z connection=7 listener=:443 peer=192.0.2.1:5000 outcome=truncated role=server \
             protocol=TLCP server_name=bank.example peer_certificate=\"CN=\\u009b31m, O=\\\"\\u94f6\\u884c\\\"\\u000a\" \
             received=1 sent=2 duration_ms=1234.567 error=\"cut = short\""
        );
    }

    #[test]
    fn a_line_of_json_says_the_same_and_can_be_read() {
        let line = record().line(Format::Json, SystemTime::UNIX_EPOCH);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["time"], "1970-01-01T00:00:00.000Z");
        assert_eq!(value["peer_certificate"], "CN=\u{9b}31m, O=\"银行\"\n");
        assert_eq!((&value["received"], &value["sent"]), (&1.into(), &2.into()));
        assert_eq!(value["duration_ms"], 1234.567);
        assert!(value.get("suite").is_none() && line.is_ascii());
    }

    #[test]
    fn bytes_are_told_as_the_client_sees_them_in_both_roles() {
        let line = Record { role: Role::Client, ..record() }.line(Format::Text, SystemTime::UNIX_EPOCH);
        assert!(line.contains("received=2 sent=1"), "{line}");
    }

    #[test]
    fn time_is_told_as_the_calendar_has_it() {
        for (seconds, text) in [
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_767_225_599, "2025-12-31T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(timestamp(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
