//! Hello extensions (GM/T 0024 Annex A, RFC 6066 and others): one table, `EXTENSIONS`, says of each in which protocol it
//! means something, where it may stand and how it is read and written. Types without a row are passed over, whatever they
//! hold.
mod data;
mod server_name;
mod table;

pub use server_name::RequestedName;
use table::EXTENSIONS;

use super::ProtocolNames;
use crate::error::{Error, PeerMisbehaved};
use crate::wire::{
    Codes, DecodeError, ExtensionType, MaxFragmentLength, NamedGroup, Problem, ProtocolVersion, Reader,
    SignatureScheme, Writer,
};
use alloc::{boxed::Box, sync::Arc};

/// The extensions of a ClientHello that mean something here. Lists are as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientExtensions {
    /// server_name: the one host_name (R-HS-37, R-HS-48).
    pub server_name: RequestedName,
    /// supported_groups, if sent; decides nothing in TLCP (R-HS-35).
    pub supported_groups: Option<Codes<NamedGroup>>,
    /// signature_algorithms, if sent.
    pub signature_schemes: Option<Codes<SignatureScheme>>,
    /// signature_algorithms_cert, if sent: what certificates may be signed by (R-T12-22).
    pub certificate_schemes: Option<Codes<SignatureScheme>>,
    /// application_layer_protocol_negotiation, in the client's order; none if not sent.
    pub alpn: ProtocolNames,
    /// status_request of type ocsp was there.
    pub status_request: bool,
    /// ec_point_formats, if sent: whether uncompressed points are in it, which all must take (R-EC-2).
    pub uncompressed_points: Option<bool>,
    /// extended_master_secret was there (R-EMS-1).
    pub extended_master_secret: bool,
    /// encrypt_then_mac was there (R-ETM-1).
    pub encrypt_then_mac: bool,
    /// max_fragment_length as it came: 1 to 4 mean something (R-EXT-2).
    pub max_fragment_length: Option<MaxFragmentLength>,
    /// supported_versions names TLS 1.3: nothing here speaks it, but another stack may.
    pub offers_tls13: bool,
    /// session_ticket, if sent: a ticket, or nothing to ask for one (R-TKT-1).
    pub session_ticket: Option<Arc<[u8]>>,
    /// renegotiation_info, if sent; empty in a first hello (R-REN-3).
    pub renegotiation_info: Option<Box<[u8]>>,
    /// client_id, if sent: the identity of a client that offers IBSDH (R-IBC-3).
    pub client_id: Option<Arc<[u8]>>,
}

/// The extensions of a ServerHello.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerExtensions {
    /// An empty server_name: the name was used to choose the certificate.
    pub server_name: bool,
    /// The application protocol chosen (R-ALPN-3).
    pub alpn: Option<Box<[u8]>>,
    /// CertificateStatus may follow Certificate (R-EXT-3).
    pub status_request: bool,
    /// ec_point_formats, if sent: whether uncompressed points are in it.
    pub uncompressed_points: Option<bool>,
    /// R-EMS-1
    pub extended_master_secret: bool,
    /// R-ETM-1
    pub encrypt_then_mac: bool,
    /// max_fragment_length: the one that was asked for (R-EXT-2).
    pub max_fragment_length: Option<MaxFragmentLength>,
    /// NewSessionTicket will follow (R-SM-7).
    pub session_ticket: bool,
    /// renegotiation_info, if sent; empty in a first hello (R-REN-3).
    pub renegotiation_info: Option<Box<[u8]>>,
    /// Every type that was there, also those not understood, in ascending order.
    pub kinds: Codes<ExtensionType>,
}

/// A row of the table.
struct Extension {
    kind: ExtensionType,
    known: Known,
    /// In a ClientHello.
    offer: Form<ClientExtensions>,
    /// In a ServerHello.
    answer: Answer,
}

/// In which protocol an extension means something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Both,
    Tlcp,
    Tls,
}

impl Known {
    /// R-HS-33: all versions from 0x0300 on are TLS's, however high, and all below TLCP's.
    fn to(self, version: ProtocolVersion) -> bool {
        const FIRST_OF_TLS: ProtocolVersion = ProtocolVersion(0x0300);
        match self {
            Self::Both => true,
            Self::Tlcp => version < FIRST_OF_TLS,
            Self::Tls => version >= FIRST_OF_TLS,
        }
    }
}

/// How an extension's data gets into the struct `E`, and from there into a message of ours.
struct Form<E> {
    read: fn(Reader<'_>, &mut E) -> Result<(), DecodeError>,
    /// Whether there is something to write.
    is_there: fn(&E) -> bool,
    write: fn(&E, &mut Writer),
}

/// An extension's place in a ServerHello (R-HS-34).
enum Answer {
    /// None, though it was offered.
    Never,
    /// It means nothing there, but deployed servers send it back.
    PassedOver,
    /// If it was offered.
    IfOffered(Form<ServerExtensions>),
}

impl<E> Form<E> {
    /// Read, but never written by us.
    const fn received(read: fn(Reader<'_>, &mut E) -> Result<(), DecodeError>) -> Self {
        Self { read, is_there: |_| false, write: |_, _| {} }
    }
}

impl Extension {
    fn find(kind: ExtensionType, version: ProtocolVersion) -> Option<&'static Self> {
        EXTENSIONS.iter().find(|row| row.kind == kind && row.known.to(version))
    }
}

/// Takes the optional extensions field: the types in it in ascending order, and a cursor over its entries. A type that
/// stands twice is a decode_error in any hello (R-HS-34).
fn read_block<'a>(r: &mut Reader<'a>) -> Result<(Codes<ExtensionType>, Reader<'a>), DecodeError> {
    let block = if r.is_empty() { &[] } else { r.vector16("extensions", 0)? };
    let entries = r.within(block);
    let (mut rest, mut count) = (entries.clone(), 0_usize);
    while !rest.is_empty() {
        read_entry(&mut rest)?;
        count = count.saturating_add(1);
    }
    let (mut rest, mut kinds) = (entries.clone(), Codes::with_capacity(count));
    while !rest.is_empty() {
        kinds.push(read_entry(&mut rest)?.0);
    }
    kinds.sort_unstable();
    if kinds.windows(2).any(|w| matches!(w, [a, b] if a == b)) {
        return Err(entries.citing("R-HS-34").error("extensions", Problem::Duplicate));
    }
    Ok((kinds, entries))
}

fn read_entry<'a>(r: &mut Reader<'a>) -> Result<(ExtensionType, Reader<'a>), DecodeError> {
    let kind = ExtensionType(r.u16("extension_type")?);
    let data = r.vector16("extension_data", 0)?;
    Ok((kind, r.within(data)))
}

/// Writes the field with what is there of `forms`; nothing at all if nothing is (R-HS-4, R-HS-5).
fn write_block<'a, E: 'a>(
    e: &E,
    w: &mut Writer,
    forms: impl Iterator<Item = (ExtensionType, &'a Form<E>)> + Clone,
) {
    let there = forms.filter(|(_, form)| (form.is_there)(e));
    if there.clone().next().is_none() {
        return;
    }
    w.vector16(|w| {
        for (kind, form) in there {
            w.u16(kind.0);
            w.vector16(|w| (form.write)(e, w));
        }
    });
}

impl ClientExtensions {
    /// Of a hello with this client_version, which tells the protocol.
    pub(super) fn read(r: &mut Reader<'_>, version: ProtocolVersion) -> Result<Self, DecodeError> {
        let mut out = Self::default();
        let (_, mut entries) = read_block(r)?;
        while !entries.is_empty() {
            let (kind, data) = read_entry(&mut entries)?;
            if let Some(row) = Extension::find(kind, version) {
                (row.offer.read)(data, &mut out)?;
            }
        }
        Ok(out)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        write_block(self, w, EXTENSIONS.iter().map(|row| (row.kind, &row.offer)));
    }

    /// Whether a ServerHello may hold this extension in answer to these.
    fn may_be_answered(&self, kind: ExtensionType, version: ProtocolVersion) -> bool {
        Extension::find(kind, version).is_some_and(|row| match row.answer {
            Answer::Never => false,
            Answer::PassedOver => true,
            Answer::IfOffered(_) => (row.offer.is_there)(self),
        })
    }

    /// Checks the types in the ServerHello that answers these.
    ///
    /// # Errors
    /// `UnsupportedExtension` for one that was not offered or may not stand there (R-HS-34).
    pub(crate) fn check_answer(
        &self,
        answer: &ServerExtensions,
        version: ProtocolVersion,
    ) -> Result<(), Error> {
        match answer.kinds.iter().find(|kind| !self.may_be_answered(**kind, version)) {
            Some(kind) => Err(PeerMisbehaved::UnsupportedExtension(*kind).into()),
            None => Ok(()),
        }
    }
}

impl ServerExtensions {
    /// Of a hello with this server_version.
    pub(super) fn read(r: &mut Reader<'_>, version: ProtocolVersion) -> Result<Self, DecodeError> {
        let (kinds, mut entries) = read_block(r)?;
        let mut out = Self { kinds, ..Self::default() };
        while !entries.is_empty() {
            let (kind, data) = read_entry(&mut entries)?;
            if let Some(Extension { answer: Answer::IfOffered(form), .. }) = Extension::find(kind, version) {
                (form.read)(data, &mut out)?;
            }
        }
        Ok(out)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        let forms = EXTENSIONS.iter().filter_map(|row| match &row.answer {
            Answer::IfOffered(form) => Some((row.kind, form)),
            Answer::Never | Answer::PassedOver => None,
        });
        write_block(self, w, forms);
    }
}
