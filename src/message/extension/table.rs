//! Every extension that means something here, in the order in which we write them.
use super::{Answer, Extension, Form, Known, data};
use crate::message::ProtocolNames;
use crate::wire::{ExtensionType, NamedGroup, SignatureScheme};
use alloc::sync::Arc;

/// An extension of no content, whose presence is the field of that name, in either hello.
macro_rules! flag {
    ($field:ident, $clause:literal) => {
        Form {
            read: |r, out| r.citing($clause).finish(stringify!($field)).map(|()| out.$field = true),
            is_there: |e| e.$field,
            write: |_, _| {},
        }
    };
}

/// An extension whose content is the field of that name, in either hello.
macro_rules! content {
    ($field:ident, $read:path, $write:expr) => {
        Form {
            read: |r, out| $read(r).map(|content| out.$field = Some(content)),
            is_there: |e| e.$field.is_some(),
            write: |e, w| e.$field.iter().for_each(|content| $write(w, content)),
        }
    };
}

/// One row each.
pub(super) static EXTENSIONS: [Extension; 15] = [
    Extension {
        kind: ExtensionType::SERVER_NAME,
        known: Known::Both,
        offer: Form {
            read: |r, out| data::read_server_name(r).map(|name| out.server_name = name),
            is_there: |e| e.server_name.host().is_some(),
            write: |e, w| data::write_server_name(w, e.server_name.host().unwrap_or_default()),
        },
        answer: Answer::IfOffered(flag!(server_name, "R-HS-37")),
    },
    Extension {
        kind: ExtensionType::SUPPORTED_GROUPS,
        known: Known::Both,
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
        known: Known::Both,
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
        kind: ExtensionType::SIGNATURE_ALGORITHMS_CERT,
        known: Known::Tls,
        offer: Form::received(|r, out| {
            let schemes = data::read_u16s(r, "signature_algorithms_cert", SignatureScheme)?;
            out.certificate_schemes = Some(schemes);
            Ok(())
        }),
        answer: Answer::Never,
    },
    Extension {
        kind: ExtensionType::ALPN,
        known: Known::Both,
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
        known: Known::Tlcp,
        offer: Form::received(|r, out| data::read_status_request(r).map(|asked| out.status_request = asked)),
        answer: Answer::Never,
    },
    Extension {
        kind: ExtensionType::CLIENT_ID,
        known: Known::Tlcp,
        offer: content!(client_id, data::read_client_id, data::write_client_id),
        answer: Answer::Never,
    },
    Extension {
        kind: ExtensionType::STATUS_REQUEST,
        known: Known::Tls,
        offer: Form {
            read: |r, out| data::read_status_request(r).map(|asked| out.status_request = asked),
            is_there: |e| e.status_request,
            write: |_, w| data::write_status_request(w),
        },
        answer: Answer::IfOffered(flag!(status_request, "R-EXT-3")),
    },
    Extension {
        kind: ExtensionType::EC_POINT_FORMATS,
        known: Known::Tls,
        offer: content!(uncompressed_points, data::read_point_formats, data::write_point_formats),
        answer: Answer::IfOffered(content!(
            uncompressed_points,
            data::read_point_formats,
            data::write_point_formats
        )),
    },
    Extension {
        kind: ExtensionType::EXTENDED_MASTER_SECRET,
        known: Known::Tls,
        offer: flag!(extended_master_secret, "R-EMS-1"),
        answer: Answer::IfOffered(flag!(extended_master_secret, "R-EMS-1")),
    },
    Extension {
        kind: ExtensionType::ENCRYPT_THEN_MAC,
        known: Known::Tls,
        offer: flag!(encrypt_then_mac, "R-ETM-1"),
        answer: Answer::IfOffered(flag!(encrypt_then_mac, "R-ETM-1")),
    },
    Extension {
        kind: ExtensionType::MAX_FRAGMENT_LENGTH,
        known: Known::Tls,
        offer: content!(max_fragment_length, data::read_max_fragment_length, data::write_max_fragment_length),
        answer: Answer::IfOffered(content!(
            max_fragment_length,
            data::read_max_fragment_length,
            data::write_max_fragment_length
        )),
    },
    Extension {
        kind: ExtensionType::SESSION_TICKET,
        known: Known::Tls,
        offer: Form {
            read: |mut r, out| {
                out.session_ticket = Some(Arc::from(r.take_rest()));
                Ok(())
            },
            is_there: |e| e.session_ticket.is_some(),
            write: |e, w| w.bytes(e.session_ticket.as_deref().unwrap_or_default()),
        },
        answer: Answer::IfOffered(flag!(session_ticket, "R-TKT-1")),
    },
    Extension {
        kind: ExtensionType::RENEGOTIATION_INFO,
        known: Known::Tls,
        offer: content!(renegotiation_info, data::read_renegotiation_info, data::write_renegotiation_info),
        answer: Answer::IfOffered(content!(
            renegotiation_info,
            data::read_renegotiation_info,
            data::write_renegotiation_info
        )),
    },
    Extension {
        kind: ExtensionType::SUPPORTED_VERSIONS,
        known: Known::Tls,
        // R-HS-33: whatever stands in it changes nothing here.
        offer: Form::received(|r, out| {
            out.offers_tls13 = data::offers_tls13(r);
            Ok(())
        }),
        answer: Answer::Never,
    },
];
