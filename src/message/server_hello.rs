//! ServerHello (GB/T 38636 6.4.5.2.2).
use super::extension::ServerExtensions;
use super::{Message, SessionId, encode};
use crate::wire::{CipherSuite, DecodeError, HandshakeType, Overlong, ProtocolVersion, Reader};

/// What the server chose.
#[derive(Debug, Clone)]
pub struct ServerHello {
    /// server_version
    pub version: ProtocolVersion,
    /// random, 32 bytes
    pub random: [u8; 32],
    /// session_id: the client's if the session is resumed (R-HS-9)
    pub session_id: SessionId,
    /// cipher_suite
    pub cipher_suite: CipherSuite,
    /// compression_method: anything but 0 is refused by the state that reads it (R-REC-16)
    pub compression_method: u8,
    /// Its extensions.
    pub extensions: ServerExtensions,
}

impl ServerHello {
    /// Reads the body of a ServerHello.
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read(body: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new("ServerHello", body);
        let version = ProtocolVersion(r.u16("server_version")?);
        let hello = Self {
            version,
            random: r.array("random")?,
            session_id: SessionId::read(&mut r)?,
            cipher_suite: CipherSuite(r.u16("cipher_suite")?),
            compression_method: r.u8("compression_method")?,
            extensions: ServerExtensions::read(&mut r, version)?,
        };
        r.finish("extensions")?;
        Ok(hello)
    }

    /// The message. The extensions field is left out if it would be empty (R-HS-4).
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn to_message(&self) -> Result<Message, Overlong> {
        encode(HandshakeType::SERVER_HELLO, |w| {
            w.u16(self.version.0);
            w.bytes(&self.random);
            w.vector8(|w| w.bytes(self.session_id.as_slice()));
            w.u16(self.cipher_suite.0);
            w.u8(self.compression_method);
            self.extensions.write(w);
        })
    }
}
