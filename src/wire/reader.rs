//! A cursor over bytes from the peer. Every read names its field; nothing is read past the end.
use core::fmt;

/// What was wrong with the bytes of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The bytes ended inside the field.
    Truncated,
    /// Bytes were left over after the last field.
    TrailingBytes,
    /// A length prefix is outside the range that the field allows.
    LengthOutOfRange,
    /// The same extension type or list entry stands twice.
    Duplicate,
    /// The value cannot be what the field holds (a fixed byte, a name, a DER structure).
    Malformed,
}

/// Bytes that are not the structure they should be (alert decode_error): which message, which field, which clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The message or structure, by its name in the standard: `ServerHello`.
    pub message: &'static str,
    /// The field in which reading failed: `session_id`.
    pub field: &'static str,
    /// What was wrong.
    pub problem: Problem,
    /// The requirement's id in the specification.
    pub clause: &'static str,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.problem {
            Problem::Truncated => "ends too early",
            Problem::TrailingBytes => "is followed by surplus bytes",
            Problem::LengthOutOfRange => "has a length out of range",
            Problem::Duplicate => "stands twice",
            Problem::Malformed => "is malformed",
        };
        write!(f, "{}: {} {}", self.message, self.field, what)
    }
}

impl core::error::Error for DecodeError {}

/// Reads big-endian integers and length-prefixed vectors of one message.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    message: &'static str,
    clause: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `bytes`, the body of `message`. Errors cite `R-HS-1` unless told otherwise.
    pub fn new(message: &'static str, bytes: &'a [u8]) -> Self {
        Self { message, clause: "R-HS-1", rest: bytes }
    }

    /// The same cursor, whose errors cite `clause`.
    pub fn citing(mut self, clause: &'static str) -> Self {
        self.clause = clause;
        self
    }

    /// An error about `field` of this message.
    pub fn error(&self, field: &'static str, problem: Problem) -> DecodeError {
        DecodeError { message: self.message, field, problem, clause: self.clause }
    }

    /// The next `n` bytes.
    pub fn bytes(&mut self, field: &'static str, n: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self.rest.split_at_checked(n).ok_or(self.error(field, Problem::Truncated))?;
        self.rest = rest;
        Ok(head)
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(self.error(field, Problem::Truncated))?;
        self.rest = rest;
        Ok(*head)
    }

    /// A `uint8`.
    pub fn u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        Ok(u8::from_be_bytes(self.array(field)?))
    }

    /// A `uint16`.
    pub fn u16(&mut self, field: &'static str) -> Result<u16, DecodeError> {
        Ok(u16::from_be_bytes(self.array(field)?))
    }

    /// A `uint24`.
    pub fn u24(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        let [a, b, c] = self.array(field)?;
        Ok(u32::from_be_bytes([0, a, b, c]))
    }

    /// `opaque field<min..2^8-1>`.
    pub fn vector8(&mut self, field: &'static str, min: usize) -> Result<&'a [u8], DecodeError> {
        let n = self.u8(field)?;
        self.vector(field, usize::from(n), min)
    }

    /// `opaque field<min..2^16-1>`.
    pub fn vector16(&mut self, field: &'static str, min: usize) -> Result<&'a [u8], DecodeError> {
        let n = self.u16(field)?;
        self.vector(field, usize::from(n), min)
    }

    /// `opaque field<min..2^24-1>`.
    pub fn vector24(&mut self, field: &'static str, min: usize) -> Result<&'a [u8], DecodeError> {
        let n = self.u24(field)?;
        self.vector(field, usize::try_from(n).unwrap_or(usize::MAX), min)
    }

    fn vector(&mut self, field: &'static str, n: usize, min: usize) -> Result<&'a [u8], DecodeError> {
        if n < min {
            return Err(self.error(field, Problem::LengthOutOfRange));
        }
        self.bytes(field, n)
    }

    /// A cursor over `bytes`, a vector inside this message.
    pub fn within(&self, bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes, ..self.clone() }
    }

    /// Everything that is left.
    pub fn take_rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// The bytes that are left, in number.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Fails if anything is left after `field`, the last one (R-HS-1).
    pub fn finish(self, field: &'static str) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.error(field, Problem::TrailingBytes)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_field_in_which_the_bytes_ended() {
        let mut r = Reader::new("ServerHello", &[1, 1, 0]);
        assert_eq!(r.u16("server_version"), Ok(0x0101));
        let e = r.u16("random").expect_err("one byte left");
        assert_eq!((e.message, e.field, e.problem), ("ServerHello", "random", Problem::Truncated));
    }

    #[test]
    fn refuses_a_vector_shorter_than_its_minimum_and_one_that_overruns() {
        let mut r = Reader::new("Certificate", &[0, 0, 0]);
        assert_eq!(r.vector24("certificate", 1).map_err(|e| e.problem), Err(Problem::LengthOutOfRange));
        let mut r = Reader::new("Certificate", &[0, 0, 2, 9]);
        assert_eq!(r.vector24("certificate", 1).map_err(|e| e.problem), Err(Problem::Truncated));
    }

    #[test]
    fn refuses_trailing_bytes() {
        let r = Reader::new("ServerHelloDone", &[0]);
        assert_eq!(r.finish("body").map_err(|e| e.problem), Err(Problem::TrailingBytes));
    }
}
