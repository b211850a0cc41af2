//! What a decrypted fragment may look like, and how many that lead nowhere are borne.
use super::MAX_PLAINTEXT;
use crate::alert::Alert;
use crate::error::{Error, PeerMisbehaved};
use crate::wire::{AlertDescription, AlertLevel, ContentType, Problem, Reader};

/// Checks the content of one record, after it was opened: its length by its type, and a ChangeCipherSpec's value.
/// Whether the record has a place here is for the caller to say.
///
/// # Errors
/// `RecordOverflow` (R-REC-8); `UnexpectedRecord` for an unknown type (R-REC-6) or an empty handshake fragment;
/// and those of [`alert_of`] and [`check_change_cipher_spec`] (R-REC-39).
pub fn check_fragment(content_type: ContentType, fragment: &[u8]) -> Result<(), Error> {
    if fragment.len() > MAX_PLAINTEXT {
        return Err(PeerMisbehaved::RecordOverflow { length: fragment.len() }.into());
    }
    let unexpected = |why, clause| PeerMisbehaved::UnexpectedRecord { content_type, why, clause }.into();
    match content_type {
        ContentType::APPLICATION_DATA => Ok(()),
        ContentType::HANDSHAKE if fragment.is_empty() => Err(unexpected("it is empty", "R-REC-39")),
        ContentType::HANDSHAKE => Ok(()),
        ContentType::ALERT => alert_of(fragment).map(drop),
        ContentType::CHANGE_CIPHER_SPEC => check_change_cipher_spec(fragment),
        _ => Err(unexpected("no such type", "R-REC-6")),
    }
}

/// The alert in a record of that type: exactly one (R-REC-39). Its level alone decides what it means (R-AL-7):
/// at level 2 it is fatal, whatever it says; at level 1 `close_notify` closes and others are counted by [`Patience`].
///
/// # Errors
/// `Decode` if it is not two bytes, `IllegalParameter` for another level.
pub fn alert_of(fragment: &[u8]) -> Result<Alert, Error> {
    let mut r = Reader::new("Alert", fragment).citing("R-REC-39");
    let level = AlertLevel(r.u8("level")?);
    let description = AlertDescription(r.u8("description")?);
    r.finish("description")?;
    if !matches!(level, AlertLevel::WARNING | AlertLevel::FATAL) {
        return Err(PeerMisbehaved::illegal("Alert", "level", "1 or 2", "R-AL-7").into());
    }
    Ok(Alert { level, description })
}

/// Checks that the fragment is the one byte 1 (R-REC-39).
///
/// # Errors
/// `Decode` for another length, `IllegalParameter` for another value.
pub fn check_change_cipher_spec(fragment: &[u8]) -> Result<(), Error> {
    let r = Reader::new("ChangeCipherSpec", fragment).citing("R-REC-39");
    match fragment {
        [1] => Ok(()),
        [_] => Err(PeerMisbehaved::illegal("ChangeCipherSpec", "type", "1", "R-REC-39").into()),
        [] => Err(r.error("type", Problem::Truncated).into()),
        _ => Err(r.error("type", Problem::TrailingBytes).into()),
    }
}

/// How much of a peer that gets nowhere is borne (R-REC-38).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PatienceLimits {
    /// Empty application-data records in a row.
    pub empty_records: u32,
    /// Warning alerts in a row.
    pub warnings: u32,
    /// HelloRequests or ClientHellos refused on an open connection, in all.
    pub renegotiations: u32,
}

impl Default for PatienceLimits {
    fn default() -> Self {
        Self { empty_records: 32, warnings: 4, renegotiations: 4 }
    }
}

/// Counts what leads nowhere; one too many of a kind ends the connection with `TooMany` (R-REC-38).
#[derive(Debug, Clone, Default)]
pub struct Patience {
    limits: PatienceLimits,
    seen: Seen,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    empty_records: u32,
    warnings: u32,
    renegotiations: u32,
}

impl Patience {
    /// Nothing seen yet.
    pub fn new(limits: PatienceLimits) -> Self {
        Self { limits, seen: Seen::default() }
    }

    /// An empty application-data record came.
    ///
    /// # Errors
    /// `TooMany`.
    pub fn empty_record(&mut self) -> Result<(), Error> {
        count(&mut self.seen.empty_records, self.limits.empty_records, "empty records")
    }

    /// A warning alert came that changes nothing.
    ///
    /// # Errors
    /// `TooMany`.
    pub fn warning(&mut self) -> Result<(), Error> {
        count(&mut self.seen.warnings, self.limits.warnings, "warning alerts")
    }

    /// The peer asked for a renegotiation and was refused. Progress does not make up for it.
    ///
    /// # Errors
    /// `TooMany`.
    pub fn refused_renegotiation(&mut self) -> Result<(), Error> {
        count(&mut self.seen.renegotiations, self.limits.renegotiations, "attempts to renegotiate")
    }

    /// Application data or an accepted handshake message came: counting in a row starts anew.
    pub fn progress(&mut self) {
        self.seen.empty_records = 0;
        self.seen.warnings = 0;
    }
}

fn count(seen: &mut u32, limit: u32, what: &'static str) -> Result<(), Error> {
    *seen = seen.saturating_add(1);
    if *seen > limit { Err(PeerMisbehaved::TooMany { what }.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
