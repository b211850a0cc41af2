//! Every extension that means something here, in the order in which we write them.
use super::{Answer, Extension, Form, Known, data};
use crate::message::ProtocolNames;
use crate::wire::{ExtensionType, NamedGroup, SignatureScheme};
use alloc::sync::Arc;

/// One row each.
pub(super) static EXTENSIONS: [Extension; 14] = [
    Extension {
        kind: ExtensionType::SERVER_NAME,
        known: Known::Both,
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
        offer: Form::received(|r, _| data::check_client_id(r)),
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
        answer: Answer::IfOffered(Form {
            read: |r, out| r.citing("R-EXT-3").finish("status_request").map(|()| out.status_request = true),
            is_there: |e| e.status_request,
            write: |_, _| {},
        }),
    },
    Extension {
        kind: ExtensionType::EC_POINT_FORMATS,
        known: Known::Tls,
        offer: Form {
            read: |r, out| data::read_point_formats(r).map(|has| out.uncompressed_points = Some(has)),
            is_there: |e| e.uncompressed_points.is_some(),
            write: |_, w| data::write_point_formats(w),
        },
        answer: Answer::IfOffered(Form {
            read: |r, out| data::read_point_formats(r).map(|has| out.uncompressed_points = Some(has)),
            is_there: |e| e.uncompressed_points.is_some(),
            write: |_, w| data::write_point_formats(w),
        }),
    },
    Extension {
        kind: ExtensionType::EXTENDED_MASTER_SECRET,
        known: Known::Tls,
        offer: Form {
            read: |r, out| {
                r.citing("R-EMS-1").finish("extended_master_secret")?;
                out.extended_master_secret = true;
                Ok(())
            },
            is_there: |e| e.extended_master_secret,
            write: |_, _| {},
        },
        answer: Answer::IfOffered(Form {
            read: |r, out| {
                r.citing("R-EMS-1").finish("extended_master_secret")?;
                out.extended_master_secret = true;
                Ok(())
            },
            is_there: |e| e.extended_master_secret,
            write: |_, _| {},
        }),
    },
    Extension {
        kind: ExtensionType::ENCRYPT_THEN_MAC,
        known: Known::Tls,
        offer: Form {
            read: |r, out| {
                r.citing("R-ETM-1").finish("encrypt_then_mac").map(|()| out.encrypt_then_mac = true)
            },
            is_there: |e| e.encrypt_then_mac,
            write: |_, _| {},
        },
        answer: Answer::IfOffered(Form {
            read: |r, out| {
                r.citing("R-ETM-1").finish("encrypt_then_mac").map(|()| out.encrypt_then_mac = true)
            },
            is_there: |e| e.encrypt_then_mac,
            write: |_, _| {},
        }),
    },
    Extension {
        kind: ExtensionType::MAX_FRAGMENT_LENGTH,
        known: Known::Tls,
        offer: Form {
            read: |r, out| data::read_max_fragment_length(r).map(|code| out.max_fragment_length = Some(code)),
            is_there: |e| e.max_fragment_length.is_some(),
            write: |e, w| e.max_fragment_length.into_iter().for_each(|code| w.u8(code.0)),
        },
        answer: Answer::IfOffered(Form {
            read: |r, out| data::read_max_fragment_length(r).map(|code| out.max_fragment_length = Some(code)),
            is_there: |e| e.max_fragment_length.is_some(),
            write: |e, w| e.max_fragment_length.into_iter().for_each(|code| w.u8(code.0)),
        }),
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
        answer: Answer::IfOffered(Form {
            read: |r, out| r.citing("R-TKT-1").finish("session_ticket").map(|()| out.session_ticket = true),
            is_there: |e| e.session_ticket,
            write: |_, _| {},
        }),
    },
    Extension {
        kind: ExtensionType::RENEGOTIATION_INFO,
        known: Known::Tls,
        offer: Form {
            read: |r, out| data::read_renegotiation_info(r).map(|data| out.renegotiation_info = Some(data)),
            is_there: |e| e.renegotiation_info.is_some(),
            write: |e, w| w.vector8(|w| w.bytes(e.renegotiation_info.as_deref().unwrap_or_default())),
        },
        answer: Answer::IfOffered(Form {
            read: |r, out| data::read_renegotiation_info(r).map(|data| out.renegotiation_info = Some(data)),
            is_there: |e| e.renegotiation_info.is_some(),
            write: |e, w| w.vector8(|w| w.bytes(e.renegotiation_info.as_deref().unwrap_or_default())),
        }),
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
