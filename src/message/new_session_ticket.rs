//! NewSessionTicket (RFC 5077, R-TKT-1).
use super::{Message, encode};
use crate::wire::{DecodeError, HandshakeType, Overlong, Reader};

/// NewSessionTicket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewSessionTicket<'a> {
    /// ticket_lifetime_hint in seconds; 0: none (R-TKT-4).
    pub lifetime: u32,
    /// The ticket; empty: none after all (R-TKT-4).
    pub ticket: &'a [u8],
}

impl<'a> NewSessionTicket<'a> {
    /// Reads the body: `uint32 lifetime; opaque ticket<0..2^16-1>`.
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new("NewSessionTicket", body).citing("R-TKT-1");
        let lifetime = u32::from_be_bytes(r.array("ticket_lifetime_hint")?);
        let ticket = r.vector16("ticket", 0)?;
        r.finish("ticket")?;
        Ok(Self { lifetime, ticket })
    }

    /// The message.
    ///
    /// # Errors
    /// [`Overlong`] if the ticket outgrows its length prefix.
    pub fn to_message(&self) -> Result<Message, Overlong> {
        encode(HandshakeType::NEW_SESSION_TICKET, |w| {
            w.bytes(&self.lifetime.to_be_bytes());
            w.vector16(|w| w.bytes(self.ticket));
        })
    }
}
