//! ClientHello (GB/T 38636 6.4.5.2.1).
use super::extension::ClientExtensions;
use super::{Message, SessionId, encode};
use crate::wire::{
    CipherSuite, Codes, DecodeError, HandshakeType, Overlong, Problem, ProtocolVersion, Reader, codes,
};
use alloc::boxed::Box;

/// The longest client_id that is kept, in bytes (R-HS-49).
const MAX_CLIENT_ID: usize = 1024;

/// What a client offers, as it came: long lists in one allocation each, all of them no longer than the message. Owned: it
/// outlives the receive buffer while a session or an identity is looked up.
#[derive(Debug, Clone)]
pub struct ClientHello {
    /// client_version
    pub version: ProtocolVersion,
    /// random, 32 bytes
    pub random: [u8; 32],
    /// session_id; empty if no session is offered
    pub session_id: SessionId,
    /// cipher_suites in the client's order, with unknown and signalling values
    pub cipher_suites: Codes<CipherSuite>,
    /// Whether compression_methods holds null(0), the only one there is (R-REC-16).
    pub offers_null_compression: bool,
    /// Its extensions; all empty if the field is missing (R-HS-4).
    pub extensions: ClientExtensions,
}

impl ClientHello {
    /// Reads the body of a ClientHello.
    ///
    /// # Errors
    /// [`DecodeError`] names the field (R-HS-1, R-HS-3, R-HS-34).
    pub fn read(body: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new("ClientHello", body);
        let version = ProtocolVersion(r.u16("client_version")?);
        let random = r.array("random")?;
        let session_id = SessionId::read(&mut r)?;
        let suites = r.vector16("cipher_suites", 2)?;
        let half = r.clone().citing("R-HS-3").error("cipher_suites", Problem::LengthOutOfRange);
        let cipher_suites = codes(suites, CipherSuite).ok_or(half)?;
        let offers_null_compression = r.vector8("compression_methods", 1)?.contains(&0);
        let extensions = ClientExtensions::read(&mut r, version)?;
        r.finish("extensions")?;
        Ok(Self { version, random, session_id, cipher_suites, offers_null_compression, extensions })
    }

    /// Drops what has no name here, and what is said twice; of the protocol names all but those in `alpn`. What is kept of
    /// a hello while others are asked about it is small, whatever it held (R-HS-49).
    pub fn keep_known(&mut self, alpn: &[Box<[u8]>]) {
        keep_known(&mut self.cipher_suites, |suite| suite.name().is_some());
        let extensions = &mut self.extensions;
        extensions.supported_groups.iter_mut().for_each(|l| keep_known(l, |group| group.name().is_some()));
        let schemes = [&mut extensions.signature_schemes, &mut extensions.certificate_schemes];
        schemes.into_iter().flatten().for_each(|list| keep_known(list, |scheme| scheme.name().is_some()));
        extensions.client_id.take_if(|id| id.len() > MAX_CLIENT_ID);
        let both = alpn.iter().map(AsRef::as_ref).filter(|name| extensions.alpn.contains(name));
        extensions.alpn = both.collect();
    }

    /// Who the client says it is; an identity that is too long to be kept is none.
    pub fn client_id(&self) -> Option<&[u8]> {
        self.extensions.client_id.as_deref().filter(|id| id.len() <= MAX_CLIENT_ID)
    }

    /// The message. The extensions field is left out if it would be empty.
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn to_message(&self) -> Result<Message, Overlong> {
        encode(HandshakeType::CLIENT_HELLO, |w| {
            w.u16(self.version.0);
            w.bytes(&self.random);
            w.vector8(|w| w.bytes(self.session_id.as_slice()));
            w.vector16(|w| self.cipher_suites.iter().for_each(|s| w.u16(s.0)));
            w.vector8(|w| w.u8(0));
            self.extensions.write(w);
        })
    }
}

fn keep_known<T: Copy + PartialEq>(list: &mut Codes<T>, is_known: fn(T) -> bool) {
    let mut kept = Codes::new();
    for value in list.iter().filter(|value| is_known(**value)) {
        if !kept.contains(value) {
            kept.push(*value);
        }
    }
    *list = kept;
}
