//! Hello extensions (spec section 4.2): one table, `EXTENSIONS`, says of each where it may stand and how it is read and
//! written. Types without a row are passed over, whatever they hold.
mod data;
mod server_name;

pub use server_name::RequestedName;

use super::ProtocolNames;
use crate::error::{Error, PeerMisbehaved};
use crate::wire::{DecodeError, ExtensionType, NamedGroup, Problem, Reader, SignatureScheme, Writer};
use alloc::{boxed::Box, string::ToString, vec::Vec};

/// The extensions of a ClientHello that mean something here. Lists are as they came, each in one allocation of its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientExtensions {
    /// server_name: the one host_name (R-HS-37, R-HS-48).
    pub server_name: RequestedName,
    /// supported_groups, if sent; decides nothing in TLCP (R-HS-35).
    pub supported_groups: Option<Vec<NamedGroup>>,
    /// signature_algorithms, if sent.
    pub signature_schemes: Option<Vec<SignatureScheme>>,
    /// application_layer_protocol_negotiation, in the client's order; none if not sent.
    pub alpn: ProtocolNames,
    /// status_request of type ocsp was there.
    pub status_request: bool,
}

/// The extensions of a ServerHello.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerExtensions {
    /// An empty server_name: the name was used to choose the certificate.
    pub server_name: bool,
    /// The application protocol chosen (R-ALPN-3).
    pub alpn: Option<Box<[u8]>>,
    /// Every type that was there, also those not understood, in ascending order.
    pub kinds: Vec<ExtensionType>,
}

/// A row of the table.
struct Extension {
    kind: ExtensionType,
    /// In a ClientHello.
    offer: Form<ClientExtensions>,
    /// In a ServerHello.
    answer: Answer,
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

/// Every extension that means something here, in the order in which we write them.
static EXTENSIONS: [Extension; 6] = [
    Extension {
        kind: ExtensionType::SERVER_NAME,
        offer: Form {
            read: |r, out| data::read_server_name(r).map(|name| out.server_name = name),
            is_there: |e| e.server_name.host().is_some(),
            write: |e, w| data::write_server_name(w, e.server_name.host().unwrap_or_default()),
        },
        answer: Answer::IfOffered(Form {
            read: |r, out| r.citing("R-HS-37").finish("server_name").map(|()| out.server_name = true),
            is_there: |e| e.server_name,
            write: |_, _| {},
        }),
    },
    Extension {
        kind: ExtensionType::SUPPORTED_GROUPS,
        offer: Form {
            read: |r, out| {
                let groups = data::read_u16s(r, "supported_groups", NamedGroup)?;
                out.supported_groups = Some(groups);
                Ok(())
            },
            is_there: |e| e.supported_groups.is_some(),
            write: |e, w| data::write_u16s(w, e.supported_groups.iter().flatten().map(|g| g.0)),
        },
        answer: Answer::PassedOver,
    },
    Extension {
        kind: ExtensionType::SIGNATURE_ALGORITHMS,
        offer: Form {
            read: |r, out| {
                let schemes = data::read_u16s(r, "signature_algorithms", SignatureScheme)?;
                out.signature_schemes = Some(schemes);
                Ok(())
            },
            is_there: |e| e.signature_schemes.is_some(),
            write: |e, w| data::write_u16s(w, e.signature_schemes.iter().flatten().map(|s| s.0)),
        },
        answer: Answer::Never,
    },
    Extension {
        kind: ExtensionType::ALPN,
        offer: Form {
            read: |r, out| data::read_protocols(r).map(|names| out.alpn = names),
            is_there: |e| !e.alpn.is_empty(),
            write: |e, w| e.alpn.write(w),
        },
        answer: Answer::IfOffered(Form {
            read: |r, out| data::read_chosen_protocol(r).map(|name| out.alpn = Some(name)),
            is_there: |e| e.alpn.is_some(),
            write: |e, w| ProtocolNames::from_iter(e.alpn.as_deref()).write(w),
        }),
    },
    Extension {
        kind: ExtensionType::STATUS_REQUEST,
        offer: Form::received(|r, out| data::read_status_request(r).map(|asked| out.status_request = asked)),
        answer: Answer::Never,
    },
    Extension {
        kind: ExtensionType::CLIENT_ID,
        offer: Form::received(|r, _| data::check_client_id(r)),
        answer: Answer::Never,
    },
];

impl Extension {
    fn find(kind: ExtensionType) -> Option<&'static Self> {
        EXTENSIONS.iter().find(|row| row.kind == kind)
    }
}

/// Takes the optional extensions field: the types in it in ascending order, and a cursor over its entries. A type that
/// stands twice is a decode_error in any hello (R-HS-34).
fn read_block<'a>(r: &mut Reader<'a>) -> Result<(Vec<ExtensionType>, Reader<'a>), DecodeError> {
    let block = if r.is_empty() { &[] } else { r.vector16("extensions", 0)? };
    let entries = r.within(block);
    let (mut rest, mut count) = (entries.clone(), 0_usize);
    while !rest.is_empty() {
        read_entry(&mut rest)?;
        count = count.saturating_add(1);
    }
    let (mut rest, mut kinds) = (entries.clone(), Vec::with_capacity(count));
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
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut out = Self::default();
        let (_, mut entries) = read_block(r)?;
        while !entries.is_empty() {
            let (kind, data) = read_entry(&mut entries)?;
            if let Some(row) = Extension::find(kind) {
                (row.offer.read)(data, &mut out)?;
            }
        }
        Ok(out)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        write_block(self, w, EXTENSIONS.iter().map(|row| (row.kind, &row.offer)));
    }

    /// Whether a ServerHello may hold this extension in answer to these.
    fn may_be_answered(&self, kind: ExtensionType) -> bool {
        Extension::find(kind).is_some_and(|row| match row.answer {
            Answer::Never => false,
            Answer::PassedOver => true,
            Answer::IfOffered(_) => (row.offer.is_there)(self),
        })
    }

    /// Checks the types in the ServerHello that answers these.
    ///
    /// # Errors
    /// `UnsupportedExtension` for one that was not offered or may not stand there (R-HS-34).
    pub(crate) fn check_answer(&self, answer: &ServerExtensions) -> Result<(), Error> {
        match answer.kinds.iter().find(|kind| !self.may_be_answered(**kind)) {
            Some(kind) => Err(PeerMisbehaved::UnsupportedExtension(*kind).into()),
            None => Ok(()),
        }
    }

    /// The lean hello of R-HS-5: a DNS name if there is one, SM2's curve, signature algorithms (R-HS-35), ALPN.
    pub(crate) fn lean(
        server_name: Option<&str>,
        alpn: &[Box<[u8]>],
        signature_schemes: Vec<SignatureScheme>,
    ) -> Self {
        Self {
            server_name: server_name
                .map_or(RequestedName::None, |n| RequestedName::Host(n.to_string().into())),
            alpn: alpn.iter().map(AsRef::as_ref).collect(),
            supported_groups: Some(alloc::vec![NamedGroup::CURVE_SM2]),
            signature_schemes: Some(signature_schemes),
            ..Self::default()
        }
    }
}

impl ServerExtensions {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (kinds, mut entries) = read_block(r)?;
        let mut out = Self { kinds, ..Self::default() };
        while !entries.is_empty() {
            let (kind, data) = read_entry(&mut entries)?;
            if let Some(Extension { answer: Answer::IfOffered(form), .. }) = Extension::find(kind) {
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

    /// What a server answers.
    pub(crate) fn answering(server_name: bool, alpn: Option<&[u8]>) -> Self {
        Self { server_name, alpn: alpn.map(Box::from), kinds: Vec::new() }
    }
}
