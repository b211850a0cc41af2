//! Errors as streams tell them.
use super::Error;
use std::io::{self, ErrorKind};

/// `UnexpectedEof` where the stream ended, `TimedOut` past the handshake's deadline, `InvalidInput` for misuse, else
/// `InvalidData`; with the [`Error`] inside.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Truncated | Error::ClosedInHandshake { .. } => ErrorKind::UnexpectedEof,
            Error::HandshakeTimeout => ErrorKind::TimedOut,
            Error::Misuse(_) => ErrorKind::InvalidInput,
            _ => ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// The peer takes nothing any more. What it said before it left is worth more than that it left: an alert, above all.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}
