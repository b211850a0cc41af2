//! The record header: where a record ends, and whether it may come at all. Nothing is copied and nothing is kept.
use crate::error::{Error, PeerMisbehaved};
use crate::wire::{ContentType, ProtocolVersion};

/// Bytes of a record header: type, version, length.
pub const HEADER_LEN: usize = 5;

/// The most content bytes of one record (R-REC-8).
pub const MAX_PLAINTEXT: usize = 1 << 14;

/// The most fragment bytes of a protected record (R-REC-7).
pub const MAX_CIPHERTEXT: usize = (1 << 14) + 2048;

/// Which versions a record header may carry at this point of a connection (R-REC-41).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionRule {
    /// A server, before the first record: the bytes may be anything at all (R-REC-40). A handshake record may be of
    /// TLCP or of TLS, an alert of any version. The caller remembers what came.
    First,
    /// A client of this version, before ServerHello: alerts of any version; other records exactly 0x0101 in TLCP, any
    /// 0x03XX in TLS.
    AlertsOfAny(ProtocolVersion),
    /// Once the version is known.
    Exactly(ProtocolVersion),
}

/// What stands at the front of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framed {
    /// Not a whole record yet: at least this many more bytes are needed.
    Need(usize),
    /// A whole record: its fragment is `buffer[HEADER_LEN..HEADER_LEN + length]`.
    Record {
        /// One of the four known types.
        content_type: ContentType,
        /// As the header says.
        version: ProtocolVersion,
        /// Bytes of the fragment.
        length: usize,
    },
}

/// The version of the record that starts at the front of `buffer`, if so much of its header is here.
pub(crate) fn header_version(buffer: &[u8]) -> Option<ProtocolVersion> {
    Some(ProtocolVersion(u16::from_be_bytes(*buffer.get(1..)?.first_chunk()?)))
}

/// Looks at the record that starts at the front of `buffer`. `protected` says whether records are under keys already,
/// which makes them longer.
///
/// Each byte of the header is judged as soon as it is there, so that the answer does not depend on how the bytes were
/// split on their way, and no body is waited for that will be refused.
///
/// # Errors
/// In this order: `NotTlcp` (R-REC-40), `UnexpectedRecord` (R-REC-6), `ProtocolVersion` (R-REC-4, R-REC-41),
/// `RecordOverflow` (R-REC-7), all of [`PeerMisbehaved`].
pub fn deframe(buffer: &[u8], rule: VersionRule, protected: bool) -> Result<Framed, Error> {
    let Some((&first, rest)) = buffer.split_first() else { return Ok(Framed::Need(HEADER_LEN)) };
    let content_type = ContentType(first);
    if !starts_record(content_type, rule) {
        return foreign(buffer, content_type, rule);
    }
    let Some((version, rest)) = rest.split_first_chunk() else { return Ok(need(buffer, HEADER_LEN)) };
    let version = ProtocolVersion(u16::from_be_bytes(*version));
    check_version(content_type, version, rule)?;
    let Some((length, fragment)) = rest.split_first_chunk() else { return Ok(need(buffer, HEADER_LEN)) };
    let length = usize::from(u16::from_be_bytes(*length));
    if length > if protected { MAX_CIPHERTEXT } else { MAX_PLAINTEXT } {
        return Err(PeerMisbehaved::RecordOverflow { length }.into()); // R-REC-7
    }
    if fragment.len() < length {
        return Ok(need(fragment, length));
    }
    Ok(Framed::Record { content_type, version, length })
}

/// The header of a record with `length` bytes of fragment.
pub(super) fn header(content_type: ContentType, version: ProtocolVersion, length: u16) -> [u8; HEADER_LEN] {
    let [major, minor] = version.0.to_be_bytes();
    let [high, low] = length.to_be_bytes();
    [content_type.0, major, minor, high, low]
}

/// Writes a record that nothing protects.
pub(super) fn plain(header: [u8; HEADER_LEN], data: &[u8], out: &mut [u8]) {
    if let Some((to, content)) = out.split_first_chunk_mut() {
        *to = header;
        content.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
    }
}

fn need(have: &[u8], whole: usize) -> Framed {
    Framed::Need(whole.saturating_sub(have.len()))
}

/// Whether a record of this type may stand here (R-REC-6, R-REC-40).
fn starts_record(content_type: ContentType, rule: VersionRule) -> bool {
    match rule {
        VersionRule::First => matches!(content_type, ContentType::HANDSHAKE | ContentType::ALERT),
        VersionRule::AlertsOfAny(_) | VersionRule::Exactly(_) => content_type.name().is_some(),
    }
}

fn check_version(
    content_type: ContentType,
    version: ProtocolVersion,
    rule: VersionRule,
) -> Result<(), Error> {
    let major = version.0.to_be_bytes()[0];
    let good = match rule {
        VersionRule::First | VersionRule::AlertsOfAny(_) if content_type == ContentType::ALERT => true,
        VersionRule::First => matches!(major, 1 | 3),
        VersionRule::AlertsOfAny(ours) if ours.0 >= 0x0300 => major == 3,
        VersionRule::AlertsOfAny(ours) | VersionRule::Exactly(ours) => version == ours,
    };
    if good {
        Ok(())
    } else {
        Err(PeerMisbehaved::ProtocolVersion { message: "record header", version }.into())
    }
}

/// How other protocols begin that end up on this port (R-REC-5), for a better error text.
const FOREIGN: [(&[u8], &str); 9] = [
    (b"GET ", "HTTP"),
    (b"POST", "HTTP"),
    (b"HEAD", "HTTP"),
    (b"PUT ", "HTTP"),
    (b"OPTIO", "HTTP"),
    (b"CONNE", "HTTP"),
    (b"PRI *", "HTTP"),
    (b"HTTP/", "HTTP"),
    (b"SSH-", "SSH"),
];

/// Bytes that start no record: an error, or a few more bytes to tell what they are.
fn foreign(buffer: &[u8], content_type: ContentType, rule: VersionRule) -> Result<Framed, Error> {
    if matches!(rule, VersionRule::Exactly(_)) {
        return Err(unknown_type(content_type));
    }
    for (word, looks_like) in FOREIGN {
        if buffer.starts_with(word) {
            return Err(PeerMisbehaved::NotTlcp { looks_like }.into());
        }
        if word.starts_with(buffer) {
            return Ok(need(buffer, word.len()));
        }
    }
    if rule != VersionRule::First {
        return Err(unknown_type(content_type));
    }
    // An SSLv2 hello: a length with the top bit set, then the message type 1.
    let looks_like = match buffer {
        [0x80..=0xff, _, 1, ..] => "SSLv2",
        [0x80..=0xff] | [0x80..=0xff, _] => return Ok(need(buffer, 3)),
        _ => "unknown",
    };
    Err(PeerMisbehaved::NotTlcp { looks_like }.into())
}

fn unknown_type(content_type: ContentType) -> Error {
    PeerMisbehaved::UnexpectedRecord { content_type, why: "no such type", clause: "R-REC-6" }.into()
}

#[cfg(test)]
mod tests;
